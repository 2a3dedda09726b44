"""Upper limits on a magnitude by asymptotic formulae, all other parameters profiled.

Source: G. Cowan, K. Cranmer, E. Gross and O. Vitells, arXiv:1007.1727. The test statistic is q̃ (Eq. 16): the
rise of the χ² from its minimum over x ≥ 0 to the tested coordinate x, and 0 below the minimum. The width of
its distribution comes from q̃_A (Eq. 30), its value for background-only Asimov data: the expectation at x = 0
with the other parameters where the data's fit has them, and their external measurements there too.

With z = √q̃ for q̃ ≤ q̃_A and (q̃ + q̃_A)/(2√q̃_A) above (Eqs. 64 to 67), the probabilities of data no more
signal-like than the observed are p_sb = Φ(−z) with the signal and p_b = Φ(√q̃_A − z) without it. The limit is
where p_sb = 1 − CL ("asymptotic") or p_sb/p_b = 1 − CL ("cls"; A. L. Read, J. Phys. G 28, 2693 (2002)).
Only "cls" has a limit above 0 for any data: a deficit so large that p_sb < 1 − CL for the smallest signal
excludes every signal.

A coordinate is the square of the coupling in its unit u: the limit on the coupling is u√x.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Bool, Float, Int

from renp._types import Mask
from renp.compiled import compiled
from renp.errors import InputError
from renp.inference.ensembles import chunk_of, in_chunks, retried
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NO_RISE, NOT_CONVERGED, Minimum, minimise
from renp.validation import Scalar, choice, confidence

Method: TypeAlias = Literal["asymptotic", "cls"]
Real: TypeAlias = Float[Array, ""]
Flag: TypeAlias = bool | Bool[Array, ""]
Place: TypeAlias = int | Int[Array, ""]
Steps: TypeAlias = int | Int[Array, ""]
Pair: TypeAlias = tuple[Real, Real]
Points: TypeAlias = Float[Array, "*starts p"]

FLUCTUATIONS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Fluctuations of background-only data, in standard deviations, for which limits are expected."""

_BEYOND = 1e12
"""Where a coordinate of order one is taken to be at infinity."""

_FEW_STEPS = 14
_MANY_STEPS = 200

_TOLERANCE = 1e-10
"""Relative width of the last step towards a limit."""

_NOTHING = 1e-6
"""Everything is excluded where a coordinate is whose q̃ on Asimov data is this small."""

_ROUNDING = 1e-15
"""Of the χ², relative to the number of counts."""

_EACH = 3
"""Dimensions of starts that are given for each data set."""

_LEAST = 1e-300
"""Keeps the slope of roots at 0 finite."""


class Limit(NamedTuple):
    """Upper limit on a coordinate."""

    value: Float[Array, "*batch"]
    """Infinite if nothing is excluded, 0 if everything is."""
    status: Int[Array, "*batch"]


class HypothesisTest(NamedTuple):
    """Test of one coordinate."""

    q: Float[Array, "*batch"]
    """Test statistic q̃ of the data."""
    q_asimov: Float[Array, "*batch"]
    """Test statistic of the background-only Asimov data."""
    p_signal: Float[Array, "*batch"]
    """p_sb, with the signal."""
    p_background: Float[Array, "*batch"]
    """p_b, without it."""
    cls: Float[Array, "*batch"]
    """p_sb/p_b."""
    status: Int[Array, "*batch"]


def hypothesis_test(
    likelihood: Likelihood, data: Data, start: Points, moves: Mask, k: int, x: Scalar
) -> HypothesisTest:
    """Return the test statistic and the p-values of one coordinate, for one data set.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    start
        Coordinates to start from, shape (p,) or (starts, p); parameters that do not move stay there.
    moves
        Which parameters are fitted; ``k`` is one of them.
    k
        Place of the parameter of interest, of kind "magnitude".
    x
        Coordinate, above 0.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[9])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> found = hypothesis_test(likelihood, likelihood.data, likelihood.point(), jnp.array([True]), 0, 2.0)
    >>> found.p_signal.round(4), found.cls.round(4)
    (Array(0.0022, dtype=float64), Array(0.0095, dtype=float64))
    """
    _check_magnitude(likelihood, k)
    found: HypothesisTest = _hypothesis_test(likelihood, data, start, moves, k, jnp.asarray(x, dtype=float))
    return found


