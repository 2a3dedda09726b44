"""The χ² minimised over all parameters but some: best fits, profiles and contours.

Free masses and phases, and couplings of either sign, can give the χ² several minima. They are sought
from many starts in one batch. A spectrum ends at a threshold with infinite slope, so that the χ² can be
least exactly where a pair of neutrinos just fails to be emitted in a run; these edges are tried as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import qmc

from renp.errors import InputError
from renp.inference.ensembles import CHUNK, fit_ensemble
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED
from renp.inference.parameters import Parameter, coordinate, physical
from renp.kinematics import momentum_transfer_squared
from renp.results.base import provenance
from renp.results.profiles import Contour, Profile
from renp.validation import instance, within

Reals: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

MASS = "lightest_mass"

_SAMPLES = 6
"""Binary logarithm of the number of sampled starts."""
_FEW = 64
"""Fits are done in sets of this size or of `CHUNK`, since every size is compiled anew."""
_KEPT, _OTHERS = 5, 3
"""Minima, and other starts, from which every point of a profile is sought."""
_EDGES = 4
"""Edges of thresholds that are tried at every point of a profile."""
_SAME = 1e-3
"""Distance of coordinates within which two minima are the same."""
_TIE = 1e-6
"""Difference in χ² of minima that are equally low."""

_RISE = 9.0
"""Δχ² up to which profiles and contours reach if no values are given."""
_POINTS, _SIDE = 81, 41
_FINER = 5
"""Parts into which an interval between two points is divided near a narrow minimum."""

_SIDES = (-1, 1)
_OUTWARD = 2.0 ** np.arange(-6, 18)
"""Distances from a minimum, in coordinates, at which a profile is looked at first."""
_NOWHERE = np.zeros(0)
_ROUNDS, _DIVISIONS = 3, 24
"""How often, and in how many parts, an interval with a crossing is divided: to 10⁻⁵ of the distance."""

_NEAR = np.array([0.0, 1e-5, 1e-4, 1e-3, 3e-3])
"""Relative distances below a threshold at which a profile of the lightest mass is evaluated."""


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
    starts = np.concatenate([nominal[None], _sampled(likelihood, data, nominal, moves)])
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


def profile(
    likelihood: Likelihood,
    name: str,
    values: ArrayLike | None = None,
    data: Data | None = None,
    *,
    fixed: Sequence[str] = (),
) -> Profile:
    """Return the χ² as a function of one parameter, minimised over all others.

    Parameters
    ----------
    likelihood
        What is fitted.
    name
        The parameter.
    values
        Physical values at which to minimise; by default as far as Δχ² = 9, best fit included.
    data
        Counts and pulls; the observed counts if left out.
    fixed
        Names of parameters that are not fitted.

    Raises
    ------
    InputError
        For unknown names, values that the parameter cannot have, or if there are no data.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[130])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> [(round(low, 2), round(high, 2)) for low, high in profile(likelihood, "weak").intervals(0.9)]
    [(-2.13, -1.98), (-0.02, 0.13)]
    """
    found = _searched(likelihood, data, fixed, [name])
    k = likelihood.index(name)
    parameter = likelihood.parameters[k]
    grid = _grid(found, k, _POINTS) if values is None else _given(parameter, values)
    minima = found.profile([k], grid[:, None])
    best, least = _best(found, minima)
    return Profile(
        name=name,
        unit=parameter.unit,
        magnitude=parameter.kind == "magnitude",
        values=_physical(parameter, grid),
        delta_chi2=_rises(minima, least),
        best=float(_physical(parameter, best[k])),
        chi2=least,
        not_converged=int(np.sum(minima.status == NOT_CONVERGED)),
        made_by=_made_by(likelihood, found.data, fixed, "profile"),
    )


def contour(
    likelihood: Likelihood,
    names: tuple[str, str],
    values: tuple[ArrayLike, ArrayLike] | None = None,
    data: Data | None = None,
    *,
    fixed: Sequence[str] = (),
) -> Contour:
    """Return the χ² as a function of two parameters, minimised over all others.

    Parameters
    ----------
    likelihood
        What is fitted.
    names
        Two different parameters.
    values
        Physical values of each; by default as far as the profile of each has risen by 9.
    data
        Counts and pulls; the observed counts if left out.
    fixed
        Names of parameters that are not fitted.

    Raises
    ------
    InputError
        For unknown names, values that a parameter cannot have, or if there are no data.

    Examples
    --------
    >>> import renp
    >>> energies, counts = [1.068, 1.07], [117, 84]
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), energies, 864000.0, counts=counts)
    >>> moments = {f"mu_1{j}": renp.MagneticMoment({(1, j): 1.0}) for j in (1, 2)}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moments)
    >>> contour(likelihood, ("mu_11", "mu_12"), ([0, 3e-11], [0, 2e-11, 4e-11])).delta_chi2.shape
    (2, 3)
    """
    if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise InputError("names", repr(names), "two different parameters")
    found = _searched(likelihood, data, fixed, names)
    places = [likelihood.index(name) for name in names]
    pair = [likelihood.parameters[k] for k in places]
    if values is None:
        grids = [_grid(found, k, _SIDE) for k in places]
    elif len(values) != 2:
        raise InputError("values", f"{len(values)} lists", "two lists, one for each parameter")
    else:
        grids = [_given(p, v) for p, v in zip(pair, values, strict=True)]
    points = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 2)
    minima = found.profile(places, points)
    lowest, least = _best(found, minima)
    x, y = (_physical(p, grid) for p, grid in zip(pair, grids, strict=True))
    best = [float(_physical(p, lowest[k])) for p, k in zip(pair, places, strict=True)]
    return Contour(
        names=(names[0], names[1]),
        units=(pair[0].unit, pair[1].unit),
        magnitudes=(pair[0].kind == "magnitude", pair[1].kind == "magnitude"),
        values=(x, y),
        delta_chi2=_rises(minima, least).reshape(x.size, y.size),
        best=(best[0], best[1]),
        chi2=least,
        not_converged=int(np.sum(minima.status == NOT_CONVERGED)),
        made_by=_made_by(likelihood, found.data, fixed, "contour"),
    )


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
    return Data(counts, pulls)


def moving(likelihood: Likelihood, fixed: Sequence[str]) -> Mask:
    """Return which parameters are fitted, or raise `InputError` for a name that there is not."""
    if isinstance(fixed, str):
        raise InputError("fixed", repr(fixed), "a list of names")
    return ~np.isin(np.arange(len(likelihood.names)), [likelihood.index(name) for name in fixed])


def threshold_masses(likelihood: Likelihood) -> Reals:
    """Return the lightest masses, eV, at which a pair's threshold is at the energy of a run.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.0716], 1.0)
    >>> threshold_masses(renp.Likelihood(runs, renp.Neutrinos(0.01))).round(4)
    array([0.0091, 0.011 , 0.0125])
    """
    masses = np.asarray(likelihood.neutrinos.masses)
    above = masses**2 - np.min(masses) ** 2
    photons, atom = likelihood.experiment.photon_energy, likelihood.experiment.atom
    q2 = np.asarray(momentum_transfer_squared(photons, atom.E_eg, atom.boost))
    q = np.sqrt(np.where(q2 > 0, q2, np.nan))[:, None, None]
    first, second = above[:, None], above[None, :]
    # m_i + m_j = q and m_i² − m_j² = first − second.
    m_i, m_j = (q + (first - second) / q) / 2, (q - (first - second) / q) / 2
    lightest2 = np.where((m_i >= 0) & (m_j >= 0), m_i**2 - first, np.nan)
    return np.unique(np.sqrt(lightest2[lightest2 >= 0]).round(15))


def _searched(
    likelihood: Likelihood, data: Data | None, fixed: Sequence[str], scanned: Sequence[str]
) -> Search:
    checked = checked_data(likelihood, data)
    moves = moving(likelihood, fixed)
    for name in scanned:
        if not moves[likelihood.index(name)]:
            raise InputError("fixed", repr(name), "without the parameter that is scanned")
    return search(likelihood, checked, moves)


def _nominal(likelihood: Likelihood, data: Data, moves: Mask) -> Reals:
    """Return the point of physical values as given, with the pulls that move as measured."""
    nominal = np.array(likelihood.point(), dtype=float)
    measured = nominal.copy()
    measured[list(likelihood.constrained)] = data.pulls
    return np.where(moves, measured, nominal)


def _sampled(likelihood: Likelihood, data: Data, nominal: Reals, moves: Mask) -> Reals:
    """Return starts that cover the parameters in which the χ² can have several minima."""
    boxes = {k: box for k in np.flatnonzero(moves).tolist() if (box := _box(likelihood, data, k))}
    if not boxes:
        return np.zeros((0, nominal.size))
    sample = qmc.Sobol(len(boxes), scramble=False).random_base2(_SAMPLES)[1:]  # the first is a corner
    starts = np.tile(nominal, (len(sample), 1))
    for share, (k, (low, high)) in zip(sample.T, boxes.items(), strict=True):
        # Thresholds of small masses lie closer together.
        dense = share**2 if likelihood.names[k] == MASS else share
        starts[:, k] = low + (high - low) * dense
    return starts


def _box(likelihood: Likelihood, data: Data, k: int) -> tuple[float, float] | None:
    """Return the range of a coordinate in which minima can lie; None if it gives no second one."""
    parameter = likelihood.parameters[k]
    if parameter.kind == "coupling":
        # The counts of −2 × the interference are those without the coupling, at 2 N^¼ at most.
        number = float(jnp.sum(likelihood.experiment.background_counts) + jnp.sum(data.counts))
        number = max(number, float(jnp.sum(likelihood.expected(likelihood.point()))))
        far = 3 * (1 + number) ** 0.25
        return -far, far
    if parameter.kind != "free":
        return None
    unit = float(parameter.plus)
    if parameter.name == MASS:
        return 0.0, float(np.max(threshold_masses(likelihood), initial=unit)) / unit
    if parameter.unit == "rad":
        return -np.pi / unit, np.pi / unit
    if np.isfinite(parameter.high):
        return float(parameter.low), float(parameter.high)
    nominal = float(likelihood.point()[k])
    return 0.5 * nominal, 1.5 * nominal


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
    tied = found.chi2 <= least + _TIE
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


def _grid(found: Search, k: int, points: int) -> Reals:
    """Return coordinates, even in the physical value, over the range in which the profile rises by 9."""
    parameter = found.likelihood.parameters[k]
    best = float(found.x[k])
    box = _box(found.likelihood, found.data, k) or (best - 4, best + 16)
    reached = ends(found, k, _RISE, outermost=True)
    low, high = (e if np.isfinite(e) else edge for e, edge in zip(reached, box, strict=True))
    first, last = _physical(parameter, np.array([low, high]))
    values = np.linspace(first, last, points)
    even = np.array([low, *(coordinate(parameter, float(v)) for v in values[1:-1]), high])
    edges = np.zeros(0)
    if parameter.name == MASS:
        # Below a threshold the counts rise as its square root.
        edges = np.outer(threshold_masses(found.likelihood) / float(parameter.plus), 1 - _NEAR).ravel()
    edges = edges[(edges > low) & (edges < high)]
    return np.unique(np.concatenate([even, _between(found, k, even), edges, [best]]))


def _between(found: Search, k: int, grid: Reals) -> Reals:
    """Return more points where the profile is low, if that is in few of the intervals: narrow islands."""
    low = found.profile([k], grid[:, None]).chi2 < found.chi2 + _RISE
    near = low[1:] | low[:-1]
    if 2 * np.sum(near) > near.size:
        return _NOWHERE
    shares = np.linspace(0, 1, _FINER + 1)[1:-1]
    return (grid[:-1][near, None] + np.outer(np.diff(grid)[near], shares)).ravel()


def _given(parameter: Parameter, values: ArrayLike) -> Reals:
    low = 0.0 if parameter.kind == "magnitude" else -np.inf
    allowed = "finite sizes, at least 0" if low == 0 else "finite physical values"
    flat = np.atleast_1d(np.asarray(within(f"values of {parameter.name}", values, allowed, low)))
    if flat.ndim != 1 or not flat.size or np.any(np.diff(flat) <= 0):
        raise InputError(f"values of {parameter.name}", flat.tolist(), "a list of increasing values")
    return np.array([coordinate(parameter, float(v)) for v in flat])


def _physical(parameter: Parameter, x: ArrayLike) -> Reals:
    return np.asarray(physical(parameter, jnp.asarray(x)))


def _best(found: Search, minima: Minima) -> tuple[Reals, float]:
    """Return the best fit and its χ², from the scan only if that has found a lower minimum."""
    if np.min(minima.chi2) < found.chi2 - _TIE:
        row = int(np.argmin(minima.chi2))
        return minima.x[row], float(minima.chi2[row])
    return found.x, found.chi2


def _rises(minima: Minima, least: float) -> Reals:
    if not np.isfinite(least):
        return np.full(minima.chi2.shape, np.nan)
    rises: Reals = np.maximum(minima.chi2 - least, 0.0)
    return rises


def _made_by(likelihood: Likelihood, data: Data, fixed: Sequence[str], method: str) -> dict[str, str]:
    return provenance(
        experiment=likelihood.experiment,
        neutrinos=likelihood.neutrinos,
        model=likelihood.model,
        couplings=dict(zip(likelihood.names, map(str, likelihood.couplings), strict=False)),
        counts=np.asarray(data.counts).tolist(),
        pulls=np.asarray(data.pulls).tolist(),
        fixed=list(fixed),
        method=f"{method} of the Poisson chi-square, minimised by Newton's method from several starts",
    )
