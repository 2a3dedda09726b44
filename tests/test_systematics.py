"""What is uncertain of runs: backgrounds, linewidth, a mediator's mass; several experiments."""

import json
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyhf
import pytest
from scipy import optimize

import renp
from cases import DAY, ENERGIES, YB, runs
from relative import relative
from renp.inference.likelihood import Data
from renp.inference.newton import minimise
from renp.inference.workspace import pyhf_workspace

NU = renp.Neutrinos(0.01)
MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
NOTHING = renp.Couplings(V=np.zeros((3, 3)))
"""A model without emission: what runs count is background alone."""
RISE = 2.705543454095404


def deviance(n: Any, mean: Any) -> float:
    """2 Σ [N − n + n ln(n/N)], written once more."""
    n, mean = np.atleast_1d(n).astype(float), np.atleast_1d(mean).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(2 * np.sum(np.where(n > 0, mean - n + n * np.log(n / mean), mean)))


def chi2_at(likelihood: renp.Likelihood, data: Data, **held: float) -> float:
    """Return the χ², least in all but some parameters."""
    start = np.array(likelihood.start)
    moves = np.ones(start.size, bool)
    for name, value in held.items():
        k = likelihood.index(name)
        start[k], moves[k] = likelihood.coordinate(name, value), False
    return float(minimise(likelihood, data, jnp.asarray(start), jnp.asarray(moves), 500).chi2)


def brute(counts: Any, expected: Any, start: Any, bounds: Any) -> float:
    """Return the least deviance of means that are a function of a few numbers, by SciPy."""
    found = optimize.minimize(
        lambda z: deviance(counts, expected(z)), start, bounds=bounds, method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000},
    )  # fmt: skip
    again = optimize.minimize(
        lambda z: deviance(counts, np.maximum(expected(np.abs(z)), 1e-300)), found.x, method="Nelder-Mead",
        options={"xatol": 1e-12, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000},
    )  # fmt: skip
    return min(float(found.fun), float(again.fun))


# --- control counts -----------------------------------------------------------------------------------------


def on_off(n_on: int, n_off: int, ratio: float) -> renp.Likelihood:
    """One run whose signal is that of a moment alone."""
    one = renp.Experiment(
        YB, renp.Target(), 1.068, 10 * DAY, counts=n_on, control_counts=n_off, control_ratio=ratio
    )
    return renp.Likelihood(one, NU, MU, NOTHING)


def least_background(n_on: float, n_off: float, ratio: float, signal: float) -> float:
    """Return the background at which the likelihood of on and off is largest: the root of a quadratic."""
    linear = n_on + n_off - (1 + ratio) * signal
    return (linear + np.sqrt(linear**2 + 4 * (1 + ratio) * signal * n_off)) / (2 * (1 + ratio))


@pytest.mark.parametrize(
    ("n_on", "n_off", "ratio"), [(140, 60, 0.5), (12, 5, 1.0), (4, 900, 300.0), (7, 0, 2.0)]
)
def test_significance_is_that_of_li_and_ma(n_on: int, n_off: int, ratio: float) -> None:
    """ApJ 272, 317 (1983), Eq. (17): S² is the rise of the χ² from its minimum to no signal."""
    alpha, both = 1 / ratio, n_on + n_off
    off = n_off * np.log((1 + alpha) * n_off / both) if n_off else 0.0
    squared = 2 * (n_on * np.log((1 + alpha) / alpha * n_on / both) + off)
    likelihood = on_off(n_on, n_off, ratio)
    assert chi2_at(likelihood, likelihood.data, mu=0.0) == relative(squared, rel=1e-9)
    assert chi2_at(likelihood, likelihood.data) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("n_on", "n_off", "ratio"), [(140, 60, 0.5), (12, 30, 1.0), (4, 900, 300.0), (0, 5, 2.0)]
)
def test_limits_are_those_of_the_profile_in_closed_form(n_on: int, n_off: int, ratio: float) -> None:
    """Rolke, Lopez and Conrad, NIM A 551, 493 (2005), Sec. 3: Poisson background, exactly."""
    likelihood = on_off(n_on, n_off, ratio)
    unit = float(
        (likelihood.expected(likelihood.point(mu=1e-10)) - likelihood.expected(likelihood.point()))[0]
    )

    def chi2(signal: float) -> float:
        b = least_background(n_on, n_off, ratio, signal)
        return deviance([n_on, n_off], [signal + b, ratio * b])

    best = max(n_on - n_off / ratio, 0.0)
    least = chi2(best)
    signal = optimize.brentq(lambda s: chi2(s) - least - RISE, best + 1e-9, 1e4 + 1e2 * n_on, xtol=1e-12)
    found = renp.fit(likelihood, confidence_level=0.9)["mu"]
    assert found.upper == relative(1e-10 * np.sqrt(signal / unit), rel=1e-6)
    assert found.value == pytest.approx(1e-10 * np.sqrt(best / unit), abs=1e-6 * found.upper)