@compiled
def _hypothesis_test(
    likelihood: Likelihood, data: Data, start: Points, moves: Mask, k: Place, x: Real
) -> HypothesisTest:
    common = _reference(likelihood, data, start, moves, k, _MANY_STEPS)
    here = _test(likelihood, data, common, moves, k, x, common.points, _MANY_STEPS)
    with_signal, without = _log_p_values(*here.q)
    p_signal, p_background = jnp.exp(with_signal), jnp.exp(without)
    status = _status(common, jnp.where(here.failed, NOT_CONVERGED, CONVERGED))
    return HypothesisTest(*here.q, p_signal, p_background, jnp.exp(with_signal - without), status)


def hypothesis_tests(
    likelihood: Likelihood, data: Data, start: Any, moves: Mask, k: int, x: Scalar
) -> HypothesisTest:
    """Return the test of one coordinate for each data set, as `hypothesis_test` does for one.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> toys = likelihood.toys(likelihood.point(), jax.random.key(1), 100)
    >>> found = hypothesis_tests(likelihood, toys, likelihood.start, jnp.array([True]), 0, 1.0)
    >>> bool((found.cls >= found.p_signal).all())
    True
    """
    _check_magnitude(likelihood, k)
    place, coordinate = jnp.asarray(k), jnp.asarray(x, dtype=float)
    found: HypothesisTest = in_chunks(
        lambda d: _batched_tests(likelihood, *d, moves, place, coordinate),
        _started(data, start),
        chunk_of(likelihood),
    )
    return found


@compiled
def _batched_tests(
    likelihood: Likelihood, data: Data, start: Any, moves: Mask, k: Place, x: Real
) -> HypothesisTest:
    found: HypothesisTest = jax.vmap(lambda d, s: _hypothesis_test(likelihood, d, s, moves, k, x))(
        data, start
    )
    return found


def upper_limit(
    likelihood: Likelihood,
    data: Data,
    start: Points,
    moves: Mask,
    k: int,
    confidence_level: float,
    method: Method,
) -> Limit:
    """Return the upper limit on a coordinate, for one data set.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    start
        Coordinates to start from, shape (p,) or (starts, p); parameters that do not move stay there.
    moves
        Which parameters are fitted; ``k`` is one of them.
    k
        Place of the parameter of interest, of kind "magnitude".
    confidence_level
        Above 0.5 and below 1.
    method
        "asymptotic" or "cls".

    Raises
    ------
    InputError
        If the parameter is of another kind, or the confidence level or the method is not allowed.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[9])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> fit = (likelihood.point(), jnp.array([True]))
    >>> limit = upper_limit(likelihood, likelihood.data, *fit, 0, 0.90, "cls")
    >>> limit.value.round(4)
    Array(1.0915, dtype=float64)
    """
    error = _checked(likelihood, k, confidence_level, method)
    found: Limit = _compiled_limit(likelihood, data, start, moves, k, error, method == "cls")
    return found


def limit_ensemble(
    likelihood: Likelihood,
    data: Data,
    start: Any,
    moves: Mask,
    k: int,
    confidence_level: float,
    method: Method,
) -> Limit:
    """Return the upper limit of each data set.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts of shape (toys, n) and pulls of shape (toys, c).
    start, moves, k, confidence_level, method
        As in `upper_limit`; there may be a start, or several, for each data set, shape (toys, starts, p).

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> toys = likelihood.toys(likelihood.point(), jax.random.key(1), 100)
    >>> found = limit_ensemble(likelihood, toys, likelihood.point(), jnp.array([True]), 0, 0.90, "cls")
    >>> int((found.status == 0).sum())
    100
    """
    error = _checked(likelihood, k, confidence_level, method)
    few, many = (
        lambda d, n=n: _limits(likelihood, *d, moves, k, error, method == "cls", n)
        for n in (_FEW_STEPS, _MANY_STEPS)
    )
    found: Limit = retried(few, many, _started(data, start), chunk_of(likelihood))
    return found


