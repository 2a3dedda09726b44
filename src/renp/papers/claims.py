"""What the papers say in words: each sentence as a number beside the one that it means."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize

from renp._types import Reals
from renp.bounds import bound, element_limits, flavour_square, solar_square, solar_weights
from renp.constants import DAY
from renp.experiment import Experiment, expected_counts
from renp.inference.squares import best_square, chi2_of_rows, furthest_square
from renp.inference.upper_limits import delta_chi2, moment_signals
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.papers import letter
from renp.results.advantage import Advantage
from renp.results.base import provenance
from renp.results.comparison import Comparison, Number
from renp.spectrum import spectral_function, thresholds

NATURAL = (1e-9, 1e-14)
"""Natural moments of Majorana and Dirac neutrinos for new physics at 1 TeV, μ_B (from memory)."""

W_MASS = 80.37e9
"""eV."""

RISE = delta_chi2(0.90)


def claims(advantage: Advantage) -> Comparison:
    """Return every claim with its number; `renp.papers.proceeding.advantage` has the curves."""
    scenario = letter.setup()
    rows = Number.read("claims.toml", _computed(advantage))
    return Comparison(numbers=rows, made_by=provenance(scenario.references, scenario=scenario.text))


def _computed(advantage: Advantage) -> dict[str, float]:
    scenario = letter.setup()
    nu = scenario.neutrinos
    weights, mixing = solar_weights(nu), nu.mixing_matrix
    borexino = bound("borexino-2017-mass-basis").elements
    now, ten = limits(15 / 7)["magnetic-moment"], limits(10.0)
    squares: dict[str, Callable[[Any, Any], Any]] = {
        "as-coherent-e": lambda mu, eps: flavour_square(mu, eps, mixing[0]),
        "as-coherent-mu": lambda mu, eps: flavour_square(mu, eps, mixing[1]),
        "as-direct-detection": lambda mu, eps: solar_square(mu, eps, weights),
    }
    published = {"as-coherent-e": 4e-9, "as-coherent-mu": 4e-10, "as-direct-detection": 6e-12}
    days = {key: _days(element_limits(published[key], squares[key])) for key in squares}
    steps = identification()
    energy = float(np.asarray(thresholds(scenario.atom, nu))[2, 2]) - 1e-9
    magnetic, electric = (
        float(spectral_function(energy, scenario.atom, nu, kind({(3, 3): 1e-11}))) for kind in MOMENTS
    )
    E_eg = float(scenario.atom.E_eg)
    return {
        "borexino-exceeded": max(now[e] / borexino[e] for e in now),
        "xenon1t-probed": max(ten["magnetic-moment"].values()) / 3.5e-11,
        "electric-worse": min(ten["electric-moment"][e] / of for e, of in ten["magnetic-moment"].items()),
        "contrast-at-threshold": (magnetic - electric) / magnetic,
        "recursive": max(max(of.values()) for of in steps["magnetic-moment"].values()),
        "magnetic-or-electric": steps["electric-moment"]["33"]["33"],
        "laser-linewidth": _tolerance(_limit_change),
        "laser-calibration": _tolerance(lambda x: _limit_change(offset=x)),
        "laser-mass": _tolerance(lambda w: _mass_error(w) / _mass_error(0.0) - 1),
        "laser-ordering": _tolerance(lambda w: 1 - _between_orderings(w) / _between_orderings(0.0)),
        "majorana-larger": NATURAL[0] / NATURAL[1],
        "advantage-vector": advantage.orders("vector", 1e3),
        "advantage-range": advantage.least_orders("vector", 1e-3, 1e3),
        "advantage-heavy": 10 ** advantage.orders("vector", 1e5),
        "advantage-scalar": advantage.orders("scalar", 1e3),
        "z-over-q": W_MASS**2 / E_eg**2,
        "as-coherent-e": max(days["as-coherent-e"].values()),
        "as-coherent-mu": max(days["as-coherent-mu"].values()),
        "as-direct-detection": max(days["as-direct-detection"].values()),
        "vector-part": 0.0,
    }


def limits(days: float) -> dict[str, dict[str, float]]:
    """Return the letter's limits for some days at each photon energy, by its χ² alone.

    Examples
    --------
    >>> f"{limits(10.0)['magnetic-moment']['11']:.2e}"
    '1.78e-11'
    """
    null, signals = _counts()
    return _limits(null * days, {kind: of * days for kind, of in signals.items()})


@cache
def identification() -> dict[str, dict[str, dict[str, float]]]:
    """Return the days at each photon energy until a simulated |μ_ij| = 3·10⁻¹¹ μ_B is told from others.

    By the kind of moment that is fitted instead, the element that is simulated and the one that is fitted. χ²
    of the expectation is proportional to the time; it is to rise by 2.71.

    Examples
    --------
    >>> identification()["magnetic-moment"]["12"]["11"] < identification()["magnetic-moment"]["33"]["23"]
    True
    """
    null, signals = _counts()
    found: dict[str, dict[str, dict[str, float]]] = {}
    for kind, tested in signals.items():
        found[kind] = {}
        for a, true in zip(_elements(), signals["magnetic-moment"], strict=True):
            seen = null + true * letter.MOMENT**2
            days = zip(_elements(), days_apart(null, seen, tested), strict=True)
            found[kind][a] = {
                b: float(x)
                for b, x in days
                if (kind, b) != ("magnetic-moment", a) and (kind == "magnetic-moment" or a == b)
            }
    return found


def days_apart(null: Reals, seen: Reals, tested: Reals) -> Reals:
    """Return the days until counts a day are told from null and any square of each of some signals.

    Examples
    --------
    >>> days_apart(np.array([10.0, 10.0]), np.array([12.0, 10.0]), np.array([[0.0, 1.0]])).round(1)
    array([7.2])
    """
    nulls, rows = (np.tile(one, (len(tested), 1)) for one in (null, seen))
    best = best_square(nulls, tested, rows)
    days: Reals = RISE / np.maximum(chi2_of_rows(nulls + best[:, None] * tested, rows), 1e-300)
    return days


def _elements() -> list[str]:
    return [f"{i}{j}" for i, j in moment_elements("dirac")]


@cache
def _counts(
    gaussian: float = 0.0, offset: float = 0.0, mass: float | None = None, ordering: str = "normal"
) -> tuple[Reals, dict[str, Reals]]:
    """Return counts a day of the letter's runs: the weak ones, and those of each element at 1 μ_B."""
    scenario = letter.setup()
    given, nu = scenario.experiment, scenario.neutrinos
    if mass is not None:
        nu = Neutrinos(mass, ordering, release=nu.release)
    laser = Laser(gaussian=gaussian, offset=offset)
    runs = Experiment(scenario.atom, given.target, np.asarray(given.photon_energy), DAY, laser=laser)
    signals = {kind: np.asarray(of) for kind, of in moment_signals(runs, nu).items()}
    return np.asarray(expected_counts(runs, nu)), signals


