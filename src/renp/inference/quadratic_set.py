"""Everything that one coupling may be where counts are N_0 + b t + c t² and nothing else is free: exactly.

The χ² of the counts is smooth in t. Where its second derivative has one sign its slope has one zero at most,
and where the slope at the middle of an interval is larger than the second derivative lets it change, none: so
intervals are divided until every stationary point is alone in one. Between two of them the χ² rises or falls,
and crosses its minimum plus Δχ² once at most: nothing can be missed, however narrow.

With N = m + c (t − v)², a run's second derivative is 4 c (1 + n/N − 2 n m/N²): a parabola in 1/N, whose range
over an interval is exact.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from renp.compensated import array_module
from renp.inference.poisson import chi2
from renp.validation import Scalar, is_traced

Real: TypeAlias = Float[Array, ""]
Reals: TypeAlias = Float[Array, "n"]

_LEAST_COUNTS = 1e-18
"""Relative to a run's counts: a χ² that rises above all bounds only within 10⁻⁹ of a coupling is cut off."""

_MOST_INTERFERENCE = 2.01
"""In units of the geometric mean of both squares, where rounding leaves 2."""

_ROUNDING = 1e-14
"""Of second derivatives, relative to what they are made of."""

_NARROWEST = 1e-15
"""Interval, relative to the coordinate and to one, that is not divided."""

TIE = 1e-6
"""Difference in χ² of minima that are equally low."""

_MOST_INTERVALS = 100_000
_MOST_STEPS = 200
_AROUND = 1e-3
"""Share by which the interval that is searched is longer than the one that holds all stationary points."""

_STATIONARY, _CROSSING = 1e-13, 1e-15
"""Relative accuracy; that of a stationary point enters squared."""


