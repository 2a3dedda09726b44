"""What is uncertain of runs: backgrounds, linewidth, a mediator's mass; several experiments."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pyhf
import pytest
from scipy import integrate, optimize

import renp
from cases import DAY, ENERGIES, YB, runs
from relative import relative
from renp.errors import ScenarioError
from renp.inference.likelihood import Data
from renp.inference.newton import minimise
from renp.inference.starts import edges
from renp.inference.workspace import pyhf_workspace
from renp.scenario import Scenario

NU = renp.Neutrinos(0.01)
MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
NOTHING = renp.Couplings(V=np.zeros((3, 3)))
"""A model without emission: what runs count is background alone."""
expected_at = jax.jit(lambda likelihood, x: likelihood.expected(x))
slopes_at = jax.jit(lambda likelihood, x: jax.jacobian(likelihood.expected)(x))
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


@pytest.mark.slow
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


@pytest.mark.slow
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
            for low, high in pairwise(ends)
        )  # fmt: skip
        seen = float(likelihood.expected(likelihood.point(linewidth=1.2))[k]) - 1e-6 * 10 * DAY
        assert seen == relative(0.002 * 10 * DAY * whole / (sigma * np.sqrt(2 * np.pi)), rel=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("laser", [{"gaussian": WIDTH}, {"gaussian": WIDTH, "lorentzian": WIDTH}])
def test_slopes_in_the_linewidth_are_right_on_thresholds(laser: dict[str, float]) -> None:
    """A line makes the corners of the spectrum smooth: slopes are those of finite differences everywhere."""
    likelihood = wide(**laser)
    for pull in (-1.0, 0.0, 0.7):
        x, step = likelihood.point(mu=5e-11).at[1].set(pull), 3e-2
        one, two = (
            (expected_at(likelihood, x.at[1].add(h)) - expected_at(likelihood, x.at[1].add(-h))) / (2 * h)
            for h in (step, 2 * step)
        )
        np.testing.assert_allclose(slopes_at(likelihood, x)[:, 1], (4 * one - two) / 3, rtol=3e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("size", "rel"),
    # JAX's own w misses 10⁻¹¹.
    [
        (0.3, 1e-10),
        (3.0, 1e-9),
        (7.9, 1e-8),
        (8.1, 1e-13),
        (20.0, 1e-13),
        (1e3, 1e-13),
        (1e5, 1e-13),
        (1e7, 1e-13),
    ],
)
def test_slopes_of_a_voigt_line_keep_their_digits_in_the_tails(size: float, rel: float) -> None:
    """−2zw + 2i/√π, of which a share of 1/|z|² is left, has none at |z| = 10⁸."""
    line = renp.Laser(gaussian=np.sqrt(4 * np.log(2)), lorentzian=0.6)  # z = x + 0.3i
    with mpmath.workdps(60):
        z = mpmath.mpc(size, 0.3)
        w = mpmath.exp(-(z**2)) * mpmath.erfc(-1j * z)
        wanted = float((-2 * z * w + 2j / mpmath.sqrt(mpmath.pi)).real / mpmath.sqrt(mpmath.pi))
    assert float(jax.grad(line.profile)(jnp.array(size))) == relative(wanted, rel=rel)


@pytest.mark.slow
def test_a_fit_finds_the_linewidth_that_counts_ask_for() -> None:
    """At a threshold the width of the line moves counts: the pull is that of SciPy's minimum."""
    likelihood = wide(gaussian=WIDTH)
    long = likelihood.with_exposure(1e4)
    truth = long.asimov(long.point(linewidth=1.3))
    data = Data(truth.counts, jnp.zeros(1))
    least = optimize.minimize_scalar(
        lambda z: deviance(data.counts, expected_at(long, jnp.array([0.0, z]))) + z**2,
        bounds=(-3, 3), method="bounded", options={"xatol": 1e-12},
    )  # fmt: skip
    found = renp.fit(long, data, fixed=("mu",))["linewidth"]
    assert found.pull == pytest.approx(float(least.x), abs=1e-6)
    assert 1.2 < found.value < 1.3


def test_a_sharp_line_has_no_linewidth() -> None:
    with pytest.raises(renp.InputError, match=r"linewidth_error = 0\.1: must be 0 for a sharp line"):
        renp.Likelihood(runs(), NU, MU, nuisances=renp.Nuisances(linewidth_error=0.1))


