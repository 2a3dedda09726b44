"""Fits and limits of many data sets, where Newton's method is most easily wrong.

Every answer is checked for every data set, without trusting how it was found: a minimum by points around
it, a crossing by the χ² there and by points around it, "never excluded" by a witness, a point at the far
end of the parameter where the χ² has not risen. Some data sets are fitted again by slow and robust
means.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

import renp
from cases import NU, YB, runs
from relative import relative
from renp.inference.best_fits import lowest_minima
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble, in_chunks
from renp.inference.likelihood import Data
from renp.inference.newton import CONVERGED, NO_RISE, NOT_CONVERGED, Crossing, Minimum, crossing, minimise
from renp.inference.search import search

pytestmark = pytest.mark.slow  # minutes in all; fits of ensembles are tested elsewhere too

MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
RATES = renp.Nuisances(normalisation_error=0.05, background_error=[0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.5])
SHIFTS = renp.Nuisances(free=("lightest_mass",), calibration_error=1e-5, normalisation_error=0.05)
TOYS = 100
RISE = 2.71

SMOOTH = 1e-7
"""How far above the minimum a fit may end, in χ²: nothing that matters, and above rounding."""

CORNER = 1e-3
"""The same where thresholds vary: counts grow as the root of the distance, so that steps of 10⁻⁹ change the
χ² by 10⁻⁴."""

Reals = NDArray[np.float64]

value_and_slope = jax.jit(jax.value_and_grad(lambda likelihood, x, data: likelihood.chi2(x, data), argnums=1))
chi2_of_each = jax.jit(jax.vmap(lambda likelihood, x, data: likelihood.chi2(x, data), (None, 0, 0)))


@jax.jit
def chi2_around(likelihood: renp.Likelihood, points: jax.Array, data: Data) -> jax.Array:
    """Return the χ² at points of shape (toys, points, p)."""
    near = jax.vmap(likelihood.chi2, (0, None))
    return jax.vmap(lambda x, d: near(x, d))(points, data)


class Case(NamedTuple):
    """An ensemble to be fitted: by default from the likelihood's own point, with all parameters moving."""

    likelihood: renp.Likelihood
    data: Data
    moves: Any
    start: Any
    tolerance: float

    @property
    def corners(self) -> bool:
        return self.tolerance > SMOOTH


def case(
    likelihood: renp.Likelihood,
    data: Data | None = None,
    tolerance: float = SMOOTH,
    held: Sequence[str] = (),
    truth: dict[str, float] | None = None,
    toys: int = TOYS,
) -> Case:
    moves = jnp.array([name not in held for name in likelihood.names])
    if data is None:
        rng, exact = np.random.default_rng(5), likelihood.asimov(likelihood.point(**(truth or {})))
        counts = rng.poisson(exact.counts, (toys, exact.counts.size)).astype(float)
        data = Data(counts, exact.pulls + rng.normal(size=(toys, exact.pulls.size)))
    return Case(likelihood, data, moves, likelihood.start, tolerance)


def one(data: Data, toy: int) -> Data:
    return Data(jnp.asarray(data.counts)[toy], jnp.asarray(data.pulls)[toy])


# --- checks of all data sets ---------------------------------------------------------------------------


def check_minima(given: Case, best: Minimum, failures: float = 0.0) -> None:
    """Every fit that claims to have converged is at a minimum, and the others are few."""
    x, low, high = np.asarray(best.x), *map(np.asarray, given.likelihood.bounds)
    assert not np.isnan(x).any()
    assert np.all((x >= low) & (x <= high))
    assert set(np.unique(best.status)) <= {CONVERGED, NOT_CONVERGED}
    assert np.mean(np.asarray(best.status) != CONVERGED) <= failures
    claimed = np.asarray(chi2_of_each(given.likelihood, jnp.asarray(x), given.data))
    assert np.asarray(best.chi2) == pytest.approx(claimed, rel=1e-9, abs=1e-9)
    certain = np.asarray(best.status) == CONVERGED
    assert np.all(np.isfinite(claimed[certain]))
    lower = claimed - least_around(given, x, np.asarray(given.moves))
    assert np.max(lower[certain], initial=0.0) < given.tolerance, worst(given, best, lower * certain)


