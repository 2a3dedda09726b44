"""Everything that one coupling may be: the intervals in which Δχ² does not exclude it.

The reference is the least χ² of all couplings, not that without one. Where nothing else is free and masses,
mixing and photon energies are known, the counts are a quadratic in the coupling, and the set is exact
(`renp.inference.quadratic_set`); otherwise Newton's method goes out from every minimum to either side, and
what overlaps is joined. The counts with a coupling that interferes are N_0 + b g + c g² in each run: beyond
g = −b/c the square outweighs the interference and they return to N_0, so that around there the coupling is
accepted once more.

Couplings are in the unit u of their parameter: g/u, at least 0 for one without a sign.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from renp._types import Flags, Mask
from renp.compiled import compiled
from renp.inference.best_fits import BLOCKS, EDGES, edge_starts, starting_points
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import CHUNK, fit_ensemble, in_chunks
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum
from renp.inference.quadratic_set import TIE, AcceptedSet, Along, quadratic_set
from renp.inference.starts import elsewhere
from renp.validation import Scalar

_RUNS = 4
"""Runs are filled up to a multiple of this, so that their number seldom makes another program."""

_FEW_SETS = 8
_MOST_MINIMA = 32
_SAME = 1e-3
"""Distance of coordinates within which two minima are the same."""


def accepted(likelihood: Likelihood, data: Data, moves: Mask, k: int, rise: Scalar) -> AcceptedSet:
    """Return the values of coupling k at which the χ² is at most ``rise`` above its least, for each data set.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts of shape (sets, n) and pulls of shape (sets, c).
    moves
        Which parameters are free; all others stay where `Likelihood.point` has them.
    k
        Place of the coupling among the parameters.
    rise
        Δχ², above 0.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0)
    >>> light = {"g": renp.VectorMediator(1e3, 1.0, left={(1, 2): 1.0})}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), light)
    >>> data = jax.tree.map(lambda a: a[None], likelihood.asimov(likelihood.point()))
    >>> found = accepted(likelihood, data, jnp.array([True]), 0, 2.71)
    >>> int(jnp.sum(jnp.isfinite(found.intervals[0, :, 0])))  # the counts return to those without it
    2
    """
    if is_exact(likelihood, moves):
        along = along_coupling(likelihood, k)
        return _of_size(likelihood, k, exact_sets(along, np.asarray(data.counts), rise))
    minima = all_minima(likelihood, data, moves, k, rise)

    def cross(side: float, room: Array, wanted: Array) -> Crossing:
        places = np.nonzero(np.asarray(wanted))
        rows = places[1]
        some = jax.tree.map(lambda a: np.asarray(a)[rows], data)
        at, rooms = jax.tree.map(lambda a: np.asarray(a)[places], (minima, room))
        there = crossing_ensemble(likelihood, some, at, moves, k, side, rooms)
        value, status = np.full(wanted.shape, np.nan), np.full(wanted.shape, CONVERGED)
        value[places], status[places] = there.value, there.status
        return Crossing(jnp.asarray(value), minima.x, jnp.asarray(status))

    return around_minima(minima, cross, k, rise, magnitude=likelihood.parameters[k].kind == "magnitude")


def all_minima(likelihood: Likelihood, data: Data, moves: Mask, k: int, rise: Scalar) -> Minimum:
    """Return minima of the χ², shape (minima, sets), the lowest first.

    Fits begin where those of `best_fits` do, and from each minimum that is low enough others are looked for;
    those of many data sets from the minima of the expectation without couplings.
    """
    here, mask = likelihood.point(), np.asarray(moves)
    first = np.where(mask, np.asarray(likelihood.start), np.asarray(here))
    starts = starting_points(likelihood, data, mask, BLOCKS, [first])
    if len(data.counts) > _FEW_SETS and len(_elsewhere(likelihood, here[None], k, moves)[0]):
        null = jax.tree.map(lambda a: a[None], likelihood.asimov(here))
        of_null = all_minima(likelihood, null, moves, k, rise)
        points = jnp.concatenate([of_null.x[:, 0], _elsewhere(likelihood, here[None], k, moves)[0]])
        points = points[np.asarray(_distinct(points[:, None])[:, 0])]
        starts = np.concatenate([starts, np.repeat(points[:, None], len(data.counts), axis=1)])
        return _first_fits(likelihood, data, starts, mask)
    found = _first_fits(likelihood, data, starts, mask)
    done = 0
    while done < len(found.x) <= _MOST_MINIMA:
        x = np.asarray(found.x[done])
        others = np.moveaxis(np.asarray(_elsewhere(likelihood, x, k, moves)), 1, 0)
        done += 1
        if not (len(others) and np.any(found.chi2[done - 1] < np.min(found.chi2, axis=0) + rise)):
            continue
        found = _with(found, _fits(likelihood, data, np.unique(others, axis=0), moves))
    return _lowest_first(found)


def _first_fits(likelihood: Likelihood, data: Data, starts: Any, moves: Flags) -> Minimum:
    """Return the distinct ones of the minima from some starts, and from edges, the lowest first."""
    found = _fits(likelihood, data, starts, jnp.asarray(moves))
    for held, points in edge_starts(likelihood, data, moves, EDGES, starts[0]):
        more = _fits(likelihood, data, points, jnp.asarray(held))
        found = jax.tree.map(lambda *parts: jnp.concatenate(parts), found, more)
    found = _lowest_first(found)
    return _with(jax.tree.map(lambda a: a[:1], found), jax.tree.map(lambda a: a[1:], found))


def _lowest_first(found: Minimum) -> Minimum:
    """Return minima in order, of equal ones those first that converged."""
    chi2 = np.nan_to_num(np.asarray(found.chi2), nan=np.inf)
    order = np.argsort(chi2 + TIE * (np.asarray(found.status) != CONVERGED), axis=0, kind="stable")
    columns = np.arange(order.shape[1])
    ordered: Minimum = jax.tree.map(lambda a: jnp.asarray(np.asarray(a)[order, columns]), found)
    return ordered


def _with(found: Minimum, more: Minimum) -> Minimum:
    """Return minima, and those of others that are new for some data set."""
    both = jax.tree.map(lambda *parts: jnp.concatenate(parts), found, more)
    new = np.any(np.asarray(_distinct(both.x) & (both.status == CONVERGED)), axis=1)
    kept = new | (np.arange(len(new)) < len(found.x))
    together: Minimum = jax.tree.map(lambda a: a[kept], both)
    return together


def _fits(likelihood: Likelihood, data: Data, starts: Any, moves: Mask) -> Minimum:
    """Return the minima of each data set from each start, starts of shape (starts, sets, p)."""
    shape = starts.shape[:2]
    same = jax.tree.map(lambda a: np.tile(np.asarray(a), (shape[0], 1)), data)
    found = fit_ensemble(likelihood, same, starts.reshape(-1, starts.shape[-1]), moves)
    apart: Minimum = jax.tree.map(lambda a: jnp.reshape(jnp.asarray(a), shape + a.shape[1:]), found)
    return apart


def _distinct(x: Float[Array, "m *sets p"]) -> Bool[Array, "m *sets"]:
    """Return which of some points are not close to one before them."""
    close = jnp.max(jnp.abs(x[:, None] - x[None]), axis=-1) < _SAME
    before = jnp.arange(len(x))[:, None] > jnp.arange(len(x))
    before = before.reshape(before.shape + (1,) * (close.ndim - 2))
    distinct: Array = ~jnp.any(close & before, axis=1)
    return distinct


def is_exact(likelihood: Likelihood, moves: Mask) -> bool:
    """Return whether one coupling alone is free, and all rates are known functions of it."""
    return len(likelihood.parameters) == len(likelihood.couplings) and int(np.sum(np.asarray(moves))) == 1


@jax.jit
def along_coupling(likelihood: Likelihood, k: Int[Array, ""] | int) -> Along:
    """Return the counts of the runs along a coupling in its unit, all else as `Likelihood.point` has it."""
    here = likelihood.nominal
    only = jnp.where(jnp.arange(here.size) == k, 1.0, 0.0)

    def slope(t: Array) -> tuple[Array, Array]:
        counts, push = jax.jvp(lambda s: likelihood.expected(here + s * only), (t,), (jnp.array(1.0),))
        return counts, push

    (null, linear), (_, twice) = jax.jvp(slope, (jnp.array(0.0),), (jnp.array(1.0),))
    kinds = [p.kind == "magnitude" for p in likelihood.parameters]
    magnitude = jnp.array(kinds)[k]  # whose coordinate is the square already
    return Along(null, jnp.where(magnitude, 0.0, linear), jnp.where(magnitude, linear, twice / 2))


def exact_sets(along: Along, counts: Any, rise: Scalar) -> AcceptedSet:
    """Return `quadratic_set` for each of many data sets, counts of shape (sets, n)."""
    runs = counts.shape[1]
    more = -(-runs // _RUNS) * _RUNS - runs
    filled: Along = jax.tree.map(lambda part: np.pad(np.asarray(part), (0, more)), along)
    counts = np.pad(np.asarray(counts, dtype=float), ((0, 0), (0, more)))
    chunk = CHUNK if len(counts) > _FEW_SETS else _FEW_SETS
    rises = np.asarray(rise, dtype=float)
    found: AcceptedSet = in_chunks(lambda c: _exact(filled, c, rises), counts, chunk)
    return found


@compiled
def _exact(along: Along, counts: Float[Array, "sets n"], rise: Scalar) -> AcceptedSet:
    found: AcceptedSet = jax.vmap(lambda c: quadratic_set(along, c, rise))(counts)
    return found


def _of_size(likelihood: Likelihood, k: int, found: AcceptedSet) -> AcceptedSet:
    return sizes(found) if likelihood.parameters[k].kind == "magnitude" else found


def sizes(found: AcceptedSet) -> AcceptedSet:
    """Return the half of a set that is not below 0, of a coupling without a sign."""
    there = found.intervals[..., 1:] >= 0
    half = jnp.where(there, jnp.maximum(found.intervals, 0.0), jnp.nan)
    return found._replace(intervals=half, best=jnp.abs(found.best))


_elsewhere = jax.jit(jax.vmap(elsewhere, in_axes=(None, 0, None, None)))


def around_minima(
    minima: Minimum,
    cross: Callable[[float, Array, Array], Crossing],
    k: Any,
    rise: Scalar,
    *,
    magnitude: Bool[Array, ""] | bool,
) -> AcceptedSet:
    """Return what is accepted around some minima; jax-traceable.

    Parameters
    ----------
    minima
        Local minima along the first axis, the lowest first, which has to have converged.
    cross
        Returns where the χ² has risen from each minimum, on a side, by a Δχ²; only where it is wanted.
    k
        Place of the coupling.
    rise
        Δχ² above the least.
    magnitude
        Whether the coordinate is the square of the coupling.
    """
    chi2 = jnp.where(minima.status == CONVERGED, minima.chi2, jnp.inf)
    least = jnp.min(chi2, axis=0)
    # The profile may have other branches over the same values of the coupling.
    wanted = (chi2 < least + rise) & _distinct(minima.x)
    room = jnp.where(wanted, least + rise - chi2, rise)
    below, above = (cross(side, room, wanted) for side in (-1.0, 1.0))
    low, high = (jnp.moveaxis(jnp.where(wanted, end.value, jnp.nan), 0, -1) for end in (below, above))
    crossed = (below.status != NOT_CONVERGED) & (above.status != NOT_CONVERGED)
    good = (minima.status[0] == CONVERGED) & jnp.all(crossed | ~wanted, axis=0)
    x = minima.x[..., k]
    tied = jnp.where(chi2 <= least + TIE, jnp.abs(x), jnp.inf)
    best = jnp.take_along_axis(x, jnp.argmin(tied, axis=0)[None], axis=0)[0]
    intervals = joined(low, high)
    inside = (x[..., None] >= intervals[..., 0]) & (x[..., None] <= intervals[..., 1])
    rises = jnp.min(jnp.where(inside, chi2[..., None], jnp.inf), axis=0) - least[..., None]
    root = jnp.where(jnp.isnan(intervals), jnp.nan, jnp.sqrt(jnp.maximum(intervals, 0.0)))
    intervals = jnp.where(magnitude, root, intervals)
    best = jnp.where(magnitude, jnp.sqrt(jnp.maximum(best, 0.0)), best)
    return AcceptedSet(intervals, rises, best, least, good)


def joined(lows: Float[Array, "*sets k"], highs: Float[Array, "*sets k"]) -> Float[Array, "*sets k 2"]:
    """Return the union of intervals, NaN where there is none, as increasing disjoint ones.

    Examples
    --------
    >>> joined(jnp.array([3.0, 0.0, jnp.nan, 0.5]), jnp.array([4.0, 1.0, jnp.nan, 2.0]))[:2]
    Array([[0., 2.],
           [3., 4.]], dtype=float64)
    """
    order = jnp.argsort(lows, axis=-1)  # NaN last
    low, high = (jnp.take_along_axis(ends, order, axis=-1) for ends in (lows, highs))
    there = ~jnp.isnan(low)
    so_far = jax.lax.cummax(jnp.where(there, high, -jnp.inf), axis=low.ndim - 1)
    before = jnp.concatenate([jnp.full_like(so_far[..., :1], -jnp.inf), so_far[..., :-1]], axis=-1)
    begins = there & ((low > before) | (jnp.arange(low.shape[-1]) == 0))
    number = jnp.cumsum(begins, axis=-1) - 1
    mine = there[..., None, :] & (number[..., None, :] == jnp.arange(low.shape[-1])[:, None])
    first = jnp.min(jnp.where(mine, low[..., None, :], jnp.inf), axis=-1)
    last = jnp.max(jnp.where(mine, high[..., None, :], -jnp.inf), axis=-1)
    any_ = jnp.any(mine, axis=-1)
    return jnp.stack([jnp.where(any_, first, jnp.nan), jnp.where(any_, last, jnp.nan)], axis=-1)
