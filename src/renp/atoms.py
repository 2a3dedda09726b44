"""Atoms: the levels |e⟩ and |v⟩ above the ground state |g⟩, from a data file with sources."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx

from renp.constants import WAVENUMBER
from renp.datafiles import read_toml
from renp.errors import InputError
from renp.validation import Scalar, choice, is_traced, number


@dataclass(frozen=True)
class Level:
    """One level of an atom as the data file gives it.

    ``wavenumber`` is the energy above the ground state, 1/cm; ``A`` the decay rate to the ground state, 1/s.
    ``verified`` says whether someone has read the number in its source or a table that quotes it.
    """

    label: str
    wavenumber: float
    J: int
    source: str
    verified: bool
    A: float | None = None
    A_source: str | None = None
    A_verified: bool | None = None

    @property
    def energy(self) -> float:
        """Energy above the ground state, eV."""
        return self.wavenumber * WAVENUMBER


class Atom(eqx.Module):
    """An atom for RENP: |e⟩ → |v⟩ + ν ν̄, |v⟩ → |g⟩ + γ; immutable, a JAX pytree.

    Parameters
    ----------
    name
        Any label.
    E_eg, E_vg
        Energies of |e⟩ and of the virtual level |v⟩ above |g⟩, eV; E_vg > E_eg > 0.
    levels
        Where the energies come from: |e⟩, |v⟩ and further intermediate levels.

    Raises
    ------
    InputError
        If an energy is not finite and positive, or |v⟩ is not above |e⟩.

    Examples
    --------
    >>> yb = Atom.named("Yb")
    >>> round(yb.E_eg, 6), round(yb.E_vg, 6)
    (2.143493, 2.230725)
    >>> Atom("Yb, as published", E_eg=2.14349, E_vg=2.23072).E_vg
    2.23072
    """

    E_eg: Scalar
    E_vg: Scalar
    name: str = eqx.field(static=True)
    levels: tuple[Level, ...] = eqx.field(static=True)

    def __init__(self, name: str, E_eg: Any, E_vg: Any, levels: tuple[Level, ...] = ()) -> None:
        allowed = "a finite energy in eV above 0"
        self.name = name
        self.E_eg = number("E_eg", E_eg, allowed, low=0, open_low=True)
        self.E_vg = number("E_vg", E_vg, allowed, low=0, open_low=True)
        self.levels = levels
        if not is_traced(self.E_eg, self.E_vg) and self.E_vg <= self.E_eg:
            raise InputError("E_vg", self.E_vg, f"above E_eg = {self.E_eg} eV")

    @classmethod
    def named(cls, name: str) -> "Atom":
        """Return an atom of the catalogue by its symbol.

        Raises
        ------
        InputError
            If the symbol is not in the catalogue.

        Examples
        --------
        >>> Atom.named("Xe").levels[0].label
        '6s 2[3/2]2'
        """
        entry = read_toml("atoms.toml")[choice("name", name, symbols())]
        levels = [Level(**entry["e"]), Level(**entry["v"])]
        levels += [Level(**level) for level in entry.get("further", [])]
        return cls(name, levels[0].energy, levels[1].energy, tuple(levels))


def symbols() -> tuple[str, ...]:
    """Return the symbols of the catalogued atoms.

    Examples
    --------
    >>> "Yb" in symbols()
    True
    """
    return tuple(read_toml("atoms.toml"))
