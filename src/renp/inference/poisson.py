"""The Poisson χ² of counts, and the largest signal that it allows."""

from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.validation import Scalar

Reals: TypeAlias = Float[Array, "n"]

_STEPS = 100


def chi2(expected: Reals, counts: Reals) -> Float[Array, ""]:
    """Return 2 Σ [N − n + n ln(n/N)], the Poisson χ² of counts n where N are expected.

    Runs in which nothing is expected and nothing was counted do not contribute.

    Examples
    --------
    >>> chi2(jnp.array([100.0, 0.0]), jnp.array([110.0, 0.0])).round(6)
    Array(0.96824, dtype=float64)
    """
    return jnp.sum(deviance(expected, counts))


def deviance(expected: Reals, counts: Reals) -> Reals:
    """Return what each run adds to the χ²; for rates instead of counts, what it adds in unit time.

    Examples
    --------
    >>> deviance(jnp.array([100.0, 3.0]), jnp.array([110.0, 0.0])).round(6)
    Array([0.96824, 6.     ], dtype=float64)
    """
    seen = counts > 0
    # Relative to the counts, so that many of them cancel before they are rounded.
    excess = _ratio(jnp.where(seen, expected - counts, 0.0), counts)
    return 2 * jnp.where(seen, counts * (excess - jnp.log1p(excess)), expected)


def best_fit(signal: Reals, background: Reals, counts: Reals) -> Float[Array, ""]:
    """Return the θ ≥ 0 that minimises the χ² of background + θ·signal.

    Parameters
    ----------
    signal
        Expected counts for θ = 1, at least 0.
    background
        Expected counts for θ = 0.
    counts
        Observed counts.

    Examples
    --------
    >>> best_fit(jnp.array([2.0]), jnp.array([100.0]), jnp.array([110.0])).round(12)
    Array(5., dtype=float64)
    """
    scale = (1 + jnp.sum(counts)) / _positive(jnp.sum(signal))
    s = scale * signal

    def slope(t: Array) -> Array:
        return jnp.sum(s - _ratio(counts * s, background + t * s))

    def step(t: Array, _: None) -> tuple[Array, None]:
        curvature = jnp.sum(_ratio(counts * s**2, (background + t * s) ** 2))
        # The slope is concave: from the left of its zero, Newton's steps approach it from the left.
        return t + jnp.maximum(-_ratio(slope(t), curvature), 0.0), None

    start = jnp.asarray(1e-12)
    found, _ = jax.lax.scan(step, start, length=_STEPS)
    return scale * jnp.where(slope(start) < 0, found, 0.0)


def signal_limit(signal: Reals, background: Reals, counts: Reals, delta_chi2: Scalar) -> Float[Array, ""]:
    """Return the largest θ at which the χ² of background + θ·signal is Δχ² above its minimum over θ ≥ 0.

    Parameters
    ----------
    signal
        Expected counts for θ = 1, at least 0.
    background
        Expected counts for θ = 0.
    counts
        Observed counts; the background itself for the expected limit (Asimov data).
    delta_chi2
        Allowed rise, above 0.

    Returns
    -------
    Array
        The limit; infinite if no run has any signal.

    Examples
    --------
    >>> none = jnp.array([0.0])
    >>> signal_limit(jnp.array([2.0]), none, none, 2.71).round(12)  # N = 2.71/2
    Array(0.6775, dtype=float64)
    """
    best = best_fit(signal, background, counts)
    at_best = background + best * signal
    # Below the limit for every run alone, so that all terms of the rise are of order one.
    scale = 1 / _positive(jnp.sqrt(jnp.sum(_ratio(signal**2, at_best + counts + 1))))
    s = scale * signal

    def rise(t: Array) -> Array:
        return 2 * jnp.sum(t * s - _times(counts, jnp.log1p(_ratio(t * s, at_best)))) - delta_chi2

    def slope(t: Array) -> Array:
        return 2 * jnp.sum(s - _ratio(counts * s, at_best + t * s))

    def step(t: Array, _: None) -> tuple[Array, None]:
        # The rise is convex and, beyond the minimum, increasing: Newton's steps converge from above.
        return jnp.maximum(t - _ratio(rise(t), slope(t)), t * 1e-3), None

    found, _ = jax.lax.scan(step, jnp.sqrt(jnp.asarray(delta_chi2)), length=_STEPS)
    return jnp.where(jnp.sum(signal) > 0, best + scale * found, jnp.inf)


def _positive(x: Array) -> Array:
    return jnp.where(x > 0, x, 1.0)


def _ratio(a: Array, b: Array) -> Array:
    """Return a/b, and 0 where b is 0: a run that expects nothing has no say."""
    return jnp.where(b == 0, 0.0, a / jnp.where(b == 0, 1.0, b))


def _times(a: Array, b: Array) -> Array:
    return jnp.where(a == 0, 0.0, a * b)
