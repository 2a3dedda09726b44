"""One function of a point, compiled for a chunk: batch after batch of points on the minor axis."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from renp.scans.grid import Columns
from renp.scenario.keys import Key

T = TypeVar("T")

Point: TypeAlias = dict[Key, Array]
Keys: TypeAlias = tuple[tuple[Key, ...], ...]
"""Parameters of each numeric axis."""


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


_NOTHING = Key("", None, "", None)


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
