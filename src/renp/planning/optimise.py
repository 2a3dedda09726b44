"""The best times for given contrasts, by cutting planes, with a proof of how good they are.

A size L, such as the worst limit, is made small as follows. For the present L the programme gives the
shares at which the least separation is largest; with these the size falls until the least separation is
what excludes; and so on until it stays. That no times reach less is proved by prices at a slightly smaller
size at which even the upper bound does not exclude.

Between the candidates a photon energy might be worth more: a grid several times denser is looked at by the
prices in every round, what is worth more becomes a candidate, and the bound is over both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import equinox as eqx
import numpy as np
from numpy.typing import NDArray
from scipy import optimize as scipy_optimize

from renp._types import Reals
from renp.errors import InputError
from renp.experiment import Experiment
from renp.planning.candidates import Range
from renp.planning.contrasts import Contrast
from renp.planning.design import Cuts, Shares, best_shares, few_lines, upper_bound

Progress: TypeAlias = Callable[[str], None]

_PRECISE = 1e-9
_BEYOND = 1e-11
_SOLVED = 1e-5
_CUT_ROUNDS = 60
_SIZE_ROUNDS = 40
_POLISH_ROUNDS = 8
_BETWEEN = 8
_DENSER = 4
"""How many times more photon energies than candidates are looked at for a larger worth."""

_HOPELESS = 1e8
"""Size in units of order one beyond which nothing is sought."""

_NEAR_BEST = 1e-3
_PADDED = 512
_SMALLEST_GAP, _LARGEST_GAP = 2e-6, 0.5


@dataclass
class Search:
    """State of the search: candidates, contrasts, and the points of the hypotheses that gave cuts."""

    contrasts: list[Contrast]
    template: Experiment
    """The candidates to begin with: all runs are like their first at other photon energies."""
    allowed: Range
    total: float
    rise: float | None
    """Separation that excludes a size; None for aims without one."""
    points: list[list[Reals]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.points = [[] for _ in self.contrasts]

    @property
    def energies(self) -> Reals:
        """Candidates, increasing."""
        return np.asarray(self.contrasts[0].tested.experiment.runs.photon_energy)

    def cuts(self, size: float) -> Cuts:
        """Return all cuts known, for a size."""
        gains, constants = [], []
        for contrast, points in zip(self.contrasts, self.points, strict=True):
            if not contrast.possible(size):
                continue
            for point in points:
                x = contrast.sized(point, size)
                gains.append(self.total * contrast.gain(x))
                constants.append(contrast.constant(x))
        return Cuts(np.array(gains), np.array(constants))

    def separated(self, shares: Reals, size: float) -> tuple[Reals, list[Reals]]:
        """Return D of each contrast, infinite where its parameter cannot have the size."""
        ways = [k for k, one in enumerate(self.contrasts) if one.possible(size)]
        values = np.full(len(self.contrasts), np.inf)
        points: list[Reals] = [np.zeros(0)] * len(self.contrasts)
        for k in ways:
            contrast, times = self.contrasts[k], self.total * shares
            points[k] = contrast.least(times, size, self.points[k])
            values[k] = contrast.separation(times, points[k])
        return values, points

    def extend(self, energies: Reals) -> bool:
        """Add candidates, and say whether there were any new ones."""
        new = np.setdiff1d(energies[self.allowed.contains(energies)], self.energies)
        if not new.size:
            return False
        new = np.append(new, np.repeat(new[-1], -new.size % 64))
        runs = self._runs(new)
        _, order = np.unique(np.concatenate([self.energies, new]), return_index=True)
        order = order[filled(np.arange(order.size), room=0)]
        self.contrasts = [one.joined(one.at(runs), order) for one in self.contrasts]
        return True

    def worth(self, energies: Reals, prices: Reals, size: float) -> Reals:
        """Return what all of the time at other photon energies is worth, by the prices of the cuts."""
        runs = self._runs(filled(energies, room=0))
        total = np.zeros(energies.size)
        price = iter(prices)
        for contrast, points in zip(self.contrasts, self.points, strict=True):
            if not contrast.possible(size):
                continue
            own = [(point, next(price)) for point in points]
            if any(p > 0 for _, p in own):
                there = contrast.at(runs)
                for point, p in own:
                    total += p * self.total * there.gain(there.sized(point, size))[: energies.size]
        return total

    def _runs(self, energies: Reals) -> Experiment:
        like_one = self.template.runs.rows(np.zeros(energies.size, dtype=int))
        return self.template.with_runs(eqx.tree_at(lambda runs: runs.photon_energy, like_one, energies))


def filled(values: NDArray[Any], room: int = 256) -> NDArray[Any]:
    """Return values repeated at the end to one of few lengths, so that little is compiled.

    Examples
    --------
    >>> filled(np.array([1.0, 2.0])).shape
    (512,)
    """
    size = _PADDED * (1 + (values.size + room - 1) // _PADDED)
    return np.append(values, np.repeat(values[-1:], size - values.size))


@dataclass(frozen=True)
class Optimum:
    """Shares of the time among a search's candidates, and what they reach."""

    shares: Reals
    reached: float
    """The size, or the least separation."""
    bound: float
    """What no times reach: a smaller size, or a larger separation."""
    prices: Reals
    """What time at each candidate is worth by the prices, relative to the best."""


