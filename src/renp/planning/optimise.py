"""The best times for given contrasts, by cutting planes, with a proof of how good they are.

A size L, such as the worst limit, is made small as follows. For the present L the programme gives the
shares at which the least separation is largest; with these the size falls until the least separation is
what excludes; and so on until it stays. That no times reach less is proved by prices at a slightly smaller
size at which even the upper bound does not exclude.

Between the candidates a photon energy might be worth more: a grid several times denser, refined around its
peaks, is looked at by the prices in every round. What is worth more becomes a candidate, and the bound is
over both. The thresholds, or what lies closest to them within the clearance, are candidates themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.planning.candidates import Range
from renp.planning.contrasts import Contrast
from renp.planning.design import Cuts, Shares, best_shares, few_lines, upper_bound

Progress: TypeAlias = Callable[[str], None]

_PRECISE = 1e-9
_BEYOND = 1e-11
_CUT_ROUNDS = 60
_SIZE_ROUNDS = 40
_POLISH_ROUNDS = 8

_LOOKED_AT = 1000
"""Photon energies at least, and twice the candidates, at which a larger worth is looked for."""

_NEAR_BEST = 0.5
"""Peaks of the worth as much below the largest are refined: cusps at thresholds are sharp."""

_ZOOMS, _BETWEEN = 6, 8
"""How often, and by how many photon energies on either side."""

_TYPICAL = np.array([0.0, 1.0, 2.0, 3.0])
"""Sizes for which times are sought if equal ones, the first, exclude none: phases change little at most."""

_SMALLEST_GAP, _LARGEST_GAP = 2e-6, 0.5


@dataclass
class Search:
    """State of the search: candidates, contrasts, and the points of the hypotheses that gave cuts."""

    contrasts: list[Contrast]
    energies: Reals
    """Candidates."""
    allowed: Range
    total: float
    rise: float | None
    """Separation that excludes a size; None for aims without one."""
    progress: Progress
    points: list[list[Reals]] = field(default_factory=list)
    seen: dict[int, Contrast] = field(default_factory=dict)
    """Contrasts at the denser photon energies."""

    def __post_init__(self) -> None:
        self.points = [[] for _ in self.contrasts]

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
        """Return D of each contrast, infinite where its parameter cannot have the size; and where."""
        values = np.full(len(self.contrasts), np.inf)
        points: list[Reals] = [np.zeros(0)] * len(self.contrasts)
        times = self.total * shares
        for k, contrast in enumerate(self.contrasts):
            if contrast.possible(size):
                points[k] = contrast.least(times, size, self.points[k])
                values[k] = contrast.separation(times, contrast.sized(points[k], size))
        return values, points

    def extend(self, energies: Reals) -> None:
        """Add candidates."""
        self.contrasts = [one.extended(energies) for one in self.contrasts]
        self.energies = np.concatenate([self.energies, energies])

    def peaks(self, prices: Reals, size: float) -> tuple[Reals, Reals]:
        """Return photon energies between the candidates that are worth most, and what all time there is.

        Parameters
        ----------
        prices
            Of the cuts.
        size
            For which they are.
        """
        points = self._priced(prices, size)
        energies = self.denser
        worth = self._worth([self._there(k) if used else None for k, used in enumerate(points)], points)
        best = _local_maxima(worth, worth.max() * (1 - _NEAR_BEST))
        padded = np.concatenate([energies[:1], energies, energies[-1:]])
        at, highest = energies[best], worth[best]
        ways = np.stack([padded[best] - at, padded[best + 2] - at], axis=1)
        for _ in range(_ZOOMS if best.size else 0):
            fractions = np.arange(1, _BETWEEN + 1) / (_BETWEEN + 1)
            tried = (at[:, None] + (ways[:, :, None] * fractions).reshape(at.size, -1)).ravel()
            clear = self.allowed.contains(tried)
            some = [one.at(tried) if used else None for one, used in zip(self.contrasts, points, strict=True)]
            found = np.where(clear, self._worth(some, points), -np.inf).reshape(at.size, -1)
            column = np.argmax(found, axis=1)
            each = np.arange(at.size)
            better = found[each, column] > highest
            at = np.where(better, tried.reshape(at.size, -1)[each, column], at)
            highest = np.where(better, found[each, column], highest)
            ways = ways / (_BETWEEN + 1)
        return at, highest

    @cached_property
    def denser(self) -> Reals:
        """Photon energies that are looked at for a larger worth than the candidates have."""
        return self.allowed.grid(max(2 * self.energies.size, _LOOKED_AT))

    def _there(self, k: int) -> Contrast:
        """Return a contrast at the denser photon energies."""
        if k not in self.seen:
            self.seen[k] = self.contrasts[k].at(self.denser)
        return self.seen[k]

    def _priced(self, prices: Reals, size: float) -> list[list[tuple[Reals, float]]]:
        """Return the points that have a price, of each contrast."""
        price = iter(prices)
        found: list[list[tuple[Reals, float]]] = []
        for contrast, points in zip(self.contrasts, self.points, strict=True):
            own = [(contrast.sized(x, size), next(price)) for x in points if contrast.possible(size)]
            found.append([(x, p) for x, p in own if p > 0])
        return found

    def _worth(self, there: Sequence[Contrast | None], points: list[list[tuple[Reals, float]]]) -> Reals:
        """Return what all of the time at photon energies is worth."""
        each = [
            price * self.total * one.gain(x)
            for one, used in zip(there, points, strict=True)
            if one is not None
            for x, price in used
        ]
        total: Reals = np.sum(each, axis=0)
        return total


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


def optimum(search: Search) -> Optimum:
    """Return the best times among the laser's photon energies, without other constraints."""
    shares, size, reached = _converged(search, _first_size(search))
    for k in range(_POLISH_ROUNDS):
        search.progress(f"between the candidates, round {k + 1} of at most {_POLISH_ROUNDS}")
        most = float(np.max(shares.prices @ search.cuts(size).gain))
        energies, worth = search.peaks(shares.prices, size)
        missed = energies[worth > most * (1 + _PRECISE)]
        if not missed.size:
            break
        search.extend(missed)
        shares, size, reached = _converged(search, size if search.rise is None else reached)
    search.progress("proof of the optimum")
    bound, prices = _proved(search, shares, size if search.rise is None else reached)
    return Optimum(shares.weights, reached, bound, prices)


