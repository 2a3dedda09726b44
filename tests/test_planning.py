"""Plans: optimal by other means, as good by the likelihood itself as they say, within their constraints."""

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from numpy.typing import NDArray

import renp
from cases import DAY, YB
from relative import relative
from renp.cli import main
from renp.inference.quadratic_set import Along
from renp.papers.letter import setup
from renp.planning.aims import AIMS
from renp.planning.candidates import laser_range
from renp.planning.curves import Counted
from renp.planning.design import Cuts, best_shares, few_lines, upper_bound
from renp.planning.rates import BLOCK, Rates, joined
from renp.results.plan import Plan
from renp.scenario import Scenario, preset_text
from renp.scenario.write import to_text

RISE = 2.705543454095404
RUNS, NU = setup().experiment, setup().neutrinos

Reals = NDArray[np.float64]


@cache
def letters_plan(elements: str) -> Plan:
    return renp.plan("limits", RUNS, NU, elements=elements)


def runs_of(plan: Plan, background: float = 0.0) -> renp.Experiment:
    return renp.Experiment(RUNS.atom, RUNS.target, plan.photon_energy, plan.duration, background)


# --- the optimum --------------------------------------------------------------------------------------------


@pytest.mark.sampled
@pytest.mark.parametrize("elements", ["magnetic-moment", "electric-moment", "both"])
def test_plans_for_the_letters_target(elements: str) -> None:
    """Each is ahead of the letter's plan, and proves that no other is ahead of it by more than 10⁻⁴."""
    plan = letters_plan(elements)
    assert plan.optimality_gap <= 1e-4
    assert plan.duration.sum() == relative(70 * DAY, rel=1e-9)
    own = plan.reference_limits
    assert own is not None
    assert plan.reached < 0.75 * max(own.values())
    assert max(plan.limits.values()) == relative(plan.reached, rel=1e-6)


@pytest.mark.sampled
@pytest.mark.parametrize("elements", ["magnetic-moment", "electric-moment", "both"])
def test_limits_of_a_plan_are_those_of_the_full_likelihood(elements: str) -> None:
    plan = letters_plan(elements)
    exact = renp.upper_limits(runs_of(plan), NU, 0.90)
    for name, limit in plan.limits.items():
        kind, label = name.split()
        assert limit == relative(exact.limits[kind][label], rel=1e-6)


def worst_limits(signals: Reals, null: Reals, times: Reals) -> Reals:
    """Return the worst limit for each row of times, by bisection: no code of the package.

    Parameters
    ----------
    signals
        Counts a second of each element at 1e-11 μ_B, shape (elements, n).
    null
        Counts a second without, shape (n,).
    times
        Shape (plans, n), s.
    """
    low = np.zeros((times.shape[0], signals.shape[0]))
    high = np.full(low.shape, 400.0)  # of the square, in units of 1e-22
    for _ in range(50):
        middle = (low + high) / 2
        signal = middle[..., None] * signals
        rise = 2 * np.sum(times[:, None, :] * (signal - null * np.log1p(signal / null)), axis=-1)
        low, high = np.where(rise < RISE, middle, low), np.where(rise < RISE, high, middle)
    return 1e-11 * np.sqrt(np.max(high, axis=1))


def rates(energies: Reals, kinds: tuple[type, ...]) -> tuple[Reals, Reals]:
    runs = renp.Experiment(RUNS.atom, RUNS.target, energies, 1.0)
    null = np.asarray(renp.expected_counts(runs, NU))
    pairs = [(i, j) for i in (1, 2, 3) for j in range(i, 4)]
    signals = [
        np.asarray(renp.expected_counts(runs, NU, renp.Weak() + kind({pair: 1e-11}))) - null
        for kind in kinds
        for pair in pairs
    ]
    return np.array(signals), null


@pytest.mark.slow
@pytest.mark.parametrize(
    ("elements", "kinds"),
    [
        ("magnetic-moment", (renp.MagneticMoment,)),
        ("electric-moment", (renp.ElectricMoment,)),
        ("both", (renp.MagneticMoment, renp.ElectricMoment)),
    ],
)
def test_brute_force_finds_nothing_better(elements: str, kinds: tuple[type, ...]) -> None:
    """All pairs and triples of photon energies with their shares of time on a grid."""
    plan = letters_plan(elements)
    edges = plan.thresholds[plan.thresholds > 1.0]
    coarse = np.concatenate([np.linspace(1.0, 1.0716, 14), edges - 1e-6, edges + 1e-6, plan.photon_energy])
    energies = np.unique(coarse)
    energies = energies[energies < 1.07165]
    signals, null = rates(energies, kinds)
    seen = null > 0
    signals, null, energies = signals[:, seen], null[seen], energies[seen]
    fine = np.linspace(0, 1, 21)
    pairs = np.array([(a, 1 - a) for a in fine])
    triples = np.array([(a, b, 1 - a - b) for a in fine[1:-1:2] for b in fine[1:-1:2] if a + b < 0.999])
    best = np.inf
    for shares in (pairs, triples):
        for lines in combinations(range(energies.size), shares.shape[1]):
            found = worst_limits(signals[:, lines], null[list(lines)], 70 * DAY * shares)
            best = min(best, float(found.min()))
    assert best > plan.reached * (1 - plan.optimality_gap)
    assert best < 1.1 * plan.reached  # the search was near enough to be worth something


def test_no_photon_energy_is_worth_more_than_those_of_the_plan() -> None:
    """Kiefer's and Wolfowitz's equivalence theorem: the worth is largest where the runs are."""
    for elements in ("magnetic-moment", "electric-moment", "both"):
        plan = letters_plan(elements)
        assert np.max(plan.worth) == pytest.approx(1.0, abs=1e-12)
        at_runs = np.interp(plan.photon_energy, plan.candidates, plan.worth)
        assert at_runs == pytest.approx(1.0, abs=1e-4)