@pytest.fixture
def precise_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(tolerance=1e-12))
    yield
    pyhf.set_backend("numpy")


@cache
def controlled(days: float = 10.0) -> renp.Likelihood:
    counts, control = [140, 95, 60, 45], [60, 3, 30, 18]
    experiment = runs(
        days, ENERGIES[:4], counts=counts, control_counts=control, control_ratio=[3.0, 0.5, 2.0, 1.0]
    )
    return renp.Likelihood(experiment, NU, MU)


@pytest.mark.usefixtures("precise_pyhf")
@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_the_profile_is_that_of_pyhf_with_a_poisson_constraint() -> None:
    """Pyhf's "shapesys": the auxiliary datum (b/δ)² is the control count where δ = b/√n_off."""
    likelihood = controlled()
    null, one = (np.asarray(likelihood.expected(likelihood.point(mu=m)))[:4] for m in (0.0, 5e-11))
    b = np.asarray(likelihood.experiment.background_counts)
    n_off = np.asarray(likelihood.experiment.control_counts)
    samples = [
        ("standard model", null - b, []),
        ("signal", one - null, [{"name": "s", "type": "normfactor", "data": None}]),
        ("background", b, [{"name": "b", "type": "shapesys", "data": (b / np.sqrt(n_off)).tolist()}]),
    ]
    spec = {
        "channels": [
            {
                "name": "runs",
                "samples": [{"name": n, "data": d.tolist(), "modifiers": m} for n, d, m in samples],
            }
        ]
    }
    model = pyhf.Model(spec, poi_name="s")
    data = [*np.asarray(likelihood.experiment.counts).tolist(), *model.config.auxdata]
    assert np.asarray(model.config.auxdata) == pytest.approx(n_off, rel=1e-12, abs=0)
    at = [
        float(pyhf.infer.mle.fixed_poi_fit(s, data, model, return_fitted_val=True)[1])
        for s in (0.0, 1.0, 2.5)
    ]
    ours = [chi2_at(likelihood, likelihood.data, mu=5e-11 * np.sqrt(s)) for s in (0.0, 1.0, 2.5)]
    for theirs, mine in zip(at[1:], ours[1:], strict=True):
        assert mine - ours[0] == pytest.approx(theirs - at[0], abs=1e-6)


def test_toys_draw_control_counts() -> None:
    likelihood = controlled()
    x = likelihood.point(mu=5e-11)
    toys = np.asarray(likelihood.toys(x, jax.random.key(3), 20_000).counts)
    mean = np.asarray(likelihood.expected(x))
    assert toys.shape == (20_000, 8)
    assert np.all(np.abs(np.mean(toys, axis=0) - mean) < 5 * np.sqrt(mean / 20_000))
    assert np.all(np.abs(np.var(toys, axis=0) / mean - 1) < 0.06)
    assert np.all(np.abs(np.corrcoef(toys.T) - np.eye(8)) < 0.04)


