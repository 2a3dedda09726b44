"""The master formula before the integration over the neutrino's energy. Nothing is checked here.

In the pair's rest frame ν_i leaves at an angle to q = p_i + p_j whose cosine is
u = (E_i − Ē)/(ωΔ_ij/2), from −1 to 1. For each ordered pair, halved for Majorana neutrinos,

    dI/dE_i = [K_T(u) + K_L(u)]/[ω (E_vg − ω)²],

so that K_T and K_L of the master formula are the means over u. With E = E_eg − ω, M = m_i + m_j,
d = m_i − m_j, α² = 1 − x₋, β² = 1 − x₊, v = F + Mμ, g = G + dε and r = −ω μ_B/(√2 G_F q²),

    K_T(u) = q²/6 Σ_h (1 + hu)² {|αV + hrβg|² + |βA + hrαv|²},  h = ±1,
           + (1 − u²)/3 {M²α²|V|² + d²β²|A|² + r²(α²|MF + q²μ|² + β²|dG + q²ε|²)}
    K_L(u) = (1 − u²)(q² + ω²)/3 {α²|V|² + β²|A|²}
           + q²/3 {|αuMV E/q² − βω(s + Vd/q²)|² + |βudA E/q² − αω(p + AM/q²)|²}

These are squares of the amplitudes of one helicity along ν_i each, ±1 and 0. What is odd in u drops out of
I(ω): V with ε and G, A with μ and F in K_T; V with s and A with p in K_L, and there the weak
current with itself if m_i ≠ m_j.

The sign of r, the photon's exchange relative to the weak interaction, follows from

    H_W = −√2 G_F (ē γ_μ γ5 e) J^μ = +2√2 G_F S·J,   since ⟨ē γ^k γ5 e⟩ = 2S^k;
    H_γ = −j_e^μ Γ_μ/q² = +2iμ_B S·(q×Γ)/q²,         since equal charges repel, and the charge −e
                                                     with ⟨ē σ^ij e⟩ = +2ε_ijk S^k gives j_e = −2iμ_B q×S.

J is the neutrinos' weak current, ν̄ γ (V + Aγ5) ν, and Γ the one that the photon meets. H_γ is the energy
2μ_B S·B of the electron in the magnetic field of Γ. The letter prints −2ε_ijk S^k, with a vertex L(8) of the
opposite sign as well: its L(13) for μ agrees with the above.
"""

from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float

from renp.atoms.atom import Atom
from renp.compensated import two_product, two_sum
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.kinematics import PairKinematics, momentum_transfer_squared, pair_kinematics
from renp.formula.master_formula import Components, coupling_matrices, energy_denominator
from renp.formula.pair_elements import abs2
from renp.interactions.couplings import NAMES, Interaction
from renp.neutrinos import Neutrinos
from renp.validation import Scalar

Real: TypeAlias = Float[Array, "..."]
TwoParts: TypeAlias = tuple[Real, Real]
"""A number as the sum of a leading part and a small rest."""

PHOTON_PHASE: Final = 1j
"""Phase of S·(q×Γ) relative to S·J in the amplitude; see the derivation above."""


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
    pair = pair_kinematics(omega, neutrinos.masses, atom.E_eg)
    c = coupling_matrices(momentum_transfer_squared(omega, atom.E_eg), neutrinos, model)
    moves = pair.is_open & (omega > 0)
    # A stand-in keeps closed pairs and photons at rest out of every division, gradients included.
    photon = jnp.where(moves, omega, atom.E_eg / 4)
    m_i, m_j = neutrinos.masses[:, None, None], neutrinos.masses[None, :, None]
    u = 2 * energy_offset(energy, photon, jnp.asarray(atom.E_eg), m_i, m_j) / (photon * pair.delta)
    inside = moves & (jnp.abs(u) <= 1)
    transverse, longitudinal = _strengths(jnp.where(inside, u, 0.0), pair, omega, atom, c)
    weight = jnp.where(inside, _prefactor(omega, atom, neutrinos) / photon, 0.0)
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
    pair = pair_kinematics(omega, neutrinos.masses, atom.E_eg)
    c = coupling_matrices(momentum_transfer_squared(omega, atom.E_eg), neutrinos, model)
    u, jacobian = _branches(cosine, omega, pair, neutrinos.masses, atom.E_eg)
    transverse, longitudinal = _strengths(u, pair, omega, atom, c)
    weight = _prefactor(omega, atom, neutrinos) * jacobian
    return Components(jnp.sum(weight * transverse, axis=0), jnp.sum(weight * longitudinal, axis=0))