def expected_limits(
    likelihood: Likelihood,
    data: Data,
    start: Points,
    moves: Mask,
    k: int,
    confidence_level: float,
    method: Method,
) -> Limit:
    """Return the limits expected without a signal, for fluctuations of −2, …, 2 standard deviations.

    Source: arXiv:1007.1727, Eqs. (88) and (89), with σ from Asimov data at each limit (Eq. 30).

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        To which the parameters besides ``k`` are fitted before Asimov data are drawn from them.
    start, moves, k, confidence_level, method
        As in `upper_limit`.

    Returns
    -------
    Limit
        Coordinates of shape (5,), increasing; 0 for a fluctuation that would exclude everything.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> data = likelihood.asimov(likelihood.point())
    >>> fit = (likelihood.point(), jnp.array([True]))
    >>> expected_limits(likelihood, data, *fit, 0, 0.90, "cls").value.round(2)
    Array([0.7 , 0.99, 1.48, 2.29, 3.43], dtype=float64)
    """
    error = _checked(likelihood, k, confidence_level, method)
    found: Limit = _expected(likelihood, data, start, moves, k, error, method == "cls")
    return found


def _limit(
    likelihood: Likelihood,
    data: Data,
    start: Points,
    moves: Mask,
    k: Place,
    error: Scalar,
    cls: Flag,
    steps: Steps = _MANY_STEPS,
) -> Limit:
    common = _reference(likelihood, data, start, moves, k, steps)

    def height(q: Pair) -> Real:
        with_signal, without = _log_p_values(*q)
        return with_signal - jnp.log(error) - jnp.where(cls, without, 0.0)

    def evaluate(x: Real, points: Points) -> _Height:
        here = _test(likelihood, data, common, moves, k, x, points, steps)
        value, slope = jax.jvp(height, (here.q,), (here.slope,))
        return _Height(value, slope, here.q[1] < _NOTHING, here.failed, here.points)

    found = _root(evaluate, common.free.x[k] + 1, common.points, steps)
    return found._replace(status=_status(common, found.status))


_compiled_limit = compiled(_limit)


@compiled
def _limits(
    likelihood: Likelihood,
    data: Data,
    start: Points,
    moves: Mask,
    k: Place,
    error: Scalar,
    cls: Flag,
    steps: Steps,
) -> Limit:
    return jax.vmap(lambda d, s: _limit(likelihood, d, s, moves, k, error, cls, steps))(data, start)


@compiled
def _expected(
    likelihood: Likelihood, data: Data, start: Points, moves: Mask, k: Place, error: Scalar, cls: Flag
) -> Limit:
    common = _reference(likelihood, data, start, moves, k, _MANY_STEPS)

    def limit(fluctuation: Real) -> Limit:
        target = _expected_root(cls, error, fluctuation)

        def evaluate(x: Real, points: Points) -> _Height:
            here = _profile(likelihood, common.asimov, points, moves, k, x, _MANY_STEPS)
            root = jnp.sqrt(jnp.maximum(here.chi2, _LEAST))
            failed, everything = here.status != CONVERGED, target <= 0
            return _Height(target - root, -here.slope / (2 * root), everything, failed, here.x)

        found = _root(evaluate, jnp.array(1.0), common.points[1], _MANY_STEPS)
        return found._replace(status=_status(common, found.status))

    return jax.vmap(limit)(jnp.array(FLUCTUATIONS))


class _Reference(NamedTuple):
    """What tests of all coordinates have in common."""

    free: Minimum
    """Minimum over x ≥ 0."""
    null: Minimum
    """Minimum at x = 0."""
    asimov: Data
    """Background-only Asimov data; their χ² is 0 at ``null.x``."""
    points: Points
    """Where fits to both data begin, shape (2, starts, p)."""


