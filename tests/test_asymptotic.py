"""Limits by asymptotic formulae: against the formulae solved by other means, in all corners, and by toys."""

from functools import cache
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import xlogy

import renp
from cases import ENERGIES, YB
from relative import relative
from renp.inference.asymptotic import (
    Method,
    expected_limits,
    hypothesis_test,
    limit_ensemble,
    upper_limit,
)
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NO_RISE
from renp.interactions.couplings import Scaled

METHODS = get_args(Method)


@cache
def letter(
    days: float = 10.0,
    rate: float | tuple[float, ...] = 0.0,
    energies: tuple[float, ...] = ENERGIES,
    size: float = 1.0,
    weak: float = 1.0,
    normalisation: float = 0.05,
) -> Likelihood:
    runs = renp.Experiment(YB, renp.Target(), energies, days * 86400.0, rate)
    unit = {"mu": renp.MagneticMoment({(1, 1): size})}
    nuisances = renp.Nuisances(normalisation_error=normalisation, background_error=0.2)
    return renp.Likelihood(runs, renp.Neutrinos(0.01), unit, Scaled(weak, renp.Weak()), nuisances)


def uncertain(days: float) -> Likelihood:
    return letter(days, 1e-6)


def observed(likelihood: Likelihood, counts: object) -> Data:
    return Data(jnp.asarray(counts, dtype=float), jnp.zeros(len(likelihood.constrained)))


def fit(likelihood: Likelihood) -> tuple[jax.Array, jax.Array, int]:
    """Start, moving parameters and place of the coupling: rates are uncertain."""
    return likelihood.point(), jnp.ones(3, bool), 0


def known(likelihood: Likelihood) -> tuple[jax.Array, jax.Array, int]:
    """Start, moving parameters and place of the coupling: rates are known."""
    return likelihood.point(), jnp.array([True, False, False]), 0


def background_and_signal(likelihood: Likelihood) -> tuple[np.ndarray, np.ndarray]:
    null = np.asarray(likelihood.expected(likelihood.point()))
    return null, np.asarray(likelihood.expected(likelihood.point().at[0].set(1.0))) - null


SAMPLES = ("as expected", "excess", "deficit", "zero")


def counts_like(sample: str, null: np.ndarray) -> np.ndarray:
    side = {"as expected": 0.0, "excess": 1.0, "deficit": -1.0, "zero": -np.inf}[sample]
    return np.maximum(null + side * (1.5 * np.sqrt(null) + 0.5), 0.0)


class Oracle:
    """Eqs. (65) to (67) of arXiv:1007.1727 for known background and signal, with SciPy alone."""

    def __init__(self, null: np.ndarray, signal: np.ndarray, counts: np.ndarray) -> None:
        self.null, self.signal, self.counts = null, signal, counts
        self.best = self._best_fit()

    def minus_two_ln_l(self, x: float, counts: np.ndarray) -> float:
        return -2 * float(np.sum(stats.poisson.logpmf(0, self.null + x * self.signal))) - 2 * float(
            np.sum(counts[counts > 0] * np.log((self.null + x * self.signal)[counts > 0]))
        )

    def _slope(self, x: float) -> float:
        return float(np.sum(self.signal * (1 - self.counts / (self.null + x * self.signal))))

    def _best_fit(self) -> float:
        if self._slope(0.0) >= 0:
            return 0.0
        return float(optimize.brentq(self._slope, 0.0, 1e6, xtol=1e-14, rtol=1e-14))

    def q(self, x: float) -> float:
        if x <= self.best:
            return 0.0
        return self.minus_two_ln_l(x, self.counts) - self.minus_two_ln_l(self.best, self.counts)

    def q_asimov(self, x: float) -> float:
        return self.minus_two_ln_l(x, self.null) - self.minus_two_ln_l(0.0, self.null)

    def log_p_values(self, x: float) -> tuple[float, float]:
        q, ratio = self.q(x), np.sqrt(self.q_asimov(x))  # μ/σ
        if q <= ratio**2:
            return stats.norm.logsf(np.sqrt(q)), stats.norm.logsf(np.sqrt(q) - ratio)
        with_signal = stats.norm.logsf((q + ratio**2) / (2 * ratio))
        return with_signal, stats.norm.logsf((q - ratio**2) / (2 * ratio))

    def limit(self, method: str, error: float) -> float:
        def height(x: float) -> float:
            with_signal, without = self.log_p_values(x)
            return with_signal - (without if method == "cls" else 0.0) - np.log(error)

        # A deficit may exclude everything.
        if height(1e-3) < 0:
            return 0.0
        return float(optimize.brentq(height, 1e-3, 300.0, xtol=1e-13, rtol=1e-12))


