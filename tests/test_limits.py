"""The Poisson χ² and the limits from it, against iminuit, SciPy and closed forms."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iminuit import Minuit
from scipy import optimize, special, stats

import renp
from cases import DAY, YB, runs
from deviances import MU, RISE
from relative import relative
from renp.experiment import signal_counts
from renp.inference import accepted, best_fits, limit_search
from renp.inference.likelihood import Data
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Minimum, minimise
from renp.inference.poisson import best_fit, chi2, signal_limit
from renp.inference.upper_limits import delta_chi2, moment_signals

NU = renp.Neutrinos(0.01, release="nufit-5.1")

jitted_fit, jitted_limit = jax.jit(best_fit), jax.jit(signal_limit)


def by_minuit(signal: np.ndarray, background: np.ndarray, counts: np.ndarray, rise: float) -> tuple:
    """Best fit and upper limit from iminuit with MINOS, in units in which the answer is of order one."""
    scale = float(jitted_limit(jnp.asarray(signal), jnp.asarray(background), jnp.asarray(background), 1.0))

    def cost(t: float) -> float:
        expected = np.maximum(background + t * scale * signal, 1e-300)
        terms = (
            expected
            - counts
            + np.where(counts > 0, counts * np.log(np.maximum(counts, 1e-300) / expected), 0)
        )
        return 2 * float(np.sum(terms))

    minuit = Minuit(cost, t=0.5)
    minuit.limits["t"] = (0, None)
    minuit.strategy = 2
    minuit.tol = 1e-6
    minuit.migrad()
    best = minuit.values["t"] if cost(minuit.values["t"]) < cost(0.0) else 0.0
    upper = optimize.brentq(lambda t: cost(t) - cost(best) - rise, best + 1e-9, best + 50, xtol=1e-12)
    return best * scale, upper * scale


@pytest.mark.parametrize("background", [0.0, 3.0])
def test_limit_agrees_with_iminuit(background: float) -> None:
    rng = np.random.default_rng(int(background))
    standard = np.asarray(renp.expected_counts(runs(), NU)) + background
    signal = np.asarray(moment_signals(runs(), NU)["magnetic-moment"][2])
    for _ in range(5):
        counts = rng.poisson(standard + 0.7e-21 * signal).astype(float)
        args = tuple(map(jnp.asarray, (signal, standard, counts)))
        best, upper = by_minuit(signal, standard, counts, 2.71)
        assert float(jitted_fit(*args)) == pytest.approx(best, rel=2e-4, abs=1e-4 * upper)
        assert float(jitted_limit(*args, 2.71)) == relative(upper, rel=1e-6)


def test_chi2_is_twice_the_log_likelihood_ratio() -> None:
    expected, counts = np.array([3.0, 10.0, 0.5]), np.array([5.0, 8.0, 0.0])
    saturated = stats.poisson.logpmf(counts, np.maximum(counts, 1e-300))
    ratio = 2 * np.sum(saturated - stats.poisson.logpmf(counts, expected))
    assert float(chi2(jnp.asarray(expected), jnp.asarray(counts))) == relative(ratio, rel=1e-13)


def test_large_counts_are_gaussian() -> None:
    """θ = √(Δχ² b)/s for one run with many counts."""
    b, s = 1e10, 7.0
    found = jitted_limit(jnp.array([s]), jnp.array([b]), jnp.array([b]), 2.71)
    assert float(found) == relative(np.sqrt(2.71 * b) / s, rel=2e-5)


def test_no_background_and_no_counts() -> None:
    """N = Δχ²/2, whatever the run."""
    none = jnp.zeros(2)
    signal = jnp.array([2.0, 3.0])
    assert float(jitted_limit(signal, none, none, 2.71)) == relative(2.71 / 10, rel=1e-13)


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(st.floats(0, 1e3), st.floats(1e-3, 1e6), st.integers(0, 10**6)), min_size=3, max_size=3
    ),
    st.floats(-25, 25),
)
def test_limit_is_where_chi2_has_risen(runs: list, exponent: float) -> None:
    """In any units of the signal, with any counts."""
    signal, background, counts = (np.array(x, dtype=float) for x in zip(*runs, strict=True))
    if not np.sum(signal) > 1e-3:
        return
    scaled = 10.0**exponent * signal
    args = tuple(map(jnp.asarray, (scaled, background, counts)))
    best, limit = float(jitted_fit(*args)), float(jitted_limit(*args, 2.71))
    assert 0 <= best < limit < np.inf
    at = [float(chi2(jnp.asarray(background + x * scaled), jnp.asarray(counts))) for x in (best, limit)]
    assert at[1] - at[0] == pytest.approx(2.71, abs=1e-9 * (1 + abs(at[0]) + np.sum(counts)))


@pytest.mark.parametrize("level", [0.5, 0.68, 0.9, 0.95, 0.99, 0.9999])
def test_quantiles(level: float) -> None:
    assert delta_chi2(level) == relative(stats.chi2.ppf(level, 1), rel=1e-12)


def test_letters_limits() -> None:
    """The published ranges: (1.5–3.5), (2–9)·10⁻¹¹ for 10 days, by the same method to within 15 %."""
    found = renp.upper_limits(runs(), NU).limits
    for kind, low, high in (("magnetic-moment", 1.5e-11, 3.5e-11), ("electric-moment", 2e-11, 9e-11)):
        assert min(found[kind].values()) == relative(low, rel=0.15)
        assert max(found[kind].values()) == relative(high, rel=0.15)
    assert max(found["magnetic-moment"], key=found["magnetic-moment"].get) == "33"


def test_limits_scale_with_exposure() -> None:
    """θ falls with the root of the exposure where counts are many, so the moment with its fourth root."""
    short, long = (renp.upper_limits(runs(days), NU).limits["magnetic-moment"]["33"] for days in (1e4, 1e6))
    assert short / long == relative(100**0.25, rel=1e-2)


def test_observed_limits_of_the_expectation_are_the_expected_ones() -> None:
    standard = np.asarray(renp.expected_counts(runs(), NU))
    expected, observed = renp.upper_limits(runs(), NU), renp.upper_limits(runs(counts=standard), NU)
    assert (expected.kind, observed.kind) == ("expected", "observed")
    for kind in expected.limits:
        for element, value in expected.limits[kind].items():
            assert observed.limits[kind][element] == relative(value, rel=1e-9)


@pytest.mark.slow
def test_observed_limits_tell_how_well_each_coupling_fits() -> None:
    """The p-value is that of the coupling's own fit."""
    unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    uncertain = renp.Nuisances(normalisation_error=0.05)
    counted = runs(counts=np.round(1.3 * np.asarray(renp.expected_counts(runs(), NU))))
    for method in ("delta-chi2", "cls"):
        limits = renp.upper_limits(counted, NU, couplings={"m": unit}, method=method, nuisances=uncertain)
        fit = renp.fit(renp.Likelihood(counted, NU, unit, nuisances=uncertain))
        assert limits.p_values is not None
        assert limits.p_values["m"]["mu_11"] == relative(fit.p_value, rel=1e-6)
        assert limits.table().rows[0][-1] == limits.p_values["m"]["mu_11"]
    assert renp.upper_limits(runs(), NU).p_values is None


