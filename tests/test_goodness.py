"""Alarms: counts at odds with the standard model, or with every coupling that is tested."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

import renp
from cases import DAY
from relative import relative
from renp.inference.goodness import null_p_value
from renp.results import Counts
from renp.results.goodness import Goodness, at_odds

YB, NU = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
ONE = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}


def runs(
    counts: list[int] | None, photon_energy: tuple[float, ...] = (1.068, 1.07), **columns: float
) -> renp.Experiment:
    return renp.Experiment(YB, renp.Target(), photon_energy, 10 * DAY, counts=counts, **columns)


def deviance(counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return twice the logarithm of the ratio of Poisson probabilities of the counts, for n and for N."""
    return 2 * (stats.poisson.logpmf(counts, np.maximum(counts, 1e-300)) - stats.poisson.logpmf(counts, mean))


@pytest.mark.parametrize(
    ("expected", "observed"),
    [([0.5], [3]), ([3.0], [9]), ([3.0], [0]), ([12.0], [12]), ([117.1], [160]), ([0.5, 4.0], [2, 9]),
     ([3.0, 3.0], [5, 1]), ([0.01, 0.01, 7.0], [1, 0, 7]), ([2.0, 5.0, 9.0], [9, 0, 20])],
)  # fmt: skip
def test_p_values_of_few_counts_are_sums_over_all_outcomes(
    expected: list[float], observed: list[int]
) -> None:
    mean, seen = np.array(expected), np.array(observed, dtype=float)
    least = deviance(seen, mean).sum() * (1 - 1e-9)
    each = [np.arange(stats.poisson.isf(1e-12, m) + 10) for m in mean]
    shares = [deviance(n, m) for n, m in zip(each, mean, strict=True)]
    weights = [stats.poisson.pmf(n, m) for n, m in zip(each, mean, strict=True)]
    exact = sum(
        np.prod(weight)
        for share, weight in zip(product(*shares), product(*weights), strict=True)
        if sum(share) >= least
    )
    found = Goodness.of(mean, seen)
    assert (found.distribution, found.chi2) == ("outcomes", relative(deviance(seen, mean).sum(), rel=1e-9))
    assert found.p_value == relative(exact, rel=2e-4)
    assert np.sum(found.pulls**2) == relative(found.chi2, rel=1e-12)
    assert np.array_equal(np.sign(found.pulls), np.sign(seen - mean))


def test_one_event_in_twenty_runs() -> None:
    """The example of the theory's page: the χ² distribution is wrong for few counts."""
    found = Goodness.of(np.full(20, 0.01), np.array([1.0] + 19 * [0.0]))
    assert found.p_value == relative(1 - np.exp(-0.2), rel=1e-9)
    assert stats.chi2.sf(found.chi2, 20) > 0.99


def test_many_counts_have_the_formulas_p_value() -> None:
    mean, seen = np.array([1e6, 4e6]), np.array([1.003e6, 3.99e6])
    found = Goodness.of(mean, seen)
    assert found.distribution == "formula"
    assert found.p_value == relative(stats.chi2.sf(np.sum((seen - mean) ** 2 / mean), 2), rel=0.02)


def test_the_exact_p_value_joins_the_formula() -> None:
    mean = np.full(3, 2000.0)
    found = Goodness.of(mean, mean + np.array([100.0, -80.0, 20.0]))
    assert found.distribution == "outcomes"
    assert found.p_value == relative(stats.chi2.sf(found.chi2, 3), rel=0.005)


def test_tiny_p_values_keep_their_digits() -> None:
    found = Goodness.of(np.array([5.0]), np.array([100.0]))
    assert found.p_value == relative(stats.poisson.sf(99, 5.0), rel=1e-9)


def test_p_values_of_toys_are_uniform_at_least() -> None:
    """Discrete counts: p ≤ α happens in at most a part α."""
    mean = np.array([0.3, 2.0, 6.0])
    toys = np.random.default_rng(3).poisson(mean, (4000, 3))
    every, times = np.unique(toys, axis=0, return_counts=True)
    p = np.array([Goodness.of(mean, row.astype(float)).p_value for row in every])
    for alpha in (0.01, 0.05, 0.3):
        part = times[p <= alpha].sum() / len(toys)
        assert part < alpha + 4 * np.sqrt(alpha / len(toys))
        assert part > 0.7 * alpha


def test_nothing_expected_and_nothing_seen() -> None:
    none = np.zeros(1)
    assert np.isnan(Goodness.of(none, none).p_value)
    assert Goodness.of(none, np.ones(1)).p_value == 0.0
    assert Goodness.of(np.array([0.0, 2.0]), np.array([0.0, 2.0])).degrees_of_freedom == 1


def test_counts_have_pulls_and_p_values() -> None:
    moment = renp.MagneticMoment({(1, 1): 6e-11})
    result = Counts.compute(runs([170, 84]), NU, renp.Weak() + moment)
    own, standard = result.goodness["model"], result.goodness["standard model"]
    content = result.json()
    assert content["pulls"] == {"model": own.pulls.tolist(), "standard model": standard.pulls.tolist()}
    assert content["p_value"] == {"model": own.p_value, "standard model": standard.p_value}
    assert content["chi2"]["standard model"] == standard.chi2
    assert "pull from standard model" in result.full_table().columns
    assert "The counts are at odds with the standard model" in str(result)
    assert float(result.dataset().pulls.sel(hypothesis="model")[0]) == own.pulls[0]


