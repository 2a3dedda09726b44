"""Outcomes of runs: all that are likely enough, or some that are drawn, and which x they accept.

Every outcome that is likely enough at some x is listed; where these would be too many, some are drawn at some
x, and carry the weight that their sampling leaves them. The probability of an outcome is exact at every x, so
that all p-values are smooth between the places where outcomes change order.

An outcome's statistic at x is −2 ln λ(x), the rise of −2 ln L from its least value at any x allowed. With its
own distribution at x, p(x) is the probability of no smaller one. "feldman-cousins" accepts x where
p(x) > 1 − CL. "cls" accepts x where p(x)/p_0(x) > 1 − CL, with p_0(x) from the distribution of the same
statistic without a signal: for a coupling without a sign one-sided, the statistic is 0 where a larger x would
describe the outcome best; for one with a sign it has both sides, so that x = 0, and every x whose counts are
those of x = 0, cannot be excluded.
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy import special

from renp._types import Reals
from renp.inference.signal import Signal, Stretch

Distribution: TypeAlias = Literal["outcomes", "toys"]
Method: TypeAlias = Literal["cls", "feldman-cousins"]
Cells: TypeAlias = NDArray[np.float64]
"""Shape (x, outcomes)."""

MOST_OUTCOMES = 50_000
"""Listed at most."""

MOST_COUNTS = 100.0
"""Expected without a signal, up to which CLs has outcomes drawn where they are too many to be listed."""

TAIL = 1e-12
"""Probability of the counts of a run that are left out on either side."""

_IMPOSSIBLE = np.log(1e-14)
"""ln of the probability up to which an outcome is left out, if it has no larger one at any x."""

_EXPANDED = 1_000_000
_DRAWN, _PLACES = 30_000, 16
_FURTHEST = 6.0
"""Standard deviations up to which a drawn outcome is from where it was drawn."""

SAME = 1e-9
"""Outcomes whose statistic differs by less, relative, are equally unlikely."""

_NEWTON = 16
_ALONE = 8
"""So few outcomes are compared with all others one by one."""


class Outcomes(NamedTuple):
    """Outcomes of the runs, and what describes them best."""

    stretch: Stretch
    """The x for which they are all that matter."""
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
        cls,
        stretch: Stretch,
        counts: Reals,
        log_weight: Reals,
        distribution: Distribution = "outcomes",
        near: Stretch | None = None,
    ) -> "Outcomes":
        """Return outcomes; what describes them best is sought, ``near`` some x if these are known."""
        expected, counts = stretch.expected, np.asfortranarray(counts)
        which, x, likelihood = maxima(expected, counts, near)
        order = np.lexsort((likelihood, which))
        last = order[np.append(np.flatnonzero(np.diff(which[order])), len(order) - 1)]
        null = _normalised(expected.log_likelihood(counts, np.zeros(1)) + log_weight)[0]
        return cls(stretch, counts, log_weight, x[last], likelihood[last], null, distribution)

    @property
    def expected(self) -> Signal:
        """What the runs expect."""
        return self.stretch.expected

    def some(self, which: NDArray[np.generic]) -> "Outcomes":
        """Return some of the outcomes."""
        names = ("counts", "log_weight", "best", "most", "null")
        return self._replace(**{name: getattr(self, name)[which] for name in names})

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


def maxima(
    expected: Signal, counts: Reals, near: Stretch | None = None
) -> tuple[NDArray[np.intp], Reals, Reals]:
    """Return all maxima of the likelihood: of which counts each is, its x, and ln L there."""
    grid = (expected.fitted(np.max(counts, axis=0)) if near is None else near).places()
    found = []
    for start in range(0, len(counts), _EXPANDED // len(grid) + 1):
        part = counts[start : start + _EXPANDED // len(grid) + 1]
        likelihood = np.pad(expected.log_likelihood(part, grid), ((1, 1), (0, 0)), constant_values=-np.inf)
        middle = likelihood[1:-1]
        place, which = np.nonzero((middle >= likelihood[:-2]) & (middle > likelihood[2:]))
        low, high = grid[np.maximum(place - 1, 0)], grid[np.minimum(place + 1, len(grid) - 1)]
        found.append((which + start, _climbed(expected, part[which], grid[place], low, high)))
    which, x = (np.concatenate(parts) for parts in zip(*found, strict=True))
    mean = expected.mean(x)
    return which, x, np.sum(special.xlogy(counts[which], mean) - mean, axis=1)


def minima(expected: Signal, x: float, number: int) -> Reals:
    """Return x, and some other coordinates at which −2 ln L of the counts expected there has a minimum."""
    _, places, _ = maxima(expected, expected.mean(np.array([x])))
    others = places[np.argsort(-np.abs(places - x))][: number - 1]
    return np.concatenate([np.full(number - len(others), x), others])


def _climbed(expected: Signal, counts: Reals, x: Reals, low: Reals, high: Reals) -> Reals:
    """Return the maximum of the likelihood of each counts between two places: Newton's steps, or halves."""
    linear, square = expected.linear, np.asarray(expected.square)

    def derivatives(x: Reals) -> tuple[Reals, Reals]:
        mean = np.maximum(expected.mean(x), 1e-300)
        slope, ratio = linear + 2 * x[:, None] * square, counts / mean
        down = np.sum(slope * (1 - ratio), axis=1)
        with np.errstate(over="ignore"):  # infinite where nothing is expected of what was seen
            return down, np.sum(2 * square * (1 - ratio) + ratio * slope**2 / mean, axis=1)

    at_end = derivatives(low)[0] >= 0  # only where there is nothing below
    x = np.where(at_end, low, x)
    for _ in range(_NEWTON):
        down, curvature = derivatives(x)
        low, high = np.where(down < 0, x, low), np.where(down >= 0, x, high)
        newton = x - down / np.where(curvature > 0, curvature, np.inf)
        # At an end where it has converged.
        inside = (newton >= low) & (newton <= high) & (curvature > 0) & np.isfinite(curvature)
        x = np.where(at_end, x, np.where(inside, newton, (low + high) / 2))
    return x