def optimum(search: Search, progress: Progress) -> Optimum:
    """Return the best times among the laser's photon energies, without other constraints."""
    shares, size, reached = _converged(search, _first_size(search))
    denser = search.allowed.grid(_DENSER * search.energies.size)
    for k in range(_POLISH_ROUNDS):
        progress(f"polishing {k + 1} of {_POLISH_ROUNDS}")
        worth = shares.prices @ search.cuts(size).gain
        missed = _above(worth.max(), denser, search.worth(denser, shares.prices, size))
        if not search.extend(np.concatenate([_between(search.energies, worth), missed])):
            break
        last = reached
        shares, size, reached = _converged(search, size if search.rise is None else reached)
        if not missed.size and abs(reached - last) <= 1e-8 * abs(last):
            break
    progress("proving the optimum")
    bound, prices = _proved(search, shares, size if search.rise is None else reached, denser)
    return Optimum(shares.weights, reached, bound, prices)


def constrained(
    search: Search, best: Optimum, *, lines: int | None, least: float, change: float, progress: Progress
) -> Optimum:
    """Return the best times with few photon energies, a least time at each, and time lost between them.

    Parameters
    ----------
    search
        After `optimum`.
    best
        Its result; its bound holds here too.
    lines
        How many photon energies at most; None for any number.
    least
        Least time at each, as a share of the total.
    change
        Time lost at each change, as a share of the total.
    progress
        Told what is being done.

    Raises
    ------
    InputError
        If no times fulfil the constraints.
    """
    most = int(np.count_nonzero(best.shares))
    most = most if lines is None else min(lines, most)
    found = []
    for number in range(1, most + 1):
        time = 1 - change * (number - 1)
        if time <= 0 or least > time:
            break
        progress(f"{number} of at most {most} photon energies")
        found.append(_with_lines(search, best, number, least, time))
    if not found:
        raise InputError(
            "least_duration", f"{least:g} of the total time", "at most the total time, after changes"
        )
    sign = 1 if search.rise is not None else -1
    shares, figure = min(found, key=lambda pair: sign * pair[1])
    return Optimum(shares, figure, best.bound, best.prices)


def _with_lines(search: Search, best: Optimum, lines: int, least: float, time: float) -> tuple[Reals, float]:
    """Return shares that sum to ``time`` at no more than some candidates, and what they reach."""
    size = best.reached if search.rise is not None else 1.0
    shares, figure = np.zeros(0), np.inf
    for _ in range(_SIZE_ROUNDS):
        weights, reached = _maximin_of_few(search, size, lines, least, time)
        if search.rise is None:
            return weights, reached
        new = _size_of(search, weights, size)
        if not new < figure * (1 - 1e-7):
            break
        shares, figure, size = weights, new, new
    return shares, figure


def _maximin_of_few(
    search: Search, size: float, lines: int, least: float, time: float
) -> tuple[Reals, float]:
    """Return the shares at few photon energies at which the least separation is largest, and that."""
    rounds = 0
    while True:
        rounds += 1
        found = few_lines(search.cuts(size), lines, least, time)
        if found is None:
            raise InputError("least_duration", f"{least:g} of the total time", "shorter")
        values, points = search.separated(found.weights, size)
        if not _added(search, values, points, found.value, found.bound) or rounds == _CUT_ROUNDS:
            return found.weights, float(np.min(values))


def _converged(search: Search, size: float) -> tuple[Shares, float, float]:
    """Return the best shares among the candidates, the size they are best for, and what they reach."""
    if search.rise is None:
        shares, least = _maximin(search, size)
        return shares, size, least
    shares, least = _maximin(search, size)
    # More than the programme's own tolerance below what excludes: no shares exclude so small a size.
    while least < search.rise * (1 - _SOLVED):
        size = _larger(search, size)
        shares, least = _maximin(search, size)
    reached = _size_of(search, shares.weights, size)
    for _ in range(_SIZE_ROUNDS):
        again, _ = _maximin(search, reached)
        better = _size_of(search, again.weights, reached)
        if not better < reached * (1 - _PRECISE):
            # Cuts may have been added for which the earlier shares have no prices.
            return again._replace(weights=shares.weights), reached, reached
        shares, size, reached = again, reached, better
    return shares, size, reached


def _larger(search: Search, size: float) -> float:
    """Return a larger size, or raise `InputError` where no size will ever be excluded."""
    if size > _HOPELESS * _unit_size(search):
        names = " ".join(search.contrasts[0].name)
        raise InputError("plan", names, "something that the counts of a run in range can exclude")
    return 1.5 * size


def _unit_size(search: Search) -> float:
    held = [one for one in search.contrasts if one.held is not None]
    return min(abs(float(one.tested.parameters[one.held or 0].plus / one.direction)) for one in held)


