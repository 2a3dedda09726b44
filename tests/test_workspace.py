"""The exported workspace: what pyhf makes of it, by its own fits and formulae."""

import json
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pyhf
import pytest
from scipy import stats

import renp
from cases import ENERGIES, YB
from deviances import minimised
from relative import relative
from renp.inference.asymptotic import expected_limits, hypothesis_test, upper_limit
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED
from renp.inference.workspace import pyhf_workspace
from renp.interactions.couplings import Scaled

pytestmark = [
    # The validator that pyhf calls is deprecated by its own package.
    pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning"),
]


NUISANCES = {
    "none": renp.Nuisances(),
    "common": renp.Nuisances(normalisation_error=0.05, background_error=0.1),
    "each run": renp.Nuisances(normalisation_error=0.3, background_error=(0.1, 0.2, 0.3, 0.0, 0.1, 0.5, 0.5)),
    "oscillation": renp.Nuisances("all", normalisation_error=0.05, background_error=0.1),
}
SAMPLES = ("as expected", "excess", "deficit", "zero")


@pytest.fixture(autouse=True)
def precise_fits():
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(tolerance=1e-10))
    yield
    pyhf.set_backend("numpy")


@cache
def letter(nuisances: str, days: float = 10.0, rate: float = 1e-6) -> Likelihood:
    runs = renp.Experiment(YB, renp.Target(), ENERGIES, days * 86400.0, rate)
    unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    return renp.Likelihood(runs, renp.Neutrinos(0.01), unit, nuisances=NUISANCES[nuisances])


def observed(likelihood: Likelihood, sample: str) -> Data:
    null = np.asarray(likelihood.expected(likelihood.point()))
    side = {"as expected": 0.0, "excess": 1.0, "deficit": -1.0, "zero": -np.inf}[sample]
    counts = np.maximum(null + side * (1.5 * np.sqrt(null) + 0.5), 0.0)
    return Data(jnp.asarray(counts), jnp.zeros(len(likelihood.constrained)))


def fit(likelihood: Likelihood) -> tuple[jax.Array, jax.Array, int]:
    return likelihood.point(), jnp.ones(len(likelihood.names), bool), 0


def exported(likelihood: Likelihood, data: Data) -> tuple[pyhf.pdf.Model, list[float]]:
    # Through text, as users will hand it on.
    workspace = pyhf.Workspace(json.loads(json.dumps(pyhf_workspace(likelihood, "mu_11", data))))
    model = workspace.model()
    return model, workspace.data(model)


def in_order(likelihood: Likelihood, model: pyhf.pdf.Model, x: jax.Array) -> list[float]:
    """Coordinates of the likelihood in pyhf's order."""
    by_name = dict(zip(("mu", *likelihood.names[1:]), np.asarray(x), strict=True))
    return [float(by_name[name]) for name in model.config.par_names]


# --- the model ---


@pytest.mark.sampled
@pytest.mark.parametrize("nuisances", ["none", "common", "each run"])
def test_expected_counts_are_those_of_the_likelihood(nuisances: str) -> None:
    likelihood = letter(nuisances, rate=1e-5)
    model, _ = exported(likelihood, observed(likelihood, "excess"))
    rng = np.random.default_rng(1)
    for _ in range(20):
        x = rng.normal(0, 1.5, len(likelihood.names))
        x[0] = abs(x[0])
        theirs = model.expected_data(in_order(likelihood, model, x), include_auxdata=False)
        # pyhf's interpolation code 4 is a polynomial within ±1: of 30 % and 50 % it misses 10⁻⁷.
        np.testing.assert_allclose(theirs, likelihood.expected(jnp.asarray(x)), rtol=3e-7)


