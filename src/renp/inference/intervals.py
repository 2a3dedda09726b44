"""Which values of one coordinate a test accepts: all intervals, from a grid and the test in its cells."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from renp._types import Reals

Span: TypeAlias = tuple[float, float]
"""First and last x."""

_STEPS = 100
_WIDTH, _INSIDE = 1e-12, 1e-4


def accepted_intervals(
    grid: Reals, margin: Callable[[Reals], Reals] | Reals, height: Reals, best: float, *, signed: bool
) -> tuple[Span, ...]:
    """Return the intervals where a margin is above 0, the best fit's first.

    Where counts are few, or toys are, pieces between which −2 ln L has no barrier are one interval.

    Parameters
    ----------
    grid
        Increasing coordinates.
    margin
        Above 0 where a coordinate is accepted, for coordinates of any number; or on the grid, linear between.
    height
        −2 ln L of the data on the grid.
    best
        Where that is least.
    signed
        Whether there may be something accepted below the grid, as there may be above; where the grid begins
        or ends inside an interval, this one has no end.

    Examples
    --------
    >>> x = np.linspace(-2.0, 2.0, 9)
    >>> accepted_intervals(x, lambda x: 1 - (x**2 - 1) ** 2 * 4, (x**2 - 1) ** 2, -1.0, signed=True)
    ((-1.2247448713..., -0.7071067811...), (0.7071067811..., 1.2247448713...))
    """
    room = margin(grid) if callable(margin) else margin
    changes = np.flatnonzero(np.diff(np.concatenate([[False], room > 0, [False]]).astype(int)))
    found: list[tuple[int, int]] = []
    for begin, after in changes.reshape(-1, 2):
        first = begin
        if found and not np.any(height[found[-1][1] + 1 : begin] > max(height[found[-1][1]], height[begin])):
            first = found.pop()[0]
        found.append((int(first), int(after) - 1))
    open_end = -np.inf if signed else float(grid[0])
    ends = [
        (
            open_end if first == 0 else _edge(margin, grid, room, first, -1),
            np.inf if last + 1 == len(grid) else _edge(margin, grid, room, last, 1),
        )
        for first, last in found
    ]
    return tuple(sorted(ends, key=lambda end: not end[0] <= best <= end[1]))


def outermost(ends: Sequence[Span]) -> float:
    """Return the distance from 0 of the end that is furthest from it.

    Examples
    --------
    >>> outermost([(1.0, 2.0), (-3.0, -2.5)])
    3.0
    """
    return max((max(abs(low), abs(high)) for low, high in ends), default=np.nan)


def _edge(
    margin: Callable[[Reals], Reals] | Reals, grid: Reals, room: Reals, inside: int, step: int
) -> float:
    """Return where acceptance ends in a cell, by the secant; halves where the margin jumps."""
    ends, heights = grid[[inside, inside + step]].copy(), room[[inside, inside + step]].copy()
    if not callable(margin):
        return float(ends[0] + heights[0] / (heights[0] - heights[1]) * (ends[1] - ends[0]))
    halve = False
    for _ in range(_STEPS):
        width = ends[1] - ends[0]
        if abs(width) <= _WIDTH * np.max(np.abs(ends)):
            break
        part = 0.5 if halve else np.clip(heights[0] / (heights[0] - heights[1]), _INSIDE, 1 - _INSIDE)
        middle = ends[0] + part * width
        height = margin(np.array([middle]))[0]
        end = int(height <= 0)
        ends[end], heights[end] = middle, height
        halve = not halve and abs(ends[1] - ends[0]) > abs(width) / 2
    return float(np.mean(ends))
