"""A state as the package's own values, or what is wrong with it, key by key."""

import json
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax.numpy as jnp

from renp.errors import PoleWarning
from renp.explorer.state import PLACES, State
from renp.interactions.couplings import Interaction
from renp.poles import check_poles
from renp.scenario.build import Setting
from renp.scenario.interactions import build_interaction
from renp.scenario.problems import Place, Problems
from renp.scenario.read import Reader
from renp.scenario.schema import BARE

MOST_RUNS, MOST_TERMS = 64, 16
"""What is compiled and computed while others wait has an end."""

_KEYS = {place: key for key, place in PLACES.items()}


class StateError(ValueError):
    """A state cannot be: ``problems`` has a sentence for each key, such as "interactions.0.elements"."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {words}" for key, words in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class Setup(Setting):
    """What a state says: the package's values, checked."""

    confidence_level: float
    note: str = ""
    """What the user should know: a mediator on shell."""


def build(state: State) -> Setup:
    """Return the values of a state.

    Raises
    ------
    StateError
        With a sentence for each key that is wrong.
    """
    if len(state.scenario.run) > MOST_RUNS:
        raise StateError({"runs": f"{len(state.scenario.run)} runs: must be {MOST_RUNS} at most"})
    if (terms := len(state.scenario.interaction)) > MOST_TERMS:
        raise StateError({"interactions": f"{terms} interactions: must be {MOST_TERMS} at most"})
    problems = Problems("", "the explorer")
    tables = state.scenario.model_dump(exclude_unset=True, exclude_none=True, exclude={"scan"})
    found = Reader(tables, problems, Path(), BARE, lambda table: _kept(json.dumps(table))).read()
    if found is None:
        by_key: dict[str, list[str]] = {}
        for place, words in problems.found:
            by_key.setdefault(_key(place), []).append(words)
        raise StateError({key: "; ".join(words) for key, words in by_key.items()})
    return Setup(**vars(found[1]), note=_note(found[1]))


def _key(place: Place) -> str:
    """Return the key of a place in the document."""
    for n in (2, 1):
        if (known := _KEYS.get(place[:n])) is not None:  # type: ignore[arg-type]
            return ".".join([known, *map(str, place[n:])])
    return ".".join(map(str, place))


@lru_cache(maxsize=256)
def _kept(table: str) -> Interaction:
    """Return an interaction; kept, since most of them stay while a slider moves."""
    return build_interaction(json.loads(table))


def _note(setting: Setting) -> str:
    model, atom = setting.model, setting.atom
    if not model.poles():
        return ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PoleWarning)
        top = atom.end
        check_poles(model, jnp.array([0.0, top]), atom, setting.neutrinos)
    return "; ".join(str(item.message) for item in caught)
