"""Sums and products that keep the digits which rounding would lose.

Each function returns the rounded result and its rounding error. The compiler may contract a product and
a sum into one operation, or reassociate constants; `jax.lax.reduce_precision` is opaque to
it, so each leading part is rounded through it to a few digits less than a float has.
"""

from typing import TypeAlias

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Real: TypeAlias = Float[Array, "..."]


def rounded(x: Real, bits: int) -> Real:
    """Return the leading bits of a number.

    Examples
    --------
    >>> float(rounded(jnp.array(1.4), 1))
    1.5
    """
    return lax.reduce_precision(x, exponent_bits=11, mantissa_bits=bits)


def _split(x: Real) -> tuple[Real, Real]:
    high = rounded(x, 25)
    return high, x - high


def two_sum(a: Real, b: Real) -> tuple[Real, Real]:
    """Return s and e with s + e = a + b exactly, s the leading part.

    Examples
    --------
    >>> s, e = two_sum(jnp.array(1.0), jnp.array(1e-20))
    >>> float(s), float(e)
    (1.0, 1e-20)
    """
    larger = jnp.where(jnp.abs(a) >= jnp.abs(b), a, b)
    smaller = jnp.where(jnp.abs(a) >= jnp.abs(b), b, a)
    total = rounded(a + b, 48)
    return total, (larger - total) + smaller


def two_product(a: Real, b: Real) -> tuple[Real, Real]:
    """Return p and e with p + e = a·b to 2⁻¹⁰⁰ of it, p the leading part.

    Examples
    --------
    >>> p, e = two_product(jnp.array(1 + 2**-30), jnp.array(1 + 2**-30))
    >>> float(p) + float(e) == 1 + 2**-29 and float(e) == 2**-60
    True
    """
    product = rounded(a * b, 48)
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + (a_high * b_low + a_low * b_high)) + a_low * b_low
    return product, error
