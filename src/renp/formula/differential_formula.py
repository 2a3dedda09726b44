"""The master formula before the integration over the neutrino's energy. Nothing is checked here.

In the pair's rest frame ν_i leaves at an angle to q = p_i + p_j whose cosine is
u = (E_i − Ē)/(qΔ_ij/2), from −1 to 1. For each ordered pair, halved for Majorana neutrinos,

    dI/dE_i = [K_T(u) + K_L(u)]/[|q| (E_vg − ω)²],   |q| = ω without boost,

so that K_T and K_L of the master formula are the means over u. With E = E_eg − ω, M = m_i + m_j,
d = m_i − m_j, α² = 1 − x₋, β² = 1 − x₊, v = F + Mμ, g = G + dε, and r = −qμ_B/(√2 G_F q²),

    K_T(u) = Σ_m K_m(u), m = ±1 the component across, with mr for ρ,
    K_m(u) = q²/12 Σ_h (1 + mhu)² |α(V + ρv) + hβ(A + ρg)|²,  h = ±1,
           + (1 − u²)/6 {α²|M(V + ρF) + ρq²μ|² + β²|d(A + ρG) + ρq²ε|²}
    K_L(u) = (1 − u²) E²/3 {α²|V + ρv|² + β²|A + ρg|²}
           + q²/3 {|αu[M(V + ρF) + ρq²μ]E/q² − βq(s + Vd/q²)|² + |βu[d(A + ρG) + ρq²ε]E/q² − αq(p + AM/q²)|²}

where ρ = 0 in K_L without the second order. These are squares of the amplitudes of one helicity along ν_i
each, ±1 and 0. Of linear light what is odd in u drops out of I(ω): V with ε and G, A with μ and F in K_T;
V with s and A with p in K_L, and there the weak current with itself if m_i ≠ m_j. Light of one helicity has
one m for each wave, and sees V with A as well. Both orders and all intermediate states multiply the weak
couplings by their energies, and give each wave its own ρ (`renp.formula.steps`).
"""

from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float

from renp._types import Values
from renp.atoms.atom import Atom
from renp.compensated import two_product, two_sum
from renp.formula.kinematics import (
    PairKinematics,
    boost_at,
    momentum_transfer_squared,
    pair_kinematics,
)
from renp.formula.master_formula import Components, coupling_matrices
from renp.formula.pair_elements import abs2
from renp.formula.steps import pair_first, photon_amplitude, waves_of
from renp.interactions.couplings import NAMES, Interaction
from renp.neutrinos import Neutrinos

Real: TypeAlias = Float[Array, "..."]
TwoParts: TypeAlias = tuple[Values | float, Values | float]
"""A number as the sum of a leading part and a small rest."""


@jax.jit
def energy_components(
    energy: Float[Array, "n"],
    omega: Float[Array, "n"],
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction,
) -> Components:
    """Return each ordered pair's dI/dE_i by component, 1/eV.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> parts = energy_components(jnp.array([0.5]), jnp.array([1.06]), yb, nu, renp.Weak())
    >>> parts.longitudinal.shape
    (3, 3, 1)
    """
    pair = pair_kinematics(omega, neutrinos.masses, *atom.frame)
    c = coupling_matrices(momentum_transfer_squared(omega, *atom.frame), neutrinos, model)
    moves = pair.is_open & (atom.momentum(omega) != 0)
    # Stand-ins keep closed pairs and pairs at rest out of every division, gradients included.
    photon = jnp.where(moves, omega, atom.end / 2)
    momentum = jnp.where(moves, atom.momentum(omega), 1.0)
    m_i, m_j = neutrinos.masses[:, None, None], neutrinos.masses[None, :, None]
    level, boost = jnp.asarray(atom.E_eg), jnp.asarray(boost_at(photon, atom.boost, atom.index))
    u = 2 * energy_offset(energy, photon, level, m_i, m_j, boost) / (momentum * pair.delta)
    inside = moves & (jnp.abs(u) <= 1)
    transverse, longitudinal = _strengths(jnp.where(inside, u, 0.0), pair, omega, atom, c)
    weight = jnp.where(inside, _counting(neutrinos) / jnp.abs(momentum), 0.0)
    return Components(weight * transverse, weight * longitudinal)


@jax.jit
def angular_components(
    cosine: Float[Array, "n"],
    omega: Float[Array, "n"],
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction,
) -> Components:
    """Return each ordered pair's dI/dcos θ by component.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> angular_components(jnp.array([0.5]), jnp.array([1.06]), yb, nu, renp.Weak()).transverse.shape
    (3, 3, 1)
    """
    pair = pair_kinematics(omega, neutrinos.masses, *atom.frame)
    c = coupling_matrices(momentum_transfer_squared(omega, *atom.frame), neutrinos, model)
    # The pair runs against the photon, or along it where the boost is larger.
    along = jnp.where(atom.momentum(omega) < 0, 1.0, -1.0)
    momentum = -along * atom.momentum(omega)
    u, jacobian = _branches(-along * cosine, momentum, pair, neutrinos.masses, atom.E_eg - omega)
    transverse, longitudinal = _strengths(-along * u, pair, omega, atom, c)
    weight = _counting(neutrinos) * jacobian
    return Components(jnp.sum(weight * transverse, axis=0), jnp.sum(weight * longitudinal, axis=0))


