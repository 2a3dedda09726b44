"""Sums and products that keep the digits which rounding would lose.

Each function returns the leading part of the result and the rest. The compiler may contract a product and
a sum into one operation, or reassociate constants; bits are opaque to it, so the last one of each leading
part is masked out. What is not being traced is computed in NumPy, to the same bits.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from renp.validation import is_traced

Real: TypeAlias = Any
"""Numbers of JAX, shape (...), while they are traced; of NumPy, or a float, otherwise."""


def array_module(*values: object) -> ModuleType:
    """Return `jax.numpy` if a value is being traced; NumPy otherwise, which starts at once.

    Examples
    --------
    >>> array_module(1.0, jnp.ones(3)).__name__
    'numpy'
    """
    return jnp if is_traced(*values) else np


def vector(values: Sequence[Real]) -> Array:
    """Return numbers as one array of JAX, without a program of JAX unless one is being traced.

    Examples
    --------
    >>> vector([1.0, np.float64(2.0)])
    Array([1., 2.], dtype=float64)
    """
    if array_module(*values) is np:
        return jnp.asarray(np.array([float(x) for x in values]))
    return jnp.stack([jnp.asarray(x, dtype=float) for x in values])


def concatenated(parts: Sequence[Any]) -> Array:
    """Return arrays one after the other as one of JAX, without a program of JAX unless one is being traced.

    Examples
    --------
    >>> concatenated([np.array([1.0]), jnp.array([2.0])])
    Array([1., 2.], dtype=float64)
    """
    return jnp.asarray(array_module(*parts).concatenate(parts))


def leading(x: Real, bits: int) -> Real:
    """Return a number's leading bits, the others zero.

    Examples
    --------
    >>> float(leading(jnp.array(1.9), 2)), float(leading(1.9, 2))
    (1.5, 1.5)
    """
    mask = np.uint64((1 << 64) - (1 << (53 - bits)))
    if array_module(x) is np:
        return (np.asarray(x, dtype=float).view(np.uint64) & mask).view(float)
    masked = lax.bitcast_convert_type(jnp.asarray(x, dtype=float), jnp.uint64) & mask
    return lax.bitcast_convert_type(masked, jnp.float64)


def _split(x: Real) -> tuple[Real, Real]:
    high = leading(x, 26)
    return high, x - high


def two_sum(a: Real, b: Real) -> tuple[Real, Real]:
    """Return s and e with s + e = a + b exactly, s the leading part.

    Examples
    --------
    >>> s, e = two_sum(jnp.array(1.0), jnp.array(1e-20))
    >>> float(s), float(e)
    (1.0, 1e-20)
    """
    xp = array_module(a, b)
    larger, smaller = (xp.where(xp.abs(a) >= xp.abs(b), *pair) for pair in ((a, b), (b, a)))
    total = leading(a + b, 52)
    return total, (larger - total) + smaller


def two_product(a: Real, b: Real) -> tuple[Real, Real]:
    """Return p and e with p + e = a·b to 2⁻¹⁰⁰ of it, p the leading part.

    Examples
    --------
    >>> p, e = two_product(jnp.array(1 + 2**-30), jnp.array(1 + 2**-30))
    >>> float(p) + float(e) == 1 + 2**-29 and float(e) == 2**-60
    True
    """
    product = leading(a * b, 52)
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = (((a_high * b_high - product) + a_high * b_low) + a_low * b_high) + a_low * b_low
    return product, error