def test_shares_and_their_proof() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        cuts = Cuts(rng.uniform(0, 1, (4, 30)), rng.uniform(0, 0.2, 4))
        found = best_shares(cuts)
        assert found.bound == relative(found.value, rel=1e-9)
        assert found.weights.sum() == relative(1.0, rel=1e-12)
        others = rng.dirichlet(np.ones(30), 200)
        assert np.all(np.min(others @ cuts.gain.T + cuts.constant, axis=1) <= found.value + 1e-12)
        prices = rng.dirichlet(np.ones(4))
        assert upper_bound(cuts, prices) >= found.value - 1e-12


def test_few_lines_are_the_best_of_all_pairs() -> None:
    rng = np.random.default_rng(7)
    cuts = Cuts(rng.uniform(0, 1, (3, 9)), np.zeros(3))
    found = few_lines(cuts, 2, 0.2)
    assert found is not None
    shares = np.linspace(0.2, 0.8, 601)
    best = max(
        np.max(np.min(cuts.gain[:, [i]] * shares + cuts.gain[:, [j]] * (1 - shares), axis=0))
        for i in range(9)
        for j in range(9)
        if i != j
    )
    single = np.max(np.min(cuts.gain, axis=0))
    assert found.value == pytest.approx(max(best, single), abs=1e-3)
    assert found.value >= max(best, single) - 1e-9


# --- aims ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_sign() -> Plan:
    yb = renp.Atom.named("Yb", "full")
    runs = renp.Experiment(yb, renp.Target(), [1.069, 1.069], 35 * DAY, 1e-6, polarisation=["left", "right"])
    one = {"mu": renp.MagneticMoment({(3, 3): 1.0}), "eps": renp.ElectricMoment({(3, 3): 1.0})}
    few = renp.Constraints(candidates=100, laser_range=(1.05, None), clearance=1e-6)
    return renp.plan("sign", runs, NU, couplings=one, strength=3e-11, constraints=few)


@pytest.mark.slow
def test_the_sign_of_a_moment_is_told_by_light_of_both_helicities(of_sign: Plan) -> None:
    """As the likelihood of the plan's runs says, with any size of the other sign; ε_33 has none."""
    assert list(of_sign.limits) == ["+mu", "-mu"]
    assert set(of_sign.polarisation or ()) == {"left", "right"}
    runs = renp.Experiment(
        renp.Atom.named("Yb", "full"),
        renp.Target(),
        of_sign.photon_energy,
        of_sign.duration,
        1e-6,
        polarisation=of_sign.polarisation,
    )
    likelihood = renp.Likelihood(runs, NU, {"mu": renp.MagneticMoment({(3, 3): 1.0})})
    chi2 = jax.jit(jax.vmap(likelihood.chi2, in_axes=(0, None)))
    sizes = np.concatenate([np.linspace(0, 1, 1001), np.linspace(1, 4, 1001)])
    for sign in (1, -1):
        data = likelihood.asimov(likelihood.point(mu=sign * 3e-11))
        points = np.array([likelihood.point(mu=-sign * 3e-11 * x) for x in (0.0, 1.0)])
        least = np.min(chi2(points[0] + sizes[:, None] * (points[1] - points[0]), data))
        assert of_sign.limits["+mu" if sign > 0 else "-mu"] == relative(np.sqrt(least), rel=1e-5)
        longer = likelihood.with_exposure(of_sign.exposure / (70 * DAY))
        data = longer.asimov(longer.point(mu=sign * 3e-11))
        chi2_then = jax.jit(jax.vmap(longer.chi2, in_axes=(0, None)))
        least = np.min(chi2_then(points[0] + sizes[:, None] * (points[1] - points[0]), data))
        assert np.sqrt(least) > 3 * (1 - 1e-5)
    assert of_sign.optimality_gap < 1e-4
    text = '[atom]\nname = "Yb"\napproximation = "full"\n[neutrinos]\nlightest_mass = "0.01 eV"\n'
    written = Scenario.from_text(Scenario.from_text(text).planned(of_sign))
    assert written.experiment.runs.lights == of_sign.polarisation
    assert of_sign.reference is not None
    assert of_sign.reached > min(of_sign.reference_limits.values()) > 0


def test_a_sign_that_no_light_sees_has_no_plan() -> None:
    electric = {"eps": renp.ElectricMoment({(3, 3): 1.0})}
    runs = renp.Experiment(renp.Atom.named("Yb", "full"), renp.Target(), [1.069], DAY)
    few = renp.Constraints(candidates=50)
    with pytest.raises(renp.InputError, match="some whose sign light of a helicity sees"):
        renp.plan("sign", runs, NU, couplings=electric, constraints=few)
    with pytest.raises(renp.InputError, match="must be linear where spins are averaged"):
        renp.plan("sign", RUNS, NU, constraints=few)
    with pytest.raises(renp.InputError, match="polarisations = 'circular': must be 'left' or 'right'"):
        renp.plan("limits", runs, NU, constraints=renp.Constraints(polarisations=["circular"]))


@pytest.mark.slow
def test_a_plan_that_chooses_among_lights_is_no_worse_than_those_with_one() -> None:
    yb = renp.Atom.named("Yb", "full")
    one = {"mu": renp.MagneticMoment({(3, 3): 1.0})}
    reached = {}
    for lights in (("left", "right"), ("left",), ("right",), ()):
        few = renp.Constraints(candidates=60, laser_range=(1.05, None), polarisations=lights)
        light = "left" if not lights else None
        runs = renp.Experiment(yb, renp.Target(), [1.069], 70 * DAY, polarisation=light)
        plan = renp.plan("limits", runs, NU, couplings=one, constraints=few)
        reached[lights] = plan.reached
        assert set(plan.polarisation or ()) <= set(lights or ("left",))
    assert reached[()] == relative(reached[("left",)], rel=1e-6)
    assert reached[("left", "right")] <= min(reached[("left",)], reached[("right",)]) * (1 + 1e-6)


