"""The points of a scan: axes as functions of the place, their product in chunks, and chunks in batches."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from renp.scenario.keys import Key
from renp.scenario.scan import Axis

T = TypeVar("T")

Point: TypeAlias = dict[Key, Array]
Keys: TypeAlias = tuple[tuple[Key, ...], ...]
"""Parameters of each axis whose points are computed together."""

Rows: TypeAlias = NDArray[np.int64]
Columns: TypeAlias = tuple[NDArray[np.float64], ...]
"""Values of an axis, one array for each of its parameters."""

_NOTHING = Key("", None, "", None)

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


def written(axis: Axis, row: int) -> tuple[Any, ...]:
    """Return the values at a place of an axis as a file would have them."""
    if axis.spacing == "values":
        return axis.raw[row]
    values = (float(column[0]) for column in axis_values(axis, np.array([row])))
    return tuple(f"{x:.17g} {unit}" if unit else x for x, unit in zip(values, axis.units, strict=True))


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
        return tuple(map(int, np.unravel_index(number, self.counts)))

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
    """Return chunks of at most some points; axes that are taken in turn, point by point."""
    chunk: list[int] = []
    left = points
    for axis in reversed(axes):
        chunk.append(_part(axis.points, left) if axis.together else 1)
        left //= chunk[-1]
    return Chunks(tuple(axis.points for axis in axes), tuple(reversed(chunk)))


def _part(points: int, most: int) -> int:
    """Return the length of equal parts of an axis that leaves the least to fill up."""
    if points <= most:
        return points
    lengths = range(max(most, 1), max(most // 2, 1) - 1, -1)
    return min(lengths, key=lambda length: -(-points // length) * length - points)


def batch_size(points: int, most: int) -> int:
    """Return the size of equal batches that hold some points, a multiple of 8."""
    batches = -(-points // most)
    return -(-points // (8 * batches)) * 8


def over_points(function: Callable[[Point], T], keys: Keys, columns: tuple[Columns, ...], most: int) -> T:
    """Return ``function`` of all points of a product of axes, in batches of at most ``most`` points.

    It takes arrays of shape (batch,) and returns a tree of shape (..., batch); all together have shape (...,
    points), the last axis running fastest.
    """
    lengths = tuple(len(column[0]) for column in columns)
    points = int(np.prod(lengths, dtype=np.int64))
    size = batch_size(points, most)
    number = -(-points // size)
    flat: Point = {}
    for axis, (names, values) in enumerate(zip(keys, columns, strict=True)):
        shape = tuple(n if k == axis else 1 for k, n in enumerate(lengths))
        for name, value in zip(names, values, strict=True):
            whole = jnp.broadcast_to(jnp.reshape(value, shape), lengths).ravel()
            flat[name] = jnp.pad(whole, (0, number * size - points), mode="edge").reshape(number, size)
    if not flat:
        flat = {_NOTHING: jnp.zeros((1, size))}
    found = jax.lax.map(function, flat)

    def joined(x: Array) -> Array:
        return jnp.moveaxis(x, 0, -2).reshape(*x.shape[1:-1], number * size)[..., :points]

    whole_tree: T = jax.tree.map(joined, found)
    return whole_tree


def flattened(keys: Keys, columns: tuple[Columns, ...]) -> dict[Key, NDArray[np.float64]]:
    """Return the values at all points, the last axis running fastest."""
    lengths = tuple(len(column[0]) for column in columns)
    places = np.indices(lengths).reshape(len(lengths), -1)
    return {
        name: value[place]
        for names, values, place in zip(keys, columns, places, strict=True)
        for name, value in zip(names, values, strict=True)
    }


def compiled(function: Callable[..., T], *like: Any) -> Callable[..., T]:
    """Return a function compiled once for arguments of the shapes of ``like``, whatever thread calls it."""
    shapes = jax.tree.map(lambda x: _shape(x), like)
    ready: Callable[..., T] = jax.jit(function).lower(*shapes).compile()
    return ready


def _shape(x: Any) -> Any:
    return jax.ShapeDtypeStruct(np.shape(x), jnp.asarray(x).dtype)  # type: ignore[no-untyped-call]
