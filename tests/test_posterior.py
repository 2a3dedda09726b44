"""Draws from the posterior against quadrature with NumPy."""

import builtins
import functools
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import renp
from cases import NU, YB
from relative import relative
from renp.inference.posterior import log_likelihoods, posterior

pytest.importorskip("numpyro")

TEN_DAYS = 864000.0
ONE = {(1, 1): 1.0}
UNIT = 1e-11
"""μ_B; magnetic moments below are in this unit."""


@functools.cache
def likelihood(n: int) -> renp.Likelihood:
    """Return n counts of one run; in the other no pair is emitted, and the slope of 0 ln 0 is not defined."""
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.0717], TEN_DAYS, counts=[n, 0])
    return renp.Likelihood(runs, NU, {"g": renp.MagneticMoment(ONE)})


@functools.cache
def drawn(n: int) -> Any:
    return posterior(likelihood(n), draws=2000, warmup=500, seed=n)


def weights(n: int, g: NDArray, prior: NDArray) -> NDArray:
    """Return the posterior of a moment on a grid: Poisson counts b + s g² times the prior."""
    weak, both = (
        float(renp.expected_counts(likelihood(n).experiment, NU, model)[0])
        for model in (None, renp.Weak() + UNIT * renp.MagneticMoment(ONE))
    )
    density = np.exp(stats.poisson.logpmf(n, weak + (both - weak) * g**2)) * prior
    return density / np.sum(density)


def assert_agrees(values: Any, grid: NDArray, density: NDArray) -> None:
    """Compare mean and quantiles, to four standard errors, which are themselves small."""
    from arviz import mcse

    mean = float(np.sum(grid * density))
    spread = float(np.sqrt(np.sum((grid - mean) ** 2 * density)))
    error = float(mcse(values, method="mean")["value"])
    assert error < 0.06 * spread
    assert float(values["value"].mean()) == pytest.approx(mean, abs=4 * error)
    for p in (0.1, 0.9):
        exact = float(np.interp(p, np.cumsum(density), grid))
        error = float(mcse(values, method="quantile", prob=p)["value"])
        assert error < 0.12 * spread
        assert float(values["value"].quantile(p)) == pytest.approx(exact, abs=4 * error)


def in_units(found: Any, name: str, unit: float) -> Any:
    return (found.posterior[[name]] / unit).rename({name: "value"})


@pytest.mark.slow
@pytest.mark.parametrize("n", [105, 160])
def test_a_moment_has_the_posterior_of_quadrature(n: int) -> None:
    """Flat in |g|: with fewer counts than the weak interaction gives it piles up at 0, with more away."""
    found = drawn(n)
    grid = np.linspace(0, 12, 100_001)
    assert_agrees(in_units(found, "g", UNIT), grid, weights(n, grid, np.ones_like(grid)))
    assert int(found.sample_stats["diverging"].sum()) == 0
    assert float(found.posterior["g"].min()) >= 0


@pytest.mark.slow
def test_a_distribution_is_a_prior_of_the_physical_value() -> None:
    from numpyro import distributions as dist

    found = posterior(likelihood(160), priors={"g": dist.HalfNormal(2 * UNIT)}, draws=2000, warmup=500)
    grid = np.linspace(0, 12, 100_001)
    assert_agrees(in_units(found, "g", UNIT), grid, weights(160, grid, stats.halfnorm.pdf(grid, scale=2)))
    assert found.posterior["g"].attrs["prior"] == "HalfNormal"


@pytest.mark.slow
def test_a_coupling_that_interferes_beside_a_pull() -> None:
    """Two parameters, two runs, a range that cuts: quadrature in two dimensions, of Asimov data."""
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], TEN_DAYS)
    vector = renp.VectorMediator(1e3, 1.0, left=ONE)
    rate = renp.Nuisances(normalisation_error=0.1)
    both = renp.Likelihood(runs, NU, {"g": vector}, nuisances=rate)
    unit = float(both.parameters[0].plus)
    low, high = -0.3, 0.1
    data = both.asimov(both.point(g=0.05 * unit, normalisation=1.05))
    found = posterior(both, data, priors={"g": (low * unit, high * unit)}, draws=2000, warmup=500, seed=3)
    assert int(found.sample_stats["diverging"].sum()) == 0

    g, pull = np.linspace(low, high, 401), np.linspace(-5, 6, 601)
    counts = np.array([renp.expected_counts(runs, NU, renp.Weak() + v * unit * vector) for v in g[::100]])
    # The counts are quadratic in the coupling.
    expected = np.stack([np.polyval(np.polyfit(g[::100], n, 2), g) for n in counts.T], axis=-1)
    expected = expected[:, None, :] * 1.1 ** pull[None, :, None]
    measured = np.log(1.05) / np.log(1.1)
    n = np.asarray(data.counts)
    log = np.sum(n * np.log(expected) - expected, axis=-1) - (pull - measured) ** 2 / 2
    density = np.exp(log - log.max())
    density /= density.sum()
    assert_agrees(in_units(found, "g", unit), g, density.sum(axis=1))
    factor = found.posterior[["normalisation"]].rename({"normalisation": "value"})
    assert_agrees(factor, 1.1**pull, density.sum(axis=0))
    correlation = np.corrcoef(*(found.posterior[name].values.ravel() for name in ("g", "normalisation")))[
        0, 1
    ]
    mean = [np.sum(density * v) for v in (g[:, None], 1.1 ** pull[None, :])]
    shifted = [g[:, None] - mean[0], 1.1 ** pull[None, :] - mean[1]]
    exact = np.sum(density * shifted[0] * shifted[1]) / np.sqrt(
        np.prod([np.sum(density * v**2) for v in shifted])
    )
    assert correlation == pytest.approx(exact, abs=0.1)  # (1 − ρ²)/√ESS is 0.02 at most