def test_counts_that_agree_say_so_and_without_counts_nothing_is_said() -> None:
    assert "The counts agree with the standard model: χ² = " in str(Counts.compute(runs([117, 84]), NU))
    assert list(Counts.compute(runs([117, 84]), NU).goodness) == ["standard model"]
    bare = Counts.compute(runs(None), NU)
    assert bare.diagnosis is None
    assert not {"pulls", "p_value", "diagnosis"} & set(bare.json())


def test_limits_say_that_counts_are_at_odds_with_everything() -> None:
    result = renp.upper_limits(runs([170, 60]), NU, couplings=ONE)
    expected = np.asarray(renp.expected_counts(runs(None), NU))
    assert result.standard_model_p_value == relative(
        Goodness.of(expected, np.array([170.0, 60.0])).p_value, rel=1e-9
    )
    assert result.json()["standard_model_p_value"] < 1e-6
    assert "with every coupling that was tested" in str(result)
    assert result.json()["diagnosis"] == list(result.diagnosis)


def test_limits_say_that_a_coupling_describes_the_counts() -> None:
    moment = renp.Weak() + renp.MagneticMoment({(1, 1): 8e-11})
    signal = np.round(np.asarray(renp.expected_counts(runs(None), NU, moment))).astype(int).tolist()
    result = renp.upper_limits(runs(signal), NU, couplings=ONE)
    assert "but not with magnetic-moment 11" in str(result)
    assert renp.upper_limits(runs([117, 84]), NU, couplings=ONE).diagnosis == ()
    assert renp.upper_limits(runs(None), NU, couplings=ONE).standard_model_p_value is None


def test_one_run_with_too_few_counts_is_at_odds_with_what_adds_to_them() -> None:
    one = runs([0], photon_energy=(1.068,))
    (expected,) = np.asarray(renp.expected_counts(one, NU))
    known = renp.upper_limits(one, NU, couplings=ONE)
    assert known.p_values["magnetic-moment"]["11"] == relative(
        float(stats.chi2.sf(2 * expected, 1)), rel=1e-9
    )
    assert "with every coupling that was tested" in str(known)
    seen = runs([300], photon_energy=(1.068,))
    (said,) = renp.upper_limits(seen, NU, couplings=ONE).diagnosis
    assert said.startswith("The counts are at odds with the standard model (p = ")
    assert "coupling" not in said


@pytest.mark.slow
def test_what_is_uncertain_is_fitted_before_an_alarm() -> None:
    both = [round(1.3 * n) for n in (117, 84)]
    wrong = renp.Nuisances(normalisation_error=0.2)
    alone = renp.upper_limits(runs(both), NU, couplings=ONE).standard_model_p_value
    fitted = renp.upper_limits(runs(both), NU, couplings=ONE, nuisances=wrong).standard_model_p_value
    assert alone < 1e-3 < 0.1 < fitted


def test_an_alarm_names_what_fits_best() -> None:
    assert at_odds(0.02, {"a": 1e-9}) == ()
    assert at_odds(np.nan, {}) == ()
    assert at_odds(1e-3, {"a": np.nan}) == ("The counts are at odds with the standard model (p = 0.001).",)
    assert at_odds(1e-3, {"a": np.nan, "b": 1e-9}) == at_odds(1e-3, {})  # one run, which a describes
    (said,) = at_odds(1e-3, {"a": 1e-5, "b": 2e-3})
    assert "at best b (p = 0.002)" in said


def test_plans_say_that_earlier_counts_are_at_odds() -> None:
    few = renp.Constraints(candidates=60, laser_range=(1.05, None))
    options = {"couplings": ONE, "constraints": few, "total": 10 * DAY}
    plan = renp.plan("limits", runs(None), NU, done=runs([170, 60]), **options)
    assert plan.standard_model_p_value < 1e-6
    assert list(plan.p_values) == ["magnetic-moment 11"]
    assert "The counts are at odds" in str(plan)
    quiet = renp.plan("limits", runs(None), NU, done=runs([117, 84]), **options)
    assert quiet.diagnosis == ()
    assert "standard_model_p_value" not in renp.plan("limits", runs(None), NU, **options).json()


@pytest.mark.slow
def test_common_errors_of_a_plan_count_once() -> None:
    few = renp.Constraints(candidates=60, laser_range=(1.05, None))
    wrong = {"efficiency_error": 0.2}
    done = runs([152, 109], **wrong)
    plan = renp.plan("limits", runs(None, **wrong), NU, couplings=ONE, constraints=few, total=DAY, done=done)
    common = renp.Nuisances(normalisation_error=0.2)
    same = renp.upper_limits(runs([152, 109]), NU, couplings=ONE, nuisances=common)
    assert plan.standard_model_p_value == relative(same.standard_model_p_value, rel=1e-6)


@pytest.mark.slow
def test_the_standard_model_knows_no_mass_of_a_mediator() -> None:
    """A free number of an interaction takes no degree of freedom where the interaction is not there."""
    mediator = renp.VectorMediator(3.0, 1.0, left={(1, 1): 1.0}, width=1e-3)
    unsure = {"normalisation_error": 0.05}
    free = renp.Nuisances(free=["vector-mediator strength.mass"], **unsure)
    coupling = {"vector-mediator": {"strength": mediator}}
    both = [
        null_p_value(renp.Likelihood(runs([150, 100]), NU, coupling, nuisances=one))
        for one in (free, renp.Nuisances(**unsure))
    ]
    assert both[0] == relative(both[1], rel=1e-6)
