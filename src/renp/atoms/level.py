"""Levels of an atom, and the tables of a file that describe them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from renp.constants import WAVENUMBER
from renp.errors import InputError, shown
from renp.validation import instance, number

_HEADINGS = ("name", "ground", "e", "v", "further")
_MOST = 1000 / WAVENUMBER
_NEEDS = {"A": ("A_source", "A_verified"), "amplitude": ("amplitude_source", "amplitude_error")}
"""Keys, and others that say more of them."""


@dataclass(frozen=True)
class Level:
    """One level of an atom as the data file gives it.

    ``wavenumber`` is the energy above the ground state, 1/cm; ``A`` the decay rate to the ground state, 1/s.
    ``verified`` says whether someone has read the number in its source or a table that quotes it.

    Raises
    ------
    InputError
        Naming the number that cannot be.
    """

    label: str
    wavenumber: float
    J: int
    source: str
    verified: bool
    A: float | None = None
    A_source: str | None = None
    A_verified: bool | None = None
    amplitude: float | None = None
    """c of a further intermediate state, relative to |v⟩."""
    amplitude_source: str | None = None
    amplitude_error: float | None = None
    """Standard error of the amplitude."""
    amplitude_error_source: str | None = None
    references: tuple[str, ...] = ()
    """Keys of ``data/references.bib``; an atom file of one's own gives a list."""

    def __post_init__(self) -> None:
        for name in ("label", "source", "A_source", "amplitude_source", "amplitude_error_source"):
            self._check(name, str, "text")
        for name in ("verified", "A_verified"):
            self._check(name, bool, "true or false")
        number(
            "wavenumber", self.wavenumber, "1/cm above 0 and at most 1 keV", high=_MOST, low=0, open_low=True
        )
        if isinstance(self.J, bool) or not isinstance(self.J, int) or not 0 <= self.J <= 99:
            allowed = "a whole number, at least 0: an atom whose ground state has J = 0 has no others"
            raise InputError("J", shown(self.J), allowed)
        for name, allowed, low in (
            ("A", "a decay rate in 1/s, at least 0", 0.0),
            ("amplitude", "a finite amplitude, relative to that of [v]", -1e100),
            ("amplitude_error", "a standard error, at least 0", 0.0),
        ):
            if (value := getattr(self, name)) is not None:
                number(name, value, allowed, low=low)
        given = self.references
        if not isinstance(given, (list, tuple)) or not all(isinstance(key, str) for key in given):
            raise InputError("references", shown(given), "a list of keys, each text")
        object.__setattr__(self, "references", tuple(given))

    def _check(self, name: str, kind: type, allowed: str) -> None:
        if (value := getattr(self, name)) is not None or self.__dataclass_fields__[name].default is not None:
            instance(name, value, kind, allowed)

    @property
    def energy(self) -> float:
        """Energy above the ground state, eV."""
        return self.wavenumber * WAVENUMBER


def check_keys(entry: Mapping[str, Any]) -> None:
    """Raise `InputError` for a key that an atom file has not."""
    for key in entry:
        if key not in _HEADINGS:
            allowed = f"left out: an atom has {', '.join(_HEADINGS)}{_meant(key, _HEADINGS)}"
            raise InputError(key, shown(entry[key]), allowed)


def levels_of(entry: Mapping[str, Any]) -> tuple[Level, ...]:
    """Return |e⟩, |v⟩ and further levels of the tables [e], [v] and [[further]].

    Raises
    ------
    InputError
        In the words of the file, naming table and key.

    Examples
    --------
    >>> levels_of({"e": {}})
    Traceback (most recent call last):
    renp.errors.InputError: atom = without [v]: must be one with complete levels [e] and [v]
    """
    if lacking := [f"[{key}]" for key in ("e", "v") if key not in entry]:
        raise InputError("atom", f"without {' and '.join(lacking)}", "one with complete levels [e] and [v]")
    further = entry.get("further", [])
    if not isinstance(further, list):
        raise InputError("further", "a table", "an array of tables, [[further]]")
    e, v = (_level(f"[{key}]", entry[key]) for key in ("e", "v"))
    others = [_level(f"[[further]] {n}", table) for n, table in enumerate(further, 1)]
    # Of what light and current join, papers and sums over spins know no more.
    if v.J != 1:
        raise InputError("[v] J", v.J, "1: by its dipole |v⟩ goes to the ground state, which has J = 0")
    if v.wavenumber <= e.wavenumber:
        raise InputError("[v] wavenumber", v.wavenumber, f"above that of [e], {e.wavenumber}")
    if e.J > 2:
        raise InputError("[e] J", e.J, "0, 1 or 2: the pair's current is a vector, and |v⟩ has J = 1")
    for n, one in enumerate(others, 1):
        if one.amplitude is not None and one.J != 1:
            allowed = "1 with an amplitude: no other level has a dipole to the ground state, which has J = 0"
            raise InputError(f"[[further]] {n} J", one.J, allowed)
        if one.amplitude is not None and one.wavenumber <= e.wavenumber:
            allowed = f"above that of [e], {e.wavenumber}: below it the light finds it resonant"
            raise InputError(f"[[further]] {n} wavenumber", one.wavenumber, allowed)
    for key, one in (("e", e), ("v", v)):
        if one.amplitude is not None:
            raise InputError(
                f"[{key}] amplitude", one.amplitude, "left out: it is that of a [[further]] level"
            )
    return e, v, *others


def _level(place: str, table: Any) -> Level:
    if not isinstance(table, dict):
        raise InputError(place, shown(table), "a table")
    fields = {field.name: field.default is dataclasses.MISSING for field in dataclasses.fields(Level)}
    for key in table:
        if key not in fields:
            raise InputError(
                f"{place} {key}", shown(table[key]), f"left out: no such key{_meant(key, fields)}"
            )
    required = [key for key in fields if fields[key]]
    if missing := [key for key in required if key not in table]:
        raise InputError(place, f"without {', '.join(missing)}", f"a level with {', '.join(required)}")
    for key, others in _NEEDS.items():
        for other in others:
            if other in table and key not in table:
                raise InputError(f"{place} {other}", shown(table[other]), f"left out without {key}")
    try:
        return Level(**table)
    except InputError as error:
        raise InputError(f"{place} {error.argument}", error.value, error.allowed) from None


def _meant(key: str, known: Any) -> str:
    guess = get_close_matches(key, list(known), n=1)
    return f" (did you mean {guess[0]}?)" if guess else ""
