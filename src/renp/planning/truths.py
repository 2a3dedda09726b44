"""What the plans of each of `renp.planning.aims` tell apart.

All is for every one of the neutrinos given, and the worst counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.experiment import Experiment
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.nuisances import Nuisances
from renp.inference.starts import MASS, few
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction
from renp.interactions.dipole import ElectricMoment, MagneticMoment
from renp.neutrinos import Neutrinos, alike, value_of
from renp.planning.contrasts import Alone, Contrast, sides_of
from renp.planning.curves import Counted
from renp.planning.fitted import Done, Fitted, best_fit
from renp.planning.rates import Rates, Signal


@dataclass(frozen=True)
class Setting:
    """What all contrasts of a plan share."""

    typical: Experiment
    """Runs over the laser's range, from which the units of couplings come."""
    energies: Reals
    """Candidates to begin with."""
    couplings: tuple[Coupling, ...]
    """What is given a size or fitted."""
    strength: float
    """Size of a coupling that is simulated, in the unit of the couplings."""
    model: Interaction
    nuisances: Nuisances
    profiled: bool
    done: Experiment | None = None
    progress: Callable[[str], None] = lambda _: None
    place: int = 0
    """Of the neutrinos among all that the plan is for."""
    kinds: int = 1
    """Of neutrinos."""
    known: dict[tuple[str, ...], list[Likelihood]] = field(default_factory=dict)
    nulls: dict[str, dict[bytes, Reals]] = field(default_factory=dict)
    found: dict[int, tuple[Likelihood, Rates]] = field(default_factory=dict)

    def rates(self, likelihood: Likelihood) -> Rates:
        """Return the rates of a likelihood at the candidates."""
        if id(likelihood) not in self.found:
            self.found[id(likelihood)] = likelihood, Rates.of(likelihood, self.energies)
        return self.found[id(likelihood)][1]

    def tell(self, name: str, k: int, number: int) -> None:
        """Say what is begun, and which that is of the number that these neutrinos have."""
        self.progress(f"{name}, {self.place * number + k + 1} of {self.kinds * number}")


def title_of(neutrinos: Neutrinos) -> str:
    """Return what distinguishes neutrinos for which a plan is made.

    Examples
    --------
    >>> title_of(Neutrinos(0.01))
    'dirac, normal, 0.01 eV'
    """
    return f"{neutrinos.nature}, {neutrinos.ordering}, {float(neutrinos.lightest_mass):g} eV"