@pytest.mark.parametrize(("error", "miss"), [(0.05, 1e-12), (0.1, 1e-10), (0.5, 1e-6), (1.0, 2e-5)])
def test_how_far_the_default_interpolation_is_from_a_lognormal(error: float, miss: float) -> None:
    pulls = np.linspace(-3, 3, 121)[None, :]
    code4, code1 = (
        code([[[[1 / (1 + error)], [1.0], [1 + error]]]])(pulls).ravel()
        for code in (pyhf.interpolators.code4, pyhf.interpolators.code1)
    )
    exact = (1 + error) ** pulls.ravel()
    np.testing.assert_allclose(code1, exact, rtol=1e-13)
    largest = np.max(np.abs(code4 / exact - 1))
    assert miss / 100 < largest < miss


@pytest.mark.slow
def test_a_measured_parameter_is_exact_at_unit_pulls() -> None:
    likelihood = letter("oscillation")
    model, _ = exported(likelihood, observed(likelihood, "as expected"))
    for name in ("sin2_theta12", "sin2_theta13", "dm2_21", "dm2_31"):
        for pull in (-1.0, 1.0):
            x = likelihood.point().at[0].set(2.0).at[likelihood.index(name)].set(pull)
            theirs = model.expected_data(in_order(likelihood, model, x), include_auxdata=False)
            np.testing.assert_allclose(theirs, likelihood.expected(x), rtol=1e-9)


def test_the_likelihood_ratio_of_two_points_is_the_same() -> None:
    likelihood = letter("common", rate=1e-5)
    toy = jax.tree.map(lambda a: a[0], likelihood.toys(likelihood.point(), jax.random.key(2), 1))
    assert np.all(np.abs(toy.pulls) > 0.1)  # external measurements fluctuate
    model, data = exported(likelihood, toy)
    a, b = jnp.array([0.3, 0.5, -1.0]), jnp.array([2.0, -0.7, 1.5])
    theirs = [float(model.logpdf(in_order(likelihood, model, x), data)[0]) for x in (a, b)]
    ours = likelihood.log_density(a, toy) - likelihood.log_density(b, toy)
    assert theirs[0] - theirs[1] == relative(float(ours), rel=1e-9)


@pytest.mark.parametrize("sample", ["excess", "deficit"])
@pytest.mark.parametrize("optimiser", ["scipy", "minuit"])
def test_the_fits_have_the_same_minimum(optimiser: str, sample: str) -> None:
    if optimiser == "minuit":
        pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-3))
    likelihood = letter("common", rate=1e-5)
    data = observed(likelihood, sample)
    model, theirs = exported(likelihood, data)
    best, least = pyhf.infer.mle.fit(theirs, model, return_fitted_val=True)
    null, at_null = pyhf.infer.mle.fixed_poi_fit(0.0, theirs, model, return_fitted_val=True)
    start, moves, _ = fit(likelihood)
    free = minimised(likelihood, data, start.at[0].set(1.0), moves)
    fixed = minimised(likelihood, data, start, moves.at[0].set(False))
    # Both stop where −2 ln L is flat to 10⁻⁶, a thousandth of an error from the minimum.
    np.testing.assert_allclose(best, in_order(likelihood, model, free.x), atol=3e-3)
    np.testing.assert_allclose(null, in_order(likelihood, model, fixed.x), atol=3e-3)
    assert float(at_null - least) == pytest.approx(float(fixed.chi2 - free.chi2), abs=1e-5)