def check_crossings(
    given: Case, best: Minimum, found: Crossing, k: int, side: int, rise: float = RISE, failures: float = 0.0
) -> None:
    """Every claimed crossing lies where the χ² has risen and is least, and every "never" is true."""
    status, value = np.asarray(found.status), np.asarray(found.value)
    assert not np.isnan(value).any()
    assert np.mean(status == NOT_CONVERGED) <= failures
    low, high = (np.asarray(end)[k] for end in given.likelihood.bounds)
    some = status == CONVERGED
    x = np.asarray(found.x)
    assert np.all((value[some] >= low) & (value[some] <= high))
    assert np.all(side * (value - np.asarray(best.x)[:, k])[some] >= 0)
    assert x[some, k] == relative(value[some], rel=1e-12)
    risen = np.asarray(chi2_of_each(given.likelihood, jnp.asarray(x), given.data)) - np.asarray(best.chi2)
    exact = given.tolerance * max(1.0, rise)
    off = some & (np.abs(risen - rise) > exact)
    if given.corners and k == given.likelihood.index("lightest_mass"):
        walls = off & (risen < rise)
        check_walls(given, best, np.flatnonzero(walls), x, k, side, rise)
        off = off & ~walls
    assert not off.any(), worst(given, best, off * abs(risen - rise))
    others = np.asarray(given.moves) & (np.arange(x.shape[1]) != k)
    lower = risen + np.asarray(best.chi2) - least_around(given, x, others)
    assert np.max(lower[some], initial=0.0) < exact, worst(given, best, lower * some)
    check_never(given, best, np.flatnonzero(status == NO_RISE), k, side, rise)


def check_walls(
    given: Case, best: Minimum, toys: NDArray[np.intp], x: Reals, k: int, side: int, rise: float
) -> None:
    """Fail where a moment of some size still describes the counts just beyond: no run has closed there."""
    if not toys.size:
        return
    beyond, target = x[toys], np.asarray(best.chi2)[toys] + rise
    beyond[:, k] += side * 1e-9
    data = Data(jnp.asarray(given.data.counts)[toys], jnp.asarray(given.data.pulls)[toys])
    held = given.moves & (jnp.arange(x.shape[1]) != k)
    sought = lowest_minima(given.likelihood, data, np.asarray(held), also=beyond, still=beyond).chi2
    assert np.all(sought > target)
    for toy in range(min(3, toys.size)):
        starts = [beyond[toy], np.where(held, given.start, beyond[toy])]
        assert slow_fit(given.likelihood, one(data, toy), starts, held, True)[0] > target[toy]


def check_never(given: Case, best: Minimum, toys: NDArray[np.intp], k: int, side: int, rise: float) -> None:
    """At the far end of the parameter a point exists, for each of the toys, where the χ² has not risen."""
    if not toys.size:
        return
    end = np.asarray(given.likelihood.bounds[1 if side > 0 else 0])[k]
    x, target = np.asarray(best.x)[toys].copy(), np.asarray(best.chi2)[toys] + rise
    x[:, k] = end if np.isfinite(end) else side * 1e6
    data = Data(jnp.asarray(given.data.counts)[toys], jnp.asarray(given.data.pulls)[toys])
    held = given.moves & (jnp.arange(x.shape[1]) != k)
    witness = lowest_minima(given.likelihood, data, np.asarray(held), also=x, still=x).chi2
    for toy in np.flatnonzero(~(witness < target))[:3]:
        least, _ = slow_fit(given.likelihood, one(data, int(toy)), [x[toy]], held, given.corners)
        assert least < target[toy], (
            f"toy {toys[toy]} is excluded at {x[toy, k]}: {least - target[toy] + rise}"
        )
    assert np.mean(~(witness < target)) < 0.1