# --- numbers of an interaction ------------------------------------------------------------------------------

HEAVY = 3.0  # eV, above all q² of the runs


def mediator(mass: Any, width: float = 0.0) -> renp.VectorMediator:
    return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0, (2, 2): -0.5}, width=width)


def with_mass(mass: float, width: float = 1e-3, free: bool = True) -> renp.Likelihood:
    """Return long runs over a range of q², with a mediator whose mass is free or held."""
    one = runs(1e6, [0.6, 0.9, 1.0, 1.05, 1.068], background=1e-6)
    nuisances = renp.Nuisances(free=("g.mass",) if free else ())
    return renp.Likelihood(one, NU, {"g": mediator(mass, width)}, nuisances=nuisances)


def test_a_free_mass_is_that_of_another_likelihood() -> None:
    likelihood = with_mass(HEAVY)
    assert likelihood.names == ("g", "g.mass")
    assert likelihood.values(likelihood.point())["g.mass"] == relative(HEAVY, rel=1e-15)
    for mass in (0.5, 2.0, 4.0, 30.0):
        held = with_mass(mass, free=False)
        g = 0.3 * float(held.parameters[0].plus)
        x = likelihood.point(**{"g": g, "g.mass": mass})
        np.testing.assert_allclose(expected_at(likelihood, x), expected_at(held, held.point(g=g)), rtol=1e-12)


def test_slopes_in_a_mass_are_those_of_finite_differences() -> None:
    likelihood = with_mass(HEAVY)
    x = likelihood.point(**{"g": 0.3 * float(likelihood.parameters[0].plus), "g.mass": 2.5})
    step = 1e-3
    one, two = (
        (expected_at(likelihood, x.at[1].add(h)) - expected_at(likelihood, x.at[1].add(-h))) / (2 * h)
        for h in (step, 2 * step)
    )
    np.testing.assert_allclose(slopes_at(likelihood, x)[:, 1], (4 * one - two) / 3, rtol=1e-7)


@cache
def seen_with_mass() -> tuple[renp.Likelihood, Data]:
    likelihood = with_mass(HEAVY)
    g = 2.0 * float(likelihood.parameters[0].plus)
    return likelihood, likelihood.asimov(likelihood.point(**{"g": g, "g.mass": 2.5}))


@pytest.mark.slow
def test_a_fit_finds_the_mass_of_a_mediator() -> None:
    likelihood, data = seen_with_mass()
    found = renp.fit(likelihood, data)
    assert found.chi2 < 1e-6
    assert found["g.mass"].value == relative(2.5, rel=1e-4)
    assert found["g.mass"].lower < 2.5 < found["g.mass"].upper


@pytest.mark.slow
def test_the_profile_over_a_mass_is_that_of_likelihoods_with_the_mass_held() -> None:
    likelihood, data = seen_with_mass()
    masses = [0.4, 1.7, 2.45, 2.6, 5.0]
    found = renp.profile(likelihood, "g.mass", masses, data=data)
    for mass, rise in zip(found.values, found.delta_chi2, strict=True):
        held = with_mass(float(mass), free=False)
        ends = [-6.0, -2.0, -0.3, 0.3, 2.0, 6.0]
        least = min(
            optimize.minimize_scalar(
                lambda g, held=held: deviance(data.counts, expected_at(held, jnp.array([g]))),
                bounds=pair, method="bounded", options={"xatol": 1e-11},
            ).fun
            for pair in pairwise(ends)
        )  # fmt: skip
        assert rise == pytest.approx(least, abs=1e-6 * max(1.0, least))


@pytest.mark.slow
def test_limits_profile_a_free_mass() -> None:
    """The limit with a free mass is the weakest of those with the mass held near."""
    one = runs(1e3, [1.0, 1.05, 1.068], background=1e-6)
    given = {"couplings": {"g": mediator(HEAVY, 1e-3), "mu": MU["mu"]}}
    free = renp.upper_limits(one, NU, **given, nuisances=renp.Nuisances(free=("g.mass",)))
    held = renp.upper_limits(one, NU, **given)
    assert free.limits["magnetic-moment"] == held.limits["magnetic-moment"]
    assert free.limits["vector-mediator"]["g"] > held.limits["vector-mediator"]["g"]


