"""Discovery, comparison of hypotheses and exposure, against closed forms and another minimiser."""

import functools
import json
import math
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

import renp
from cases import DAY, NU, YB, runs
from relative import relative
from renp.inference.best_fits import best_fits
from renp.inference.hypotheses import _seen_by, compare, discovery, required_exposure
from renp.inference.likelihood import Data
from renp.results.base import Result

INVERTED = renp.Neutrinos(0.01, "inverted")
MAJORANA = renp.Neutrinos(0.01, nature="majorana")
RATE = renp.Nuisances(normalisation_error=0.05)
TOYS = 10_000


def unit(k: int = 1, moment: type = renp.MagneticMoment) -> dict[str, renp.Interaction]:
    return {"g": moment({(k, k): 1.0})}


@functools.cache
def bare(neutrinos: str = "normal dirac", mass: float = 0.01) -> renp.Likelihood:
    """Return a hypothesis without parameters."""
    return renp.Likelihood(runs(), renp.Neutrinos(mass, *neutrinos.split()))


@functools.cache
def element(k: int) -> renp.Likelihood:
    return renp.Likelihood(runs(), NU, unit(k))


@functools.cache
def moments(kind: type = renp.MagneticMoment) -> renp.Likelihood:
    """Return a diagonal moment beside a normalisation known to 5 %."""
    return renp.Likelihood(runs(), NU, unit(1, kind), nuisances=RATE)


@functools.cache
def weak() -> renp.Likelihood:
    return renp.Likelihood(runs(), NU, nuisances=RATE)


def during(
    likelihood: renp.Likelihood, days: float | NDArray = 10.0, n: list[float] | NDArray | None = None
) -> renp.Likelihood:
    """Return a likelihood of runs of another duration, with observed counts or without."""
    duration = np.broadcast_to(days * DAY, (7,))
    observed = None if n is None else np.asarray(n, dtype=float)
    return eqx.tree_at(
        lambda one: (one.experiment.runs.duration, one.experiment.runs.counts),
        likelihood,
        (duration, observed),
        is_leaf=lambda leaf: leaf is None,
    )


def only(k: int, value: float) -> NDArray:
    """Return a value for one run and 0 for all others, of the shape that is compiled already."""
    return np.where(np.arange(7) == k, value, 0.0)


def counts(neutrinos: renp.Neutrinos, days: float = 10.0, model: renp.Interaction | None = None) -> NDArray:
    return np.asarray(renp.expected_counts(runs(days), neutrinos, model))


def poisson_chi2(n: NDArray, expected: NDArray) -> float:
    return float(2 * np.sum(expected - n + n * np.log(n / expected)))


def profiled(n: NDArray, weak: NDArray, signal: NDArray) -> float:
    """Return the least χ² over a signal ≥ 0 and a log-normal normalisation of 5 % by another minimiser."""

    def chi2(p: NDArray) -> float:
        return poisson_chi2(n, 1.05 ** p[1] * (weak + p[0] ** 2 * signal)) + p[1] ** 2

    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}
    starts = [(s, p) for s in (0.1, 1.0, 5.0) for p in (-1.0, 1.0)]
    found = [optimize.minimize(chi2, s, method="Nelder-Mead", options=options) for s in starts]
    return float(min(f.fun for f in found))


# Discovery.


def test_one_run_has_the_closed_form() -> None:
    """q_0 = 2 [n ln(n/b) − (n − b)] for n > b, and 0 otherwise."""
    b = float(counts(NU)[0])
    for n in (90.0, 150.0, 300.0):
        found = discovery(during(element(1), only(0, 10.0), only(0, n)), "g")
        q0 = 2 * (n * np.log(n / b) - (n - b)) if n > b else 0.0
        assert found.q0 == pytest.approx(q0, rel=1e-9, abs=1e-11)
        assert found.significance == pytest.approx(np.sqrt(q0), rel=1e-9, abs=1e-5)
        assert found.p_value == relative(stats.norm.sf(np.sqrt(q0)), rel=1e-6)
        assert (found.kind, found.sided, found.toy_p_value) == ("observed", "one-sided", None)