def test_orderings_are_told_apart_as_the_comparison_says() -> None:
    plan = renp.plan("ordering", RUNS, NU, constraints=renp.Constraints(candidates=400))
    both = {
        ordering: renp.Likelihood(runs_of(plan), renp.Neutrinos(0.01, ordering, release=NU.release))
        for ordering in ("normal", "inverted")
    }
    compared = renp.compare(both, {"normal": {}, "inverted": {}})
    least = min(compared.pair(a, b).significance for a, b in (("normal", "inverted"), ("inverted", "normal")))
    assert plan.reached == relative(least, rel=1e-6)
    assert plan.reference is not None
    assert plan.reached > 1.2 * min(x for of in plan.reference.values() for x in of.values())


@pytest.mark.slow
def test_a_discovery_is_as_significant_as_the_likelihood_says() -> None:
    model = renp.Weak() + renp.MagneticMoment({(1, 1): 5e-11})
    plan = renp.plan("discovery", RUNS, NU, model=model, constraints=renp.Constraints(candidates=400))
    likelihood = renp.Likelihood(runs_of(plan), NU, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    found = renp.discovery(likelihood, "mu", {"mu": 5e-11})
    assert plan.reached == relative(found.significance, rel=1e-6)


@pytest.mark.slow
def test_a_free_size_is_profiled() -> None:
    """Magnetic or electric: the significance is what fits of the other kind leave."""
    few = renp.Constraints(candidates=150, laser_range=(1.0, None))
    plan = renp.plan("magnetic-or-electric", RUNS, NU, constraints=few, strength=8e-11)
    assert plan.reached > 1.0
    true, tested = next(iter(plan.figures)).split(" or ")
    truth = renp.Likelihood(runs_of(plan), NU, {true: renp.MagneticMoment({(1, 1): 1.0})})
    other = renp.Likelihood(runs_of(plan), NU, {tested: renp.ElectricMoment({(1, 1): 1.0})})
    assert (true, tested) == ("magnetic-moment 11", "electric-moment 11")
    compared = renp.compare({"true": truth, "tested": other}, {"true": {true: 8e-11}})
    assert plan.limits[f"{true} or {tested}"] == relative(
        compared.pair("true", "tested").significance, rel=1e-5
    )


def test_the_mass() -> None:
    """The error of the mass is where the likelihood has risen by one."""
    within = renp.Constraints(candidates=300, clearance=1e-6)
    plan = renp.plan("lightest-mass", RUNS, NU, constraints=within)
    free = renp.Nuisances(free=("lightest_mass",))
    likelihood = renp.Likelihood(runs_of(plan), NU, nuisances=free)
    data = likelihood.asimov(likelihood.point())
    rises = [
        float(likelihood.chi2(likelihood.point(lightest_mass=0.01 + side * plan.reached), data))
        for side in (1, -1)
    ]
    assert min(rises) == relative(1.0, rel=1e-3)


@pytest.mark.slow
def test_phases_that_only_a_long_time_tells() -> None:
    """What a phase changes returns to nothing, so that not all times exclude one: the bound knows."""
    nu = renp.Neutrinos(0.01, nature="majorana", majorana_phases=(0.3, 0.2))
    few = renp.Constraints(candidates=100)
    plan = renp.plan("majorana-phases", RUNS, nu, total=7e6 * DAY, constraints=few)
    assert plan.bound <= plan.reached <= np.pi
    assert plan.optimality_gap < 1e-4
    phases = (0.3 + plan.reached, 0.2), (0.3 - plan.reached, 0.2), (0.3, 0.2 + plan.reached)
    worlds = [renp.Neutrinos(0.01, nature="majorana", majorana_phases=one) for one in phases]
    worlds.append(renp.Neutrinos(0.01, nature="majorana", majorana_phases=(0.3, 0.2 - plan.reached)))
    truth, *others = (np.asarray(renp.expected_counts(runs_of(plan), one)) for one in (nu, *worlds))
    rises = [2 * np.sum(n - truth + truth * np.log(truth / n)) for n in others]
    assert any(rise == relative(1.0, rel=1e-3) for rise in rises)
    with pytest.raises(renp.InputError, match="can exclude in this time"):
        renp.plan("majorana-phases", RUNS, nu, total=70 * DAY, constraints=few)


@pytest.mark.slow
def test_uncertain_rates_are_profiled() -> None:
    rate = renp.Nuisances(normalisation_error=0.05)
    few = renp.Constraints(candidates=300, laser_range=(1.0, None))
    plan = renp.plan("limits", RUNS, NU, elements="magnetic-moment", nuisances=rate, constraints=few)
    exact = renp.upper_limits(runs_of(plan), NU, nuisances=rate).limits["magnetic-moment"]
    assert max(exact.values()) == relative(plan.reached, rel=1e-5)
    assert plan.optimality_gap < 1e-4
    blind = renp.upper_limits(runs_of(letters_plan("magnetic-moment")), NU, nuisances=rate)
    assert max(exact.values()) < max(blind.limits["magnetic-moment"].values())


@pytest.mark.slow
def test_a_plan_for_several_masses_is_good_for_each() -> None:
    worlds = [renp.Neutrinos(mass, release=NU.release) for mass in (0.002, 0.02)]
    few = renp.Constraints(candidates=300, laser_range=(1.0, None))
    said: list[str] = []
    both = renp.plan(
        "limits", RUNS, worlds, elements="magnetic-moment", constraints=few, progress=said.append
    )
    counted = [words for words in said if words.endswith(f" of {6 * len(worlds)}")]
    assert [words.split(", ")[1].split()[0] for words in counted] == [str(k + 1) for k in range(len(counted))]
    assert len(counted) == 6 * len(worlds)
    assert both.optimality_gap < 1e-4
    for world in worlds:
        alone = renp.plan("limits", RUNS, world, elements="magnetic-moment", constraints=few)
        there = renp.upper_limits(runs_of(both), world).limits["magnetic-moment"]
        assert alone.reached <= max(there.values()) * (1 + 1e-6)
        assert max(there.values()) <= both.reached * (1 + 1e-6)


@pytest.mark.slow
def test_weights() -> None:
    """An element that matters ten times as much gets all but what 33, which its run cannot see, needs."""
    few = renp.Constraints(candidates=300, laser_range=(1.0, None))
    plan = renp.plan(
        "limits", RUNS, NU, elements="electric-moment", weights={"electric-moment 11": 10.0}, constraints=few
    )
    only = renp.plan(
        "limits",
        RUNS,
        NU,
        couplings={"electric-moment 11": renp.ElectricMoment({(1, 1): 1.0})},
        constraints=few,
    )
    assert 10 * plan.limits["electric-moment 11"] == relative(plan.limits["electric-moment 33"], rel=1e-6)
    lost = plan.limits["electric-moment 11"] / only.limits["electric-moment 11"] - 1
    assert 0 < lost < 1e-4


@pytest.mark.slow
def test_what_to_do_next() -> None:
    """After long runs at one photon energy, the plan spends its time elsewhere, and past runs count."""
    few = renp.Constraints(candidates=300, laser_range=(1.0, None))
    first = letters_plan("magnetic-moment")
    spent = int(np.argmax(first.duration))
    before = renp.Experiment(RUNS.atom, RUNS.target, [first.photon_energy[spent]], first.duration[spent])
    rest = 70 * DAY - float(first.duration[spent])
    plan = renp.plan("limits", RUNS, NU, elements="magnetic-moment", total=rest, constraints=few, done=before)
    every = renp.Experiment(
        RUNS.atom,
        RUNS.target,
        [*np.asarray(before.photon_energy), *plan.photon_energy],
        [*np.asarray(before.duration), *plan.duration],
    )
    exact = renp.upper_limits(every, NU).limits["magnetic-moment"]
    assert max(exact.values()) == relative(plan.reached, rel=1e-6)
    assert plan.reached == relative(first.reached, rel=2e-3)


COUPLING = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}


