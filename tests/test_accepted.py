"""All that a coupling may be, against a scan of expected counts in NumPy; all interfaces say the same."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import runs
from relative import relative
from renp.inference.accepted import accepted, along_coupling, exact_sets
from renp.inference.crossings import _Path
from renp.inference.ensembles import fit_ensemble
from renp.inference.newton import NOT_CONVERGED, Crossing
from renp.inference.quadratic_set import Along, quadratic_set
from renp.inference.upper_limits import delta_chi2

YB = renp.Atom.named("Yb")
DAY = 86400.0
RISE = delta_chi2(0.9)
POINTS = 40_000


def hermitian(rng: np.random.Generator) -> np.ndarray:
    """Return a random matrix, some of whose elements are 0."""
    matrix = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    matrix = matrix * (rng.random((3, 3)) < 0.5) + np.diag(rng.normal(size=3))
    return (matrix + matrix.conj().T) / 2


def mass(rng: np.random.Generator) -> float:
    """Return a mass that is not on shell in a run, eV."""
    return float(rng.choice([1e-3, 10 ** rng.uniform(0, 4)]))


KINDS: dict[str, Callable[[np.random.Generator], renp.Interaction]] = {
    "vector left": lambda r: renp.VectorMediator(mass(r), 1.0, left=hermitian(r)),
    "vector right": lambda r: renp.VectorMediator(mass(r), 1.0, right=hermitian(r)),
    "scalar": lambda r: renp.ScalarMediator(mass(r), 1.0, scalar=hermitian(r)),
    "charge": lambda r: renp.Charge(hermitian(r)),
    "own": lambda r: renp.Couplings(V=hermitian(r), A=hermitian(r)),
}


def random_model(kind: str, seed: int) -> tuple[renp.Experiment, renp.Neutrinos, renp.Interaction]:
    """Return runs, a third of them without counts, neutrinos and an interaction."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    interaction = KINDS[kind](rng)
    nu = renp.Neutrinos(rng.uniform(0.0, 0.05), str(rng.choice(["normal", "inverted"])))
    setting: dict[str, Any] = {
        "photon_energy": rng.uniform(1.0, 1.0705, 4),
        "duration": 10 ** rng.uniform(-1, 2.5, 4) * DAY,
        "background": rng.choice([0.0, 1.0], 4) * 10 ** rng.uniform(-7, -4, 4),
    }
    experiment = renp.Experiment(YB, renp.Target(), **setting)
    if seed % 3:
        mean = np.asarray(renp.expected_counts(experiment, nu))
        counts = rng.poisson(mean * (rng.uniform(0.7, 1.3) if seed % 3 == 2 else 1.0))
        experiment = renp.Experiment(YB, renp.Target(), counts=counts.astype(float), **setting)
    return experiment, nu, interaction


def scanned(
    experiment: renp.Experiment, nu: renp.Neutrinos, interaction: renp.Interaction
) -> list[tuple[float, float]]:
    """Return what is accepted of the interaction's strength, by a scan and bisection."""

    def mean(g: float) -> np.ndarray:
        return np.asarray(renp.expected_counts(experiment, nu, renp.Weak() + g * interaction))

    null, unit = mean(0.0), 1.0
    while not 0.1 < (change := np.sum(mean(unit) + mean(-unit) - 2 * null) / np.sum(null)) < 10:
        unit *= 0.5 * change**-0.5  # in which square and standard model are of one size
    linear, square = (mean(unit) - mean(-unit)) / 2, (mean(unit) + mean(-unit)) / 2 - null
    assert null - 0.7 * linear + 0.49 * square == relative(mean(-0.7 * unit), rel=1e-9)
    counts = null if experiment.counts is None else np.asarray(experiment.counts)

    def chi2(t: np.ndarray) -> np.ndarray:
        n = np.maximum(null + t[:, None] * (linear + t[:, None] * square), 1e-300)
        logs = np.where(counts > 0, counts * np.log(np.where(counts > 0, counts, 1.0) / n), 0.0)
        return 2 * np.sum(n - counts + logs, axis=1)

    far = 10.0
    while np.any(chi2(np.array([-far, far])) < np.min(chi2(np.linspace(-far, far, 2001))) + 10 * RISE):
        far *= 1.5
    t = np.linspace(-far, far, POINTS)
    y = chi2(t)
    turns = 1 + np.flatnonzero((y[1:-1] - y[:-2]) * (y[2:] - y[1:-1]) <= 0)
    for place in turns.tolist():
        low, high, sign = t[place - 1], t[place + 1], 1 if y[place] <= y[place - 1] else -1
        for _ in range(8):
            near = np.linspace(low, high, 21)
            k = np.argmin(sign * chi2(near))
            low, high = near[max(k - 1, 0)], near[min(k + 1, 20)]
        t = np.append(t, near[k])
    t = np.sort(t)
    height = chi2(t) - np.min(chi2(t)) - RISE
    least = np.min(chi2(t))
    cells = np.flatnonzero((height[1:] > 0) != (height[:-1] > 0))
    inside, outside = (
        np.where((height[cells] <= 0) == first, t[cells], t[cells + 1]) for first in (True, False)
    )
    for _ in range(70):
        middle = (inside + outside) / 2
        within = chi2(middle) - least <= RISE
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    ends = unit * inside
    return list(zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True))


