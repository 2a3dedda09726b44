"""The master formula: couplings in, spectral function I(ω) out. Nothing is checked here.

    I(ω) = Σ_ij Δ_ij/(E_vg − ω)² (w_T K_T + w_L K_L)

over ordered pairs, halved for Majorana neutrinos. K_T and K_L come from the components of the pair's
current across and along the photon's direction; the papers average over the atomic spin, w_T = w_L = 1.
Further intermediate states replace 1/(E_vg − ω) by Σ_v c_v/(E_v − ω). With both orders of the two steps, what
the photon carries comes by waves (`renp.formula.steps`); for light of one helicity everything does, as
forms of V + λ r F, A + λ r G, λ r μ and λ r ε, which leave nothing to cancel.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from renp.atoms.atom import Atom
from renp.compiled import compiled
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.kinematics import (
    Masses,
    PairKinematics,
    kinematics,
    masses_of_pair,
    momentum_transfer_squared,
)
from renp.formula.pair_elements import (
    Element,
    Matrices,
    abs2,
    combined,
    elements,
    ordered,
    present,
    scaled,
    unordered,
    varying,
)
from renp.formula.steps import pair_first, photon_amplitude
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos

Real: TypeAlias = Float[Array, "..."]


class Components(NamedTuple):
    """Contributions of pairs to I(ω), by the direction of the pair's current."""

    transverse: Float[Array, "*pairs n"]
    longitudinal: Float[Array, "*pairs n"]


@partial(compiled, fast=True)
def components(omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction) -> Components:
    """Return each ordered pair's contribution to I(ω), by component.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> components(jnp.array([1.068]), yb, nu, renp.Weak()).transverse.shape
    (3, 3, 1)
    """
    m = neutrinos.masses
    pairs = masses_of_pair(m[:, None], m[None, :], *atom.frame)
    strengths = _strengths_at(atom, neutrinos, model, [pairs], ordered)

    def at(one: Real) -> Components:
        (of_pairs,) = strengths(one)
        parts = _by_direction(of_pairs, one, atom, neutrinos)
        return Components(*(jnp.broadcast_to(part, (m.size, m.size)) for part in parts))

    every: Components = jax.vmap(at, out_axes=-1)(omega)
    return every