@pytest.mark.slow
@pytest.mark.parametrize(
    "nuisances",
    [
        {"normalisation_error": 0.05},
        pytest.param({"normalisation_error": 0.05, "background_error": 0.1}, marks=pytest.mark.slow),
    ],
)
def test_one_coupling_with_uncertain_rates(nuisances: dict[str, float]) -> None:
    """Cuts that the last round adds have prices, too."""
    runs = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.0712], 10 * DAY, background=1e-5)
    uncertain = renp.Nuisances(**nuisances)
    few = renp.Constraints(candidates=300)
    plan = renp.plan("limits", runs, NU, couplings=COUPLING, constraints=few, nuisances=uncertain)
    again = renp.Experiment(RUNS.atom, RUNS.target, plan.photon_energy, plan.duration, background=1e-5)
    exact = renp.upper_limits(again, NU, couplings={"m": COUPLING}, nuisances=uncertain).limits["m"]["mu_11"]
    assert plan.reached == relative(exact, rel=1e-6)
    assert plan.optimality_gap < 1e-4
    assert "lightest_mass=0.01" in plan.made_by["neutrinos"]
    assert plan.at_threshold


@pytest.mark.slow
@pytest.mark.parametrize("excess", [1.5, *(pytest.param(few, marks=pytest.mark.slow) for few in (1.0, 0.8))])
def test_limits_after_an_excess_are_counted_from_the_best_fit(excess: float) -> None:
    """All runs together, the new ones as the best fit expects them, have the limit that the plan says."""
    background = 1e-5
    before = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.0712], 10 * DAY, background)
    observed = np.round(excess * np.asarray(renp.expected_counts(before, NU)))
    before = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.0712], 10 * DAY, background, counts=observed)
    uncertain = renp.Nuisances(normalisation_error=0.05)
    few = renp.Constraints(candidates=300)
    plan = renp.plan(
        "limits",
        before,
        NU,
        couplings=COUPLING,
        total=7 * DAY,
        nuisances=uncertain,
        constraints=few,
        done=before,
    )
    new = renp.Experiment(RUNS.atom, RUNS.target, plan.photon_energy, plan.duration, background)
    likelihood = renp.Likelihood(before, NU, COUPLING, nuisances=uncertain)
    expected = likelihood.with_runs(new).expected(renp.fit(likelihood).coordinates)
    every = renp.Experiment(
        RUNS.atom,
        RUNS.target,
        [*np.asarray(before.photon_energy), *plan.photon_energy],
        [*np.asarray(before.duration), *plan.duration],
        background,
        counts=[*observed, *np.asarray(expected)],
    )
    limits = renp.upper_limits(every, NU, couplings={"m": COUPLING}, nuisances=uncertain).limits
    assert plan.reached == relative(limits["m"]["mu_11"], rel=1e-6)


def test_counts_that_speak_against_what_is_to_be_told_are_said() -> None:
    before = renp.Experiment(RUNS.atom, RUNS.target, [1.068], 10 * DAY, counts=[10])
    few = renp.Constraints(candidates=100)
    with pytest.raises(renp.errors.InputError, match="runs made before speak against"):
        renp.plan(
            "discovery",
            before,
            NU,
            total=DAY,
            model=renp.Weak() + 5e-11 * COUPLING["mu_11"],
            constraints=few,
            done=before,
        )


# --- constraints -------------------------------------------------------------------------------------------