def _maximin(search: Search, size: float) -> tuple[Shares, float]:
    """Return the shares at which the least separation is largest, by cutting planes, and that separation."""
    if not all(search.points[k] for k, one in enumerate(search.contrasts) if one.possible(size)):
        uniform = np.full(search.energies.size, 1 / search.energies.size)
        _, points = search.separated(uniform, size)
        for contrast, own, point in zip(search.contrasts, search.points, points, strict=True):
            if contrast.possible(size) and not own:
                own.append(point)
    for left in reversed(range(_CUT_ROUNDS)):
        shares = best_shares(search.cuts(size))
        values, points = search.separated(shares.weights, size)
        if not left or not _added(search, values, points, shares.value, shares.bound):
            break
    return shares, float(np.min(values))


def _added(search: Search, values: Reals, points: list[Reals], least: float, bound: float) -> bool:
    """Add cuts at points where a separation is less than its cuts allow; say whether there are any."""
    if np.min(values) > bound - 1e-7 * (1 + abs(bound)) or np.min(values) > least - 1e-8 * (1 + abs(least)):
        return False
    for k in np.flatnonzero(values < least - 1e-8 * (1 + abs(least))):
        search.points[k].append(points[k])
    return True


def _first_size(search: Search) -> float:
    """Return the size that equal times at all candidates reach."""
    if search.rise is None:
        return 1.0
    uniform = np.full(search.energies.size, 1 / search.energies.size)
    start = _unit_size(search)
    found = _size_of(search, uniform, start)
    return found if np.isfinite(found) else start


def _size_of(search: Search, shares: Reals, start: float) -> float:
    """Return the size beyond which all contrasts are excluded; infinite if there is none."""
    assert search.rise is not None
    values, _ = search.separated(shares, start)
    worst, size = int(np.argmin(values)), start
    for _ in range(_SIZE_ROUNDS):
        found = size_of_one(search.contrasts[worst], search.total * shares, size, search.rise)
        # Just beyond, a parameter that has met its physical end is no longer in the way.
        size = found * (1 + _BEYOND)
        if not np.isfinite(size):
            break
        values, _ = search.separated(shares, size)
        worst = int(np.argmin(values))
        if values[worst] > search.rise * (1 - _PRECISE):
            break
    return size


def size_of_one(contrast: Contrast, times: Reals, start: float, rise: float) -> float:
    """Return the size of one contrast that is excluded; infinite if none is."""

    def miss(log_size: float) -> float:
        size = float(np.exp(log_size))
        if not contrast.possible(size):
            return 1.0
        x = contrast.least(times, size)
        return contrast.separation(times, x) / rise - 1

    first = np.log(start)
    low = high = first
    step = 0.05
    here = miss(first)
    if abs(here) < _PRECISE:
        return start
    if here > 0:
        while miss(low) > 0:
            low, step = low - step, 2 * step
            if first - low > 120:
                return 0.0
    else:
        while miss(high) < 0:
            high, step = high + step, 2 * step
            if high - first > 120:
                return float("inf")
    if low == high:
        return start
    return float(np.exp(scipy_optimize.brentq(miss, low, high, xtol=1e-12, rtol=1e-12)))


def _between(energies: Reals, worth: Reals) -> Reals:
    """Return photon energies around the local maxima of what a share is worth."""
    padded = np.concatenate([[-np.inf], worth, [-np.inf]])
    peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:])
    near = peak & (worth > worth.max() * (1 - _NEAR_BEST))
    fractions = np.linspace(0, 1, _BETWEEN + 2)[1:-1]
    found = []
    for k in np.flatnonzero(near):
        neighbours = energies[max(k - 1, 0) : k + 2]
        steps = neighbours[np.abs(neighbours - energies[k]) > 1e-13] - energies[k]
        found.append((energies[k] + np.outer(steps, fractions)).ravel())
    return np.concatenate(found) if found else np.zeros(0)


def _above(most: float, energies: Reals, worth: Reals) -> Reals:
    """Return the photon energies at local maxima of the worth that are above the candidates' largest."""
    padded = np.concatenate([[-np.inf], worth, [-np.inf]])
    peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:])
    found: Reals = energies[peak & (worth > most * (1 + _PRECISE))]
    return found


def _proved(search: Search, shares: Shares, size: float, denser: Reals) -> tuple[float, Reals]:
    """Return a figure that no times reach, and the worth of each candidate relative to the best."""
    if search.rise is None:
        return _bound(search, shares, size, denser)
    gap = _SMALLEST_GAP
    while True:
        smaller = size * (1 - gap)
        bound, worth = _bound(search, _maximin(search, smaller)[0], smaller, denser)
        if bound < search.rise or gap >= _LARGEST_GAP:
            return (smaller if bound < search.rise else 0.0), worth
        gap *= 2


def _bound(search: Search, shares: Shares, size: float, denser: Reals) -> tuple[float, Reals]:
    """Return what no times at candidates or on a denser grid separate, and the candidates' relative worth."""
    cuts = search.cuts(size)
    worth = shares.prices @ cuts.gain
    elsewhere = float(np.max(search.worth(denser, shares.prices, size)))
    bound = upper_bound(cuts, shares.prices) + max(elsewhere - float(worth.max()), 0.0)
    return bound, worth / worth.max()
