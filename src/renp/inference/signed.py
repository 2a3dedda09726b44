"""CLs by formula for a coupling that has a sign, all other parameters profiled.

The statistic at x is t = −2 ln λ(x), the rise of the profiled −2 ln L from its least value, wherever that is.
With many counts it follows χ² with one degree of freedom at x; without a signal √t follows the size of a
normal variable around √t_A, where t_A is that of Asimov data without a signal (arXiv:1007.1727, Eqs. 33
to 36):

    p(x) = 2 Φ(−√t),   p_0(x) = Φ(√t_A − √t) + Φ(−√t_A − √t),

and x is accepted where p/p_0 > 1 − CL. At x = 0, and wherever the counts are those of x = 0, nothing can be
excluded; what lies between x = 0 and a best fit without a barrier of −2 ln L is accepted with them.
p(x) > 1 − CL alone, the method "asymptotic" for such a coupling, is the Δχ² interval.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import erfinv, log_ndtr

from renp._types import Flags, Mask, Reals
from renp.inference.accepted import accepted
from renp.inference.best_fits import Minima, lowest_from
from renp.inference.few_counts import EXTENSIONS, FURTHER, RISE
from renp.inference.intervals import Span, accepted_intervals, outermost
from renp.inference.likelihood import Data, Likelihood, asimov_of_each
from renp.inference.outcomes import MOST_COUNTS
from renp.inference.quadratic_set import AcceptedSet
from renp.inference.signal import Signal

_PLACES = 96
_ENOUGH = 0.995
"""Part of the data sets that have to have an end."""

_SAMPLE = 64
"""So many data sets are asked where they allow the coupling."""

_EXACT = 16
"""Of more data sets than these, ends are interpolated between places."""


def signed_cls(
    likelihood: Likelihood, data: Data, moves: Mask, k: int, confidence_level: float
) -> AcceptedSet:
    """Return for each data set all of coordinate k that CLs accepts.

    Parameters
    ----------
    likelihood, data
        What is fitted, and to which data, counts of shape (sets, n).
    moves
        Which parameters are fitted, ``k`` among them; all others stay where `Likelihood.point` has them.
    k
        Place of a coupling that interferes.
    confidence_level
        Between 0 and 1.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> weak = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> null = jax.tree.map(lambda a: a[None], weak.asimov(weak.point()))
    >>> found = signed_cls(weak, null, np.array([True]), 0, 0.90)
    >>> (weak.parameters[0].plus * found.intervals[0]).round(2)  # 1 + g and −(1 + g) give the same counts
    Array([[-2.09, -1.91],
           [-0.09,  0.09]], dtype=float64)
    """
    signal = Signal.of(likelihood, k)
    # The least χ² of all, and what is accepted where no run is sensitive.
    least = accepted(likelihood, data, moves, k, 1.0)
    if not signal.sensitive:
        return least
    rise = RISE * max(float(2 * erfinv(confidence_level) ** 2), 1.0)
    counts = np.asarray(data.counts)
    counts = np.concatenate([counts[:: len(counts) // _SAMPLE + 1], signal.null[None]])
    gaps = bool(np.sum(signal.null) > MOST_COUNTS)
    found: list[tuple[Span, ...]] = []
    for extension in range(EXTENSIONS):
        stretch = signal.reach(counts, rise * FURTHER ** (2 * extension), gaps=gaps)
        test = _Test.of(likelihood, data, moves, k, stretch.places(_PLACES), least)
        found = [test.accepted(i, confidence_level) for i in range(len(data.counts))]
        if np.mean([np.isfinite(outermost(ends)) for ends in found]) >= _ENOUGH:
            break
    most = max(map(len, found))
    intervals = np.full((len(found), most, 2), np.nan)
    rises = np.full((len(found), most), np.nan)
    for i, ends in enumerate(found):
        intervals[i, : len(ends)] = sorted(ends)
        rises[i, : len(ends)] = [test.rise(i, *one) for one in sorted(ends)]
    return AcceptedSet(*map(jnp.asarray, (intervals, rises, least.best, least.chi2, least.good)))


def cls_margins(
    likelihood: Likelihood, data: Data, moves: Mask, k: int, x: float, least: Reals, confidence_level: float
) -> Reals:
    """Return ln p/p_0 of each data set at one coordinate, above that of the confidence level.

    ``least`` is the least −2 ln L of each.
    """
    test = _Test.of(likelihood, data, moves, k, np.array([x]), None)
    return _margin(test.height[:, 0] - least, test.height_asimov[:, 0], confidence_level)


class _Test(NamedTuple):
    """−2 ln L of data sets and of their Asimov data, profiled at places of one coordinate."""

    fit: Callable[[Data, Reals, Flags], Minima]
    data: Data
    asimov: Data
    k: int
    others: Flags
    grid: Reals
    height: Reals
    """Shape (sets, places)."""
    points: Reals
    """Where these fits ended, shape (sets, places, p)."""
    height_asimov: Reals
    least: Any
    """With the least of all, and the coordinate there."""

    @classmethod
    def of(
        cls, likelihood: Likelihood, data: Data, moves: Mask, k: int, grid: Reals, least: AcceptedSet | None
    ) -> "_Test":
        """Return the test after all its fits."""
        fit = partial(_fitted, likelihood)
        data = jax.tree.map(np.asarray, data)
        others = np.asarray(moves) & (np.arange(len(moves)) != k)
        null = fit(data, np.tile(np.asarray(likelihood.point()), (len(data.counts), 1)), others).x
        same, which = np.unique(null, axis=0, return_inverse=True)  # without nuisances, one for all
        asimov = jax.tree.map(np.asarray, asimov_of_each(likelihood, same))
        height, points = _profile(fit, data, null, others, k, grid)
        height_asimov, _ = _profile(fit, asimov, same, others, k, grid)
        asimov = jax.tree.map(lambda a: a[which], asimov)
        least = jax.tree.map(np.asarray, least)
        return cls(fit, data, asimov, k, others, grid, height, points, height_asimov[which], least)

    def accepted(self, i: int, confidence_level: float) -> tuple[Span, ...]:
        """Return the intervals that one data set accepts."""
        room = _margin(self.height[i] - self.least.chi2[i], self.height_asimov[i], confidence_level)

        def margin(x: Reals) -> Reals:
            if len(x) == len(self.grid):
                return room
            near = self.points[i, np.argmin(np.abs(self.grid - x))]
            one, other = (jax.tree.map(lambda a: a[[i]], d) for d in (self.data, self.asimov))
            here, there = (
                _profile(self.fit, d, near[None], self.others, self.k, x)[0][0] for d in (one, other)
            )
            return _margin(here - self.least.chi2[i], there, confidence_level)

        given = room if len(self.height) > _EXACT else margin
        return accepted_intervals(self.grid, given, self.height[i], float(self.least.best[i]), signed=True)

    def rise(self, i: int, low: float, high: float) -> float:
        """Return how far −2 ln L is at least above its least in an interval, on the grid."""
        best = self.least.best[i]
        inside = (self.grid >= low) & (self.grid <= high)
        there = np.min(self.height[i], where=inside, initial=np.inf) - self.least.chi2[i]
        return 0.0 if low <= best <= high else max(float(there), 0.0)


def _fitted(likelihood: Likelihood, data: Data, starts: Reals, moves: Flags) -> Minima:
    return lowest_from(likelihood, data, moves, [starts])


def _margin(t: Reals, t_asimov: Reals, confidence_level: float) -> Reals:
    """Return ln p/p_0 above that of the confidence level."""
    root, width = np.sqrt(np.maximum(t, 0.0)), np.sqrt(np.maximum(t_asimov, 0.0))
    null = np.logaddexp(log_ndtr(width - root), log_ndtr(-width - root))
    margin: Reals = np.log(2) + log_ndtr(-root) - null - np.log1p(-confidence_level)
    return margin


def _profile(
    fit: Callable[[Data, Reals, Flags], Minima], data: Data, at: Reals, others: Flags, k: int, grid: Reals
) -> tuple[Reals, Reals]:
    """Return −2 ln L of each data set at each place, and the points there."""
    starts = np.repeat(at[:, None], len(grid), axis=1)
    starts[:, :, k] = grid
    flat = jax.tree.map(lambda a: np.repeat(a, len(grid), axis=0), data)
    found = fit(flat, starts.reshape(-1, starts.shape[-1]), others)
    return np.asarray(found.chi2).reshape(starts.shape[:2]), np.asarray(found.x).reshape(starts.shape)