def test_the_asimov_significance_of_one_run() -> None:
    """Cowan et al., Eur. Phys. J. C 71 (2011) 1554, Eq. 97: √(2 [(s + b) ln(1 + s/b) − s])."""
    one = during(element(1), only(0, 10.0))
    for size in (1e-11, 5e-11, 3e-10):
        with_signal, b = (float(one.expected(one.point(g=g))[0]) for g in (size, 0.0))
        s = with_signal - b
        assert discovery(one, "g", {"g": size}).significance == relative(
            np.sqrt(2 * ((s + b) * np.log1p(s / b) - s)), rel=1e-6
        )


@pytest.mark.parametrize("n", [0.0, 5.0, 8.0])
def test_toys_of_one_run_have_the_exact_poisson_p_value(n: float) -> None:
    """q_0 grows with the counts above b, and is 0 below: p = P(≥ n), or 1 where n < b."""
    one = during(element(1), only(0, 0.2), only(0, n))
    b = float(one.expected(one.point())[0])
    found = discovery(one, "g", toys=TOYS, seed=int(n)).toy_p_value
    exact = stats.poisson.sf(n - 1, b) if n > b else 1.0
    assert 1 < b < 5
    assert found is not None
    error = np.sqrt(exact * (1 - exact) / TOYS)
    assert abs(found.value - exact) <= 4 * error
    if n > b:
        assert (found.high - found.low) / 2 == relative(error, rel=0.15)  # as p itself, to 4 errors


@pytest.mark.slow
def test_toys_with_many_counts_follow_the_asymptotic_formula() -> None:
    """Without the coupling half of q_0 is 0 and half is χ² with one degree of freedom."""
    found = discovery(during(moments(), 1000.0), "g", {"g": 1e-11}, toys=TOYS, seed=3)
    assert (found.failed, len(found.toys)) == (0, TOYS)
    for q, p in ((1e-6, 0.5), (1.0, stats.norm.sf(1)), (2.7055, 0.05), (4.0, stats.norm.sf(2))):
        assert np.mean(found.toys >= q) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / TOYS))


@pytest.mark.slow
def test_a_coupling_of_either_sign_is_two_sided() -> None:
    vector = {"g": renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})}
    likelihood = renp.Likelihood(runs(1000.0), NU, vector, nuisances=RATE)
    truth = {"g": 0.05 * float(likelihood.parameters[0].plus)}
    found = discovery(likelihood, "g", truth, toys=TOYS, seed=4)
    assert found.sided == "two-sided"
    assert found.p_value == relative(2 * stats.norm.sf(found.significance), rel=1e-9)
    opposite = discovery(likelihood, "g", {"g": -truth["g"]})
    assert opposite.significance == relative(found.significance, rel=0.05)  # the square adds a little
    for q, p in ((1.0, 2 * stats.norm.sf(1)), (2.7055, 0.1)):
        assert np.mean(found.toys >= q) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / TOYS))


def test_discovery_profiles_the_nuisances() -> None:
    without, signal = counts(NU), counts(NU, model=1e-11 * unit()["g"])
    found = discovery(moments(), "g", {"g": 3e-11})
    assert found.q0 == relative(profiled(without + 9 * signal, without, 0 * signal), rel=1e-7)
    assert found.best_fit["g"] == relative(3e-11, rel=1e-6)
    assert found.null_fit["g"] == 0
    assert found.null_fit["normalisation"] > 1.01


def test_a_coupling_that_no_run_sees_has_no_significance() -> None:
    """No pair with ν_3 is emitted at 1.0716 eV."""
    found = discovery(during(element(3), only(5, 10.0), only(5, 60)), "g", toys=TOYS)
    assert found.significance == 0
    assert found.p_value == 0.5
    assert found.toy_p_value is not None
    assert found.toy_p_value.value == 1


def test_counts_that_only_the_coupling_allows_are_a_discovery() -> None:
    nothing = renp.Likelihood(runs(), NU, unit(), model=renp.Couplings())
    found = discovery(during(nothing, only(0, 10.0), only(0, 3)), "g", toys=TOYS)
    assert math.isinf(found.significance)
    assert found.p_value == 0
    assert found.toy_p_value is not None
    assert found.toy_p_value.value == 0
    assert found.json()["significance"] is None
    n = counts(NU, model=1e-11 * unit()["g"])[0]
    assert found.best_fit["g"] == relative(1e-11 * np.sqrt(3 / n), rel=1e-6)