@jax.custom_jvp
def energy_offset(energy: Real, omega: Real, E_eg: Real, m_i: Real, m_j: Real) -> Real:
    """Return E_i − Ē, Ē = (E_eg − ω)/2 · [1 + (m_i² − m_j²)/q²], to the last digit, eV.

    Close to a threshold the energies of a pair differ in their last digits alone.

    Examples
    --------
    >>> float(energy_offset(*map(jnp.array, (0.6875, 0.75, 2.0, 0.5, 0.25))))
    -0.0546875
    """
    energy, omega, E_eg, m_i, m_j = lax.optimization_barrier(  # type: ignore[no-untyped-call]
        (energy, omega, E_eg, m_i, m_j)
    )
    q2 = _times((E_eg, jnp.zeros_like(E_eg)), two_sum(E_eg, -2 * omega))
    total = two_sum(E_eg, -omega)
    splitting = _times(two_sum(m_i, m_j), two_sum(m_i, -m_j))
    # 2q² (E_i − Ē) = q² (2E_i − E_eg + ω) − (E_eg − ω)(m_i² − m_j²)
    unequal = _minus((2 * energy, jnp.zeros_like(energy)), total)
    numerator, rest = _minus(_times(q2, unequal), _times(total, splitting))
    return (numerator + rest) / (2 * q2[0])


@energy_offset.defjvp
def _energy_offset_jvp(
    primals: tuple[Real, Real, Real, Real, Real], tangents: tuple[Real, Real, Real, Real, Real]
) -> tuple[Real, Real]:
    _, slope = jax.jvp(_central_energy, primals[1:], tangents[1:])
    return energy_offset(*primals), tangents[0] - slope


def _central_energy(omega: Real, E_eg: Real, m_i: Real, m_j: Real) -> Real:
    splitting = (m_i + m_j) * (m_i - m_j)
    return (E_eg - omega) / 2 * (1 + splitting / momentum_transfer_squared(omega, E_eg))


def _times(a: TwoParts, b: TwoParts) -> TwoParts:
    product, error = two_product(a[0], b[0])
    return product, error + (a[0] * b[1] + a[1] * b[0])


def _minus(a: TwoParts, b: TwoParts) -> TwoParts:
    difference, error = two_sum(a[0], -b[0])
    return difference, error + (a[1] - b[1])


def _branches(
    cosine: Float[Array, "n"],
    omega: Float[Array, "n"],
    pair: PairKinematics,
    masses: Float[Array, "3"],
    E_eg: Scalar,
) -> tuple[Float[Array, "2 3 3 n"], Float[Array, "2 3 3 n"]]:
    """Return u and dE_i/dcos θ over ω of the one or two energies at an angle; 0 where there is none.

    With h = q²Δ/2, B = q·p_i and s = sin θ, (q − p_i)² = m_j² has the solutions |p_i| =
    [−Bω cos θ ± (E_eg − ω) √(h² − m_i²ω²s²)]/(q² + ω²s²). Their product is (m_i²ω² − h²)/(q² + ω²s²), which
    gives the smaller one from the larger, where the two terms would cancel.
    """
    ahead, sine2 = -cosine, (1 - cosine) * (1 + cosine)
    energy, drift = E_eg - omega, omega * masses[:, None, None]
    B, h = (pair.q2 + pair.mass_sum * pair.mass_difference) / 2, pair.q2 * pair.delta / 2
    lead, scale = (h - drift) * (h + drift), pair.q2 + omega**2 * sine2
    discriminant = h**2 - drift**2 * sine2
    reached = pair.is_open & (discriminant > 0)
    root = jnp.sqrt(jnp.where(reached, discriminant, 1.0))
    # |ahead|, with its slope at 0 from the side that is used there
    larger = jnp.where(reached, B * omega * jnp.where(ahead > 0, ahead, -ahead) + energy * root, 1.0)
    momentum = jnp.stack([jnp.where(ahead > 0, larger / scale, lead / larger), lead / larger])
    exists = reached & jnp.stack([(ahead > 0) | (lead > 0), (ahead > 0) & (lead < 0)])
    sign = jnp.array([1.0, -1.0])[:, None, None, None]
    u = (sign * ahead * pair.q2 * root - energy * B * omega * sine2) / (h * scale)
    return jnp.where(exists, jnp.clip(u, -1, 1), 0.0), jnp.where(exists, momentum**2 / root, 0.0)


