"""Where the profiles of many data sets have risen, with the status of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.compiled import compiled
from renp.inference.best_fits import Mask, Minima, lowest_minima
from renp.inference.ensembles import FEW_STEPS, MANY_STEPS, chunk_of, fit_ensemble, put, retried
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NO_RISE, NOT_CONVERGED, Crossing, Minimum, crossing
from renp.inference.starts import edges
from renp.validation import Scalar

_BISECTIONS = 50
_SHORT_STEPS, _LONGER = 24, 1.2
"""So many steps outwards are that much longer than the one before, to 400 times the first in all, and the
others twice as long: the χ² may rise above its target and fall again."""

_FIRST_STEP = 0.1
_JUMP, _CLOSE = 1e-3, 1e-9
"""How far the χ² may lie above its target where a bisection ends and where it stops, in units of the rise."""

_AGAIN = 5
"""So often a bisection may end where a fit from further inside is below the target after all."""

_AT_WALL = 1e-9
"""Distance in coordinates within which a crossing is where a run closes."""


def crossing_ensemble(
    likelihood: Likelihood, data: Data, best: Minimum, moves: Any, k: int, side: Scalar, rise: Any
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
    found: Crossing = retried(few, many, (data, best, rises), chunk_of(likelihood))
    for again in (_Path.nearer, _Path.beyond):
        lost = np.flatnonzero(
            (np.asarray(found.status) == NOT_CONVERGED) & np.isfinite(np.asarray(best.chi2))
        )
        if lost.size:
            some, at, near = jax.tree.map(lambda a, lost=lost: np.asarray(a)[lost], (data, best, found))
            path = _Path(likelihood, some, at, rises[lost], np.asarray(moves), k, float(side))
            found = put(found, lost, again(path, near))
    return found


@dataclass(frozen=True)
class _Path:
    """Where corners lie on the way to a crossing: fits at fixed values of the parameter, slow and sure."""

    likelihood: Likelihood
    data: Data
    best: Minimum
    rises: Reals
    moves: Mask
    k: int
    side: float

    @property
    def others(self) -> Mask:
        """What moves beside the parameter."""
        others: Mask = self.moves & (np.arange(self.moves.size) != self.k)
        return others

    def rows(self, which: NDArray[np.intp]) -> "_Path":
        """Return that of some of the data sets."""
        data, best, rises = jax.tree.map(lambda a: np.asarray(a)[which], (self.data, self.best, self.rises))
        return replace(self, data=data, best=best, rises=rises)

    def fitted(self, x: Reals) -> Minimum | Minima:
        """Return the minima from points."""
        return fit_ensemble(self.likelihood, self.data, x, jnp.asarray(self.others))

    def sought(self, x: Reals) -> Minimum | Minima:
        """Return the lowest minima from many starts."""
        return lowest_minima(self.likelihood, self.data, self.others, also=x, still=x)

    def confirmed(
        self, start: Reals, step: Reals, fit: Callable[["_Path", Reals], Minimum | Minima]
    ) -> Crossing:
        """Return crossings beyond points below the target; no fit from further inside is below it there."""
        found = self.bisected(start, step, fit)
        for _ in range(_AGAIN):
            ends = np.flatnonzero(np.asarray(found.status) == CONVERGED)
            if not ends.size:
                return found
            there = fit(self.rows(ends), np.asarray(found.x)[ends])
            missed = np.asarray(there.chi2) < (self.best.chi2 + (1 - _JUMP) * self.rises)[ends]
            if not missed.any():
                return found
            some = ends[missed]
            further = self.rows(some).bisected(np.asarray(there.x)[missed], np.asarray(step)[some], fit)
            found = put(found, some, further)
        status = np.array(found.status)
        status[some] = np.where(status[some] == CONVERGED, NOT_CONVERGED, status[some])
        return found._replace(status=jnp.asarray(status))

    def bisected(
        self, start: Reals, step: Reals, fit: Callable[["_Path", Reals], Minimum | Minima]
    ) -> Crossing:
        """Return crossings beyond points below the target; where one fails its x is the last such point."""
        k, side, target = self.k, self.side, self.best.chi2 + self.rises
        x = np.array(start)
        inside = x[:, k].copy()
        outside = np.full(len(inside), side * np.inf)
        end = np.asarray(self.likelihood.bounds[1 if side > 0 else 0])[k]
        reached = np.full(len(inside), np.inf)
        going = np.arange(len(inside))
        for number in range(_SHORT_STEPS + _BISECTIONS):
            near, far = inside[going], outside[going]
            middle = np.where(np.isfinite(far), (near + far) / 2, near + side * step[going])
            step = np.where(np.isfinite(outside), step, (_LONGER if number < _SHORT_STEPS else 2) * step)
            x[going, k] = side * np.minimum(side * middle, side * end)
            there = fit(self.rows(going), x[going])
            rise = np.asarray(there.chi2) - target[going]
            below = rise < 0
            lower, higher = going[below], going[~below]
            inside[lower], outside[higher] = x[lower, k], x[higher, k]
            x[lower], reached[higher] = np.asarray(there.x)[below], rise[~below]
            apart = ~np.isfinite(outside[going]) | (middle != near) & (middle != far)
            going = going[apart & ~((reached < _CLOSE * self.rises) | (inside == end))[going]]
            if not going.size:
                break
        # A profile that jumps has a lower minimum that was not found.
        status = np.where(reached < _JUMP * self.rises, CONVERGED, NOT_CONVERGED)
        status = np.where(np.isfinite(outside), status, NO_RISE)
        x[:, k] = np.where(status == CONVERGED, outside, inside)
        return Crossing(jnp.asarray(outside), jnp.asarray(x), jnp.asarray(status))

    def nearer(self, lost: Crossing) -> Crossing:
        """Return crossings by fits that follow the profile from its minimum."""
        # Not from where the search failed, which may be beyond another minimum.
        step = np.full(len(lost.value), _FIRST_STEP)
        return self.confirmed(np.asarray(self.best.x), step, _Path.fitted)

    def beyond(self, lost: Crossing) -> Crossing:
        """Return crossings from where a profile seemed to jump: a fit had missed a minimum, or it is a wall.

        Where a run closes, a coupling of any size may describe its counts until then: the profile of what
        moves thresholds does jump there.
        """
        x = np.array(lost.x)
        x[:, self.k] = lost.value
        there = self.sought(x)
        below = np.flatnonzero(np.asarray(there.chi2) < self.best.chi2 + self.rises)
        corners = edges(self.likelihood).get(self.k, np.zeros(0))
        away = np.abs(lost.value[:, None] - corners)
        wall = np.min(away, axis=1, initial=np.inf) < _AT_WALL
        found = lost._replace(status=jnp.where(wall, CONVERGED, NOT_CONVERGED))
        if not below.size:
            return found
        further = self.rows(below)
        step = np.maximum(0.1 * np.abs(x[below, self.k]), _FIRST_STEP)
        return put(found, below, further.confirmed(np.asarray(there.x)[below], step, _Path.sought))


@compiled
def _cross(
    likelihood: Likelihood,
    data: Data,
    best: Minimum,
    rises: Any,
    moves: Any,
    k: Any,
    side: Any,
    steps: Any,
) -> Crossing:
    return jax.vmap(lambda d, b, r: crossing(likelihood, d, b, moves, k, side, r, steps))(data, best, rises)
