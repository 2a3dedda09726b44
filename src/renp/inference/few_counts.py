"""Limits where counts are few: p-values from all outcomes that there can be, not from asymptotic formulae.

One coupling is tested, whose coordinate x ≥ 0 multiplies a signal: N(x) = N_0 + x S in each run. Every
outcome that is likely enough is listed; where there would be too many of them, some are drawn at a few x
between 0 and the largest, and carry the weight that their sampling leaves them. The probability of an
outcome is exact at every x, so that all p-values are smooth between the places where outcomes change order.

Sources: A. L. Read, J. Phys. G 28 (2002) 2693, for p_s+b/p_b; G. J. Feldman and R. D. Cousins, Phys. Rev. D
57 (1998) 3873, for the unified interval; G. Cowan et al., Eur. Phys. J. C 71 (2011) 1554, for the statistics.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy import special, stats

from renp._types import Reals
from renp.inference.poisson import best_fit, signal_limit

Distribution: TypeAlias = Literal["outcomes", "toys"]
Method: TypeAlias = Literal["cls", "feldman-cousins"]
Flags: TypeAlias = NDArray[np.bool_]
Cells: TypeAlias = NDArray[np.float64]
"""Shape (x, outcomes)."""

MOST_OUTCOMES = 50_000
"""Listed at most."""

MOST_COUNTS = 100.0
"""Expected without a signal, up to which outcomes are drawn where they are too many to be listed."""

_TAIL = 1e-11
"""Probability of the counts of a run that are left out on either side."""

_DRAWN, _PLACES = 40_000, 16
_GRID = 96
_UNLIKELY = 1e-9
_SAME = 1e-9
"""Outcomes whose statistic differs by less, relative, are equally unlikely."""

_BISECTIONS = 36
_MOST_DEVIATIONS, _RISE = 4.0, 4.0
"""No limit is beyond the x where counts that fluctuate that much rise that often the quantile of χ²."""
_MORE_BACKGROUND, _BACKGROUND_STEP = 10.0, 0.005
_HALVINGS = 12
_BEYOND = np.concatenate([1 + np.logspace(-4, -1.5, 16), np.linspace(1.04, 1.3, 14)])
_CELLS, _FINE, _DENSE = 4, 256, 2000

_NEVER = -1e300
"""The logarithm of a rate of 0, which 0 counts multiply to 0."""


class Signal(NamedTuple):
    """Expected counts of each run without the signal, and those of the signal at x = 1."""

    null: Reals
    signal: Reals

    def log_likelihood(self, counts: Reals, x: Reals) -> Cells:
        """Return ln L without what depends on the counts alone."""
        mean = self.null + x[:, None] * self.signal
        log = np.where(mean > 0, np.log(np.where(mean > 0, mean, 1.0)), _NEVER)
        likelihood: Cells = log @ counts.T - np.sum(mean, axis=1)[:, None]
        return likelihood


class Outcomes(NamedTuple):
    """Outcomes of the runs, and what describes them best."""

    expected: Signal
    counts: Float[np.ndarray, "m n"]
    log_weight: Reals
    """ln of what the exponential of ln L is multiplied with for a probability, up to a constant."""
    best: Reals
    """The x ≥ 0 of the largest likelihood."""
    most: Reals
    """ln L there."""
    distribution: Distribution = "outcomes"

    @classmethod
    def of(
        cls, expected: Signal, counts: Reals, log_weight: Reals, distribution: Distribution = "outcomes"
    ) -> "Outcomes":
        """Return outcomes; what describes them best is computed."""
        signal, null = jnp.asarray(expected.signal), jnp.asarray(expected.null)
        longer = 1 << (len(counts) - 1).bit_length()  # so that few sizes are compiled
        padded = np.zeros((longer, counts.shape[1]))
        padded[: len(counts)] = counts
        best = np.asarray(_best(signal, null, jnp.asarray(padded)))[: len(counts)]
        mean = expected.null + best[:, None] * expected.signal
        most = np.sum(special.xlogy(counts, mean) - mean, axis=1)
        return cls(expected, counts, log_weight, best, most, distribution)

    def probabilities(self, x: Reals) -> Cells:
        """Return the probability of each outcome at each x."""
        log = self.expected.log_likelihood(self.counts, x) + self.log_weight
        weights = np.exp(log - np.max(log, axis=1, keepdims=True))
        probabilities: Cells = weights / np.sum(weights, axis=1, keepdims=True)
        return probabilities

    def statistic(self, x: Reals, method: Method) -> Cells:
        """Return −2 ln λ of each outcome at each x; for CLs 0 where a larger x would describe it best."""
        rise = np.maximum(2 * (self.most - self.expected.log_likelihood(self.counts, x)), 0.0)
        return np.where(self.best > x[:, None], 0.0, rise) if method == "cls" else rise


def observed(expected: Signal, counts: Reals) -> Outcomes:
    """Return what was observed as the only outcome."""
    return Outcomes.of(expected, np.atleast_2d(np.asarray(counts, dtype=float)), np.zeros(1))


def outcomes(expected: Signal, top: float, seed: int = 0) -> Outcomes | None:
    """Return the outcomes that matter for x from 0 to ``top``; None where counts are many.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([3.0]), np.array([1.0])), 10.0)
    >>> every.distribution, every.probabilities(np.array([0.0]))[0, :2].round(4)
    ('outcomes', array([0.0498, 0.1494]))
    """
    low = stats.poisson.ppf(_TAIL, expected.null)
    low = np.where(expected.null > 0, np.maximum(low, 0.0), 0.0)
    high = stats.poisson.isf(_TAIL, expected.null + top * expected.signal)
    high = np.where(expected.null + top * expected.signal > 0, high, 0.0)
    if np.prod(high - low + 1) <= MOST_OUTCOMES:
        axes = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
        counts = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        return Outcomes.of(expected, counts, -np.sum(special.gammaln(counts + 1), axis=1))
    if np.sum(expected.null) > MOST_COUNTS:
        return None
    places = np.linspace(0.0, np.sqrt(top), _PLACES) ** 2
    mean = expected.null + places[:, None] * expected.signal
    drawn = np.random.default_rng(seed).poisson(mean, (_DRAWN // _PLACES, *mean.shape))
    counts = drawn.reshape(-1, mean.shape[1]).astype(float)
    # Balanced: each outcome has the weight of all places that it could have come from.
    weight = -special.logsumexp(expected.log_likelihood(counts, places), axis=0)
    return Outcomes.of(expected, counts, weight, "toys")


def accepted(every: Outcomes, some: Outcomes, x: Reals, method: Method, confidence_level: float) -> Flags:
    """Return which of some outcomes do not exclude each x, shape (x, outcomes).

    Parameters
    ----------
    every
        All that there can be.
    some
        Those that are asked for.
    x
        Increasing coordinates, at least 0.
    method
        "cls", where p_s+b/p_b is above 1 − CL, or "feldman-cousins", where the outcomes with a larger
        likelihood ratio have less probability than CL.

    Examples
    --------
    >>> one = Signal(np.array([0.0]), np.array([1.0]))
    >>> every, none = outcomes(one, 10.0), observed(one, [0.0])
    >>> accepted(every, none, np.array([2.30, 2.31]), "cls", 0.90).ravel()
    array([ True, False])
    """
    null = every.probabilities(np.zeros(1))
    q, mine = (one.statistic(x, method) for one in (every, some))
    mine = mine - _SAME * (1 + mine)
    signal = every.probabilities(x)
    if method == "cls":
        with_signal, without = (_at_least(mine, q, p) for p in (signal, np.broadcast_to(null, q.shape)))
        return with_signal > (1 - confidence_level) * without
    return 1 - _at_least(mine, q, signal) < confidence_level


def _at_least(least: Cells, q: Cells, p: Cells) -> Cells:
    """Return the probability of a statistic that is not below each of some numbers, for each x."""
    if least.shape[1] == 1:
        one: Cells = np.sum(p * (q >= least), axis=1, keepdims=True)
        return one
    rows = []
    for numbers, of_all, weights in zip(least, q, p, strict=True):
        order = np.argsort(of_all)
        tail = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
        rows.append(tail[np.searchsorted(of_all[order], numbers, side="left")])
    return np.array(rows)


def interval(
    every: Outcomes, one: Outcomes, top: float, method: Method, confidence_level: float
) -> tuple[float, float]:
    """Return the first and the last x that an outcome accepts; the last is infinite if beyond ``top``.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> every, ten = outcomes(runs, 30.0), observed(runs, [10.0])
    >>> lower, upper = interval(every, ten, 30.0, "feldman-cousins", 0.90)
    >>> round(lower, 2), round(upper, 2)  # Phys. Rev. D 57 (1998) 3873, Table IV
    (2.63, 13.5)
    """

    def accepts(x: Reals) -> Flags:
        return accepted(every, one, x, method, confidence_level)[:, 0]

    grid = np.linspace(0.0, np.sqrt(top), _GRID) ** 2
    inside = np.flatnonzero(accepts(grid))
    if not inside.size:
        return np.nan, np.nan
    if len(every.counts) < _DENSE:
        # The order of few outcomes may let a narrow part in once more, beyond the end.
        near = np.sqrt(grid[[max(inside[-1] - 1, 0), min(inside[-1] + _CELLS, _GRID - 1)]])
        grid = np.unique(np.concatenate([grid, np.linspace(near[0], near[1], _FINE) ** 2]))
        inside = np.flatnonzero(accepts(grid))
    first, last = inside[0], inside[-1]
    lower = 0.0 if first == 0 else _edge(accepts, grid[first], grid[first - 1])
    upper = np.inf if last + 1 == len(grid) else _edge(accepts, grid[last], grid[last + 1])
    return lower, upper


def quantile(every: Outcomes, top: float, method: Method, confidence_level: float, part: float) -> float:
    """Return the limit that a part of the outcomes without a signal does not exceed; infinite beyond ``top``.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([0.5]), np.array([1.0])), 30.0)
    >>> round(quantile(every, 30.0, "cls", 0.90, 0.5), 3)  # most often, nothing is counted
    2.303
    """
    null = every.probabilities(np.zeros(1))[0]
    likely = null > _UNLIKELY
    some = every._replace(counts=every.counts[likely], best=every.best[likely], most=every.most[likely])

    def too_many(x: Reals) -> Flags:
        still = accepted(every, some, x, method, confidence_level) | (some.best > x[:, None])
        many: Flags = still @ null[likely] > 1 - part
        return many

    grid = np.linspace(0.0, np.sqrt(top), _GRID // 4) ** 2
    below = np.flatnonzero(too_many(grid))
    if not below.size:
        return 0.0
    last = below[-1]
    return np.inf if last + 1 == len(grid) else _edge(too_many, grid[last], grid[last + 1])


class FewCountsLimits(NamedTuple):
    """Coordinates: the interval of the observed counts, and what is expected without a signal."""

    lower: float
    upper: float
    band: tuple[float, ...]
    """Quantiles of the upper end at the deviations asked for."""
    distribution: Distribution


def limits(
    expected: Signal,
    counts: Reals | None,
    method: Method,
    confidence_level: float,
    deviations: Sequence[float] = (0.0,),
) -> FewCountsLimits | None:
    """Return the limits of observed counts, or their median without a signal; None where counts are many.

    Parameters
    ----------
    expected
        Of the runs.
    counts
        Of each run, or None.
    method
        "cls" or "feldman-cousins".
    confidence_level
        Between 0 and 1.
    deviations
        Standard deviations at which limits without a signal are returned.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> found = limits(runs, np.array([3.0]), "cls", 0.90)
    >>> round(found.upper, 3), round(found.band[0], 3)
    (4.362, 4.362)
    """
    if not np.any(expected.signal > 0):
        return FewCountsLimits(0.0, np.inf, (np.inf,) * len(deviations), "outcomes")
    fluctuated = expected.null + _MOST_DEVIATIONS * np.sqrt(expected.null)
    largest = fluctuated if counts is None else np.maximum(fluctuated, counts)
    quantile_of_chi2 = float(2 * special.erfinv(confidence_level) ** 2)
    rise = quantile_of_chi2 + _RISE * max(quantile_of_chi2, 1.0)
    signal, null = jnp.asarray(expected.signal), jnp.asarray(expected.null)
    top = float(signal_limit(signal, null, jnp.asarray(largest), rise))
    every = outcomes(expected, top)
    if every is None:
        return None
    parts = special.ndtr(np.array(deviations, dtype=float))
    band = tuple(quantile(every, top, method, confidence_level, float(part)) for part in parts)
    if counts is None:
        median = quantile(every, top, method, confidence_level, 0.5)
        return FewCountsLimits(0.0, median, band, every.distribution)
    ends = interval(every, observed(expected, counts), top, method, confidence_level)
    return FewCountsLimits(*ends, band, every.distribution)


def lengthened(one: Outcomes, upper: float, confidence_level: float) -> float:
    """Return the end of a unified interval of one run, where it may not grow with the background.

    Source: Phys. Rev. D 57 (1998) 3873, Sec. IV C: intervals are lengthened until the upper end, for given
    counts, is a function of the background that does not increase.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> none = observed(runs, [0.0])
    >>> _, upper = interval(outcomes(runs, 10.0), none, 10.0, "feldman-cousins", 0.90)
    >>> round(upper, 2), round(lengthened(none, upper, 0.90), 2)
    (0.95, 1.08)
    """

    def further(more: float, upper: float) -> float:
        """Return the end with more background, if it is further away."""
        here = observed(Signal(one.expected.null + more, one.expected.signal), one.counts)
        every = outcomes(here.expected, 2 * (upper + 1 / one.expected.signal[0]))
        if every is None:
            return upper
        beyond = upper * _BEYOND
        inside = np.flatnonzero(accepted(every, here, beyond, "feldman-cousins", confidence_level))
        return float(beyond[inside[-1]]) if inside.size else upper

    for more in np.arange(1, round(_MORE_BACKGROUND / _BACKGROUND_STEP)) * _BACKGROUND_STEP:
        if (there := further(more, upper)) > upper:
            # Between its jumps the end falls with the background: it is furthest where it has jumped.
            below, above, upper = more - _BACKGROUND_STEP, more, there
            for _ in range(_HALVINGS):
                middle = (below + above) / 2
                there = further(middle, upper)
                below, above, upper = (below, middle, there) if there > upper else (middle, above, upper)
    return upper


def _edge(accepts: Callable[[Reals], Flags], inside: float, outside: float) -> float:
    """Return where acceptance ends, by bisection."""
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if accepts(np.array([middle]))[0] else (inside, middle)
    return float(inside + outside) / 2


_best = jax.jit(jax.vmap(best_fit, in_axes=(None, None, 0)))
