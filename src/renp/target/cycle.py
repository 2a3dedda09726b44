"""One cycle: propagation while there are pulses or the target empties itself, and analytic storage between.

    η(t) = ∫ 4|ρ_eg|² n_t/n_γ dV/V,

with n_t the trigger's photon density, or n_γ at all times. A beam's radius is resolved in rings of equal
weight to Gauss's rule, each of which is a problem of plane waves: beams do not spread within the target.
"""

from math import ceil, factorial, floor, log2, pi
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.polynomial.hermite_e import hermeval

from renp.constants import HBAR_C
from renp.errors import InputError
from renp.target.bloch import Frames, State, ground, propagated
from renp.target.medium import Medium, amplitude, mean_power, normal_nodes
from renp.validation import Scalar

Times: TypeAlias = Float[np.ndarray, " t"]

REACH = 2.0
"""Half of a pulse's window, in its durations: what is outside is 10⁻⁵ of its maximum."""

FRAMES = 128
"""Of a propagation, at most; at least half as many."""

MOST_STEPS = 4_000_000
"""Cells times steps of one propagation are some 20 s for each 10⁸."""

_POINTS = 8
"""Of Gauss's rule in each panel of a storage."""

_THRESHOLD = pi / 2


class Pulses(NamedTuple):
    """Numbers of several pulses, shape (p,) each: J, s, cm, s."""

    energy: Any
    duration: Any
    waist: Any
    delay: Any


class Light(eqx.Module):
    """What shines on the target."""

    right: Pulses
    """Towards larger z, each with half of E_eg, and so those towards smaller z."""
    left: Pulses
    trigger: Pulses
    """No pulse: n_γ at all times."""
    photon_density: Scalar
    """n_γ, 1/cm³."""
    radius: Scalar
    """Of the part of the target that has light or coherence at all, cm."""
    cover: Scalar
    """Share of the target's cross-section within it."""
    seed_photons: Scalar
    """Photons in each mode, of both sides together twice as many, that enter at z = 0 at all times."""
    gate: tuple[Scalar, Scalar] = (-jnp.inf, jnp.inf)
    """From when to when photons are counted, s on the pulses' clock."""
    trigger_left: Pulses = Pulses(*(np.zeros(0),) * 4)
    """Triggers that run towards smaller z."""

    @property
    def triggers(self) -> list[tuple[Any, Any, Any, Any]]:
        """All of them."""
        return [*_each(self.trigger), *_each(self.trigger_left)]


class Stretch(NamedTuple):
    """A part of the cycle: so many frames of so many steps, or none of them for storage."""

    start: float
    end: float
    frames: int
    steps: int


class Plan(NamedTuple):
    """What is computed, without numbers that a gradient is taken by."""

    stretches: tuple[Stretch, ...]
    cells: int
    rings: int
    crossing: float = 0.0
    """In which light crosses the medium, s, where it has to be a known number."""


class Record(NamedTuple):
    """What a stretch was like: of each ring (first axis), time and cell."""

    time: Float[Array, " t"]
    """From the beginning of the cycle, s."""
    factor: Float[Array, " t"]
    """η(t); of a propagation, averaged over the frame that ends then."""
    weight: Float[Array, " t"]
    """With which η(t) adds up to its integral, s."""
    counted: Float[Array, " t"]
    """Share of it within the gate."""
    frames: Frames | None
    """Of a propagation."""
    gain_length: Float[Array, " t"]
    """The largest ∫κ dz of any ring."""


def rings(plan: Plan, light: Light) -> tuple[Float[Array, " r"], Float[Array, " r"]]:
    """Return radii and shares of the cross-section.

    Examples
    --------
    >>> none = Pulses(*(jnp.zeros(0),) * 4)
    >>> light = Light(none, none, none, 1e21, 1.0, 1.0, 0.25)
    >>> rings(Plan((), 10, 2), light)[0].round(3)
    Array([0.46 , 0.888], dtype=float64)
    """
    nodes, weights = np.polynomial.legendre.leggauss(plan.rings)
    return light.radius * jnp.sqrt((nodes + 1) / 2), jnp.asarray(light.cover * weights / 2)


def start_of(medium: Medium, plan: Plan, coherence: Any) -> State:
    """Return the atoms of each ring at the beginning: a pure state with a real ρ_eg, and no light."""
    state = ground(medium.classes, plan.cells)
    given = jnp.broadcast_to(jnp.asarray(coherence, dtype=float), (medium.classes, plan.cells))
    inside = jnp.maximum(1 - 4 * given**2, 0.0)
    up = jnp.where(inside > 0, jnp.sqrt(jnp.where(inside > 0, inside, 1.0)), 0.0)
    state = state._replace(coherence=(given, 0 * given), inversion=-up)
    whole: State = jax.tree.map(lambda x: jnp.broadcast_to(x, (plan.rings, *x.shape)), state)
    return whole