def observed(expected: Signal, counts: Reals) -> Outcomes:
    """Return what was observed as the only outcome."""
    one = np.atleast_2d(np.asarray(counts, dtype=float))
    return Outcomes.of(expected.reach(one, 1.0), one, np.zeros(1))


def outcomes(stretch: Stretch, *, many: bool = False, seed: int = 0) -> Outcomes | None:
    """Return the outcomes that matter for all x of a stretch; None where counts are not few.

    Parameters
    ----------
    stretch
        Where x is looked at.
    many
        Whether outcomes are drawn whatever the number of counts.
    seed
        Of the random numbers.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([3.0]), np.array([1.0])).between(0.0, 10.0))
    >>> every.distribution, every.null[:2].round(4)
    ('outcomes', array([0.0498, 0.1494]))
    """
    expected = stretch.expected
    few = np.sum(expected.null) <= MOST_COUNTS
    counts = _listed(expected.mean(stretch.places()))
    if counts is not None:
        return Outcomes.of(stretch, counts, -np.sum(special.gammaln(counts + 1), axis=1))
    if not (few or many):
        return None
    places = stretch.places(_PLACES if few else len(stretch.places()) // 2)
    mean = expected.mean(places)
    drawn = np.random.default_rng(seed).poisson(mean, (_DRAWN // len(places), *mean.shape))
    counts, times = np.unique(drawn.reshape(-1, mean.shape[1]).astype(float), axis=0, return_counts=True)
    # Balanced: each outcome has the weight of all places that it could have come from.
    weight = np.log(times) - special.logsumexp(expected.log_likelihood(counts, places), axis=0)
    near = None if few else expected.reach(mean, (2 * _FURTHEST) ** 2, gaps=True)
    return Outcomes.of(stretch, counts, weight, "toys", near)


def _listed(mean: Float[np.ndarray, "x n"]) -> Float[np.ndarray, "m n"] | None:
    """Return all outcomes that are likely enough where some of these counts are expected, if they are few."""
    from scipy.stats import poisson

    least, most = np.min(mean, axis=0), np.max(mean, axis=0)
    low = np.where(least > 0, np.maximum(poisson.ppf(TAIL, least), 0.0), 0.0)
    high = np.where(most > 0, poisson.isf(TAIL, most), 0.0)
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
    >>> every, none = outcomes(one.between(0.0, 10.0)), observed(one, [0.0])
    >>> margins(every, none, np.array([2.30, 2.31]), "cls", 0.90).ravel() > 0
    array([ True, False])
    """
    q, signal = every.both(x, method)
    mine = some.statistic(x, method)
    mine = mine - SAME * (1 + mine)
    if method == "cls":
        with_signal, without = (_at_least(mine, q, p) for p in (signal, np.broadcast_to(every.null, q.shape)))
        return with_signal - (1 - confidence_level) * without
    return _at_least(mine, q, signal) - (1 - confidence_level)


def _at_least(least: Cells, q: Cells, p: Cells) -> Cells:
    """Return the probability of a statistic that is not below each of some numbers, for each x."""
    if least.shape[1] <= _ALONE:
        return np.stack([np.einsum("xm,xm->x", p, q >= one[:, None]) for one in least.T], axis=1)
    found = np.empty_like(least)
    for row, numbers, of_all, weights in zip(found, least, q, p, strict=True):
        order, mine = np.argsort(of_all), np.argsort(numbers)  # numbers in order are found in half the time
        tail = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
        row[mine] = tail[np.searchsorted(of_all[order], numbers[mine], side="left")]
    return found
