"""Second solutions: where a coupling that interferes is allowed again, further away.

The counts are N_0 + b g + c g² in each run. Where b and g have opposite signs they fall, and beyond
g = −b/c they rise above N_0 again; around there the data may allow the coupling once more, and a limit lies
beyond it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from renp.inference.likelihood import Likelihood, Point
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Among the runs, each of which returns elsewhere: a second solution is where most of them agree."""

STARTS = len(_QUANTILES)


def returns(likelihood: Likelihood, x: Point, k: Int[Array, ""] | int) -> Float[Array, "s p"]:
    """Return points from which a second solution of coupling k is found, if there is one.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 864000.0)
    >>> light = renp.VectorMediator(1e3, 1e-18, left={(1, 1): 1.0})
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"g": light})
    >>> starts = returns(likelihood, likelihood.point(), 0)
    >>> starts.shape, bool((starts > 0).all())
    ((5, 1), True)
    """
    is_k = jnp.arange(x.size) == k
    here, above, below = (likelihood.expected(x + step * is_k) for step in (0.0, 1.0, -1.0))
    linear, square = (above - below) / 2, (above + below) / 2 - here
    steps = -linear / jnp.where(square > 0, square, jnp.nan)
    found = jnp.nan_to_num(jnp.nanquantile(steps, jnp.array(_QUANTILES)), nan=0.0)
    return x + found[:, None] * is_k


def outermost(
    minima: Sequence[Minimum], cross: Callable[[Minimum, Any], Crossing], side: float, rise: Any
) -> tuple[Float[Array, "*sets"], Bool[Array, "*sets"]]:
    """Return the last place where the χ² is ``rise`` above the least of some minima; whether it was found.

    Parameters
    ----------
    minima
        Local minima, the one that has to have converged first.
    cross
        Returns where the χ² has risen from a minimum by some Δχ².
    side
        1 for the crossing above, −1 below.
    rise
        Δχ² of the limit.
    """
    chi2 = jnp.stack([jnp.where(m.status == CONVERGED, m.chi2, jnp.inf) for m in minima])
    left = jnp.min(chi2, axis=0) + rise - chi2
    good = jnp.asarray(minima[0].status == CONVERGED)
    furthest = jnp.full(left.shape[1:], -jnp.inf)
    for minimum, room in zip(minima, left, strict=True):
        allowed = room > 0
        found = cross(minimum, jnp.where(allowed, room, rise))
        furthest = jnp.maximum(furthest, jnp.where(allowed, side * jnp.asarray(found.value), -jnp.inf))
        good = good & (~allowed | jnp.asarray(found.status != NOT_CONVERGED))
    return side * furthest, good
