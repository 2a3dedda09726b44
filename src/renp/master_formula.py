"""The master formula: couplings in, spectral function I(ω) out. Nothing is checked here.

    I(ω) = Σ_ij Δ_ij/(E_vg − ω)² (w_T K_T + w_L K_L)

over ordered pairs, halved for Majorana neutrinos. K_T and K_L come from the components of the pair's
current across and along the photon's direction; the papers average over the atomic spin, w_T = w_L = 1.
Further intermediate states replace 1/(E_vg − ω) by Σ_v c_v/(E_v − ω).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from renp.atoms import Atom
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.couplings import NAMES, Interaction
from renp.kinematics import (
    FIRST,
    SECOND,
    PairKinematics,
    momentum_transfer_squared,
    unordered_kinematics,
)
from renp.neutrinos import Neutrinos


class Components(NamedTuple):
    """Contributions of pairs to I(ω), by the direction of the pair's current."""

    transverse: Float[Array, "*pairs n"]
    longitudinal: Float[Array, "*pairs n"]


@jax.jit
def components(omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction) -> Components:
    """Return each ordered pair's contribution to I(ω), by component.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> components(jnp.array([1.068]), yb, nu, renp.Weak()).transverse.shape
    (3, 3, 1)
    """
    place = np.zeros((3, 3), dtype=int)
    place[FIRST, SECOND] = place[SECOND, FIRST] = np.arange(6)
    squares = _model_squares(omega, atom, neutrinos, model)
    pair = unordered_kinematics(omega, neutrinos.masses, atom.E_eg, atom.boost)
    ordered = jax.tree.map(lambda x: x[place], pair)
    return _contributions(omega, atom, neutrinos, ordered, squares)


@jax.jit
def total_spectrum(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "n"]:
    """Return I(ω), the sum of all contributions; faster, since (i, j) and (j, i) share their kinematics.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> total_spectrum(jnp.array([1.068]), yb, nu, renp.Weak()).round(4)
    Array([0.0678], dtype=float64)
    """
    squares = _model_squares(omega, atom, neutrinos, model)
    once = np.where(FIRST == SECOND, 0.5, 1.0)[:, None]
    both = jax.tree.map(lambda x: once * (x[FIRST, SECOND] + x[SECOND, FIRST]), squares)
    pair = unordered_kinematics(omega, neutrinos.masses, atom.E_eg, atom.boost)
    parts = _contributions(omega, atom, neutrinos, pair, both)
    return jnp.sum(parts.transverse + parts.longitudinal, axis=0)


def coupling_matrices(
    q2: Float[Array, "n"], neutrinos: Neutrinos, model: Interaction
) -> dict[str, Complex[Array, "3 3 n"]]:
    """Return the couplings that the model has, at every photon energy.

    Examples
    --------
    >>> import renp
    >>> sorted(coupling_matrices(jnp.array([0.1]), renp.Neutrinos(0.01), renp.Weak()))
    ['A', 'V']
    """
    at_each = jax.vmap(lambda one: model.couplings(neutrinos, one), out_axes=-1)(q2)
    return {name: x for name in NAMES if (x := getattr(at_each, name)) is not None}


def abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    """Return |z|², whose gradient is finite at 0.

    Examples
    --------
    >>> float(abs2(jnp.array(3 + 4j)))
    25.0
    """
    return jnp.square(z.real) + jnp.square(z.imag)


class _Squares(NamedTuple):
    """Squares of the amplitudes of ordered pairs, without the factors that (i, j) and (j, i) share."""

    V: Float[Array, "..."]
    A: Float[Array, "..."]
    scalar: Float[Array, "..."]
    pseudoscalar: Float[Array, "..."]
    magnetic: Float[Array, "..."] | None
    """Of μ and F; None, as the next, if the model has no coupling to the photon."""
    electric: Float[Array, "..."] | None


def _model_squares(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> _Squares:
    q2 = momentum_transfer_squared(omega, atom.E_eg, atom.boost)
    masses = neutrinos.masses[:, None, None]
    mass_sum, difference = masses + masses.swapaxes(0, 1), masses - masses.swapaxes(0, 1)
    some_q2 = jnp.where(q2 > 0, q2, 1.0)  # elsewhere all pairs are closed
    return _squares(mass_sum, difference, some_q2, coupling_matrices(q2, neutrinos, model))


def _squares(
    m: Float[Array, "3 3 1"],
    d: Float[Array, "3 3 1"],
    q2: Float[Array, "n"],
    c: dict[str, Complex[Array, "3 3 n"]],
) -> _Squares:
    """Return the squares of the amplitudes, with the sums m and differences d of the masses.

    Those of the photon are squares of F + m μ and μ + m F/q², which leave nothing to cancel:
    with x = m²/q² they add up to (1 + 2x)|μ|² + (2 + x)|F|²/q² + 6m Re(F μ*)/q².
    """
    V, A, s, p, mu, eps, F, G = (c.get(name, jnp.zeros((3, 3, 1), dtype=complex)) for name in NAMES)
    photon = any(name in c for name in ("mu", "eps", "F", "G"))
    return _Squares(
        V=abs2(V),
        A=abs2(A),
        scalar=abs2(s + V * (d / q2)),
        pseudoscalar=abs2(p + A * (m / q2)),
        magnetic=2 * abs2(F + m * mu) / q2 + abs2(mu + m / q2 * F) if photon else None,
        electric=2 * abs2(G + d * eps) / q2 + abs2(eps + d / q2 * G) if photon else None,
    )


def _contributions(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, pair: PairKinematics, square: _Squares
) -> Components:
    """Return the contributions of pairs, ordered or not, from their kinematics and squared amplitudes."""
    near, far = pair.one_minus_x_plus, pair.one_minus_x_minus
    current = square.V * far * (2 + pair.x_plus) + square.A * near * (2 + pair.x_minus)
    density = near * square.scalar + far * square.pseudoscalar
    transverse = 2 * pair.q2 / 9 * current
    momentum2 = (omega - atom.boost) ** 2
    longitudinal = (pair.q2 + momentum2) / 9 * current + momentum2 * pair.q2 / 3 * density
    if square.magnetic is not None and square.electric is not None:
        photon = (atom.orbit * BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * momentum2 / 9
        transverse = transverse + photon * (far * square.magnetic + near * square.electric)
    counting = 0.5 if neutrinos.nature == "majorana" else 1.0
    weight = counting * pair.delta / energy_denominator(omega, atom)
    across, along = atom.spin_weights
    return Components(
        jnp.where(pair.is_open, across * weight * transverse, 0.0),
        jnp.where(pair.is_open, along * weight * longitudinal, 0.0),
    )


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
