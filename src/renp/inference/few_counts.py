"""Limits where counts are few: p-values from all outcomes that there can be, not from asymptotic formulae.

One coupling is tested and nothing else is uncertain. `renp.inference.outcomes` says what is accepted; where
its counts are many, unified intervals come from outcomes that are drawn.

Sources: A. L. Read, J. Phys. G 28 (2002) 2693, for p_s+b/p_b; G. J. Feldman and R. D. Cousins, Phys. Rev. D
57 (1998) 3873, for the unified interval; G. Cowan et al., Eur. Phys. J. C 71 (2011) 1554, for the statistics.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from renp._types import Reals
from renp.inference.intervals import Span, accepted_intervals, outermost
from renp.inference.lengthened import lengthened_end
from renp.inference.outcomes import (
    MOST_COUNTS,
    SAME,
    Distribution,
    Method,
    Outcomes,
    margins,
    maxima,
    observed,
    outcomes,
)
from renp.inference.signal import Signal

_MOST_CELLS, _FEWEST, _MOST = 4_000_000, 64, 1024
"""Outcomes times x on a grid; and how many x there are at least and at most."""

_COARSE, _FINE = 24, 128
"""How many x at least and at most there are between which the limits of all outcomes are sought at first."""

_CORRECTIONS = 8
"""How often an outcome whose limit was not between these x is put where it belongs."""

_UNLIKELY = 1e-9
_STEPS = 40
_DIVISIONS = 12
"""How often cells of the grid are halved where outcomes change order: narrower intervals are overlooked."""

_MOST_DEVIATIONS = 1.5
RISE, FURTHER, EXTENSIONS = 2.5, 1.5, 8
"""x is looked at up to where −2 ln L has risen by that many quantiles of χ², and further while accepted."""


def intervals(every: Outcomes, one: Outcomes, method: Method, confidence_level: float) -> tuple[Span, ...]:
    """Return the intervals of x that an outcome accepts, that of its best fit first.

    An end is infinite if it is not between the ends of the stretch.

    Examples
    --------
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> every, ten = outcomes(runs.between(0.0, 30.0)), observed(runs, [10.0])
    >>> [(lower, upper)] = intervals(every, ten, "feldman-cousins", 0.90)
    >>> round(lower, 2), round(upper, 2)  # Phys. Rev. D 57 (1998) 3873, Table IV
    (2.63, 13.5)
    """
    low, high = every.stretch.span
    best = maxima(one.expected, one.counts)[1]
    number = int(np.clip(_MOST_CELLS / len(every.counts), _FEWEST, _MOST))
    grid = np.concatenate([best[(best > low) & (best < high)], every.stretch.places(number)])
    grid = np.unique(grid)
    if every.distribution == "outcomes":
        grid = _divided(every, one, grid, method, confidence_level)
    return accepted_intervals(
        grid,
        lambda x: margins(every, one, x, method, confidence_level)[:, 0],
        one.statistic(grid, "feldman-cousins")[:, 0],
        float(one.best[0]),
        signed=one.expected.signed,
    )


def _divided(every: Outcomes, one: Outcomes, grid: Reals, method: Method, confidence_level: float) -> Reals:
    """Return a grid with more x in cells that are excluded at an end, but may be accepted within.

    A p-value jumps where outcomes change order: of those that do so in a cell, each may count or not.
    """
    part = 1 - confidence_level
    cells, found = np.stack([grid[:-1], grid[1:]]), [grid]
    for _ in range(_DIVISIONS):
        x, places = np.unique(cells, return_inverse=True)
        q, gain = every.both(x, method)
        mine = one.statistic(x, method)
        counted = q >= mine - SAME * (1 + mine)
        gain, least = (gain - part * every.null, 0.0) if method == "cls" else (gain, part)
        excluded = np.sum(gain * counted, axis=1) <= least
        low, high = places.reshape(cells.shape)
        some = (excluded[low] | excluded[high]) & np.any(counted[low] != counted[high], axis=1)
        cells, low, high = cells[:, some], low[some], high[some]
        always, ever = counted[low] & counted[high], counted[low] | counted[high]
        most = [
            np.sum(np.where(always, gain[end], np.maximum(gain[end], 0.0) * ever), axis=1)
            for end in (low, high)
        ]
        cells = cells[:, np.maximum(*most) > least]
        middle = np.mean(cells, axis=0)
        found.append(middle)
        cells = np.concatenate([np.stack([cells[0], middle]), np.stack([middle, cells[1]])], axis=1)
        if not middle.size:
            break
    return np.unique(np.concatenate(found))


def typical(
    every: Outcomes, method: Method, confidence_level: float, part: float
) -> tuple[Outcomes, tuple[Span, ...]]:
    """Return the outcome whose limit a part of those without a signal does not exceed, and its `intervals`.

    Limits are infinite if they are beyond the stretch.

    Examples
    --------
    >>> every = outcomes(Signal(np.array([0.5]), np.array([1.0])).between(0.0, 30.0))
    >>> typical(every, "cls", 0.90, 0.5)[0].counts  # most often, nothing is counted
    array([[0.]])
    """
    some = every.some(every.null > _UNLIKELY)
    near, far = _brackets(every, some, method, confidence_level)
    for _ in range(_CORRECTIONS):
        place = _quantile_of(every, some, near, far, method, confidence_level, part)
        one = some.some(np.array([place]))
        ends = intervals(every, one, method, confidence_level)
        limit = outermost(ends)
        if not (limit < near[place] * (1 - SAME) or limit > far[place] * (1 + SAME)):
            break
        near[place] = far[place] = limit  # accepted once more, between the x that were looked at
    return one, ends


def _quantile_of(
    every: Outcomes,
    some: Outcomes,
    near: Reals,
    far: Reals,
    method: Method,
    confidence_level: float,
    part: float,
) -> int:
    """Return the place of the outcome whose limit a part of them does not exceed, from their brackets."""
    weight, (first, last) = some.null, every.stretch.span
    low, high = (_quantile(end, weight, part) for end in (near, far))
    left = np.flatnonzero((near <= high) & (far >= low))
    if not np.isfinite(high):
        left = np.flatnonzero(np.isinf(far))
    missing = part * np.sum(weight) - np.sum(weight[far < low])
    for _ in range(_STEPS):
        if len(left) == 1 or high - low <= SAME * high or not np.isfinite(high):
            break
        middle = (low + high) / 2
        at = np.array([x for x in (-middle, middle) if first <= x <= last])
        still = np.any(margins(every, some.some(left), at, method, confidence_level) > 0, axis=0)
        beyond = (still & (near[left] < far[left])) | (near[left] > middle)
        held = np.sum(weight[left[~beyond]])
        if held >= missing:
            high, left = middle, left[~beyond]
        else:
            low, left, missing = middle, left[beyond], missing - held
    return int(left[np.argmax(weight[left])])


def _brackets(
    every: Outcomes, some: Outcomes, method: Method, confidence_level: float
) -> tuple[Reals, Reals]:
    """Return for each outcome the sizes of x between which its limit is, infinite beyond the stretch."""
    grid = every.stretch.places(int(np.clip(_MOST_CELLS / len(every.counts), _COARSE, _FINE)))
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
        "cls", for which `renp.inference.signed` or `renp.inference.asymptotic` has formulae where counts are
        many, or "feldman-cousins".
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
    >>> [(round(low, 2), round(high, 2)) for low, high in sorted(found.accepted)]
    [(-0.86, 0.88), (3.12, 4.86)]
    """
    if not expected.sensitive:
        everything = (-np.inf if expected.signed else 0.0, np.inf)
        return FewCountsLimits((everything,), (0.0,), (np.inf,) * len(deviations), "outcomes")
    rise = RISE * max(float(2 * special.erfinv(confidence_level) ** 2), 1.0)
    more = (_MOST_DEVIATIONS + max(map(abs, deviations))) * np.sqrt(expected.null)
    data = np.stack([expected.null, expected.null + more, *([] if counts is None else [counts])])
    parts = special.ndtr(np.array(deviations, dtype=float))
    for extension in range(EXTENSIONS):
        gaps = bool(np.max(np.sum(data, axis=1)) > 2 * MOST_COUNTS)
        stretch = expected.reach(data, rise * FURTHER ** (2 * extension), gaps=gaps)
        every = outcomes(stretch, many=method == "feldman-cousins" and not lengthened)
        if every is None:
            break
        found: list[tuple[Outcomes, tuple[Span, ...]]] = []
        for part in parts[::-1]:  # the furthest limit first
            found.insert(0, typical(every, method, confidence_level, float(part)))
            if not np.isfinite(outermost(found[0][1])):
                break
        else:
            if counts is not None:
                seen = observed(expected, counts)
                found.append((seen, intervals(every, seen, method, confidence_level)))
        asked, ends = [one for one, _ in found], [spans for _, spans in found]
        if all(np.isfinite(outermost(one)) for one in ends):
            if lengthened:
                ends = [
                    ((low, lengthened_end(one, high, confidence_level)),)
                    for one, ((low, high),) in zip(asked, ends, strict=True)
                ]
            main = len(parts) // 2 if counts is None else -1
            rises = tuple(_least(asked[main], one) for one in ends[main])
            band = tuple(map(outermost, ends[: len(parts)]))
            return FewCountsLimits(ends[main], rises, band, every.distribution)
    return None


def _least(one: Outcomes, ends: Span) -> float:
    """Return how far −2 ln L of an outcome is at least above its least in an interval."""
    _, x, likelihood = maxima(one.expected, one.counts)
    inside = (x >= ends[0]) & (x <= ends[1])
    return float(2 * (one.most[0] - np.max(likelihood[inside], initial=-np.inf)))
