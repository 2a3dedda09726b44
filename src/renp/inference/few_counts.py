"""Limits where counts are few: p-values from all outcomes that there can be, not from asymptotic formulae.

One coupling is tested; its coordinate x changes the counts of each run to N(x) = N_0 + b x + c x². For a
coupling without a sign x is its square, x ≥ 0 and c = 0; for one that interferes x has both signs, and there
may be a second solution where c x² outweighs b x. Every outcome that is likely enough at some x is listed;
where these would be too many, some are drawn at a few x, and carry the weight that their sampling leaves
them. The probability of an outcome is exact at every x, so that all p-values are smooth between the places
where outcomes change order.

An outcome's statistic at x is −2 ln λ(x), the rise of −2 ln L from its least value at any x allowed. With its
own distribution at x, p(x) is the probability of no smaller one. "feldman-cousins" accepts x where
p(x) > 1 − CL. "cls" accepts x where p(x)/p_0(x) > 1 − CL, with p_0(x) from the distribution of the same
statistic without a signal: for a coupling without a sign one-sided, the statistic is 0 where a larger x would
describe the outcome best; for one with a sign it has both sides, so that x = 0, and every x whose counts are
those of x = 0, cannot be excluded.

Sources: A. L. Read, J. Phys. G 28 (2002) 2693, for p_s+b/p_b; G. J. Feldman and R. D. Cousins, Phys. Rev. D
57 (1998) 3873, for the unified interval; G. Cowan et al., Eur. Phys. J. C 71 (2011) 1554, for the statistics.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy import special

from renp._types import Reals
from renp.inference.accepted import along_coupling
from renp.inference.intervals import Span, accepted_intervals, outermost
from renp.inference.likelihood import Likelihood

Distribution: TypeAlias = Literal["outcomes", "toys"]
Method: TypeAlias = Literal["cls", "feldman-cousins"]
Flags: TypeAlias = NDArray[np.bool_]
Cells: TypeAlias = NDArray[np.float64]
"""Shape (x, outcomes)."""

MOST_OUTCOMES = 50_000
"""Listed at most."""

MOST_COUNTS = 100.0
"""Expected without a signal, up to which outcomes are drawn where they are too many to be listed."""

_TAIL = 1e-12
"""Probability of the counts of a run that are left out on either side."""

_IMPOSSIBLE = np.log(1e-14)
"""ln of the probability up to which an outcome is left out, if it has no larger one at any x."""

_EXPANDED = 1_000_000
_DRAWN, _PLACES = 30_000, 16
_MOST_CELLS, _FEWEST, _MOST = 4_000_000, 64, 4096
"""Outcomes times x on a grid; and how many x there are at least and at most."""

_COARSE = 24
_UNLIKELY = 1e-9
_SAME = 1e-9
"""Outcomes whose statistic differs by less, relative, are equally unlikely."""

_STEPS, _NEWTON = 40, 16
_ALONE = 8
"""So few outcomes are compared with all others one by one."""

_MOST_DEVIATIONS = 1.5
_RISE, _FURTHER, _EXTENSIONS = 2.5, 1.5, 8
"""x is looked at up to where −2 ln L has risen by that many quantiles of χ², and further while accepted."""

_DECADES, _BASE = (-3.0, 5.0), 1000
"""Of x on either side of 0, in units in which some run changes by a standard deviation."""

_STEP = 0.5
"""In 2√N, between the places from which best fits are sought."""

_MORE_BACKGROUND, _BACKGROUND_STEP, _TOGETHER, _HALVINGS = 10.0, 0.005, 50, 12
_BEYOND = np.concatenate([1 + np.logspace(-4, -1.5, 16), np.linspace(1.04, 1.3, 14)])

_ROUNDING = 1e-14
"""Of a square, which is a difference, relative to the counts."""

_NEVER = -1e300
"""The logarithm of a rate of 0, which 0 counts multiply to 0."""


class Signal(NamedTuple):
    """Expected counts of each run, null + linear x + square x²; x ≥ 0 unless it has a sign."""

    null: Reals
    linear: Reals
    square: Reals | float = 0.0
    signed: bool = False

    @classmethod
    def of(cls, likelihood: Likelihood, k: int) -> "Signal":
        """Return the counts as a function of the coordinate of coupling k, all others 0.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
        >>> weak = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
        >>> found = Signal.of(weak, 0)
        >>> bool(found.signed), (found.linear**2 / (4 * found.null * found.square)).round(6)
        (True, array([1.]))
        """
        null, linear, square = (np.asarray(part) for part in along_coupling(likelihood, k))
        if likelihood.parameters[k].kind == "magnitude":
            return cls(null, np.maximum(square, 0.0))
        square = np.where(square > _ROUNDING * null, square, 0.0)
        most = 2 * np.sqrt(null * square)  # amplitudes add, so that no rate is below 0
        return cls(null, np.clip(linear, -most, most), square, signed=True)

    def mean(self, x: Reals) -> Float[np.ndarray, "x n"]:
        """Return the expected counts at each x."""
        column = x[:, None]
        counts: Reals = np.maximum(self.null + column * (self.linear + column * self.square), 0.0)
        return counts

    def log_likelihood(self, counts: Reals, x: Reals) -> Cells:
        """Return ln L without what depends on the counts alone."""
        mean = self.mean(x)
        log = np.where(mean > 0, np.log(np.where(mean > 0, mean, 1.0)), _NEVER)
        # Not as a product of matrices, for which threads of a library may wait for each other.
        likelihood: Cells = np.einsum("xr,mr->xm", log, counts) - np.sum(mean, axis=1)[:, None]
        return likelihood

    @property
    def base(self) -> Reals:
        """Values of x that are closer together than anything changes, from one end to the other."""
        change = np.sqrt(self.null) + 1
        slope = np.abs(self.linear)
        steep = slope + np.sqrt(slope**2 + 4 * self.square * change)
        side = 2 * np.min(change / np.where(steep > 0, steep, 1e-300)) * np.logspace(*_DECADES, _BASE)
        return np.concatenate([-side[::-1] if self.signed else [], [0.0], side])

    def places(self, span: Span, number: int | None = None) -> Reals:
        """Return x from one end to the other, among which counts change evenly in standard deviations."""
        base = self.base
        base = np.concatenate([[span[0]], base[(base > span[0]) & (base < span[1])], [span[1]]])
        steps = np.diff(2 * np.sqrt(self.mean(base) + 0.375), axis=0)
        length = np.concatenate([[0.0], np.cumsum(np.sqrt(np.sum(steps**2, axis=1)))])
        number = int(length[-1] / _STEP) + _PLACES if number is None else number
        even = np.interp(np.linspace(0.0, length[-1], number), length, base)
        return np.unique(np.concatenate([[0.0], even]) if span[0] <= 0 <= span[1] else even)

    def reach(self, counts: Reals, rise: float) -> Span:
        """Return the x between which −2 ln L of some data, shape (data, n), rises by no more."""
        base = self.base
        height = -2 * self.log_likelihood(counts, base)
        return _span(base, np.any(height - np.min(height, axis=0) <= rise, axis=1))

    def fitted(self, most: Reals) -> Span:
        """Return the x between which the best fits to all counts up to some are."""
        base = self.base
        first = np.argmax(np.abs(base) > 0)
        mean, possible = self.mean(base), np.ones(len(base), dtype=bool)
        for reference in (0, first, len(base) // 2, len(base) // 2 + _BASE // 4, 3 * _BASE // 8):
            there = np.maximum(mean[reference], 1e-300)
            gained = most * np.maximum(np.log(np.maximum(mean, 1e-300) / there), 0.0) - mean + there
            possible &= np.sum(gained, axis=1) >= 0
        return _span(base, possible)


def _span(base: Reals, flags: Flags) -> Span:
    """Return the first and the last place with a flag, and one more on either side."""
    inside = np.flatnonzero(flags)
    return float(base[max(inside[0] - 1, 0)]), float(base[min(inside[-1] + 1, len(base) - 1)])


class Outcomes(NamedTuple):
    """Outcomes of the runs, and what describes them best."""

    expected: Signal
    counts: Float[np.ndarray, "m n"]
    log_weight: Reals
    """ln of what the exponential of ln L is multiplied with for a probability, up to a constant."""
    best: Reals
    """The x of the largest likelihood."""
    most: Reals
    """ln L there."""
    null: Reals
    """Probability of each without a signal."""
    distribution: Distribution = "outcomes"

    @classmethod
    def of(
        cls, expected: Signal, counts: Reals, log_weight: Reals, distribution: Distribution = "outcomes"
    ) -> "Outcomes":
        """Return outcomes; what describes them best is computed."""
        counts = np.asfortranarray(counts)
        which, x, likelihood = _maxima(expected, counts)
        order = np.lexsort((likelihood, which))
        last = order[np.append(np.flatnonzero(np.diff(which[order])), len(order) - 1)]
        null = _normalised(expected.log_likelihood(counts, np.zeros(1)) + log_weight)[0]
        return cls(expected, counts, log_weight, x[last], likelihood[last], null, distribution)

    def some(self, which: NDArray[np.generic]) -> "Outcomes":
        """Return some of the outcomes."""
        return self._replace(
            counts=self.counts[which],
            log_weight=self.log_weight[which],
            best=self.best[which],
            most=self.most[which],
            null=self.null[which],
        )

    def statistic(self, x: Reals, method: Method) -> Cells:
        """Return −2 ln λ of each outcome at each x; one-sided for CLs of what has no sign."""
        return self.both(x, method)[0]

    def both(self, x: Reals, method: Method) -> tuple[Cells, Cells]:
        """Return statistic and probability of each outcome at each x."""
        likelihood = self.expected.log_likelihood(self.counts, x)
        rise = np.maximum(2 * (self.most - likelihood), 0.0)
        one_sided = method == "cls" and not self.expected.signed
        q = np.where(self.best > x[:, None], 0.0, rise) if one_sided else rise
        return q, _normalised(likelihood + self.log_weight)


def _normalised(log: Cells) -> Cells:
    weights = np.exp(log - np.max(log, axis=1, keepdims=True))
    probabilities: Cells = weights / np.sum(weights, axis=1, keepdims=True)
    return probabilities


def _maxima(expected: Signal, counts: Reals) -> tuple[NDArray[np.intp], Reals, Reals]:
    """Return all maxima of the likelihood: of which counts each is, its x, and ln L there."""
    grid = expected.places(expected.fitted(np.max(counts, axis=0)))
    found = []
    for start in range(0, len(counts), _EXPANDED // len(grid) + 1):
        part = counts[start : start + _EXPANDED // len(grid) + 1]
        likelihood = np.pad(expected.log_likelihood(part, grid), ((1, 1), (0, 0)), constant_values=-np.inf)
        middle = likelihood[1:-1]
        place, which = np.nonzero((middle >= likelihood[:-2]) & (middle > likelihood[2:]))
        low, high = grid[np.maximum(place - 1, 0)], grid[np.minimum(place + 1, len(grid) - 1)]
        found.append((which + start, _climbed(expected, part[which], grid[place], low, high)))
    which = np.concatenate([one for one, _ in found])
    x = np.concatenate([one for _, one in found])
    mean = np.maximum(expected.null + x[:, None] * (expected.linear + x[:, None] * expected.square), 0.0)
    return which, x, np.sum(special.xlogy(counts[which], mean) - mean, axis=1)


def minima(expected: Signal, x: float, number: int) -> Reals:
    """Return x, and some other coordinates at which −2 ln L of the counts expected there has a minimum."""
    _, places, _ = _maxima(expected, expected.mean(np.array([x])))
    others = places[np.argsort(-np.abs(places - x))][: number - 1]
    return np.concatenate([np.full(number - len(others), x), others])


def _climbed(expected: Signal, counts: Reals, x: Reals, low: Reals, high: Reals) -> Reals:
    """Return the maximum of the likelihood of each counts between two places: Newton's steps, or halves."""
    null, linear, square = expected.null, expected.linear, np.asarray(expected.square)

    def derivatives(x: Reals) -> tuple[Reals, Reals]:
        column = x[:, None]
        mean = np.maximum(null + column * (linear + column * square), 1e-300)
        slope, ratio = linear + 2 * column * square, counts / mean
        down = np.sum(slope * (1 - ratio), axis=1)
        return down, np.sum(2 * square * (1 - ratio) + ratio * slope**2 / mean, axis=1)

    at_end = derivatives(low)[0] >= 0  # only where there is nothing below
    x = np.where(at_end, low, x)
    for _ in range(_NEWTON):
        down, curvature = derivatives(x)
        low, high = np.where(down < 0, x, low), np.where(down >= 0, x, high)
        newton = x - down / np.where(curvature > 0, curvature, np.inf)
        inside = (newton > low) & (newton < high) & (curvature > 0)
        x = np.where(at_end, x, np.where(inside, newton, (low + high) / 2))
    return x


