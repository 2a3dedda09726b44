"""What a set of runs can tell apart: information, correlations, and the directions that it cannot see."""

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from renp.inference.likelihood import Likelihood, Point
from renp.inference.newton import local
from renp.inference.search import checked_point
from renp.results.base import provenance
from renp.results.information import Information, UnseenDirection
from renp.validation import instance

_NULL = 1e-9
"""Eigenvalues of the scaled information below this part of the largest are zero."""


def information(likelihood: Likelihood, x: Point | None = None) -> Information:
    """Return the Fisher information of all parameters at a point, and what it leaves open.

    The counts of n runs determine n combinations of couplings at most: with twelve moments and seven photon
    energies, five directions in the space of their squares are not seen. A direction is a sum of squares
    that the counts of every run leave unchanged to first order.

    Parameters
    ----------
    likelihood
        Runs and parameters.
    x
        Coordinates; without couplings if left out.

    Returns
    -------
    Information
        In the likelihood's coordinates: squares of magnitudes in units of typical size.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * 86400.0)
    >>> units = {f"mu_{i}{i}": renp.MagneticMoment({(i, i): 1.0}) for i in (1, 2, 3)}
    >>> found = information(renp.Likelihood(runs, renp.Neutrinos(0.01), units))
    >>> found.rank, len(found.unseen)
    (2, 1)
    """
    instance("likelihood", likelihood, Likelihood)
    x = likelihood.point() if x is None else checked_point(likelihood, "x", x)
    here = local(likelihood, x, likelihood.asimov(x))
    matrix = np.asarray(here.curvature) / 2
    scale = np.sqrt(np.where(np.diag(matrix) > 0, np.diag(matrix), 1.0))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    seen = values > _NULL * max(values[-1], 1e-300) if values.size else np.array([], dtype=bool)
    inverse = (vectors[:, seen] / values[seen]) @ vectors[:, seen].T / np.outer(scale, scale)
    spread = np.sqrt(np.diag(inverse))
    safe = np.where(spread > 0, spread, 1.0)
    blind = vectors[:, ~seen] / scale[:, None]
    # A parameter in a direction that is not seen has no error of its own.
    open_ = np.any(np.abs(vectors[:, ~seen]) > 1e-6, axis=1) if blind.size else np.zeros(x.size, dtype=bool)
    return Information(
        names=likelihood.names,
        matrix=matrix,
        errors=np.where(open_, np.inf, spread),
        correlation=inverse / np.outer(safe, safe),
        unseen=tuple(_direction(likelihood, column) for column in _short(blind)),
        made_by=provenance(likelihood=likelihood, x=np.asarray(x).tolist()),
    )


def _short(null: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return a basis of a space with as many zeros as elimination makes."""
    rows = null.T.copy()
    done: list[int] = []
    for k in range(len(rows)):
        size = np.abs(rows[k])
        size[done] = 0.0
        pivot = int(np.argmax(size))
        rows[k] /= rows[k, pivot]
        for other in range(len(rows)):
            if other != k:
                rows[other] -= rows[other, pivot] * rows[k]
        done.append(pivot)
    return list(rows)


def _direction(likelihood: Likelihood, vector: NDArray[np.float64]) -> UnseenDirection:
    return UnseenDirection(dict(zip(likelihood.names, map(float, jnp.asarray(vector)), strict=True)))
