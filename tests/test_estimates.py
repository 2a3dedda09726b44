"""Best fits with intervals and diagnosis, profiles and contours: SciPy, iminuit and closed forms."""

import csv
import json
from functools import cache, cached_property

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy import optimize

import renp
from cases import DAY, NU, YB
from relative import relative
from renp.errors import InputError
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble
from renp.inference.estimates import fit
from renp.inference.likelihood import Data, Likelihood
from renp.inference.minuit import minuit
from renp.inference.profiles import contour, profile
from renp.inference.starts import threshold_masses
from renp.results.profiles import Profile, quantile
from renp.results.style import symbols

ENERGIES = (1.068, 1.0712)
COUPLINGS = {
    "none": {},
    "moment": {"mu_11": renp.MagneticMoment({(1, 1): 1.0})},
    "moments": {f"mu_{i}{i}": renp.MagneticMoment({(i, i): 1.0}) for i in (1, 2)},
    "mediator": {"g": renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})},
    "weak": {"g": renp.Weak()},
}

SURPLUS, EXPECTED, DEFICIT = (140, 95), (117, 77), (90, 60)
ACCURACY = 1e-4
"""Of interval ends, relative to the width."""


@pytest.fixture(autouse=True)
def without_open_figures():
    yield
    plt.close("all")


@cache
def likelihood(counts=SURPLUS, couplings="moment", energies=ENERGIES, normalisation=0.05, days=10.0):
    """By default two runs with a moment and a normalisation; equal shapes are compiled once."""
    runs = renp.Experiment(YB, renp.Target(), energies, days * DAY, counts=counts)
    nuisances = renp.Nuisances(normalisation_error=normalisation)
    return Likelihood(runs, NU, COUPLINGS[couplings], nuisances=nuisances)


@cache
def fitted(*args, **options):
    return fit(likelihood(*args, **options))


def expected_counts(model=None, energies=ENERGIES, days=10.0):
    runs = renp.Experiment(YB, renp.Target(), energies, days * DAY)
    return np.asarray(renp.expected_counts(runs, NU, model))


BEYOND = {"counts": (0, 0), "energies": (1.073, 1.074)}
IMPOSSIBLE = {"counts": (100, 3), "energies": (1.068, 1.074)}


class ByHand:
    """The same likelihood, written anew for SciPy: N = 1.05^x (a + b m²), m in 10⁻¹¹ μ_B."""

    def __init__(self, counts):
        self.a = expected_counts()
        self.b = expected_counts(renp.Weak() + renp.MagneticMoment({(1, 1): 1e-11})) - self.a
        self.counts = np.array(counts, dtype=float)

    def chi2(self, m, x):
        expected = 1.05**x * (self.a + self.b * m**2)
        logs = [n * np.log(n / e) if n else 0.0 for n, e in zip(self.counts, expected, strict=True)]
        return 2 * np.sum(expected - self.counts + logs) + x**2

    def over_pull(self, m):
        found = optimize.minimize_scalar(lambda x: self.chi2(m, x), bounds=(-30, 30), options={"xatol": 1e-8})
        return found.fun

    def over_moment(self, x):
        squared = optimize.minimize_scalar(
            lambda s: self.chi2(np.sqrt(s), x), bounds=(0, 100), method="bounded", options={"xatol": 1e-8}
        )
        return min(squared.fun, self.chi2(0.0, x))

    @cached_property
    def best(self):
        found = optimize.minimize_scalar(
            lambda s: self.over_pull(np.sqrt(s)), bounds=(0, 100), method="bounded", options={"xatol": 1e-8}
        )
        at_zero = self.over_pull(0.0)
        return (np.sqrt(found.x), found.fun) if found.fun < at_zero else (0.0, at_zero)

    def crossing(self, function, inside, outside, rise):
        least = self.best[1]
        return optimize.brentq(lambda v: function(v) - least - rise, inside, outside, xtol=1e-12)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("counts", [SURPLUS, EXPECTED, DEFICIT])