def compare(kind: str, seed: int) -> int:
    """Compare accepted sets; return the number of intervals."""
    experiment, nu, interaction = random_model(kind, seed)
    expected = scanned(experiment, nu, interaction)
    likelihood = renp.Likelihood(experiment, nu, {"g": interaction})
    data = likelihood.asimov(likelihood.point()) if experiment.counts is None else likelihood.data
    found = accepted(likelihood, jax.tree.map(lambda a: a[None], data), np.array([True]), 0, RISE)
    parameter = likelihood.parameters[0]
    mine = float(parameter.plus) * np.asarray(found.intervals[0])
    mine = mine[np.isfinite(mine[:, 0])]
    if parameter.kind == "magnitude":
        expected = [(max(low, 0.0), high) for low, high in expected if high > 0]
    assert len(mine) == len(expected), (kind, seed)
    # An end near 0 is a difference of larger numbers: relative to the set's size.
    size = np.max(np.abs(mine))
    np.testing.assert_allclose(
        mine, np.array(expected), rtol=1e-9, atol=1e-9 * size, err_msg=f"{kind} {seed}"
    )
    assert bool(found.good[0])
    return len(mine)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_accepted_sets_are_those_of_a_scan(kind: str) -> None:
    for seed in range(4):
        compare(kind, seed)


@pytest.mark.slow
def test_accepted_sets_of_200_models_are_those_of_a_scan() -> None:
    numbers = [compare(kind, seed) for kind in KINDS for seed in range(40)]
    assert 1 < np.mean(numbers) < 2


def left(mass: float) -> renp.Interaction:
    return renp.VectorMediator(mass, 1.0, left={(1, 2): 1.0})


NU = renp.Neutrinos(0.01)
LIGHT = {"vector-mediator": {"12": left(1e3)}}


@pytest.mark.parametrize(("mass", "solutions"), [(1e-3, 1), (1.0, 2), (1e3, 2)])
def test_limits_reach_and_a_scan_say_the_same(mass: float, solutions: int) -> None:
    """Far below q² the counts of different runs return at different strengths: no second solution."""
    found = renp.upper_limits(runs(), NU, couplings={"vector-mediator": {"12": left(mass)}})
    every = scanned(runs(), NU, left(mass))
    assert len(every) == solutions
    mine = found.accepted["vector-mediator"]["12"]
    np.testing.assert_allclose(sorted(mine), every, rtol=1e-9)
    assert mine[0][0] < 0 < mine[0][1]  # the best fit's first
    limit = found.limits["vector-mediator"]["12"]
    assert limit == max(abs(end) for ends in mine for end in ends)
    ends = {
        sign: float(renp.reach(runs(), NU, left, np.array([mass]), sign=sign)[0])
        for sign in ("either", "negative", "positive")
    }
    assert ends == {sign: relative(found.limit("vector-mediator", "12", sign), rel=1e-11) for sign in ends}
    assert ends["either"] == relative(limit, rel=1e-11)


def test_a_second_solution_is_said_with_its_reason() -> None:
    found = renp.upper_limits(runs(), NU, couplings=LIGHT)
    assert found.second_solutions["vector-mediator"]["12"] < 1e-6
    for text in (str(found), found.title):
        assert "the square outweighs the interference" in text
        assert "no experiment of this kind excludes" in text
    content = found.json()
    assert content["accepted"]["vector-mediator"]["12"] == [
        list(ends) for ends in found.accepted["vector-mediator"]["12"]
    ]
    assert set(content["second_solutions"]) == {"vector-mediator"}
    heavy = renp.upper_limits(
        runs(), NU, couplings={"magnetic-moment 11": renp.MagneticMoment({(1, 1): 1.0})}
    )
    assert "second" not in heavy.title
    assert not heavy.second_solutions


@pytest.mark.parametrize("truth", [5.7e-18, -2e-18, 3.6e-19, 9e-18, 1.6e-17])
def test_what_made_the_counts_is_accepted(truth: float) -> None:
    """Also where the counts are far below those without the coupling."""
    counts = np.round(np.asarray(renp.expected_counts(runs(), NU, renp.Weak() + truth * left(1e3))))
    found = renp.upper_limits(runs(counts=counts), NU, couplings=LIGHT)
    mine = found.accepted["vector-mediator"]["12"]
    assert any(low <= truth <= high for low, high in mine)
    assert len(mine) in (1, 2)
    assert found.limits["vector-mediator"]["12"] >= abs(truth)
    assert found.p_values is not None
    assert found.p_values["vector-mediator"]["12"] > 0.9