def run(
    medium: Medium, light: Light, plan: Plan, start: Any, frames: int, steps: int, state: State
) -> tuple[State, Record]:
    """Return the state after a propagation, and its record; jax-traceable."""
    crossing, cells = medium.crossing, plan.cells
    step = crossing / cells
    time = start + step * jnp.arange(frames * steps).reshape(frames, steps)
    radius, share = rings(plan, light)
    wave = 4 * pi * HBAR_C / medium.E_eg
    seed = jnp.sqrt(2 * light.seed_photons / (wave * medium.length**2) / medium.density)

    def entering(pulses: Pulses, dark: Scalar) -> tuple[Any, Any]:
        each = [jax.vmap(lambda r, one=one: amplitude(one, time, r, medium))(radius) for one in _each(pulses)]
        total = sum(each, jnp.zeros((plan.rings, *time.shape)) + dark)
        return total, jnp.zeros_like(total)

    # Seeds from both sides would interfere: all of them enter from one.
    fields = entering(light.right, seed), entering(light.left, 0.0)
    system = medium.system
    end, seen = jax.vmap(lambda state, *both: propagated(system, state, *both))(state, *fields)
    at, span = time[:, -1] + step, steps * step
    square = seen.coherence[0] ** 2 + seen.coherence[1] ** 2
    first = [jnp.einsum("k,rkn->rn", system.share, part) for part in state.coherence]
    before = jnp.concatenate([(first[0] ** 2 + first[1] ** 2)[:, None], square[:, :-1]], axis=1)
    place = (np.arange(cells) + 0.5) / cells * crossing
    passing = _trigger(medium, light, at[:, None] - place, radius, span)
    factor = jnp.einsum("r,rtz,rtz->t", share, 2 * (before + square), passing) / cells
    low, high = light.gate
    inside = jnp.clip(jnp.minimum(at, high) - jnp.maximum(at - span, low), 0.0, span) / span
    gain = _gain_length(medium, square)
    return end, Record(at, factor, jnp.full(frames, 1.0) * span, inside, seen, gain)


def _gain_length(medium: Medium, square: Float[Array, "r t n"]) -> Float[Array, " t"]:
    small = 1e-300  # whose root has a derivative
    return jnp.max(medium.gain * jnp.mean(jnp.sqrt(square + small), axis=2), axis=0)


def _each(pulses: Pulses) -> list[tuple[Any, Any, Any, Any]]:
    return [tuple(x[k] for x in pulses) for k in range(np.shape(pulses.energy)[0])]


def _trigger(medium: Medium, light: Light, time: Any, radius: Any, span: Any) -> Any:
    """Return n_t/n_γ for each ring, averaged over a span before each time: pulses may be shorter.

    Times are those at which light towards larger z was at z = 0, the last axis is that of the cells.
    """
    if not light.triggers:
        return jnp.ones((len(radius), *jnp.shape(time)))
    ring = jnp.reshape(radius, (-1, *(1,) * jnp.ndim(time)))

    def passing(pulses: Pulses) -> Any:
        each = (
            amplitude(one, one[3], ring, medium) ** 2 * mean_power(one, time - span, time)
            for one in _each(pulses)
        )
        return sum(each, jnp.zeros((len(radius), *jnp.shape(time))))

    total = passing(light.trigger) + passing(light.trigger_left)[..., ::-1]
    return total * medium.density / light.photon_density


def mean_coherence(
    medium: Medium, coherence: Complex[Array, "r k n"], time: Float[Array, " t"]
) -> Complex[Array, "r t n"]:
    """Return the average ρ_eg over all classes of atoms after times without fields.

    Between the nodes ρ_eg is a polynomial in the detuning, whose average over a normal distribution with the
    phases of a time is known: so the average dies as it should, where that over the nodes alone would revive.
    """
    nodes, share = normal_nodes(medium.classes)
    to_polynomial = np.array(
        [share * hermeval(nodes, np.eye(medium.classes)[m]) / factorial(m) for m in range(medium.classes)]
    )
    turned = jnp.minimum(medium.spread * time, 40.0)  # beyond, e^{−x²/2} is 0 whatever stands before it
    powers = (-1j * turned[:, None]) ** np.arange(medium.classes)
    common = jnp.exp(
        -0.5 * turned**2
        - time / medium.dephasing_time
        - 1j * medium.system.detuning.mean() * time / medium.crossing
    )
    return jnp.einsum("t,tm,mk,rkn->rtn", common, powers, to_polynomial, coherence)


