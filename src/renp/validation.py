"""Checks of what users hand in; values that are being traced by JAX pass unchecked."""

import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float
from numpy.typing import NDArray

from renp._types import Values
from renp.constants import HBAR_C
from renp.errors import InputError, shown
from renp.units import plain

Elements: TypeAlias = Complex[Array | np.ndarray[Any, Any], "states states"]

_UNFIT = (bool, np.bool_, np.float16)
"""Types of what may have been meant otherwise, or has 3 digits."""

Scalar: TypeAlias = float | Float[Array, ""]
"""A number: a Python float, or an array without axes while it is differentiated or batched."""


Found = TypeVar("Found")


def is_traced(*values: object) -> bool:
    """Whether any value is known only inside a transformation (jit, grad, vmap)."""
    return any(isinstance(value, jax.core.Tracer) for value in values)


def number(
    name: str,
    value: Any,
    allowed: str,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    open_low: bool = False,
    unit: str = "",
    photon: bool = False,
) -> Scalar:
    """Return ``value`` as a finite float within [low, high], or raise.

    Parameters
    ----------
    name
        What the user calls it.
    value
        Anything; a traced value is returned as it is.
    allowed
        What is right, for the message.
    low, high
        Ends of the allowed range; ``low`` itself is excluded with ``open_low``.
    unit, photon
        In which a quantity of pint or astropy is taken; a photon's energy also as a wavelength or wavenumber.

    Raises
    ------
    InputError
        If the value is not a finite number in the range.

    Examples
    --------
    >>> number("volume", 100, "a volume in cm³ above 0", low=0, open_low=True)
    100.0
    """
    if is_traced(value):
        return value  # type: ignore[no-any-return]
    value = plain(name, value, unit, photon=photon)
    if isinstance(value, (str, list, *_UNFIT)):
        raise InputError(name, shown(value), allowed)
    try:
        if np.ndim(value) != 0 or np.iscomplexobj(value):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(name, shown(value), allowed) from None
    if not (np.isfinite(result) and low <= result <= high) or (open_low and result == low):
        raise InputError(name, result, allowed)
    return result