def _limits(null: Reals, signals: dict[str, Reals]) -> dict[str, dict[str, float]]:
    found = {}
    for kind, squares in signals.items():
        rows = np.tile(null, (len(squares), 1))
        each = map(float, furthest_square(rows, squares, rows, RISE))
        found[kind] = dict(zip(_elements(), each, strict=True))
    return found


def _days(wanted: dict[str, float]) -> dict[str, float]:
    """Return the days until the limit on each magnetic element is as wanted; χ² grows as the time."""
    null, signals = _counts()
    at = zip(_elements(), signals["magnetic-moment"], strict=True)
    return {e: float(RISE / chi2_of_rows(null + wanted[e] ** 2 * signal, null)) for e, signal in at}


def _limit_change(gaussian: float = 0.0, offset: float = 0.0) -> float:
    """Return by which part a limit for 10 days changes at most with a laser that is not perfect."""
    perfect, real = (
        _limits(null * 10, {kind: of * 10 for kind, of in signals.items()})
        for null, signals in (_counts(), _counts(gaussian, offset))
    )
    return max(abs(real[k][e] / perfect[k][e] - 1) for k in real for e in real[k])


def _mass_error(width: float) -> float:
    """Return the Fisher error of the lightest mass, of any unit."""
    mass, step = float(letter.setup().neutrinos.lightest_mass), 1e-6
    up, down = (_counts(width, mass=mass + sign * step)[0] for sign in (1, -1))
    return float(np.sum((up - down) ** 2 / np.maximum(up + down, 1e-12)) ** -0.5)


def _between_orderings(width: float) -> float:
    mass = float(letter.setup().neutrinos.lightest_mass)
    normal, inverted = (_counts(width, mass=mass, ordering=which)[0] for which in ("normal", "inverted"))
    return float(chi2_of_rows(np.maximum(inverted, 1e-6), normal) ** 0.5)


def _tolerance(change: Callable[[float], float]) -> float:
    """Return where a change is first 10 %; the end of the grid where it never is."""
    grid = np.geomspace(1e-6, 1e-2, 13)
    above = next((k for k, width in enumerate(grid) if change(float(width)) > 0.1), None)
    if above is None:
        return float(grid[-1])
    if above == 0:
        return float(grid[0])
    low, high = np.log(grid[above - 1 : above + 1])
    return float(np.exp(optimize.brentq(lambda x: change(float(np.exp(x))) - 0.1, low, high, xtol=2e-2)))