@pytest.mark.slow
def test_an_excess_weakens_and_a_deficit_does_not_break_the_limits() -> None:
    standard = np.asarray(renp.expected_counts(runs(), NU))
    excess, deficit, none = (
        renp.upper_limits(runs(counts=np.round(factor * standard)), NU).limits["magnetic-moment"]["11"]
        for factor in (1.3, 0.7, 0.0)
    )
    expected = renp.upper_limits(runs(), NU).limits["magnetic-moment"]["11"]
    assert 0 < none < deficit < expected < excess


def test_background_weakens_the_limits() -> None:
    clean = renp.upper_limits(runs(), NU).limits["electric-moment"]
    noisy = renp.upper_limits(runs(background=1e-4), NU).limits["electric-moment"]
    assert all(noisy[element] > clean[element] for element in clean)


def test_nothing_sensitive_is_no_limit() -> None:
    above = renp.Experiment(YB, renp.Target(), [1.0717], DAY)
    found = renp.upper_limits(above, NU)
    assert all(value == np.inf for of_kind in found.limits.values() for value in of_kind.values())
    assert "none" in str(found)
    assert found.json()["limits"]["magnetic-moment"]["11"] is None


def test_a_closed_pair_is_no_limit_on_its_element_alone() -> None:
    found = renp.upper_limits(renp.Experiment(YB, renp.Target(), [1.0716], DAY), NU)
    assert np.isinf(found.limits["magnetic-moment"]["33"])
    assert np.isfinite(found.limits["magnetic-moment"]["11"])


