"""The best fit of each of many data sets, from several starts: thresholds make for several minima."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from renp._types import Mask, Reals
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.newton import CONVERGED
from renp.inference.starts import MASS, scanned, threshold_masses

_BLOCKS = 8
"""In how many blocks of the points at which the χ² is looked at the best one starts a fit."""

_IMPOSSIBLE = -1e30
"""Logarithm of expected counts of zero."""


class Fits(NamedTuple):
    """Best fits of data sets."""

    x: Reals
    """Coordinates, shape (toys, p)."""
    chi2: Reals
    """Least χ², not a number where the best fit did not converge, and infinite where counts were seen that
    the hypothesis does not allow; shape (toys,)."""


def best_fits(likelihood: Likelihood, data: Data, moves: Mask, also: Point | Reals | None = None) -> Fits:
    """Return the least χ² of each data set, from several starts: thresholds make for several minima.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts of shape (toys, n) and pulls of shape (toys, c).
    moves
        Which parameters move; couplings that do not are 0, and others as measured.
    also
        Coordinates from which another fit starts, shape (p,) or (toys, p).

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 864000.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> toys = likelihood.toys(likelihood.point(mu=1e-10), jax.random.key(0), 3)
    >>> best_fits(likelihood, toys, jnp.array([True])).chi2 < 10
    array([ True,  True,  True])
    """
    rows, size = len(data.counts), len(likelihood.names)
    if not size:
        return Fits(np.zeros((rows, 0)), np.asarray(_chi2_of_each(likelihood, data)))
    given = [likelihood.start, *([] if also is None else [also])]
    first = np.stack([np.broadcast_to(np.asarray(x), (rows, size)) for x in given])
    starts = np.concatenate([first, _best_of(likelihood, data, scanned(likelihood, data), _BLOCKS)])
    fits = [(starts, moves)]
    is_mass = jnp.array([name == MASS for name in likelihood.names], dtype=bool)
    if jnp.any(moves & is_mass):
        # Where a pair just fails to be emitted the χ² has corners, and may be least there.
        fits.append((_best_of(likelihood, data, _edges(likelihood), _BLOCKS // 2), moves & ~is_mass))
    still = np.asarray(likelihood.point())
    found = [_fitted(likelihood, data, np.where(np.asarray(moves), x, still), m) for x, m in fits]
    return _least(Fits(*(np.concatenate(parts) for parts in zip(*found, strict=True))))


def _fitted(likelihood: Likelihood, data: Data, starts: Reals, moves: Mask) -> Fits:
    """Return the fits from starts of shape (starts, toys, p)."""
    many, rows, size = starts.shape
    repeated: Data = jax.tree.map(lambda a: np.tile(np.asarray(a), (many, 1)), data)
    found = fit_ensemble(likelihood, repeated, starts.reshape(many * rows, size), moves)
    chi2 = np.where(found.status == CONVERGED, found.chi2, np.nan)
    return Fits(np.asarray(found.x).reshape(starts.shape), chi2.reshape(many, rows))


def _least(fits: Fits) -> Fits:
    """Return the best of several fits of each data set."""
    best = np.argmin(np.where(np.isnan(fits.chi2), np.inf, fits.chi2), axis=0)
    toys = np.arange(best.size)
    return Fits(fits.x[best, toys], fits.chi2[best, toys])


def _best_of(likelihood: Likelihood, data: Data, points: Reals, blocks: int) -> Reals:
    """Return for each data set the point of least χ² in each block of points, shape (blocks, toys, p)."""
    if not len(points):
        return np.zeros((0, len(data.counts), len(likelihood.names)))
    expected = np.asarray(_expected(likelihood, points))
    with np.errstate(divide="ignore"):
        logs = np.where(expected > 0, np.log(expected), _IMPOSSIBLE)
    pulls = points[:, list(likelihood.constrained)]
    own = np.sum(expected, axis=1) + np.sum(pulls**2, axis=1) / 2
    counts, measured = np.asarray(data.counts), np.asarray(data.pulls)

    def best(block: NDArray[np.intp]) -> Reals:
        half_chi2 = own[block] - counts @ logs[block].T - measured @ pulls[block].T
        return np.asarray(points[block[np.argmin(np.nan_to_num(half_chi2, nan=np.inf), axis=1)]])

    return np.stack([best(block) for block in np.array_split(np.arange(len(points)), blocks) if block.size])


@jax.jit
def _expected(likelihood: Likelihood, points: Float[Array, "m p"]) -> Float[Array, "m n"]:
    found: Array = jax.vmap(likelihood.expected)(points)
    return found


@jax.jit
def _chi2_of_each(likelihood: Likelihood, data: Data) -> Float[Array, "toys"]:
    found: Array = jax.vmap(lambda one: likelihood.chi2(jnp.zeros(0), one))(data)
    return found


def _edges(likelihood: Likelihood) -> Reals:
    """Return points with the lightest mass where a pair's threshold is at the energy of a run."""
    masses = threshold_masses(likelihood)
    points = np.tile(np.asarray(likelihood.point()), (len(masses), 1))
    k = likelihood.index(MASS)
    points[:, k] = masses / float(likelihood.parameters[k].plus)
    return points
