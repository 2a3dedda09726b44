"""Quantities with units at the border: text in, bare numbers out."""

from functools import cache
from typing import Any

import pint


@cache
def _registry() -> pint.UnitRegistry[Any]:
    registry: pint.UnitRegistry[Any] = pint.UnitRegistry()
    registry.enable_contexts("spectroscopy")  # a photon's energy may be given by its wavelength
    return registry


def parse_quantity(text: Any, unit: str) -> float:
    """Return a quantity such as "10 day" as a number in the given unit.

    Energies may be given as the wavelength, frequency or wavenumber of a photon.

    Raises
    ------
    ValueError
        If it is not text with a unit, or the unit is of another kind.

    Examples
    --------
    >>> parse_quantity("10 day", "s")
    864000.0
    >>> round(parse_quantity("1157 nm", "eV"), 4)
    1.0716
    """
    example = f'a quantity with a unit that converts to {unit}, such as "1 {unit}"'
    if not isinstance(text, str):
        raise ValueError(f"{text!r}: must be {example}")
    try:
        quantity: Any = _registry().Quantity(text)
        value = float(quantity.to(unit).magnitude)
    except pint.DimensionalityError as error:
        found = error.units1 or "no unit"
        raise ValueError(f"{text!r} is in {found}: must be {example}") from None
    except Exception:
        # pint lets errors of several parsers and of Python's tokenizer through
        raise ValueError(f"{text!r} cannot be read: must be {example}") from None
    if str(quantity.units) == "dimensionless":
        raise ValueError(f"{text!r} has no unit: must be {example}")
    return value


def parse_number(value: Any) -> complex | float:
    """Return a number, or text such as "1e-11+2e-11j", as a number.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> parse_number("2e-11j")
    2e-11j
    """
    if isinstance(value, str):
        try:
            return complex(value.replace(" ", ""))
        except ValueError:
            raise ValueError(f'{value!r}: must be a number, or text such as "1e-11+2e-11j"') from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r}: must be a number")
    return float(value)
