"""Unified intervals against the published tables, and against exact enumeration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import renp
from cases import NU, YB
from relative import relative
from renp.inference import few_counts
from renp.inference.feldman_cousins import critical_value, feldman_cousins
from renp.inference.intervals import outermost
from renp.inference.outcomes import Method
from renp.inference.signal import Signal

ONLY = jnp.array([True])


def one_run(background: float, counts: int) -> tuple[renp.Likelihood, float]:
    """Return one run, its background played by the weak interaction, and the events per unit of x."""
    rate = float(renp.expected_counts(renp.Experiment(YB, renp.Target(), [1.068], 1.0), NU)[0])
    duration = background / rate if background else 86400.0
    runs = renp.Experiment(YB, renp.Target(), [1.068], duration, counts=[counts])
    unit = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
    likelihood = renp.Likelihood(runs, NU, unit, model=None if background else renp.Couplings())
    none, one = (float(likelihood.expected(jnp.array([x]))[0]) for x in (0.0, 1.0))
    return likelihood, one - none


def interval(background: float, counts: int, toys: int) -> tuple[float, float]:
    likelihood, signal = one_run(background, counts)
    found = feldman_cousins(likelihood, likelihood.data, 0, ONLY, 2.71, 0.9, jax.random.key(5), toys)
    assert found.construction.failed == 0
    return found.lower * signal, found.upper * signal


@pytest.mark.slow
@pytest.mark.parametrize(
    ("background", "counts", "published"),
    [
        (0.0, 0, (0.00, 2.44)),
        (0.0, 3, (1.10, 7.42)),
        (3.0, 3, (0.00, 4.42)),
        (3.0, 6, (0.15, 8.47)),
        (3.0, 10, (2.63, 13.50)),
    ],
)
def test_published_intervals(background: float, counts: int, published: tuple[float, float]) -> None:
    """Phys. Rev. D 57 (1998) 3873, Table IV (90 % C.L.). Some sets of 3000 toys end at 4.14 for 4.42."""
    assert interval(background, counts, 20_000) == pytest.approx(published, abs=0.15)


def exact_critical(signal: float, background: float, level: float) -> float:
    """Return the rise of −2 ln L that a fraction of all Poisson outcomes does not exceed."""
    n = np.arange(200)
    mean = signal + background
    best = np.maximum(n, background)
    rise = 2 * (mean - best - n * (np.log(mean) - np.log(np.where(best > 0, best, 1.0))))
    order = np.argsort(rise, kind="stable")
    total = np.cumsum(stats.poisson.pmf(n, mean)[order])
    return float(rise[order][np.searchsorted(total, level)])


@pytest.mark.parametrize("signal", [0.5, 2.0, 6.0])
def test_critical_values_are_those_of_enumeration(signal: float) -> None:
    likelihood, per_unit = one_run(3.0, 0)
    points = np.array([[signal / per_unit]])
    found, failed = critical_value(likelihood, points, 0, ONLY, 0.9, jax.random.key(2), 20_000)
    assert failed == 0
    assert found[0] == relative(exact_critical(signal, 3.0, 0.9), rel=1e-9)


def test_many_counts_give_the_asymptotic_interval() -> None:
    likelihood, signal = one_run(1e6, 1_001_500)  # 1.5 standard deviations of excess
    found = feldman_cousins(likelihood, likelihood.data, 0, ONLY, 2.7055, 0.9, jax.random.key(8), 4000)
    # Table X of the same paper: the interval on the mean of a Gaussian, for x = 1.5.
    assert found.upper * signal / 1e3 == pytest.approx(3.14, abs=0.1)
    assert found.lower * signal / 1e3 == pytest.approx(0.22, abs=0.1)


def test_nothing_sensitive_has_no_limit() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.08], 86400.0, background=1e-4, counts=[9])
    likelihood = renp.Likelihood(runs, NU, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    found = feldman_cousins(likelihood, likelihood.data, 0, ONLY, 2.71, 0.9, jax.random.key(0), 100)
    assert (found.lower, found.upper) == (0.0, np.inf)


@pytest.mark.slow
def test_nuisances_widen_the_interval() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], 86400.0 * 10, counts=[117, 77])
    unit = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
    ends = []
    for error in (0.0, 0.2):
        likelihood = renp.Likelihood(runs, NU, unit, nuisances=renp.Nuisances(normalisation_error=error))
        every = jnp.ones(len(likelihood.names), dtype=bool)
        found = feldman_cousins(likelihood, likelihood.data, 0, every, 2.71, 0.9, jax.random.key(1), 2000)
        ends.append(float(likelihood.values(likelihood.point().at[0].set(found.upper))["mu"]))
    assert ends[1] > 1.02 * ends[0]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["cls", "feldman-cousins"])
@pytest.mark.parametrize("interaction", ["moment", "mediator"])
def test_toys_accept_what_all_outcomes_accept(method: Method, interaction: str) -> None:
    """A coupling without a sign and one with it, whose second solution is as good.

    Of 3000 toys, p_s of CLs, some 0.08, is known to 6 %, which is 2 % of the square of the moment.
    """
    units = {
        "moment": renp.MagneticMoment({(1, 1): 1.0}),
        "mediator": renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0}),
    }
    runs = renp.Experiment(YB, renp.Target(), [1.068], 86400.0, counts=[14])
    likelihood = renp.Likelihood(runs, NU, {"g": units[interaction]})
    part = 0.55  # in the middle of an outcome's probability
    signal, deviation = Signal.of(likelihood, 0), float(stats.norm.ppf(part))
    exact = few_counts.limits(signal, np.array([14.0]), method, 0.9, (deviation,))
    assert exact is not None
    key = jax.random.key(4)
    found = feldman_cousins(likelihood, likelihood.data, 0, ONLY, 2.71, 0.9, key, 3000, method)
    assert found.construction.failed == 0
    size = outermost(exact.accepted)
    ends = sorted(exact.accepted)
    assert found.lower == pytest.approx(ends[0][0], abs=0.05 * size)
    assert found.upper == pytest.approx(ends[-1][1], abs=0.05 * size)
    if method == "cls":
        assert found.expected(np.array([part]))[0] == relative(exact.band[0], rel=0.05)


@pytest.mark.slow
def test_few_counts_with_nuisances_take_cls_from_toys() -> None:
    """The formula is for many counts; an uncertain rate weakens the limit from toys as it does any other."""
    runs = renp.Experiment(YB, renp.Target(), [1.068], 17280.0, counts=[3])
    unit = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}
    found = [
        renp.upper_limits(
            runs, NU, couplings=unit, method="cls", nuisances=renp.Nuisances(normalisation_error=error)
        )
        for error in (0.05, 0.5)
    ]
    assert all(one.distributions["magnetic-moment"]["11"] == "toys" for one in found)
    limits = [one.limits["magnetic-moment"]["11"] for one in found]
    exact = renp.upper_limits(runs, NU, couplings=unit, method="cls").limits["magnetic-moment"]["11"]
    # The measurement of the rate breaks the ties of whole numbers.
    assert limits[0] == relative(exact, rel=0.06)
    assert limits[1] > 1.05 * limits[0]