def least_around(given: Case, x: Reals, moves: NDArray[np.bool_]) -> Reals:
    """Return the least χ² of 240 points around each of ``x``.

    They are up to 0.05 away, but much closer where there may be corners and other minima between.
    """
    rng = np.random.default_rng(11)
    low, high = map(np.asarray, given.likelihood.bounds)
    directions = rng.normal(size=(240, x.shape[1]))
    directions /= np.linalg.norm(directions * moves, axis=1, keepdims=True) + 1e-300
    lengths = np.tile([1e-6, 1e-5, 1e-4] if given.corners else [1e-3, 0.01, 0.05], 80)[:, None]
    around = np.clip(x[:, None, :] + moves * lengths * directions, low, high)
    chi2 = np.asarray(chi2_around(given.likelihood, jnp.asarray(around), given.data))
    return np.nanmin(np.where(np.isnan(chi2), np.inf, chi2), axis=1)


def worst(given: Case, best: Minimum, excess: Reals) -> str:
    """Describe the data set that is worst."""
    toy = int(np.nanargmax(excess))
    counts, pulls = (np.asarray(part)[toy].tolist() for part in given.data)
    return f"toy {toy}: {excess[toy]:.3g} at {np.asarray(best.x)[toy]}, counts {counts}, pulls {pulls}"


def excess_over_scan(given: Case, name: str, scan: Reals) -> Reals:
    """Return by how much the best of many fits is above the least χ² with a parameter held at many values."""
    k = given.likelihood.index(name)
    held = given.moves & (jnp.arange(given.moves.size) != k)
    fits = [fit_ensemble(*given[:2], given.start.at[k].set(value), held) for value in scan]
    moves = np.asarray(given.moves)
    best = [search(given.likelihood, one(given.data, toy), moves).chi2 for toy in range(len(fits[0].chi2))]
    return np.array(best) - np.min([np.asarray(fit.chi2) for fit in fits], axis=0)


# --- slow and robust fits of some ----------------------------------------------------------------------


def slow_fit(
    likelihood: renp.Likelihood, data: Data, starts: Sequence[Any], moves: Any, corners: bool = False
) -> tuple[float, Reals]:
    """Return the least χ² from several starts, by L-BFGS-B, and beyond corners by Nelder and Mead."""
    low, high = map(np.asarray, likelihood.bounds)
    free = np.flatnonzero(np.asarray(moves))
    bounds = list(zip(low[free], high[free], strict=True))
    least, at = np.inf, np.asarray(starts[0], dtype=float)
    for start in starts:
        x = np.array(start, dtype=float)

        def cost(y: Reals, x: Reals = x) -> tuple[float, Reals]:
            x[free] = y
            value, slope = value_and_slope(likelihood, x, data)
            if not np.isfinite(value):
                return 1e30, np.zeros(free.size)
            return float(value), np.nan_to_num(np.asarray(slope)[free], posinf=0.0, neginf=0.0)

        found = [(cost(x[free])[0], x[free].copy())]
        if free.size:
            options = {"ftol": 1e-14, "gtol": 1e-9}
            fit = optimize.minimize(
                cost, x[free], jac=True, method="L-BFGS-B", bounds=bounds, options=options
            )
            found.append((fit.fun, fit.x))
        if free.size and corners:
            options = {"maxiter": 200 * free.size, "xatol": 1e-8, "fatol": 1e-9}
            simplex = {"method": "Nelder-Mead", "bounds": bounds, "options": options}
            fit = optimize.minimize(lambda y, cost=cost: cost(y)[0], found[-1][1], **simplex)
            found.append((fit.fun, fit.x))
        for value, y in found:
            if value < least:
                least, at = float(value), x.copy()
                at[free] = y
    return least, at


