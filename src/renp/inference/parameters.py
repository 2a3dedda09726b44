"""What a likelihood's parameters are, and how they map to couplings, neutrinos and rates.

A fit moves coordinates of order one. What they mean depends on the kind of parameter:

==============  =====================================  ==============================================
kind            coordinate x                           physical value
==============  =====================================  ==============================================
"magnitude"     (g/u)² ≥ 0, u a typical coupling       size u √x of a coupling without interference
"coupling"      g/u                                    g = u x, of either sign
"constrained"   pull                                   centre + σ₊x for x ≥ 1, centre + σ₋x for x ≤ −1
"relative"      pull                                   factor (1 + σ)^x on a rate
"free"          v/u                                    v = u x
"rate"          v/u ≥ 0                                v = u x, in which counts are linear
==============  =====================================  ==============================================

Pulls have a standard normal constraint around an observable that is 0 in data and fluctuates in toys.
Between −1 and 1 asymmetric errors are joined by the polynomial of sixth order of HistFactory
(CERN-OPEN-2012-016, interpolation code 4p), so that the density is smooth.
"""

from contextlib import suppress
from typing import Literal, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from renp.compensated import Real, array_module
from renp.errors import InputError, shown
from renp.units import plain
from renp.validation import Scalar, is_traced

Kind: TypeAlias = Literal["magnitude", "coupling", "constrained", "relative", "free", "rate"]

CONSTRAINED = ("constrained", "relative")

_NEWTON_STEPS = 10
"""To invert `asymmetric`: enough for errors that differ by a factor of 6, of which no larger is allowed."""


class Parameter(eqx.Module):
    """One parameter: its kind, and the numbers that turn its coordinate into a physical value."""

    name: str = eqx.field(static=True)
    kind: Kind = eqx.field(static=True)
    centre: Scalar
    """Physical value at pull 0, or of a rate as given; not used for other kinds."""
    plus: Scalar
    """Upper error, or the unit u of the coordinate."""
    minus: Scalar
    """Lower error as a positive number, or the unit u."""
    low: Scalar
    """Lower end of the coordinate."""
    high: Scalar
    """Upper end of the coordinate."""
    unit: str = eqx.field(static=True)
    """Unit of the physical value."""


def constrained(name: str, centre: Scalar, plus: Scalar, minus: Scalar, unit: str) -> Parameter:
    """Return a parameter that was measured elsewhere, with its errors.

    Raises
    ------
    InputError
        If an error is not above 0, or one is more than six times the other.

    Examples
    --------
    >>> constrained("sin2_theta12", 0.308, 0.012, 0.011, "").kind
    'constrained'
    """
    if not is_traced(plus, minus) and not (
        plus > 0 and minus > 0 and max(plus, minus) < 6 * min(plus, minus)
    ):
        raise InputError(f"errors of {name}", f"+{plus} −{minus}", "above 0 and within a factor of 6")
    return Parameter(name, "constrained", centre, plus, minus, -np.inf, np.inf, unit)


def relative(name: str, error: Scalar) -> Parameter:
    """Return a factor on a rate, log-normal with the given relative error.

    Examples
    --------
    >>> relative("normalisation", 0.05).plus
    0.05
    """
    if not is_traced(error) and not (np.isfinite(error) and error > 0):
        raise InputError(f"error of {name}", error, "a relative error above 0")
    return Parameter(name, "relative", 1.0, error, error, -np.inf, np.inf, "")


def free(name: str, unit_value: float, unit: str, low: float = -np.inf, high: float = np.inf) -> Parameter:
    """Return a parameter that only the counts decide; ``low`` and ``high`` are physical.

    Examples
    --------
    >>> free("lightest_mass", 0.01, "eV", 0.0).high
    inf
    """
    return Parameter(name, "free", 0.0, unit_value, unit_value, low / unit_value, high / unit_value, unit)


def rate(name: str, value: Scalar, unit_value: Scalar, unit: str) -> Parameter:
    """Return a rate that only counts decide, around a value that is expected of it.

    Examples
    --------
    >>> rate("background_rate_1", 1e-5, 1e-6, "1/s").low
    0.0
    """
    return Parameter(name, "rate", value, unit_value, unit_value, 0.0, np.inf, unit)


def coupling(name: str, unit_value: float, unit: str = "", *, interferes: bool) -> Parameter:
    """Return a coupling; of one that interferes with nothing only the magnitude is seen.

    Examples
    --------
    >>> coupling("mu_11", 1e-11, interferes=False).low
    0.0
    """
    kind: Kind = "coupling" if interferes else "magnitude"
    low = -np.inf if interferes else 0.0
    return Parameter(name, kind, 0.0, unit_value, unit_value, low, np.inf, unit)