def constrained(search: Search, best: Optimum, *, lines: int | None, least: float, change: float) -> Optimum:
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
        search.progress(f"{number} of at most {most} photon energies")
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
    shares, _ = _maximin(search, size)
    reached = _size_of(search, shares.weights, size)
    for _ in range(_SIZE_ROUNDS):
        again, _ = _maximin(search, reached)
        better = _size_of(search, again.weights, reached)
        if not better < reached * (1 - _PRECISE):
            # Cuts may have been added for which the earlier shares have no prices.
            return again._replace(weights=shares.weights), reached, reached
        shares, size, reached = again, reached, better
    return shares, size, reached


def _maximin(search: Search, size: float) -> tuple[Shares, float]:
    """Return the shares at which the least separation is largest, by cutting planes, and that separation."""
    if not all(search.points[k] for k, one in enumerate(search.contrasts) if one.possible(size)):
        uniform = np.full(search.energies.size, 1 / search.energies.size)
        _, points = search.separated(uniform, size)
        for contrast, own, point in zip(search.contrasts, search.points, points, strict=True):
            if contrast.possible(size) and not own:
                own.append(point)
    for left in reversed(range(_CUT_ROUNDS)):
        search.progress(f"best times, against {sum(map(len, search.points))} hypotheses")
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
    """Return a size that equal times at all candidates reach, or the best times for a typical size do."""
    if search.rise is None:
        return 1.0
    uniform = np.full(search.energies.size, 1 / search.energies.size)
    unit = min(one.unit for one in search.contrasts)
    for typical in unit * _TYPICAL:
        shares = _maximin(search, typical)[0].weights if typical else uniform
        size = _size_of(search, shares, typical or unit)
        if np.isfinite(size) and any(one.possible(size) for one in search.contrasts):
            return size
    names = " ".join(search.contrasts[0].name)
    raise InputError("plan", names, "something that the counts of a run in range can exclude in this time")


def _size_of(search: Search, shares: Reals, start: float) -> float:
    """Return the size beyond which all contrasts are excluded; infinite if there is none."""
    assert search.rise is not None
    values, _ = search.separated(shares, start)
    worst, size = int(np.argmin(values)), start
    for _ in range(_SIZE_ROUNDS):
        found = search.contrasts[worst].end(search.total * shares, search.rise, size)
        # Just beyond, a parameter that has met its physical end is no longer in the way.
        size = found * (1 + _BEYOND)
        if not np.isfinite(size):
            break
        values, _ = search.separated(shares, size)
        worst = int(np.argmin(values))
        if values[worst] > search.rise * (1 - _PRECISE):
            break
    return size


def _local_maxima(values: Reals, least: float) -> NDArray[np.intp]:
    """Return the places of local maxima that are at least so large."""
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:])
    return np.flatnonzero(peak & (values >= least))


def _proved(search: Search, shares: Shares, size: float) -> tuple[float, Reals]:
    """Return a figure that no times reach, and the worth of each candidate relative to the best."""
    if search.rise is None:
        return _bound(search, shares, size)
    gap = _SMALLEST_GAP
    while True:
        smaller = size * (1 - gap)
        bound, worth = _bound(search, _maximin(search, smaller)[0], smaller)
        if bound < search.rise or gap >= _LARGEST_GAP:
            return (smaller if bound < search.rise else 0.0), worth
        gap *= 2


def _bound(search: Search, shares: Shares, size: float) -> tuple[float, Reals]:
    """Return what no times at any photon energies separate, and the candidates' relative worth."""
    cuts = search.cuts(size)
    worth = shares.prices @ cuts.gain
    elsewhere = float(np.max(search.peaks(shares.prices, size)[1], initial=0.0))
    bound = upper_bound(cuts, shares.prices) + max(elsewhere - float(worth.max()), 0.0)
    return bound, worth / worth.max()
