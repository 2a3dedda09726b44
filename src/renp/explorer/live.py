"""The numbers that follow a slider: compiled once, for arrays of fixed shapes.

They are those of `renp.results`, without what a result needs to be kept: checks are made when the state is
built, a spectrum is drawn at as many photon energies whatever the window, and runs are padded with runs of no
duration.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.experiment import Experiment, expected_counts
from renp.explorer.state import State
from renp.formula.kinematics import FIRST, SECOND
from renp.formula.master_formula import components, total_spectrum
from renp.inference.upper_limits import upper_limits
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.results.bounds import Bounds
from renp.results.limits import Limits
from renp.scenario.build import Setting
from renp.spectrum import thresholds

POINTS = 2000
_NEAR = 100
"""Points just below each of the six thresholds, where the spectrum falls as a square root."""

PAIRS = tuple(f"{i + 1}{j + 1}" for i, j in zip(FIRST, SECOND, strict=True))

_SPAN = 0.013
"""Width of the window around the thresholds times E_eg, eV²: room for lightest masses up to 0.08 eV."""

_STEP = 16
"""Runs are padded to a multiple of this number."""

_thresholds = jax.jit(thresholds)


class Curves(NamedTuple):
    """I(ω) over a grid: model, standard model, and the parts that were asked for by name."""

    omega: Reals
    model: Reals
    standard: Reals
    parts: dict[str, Reals]
    thresholds: dict[str, float]


class Expected(NamedTuple):
    """Counts of each run, backgrounds included."""

    model: Reals
    standard: Reals


def edges(setup: Setting) -> dict[str, float]:
    """Return the threshold of each unordered pair, eV."""
    found = np.asarray(_thresholds(setup.atom, setup.neutrinos))
    return {pair: float(found[i, j]) for pair, i, j in zip(PAIRS, FIRST, SECOND, strict=True)}


def whole_range(setup: Setting) -> tuple[float, float]:
    """Return all photon energies at which a pair may be emitted, and a little more, eV."""
    return 0.0, 1.01 * float(setup.atom.end)


def usual_window(setup: Setting) -> tuple[float, float]:
    """Return photon energies around the thresholds; the same for all masses, so that thresholds walk."""
    top = float(setup.atom.end)
    span = _SPAN / float(setup.atom.E_eg)
    return max(top - span, 0.0), top + 0.05 * span


def view_window(state: State, setup: Setting) -> tuple[float, float]:
    """Return the photon energies that the state shows, kept where the spectrum is defined."""
    low, high = state.window or usual_window(setup)
    highest = np.nextafter(float(setup.atom.E_vg), 0.0)
    low, high = max(low, 0.0), min(high, float(highest))
    return (low, high) if low < high else usual_window(setup)


def grid(window: tuple[float, float], thresholds: dict[str, float]) -> Reals:
    """Return `POINTS` photon energies in a window, dense below the thresholds in it."""
    low, high = window
    steps = np.linspace(0, 1, _NEAR) ** 3
    near = [edge - (high - low) * steps for edge in thresholds.values() if low < edge <= high]
    even = np.linspace(low, high, POINTS - _NEAR * len(near))
    return np.sort(np.clip(np.concatenate([even, *near]), low, high))


def curves(setup: Setting, window: tuple[float, float], parts: str) -> Curves:
    """Return the curves in a window; parts are "total", "pairs" or "interactions"."""
    marks = edges(setup)
    omega = grid(window, marks)
    found = np.asarray(_curves(jnp.asarray(omega), setup.atom, setup.neutrinos, setup.terms, parts))
    interactions = ("weak", *setup.term_names, "interference")
    names = {"total": (), "pairs": PAIRS, "interactions": interactions}[parts]
    return Curves(omega, found[0], found[1], dict(zip(names, found[2:], strict=True)), marks)


@partial(jax.jit, static_argnums=4)
def _curves(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, terms: tuple[Interaction, ...], parts: str
) -> Float[Array, "k n"]:
    model: Interaction = sum(terms, start=Weak())
    standard = total_spectrum(omega, atom, neutrinos, Weak())
    if parts == "pairs":
        both = components(omega, atom, neutrinos, model)
        ordered = both.transverse + both.longitudinal
        once = np.where(FIRST == SECOND, 0.5, 1.0)[:, None]
        pairs = once * (ordered[FIRST, SECOND] + ordered[SECOND, FIRST])
        return jnp.concatenate([jnp.stack([jnp.sum(pairs, axis=0), standard]), pairs])
    total = total_spectrum(omega, atom, neutrinos, model) if terms else standard
    if parts == "total":
        return jnp.stack([total, standard])
    alone = [standard, *(total_spectrum(omega, atom, neutrinos, term) for term in terms)]
    return jnp.stack([total, standard, *alone, total - sum(alone)])


def expected(setup: Setting) -> Expected:
    """Return the expected counts of model and standard model."""
    runs = setup.experiment.runs
    # So that the number of runs, and with it the compiled function, seldom changes.
    padded = runs.padded(_blocks(len(runs)) * _STEP)
    found = _expected(setup.experiment.with_runs(padded), setup.neutrinos, setup.terms)
    return Expected(*(np.asarray(counts)[: len(runs)] for counts in found))


def _blocks(runs: int) -> int:
    return max(-(-runs // _STEP), 1)


@jax.jit
def _expected(runs: Experiment, neutrinos: Neutrinos, terms: tuple[Interaction, ...]) -> tuple[Array, Array]:
    null = expected_counts(runs, neutrinos)
    return (expected_counts(runs, neutrinos, sum(terms, start=Weak())) if terms else null), null


_compiled: set[Any] = set()
"""Of which programs of views it is known that they are compiled."""

_compiling = threading.Lock()


def is_compiled(state: State, setup: Setting) -> bool:
    """Return whether the open view of a state has its numbers at once."""
    return state.tab not in _NUMBERS or _program(state, setup) in _compiled


def compile_view(state: State, setup: Setting) -> None:
    """Compute what the open view of a state shows, for what is compiled thereby; one view after another."""
    with _compiling:
        if not is_compiled(state, setup):
            _NUMBERS[state.tab](state, setup)
            _compiled.add(_program(state, setup))


def _program(state: State, setup: Setting) -> Any:
    """Return what decides about the programs of a view."""
    leaves, structure = jax.tree.flatten((setup.atom, setup.neutrinos, setup.terms))
    runs = _blocks(len(setup.experiment.runs))
    return state.tab, state.parts, runs, structure, tuple(np.shape(leaf) for leaf in leaves)


_NUMBERS: dict[str, Callable[[State, Setting], Any]] = {
    "spectrum": lambda state, setup: curves(setup, view_window(state, setup), state.parts),
    "counts": lambda state, setup: (curves(setup, view_window(state, setup), "total"), expected(setup)),
    "plan": lambda state, setup: curves(setup, view_window(state, setup), "total"),
    "bounds": lambda _, setup: Bounds.compute(setup.neutrinos, setup.model),
}
"""What views show as soon as a state is there, by tab."""


def limits(setup: Setting) -> Limits:
    """Return the limits of `renp limits`."""
    level = float(setup.confidence_level)
    return upper_limits(
        setup.experiment, setup.neutrinos, level, couplings=setup.limited, nuisances=setup.nuisances
    )
