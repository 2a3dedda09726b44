"""Intervals by the unified approach of Feldman and Cousins, with toys.

Source: G. J. Feldman and R. D. Cousins, Phys. Rev. D 57 (1998) 3873, arXiv:physics/9711021, Sec. IV. A value
of the parameter is accepted where the data's χ² above its minimum is not larger than that of a fraction
`confidence_level` of toys drawn at this value. Nuisance parameters are profiled, and toys are drawn where the
data's profile has them; their external measurements fluctuate with the counts.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from renp._types import Mask, Reals
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NO_RISE
from renp.validation import Scalar

_COARSE, _FINE = 24, 12
_REACH = 2.5
"""The first grid ends where the data's profile has risen this many times the asymptotic quantile."""

_EXTENSIONS = 6


class Construction(NamedTuple):
    """Neyman's construction along one parameter; coordinates increase."""

    grid: Reals
    rise: Reals
    """Δχ² of the data at each coordinate."""
    critical: Reals
    """Δχ² that the fraction `confidence_level` of toys does not exceed."""
    failed: int
    """Toys without a converged fit, left out of the quantiles."""

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which coordinates belong to the interval."""
        # A toy equal to the data must not be rejected for its rounding.
        return self.rise <= self.critical + 1e-9 * (1 + self.critical)


class Interval(NamedTuple):
    """Ends of the accepted coordinates; equal to the bound, or infinite, where there is no end."""

    lower: float
    upper: float
    construction: Construction


def feldman_cousins(
    likelihood: Likelihood,
    data: Data,
    k: int,
    moves: Mask,
    quantile: float,
    confidence_level: float,
    key: Array,
    toys: int = 5000,
) -> Interval:
    """Return the interval of a magnitude by toys.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    k
        Place of the parameter, whose coordinate is at least 0.
    moves
        Which parameters are fitted.
    quantile
        Of χ² with one degree of freedom at the confidence level: the scale of the first grid.
    confidence_level
        Between 0 and 1.
    key
        Of the random numbers.
    toys
        For each coordinate of the grid.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[12])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> found = feldman_cousins(
    ...     likelihood, likelihood.data, 0, jnp.array([True]), 2.71, 0.9, jax.random.key(0), toys=500
    ... )
    >>> found.lower, found.upper < np.inf
    (0.0, True)
    """
    best = fit_ensemble(likelihood, _one(data), likelihood.start, moves)
    end = crossing_ensemble(likelihood, _one(data), best, moves, k, 1.0, _REACH * quantile)
    if end.status[0] == NO_RISE:
        nothing = np.array([])
        return Interval(0.0, np.inf, Construction(nothing, nothing, nothing, 0))
    top = float(end.value[0])

    def construct(grid: Reals, key: Array) -> Construction:
        return _construct(likelihood, data, k, moves, confidence_level, grid, float(best.chi2[0]), key, toys)

    keys = iter(jax.random.split(key, _EXTENSIONS + 3))
    # Even in the root of the coordinate, which is the coupling.
    found = construct(np.linspace(0.0, np.sqrt(top), _COARSE) ** 2, next(keys))
    for _ in range(_EXTENSIONS):
        if not found.accepted[-1]:
            break
        further = np.linspace(1.0, 1.5, _COARSE // 2)[1:] ** 2 * found.grid[-1]
        found = _joined(found, construct(further, next(keys)))
    for cell in _edges(found):
        found = _joined(found, construct(np.linspace(*cell, _FINE + 2)[1:-1], next(keys)))
    return Interval(*_ends(found), found)


def critical_value(
    likelihood: Likelihood,
    points: Reals,
    k: int,
    moves: Mask,
    confidence_level: float,
    key: Array,
    toys: int,
) -> tuple[Reals, int]:
    """Return for each point the Δχ² that a fraction of the toys drawn there does not exceed.

    Parameters
    ----------
    likelihood
        What is fitted.
    points
        Where toys are drawn, shape (points, p).
    k, moves, confidence_level, key, toys
        As in `feldman_cousins`.

    Returns
    -------
    tuple
        The critical values, shape (points,), and the number of toys without a converged fit.
    """
    keys = jax.random.split(key, len(points))
    drawn = jax.jit(jax.vmap(lambda x, key: likelihood.toys(x, key, toys)))(points, keys)
    flat: Data = jax.tree.map(lambda a: np.asarray(a).reshape(len(points) * toys, a.shape[-1]), drawn)
    starts = np.repeat(points, toys, axis=0)
    fixed = fit_ensemble(likelihood, flat, starts, moves & (jnp.arange(moves.size) != k))
    free = fit_ensemble(likelihood, flat, fixed.x, moves)
    good = (fixed.status == CONVERGED) & (free.status == CONVERGED)
    rises = np.where(good, np.maximum(fixed.chi2 - free.chi2, 0.0), np.nan).reshape(len(points), toys)
    # The smallest rise that at least the fraction of toys does not exceed: counts are discrete.
    critical = np.nanquantile(rises, confidence_level, axis=1, method="inverted_cdf")
    return critical, int(np.sum(~good))


def _construct(
    likelihood: Likelihood,
    data: Data,
    k: int,
    moves: Mask,
    confidence_level: float,
    grid: Reals,
    least: float,
    key: Array,
    toys: int,
) -> Construction:
    starts = np.tile(np.asarray(likelihood.start), (len(grid), 1))
    starts[:, k] = grid
    same = jax.tree.map(lambda a: np.broadcast_to(np.asarray(a), (len(grid), *np.shape(a))), data)
    there = fit_ensemble(likelihood, same, starts, moves & (jnp.arange(moves.size) != k))
    critical, failed = critical_value(likelihood, np.asarray(there.x), k, moves, confidence_level, key, toys)
    return Construction(grid, np.maximum(there.chi2 - least, 0.0), critical, failed)


def _joined(a: Construction, b: Construction) -> Construction:
    order = np.argsort(np.concatenate([a.grid, b.grid]), kind="stable")
    grid, rise, critical = (np.concatenate(pair)[order] for pair in zip(a[:3], b[:3], strict=True))
    return Construction(grid, rise, critical, a.failed + b.failed)


def _edges(found: Construction) -> list[tuple[Scalar, Scalar]]:
    """Return the cells of the grid in which the interval begins and ends."""
    inside = np.flatnonzero(found.accepted)
    if not inside.size:
        return []
    cells = [(inside[0] - 1, inside[0]), (inside[-1], inside[-1] + 1)]
    return [(found.grid[a], found.grid[b]) for a, b in cells if a >= 0 and b < len(found.grid)]


def _ends(found: Construction) -> tuple[float, float]:
    """Return the ends of the interval: the outermost accepted coordinates, and half a cell more."""
    inside = np.flatnonzero(found.accepted)
    if not inside.size:
        return np.nan, np.nan
    first, last = inside[0], inside[-1]
    lower = 0.0 if first == 0 else float(found.grid[first - 1] + found.grid[first]) / 2
    upper = np.inf if last + 1 == len(found.grid) else float(found.grid[last] + found.grid[last + 1]) / 2
    return lower, upper


def _one(data: Data) -> Data:
    one: Data = jax.tree.map(lambda a: np.asarray(a)[None], data)
    return one
