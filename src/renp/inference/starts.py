"""Where searches for the least χ² begin, and how far they look: of fits, profiles, comparisons and plans.

Free masses and phases, and couplings of either sign, can give the χ² several minima. The counts with a
coupling that interferes are N_0 + b g + c g² in each run. Where b and g have opposite signs they fall, and
beyond g = −b/c they rise above N_0 again: around there the data may allow the coupling once more.
"""

from itertools import combinations
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import NDArray

from renp._types import Reals
from renp.formula.kinematics import momentum_transfer_squared, threshold_energies
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.nuisances import CALIBRATION
from renp.inference.part import Part
from renp.neutrinos import neutrino_names, with_values

Mask: TypeAlias = NDArray[np.bool_]

MASS = "lightest_mass"

_SCAN = 1024
"""Points at which the χ² of many data sets is looked at before fits."""

_FAR = 9
"""Some points are up to one unit away from where a threshold passes a run, others 10⁻⁹."""

BELIEVED = 6.0
"""Standard deviations beyond which no calibration is sought."""

_SEVERAL_MINIMA = ("free", "coupling", "constrained")
"""Kinds of parameters along which the χ² may have several minima, the worst first."""

_MASSES = (0.0, 0.5, 1.5, 3.0)
"""Lightest masses, in units of the nominal one, from which fits with a free mass start besides."""