def test_constraints_are_kept() -> None:
    within = renp.Constraints(
        laser_range=(1.05, 1.0712), clearance=2e-5, least_duration=4 * DAY, change_time=DAY, candidates=300
    )
    plan = renp.plan("limits", RUNS, NU, elements="magnetic-moment", constraints=within)
    lines = plan.photon_energy.size
    assert np.all((plan.photon_energy >= 1.05) & (plan.photon_energy <= 1.0712))
    distance = np.abs(plan.photon_energy[:, None] - np.asarray(renp.thresholds(RUNS.atom, NU)).ravel())
    assert distance.min() >= 2e-5 * (1 - 1e-6)
    assert not plan.at_threshold
    assert np.all(plan.duration >= 4 * DAY * (1 - 1e-9))
    assert plan.duration.sum() + (lines - 1) * DAY == relative(70 * DAY, rel=1e-9)
    assert plan.optimality_gap < 0.1


def test_the_highest_threshold_is_kept_clear_of_too() -> None:
    within = renp.Constraints(clearance=1e-5, candidates=200)
    plan = renp.plan("ordering", RUNS, NU, constraints=within)
    assert plan.photon_energy.max() <= float(np.max(renp.thresholds(RUNS.atom, NU))) - 1e-5 * (1 - 1e-6)


@pytest.mark.slow
def test_one_photon_energy_is_the_best_of_all() -> None:
    one = renp.Constraints(frequencies=1, candidates=300, laser_range=(1.0, None))
    plan = renp.plan("limits", RUNS, NU, elements="magnetic-moment", constraints=one)
    assert plan.photon_energy.size == 1
    energies = np.linspace(1.0, 1.0716, 400)
    signals, null = rates(energies, (renp.MagneticMoment,))
    each = [worst_limits(signals[:, [k]], null[[k]], np.array([[70 * DAY]]))[0] for k in range(energies.size)]
    assert plan.reached <= min(each) * (1 + 1e-6)
    assert plan.reached == relative(min(each), rel=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"constraints": renp.Constraints(laser_range=(1.0717, 1.08))},
            "laser_range = from 1.0717 eV: .*highest threshold",
        ),
        ({"constraints": renp.Constraints(laser_range=(1.05, 1.04))}, "laser_range = .*upper end is above"),
        (
            {"constraints": renp.Constraints(least_duration=80 * DAY)},
            "least_duration = .*at most the total time",
        ),
        ({"constraints": renp.Constraints(clearance=2.0)}, "clearance = 2.0"),
        ({"constraints": renp.Constraints(frequencies=0)}, "frequencies = 0"),
        ({"total": 0.0}, "total = 0.0"),
        ({"elements": "magnetic"}, "elements = 'magnetic': must be .*'magnetic-moment'"),
        ({"couplings": {}}, "couplings"),
    ],
)
def test_infeasible_demands_are_explained(options: dict[str, Any], message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.plan("limits", RUNS, NU, **options)


def test_aims_that_cannot_be_served() -> None:
    with pytest.raises(renp.InputError, match=r"aim = 'limit': must be .*did you mean 'limits'"):
        renp.plan("limit", RUNS, NU)
    with pytest.raises(renp.InputError, match="nature = dirac"):
        renp.plan("majorana-phases", RUNS, NU)
    changing = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.07], DAY, [1e-6, 2e-6])
    with pytest.raises(renp.InputError, match="background"):
        renp.plan("limits", changing, NU)


# --- files --------------------------------------------------------------------------------------------------


def test_a_plan_is_a_scenario() -> None:
    plan = letters_plan("magnetic-moment")
    scenario = Scenario.from_text(Scenario.from_text(preset_text("letter")).planned(plan))
    assert np.asarray(scenario.experiment.photon_energy) == relative(plan.photon_energy, rel=1e-14)
    assert np.asarray(scenario.experiment.duration) == relative(plan.duration, rel=1e-14)
    limits = renp.upper_limits(scenario.experiment, scenario.neutrinos).limits["magnetic-moment"]
    assert max(limits.values()) == relative(plan.reached, rel=1e-6)


def test_a_plan_says_all_that_it_knows() -> None:
    plan = letters_plan("magnetic-moment")
    said = plan.json()
    assert {"aim", "photon_energy", "duration_days", "limits", "optimality_gap"} <= set(said)
    assert sum(said["duration_days"]) == relative(70, rel=1e-12)
    assert len(plan.reach_table().rows) == 6
    assert plan.dataset().duration.attrs["units"] == "s"
    assert "optimality gap" in str(plan)


@pytest.mark.slow
def test_few_candidates_find_the_same_plan() -> None:
    """What lies between the candidates is looked at too: the bound holds for all photon energies."""
    runs = renp.Experiment(renp.Atom.named("Sr", "full"), RUNS.target, [0.88], 70 * DAY)
    found = [
        renp.plan(
            "limits",
            runs,
            NU,
            elements="electric-moment",
            constraints=renp.Constraints(candidates=number, clearance=1e-6),
        )
        for number in (100, 600)
    ]
    for plan, other in zip(found, reversed(found), strict=True):
        assert plan.bound <= other.reached * (1 + 1e-5)
        assert plan.optimality_gap < 1e-3


@pytest.mark.slow
def test_two_orderings_and_masses_converge() -> None:
    worlds = [
        renp.Neutrinos(mass, ordering, release=NU.release)
        for ordering in ("normal", "inverted")
        for mass in (0.001, 0.05)
    ]
    few = renp.Constraints(candidates=300)
    plan = renp.plan("limits", RUNS, worlds, elements="magnetic-moment", constraints=few)
    assert plan.optimality_gap < 1e-4
    for world in worlds:
        limits = renp.upper_limits(runs_of(plan), world).limits["magnetic-moment"]
        assert max(limits.values()) <= plan.reached * (1 + 1e-6)


@pytest.mark.parametrize("frequencies", [1.5, 0, -1, float("nan")])
def test_a_number_of_frequencies_is_whole(frequencies: float) -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY)
    with pytest.raises(renp.InputError, match=r"frequencies = .*a whole number, at least 1"):
        renp.plan("limits", runs, renp.Neutrinos(0.01), constraints=renp.Constraints(frequencies=frequencies))  # type: ignore[arg-type]


