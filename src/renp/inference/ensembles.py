"""Many data sets: fits in chunks, on all cores, with the status of each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import ArrayLike
from numpy.typing import NDArray

from renp._types import Mask
from renp.compiled import compiled
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Minimum, minimise
from renp.platforms import processors

T = TypeVar("T")

CHUNK = 512
"""Data sets that are treated together: few enough for the cache, many enough for vector instructions."""

_FEW, _LEAST_CHUNK = 4096, 64
"""Up to how many data sets smaller chunks are taken, and how large those are: compiling chunks of both sizes
takes longer than the many calls."""

_DEAR_CHUNK = 8
"""The same of a line that is averaged at each point: what fills a chunk up would take longest of all."""

FEW_STEPS = 10
MANY_STEPS = 2000
_SHAKES = (0.3, 0.3, 0.1, 0.1, 0.03, 0.03, 0.01, 0.003)


def fit_ensemble(likelihood: Likelihood, data: Data, start: ArrayLike, moves: Mask) -> Minimum:
    """Return the minimum of the χ² for each data set.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts of shape (toys, n) and pulls of shape (toys, c).
    start
        Coordinates to start from, shape (p,) or (toys, p).
    moves
        Which parameters move.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> toys = likelihood.toys(likelihood.point(), jax.random.key(1), 100)
    >>> found = fit_ensemble(likelihood, toys, likelihood.point(), np.array([True]))
    >>> int((found.status == 0).sum())
    100
    """
    starts = np.broadcast_to(np.asarray(start), (len(data.counts), len(likelihood.names)))
    few, many = (lambda d, n=n: _fit(likelihood, d[0], d[1], moves, n) for n in (FEW_STEPS, MANY_STEPS))
    found: Minimum = retried(few, many, (data, starts), chunk_of(likelihood))
    corners = np.flatnonzero(np.asarray(found.corner))
    if not corners.size:
        return found
    some, at = jax.tree.map(lambda a: np.asarray(a)[corners], (data, found))
    return put(found, corners, _shaken(likelihood, some, at, moves))


def _shaken(likelihood: Likelihood, data: Data, found: Minimum, moves: Mask) -> Minimum:
    """Return minima, none higher, from starts around those at corners, where the slope leads no further."""
    rng = np.random.default_rng(len(_SHAKES))
    low, high = (np.asarray(bound) for bound in likelihood.bounds)
    for size in _SHAKES:
        push = size * rng.normal(size=found.x.shape) * np.asarray(moves)
        starts = np.clip(found.x + push, low, high)
        there = in_chunks(
            lambda d: _fit(likelihood, d[0], d[1], moves, MANY_STEPS), (data, starts), chunk_of(likelihood)
        )
        lower = np.asarray((there.status == CONVERGED) & (there.chi2 < found.chi2))
        found = jax.tree.map(partial(_where, lower), there, found)
    return found


def chunk_of(likelihood: Likelihood) -> int:
    """Return how many data sets of a likelihood are treated together.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 1.0, laser=renp.Laser(1e-5))
    >>> shift = renp.Nuisances(calibration_error=1e-6)
    >>> [chunk_of(renp.Likelihood(runs, renp.Neutrinos(0.01), nuisances=one)) for one in (None, shift)]
    [512, 8]
    """
    dear = (
        one.experiment.laser.shape != "sharp" and not isinstance(one.response, (jax.Array, np.ndarray))
        for one in likelihood.parts
    )
    return _DEAR_CHUNK if any(dear) else CHUNK


def in_chunks(function: Callable[[Any], T], inputs: Any, chunk: int = CHUNK) -> T:
    """Return ``function`` of arrays that share a first axis, evaluated chunk by chunk on all cores.

    Parameters
    ----------
    function
        Takes a tree of arrays of length ``chunk`` and returns one of the same length.
    inputs
        Tree of arrays.
    chunk
        Length; the last chunk is filled up, so that nothing is compiled twice.

    Examples
    --------
    >>> in_chunks(lambda x: 2 * x, np.arange(5.0), chunk=2)
    array([0., 2., 4., 6., 8.])
    """
    arrays = jax.tree.map(np.asarray, inputs)
    total = len(jax.tree.leaves(arrays)[0])
    chunk = min(chunk, _LEAST_CHUNK) if total <= _FEW else chunk
    filled = [np.minimum(np.arange(s, s + chunk), total - 1) for s in range(0, total, chunk)]

    def evaluate(rows: NDArray[np.intp]) -> Any:
        return jax.tree.map(np.asarray, function(jax.tree.map(lambda x: x[rows], arrays)))

    first = evaluate(filled[0])  # alone, so that it is compiled once
    with ThreadPoolExecutor(processors()) as pool:
        rest = list(pool.map(evaluate, filled[1:]))
    whole: T = jax.tree.map(lambda *x: np.concatenate(x)[:total], first, *rest)
    return whole


def retried(few: Callable[[Any], T], many: Callable[[Any], T], inputs: Any, chunk: int = CHUNK) -> T:
    """Return the result of few steps, and of many where few were not enough: the slow would hold up all.

    Both functions return a tree with a field ``status``.
    """
    found = in_chunks(few, inputs, chunk)
    slow = np.flatnonzero(np.asarray(found.status) == NOT_CONVERGED)  # type: ignore[attr-defined]
    if not slow.size:
        return found
    again = in_chunks(many, jax.tree.map(lambda x: np.asarray(x)[slow], inputs), min(chunk, 64))
    return put(found, slow, again)


def _where(rows: NDArray[np.bool_], new: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
    return np.where(rows.reshape(-1, *(1,) * (new.ndim - 1)), new, old)


def put(all_: T, places: NDArray[np.intp], some: T) -> T:
    """Return results of all data sets with those of some replaced."""

    def placed(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        old = np.array(old)
        old[places] = new
        return old

    merged: T = jax.tree.map(placed, all_, some)
    return merged


@compiled
def _fit(likelihood: Likelihood, data: Data, start: Any, moves: Mask, steps: Any) -> Minimum:
    return jax.vmap(lambda d, x: minimise(likelihood, d, x, moves, steps))(data, start)
