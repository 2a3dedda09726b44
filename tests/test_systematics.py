"""What is uncertain of a line, and of an interaction: the linewidth, a mediator's mass."""

from functools import cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize

import renp
from cases import DAY, NU, YB, runs
from deviances import MU, deviance
from relative import relative
from renp.inference.likelihood import Data

expected_at = jax.jit(lambda likelihood, x: likelihood.expected(x))
slopes_at = jax.jit(lambda likelihood, x: jax.jacobian(likelihood.expected)(x))


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
        # Photon energies of 1 eV are rounded to 10⁻¹⁶, so that places in a line of 10⁻⁵ are known to 10⁻¹¹.
        np.testing.assert_allclose(likelihood.expected(x), wanted, rtol=2e-11)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_free_mass_is_that_of_another_likelihood() -> None:
    likelihood = with_mass(HEAVY)
    assert likelihood.names == ("g", "g.mass")
    assert likelihood.values(likelihood.point())["g.mass"] == relative(HEAVY, rel=1e-15)
    for mass in (0.5, 2.0, 4.0, 30.0):
        held = with_mass(mass, free=False)
        g = 0.3 * float(held.parameters[0].plus)
        x = likelihood.point(**{"g": g, "g.mass": mass})
        np.testing.assert_allclose(expected_at(likelihood, x), expected_at(held, held.point(g=g)), rtol=1e-12)


@pytest.mark.slow
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


@pytest.mark.slow
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