@jax.custom_jvp
def energy_offset(
    energy: Real, omega: Real, E_eg: Real, m_i: Real, m_j: Real, boost: Real | float = 0.0
) -> Real:
    """Return E_i − Ē, Ē = (E_eg − ω)/2 · [1 + (m_i² − m_j²)/q²], to the last digit, eV.

    Close to a threshold the energies of a pair differ in their last digits alone.

    Examples
    --------
    >>> float(energy_offset(*map(jnp.array, (0.6875, 0.75, 2.0, 0.5, 0.25))))
    -0.0546875
    """
    energy, omega, E_eg, m_i, m_j, boost = lax.optimization_barrier(  # type: ignore[no-untyped-call]
        (energy, omega, E_eg, m_i, m_j, jnp.asarray(boost))
    )
    # The rest is no longer small beside what is left of E_eg + p_eg − 2ω: the parts are made anew.
    doubled = (2 * omega, jnp.zeros_like(omega))
    q2 = _times(two_sum(E_eg, -boost), two_sum(*_minus(two_sum(E_eg, boost), doubled)))
    total = two_sum(E_eg, -omega)
    splitting = _times(two_sum(m_i, m_j), two_sum(m_i, -m_j))
    # 2q² (E_i − Ē) = q² (2E_i − E_eg + ω) − (E_eg − ω)(m_i² − m_j²)
    unequal = _minus((2 * energy, jnp.zeros_like(energy)), total)
    numerator, rest = _minus(_times(q2, unequal), _times(total, splitting))
    offset: Any = (numerator + rest) / (2 * q2[0])
    return offset  # type: ignore[no-any-return]


@energy_offset.defjvp
def _energy_offset_jvp(
    primals: tuple[Real, Real, Real, Real, Real, Real], tangents: tuple[Real, Real, Real, Real, Real, Real]
) -> tuple[Real, Real]:
    _, slope = jax.jvp(_central_energy, primals[1:], tangents[1:])
    return energy_offset(*primals), tangents[0] - slope


def _central_energy(omega: Real, E_eg: Real, m_i: Real, m_j: Real, boost: Real) -> Real:
    splitting = (m_i + m_j) * (m_i - m_j)
    return (E_eg - omega) / 2 * (1 + splitting / momentum_transfer_squared(omega, E_eg, boost))


def _times(a: TwoParts, b: TwoParts) -> TwoParts:
    product, error = two_product(a[0], b[0])
    return product, error + (a[0] * b[1] + a[1] * b[0])


def _minus(a: TwoParts, b: TwoParts) -> TwoParts:
    difference, error = two_sum(a[0], -b[0])
    return difference, error + (a[1] - b[1])


def _branches(
    cosine: Float[Array, "n"],
    momentum: Float[Array, "n"],
    pair: PairKinematics,
    masses: Float[Array, "states"],
    energy: Float[Array, "n"],
) -> tuple[Float[Array, "2 states states n"], Float[Array, "2 states states n"]]:
    """Return u and dE_i/dcos θ over |q| of the one or two energies at an angle to −q; 0 where there is none.

    With h = q²Δ/2, B = q·p_i, k = |q| and s = sin θ, (q − p_i)² = m_j² has the solutions |p_i| =
    [−Bk cos θ ± (E_eg − ω) √(h² − m_i²k²s²)]/(q² + k²s²). Their product is (m_i²k² − h²)/(q² + k²s²), which
    gives the smaller one from the larger, where the two terms would cancel.
    """
    ahead, sine2 = -cosine, (1 - cosine) * (1 + cosine)
    drift = momentum * masses[:, None, None]
    B, h = (pair.q2 + pair.mass_sum * pair.mass_difference) / 2, pair.q2 * pair.delta / 2
    lead, scale = (h - drift) * (h + drift), pair.q2 + momentum**2 * sine2
    discriminant = h**2 - drift**2 * sine2
    reached = pair.is_open & (discriminant > 0)
    root = jnp.sqrt(jnp.where(reached, discriminant, 1.0))
    # |ahead|, with its slope at 0 from the side that is used there
    larger = jnp.where(reached, B * momentum * jnp.where(ahead > 0, ahead, -ahead) + energy * root, 1.0)
    p_i = jnp.stack([jnp.where(ahead > 0, larger / scale, lead / larger), lead / larger])
    exists = reached & jnp.stack([(ahead > 0) | (lead > 0), (ahead > 0) & (lead < 0)])
    sign = jnp.array([1.0, -1.0])[:, None, None, None]
    u = (sign * ahead * pair.q2 * root - energy * B * momentum * sine2) / (h * scale)
    return jnp.where(exists, jnp.clip(u, -1, 1), 0.0), jnp.where(exists, p_i**2 / root, 0.0)


