"""Limits on the strength of any interaction that interferes with the weak one.

With strength t the expected counts are N(t) = N_0 + b t + c t², exactly, since amplitudes add. A strength is
excluded where the Poisson χ² rises above its value at t = 0 by more than Δχ²; the data are the expectation
for t = 0 (Asimov data). Destructive interference may leave islands: the limit is beyond the outermost.
"""

from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.experiment import Experiment, expected_counts, signal_counts
from renp.inference.poisson import chi2
from renp.interactions import Weak
from renp.interactions.couplings import Interaction, Scaled
from renp.neutrinos import Neutrinos
from renp.validation import Scalar

Reals: TypeAlias = Float[Array, "n"]

_GRID = 600
_SCORING = 30
_BISECTIONS = 60


class Counts(NamedTuple):
    """Coefficients of N(t) = null + linear·t + quadratic·t² in each run, for t in units of ``unit``."""

    null: Reals
    linear: Reals
    quadratic: Reals
    unit: Float[Array, ""]

    def at(self, t: Scalar) -> Reals:
        """Return the expected counts at strength t."""
        # Rounding may leave a square that should vanish just below zero.
        return jnp.maximum(self.null + t * (self.linear + t * self.quadratic), 0.0)


class StrengthLimits(NamedTuple):
    """Limits on the strength: the interaction is excluded beyond them on either side."""

    lower: Float[Array, ""]
    upper: Float[Array, ""]


def strength_counts(experiment: Experiment, neutrinos: Neutrinos, interaction: Interaction) -> Counts:
    """Return how the counts depend on the strength of an interaction beside the weak one.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> light = renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})
    >>> strength_counts(runs, renp.Neutrinos(0.01), light).null.round(1)
    Array([11.7], dtype=float64)
    """
    null = expected_counts(experiment, neutrinos)
    alone = signal_counts(experiment, neutrinos, interaction)
    unit = jnp.sqrt((jnp.sum(null) + 1) / jnp.where(jnp.sum(alone) > 0, jnp.sum(alone), 1.0))
    more, less = (
        signal_counts(experiment, neutrinos, Weak() + Scaled(sign * unit, interaction))
        for sign in (1.0, -1.0)
    )
    return Counts(null, (more - less) / 2, alone * unit**2, unit)


def strength_limits(counts: Counts, delta_chi2: Scalar) -> StrengthLimits:
    """Return the strengths beyond which the interaction is excluded; infinite where nothing is sensitive.

    Examples
    --------
    >>> one = jnp.ones(1)
    >>> limits = strength_limits(Counts(100 * one, 0 * one, one, jnp.array(1.0)), 2.71)
    >>> limits.upper.round(3), limits.lower.round(3)
    (Array(4.169, dtype=float64), Array(-4.169, dtype=float64))
    """
    total = jnp.sum(counts.quadratic)
    sensitive = ~(total <= 0)  # a NaN has to show in the limits
    mirrored = counts._replace(linear=-counts.linear)
    upper, lower = (_outermost(side, delta_chi2) * counts.unit for side in (counts, mirrored))
    lower, upper = (jnp.where(jnp.isnan(total), jnp.nan, limit) for limit in (lower, upper))
    return StrengthLimits(jnp.where(sensitive, -lower, -jnp.inf), jnp.where(sensitive, upper, jnp.inf))


def _minima(counts: Counts) -> Float[Array, "m"]:
    """Return strengths t > 0 around which an island may lie.

    A run's counts return to those at t = 0 at −b/c; from each such strength, Fisher scoring leads to a
    minimum of the χ² of all runs.
    """
    own = -counts.linear / jnp.where(counts.quadratic > 0, counts.quadratic, jnp.inf)

    def step(t: Array, _: None) -> tuple[Array, None]:
        expected = jnp.maximum(counts.at(t), 1e-300)
        slope = counts.linear + 2 * t * counts.quadratic
        rise = jnp.sum(slope * (1 - counts.null / expected))
        information = jnp.sum(slope**2 * counts.null / expected**2)
        return jnp.clip(t - rise / jnp.where(information > 0, information, jnp.inf), 1e-7, 1e7), None

    def follow(t: Array) -> Array:
        return jnp.asarray(jax.lax.scan(step, t, length=_SCORING)[0])

    own = jnp.clip(own, 1e-7, 1e7)
    return jnp.concatenate([own, jax.vmap(follow)(own)])


def _outermost(counts: Counts, delta_chi2: Scalar) -> Float[Array, ""]:
    """Return the largest t > 0 at which the χ² crosses Δχ²."""

    def excess(t: Array) -> Array:
        return jnp.asarray(chi2(counts.at(t), counts.null) - delta_chi2)

    # Steps are even in ln t, over all strengths that one run or many could leave allowed. An island may be
    # narrower than a step: the minimum of the χ² in it is a point of its own.
    grid = jnp.sort(jnp.concatenate([jnp.logspace(-7, 7, _GRID), _minima(counts)]))
    allowed = jax.vmap(excess)(grid) <= 0
    last = jnp.max(jnp.where(allowed, jnp.arange(grid.size), -1))
    low = jnp.where(last < 0, 0.0, grid[jnp.maximum(last, 0)])
    high = grid[jnp.minimum(last + 1, grid.size - 1)]

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        inside = excess(middle) <= 0
        return jnp.where(inside, middle, low), jnp.where(inside, high, middle)

    low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, (low, high))
    return jnp.asarray(low + high) / 2