def limits(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of each coupling with a truth without it, or with its best fit to earlier counts."""
    found: list[Contrast] = []
    everything = _likelihood(setting, neutrinos, setting.couplings) if setting.profiled else None
    for place, coupling in enumerate(setting.couplings):
        setting.tell(coupling.name, place, len(setting.couplings))
        tested = everything or _likelihood(setting, neutrinos, (coupling,))
        name = (coupling.name, title_of(neutrinos))
        if len(tested.names) == 1:
            found.append(_alone(setting, name, neutrinos, tested))
            continue
        # A limit is counted from the least χ², which an excess in earlier counts has elsewhere than at 0.
        fitted = _fitted(setting, tested)
        true = _likelihood(setting, neutrinos, ()) if fitted is None else tested
        point = true.point() if fitted is None else fitted
        found.append(_contrast(setting, name, true, point, tested, place if everything else 0))
    return found


def _alone(setting: Setting, name: tuple[str, ...], neutrinos: Neutrinos, tested: Likelihood) -> Contrast:
    """Return the contrast of a coupling with nothing else uncertain."""
    parameter, interaction = tested.parameters[0], tested.couplings[0].interaction
    nulls = setting.nulls.setdefault(title_of(neutrinos), {})
    signal = Signal(setting.typical, neutrinos, setting.model, interaction, parameter, nulls)
    done, best = None, 0.0
    if setting.done is not None:
        expected, counts = signal.before(_without_counts(setting.done)), setting.done.counts
        done = Counted(expected, expected.null if counts is None else np.asarray(counts))
        ends = np.array([done.lowest(side) for side in sides_of(parameter)])
        best = float(ends[np.argmin(done.chi2(ends))])
    curve = signal.rates(setting.energies)
    return Alone(
        name=name,
        truth=curve.at(best),
        parameter=parameter,
        signal=signal,
        curve=curve,
        best=best,
        done=done,
        of_truth=0.0 if done is None else float(done.chi2(best)),
    )


def identify(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of each coupling with each other one."""
    if len(setting.couplings) < 2:
        raise InputError("couplings", _names(setting), "two or more that are to be told apart")
    return _pairs(setting, neutrinos, setting.couplings, setting.couplings)


def magnetic_or_electric(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of magnetic with electric moments, and reverse."""
    magnetic, electric = (
        tuple(coupling for coupling in setting.couplings if coupling.family == moment.kind)
        for moment in (MagneticMoment, ElectricMoment)
    )
    if not (magnetic and electric):
        raise InputError("elements", _names(setting), "elements of both kinds of moments")
    return [*_pairs(setting, neutrinos, magnetic, electric), *_pairs(setting, neutrinos, electric, magnetic)]


def signs(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of each sign of a coupling with any size of the other one.

    Couplings that no light lets interfere with the model have no sign, as diagonal electric moments.
    """
    found: list[Contrast] = []
    for place, one in enumerate(setting.couplings):
        setting.tell(one.name, place, len(setting.couplings))
        of = setting.couplings if setting.profiled else (one,)
        k = place if setting.profiled else 0
        alone = _likelihood(setting, neutrinos, of)
        if alone.parameters[k].kind != "coupling":
            continue
        for word, side, end in (("+", 1.0, "high"), ("-", -1.0, "low")):
            tested = eqx.tree_at(lambda of: getattr(of.parameters[k], end), alone, 0.0)  # noqa: B023
            truth = alone.point(**{f"coupling {k + 1}": side * setting.strength})
            name = (f"{word}{one.name}", title_of(neutrinos))
            found.append(_contrast(setting, name, alone, truth, tested))
    if not found:
        raise InputError("couplings", _names(setting), "some whose sign light of a helicity sees")
    return found


def _names(setting: Setting) -> list[str]:
    return [coupling.name for coupling in setting.couplings]


def _pairs(
    setting: Setting, neutrinos: Neutrinos, true: tuple[Coupling, ...], tested: tuple[Coupling, ...]
) -> list[Contrast]:
    """Return contrasts of each true coupling with each other one that may have any size."""
    alone = {one.name: _likelihood(setting, neutrinos, (one,)) for one in (*true, *tested)}
    together = _likelihood(setting, neutrinos, tested) if setting.profiled else None
    found = []
    for place, name in enumerate(one.name for one in true):
        setting.tell(name, place, len(true))
        point = alone[name].point(**{"coupling 1": setting.strength})
        others = (
            {"any other": together}
            if together is not None
            else {one.name: alone[one.name] for one in tested if one.name != name}
        )
        for other, hypothesis in others.items():
            if together is not None:
                rest = tuple(one for one in tested if one.name != name)
                hypothesis = _likelihood(setting, neutrinos, rest)
            title = (f"{name} or {other}", title_of(neutrinos))
            found.append(_contrast(setting, title, alone[name], point, hypothesis))
    return found


def masses(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of the lightest mass with larger and smaller ones."""
    return _intervals(setting, neutrinos, [MASS])


def phases(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of the Majorana phases with others."""
    check_phases(neutrinos)
    return _intervals(setting, neutrinos, ["majorana_phase_21", "majorana_phase_31"])


def check_phases(neutrinos: Neutrinos) -> None:
    """Raise `InputError` for neutrinos that have no Majorana phases."""
    if neutrinos.nature != "majorana":
        raise InputError("nature", neutrinos.nature, "'majorana': Dirac neutrinos have no such phases")


def _intervals(setting: Setting, neutrinos: Neutrinos, names: list[str]) -> list[Contrast]:
    others = tuple(name for name in setting.nuisances.free if name not in names)
    free = (*others, *names) if setting.profiled else others
    null = _likelihood(setting, neutrinos, ())
    found = []
    for place, name in enumerate(names):
        setting.tell(name, place, len(names))
        own = free if name in free else (*others, name)
        nuisances = replace(setting.nuisances, free=own)
        tested = Likelihood(setting.typical, neutrinos, (), setting.model, nuisances)
        centre = float(value_of(neutrinos, name))
        k = tested.index(name)
        if name != MASS:  # further away a phase is one on the other side
            ends = [(centre + side * np.pi) / float(tested.parameters[k].plus) for side in (-1, 1)]
            tested = eqx.tree_at(lambda of: (of.parameters[k].low, of.parameters[k].high), tested, ends)  # noqa: B023
        found += [
            _contrast(
                setting,
                (name, title_of(neutrinos)),
                null,
                null.point(),
                tested,
                k,
                centre,
                direction=side,
            )
            for side in (1.0, -1.0)
        ]
    return found


def orderings(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of both orderings."""
    return _two(setting, neutrinos, other_ordering(neutrinos))


def other_ordering(neutrinos: Neutrinos) -> Neutrinos:
    """Return neutrinos that differ by their ordering."""
    ordering = {"normal": "inverted", "inverted": "normal"}[neutrinos.ordering]
    return alike(neutrinos, ordering, neutrinos.nature)


def natures(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return contrasts of Dirac and Majorana neutrinos."""
    nature = {"dirac": "majorana", "majorana": "dirac"}[neutrinos.nature]
    return _two(setting, neutrinos, alike(neutrinos, neutrinos.ordering, nature))


def _two(setting: Setting, neutrinos: Neutrinos, other: Neutrinos) -> list[Contrast]:
    """Return both contrasts of two kinds of neutrinos."""
    setting.tell(title_of(neutrinos), 0, 1)
    one, two = (_likelihood(setting, nu, ()) for nu in (neutrinos, other))
    return [
        _contrast(setting, (title_of(a.neutrinos), f"not {title_of(b.neutrinos)}"), a, a.point(), b)
        for a, b in ((one, two), (two, one))
    ]


def discovery(setting: Setting, neutrinos: Neutrinos) -> list[Contrast]:
    """Return the contrast of the model with the standard model."""
    setting.tell(title_of(neutrinos), 0, 1)
    true = _likelihood(setting, neutrinos, ())
    tested = Likelihood(setting.typical, neutrinos, (), Weak(), setting.nuisances)
    return [_contrast(setting, ("model", title_of(neutrinos)), true, true.point(), tested)]


def _likelihood(setting: Setting, neutrinos: Neutrinos, couplings: tuple[Coupling, ...]) -> Likelihood:
    """Return a likelihood of the candidates; quickly if only the lightest mass differs from a known one."""
    names = tuple(coupling.name for coupling in couplings)
    for known in setting.known.get(names, []):
        if _same_but_for_mass(known.neutrinos, neutrinos):
            return known.with_neutrinos(neutrinos)
    # Names are part of what is compiled: with places instead, one compilation serves all.
    numbered = [Coupling("coupling", f"{k + 1}", one.interaction) for k, one in enumerate(couplings)]
    made = Likelihood(setting.typical, neutrinos, numbered, setting.model, setting.nuisances)
    setting.known.setdefault(names, []).append(made)
    return made


def _same_but_for_mass(one: Neutrinos, other: Neutrinos) -> bool:
    moved = eqx.tree_at(lambda nu: nu.lightest_mass, one, other.lightest_mass)
    return bool(eqx.tree_equal(moved, other, typematch=False))


def _contrast(
    setting: Setting,
    name: tuple[str, ...],
    true: Likelihood,
    point: Any,
    tested: Likelihood,
    held: int | None = None,
    centre: float = 0.0,
    *,
    direction: float = 1.0,
) -> Contrast:
    rates = setting.rates(true)
    return Fitted(
        name=name,
        truth=rates.values(point),
        parameter=None if held is None else tested.parameters[held],
        centre=centre,
        direction=direction,
        true=rates,
        true_point=point,
        tested=setting.rates(tested),
        starts=np.clip(few(tested), *map(np.asarray, tested.bounds)),
        held=held or 0,
        done=_done(setting, true, point, tested),
    )


def _fitted(setting: Setting, tested: Likelihood) -> Point | None:
    """Return the best fit to the counts of runs made before; None without them."""
    if setting.done is None or setting.done.counts is None:
        return None
    before = tested.with_runs(_without_counts(setting.done))
    return best_fit(before, jnp.asarray(setting.done.counts), few(before))


def _without_counts(runs: Experiment) -> Experiment:
    bare: Experiment = eqx.tree_at(lambda e: e.runs.counts, runs, None, is_leaf=lambda x: x is None)
    return bare


def _done(setting: Setting, true: Likelihood, point: Any, tested: Likelihood) -> Done | None:
    if setting.done is None:
        return None
    runs = _without_counts(setting.done)
    before = true.with_runs(runs)
    counts = before.expected(point) if setting.done.counts is None else jnp.asarray(setting.done.counts)
    data = Data(counts, jnp.zeros(len(before.constrained)))
    return Done(tested.with_runs(runs), counts, float(before.chi2(point, data)))