# Comparison.


def test_simple_hypotheses_have_the_closed_form() -> None:
    """Without parameters T = 2 Σ [N_B − N_A + n ln(N_A/N_B)]: linear in the counts."""
    normal, inverted = (during(bare(name), 0.2) for name in ("normal", "inverted"))
    found = compare({"normal": normal, "inverted": inverted}, toys=TOYS, seed=1)
    a, b = counts(NU, 0.2), counts(INVERTED, 0.2)
    for true, tested, here, there in (("normal", "inverted", a, b), ("inverted", "normal", b, a)):
        pair = found.pair(true, tested)
        assert pair.statistic == relative(poisson_chi2(here, there), rel=1e-10)
        assert pair.significance == relative(np.sqrt(pair.statistic), rel=1e-12)
        assert pair.failed == 0
        toys = found.statistics(true, true, tested)
        weight = 2 * np.log(here / there)
        spread = np.sqrt(np.sum(weight**2 * here))
        assert np.mean(toys) == pytest.approx(pair.statistic, abs=4 * spread / np.sqrt(TOYS))
        # Relative error of a variance of nearly normal TOYSs: √(2/TOYS), here 0.01.
        assert np.var(toys) == relative(spread**2, rel=0.06)
        drawn = np.random.default_rng(2).poisson(here, (400_000, 7))
        wins = np.mean(2 * np.sum(there - here) + drawn @ weight > 0)
        assert 0.7 < wins < 0.98
        assert np.mean(toys > 0) == pytest.approx(wins, abs=4 * np.sqrt(wins * (1 - wins) / TOYS) + 1e-3)


@pytest.mark.parametrize("n", [0, 3, 9])
def test_p_values_of_observed_counts_are_exact_for_one_run(n: int) -> None:
    """Inverted neutrinos emit more at 1.0716 eV or less: T falls or grows with the counts."""
    one = {name: during(bare(name), only(4, 0.8), only(4, n)) for name in ("normal", "inverted")}
    found = compare(one, toys=TOYS, seed=n)
    a, b = (float(likelihood.expected(likelihood.point())[4]) for likelihood in one.values())
    assert a > 1.2 * b
    exact = {"inverted": stats.poisson.sf(n - 1, b), "normal": stats.poisson.cdf(n, a)}
    for true, tested in (("normal", "inverted"), ("inverted", "normal")):
        pair = found.pair(true, tested)
        assert pair.observed is not None
        p = exact[tested]
        assert abs(pair.p_value.value - p) <= 4 * np.sqrt(p * (1 - p) / TOYS)
    assert found.pair("normal", "inverted").observed == relative(2 * (b - a + n * np.log(a / b)), rel=1e-9)


def test_power_is_the_exact_one_for_one_run() -> None:
    """The tested hypothesis is rejected where a fraction of 10 % at most of its own toys lies beyond."""
    one = {name[0]: during(bare(name), only(4, 1.0)) for name in ("normal", "inverted")}
    found = compare(one, toys=TOYS, seed=5, confidence_level=0.9)
    a, b = (float(likelihood.expected(likelihood.point())[4]) for likelihood in one.values())
    beyond = stats.poisson.ppf(0.9, b)
    power = stats.poisson.sf(beyond, a)
    assert 0.2 < power < 0.8
    assert found.pair("n", "i").power.value == pytest.approx(
        power, abs=4 * np.sqrt(power * (1 - power) / TOYS)
    )


def test_gaussian_approximation() -> None:
    """T ~ N(a, 2√a) and N(−b, 2√b), from the two TOYSs a and b alone."""
    found = compare({name: during(bare(name), 0.2) for name in ("normal", "inverted")})
    pair = found.pair("normal", "inverted")
    a, b = pair.statistic, found.pair("inverted", "normal").statistic
    assert pair.p_value.value == relative(stats.norm.sf((a + b) / (2 * np.sqrt(b))), rel=1e-9)
    critical = -b + 2 * np.sqrt(b) * stats.norm.ppf(0.9)
    assert pair.power.value == relative(stats.norm.sf((critical - a) / (2 * np.sqrt(a))), rel=1e-9)
    equal = optimize.brentq(lambda t: (a - t) / (2 * np.sqrt(a)) - (t + b) / (2 * np.sqrt(b)), -b, a)
    assert pair.crossing == relative((a - equal) / (2 * np.sqrt(a)), rel=1e-9)
    assert pair.crossing == found.pair("inverted", "normal").crossing