def choice(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return ``value`` if it is one of ``allowed``; otherwise raise, with the nearest guess.

    Examples
    --------
    >>> choice("ordering", "normal", ["normal", "inverted"])
    'normal'
    """
    text = str(value) if isinstance(value, str) else ""  # which may be a NumPy string
    if text in allowed and isinstance(value, str):
        return text
    guess = get_close_matches(text[:100], allowed, n=1, cutoff=0.5)
    hint = f" (did you mean {guess[0]!r}?)" if guess else ""
    options = " or ".join(repr(option) for option in allowed) or "left out: there is none to choose"
    raise InputError(name, shown(value), f"{options}{hint}")


def matrix(name: str, value: Any, unit: str = "", sizes: Sequence[int] = (3,)) -> Elements:
    """Return rows, or a dict {(i, j): element} counted from 1, as a finite complex 3×3 matrix, or raise.

    Rows may be of another of the ``sizes``.

    Examples
    --------
    >>> matrix("V", np.eye(3)).dtype
    dtype('complex128')
    >>> complex(matrix("V", {(1, 2): 1j})[0, 1])
    1j
    """
    if isinstance(value, Mapping):
        return _from_elements(name, value, unit)
    value = plain(name, value, unit)
    leaves = jax.tree.leaves(value) if isinstance(value, (list, tuple)) else [value]
    if is_traced(*leaves):
        traced = jnp.asarray(value, dtype=complex)
        if traced.shape not in [(n, n) for n in sizes]:
            raise InputError(name, f"an array of shape {traced.shape}", "a 3×3 matrix")
        return traced
    try:
        unfit = isinstance(np.asarray(value).flat[0], _UNFIT) if np.size(value) else False
        result = np.asarray(value, dtype=complex)
    except (TypeError, ValueError, OverflowError):
        unfit = True
    if unfit:
        raise InputError(name, shown(value), "a 3×3 matrix of numbers")
    if result.ndim == 0:
        raise InputError(name, shown(value), "a 3×3 matrix")
    if result.shape not in [(n, n) for n in sizes]:
        raise InputError(name, f"an array of shape {result.shape}", "a 3×3 matrix")
    if not np.all(np.isfinite(result)):
        i, j = (int(k) for k in np.argwhere(~np.isfinite(result))[0])
        raise InputError(f"{name}[{i + 1}, {j + 1}]", result[i, j], "finite")
    return result


def _from_elements(name: str, elements: Mapping[Any, Any], unit: str) -> Elements:
    places = {_indices(name, key): plain(name, element, unit) for key, element in elements.items()}
    for (i, j), element in places.items():
        _check_element(f"{name}[{i + 1}, {j + 1}]", element)
    xp = jnp if is_traced(*places.values()) else np
    rows = [[xp.asarray(places.get((i, j), 0.0), dtype=complex) for j in range(3)] for i in range(3)]
    completed: Elements = xp.array(rows)
    return completed


def _indices(name: str, key: Any) -> tuple[int, int]:
    if isinstance(key, tuple) and len(key) == 2:
        i, j = key
        if all(isinstance(k, (int, np.integer)) and 1 <= k <= 3 for k in key):
            return int(i) - 1, int(j) - 1
    raise InputError(f"{name} element", shown(key), "a pair (i, j) with i and j from 1 to 3")


def _check_element(name: str, element: Any) -> None:
    if is_traced(element):
        return
    try:
        finite = not isinstance(element, (str, *_UNFIT)) and bool(np.isfinite(complex(element)))
    except (TypeError, ValueError, OverflowError):
        finite = False
    if not finite:
        raise InputError(name, shown(element), "a finite number")


def reals(
    name: str, value: Any, allowed: str, unit: str = "", *, photon: bool = False, copy: bool = True
) -> NDArray[np.float64]:
    """Return real numbers as an array of floats; text, None, booleans, float16, complex ones are refused.

    Without a copy it may be the array that was given, which its owner may change.

    Examples
    --------
    >>> reals("duration", [1, 2], "times in s", "s")
    array([1., 2.])
    """
    value = plain(name, value, unit, photon=photon)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise InputError(name, shown(value), allowed) from None
    # An empty list has no numbers to judge its type by.
    if (array.dtype.kind not in "iuf" or array.dtype == np.float16) and array.size:
        raise InputError(name, shown(value), allowed)
    if array.dtype == np.float32:
        warnings.warn(f"{name} is of single precision, with 7 digits", UserWarning, stacklevel=3)
    return array.astype(float, copy=copy)


def _inside(values: NDArray[np.float64], low: float, high: float) -> bool:
    """Whether all numbers are finite and from low to high, as their least and largest say."""
    if not values.size:
        return True
    least, most = float(values.min()), float(values.max())
    return low <= least and most <= high and -np.inf < least and most < np.inf


def instance(name: str, value: Any, cls: type | tuple[type, ...], allowed: str = "") -> None:
    """Raise `InputError` unless ``value`` is of a class; ``allowed`` is the class's name if left out.

    Examples
    --------
    >>> instance("name", "Yb", str)
    """
    if not isinstance(value, cls):
        if not allowed and isinstance(cls, type):
            allowed = f"{'an' if cls.__name__[0] in 'AEIO' else 'a'} {cls.__name__}"
        raise InputError(name, f"{shown(value)}, of type {type(value).__name__}", allowed)


def listed(name: str, value: Any, allowed: str, length: int | None = None) -> tuple[Any, ...]:
    """Return the items of a list, a tuple or any array, or raise; text is none of them.

    Examples
    --------
    >>> listed("free", ["lightest_mass"], "a list of names")
    ('lightest_mass',)
    """
    axes = getattr(value, "ndim", None)
    several = axes > 0 if isinstance(axes, int) else isinstance(value, Sequence)
    if not several or isinstance(value, (str, bytes)) or length not in (None, len(value)):
        raise InputError(name, shown(value), allowed)
    return tuple(value)


def confidence(value: Any, low: float = 0.0) -> Scalar:
    """Return a confidence level above ``low`` and below 1, or raise `InputError`.

    Examples
    --------
    >>> confidence(0.9)
    0.9
    """
    allowed = f"a probability above {low:g} and below 1"
    level = number("confidence_level", value, allowed, low=low, high=1.0, open_low=True)
    if not is_traced(level) and level == 1:
        raise InputError("confidence_level", level, allowed)
    return level


def whole(name: str, value: Any, least: int = 0) -> int:
    """Return a whole number, at least ``least``, or raise `InputError`.

    Examples
    --------
    >>> whole("toys", 1e4)
    10000
    """
    allowed = f"a whole number, at least {least}"
    result = float(number(name, value, allowed, low=least))
    if not result.is_integer():
        raise InputError(name, value, allowed)
    return int(result)


def random_seed(value: Any) -> int:
    """Return a seed of random numbers, to its last digit, or raise `InputError`.

    Examples
    --------
    >>> random_seed(2**60 + 1) == 2**60 + 1
    True
    """
    exact = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    result = int(value) if exact else whole("seed", value)
    if not 0 <= result < 2**63:
        raise InputError("seed", shown(value), "a whole number from 0 to 2⁶³ − 1")
    return result


def within(
    name: str,
    value: Any,
    allowed: str,
    low: float = -np.inf,
    high: float = np.inf,
    unit: str = "",
    *,
    photon: bool = False,
) -> Values:
    """Return finite real numbers from low to high as an array, or raise naming the first that is not.

    Examples
    --------
    >>> within("cosine", [0.5, 1], "a cosine", -1, 1)
    array([0.5, 1. ])
    """
    if is_traced(value):
        return jnp.asarray(value)
    values = reals(name, value, allowed, unit, photon=photon)
    if _inside(values, low, high):
        return values
    wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if np.any(wrong):
        place = np.argwhere(wrong)[0]
        label = f"{name}{[int(k) for k in place]}" if values.ndim else name
        raise InputError(label, values[tuple(place)], allowed)
    return values


def photon_energies(omega: ArrayLike, E_vg: Scalar, name: str = "omega", *, copy: bool = True) -> Values:
    """Return trigger photon energies as an array, after checking 0 ≤ ω < E_vg.

    Without a copy it may be the array that was given, which its owner may change.

    Raises
    ------
    InputError
        Naming the first energy that is not allowed.

    Examples
    --------
    >>> photon_energies([1.068, 1.07], 2.23).shape
    (2,)
    """
    if is_traced(omega):
        return jnp.asarray(omega)
    values = reals(name, omega, "photon energies in eV", "eV", photon=True, copy=copy)
    limit = "" if is_traced(E_vg) else f" = {float(E_vg)} eV"
    allowed = f"a photon energy in eV, at least 0 and below the atom's E_vg{limit}"
    below = np.inf if is_traced(E_vg) else np.nextafter(float(E_vg), 0.0)
    if _inside(values, 0.0, below):
        return values
    if np.any(values > 100):
        allowed += f"; a wavelength in nm is {2 * np.pi * HBAR_C * 1e7:.3f} eV over it"
    return within(name, values, allowed, 0.0, below)


def finite(result: Found, what: str) -> Found:
    """Return ``result`` if it is finite throughout, or traced; otherwise say what overflowed.

    Examples
    --------
    >>> finite(jnp.array([1.0]), "the spectrum")
    Array([1.], dtype=float64)
    """
    if is_traced(result) or np.all(np.isfinite(np.asarray(result))):
        return result
    if np.any(np.isnan(np.asarray(result))):
        raise FloatingPointError(f"{what} is not a number: an input or a coupling is NaN")
    raise FloatingPointError(f"{what} overflows: an input is far too large")