def test_a_mass_on_the_q2_of_a_run_is_refused() -> None:
    energy = 1.05
    with pytest.warns(renp.PoleWarning, match=r"g\.mass is free: at the q² of a run the rate diverges"):
        likelihood = with_mass(HEAVY, 0.0)
    pole = float(np.sqrt(YB.E_eg * (YB.E_eg - 2 * energy)))
    for ask in (
        lambda: likelihood.point(**{"g.mass": pole}),
        lambda: renp.profile(likelihood, "g.mass", [pole, 2.0], data=likelihood.asimov(likelihood.point())),
    ):
        with pytest.raises(renp.InputError, match=r"omega = 1\.05.*: must be away from the mediator's pole"):
            ask()
    assert np.all(
        np.isfinite(expected_at(likelihood, likelihood.point(**{"g": 1e-20, "g.mass": 0.99 * pole})))
    )


@pytest.mark.parametrize("name", ["g.weight", "h.mass", "g.left"])
def test_numbers_that_there_are_not(name: str) -> None:
    with pytest.raises(renp.InputError, match=f"free = '{name}': must be "):
        renp.Likelihood(runs(), NU, {"g": mediator(HEAVY)}, nuisances=renp.Nuisances(free=(name,)))


# --- a polynomial background with side bands ----------------------------------------------------------------

BANDS = [1.0, 1.06, 1.0705, 1.0720, 1.09, 1.12]
"""The last three lie above the thresholds."""
DAYS = np.array([20.0, 10.0, 30.0, 10.0, 15.0, 20.0])
LEVEL, SLOPE = 30.0, 120.0  # 1/day at 1.06 eV, and 1/day/eV


def with_bands(last: int = 6, **options: Any) -> renp.Experiment:
    """Return runs with the first of the side bands, and counts near those of a sloping background."""
    energies = np.array(BANDS[:last])
    rates = (LEVEL + SLOPE * (energies - 1.06)) / DAY
    counts = np.array([655, 415, 1171, 299, 523, 770])[:last]
    return runs(DAYS[:last], energies, background=rates, **({"counts": counts} | options))


SLOPING = renp.Nuisances(background_degree=1)


def test_a_polynomial_reproduces_what_it_was_given() -> None:
    experiment = with_bands()
    likelihood = renp.Likelihood(experiment, NU, MU, nuisances=SLOPING)
    assert likelihood.names == ("mu", "background_shape_1", "background_shape_2")
    np.testing.assert_allclose(
        likelihood.expected(likelihood.point()), renp.expected_counts(experiment, NU), rtol=1e-12
    )
    ends = [experiment.background[0], experiment.background[-1]]
    values = likelihood.values(likelihood.point())
    assert [float(values[f"background_shape_{k}"]) for k in (1, 2)] == [
        relative(float(e), rel=1e-12) for e in ends
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts", [[655, 415, 1171, 299, 523, 770], [610, 380, 1100, 330, 500, 700], [700, 500, 1300, 30, 3, 1]]
)
def test_limits_with_side_bands_are_those_of_a_scipy_profile(counts: list[int]) -> None:
    """Level and slope of the background in their own parameters, minimised by SciPy at each moment."""
    experiment = with_bands(counts=counts)
    found = renp.upper_limits(experiment, NU, couplings=MU, nuisances=SLOPING).limits["magnetic-moment"]["mu"]
    days, energies = DAYS, np.array(BANDS)
    clean = experiment.with_runs(runs(DAYS, BANDS).runs)
    weak, moment = (
        np.asarray(renp.expected_counts(clean, NU, m)) for m in (None, renp.MagneticMoment({(1, 1): 1e-10}))
    )
    u = (energies - 1.0) / 0.12

    def least(size: float) -> float:
        """Return the least χ²: convex in the rates at both ends, which are at least 0."""

        def chi2(z: Any) -> tuple[float, Any]:
            rates = z[0] * (1 - u) + z[1] * u
            mean = weak + size * moment + days * rates
            slope = 2 * (1 - np.asarray(counts) / mean) * days
            return deviance(counts, mean), np.array([slope @ (1 - u), slope @ u])

        best = [
            optimize.minimize(
                chi2, start, jac=True, bounds=[(1e-9, None)] * 2, method="L-BFGS-B",
                options={"ftol": 1e-16, "gtol": 1e-11},
            ).fun
            for start in ([20.0, 35.0], [40.0, 5.0], [1.0, 1.0])
        ]  # fmt: skip
        return min(best)

    bottom = optimize.minimize_scalar(least, bounds=(0.0, 20.0), method="bounded", options={"xatol": 1e-9})
    size, lowest = (bottom.x, bottom.fun) if bottom.fun < least(0.0) else (0.0, least(0.0))
    end = optimize.brentq(lambda s: least(s) - lowest - RISE, size, size + 50.0, xtol=1e-10)
    assert found == relative(1e-10 * np.sqrt(end), rel=1e-6)