def test_many_control_counts_make_the_background_known() -> None:
    def limit(**options: Any) -> float:
        experiment = runs(10.0, [1.068, 1.0712], background=1e-5, **options)
        return renp.upper_limits(experiment, NU, couplings=MU).limits["magnetic-moment"]["mu"]

    known = limit()
    assert limit(control_ratio=1e12) == relative(known, rel=1e-9)
    assert limit(control_ratio=10.0) > 1.001 * known
    assert limit(control_ratio=0.1) > 1.001 * limit(control_ratio=10.0)


def test_the_control_measurement_of_one_run_does_not_bind_another() -> None:
    experiment = runs(
        10.0,
        [1.068, 1.0712, 1.08],
        background=[0.0, 2e-5, 1e-5],
        control_counts=[30, 0, 0],
        control_ratio=[3.0, 0, 0],
    )
    likelihood = renp.Likelihood(experiment, NU, MU)
    assert likelihood.names == ("mu", "background_rate_1")
    assert likelihood.expected(likelihood.point())[2:] == pytest.approx([1e-5 * 10 * DAY, 30.0], abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"control_counts": 3}, r"control_ratio\[0\] = 0.0: must be above 0 where there are control counts"),
        ({"control_ratio": -1.0}, "control_ratio = -1.0: must be a ratio, at least 0"),
        (
            {"control_ratio": 1.0, "background_error": 0.1},
            "background_error .background_1. = above 0: must be 0",
        ),
    ],
)
def test_wrong_control_measurements_are_refused(options: Any, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.Likelihood(runs(10.0, [1.068], **options), NU)


def test_control_counts_are_needed_beside_counts() -> None:
    likelihood = renp.Likelihood(runs(10.0, [1.068], counts=[12], control_ratio=1.0), NU, MU)
    with pytest.raises(renp.InputError, match="control_counts = None: must be given for every run with"):
        renp.fit(likelihood)
    for result in (lambda e: renp.limit_curves(e, NU, exposure=[1.0]), lambda e: renp.plan("limits", e, NU)):
        with pytest.raises(renp.InputError, match=r"control_ratio = .*: must be left out"):
            result(runs(10.0, [1.068], control_ratio=1.0))


@pytest.mark.usefixtures("precise_pyhf")
@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_the_exported_workspace_has_control_channels() -> None:
    likelihood = controlled()
    workspace = pyhf.Workspace(json.loads(json.dumps(pyhf_workspace(likelihood, "mu"))))
    assert workspace.channels == [f"{what} {k}" for what in ("control", "run") for k in range(1, 5)]
    model = workspace.model()
    rng = np.random.default_rng(4)
    rises = []
    for x in rng.uniform(0.5, 8.0, (2, 5)):
        by_name = dict(zip(["mu", *likelihood.names[1:]], x, strict=True))
        theirs = model.logpdf([float(by_name[n]) for n in model.config.par_names], workspace.data(model))
        rises.append((float(likelihood.log_density(jnp.asarray(x), likelihood.data)), float(theirs[0])))
    (ours, theirs), (again, there) = rises
    assert ours - again == relative(theirs - there, rel=1e-9)


# --- the width of the line ----------------------------------------------------------------------------------

WIDTH = 2e-5
THRESHOLD = float(renp.thresholds(YB, NU)[0, 0])
CLOSE = [THRESHOLD - 2 * WIDTH, THRESHOLD - 1e-9, THRESHOLD, THRESHOLD + 0.5 * WIDTH]


@cache
def wide(**laser: float) -> renp.Likelihood:
    """Return runs on a threshold and beside it, with an uncertain linewidth."""
    one = runs(10.0, CLOSE, laser=renp.Laser(**laser), background=1e-6)
    return renp.Likelihood(one, NU, MU, nuisances=renp.Nuisances(linewidth_error=0.2))


@pytest.mark.parametrize(
    "laser", [{"gaussian": WIDTH}, {"lorentzian": WIDTH}, {"gaussian": WIDTH, "lorentzian": WIDTH}]
)
def test_the_linewidth_is_a_factor_on_both_widths(laser: dict[str, float]) -> None:
    likelihood = wide(**laser)
    assert likelihood.names == ("mu", "linewidth")
    for pull in (-2.0, 0.0, 1.0):
        wider = renp.Laser(**{name: w * 1.2**pull for name, w in laser.items()})
        there = runs(10.0, CLOSE, laser=wider, background=1e-6)
        wanted = renp.expected_counts(there, NU, renp.Weak() + renp.MagneticMoment({(1, 1): 5e-11}))
        x = likelihood.point(mu=5e-11).at[1].set(pull)
        np.testing.assert_allclose(likelihood.expected(x), wanted, rtol=1e-12)


def test_counts_of_a_wide_line_are_an_average_of_sharp_ones() -> None:
    likelihood = wide(gaussian=WIDTH)
    sigma = 1.2 * WIDTH / np.sqrt(8 * np.log(2))
    sharp = jax.jit(lambda w: renp.spectral_function(w, YB, NU))
    edges = np.unique(np.asarray(renp.thresholds(YB, NU)))
    for k, centre in enumerate(CLOSE):
        ends = [centre - 9 * sigma, *edges[np.abs(edges - centre) < 9 * sigma], centre + 9 * sigma]
        whole = sum(
            integrate.quad(
                lambda w, c=centre: float(sharp(jnp.array([w]))[0]) * np.exp(-(((w - c) / sigma) ** 2) / 2),
                low, high, epsabs=0, epsrel=1e-9, limit=200,
            )[0]
            for low, high in zip(ends[:-1], ends[1:], strict=True)
        )  # fmt: skip
        seen = float(likelihood.expected(likelihood.point(linewidth=1.2))[k]) - 1e-6 * 10 * DAY
        assert seen == relative(0.002 * 10 * DAY * whole / (sigma * np.sqrt(2 * np.pi)), rel=1e-7)


@pytest.mark.parametrize("laser", [{"gaussian": WIDTH}, {"gaussian": WIDTH, "lorentzian": WIDTH}])
def test_slopes_in_the_linewidth_are_right_on_thresholds(laser: dict[str, float]) -> None:
    """A line makes the corners of the spectrum smooth: slopes are those of finite differences everywhere."""
    likelihood = wide(**laser)
    expected = jax.jit(likelihood.expected)
    slopes = jax.jit(jax.jacobian(likelihood.expected))
    for pull in (-1.0, 0.0, 0.7):
        x, step = likelihood.point(mu=5e-11).at[1].set(pull), 1e-3
        one, two = (
            (expected(x.at[1].add(h)) - expected(x.at[1].add(-h))) / (2 * h) for h in (step, 2 * step)
        )
        np.testing.assert_allclose(slopes(x)[:, 1], (4 * one - two) / 3, rtol=1e-7, atol=1e-9)


def test_a_fit_finds_the_linewidth_that_counts_ask_for() -> None:
    """At a threshold the width of the line moves counts: the pull is that of SciPy's minimum."""
    likelihood = wide(gaussian=WIDTH)
    long = likelihood.with_exposure(1e4)
    truth = long.asimov(long.point(linewidth=1.3))
    data = Data(truth.counts, jnp.zeros(1))
    expected = jax.jit(long.expected)
    least = optimize.minimize_scalar(
        lambda z: deviance(data.counts, expected(jnp.array([0.0, z]))) + z**2, bounds=(-3, 3), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    found = renp.fit(long, data, fixed=("mu",))["linewidth"]
    assert found.pull == pytest.approx(float(least.x), abs=1e-6)
    assert 1.2 < found.value < 1.3


def test_a_sharp_line_has_no_linewidth() -> None:
    with pytest.raises(renp.InputError, match="linewidth_error = 0.1: must be 0 for a sharp line"):
        renp.Likelihood(runs(), NU, MU, nuisances=renp.Nuisances(linewidth_error=0.1))