def check_some_slowly(given: Case, best: Minimum, found: Crossing, k: int, toys: Sequence[int]) -> None:
    """Fail where slow fits from several starts find less than a fit, or less than the rise at a crossing."""
    rng = np.random.default_rng(3)
    low, high = map(np.asarray, given.likelihood.bounds)
    others = np.asarray(given.moves) & (np.arange(low.size) != k)
    for toy in toys:
        data, x = one(given.data, toy), np.asarray(best.x)[toy]
        spread = np.asarray(given.moves) * rng.normal(size=(2, x.size))
        starts = [x, *np.clip(given.start + spread, low, high)]
        least, at = slow_fit(given.likelihood, data, starts, given.moves, given.corners)
        assert best.chi2[toy] < least + 10 * given.tolerance, (
            f"toy {toy}: {best.chi2[toy]} at {x}, {least} at {at}"
        )
        if found.status[toy] == CONVERGED:
            held = np.asarray(found.x)[toy]
            around = [held, *([np.where(np.arange(x.size) == k, held, start) for start in starts[1:]])]
            least, at = slow_fit(given.likelihood, data, around, others, given.corners)
            rise = least - float(best.chi2[toy])
            assert rise == pytest.approx(RISE, abs=20 * given.tolerance), (
                f"toy {toy} at {held}, least at {at}"
            )


def check_all(
    given: Case, k: int = 0, sides: Sequence[int] = (1, -1), slowly: Sequence[int] = (), failures: float = 0.0
) -> None:
    """Fit, search for both crossings, and check everything."""
    best = fit_ensemble(given.likelihood, given.data, given.start, given.moves)
    check_minima(given, best, failures)
    for side in sides:
        found = crossing_ensemble(given.likelihood, given.data, best, given.moves, k, side, RISE)
        check_crossings(given, best, found, k, side, failures=failures)
        check_some_slowly(given, best, found, k, slowly)


# --- rates ---------------------------------------------------------------------------------------------


def with_rates(days: Any = 10.0) -> renp.Likelihood:
    return renp.Likelihood(runs(days, background=1e-6), NU, MU, nuisances=RATES)


@pytest.mark.parametrize("signal", [0.0, 4e-11])
@pytest.mark.parametrize("days", [0.01, 0.1, 10.0, 1e4])
def test_a_moment_and_rates(days: float, signal: float) -> None:
    check_all(case(with_rates(days), truth={"mu": signal}), slowly=(0, 1))


def test_a_huge_exposure() -> None:
    """A million times the letter's: 10⁸ counts, of which the χ² must lose no digit that it needs."""
    check_all(case(with_rates(1e7)), slowly=(0,))


def test_a_huge_exposure_with_nothing_uncertain() -> None:
    check_all(case(renp.Likelihood(runs(1e7), NU, MU)), slowly=(0,))


def test_no_counts_at_all() -> None:
    """Far below every expectation: pulls of many σ."""
    for days in (0.01, 10.0):
        given = case(with_rates(days), Data(jnp.zeros((2, 7)), jnp.zeros((2, 8))))
        check_all(given, slowly=(0,))


def test_far_more_counts_than_expected() -> None:
    check_all(case(with_rates(10.0), Data(jnp.full((2, 7), 1e5), jnp.zeros((2, 8)))))


def test_runs_without_duration() -> None:
    check_all(case(with_rates([10.0, 0.0, 10.0, 0.0, 10.0, 10.0, 10.0])), slowly=(0,))


def test_no_duration_is_no_limit() -> None:
    given = case(with_rates(0.0))
    best = fit_ensemble(*given[:2], given.start, given.moves)
    check_minima(given, best)
    found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, 1, RISE)
    assert np.all(np.asarray(found.status) == NO_RISE)
    assert np.all(np.isposinf(found.value))


@pytest.mark.parametrize("rise", [1e-3, 1.0, 25.0])
def test_other_rises(rise: float) -> None:
    given = case(with_rates())
    best = fit_ensemble(*given[:2], given.start, given.moves)
    for side in (1, -1):
        found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, side, rise)
        check_crossings(given, best, found, 0, side, rise)


