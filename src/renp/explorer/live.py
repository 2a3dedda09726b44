"""The numbers that follow a slider: compiled once, for arrays of fixed shapes.

They are those of `renp.results`, without what a result needs to be kept: checks are made when the state is
built, and runs are padded with runs of no duration.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.experiment import Experiment, expected_counts
from renp.explorer.sampling import PAIRS, edges, grid
from renp.explorer.setup import Setup
from renp.formula.kinematics import FIRST, SECOND
from renp.formula.master_formula import components, total_spectrum
from renp.inference.strength import Counts, strength_counts, strength_limits
from renp.inference.upper_limits import delta_chi2, moment_signals
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.neutrinos import Neutrinos

STEP = 16
"""Runs are padded to a multiple of this number."""


class Curves(NamedTuple):
    """I(ω) over a grid: model, standard model, and the parts that were asked for by name."""

    omega: Reals
    model: Reals
    standard: Reals
    parts: dict[str, Reals]
    thresholds: dict[str, float]


def curves(setup: Setup, window: tuple[float, float], parts: str) -> Curves:
    """Return the curves in a window; parts are "total", "pairs" or "interactions".

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> from renp.explorer.state import State
    >>> sorted(curves(build(State()), (1.06, 1.07), "pairs").parts)
    ['11', '12', '13', '22', '23', '33']
    """
    marks = edges(setup)
    omega = grid(window, marks)
    found = np.asarray(_curves(jnp.asarray(omega), setup.atom, setup.neutrinos, setup.terms, parts))
    names = part_names(setup, parts)
    return Curves(omega, found[0], found[1], dict(zip(names, found[2:], strict=True)), marks)


def part_names(setup: Setup, parts: str) -> tuple[str, ...]:
    """Return the names of the parts.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> from renp.explorer.state import State
    >>> part_names(build(State()), "interactions")
    ('weak', 'interference')
    """
    if parts == "pairs":
        return PAIRS
    return ("weak", *term_names(setup), "interference") if parts == "interactions" else ()


def term_names(setup: Setup) -> tuple[str, ...]:
    """Return a name for each interaction beside the weak one; a second one of a kind is called "kind (2)"."""
    names: list[str] = []
    for term in setup.terms:
        kind = term.kind or type(term).__name__.lower()
        known = sum(name.split(" (")[0] == kind for name in names) + 1
        names.append(kind if known == 1 else f"{kind} ({known})")
    return tuple(names)


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


class Expected(NamedTuple):
    """Counts of each run, backgrounds included, and upper limits by kind and label in its unit."""

    model: Reals
    standard: Reals
    limits: dict[str, dict[str, float]]


def expected(setup: Setup, confidence_level: float) -> Expected:
    """Return counts and limits; those of `renp.upper_limits` for expected counts, one coupling at a time.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> from renp.explorer.state import Run, State
    >>> found = expected(build(State(runs=(Run(1.068),))), 0.9)
    >>> f"{found.limits['magnetic-moment']['11']:.2e}"
    '4.43e-11'
    """
    n = setup.experiment.photon_energy.shape[0]
    runs = padded(setup.experiment)
    rise = delta_chi2(confidence_level)
    units = _other_units(setup)
    found = _expected(runs, setup.neutrinos, setup.terms, tuple(units.values()), rise)
    model, standard, moments, others = jax.tree.map(np.asarray, found)
    labels = [f"{i}{j}" for i, j in moment_elements(setup.neutrinos.nature)]
    limits = {kind: dict(zip(labels, map(float, of_kind), strict=True)) for kind, of_kind in moments.items()}
    for (kind, label), value in zip(units, others, strict=True):
        limits.setdefault(kind, {})[label] = float(value)
    return Expected(model[:n], standard[:n], limits)


def padded(experiment: Experiment) -> Experiment:
    """Return the experiment with runs of no duration, so that their number seldom changes.

    Examples
    --------
    >>> import renp
    >>> one = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> padded(one).photon_energy.shape
    (16,)
    """
    return experiment.with_runs(experiment.runs.padded(max(-(-len(experiment.runs) // STEP), 1) * STEP))


def _other_units(setup: Setup) -> dict[tuple[str, str], Interaction]:
    """Return the couplings beside the moments, as `renp limits` has them."""
    moments = {moment.kind for moment in MOMENTS}
    return {
        (name, label): unit
        for name, term in zip(term_names(setup), setup.terms, strict=True)
        if name.split(" (")[0] not in moments
        for label, unit in ((one.label, one.interaction) for one in term.directions())
    }


@jax.jit
def _expected(
    runs: Experiment,
    neutrinos: Neutrinos,
    terms: tuple[Interaction, ...],
    units: tuple[Interaction, ...],
    rise: float,
) -> tuple[Array, Array, dict[str, Array], list[Array]]:
    null = expected_counts(runs, neutrinos)
    model = expected_counts(runs, neutrinos, sum(terms, start=Weak())) if terms else null
    moments = {
        kind: jax.vmap(partial(_moment_limit, null, rise))(signals)
        for kind, signals in moment_signals(runs, neutrinos).items()
    }
    others = []
    for unit in units:
        ends = strength_limits(strength_counts(runs, neutrinos, unit), rise)
        others.append(jnp.maximum(-ends.lower, ends.upper))
    return model, null, moments, others


def _moment_limit(null: Array, rise: float, signal: Array) -> Array:
    """Return the limit on an element, whose counts are ``signal`` times its square."""
    total = jnp.sum(signal)
    unit = jnp.sqrt((jnp.sum(null) + 1) / jnp.where(total > 0, total, 1.0))
    return strength_limits(Counts(null, jnp.zeros_like(null), signal * unit**2, unit), rise).upper