@pytest.mark.parametrize("days", [10.0, 0.1])
@pytest.mark.parametrize("sample", SAMPLES)
def test_p_values_are_those_of_the_formulae(days: float, sample: str) -> None:
    likelihood = letter(days)
    null, signal = background_and_signal(likelihood)
    counts = counts_like(sample, null)
    oracle = Oracle(null, signal, counts)
    for x in (0.05, 0.7, 3.0, 9.0):
        found = hypothesis_test(likelihood, observed(likelihood, counts), *known(likelihood), x)
        assert int(found.status) == CONVERGED
        assert float(found.q) == pytest.approx(oracle.q(x), rel=1e-9, abs=1e-11)
        # Differences of −2 ln L of hundreds: rounded at 10⁻¹³.
        assert float(found.q_asimov) == pytest.approx(oracle.q_asimov(x), rel=1e-9, abs=1e-11)
        with_signal, without = oracle.log_p_values(x)
        assert float(found.p_signal) == relative(np.exp(with_signal), rel=1e-8)
        assert float(found.p_background) == relative(np.exp(without), rel=1e-8)
        assert float(found.cls) == relative(np.exp(with_signal - without), rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("days", [10.0, 0.1])
@pytest.mark.parametrize("sample", SAMPLES)
def test_limits_are_where_the_formulae_have_the_p_value(method: str, days: float, sample: str) -> None:
    likelihood = letter(days)
    null, signal = background_and_signal(likelihood)
    counts = counts_like(sample, null)
    for level in (0.90, 0.99):
        found = upper_limit(likelihood, observed(likelihood, counts), *known(likelihood), level, method)
        expected = Oracle(null, signal, counts).limit(method, 1 - level)
        assert int(found.status) == CONVERGED
        assert float(found.value) == relative(expected, rel=1e-8)


MANY = 1e6
"""Days after which the counts of each run are normally distributed, to the inverse root of their number."""


def sigma_of_many(likelihood: Likelihood, relative_error: float = 0.0) -> tuple[float, float]:
    """Error of x from the Fisher information of counts and normalisation, and its accuracy."""
    null, signal = background_and_signal(likelihood)
    slopes = np.stack([signal, relative_error * null])
    information = slopes / null @ slopes.T + np.diag([0.0, 1.0])
    return float(np.sqrt(np.linalg.inv(information)[0, 0])), 3 / np.sqrt(null.min())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pull", [-1.5, 0.0, 2.0])
def test_many_counts_have_the_limits_of_a_normal_distribution(method: str, pull: float) -> None:
    likelihood = letter(MANY)
    sigma, accuracy = sigma_of_many(likelihood)
    # Along the signal the Fisher information is all there is; x may be below 0 here.
    null, signal = background_and_signal(likelihood)
    found = upper_limit(
        likelihood, observed(likelihood, null + pull * sigma * signal), *known(likelihood), 0.9, method
    )
    z = stats.norm.ppf(0.1 * (stats.norm.cdf(pull) if method == "cls" else 1.0))
    assert float(found.value) == relative(max(pull - z, 0) * sigma, rel=accuracy)


@pytest.mark.sampled
@pytest.mark.parametrize("method", METHODS)
def test_expected_limits_with_many_counts_are_those_of_a_normal_distribution(method: str) -> None:
    likelihood = letter(MANY)
    sigma, accuracy = sigma_of_many(likelihood)
    data = likelihood.asimov(likelihood.point())
    found = expected_limits(likelihood, data, *known(likelihood), 0.95, method)
    n = np.arange(-2, 3)
    z = n - stats.norm.ppf(0.05 * (stats.norm.cdf(n) if method == "cls" else 1.0))
    assert np.all(found.status == CONVERGED)
    np.testing.assert_allclose(found.value, np.maximum(z, 0) * sigma, rtol=accuracy)


def test_a_nuisance_parameter_adds_to_the_error_of_many_counts() -> None:
    likelihood = letter(MANY, normalisation=1e-3)
    data = likelihood.asimov(likelihood.point())
    limit = float(upper_limit(likelihood, data, *fit(likelihood), 0.9, "asymptotic").value)
    without, _ = sigma_of_many(likelihood)
    sigma, accuracy = sigma_of_many(likelihood, 1e-3)
    assert limit == relative(stats.norm.ppf(0.9) * sigma, rel=accuracy)
    assert sigma > 1.1 * without


@pytest.mark.parametrize("method", METHODS)
def test_the_median_expected_limit_is_that_of_asimov_data(method: str) -> None:
    likelihood = uncertain(1.0)
    data = likelihood.asimov(likelihood.point())
    median = float(expected_limits(likelihood, data, *fit(likelihood), 0.9, method).value[2])
    found = upper_limit(likelihood, data, *fit(likelihood), 0.9, method)
    assert float(found.value) == relative(median, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_excluded_without_sensitivity(method: str) -> None:
    likelihood = letter(size=0.0)
    data = likelihood.asimov(likelihood.point())
    found = upper_limit(likelihood, data, *fit(likelihood), 0.9, method)
    assert float(found.value) == np.inf
    assert int(found.status) == NO_RISE
    expected = expected_limits(likelihood, data, *fit(likelihood), 0.9, method)
    sensible = 1 if method == "asymptotic" else 0  # the first would exclude everything
    np.testing.assert_array_equal(expected.value[sensible:], np.inf)
    np.testing.assert_array_equal(expected.status[sensible:], NO_RISE)


def test_a_large_deficit_excludes_everything_but_not_with_cls() -> None:
    likelihood = uncertain(10.0)
    none = observed(likelihood, np.zeros(7))
    found = {m: upper_limit(likelihood, none, *fit(likelihood), 0.9, m) for m in METHODS}
    assert all(int(limit.status) == CONVERGED for limit in found.values())
    assert float(found["asymptotic"].value) == 0.0
    assert 0.05 < float(found["cls"].value) < 1.0


@pytest.mark.parametrize("method", METHODS)
def test_runs_in_which_nothing_is_expected_have_no_say(method: str) -> None:
    likelihood = letter(0.1, energies=(*ENERGIES[:6], 1.0717))  # no pair can be emitted
    null, signal = background_and_signal(likelihood)
    assert null[6] == signal[6] == 0
    counts = counts_like("excess", null[:6])
    found = upper_limit(likelihood, observed(likelihood, [*counts, 0.0]), *known(likelihood), 0.9, method)
    expected = Oracle(null[:6], signal[:6], counts).limit(method, 0.1)
    assert float(found.value) == relative(expected, rel=1e-8)


def test_counts_that_only_the_signal_explains() -> None:
    likelihood = letter(10.0, (0.0, *[1e-5] * 6), weak=0.0)
    null, signal = background_and_signal(likelihood)
    assert null[0] == 0
    counts = np.array([3.0, 9.0, 8.0, 10.0, 7.0, 9.0, 10.0])

    def minus_two_ln_l(x: float, n: np.ndarray) -> float:
        return 2 * float(np.sum(null + x * signal - xlogy(n, null + x * signal)))

    best = optimize.minimize_scalar(lambda x: minus_two_ln_l(x, counts), bounds=(1e-6, 100)).fun
    for method in METHODS:
        found = upper_limit(likelihood, observed(likelihood, counts), *known(likelihood), 0.9, method)
        x = float(found.value)
        assert int(found.status) == CONVERGED
        root = np.sqrt(minus_two_ln_l(x, counts) - best)
        # Without signal nothing is expected in the first run: nothing is in its Asimov data.
        ratio = np.sqrt(minus_two_ln_l(x, null) - minus_two_ln_l(0.0, null))
        p = stats.norm.sf(min(root, (root**2 / ratio + ratio) / 2))
        p_background = stats.norm.sf(min(root, (root**2 / ratio + ratio) / 2) - ratio)
        # SciPy finds the minimum to 10⁻⁹.
        assert p / (p_background if method == "cls" else 1) == relative(0.1, rel=1e-6)


@pytest.mark.parametrize("days", [1e-6, 1e-3, 1e3, 1e7])
def test_limits_of_any_exposure_have_their_p_value(days: float) -> None:
    likelihood = uncertain(days)
    null, _ = background_and_signal(likelihood)
    data = observed(likelihood, np.round(null + 2 * np.sqrt(null)))
    found = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls")
    there = hypothesis_test(likelihood, data, *fit(likelihood), found.value)
    assert int(found.status) == int(there.status) == CONVERGED
    # −2 ln L of 10⁹ counts is rounded at 10⁻⁶.
    assert float(there.cls) == relative(0.1, rel=1e-8 if days < 1e6 else 1e-5)


def test_the_unit_of_the_coupling_does_not_matter() -> None:
    limits = []
    for unit in (1.0, 1e-30):
        likelihood = letter(size=unit)
        data = likelihood.asimov(likelihood.point())
        x = upper_limit(likelihood, data, *known(likelihood), 0.9, "cls").value
        limits.append(unit * float(likelihood.values(likelihood.point().at[0].set(x))["mu"]))
    assert limits[0] == relative(limits[1], rel=1e-9)
    assert 1e-11 < limits[0] < 1e-10


def test_parameters_that_do_not_move_stay_where_they_start() -> None:
    likelihood = uncertain(10.0)
    counts = np.array([120.0, 101.0, 90.0, 79.0, 70.0, 41.0, 2.0])
    still = jnp.array([True, False, False])
    start = likelihood.point().at[1].set(0.5)
    null = np.asarray(likelihood.expected(start))
    signal = np.asarray(likelihood.expected(start.at[0].set(1.0))) - null
    found = upper_limit(likelihood, observed(likelihood, counts), start, still, 0, 0.9, "cls")
    assert float(found.value) == relative(Oracle(null, signal, counts).limit("cls", 0.1), rel=1e-8)


@pytest.mark.slow
def test_limits_of_an_ensemble_are_those_of_its_data() -> None:
    likelihood = uncertain(1.0)
    toys = likelihood.toys(likelihood.point(), jax.random.key(3), 300)
    for method in METHODS:
        found = limit_ensemble(likelihood, toys, *fit(likelihood), 0.9, method)
        alone = [
            upper_limit(likelihood, Data(toys.counts[i], toys.pulls[i]), *fit(likelihood), 0.9, method).value
            for i in range(20)
        ]
        np.testing.assert_array_equal(found.status, CONVERGED)
        np.testing.assert_allclose(found.value[:20], alone, rtol=1e-8)


@pytest.mark.slow
def test_limits_can_be_compiled_and_batched() -> None:
    likelihood = letter()
    toys = likelihood.toys(likelihood.point(), jax.random.key(4), 3)

    where = known(likelihood)

    def limit(data: Data) -> jax.Array:
        return upper_limit(likelihood, data, *where, 0.9, "cls").value

    alone = [limit(Data(n, a)) for n, a in zip(toys.counts, toys.pulls, strict=True)]
    np.testing.assert_allclose(jax.jit(jax.vmap(limit))(toys), alone, rtol=1e-8)


TOYS = 8000


@pytest.mark.slow
def test_limits_cover_a_signal_as_often_as_they_should() -> None:
    # With the letter's exposure, coverage is 89 %: the most sensitive run has few counts.
    likelihood = uncertain(1000.0)
    toys = likelihood.toys(likelihood.point().at[0].set(1.5), jax.random.key(5), TOYS)
    covered = {}
    for method in METHODS:
        found = limit_ensemble(likelihood, toys, *fit(likelihood), 0.9, method)
        assert np.all(found.status == CONVERGED)
        covered[method] = float(np.mean(found.value >= 1.5))
    # 8000 toys scatter by a third of a percent, and the formulae are good to half a percent.
    assert covered["asymptotic"] == pytest.approx(0.9, abs=0.01)
    assert covered["asymptotic"] + 0.02 < covered["cls"] < 1.0


@pytest.mark.slow
def test_the_expected_band_is_that_of_toys() -> None:
    likelihood = uncertain(1000.0)
    toys = likelihood.toys(likelihood.point(), jax.random.key(6), TOYS)
    found = np.asarray(limit_ensemble(likelihood, toys, *fit(likelihood), 0.9, "cls").value)
    data = likelihood.asimov(likelihood.point())
    band = expected_limits(likelihood, data, *fit(likelihood), 0.9, "cls").value
    quantiles = np.quantile(found, stats.norm.cdf([-2, -1, 0, 1, 2]))
    # The outer quantiles of 8000 toys scatter by 1.5 %, and the formulae are good to 2 %.
    np.testing.assert_allclose(band, quantiles, rtol=0.04)


@pytest.mark.parametrize("days", [3e4, 1e5])
def test_the_expected_band_where_rates_are_known_better_than_nuisances(days: float) -> None:
    likelihood = uncertain(days)
    data = likelihood.asimov(likelihood.point())
    band = expected_limits(likelihood, data, *fit(likelihood), 0.9, "cls")
    np.testing.assert_array_equal(band.status, CONVERGED)
    tested = [hypothesis_test(likelihood, data, *fit(likelihood), x).q_asimov for x in band.value]
    n = np.arange(-2, 3)
    np.testing.assert_allclose(np.sqrt(tested), n - stats.norm.ppf(0.1 * stats.norm.cdf(n)), rtol=1e-7)


def test_what_is_not_allowed_is_said() -> None:
    rates = uncertain(1.0)
    data = rates.asimov(rates.point())
    for level in (0.5, 1.0):
        with pytest.raises(
            renp.InputError, match=rf"confidence_level = {level}: must be a probability above 0.5"
        ):
            upper_limit(rates, data, *fit(rates), level, "cls")
    with pytest.raises(renp.InputError, match=r"method = 'clz': must be .*did you mean 'cls'"):
        limit_ensemble(rates, data, *fit(rates), 0.9, "clz")
    light = {"g": renp.VectorMediator(10.0, 1.0, left={(1, 1): 1.0})}
    signed = renp.Likelihood(rates.experiment, renp.Neutrinos(0.01), light)
    for call in (
        lambda: upper_limit(signed, signed.asimov(signed.point()), *fit(signed), 0.9, "cls"),
        lambda: expected_limits(signed, signed.asimov(signed.point()), *fit(signed), 0.9, "cls"),
        lambda: hypothesis_test(signed, signed.asimov(signed.point()), *fit(signed), 1.0),
    ):
        with pytest.raises(renp.InputError, match="parameter = 'g': must be a coupling that interferes with"):
            call()
