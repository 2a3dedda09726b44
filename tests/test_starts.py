"""A fit, a profile, a comparison and a plan begin their searches in one way, and find one minimum."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import runs
from relative import relative
from renp.inference.best_fits import best_fits, held_and_free
from renp.inference.likelihood import Data, Likelihood
from renp.inference.starts import few
from renp.planning.fitted import best_fit


@cache
def interfering() -> Likelihood:
    """Return the likelihood of a vector mediator and of the weak interaction's strength."""
    light = renp.VectorMediator(1e3, 1e-18, left={(1, 1): 1.0})
    return renp.Likelihood(runs(), renp.Neutrinos(0.01), {"g": light, "weak": renp.Weak()})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_fit_profile_comparison_and_plan_find_one_minimum(seed: int) -> None:
    likelihood = interfering()
    rng = np.random.default_rng(seed)
    counts = rng.poisson(np.asarray(likelihood.expected(likelihood.point())) * rng.uniform(0.2, 2.0)).astype(
        float
    )
    data = Data(jnp.asarray(counts), jnp.zeros(0))
    fit = renp.fit(likelihood, data).chi2
    assert renp.profile(likelihood, "g", data=data).chi2 == relative(fit, 1e-6)
    one = Data(counts[None], np.zeros((1, 0)))
    assert best_fits(likelihood, one, jnp.ones(2, dtype=bool)).chi2[0] == relative(fit, 1e-6)
    assert held_and_free(likelihood, one, 0)[1].chi2[0] == relative(fit, 1e-6)
    planned = best_fit(likelihood, jnp.asarray(counts), few(likelihood))
    assert float(likelihood.chi2(planned, data)) == relative(fit, 1e-6)


@cache
def two_signs(name: str) -> Likelihood:
    """Return a likelihood with two equally low minima: the amplitude is 1 + the coupling."""
    observed = runs(energies=[1.068], counts=[140.0])
    return Likelihood(observed, renp.Neutrinos(0.01), {name: renp.Weak()})


@pytest.mark.parametrize(
    "result",
    [
        lambda: renp.fit(two_signs("weak")),
        lambda: renp.profile(two_signs("weak"), "weak"),
        lambda: renp.discovery(two_signs("weak"), "weak"),
        lambda: renp.compare({"one": two_signs("weak"), "other": two_signs("strength")}),
    ],
    ids=["fit", "profile", "discovery", "compare"],
)
def test_another_minimum_is_named_in_text_and_json(result) -> None:
    found = result()
    (low, high) = sorted([np.sqrt(140 / 117.1) - 1, -np.sqrt(140 / 117.1) - 1])
    assert "another minimum, equally low" in str(found)
    assert f"= {low:.2f}" in str(found) or f"= {high:.2f}" in str(found)
    assert any("another minimum" in sentence for sentence in found.json()["diagnosis"])


def test_a_single_minimum_is_alone() -> None:
    moment = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
    observed = Likelihood(runs(energies=[1.068], counts=[140.0]), renp.Neutrinos(0.01), moment)
    assert renp.profile(observed, "mu").diagnosis == ()
    assert renp.discovery(observed, "mu").diagnosis == ()


SECOND = {"weak": renp.Weak()}
"""The amplitude is 1 + the coupling: beside a coupling at 0 there is one at −2, 12 units away."""


@cache
def far_minima(rate: float = 0.05) -> Likelihood:
    """Return the likelihood of two runs and an uncertain rate, whose two minima are equally low."""
    observed = runs(energies=[1.068, 1.0712], counts=[140.0, 95.0])
    return Likelihood(
        observed, renp.Neutrinos(0.01), SECOND, nuisances=renp.Nuisances(normalisation_error=rate)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["delta-chi2", "asymptotic", "cls", pytest.param("feldman-cousins", marks=pytest.mark.slow)]
)
def test_every_method_sees_a_second_minimum_far_from_the_start(method: str) -> None:
    likelihood = far_minima()
    found = renp.upper_limits(
        likelihood.experiment,
        likelihood.neutrinos,
        couplings={"weak": SECOND},
        method=method,
        nuisances=renp.Nuisances(normalisation_error=0.05),
    )
    (low, high), (other_low, other_high) = sorted(found.accepted["weak"]["weak"])
    # Toys of one and the other differ.
    tolerance = 0.02 if method == "feldman-cousins" else 1e-4
    assert (-2 - high, -2 - low) == pytest.approx((other_low, other_high), abs=tolerance * (high - low))