def store(
    medium: Medium, light: Light, plan: Plan, start: Any, time: Any, weight: Any, end: Any, state: State
) -> tuple[State, Record]:
    """Return the state after a time without pulses, and its record; jax-traceable. Fields have left."""
    coherence = state.coherence[0] + 1j * state.coherence[1]
    mean = mean_coherence(medium, coherence, time - start)
    radius, share = rings(plan, light)
    step = medium.crossing / plan.cells
    square = mean.real**2 + mean.imag**2
    # Averaged over each cell, through which a pulse may be shorter.
    passing = _trigger(medium, light, time[:, None] - step * np.arange(plan.cells), radius, step)
    factor = jnp.einsum("r,rtz,rtz->t", share, 4 * square, passing) / plan.cells
    whole = jnp.atleast_1d(end - start)
    turning = jnp.exp(-whole / medium.dephasing_time - 1j * medium.system.detuning / medium.crossing * whole)
    later = coherence * turning[:, None]
    # What the nodes' average has to be; their phases say it only for a time.
    wrong = (
        jnp.einsum("k,rkn->rn", medium.system.share, later) - mean_coherence(medium, coherence, whole)[:, 0]
    )
    later = later - wrong[:, None]
    inversion = (state.inversion + 1) * jnp.exp(-whole / medium.decay_time) - 1
    dark = jax.tree.map(jnp.zeros_like, state.right)
    last = State(dark, dark, (later.real, later.imag), inversion)
    low, high = light.gate
    inside = jnp.where((time >= low) & (time <= high), 1.0, 0.0)
    return last, Record(time, factor, weight, inside, None, _gain_length(medium, square))


