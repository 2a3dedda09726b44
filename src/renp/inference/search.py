"""The minima of one data set's χ², and where its profiles rise.

Free masses and phases, and couplings of either sign, can give the χ² several minima. They are sought
from many starts in one batch. A spectrum ends at a threshold with infinite slope, so that the χ² can be
least exactly where a pair of neutrinos just fails to be emitted in a run; these edges are tried as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.inference.ensembles import CHUNK, fit_ensemble
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.newton import CONVERGED
from renp.inference.starts import MASS, sampled, threshold_masses
from renp.validation import instance, within

Mask: TypeAlias = NDArray[np.bool_]


_FEW = 64
"""Fits are done in sets of this size or of `CHUNK`, since every size is compiled anew."""

_KEPT, _OTHERS = 5, 3
"""Minima, and other starts, from which every point of a profile is sought."""

_EDGES = 4
"""Edges of thresholds that are tried at every point of a profile."""

_SAME = 1e-3
"""Distance of coordinates within which two minima are the same."""

TIE = 1e-6
"""Difference in χ² of minima that are equally low."""

_SIDES = (-1, 1)

_OUTWARD = 2.0 ** np.arange(-6, 18)
"""Distances from a minimum, in coordinates, at which a profile is looked at first."""

_NOWHERE = np.zeros(0)

_ROUNDS, _DIVISIONS = 3, 24
"""How often, and in how many parts, an interval with a crossing is divided: to 10⁻⁵ of the distance."""


class Minima(NamedTuple):
    """Where the χ² is least, from each of several starts or at each of several points."""

    x: Reals
    chi2: Reals
    """Infinite where the counts are impossible."""
    status: NDArray[np.int_]

    def at(self, rows: NDArray[np.int_] | slice) -> "Minima":
        """Return some of them."""
        return Minima(self.x[rows], self.chi2[rows], self.status[rows])


@dataclass(frozen=True)
class Search:
    """The minima of a χ², and where to start from to find them again with some parameters held."""

    likelihood: Likelihood
    data: Data
    moves: Mask
    minima: Minima
    """Distinct minima, the lowest first."""
    starts: Reals
    edges: Reals
    """Points with the lightest mass at a threshold, the lowest first."""

    @property
    def x(self) -> Reals:
        """Coordinates of the best fit."""
        x: Reals = self.minima.x[0]
        return x

    @property
    def chi2(self) -> float:
        """χ² of the best fit."""
        return float(self.minima.chi2[0])

    def profile(self, places: Sequence[int], points: Reals) -> Minima:
        """Return the minima with the parameters at ``places`` held at ``points``, shape (m, places)."""
        held = np.isin(np.arange(self.moves.size), places)
        found = self._lowest(self.starts, places, points, self.moves & ~held)
        mass = _is_mass(self.likelihood)
        if not self.edges.size or np.any(held & mass):
            return found
        at_edges = self._lowest(self.edges, places, points, self.moves & ~held & ~mass)
        return _lower(found, at_edges)

    def _lowest(self, starts: Reals, places: Sequence[int], points: Reals, moves: Mask) -> Minima:
        rows = np.tile(starts, (len(points), 1, 1))
        rows[:, :, list(places)] = points[:, None, :]
        found = _minima(self.likelihood, self.data, rows.reshape(-1, moves.size), moves)
        lowest = np.argmin(found.chi2.reshape(len(points), len(starts)), axis=1)
        return found.at(np.arange(len(points)) * len(starts) + lowest)


def search(likelihood: Likelihood, data: Data, moves: Mask, extra: Reals | None = None) -> Search:
    """Return the minima of the χ² in the parameters that move.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    moves
        Which parameters move; the others stay at `Likelihood.point`.
    extra
        Another point to start from.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[15])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> found = search(likelihood, likelihood.data, np.array([True]))
    >>> likelihood.values(jnp.array(found.minima.x))["weak"].round(3)  # the amplitude is 1 + weak: two signs
    Array([ 0.132, -2.132], dtype=float64)
    """
    nominal = _nominal(likelihood, data, moves)
    starts = np.concatenate([nominal[None], sampled(likelihood, data, nominal, moves)])
    if extra is not None:
        starts = np.concatenate([extra[None], starts])
    found = _minima(likelihood, data, starts, moves)
    edges = _at_edges(likelihood, data, moves, np.stack([nominal, _ordered(found, nominal).x[0]]))
    minima = _distinct(_ordered(_joined(found, edges), nominal))
    return Search(
        likelihood,
        data,
        moves,
        minima,
        starts=np.concatenate([minima.x[:_KEPT], starts[:_OTHERS]]) if len(starts) > 1 else minima.x[:1],
        edges=_distinct(_ordered(edges, nominal)).x[:_EDGES],
    )


def ends(found: Search, k: int, rise: float, *, outermost: bool = False) -> tuple[float, float]:
    """Return the coordinates at which the profile of a parameter has risen, by scanning outwards.

    Parameters
    ----------
    found
        The minima.
    k
        Place of the parameter.
    rise
        Δχ².
    outermost
        Whether to return where it rises for the last time, rather than for the first.

    Returns
    -------
    tuple
        Below and above the minimum; the bound of the parameter, which can be infinite, on a side on which
        the profile does not rise as much.
    """
    best, target = float(found.x[k]), found.chi2 + rise
    bounds = [float(bound[k]) for bound in found.likelihood.bounds]
    room = [side * (bound - best) for side, bound in zip(_SIDES, bounds, strict=True)]
    # Another minimum can be narrower than the distance between two of the points.
    other = np.abs(found.minima.x[found.minima.chi2 < target, k] - best)
    ahead = np.unique(np.concatenate([_OUTWARD, other[other > 0]])) if outermost else _OUTWARD
    brackets: list[_Bracket | None] = [_Bracket(0.0, np.unique(np.minimum(ahead, far))) for far in room]
    for _ in range(_ROUNDS + 1):
        points = [best + side * b.ahead if b else _NOWHERE for side, b in zip(_SIDES, brackets, strict=True)]
        above = found.profile([k], np.concatenate(points)[:, None]).chi2 >= target
        split = np.split(above, [len(points[0])])
        brackets = [b and b.narrowed(high, outermost) for b, high in zip(brackets, split, strict=True)]
    low, high = (
        best + side * b.middle if b else bound
        for side, b, bound in zip(_SIDES, brackets, bounds, strict=True)
    )
    return low, high


class _Bracket(NamedTuple):
    """Distances from the minimum between which a profile crosses a target."""

    inner: float
    """Where it is below."""
    ahead: Reals
    """Where it is looked at next, the last one being above if it ever is."""

    @property
    def middle(self) -> float:
        return float(self.inner + self.ahead[-1]) / 2

    def narrowed(self, above: Mask, outermost: bool) -> "_Bracket | None":
        """Return the interval between two of the points, the first or last that crosses; None if none."""
        crossed = np.flatnonzero(above)
        if outermost:
            crossed = crossed[crossed > np.max(np.flatnonzero(~above), initial=-1)]
        if not crossed.size:
            return None
        first = int(crossed[0])
        inner = float(self.ahead[first - 1]) if first else self.inner
        return _Bracket(inner, np.linspace(inner, float(self.ahead[first]), _DIVISIONS + 1)[1:])


def checked_data(likelihood: Likelihood, data: Data | None) -> Data:
    """Return data of the right shape, the observed counts by default, or raise `InputError`."""
    instance("likelihood", likelihood, Likelihood)
    if data is None:
        return likelihood.data
    instance("data", data, Data)
    counts = within("counts", data.counts, "numbers of counts, at least 0", 0.0)
    pulls = within("pulls", data.pulls, "finite pulls")
    wanted = likelihood.experiment.photon_energy.shape, (len(likelihood.constrained),)
    if (counts.shape, pulls.shape) != wanted:
        shapes = f"counts of shape {counts.shape}, pulls of shape {pulls.shape}"
        raise InputError("data", shapes, f"of the shapes {wanted[0]} and {wanted[1]}: one data set")
    return Data(jnp.asarray(counts), jnp.asarray(pulls))


def checked_point(likelihood: Likelihood, name: str, x: Any) -> Point:
    """Return coordinates as an array, or raise `InputError`."""
    allowed = "a point, see Likelihood.point"
    point = jnp.asarray(within(name, x, allowed))
    if point.shape != (len(likelihood.names),):
        raise InputError(name, f"an array of shape {point.shape}", allowed)
    return point


def moving(likelihood: Likelihood, fixed: Sequence[str]) -> Mask:
    """Return which parameters are fitted, or raise `InputError` for a name that there is not."""
    if isinstance(fixed, str):
        raise InputError("fixed", repr(fixed), "a list of names")
    return ~np.isin(np.arange(len(likelihood.names)), [likelihood.index(name) for name in fixed])


def _nominal(likelihood: Likelihood, data: Data, moves: Mask) -> Reals:
    """Return the point of physical values as given, with the pulls that move as measured."""
    nominal = np.array(likelihood.point(), dtype=float)
    measured = nominal.copy()
    measured[list(likelihood.constrained)] = data.pulls
    return np.where(moves, measured, nominal)


def _at_edges(likelihood: Likelihood, data: Data, moves: Mask, starts: Reals) -> Minima:
    """Return the minima with the lightest mass held where a pair closes in a run."""
    mass = _is_mass(likelihood)
    if not np.any(moves & mass):
        return _minima(likelihood, data, starts[:0], moves)
    edges = threshold_masses(likelihood) / float(likelihood.parameters[int(np.argmax(mass))].plus)
    rows = np.tile(starts, (len(edges), 1))
    rows[:, mass] = np.repeat(edges, len(starts))[:, None]
    return _minima(likelihood, data, rows, moves & ~mass)


def _is_mass(likelihood: Likelihood) -> Mask:
    return np.array([name == MASS for name in likelihood.names], dtype=bool)


def _minima(likelihood: Likelihood, data: Data, starts: Reals, moves: Mask) -> Minima:
    rows, parameters = starts.shape
    if not (rows and parameters):
        chi2 = [float(likelihood.chi2(jnp.asarray(x), data)) for x in starts]
        return Minima(starts, np.array(chi2), np.full(rows, CONVERGED))
    filled = np.minimum(np.arange(_FEW if rows <= _FEW else max(rows, CHUNK)), rows - 1)
    same = Data(*(jnp.broadcast_to(a, (filled.size, *a.shape)) for a in data))
    found = fit_ensemble(likelihood, same, starts[filled], jnp.asarray(moves))
    x, least, status = (np.asarray(a) for a in (found.x, found.chi2, found.status))
    return Minima(x, np.where(np.isnan(least), np.inf, least), status).at(slice(rows))


def _ordered(found: Minima, nominal: Reals) -> Minima:
    """Return minima by their χ²; equal ones by their distance from the nominal point."""
    least = np.min(found.chi2, initial=np.inf)
    tied = found.chi2 <= least + TIE
    distance = np.max(np.abs(found.x - nominal), axis=1, initial=0.0)
    order = np.lexsort((distance, np.where(tied, -np.inf, found.chi2)))
    return found.at(order)


def _distinct(found: Minima) -> Minima:
    """Return the first of those minima that are close to one another; impossible ones only if all are."""
    kept: list[int] = []
    for k, x in enumerate(found.x):
        if not np.isfinite(found.chi2[k]) and kept:
            break
        if all(np.max(np.abs(x - found.x[other]), initial=0.0) > _SAME for other in kept):
            kept.append(k)
    return found.at(np.array(kept, dtype=int))


def _joined(one: Minima, other: Minima) -> Minima:
    x, chi2, status = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    return Minima(x, chi2, status)


def _lower(one: Minima, other: Minima) -> Minima:
    """Return the lower of two minima at each point."""
    rows = np.arange(len(one.chi2))
    return _joined(one, other).at(np.where(other.chi2 < one.chi2, rows + len(rows), rows))
