"""The minima of the χ² of data sets, from several starts.

Free masses and phases, and couplings of either sign, can give the χ² several minima. A spectrum ends at a
threshold with infinite slope, so that the χ² can be least exactly where a pair of neutrinos just fails to be
emitted in a run; these edges are tried as well.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from numpy.typing import NDArray

from renp._types import Reals
from renp.compiled import compiled
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Data, Likelihood, Point, asimov_of_each
from renp.inference.newton import CONVERGED
from renp.inference.starts import edges, scanned

Mask: TypeAlias = NDArray[np.bool_]

BLOCKS = 8
"""In how many blocks of the points at which the χ² is looked at the best one starts a fit."""

EDGES = 4
"""The same of points at edges."""

MANY = 32
"""Blocks of either where data sets are few."""

TIE = 1e-6
"""Difference in χ² of minima that are equally low."""

_IMPOSSIBLE = -1e30
"""Logarithm of expected counts of zero."""


class Minima(NamedTuple):
    """Where the χ² is least, for each of several starts, points or data sets."""

    x: Reals
    """Coordinates, shape (..., p)."""
    chi2: Reals
    """Infinite where counts were seen that nothing allows."""
    status: NDArray[np.int_]
    """Of Newton's method; where it did not converge, the χ² is above the least one."""

    def at(self, rows: Any) -> "Minima":
        """Return some of them."""
        return Minima(*(a[rows] for a in self))

    def with_(self, other: "Minima") -> "Minima":
        """Return both, one after the other."""
        return Minima(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


def best_fits(
    likelihood: Likelihood,
    data: Data,
    moves: Mask,
    also: Point | Reals | None = None,
    still: Point | Reals | None = None,
) -> Minima:
    """Return the least χ² of each data set, NaN where the search that found it did not converge.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts of shape (toys, n) and pulls of shape (toys, c).
    moves
        Which parameters move.
    also
        Coordinates from which another fit starts, shape (p,) or (toys, p).
    still
        Where those are that do not move, of the same shapes; `Likelihood.point` if left out.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 864000.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> toys = likelihood.toys(likelihood.point(mu=1e-10), jax.random.key(0), 3)
    >>> best_fits(likelihood, toys, jnp.array([True])).chi2 < 10
    array([ True,  True,  True])
    """
    found = lowest_minima(likelihood, data, np.asarray(moves), also, still)
    return found._replace(chi2=np.where(found.status == CONVERGED, found.chi2, np.nan))


def lowest_minima(
    likelihood: Likelihood,
    data: Data,
    moves: Mask,
    also: Point | Reals | None = None,
    still: Point | Reals | None = None,
) -> Minima:
    """Return what `best_fits` does, with the least χ² found also where its search did not converge."""
    first = _first(likelihood, moves, still)
    return lowest_from(
        likelihood, data, moves, [first, *([] if also is None else [np.where(moves, also, first)])]
    )


def lowest_from(likelihood: Likelihood, data: Data, moves: Mask, given: Sequence[Reals]) -> Minima:
    """Return what `lowest_minima` does, from starts of shape (p,) or (toys, p) besides those of the scan."""
    found = minima(likelihood, data, starting_points(likelihood, data, moves, BLOCKS, given), moves)
    for there in at_edges(likelihood, data, moves, EDGES, given[0]).values():
        found = found.with_(there)
    return lowest(found)


def held_and_free(
    likelihood: Likelihood,
    data: Data,
    k: int,
    still: Point | Reals | None = None,
    moves: Mask | None = None,
) -> tuple[Minima, Minima]:
    """Return the fits with parameter k held, at 0 if nothing else is said, and with all moving, or some.

    The second start from the first besides, and are never above them.
    """
    free = np.ones(len(likelihood.names), dtype=bool) if moves is None else np.asarray(moves)
    held = best_fits(likelihood, data, free & (np.arange(free.size) != k), still=still)
    return held, best_fits(likelihood, data, free, also=held.x)


def lowest(found: Minima) -> Minima:
    """Return the lowest over the first axis, of equal ones one that converged."""
    best = np.argmin(found.chi2 + TIE * (found.status != CONVERGED), axis=0)
    return found.at((best, np.arange(best.size)))


def lowest_of(found: Sequence[Minima]) -> Minima:
    """Return the lowest of several of the same shape, one by one."""
    x, chi2, status = (np.stack(parts) for parts in zip(*found, strict=True))
    return lowest(Minima(x, chi2, status))


def _first(likelihood: Likelihood, moves: Mask, still: Point | Reals | None) -> Reals:
    rest = likelihood.point() if still is None else still
    return np.where(moves, np.asarray(likelihood.start), np.asarray(rest))


def starting_points(
    likelihood: Likelihood, data: Data, moves: Mask, blocks: int, given: Sequence[ArrayLike]
) -> Reals:
    """Return points from which fits of data sets start, shape (starts, toys, p).

    They are those given, and from each block of the points of `renp.inference.starts` that where the χ² is
    least.
    """
    shape = len(data.counts), len(likelihood.names)
    first = np.stack([np.broadcast_to(np.asarray(x), shape) for x in given])
    points = scanned(likelihood, data, moves)
    if not len(points):
        return first
    still, which = np.unique(first[0][:, ~moves], axis=0, return_inverse=True)
    scan = np.tile(first[0], (min(blocks, len(points)), 1, 1))
    for place, held in enumerate(still):
        points[:, ~moves] = held
        rows = np.flatnonzero(which == place)
        some: Data = jax.tree.map(lambda a, rows=rows: np.asarray(a)[rows], data)
        scan[:, rows] = _best_of(likelihood, some, points, blocks)
    return np.concatenate([first, np.where(moves, scan, first[0])])


def minima(likelihood: Likelihood, data: Data, starts: Reals, moves: Mask) -> Minima:
    """Return the minima from starts of shape (starts, toys, p)."""
    many, rows, size = starts.shape
    if not size:
        chi2 = np.asarray(_chi2_of_each(likelihood, data))
        return Minima(starts, np.tile(chi2, (many, 1)), np.full((many, rows), CONVERGED))
    repeated: Data = jax.tree.map(lambda a: np.tile(np.asarray(a), (many, 1)), data)
    found = fit_ensemble(likelihood, repeated, starts.reshape(many * rows, size), np.asarray(moves))
    x, chi2, status = (np.asarray(a) for a in (found.x, found.chi2, found.status))
    chi2 = np.where(np.isnan(chi2), np.inf, chi2)
    return Minima(x.reshape(starts.shape), chi2.reshape(many, rows), status.reshape(many, rows))


def at_edges(likelihood: Likelihood, data: Data, moves: Mask, blocks: int, first: Reals) -> dict[int, Minima]:
    """Return the minima with a parameter held where a pair's threshold passes a run, by its place.

    Each is of shape (starts, toys): those at the best of each block of edges.
    """
    found = {}
    for held, points in edge_starts(likelihood, data, moves, blocks, first):
        found[int(np.flatnonzero(moves & ~held)[0])] = minima(likelihood, data, points, held)
    return found


def edge_starts(
    likelihood: Likelihood, data: Data, moves: Mask, blocks: int, first: Reals
) -> Iterator[tuple[Mask, Reals]]:
    """Yield what moves besides a parameter held at edges, and the best of each block of these as starts."""
    for k, corners in edges(likelihood).items():
        if moves[k] and corners.size:
            points = np.tile(np.atleast_2d(first)[0], (len(corners), 1))
            points[:, k] = corners
            best = _best_of(likelihood, data, points, blocks)
            yield moves & (np.arange(moves.size) != k), np.where(moves, best, first)


def _best_of(likelihood: Likelihood, data: Data, points: Reals, blocks: int) -> Reals:
    """Return for each data set the point of least χ² in each block of points, shape (blocks, toys, p)."""
    if not len(points):
        return np.zeros((0, len(data.counts), len(likelihood.names)))
    expected, pulls = (np.asarray(part) for part in asimov_of_each(likelihood, points))
    with np.errstate(divide="ignore"):
        logs = np.where(expected > 0, np.log(expected), _IMPOSSIBLE)
    own = np.sum(expected, axis=1) + np.sum(pulls**2, axis=1) / 2
    counts, measured = np.asarray(data.counts), np.asarray(data.pulls)

    def best(block: NDArray[np.intp]) -> Reals:
        half_chi2 = own[block] - counts @ logs[block].T - measured @ pulls[block].T
        return np.asarray(points[block[np.argmin(np.nan_to_num(half_chi2, nan=np.inf), axis=1)]])

    return np.stack([best(block) for block in np.array_split(np.arange(len(points)), blocks) if block.size])


@compiled
def _chi2_of_each(likelihood: Likelihood, data: Data) -> Float[Array, "toys"]:
    found: Array = jax.vmap(lambda one: likelihood.chi2(jnp.zeros(0), one))(data)
    return found