def test_majorana_neutrinos_have_three_elements() -> None:
    found = renp.upper_limits(runs(), renp.Neutrinos(0.01, nature="majorana"))
    assert list(found.limits["magnetic-moment"]) == ["12", "13", "23"]


@pytest.mark.slow
def test_limits_are_batched_and_differentiable_in_the_exposure() -> None:
    signal = moment_signals(runs(), NU)["magnetic-moment"]
    standard = renp.expected_counts(runs(), NU)

    def limit(s: jax.Array, scale: jax.Array) -> jax.Array:
        return signal_limit(scale * s, scale * standard, scale * standard, 2.71)

    every = jax.jit(jax.vmap(lambda s: limit(s, jnp.asarray(1.0))))(signal)
    assert float(every[3]) == relative(float(limit(signal[3], jnp.asarray(1.0))), rel=1e-12)
    slope = jax.grad(lambda scale: limit(signal[3], scale))(1.0)
    step = (float(limit(signal[3], jnp.asarray(1.001))) - float(limit(signal[3], jnp.asarray(0.999)))) / 0.002
    assert float(slope) == relative(step, rel=1e-5)


# Methods, profiles, bands

OBSERVED = [120, 95, 88, 80, 70, 45, 1]
ONE = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}


def one_limit(**options) -> float:
    return renp.upper_limits(runs(counts=OBSERVED), NU, couplings=ONE, **options).limits["magnetic-moment"][
        "11"
    ]


def test_limits_by_likelihood_are_those_of_one_strength() -> None:
    """The convex search in one strength, which figure 3 uses, and the general likelihood agree."""
    found = renp.upper_limits(runs(counts=OBSERVED), NU).limits
    standard, counts = renp.expected_counts(runs(), NU), jnp.array(OBSERVED, dtype=float)
    for kind, signals in moment_signals(runs(), NU).items():
        for limit, signal in zip(found[kind].values(), signals, strict=True):
            assert limit**2 == relative(
                float(jitted_limit(signal, standard, counts, delta_chi2(0.9))), rel=1e-8
            )


@pytest.mark.slow
def test_one_sided_limits_are_below_two_sided_ones_and_cls_above() -> None:
    two_sided, one_sided, cls = (one_limit(method=m) for m in ("delta-chi2", "asymptotic", "cls"))
    assert one_sided < two_sided
    assert one_sided < cls


@pytest.mark.slow
def test_feldman_cousins_is_near_delta_chi2_for_many_counts() -> None:
    """Not below: the boundary makes the critical value smaller than 2.71 only close to 0."""
    assert one_limit(method="feldman-cousins") == relative(one_limit(), rel=0.08)


@pytest.mark.slow
def test_bands_contain_the_expected_limit_in_their_order() -> None:
    for method in ("delta-chi2", "cls"):
        result = renp.upper_limits(runs(), NU, couplings=ONE, method=method, bands=True)
        band, expected = result.bands["magnetic-moment"]["11"], result.expected["magnetic-moment"]["11"]
        assert list(band) == sorted(band)
        assert band[1] < expected < band[3]