@pytest.mark.slow
def test_newton_finds_what_is_exact() -> None:
    """An error that is next to nothing takes the search by Newton's method to the same ends."""
    none = renp.upper_limits(runs(), NU, couplings=LIGHT).accepted["vector-mediator"]["12"]
    tiny = renp.Nuisances(normalisation_error=1e-7)
    found = renp.upper_limits(runs(), NU, couplings=LIGHT, nuisances=tiny).accepted["vector-mediator"]["12"]
    np.testing.assert_allclose(found, none, rtol=1e-7)


@pytest.mark.slow
def test_a_search_that_went_astray_ends_before_the_second_solution() -> None:
    """Its steps may not leap over what is excluded, wherever Newton's method was when it gave up."""
    likelihood = renp.Likelihood(runs(), NU, LIGHT, nuisances=renp.Nuisances(normalisation_error=1e-7))
    data = jax.tree.map(lambda a: np.asarray(a)[None], likelihood.asimov(likelihood.point()))
    moves = np.array([True, True])
    best = fit_ensemble(likelihood, data, likelihood.point(), moves)
    [(_, end), (begin, _)] = np.asarray(accepted(likelihood, data, moves, 0, RISE).intervals)[0, :2].tolist()
    lost = Crossing(np.array([np.nan]), np.array([[begin / 2, 0.0]]), np.array([NOT_CONVERGED]))
    found = _Path(likelihood, data, best, np.array([RISE]), moves, 0, 1.0).nearer(lost)
    assert float(found.value[0]) == relative(end, rel=1e-6)


@pytest.mark.slow
def test_ends_have_the_slope_of_what_they_solve() -> None:
    along = Along(*map(jnp.array, ([90.0, 40.0], [-30.0, -20.0], [4.0, 3.0])))
    counts = jnp.array([97.0, 35.0])

    def ends(shift: jax.Array) -> jax.Array:
        there = along._replace(linear=along.linear * (1 + shift))
        return quadratic_set(there, counts * (1 + shift / 2), RISE + shift).intervals[:1]

    step = 1e-5
    slopes = jax.jacfwd(ends)(jnp.array(0.0))
    differences = (ends(jnp.array(step)) - ends(jnp.array(-step))) / (2 * step)
    assert np.asarray(slopes) == relative(np.asarray(differences), rel=1e-6)
    assert np.asarray(jax.jacrev(ends)(jnp.array(0.0))) == relative(np.asarray(slopes), rel=1e-12)


def test_a_set_that_is_not_a_number_shows() -> None:
    along = Along(*map(jnp.array, ([90.0], [-30.0], [jnp.nan])))
    found = jax.jit(quadratic_set)(along, along.null, RISE)
    assert bool(jnp.all(jnp.isnan(found.intervals)))
    assert not found.good


@pytest.mark.slow
def test_curves_over_the_exposure_are_those_of_limits() -> None:
    curves = renp.limit_curves(runs(1.0), NU, exposure=[1.0, 30.0]).by_element
    for k, days in enumerate((1.0, 30.0)):
        limits = renp.upper_limits(runs(days), NU).limits
        for kind, of_kind in limits.items():
            for element, limit in of_kind.items():
                assert curves[kind][element][k] == relative(limit, rel=1e-11)


def test_what_is_expected_of_a_coupling_with_a_sign_is_the_median() -> None:
    """The data without fluctuations are the luckiest: others have one of their ends further away."""
    universal = {"g": renp.VectorMediator(1e3, 1.0, right={(k, k): 1.0 for k in (1, 2, 3)})}
    with_bands = renp.upper_limits(runs(), NU, couplings=universal, bands=True)
    without = renp.upper_limits(runs(), NU, couplings=universal)
    (kind,) = with_bands.limits
    assert with_bands.bands is not None
    band, expected = with_bands.bands[kind]["g"], with_bands.expected[kind]["g"]
    assert band[1] < expected == band[2] < band[3]
    assert without.expected[kind]["g"] == expected


@pytest.mark.slow
@pytest.mark.parametrize("share", [-0.3, 0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0, 1.02, 1.3])
def test_coverage_on_either_side_of_the_mirror(share: float) -> None:
    """Truths as shares of the coupling at which the counts return; the fewest counts are at a half."""
    sets = 20_000
    likelihood = renp.Likelihood(runs(30.0), NU, LIGHT)
    along = along_coupling(likelihood, 0)
    truth = share * float(-along.linear[0] / along.square[0])
    counts = np.random.default_rng(7).poisson(np.asarray(along.at(truth)), (sets, len(along.null)))
    found = exact_sets(along, counts, RISE)
    assert bool(np.all(found.good))
    intervals = np.asarray(found.intervals)
    covered = np.mean(np.any((intervals[..., 0] <= truth) & (truth <= intervals[..., 1]), axis=1))
    assert abs(covered - 0.9) < 4 * np.sqrt(0.9 * 0.1 / sets)