# --- limits ---


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("days", [10.0, 0.1])
@pytest.mark.parametrize("nuisances", ["none", "common"])
def test_p_values_at_the_limits_are_those_of_pyhf(nuisances: str, days: float, sample: str) -> None:
    likelihood = letter(nuisances, days)
    data = observed(likelihood, sample)
    limit = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls")
    band = expected_limits(likelihood, data, *fit(likelihood), 0.9, "cls")
    assert int(limit.status) == CONVERGED
    assert np.all(band.status == CONVERGED)
    model, theirs = exported(likelihood, data)
    cls = float(pyhf.infer.hypotest(float(limit.value), theirs, model))
    assert cls == relative(0.1, rel=1e-5)
    for i, x in enumerate(band.value):
        expected = pyhf.infer.hypotest(float(x), theirs, model, return_expected_set=True)[1]
        assert float(expected[i]) == relative(0.1, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("sample", ["excess", "deficit"])
def test_the_same_with_errors_of_the_background_in_each_run(sample: str) -> None:
    likelihood = letter("each run", rate=1e-5)
    data = observed(likelihood, sample)
    limit = float(upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value)
    model, theirs = exported(likelihood, data)
    assert float(pyhf.infer.hypotest(limit, theirs, model)) == relative(0.1, rel=1e-5)


@pytest.mark.sampled
@pytest.mark.parametrize("nuisances", ["none", "common"])
def test_limits_are_those_that_pyhf_finds(nuisances: str) -> None:
    likelihood = letter(nuisances, 0.1)
    data = observed(likelihood, "excess")
    model, theirs = exported(likelihood, data)
    limit, band = pyhf.infer.intervals.upper_limits.toms748_scan(
        theirs, model, 0.01, 30.0, level=0.1, rtol=1e-6, atol=1e-6
    )
    ours = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value
    assert float(ours) == relative(float(limit), rel=1e-5)
    expected = expected_limits(likelihood, data, *fit(likelihood), 0.9, "cls").value
    np.testing.assert_allclose(expected, np.array(band), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("days", [10.0, 0.1])
def test_p_values_of_any_coordinate_are_those_of_pyhf(days: float, sample: str) -> None:
    likelihood = letter("common", days)
    data = observed(likelihood, sample)
    model, theirs = exported(likelihood, data)
    for x in (0.3, 2.0, 6.0):
        found = hypothesis_test(likelihood, data, *fit(likelihood), x)
        _, (with_signal, without), calculator = pyhf.infer.hypotest(
            x, theirs, model, return_tail_probs=True, return_calculator=True
        )
        # The tails of p = 10⁻²⁰ see the 10⁻⁷ to which SLSQP finds −2 ln L.
        assert float(found.p_signal) == relative(float(with_signal), rel=1e-4)
        assert float(found.p_background) == relative(float(without), rel=1e-4)
        assert float(found.q_asimov) == pytest.approx(float(calculator.sqrtqmuA_v) ** 2, rel=1e-5, abs=1e-6)


@pytest.mark.sampled
@pytest.mark.parametrize("sample", ["as expected", "excess", "deficit"])
@pytest.mark.parametrize("nuisances", ["none", "common"])
def test_cls_is_that_of_pyhf_to_a_millionth(nuisances: str, sample: str) -> None:
    """The same log-normal constraints: its −2 ln L at our minima, and its p-values; it fits nothing."""
    likelihood = letter(nuisances)
    data = observed(likelihood, sample)
    start, moves, k = fit(likelihood)
    others = moves.at[k].set(False)
    null = minimised(likelihood, data, start, others)
    asimov = likelihood.asimov(null.x)

    def theirs(of: Data, x: float) -> float:
        """Return q̃ of some data."""
        model, numbers = exported(likelihood, of)
        best = minimised(likelihood, of, start.at[k].set(1.0), moves).x
        tested = minimised(likelihood, of, best.at[k].set(x), others).x
        log = [float(model.logpdf(in_order(likelihood, model, at), numbers)[0]) for at in (best, tested)]
        return 0.0 if best[k] > x else max(2 * (log[0] - log[1]), 0.0)

    for x in (0.5, 2.0, 4.0):
        q, q_asimov = theirs(data, x), theirs(asimov, x)
        root, width = np.sqrt(q), np.sqrt(q_asimov)
        value = root - width if root <= width else (q - q_asimov) / (2 * width)
        p_signal, p_background = (
            float(pyhf.infer.calculators.AsymptoticTestStatDistribution(shift).pvalue(value))
            for shift in (-width, 0.0)
        )
        found = hypothesis_test(likelihood, data, start, moves, k, x)
        assert float(found.cls) == relative(p_signal / p_background, rel=1e-6)


@pytest.mark.sampled
@pytest.mark.parametrize(("days", "sample"), [(10.0, "excess"), (0.1, "deficit")])
def test_the_one_sided_limit_is_that_of_pyhf(days: float, sample: str) -> None:
    likelihood = letter("common", days)
    data = observed(likelihood, sample)
    model, theirs = exported(likelihood, data)
    for level in (0.9, 0.95):
        x = float(upper_limit(likelihood, data, *fit(likelihood), level, "asymptotic").value)
        if x == 0:
            continue
        _, (with_signal, _) = pyhf.infer.hypotest(x, theirs, model, return_tail_probs=True)
        assert float(with_signal) == relative(1 - level, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("days", [10.0, 0.1])
@pytest.mark.parametrize("sample", SAMPLES[:3])
def test_with_oscillation_parameters_p_values_agree_nearly(days: float, sample: str) -> None:
    likelihood = letter("oscillation", days)
    data = observed(likelihood, sample)
    limit = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value
    model, theirs = exported(likelihood, data)
    # Counts are not quite linear in the oscillation parameters between and beyond their errors.
    assert float(pyhf.infer.hypotest(float(limit), theirs, model)) == relative(0.1, rel=1e-3)
    median = float(expected_limits(likelihood, data, *fit(likelihood), 0.9, "cls").value[2])
    expected = pyhf.infer.hypotest(median, theirs, model, return_expected=True)[1]
    assert float(expected) == relative(0.1, rel=1e-3)


def test_pulls_of_toys_are_auxiliary_data() -> None:
    likelihood = letter("common", rate=1e-5)
    toys = likelihood.toys(likelihood.point(), jax.random.key(8), 3)
    for counts, pulls in zip(toys.counts, toys.pulls, strict=True):
        data = Data(counts, pulls)
        limit = float(upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value)
        model, theirs = exported(likelihood, data)
        assert sorted(model.config.auxdata) == sorted(float(pull) for pull in pulls)
        assert float(pyhf.infer.hypotest(limit, theirs, model)) == relative(0.1, rel=1e-5)


# --- contents ---


@pytest.mark.slow
def test_samples_and_modifiers() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.07], 86400.0, [0.0, 1e-4], counts=[11, 20])
    unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    nuisances = renp.Nuisances(
        ("dm2_31",), normalisation_error=0.05, background_error=(0.1, 0.2), calibration_error=1e-6
    )
    likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), unit, nuisances=nuisances)
    workspace = pyhf_workspace(likelihood, "mu_11")
    assert workspace["version"] == "1.0.0"
    assert [o["data"] for o in workspace["observations"]] == [[11.0], [20.0]]
    contents = [
        {s["name"]: {(m["type"], m["name"]) for m in s["modifiers"]} for s in channel["samples"]}
        for channel in workspace["channels"]
    ]
    rates = {("normsys", "normalisation"), ("histosys", "dm2_31"), ("histosys", "calibration")}
    signal = rates | {("normfactor", "mu")}
    assert contents[0] == {"standard model": rates, "signal": signal}
    assert contents[1] == {
        "standard model": rates,
        "signal": signal,
        "background": {("normsys", "background_2")},
    }
    model = pyhf.Workspace(workspace).model()
    assert set(model.config.par_names) == {"mu", "normalisation", "dm2_31", "calibration", "background_2"}
    parameters = likelihood.parameters
    name = workspace["measurements"][0]["name"]
    # mu = 4 is twice the unit of the coupling, which the name states to the last digit.
    assert name.startswith("mu_11 = ")
    assert name.endswith(" sqrt(mu)")
    unit_value = float(name.removeprefix("mu_11 = ").removesuffix(" sqrt(mu)"))
    assert unit_value == float(parameters[0].plus)
    assert float(likelihood.values(likelihood.point().at[0].set(4.0))["mu_11"]) == relative(
        2 * unit_value, rel=1e-12
    )