def test_a_rise_for_each_data_set() -> None:
    given = case(with_rates())
    best = fit_ensemble(*given[:2], given.start, given.moves)
    rises = np.linspace(0.5, 9.0, TOYS)
    found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, 1, rises)
    risen = chi2_of_each(given.likelihood, jnp.asarray(found.x), given.data) - np.asarray(best.chi2)
    assert np.asarray(risen) == relative(rises, rel=1e-7)


def test_intervals_of_a_nuisance() -> None:
    """Any parameter has crossings: here those of the normalisation, on both sides."""
    given = case(with_rates())
    best = fit_ensemble(*given[:2], given.start, given.moves)
    for side in (1, -1):
        found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 1, side, RISE)
        check_crossings(given, best, found, 1, side)
        assert np.all(np.asarray(found.status) == CONVERGED)


def test_parameters_that_do_not_move_stay() -> None:
    likelihood = with_rates()
    given = case(likelihood, held=("normalisation", "background_3"))
    best = fit_ensemble(*given[:2], given.start, given.moves)
    check_minima(given, best)
    found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, 1, RISE)
    check_crossings(given, best, found, 0, 1)
    for x in (best.x, found.x):
        assert np.all(np.asarray(x)[:, [1, 4]] == np.asarray(given.start)[jnp.array([1, 4])])


def test_starts_far_away() -> None:
    given = case(with_rates())
    best = fit_ensemble(*given[:2], given.start, given.moves)
    far = jnp.array([1e3, *(8 * [3.0])])
    again = fit_ensemble(*given[:2], far, given.moves)
    assert np.all(np.asarray(again.status) == CONVERGED)
    assert np.asarray(again.chi2) == pytest.approx(np.asarray(best.chi2), abs=1e-9)


# --- counts that cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize("nuisances", [renp.Nuisances(), renp.Nuisances(normalisation_error=0.05)])
def test_a_count_where_nothing_can_be_expected(nuisances: renp.Nuisances) -> None:
    """No parameter can describe it: the χ² is infinite, and no limit is claimed."""
    likelihood = renp.Likelihood(runs(energies=[1.068, 1.0712, 1.0717]), NU, MU, nuisances=nuisances)
    pulls = jnp.zeros((2, len(likelihood.constrained)))
    given = case(likelihood, Data(jnp.array([[117.0, 77.0, 0.0], [117.0, 77.0, 1.0]]), pulls))
    best = fit_ensemble(*given[:2], given.start, given.moves)
    assert best.status[0] == CONVERGED
    assert np.isposinf(best.chi2[1])
    for side in (1, -1):
        found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, side, RISE)
        assert found.status[1] == NOT_CONVERGED


def test_runs_beyond_all_thresholds() -> None:
    """Only background: nothing is learnt about the moment."""
    likelihood = renp.Likelihood(
        runs(energies=[1.0717, 1.0718], background=1e-5),
        NU,
        MU,
        nuisances=renp.Nuisances(background_error=0.1),
    )
    given = case(likelihood)
    best = fit_ensemble(*given[:2], given.start, given.moves)
    check_minima(given, best)
    found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, 1, RISE)
    assert np.all(np.asarray(found.status) == NO_RISE)


# --- couplings that interfere ---------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0.01, 0.1, 10.0])
@pytest.mark.parametrize("mass", [0.0, 0.2, 1e3])
def test_a_signed_coupling(mass: float, days: float) -> None:
    """Counts are a square of the coupling, with its least value away from zero.

    Where counts are low, their expectation at its least is what fits best: there only its curvature tells
    where the minimum is.
    """
    unit = {"g": renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})}
    likelihood = renp.Likelihood(runs(days), NU, unit, nuisances=renp.Nuisances(normalisation_error=0.05))
    assert likelihood.parameters[0].kind == "coupling"
    check_all(case(likelihood), slowly=(0, 3))


