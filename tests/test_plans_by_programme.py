"""Plans against an independent linear programme on a grid ten times finer, with moved lines and thresholds.

Nothing of `renp.planning` is used but its answer: a plan is wrong if any times at any photon energies do
better than its bound, or if its runs do not reach what it says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

import renp
from cases import DAY
from relative import relative
from renp.papers.letter import setup

RISE, ONE = 2.705543454095404, 1.0
RUNS, NU = setup().experiment, setup().neutrinos
YB, TARGET = RUNS.atom, RUNS.target
TOTAL = 70 * DAY
CANDIDATES = 300

Reals = NDArray[np.float64]


Curve = tuple[Reals, Reals, Reals]


def gain(tested: Reals, truth: Reals, least: float) -> Reals:
    """Return what the χ² gains in a unit of time."""
    some = np.maximum(tested, least * truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(truth > 0, 2 * (some - truth + truth * np.log(truth / some)), 2 * some)


@dataclass
class Told:
    """A truth that is told from hypotheses with a parameter: counts are a + b x + c x² at its value x."""

    truth: Reals
    curve: Curve
    signs: tuple[float, ...] = (1.0,)
    unit: float = 1.0
    """A limit is unit × |x|."""
    fixed: bool = False
    """Whether one value of x is tested alone."""
    least: float = 1e-30
    error: float = 0.0
    """Of a factor on all signals, log-normal."""
    before: tuple[Curve, Reals, float] | None = None
    """Of runs made before: curve, counts, and the χ² of the truth."""

    def gains(self, x: float, pull: float) -> Reals:
        return gain(self._expected(np.array(x), pull, self.curve), self.truth, self.least)

    def constant(self, x: float, pull: float) -> float:
        return float(self._constants(np.array([x]), pull)[0])

    def _expected(self, x: Reals, pull: float, curve: Curve) -> Reals:
        a, b, c = curve
        x = x[..., None] if x.ndim else x
        return (1 + self.error) ** pull * np.maximum(a + x * (b + x * c), 0.0)

    def _constants(self, x: Reals, pull: float) -> Reals:
        if self.before is None:
            return np.full(x.shape, pull**2)
        curve, counts, zero = self.before
        return pull**2 + np.sum(gain(self._expected(x, pull, curve), counts, self.least), axis=-1) - zero

    def weakest(self, times: Reals, near: float) -> tuple[float, float, float]:
        """Return the least χ² at sizes from ``near`` on, with x and the pull there."""
        used = np.flatnonzero(times)
        _, b, c = curve = tuple(one[used] for one in self.curve)
        truth, weights = self.truth[used], times[used]

        def at(x: Reals, pull: float) -> Reals:
            tested = self._expected(x, pull, curve)  # type: ignore[arg-type]
            return gain(tested, truth, self.least) @ weights + self._constants(x, pull)

        def best_pull(x: float) -> float:
            if not self.error:
                return 0.0
            found = optimize.minimize_scalar(
                lambda pull: at(np.array([x]), pull)[0],
                bounds=(-9, 9),
                method="bounded",
                options={"xatol": 1e-11},
            )
            return float(found.x)

        def value(x: float) -> float:
            return float(at(np.array([x]), best_pull(x))[0])

        if self.fixed:
            return value(near), near, best_pull(near)
        scale = max(near, 1.0)
        found = []
        for sign in self.signs:
            with np.errstate(divide="ignore", invalid="ignore"):
                mirrors = np.where(sign * b < 0, np.abs(b / c), np.nan)
            mirrors = mirrors[np.isfinite(mirrors)]
            close = (
                np.linspace(0.99 * mirrors.min(), 1.01 * mirrors.max(), 300) if mirrors.size else np.zeros(0)
            )
            far = near + scale * np.geomspace(1e-9, 1e3, 40 if self.error else 3000)
            sizes = np.unique(np.concatenate([[near], far, close]))
            sizes = sizes[sizes >= near]
            values = np.array([value(sign * x) for x in sizes]) if self.error else at(sign * sizes, 0.0)
            for k in np.argsort(values)[:3]:
                low, high = sizes[max(k - 1, 0)], sizes[min(k + 1, sizes.size - 1)]
                refined = optimize.minimize_scalar(
                    lambda size, sign=sign: value(sign * size),
                    bounds=(low, high),
                    method="bounded",
                    options={"xatol": 1e-12 * high},
                )
                found += [
                    (value(sign * x), sign * x, best_pull(sign * x)) for x in (sizes[k], float(refined.x))
                ]
        return min(found)

    def end(self, times: Reals, rise: float) -> float:
        """Return the last size that is not excluded."""
        low, high = 0.0, 1e-3
        while self.weakest(times, high)[0] < rise:
            low, high = high, 1.5 * high
        while high - low > 1e-9 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self.weakest(times, middle)[0] >= rise else (middle, high)
        return self.unit * high


_CONVERGED = 1e-7
"""Part by which the times that are found may be worse than the best."""


def most_separated(told: list[Told], near: float, total: float) -> float:
    """Return the largest least separation that any times have, for all sizes from ``near`` on."""
    rows, constants = [], []
    size = told[0].truth.size

    def know(one: Told, x: float, pull: float) -> None:
        rows.append(total * one.gains(x, pull))
        constants.append(one.constant(x, pull))

    sparse = np.where(np.arange(size) % 97 == 0, total * 97 / size, 0.0)
    for one in told:
        for sign in one.signs:
            know(one, sign * near / one.unit, 0.0)
        know(one, *one.weakest(sparse, near / one.unit)[1:])
    for _ in range(300):
        g, c = np.array(rows), np.array(constants)
        found = optimize.linprog(
            np.append(np.zeros(size), -1.0),
            A_ub=np.hstack([-g, np.ones((len(c), 1))]),
            b_ub=c,
            A_eq=np.append(np.ones(size), 0.0)[None],
            b_eq=[1.0],
            bounds=[(0, None)] * size + [(None, None)],
        )
        # The dual bounds what the programme's own tolerance may hide.
        prices = np.maximum(-found.ineqlin.marginals, 0.0)
        prices /= prices.sum()
        most = float(prices @ c + np.max(prices @ g))
        shares = np.where(found.x[:-1] > 1e-9, found.x[:-1], 0.0)
        times, least = total * shares / shares.sum(), np.inf
        for one in told:
            chi2, x, pull = one.weakest(times, near / one.unit)
            least = min(least, chi2)
            if chi2 < most - _CONVERGED * (1 + abs(most)):
                know(one, x, pull)
        if least >= most - _CONVERGED * (1 + abs(most)):
            return least
    raise AssertionError("the programme of the test did not converge")


@dataclass
class Case:
    """What is planned, and what it tells apart."""

    aim: str
    options: dict[str, Any]
    """Of the plan."""
    told: Callable[[Callable[..., Reals], renp.Neutrinos, float], list[Told]]
    """Of a function that returns counts for neutrinos and a model, of neutrinos, and of the plan's size."""
    neutrinos: tuple[renp.Neutrinos, ...] = (NU,)
    atom: renp.Atom = YB
    runs: dict[str, Any] = field(default_factory=dict)
    within: dict[str, Any] = field(default_factory=dict)
    counts: tuple[float, ...] | None = None
    """Of the letter's runs, made before."""


