"""A state as the package's own values, or what is wrong with it, field by field."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import jax.numpy as jnp

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS
from renp.errors import InputError, PoleWarning
from renp.experiment import Experiment, Target
from renp.explorer.state import State
from renp.inference.upper_limits import delta_chi2
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.poles import check_poles
from renp.scenario.interactions import build_interaction
from renp.scenario.problems import TableError

T = TypeVar("T")

MOST_RUNS = 64


class StateError(ValueError):
    """A state cannot be: ``problems`` has a sentence for each field, such as "interactions.0.elements"."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {words}" for field, words in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class Setup:
    """What a state says: the package's values, checked."""

    atom: Atom
    neutrinos: Neutrinos
    terms: tuple[Interaction, ...]
    """The interactions beside the weak one."""
    experiment: Experiment
    note: str = ""
    """What the user should know: a mediator on shell."""

    @property
    def model(self) -> Interaction:
        """The weak interaction and all others."""
        return sum(self.terms, start=Weak())


def build(state: State) -> Setup:
    """Return the values of a state.

    Raises
    ------
    StateError
        With a sentence for each field that is wrong.

    Examples
    --------
    >>> build(State()).atom.name
    'Yb'
    """
    problems: dict[str, str] = {}
    atom = _try(problems, "atom", lambda: _atom(state))
    neutrinos = _try(problems, "neutrinos", lambda: _neutrinos(state))
    terms = [_term(problems, f"interactions.{k}", t, neutrinos) for k, t in enumerate(state.interactions)]
    target = _try(problems, "target", lambda: Target(**state.target))
    laser = _try(problems, "laser", lambda: Laser(**state.laser))
    _try(problems, "confidence_level", lambda: delta_chi2(state.confidence_level))
    experiment = None
    if atom is not None and target is not None and laser is not None:
        experiment = _try(problems, "runs", lambda: _experiment(state, atom, target, laser))
    known = tuple(term for term in terms if term is not None)
    if problems or atom is None or neutrinos is None or experiment is None:
        raise StateError(problems)
    return Setup(atom, neutrinos, known, experiment, _note(sum(known, start=Weak()), atom, neutrinos))


def _try(problems: dict[str, str], section: str, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except InputError as error:
        problems[_field(section, error.argument)] = f"{error.value}: must be {error.allowed}"
    except ValueError as error:
        problems[section] = str(error)
    return None


def _field(section: str, argument: str) -> str:
    """Return the field of an argument: runs[2] of a list, those of target and laser by section."""
    if section == "runs":
        name, _, rest = argument.partition("[")
        return f"runs.{rest.rstrip(']') or 0}.{name}"
    if section in ("target", "laser"):
        return f"{section}.{argument}"
    return "atom" if argument in ("name", *EFFECTS) else argument


@lru_cache(maxsize=64)
def _known_atom(name: str, E_eg: float | None, E_vg: float | None) -> Atom:
    if E_eg is None and E_vg is None:
        return Atom.named(name)
    levels = Atom.named(name).levels if name in symbols() else ()
    return Atom(name, E_eg, E_vg, levels)


def _atom(state: State) -> Atom:
    atom = _known_atom(state.atom, state.E_eg, state.E_vg)
    if state.effects:
        chosen = {effect: effect in state.effects for effect in EFFECTS}
        atom = atom.refined(**chosen, polarisation=state.polarisation)
    return atom.boosted(state.boost) if state.boost else atom


def _neutrinos(state: State) -> Neutrinos:
    return Neutrinos(
        state.lightest_mass,
        state.ordering,
        state.nature,
        state.release,
        state.majorana_phases,
        **state.oscillation,
    )


@lru_cache(maxsize=256)
def _built(table: str) -> Interaction:
    """Return an interaction; kept, since most of them stay while a slider moves."""
    return build_interaction(json.loads(table))


def _term(
    problems: dict[str, str], place: str, table: dict[str, Any], neutrinos: Neutrinos | None
) -> Interaction | None:
    try:
        term = _built(json.dumps(table))
        if neutrinos is not None:
            term.check(neutrinos)
    except TableError as error:
        problems.update({f"{place}.{key}".rstrip("."): words for key, words in error.problems})
    except InputError as error:
        name = error.argument.split("[")[0].split(" ")[0]
        field = name if name in table else "elements" if "elements" in table else ""
        problems[f"{place}.{field}".rstrip(".")] = str(error)
    except ValueError as error:
        problems[place] = str(error)
    else:
        return term
    return None


def _experiment(state: State, atom: Atom, target: Target, laser: Laser) -> Experiment:
    if len(state.runs) > MOST_RUNS:
        raise ValueError(f"{len(state.runs)} runs: must be {MOST_RUNS} at most")
    columns = ("photon_energy", "duration", "background", "efficiency")
    energy, duration, background, efficiency = (
        [getattr(run, name) for run in state.runs] for name in columns
    )
    return Experiment(atom, target, energy, duration, background, laser=laser, efficiency=efficiency)


def _note(model: Interaction, atom: Atom, neutrinos: Neutrinos) -> str:
    if not model.poles():
        return ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PoleWarning)
        top = (atom.E_eg + atom.boost) / 2
        check_poles(model, jnp.array([0.0, top]), atom, neutrinos)
    return "; ".join(str(item.message) for item in caught)