@pytest.mark.slow
def test_chains_begin_at_each_minimum() -> None:
    """The amplitude is 1 + g: one chain stays around 0, the other around −2."""
    runs = renp.Experiment(YB, renp.Target(), [1.068], TEN_DAYS, counts=[117])
    mirrored = renp.Likelihood(runs, NU, {"g": renp.Weak()})
    means = posterior(mirrored, draws=50, warmup=50, chains=2).posterior["g"].mean(dim="draw")
    assert sorted(means.values) == pytest.approx([-2.0, 0.0], abs=0.1)


@pytest.mark.slow
def test_what_is_returned(tmp_path: Path) -> None:
    import arviz

    found = drawn(160)
    assert dict(found.posterior.sizes) == {"chain": 4, "draw": 2000}
    assert found.posterior["g"].attrs["kind"] == "magnitude"
    assert found.posterior["g"].attrs["prior"].startswith("flat from 0 to ")
    assert found.posterior.attrs["renp"] == renp.__version__
    assert found.posterior.attrs["seed"] == "160"
    assert found.observed_data["counts"].values.tolist() == [160, 0]
    g = found.posterior["g"].values[0, :50] / UNIT
    weak, both = (
        float(renp.expected_counts(likelihood(160).experiment, NU, model)[0])
        for model in (None, renp.Weak() + UNIT * renp.MagneticMoment(ONE))
    )
    expected = weak + (both - weak) * g**2
    logs = stats.poisson.logpmf(160, expected)
    assert found.log_likelihood["counts"].values[0, :50, 0] == relative(logs, rel=1e-9)
    predicted = found.posterior_predictive["counts"].values[0, :, 0]
    every = weak + (both - weak) * (found.posterior["g"].values[0] / UNIT) ** 2
    # Poisson counts around each expectation: 2000 of them, with a spread of about 13.
    assert np.mean(predicted - every) == pytest.approx(0, abs=4 * np.sqrt(np.mean(every) / 2000))
    found.to_netcdf(tmp_path / "posterior.nc", engine="h5netcdf")
    again = arviz.from_netcdf(tmp_path / "posterior.nc", engine="h5netcdf")
    assert again.posterior["g"].equals(found.posterior["g"])


def test_the_density_is_that_of_the_likelihood() -> None:
    one = likelihood(160)
    first, second = one.point(g=1e-11), one.point(g=4e-11)
    by_run = [log_likelihoods(one.expected(x), one.data.counts).sum() for x in (first, second)]
    difference = one.log_density(second, one.data) - one.log_density(first, one.data)
    assert float(by_run[1] - by_run[0]) == relative(float(difference), rel=1e-10)


def test_runs_without_expected_counts() -> None:
    found = log_likelihoods(jnp.array([0.0, 0.0, 2.0]), jnp.array([0.0, 1.0, 1.0]))
    assert np.asarray(found) == relative([0.0, -np.inf, np.log(2) - 2], rel=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"priors": {"mu": (0, 1)}}, "priors = 'mu': must be 'g' or 'lightest_mass'"),
        ({"priors": {"g": (0, 1e-10)}}, "given for lightest_mass: a range"),
        ({"priors": {"g": (-1e-11, 1e-10)}}, r"priors\['g'\]\[0\] = -1e-11: must be a range"),
        ({"priors": {"g": (1e-10, 1e-11)}}, "must be a range"),
        ({"priors": {"g": "flat"}}, "must be a range"),
        ({"draws": 0}, "draws = 0.0: must be a whole number, at least 1"),
        ({"chains": 1.5}, "chains = 1.5: must be a whole number"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_wrong_input_is_explained(options: dict[str, Any], message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        posterior(with_free_mass(), **({"priors": {"lightest_mass": (0.0, 0.1)}} | options))


@functools.cache
def with_free_mass() -> renp.Likelihood:
    runs = renp.Experiment(YB, renp.Target(), [1.068], TEN_DAYS, counts=[160])
    free = renp.Nuisances(free=("lightest_mass",))
    return renp.Likelihood(runs, NU, {"g": renp.MagneticMoment(ONE)}, nuisances=free)


def test_a_prior_of_values_that_a_magnitude_cannot_have_is_refused() -> None:
    from numpyro import distributions as dist

    with pytest.raises(renp.InputError, match="Normal: must be a distribution of values"):
        posterior(likelihood(160), priors={"g": dist.Normal(0.0, 1e-11)})


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "numpyro":
            raise ImportError(name, name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'numpyro: pip install "renp\[bayes\]"'):
        posterior(likelihood(160))