class _Profile(NamedTuple):
    x: Points
    """Where the fits from all starts ended."""
    chi2: Real
    """Least in the parameters besides the one of interest."""
    slope: Real
    status: Int[Array, ""]


class _Test(NamedTuple):
    q: Pair
    """q̃ of the data and of the Asimov data."""
    slope: Pair
    failed: Bool[Array, ""]
    points: Points
    """Where the fits to both ended."""


class _Height(NamedTuple):
    value: Real
    """Above 0 where a coordinate is not excluded."""
    slope: Real
    nothing: Bool[Array, ""]
    """Whether the coordinate is as good as 0."""
    failed: Bool[Array, ""]
    points: Points
    """Where the fits ended."""


class _Search(NamedTuple):
    x: Real
    low: Real
    """Coordinate that is not excluded."""
    high: Real
    """Coordinate that is."""
    points: Points
    status: Int[Array, ""]
    steps: Int[Array, ""]


def _reference(
    likelihood: Likelihood, data: Data, start: Points, moves: Mask, k: Place, steps: Steps
) -> _Reference:
    """Return the minima with and without the signal, and the Asimov data."""
    rows = jnp.atleast_2d(start)
    # From x = 0 nothing leads on where the signal alone can explain what was counted in a run.
    away = jnp.where(rows[:, k] > 0, rows[:, k], 1.0)
    starts = jnp.stack([rows.at[:, k].set(0.0), rows.at[:, k].set(away)])
    masks = jnp.stack([_others(moves, k), moves])
    fits = jax.vmap(jax.vmap(lambda x, mask: minimise(likelihood, data, x, mask, steps), (0, None)))(
        starts, masks
    )
    best = jnp.argmin(_ranked(fits), axis=1)
    null, free = (Minimum(*(part[i, best[i]] for part in fits)) for i in range(2))
    return _Reference(free, null, likelihood.asimov(null.x), fits.x[::-1])


def _ranked(fits: Minimum) -> Array:
    """Return the χ² of minima, infinite where the search did not converge."""
    return jnp.where(fits.status == CONVERGED, fits.chi2, jnp.inf)


def _test(
    likelihood: Likelihood,
    data: Data,
    common: _Reference,
    moves: Mask,
    k: Place,
    x: Real,
    points: Points,
    steps: Steps,
) -> _Test:
    """Return the test statistic of both data sets; ``points`` are where their fits start."""
    both = Data(*(jnp.stack(pair) for pair in zip(data, common.asimov, strict=True)))
    found = jax.vmap(lambda d, start: _profile(likelihood, d, start, moves, k, x, steps))(both, points)
    least = jnp.stack([common.free.chi2, jnp.array(0.0)])
    beyond = x > jnp.stack([common.free.x[k], jnp.array(0.0)])
    rise = found.chi2 - least
    # What rounding may make of no rise at all must not look like a distance from the best fit.
    risen = rise > _ROUNDING * (1 + jnp.sum(both.counts, axis=1))
    q = jnp.where(beyond & risen, rise, 0.0)
    slope = jnp.where(beyond, found.slope, 0.0)
    return _Test((q[0], q[1]), (slope[0], slope[1]), jnp.any(found.status != CONVERGED), found.x)


def _profile(
    likelihood: Likelihood, data: Data, start: Points, moves: Mask, k: Place, x: Real, steps: Steps
) -> _Profile:
    """Return the least χ² at a coordinate, of fits that follow it from each start."""
    each = jax.vmap(lambda s: minimise(likelihood, data, s, _others(moves, k), steps))(start.at[:, k].set(x))
    lowest = jnp.argmin(_ranked(each))
    least = Minimum(*(part[lowest] for part in each))
    # At the minimum the other parameters do not contribute to the slope.
    along = jnp.zeros(start.shape[1]).at[k].set(1.0)
    slope = jax.jvp(lambda point: likelihood.chi2(point, data), (least.x,), (along,))[1]
    return _Profile(each.x, least.chi2, slope, least.status)


