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
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from renp._types import Flags, Mask
from renp.compensated import array_module
from renp.compiled import compiled
from renp.inference.best_fits import BLOCKS, EDGES, MANY, edge_starts, starting_points
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble, in_chunks
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum
from renp.inference.quadratic_set import TIE, AcceptedSet, Along, values_of
from renp.inference.starts import elsewhere
from renp.validation import Scalar

_RUNS = 4
"""Runs are filled up to a multiple of this, so that their number seldom makes another program."""

_SETS = 64
"""Data sets at a time, few or many: another number would be another program."""

_FEW_SETS = 8
"""Data sets so few that each is searched for further solutions by itself, and fitted from more starts."""
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
        rows, value, status = places[1], np.full(wanted.shape, np.nan), np.full(wanted.shape, CONVERGED)
        if not rows.size:  # no fit converged
            return Crossing(cast(Array, value), minima.x, cast(Array, status))
        some = jax.tree.map(lambda a: np.asarray(a)[rows], data)
        at, rooms = jax.tree.map(lambda a: np.asarray(a)[places], (minima, room))
        there = crossing_ensemble(likelihood, some, at, moves, k, side, rooms)
        value[places], status[places] = there.value, there.status
        return Crossing(cast(Array, value), minima.x, cast(Array, status))

    return around_minima(minima, cross, k, rise, magnitude=likelihood.parameters[k].kind == "magnitude")


def all_minima(likelihood: Likelihood, data: Data, moves: Mask, k: int, rise: Scalar) -> Minimum:
    """Return minima of the χ², shape (minima, sets), the lowest first.

    Fits begin where those of `best_fits` do, and from each minimum that is low enough others are looked for;
    those of many data sets from the minima of the expectation without couplings.
    """
    here, mask = np.asarray(likelihood.point()), np.asarray(moves)
    first = np.where(mask, np.asarray(likelihood.start), here)
    few = len(data.counts) <= _FEW_SETS
    starts = starting_points(likelihood, data, mask, MANY if few else BLOCKS, [first])
    if not few and len(_elsewhere(likelihood, here[None], k, moves)[0]):
        null = jax.tree.map(lambda a: np.asarray(a)[None], likelihood.asimov(here))
        of_null = all_minima(likelihood, null, moves, k, rise)
        points = np.concatenate([of_null.x[:, 0], _elsewhere(likelihood, here[None], k, moves)[0]])
        points = points[_distinct(points[:, None])[:, 0]]
        starts = np.concatenate([starts, np.repeat(points[:, None], len(data.counts), axis=1)])
        return _first_fits(likelihood, data, starts, mask, EDGES)
    found = _first_fits(likelihood, data, starts, mask, MANY if few else EDGES)
    # No other may be accepted, however many there are.
    heights = np.nan_to_num(np.asarray(found.chi2), nan=np.inf)
    low = np.any(heights < np.min(heights, axis=0) + rise, axis=1)
    found = jax.tree.map(lambda a: a[low | (np.arange(len(low)) == 0)], found)
    done = 0
    while done < min(len(found.x), _MOST_MINIMA):
        x = np.asarray(found.x[done])
        others = np.moveaxis(np.asarray(_elsewhere(likelihood, x, k, moves)), 1, 0)
        done += 1
        if not (len(others) and np.any(found.chi2[done - 1] < np.min(found.chi2, axis=0) + rise)):
            continue
        found = _with(found, _fits(likelihood, data, np.unique(others, axis=0), moves))
    return _lowest_first(found)


def _first_fits(likelihood: Likelihood, data: Data, starts: Any, moves: Flags, blocks: int) -> Minimum:
    """Return the distinct ones of the minima from some starts, and from edges, the lowest first."""
    found = _fits(likelihood, data, starts, moves)
    for held, points in edge_starts(likelihood, data, moves, blocks, starts[0]):
        more = _fits(likelihood, data, points, held)
        found = jax.tree.map(lambda *parts: np.concatenate(parts), found, more)
    found = _lowest_first(found)
    return _with(jax.tree.map(lambda a: a[:1], found), jax.tree.map(lambda a: a[1:], found))


def _lowest_first(found: Minimum) -> Minimum:
    """Return minima in order, of equal ones those first that converged."""
    chi2 = np.nan_to_num(np.asarray(found.chi2), nan=np.inf)
    order = np.argsort(chi2 + TIE * (np.asarray(found.status) != CONVERGED), axis=0, kind="stable")
    columns = np.arange(order.shape[1])
    ordered: Minimum = jax.tree.map(lambda a: np.asarray(a)[order, columns], found)
    return ordered


def _with(found: Minimum, more: Minimum) -> Minimum:
    """Return minima, and those of others that are new for some data set."""
    both = jax.tree.map(lambda *parts: np.concatenate(parts), found, more)
    new = np.any(_distinct(both.x) & (both.status == CONVERGED), axis=1)
    kept = new | (np.arange(len(new)) < len(found.x))
    together: Minimum = jax.tree.map(lambda a: a[kept], both)
    return together


def _fits(likelihood: Likelihood, data: Data, starts: Any, moves: Mask) -> Minimum:
    """Return the minima of each data set from each start, starts of shape (starts, sets, p)."""
    shape = starts.shape[:2]
    same = jax.tree.map(lambda a: np.tile(np.asarray(a), (shape[0], 1)), data)
    found = fit_ensemble(likelihood, same, starts.reshape(-1, starts.shape[-1]), moves)
    apart: Minimum = jax.tree.map(lambda a: np.reshape(a, shape + a.shape[1:]), found)
    return apart