def test_magnetic_and_electric_moments_are_told_apart() -> None:
    both = {"magnetic": moments(), "electric": moments(renp.ElectricMoment)}
    truth = {name: {"g": 5e-11} for name in both}
    found = compare(both, truth, toys=TOYS, seed=1)
    w = counts(NU)
    mu, eps = (counts(NU, model=1e-11 * m["g"]) for m in (unit(), unit(1, renp.ElectricMoment)))
    forward, backward = found.pair("magnetic", "electric"), found.pair("electric", "magnetic")
    assert forward.statistic == relative(profiled(w + 25 * mu, w, eps), rel=1e-6)
    assert backward.statistic == relative(profiled(w + 25 * eps, w, mu), rel=1e-6)
    assert np.mean(found.statistics("magnetic", "magnetic", "electric") > 0) > 0.99
    assert np.mean(found.statistics("electric", "electric", "magnetic") > 0) > 0.9
    assert found.points["magnetic"]["g"] == relative(5e-11, rel=1e-12)
    assert found.fits["magnetic"]["electric"]["g"] > 5e-11
    exchanged = compare(dict(reversed(both.items())), truth, toys=TOYS, seed=1)
    for pair in found.pairs:
        other = exchanged.pair(pair.true, pair.tested)
        assert other.statistic == relative(pair.statistic, rel=1e-12)
        assert (other.p_value, other.power) == (pair.p_value, pair.power)


def test_a_hypothesis_that_is_left_out_imitates() -> None:
    both = {"magnetic": moments(), "electric": moments(renp.ElectricMoment)}
    found = compare(both, {"magnetic": {"g": 5e-11}})
    assert found.points["electric"] == relative(found.fits["magnetic"]["electric"], rel=1e-6)
    observed = [150, 135, 110, 108, 107, 70, 25]
    elements = {str(k): during(element(k), n=observed) for k in (1, 2)}
    seen = compare(elements)
    assert seen.kind == "observed"
    assert seen.observed is not None
    assert seen.observed_fits is not None
    assert seen.points["2"] == relative(seen.observed_fits["2"], rel=1e-6)
    assert seen.pair("1", "2").observed == relative(seen.observed[1] - seen.observed[0], rel=1e-12)
    assert seen.pair("2", "1").observed == relative(seen.observed[0] - seen.observed[1], rel=1e-12)


def test_the_true_element_wins() -> None:
    each = {f"{k}{k}": element(k) for k in (1, 2, 3)}
    found = compare(each, {name: {"g": 6e-11} for name in each}, toys=TOYS, seed=2)
    matrix = found.matrix()
    assert np.all(np.diag(matrix) == 0)
    assert np.all(matrix[~np.eye(3, dtype=bool)] > 2)
    for i, true in enumerate(each):
        best = np.argmin(found.toys[i], axis=1)
        assert np.mean(best == i) > 0.97
        for tested in set(each) - {true}:
            assert found.pair(true, tested).significance == matrix[i, list(each).index(tested)]
    assert found.table().columns == ("", *each)
    assert len(found.full_table().rows) == 6


def test_nature_is_hardly_seen_with_weak_interactions_alone() -> None:
    found = compare({name: bare(f"normal {name}") for name in ("dirac", "majorana")})
    exact = poisson_chi2(counts(NU), counts(MAJORANA))
    assert 1e-4 < exact < 0.1
    assert found.pair("dirac", "majorana").statistic == relative(exact, rel=1e-8)


def test_identical_hypotheses_are_not_told_apart() -> None:
    """Not even by their external measurements, which are the same for both."""
    same = {"one": moments(), "other": moments()}
    for toys in (0, TOYS):
        found = compare(same, {"one": {"g": 3e-11}}, toys=toys)
        for pair in found.pairs:
            assert (pair.statistic, pair.significance, pair.crossing) == (0, 0, 0)
            assert pair.p_value.value == 1
            assert pair.power.value == 0
    assert np.max(np.abs(found.statistics("one", "one", "other"))) < 1e-8