@pytest.mark.slow
def test_nuisances_weaken_limits() -> None:
    newest = renp.Neutrinos(0.01)
    without, rate, all_ = (
        renp.upper_limits(runs(), newest, couplings=ONE, nuisances=nuisances).limits["magnetic-moment"]["11"]
        for nuisances in (
            None,
            renp.Nuisances(normalisation_error=0.1),
            renp.Nuisances("all", normalisation_error=0.1),
        )
    )
    assert without < rate < all_


@pytest.mark.slow
def test_profiled_limits_are_one_at_a_time_limits_of_the_expectation() -> None:
    """Other moments only add counts: freeing them cannot make room where none are missing."""
    alone, profiled = (renp.upper_limits(runs(), NU, profiled=p).limits for p in (False, True))
    for kind in alone:
        assert profiled[kind] == relative(alone[kind], rel=1e-6)


def mediator(mass: float) -> renp.VectorMediator:
    return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})


@pytest.mark.slow
def test_limits_count_a_second_solution_as_reach_does() -> None:
    """Where its square outweighs the interference a coupling of one sign is allowed again, further away."""
    light = {"vector-mediator": {"strength": mediator(1e3)}}
    limit = renp.upper_limits(runs(), NU, couplings=light).limits["vector-mediator"]["strength"]
    assert limit == relative(float(renp.reach(runs(), NU, mediator, np.array([1e3]))[0]), rel=1e-6)


@pytest.mark.slow
def test_profiled_limits_differ_where_moments_compete() -> None:
    excess = np.round(np.asarray(renp.expected_counts(runs(), NU)) * 1.2)
    alone, profiled = (
        renp.upper_limits(runs(counts=excess), NU, profiled=p).limits["magnetic-moment"]
        for p in (False, True)
    )
    assert all(profiled[e] < alone[e] * (1 + 1e-9) for e in alone)
    assert profiled["33"] < 0.99 * alone["33"]


def test_couplings_with_a_sign_have_limits_on_their_size() -> None:
    light = {"vector-mediator": {"strength": mediator(1e3)}}
    limits = renp.upper_limits(runs(), NU, couplings=light)
    below = renp.reach(runs(), NU, mediator, np.array([1e3]), sign="negative")
    lower, upper = limits.ends["vector-mediator"]["strength"]
    assert -lower == relative(float(below[0]), rel=1e-6)
    assert limits.limits["vector-mediator"]["strength"] == max(-lower, upper)


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(renp.InputError, match="did you mean 'cls'"):
        renp.upper_limits(runs(), NU, method="clls")
    with pytest.raises(renp.InputError, match="feldman-cousins"):
        renp.upper_limits(runs(), NU, couplings=ONE, method="feldman-cousins", bands=True)


def test_a_coupling_with_a_sign_has_both_ends_of_its_interval() -> None:
    """The limit is the end further from 0; who knows the sign takes the other one where it applies."""
    heavy = renp.VectorMediator(1e3, 1.0, left={(k, k): 1.0 for k in (1, 2, 3)})
    given = {
        "vector-mediator": {"strength": heavy},
        "magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})},
    }
    found = renp.upper_limits(runs(), NU, couplings=given)
    low, high = found.ends["vector-mediator"]["strength"]
    assert low < 0 < high
    assert "magnetic-moment" not in found.ends
    null = renp.expected_counts(runs(), NU)
    for end in (low, high):
        counts = renp.expected_counts(runs(), NU, renp.Weak() + end * heavy)
        assert float(chi2(counts, null)) == relative(delta_chi2(0.9), rel=1e-6)
    assert found.limits["vector-mediator"]["strength"] == max(high, -low)
    assert found.limit("vector-mediator", "strength", "positive") == high
    assert found.limit("vector-mediator", "strength", "negative") == -low
    assert found.limit("magnetic-moment", "11", "positive") == found.limits["magnetic-moment"]["11"]
    table = found.table()
    assert table.columns[-2:] == ("from", "to")
    assert table.rows[0][-2:] == (low, high)
    assert table.rows[1][-2:] == ("", "")
    assert found.json()["ends"] == {"vector-mediator": {"strength": [low, high]}}
    ends = found.dataset()["vector-mediator ends"].sel(element="strength")
    assert ends.values.tolist() == [low, high]


