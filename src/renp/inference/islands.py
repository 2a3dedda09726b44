"""Second solutions: where a coupling that interferes is allowed again, further away.

The counts are N_0 + b g + c g² in each run. Where b and g have opposite signs they fall, and beyond
g = −b/c they rise above N_0 again; around there the data may allow the coupling once more, and a limit lies
beyond it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum


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