def _prefactor(omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos) -> Float[Array, "n"]:
    return (0.5 if neutrinos.nature == "majorana" else 1.0) / energy_denominator(omega, atom)


def _strengths(
    u: Float[Array, "... 3 3 n"],
    pair: PairKinematics,
    omega: Float[Array, "n"],
    atom: Atom,
    c: dict[str, Complex[Array, "3 3 n"]],
) -> tuple[Float[Array, "... 3 3 n"], Float[Array, "... 3 3 n"]]:
    """Return w_T K_T(u) and w_L K_L(u) of the module's first lines, eV²."""
    zero = jnp.zeros((3, 3, 1), dtype=complex)
    c = {name: c.get(name, zero) for name in NAMES}
    c |= {name: atom.orbit * c[name] for name in ("mu", "eps", "F", "G")}
    w_T, w_L = atom.spin_weights
    return w_T * _across(u, pair, omega, c), w_L * _along(u, pair, omega, atom.E_eg - omega, c)


def _across(u: Real, pair: PairKinematics, omega: Real, c: dict[str, Complex[Array, "3 3 _"]]) -> Real:
    """Return K_T(u): helicities ±1 along ν_i, which interfere with the photon's, and helicity 0."""
    m, d, q2 = pair.mass_sum, pair.mass_difference, pair.q2
    alpha, beta = jnp.sqrt(pair.one_minus_x_minus), jnp.sqrt(pair.one_minus_x_plus)
    r = (1j * PHOTON_PHASE).real * omega * BOHR_MAGNETON / (2**0.5 * FERMI_CONSTANT * q2)
    vector, axial = r * (c["F"] + m * c["mu"]), r * (c["G"] + d * c["eps"])
    helical = sum(
        (1 + h * u) ** 2
        * (abs2(alpha * c["V"] + h * beta * axial) + abs2(beta * c["A"] + h * alpha * vector))
        for h in (1, -1)
    )
    weak = abs2(alpha * m * c["V"]) + abs2(beta * d * c["A"])
    photon = abs2(alpha * (m * c["F"] + q2 * c["mu"])) + abs2(beta * (d * c["G"] + q2 * c["eps"]))
    return q2 / 6 * helical + (1 - u) * (1 + u) / 3 * (weak + r**2 * photon)


def _along(
    u: Real, pair: PairKinematics, omega: Real, energy: Real, c: dict[str, Complex[Array, "3 3 _"]]
) -> Real:
    """Return K_L(u): helicities ±1 along ν_i, and helicity 0 with the density."""
    m, d, q2 = pair.mass_sum, pair.mass_difference, pair.q2
    alpha, beta = jnp.sqrt(pair.one_minus_x_minus), jnp.sqrt(pair.one_minus_x_plus)
    helical = abs2(alpha * c["V"]) + abs2(beta * c["A"])
    vector = alpha * u * m * energy / q2 * c["V"] - beta * omega * (c["s"] + d / q2 * c["V"])
    axial = beta * u * d * energy / q2 * c["A"] - alpha * omega * (c["p"] + m / q2 * c["A"])
    return (1 - u) * (1 + u) * (q2 + omega**2) / 3 * helical + q2 / 3 * (abs2(vector) + abs2(axial))