@pytest.mark.parametrize("level", [0.6827, 0.9])
def test_moment_and_normalisation_by_hand(counts, level):
    by_hand, found = ByHand(counts), fit(likelihood(counts), confidence_level=level)
    rise = quantile(level, 1)
    best, chi2 = by_hand.best
    upper = by_hand.crossing(by_hand.over_pull, best, best + 20, rise)
    lower = 0.0
    if by_hand.over_pull(0.0) > chi2 + rise:
        lower = by_hand.crossing(by_hand.over_pull, 0.0, best, rise)
    moment = found["mu_11"]
    assert found.valid
    assert found.chi2 == pytest.approx(chi2, abs=1e-9)
    assert moment.value * 1e11 == pytest.approx(best, abs=1e-5)  # the scalar search of SciPy is no better
    assert moment.upper * 1e11 == pytest.approx(upper, abs=ACCURACY * (upper - lower))
    assert moment.lower * 1e11 == pytest.approx(lower, abs=ACCURACY * (upper - lower))

    pulls = [np.log(found["normalisation"].lower), np.log(found["normalisation"].upper)] / np.log(1.05)
    centre = found["normalisation"].pull
    for pull, outside in zip(pulls, (-30, 30), strict=True):
        end = by_hand.crossing(by_hand.over_moment, centre, outside, rise)
        assert pull == pytest.approx(end, abs=ACCURACY * (pulls[1] - pulls[0]))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("counts", "couplings"),
    [(SURPLUS, "moment"), (EXPECTED, "moment"), (DEFICIT, "moment"), (SURPLUS, "mediator")],
)
def test_newton_and_minuit_agree(counts, couplings):
    """Migrad from elsewhere, MINOS, and what fit returns."""
    model = likelihood(counts, couplings)
    found = fitted(counts, couplings)
    m = minuit(model, start=found.coordinates + 0.1)
    m.tol = 1e-4
    m.migrad()
    m.minos(cl=0.6827)
    assert m.valid
    assert m.fval == pytest.approx(found.chi2, abs=1e-6)
    for k, name in enumerate(model.names):
        width = found[name].upper - found[name].lower
        for shift, end in ((m.merrors[k].lower, found[name].lower), (m.merrors[k].upper, found[name].upper)):
            at_end = model.values(jnp.where(jnp.arange(2) == k, m.values[k] + shift, 0.0))[name]
            assert end == pytest.approx(float(at_end), abs=ACCURACY * width)
        assert found[name].lower <= found[name].value <= found[name].upper


@pytest.mark.parametrize("counts", [SURPLUS, DEFICIT])
def test_ends_are_newton_s_crossings(counts):
    model, found = likelihood(counts), fitted(counts)
    batch = Data(*(a[None] for a in model.data))
    moves = jnp.ones(2, dtype=bool)
    best = fit_ensemble(model, batch, found.coordinates, moves)
    assert float(best.chi2[0]) == pytest.approx(found.chi2, abs=1e-9)
    for k, side in ((0, 1), (1, -1), (1, 1)):
        end = crossing_ensemble(model, batch, best, moves, k, side, quantile(0.6827, 1)).value[0]
        estimate = found[model.names[k]]
        given = estimate.upper if side > 0 else estimate.lower
        width = estimate.upper - estimate.lower
        at_end = float(model.values(jnp.full(2, end))[estimate.name])
        assert given == pytest.approx(at_end, abs=ACCURACY * width)


def test_errors_are_those_of_hesse():
    found = fitted()
    m = minuit(likelihood(), start=found.coordinates).migrad()
    m.hesse()
    # Hesse differentiates numerically, to about 10⁻³.
    np.testing.assert_allclose(found.covariance, np.array(m.covariance), rtol=3e-3)
    np.testing.assert_allclose(np.diag(found.correlation), 1.0)
    assert abs(found.correlation[0, 1]) < 1
    x, unit = found.coordinates[0], float(likelihood().parameters[0].plus)
    assert found["mu_11"].error == relative(
        unit * np.sqrt(found.covariance[0, 0]) / (2 * np.sqrt(x)), rel=1e-12
    )


@pytest.mark.slow
def test_error_of_many_counts_is_gaussian():
    """One run with n counts and no nuisance: σ of a relative amplitude g is √n/(2n)."""
    (expected,) = expected_counts(energies=[1.068], days=1e6)
    found = fitted((expected,), "weak", (1.068,), 0.0, days=1e6)["g"]
    sigma = 0.5 / np.sqrt(expected)
    assert found.error == relative(sigma, rel=1e-3)  # the next order is 1/√n = 3·10⁻⁴
    assert found.upper == relative(sigma, rel=1e-3)
    assert found.lower == relative(-sigma, rel=1e-3)


def test_at_the_boundary():
    found = fitted(DEFICIT)
    moment = found["mu_11"]
    assert found.valid
    assert (moment.value, moment.lower) == (0.0, 0.0)
    assert moment.upper > 0
    assert np.isnan(moment.error)
    assert moment.status == "at lower boundary"
    assert any("boundary" in s and "mu_11" in s for s in found.diagnosis)


