"""One atom: its levels, and what of it enters the rates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import jax.numpy as jnp

from renp.atoms.atom import Atom
from renp.atoms.effects import EFFECTS
from renp.atoms.reference_width import DIPOLES, FIELDS, reference_width
from renp.errors import InputError
from renp.experiment import PUBLISHED_WIDTH
from renp.formula.master_formula import energy_denominator
from renp.results.base import Result, provenance
from renp.results.catalogue import Catalogue
from renp.results.columns import Column, Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
        return Catalogue(atoms=(self.atom,), made_by=self.made_by).plot()


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
    return rows


def _effects(atom: Atom) -> list[Row]:
    rows = [Row(*fact) for effect in EFFECTS.values() for fact in effect.facts(atom.levels)]
    middle = jnp.asarray(float(atom.E_eg) / 2)
    others = {name: False for name in EFFECTS if name != "states"}
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
            width = reference_width(atom, field, dipole)
            said = f"from A; {width / PUBLISHED_WIDTH:.2g} of the published"
            rows.append(Row(f"Γ_0, field {field}, dipole {dipole}", width, "1/s", said))
    return rows
