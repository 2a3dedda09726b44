"""One set of counts has one limit, whoever is asked, and a profile by brute force has the same."""

from functools import cache

import numpy as np
import pytest

import renp
from cases import runs
from oracles import profile as brute
from relative import relative
from renp.inference.likelihood import Data
from renp.interactions.dipole import moment_couplings

NU = renp.Neutrinos(0.01, nature="majorana")
ENERGIES = [1.068, 1.0712, 1.0716]
LEVEL, RISE = 0.90, 2.705543454095404
ACCURACY = 1e-6


@cache
def squares() -> tuple[np.ndarray, np.ndarray]:
    """Return expected counts without moments, and what the square of each element in 10⁻¹¹ μ_B adds."""
    experiment, size = runs(energies=ENERGIES), 3e-9
    null = np.asarray(renp.expected_counts(experiment, NU))
    more = [
        np.asarray(renp.expected_counts(experiment, NU, renp.Weak() + kind({element: size}))) - null
        for kind in (renp.MagneticMoment, renp.ElectricMoment)
        for element in ((1, 2), (1, 3), (2, 3))
    ]
    return null, np.array(more) / (size / 1e-11) ** 2


@cache
def likelihood() -> renp.Likelihood:
    return renp.Likelihood(runs(energies=ENERGIES), NU, moment_couplings("majorana"))


def check(seed: int) -> None:
    """Compare everything for one element and one random set of counts, from a deficit to an excess."""
    rng = np.random.default_rng(seed)
    null, signals = squares()
    tilt = rng.uniform(0.6, 1.6) * np.exp(rng.normal(scale=0.1, size=null.size))
    counts = rng.poisson(tilt * null).astype(float)
    k = int(rng.integers(len(signals)))
    name = moment_couplings("majorana")[k].name
    kind, element = name.split()

    least = brute.least(null, signals, counts)
    found = brute.risen(lambda u: brute.least(null, signals, counts, {k: u}), least + RISE, 10.0)
    limit = 1e-11 * np.sqrt(found)

    data = Data(counts, np.zeros(0))
    fit = renp.fit(likelihood(), data, confidence_level=LEVEL)
    assert fit.chi2 == pytest.approx(least, abs=1e-6)
    assert fit[name].upper == relative(limit, rel=ACCURACY)
    profile = renp.profile(likelihood(), name, data=data)
    assert profile.chi2 == pytest.approx(least, abs=1e-6)
    [(lower, upper)] = profile.intervals(LEVEL)
    assert upper == relative(limit, rel=ACCURACY)
    assert fit[name].lower == pytest.approx(lower, abs=ACCURACY * limit)
    observed = runs(energies=ENERGIES, counts=counts)
    limits = renp.upper_limits(observed, NU, LEVEL, profiled=True).limits
    assert limits[kind][element] == relative(limit, rel=ACCURACY)
    assert renp.allowed_region(observed, NU, [], LEVEL).renp[name] == relative(limit, rel=ACCURACY)


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(2))
def test_everyone_finds_one_limit(seed: int) -> None:
    check(seed)


@pytest.mark.slow  # seconds each
@pytest.mark.parametrize("seed", range(2, 50))
def test_everyone_finds_one_limit_of_many_sets_of_counts(seed: int) -> None:
    check(seed)