def test_the_better_of_two_minima() -> None:
    """In two places the counts are alike; which fits better is decided by the runs together."""
    unit = {"g": renp.VectorMediator(0.05, 1.0, left={(1, 1): 1.0})}
    with pytest.warns(renp.PoleWarning):
        likelihood = renp.Likelihood(runs(), NU, unit, nuisances=renp.Nuisances(normalisation_error=0.05))
    given = case(likelihood, toys=20)
    assert np.max(excess_over_scan(given, "g", np.linspace(-3, 4, 36))) < SMOOTH


@pytest.mark.parametrize("signal", [0.0, 6e-11])
def test_couplings_that_interfere_with_each_other_alone(signal: float) -> None:
    """Where both are zero the χ² has no slope: a minimum for a deficit, but a summit for an excess."""
    units = MU | {"radius": renp.ChargeRadius({(1, 1): 1.0})}
    likelihood = renp.Likelihood(runs(), NU, units)
    assert [p.kind for p in likelihood.parameters] == ["coupling", "coupling"]
    check_all(case(likelihood, truth={"mu": signal}), slowly=(0, 1, 2))


def test_twelve_moments_and_seven_runs() -> None:
    """More parameters than counts: many points describe the data equally well."""
    elements = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)]
    units = {
        f"{kind.kind}_{i}{j}": kind({(i, j): 1.0})
        for kind in (renp.MagneticMoment, renp.ElectricMoment)
        for i, j in elements
    }
    likelihood = renp.Likelihood(runs(), NU, units, nuisances=renp.Nuisances(normalisation_error=0.05))
    assert {p.kind for p in likelihood.parameters[:12]} == {"magnitude"}
    for truth in ({}, {"magnetic-moment_12": 5e-11, "electric-moment_33": 5e-11}):
        given = case(likelihood, truth=truth)
        check_all(given, k=0, sides=(1,), slowly=(0,))
        check_all(given, k=11)


# --- thresholds ------------------------------------------------------------------------------------------


def at_thresholds(calibration: float, distance: float, days: float, background: float) -> renp.Likelihood:
    """Return runs close to the thresholds, which the calibration shifts across them, and one far away."""
    edges = np.unique(np.asarray(renp.thresholds(YB, NU)))[1:]
    signs = np.array([1, -1, 1, -1, 1])
    experiment = runs(days, [*(edges + signs * distance), edges[0] + distance, 1.068], background=background)
    nuisances = renp.Nuisances(
        free=("lightest_mass",), calibration_error=calibration, normalisation_error=0.05
    )
    return renp.Likelihood(experiment, NU, MU, nuisances=nuisances)


@pytest.mark.parametrize("background", [0.0, 1e-7])
@pytest.mark.parametrize("days", [0.1, 10.0])
@pytest.mark.parametrize("calibration", [1e-5, 1e-4, 1e-3])
def test_runs_at_thresholds_that_shift(calibration: float, days: float, background: float) -> None:
    """Runs open and close as the calibration moves: a χ² with corners and, without background, walls.

    Of so wild a function a local minimum is asked for, and 2 % may fail if they say so.
    """
    likelihood = at_thresholds(calibration, 1e-6, days, background)
    check_all(case(likelihood, tolerance=CORNER, held=("lightest_mass",)), failures=0.02)


@pytest.mark.parametrize("days", [0.1, 10.0])
@pytest.mark.parametrize("calibration", [1e-5, 1e-4])
def test_the_best_of_many_minima(calibration: float, days: float) -> None:
    """A limit counts from the least χ² of all; that of another minimum would exclude too little."""
    likelihood = at_thresholds(calibration, 1e-6, days, 1e-7)
    given = case(likelihood, tolerance=CORNER, held=("lightest_mass",), toys=20)
    excess = excess_over_scan(given, "calibration", np.linspace(-3, 3, 61))
    assert np.max(excess) < 0.01, excess


@pytest.mark.parametrize("days", [0.1, 10.0])
@pytest.mark.parametrize("mass", [0.001, 0.01, 0.03, 0.06])
def test_a_free_mass(mass: float, days: float) -> None:
    """The letter's runs close one after the other as the mass grows; at 0.09 eV all are closed."""
    likelihood = renp.Likelihood(runs(days, background=1e-7), renp.Neutrinos(mass), MU, nuisances=SHIFTS)
    given = case(likelihood, tolerance=CORNER, held=("calibration",))
    check_all(given, failures=0.02)
    check_all(given, k=likelihood.index("lightest_mass"), failures=0.02)