class Along(NamedTuple):
    """Expected counts of each run, or rates, along one coordinate t: null + linear·t + square·t².

    Amplitudes add; for a coupling without interference t is the square, and there is none of it.
    """

    null: Any
    linear: Any
    square: Any

    def at(self, t: Any) -> Any:
        """Return the counts at coordinates, shape (*t.shape, n)."""
        numbers = np if isinstance(self.null, np.ndarray) and not is_traced(t) else jnp
        column = numbers.asarray(t)[..., None]
        # Rounding may leave a square that should vanish just below zero.
        return numbers.maximum(self.null + column * (self.linear + column * self.square), 0.0)

    def rows(self, rows: Any) -> "Along":
        """Return some of the runs."""
        return Along(*(column[rows] for column in self))

    def during(self, times: Any) -> "Along":
        """Return the counts of rates in some time."""
        return Along(*(times * column for column in self))

    def joined(self, other: "Along") -> "Along":
        """Return the runs of both, of NumPy."""
        return Along(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


class AcceptedSet(NamedTuple):
    """Coordinates that a test accepts, for each data set."""

    intervals: Float[Array, "*sets k 2"]
    """Increasing and disjoint; what there is not is NaN."""
    rises: Float[Array, "*sets k"]
    """How far the least χ² of each interval is above the least of all."""
    best: Float[Array, "*sets"]
    """Coordinate of the least χ²; of equal ones that nearest to 0."""
    chi2: Float[Array, "*sets"]
    """The least."""
    good: Bool[Array, "*sets"]
    """Whether the search converged."""

    @property
    def ends(self) -> Float[Array | np.ndarray[Any, Any], "*sets 2"]:
        """First and last accepted coordinate; none of what accepts nothing."""
        xp: Any = array_module(self.intervals)
        none = xp.isnan(self.intervals[..., 0])
        low = xp.min(xp.where(none, np.inf, self.intervals[..., 0]), axis=-1)
        high = xp.max(xp.where(none, -np.inf, self.intervals[..., 1]), axis=-1)
        empty = xp.all(none, axis=-1)[..., None]
        ends: Array = xp.where(empty, np.nan, xp.stack([low, high], axis=-1))
        return ends


def quadratic_set(along: Along, counts: Reals, rise: Scalar) -> AcceptedSet:
    """Return all coordinates at which the χ² is at most ``rise`` above its least; jax-traceable.

    Ends are differentiable; all coordinates are accepted where no run is sensitive.

    Examples
    --------
    >>> runs = Along(jnp.array([100.0]), jnp.array([-200.0]), jnp.array([100.0]))  # 100 (1 − t)²
    >>> found = jax.jit(quadratic_set)(runs, jnp.array([100.0]), 2.71)
    >>> found.intervals.round(3)
    Array([[-0.083,  0.081],
           [ 1.919,  2.083]], dtype=float64)
    """
    found, lowest = _searched(*jax.lax.stop_gradient((along, counts, rise)))
    return found._replace(intervals=_differentiable(found.intervals, lowest, along, counts, rise))


def values_of(along: Along, counts: Reals, rise: Scalar) -> AcceptedSet:
    """Return the same without its derivatives, which take as long to compile again."""
    return _searched(along, counts, rise)[0]


def _searched(along: Along, counts: Reals, rise: Scalar) -> tuple[AcceptedSet, Real]:
    """Return the set, and the coordinate of the least χ²."""
    run = _Run.of(along, counts)
    points, number, good = _stationary(run)
    inner = (jnp.arange(points.size) > 0) & (jnp.arange(points.size) <= number)
    heights = jnp.where(inner, jax.vmap(run.chi2)(points), jnp.inf)
    lowest = jnp.argmin(heights)
    target = heights[lowest] + rise
    outer = _beyond(run, points[0], points[number + 1], target)
    points = jnp.where(inner, points, outer[1]).at[0].set(outer[0])
    ends = _ends(run, points, number, target)
    sensitive = jnp.any(run.square > 0)
    ends = jnp.where(sensitive, ends, jnp.full_like(ends, jnp.nan).at[0].set(-jnp.inf).at[1].set(jnp.inf))
    wrong = jnp.isnan(jnp.sum(along.null + along.linear + along.square + counts))
    intervals = jnp.where(wrong, jnp.nan, ends.reshape(-1, 2))
    inside = inner & (points >= intervals[:, :1]) & (points <= intervals[:, 1:])
    tied = jnp.where(heights <= heights[lowest] + TIE, jnp.abs(points), jnp.inf)
    found = AcceptedSet(
        intervals,
        jnp.min(jnp.where(inside, heights, jnp.inf), axis=1) - heights[lowest],
        jnp.where(sensitive, points[jnp.argmin(tied)], 0.0),
        jnp.where(sensitive, heights[lowest], run.chi2(jnp.array(0.0))),
        good & ~wrong,
    )
    return found, points[lowest]


class _Run(NamedTuple):
    """Runs with N = least + square (t − vertex)², and n counts."""

    null: Reals
    linear: Reals
    square: Reals
    vertex: Reals
    least: Reals
    counts: Reals

    @classmethod
    def of(cls, along: Along, counts: Reals) -> "_Run":
        square, null = jnp.maximum(along.square, 0.0), jnp.maximum(along.null, 0.0)
        most = _MOST_INTERFERENCE * jnp.sqrt(null * square)  # or counts would be below 0
        linear = jnp.clip(along.linear, -most, most)
        bent = square > 0
        vertex = jnp.where(bent, -linear / (2 * jnp.where(bent, square, 1.0)), 0.0)
        least = jnp.maximum(null + linear * vertex / 2, _LEAST_COUNTS * (null + counts))
        return cls(null, linear, square, vertex, least, counts)

    def expected(self, t: Real) -> Reals:
        return self.least + self.square * (t - self.vertex) ** 2

    def excess(self, t: Real) -> Reals:
        """Return N − n, without rounding where it vanishes."""
        return (self.null - self.counts) + t * (self.linear + t * self.square)

    def chi2(self, t: Real) -> Real:
        expected, excess = self.expected(t), self.excess(t)
        seen = self.counts > 0
        n = jnp.where(seen, self.counts, 1.0)
        share = excess / n
        near = share > -0.5
        log = jnp.where(near, jnp.log1p(jnp.where(near, share, 0.0)), jnp.log(expected / n))
        return 2 * jnp.sum(jnp.where(seen, excess - n * jnp.where(seen, log, 0.0), expected))

    def slope(self, t: Real) -> Real:
        expected = self.expected(t)
        pull = self.excess(t) / jnp.where(expected > 0, expected, 1.0)
        return 4 * jnp.sum(self.square * (t - self.vertex) * pull)

    def bend(self, t: Real) -> Real:
        return jnp.sum(self._bends(1 / self._positive(self.expected(t))))

    def bends(self, low: Real, high: Real) -> tuple[Real, Real, Real]:
        """Return least and largest second derivative between two coordinates, and the size of their parts."""
        first, last = self.expected(low), self.expected(high)
        over = (low < self.vertex) & (self.vertex < high)
        most, fewest = jnp.maximum(first, last), jnp.where(over, self.least, jnp.minimum(first, last))
        y, z = 1 / self._positive(most), 1 / self._positive(fewest)
        at_ends = jnp.stack([self._bends(y), self._bends(z)])
        highest = self._bends(jnp.clip(1 / (4 * self._positive(self.least)), y, z))
        lowest = jnp.min(at_ends, axis=0)
        size = jnp.sum(jnp.maximum(jnp.abs(lowest), jnp.abs(highest)))
        return jnp.sum(lowest), jnp.sum(highest), size

    def _bends(self, inverse: Reals) -> Reals:
        return 4 * self.square * (1 + self.counts * inverse * (1 - 2 * self.least * inverse))

    def _positive(self, x: Reals) -> Reals:
        return jnp.where(x > 0, x, 1.0)


def _stationary(run: _Run) -> tuple[Float[Array, "k"], Int[Array, ""], Bool[Array, ""]]:
    """Return the stationary points between a first and a last point, their number, and whether it is all."""
    bent = run.square > 0
    room = jnp.sqrt(jnp.maximum(run.counts - run.least, 0.0) / jnp.where(bent, run.square, 1.0))
    # Further out every run has more counts than were seen.
    left = jnp.min(jnp.where(bent, run.vertex - room, jnp.inf))
    right = jnp.max(jnp.where(bent, run.vertex + room, -jnp.inf))
    left, right = (jnp.where(jnp.isfinite(end), end, 0.0) for end in (left, right))
    around = _AROUND * (right - left + 1)
    left, right = left - around, right + around
    most = 2 * run.null.size + 1
    brackets = jnp.full((most, 2), right)

    def going(state: _March) -> Bool[Array, ""]:
        return (state.t < right) & (state.steps < _MOST_INTERVALS)

    def body(state: _March) -> _March:
        end = jnp.minimum(state.t + state.step, right)
        half = (end - state.t) / 2
        least, largest, size = run.bends(state.t, end)
        slope, middle = run.slope(end), run.slope(state.t + half)
        one_sign = (least >= -_ROUNDING * size) | (largest <= _ROUNDING * size)
        far = jnp.abs(middle) > half * jnp.maximum(jnp.abs(least), jnp.abs(largest))
        decided = one_sign | far | (half <= _NARROWEST * (1 + jnp.abs(state.t)))
        turns = decided & ((slope > 0) != (state.slope > 0))
        place = jnp.where(turns, state.number, most)
        return _March(
            t=jnp.where(decided, end, state.t),
            slope=jnp.where(decided, slope, state.slope),
            step=jnp.where(decided, 4 * half, half),
            brackets=state.brackets.at[place].set(jnp.stack([state.t, end]), mode="drop"),
            number=state.number + turns,
            steps=state.steps + 1,
        )

    first = _March(left, run.slope(left), right - left, brackets, jnp.array(0), jnp.array(0))
    last = jax.lax.while_loop(going, body, first)

    def solve(k: Int[Array, ""], points: Array) -> Array:
        low, high = last.brackets[k]
        at = _root(lambda t: (run.slope(t), run.bend(t)), low, high, _STATIONARY)
        return points.at[k + 1].set(at)

    points = jnp.full(most + 2, right).at[0].set(left)
    number = jnp.minimum(last.number, most)
    points = jax.lax.fori_loop(0, number, solve, points)
    return points, number, (last.t >= right) & (last.number <= most)


class _March(NamedTuple):
    t: Real
    slope: Real
    step: Real
    brackets: Float[Array, "k 2"]
    number: Int[Array, ""]
    steps: Int[Array, ""]


def _beyond(run: _Run, first: Real, last: Real, target: Real) -> Float[Array, "2"]:
    """Return coordinates, from two outwards, at which the χ² is above a target."""
    chi2_of_both, outwards = jax.vmap(run.chi2), jnp.array([-1.0, 1.0])

    def going(state: tuple[Array, Int[Array, ""]]) -> Bool[Array, ""]:
        return jnp.any(chi2_of_both(state[0]) <= target) & (state[1] < _MOST_STEPS)

    def body(state: tuple[Array, Int[Array, ""]]) -> tuple[Array, Int[Array, ""]]:
        ends, number = state
        return jnp.where(chi2_of_both(ends) <= target, ends + outwards * 2.0**number, ends), number + 1

    both: Array = jax.lax.while_loop(going, body, (jnp.stack([first, last]), jnp.array(0)))[0]
    return both


def _ends(run: _Run, points: Float[Array, "k"], number: Int[Array, ""], target: Real) -> Float[Array, "e"]:
    """Return where the χ² crosses a target between neighbouring points, increasing, then NaN."""

    def height(t: Real) -> tuple[Real, Real]:
        return run.chi2(t) - target, run.slope(t)

    def piece(k: Int[Array, ""], state: tuple[Array, Int[Array, ""]]) -> tuple[Array, Int[Array, ""]]:
        ends, found = state
        low, high = points[k], points[k + 1]
        crosses = (run.chi2(low) > target) != (run.chi2(high) > target)
        at = _root(height, low, jnp.where(crosses, high, low), _CROSSING)
        return ends.at[jnp.where(crosses, found, ends.size)].set(at, mode="drop"), found + crosses

    none = jnp.full(2 * ((points.size - 1) // 2), jnp.nan)
    ends: Array = jax.lax.fori_loop(0, number + 1, piece, (none, jnp.array(0)))[0]
    return ends


def _root(function: Callable[[Real], tuple[Real, Real]], low: Real, high: Real, accuracy: float) -> Real:
    """Return where a function that has a sign at either end changes it: Newton's steps within a bracket."""
    below = function(low)[0] > 0

    def going(state: _Bracket) -> Bool[Array, ""]:
        return ~state.done & (state.steps < _MOST_STEPS)

    def body(state: _Bracket) -> _Bracket:
        value, slope = function(state.t)
        same = (value > 0) == below
        low, high = jnp.where(same, state.t, state.low), jnp.where(same, state.high, state.t)
        newton = state.t - value / slope
        # A step that does not halve the one before is no better than halving the bracket.
        trusted = (newton > low) & (newton < high) & (jnp.abs(newton - state.t) < state.step / 2)
        to = jnp.where(trusted, newton, (low + high) / 2)
        done = (value == 0) | (jnp.abs(to - state.t) <= accuracy * (accuracy + jnp.abs(to)))
        to = jnp.where(value == 0, state.t, to)
        return _Bracket(low, high, to, jnp.abs(to - state.t), done, state.steps + 1)

    start = _Bracket(low, high, (low + high) / 2, high - low, high <= low, jnp.array(0))
    return jax.lax.while_loop(going, body, start).t


class _Bracket(NamedTuple):
    low: Real
    high: Real
    t: Real
    step: Real
    done: Bool[Array, ""]
    steps: Int[Array, ""]


def _differentiable(
    intervals: Float[Array, "k 2"], best: Real, along: Along, counts: Reals, rise: Scalar
) -> Float[Array, "k 2"]:
    """Return ends with the derivative of the crossing that they solve."""
    known = jnp.isfinite(intervals)
    points = jnp.where(known, intervals, best)

    def residual(t: Real) -> Real:
        return chi2(along.at(t), counts) - chi2(along.at(best), counts) - rise

    missed = jax.vmap(jax.vmap(residual))(points)
    slopes = jax.vmap(jax.vmap(_Run.of(*jax.lax.stop_gradient((along, counts))).slope))(points)
    shift = (missed - jax.lax.stop_gradient(missed)) / jnp.where(known & (slopes != 0), slopes, 1.0)
    return jnp.where(known, points - shift, intervals)