def test_without_counts_the_data_are_the_expectation() -> None:
    likelihood = letter("common")
    workspace = pyhf_workspace(likelihood, "mu_11")
    counts = [o["data"][0] for o in workspace["observations"]]
    np.testing.assert_allclose(counts, likelihood.expected(likelihood.point()), rtol=1e-15)


def three_runs(energies: list[float], days: list[float], rate: float, weak: float) -> Likelihood:
    runs = renp.Experiment(YB, renp.Target(), energies, 86400.0 * np.array(days), [0.0, rate, 0.0])
    unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    return renp.Likelihood(runs, renp.Neutrinos(0.01), unit, Scaled(weak, renp.Weak()))


@pytest.mark.slow
def test_runs_in_which_nothing_can_be_counted_are_left_out() -> None:
    likelihood = three_runs([1.07, 1.0717, 1.068], [0.1, 0.1, 0.0], 0.0, 1.0)
    data = Data(jnp.array([2.0, 0.0, 0.0]), jnp.zeros(0))
    assert [c["name"] for c in pyhf_workspace(likelihood, "mu_11", data)["channels"]] == ["run 1"]
    model, theirs = exported(likelihood, data)
    limit = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value
    assert float(pyhf.infer.hypotest(float(limit), theirs, model)) == relative(0.1, rel=1e-5)
    with pytest.raises(renp.InputError, match=r"counts\[1\] = 1.0: must be 0, since nothing is expected"):
        pyhf_workspace(likelihood, "mu_11", Data(jnp.array([2.0, 1.0, 0.0]), jnp.zeros(0)))