def test_no_run_is_proposed_below_a_hundredth_of_the_transition() -> None:
    """With an excess that nothing explains, all photon energies are alike; one at 0 eV is no run."""
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY)
    allowed = laser_range(runs, [renp.Neutrinos(0.01)], 0.0, None, 0.0)
    assert allowed.grid(50).min() >= 0.01 * YB.E_eg


def test_thresholds_of_a_plan_are_where_the_laser_meets_them() -> None:
    """Photons have more energy than the laser says: thresholds lie lower by as much."""
    nu, offset, ends = renp.Neutrinos(0.01), 2e-4, {}
    for there in (0.0, offset):
        setting = {"atom": YB, "target": renp.Target(), "duration": DAY, "laser": renp.Laser(offset=there)}
        allowed = laser_range(renp.Experiment(photon_energy=[1.068], **setting), [nu], None, None, 1e-6)
        around = renp.Experiment(photon_energy=allowed.high + np.array([-1e-7, 1e-7]), **setting)
        below, above = np.asarray(renp.expected_counts(around, nu))
        assert below > 0 == above
        ends[there] = allowed.edges
    assert ends[offset] + offset == relative(ends[0.0], rel=1e-15)


# --- couplings that interfere -------------------------------------------------------------------------------


LIGHT = renp.VectorMediator(1e3, 1.0, left={(1, 2): 1.0})
MIRRORED = {"g": LIGHT}


def outermost(runs: renp.Experiment, unit: float, far: float) -> float:
    """Return the last strength of `LIGHT`, of either sign, that expected counts allow, by a scan."""
    null, more, less = (
        np.asarray(renp.expected_counts(runs, NU, renp.Weak() + s * unit * LIGHT)) for s in (0.0, 1.0, -1.0)
    )
    linear, square = (more - less) / 2, (more + less) / 2 - null

    def chi2(x: float) -> float:
        ratio = (linear * x + square * x**2) / null
        return float(2 * np.sum(null * (ratio - np.log1p(ratio))))

    ends = []
    for sign in (1.0, -1.0):
        scan = sign * np.linspace(0, far, 40_000)
        last = int(np.flatnonzero([chi2(x) < RISE for x in scan])[-1])
        low, high = scan[last], scan[last + 1]
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if chi2(middle) < RISE else (low, middle)
        ends.append(abs(low) * unit)
    return max(ends)


@pytest.mark.slow
def test_a_limit_lies_beyond_the_second_solution() -> None:
    """The mirror a + κg → −a has the same χ² in every run: no plan excludes it, and the limit is beyond."""
    few = renp.Constraints(candidates=150, laser_range=(1.0, None))
    plan = renp.plan("limits", RUNS, NU, couplings=MIRRORED, constraints=few)
    assert plan.reached == relative(outermost(runs_of(plan), 1e-18, 30.0), rel=1e-9)
    assert plan.optimality_gap < 1e-5
    own = plan.reference_limits
    assert own is not None
    assert own["g"] == relative(outermost(RUNS, 1e-18, 30.0), rel=1e-9)
    assert plan.reached < own["g"]


@pytest.mark.slow
def test_uncertain_rates_do_not_hide_the_second_solution() -> None:
    few = renp.Constraints(candidates=60, laser_range=(1.0, None))
    uncertain = renp.Nuisances(normalisation_error=0.05)
    plan = renp.plan("limits", RUNS, NU, couplings=MIRRORED, constraints=few, nuisances=uncertain)
    assert plan.reached > outermost(runs_of(plan), 1e-18, 30.0)
    exact = renp.upper_limits(runs_of(plan), NU, couplings={"m": MIRRORED}, nuisances=uncertain)
    assert plan.reached == relative(exact.limits["m"]["g"], rel=1e-6)


@pytest.mark.parametrize("curve", [(20.0, -2.0, 100.0), (20.0, 0.0, 90.0), (-40.0, 4.0, 110.0)])
def test_the_least_chi2_beyond_a_size_is_that_of_a_scan(curve: tuple[float, float, float]) -> None:
    linear, spread, counted = curve
    runs = Along(np.full(3, 100.0), linear + spread * np.arange(3.0), np.array([2.0, 2.1, 1.5]))
    counts = Counted(runs, counted + np.arange(3.0))
    for side in (1.0, -1.0):
        for near in (0.0, 3.0, 9.0, 30.0):
            scan = side * np.linspace(near, 100.0, 200_001)
            least = counts.chi2(counts.lowest(side, side * near))
            assert least <= counts.chi2(scan).min() + 1e-12
            assert least == pytest.approx(counts.chi2(scan).min(), abs=1e-4)
        least = float(counts.chi2(counts.lowest(side)))
        end = counts.outermost(side, least + RISE)
        assert float(counts.chi2(end)) == relative(least + RISE, rel=1e-9)
        assert np.all(counts.chi2(end + side * np.geomspace(1e-6, 1e3, 1000)) > least + RISE)


# --- photon energies ----------------------------------------------------------------------------------------


