"""The likelihood as samplers and minimisers of others call it, against the fits of renp."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from iminuit import Minuit  # type: ignore[import-untyped]
from scipy import optimize, stats

import renp
from cases import NU, YB
from relative import relative
from renp.inference.likelihood import Data
from renp.inference.parameters import constrained, inverse, physical

DAY = 86400.0
RUNS = renp.Experiment(YB, renp.Target(), [1.068, 1.0688, 1.0712], 10 * DAY, 1e-5, counts=[128, 136, 97])
MU_11 = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}


@cache
def example() -> renp.Likelihood:
    """Return a likelihood with a magnitude and two factors on rates."""
    rates = renp.Nuisances(normalisation_error=0.05, background_error=0.2)
    return renp.Likelihood(RUNS, NU, MU_11, nuisances=rates)


def of(values: dict[str, jax.Array]) -> np.ndarray:
    return np.array([float(value) for value in values.values()])


def test_physical_values_have_the_density_of_their_coordinates() -> None:
    likelihood = example()
    x = np.array([[0.5, 0.3, -0.8], [2.0, -0.7, 1.4], [1.0, 1.9, 0.2]])
    values = np.stack([of(likelihood.values(row)) for row in x])
    wanted = [-float(likelihood.chi2(row, likelihood.data)) / 2 for row in x]
    assert likelihood.log_likelihood(values) == relative(wanted, 1e-12)
    assert likelihood.log_likelihood(values[1]) == relative(wanted[1], 1e-12)
    without = likelihood.log_likelihood(values, constrained=False)
    assert without == relative(np.array(wanted) + np.sum(x[:, 1:] ** 2, axis=1) / 2, 1e-12)
    other = likelihood.asimov(likelihood.point())
    assert likelihood.log_likelihood(of(likelihood.values(likelihood.point())), other) == pytest.approx(
        0, abs=1e-12
    )


@pytest.mark.parametrize("place", [[-1e-12, 1.0, 1.0], [1e-11, 1.0, -0.1], [1e-11, np.nan, 1.0]])
def test_outside_it_is_minus_infinity_with_no_slope(place: list[float]) -> None:
    value, slope = example().log_likelihood_and_gradient([place, [1e-11, 1.0, 1.0]])
    assert value[0] == -np.inf
    assert np.all(slope[0] == 0)
    assert np.all(np.isfinite(slope[1]))


def test_a_measured_angle_is_one_of_the_values() -> None:
    likelihood = renp.Likelihood(RUNS, NU, MU_11, nuisances=renp.Nuisances(oscillation=["sin2_theta12"]))
    value = likelihood.log_likelihood([[3e-11, 0.32], [3e-11, -0.2]])
    there = renp.Likelihood(RUNS, renp.Neutrinos(0.01, sin2_theta12=0.32), MU_11)
    pull = (0.32 - 0.308) / 0.012
    assert value[0] == relative(there.log_likelihood([3e-11]) - pull**2 / 2, 1e-9)
    assert value[1] == -np.inf


def test_the_gradient_is_that_of_the_values() -> None:
    likelihood = example()
    rows = np.array([[2e-11, 1.03, 0.97], [4e-11, 0.96, 1.05]])
    value, slope = likelihood.log_likelihood_and_gradient(rows)
    assert value == relative(likelihood.log_likelihood(rows), 1e-14)
    for k, step in enumerate([1e-15, 1e-5, 1e-5]):
        shift = step * np.eye(3)[k]
        rise = likelihood.log_likelihood(rows + shift) - likelihood.log_likelihood(rows - shift)
        assert slope[:, k] == relative(rise / (2 * step), 1e-5)
    traced = jax.jit(jax.value_and_grad(lambda row: likelihood.log_likelihood(row)))(jnp.asarray(rows[0]))
    assert float(traced[0]) == relative(value[0], 1e-14)
    assert np.asarray(traced[1]) == relative(slope[0], 1e-13)


@pytest.mark.slow
def test_scipy_and_iminuit_find_the_fit_of_renp() -> None:
    likelihood = example()
    best = renp.fit(likelihood)
    scale = np.array([p.plus for p in likelihood.parameters])
    start = of(likelihood.values(likelihood.start))

    def cost(u: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = likelihood.log_likelihood_and_gradient(u * scale)
        return -2 * value, -2 * slope * scale

    ends = [(0, None)] * 3
    scipy = optimize.minimize(
        cost, start / scale, jac=True, method="L-BFGS-B", bounds=ends, options={"gtol": 1e-9, "ftol": 0}
    )
    values = np.array([one.value for one in best.estimates.values()])
    assert scipy.fun == relative(best.chi2, 1e-9)
    assert scipy.x * scale == relative(values, 1e-5)
    minuit = Minuit(lambda u: cost(u)[0], start / scale, grad=lambda u: cost(u)[1], name=likelihood.names)
    minuit.limits["mu_11"] = (0, None)
    minuit.migrad().minos()
    assert minuit.valid
    assert np.array(minuit.values) * scale == relative(values, 2e-3)
    for (name, one), size in zip(best.estimates.items(), scale, strict=True):
        errors = minuit.merrors[name]
        ends_of_minos = np.array([minuit.values[name] + error for error in (errors.lower, errors.upper)])
        assert ends_of_minos * size == relative((one.lower, one.upper), 5e-3)


def test_the_prior_transform_and_the_likelihood_make_the_posterior() -> None:
    likelihood = example()
    transform = renp.prior_transform(likelihood, priors={"mu_11": (0, 1e-10)})
    cube = stats.qmc.Sobol(3, seed=1).random(2**13)
    values = transform(cube)
    assert values[:, 0] == relative(1e-10 * cube[:, 0], 1e-15)
    assert np.log(values[:, 1]) / np.log(1.05) == relative(stats.norm.ppf(cube[:, 1]), 1e-9)
    weight = np.exp(likelihood.log_likelihood(values, constrained=False))
    # The same integral over the physical values, with the constraints in the likelihood.
    grid = np.linspace(0, 1e-10, 200)
    x = np.linspace(-5, 5, 41)  # pulls
    rows = np.stack(np.meshgrid((grid / likelihood.parameters[0].plus) ** 2, x, x, indexing="ij"), -1)
    chi2 = jax.jit(jax.vmap(lambda row: likelihood.chi2(row, likelihood.data)))
    whole = np.exp(-np.asarray(chi2(rows.reshape(-1, 3))) / 2).reshape(rows.shape[:-1]).sum(axis=(1, 2))
    assert np.mean(weight * values[:, 0]) / np.mean(weight) == relative(whole @ grid / whole.sum(), 5e-3)


def test_a_measurement_with_two_errors_is_inverted() -> None:
    x = np.linspace(-3, 3, 61)

    @jax.jit
    def both_ways(plus: float, minus: float) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
        one = constrained("x", 7.0, plus, minus, "")
        value, there = jax.vmap(jax.value_and_grad(lambda x: physical(one, x)))(x)
        return jax.vmap(jax.value_and_grad(lambda value: inverse(one, value)))(value), there

    for plus, minus in ((3.0, 3.0), (5.9, 1.0), (1.0, 5.9), (0.012, 0.011)):
        (found, back), there = both_ways(plus, minus)
        assert found == pytest.approx(x, abs=1e-13 * max(plus / minus, minus / plus) * 50)
        assert np.asarray(back) * np.asarray(there) == relative(np.ones(61), 1e-9)


def test_wrong_values_and_priors_are_named() -> None:
    likelihood = example()
    with pytest.raises(renp.InputError, match="mu_11, normalisation, background"):
        likelihood.log_likelihood([1e-11, 0.3])
    with pytest.raises(renp.InputError, match="mu_11, normalisation, background"):
        renp.prior_transform(likelihood)([0.5])
    with pytest.raises(renp.InputError, match="priors"):
        renp.prior_transform(likelihood, priors={"normalisation": (0, 1)})
    unobserved = renp.Likelihood(renp.Experiment(YB, renp.Target(), [1.068], DAY), NU, {"w": renp.Weak()})
    with pytest.raises(renp.InputError, match="counts"):
        unobserved.log_likelihood([0.0])
    assert unobserved.log_likelihood([0.0], Data(jnp.array([12.0]), jnp.zeros(0))) < 0


def test_measured_masses_are_no_priors() -> None:
    mass = renp.Nuisances(free=["lightest_mass"], measured_masses={"beta": renp.MeasuredMass(limit=0.1)})
    likelihood = renp.Likelihood(RUNS, NU, nuisances=mass)
    free = renp.Likelihood(RUNS, renp.Neutrinos(0.012), MU_11)
    beta = np.sqrt(np.abs(free.neutrinos.mixing_matrix[0]) ** 2 @ np.asarray(free.neutrinos.masses) ** 2)
    wanted = free.log_likelihood([0.0]) - (beta / 0.1) ** 2 * stats.chi2.ppf(0.9, 1) / 2
    values = renp.prior_transform(likelihood, priors={"lightest_mass": (0, 0.04)})([0.3])
    assert likelihood.log_likelihood(values, constrained=False) == relative(wanted, 1e-9)