def _panels(stretch: Stretch, light: Light, crossing: float) -> tuple[Any, Any, Any, Any]:
    """Return the beginning of a storage, times, weights and its end: dense at first and near triggers.

    The gate's times are ends of panels.
    """
    length = stretch.end - stretch.start
    edges = [stretch.start, *(stretch.start + length * 2.0 ** np.arange(-24, 1))]
    for _, duration, _, delay in light.triggers:
        near = float(duration) * np.arange(-4, 4.1, 0.5)
        through = crossing * np.arange(1, 16) / 16
        edges += [float(delay) + float(t) for t in (*near, *through, *(near + crossing))]
    edges = [float(np.clip(t, stretch.start, stretch.end)) for t in (*edges, *light.gate)]  # always as many
    edges_ = np.sort(edges)
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    middle, half = (edges_[1:] + edges_[:-1]) / 2, (edges_[1:] - edges_[:-1]) / 2
    time, weight = (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()
    return jnp.asarray(stretch.start), jnp.asarray(time), jnp.asarray(weight), jnp.asarray(stretch.end)


def begin_of(light: Light) -> float:
    """Return when the first pulse begins, s on the pulses' clock."""
    return min((start for start, _ in windows(light, 0.0)), default=0.0)


def planned(
    medium: Medium, light: Light, period: float, coherence: Any, cells: int, rings: int
) -> tuple[Plan, list[Record], State]:
    """Return what has to be computed, with the records of computing it, and the atoms at the end.

    How long a target needs to empty itself shows only then.

    Raises
    ------
    InputError
        If pulses are too long, or too many for one period, or a trigger comes outside of it.
    """
    crossing = float(medium.crossing)
    step = crossing / cells
    found = windows(light, crossing)
    plan, records = Plan((), cells, rings, crossing), list[Record]()
    state = start_of(medium, plan, coherence)
    start = begin_of(light)
    now, last = start, start + period
    if found and found[-1][1] > last:
        allowed = f"a rate that leaves time for the pulses: {found[-1][1] - start:.3g} s"
        raise InputError("repetition", 1 / period, allowed)
    for _, duration, _, delay in light.triggers:
        if not start <= float(delay) <= last:
            raise InputError(
                "trigger", float(delay), f"a delay within the cycle, from {start:g} to {last:g} s"
            )
        if float(duration) > period:
            raise InputError("trigger", float(duration), f"a duration within the cycle of {period:g} s")

    def advance(stretch: Stretch) -> None:
        nonlocal plan, state, now
        state, record = _step(medium, light, plan, stretch, state)
        if not np.all(np.isfinite(np.asarray(record.factor))):
            gain = float(medium.gain)
            allowed = f"in cm, and such that light in it is followed: over it the gain is some {gain:.3g}"
            raise InputError("length", float(medium.length), allowed)
        records.append(record)
        plan, now = plan._replace(stretches=(*plan.stretches, stretch)), stretch.end

    def go(end: float) -> None:
        frames, steps = _grid((end - now) / step)
        if frames * steps * cells > 100 * MOST_STEPS:
            most = MOST_STEPS * 100 // cells
            longest = max((float(t) for one in (light.right, light.left) for t in one.duration), default=0.0)
            name, value, unit = (
                ("duration", longest, "s") if longest else ("length", float(medium.length), "cm")
            )
            allowed = (
                f"in {unit}, so that pulses take at most {most} steps of {step:.1e} s, a cell's crossing"
            )
            raise InputError(name, value, allowed)
        advance(Stretch(now, now + frames * steps * step, frames, steps))

    for k in range(len(found) + 1):
        if k:
            go(found[k - 1][1])
        until = found[k][0] if k < len(found) else last
        budget, growing = MOST_STEPS, True
        while now < until and budget > 0 and growing and (gain := _most_gain(medium, state)) > _THRESHOLD:
            before = now
            go(min(now + _crossings(gain) * crossing, until))
            budget -= int((now - before) / step)
            growing = _growing(records[-1])
        if now < until:
            advance(Stretch(now, until, 0, 0))
    return plan, records, state


def _most_gain(medium: Medium, state: State) -> float:
    """Return the largest ∫κ dz of any ring; at π/2 or below no target empties itself."""
    mean = jnp.einsum("k,rkn->rn", medium.system.share, state.coherence[0] + 1j * state.coherence[1])
    return float(jnp.max(jnp.mean(jnp.abs(mean), axis=1)) * medium.gain)


def _crossings(gain: float) -> float:
    """Return for how many crossings a target is followed before one looks again: few where light grows."""
    return float(max(64.0 * 2.0 ** -floor(log2(gain / _THRESHOLD)), 4.0))


def _growing(record: Record) -> bool:
    """Whether light grows or has just been there: with phases of ρ_eg that change, it need not above π/2."""
    assert record.frames is not None
    light = sum(
        jnp.mean(part**2, axis=2) for pair in (record.frames.right, record.frames.left) for part in pair
    )
    later = np.asarray(light)[:, record.time.size // 2 :]
    return bool(np.any((later[:, -1] > 1.001 * later[:, 0]) | (later.max(axis=1) > 2 * later[:, -1])))


def windows(light: Light, crossing: float) -> list[tuple[float, float]]:
    """Return the times in which pulses are in the medium; those that are near each other are one."""
    found = sorted(
        (float(delay) - REACH * float(duration), float(delay) + REACH * float(duration) + crossing)
        for pulses in (light.right, light.left)
        for _, duration, _, delay in _each(pulses)
    )
    joined: list[tuple[float, float]] = []
    for start, end in found:
        if joined and start <= joined[-1][1] + crossing:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _grid(steps: float) -> tuple[int, int]:
    """Return frames and steps of each; few different ones, since each is compiled by itself.

    Examples
    --------
    >>> _grid(1000.0)
    (128, 8)
    """
    each = 1
    while steps > FRAMES * each:
        each *= 2
    return max(FRAMES // 2, 16 * ceil(steps / each / 16)), each


def _step(medium: Medium, light: Light, plan: Plan, stretch: Stretch, state: State) -> Any:
    """Compile once for each number of frames and steps, whatever the times."""
    panels = _panels(stretch, light, plan.crossing)
    plan = Plan((), plan.cells, plan.rings)
    if not stretch.frames:
        return _store(medium, light, plan, *panels, state)
    return _run(medium, light, plan, jnp.asarray(stretch.start), stretch.frames, stretch.steps, state)


_run, _store = eqx.filter_jit(run), eqx.filter_jit(store)


def factor_integral(medium: Medium, light: Light, plan: Plan, coherence: Any) -> Scalar:
    """Return ∫ η dt over the cycle of a plan while the gate is open, s; jax-traceable, differentiable."""
    state, total = start_of(medium, plan, coherence), jnp.zeros(())
    for stretch in plan.stretches:
        if stretch.frames:
            state, record = run(medium, light, plan, stretch.start, stretch.frames, stretch.steps, state)
        else:
            state, record = store(medium, light, plan, *_panels(stretch, light, plan.crossing), state)
        total = total + jnp.sum(record.factor * record.weight * record.counted)
    return total