def test_a_hypothesis_within_the_other_has_no_gaussian_approximation() -> None:
    both = {"moment": moments(), "weak": weak()}
    pair = compare(both, {"moment": {"g": 3e-11}}).pair("moment", "weak")
    assert pair.statistic == relative(discovery(moments(), "g", {"g": 3e-11}).q0, rel=1e-8)
    assert math.isnan(pair.p_value.value)
    assert math.isnan(pair.power.value)


def test_runs_without_any_pair_tell_nothing() -> None:
    far = {name: bare(name, mass=0.1) for name in ("normal", "inverted")}
    pair = compare(far, toys=TOYS).pair("normal", "inverted")
    assert (pair.statistic, pair.p_value.value, pair.power.value) == (0, 1, 0)


def test_the_atmospheric_splitting_is_measured_once() -> None:
    """An external |Δm²| above its centre moves dm2_31 up and dm2_32 down; what is not shared stays."""
    shared = renp.Nuisances(oscillation="all", normalisation_error=0.05)
    one = renp.Experiment(YB, renp.Target(), [1.068], DAY)
    normal, inverted = (renp.Likelihood(one, nu, nuisances=shared) for nu in (NU, INVERTED))
    pulls = dict.fromkeys(normal.names, 0.0) | {"dm2_31": 1.0, "sin2_theta12": 0.5}
    seen = _seen_by(inverted, normal, Data(jnp.ones(1), jnp.array(list(pulls.values()))))
    expected = dict.fromkeys(inverted.names, 0.0) | {"dm2_32": -1.0, "sin2_theta12": 0.5}
    assert np.asarray(seen.pulls) == relative(list(expected.values()), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("mass", [0.002, 0.01])
def test_free_masses_are_found_from_afar(mass: float) -> None:
    """The true ordering fits its own toys no worse than at the truth, and the other one worse."""
    free = renp.Nuisances(free=("lightest_mass",), normalisation_error=0.05)
    start = {"normal": renp.Neutrinos(0.05), "inverted": renp.Neutrinos(0.05, "inverted")}
    each = {name: renp.Likelihood(runs(), nu, nuisances=free) for name, nu in start.items()}
    truth = each["normal"].point(lightest_mass=mass)
    toys = each["normal"].toys(truth, jax.random.key(0), 50)
    found = best_fits(each["normal"], toys, np.ones(2, dtype=bool))
    at_truth = np.asarray(jax.vmap(each["normal"].chi2, (None, 0))(truth, toys))
    assert np.all(found.chi2 <= at_truth + 1e-9)
    compared = compare(each, {"normal": {"lightest_mass": mass}}, toys=50)
    assert compared.fits["normal"]["normal"]["lightest_mass"] == relative(mass, rel=1e-6)
    assert compared.pair("normal", "inverted").statistic > 10
    assert np.mean(compared.statistics("normal", "normal", "inverted") > 0) > 0.98


# Exposure.


def test_without_nuisances_significance_grows_as_the_root_of_the_exposure() -> None:
    true, tested = bare("normal dirac"), bare("normal majorana")
    found = required_exposure(true, tested, significance=3.0)
    assert found.factor == relative(9 / poisson_chi2(counts(NU), counts(MAJORANA)), rel=1e-5)
    growth = found.significances / np.sqrt(found.factors)
    # T, which is the difference of almost equal counts, is accurate to 1e-5 at the smallest exposures.
    assert growth == relative(np.full(growth.shape, growth[-1]), rel=1e-3)
    assert "reached at" in found.explanation


def test_the_significance_at_the_required_exposure_is_the_wanted_one() -> None:
    truth = {"g": 3e-11}
    found = required_exposure(moments(), weak(), truth, significance=5.0)
    longer = [during(one, 10.0 * found.factor) for one in (moments(), weak())]
    again = compare(dict(zip(("true", "tested"), longer, strict=True)), {"true": truth})
    assert again.pair("true", "tested").significance == relative(5.0, rel=1e-6)
    assert discovery(longer[0], "g", truth).significance == relative(5.0, rel=1e-6)
    assert np.all(np.diff(found.significances) > 0)


def test_what_a_nuisance_can_imitate_is_never_seen() -> None:
    """One run and a normalisation known to 5 %: at most as many σ as the effect needs of the pull."""
    true, tested = (during(one, only(0, 10.0)) for one in (moments(), weak()))
    truth = {"g": 4e-11}
    ratio = float(true.expected(true.point(**truth))[0] / true.expected(true.point())[0])
    most = np.log(ratio) / np.log(1.05)
    assert required_exposure(true, tested, truth, significance=0.99 * most).factor < 1e4
    never = required_exposure(true, tested, truth, significance=1.01 * most)
    assert math.isinf(never.factor)
    assert "never reached" in never.explanation
    assert never.significances[-1] == relative(most, rel=1e-3)
    assert never.json()["factor"] is None


def test_one_count_is_enough_where_the_tested_hypothesis_allows_none() -> None:
    """Of a mass of 0.012 eV no pair can be emitted at 1.07164 eV."""
    found = required_exposure(bare(), bare(mass=0.012))
    assert found.factor == 0
    assert "any exposure" in found.explanation


# Border and output.


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (discovery, {"coupling": "normalisation"}, "coupling = 'normalisation': must be 'g'"),
        (discovery, {"coupling": "g"}, "truth = None: must be a point"),
        (discovery, {"coupling": "g", "truth": {}, "toys": 1.5}, "toys = 1.5: must be a whole number"),
        (discovery, {"coupling": "g", "truth": {}, "toys": 5, "seed": -1}, "seed = -1"),
        (discovery, {"coupling": "g", "truth": {"normalization": 1.0}}, "did you mean 'normalisation'"),
        (compare, {"truth": {"c": {}}}, "truth = 'c': must be 'a' or 'b'"),
        (compare, {"confidence_level": 1}, "above 0 and below 1"),
        (required_exposure, {"significance": 0}, "standard deviations above 0"),
    ],
)
def test_wrong_input_is_explained(function: Callable, arguments: dict, message: str) -> None:
    one = moments()
    likelihoods = {discovery: [one], compare: [{"a": one, "b": one}], required_exposure: [one, one]}
    with pytest.raises(renp.InputError, match=message):
        function(*likelihoods[function], **arguments)