def asymmetric(pull: Real, plus: Real, minus: Real) -> Real:
    """Return the shift of a value for a pull, smooth, and exact at ±1 and beyond.

    Examples
    --------
    >>> asymmetric(np.array([-2.0, -1.0, 0.0, 1.0]), 3.0, 1.0)
    array([-2., -1.,  0.,  3.])
    """
    xp = array_module(pull, plus, minus)
    pull = pull if xp is jnp else np.asarray(pull)
    squared = pull**2
    inside = squared * (15 + squared * (3 * squared - 10)) / 8
    even = xp.where(squared < 1, inside, xp.abs(pull))
    return (plus + minus) / 2 * pull + (plus - minus) / 2 * even


def _slope(pull: Real, plus: Real, minus: Real) -> Real:
    """Return the derivative of `asymmetric` for a pull between −1 and 1."""
    return (plus + minus) / 2 + (plus - minus) / 2 * pull * (15 + pull**2 * (9 * pull**2 - 20)) / 4


def physical(parameter: Parameter, x: Real) -> Real:
    """Return the physical value at a coordinate.

    Examples
    --------
    >>> float(physical(coupling("mu_11", 1e-11, interferes=False), 4.0))
    2e-11
    """
    xp = array_module(x, parameter.plus)
    x = x if xp is jnp else np.asarray(x)
    if parameter.kind == "magnitude":
        # The slope of the root at 0 is infinite, and nothing asks for it there.
        return parameter.plus * xp.sqrt(xp.maximum(x, 0.0))
    if parameter.kind == "constrained":
        return parameter.centre + asymmetric(x, parameter.plus, parameter.minus)
    if parameter.kind == "relative":
        return xp.exp(x * xp.log1p(parameter.plus))
    return parameter.plus * x


def coordinate(parameter: Parameter, value: float) -> float:
    """Return the coordinate of a physical value that a user hands in, by `inverse`.

    Raises
    ------
    InputError
        If no coordinate has the value.

    Examples
    --------
    >>> coordinate(constrained("sin2_theta12", 0.308, 0.012, 0.011, ""), 0.332)
    2.0
    """
    value, numeric, x = plain(parameter.name, value, parameter.unit), False, np.nan
    # Of what is no number, or far too large.
    with suppress(TypeError, ValueError, OverflowError), np.errstate(over="ignore", invalid="ignore"):
        dtype = np.asarray(value).dtype
        numeric = np.ndim(value) == 0 and dtype.kind in "iuf" and dtype != np.float16
        x = float(inverse(parameter, np.float64(value))) if numeric else np.nan
    if not (np.isfinite(x) and parameter.low <= x <= parameter.high):
        ends = [float(physical(parameter, np.asarray(end))) for end in (parameter.low, parameter.high)]
        raise InputError(
            parameter.name,
            value if numeric else shown(value),
            f"finite, from {ends[0]:g} to {ends[1]:g} {parameter.unit}".rstrip(),
        )
    return x


def inverse(parameter: Parameter, value: Real) -> Real:
    """Return the coordinate of a physical value, not a number or beyond its ends where none has it.

    Examples
    --------
    >>> inverse(constrained("sin2_theta12", 0.308, 0.012, 0.011, ""), np.array([0.297, 0.308, 0.332]))
    array([-1.,  0.,  2.])
    """
    xp = array_module(value, parameter.plus)
    value = value if xp is jnp else np.asarray(value)
    if parameter.kind == "magnitude":
        ratio = value / parameter.plus
        return ratio * xp.abs(ratio)
    if parameter.kind == "relative":
        logarithm = xp.log(xp.where(value > 0, value, 1.0)) / xp.log1p(parameter.plus)
        return xp.where(value > 0, logarithm, np.nan)
    if parameter.kind != "constrained":
        return value / parameter.plus
    shift = value - parameter.centre
    outside = shift / xp.where(shift > 0, parameter.plus, parameter.minus)
    x = xp.clip(outside, -1.0, 1.0)
    for _ in range(_NEWTON_STEPS):
        miss = asymmetric(x, parameter.plus, parameter.minus) - shift
        x = xp.clip(x - miss / _slope(x, parameter.plus, parameter.minus), -1.0, 1.0)
    return xp.where(xp.abs(outside) < 1, x, outside)
