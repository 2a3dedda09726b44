"""Quantities of pint and astropy, and tables of others, at the Python border: plain numbers come out.

A quantity is converted by its own library, so that neither is imported here.
"""

from typing import Any

import numpy as np

from renp.constants import BOHR_MAGNETON_SI, ELECTRON_CHARGE_SI
from renp.errors import InputError, shown

_PLAIN = (float, int, complex, np.ndarray, np.float64, np.int64, str, type(None))
"""Types that have no unit, known without looking further."""

_ATOMIC = {"μ_B": ("J/T", BOHR_MAGNETON_SI), "e": ("C", ELECTRON_CHARGE_SI), "cm²": ("cm**2", 1.0)}
_ATOMIC |= {"day * 100 cm^3": ("day*cm**3", 100.0), "eV²": ("eV**2", 1.0), "eV^2": ("eV**2", 1.0)}
"""Units of couplings, as the libraries write them, and how much of that one is."""

_DEEPEST = 16
"""Of lists in lists."""

_NATURAL = ("", "/c**2", "/c")
"""What may follow the unit of an energy: masses and momenta are energies here."""


def plain(name: str, value: Any, unit: str, *, photon: bool = False) -> Any:
    """Return a quantity as numbers in a unit, without mask; what is no quantity as it is.

    Parameters
    ----------
    name
        What the user calls it.
    value
        Anything: quantities, lists of them, masked arrays, columns of tables.
    unit
        As it is called here, such as "eV", "1/s" or "μ_B"; empty for numbers without one.
    photon
        Whether an energy may be given as the wavelength, frequency or wavenumber of a photon.

    Raises
    ------
    InputError
        For a quantity of another kind, and where something is masked.

    Examples
    --------
    >>> import pint
    >>> ureg = pint.UnitRegistry()
    >>> plain("duration", 10.0 * ureg.day, "s")
    864000.0
    >>> plain("duration", 10 * ureg.meter, "s")
    Traceback (most recent call last):
    renp.errors.InputError: duration = 10 meter: must be a quantity that converts to s
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (list, tuple)):
        if _depth(value) > _DEEPEST:
            raise InputError(name, shown(value), "lists of numbers that are not nested so deeply")
        return [one if type(one) in _PLAIN else plain(name, one, unit, photon=photon) for one in value]
    if _is_quantity(value):
        return plain(name, _converted(name, value, unit, photon), unit)
    if isinstance(value, np.ma.MaskedArray):
        if np.any(mask := np.ma.getmaskarray(value)):
            place = [int(k) for k in np.argwhere(mask)[0]]
            raise InputError(f"{name}{place or ''}", "masked", "a number: leave out what is masked")
        return value.data
    return value


def _depth(value: Any) -> int:
    """Return how deeply lists are nested, by their first items."""
    depth = 0
    while isinstance(value, (list, tuple)) and value and depth <= _DEEPEST:
        value, depth = value[0], depth + 1
    return depth


def _is_quantity(value: Any) -> bool:
    return hasattr(value, "dimensionality") or (hasattr(value, "unit") and hasattr(value, "to_value"))


def _converted(name: str, value: Any, unit: str, photon: bool) -> Any:
    target, scale = _ATOMIC.get(unit, (unit or "dimensionless", 1.0))
    convert = _of_pint if hasattr(value, "dimensionality") else _of_astropy
    try:
        magnitude = convert(value, target, photon)
    except Exception as error:  # each library has errors of its own
        wanted = f"a quantity that converts to {unit}" if unit else "a number without a unit"
        raise InputError(name, value, wanted) from error
    return magnitude if scale == 1 else magnitude / scale


def _of_pint(value: Any, target: str, photon: bool) -> Any:
    for more in _NATURAL if target == "eV" else ("",):
        if value.is_compatible_with(target + more):
            return value.to(target + more).magnitude
    return value.to(target, *(("spectroscopy",) if photon else ())).magnitude


def _of_astropy(value: Any, target: str, photon: bool) -> Any:
    from astropy import units

    energy = [*units.mass_energy(), *(units.spectral() if photon else [])]
    return value.to_value("" if target == "dimensionless" else target, equivalencies=energy)
