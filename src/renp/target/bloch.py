"""Two fields that run against each other through atoms with a two-photon transition: Maxwell–Bloch.

Lengths are in units of the medium's length L and times in those of L/c; the fields' amplitudes are a, with
n|a|² photons per volume at n atoms per volume, so that |a_R|² + |a_L|² + 2ρ_ee is conserved. With
p = g_g ρ_gg + g_e ρ_ee, ρ = ρ_eg and w = ρ_ee − ρ_gg,

    (∂_t + ∂_z) a_R = i (p a_R + g ρ a_L*),    (∂_t − ∂_z) a_L = i (p a_L + g ρ a_R*),
    ∂_t ρ = −i g a_R a_L w + i (g_e − g_g)(|a_R|² + |a_L|²) ρ − (iδ + 1/T₂) ρ,
    ∂_t w = −4 g Im(a_R a_L ρ*) − (w + 1)/T₁,

with g = ωnα_eg L/2 and the like for g_g and g_e. The step in time is the one in space: fields enter a cell at
one face and leave it at the other, while all within follows ordinary equations with what enters. That is
symmetric in time, hence of second order. A state has atoms at the cells' centres, and at the same time a_R at
their right and a_L at their left faces.
Real and imaginary parts are apart, since compilers do not vectorise complex numbers.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.compiled import compiled
from renp.validation import Scalar

Pair: TypeAlias = tuple[Float[Array, "..."], Float[Array, "..."]]
"""Real and imaginary part."""


class System(eqx.Module):
    """Coefficients of the equations, in units of the medium's length and its crossing time."""

    coupling: Scalar
    """g."""
    index_g: Scalar
    index_e: Scalar
    """g_g and g_e, which shift levels and retard fields."""
    detuning: Float[Array, " k"]
    """δ = E_eg − 2ω of each class of atoms."""
    share: Float[Array, " k"]
    """Of each class; they add up to 1."""
    decay: Scalar
    """1/T₁."""
    dephasing: Scalar
    """1/T₂."""


class State(NamedTuple):
    """Fields at n cells, and atoms of k classes there."""

    right: Pair
    left: Pair
    coherence: Pair
    """ρ_eg, shape (k, n)."""
    inversion: Float[Array, "k n"]
    """ρ_ee − ρ_gg."""


class Frames(NamedTuple):
    """What is kept of a propagation: every so many steps all cells, and at every step what flows out."""

    right: Pair
    left: Pair
    coherence: Pair
    """Averaged over the classes."""
    inversion: Float[Array, "frames n"]
    out_right: Pair
    out_left: Pair


_barrier: Callable[[Any], Any] = jax.lax.optimization_barrier


def ground(classes: int, cells: int) -> State:
    """Return atoms in |g⟩ without fields.

    Examples
    --------
    >>> ground(1, 3).inversion
    Array([[-1., -1., -1.]], dtype=float64)
    """
    field = jnp.zeros(cells), jnp.zeros(cells)
    atoms = jnp.zeros((classes, cells))
    return State(field, field, (atoms, atoms), atoms - 1.0)


def _mean(system: System, values: Float[Array, "k n"]) -> Float[Array, " n"]:
    # Term by term: a reduction would end what the compiler fuses.
    return sum((system.share[k] * values[k] for k in range(values.shape[0])), jnp.zeros(()))


def _rates(system: System, state: State) -> State:
    """Return the time derivatives within a cell."""
    (rr, ri), (lr, li), (cr, ci), w = state
    g = system.coupling
    mr, mi, mean = _mean(system, cr), _mean(system, ci), _mean(system, w)
    p = (system.index_g * (1 - mean) + system.index_e * (1 + mean)) / 2
    pr, pi = rr * lr - ri * li, rr * li + ri * lr  # a_R a_L
    turn = (system.index_e - system.index_g) * (rr**2 + ri**2 + lr**2 + li**2) - system.detuning
    return State(
        (-p * ri - g * (mi * lr - mr * li), p * rr + g * (mr * lr + mi * li)),
        (-p * li - g * (mi * rr - mr * ri), p * lr + g * (mr * rr + mi * ri)),
        (g * pi * w - turn * ci - system.dephasing * cr, -g * pr * w + turn * cr - system.dephasing * ci),
        -4 * g * (pi * cr - pr * ci) - system.decay * (w + 1),
    )


_NODES = (0.0, 1 / 2, 1 / 2, 1.0)
_WEIGHTS = (1 / 6, 1 / 3, 1 / 3, 1 / 6)
"""Of Runge and Kutta's fourth order."""


def _stages(system: System, state: State, h: float) -> tuple[list[State], list[State]]:
    """Return where the rates are taken, and the rates."""
    places, rates = [state], [_rates(system, state)]
    for node in _NODES[1:]:
        places.append(_sum(state, [rates[-1]], [node * h]))
        rates.append(_rates(system, places[-1]))
    return places, rates