@partial(compiled, fast=True)
def total_spectrum(
    omega: Float[Array, "*n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "*n"]:
    """Return I(ω), the sum of all contributions; faster, since (i, j) and (j, i) share their kinematics.

    Written for one photon energy and batched: what does not depend on it is computed once.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> total_spectrum(jnp.array([1.068]), yb, nu, renp.Weak()).round(4)
    Array([0.0678], dtype=float64)
    """
    every: Callable[[Array], Array] = _total_at(atom, neutrinos, model, _pairs_at_once(atom, neutrinos))
    for _ in range(omega.ndim):
        every = jax.vmap(every)
    return every(omega)


def spectrum_of_runs(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "n"]:
    """Return I(ω) at one photon energy after the other.

    The same as `total_spectrum`, but faster for a batch of models or neutrinos at few photon energies: then
    the batch is what the processor's vectors hold, in the derivative too.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> spectrum_of_runs(jnp.array([1.068]), yb, nu, renp.Weak()).round(4)
    Array([0.0678], dtype=float64)
    """
    of_one = _total_at(atom, neutrinos, model, _pairs_apart(atom, neutrinos))
    at = jax.checkpoint(of_one, prevent_cse=False)
    every: Array = jax.lax.map(at, omega)
    return every


def coupling_matrices(
    q2: Float[Array, "n"], neutrinos: Neutrinos, model: Interaction
) -> dict[str, Complex[Array, "states states n"]]:
    """Return the couplings that the model has, at every photon energy.

    Examples
    --------
    >>> import renp
    >>> sorted(coupling_matrices(jnp.array([0.1]), renp.Neutrinos(0.01), renp.Weak()))
    ['A', 'V']
    """
    at_each: dict[str, Array] = jax.vmap(lambda one: present(model, neutrinos, one), out_axes=-1)(q2)
    return at_each


class _Strengths(NamedTuple):
    """What pairs couple with, times Δ, without the factors that all pairs share."""

    current: Real
    density: Real
    photon: Real
    """Q(F, μ)/q² + Q(G, ε)/q², the form of a conserved current."""
    waves: tuple[Real, ...] = ()
    """The same of V + λ r F, …, for each wave of light of one helicity."""


def _pairs_at_once(atom: Atom, neutrinos: Neutrinos) -> list[Masses]:
    """Return what is known of the unordered pairs: few operations, which are soon compiled."""
    i, j = np.array([orders[0] for orders in unordered(neutrinos.states)]).T
    m = neutrinos.masses
    leaves, kind = jax.tree.flatten(masses_of_pair(m[i], m[j], *atom.frame))
    return [jax.tree.unflatten(kind, pair) for pair in zip(*map(jnp.unstack, leaves), strict=True)]


def _pairs_apart(atom: Atom, neutrinos: Neutrinos) -> list[Masses]:
    """Return the same from numbers that a batch of neutrinos makes vectors of their own."""
    m, of_pair = jnp.unstack(neutrinos.masses), jax.jit(masses_of_pair)
    return [of_pair(m[i], m[j], *atom.frame) for (i, j), *_ in unordered(neutrinos.states)]


def _total_at(
    atom: Atom, neutrinos: Neutrinos, model: Interaction, pairs: list[Masses]
) -> Callable[[Real], Real]:
    """Return I as a function of the photon energy; what does not depend on it is computed here."""
    by_pair = partial(elements, pairs=unordered(neutrinos.states))
    strengths = _strengths_at(atom, neutrinos, model, pairs, by_pair)

    def at(omega: Real) -> Real:
        summed: _Strengths = jax.tree.map(lambda first, *more: sum(more, first), *strengths(omega))
        parts = _by_direction(summed, omega, atom, neutrinos)
        return parts.transverse + parts.longitudinal

    return at


def _strengths_at(
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction,
    pairs: list[Masses],
    by_pair: Callable[[Matrices], list[dict[str, Element]]],
) -> Callable[[Real], list[_Strengths]]:
    """Return the strengths of pairs as a function of the photon energy."""
    moving = varying(model, neutrinos)
    anywhere = present(model, neutrinos, jnp.array(1.0))
    fixed = by_pair({name: x for name, x in anywhere.items() if name not in moving})

    def at(omega: Real) -> list[_Strengths]:
        known = fixed
        if moving:
            here = present(model, neutrinos, momentum_transfer_squared(omega, *atom.frame))
            more = by_pair({name: here[name] for name in here if name in moving})
            known = [own | new for own, new in zip(fixed, more, strict=True)]
        seen = [wave for wave in atom.waves if wave.helicity]
        scales = [wave.helicity * photon_amplitude(wave, omega, atom) for wave in seen]
        weak = pair_first(omega, atom) if seen else jnp.ones(())
        both = zip(pairs, known, strict=True)
        return [_strengths_of(omega, atom, pair, own, weak, scales) for pair, own in both]

    return at


@jax.jit  # traced once for all pairs
def _strengths_of(
    omega: Real, atom: Atom, masses: Masses, c: dict[str, Element], weak: Real, scales: list[Real]
) -> _Strengths:
    return _strengths(kinematics(omega, masses, *atom.frame), c, weak, scales)


def _strengths(pair: PairKinematics, c: dict[str, Element], weak: Real, scales: list[Real]) -> _Strengths:
    """Return the strengths of a pair, summed over its orders."""
    near, far, inverse = pair.one_minus_x_plus, pair.one_minus_x_minus, 1 / pair.q2
    total, difference = pair.mass_sum, pair.mass_difference
    delta = jnp.where(pair.is_open, pair.delta, 0.0)
    return _Strengths(
        current=_added(
            (delta * far * (2 + pair.x_plus), _square(c.get("V"), None, inverse, 1)),
            (delta * near * (2 + pair.x_minus), _square(c.get("A"), None, inverse, 1)),
        ),
        density=_added(
            (delta * near, _square(c.get("s"), c.get("V"), difference * inverse, -1)),
            (delta * far, _square(c.get("p"), c.get("A"), total * inverse, 1)),
        ),
        photon=_conserved(pair, delta, c),
        waves=tuple(_conserved(pair, delta, _of_wave(c, weak, scale)) for scale in scales),
    )


def _conserved(pair: PairKinematics, delta: Real, c: dict[str, Element]) -> Real:
    """Return the form of a conserved current by squares of F + m μ and μ + m F/q²: nothing cancels.

    With x = m²/q² they add up to (1 + 2x)|μ|² + (2 + x)|F|²/q² + 6m Re(F μ*)/q².
    """
    near, far, inverse = pair.one_minus_x_plus, pair.one_minus_x_minus, 1 / pair.q2
    total, difference = pair.mass_sum, pair.mass_difference

    def square(first: str, second: str, factor: Real, sign: int) -> Real | None:
        return _square(c.get(first), c.get(second), factor, sign)

    return _added(
        (delta * far * 2 * inverse, square("F", "mu", total, 1)),
        (delta * far, square("mu", "F", total * inverse, 1)),
        (delta * near * 2 * inverse, square("G", "eps", difference, -1)),
        (delta * near, square("eps", "G", difference * inverse, -1)),
    )


def _of_wave(c: dict[str, Element], weak: Real, scale: Real) -> dict[str, Element]:
    """Return V weak + F scale as F, A weak + G scale as G, and the dipoles times the scale."""
    mixed = {
        name: element
        for name, other in (("F", "V"), ("G", "A"))
        if (element := combined(c.get(name), scale, c.get(other), weak)) is not None
    }
    return mixed | {name: scaled(c[name], scale) for name in ("mu", "eps") if name in c}


def _added(*terms: tuple[Real, Real | None]) -> Real:
    """Return the sum of products, of those that are there."""
    present = [factor * square for factor, square in terms if square is not None]
    return sum(present[1:], present[0]) if present else jnp.zeros(())


def _square(x: Element | None, y: Element | None, factor: Real, sign: int) -> Real | None:
    """Return Σ |x_ij + factor y_ij|² over the orders; in the second, the factor has the given sign."""
    if x is not None and y is not None:
        terms = [
            abs2(one + factor * sign**k * other)
            for k, (one, other) in enumerate(zip(x.values, y.values, strict=True))
        ]
        return sum(terms[1:], terms[0])
    if y is not None:
        return y.square * factor**2
    return None if x is None else x.square


def _by_direction(strength: _Strengths, omega: Real, atom: Atom, neutrinos: Neutrinos) -> Components:
    """Return contributions to I(ω) from the strengths."""
    q2 = momentum_transfer_squared(omega, *atom.frame)
    momentum2 = atom.momentum(omega) ** 2
    counting = 0.5 if neutrinos.nature == "majorana" else 1.0
    weight = counting / energy_denominator(omega, atom)
    across, along = atom.spin_weights
    density = momentum2 * q2 / 3 * strength.density
    if strength.waves:
        transverse, longitudinal = _of_waves(list(strength.waves), q2, omega, atom)
        return Components(counting * transverse, counting * longitudinal + along * weight * density)
    longitudinal = (q2 + momentum2) / 9 * strength.current + density
    if atom.waves:
        squares = [strength.photon * photon_amplitude(wave, omega, atom) ** 2 for wave in atom.waves]
        of_photon = _of_waves(squares, q2, omega, atom)
        transverse = across * weight * (2 * q2 / 9 * strength.current) + counting * of_photon[0]
        return Components(transverse, along * weight * longitudinal + counting * of_photon[1])
    photon = (atom.orbit * BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * momentum2 / 9
    transverse = 2 * q2 / 9 * strength.current + photon * strength.photon
    return Components(across * weight * transverse, along * weight * longitudinal)


def _of_waves(forms: list[Real], q2: Real, omega: Real, atom: Atom) -> tuple[Real, Real]:
    """Return what waves add up to across and along the photon's direction."""
    across = along = jnp.zeros(())
    for wave, form in zip(atom.waves, forms, strict=True):
        if wave.direction:
            across += wave.weight * q2**2 / 9 * form
        else:
            along += wave.weight * q2 * (atom.E_eg - omega) ** 2 / 9 * form
    return across, along


def energy_denominator(omega: Float[Array, "..."], atom: Atom) -> Float[Array, "..."]:
    """Return the inverse of [Σ_v c_v/(E_v − ω)]², c = 1 for |v⟩ itself: (E_vg − ω)² in the papers.

    Examples
    --------
    >>> papers, full = (Atom.named("Yb", which) for which in ("papers", "full"))
    >>> omega = jnp.array(1.07)
    >>> round(float(energy_denominator(omega, papers) / energy_denominator(omega, full)), 3)
    0.185
    """
    near = (atom.E_vg - omega) ** 2
    if not atom.states:
        return near
    further = [c * (atom.E_vg - omega) / (E - omega) for E, c in atom.states]
    return near / sum(further, jnp.ones_like(omega)) ** 2
