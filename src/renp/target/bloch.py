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


def _sum(first: Any, others: list[Any], factors: list[float]) -> Any:
    total = jax.tree.map(
        lambda x, *more: x + sum(f * y for f, y in zip(factors, more, strict=True)), first, *others
    )
    # Without it each stage would be computed anew wherever it is used, also by the stages before it.
    return _barrier(total)


def _local(system: System, state: State, h: float) -> State:
    """Return the state after a time within the cells alone."""
    rates = [_rates(system, state)]
    for node in _NODES[1:]:
        rates.append(_rates(system, _sum(state, [rates[-1]], [node * h])))
    end: State = _sum(state, rates, [h * weight for weight in _WEIGHTS])
    return end


def _local_backward(
    system: System, state: State, h: float, end: State, found: System
) -> tuple[State, System]:
    """Return the derivatives by the state before, and those by the coefficients at each cell added to others.

    Stages are loops here, which keep the compiler from computing each of them anew wherever it is used.
    """
    nodes, weights = jnp.array(_NODES), jnp.array(_WEIGHTS)
    onwards = jnp.roll(nodes, -1)  # the last stage has none after it, as its node of 0 says

    def ahead(place: State, node: Scalar) -> tuple[State, State]:
        moved = jax.tree.map(lambda x, rate: x + node * h * rate, state, _rates(system, place))
        return moved, place

    def back(carry: Any, stage: Any) -> tuple[Any, None]:
        later, total, found = carry
        place, weight, node = stage
        rate = jax.tree.map(lambda x, y: weight * h * x + node * h * y, end, later)
        wide = jax.tree.map(lambda x: jnp.broadcast_to(x, _by_cell(x, state)), system)
        of_system, later = jax.vjp(_rates, wide, place)[1](rate)
        return (later, jax.tree.map(jnp.add, total, later), jax.tree.map(jnp.add, found, of_system)), None

    places = jax.lax.scan(ahead, state, onwards)[1]
    begin = jax.tree.map(jnp.zeros_like, state), end, found
    (_, total, found), _ = jax.lax.scan(back, begin, (places, weights, onwards), reverse=True)
    return total, found


def _by_cell(coefficient: Any, state: State) -> tuple[int, ...]:
    return (*jnp.shape(coefficient)[:-1], state.inversion.shape[-1])


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
    # One more axis, for the cells.
    system = jax.tree.map(lambda x: jnp.asarray(x)[..., None], system)

    def frame(state: State, entering: Any) -> tuple[State, Frames]:
        state, out = _frame(system, state, entering)
        mean = _mean(system, state.coherence[0]), _mean(system, state.coherence[1])
        return state, Frames(state.right, state.left, mean, _mean(system, state.inversion), *out)

    return jax.lax.scan(frame, state, (entering_right, entering_left))


def _moved(state: State, entering: Any) -> tuple[State, Any]:
    right, out_right = _into(state.right, entering[0], right=True)
    left, out_left = _into(state.left, entering[1], right=False)
    return state._replace(right=right, left=left), (out_right, out_left)


@jax.custom_vjp
def _frame(system: System, state: State, entering: Any) -> tuple[State, Any]:
    """Return the state after the steps of a frame, and what has left."""
    h = 1.0 / state.inversion.shape[-1]

    def step(state: State, entering: Any) -> tuple[State, Any]:
        moved, out = _moved(state, entering)
        return _local(system, moved, h), out

    end: tuple[State, Any] = jax.lax.scan(step, state, entering)
    return end


def _frame_forward(system: System, state: State, entering: Any) -> Any:
    """Keep only the state at the beginning: what comes then is computed again."""
    return _frame(system, state, entering), (system, state, entering)


def _frame_backward(kept: Any, derivatives: Any) -> tuple[System, State, Any]:
    system, state, entering = kept
    h = 1.0 / state.inversion.shape[-1]

    def step(state: State, entering: Any) -> tuple[State, State]:
        moved, _ = _moved(state, entering)
        return _local(system, moved, h), moved

    def back(carry: Any, kept: Any) -> Any:
        end, found = carry
        moved, (out_right, out_left) = kept
        before, found = _local_backward(system, moved, h, end, found)
        right, of_right = _into(before.right, out_right, right=False)
        left, of_left = _into(before.left, out_left, right=True)
        return (before._replace(right=right, left=left), found), (of_right, of_left)

    places = jax.lax.scan(step, state, entering)[1]
    end, out = derivatives
    # By the coefficients at each cell: summed once, not in every step.
    none = jax.tree.map(lambda x: jnp.zeros(_by_cell(x, state)), system)
    (first, found), entered = jax.lax.scan(back, (end, none), (places, out), reverse=True)
    return jax.tree.map(lambda x: x.sum(axis=-1, keepdims=True), found), first, entered


_frame.defvjp(_frame_forward, _frame_backward)

propagate = compiled(propagated, fast=True)


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
