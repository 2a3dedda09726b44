"""How spectra depend on couplings: as a quadratic form, since these enter the amplitude linearly."""

from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from renp.atoms.atom import Atom
from renp.atoms.lights import Lights
from renp.compensated import array_module
from renp.compiled import compiled
from renp.experiment import Experiment
from renp.formula.line import line_spectrum
from renp.inference.parameters import Parameter
from renp.interactions.couplings import Coupling, Interaction, Model, Scaled
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.validation import finite

Form: TypeAlias = Float[Array, "n k k"]
Runs: TypeAlias = tuple[Array, Laser, Atom | Lights, Neutrinos, Interaction, tuple[Interaction, ...]]

_NO_INTERFERENCE = 1e-10
"""Rounding of an interference that vanishes, relative to the geometric mean of both parts."""

_ROUNDING = 1e-13
"""The same relative to the largest part of a run, from which it is a difference."""

_AT_ZERO = 1e-30
"""Keeps the slope of √x finite at a magnitude of 0; far below the rounding of the counts."""


def spectrum_of(form: Form, x: Float[Array, "p"], magnitude: list[bool]) -> Float[Array, "n"]:
    """Return the form at (1, x), where the coordinate of a magnitude is the square already."""
    own = x[: len(magnitude)]
    squares = jnp.einsum("nkk->nk", form)[:, 1:] * np.array(magnitude, dtype=float)
    total: Array = form[:, 0, 0] + squares @ own
    signed = np.flatnonzero(~np.array(magnitude, dtype=bool))
    if not signed.size:
        return total
    amplitude, inner = own[signed], form[:, 1 + signed[:, None], 1 + signed]
    return total + 2 * form[:, 0, 1 + signed] @ amplitude + (inner @ amplitude) @ amplitude


def superposed(
    model: Interaction,
    interactions: tuple[Interaction, ...],
    fitted: tuple[Parameter, ...],
    x: Float[Array, "p"],
) -> Interaction:
    """Return the model with the interactions at the coordinates of their couplings."""
    amplitudes = [
        p.plus * (jnp.sqrt(x[k] + _AT_ZERO) if p.kind == "magnitude" else x[k]) for k, p in enumerate(fitted)
    ]
    return Model((model, *(Scaled(g, c) for g, c in zip(amplitudes, interactions, strict=True))))


def runs_of(
    experiment: Experiment, neutrinos: Neutrinos, model: Interaction, couplings: tuple[Coupling, ...]
) -> Runs:
    """Return what the form of an experiment's runs depends on."""
    line = experiment.photon_energy, experiment.laser, experiment.lit_atom
    return *line, neutrinos, model, tuple(coupling.interaction for coupling in couplings)


def typical_sizes(runs: list[Runs], experiments: tuple[Experiment, ...]) -> Float[Array, "k"]:
    """Return the sizes at which the couplings matter, in all experiments together."""
    null: Any = 0.0
    signal: Any = 0.0
    for one, experiment in zip(runs, experiments, strict=True):
        form: Any = finite(form_of(np.ones(len(one[-1])), *one), "the expected counts")
        xp = array_module(form, *jax.tree.leaves(experiment))
        spectra = xp.einsum("nkk->kn", form if xp is jnp else np.asarray(form))
        alone = xp.sum(experiment.exposure * spectra, axis=1)
        null = null + alone[0] + xp.sum(experiment.background_counts)
        signal = signal + alone[1:]
    xp = array_module(null, signal)
    sizes: Array = xp.sqrt((xp.sqrt(null) + 1) / xp.where(signal > 0, signal, 1.0))
    return sizes


@compiled
def form_of(
    units: Float[Array, "k"],
    photons: Float[Array, "n"],
    laser: Laser,
    atom: Atom | Lights,
    neutrinos: Neutrinos,
    model: Interaction,
    couplings: tuple[Interaction, ...],
) -> Form:
    """Return the quadratic form of I(ω) in the strength of the model and the couplings in their units."""
    size = len(couplings) + 1
    first, second = np.indices((size, size)).reshape(2, -1)
    products = products_of(first, second, units, photons, laser, atom, neutrinos, model, couplings)
    form: Form = products.reshape(-1, size, size)
    return form


@compiled
def products_of(
    first: Int[Array, "c"],
    second: Int[Array, "c"],
    units: Float[Array, "k"],
    photons: Float[Array, "n"],
    laser: Laser,
    atom: Atom | Lights,
    neutrinos: Neutrinos,
    model: Interaction,
    couplings: tuple[Interaction, ...],
) -> Float[Array, "n c"]:
    """Return some elements of the form: those of two places each, 0 for the model."""

    def strength(factors: Float[Array, "k"]) -> Float[Array, "n"]:
        scaled = Model((Scaled(factors[0], model),))
        pairs = zip(factors[1:] * units, couplings, strict=True)
        mixture = Model((scaled, *(Scaled(g, c) for g, c in pairs)))
        rate: Array = line_spectrum(photons, laser, atom, neutrinos, mixture)
        return rate

    basis = jnp.eye(len(couplings) + 1)
    one, other = basis[first], basis[second]
    both = jax.vmap(strength, out_axes=1)(jnp.concatenate([one + other, one - other]))
    together, apart = jnp.split(both, 2, axis=1)
    found: Array = (together - apart) / 4
    return found


def interferes(form: Form) -> NDArray[np.bool_]:
    """Return for each coupling whether it interferes with the model or with another one."""
    values = np.asarray(form)
    own = np.sqrt(np.einsum("nkk->nk", values))
    allowed = _NO_INTERFERENCE * own[:, :, None] * own[:, None, :]
    allowed += _ROUNDING * np.max(own, axis=1)[:, None, None] ** 2
    seen = np.abs(values) > allowed
    off_diagonal = ~np.eye(values.shape[1], dtype=bool)
    found: NDArray[np.bool_] = np.any(seen & off_diagonal, axis=(0, 1))[1:]
    return found
