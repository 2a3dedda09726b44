"""Intervals of Feldman and Cousins, and CLs, with toys: where other parameters are fitted.

Source: G. J. Feldman and R. D. Cousins, Phys. Rev. D 57 (1998) 3873, arXiv:physics/9711021, Sec. IV. A value
of the parameter is accepted where the data's χ² above its minimum is not larger than that of a fraction
`confidence_level` of toys drawn at this value. Nuisance parameters are profiled, and toys are drawn where the
data's profile has them; their external measurements fluctuate with the counts. CLs divides the part of toys
whose χ² is no less above its minimum by that of toys without a signal (`renp.inference.outcomes`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from renp._types import Mask, Reals
from renp.inference.accepted import accepted
from renp.inference.best_fits import lowest_from, lowest_minima
from renp.inference.intervals import Span, accepted_intervals, outermost
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED
from renp.inference.outcomes import Method, minima
from renp.inference.signal import Signal

_COARSE, _FINE = 24, 12
_REACH = 2.5
"""The first grid ends where the data's profile has risen this many times the asymptotic quantile."""

_MORE = 3.5
"""Standard deviations up to which limits expected without a signal are on the grid."""

_EXTENSIONS = 6
_FURTHER = 1.5
_SAME = 1e-9
"""Toys whose rise differs by less, relative, are equally unlikely; one equal to the data is not rejected."""

_SOLUTIONS = 3
"""Minima from which a toy of a coupling with a sign is fitted."""