def coupled(counts: Callable[..., Reals], nu: renp.Neutrinos, interaction: Any, unit: float) -> Curve:
    null = counts(nu, renp.Weak())
    more, less = (counts(nu, renp.Weak() + s * unit * interaction) for s in (1.0, -1.0))
    return null, (more - less) / 2, (more + less) / 2 - null


def limits(
    *interactions: tuple[Any, float], signed: bool = False, error: float = 0.0
) -> Callable[[Callable[..., Reals], renp.Neutrinos, float], list[Told]]:
    """Return limits of interactions with their units."""

    def told(counts: Callable[..., Reals], nu: renp.Neutrinos, _: float) -> list[Told]:
        found = []
        for interaction, unit in interactions:
            curve = coupled(counts, nu, interaction, unit)
            signs = (1.0, -1.0) if signed else (1.0,)
            one = Told(curve[0], curve, signs, unit, error=error)
            if (before := coupled(lambda *a: counts(*a, done=True), nu, interaction, unit))[0].size:
                observed = counts(nu, None, done=True)
                earlier = Told(observed, before, signs)
                zero, best, _ = earlier.weakest(np.ones(observed.size), 0.0)
                one.truth, one.before = (
                    curve[0] + best * (curve[1] + best * curve[2]),
                    (before, observed, zero),
                )
            found.append(one)
        return found

    return told


