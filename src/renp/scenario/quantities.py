"""Quantities with units at the border: text in, bare numbers out."""

import re
from contextlib import suppress
from functools import cache, lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from renp.constants import DAY
from renp.errors import shown

if TYPE_CHECKING:
    import pint

_NUMBER = re.compile(r"\s*(?:10\s*\^\s*([+-]?\d+)|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*(.*?)\s*$")
_POWER = re.compile(r"(?:\^|\*\*)\s*[+-]?\d{1,2}(?!\d)")
_LONGEST = 200
"""Characters of a quantity: a number to all its digits and a unit are shorter."""

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SPELLINGS = (
    (re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+"), lambda match: f"^{match[0].translate(_RAISED)}"),
    (re.compile(r"(?<=[^\W\d_])([+-]?\d{1,2})(?!\d)"), r"^\1"),  # cm3, cm-3
    (re.compile(r"°"), "degree"),
    (re.compile(r"\bper\b(?!\s*cent)"), "/"),
)
"""Of units: what people write, and what pint reads."""

_NATURAL = re.compile(r"\s*/\s*c\s*(?:(?:\^|\*\*)\s*[124])?\s*$")
"""What may follow the unit of an energy: masses and momenta are energies here."""

_PERCENT = re.compile(r"([^\s%]+?)\s*(?:%|per\s?cent)", re.IGNORECASE)

_COMMON = (
    "eV",
    "meV",
    "keV",
    "MeV",
    "GeV",
    "nm",
    "mm",
    "cm",
    "Hz",
    "GHz",
    "THz",
    "day",
    "hour",
    "rad",
    "liter",
)

_UNITS = re.compile(r"(?:1?\s*/\s*)?[^\W\d]+(?:\s*[*/·]\s*[^\W\d]+)*")


FACTORS = {
    "eV": {"eV": 1.0, "meV": 1e-3, "keV": 1e3, "MeV": 1e6},
    "eV^2": {"eV^2": 1.0},
    "s": {"s": 1.0, "h": 3600.0, "hour": 3600.0, "day": DAY},
    "1/s": {"/s": 1.0, "/day": 1 / DAY},
    "1/cm^3": {"/cm^3": 1.0},
    "cm^3": {"cm^3": 1.0},
    "rad": {"rad": 1.0},
}
"""What pint multiplies with, of units that most files have: it takes half a second to load."""


@cache
def _registry() -> "pint.UnitRegistry[Any]":  # not generic at run time in older versions
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry()
    return registry


def parse_quantity(text: Any, unit: str, *, photon: bool = False) -> float:
    """Return a quantity such as "10 day" as a number in the given unit.

    Parameters
    ----------
    text
        One number with a decimal point, and a unit.
    unit
        What to return it in.
    photon
        Whether an energy may be given as the wavelength, frequency or wavenumber of a photon.

    Raises
    ------
    ValueError
        If it is not text with a number and a unit, or the unit is of another kind.

    Examples
    --------
    >>> parse_quantity("10 day", "s")
    864000.0
    >>> round(parse_quantity("1157 nm", "eV", photon=True), 4)
    1.0716
    """
    example = f'a quantity with a unit that converts to {unit}, such as "1{_spaced(unit)}"'
    if not isinstance(text, str):
        raise ValueError(f"{shown(text)}: must be {example}")
    # pint would drop commas, and multiply numbers and units that stand side by side.
    match = _NUMBER.match(text) if len(text) <= _LONGEST else None
    if match and not match[3]:
        raise ValueError(f"{text!r} has no unit: must be {example}")
    written = _spelt(match[3], unit) if match else ""
    if not match or not _UNITS.fullmatch(_POWER.sub("", written).strip()):
        words = "one number with a decimal point and no separators, then a unit"
        raise ValueError(f"{shown(text, _LONGEST)} cannot be read: must be {example}, {words}")
    number = float(match[2] or f"1e{match[1]}")
    known = FACTORS.get(unit, {}).get(match[3].replace(" ", ""))
    if known is not None and isfinite(number):
        return number * known
    given = _unit_of(written)
    if given is None or not isfinite(number):
        raise ValueError(f"{text!r} cannot be read: must be {example}{_meant(written)}")
    from pint import DimensionalityError

    try:
        quantity: Any = _registry().Quantity(number, given)
        value = quantity.to(unit, "spectroscopy") if photon else quantity.to(unit)
        return float(value.magnitude)
    except DimensionalityError as error:
        raise ValueError(f"{text!r} is in {error.units1}: must be {example}{_meant(written)}") from None
    except (ArithmeticError, ValueError):  # a wavelength of 0, a number too large
        raise ValueError(f"{text!r} cannot be read: must be {example}") from None


def _spelt(text: str, unit: str) -> str:
    """Return a unit as pint reads it; one of a mass or momentum as that of an energy, if such is wanted."""
    for pattern, right in _SPELLINGS:
        text = pattern.sub(right, text)
    return _NATURAL.sub("", text) if unit.startswith("eV") else text


def _meant(text: str) -> str:
    """Return what to say of a unit in other letters."""
    likely = [name for name in _COMMON if name.lower() == text.lower() and name != text]
    return f" (did you mean {' or '.join(likely)}?)" if likely else ""


@lru_cache(1000)
def _unit_of(text: str) -> "pint.Unit | None":
    """Return a unit; None for what is none, where pint lets errors of several parsers through."""
    try:
        return _registry().Unit(f"1{text}" if text.startswith("/") else text)
    except Exception:
        return None


def _spaced(unit: str) -> str:
    return f" {unit[1:]}" if unit.startswith("1/") else f" {unit}"


def parse_relative(value: Any) -> Any:
    """Return a number given in per cent as a part; anything else as it is."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError):
        if match := _PERCENT.fullmatch(value[:_LONGEST].strip()):
            return float(match[1]) / 100
    raise ValueError(f'{shown(value)}: must be a number without a unit, such as 0.05, or "5 %"')


def parse_number(value: Any) -> complex | float:
    """Return a number, or text such as "1e-11+2e-11j", as a number."""
    if isinstance(value, str):
        try:
            number = complex(value.replace(" ", ""))
            return number if "j" in value.lower() else number.real
        except ValueError:
            allowed = 'a number without a unit, or text such as "1e-11+2e-11j"'
            raise ValueError(f"{shown(value)}: must be {allowed}") from None
    if not isinstance(value, bool) and isinstance(value, (int, float)):
        with suppress(OverflowError):
            return float(value)
    raise ValueError(f"{shown(value)}: must be a number")