@pytest.mark.slow
def test_runs_with_signal_only() -> None:
    likelihood = three_runs([1.068, 1.07, 1.071], [10.0, 10.0, 10.0], 1e-5, 0.0)
    data = Data(jnp.array([0.0, 9.0, 0.0]), jnp.zeros(0))
    workspace = pyhf_workspace(likelihood, "mu_11", data)
    samples = [[s["name"] for s in channel["samples"]] for channel in workspace["channels"]]
    assert samples == [["signal"], ["signal", "background"], ["signal"]]
    limit = upper_limit(likelihood, data, *fit(likelihood), 0.9, "cls").value
    model, theirs = exported(likelihood, data)
    assert float(pyhf.infer.hypotest(float(limit), theirs, model)) == relative(0.1, rel=1e-5)


def test_the_normal_limit_of_one_run() -> None:
    """The package and pyhf agree with a closed form where counts are many, within the reach of pyhf's fit."""
    runs = renp.Experiment(YB, renp.Target(), [1.07], 1e4 * 86400.0)
    likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu_11": renp.MagneticMoment({(1, 1): 1.0})})
    workspace = pyhf_workspace(likelihood, "mu_11")
    (null, signal) = (s["data"][0] for s in workspace["channels"][0]["samples"])
    limit = stats.norm.ppf(1 - 0.1 / 2) * np.sqrt(null) / signal  # CLs of data as expected
    model = pyhf.Workspace(workspace).model()
    cls = pyhf.infer.hypotest(limit, [null], model)
    assert float(cls) == relative(0.1, rel=10 / np.sqrt(null))


@pytest.mark.parametrize(
    ("couplings", "nuisances", "message"),
    [
        (
            {"g": renp.VectorMediator(10.0, 1.0, left={(1, 1): 1.0})},
            renp.Nuisances(),
            r"parameter = 'g': must be a coupling that interferes with nothing",
        ),
        (
            {"g": renp.MagneticMoment({(1, 1): 1.0}), "other": renp.ElectricMoment({(2, 3): 1.0})},
            renp.Nuisances(),
            r"parameter = 'other': must be left out of the likelihood: HistFactory cannot",
        ),
        (
            {"g": renp.MagneticMoment({(1, 1): 1.0})},
            renp.Nuisances(free=("lightest_mass",)),
            r"parameter = 'lightest_mass': must be left out",
        ),
        (
            {"g": renp.MagneticMoment({(1, 1): 0.0})},
            renp.Nuisances(),
            r"parameter = 'g': must be a coupling to which some run is sensitive",
        ),
    ],
)
def test_what_cannot_be_expressed_is_said(couplings: dict, nuisances: renp.Nuisances, message: str) -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.07], 86400.0)
    likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), couplings, nuisances=nuisances)
    with pytest.raises(renp.InputError, match=message):
        pyhf_workspace(likelihood, "g")
    with pytest.raises(renp.InputError, match="parameter = 'h': must be"):
        pyhf_workspace(likelihood, "h")