def test_hypotheses_are_of_the_same_runs() -> None:
    one, two = moments(), during(weak(), 1000.0)
    with pytest.raises(renp.InputError, match="two likelihoods or more"):
        compare({"one": one})
    with pytest.raises(renp.InputError, match="of the same runs as 'one': duration differs"):
        compare({"one": one, "two": two})
    with pytest.raises(renp.InputError, match="of the same runs as 'true': duration differs"):
        required_exposure(one, two)
    with pytest.raises(renp.InputError, match="two = 3, of type int: must be a Likelihood"):
        compare({"one": one, "two": 3})  # type: ignore[dict-item]


def test_counts_that_no_hypothesis_allows_are_refused() -> None:
    far = {name: during(bare(name, mass=0.1), n=only(0, 1)) for name in ("normal", "inverted")}
    with pytest.raises(renp.InputError, match="possible under one hypothesis at least"):
        compare(far)


def results() -> list[Result]:
    observed = during(element(1), n=[124, 113, 95, 90, 80, 50, 10])
    masses = {f"{m} eV": bare(mass=m) for m in (0.01, 0.011, 0.02)}
    first, second, _ = masses.values()
    two = {"lighter": first, "heavier": second}
    return [
        discovery(observed, "g", toys=TOYS),
        discovery(observed, "g"),
        compare(masses),
        compare(two, toys=TOYS),
        compare(two),
        required_exposure(second, first),
        required_exposure(first, first),
    ]


def test_results_are_shown_and_saved(tmp_path: Path) -> None:
    for k, result in enumerate(results()):
        text = json.dumps(result.json(), allow_nan=False)
        assert "Infinity" not in text
        assert str(result).count("\n") >= 2
        for ending in ("png", "nc", "csv", "json"):
            assert result.save(tmp_path / f"{k}.{ending}").stat().st_size > 100
