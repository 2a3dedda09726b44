"""Where the profiles of many data sets have risen, with the status of each."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from renp._types import Mask, Reals
from renp.compiled import compiled
from renp.inference.best_fits import Minima, lowest_minima
from renp.inference.ensembles import FEW_STEPS, MANY_STEPS, fit_ensemble, put, retried
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NO_RISE, NOT_CONVERGED, Crossing, Minimum, crossing
from renp.validation import Scalar

_BISECTIONS = 50
_JUMP = 1e-3
"""How far the χ² may lie above its target where a bisection ends, in units of the rise."""


def crossing_ensemble(
    likelihood: Likelihood, data: Data, best: Minimum, moves: Mask, k: int, side: Scalar, rise: Any
) -> Crossing:
    """Return for each data set where the profile of parameter ``k`` has risen by ``rise``.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    best
        The minimum of each data set.
    moves
        Which parameters move.
    k
        Place of the parameter.
    side
        1 for the upper crossing, −1 for the lower.
    rise
        Δχ², one for all or one for each data set.
    """
    rises = np.broadcast_to(np.asarray(rise, dtype=float), (len(data.counts),))
    few, many = (
        lambda d, n=n: _cross(likelihood, *d, moves, jnp.asarray(k), jnp.asarray(side, dtype=float), n)
        for n in (2 * FEW_STEPS, MANY_STEPS)
    )
    found: Crossing = retried(few, many, (data, best, rises))
    for fit in (_fitted_again, _sought_again):
        lost = np.flatnonzero(
            (np.asarray(found.status) == NOT_CONVERGED) & np.isfinite(np.asarray(best.chi2))
        )
        if not lost.size:
            break
        some, at, near = jax.tree.map(lambda a, lost=lost: np.asarray(a)[lost], (data, best, found))
        again = _bisected(
            partial(fit, likelihood, some), likelihood.bounds, at, near, rises[lost], moves, k, float(side)
        )
        found = put(found, lost, again)
    return found


def _fitted_again(likelihood: Likelihood, data: Data, x: Reals, moves: Mask) -> Minimum:
    """Return the minima from points: right where there are no others."""
    return fit_ensemble(likelihood, data, x, moves)


def _sought_again(likelihood: Likelihood, data: Data, x: Reals, moves: Mask) -> Minima:
    """Return the lowest minima from many starts."""
    return lowest_minima(likelihood, data, np.asarray(moves), also=x, still=x)


def _bisected(
    fit: Callable[[Reals, Mask], Minimum | Minima],
    bounds: tuple[Array, Array],
    best: Minimum,
    found: Crossing,
    rises: Reals,
    moves: Mask,
    k: int,
    side: float,
) -> Crossing:
    """Return crossings by fits at fixed values: slow, and sure where a threshold makes corners."""
    others = moves & (jnp.arange(moves.size) != k)
    target = best.chi2 + rises
    x = np.array(best.x)
    inside = x[:, k].copy()
    outside = np.full(len(inside), side * np.inf)
    end = np.asarray(bounds[1 if side > 0 else 0])[k]
    step = np.maximum(np.abs(found.x[:, k] - inside), 0.1)
    reached = np.full(len(inside), np.inf)
    for _ in range(_BISECTIONS):
        middle = np.where(np.isfinite(outside), (inside + outside) / 2, inside + side * 2 * step)
        step = np.where(np.isfinite(outside), step, 2 * step)
        x[:, k] = side * np.minimum(side * middle, side * end)
        there = fit(x, others)
        below = there.chi2 < target
        inside, outside = np.where(below, x[:, k], inside), np.where(below, outside, x[:, k])
        reached = np.where(below, reached, there.chi2 - target)
        x = np.where(below[:, None], there.x, x)
    never = ~np.isfinite(outside)
    x[:, k] = outside
    # A profile that jumps has a lower minimum that was not found.
    status = np.where(reached < _JUMP * rises, CONVERGED, NOT_CONVERGED)
    return Crossing(jnp.asarray(outside), jnp.asarray(x), jnp.where(never, NO_RISE, status))


@compiled
def _cross(
    likelihood: Likelihood,
    data: Data,
    best: Minimum,
    rises: Any,
    moves: Mask,
    k: Any,
    side: Any,
    steps: Any,
) -> Crossing:
    return jax.vmap(lambda d, b, r: crossing(likelihood, d, b, moves, k, side, r, steps))(data, best, rises)