def test_fixed_parameters_stay():
    found = fit(likelihood(), fixed=["normalisation"])
    by_hand = ByHand(SURPLUS)
    best = optimize.minimize_scalar(lambda m: by_hand.chi2(m, 0.0), bounds=(0, 20), method="bounded")
    assert found.chi2 == pytest.approx(best.fun, abs=1e-8)
    assert found["normalisation"].value == 1.0
    assert np.isnan(found["normalisation"].upper)
    assert found["normalisation"].status == "fixed"
    assert found.degrees_of_freedom == 2 - 1
    none = fit(likelihood(), fixed=["normalisation", "mu_11"])
    assert none.valid
    assert none.chi2 == pytest.approx(by_hand.chi2(0.0, 0.0), abs=1e-9)


def test_no_parameters():
    found = fitted(EXPECTED, "none", normalisation=0.0)
    assert found.valid
    assert not found.estimates
    assert found.degrees_of_freedom == 2
    assert found.chi2 == pytest.approx(ByHand(EXPECTED).chi2(0.0, 0.0), abs=1e-9)
    assert found.p_value == relative(np.exp(-found.chi2 / 2), rel=1e-12)  # χ² of two degrees
    assert str(found)
    assert len(found.plot().axes) == 2


def test_no_counts_at_all():
    """χ² = 2N + x² rises with the moment from 0."""
    found, by_hand = fitted((0, 0)), ByHand((0, 0))
    assert found.valid
    assert found["mu_11"].value == 0.0
    assert found.chi2 == pytest.approx(by_hand.best[1], abs=1e-8)
    upper = by_hand.crossing(by_hand.over_pull, 0.0, 20.0, quantile(0.6827, 1))
    assert found["mu_11"].upper * 1e11 == relative(upper, rel=ACCURACY)


def test_beyond_all_thresholds():
    """Nothing is expected, nothing was seen: the moment can be anything, the pull is that measured."""
    found = fitted(**BEYOND)
    assert not found.valid
    assert found.chi2 == 0.0
    assert found["mu_11"].upper == np.inf
    assert found["mu_11"].status == "undetermined"
    assert any("do not determine mu_11" in s for s in found.diagnosis)
    assert any("do not bound mu_11 from above" in s for s in found.diagnosis)
    assert found["normalisation"].pull_error == relative(1.0, rel=1e-12)
    assert "none" in str(found)


def test_impossible_counts():
    found = fitted(**IMPOSSIBLE)
    assert not found.valid
    assert found.chi2 == np.inf
    assert "3 counts at 1.074 eV" in found.diagnosis[0]
    assert np.isnan(found["mu_11"].upper)
    assert profile(likelihood(**IMPOSSIBLE), "mu_11").intervals() == ()


def test_run_at_a_threshold():
    """A run whose photon energy is a threshold, and one next to it."""
    threshold = float(renp.thresholds(YB, NU)[0, 0])
    found = fitted((117, 0), energies=(1.068, threshold))
    assert found.valid
    assert np.isfinite(found["mu_11"].upper)


@pytest.mark.slow
def test_direction_that_is_not_determined():
    """Two moments in one run with more counts than expected: χ² = 0 on a line from axis to axis."""
    found = fitted((140,), "moments", (1.068,), 0.0)
    (alone,) = expected_counts(energies=[1.068])
    assert found.chi2 == pytest.approx(0.0, abs=1e-9)
    assert found.expected == relative([140.0], rel=1e-12)
    assert found.degrees_of_freedom == -1
    assert np.isnan(found.p_value)
    assert not found.valid
    assert "do not determine mu_11, mu_22" in found.diagnosis[0]
    # The most that one can be is that the other is 0.
    expected = 140 + np.sqrt(140)
    for k, name in ((1, "mu_11"), (2, "mu_22")):
        assert found[name].status == "undetermined"
        assert found[name].lower == 0.0
        unit = expected_counts(renp.Weak() + renp.MagneticMoment({(k, k): 1e-11}), [1.068]) - alone
        rise = optimize.brentq(lambda n: 2 * (n - 140 - 140 * np.log(n / 140)) - 1, 140, 2 * expected)
        assert found[name].upper * 1e11 == relative(np.sqrt((rise - alone) / unit[0]), rel=ACCURACY)