@pytest.mark.parametrize("days", [0.1, 10.0])
@pytest.mark.parametrize("mass", [0.001, 0.01, 0.03, 0.06])
def test_the_best_mass(mass: float, days: float) -> None:
    likelihood = renp.Likelihood(runs(days, background=1e-7), renp.Neutrinos(mass), MU, nuisances=SHIFTS)
    given = case(likelihood, tolerance=CORNER, held=("calibration",), toys=20)
    excess = excess_over_scan(given, "lightest_mass", np.linspace(0, 10, 51))
    assert np.max(excess) < 0.01, excess


@pytest.mark.parametrize("days", [0.1, 10.0])
@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_oscillation_parameters(ordering: str, days: float) -> None:
    nuisances = renp.Nuisances("all", normalisation_error=0.05, background_error=0.1)
    neutrinos = renp.Neutrinos(0.01, ordering)
    likelihood = renp.Likelihood(runs(days, background=1e-6), neutrinos, MU, nuisances=nuisances)
    check_all(case(likelihood), slowly=(0, 1))


# --- all at once or one at a time -------------------------------------------------------------------------


def test_ensembles_are_single_fits() -> None:
    given = case(with_rates(0.1), toys=20)
    best = fit_ensemble(*given[:2], given.start, given.moves)
    found = crossing_ensemble(given.likelihood, given.data, best, given.moves, 0, 1, RISE)
    fit = jax.jit(lambda d: minimise(given.likelihood, d, given.start, given.moves))
    cross = jax.jit(lambda d, b: crossing(given.likelihood, d, b, given.moves, 0, 1.0, RISE))
    for toy in range(20):
        single = fit(one(given.data, toy))
        limit = cross(one(given.data, toy), single)
        assert float(single.chi2) == pytest.approx(float(best.chi2[toy]), rel=1e-10, abs=1e-12)
        assert float(limit.value) == relative(float(found.value[toy]), rel=1e-7)


@pytest.mark.parametrize("chunk", [1, 3, 7, 64, 1000])
def test_chunks_do_not_matter(chunk: int) -> None:
    given = case(with_rates(), toys=20)
    best = fit_ensemble(*given[:2], given.start, given.moves)
    fit = jax.jit(jax.vmap(lambda d: minimise(given.likelihood, d, given.start, given.moves)))
    parts = in_chunks(fit, given.data, chunk)
    assert np.asarray(parts.chi2) == relative(np.asarray(best.chi2), rel=1e-10)
    assert np.array_equal(parts.status, best.status)


@pytest.mark.parametrize("number", [1, 2, 63, 64, 65, 513])
def test_numbers_of_data_sets(number: int) -> None:
    given = case(with_rates(), toys=4097)
    every = fit_ensemble(*given[:2], given.start, given.moves)
    some = Data(given.data.counts[:number], given.data.pulls[:number])
    best = fit_ensemble(given.likelihood, some, given.start, given.moves)
    assert best.x.shape == (number, 9)
    assert np.asarray(best.chi2) == relative(np.asarray(every.chi2)[:number], rel=1e-12)


def test_a_data_set_does_not_disturb_its_neighbours() -> None:
    """One that takes many steps is among others that take few."""
    given = case(with_rates(), toys=20)
    best = fit_ensemble(*given[:2], given.start, given.moves)
    counts = np.array(given.data.counts)
    counts[7] = [0, 1e6, 0, 1e6, 0, 1e6, 0]
    disturbed = fit_ensemble(given.likelihood, Data(counts, given.data.pulls), given.start, given.moves)
    others = np.arange(20) != 7
    assert np.asarray(disturbed.chi2)[others] == relative(np.asarray(best.chi2)[others], rel=1e-12)