@pytest.mark.slow
def test_a_large_deficit_does_not_exclude_everything() -> None:
    """The observed asymptotic limit stays at the one expected with a deficit of one standard deviation."""
    low = renp.Experiment(YB, renp.Target(), [1.068], 10 * DAY, counts=[60])  # 117 are expected
    found = renp.upper_limits(low, NU, method="asymptotic", bands=True)
    assert found.bands is not None
    for element, limit in found.limits["magnetic-moment"].items():
        assert limit == found.bands["magnetic-moment"][element][1] > 0
    high = renp.Experiment(YB, renp.Target(), [1.068], 10 * DAY, counts=[120])
    free = renp.upper_limits(high, NU, method="asymptotic", bands=True)
    assert free.bands is not None
    for element, limit in free.limits["magnetic-moment"].items():
        assert limit > free.bands["magnetic-moment"][element][2]


# --- toys that fail -----------------------------------------------------------------------------------------


def failing(counts: Any, fit: Callable[..., Minimum]) -> Callable[..., Minimum]:
    """Return a fit that says of many data sets that those with so many counts in the first run failed."""

    def found(likelihood: renp.Likelihood, data: Data, *rest: Any) -> Minimum:
        best = fit(likelihood, data, *rest)
        first = np.asarray(data.counts)[:, 0]
        lost = np.isin(first, counts) & (len(first) > 50)
        return best._replace(status=np.where(lost, NOT_CONVERGED, best.status))

    return found


RATE = renp.Nuisances(normalisation_error=0.1)
MOMENT: dict[str, Any] = {"couplings": {"mu": renp.MagneticMoment({(1, 1): 1.0})}, "nuisances": RATE}


@pytest.mark.slow
def test_failed_toys_of_a_band_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    every = renp.upper_limits(runs(), NU, bands=True, **MOMENT)
    assert not every.failed_toys
    lost = np.arange(100, 105)
    monkeypatch.setattr(accepted, "fit_ensemble", failing(lost, accepted.fit_ensemble))
    found = renp.upper_limits(runs(), NU, bands=True, **MOMENT)
    likelihood = renp.Likelihood(runs(), NU, **MOMENT)
    toys = likelihood.toys(likelihood.point(), jax.random.key(0), 2000)
    number = int(np.sum(np.isin(toys.counts[:, 0], lost)))
    assert found.failed_toys == {"magnetic-moment": {"mu": number}}
    assert f"{number} toys failed and were left out" in str(found)
    assert found.json()["failed_toys"] == found.failed_toys
    assert found.limits == every.limits
    assert np.all(np.isfinite(found.bands["magnetic-moment"]["mu"]))
    assert found.bands != every.bands


@pytest.mark.slow
def test_failed_toys_of_a_construction_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_search, "_CONSTRUCTION_TOYS", 200)
    few = runs(1.0, [1.068, 1.07], counts=[14, 8])
    options = {"method": "feldman-cousins"} | MOMENT
    every = renp.upper_limits(few, NU, **options)
    assert not every.failed_toys
    monkeypatch.setattr(best_fits, "fit_ensemble", failing([12], best_fits.fit_ensemble))
    found = renp.upper_limits(few, NU, **options)
    number = found.failed_toys["magnetic-moment"]["mu"]
    assert f"{number} toys failed and were left out" in str(found)
    assert found.limits["magnetic-moment"]["mu"] == relative(every.limits["magnetic-moment"]["mu"], rel=0.2)
    toys = renp.throw_toys(renp.Likelihood(few, NU, **MOMENT), toys=300)
    assert 0 < toys.failed < 60
    assert str(toys.failed) in str(toys)


