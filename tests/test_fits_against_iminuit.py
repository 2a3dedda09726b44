"""Minima and limits against iminuit, which fits the χ² of the notebook: no code in common with the package.

Minuit works in the same coordinates. Where the best fit lies at a bound MINOS does not apply, and the
crossing is where fits with the parameter held have risen, by bisection.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from iminuit import Minuit
from numpy.typing import NDArray
from scipy import optimize

import renp
from cases import DAY, ENERGIES, NU, runs
from oracles import notebook
from relative import relative
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Data
from renp.inference.newton import CONVERGED, NO_RISE

BACKGROUND = 1e-6
MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
MEDIATOR = 0.2  # eV, off shell at all of the energies

ACCURACY = 1e-4
"""Of the width of an interval."""

Reals = NDArray[np.float64]
Expected = Callable[[Reals], Reals]


def by_hand(days: float) -> notebook.Runs:
    durations, backgrounds = np.full(7, days * DAY), np.full(7, BACKGROUND)
    return notebook.Runs(2.14349, 2.23072, np.array(ENERGIES), durations, backgrounds)


def nature(**changed: Any) -> notebook.Nature:
    standard = {"dm2_21": 7.49e-5, "splitting": 2.513e-3, "sin2_theta12": 0.308, "sin2_theta13": 0.02215}
    return notebook.Nature(0.01, **(standard | changed))


def single(size: float) -> NDArray[np.complex128]:
    """Return a matrix with one element (1, 1)."""
    return np.diag([size, 0, 0]).astype(complex)


# --- three likelihoods, each twice -----------------------------------------------------------------------


@cache
def rates(days: float) -> tuple[renp.Likelihood, Expected]:
    """Return likelihood and notebook for a moment, the normalisation and a background for each run."""
    errors = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.5]
    nuisances = renp.Nuisances(normalisation_error=0.05, background_error=errors)
    likelihood = renp.Likelihood(runs(days, background=BACKGROUND), NU, MU, nuisances=nuisances)
    unit, exposure = float(likelihood.parameters[0].plus), days * DAY * notebook.WIDTH
    null = exposure * notebook.spectrum(by_hand(days), nature())
    signal = exposure * notebook.spectrum(by_hand(days), nature(magnetic=single(unit))) - null

    def expected(x: Reals) -> Reals:
        background = BACKGROUND * days * DAY * (1 + np.array(errors)) ** x[2:]
        return notebook.factor(x[1], 0.05) * (null + x[0] * signal) + background

    return likelihood, expected


@cache
def own_rates(days: float) -> tuple[renp.Likelihood, Expected]:
    """Return likelihood and notebook for a moment, and an efficiency and a background for each run."""
    efficiency, background = [0.05, 0.1, 0.2, 0.1, 0.05, 0.1, 0.2], [0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.5]
    uncertain = {"efficiency_error": efficiency, "background_error": background}
    likelihood = renp.Likelihood(runs(days, background=BACKGROUND, **uncertain), NU, MU)
    unit, exposure = float(likelihood.parameters[0].plus), days * DAY * notebook.WIDTH
    null = exposure * notebook.spectrum(by_hand(days), nature())
    signal = exposure * notebook.spectrum(by_hand(days), nature(magnetic=single(unit))) - null

    def expected(x: Reals) -> Reals:
        dark = BACKGROUND * days * DAY * (1 + np.array(background)) ** x[8:]
        return (1 + np.array(efficiency)) ** x[1:8] * (null + x[0] * signal) + dark

    return likelihood, expected


@cache
def oscillation(days: float) -> tuple[renp.Likelihood, Expected]:
    """Return likelihood and notebook for a moment, mixing, splittings, normalisation and background."""
    nuisances = renp.Nuisances("all", normalisation_error=0.05, background_error=0.1)
    likelihood = renp.Likelihood(runs(days, background=BACKGROUND), NU, MU, nuisances=nuisances)
    unit = float(likelihood.parameters[0].plus)

    def expected(x: Reals) -> Reals:
        changed = {
            "sin2_theta12": notebook.shifted(x[1], 0.308, 0.012, 0.011),
            "sin2_theta13": notebook.shifted(x[2], 0.02215, 0.00056, 0.00058),
            "dm2_21": notebook.shifted(x[3], 7.49e-5, 0.19e-5, 0.19e-5),
            "splitting": notebook.shifted(x[4], 2.513e-3, 0.021e-3, 0.019e-3),
        }
        nu = nature(**changed, magnetic=single(unit * np.sqrt(max(x[0], 0.0))))
        pulls = notebook.factor(x[5], 0.05), notebook.factor(x[6], 0.1)
        return notebook.expected(by_hand(days), nu, normalisation=pulls[0], background=pulls[1])

    return likelihood, expected


@cache
def signed(days: float) -> tuple[renp.Likelihood, Expected]:
    """Return likelihood and notebook for a coupling that interferes with the weak one."""
    unit_coupling = {"g": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 1): 1.0})}
    nuisances = renp.Nuisances(normalisation_error=0.05)
    likelihood = renp.Likelihood(runs(days, background=BACKGROUND), NU, unit_coupling, nuisances=nuisances)
    unit = float(likelihood.parameters[0].plus)

    def expected(x: Reals) -> Reals:
        nu = nature(left=single(unit * x[0]), mediator_mass=MEDIATOR)
        return notebook.expected(by_hand(days), nu, normalisation=notebook.factor(x[1], 0.05))

    return likelihood, expected


# --- Minuit ----------------------------------------------------------------------------------------------


class ByMinuit:
    """A fit of one data set by Minuit; ``start`` is where it begins."""

    def __init__(self, expected: Expected, data: Data, bounded: bool, start: Reals) -> None:
        self.bounded = bounded
        counts, measured = map(np.asarray, data)

        def cost(x: Reals) -> float:
            return notebook.chi2(expected(x), counts, x[1:], measured)

        self.minuit = Minuit(cost, start, name=[f"x{k}" for k in range(len(start))])
        self.minuit.errordef, self.minuit.strategy, self.minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-5
        # MINOS tries pulls of 40 σ, where sin²θ would be negative.
        self.minuit.limits = [(0 if bounded else -20, 20)] + [(-10, 10)] * (len(start) - 1)
        self.least, self.x = self._fit()
        if bounded and self.x[0] < 0.1:
            # Close to a bound Minuit's steps vanish: compare with a fit at the bound itself.
            at_bound, x = self._fit(0.0)
            if at_bound <= self.least:
                self.least, self.x = at_bound, x

    def _fit(self, held: float | None = None) -> tuple[float, Reals]:
        self.minuit.fixed["x0"] = held is not None
        if held is not None:
            self.minuit.values["x0"] = held
        self.minuit.migrad()
        assert self.minuit.valid
        return float(self.minuit.fval), np.array(self.minuit.values)

    def rise(self, value: float) -> float:
        """Return by how much the χ² has risen where the first parameter is held."""
        return self._fit(value)[0] - self.least

    def crossing(self, side: int, rise: float) -> float:
        """Return where the χ² has risen: near what MINOS says, or anywhere if the minimum is at a bound."""
        ends = 1e-6, 20.0
        if self.x[0] > 0.0 or not self.bounded:
            self._fit()
            self.minuit.errordef = rise
            self.minuit.minos("x0")
            self.minuit.errordef = 1.0
            error = self.minuit.merrors["x0"]
            assert error.upper_valid if side > 0 else error.lower_valid
            distance = error.upper if side > 0 else error.lower
            # MINOS is satisfied with a few 10⁻⁴ of the width.
            ends = self.x[0] + 0.99 * distance, self.x[0] + 1.01 * distance
        return float(optimize.brentq(lambda value: self.rise(value) - rise, *ends, xtol=1e-6))


def compare(likelihood: renp.Likelihood, expected: Expected, data: Data, rises: Sequence[float]) -> list[int]:
    """Check minima and crossings of all data sets; return how many crossings of each side were compared."""
    bounded = likelihood.parameters[0].kind == "magnitude"
    moves = jnp.ones(len(likelihood.names), dtype=bool)
    best = fit_ensemble(likelihood, data, likelihood.start, moves)
    found = {
        (side, rise): crossing_ensemble(likelihood, data, best, moves, 0, side, rise)
        for side in (1, -1)
        for rise in rises
    }
    compared = [0, 0]
    for toy in range(len(data.counts)):
        one = Data(data.counts[toy], data.pulls[toy])
        minuit = ByMinuit(expected, one, bounded, np.array(likelihood.start))
        assert best.status[toy] == CONVERGED
        assert float(best.chi2[toy]) == pytest.approx(minuit.least, abs=1e-6)
        for rise in rises:
            upper = minuit.crossing(1, rise)
            width = upper - minuit.x[0]
            assert float(best.x[toy][0]) == pytest.approx(minuit.x[0], abs=1e-2 * width)
            assert float(found[1, rise].value[toy]) == pytest.approx(upper, abs=ACCURACY * width)
            compared[0] += 1
            below = found[-1, rise]
            if bounded and minuit.rise(0.0) < rise:
                assert below.status[toy] == NO_RISE
            else:
                assert float(below.value[toy]) == pytest.approx(
                    minuit.crossing(-1, rise), abs=ACCURACY * width
                )
                compared[1] += 1
    return compared


def toys(likelihood: renp.Likelihood, truth: Reals, number: int, seed: int) -> Data:
    rng, exact = np.random.default_rng(seed), likelihood.asimov(jnp.asarray(truth))
    counts = rng.poisson(exact.counts, (number, 7)).astype(float)
    return Data(counts, np.asarray(exact.pulls) + rng.normal(size=(number, exact.pulls.size)))


def asimov(likelihood: renp.Likelihood, truth: Reals) -> Data:
    exact = likelihood.asimov(jnp.asarray(truth))
    return Data(np.asarray(exact.counts)[None], np.asarray(exact.pulls)[None])


def at(likelihood: renp.Likelihood, first: float) -> Reals:
    """Return the nominal point with another first coordinate."""
    x = np.zeros(len(likelihood.names))
    x[0] = first
    return x


# --- the same answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [rates, own_rates, oscillation])
def test_the_two_likelihoods_are_the_same(make: Callable[[float], tuple[renp.Likelihood, Expected]]) -> None:
    likelihood, expected = make(10.0)
    x = np.abs(np.random.default_rng(1).normal(size=len(likelihood.names)))
    assert np.asarray(likelihood.expected(jnp.asarray(x))) == relative(expected(x), rel=1e-11)


@pytest.mark.slow
def test_rates_asimov() -> None:
    """Without a moment the best fit is at the bound; with one, inside."""
    likelihood, expected = rates(10.0)
    assert compare(likelihood, expected, asimov(likelihood, at(likelihood, 0.0)), (1.0, 2.71)) == [2, 0]
    assert compare(likelihood, expected, asimov(likelihood, at(likelihood, 4.0)), (1.0, 2.71)) == [2, 2]


@pytest.mark.slow
def test_rates_fluctuated() -> None:
    likelihood, expected = rates(10.0)
    data = toys(likelihood, at(likelihood, 0.5), 4, seed=2)
    uppers, lowers = compare(likelihood, expected, data, (2.71,))
    assert uppers == 4
    assert lowers < 4  # some are at the bound


@pytest.mark.slow
def test_own_rates_of_runs() -> None:
    likelihood, expected = own_rates(10.0)
    data = toys(likelihood, at(likelihood, 0.5), 2, seed=4)
    assert compare(likelihood, expected, data, (2.71,))[0] == 2


def test_rates_with_a_few_counts() -> None:
    """A hundredth of the letter's exposure, and a thousandth, where most runs see nothing."""
    for days in (0.1, 0.01):
        likelihood, expected = rates(days)
        data = toys(likelihood, at(likelihood, 0.5), 4, seed=3)
        assert compare(likelihood, expected, data, (2.71,))[0] == 4


@pytest.mark.slow
@pytest.mark.parametrize("days", [0.1, 10.0])
def test_oscillation_parameters(days: float) -> None:
    likelihood, expected = oscillation(days)
    exact = asimov(likelihood, at(likelihood, 3.0))
    random = toys(likelihood, at(likelihood, 0.0), 2, seed=4)
    data = Data(*(np.concatenate(pair) for pair in zip(exact, random, strict=True)))
    assert compare(likelihood, expected, data, (2.71,))[0] == 3


@pytest.mark.slow
def test_a_signed_coupling_asimov() -> None:
    likelihood, expected = signed(10.0)
    for truth in (0.0, -0.5):
        data = asimov(likelihood, at(likelihood, truth))
        assert compare(likelihood, expected, data, (1.0,)) == [1, 1]


def test_a_signed_coupling_fluctuated() -> None:
    likelihood, expected = signed(10.0)
    data = toys(likelihood, at(likelihood, -0.5), 4, seed=5)
    assert compare(likelihood, expected, data, (1.0,)) == [4, 4]