def fixed(truth: Reals, tested: Reals, least: float = 1e-4) -> Told:
    none = np.zeros_like(tested)
    return Told(truth, (tested, none, none), fixed=True, least=least)


def two(
    change: dict[str, str],
) -> Callable[[Callable[..., Reals], renp.Neutrinos, float], list[Told]]:
    def told(counts: Callable[..., Reals], nu: renp.Neutrinos, _: float) -> list[Told]:
        own = {"ordering": nu.ordering, "nature": nu.nature, "release": nu.release} | change
        one, other = (counts(of, renp.Weak()) for of in (nu, renp.Neutrinos(float(nu.lightest_mass), **own)))
        return [fixed(one, other), fixed(other, one)]

    return told


def discovered(model: Any) -> Callable[[Callable[..., Reals], renp.Neutrinos, float], list[Told]]:
    return lambda counts, nu, _: [fixed(counts(nu, model), counts(nu, renp.Weak()))]


def mass(counts: Callable[..., Reals], nu: renp.Neutrinos, error: float) -> list[Told]:
    here = float(nu.lightest_mass)
    masses = [m for m in (here + error, here - error) if m >= 0]
    other = [renp.Neutrinos(m, nu.ordering, nu.nature, nu.release) for m in masses]
    return [fixed(counts(nu, renp.Weak()), counts(one, renp.Weak())) for one in other]


def identified(
    *interactions: Any, strength: float
) -> Callable[[Callable[..., Reals], renp.Neutrinos, float], list[Told]]:
    def told(counts: Callable[..., Reals], nu: renp.Neutrinos, _: float) -> list[Told]:
        truths = [counts(nu, renp.Weak() + strength * one) for one in interactions]
        curves = [coupled(counts, nu, one, strength) for one in interactions]
        return [
            Told(truth, curve, least=1e-4)
            for j, truth in enumerate(truths)
            for k, curve in enumerate(curves)
            if j != k
        ]

    return told


PAIRS = [(i, j) for i in (1, 2, 3) for j in range(i, 4)]
MU = [(renp.MagneticMoment({pair: 1.0}), 5e-11) for pair in PAIRS]
EPS = [(renp.ElectricMoment({pair: 1.0}), 5e-11) for pair in PAIRS]
MAJORANA = renp.Neutrinos(0.01, nature="majorana", release=NU.release)
INVERTED = renp.Neutrinos(0.01, "inverted", release=NU.release)
LIGHT, HEAVIER = renp.Neutrinos(0.002, release=NU.release), renp.Neutrinos(0.02, release=NU.release)


def light(*pairs: tuple[int, int], mass: float = 1e3) -> dict[str, Any]:
    return {f"{i}{j}": renp.VectorMediator(mass, 1.0, left={(i, j): 1.0}) for i, j in pairs}


def vector(*pairs: tuple[int, int], mass: float = 1e3, unit: float = 1e-18) -> list[tuple[Any, float]]:
    return [(one, unit) for one in light(*pairs, mass=mass).values()]


