"""Atoms: the catalogue, and one with what of it enters the rates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS
from renp.atoms.width import DIPOLES, FIELDS, PUBLISHED_WIDTH, reference_width
from renp.errors import InputError
from renp.formula.master_formula import energy_denominator
from renp.references import references_of
from renp.results.base import Result, provenance
from renp.results.columns import Column, Rows
from renp.results.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Catalogue(Result):
    """Every catalogued atom."""

    atoms: tuple[Atom, ...]
    """In the order of the data file."""

    title = "Atoms: levels above the ground state"
    columns = (
        Column(lambda of: [atom.name for atom in of.atoms], ("atom",), name="atom"),
        Column(lambda of: [float(atom.E_eg) for atom in of.atoms], ("atom",), unit="eV", name="E_eg"),
        Column(lambda of: [float(atom.E_vg) for atom in of.atoms], ("atom",), unit="eV", name="E_vg"),
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
        from renp.results.style import legend, subplots

        looks: list[tuple[str, str, Any]] = [
            (r"$|e\rangle$", "#0072B2", "solid"),
            (r"$|v\rangle$", "#D55E00", (0, (5, 2))),
            (r"$|v\rangle$ further", "0.55", (0, (1, 1))),
        ]
        figure, ((axes,),) = subplots((7.2, 5.0) if len(self.atoms) > 1 else (4.6, 5.0))
        for place, atom in enumerate(self.atoms):
            ends = (place - 0.35, place + 0.35)
            axes.hlines(0, *ends, color="black")
            for k, level in enumerate(atom.levels):
                label, colour, dashes = looks[min(k, 2)]
                axes.hlines(level.energy, *ends, color=colour, linestyle=dashes, label=label)
        if len(self.atoms) == 1:
            self._name_levels(axes)
        legend(figure)
        axes.set_xticks(range(len(self.atoms)), [atom.name for atom in self.atoms])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylabel("energy above the ground state (eV)")
        return figure

    def _name_levels(self, axes: "Axes") -> None:
        """Write the name of each level of the only atom beside it, names apart from each other."""
        levels = sorted(self.atoms[0].levels, key=lambda level: level.energy)
        high = 0.0
        for level in levels:
            high = max(level.energy, high + 0.045 * levels[-1].energy)
            arrow = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
            end, text = (0.36, level.energy), (0.5, high)
            axes.annotate(level.label, end, text, va="center", fontsize="small", arrowprops=arrow)
        axes.set_xlim(-0.45, 1.15)
        axes.set_ylim(top=1.08 * high)


def _roles(atom: Atom) -> list[tuple[str, Any]]:
    roles = ["e", "v", *["v'"] * (len(atom.levels) - 2)]
    return list(zip(roles, atom.levels, strict=True))


class Row(NamedTuple):
    """A quantity, and where its value is from."""

    quantity: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, eq=False, kw_only=True)
class AtomSheet(Result):
    """Levels, spin weights, intermediate states and reference widths of an atom."""

    atom: Atom
    """The atom itself."""
    rows: tuple[Row, ...]
    """Quantity, value, unit and source."""

    columns = (
        Column("atom.name", json="atom", name="atom"),
        Rows(
            "rows",
            "quantity",
            (
                Column("quantity", heading="quantity"),
                Column("value", heading="value"),
                Column("unit", heading="unit"),
                Column("source", heading="source"),
            ),
        ),
    )

    @classmethod
    def compute(cls, atom: Atom) -> "AtomSheet":
        """Return the sheet of an atom with levels.

        Examples
        --------
        >>> AtomSheet.compute(Atom.named("Sr")).rows[0][0]
        'energy of |e⟩, 5s5p 3P0'
        """
        if len(atom.levels) < 2:
            raise InputError("atom", atom.name, "one with levels")
        rows = [*_levels(atom), *_effects(atom), *_widths(atom)]
        return cls(atom=atom, rows=tuple(rows), made_by=provenance(atom.references, atom=atom.name))

    @property
    def title(self) -> str:
        """The atom, and what the rows are."""
        return f"{self.atom.name}: what enters the rates"

    def _draw(self) -> "Figure":
        """Return a figure of the levels."""
        return Catalogue(atoms=(self.atom,), made_by=self.made_by)._draw()


def _levels(atom: Atom) -> list[Row]:
    rows: list[Row] = []
    roles = ["|e⟩", "|v⟩", *["a further |v⟩"] * (len(atom.levels) - 2)]
    for role, level in zip(roles, atom.levels, strict=True):
        seen = "" if level.verified else " (not verified)"
        rows.append(Row(f"energy of {role}, {level.label}", level.energy, "eV", level.source + seen))
        rows.append(Row(f"J of {level.label}", float(level.J), "", level.source))
        if level.A is not None:
            seen = "" if level.A_verified else " (not verified)"
            rows.append(Row(f"decay rate of {level.label}", level.A, "1/s", f"{level.A_source}{seen}"))
        if level.amplitude is not None:
            rows.append(Row(f"amplitude of {level.label}", level.amplitude, "", str(level.amplitude_source)))
        if level.amplitude_error is not None:
            said = str(level.amplitude_error_source)
            rows.append(Row(f"error of the amplitude of {level.label}", level.amplitude_error, "", said))
    return rows


def _effects(atom: Atom) -> list[Row]:
    rows = [Row(*fact) for effect in EFFECTS.values() for fact in effect.facts(atom.levels)]
    middle = jnp.asarray(float(atom.E_eg) / 2)
    others: dict[str, Any] = {name: False for name in EFFECTS if name != "states"}
    factor = float(energy_denominator(middle, atom) / energy_denominator(middle, atom.refined(**others)))
    rows.append(Row("rate with all states / with |v⟩ alone, at E_eg/2", factor, "", "Σ c/(E − ω); papers: 1"))
    return rows


def _widths(atom: Atom) -> list[Row]:
    rows: list[Row] = [
        Row("Γ_0, published", PUBLISHED_WIDTH, "1/s", "Phys. Sci. Forum 8, 51, Eq. (3), for Yb")
    ]
    if atom.levels[1].A is None:
        return rows
    for field in FIELDS:
        for dipole in DIPOLES:
            width = reference_width(atom, field=field, dipole=dipole)
            said = f"from A; {width / PUBLISHED_WIDTH:.2g} of the published"
            rows.append(Row(f"Γ_0, field {field}, dipole {dipole}", width, "1/s", said))
    width = reference_width(atom, "golden-rule")
    said = f"|ρ_eg| = 1/2, at E_eg/2; {width / PUBLISHED_WIDTH:.2g} of the published"
    return [*rows, Row("Γ_0, golden rule", width, "1/s", said)]
