"""The catalogue of atoms."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.atoms.atom import Atom, symbols
from renp.references import references_of
from renp.results.base import Result, provenance
from renp.results.columns import Column
from renp.results.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Catalogue(Result):
    """Every catalogued atom."""

    atoms: tuple[Atom, ...]
    """In the order of the data file."""

    title = "Atoms: levels above the ground state"
    columns = (
        Column(lambda found: [atom.name for atom in found.atoms], ("atom",), name="atom"),
        Column(lambda found: [float(atom.E_eg) for atom in found.atoms], ("atom",), unit="eV", name="E_eg"),
        Column(lambda found: [float(atom.E_vg) for atom in found.atoms], ("atom",), unit="eV", name="E_vg"),
    )

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

    def full_table(self) -> Table:
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
        return Table(self.title, columns, rows)

    def _content(self) -> dict[str, Any]:
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

    def _draw(self) -> "Figure":
        """Return a figure of the levels of each atom above its ground state."""
        import matplotlib.pyplot as plt

        looks: list[tuple[str, str, Any]] = [
            (r"$|e\rangle$", "#0072B2", "solid"),
            (r"$|v\rangle$", "#D55E00", (0, (5, 2))),
            (r"$|v\rangle$ further", "0.55", (0, (1, 1))),
        ]
        figure, axes = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
        for place, atom in enumerate(self.atoms):
            ends = (place - 0.35, place + 0.35)
            axes.hlines(0, *ends, color="black")
            for k, level in enumerate(atom.levels):
                label, colour, dashes = looks[min(k, 2)]
                axes.hlines(level.energy, *ends, color=colour, linestyle=dashes, label=label)
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        axes.legend(unique.values(), unique.keys(), loc="upper right")
        axes.set_xticks(range(len(self.atoms)), [atom.name for atom in self.atoms])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylabel("energy above the ground state (eV)")
        return figure


def _roles(atom: Atom) -> list[tuple[str, Any]]:
    roles = ["e", "v", *["v'"] * (len(atom.levels) - 2)]
    return list(zip(roles, atom.levels, strict=True))