def _distinct(x: Float[Array | np.ndarray[Any, Any], "m *sets p"]) -> Bool[Array, "m *sets"]:
    """Return which of some points are not close to one before them."""
    xp = array_module(x)
    close = xp.max(xp.abs(x[:, None] - x[None]), axis=-1) < _SAME
    before = np.arange(len(x))[:, None] > np.arange(len(x))
    before = before.reshape(before.shape + (1,) * (close.ndim - 2))
    distinct: Array = ~xp.any(close & before, axis=1)
    return distinct


def is_exact(likelihood: Likelihood, moves: Mask) -> bool:
    """Return whether one coupling alone is free, and all rates are known functions of it."""
    return len(likelihood.parameters) == len(likelihood.couplings) and int(np.sum(np.asarray(moves))) == 1


@compiled
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
    """Return `quadratic_set` for each of many data sets, counts of shape (sets, n), in NumPy.

    All are along one coupling, or each along its own, whose counts then are of the same shape.
    """
    runs = counts.shape[1]
    more = -(-runs // _RUNS) * _RUNS - runs
    each = (np.broadcast_to(np.asarray(part, dtype=float), counts.shape) for part in (*along, counts))
    rows = [np.pad(part, ((0, 0), (0, more))) for part in each]
    rises = np.asarray(rise, dtype=float)
    found: AcceptedSet = in_chunks(lambda some: _exact(Along(*some[:3]), some[3], rises), rows, _SETS)
    return found


@compiled
def _exact(along: Along, counts: Float[Array, "sets n"], rise: Scalar) -> AcceptedSet:
    found: AcceptedSet = jax.vmap(values_of, (0, 0, None))(along, counts, rise)
    return found


def _of_size(likelihood: Likelihood, k: int, found: AcceptedSet) -> AcceptedSet:
    return sizes(found) if likelihood.parameters[k].kind == "magnitude" else found


def sizes(found: AcceptedSet) -> AcceptedSet:
    """Return the half of a set that is not below 0, of a coupling without a sign."""
    there = found.intervals[..., 1:] >= 0
    xp = array_module(*found)
    half = xp.where(there, xp.maximum(found.intervals, 0.0), np.nan)
    return found._replace(intervals=half, best=abs(found.best))


_elsewhere = compiled(jax.vmap(elsewhere, in_axes=(None, 0, None, None)))


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
    xp: Any = array_module(*minima)
    chi2 = xp.where(minima.status == CONVERGED, minima.chi2, np.inf)
    least = xp.min(chi2, axis=0)
    # The profile may have other branches over the same values of the coupling.
    wanted = (chi2 < least + rise) & _distinct(minima.x)
    room = xp.where(wanted, least + rise - xp.where(wanted, chi2, 0.0), rise)
    below, above = (cross(side, room, wanted) for side in (-1.0, 1.0))
    low, high = (xp.moveaxis(xp.where(wanted, end.value, np.nan), 0, -1) for end in (below, above))
    crossed = (below.status != NOT_CONVERGED) & (above.status != NOT_CONVERGED)
    good = (minima.status[0] == CONVERGED) & xp.all(crossed | ~wanted, axis=0)
    x = minima.x[..., k]
    tied = xp.where(chi2 <= least + TIE, xp.abs(x), np.inf)
    best = xp.take_along_axis(x, xp.argmin(tied, axis=0)[None], axis=0)[0]
    intervals = joined(low, high)
    inside = (x[..., None] >= intervals[..., 0]) & (x[..., None] <= intervals[..., 1])
    lowest = xp.where(xp.isfinite(least), least, 0.0)  # infinite where every fit failed
    rises = xp.min(xp.where(inside, chi2[..., None], np.inf), axis=0) - lowest[..., None]
    root = xp.where(xp.isnan(intervals), np.nan, xp.sqrt(xp.maximum(intervals, 0.0)))
    intervals = xp.where(magnitude, root, intervals)
    best = xp.where(magnitude, xp.sqrt(xp.maximum(best, 0.0)), best)
    return AcceptedSet(intervals, rises, best, least, good)


def joined(lows: Float[Array, "*sets k"], highs: Float[Array, "*sets k"]) -> Float[Array, "*sets k 2"]:
    """Return the union of intervals, NaN where there is none, as increasing disjoint ones.

    Examples
    --------
    >>> joined(np.array([3.0, 0.0, np.nan, 0.5]), np.array([4.0, 1.0, np.nan, 2.0]))[:2]
    array([[0., 2.],
           [3., 4.]])
    """
    xp: Any = array_module(lows, highs)
    order = xp.argsort(lows, axis=-1)  # NaN last
    low, high = (xp.take_along_axis(ends, order, axis=-1) for ends in (lows, highs))
    there = ~xp.isnan(low)
    ends = xp.where(there, high, -np.inf)
    so_far = np.maximum.accumulate(ends, -1) if xp is np else jax.lax.cummax(ends, ends.ndim - 1)
    before = xp.concatenate([xp.full_like(so_far[..., :1], -np.inf), so_far[..., :-1]], axis=-1)
    begins = there & ((low > before) | (np.arange(low.shape[-1]) == 0))
    number = xp.cumsum(begins, axis=-1) - 1
    mine = there[..., None, :] & (number[..., None, :] == np.arange(low.shape[-1])[:, None])
    first = xp.min(xp.where(mine, low[..., None, :], np.inf), axis=-1)
    last = xp.max(xp.where(mine, high[..., None, :], -np.inf), axis=-1)
    some = xp.where(xp.any(mine, axis=-1), xp.stack([first, last]), np.nan)
    joint: Array = xp.moveaxis(some, 0, -1)
    return joint
