"""A background that is a polynomial in the photon energy, told by side bands."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import renp
from cases import DAY, NU, runs
from deviances import MU, RISE, chi2_at, deviance
from relative import relative

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


@pytest.mark.slow
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


@pytest.mark.slow
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