def test_no_run_moved_onto_a_threshold_is_better() -> None:
    nu = renp.Neutrinos(0.01)
    plan = renp.plan("ordering", RUNS, nu, constraints=renp.Constraints(candidates=400))
    worlds = [nu, renp.Neutrinos(0.01, "inverted")]
    edges = np.unique([np.asarray(renp.thresholds(RUNS.atom, one)) for one in worlds])

    def significance(energies: Reals) -> float:
        runs = renp.Experiment(RUNS.atom, RUNS.target, energies, plan.duration)
        one, two = (np.asarray(renp.expected_counts(runs, world)) for world in worlds)
        each = []
        for true, tested in ((one, two), (two, one)):
            some = np.maximum(tested, 1e-4 * true)
            rows = true > 0
            terms = true[rows] * np.log(true[rows] / some[rows])
            each.append(2 * np.sum(some - true) + 2 * np.sum(terms))
        return float(np.sqrt(min(each)))

    assert significance(plan.photon_energy) == relative(plan.reached, rel=1e-9)
    for k in range(plan.photon_energy.size):
        for edge in edges:
            for offset in (0.0, 1e-12, -1e-12, 1e-9, -1e-9, 1e-7, -1e-7):
                moved = plan.photon_energy.copy()
                moved[k] = edge + offset
                assert significance(moved) <= plan.bound * (1 + 1e-9)


@pytest.mark.parametrize("clearance", [0.0, 1e-6])
def test_thresholds_of_both_orderings_matter(clearance: float) -> None:
    """The best energy is a threshold of the other ordering, beside which a grid may end."""
    sr, total = renp.Atom.named("Sr"), 1e6
    worlds = [renp.Neutrinos(0.0028, ordering) for ordering in ("inverted", "normal")]
    runs = renp.Experiment(sr, renp.Target(), [0.8], total)
    few = renp.Constraints(frequencies=2, candidates=60, laser_range=(0.88, None), clearance=clearance)
    plan = renp.plan("ordering", runs, worlds[0], constraints=few)
    edges = np.unique([np.asarray(renp.thresholds(sr, one)) for one in worlds])
    distances = np.abs(plan.photon_energy[:, None] - edges)
    assert np.min(distances) == pytest.approx(clearance, abs=1e-13)
    assert np.min(distances, axis=0)[np.isin(edges, renp.thresholds(sr, worlds[0]))].min() > 1e-5
    assert plan.reached <= plan.bound
    assert set(edges[(edges > 0.88) & (edges < edges.max())]) <= set(plan.thresholds)


AFTER = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.0712], 10 * DAY)


@pytest.mark.slow
@pytest.mark.parametrize("done", [None, AFTER], ids=["first", "after"])
@pytest.mark.parametrize("aim", AIMS)
def test_every_aim_has_runs_that_matter(aim: str, done: renp.Experiment | None) -> None:
    """None is below 1 % of E_eg, and without any of them the others reach less in the same time."""
    nature = "majorana" if aim in ("majorana-phases", "nature") else "dirac"
    nu = renp.Neutrinos(
        0.01, nature=nature, majorana_phases=(0.3, 0.2) if nature == "majorana" else (0.0, 0.0)
    )
    options: dict[str, Any] = {"strength": 8e-11} if "strength" in AIMS[aim].acts else {}
    if aim == "discovery":
        options["model"] = renp.Weak() + renp.MagneticMoment({(1, 1): 8e-11})
    if aim in ("identify", "magnetic-or-electric"):
        kinds = (renp.MagneticMoment, renp.ElectricMoment)
        options["couplings"] = {
            kind.kind: {"11": kind({(1, 1): 1.0}), "33": kind({(3, 3): 1.0})} for kind in kinds
        }
    runs = RUNS
    if aim == "sign":  # which light of one helicity tells, where spins are not averaged
        whole = renp.Atom.named("Yb", "full")
        runs = renp.Experiment(whole, RUNS.target, RUNS.photon_energy, RUNS.duration)
        done = done and renp.Experiment(whole, RUNS.target, done.photon_energy, done.duration)
        options["couplings"] = {"mu": renp.MagneticMoment({(3, 3): 1.0})}
    few = renp.Constraints(candidates=100)
    # Phases change the counts by 10⁻⁵: 70 days of this target say nothing of them.
    total = (1e5 if aim == "majorana-phases" else 1) * 70 * DAY
    plan = renp.plan(aim, runs, nu, total=total, constraints=few, done=done, **options)
    assert plan.photon_energy.min() >= 0.01 * RUNS.atom.E_eg
    assert plan.duration.sum() == relative(total, rel=1e-9)
    if plan.photon_energy.size == 1:
        return
    for k in range(plan.photon_energy.size):
        rest = np.delete(plan.photon_energy, k), np.delete(plan.duration, k)
        lights = None if plan.polarisation is None else np.delete(plan.polarisation, k).tolist()
        others = renp.Experiment(runs.atom, runs.target, *rest, polarisation=lights)
        few_left = renp.plan(aim, others, nu, total=total, constraints=few, done=done, **options)
        assert few_left.reference_limits is not None
        pick = max if plan.made_small else min
        worse = pick(few_left.reference_limits.values())
        assert worse > plan.reached if plan.made_small else worse < plan.reached


@pytest.mark.slow
@pytest.mark.parametrize("laser", [renp.Laser(), renp.Laser(2e-6)], ids=["sharp", "with a line"])
@pytest.mark.parametrize("excess", [0.0, 0.3, 3.0, 1000.0, "one run"])
def test_after_any_excess_runs_are_where_counts_are(excess: Any, laser: renp.Laser) -> None:
    before = renp.Experiment(RUNS.atom, RUNS.target, RUNS.photon_energy, RUNS.duration, laser=laser)
    counts = np.asarray(renp.expected_counts(before, NU))
    counts = counts + 1e4 * (np.arange(7) == 6) if excess == "one run" else counts * excess
    made = renp.Experiment(
        RUNS.atom, RUNS.target, RUNS.photon_energy, RUNS.duration, counts=np.round(counts), laser=laser
    )
    few = renp.Constraints(candidates=100)
    plan = renp.plan("limits", made, NU, couplings=COUPLING, total=70 * DAY, constraints=few, done=made)
    assert plan.photon_energy.min() > 1.0
    alone = renp.upper_limits(made, NU, couplings={"m": COUPLING}).limits["m"]["mu_11"]
    assert plan.reached < alone
    assert plan.optimality_gap < 1e-5