class Construction(NamedTuple):
    """Neyman's construction along one parameter; coordinates increase."""

    grid: Reals
    rise: Reals
    """Δχ² of the data at each coordinate."""
    margin: Reals
    """Probability by which each coordinate is accepted; excluded below 0."""
    null: Reals
    """The same for toys without a signal, shape (grid, toys); without any for unified intervals."""
    failed: int
    """Toys without a converged fit, left out."""

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which coordinates belong to the interval."""
        return self.margin > 0


class Interval(NamedTuple):
    """Accepted coordinates; infinite where there is no end."""

    accepted: tuple[Span, ...]
    """The interval of the best fit first."""
    construction: Construction

    @property
    def rises(self) -> tuple[float, ...]:
        """How far the least χ² on the grid is above the least of all, in each interval."""
        grid, rise = self.construction.grid, self.construction.rise
        each = [rise[(grid >= low) & (grid <= high)] for low, high in self.accepted]
        return tuple(float(np.min(one, initial=np.inf)) for one in each)

    @property
    def lower(self) -> float:
        """The first of all."""
        return min((low for low, _ in self.accepted), default=np.nan)

    @property
    def upper(self) -> float:
        """The last of all."""
        return max((high for _, high in self.accepted), default=np.nan)

    def expected(self, parts: Reals) -> Reals:
        """Return the limits that parts of the toys without a signal do not exceed."""
        grid, null = self.construction.grid, self.construction.null
        signed = bool(grid[0] < 0)

        def limit(margin: Reals) -> float:
            flat = np.zeros(len(grid))
            return outermost(accepted_intervals(grid, margin, flat, 0.0, signed=signed))

        ends = [limit(margin) for margin in null.T if not np.any(np.isnan(margin))]
        found: Reals = np.nanquantile(ends, parts, method="inverted_cdf")
        return found


class _Toys(NamedTuple):
    """Toys drawn at points, and their fits; flat over points and toys."""

    data: Data
    least: Reals
    """χ² of the best fit."""
    best: Reals
    """Coordinate of the parameter there."""
    points: Reals
    """Where nothing but this parameter has changed since the best fit, shape (sets, p)."""
    good: NDArray[np.bool_]


def feldman_cousins(
    likelihood: Likelihood,
    data: Data,
    k: int,
    moves: Mask,
    quantile: float,
    confidence_level: float,
    key: Array,
    toys: int = 5000,
    method: Method = "feldman-cousins",
) -> Interval:
    """Return what toys accept of a coupling.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    k
        Place of the parameter, a coupling.
    moves
        Which parameters are fitted.
    quantile
        Of χ² with one degree of freedom at the confidence level: the scale of the first grid.
    confidence_level
        Between 0 and 1.
    key
        Of the random numbers.
    toys
        For each coordinate of the grid.
    method
        "feldman-cousins" or "cls".

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[12])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> found = feldman_cousins(
    ...     likelihood, likelihood.data, 0, jnp.array([True]), 2.71, 0.9, jax.random.key(0), toys=500
    ... )
    >>> found.lower, found.upper < np.inf
    (0.0, True)
    """
    signal = Signal.of(likelihood, k)
    if not signal.sensitive:
        nothing = np.zeros(0)
        everything = (-np.inf if signal.signed else 0.0, np.inf)
        return Interval((everything,), Construction(nothing, nothing, nothing, np.zeros((0, 0)), 0))
    least = accepted(likelihood, _one(data), moves, k, 1.0)
    best = float(least.best[0]) if signal.signed else float(least.best[0]) ** 2
    search = _Search(likelihood, data, float(least.chi2[0]), best, k, moves, signal, method, confidence_level)
    for_null, *keys = jax.random.split(key, _EXTENSIONS + 8)
    null = search.null(for_null, toys) if method == "cls" else None
    more = signal.null + (0.0 if null is None else _MORE * np.sqrt(signal.null))
    stretch = signal.reach(np.stack([np.asarray(data.counts), signal.null, more]), _REACH * quantile)
    low, high = stretch.span
    found = search.construct(stretch.places(_COARSE), keys.pop(), toys, null)
    for _ in range(_EXTENSIONS):
        open_ = [
            end for end, inside in ((low, found.accepted[0]), (high, found.accepted[-1])) if end and inside
        ]
        if not open_:
            break
        step = np.linspace(1.0, _FURTHER, _COARSE // 4)[1:]
        more = np.sort(np.concatenate([step * end for end in open_]))
        found = _joined(found, search.construct(more, keys.pop(), toys, null))
        low, high = float(found.grid[0]), float(found.grid[-1])
    edges = np.flatnonzero(np.diff(found.accepted))
    cells = [np.linspace(found.grid[i], found.grid[i + 1], _FINE + 2)[1:-1] for i in edges]
    if cells:
        found = _joined(found, search.construct(np.concatenate(cells), keys.pop(), toys, null))
    ends = accepted_intervals(found.grid, found.margin, found.rise, best, signed=signal.signed)
    return Interval(ends, found)


class _Search(NamedTuple):
    """What the constructions at all coordinates have in common."""

    likelihood: Likelihood
    data: Data
    least: float
    best: float
    k: int
    moves: Mask
    signal: Signal
    method: Method
    confidence_level: float

    @property
    def others(self) -> Mask:
        others: Mask = self.moves & (jnp.arange(self.moves.size) != self.k)
        return others

    @property
    def one_sided(self) -> bool:
        return self.method == "cls" and not self.signal.signed

    def null(self, key: Array, toys: int) -> _Toys:
        """Return toys without a signal."""
        point = lowest_minima(self.likelihood, _one(self.data), np.asarray(self.others)).x
        return _drawn(self.likelihood, point, self.k, self.moves, self.signal, key, toys)

    def construct(self, grid: Reals, key: Array, toys: int, null: _Toys | None) -> Construction:
        """Return the construction at some coordinates."""
        still = np.tile(np.asarray(self.likelihood.point()), (len(grid), 1))
        still[:, self.k] = grid
        same = jax.tree.map(lambda a: np.broadcast_to(np.asarray(a), (len(grid), *np.shape(a))), self.data)
        there = lowest_minima(self.likelihood, same, np.asarray(self.others), still=still)
        rise = np.maximum(np.asarray(there.chi2) - self.least, 0.0)
        q = np.where(self.best > grid, 0.0, rise) if self.one_sided else rise
        drawn = _drawn(self.likelihood, there.x, self.k, self.moves, self.signal, key, toys)
        mine = self._rises(drawn, drawn.points, np.repeat(grid, toys)).reshape(len(grid), toys)
        bad = int(np.sum(np.isnan(mine)))
        margin = at_least(mine, q[:, None])[:, 0] - (1 - self.confidence_level)
        if null is None:
            return Construction(grid, rise, margin, np.zeros((len(grid), 0)), bad)
        points = np.tile(null.points, (len(grid), 1))
        points[:, self.k] = np.repeat(grid, toys)
        every: _Toys = jax.tree.map(lambda a: np.tile(a, (len(grid),) + (1,) * (a.ndim - 1)), null)
        without = self._rises(every, points, np.repeat(grid, toys)).reshape(len(grid), toys)
        part = 1 - self.confidence_level
        both = np.concatenate([q[:, None], without], axis=1)
        margins = at_least(mine, both) - part * at_least(without, both)
        return Construction(grid, rise, margins[:, 0], margins[:, 1:], bad)

    def _rises(self, toys: _Toys, points: Reals, x: Reals) -> Reals:
        """Return the statistic of toys at coordinates, NaN where a fit failed."""
        rise = _rises(self.likelihood, toys, points, self.others)
        return np.where((toys.best > x) & ~np.isnan(rise), 0.0, rise) if self.one_sided else rise


def critical_value(
    likelihood: Likelihood,
    points: Reals,
    k: int,
    moves: Mask,
    confidence_level: float,
    key: Array,
    toys: int,
) -> tuple[Reals, int]:
    """Return for each point the Δχ² that a fraction of the toys drawn there does not exceed.

    Parameters
    ----------
    likelihood
        What is fitted.
    points
        Where toys are drawn, shape (points, p).
    k, moves, confidence_level, key, toys
        As in `feldman_cousins`.

    Returns
    -------
    tuple
        The critical values, shape (points,), and the number of toys without a converged fit.
    """
    drawn = _drawn(likelihood, points, k, moves, Signal.of(likelihood, k), key, toys)
    rises = _rises(likelihood, drawn, drawn.points, moves & (jnp.arange(moves.size) != k))
    # The smallest rise that at least the fraction of toys does not exceed: counts are discrete.
    of_each = rises.reshape(len(points), toys)
    critical = np.nanquantile(of_each, confidence_level, axis=1, method="inverted_cdf")
    return critical, int(np.sum(np.isnan(rises)))


def cls_rises(
    likelihood: Likelihood, drawn_at: Reals, tested: Reals, k: int, moves: Mask, key: Array, toys: int
) -> Reals:
    """Return the statistic of CLs at a point for toys drawn at another, NaN where a fit failed."""
    signal = Signal.of(likelihood, k)
    drawn = _drawn(likelihood, drawn_at[None], k, moves, signal, key, toys)
    rise = _rises(likelihood, drawn, np.tile(tested, (toys, 1)), moves & (jnp.arange(moves.size) != k))
    one_sided = ~np.isnan(rise) & (drawn.best > tested[k]) & (not signal.signed)
    return np.where(one_sided, 0.0, rise)


def _rises(likelihood: Likelihood, toys: _Toys, points: Reals, others: Mask) -> Reals:
    """Return Δχ² of toys at points, all else fitted; NaN where a fit failed."""
    fixed = lowest_from(likelihood, toys.data, np.asarray(others), [points])
    good = toys.good & (fixed.status == CONVERGED)
    return np.where(good, np.maximum(fixed.chi2 - toys.least, 0.0), np.nan)


def _drawn(
    likelihood: Likelihood, points: Reals, k: int, moves: Mask, signal: Signal, key: Array, toys: int
) -> _Toys:
    """Return toys drawn at each of some points, fitted from there and from where the counts return."""
    keys = jax.random.split(key, len(points))
    drawn = [likelihood.toys(x, one, toys) for x, one in zip(points, keys, strict=True)]
    flat: Data = jax.tree.map(lambda *parts: np.concatenate(parts), *drawn)
    starts = np.repeat(points, toys, axis=0)
    solutions = points[:, k, None]
    if signal.signed:
        solutions = np.stack([minima(signal, x, _SOLUTIONS) for x in points[:, k]])
    given = np.repeat(starts[None], solutions.shape[1], axis=0)
    given[:, :, k] = np.repeat(solutions.T, toys, axis=1)
    found = lowest_from(likelihood, flat, np.asarray(moves), list(given))
    good = (found.status == CONVERGED) & np.isfinite(found.chi2)
    return _Toys(flat, found.chi2, found.x[:, k], starts, good)


def at_least(of_all: Reals, least: Reals) -> Reals:
    """Return the part of a row's numbers, without those that are NaN, that is not below each of others."""
    rows = []
    for numbers, ask in zip(of_all, (1 - _SAME) * least - _SAME, strict=True):
        known = np.sort(numbers[~np.isnan(numbers)])
        rows.append(1 - np.searchsorted(known, ask, side="left") / max(len(known), 1))
    return np.array(rows)


def _joined(a: Construction, b: Construction) -> Construction:
    order = np.argsort(np.concatenate([a.grid, b.grid]), kind="stable")
    grid, rise, margin, null = (np.concatenate(pair)[order] for pair in zip(a[:4], b[:4], strict=True))
    return Construction(grid, rise, margin, null, a.failed + b.failed)


def _one(data: Data) -> Data:
    one: Data = jax.tree.map(lambda a: np.asarray(a)[None], data)
    return one