@pytest.mark.slow
def test_side_bands_constrain_the_background() -> None:
    def spread(last: int) -> dict[str, float]:
        found = renp.fit(renp.Likelihood(with_bands(last), NU, MU, nuisances=SLOPING))
        return {name: found[name].error for name in ("mu", "background_shape_1")}

    def limit(last: int, nuisances: renp.Nuisances) -> float:
        one = with_bands(last, counts=None)
        return renp.upper_limits(one, NU, couplings=MU, nuisances=nuisances).limits["magnetic-moment"]["mu"]

    without, few, all_ = (limit(last, SLOPING) for last in (3, 4, 6))
    assert without > few > all_ > limit(6, renp.Nuisances())
    level = renp.Nuisances(background_degree=0)
    assert all_ > 1.001 * limit(6, level) > 1.001 * limit(6, renp.Nuisances())


def test_control_counts_belong_to_a_common_background() -> None:
    """A level common to all runs, and one control measurement: runs are one with its time, as with τ ∑ T."""
    ratio, control = [2.0, 0.0, 0.0], [400, 0, 0]
    one = runs(
        [10.0, 20.0, 5.0],
        [1.068, 1.07, 1.0712],
        counts=[330, 480, 190],
        control_counts=control,
        control_ratio=ratio,
    )
    likelihood = renp.Likelihood(one, NU, MU, nuisances=renp.Nuisances(background_degree=0))
    assert likelihood.names == ("mu", "background_shape_1")
    clean = one.with_runs(runs([10.0, 20.0, 5.0], [1.068, 1.07, 1.0712]).runs)
    signal = [*np.asarray(renp.expected_counts(clean, NU)), 0.0]
    days = np.array([10.0, 20.0, 5.0, 20.0])
    counts = [330, 480, 190, 400]
    least = optimize.minimize_scalar(
        lambda b: deviance(counts, signal + days * b),
        bounds=(1.0, 60.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert chi2_at(likelihood, likelihood.data, mu=0.0) == relative(float(least.fun), rel=1e-9)


def test_a_background_of_no_given_rate_is_found() -> None:
    """Without any rate given, counts alone make the background, in fits and in limits."""
    one = runs(DAYS, BANDS, counts=[655, 415, 1171, 299, 523, 770])
    blind, told = (renp.fit(renp.Likelihood(e, NU, MU, nuisances=SLOPING)) for e in (one, with_bands()))
    assert blind.chi2 == relative(told.chi2, rel=1e-8)
    assert blind["background_shape_2"].value == relative(told["background_shape_2"].value, rel=1e-5)
    limits = [
        renp.upper_limits(e, NU, couplings=MU, nuisances=SLOPING).limits["magnetic-moment"]["mu"]
        for e in (one, with_bands())
    ]
    assert limits[0] == relative(limits[1], rel=1e-8)


@pytest.mark.parametrize(
    ("nuisances", "message"),
    [
        (renp.Nuisances(background_degree=1.5), r"background_degree = 1\.5: must be a whole number"),
        (renp.Nuisances(background_degree=9), "background_degree = 9: must be at most 5"),
        (
            renp.Nuisances(background_degree=1, background_error=0.1),
            r"background_error \(background\) = above 0",
        ),
    ],
)
def test_wrong_polynomials_are_refused(nuisances: renp.Nuisances, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.Likelihood(runs(), NU, nuisances=nuisances)


# --- several experiments ------------------------------------------------------------------------------------

XE = renp.Atom.named("Xe")
RATE = renp.Nuisances(normalisation_error=0.2)
SHARED = renp.Nuisances(normalisation_error=0.2, common=("normalisation",))


def periods(**options: Any) -> dict[str, renp.Experiment]:
    return {"first": runs(10.0, ENERGIES[:3], **options), "second": runs(25.0, ENERGIES[3:6], **options)}


def as_one() -> renp.Experiment:
    return runs([10.0] * 3 + [25.0] * 3, ENERGIES[:6])


def two_atoms() -> dict[str, renp.Experiment]:
    xe = renp.Experiment(
        XE,
        renp.Target(volume=30.0),
        [4.1, 4.15],
        20 * DAY,
        1e-5,
        counts=[40, 30],
        control_ratio=1.0,
        control_counts=[15, 20],
    )
    return {"Yb": runs(10.0, ENERGIES[:3], counts=[125, 111, 90]), "Xe": xe}


@pytest.mark.slow
def test_periods_of_one_experiment_are_that_experiment() -> None:
    whole = renp.Likelihood(as_one(), NU, MU, nuisances=RATE)
    joint = renp.Likelihood(periods(), NU, MU, nuisances=SHARED)
    assert joint.names == whole.names == ("mu", "normalisation")
    x = whole.point(mu=5e-11, normalisation=1.1)
    np.testing.assert_allclose(
        joint.expected(joint.point(mu=5e-11, normalisation=1.1)), whole.expected(x), rtol=1e-12
    )
    for method in ("delta-chi2", "cls"):
        limits = [
            renp.upper_limits(one, NU, couplings=MU, nuisances=nuisances, method=method).limits[
                "magnetic-moment"
            ]["mu"]
            for one, nuisances in ((as_one(), RATE), (periods(), SHARED))
        ]
        assert limits[0] == relative(limits[1], rel=1e-9)


def test_own_nuisances_are_told_by_the_experiments_names() -> None:
    experiments = two_atoms()
    joint = renp.Likelihood(
        experiments, NU, MU, nuisances={"Yb": renp.Nuisances(normalisation_error=0.1), "Xe": RATE}
    )
    assert joint.names == (
        "mu",
        "normalisation Yb",
        "normalisation Xe",
        "background_rate_1 Xe",
        "background_rate_2 Xe",
    )
    assert joint.size == 7
    assert joint.runs.tolist() == [0, 1, 2, 3, 4]
    parts = [
        renp.Likelihood(one, NU, MU, nuisances=renp.Nuisances(normalisation_error=error))
        for one, error in zip(experiments.values(), (0.1, 0.2), strict=True)
    ]
    there = {"mu": 6e-11, "normalisation Yb": 0.9, "normalisation Xe": 1.3, "background_rate_1 Xe": 2e-5}
    own = [
        {"mu": 6e-11, "normalisation": 0.9},
        {"mu": 6e-11, "normalisation": 1.3, "background_rate_1": 2e-5},
    ]
    total = sum(float(p.chi2(p.point(**values), p.data)) for p, values in zip(parts, own, strict=True))
    assert float(joint.chi2(joint.point(**there), joint.data)) == relative(total, rel=1e-12)


def test_thresholds_that_a_calibration_meets_are_those_of_each_experiment() -> None:
    """Of one that experiments share or that is their own, and of a laser whose photons have more energy."""

    def met(one: Any, *common: str) -> dict[str, list[float]]:
        uncertain = renp.Nuisances(calibration_error=1e-3, common=common)
        likelihood = renp.Likelihood(one, NU, MU, nuisances=uncertain)
        return {likelihood.names[k]: x.tolist() for k, x in edges(likelihood).items()}

    both = periods()
    (whole,) = met(as_one()).values()
    assert met(both, "calibration") == {"calibration": whole}
    own = {f"calibration {name}": met(one)["calibration"] for name, one in both.items()}
    assert met(both) == own
    offset = 3e-4
    shifted = runs(10.0, ENERGIES[:3], laser=renp.Laser(offset=offset))
    there = met(runs(10.0, np.array(ENERGIES[:3]) + offset))["calibration"]
    assert met(shifted)["calibration"] == relative(there, rel=1e-9)


def test_what_some_experiments_share_is_not_another_ones() -> None:
    shares = renp.Nuisances(normalisation_error=0.2, calibration_error=1e-4, common=("calibration",))
    three = {"none": runs(10.0, ENERGIES[:1])} | periods()
    joint = renp.Likelihood(three, NU, MU, nuisances={"first": shares, "second": shares})
    assert joint.names == ("mu", "calibration", "normalisation first", "normalisation second")
    moved = joint.expected(joint.point(calibration=3e-4)) / joint.expected(joint.point())
    assert moved[0] == 1.0
    assert np.all(np.asarray(moved[1:]) < 1.0)


def test_two_periods_share_what_is_uncertain_of_their_atom() -> None:
    yb = renp.Atom.named("Yb", "full")
    both = {name: renp.Experiment(yb, renp.Target(), one, DAY) for name, one in (("a", 1.06), ("b", 1.07))}
    uncertain = renp.Nuisances(amplitude_errors=True, common=("amplitude",))
    assert renp.Likelihood(both, NU, MU, nuisances=uncertain).names == ("mu", "amplitude_1")
    own = renp.Nuisances(amplitude_errors=True)
    assert renp.Likelihood(both, NU, MU, nuisances=own).names == ("mu", "amplitude_1 a", "amplitude_1 b")


def test_joint_limits_are_those_of_a_scipy_profile() -> None:
    """Normalisations by two atoms, control counts in closed form."""
    experiments = two_atoms()
    found = renp.upper_limits(experiments, NU, couplings=MU, nuisances=RATE).limits["magnetic-moment"]["mu"]
    moment = renp.MagneticMoment({(1, 1): 1e-10})
    signals = {
        name: [np.asarray(renp.expected_counts(e.with_runs(bare(e)), NU, m)) for m in (None, moment)]
        for name, e in experiments.items()
    }

    def least(size: float) -> float:
        def yb(z: float) -> float:
            weak, more = signals["Yb"]
            return deviance([125, 111, 90], 1.2**z * (weak + size * more)) + z**2

        def xe(z: float) -> float:
            weak, more = signals["Xe"]
            means = [
                (s + b, b)
                for n, off, s in zip([40, 30], [15, 20], 1.2**z * (weak + size * more), strict=True)
                for b in [least_background(n, off, 1.0, float(s))]
            ]
            return (
                sum(deviance(pair, mean) for pair, mean in zip([(40, 15), (30, 20)], means, strict=True))
                + z**2
            )

        return sum(
            optimize.minimize_scalar(f, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}).fun
            for f in (yb, xe)
        )

    bottom = optimize.minimize_scalar(least, bounds=(0.0, 5.0), method="bounded", options={"xatol": 1e-9})
    size, lowest = (bottom.x, bottom.fun) if bottom.fun < least(0.0) else (0.0, least(0.0))
    end = optimize.brentq(lambda s: least(s) - lowest - RISE, size, size + 50.0, xtol=1e-11)
    assert found == relative(1e-10 * np.sqrt(end), rel=1e-6)


def bare(experiment: renp.Experiment) -> Any:
    """Return the runs without backgrounds."""
    return experiment.runs.checked(
        experiment.atom.E_vg, photon_energy=experiment.photon_energy, duration=experiment.duration
    )


def test_a_joint_likelihood_is_fitted_profiled_and_simulated() -> None:
    joint = renp.Likelihood(two_atoms(), NU, MU, nuisances=RATE)
    found = renp.fit(joint)
    assert found.valid
    assert found.photon_energy.tolist() == [*ENERGIES[:3], 4.1, 4.15]
    assert found.observed.tolist() == [125, 111, 90, 40, 30]
    assert found.degrees_of_freedom == 7 - 3
    limits = renp.profile(joint, "mu").intervals(0.9)
    assert limits[-1][1] == relative(renp.fit(joint, confidence_level=0.9)["mu"].upper, rel=2e-2)
    toys = renp.throw_toys(joint, {"mu": 8e-11}, toys=300)
    assert toys.failed == 0
    assert abs(toys.coverage["mu"] - 0.9) < 0.07


def test_free_masses_of_neutrinos_are_common() -> None:
    joint = renp.Likelihood(
        two_atoms(), NU, MU, nuisances=renp.Nuisances(free=("lightest_mass",), calibration_error=1e-6)
    )
    assert joint.names[:4] == ("mu", "lightest_mass", "calibration Yb", "calibration Xe")
    energies = joint.parts[1].photon_energy(
        {"calibration Xe": jnp.array(1e-6), "calibration Yb": jnp.array(9.0)}
    )
    assert energies.tolist() == pytest.approx([4.100001, 4.150001], abs=1e-15)


@pytest.mark.parametrize(
    ("experiments", "nuisances", "message"),
    [
        ({}, None, "experiment = {}: must be one Experiment, or at least one by name"),
        ({"one": 3}, None, r"experiment\['one'\] = 3, of type int: must be"),
        (periods(), {"third": RATE}, "a name in nuisances = 'third': must be "),
        (periods(), renp.Nuisances(common=("efficiency",)), "common = 'efficiency': must be "),
        (periods(), renp.Nuisances(common=("background",)), "common = 'background': must be of errors that"),
        (
            periods(),
            {"first": SHARED, "second": renp.Nuisances(normalisation_error=0.1, common=("normalisation",))},
            "common = 'normalisation': must be with the same error in all experiments",
        ),
        (periods() | {"third": runs(counts=1)}, None, "counts = None: must be given for all exp"),
    ],
)  # fmt: skip
def test_wrong_joint_likelihoods_are_refused(experiments: Any, nuisances: Any, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.Likelihood(experiments, NU, MU, nuisances=nuisances)


def test_what_needs_one_experiment_says_so() -> None:
    joint = renp.Likelihood(periods(), NU, MU)
    with pytest.raises(
        renp.InputError, match="likelihood = of 2 experiments: must be of one experiment here"
    ):
        pyhf_workspace(joint, "mu")


# --- scenario files -----------------------------------------------------------------------------------------

FILE = """
[atom]
name = "Yb"
[laser]
gaussian = "20 ueV"
[neutrinos]
lightest_mass = "10 meV"
[[interaction]]
kind = "vector-mediator"
mass = "3 eV"
electron = 1e-9
left = { "11" = 1e-9 }
width = "1 meV"
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
counts = 140
control_ratio = 3
control_counts = 60
[[run]]
photon_energy = "1.0712 eV"
duration = "10 day"
counts = 95
background = "1 / day"
[statistics]
linewidth_error = "10 %"
free = ["vector-mediator strength.mass"]
"""


def test_a_scenario_file_says_all_of_it() -> None:
    likelihood = Scenario.from_text(FILE).likelihood()
    name = "vector-mediator strength"
    assert likelihood.names == (name, f"{name}.mass", "linewidth", "background_rate_1")
    assert likelihood.data.counts.tolist() == [140, 95, 60]
    assert likelihood.experiment.background.tolist() == [
        relative(2 / DAY, rel=1e-15),
        relative(1 / DAY, rel=1e-15),
    ]
    degree = Scenario.from_text(FILE + "background_degree = 1\n").likelihood()
    assert degree.names[-2:] == ("background_shape_1", "background_shape_2")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("control_counts = 60\n", "", ""),
        (
            'background = "1 / day"',
            "control_ratio = 1",
            "control_counts is missing: give it for every run with",
        ),
        ('gaussian = "20 ueV"', "", "linewidth_error: 0.1: must be 0 for a sharp line"),
        (
            "strength.mass",
            "strength.weight",
            "free: 'vector-mediator strength.weight': must be 'vector-mediator strength.mass'",
        ),
        ("linewidth_error", "background_error = 0.1\nlinewidth_error", ""),
        (
            "linewidth_error",
            "background_degree = 1\nbackground_error = 0.1\nlinewidth_error",
            "background_error",
        ),
    ],
)
def test_problems_of_a_file_are_told(old: str, new: str, message: str) -> None:
    text = FILE.replace(old, new)
    if not message:
        Scenario.from_text(text)
        return
    with pytest.raises(ScenarioError, match=message):
        Scenario.from_text(text)


def test_runs_of_a_csv_file_have_control_counts(tmp_path: Path) -> None:
    head = "photon_energy [eV], duration [day], counts, control_counts, control_ratio\n"
    (tmp_path / "runs.csv").write_text(
        f"{head}1.068, 10, 118, 30, 2.5\n1.07, 10, 90, 0, 0\n", encoding="utf-8"
    )
    text = '[atom]\nname = "Yb"\n[neutrinos]\nlightest_mass = "10 meV"\n[runs]\nfile = "runs.csv"\n'
    (tmp_path / "it.toml").write_text(text, encoding="utf-8")
    found = Scenario.read(tmp_path / "it.toml").experiment
    assert found.control_counts.tolist() == [30, 0]
    assert found.background.tolist() == [relative(1.2 / DAY, rel=1e-15), 0.0]
