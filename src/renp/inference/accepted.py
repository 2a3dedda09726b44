"""Everything that one coupling may be: the intervals in which Δχ² does not exclude it.

The reference is the least χ² of all couplings, not that without one. Where nothing else is free and masses,
mixing and photon energies are known, the counts are a quadratic in the coupling, and the set is exact
(`renp.inference.quadratic_set`); otherwise Newton's method goes out from every minimum to either side, and
what overlaps is joined. The counts with a coupling that interferes are N_0 + b g + c g² in each run: beyond
g = −b/c the square outweighs the interference and they return to N_0, so that around there the coupling is
accepted once more.

Couplings are in the unit u of their parameter: g/u, at least 0 for one without a sign.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from renp._types import Mask
from renp.compiled import compiled
from renp.inference.ensembles import CHUNK, crossing_ensemble, fit_ensemble, in_chunks
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum
from renp.inference.quadratic_set import TIE, AcceptedSet, Along, quadratic_set
from renp.inference.starts import elsewhere
from renp.validation import Scalar

_RUNS = 4
"""Runs are filled up to a multiple of this, so that their number seldom makes another program."""

_FEW_SETS = 8


def accepted(
    likelihood: Likelihood, data: Data, moves: Mask, k: int, rise: Scalar, start: Any = None
) -> AcceptedSet:
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
    start
        Where the first fits begin; `Likelihood.start` if left out.

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
    start = likelihood.start if start is None else start
    start = jnp.where(jnp.asarray(moves), jnp.asarray(start), likelihood.point())
    best = fit_ensemble(likelihood, data, start, moves)
    starts = np.moveaxis(np.asarray(_elsewhere(likelihood, best.x, jnp.asarray(k), jnp.asarray(moves))), 1, 0)
    if len(starts):  # many lead nowhere else
        starts = np.unique(starts[np.any(starts != np.asarray(best.x), axis=(1, 2))], axis=0)
    minima = [best, *(fit_ensemble(likelihood, data, x, moves) for x in starts)]

    def cross(minimum: Minimum, side: float, room: Array, wanted: Array) -> Crossing:
        rows = np.flatnonzero(np.asarray(wanted))
        sets = len(data.counts)
        found = Crossing(jnp.full(sets, jnp.nan), minimum.x, jnp.full(sets, CONVERGED))
        if not rows.size:
            return found
        some = jax.tree.map(lambda a: np.asarray(a)[rows], (data, minimum, room))
        there = crossing_ensemble(likelihood, some[0], some[1], moves, k, side, some[2])
        put: Crossing = jax.tree.map(lambda old, new: jnp.asarray(old).at[rows].set(new), found, there)
        return put

    return around_minima(minima, cross, k, rise, magnitude=likelihood.parameters[k].kind == "magnitude")


def is_exact(likelihood: Likelihood, moves: Mask) -> bool:
    """Return whether one coupling alone is free, and all rates are known functions of it."""
    return likelihood.response is not None and int(np.sum(np.asarray(moves))) == 1


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
    minima: Sequence[Minimum],
    cross: Callable[[Minimum, float, Array, Array], Crossing],
    k: Any,
    rise: Scalar,
    *,
    magnitude: Bool[Array, ""] | bool,
) -> AcceptedSet:
    """Return what is accepted around some minima; jax-traceable.

    Parameters
    ----------
    minima
        Local minima, the one that has to have converged first.
    cross
        Returns where the χ² has risen from a minimum, on a side, by a Δχ²; only where it is wanted.
    k
        Place of the coupling.
    rise
        Δχ² above the least.
    magnitude
        Whether the coordinate is the square of the coupling.
    """
    found = jnp.stack([jnp.where(m.status == CONVERGED, m.chi2, jnp.inf) for m in minima])
    least = jnp.min(found, axis=0)
    good = jnp.asarray(minima[0].status == CONVERGED)
    lows: list[Array] = []
    highs: list[Array] = []
    for minimum, chi2 in zip(minima, found, strict=True):
        x = jnp.asarray(minimum.x)[..., k]
        wanted = chi2 < least + rise
        for low, high in zip(lows, highs, strict=True):
            wanted = wanted & ~((low <= x) & (x <= high))  # the same interval once more
        room = jnp.where(wanted, least + rise - chi2, rise)
        below, above = (cross(minimum, side, room, wanted) for side in (-1.0, 1.0))
        lows.append(jnp.where(wanted, below.value, jnp.nan))
        highs.append(jnp.where(wanted, above.value, jnp.nan))
        crossed = (jnp.asarray(below.status) != NOT_CONVERGED) & (jnp.asarray(above.status) != NOT_CONVERGED)
        good = good & (~wanted | crossed)
    coordinates = jnp.stack([jnp.asarray(m.x)[..., k] for m in minima])
    tied = jnp.where(found <= least + TIE, jnp.abs(coordinates), jnp.inf)
    best = jnp.take_along_axis(coordinates, jnp.argmin(tied, axis=0)[None], axis=0)[0]
    intervals = joined(jnp.stack(lows, axis=-1), jnp.stack(highs, axis=-1))
    inside = (coordinates[..., None] >= intervals[..., 0]) & (coordinates[..., None] <= intervals[..., 1])
    rises = jnp.min(jnp.where(inside, found[..., None], jnp.inf), axis=0) - least[..., None]
    root = jnp.sqrt(jnp.maximum(intervals, 0.0))
    intervals = jnp.where(magnitude, jnp.where(jnp.isnan(intervals), jnp.nan, root), intervals)
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