MOVING = renp.Nuisances(calibration_error=1e-6, linewidth_error=0.1)
WIDE = renp.Experiment(RUNS.atom, RUNS.target, [1.068, 1.0712], 10 * DAY, laser=renp.Laser(4e-6))


@pytest.mark.slow
def test_runs_of_a_wide_line_that_moves_are_those_of_their_blocks() -> None:
    energies = np.linspace(1.06, 1.0716, BLOCK + 8)
    rates = Rates.of(renp.Likelihood(WIDE, NU, COUPLING, nuisances=MOVING), energies)
    times = np.zeros(energies.size)
    times[[3, BLOCK + 5]] = DAY
    likelihood = rates.during(times)
    both = joined(likelihood, likelihood.with_runs(WIDE))
    averages = eqx.tree_at(lambda one: one.response, both, None)
    x = likelihood.point(mu_11=3e-11, calibration=1.5e-6, linewidth=0.85)
    assert both.expected(x) == relative(averages.expected(x), rel=1e-9)
    assert joined(likelihood, averages).response is None
    seen = np.asarray(both.expected(x))
    assert seen[:2] == relative(rates.values(x)[times > 0] * DAY, rel=1e-12)
    assert np.all(seen[2:8] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("done", [None, WIDE], ids=["first", "after"])
def test_a_plan_with_a_wide_line_that_moves_reaches_what_its_averages_do(
    done: renp.Experiment | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = renp.Constraints(candidates=40, laser_range=(1.05, None))
    plan = renp.plan("limits", WIDE, NU, couplings=COUPLING, nuisances=MOVING, constraints=few, done=done)
    assert plan.optimality_gap < 1e-4
    energies, times = plan.photon_energy, plan.duration
    if done is not None:
        energies = np.append(energies, done.photon_energy)
        times = np.append(times, done.runs.duration)
    runs = renp.Experiment(RUNS.atom, RUNS.target, energies, times, laser=WIDE.laser)
    monkeypatch.setattr("renp.inference.likelihood.wide_response", lambda *_: None)
    found = renp.upper_limits(runs, NU, couplings={"m": COUPLING}, nuisances=MOVING)
    assert found.limits["m"]["mu_11"] == relative(plan.reached, rel=1e-7)


# --- files after runs with counts ---------------------------------------------------------------------------


def test_a_plan_after_counts_keeps_them() -> None:
    plan = letters_plan("magnetic-moment")
    letter = Scenario.from_text(preset_text("letter"))
    made = tuple(run.model_copy(update={"counts": 90 + k}) for k, run in enumerate(letter.document.run))
    counted = Scenario.from_text(to_text(letter.document.changed(run=made), letter.text))
    after = Scenario.from_text(counted.planned(plan, after=True))
    assert after.document.run == counted.document.run
    assert np.array_equal(after.experiment.counts, counted.experiment.counts)
    assert np.array_equal(after.experiment.photon_energy, counted.experiment.photon_energy)
    assert after.document.planned is not None
    assert [run.photon_energy for run in after.document.planned] == relative(plan.photon_energy, rel=1e-14)
    assert [run.duration for run in after.document.planned] == relative(plan.duration, rel=1e-14)
    # Planned anew, what was planned before gives way; a new first plan leaves neither.
    again = Scenario.from_text(after.planned(plan, after=True))
    assert again.document.planned == after.document.planned
    first = Scenario.from_text(after.planned(plan))
    assert first.document.planned is None
    assert len(first.experiment.runs) == plan.photon_energy.size


def test_planned_runs_are_checked() -> None:
    text = preset_text("letter") + '\n[[planned]]\nphoton_energy = "1.05 eV"\nduration = "1 day"\n'
    with pytest.raises(renp.errors.ScenarioError, match=r"planned\[1\]\.counts: .*call it \[\[run\]\]"):
        Scenario.from_text(text + "counts = 3\n")
    with pytest.raises(renp.errors.ScenarioError, match=r"planned\[1\]\.duration"):
        Scenario.from_text(text.replace('"1 day"', '"-1 day"'))


def test_frequencies_are_whole_on_the_command_line_and_in_a_scan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.toml"
    file.write_text(preset_text("letter"))
    for option in ("--frequencies", "--candidates"):
        with pytest.raises(SystemExit) as stopped:
            main(["plan", str(file), option, "1.5"])
        assert stopped.value.code == 2
        assert f"{option}: 1.5 is no whole number" in capsys.readouterr().err
    axis = '[[scan.axis]]\nparameter = "neutrinos.lightest_mass"\nvalues = ["0.01 eV"]\n'
    for wrong in ("1.5", "0", "-1"):
        scan = f'\n[scan]\nresult = "plan"\nfrequencies = {wrong}\n{axis}'
        with pytest.raises(renp.errors.ScenarioError, match=r"scan\.frequencies: .*must be a whole number"):
            Scenario.from_text(preset_text("letter") + scan)


@pytest.mark.parametrize(
    ("aim", "given"),
    [
        ("limits", {"strength": 1e-10}),
        ("ordering", {"elements": "both"}),
        ("magnetic-or-electric", {"elements": "magnetic-moment"}),
        ("nature", {"couplings": {"mu": renp.MagneticMoment({(1, 1): 1.0})}}),
        ("discovery", {"profiled": True}),
        ("identify", {"weights": {"magnetic-moment 11": 2.0}}),
    ],
)
def test_what_an_aim_does_not_use_is_named(aim: str, given: dict[str, Any]) -> None:
    with pytest.raises(renp.InputError, match=f"{next(iter(given))} = .*left out with the aim '{aim}'"):
        renp.plan(aim, RUNS, NU, **given)


def test_elements_are_no_choice_beside_couplings() -> None:
    one = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
    with pytest.raises(renp.InputError, match=r"elements = .*left out beside couplings"):
        renp.plan("limits", RUNS, NU, elements="both", couplings=one)