def _started(data: Data, start: Any) -> tuple[Data, Any]:
    """Return data sets, each with its starts."""
    number, rows = len(data.counts), np.asarray(start)
    return data, np.broadcast_to(rows, (number, *rows.shape)) if rows.ndim < _EACH else rows


def _status(common: _Reference, status: Int[Array, ""]) -> Int[Array, ""]:
    failed = (common.free.status != CONVERGED) | (common.null.status != CONVERGED)
    return jnp.where(failed, NOT_CONVERGED, status)


def _log_p_values(q: Real, q_asimov: Real) -> Pair:
    """Return ln p_sb and ln p_b."""
    root, width = (jnp.sqrt(jnp.maximum(value, _LEAST)) for value in (q, q_asimov))
    z = jnp.where(root <= width, root, (q / width + width) / 2)
    return norm.logcdf(-z), norm.logcdf(width - z)


def _root(evaluate: Callable[[Real, Points], _Height], start: Real, points: Points, steps: Steps) -> Limit:
    """Return where the height falls through 0."""

    def body(state: _Search) -> _Search:
        return _next(state, evaluate(state.x, state.points))

    def going(state: _Search) -> Bool[Array, ""]:
        return (state.status == NOT_CONVERGED) & (state.steps < steps)

    zero, far, waiting = jnp.array(0.0), jnp.array(jnp.inf), jnp.array(NOT_CONVERGED)
    last = jax.lax.while_loop(going, body, _Search(start, zero, far, points, waiting, jnp.array(0)))
    return Limit(last.x, last.status)


def _next(state: _Search, here: _Height) -> _Search:
    """Return Newton's next step, or half of the bracket where that would leave it."""
    x = state.x
    low = jnp.where(~here.failed & (here.value > 0), x, state.low)
    high = jnp.where(~here.failed & (here.value <= 0), x, state.high)
    newton = jnp.minimum(x - here.value / here.slope, 100 * x)
    halved = jnp.where(high < jnp.inf, ((jnp.sqrt(low) + jnp.sqrt(high)) / 2) ** 2, 4 * x)
    to = jnp.where((newton > low) & (newton < high), newton, halved)
    done = (jnp.abs(newton - x) <= _TOLERANCE * x) | (low >= (1 - _TOLERANCE) * high)
    infinite = (here.value > 0) & (x > _BEYOND)
    excluded = (here.value <= 0) & here.nothing
    value = jnp.where(infinite, jnp.inf, jnp.where(excluded, 0.0, jnp.where(done, x, to)))
    status = jnp.where(infinite, NO_RISE, jnp.where(done | excluded, CONVERGED, NOT_CONVERGED))
    # A fit that has not converged goes on from where it ended.
    value, status = jnp.where(here.failed, x, value), jnp.where(here.failed, NOT_CONVERGED, status)
    return _Search(value, low, high, here.points, status, state.steps + 1)


def _expected_root(cls: Flag, error: Scalar, fluctuation: Real) -> Real:
    """Return √q̃_A at the limit expected for a fluctuation of the background."""
    return fluctuation - norm.ppf(error * jnp.where(cls, norm.cdf(fluctuation), 1.0))


def _others(moves: Mask, k: Place) -> Mask:
    return moves & (jnp.arange(moves.size) != k)


def _checked(likelihood: Likelihood, k: int, confidence_level: float, method: Method) -> Scalar:
    """Return 1 − CL, after checking what was asked for."""
    _check_magnitude(likelihood, k)
    choice("method", method, get_args(Method))
    return 1 - confidence(confidence_level, 0.5)


def _check_magnitude(likelihood: Likelihood, k: int) -> None:
    parameter = likelihood.parameters[k]
    if parameter.kind != "magnitude":
        allowed = "a coupling that interferes with nothing: the formulae are for a signal that only adds"
        raise InputError("parameter", repr(parameter.name), allowed)