MEDIATED = renp.Weak() + renp.VectorMediator(1e3, 3e-19, left={(1, 1): 1.0})
SCALAR = renp.ScalarMediator(1e3, 1.0, scalar={(1, 1): 1.0})
SR = renp.Atom.named("Sr", "full")

CASES = {
    "magnetic": Case("limits", {"elements": "magnetic-moment"}, limits(*MU)),
    "electric": Case("limits", {"elements": "electric-moment"}, limits(*EPS)),
    "both": Case("limits", {}, limits(*MU, *EPS)),
    "background": Case("limits", {"elements": "magnetic-moment"}, limits(*MU), runs={"background": 1e-5}),
    "clear of thresholds": Case(
        "limits", {"elements": "magnetic-moment"}, limits(*MU), within={"clearance": 1e-5}
    ),
    "range": Case(
        "limits", {"elements": "magnetic-moment"}, limits(*MU), within={"laser_range": (1.05, 1.0712)}
    ),
    "Majorana": Case(
        "limits",
        {"couplings": {"12": MU[1][0], "13": MU[2][0]}},
        limits(MU[1], MU[2]),
        neutrinos=(MAJORANA,),
    ),
    "two masses": Case("limits", {"elements": "magnetic-moment"}, limits(*MU), neutrinos=(LIGHT, HEAVIER)),
    "two orderings": Case("limits", {"elements": "magnetic-moment"}, limits(*MU), neutrinos=(NU, INVERTED)),
    "another atom": Case(
        "limits", {"elements": "electric-moment"}, limits(*EPS), atom=SR, within={"clearance": 1e-6}
    ),
    "mirrored": Case("limits", {"couplings": light((1, 2))}, limits(*vector((1, 2)), signed=True)),
    "mirrored 11": Case("limits", {"couplings": light((1, 1))}, limits(*vector((1, 1)), signed=True)),
    "mirrored, all": Case("limits", {"couplings": light(*PAIRS)}, limits(*vector(*PAIRS), signed=True)),
    "a mediator not much heavier than the momentum": Case(
        "limits",
        {"couplings": light((2, 2), mass=3.0)},
        limits(*vector((2, 2), mass=3.0, unit=1e-23), signed=True),
    ),
    "scalar": Case("limits", {"couplings": {"11": SCALAR}}, limits((SCALAR, 3e-12))),
    "uncertain rates": Case(
        "limits",
        {
            "couplings": {"11": MU[0][0], "33": MU[5][0]},
            "nuisances": renp.Nuisances(normalisation_error=0.05),
        },
        limits(MU[0], MU[5], error=0.05),
    ),
    "mirrored, uncertain rates": Case(
        "limits",
        {"couplings": light((1, 2)), "nuisances": renp.Nuisances(normalisation_error=0.05)},
        limits(*vector((1, 2)), signed=True, error=0.05),
    ),
    "after an excess": Case(
        "limits",
        {"elements": "magnetic-moment"},
        limits(*MU),
        counts=(190, 170, 160, 150, 148, 130, 9),
    ),
    "mirrored, after an excess": Case(
        "limits",
        {"couplings": light((1, 2), (1, 1))},
        limits(*vector((1, 2), (1, 1)), signed=True),
        counts=(190, 170, 160, 150, 148, 130, 9),
    ),
    "ordering": Case("ordering", {}, two({"ordering": "inverted"})),
    "ordering, newer angles": Case(
        "ordering", {}, two({"ordering": "inverted"}), neutrinos=(renp.Neutrinos(0.01),)
    ),
    "ordering, light": Case("ordering", {}, two({"ordering": "inverted"}), neutrinos=(LIGHT,)),
    "nature": Case("nature", {}, two({"nature": "majorana"})),
    "discovery": Case(
        "discovery",
        {"model": renp.Weak() + renp.MagneticMoment({(1, 1): 5e-11})},
        discovered(renp.Weak() + renp.MagneticMoment({(1, 1): 5e-11})),
    ),
    "discovery of a mediator": Case("discovery", {"model": MEDIATED}, discovered(MEDIATED)),
    "mass": Case("lightest-mass", {}, mass, within={"clearance": 1e-6}),
    "which element": Case(
        "identify",
        {"couplings": {"11": MU[0][0], "22": MU[3][0], "33": MU[5][0]}, "strength": 8e-11},
        identified(MU[0][0], MU[3][0], MU[5][0], strength=8e-11),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_better_than_the_bound(name: str) -> None:
    case = CASES[name]
    own = renp.Experiment(case.atom, TARGET, [0.85], TOTAL, **case.runs)
    done = None
    if case.counts is not None:
        done = renp.Experiment(case.atom, TARGET, RUNS.photon_energy, RUNS.duration, counts=case.counts)
    constraints = renp.Constraints(candidates=CANDIDATES, **case.within)
    plan = renp.plan(
        case.aim, own, list(case.neutrinos), total=TOTAL, constraints=constraints, done=done, **case.options
    )
    assert plan.optimality_gap < 1e-5
    rise = None if not plan.made_small else RISE if case.aim == "limits" else ONE

    def told_at(energies: Reals) -> list[Told]:
        def counts(nu: renp.Neutrinos, model: Any, *, done: bool = False) -> Reals:
            if done:
                there = RUNS.photon_energy if case.counts is not None else np.zeros(0)
                if model is None:
                    return np.array(case.counts, dtype=float)
                if not len(there):
                    return np.zeros(0)
                return np.asarray(renp.expected_counts(RUNS, nu, model))
            parts = np.array_split(energies, -(-energies.size // 500))
            runs = [renp.Experiment(case.atom, TARGET, some, 1.0, **case.runs) for some in parts]
            return np.concatenate([np.asarray(renp.expected_counts(one, nu, model)) for one in runs])

        return [one for nu in case.neutrinos for one in case.told(counts, nu, plan.bound)]

    reached = told_at(plan.photon_energy)
    if case.aim == "limits":
        assert max(one.end(plan.duration, RISE) for one in reached) == relative(plan.reached, rel=1e-6)
    elif rise is None:
        least = min(one.weakest(plan.duration, 0.0)[0] for one in reached)
        assert plan.reached == relative(float(np.sqrt(least)), rel=1e-6)
    edges = [np.asarray(renp.thresholds(case.atom, nu)).ravel() for nu in case.neutrinos]
    if case.aim == "ordering":
        others = [
            renp.Neutrinos(float(nu.lightest_mass), "inverted", release=nu.release) for nu in case.neutrinos
        ]
        edges += [np.asarray(renp.thresholds(case.atom, nu)).ravel() for nu in others]
    energies = finer(plan, np.unique(np.concatenate(edges)), case)
    near = plan.bound if case.aim == "limits" else 0.0
    most = most_separated(told_at(energies), near, TOTAL)
    if rise is None:
        assert np.sqrt(most) <= plan.bound * (1 + 1e-9)
    else:
        assert most <= rise * (1 + 1e-9)


def finer(plan: Any, edges: Reals, case: Case) -> Reals:
    """Return ten times as many photon energies, with thresholds and the plan's lines, moved and unmoved."""
    clearance = case.within.get("clearance", 0.0)
    low, high = case.within.get("laser_range", (0.01 * float(case.atom.E_eg), float(edges[-1])))
    offsets = np.concatenate([[0.0, clearance, clearance * 1.0001], np.geomspace(1e-12, 3e-3, 100)])
    moved = (np.append(edges, plan.photon_energy)[:, None] + np.append(-offsets, offsets)).ravel()
    every = np.unique(np.concatenate([np.linspace(low, high, 10 * CANDIDATES), moved]))
    clear = np.min(np.abs(every[:, None] - edges), axis=1) >= clearance * (1 - 1e-9)
    return np.asarray(every[clear & (every >= low) & (every <= high)])