_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Among the runs, each of which returns elsewhere: a second solution is where most of them agree."""

STARTS = len(_QUANTILES)

MOST_RETURNING = 3
"""Couplings of either sign up to which all combinations of them are tried."""


def returns(likelihood: Likelihood, x: Point, k: Int[Array, ""] | int) -> Float[Array, "s p"]:
    """Return points from which a second solution of coupling k is found, if there is one.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 864000.0)
    >>> light = renp.VectorMediator(1e3, 1e-18, left={(1, 1): 1.0})
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"g": light})
    >>> starts = returns(likelihood, likelihood.point(), 0)
    >>> starts.shape, bool((starts > 0).all())
    ((5, 1), True)
    """
    is_k = jnp.arange(x.size) == k
    here, above, below = (likelihood.expected(x + step * is_k) for step in (0.0, 1.0, -1.0))
    linear, square = (above - below) / 2, (above + below) / 2 - here
    steps = -linear / jnp.where(square > 0, square, jnp.nan)
    found = jnp.nan_to_num(jnp.nanquantile(steps, jnp.array(_QUANTILES)), nan=0.0)
    return x + found[:, None] * is_k


_returns = jax.jit(returns)


def elsewhere(
    likelihood: Likelihood, x: Point, k: Int[Array, ""] | int, moves: Bool[Array | np.ndarray[Any, Any], "p"]
) -> Float[Array, "s p"]:
    """Return points from which the other minima over coupling k are found, from one minimum; jax-traceable.

    These are where the counts return to what they are, along couplings of either sign that move, each alone
    or a few together, and other lightest masses where that is free.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> elsewhere(likelihood, likelihood.point(), 0, jnp.array([True]))[0].round(2)
    Array([-6.29], dtype=float64)
    """
    points: list[Array] = []
    signed = signed_places(likelihood)
    if signed:
        points.append(returns(likelihood, x, k))
    most = len(signed) if len(signed) <= MOST_RETURNING else 1
    for number in range(1, most + 1 if len(likelihood.couplings) > 1 else 1):
        for some in combinations(signed, number):
            there = x
            for place in some:
                there = jnp.where(moves[place], returns(likelihood, there, place)[STARTS // 2], there)
            points.append(there[None])
    if MASS in likelihood.names:
        place = likelihood.names.index(MASS)
        masses = jnp.array(_MASSES) * likelihood.nominal[place]
        points.append(jnp.tile(x, (len(_MASSES), 1)).at[:, place].set(masses))
    return jnp.concatenate(points) if points else jnp.zeros((0, x.size))


def signed_places(likelihood: Likelihood) -> list[int]:
    """Return the places of the couplings that have a sign."""
    return [k for k, parameter in enumerate(likelihood.parameters) if parameter.kind == "coupling"]


def few(likelihood: Likelihood) -> Reals:
    """Return starts without knowing the data: `Likelihood.start`, and what may lead to other minima.

    These are several lightest masses if that is free, and for each coupling of either sign the places where
    the counts return to those without it.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> few(renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()}))[:2].round(2)
    array([[ 0.5 ],
           [-6.29]])
    """
    first = np.asarray(likelihood.start, dtype=float)
    starts = [first[None]]
    for k, parameter in enumerate(likelihood.parameters):
        if parameter.kind == "coupling":
            there = np.asarray(_returns(likelihood, np.asarray(likelihood.point()), k))
            starts.append(np.unique(there, axis=0))
        elif parameter.name == MASS:
            masses = np.tile(first, (len(_MASSES), 1))
            masses[:, k] *= _MASSES
            starts.append(masses)
    return np.concatenate(starts)


def scanned(likelihood: Likelihood, data: Data, moves: Mask) -> Reals:
    """Return points over the parameters that may have several minima, in order along the worst of them.

    They are those of `few`, and more that cover the parameters; half of these lie close to where a pair's
    threshold passes a run. Rates and magnitudes alone have one minimum, as the counts are linear in them.
    """
    from scipy.stats.qmc import Sobol

    kinds = [p.kind for p in likelihood.parameters]
    moving, places = np.flatnonzero(moves).tolist(), several_minima(likelihood, moves)
    if not places:
        return np.zeros((0, len(kinds)))
    varied = places + [k for k in moving if kinds[k] == "magnitude"]
    even = Sobol(len(varied) + 1, scramble=False).random(_SCAN)
    points = np.tile(np.asarray(likelihood.point()), (_SCAN, 1))
    for k, column in zip(varied, even.T, strict=False):
        points[:, k] = _spread(likelihood, data, k, column)
    corners = {k: x for k, x in edges(likelihood).items() if k in moving and x.size}
    for part, (k, x) in enumerate(corners.items()):
        rows = slice(2 * part + 1, None, 2 * len(corners))
        away = (2 * even[rows, varied.index(k)] - 1) * _FAR
        near = x[(even[rows, -1] * x.size).astype(int)] + np.sign(away) * 10 ** (np.abs(away) - _FAR)
        low, high = (float(bound[k]) for bound in likelihood.bounds)
        points[rows, k] = np.clip(near, low, high)
    points = np.concatenate([few(likelihood), points])
    return np.asarray(points[np.argsort(points[:, places[0]], kind="stable")])


def several_minima(likelihood: Likelihood, moves: Any) -> list[int]:
    """Return the places of what moves and along which the χ² may have several minima, the worst first."""
    kinds, moving = [p.kind for p in likelihood.parameters], np.flatnonzero(np.asarray(moves)).tolist()
    return [k for kind in _SEVERAL_MINIMA for k in moving if kinds[k] == kind]


def _spread(likelihood: Likelihood, data: Data, k: int, even: Reals) -> Reals:
    """Return coordinates over the range of a parameter, for even numbers between 0 and 1."""
    kind, around = likelihood.parameters[k].kind, (2 * even - 1) ** 3
    if kind == "magnitude":
        return 100 * even**3
    if kind == "constrained":
        return 3 * around
    low, high = range_of(likelihood, data, k) or (0.0, 0.0)
    return high * around if kind == "coupling" else low + (high - low) * even


def edges(likelihood: Likelihood) -> dict[int, Reals]:
    """Return the coordinates at which a pair's threshold passes a run, by the place of the parameter.

    The parameters are the lightest mass and the calibration; all others are as measured.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.071], 1.0)
    >>> uncertain = renp.Nuisances(calibration_error=1e-3)
    >>> edges(renp.Likelihood(runs, renp.Neutrinos(0.01), nuisances=uncertain))[0].round(2)
    array([-1.69, -0.22, -0.12,  0.58,  0.62,  0.65])
    """
    found = {}
    for k, parameter in enumerate(likelihood.parameters):
        if parameter.name == MASS:
            found[k] = threshold_masses(likelihood) / float(parameter.plus)
        elif shifts := [
            _openings(likelihood, one)
            for one in likelihood.parts
            if (CALIBRATION, parameter.name) in one.names
        ]:
            x = np.unique(np.concatenate(shifts) / float(parameter.plus))
            found[k] = x[np.abs(x) < BELIEVED]
    return found


def passes_thresholds(likelihood: Likelihood) -> Bool[Array, ""]:
    """Return whether what was measured elsewhere may take a pair's threshold past a run; jax-traceable.

    Each parameter by itself is believed within `BELIEVED` standard deviations, all others as measured.

    Examples
    --------
    >>> import renp
    >>> runs, nu = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.06], 1.0), renp.Neutrinos(0.01)
    >>> errors = [renp.Nuisances(calibration_error=error) for error in (1e-3, 1e-2)]
    >>> [bool(passes_thresholds(renp.Likelihood(runs, nu, nuisances=one))) for one in errors]
    [False, True]
    """

    def emitted(x: Point) -> Array:
        values = likelihood.values(x)
        own = {name: values[name] for name in neutrino_names(likelihood.neutrinos) if name in values}
        masses = with_values(likelihood.neutrinos, own).masses
        openings = [threshold_energies(masses, *one.experiment.atom.frame) for one in likelihood.parts]
        centres = [one.photon_energy(values) + one.experiment.laser.offset for one in likelihood.parts]
        pairs = zip(centres, openings, strict=True)
        return jnp.concatenate([jnp.ravel(line[:, None, None] < edges) for line, edges in pairs])

    here = likelihood.nominal
    moved = [
        emitted(here.at[k].add(pull))
        for k, parameter in enumerate(likelihood.parameters)
        if parameter.kind == "constrained"
        for pull in (-BELIEVED, BELIEVED)
    ]
    return jnp.any(jnp.stack([emitted(here), *moved]) != emitted(here))


def _openings(likelihood: Likelihood, one: Part) -> Reals:
    """Return the shifts of an experiment's photon energies, eV, that take a run to a pair's threshold."""
    opening = threshold_energies(np.asarray(likelihood.neutrinos.masses), *one.experiment.atom.frame)
    return np.subtract.outer(np.asarray(opening), one.experiment.line_centre).ravel()


def range_of(likelihood: Likelihood, data: Data, k: int) -> tuple[float, float] | None:
    """Return the range of a coordinate in which minima can lie; None if it gives no second one."""
    parameter = likelihood.parameters[k]
    if parameter.kind == "coupling":
        # The counts of −2 × the interference are those without the coupling, at 2 N^¼ at most.
        seen = float(np.max(np.sum(np.asarray(data.counts), axis=-1), initial=0.0))
        number = sum(float(np.sum(one.background_counts)) for one in likelihood.experiments) + seen
        number = max(number, float(np.sum(np.asarray(likelihood.expected(likelihood.point())))))
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
    lines: list[tuple[Any, ...]] = [(one.line_centre, *one.atom.frame) for one in likelihood.experiments]
    q2 = np.concatenate([np.asarray(momentum_transfer_squared(*line)) for line in lines])
    q = np.sqrt(np.where(q2 > 0, q2, np.nan))[:, None, None]
    first, second = above[:, None], above[None, :]
    # m_i + m_j = q and m_i² − m_j² = first − second.
    m_i, m_j = (q + (first - second) / q) / 2, (q - (first - second) / q) / 2
    lightest2 = np.where((m_i >= 0) & (m_j >= 0), m_i**2 - first, np.nan)
    return np.unique(np.sqrt(lightest2[lightest2 >= 0]).round(15))
