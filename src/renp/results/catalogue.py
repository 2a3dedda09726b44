"""The catalogue of atoms."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.atoms.atom import Atom, symbols
from renp.references import references_of
from renp.results.base import Result, Table, provenance

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Catalogue(Result):
    """Every catalogued atom."""

    atoms: tuple[Atom, ...]
    """In the order of the data file."""

    @classmethod
    def compute(cls) -> "Catalogue":
        """Return the catalogue that comes with the package.

        Examples
        --------
        >>> Catalogue.compute().atoms[0].name
        'Yb'
        """
        atoms = tuple(Atom.named(name) for name in symbols())
        return cls(atoms=atoms, made_by=provenance(references_of(atoms)))

    def table(self) -> Table:
        """Return one row for each level."""
        rows = tuple(
            (
                atom.name,
                role,
                level.label,
                level.J,
                level.energy,
                level.A if level.A is not None else "",
                level.source,
                "yes" if level.verified else "no",
            )
            for atom in self.atoms
            for role, level in _roles(atom)
        )
        columns = ("atom", "state", "level", "J", "energy (eV)", "A (1/s)", "source", "verified")
        return Table("Atoms: levels above the ground state", columns, rows)

    def json(self) -> dict[str, Any]:
        """Return the atoms with their levels."""
        return {
            atom.name: {
                "E_eg": float(atom.E_eg),
                "E_vg": float(atom.E_vg),
                "levels": [
                    {
                        "state": role,
                        "label": level.label,
                        "J": level.J,
                        "energy": level.energy,
                        "A": level.A,
                        "source": level.source,
                        "verified": level.verified,
                        "A_source": level.A_source,
                        "A_verified": level.A_verified,
                    }
                    for role, level in _roles(atom)
                ],
            }
            for atom in self.atoms
        }

    def dataset(self) -> "xr.Dataset":
        """Return E_eg and E_vg over the dimension atom."""
        import xarray as xr

        return xr.Dataset(
            {
                "E_eg": ("atom", [float(atom.E_eg) for atom in self.atoms], {"units": "eV"}),
                "E_vg": ("atom", [float(atom.E_vg) for atom in self.atoms], {"units": "eV"}),
            },
            coords={"atom": [atom.name for atom in self.atoms]},
        )

    def plot(self) -> "Figure":
        """Return a level diagram of the atoms."""
        from renp.figures.levels import draw_levels

        return draw_levels(self)


def _roles(atom: Atom) -> list[tuple[str, Any]]:
    roles = ["e", "v", *["v'"] * (len(atom.levels) - 2)]
    return list(zip(roles, atom.levels, strict=True))
