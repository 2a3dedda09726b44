"""The points of a scan: axes as functions of the place, and their product cut into chunks of one shape."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp.scenario.scan import Axis

Rows: TypeAlias = NDArray[np.int64]
Columns: TypeAlias = tuple[NDArray[np.float64], ...]
"""Values of an axis, one array for each of its parameters."""

_RANDOM_BLOCK = 4096
"""Random numbers that are drawn together: a chunk needs few that it does not use."""


def axis_values(axis: Axis, rows: Rows) -> Columns:
    """Return the values of a numeric axis at some of its places, the same in any order."""
    if axis.spacing == "values":
        return tuple(np.array(axis.values, dtype=float)[rows].T)
    return tuple(
        _spaced(axis, column, low, high, rows)
        for column, (low, high) in enumerate(zip(axis.low, axis.high, strict=True))
    )


def _spaced(axis: Axis, column: int, low: float, high: float, rows: Rows) -> NDArray[np.float64]:
    if axis.spacing == "random":
        return low + (high - low) * _random(axis.seed, column, rows)
    part = rows / max(axis.points - 1, 1)
    if axis.spacing == "grid":
        inside = low + (high - low) * part
    else:
        inside = math.copysign(1.0, low) * np.exp(
            (1 - part) * math.log(abs(low)) + part * math.log(abs(high))
        )
    return np.where(rows == 0, low, np.where(rows == axis.points - 1, high, inside))


def _random(seed: int, column: int, rows: Rows) -> NDArray[np.float64]:
    """Return uniform random numbers between 0 and 1 by their place in an endless sequence."""
    found = np.empty(rows.size)
    blocks = rows // _RANDOM_BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, int(block), column]))
        found[here] = generator.random(_RANDOM_BLOCK)[rows[here] % _RANDOM_BLOCK]
    return found


@dataclass(frozen=True)
class Chunks:
    """A product of axes cut into boxes of one shape; those at the upper ends are filled up."""

    shape: tuple[int, ...]
    """Points of each axis."""
    chunk: tuple[int, ...]
    """Points of a chunk along each axis."""

    @property
    def counts(self) -> tuple[int, ...]:
        """How many chunks there are along each axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))

    def __len__(self) -> int:
        return math.prod(self.counts)

    def place(self, number: int) -> tuple[int, ...]:
        """Return where a chunk is among the chunks of each axis; the last axis runs fastest."""
        place = []
        for count in reversed(self.counts):
            number, k = divmod(number, count)
            place.append(k)
        return tuple(reversed(place))

    def rows(self, number: int) -> tuple[Rows, ...]:
        """Return the places along each axis, the last one repeated where a chunk is filled up."""
        ends = zip(self.place(number), self.chunk, self.shape, strict=True)
        return tuple(np.minimum(np.arange(k * c, (k + 1) * c), n - 1) for k, c, n in ends)

    def inside(self, number: int) -> tuple[slice, ...]:
        """Return which part of the whole a chunk is, without what fills it up."""
        ends = zip(self.place(number), self.chunk, self.shape, strict=True)
        return tuple(slice(k * c, min((k + 1) * c, n)) for k, c, n in ends)

    def points(self, number: int) -> int:
        """Return how many points a chunk has, without what fills it up."""
        return math.prod(part.stop - part.start for part in self.inside(number))


def cut(axes: tuple[Axis, ...], points: int) -> Chunks:
    """Return chunks of at most some points; axes of words are taken point by point."""
    chunk: list[int] = []
    left = points
    for axis in reversed(axes):
        chunk.append(_part(axis.points, left) if axis.numeric else 1)
        left //= chunk[-1]
    return Chunks(tuple(axis.points for axis in axes), tuple(reversed(chunk)))


def _part(points: int, most: int) -> int:
    """Return the length of equal parts of an axis that leaves the least to fill up."""
    if points <= most:
        return points
    lengths = range(max(most, 1), max(most // 2, 1) - 1, -1)
    return min(lengths, key=lambda length: -(-points // length) * length - points)