def observed(expected: Signal, counts: Reals) -> Outcomes:
    """Return what was observed as the only outcome."""
    return Outcomes.of(expected, np.atleast_2d(np.asarray(counts, dtype=float)), np.zeros(1))


def outcomes(expected: Signal, span: Span, seed: int = 0) -> Outcomes | None:
    """Return the outcomes that matter for all x between two; None where counts are many.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([3.0]), np.array([1.0])), (0.0, 10.0))
    >>> every.distribution, every.null[:2].round(4)
    ('outcomes', array([0.0498, 0.1494]))
    """
    counts = _listed(expected.mean(expected.places(span)))
    if counts is not None:
        return Outcomes.of(expected, counts, -np.sum(special.gammaln(counts + 1), axis=1))
    if np.sum(expected.null) > MOST_COUNTS:
        return None
    places = expected.places(span, _PLACES)
    mean = expected.mean(places)
    drawn = np.random.default_rng(seed).poisson(mean, (_DRAWN // _PLACES, *mean.shape))
    counts, times = np.unique(drawn.reshape(-1, mean.shape[1]).astype(float), axis=0, return_counts=True)
    # Balanced: each outcome has the weight of all places that it could have come from.
    weight = np.log(times) - special.logsumexp(expected.log_likelihood(counts, places), axis=0)
    return Outcomes.of(expected, counts, weight, "toys")


def _listed(mean: Float[np.ndarray, "x n"]) -> Float[np.ndarray, "m n"] | None:
    """Return all outcomes that are likely enough where some of these counts are expected, if they are few."""
    from scipy.stats import poisson

    least, most = np.min(mean, axis=0), np.max(mean, axis=0)
    low = np.where(least > 0, np.maximum(poisson.ppf(_TAIL, least), 0.0), 0.0)
    high = np.where(most > 0, poisson.isf(_TAIL, most), 0.0)
    found, log = np.zeros((1, 0)), np.zeros((1, len(mean)))
    for k, (a, b) in enumerate(zip(low, high, strict=True)):
        own = np.arange(a, b + 1)
        if len(found) * len(own) * len(mean) > 20 * _EXPANDED:
            return None
        alone = special.xlogy(own[:, None], mean[:, k]) - mean[:, k] - special.gammaln(own + 1)[:, None]
        together = (log[:, None, :] + alone).reshape(-1, len(mean))
        likely = np.max(together, axis=1) > _IMPOSSIBLE
        found = np.hstack([np.repeat(found, len(own), axis=0), np.tile(own, len(found))[:, None]])[likely]
        log = together[likely]
        if len(found) > MOST_OUTCOMES:
            return None
    return found


def margins(every: Outcomes, some: Outcomes, x: Reals, method: Method, confidence_level: float) -> Cells:
    """Return how far some outcomes are from excluding each x, shape (x, outcomes); above 0 they accept it.

    Parameters
    ----------
    every
        All that there can be.
    some
        Those that are asked for.
    x
        Coordinates.
    method
        "cls": p − (1 − CL) p_0; "feldman-cousins": CL less the probability of outcomes with a larger
        likelihood ratio.

    Examples
    --------
    >>> one = Signal(np.array([0.0]), np.array([1.0]))
    >>> every, none = outcomes(one, (0.0, 10.0)), observed(one, [0.0])
    >>> margins(every, none, np.array([2.30, 2.31]), "cls", 0.90).ravel() > 0
    array([ True, False])
    """
    q, signal = every.both(x, method)
    mine = some.statistic(x, method)
    mine = mine - _SAME * (1 + mine)
    if method == "cls":
        with_signal, without = (_at_least(mine, q, p) for p in (signal, np.broadcast_to(every.null, q.shape)))
        return with_signal - (1 - confidence_level) * without
    return _at_least(mine, q, signal) - (1 - confidence_level)


def _at_least(least: Cells, q: Cells, p: Cells) -> Cells:
    """Return the probability of a statistic that is not below each of some numbers, for each x."""
    if least.shape[1] <= _ALONE:
        return np.stack([np.einsum("xm,xm->x", p, q >= one[:, None]) for one in least.T], axis=1)
    rows = []
    for numbers, of_all, weights in zip(least, q, p, strict=True):
        order = np.argsort(of_all)
        tail = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
        rows.append(tail[np.searchsorted(of_all[order], numbers, side="left")])
    return np.array(rows)


def intervals(
    every: Outcomes, one: Outcomes, span: Span, method: Method, confidence_level: float
) -> tuple[Span, ...]:
    """Return the intervals of x that an outcome accepts, that of its best fit first.

    An end is infinite if it is not between the ends of the span.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> every, ten = outcomes(runs, (0.0, 30.0)), observed(runs, [10.0])
    >>> [(lower, upper)] = intervals(every, ten, (0.0, 30.0), "feldman-cousins", 0.90)
    >>> round(lower, 2), round(upper, 2)  # Phys. Rev. D 57 (1998) 3873, Table IV
    (2.63, 13.5)
    """
    minima = _maxima(one.expected, one.counts)[1]
    number = int(np.clip(_MOST_CELLS / len(every.counts), _FEWEST, _MOST))
    places = one.expected.places(span, number)
    grid = np.unique(np.concatenate([minima[(minima > span[0]) & (minima < span[1])], places]))
    return accepted_intervals(
        grid,
        lambda x: margins(every, one, x, method, confidence_level)[:, 0],
        one.statistic(grid, "feldman-cousins")[:, 0],
        float(one.best[0]),
        signed=one.expected.signed,
    )


def typical(every: Outcomes, span: Span, method: Method, confidence_level: float, part: float) -> Outcomes:
    """Return the outcome whose limit a part of the outcomes without a signal does not exceed.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([0.5]), np.array([1.0])), (0.0, 30.0))
    >>> typical(every, (0.0, 30.0), "cls", 0.90, 0.5).counts  # most often, nothing is counted
    array([[0.]])
    """
    some = every.some(every.null > _UNLIKELY)
    weight = some.null
    near, far = _brackets(every, some, span, method, confidence_level)
    low, high = (_quantile(end, weight, part) for end in (near, far))
    left = np.flatnonzero((near <= high) & (far >= low))
    missing = part * np.sum(weight) - np.sum(weight[far < low])
    for _ in range(_STEPS):
        if len(left) == 1 or high - low <= _SAME * high or not np.isfinite(high):
            break
        middle = (low + high) / 2
        at = np.array([x for x in (-middle, middle) if span[0] <= x <= span[1]])
        still = np.any(margins(every, some.some(left), at, method, confidence_level) > 0, axis=0)
        beyond = still | (near[left] > middle)
        held = np.sum(weight[left[~beyond]])
        if held >= missing:
            high, left = middle, left[~beyond]
        else:
            low, left, missing = middle, left[beyond], missing - held
    return some.some(left[[np.argmax(weight[left])]])


def _brackets(
    every: Outcomes, some: Outcomes, span: Span, method: Method, confidence_level: float
) -> tuple[Reals, Reals]:
    """Return for each outcome the sizes of x between which its limit is, infinite beyond the span."""
    grid = every.expected.places(span, _COARSE)
    inside = margins(every, some, grid, method, confidence_level) > 0
    size = np.concatenate([[np.inf if every.expected.signed else 0.0], np.abs(grid), [np.inf]])
    first, last = np.argmax(inside, axis=0), len(grid) - 1 - np.argmax(inside[::-1], axis=0)
    none = ~np.any(inside, axis=0)
    near, far = np.maximum(size[first + 1], size[last + 1]), np.maximum(size[first], size[last + 2])
    near, far = (np.where(none, np.abs(some.best), end) for end in (near, far))
    return near, far


def _quantile(values: Reals, weight: Reals, part: float) -> float:
    """Return the least value that a part of the weight does not exceed."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, part * total[-1])])


class FewCountsLimits(NamedTuple):
    """Accepted coordinates, and what is expected without a signal."""

    accepted: tuple[Span, ...]
    """Intervals of the observed counts, or of the outcome with the median limit, the best fit's first."""
    rises: tuple[float, ...]
    """How far the least −2 ln L of each is above the least of all."""
    band: tuple[float, ...]
    """Sizes of the coordinate at the limits expected at the deviations asked for."""
    distribution: Distribution


def limits(
    expected: Signal,
    counts: Reals | None,
    method: Method,
    confidence_level: float,
    deviations: Sequence[float] = (0.0,),
    *,
    lengthened: bool = False,
) -> FewCountsLimits | None:
    """Return what observed counts accept, or their median without a signal; None where counts are many.

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
        Standard deviations at which limits without a signal are returned; 0 is in the middle.
    lengthened
        Whether the upper end may not grow with the background, see `lengthened_end`; for one run.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> found = limits(runs, np.array([3.0]), "cls", 0.90)
    >>> round(found.accepted[0][1], 3), round(found.band[0], 3)
    (4.362, 4.362)

    A signal that interferes may be allowed again where its square outweighs the interference.

    >>> interferes = Signal(np.array([9.0]), np.array([-6.0]), np.array([1.5]), signed=True)
    >>> found = limits(interferes, np.array([9.0]), "feldman-cousins", 0.90)
    >>> [(round(low, 2), round(high, 2)) for low, high in found.accepted]
    [(-0.86, 0.88), (3.12, 4.86)]
    """
    if not (np.any(expected.linear) or np.any(expected.square)):
        everything = (-np.inf if expected.signed else 0.0, np.inf)
        return FewCountsLimits((everything,), (0.0,), (np.inf,) * len(deviations), "outcomes")
    quantile = max(float(2 * special.erfinv(confidence_level) ** 2), 1.0)
    more = (_MOST_DEVIATIONS + max(map(abs, deviations))) * np.sqrt(expected.null)
    data = [expected.null, expected.null + more, *([] if counts is None else [counts])]
    low, high = expected.reach(np.stack(data), _RISE * quantile)
    parts = special.ndtr(np.array(deviations, dtype=float))
    for _ in range(_EXTENSIONS):
        span = (low, high)
        if (every := outcomes(expected, span)) is None:
            break
        asked = [typical(every, span, method, confidence_level, float(part)) for part in parts]
        asked = [asked[len(parts) // 2] if counts is None else observed(expected, counts), *asked]
        ends = [intervals(every, one, span, method, confidence_level) for one in asked]
        if all(np.isfinite(outermost(one)) for one in ends):
            if lengthened:
                ends = [
                    ((low, lengthened_end(one, high, confidence_level)),)
                    for one, ((low, high),) in zip(asked, ends, strict=True)
                ]
            rises = tuple(_least(asked[0], one) for one in ends[0])
            return FewCountsLimits(ends[0], rises, tuple(map(outermost, ends[1:])), every.distribution)
        low, high = _FURTHER * low, _FURTHER * high
    return None


def _least(one: Outcomes, ends: Span) -> float:
    """Return how far −2 ln L of an outcome is at least above its least in an interval."""
    _, x, likelihood = _maxima(one.expected, one.counts)
    inside = (x >= ends[0]) & (x <= ends[1])
    return float(2 * (one.most[0] - np.max(likelihood[inside], initial=-np.inf)))


def lengthened_end(one: Outcomes, upper: float, confidence_level: float) -> float:
    """Return the end of a unified interval of one run, where it may not grow with the background.

    Source: Phys. Rev. D 57 (1998) 3873, Sec. IV C: intervals are lengthened until the upper end, for given
    counts, is a function of the background that does not increase.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> [(_, upper)] = limits(runs, np.array([0.0]), "feldman-cousins", 0.90).accepted
    >>> round(upper, 2), round(lengthened_end(observed(runs, [0.0]), upper, 0.90), 2)
    (0.95, 1.08)
    """
    counts, unit = float(one.counts[0, 0]), float(one.expected.linear[0])
    start, end = float(one.expected.null[0]), upper * unit

    def further(background: Reals, end: float) -> Reals:
        """Return for each background the end, if it is further away than this one."""
        signals = end * _BEYOND
        inside = _unified(counts, background, signals, confidence_level)
        last = len(signals) - 1 - np.argmax(inside[:, ::-1], axis=1)
        return np.where(np.any(inside, axis=1), signals[last], end)

    steps: Reals = start + _BACKGROUND_STEP * np.arange(1.0, round(_MORE_BACKGROUND / _BACKGROUND_STEP))
    while len(steps):
        there = further(steps[:_TOGETHER], end)
        jumps = np.flatnonzero(there > end)
        if not jumps.size:
            steps = steps[_TOGETHER:]
            continue
        # Between its jumps the end falls with the background: it is furthest where it has jumped.
        above, end, steps = steps[jumps[0]], there[jumps[0]], steps[jumps[0] + 1 :]
        below = above - _BACKGROUND_STEP
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            to = further(np.array([middle]), end)[0]
            below, above, end = (below, middle, to) if to > end else (middle, above, end)
    return float(end / unit)


def _unified(counts: float, background: Reals, signal: Reals, confidence_level: float) -> Flags:
    """Return which signals the counts of one run accept with each background, all outcomes taken together."""
    from scipy.stats import poisson

    most = poisson.isf(_TAIL, background[-1] + signal[-1])
    n = np.arange(max(most, counts) + 1)
    mean = (background[:, None] + signal)[..., None]
    best = np.maximum(n, background[:, None])[:, None, :]
    rise = 2 * (mean - best + special.xlogy(n, best / mean))
    mine = rise[..., [int(counts)]]
    likely = np.exp(special.xlogy(n, mean) - mean - special.gammaln(n + 1))
    return np.asarray(np.sum(likely * (rise < mine - _SAME * (1 + mine)), axis=-1) < confidence_level)