def _counting(neutrinos: Neutrinos) -> float:
    return 0.5 if neutrinos.nature == "majorana" else 1.0


def _strengths(
    u: Float[Array, "... states states n"],
    pair: PairKinematics,
    omega: Float[Array, "n"],
    atom: Atom,
    c: dict[str, Complex[Array, "states states n"]],
) -> tuple[Float[Array, "... states states n"], Float[Array, "... states states n"]]:
    """Return what the atom makes of K_T(u) and K_L(u) of the module's first lines, without unit."""
    zero = jnp.zeros((*u.shape[-3:-1], 1), dtype=complex)
    weak = pair_first(omega, atom)
    c = {name: c.get(name, zero) for name in NAMES}
    c |= {name: weak * c[name] for name in _WEAK}
    across = along = jnp.zeros(u.shape)
    for wave in waves_of(atom):
        scale = photon_amplitude(wave, omega, atom)
        if wave.direction and wave.helicity:
            # One component across, in the pair's direction.
            m = wave.helicity * wave.direction
            across += wave.weight * _across(u, m, pair, c, wave.helicity * scale)
        elif wave.direction:
            both = sum(_across(u, m, pair, c, m * wave.direction * scale) for m in (1, -1))
            across += wave.weight / 2 * both
        elif wave.helicity:
            along += wave.weight * _along(u, pair, omega, atom, c, wave.helicity * scale)
        else:  # both helicities: nothing of the photon's interferes
            alone = c | dict.fromkeys(_WEAK, zero)
            along += wave.weight * _along(u, pair, omega, atom, alone, scale)
    if not any(wave.helicity for wave in atom.waves):
        along += atom.spin_weights[1] * _along(u, pair, omega, atom, c, jnp.zeros(()))
    return across, along


_WEAK = ("V", "A", "s", "p")


def _across(
    u: Real, m: int, pair: PairKinematics, c: dict[str, Complex[Array, "states states _"]], scale: Real
) -> Real:
    """Return K_m(u) with ρ: helicities ±1 along ν_i, and helicity 0."""
    q2, alpha, beta = pair.q2, jnp.sqrt(pair.one_minus_x_minus), jnp.sqrt(pair.one_minus_x_plus)
    vector = alpha * (c["V"] + scale * (c["F"] + pair.mass_sum * c["mu"]))
    axial = beta * (c["A"] + scale * (c["G"] + pair.mass_difference * c["eps"]))
    helical = sum((1 + m * h * u) ** 2 * abs2(vector + h * axial) for h in (1, -1))
    return q2 / 12 * helical + (1 - u) * (1 + u) / 6 * sum(map(abs2, _at_rest(pair, c, scale)))


def _along(
    u: Real,
    pair: PairKinematics,
    omega: Real,
    atom: Atom,
    c: dict[str, Complex[Array, "states states _"]],
    scale: Real,
) -> Real:
    """Return K_L(u) with ρ: helicities ±1 along ν_i, and helicity 0 with the density."""
    m, d, q2 = pair.mass_sum, pair.mass_difference, pair.q2
    energy, momentum = atom.E_eg - omega, atom.momentum(omega)
    alpha, beta = jnp.sqrt(pair.one_minus_x_minus), jnp.sqrt(pair.one_minus_x_plus)
    helical = abs2(alpha * (c["V"] + scale * (c["F"] + m * c["mu"])))
    helical += abs2(beta * (c["A"] + scale * (c["G"] + d * c["eps"])))
    vector, axial = (u * energy / q2 * part for part in _at_rest(pair, c, scale))
    vector -= beta * momentum * (c["s"] + d / q2 * c["V"])
    axial -= alpha * momentum * (c["p"] + m / q2 * c["A"])
    return (1 - u) * (1 + u) * energy**2 / 3 * helical + q2 / 3 * (abs2(vector) + abs2(axial))


def _at_rest(
    pair: PairKinematics, c: dict[str, Complex[Array, "states states _"]], scale: Real
) -> tuple[Complex[Array, "..."], Complex[Array, "..."]]:
    """Return the amplitudes α[M(V + ρF) + ρq²μ] and β[d(A + ρG) + ρq²ε] of helicity 0."""
    vector = pair.mass_sum * (c["V"] + scale * c["F"]) + scale * pair.q2 * c["mu"]
    axial = pair.mass_difference * (c["A"] + scale * c["G"]) + scale * pair.q2 * c["eps"]
    return jnp.sqrt(pair.one_minus_x_minus) * vector, jnp.sqrt(pair.one_minus_x_plus) * axial