def _sum(first: Any, others: list[Any], factors: list[float]) -> Any:
    total = jax.tree.map(
        lambda x, *more: x + sum(f * y for f, y in zip(factors, more, strict=True)), first, *others
    )
    # Without it each stage would be computed anew wherever it is used, also by the stages before it.
    return _barrier(total)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _local(system: System, state: State, h: float) -> State:
    """Return the state after a time within the cells alone."""
    end: State = _sum(state, _stages(system, state, h)[1], [h * weight for weight in _WEIGHTS])
    return end


def _local_forward(system: System, state: State, h: float) -> tuple[State, tuple[System, State]]:
    return _local(system, state, h), (system, state)


def _local_backward(h: float, kept: tuple[System, State], end: State) -> tuple[System, State]:
    """Go back through the stages one by one, for the same reason as above."""
    system, state = kept
    places = _stages(system, state, h)[0]
    later, found = jax.tree.map(jnp.zeros_like, state), list[tuple[System, State]]()
    for k in (3, 2, 1, 0):
        onwards = _NODES[k + 1] * h if k < 3 else 0.0
        rate = jax.tree.map(lambda x, y, k=k, f=onwards: _WEIGHTS[k] * h * x + f * y, end, later)
        of_system, back = jax.vjp(_rates, system, places[k])[1](rate)
        later = _barrier(back)  # alone: coefficients that have no gradient are then left out
        found.append((of_system, later))
    systems, states = zip(*found, strict=True)
    return jax.tree.map(lambda *each: sum(each), *systems), _sum(end, list(states), [1.0] * 4)


_local.defvjp(_local_forward, _local_backward)


def _into(field: Pair, entering: tuple[Scalar, Scalar], *, right: bool) -> tuple[Pair, Pair]:
    """Return a field moved by a cell, and what has left."""
    inside, outside = (slice(None, -1), -1) if right else (slice(1, None), 0)
    new = [jnp.atleast_1d(part) for part in entering]
    join = [[n, f[inside]] if right else [f[inside], n] for n, f in zip(new, field, strict=True)]
    moved = jnp.concatenate(join[0]), jnp.concatenate(join[1])
    return moved, (field[0][outside], field[1][outside])


def propagated(
    system: System,
    state: State,
    entering_right: Pair,
    entering_left: Pair,
) -> tuple[State, Frames]:
    """Return the state after a time, and frames of what happened.

    Parameters
    ----------
    system, state
        Coefficients, and what there is at the beginning.
    entering_right, entering_left
        Amplitudes of what flows in at z = 0 and z = L in each step, shape (frames, steps); a step is the time
        in which light crosses a cell.

    Examples
    --------
    >>> one = jnp.ones(1)
    >>> bare = System(0.0, 0.0, 0.0, 0 * one, one, 0.0, 0.0)
    >>> enter = jnp.ones((2, 2)), jnp.zeros((2, 2))
    >>> end, frames = propagated(bare, ground(1, 3), enter, (0 * enter[0], enter[1]))
    >>> frames.right[0]
    Array([[1., 1., 0.],
           [1., 1., 1.]], dtype=float64)
    """
    cells = state.inversion.shape[-1]
    h = 1.0 / cells
    # Gradients by the coefficients are summed over the cells once, not in every step.
    system = jax.tree.map(
        lambda x: jnp.broadcast_to(jnp.asarray(x)[..., None], (*jnp.shape(x), cells)), system
    )

    def step(state: State, entering: tuple[Pair, Pair]) -> tuple[State, tuple[Pair, Pair]]:
        right, out_right = _into(state.right, entering[0], right=True)
        left, out_left = _into(state.left, entering[1], right=False)
        return _local(system, state._replace(right=right, left=left), h), (out_right, out_left)

    def frame(state: State, entering: tuple[Pair, Pair]) -> tuple[State, Frames]:
        state, out = jax.lax.scan(step, state, entering)
        mean = _mean(system, state.coherence[0]), _mean(system, state.coherence[1])
        return state, Frames(state.right, state.left, mean, _mean(system, state.inversion), *out)

    # Only the state at each frame is kept for a gradient; what is between is computed again.
    kept = jax.checkpoint(frame, prevent_cse=False)
    return jax.lax.scan(kept, state, (entering_right, entering_left))


propagate = compiled(propagated)


def energy(system: System, state: State) -> Float[Array, " n"]:
    """Return |a_R|² + |a_L|² + 2ρ_ee at each cell: energy in units of that of a photon for each atom.

    Examples
    --------
    >>> one = jnp.ones(1)
    >>> energy(System(0.0, 0.0, 0.0, one, one, 0.0, 0.0), ground(1, 2))
    Array([0., 0.], dtype=float64)
    """
    fields = sum(part**2 for pair in (state.right, state.left) for part in pair)
    return jnp.asarray(fields + _mean(system, state.inversion) + 1)