@pytest.mark.slow
def test_twelve_moments_in_seven_runs():
    energies = [1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
    runs = renp.Experiment(YB, renp.Target(), energies, 10 * DAY, counts=[160, 140, 110, 100, 99, 50, 6])
    kinds = {"mu": renp.MagneticMoment, "eps": renp.ElectricMoment}
    pairs = [(i, j) for i in (1, 2, 3) for j in range(i, 4)]
    moments = {f"{n}_{i}{j}": kind({(i, j): 1.0}) for n, kind in kinds.items() for i, j in pairs}
    found = fit(Likelihood(runs, NU, moments, nuisances=renp.Nuisances(normalisation_error=0.05)))
    assert not found.valid
    assert found.chi2 < 1e-6
    assert found.degrees_of_freedom == 7 - 12
    assert len([e for e in found.estimates.values() if e.status == "undetermined"]) > 2
    assert all(np.isfinite(e.upper) for e in found.estimates.values())
    undetermined = [e.status == "undetermined" for e in found.estimates.values()]
    assert np.array_equal(np.isnan(np.diag(found.covariance)), undetermined)


def test_data_other_than_the_observed():
    """A pull that was measured elsewhere moves the estimate; the pull is counted from there."""
    model = likelihood()
    data = model.toys(model.point(mu_11=3e-11), jax.random.key(4), 1)
    one = Data(data.counts[0], data.pulls[0])
    found = fit(model, one)
    m = minuit(model, one).migrad()
    assert found.chi2 == pytest.approx(m.fval, abs=1e-3)
    assert found["normalisation"].pull == relative(found.coordinates[1] - float(one.pulls[0]), rel=1e-12)
    np.testing.assert_array_equal(found.observed, one.counts)
    assert fit(model, one, fixed=["normalisation"])["normalisation"].value == 1.0


@pytest.mark.slow
def test_another_minimum_is_told():
    """The amplitude is 1 + g: g and −2 − g give the same counts."""
    model = likelihood((130,), "weak", (1.068,), 0.0)
    found = fit(model)
    (expected,) = expected_counts(energies=[1.068])
    assert found["g"].value == pytest.approx(np.sqrt(130 / expected) - 1, abs=1e-7)
    assert any(f"g = {-1 - np.sqrt(130 / expected):.4g}" in s for s in found.diagnosis)
    islands = profile(model, "g").intervals()
    assert len(islands) == 2
    for first, second in zip(*islands, strict=True):
        assert any(first == pytest.approx(-2 - other, abs=1e-3) for other in islands[1]), second


def test_profile_is_the_fit():
    model = likelihood()
    found, scan = fitted(), profile(model, "mu_11")
    assert scan.chi2 == pytest.approx(found.chi2, abs=1e-9)
    assert scan.best == relative(found["mu_11"].value, rel=1e-12)
    assert np.min(scan.delta_chi2) < 1e-9
    assert np.any(scan.values == scan.best)
    assert scan.not_converged == 0
    ((low, high),) = scan.intervals(0.6827)
    width = found["mu_11"].upper - found["mu_11"].lower
    # The scan has 81 points over six standard deviations.
    assert low == pytest.approx(found["mu_11"].lower, abs=2e-3 * width)
    assert high == pytest.approx(found["mu_11"].upper, abs=2e-3 * width)
    assert 8 < scan.delta_chi2[-1] < 10


def test_profile_at_given_values():
    values = [0.0, 1e-11, 3e-11]
    scan = profile(likelihood(), "mu_11", values)
    np.testing.assert_allclose(scan.values, values)
    by_hand = ByHand(SURPLUS)
    expected = np.array([by_hand.over_pull(m * 1e11) for m in values]) - by_hand.best[1]
    np.testing.assert_allclose(scan.delta_chi2, expected, atol=1e-8)


def test_contour_and_profiles():
    """Least over one parameter, the contour's χ² is the other's profile."""
    model = likelihood()
    both = contour(model, ("mu_11", "normalisation"))
    first = profile(model, "mu_11", both.values[0])
    least = np.min(both.delta_chi2, axis=1)
    assert np.all(least > first.delta_chi2 - 1e-9)
    near = first.delta_chi2 < 4
    # Between 42 values of the other parameter the least is missed by up to (1/2 · 6 σ/41)².
    np.testing.assert_allclose(least[near], first.delta_chi2[near], atol=0.01)
    found = fit(model)
    inside = both.delta_chi2 <= 1
    low, high = both.values[0][np.any(inside, axis=1)][[0, -1]]
    step = np.max(np.diff(both.values[0]))
    assert low == pytest.approx(found["mu_11"].lower, abs=step)
    assert high == pytest.approx(found["mu_11"].upper, abs=step)


def test_mediator_has_islands():
    """Below the deficit of full interference χ² is the same for both signs of the amplitude."""
    model = likelihood((400, 260), "mediator")
    scan = profile(model, "g")
    islands = scan.intervals(0.9)
    assert len(islands) == 2
    found = fit(model)["g"]
    ((low, high),) = [i for i in scan.intervals(0.6827) if i[0] <= found.value <= i[1]]
    assert found.lower == pytest.approx(low, abs=0.02 * (high - low))
    assert found.upper == pytest.approx(high, abs=0.02 * (high - low))


@cache
def with_mass(counts):
    energies = [1.068, 1.0712, 1.07164]
    runs = renp.Experiment(YB, renp.Target(), energies, 10 * DAY, counts=counts)
    return Likelihood(runs, NU, COUPLINGS["moment"], nuisances=renp.Nuisances(free=["lightest_mass"]))


@pytest.mark.slow
def test_free_mass_ends_at_a_threshold():
    """No counts in the last run: its pair just fails to be emitted. Brute force over the mass."""
    model = with_mass((117, 77, 0))
    found = fit(model)
    edge = np.sqrt(YB.E_eg * (YB.E_eg - 2 * 1.07164)) / 2
    assert found["lightest_mass"].value == relative(edge, rel=1e-9)
    assert found["lightest_mass"].status == "at a threshold"
    assert any("threshold" in s for s in found.diagnosis)
    masses = np.linspace(0.009, 0.012, 61)
    brute = profile(model, "lightest_mass", masses)
    assert brute.chi2 == pytest.approx(found.chi2, abs=1e-9)
    assert np.all(brute.delta_chi2 >= 0)
    scan = profile(model, "lightest_mass")
    assert 0 <= np.min(scan.delta_chi2) < 1e-15  # a rounding error of χ² = 9·10⁻⁴
    assert len(scan.intervals(0.9)) >= 1
    island = next(i for i in scan.intervals() if i[0] <= edge <= i[1])
    width = found["lightest_mass"].upper - found["lightest_mass"].lower
    np.testing.assert_allclose(
        (found["lightest_mass"].lower, found["lightest_mass"].upper), island, atol=0.05 * width
    )


@pytest.mark.slow
def test_free_mass_against_migrad_from_a_grid():
    model = with_mass((130, 60, 3))
    found = fit(model)
    lowest = np.inf
    for mass in np.linspace(0.0, 0.0105, 8):
        for moment in (1e-11, 3e-11):
            m = minuit(model, start=model.point(lightest_mass=mass, mu_11=moment)).migrad()
            lowest = min(lowest, m.fval)
    assert found.valid
    assert found.chi2 < lowest + 1e-6


@pytest.mark.slow
def test_free_mass_without_counts():
    found = fit(with_mass((0, 0, 0)))
    assert not found.valid
    assert found.chi2 == 0.0
    assert found["lightest_mass"].upper == np.inf
    # Beyond the highest threshold nothing is emitted.
    assert found["lightest_mass"].value >= threshold_masses(with_mass((0, 0, 0)))[-1] * (1 - 1e-12)


def test_threshold_masses():
    masses = threshold_masses(likelihood())
    for mass in masses:
        at = renp.thresholds(YB, renp.Neutrinos(mass))
        distance = np.abs(np.asarray(at)[..., None] - np.array(ENERGIES))
        assert np.min(distance) < 1e-12
    assert 0.01 < masses[-1] < 0.07


def test_minuit_has_names_limits_and_the_gradient():
    model = likelihood()
    m = minuit(model)
    assert m.parameters == ("mu_11", "normalisation")
    assert m.limits["mu_11"] == (0.0, np.inf)
    assert m.errordef == 1
    m.fixed["normalisation"] = True
    assert m.migrad().valid
    x = np.array([0.3, -0.5])
    numerical = optimize.approx_fprime(x, m.fcn, 1e-7)
    np.testing.assert_allclose(m.grad(x), numerical, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: fit(m, fixed=["mu_12"]), "did you mean 'mu_11'"),
        (lambda m: fit(m, fixed="mu_11"), "a list of names"),
        (lambda m: fit(m, confidence_level=1.0), "below 1"),
        (lambda m: fit(m, data=(1, 2)), "data"),
        (lambda m: fit(m, Data(jnp.ones(3), jnp.zeros(1))), "one data set"),
        (lambda m: fit(m, Data(jnp.array([1.0, -1.0]), jnp.zeros(1))), "at least 0"),
        (lambda m: minuit(m, start=[0.0]), "a point"),
        (lambda m: profile(m, "mu_12"), "mu_11"),
        (lambda m: profile(m, "mu_11", [-1e-11, 1e-11]), "at least 0"),
        (lambda m: profile(m, "normalisation", [-1.0, 1.0]), "finite, from 0"),
        (lambda m: profile(m, "mu_11", [2e-11, 1e-11]), "increasing"),
        (lambda m: profile(m, "mu_11", fixed=["mu_11"]), "scanned"),
        (lambda m: contour(m, ("mu_11", "mu_11")), "two different"),
        (lambda m: contour(m, ("mu_11", "normalisation"), ([0.0],)), "two lists"),
        (lambda m: profile(m, "mu_11", [0.0, 1e-11]).intervals(0), "above 0 and below 1"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InputError, match=message):
        call(likelihood())


def test_without_counts():
    runs = renp.Experiment(YB, renp.Target(), ENERGIES, 10 * DAY)
    with pytest.raises(InputError, match="counts"):
        fit(Likelihood(runs, NU, COUPLINGS["moment"]))


RESULTS = {
    "fit": lambda: fitted(),
    "boundary": lambda: fitted(DEFICIT),
    "beyond": lambda: fitted(**BEYOND),
    "impossible": lambda: fitted(**IMPOSSIBLE),
    "profile": lambda: profile(likelihood(), "mu_11"),
    "contour": lambda: contour(likelihood(), ("mu_11", "normalisation"), ([0, 3e-11], [0.9, 1.0, 1.1])),
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", RESULTS)
def test_results_are_saved(name, tmp_path):
    result = RESULTS[name]()
    content = json.loads(result.save(tmp_path / "r.json").read_text("utf-8"))
    assert "made_by" in content
    lines = [x for x in result.save(tmp_path / "r.csv").read_text("utf-8").splitlines() if x[0] != "#"]
    assert len(lines) == len(result.full_table().rows) + 1
    assert next(csv.reader(lines))[0]
    with xr.open_dataset(result.save(tmp_path / "r.nc"), engine="h5netcdf") as data:
        assert data.data_vars
    assert result.save(tmp_path / "r.png").stat().st_size > 10_000
    assert "<table>" in result._repr_html_()


def test_what_a_fit_says():
    found = fitted(DEFICIT)
    text = str(found)
    assert text.startswith("Best fit: χ² = ")
    assert "2 runs" not in text
    assert "\n• At the boundary" in text
    assert "<li>At the boundary" in found._repr_html_()
    content = found.json()
    assert content["parameters"]["mu_11"]["error"] is None
    assert content["valid"] is True
    data = found.dataset()
    np.testing.assert_allclose(data["expected"], found.expected)
    assert float(data["upper"].sel(parameter="mu_11")) == found["mu_11"].upper
    assert "NOT VALID" in str(fitted(**BEYOND))


def test_what_the_figures_show():
    scan = profile(likelihood(), "mu_11")
    axes = scan.plot().axes[0]
    assert axes.get_xlabel() == symbols(scan.label)
    curves = [line for line in axes.lines if len(line.get_xdata()) == scan.values.size]
    np.testing.assert_allclose(curves[0].get_ydata(), scan.delta_chi2)
    levels = [line for line in axes.lines if "C.L." in str(line.get_label())]
    assert len({line.get_linestyle() for line in levels}) == len({line.get_color() for line in levels}) == 3
    found = fitted()
    panels = found.plot().axes
    assert [panel.get_xlabel() for panel in panels if panel.get_xlabel()][1:] == [
        "pull, with its standard deviation",
        r"trigger photon energy $\omega$ (eV)",
    ]


def test_intervals_with_infinite_rises():
    """Where the counts are impossible an interval ends with the last possible value."""
    x = np.array([0.0, 1.0, 2.0, 3.0])
    rises = np.array([0.0, 0.2, np.inf, np.inf])
    made = {"name": "m", "unit": "eV", "magnitude": False, "chi2": 0.0, "not_converged": 0, "made_by": {}}
    assert Profile(values=x, delta_chi2=rises, best=0.0, **made).intervals() == ((0.0, 1.0),)