@pytest.mark.slow
def test_counts_may_be_seen_where_only_an_uncertain_calibration_lets_pairs_be_emitted() -> None:
    """A run 10⁻⁶ eV above all thresholds; against a profile over a grid of shifts."""
    energies = [1.068, float(np.max(renp.thresholds(YB, NU))) + 1e-6]
    counts, error = np.array([117.0, 2.0]), 1e-5
    uncertain = renp.Nuisances(calibration_error=error)
    found = renp.upper_limits(runs(10.0, energies, counts=counts), NU, couplings=MU, nuisances=uncertain)
    shifts = np.linspace(-5.0, -0.1, 5000)
    every = runs(10.0, np.add.outer(error * shifts, energies).ravel())
    null, more = (
        np.asarray(renp.expected_counts(every, NU, model)).reshape(-1, 2)
        for model in (None, renp.Weak() + renp.MagneticMoment({(1, 1): 1e-10}))
    )

    def least(square: float) -> float:
        mean = null + square * (more - null)
        seen = mean[:, 1] > 0
        parts = mean[seen] - counts + counts * np.log(counts / mean[seen])
        return float(np.min(2 * np.sum(parts, axis=1) + shifts[seen] ** 2))

    options = {"xatol": 1e-9}
    bottom = optimize.minimize_scalar(least, bounds=(0.0, 4.0), method="bounded", options=options)
    lowest = min(bottom.fun, least(0.0))
    end = optimize.brentq(lambda s: least(s) - lowest - RISE, bottom.x, 1e4)
    assert found.limits["magnetic-moment"]["mu"] == relative(1e-10 * np.sqrt(end), rel=1e-4)
    assert not found.failed
    impossible = runs(10.0, [1.068, 1.08], counts=counts)
    with pytest.raises(renp.InputError, match="no pair can be emitted"):
        renp.upper_limits(impossible, NU, couplings=MU, nuisances=uncertain)


def least_with_a_factor(mean: float, error: float) -> float:
    """Return the χ² of no counts where so many are expected, least in the pull of a log-normal factor."""
    spread = np.log1p(error) ** 2
    left = special.lambertw(mean * spread).real / spread
    return float(2 * left + spread * left**2)


@pytest.mark.slow
def test_limits_where_nothing_was_seen_and_much_was_expected() -> None:
    """The counts bend in the pulls of rates, which are far out: fits took thousands of steps, or failed."""
    duration, background, error = 100 * DAY, 2000.0, 0.3
    one = renp.Experiment(
        YB, renp.Target(), [1.068], duration, background / duration, counts=[0], background_error=0.2
    )
    uncertain = renp.Nuisances(background_error=error, normalisation_error=0.2)
    found = renp.upper_limits(one, NU, couplings=MU, nuisances=uncertain)
    own = np.expm1(np.hypot(np.log1p(0.2), np.log1p(error)))  # of two factors on one rate
    nature = float(signal_counts(one, NU)[0])

    def least(signal: float) -> float:
        return least_with_a_factor(signal, 0.2) + least_with_a_factor(background, own)

    highest = least(nature) + RISE
    end = optimize.brentq(lambda signal: least(signal) - highest, nature, 10 * nature)
    square = float(signal_counts(one, NU, renp.MagneticMoment({(1, 1): 1.0}))[0])
    assert not found.failed
    size = ((end - nature) / square) ** 0.5
    assert found.limits["magnetic-moment"]["mu"] == relative(size, rel=1e-8)
    likelihood = renp.Likelihood(one, NU, MU, nuisances=uncertain)
    quick = minimise(likelihood, likelihood.data, likelihood.start, np.ones(4, dtype=bool), 30)
    assert int(quick.status) == CONVERGED
    assert float(quick.chi2) == relative(least(nature), rel=1e-10)


@pytest.mark.slow
def test_where_no_fit_converges_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = accepted.all_minima

    def none(*arguments: Any) -> Minimum:
        minima = whole(*arguments)
        return minima._replace(status=np.full(np.shape(minima.status), NOT_CONVERGED))

    monkeypatch.setattr(accepted, "all_minima", none)
    uncertain = renp.Nuisances(normalisation_error=0.05)
    found = renp.upper_limits(runs(counts=OBSERVED), NU, couplings=MU, nuisances=uncertain)
    assert found.failed == ("magnetic-moment mu",)
    assert np.isnan(found.limits["magnetic-moment"]["mu"])
