"""Ensembles of toys and the coverage of intervals."""

import numpy as np
import pytest
from scipy import stats

import renp
from cases import NU, YB
from relative import relative
from renp.inference.toys import KINDS, SIGNED_KINDS, measure_coverage, throw_toys

ENERGIES = [1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
UNIT = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
RATE = renp.Nuisances(normalisation_error=0.05)


def likelihood(days: float = 10.0, **options) -> renp.Likelihood:
    runs = renp.Experiment(YB, renp.Target(), ENERGIES, days * 86400.0)
    return renp.Likelihood(runs, NU, UNIT, **options)


def test_estimates_scatter_around_the_truth() -> None:
    """Far from the boundary: unbiased in the square of the moment, with the spread of the information."""
    found = throw_toys(likelihood(1000.0, nuisances=RATE), {"mu": 3e-11}, toys=4000, seed=1)
    assert found.failed == 0
    squares = found.estimates["mu"] ** 2
    assert np.mean(squares) == pytest.approx(9e-22, abs=4 * np.std(squares) / np.sqrt(4000))
    pulls = np.log(found.estimates["normalisation"]) / np.log(1.05)
    assert abs(np.mean(pulls)) < 0.1
    assert found.coverage["mu"] == pytest.approx(0.90, abs=4 * np.sqrt(0.09 / 4000))


def test_chi2_of_toys_is_distributed_as_it_should() -> None:
    """Seven runs, one parameter inside its bounds: six degrees of freedom."""
    found = throw_toys(likelihood(1000.0), {"mu": 4e-11}, toys=3000, seed=2)
    assert stats.kstest(found.chi2, stats.chi2(6).cdf).pvalue > 1e-3


def test_toys_repeat_with_their_seed() -> None:
    first, same, other = (throw_toys(likelihood(), toys=50, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.chi2, same.chi2)
    assert not np.array_equal(first.chi2, other.chi2)


@pytest.mark.slow
def test_coverage_of_each_kind_at_two_exposures() -> None:
    """Many counts: every kind as promised or more. A hundredth: toys alone keep the promise exactly."""
    found = measure_coverage(likelihood(), "mu", (2e-11,), exposures=(1.0, 0.01), toys=4000, seed=5)
    assert [row.kind for row in found.rows] == list(KINDS) * 2
    error = 5 * np.sqrt(0.09 / 4000)
    by_kind = {(row.kind, row.exposure): row.coverage for row in found.rows}
    assert all(row.failed == 0 for row in found.rows)
    for exposure in (1.0, 0.01):
        assert by_kind["feldman-cousins interval", exposure] == pytest.approx(0.90, abs=1.5 * error)
        assert by_kind["cls limit", exposure] > 0.90 - error
        assert by_kind["delta-chi2 limit", exposure] >= by_kind["delta-chi2 interval", exposure]
    assert by_kind["asymptotic limit", 1.0] == pytest.approx(0.90, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("days", [0.05, 10.0])
@pytest.mark.parametrize("nuisances", [None, RATE])
def test_coverage_on_either_side_of_the_mirror(days: float, nuisances: renp.Nuisances | None) -> None:
    """The amplitude is 1 + κ: counts at −2 − κ are those at κ. Few counts, and many."""
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], days * 86400.0)
    both = renp.Likelihood(runs, NU, {"κ": renp.Weak()}, nuisances=nuisances)
    found = measure_coverage(both, "κ", (0.1, -0.3, -1.8, -2.2), toys=3000, seed=6)
    assert [row.kind for row in found.rows] == list(SIGNED_KINDS) * 4
    error = 4 * np.sqrt(0.09 / 3000)
    for row in found.rows:
        assert row.failed == 0
        if row.kind == "cls interval":
            assert row.coverage > 0.90 - error
        elif row.kind == "feldman-cousins interval":
            # Counts are whole numbers: where they are few, more than was asked for.
            assert 0.90 - 1.5 * error < row.coverage < (0.90 + 1.5 * error if days > 1 else 1.0)
        elif days > 1:
            assert row.coverage == pytest.approx(0.90, abs=error)


@pytest.mark.slow
def test_results_are_tables_files_and_pictures(tmp_path) -> None:
    toys = throw_toys(likelihood(nuisances=RATE), {"mu": 2e-11}, toys=300)
    for name in ("toys.json", "toys.csv", "toys.nc", "toys.png"):
        assert toys.save(tmp_path / name).stat().st_size > 0
    assert toys.dataset()["mu"].shape == (300,)
    assert toys.json()["parameters"]["mu"]["true"] == relative(2e-11, rel=1e-12)
    covered = measure_coverage(likelihood(), "mu", (2e-11,), toys=300)
    for name in ("coverage.json", "coverage.csv", "coverage.nc", "coverage.png"):
        assert covered.save(tmp_path / name).stat().st_size > 0
    assert "cls limit" in str(covered)
