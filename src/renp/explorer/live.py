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
from renp.formula.kinematics import FIRST, SECOND
from renp.formula.master_formula import components, total_spectrum
from renp.inference.upper_limits import upper_limits
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.results.limits import Limits
from renp.scenario.build import Setting

STEP = 16
"""Runs are padded to a multiple of this number."""


class Curves(NamedTuple):
    """I(ω) over a grid: model, standard model, and the parts that were asked for by name."""

    omega: Reals
    model: Reals
    standard: Reals
    parts: dict[str, Reals]
    thresholds: dict[str, float]


def curves(setup: Setting, window: tuple[float, float], parts: str) -> Curves:
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


def part_names(setup: Setting, parts: str) -> tuple[str, ...]:
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
    return ("weak", *setup.term_names, "interference") if parts == "interactions" else ()


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
    """Counts of each run, backgrounds included."""

    model: Reals
    standard: Reals


def expected(setup: Setting) -> Expected:
    """Return the expected counts of model and standard model.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> from renp.explorer.state import State
    >>> expected(build(State.of(runs=[[1.068]]))).standard.round(1)
    array([117.1])
    """
    n = setup.experiment.photon_energy.shape[0]
    found = _expected(padded(setup.experiment), setup.neutrinos, setup.terms)
    return Expected(*(np.asarray(counts)[:n] for counts in found))


@jax.jit
def _expected(runs: Experiment, neutrinos: Neutrinos, terms: tuple[Interaction, ...]) -> tuple[Array, Array]:
    null = expected_counts(runs, neutrinos)
    return (expected_counts(runs, neutrinos, sum(terms, start=Weak())) if terms else null), null


def limits(setup: Setting) -> Limits:
    """Return the limits of `renp limits`.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> from renp.explorer.state import State
    >>> found = limits(build(State.of(runs=[[1.068]])))
    >>> f"{found.limits['magnetic-moment']['11']:.2e}"
    '4.43e-11'
    """
    return upper_limits(
        setup.experiment,
        setup.neutrinos,
        float(setup.confidence_level),
        couplings=setup.limited,
        nuisances=setup.nuisances,
    )


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
