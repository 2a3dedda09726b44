"""The two steps of the atom, in both orders: what multiplies the pair's currents in the amplitude.

The papers' order has the pair first and then the trigger, D = Σ_v c_v/(E_v − ω); what the photon carries to
the electron also comes after the trigger, D' = Σ_v c_v/(E_v − E_eg + ω). The atom then couples each component
of the pair's current (`renp.atoms.spin.Wave`) with

    D V + λ r F,  D A + λ r G,  λ r μ,  λ r ε,
    r = ∓(orbit μ_B/√2 G_F) (k D + b q₀ D')/q²  across, with the sign of its direction,
    r = −(orbit μ_B/√2 G_F) b D'/q₀             along,

λ being the light's helicity, q = (q₀, k) = (E_eg − ω, nω − p_eg) in a medium of refractive index n, and b the
wave's `second`, times n. Nothing is
divided by k, which may be 0. For J_e = 0, b = 1 makes r the papers' times R = 1 + (q₀/k) D'/D.

The sign of r, the photon's exchange relative to the weak interaction, follows from

    H_W = −√2 G_F (ē γ_μ γ5 e) J^μ = +2√2 G_F S·J,   since ⟨ē γ^k γ5 e⟩ = 2S^k;
    H_γ = −j_e^μ Γ_μ/q² = +2iμ_B S·(q×Γ)/q²,         since equal charges repel, and the charge −e
                                                     with ⟨ē σ^ij e⟩ = +2ε_ijk S^k gives j_e = −2iμ_B q×S.

J is the neutrinos' weak current, ν̄ γ (V + Aγ5) ν, and Γ the one that the photon meets. H_γ is the energy
2μ_B S·B of the electron in the magnetic field of Γ. The letter prints −2ε_ijk S^k, with a vertex L(8) of the
opposite sign as well: its L(13) for μ agrees with the above.
"""

from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.atoms.atom import Atom
from renp.atoms.spin import Wave
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.kinematics import momentum_transfer_squared

Real = Float[Array, "..."]

PHOTON_PHASE: Final = 1j
"""Phase of S·(q×Γ) relative to S·J in the amplitude; see the derivation above."""


def waves_of(atom: Atom) -> tuple[Wave, ...]:
    """Return the waves of an atom; without any of its own, the papers' order with its spin weights.

    Examples
    --------
    >>> len(waves_of(Atom("X", 2.0, 3.0)))
    1
    """
    return atom.waves or (Wave(0, 1, 2 * atom.spin_weights[0], 0.0),)


def pair_first(omega: Real, atom: Atom) -> Real:
    """Return Σ_v c_v/(E_v − ω), c = 1 for |v⟩ itself, 1/eV.

    Examples
    --------
    >>> round(float(pair_first(jnp.array(1.0), Atom("X", 2.0, 3.0))), 3)
    0.5
    """
    return 1 / (atom.E_vg - omega) + sum(c / (E - omega) for E, c in atom.states)


def trigger_first(omega: Real, atom: Atom) -> Real:
    """Return Σ_v c_v/(E_v − E_eg + ω), 1/eV.

    Examples
    --------
    >>> round(float(trigger_first(jnp.array(1.0), Atom("X", 2.0, 3.0))), 3)
    0.5
    """
    gap = omega - atom.E_eg
    return 1 / (atom.E_vg + gap) + sum(c / (E + gap) for E, c in atom.states)


def photon_amplitude(wave: Wave, omega: Real, atom: Atom) -> Real:
    """Return r of a wave, of the module's first lines, without λ; its q² is 4 eV² above all thresholds.

    Examples
    --------
    >>> from renp.atoms.spin import waves
    >>> yb, omega = Atom.named("Yb"), jnp.array(1.068)
    >>> (both,), (alone,) = (waves(0, 1, "linear", both_orders=orders) for orders in (True, False))
    >>> round(float(photon_amplitude(both, omega, yb) / photon_amplitude(alone, omega, yb)), 4)
    2.0135
    """
    strength = (1j * PHOTON_PHASE).real * atom.orbit * BOHR_MAGNETON / (2**0.5 * FERMI_CONSTANT)
    energy = atom.E_eg - omega
    second = wave.second * trigger_first(omega, atom)
    if atom.index is not None:
        second = atom.index * second  # |B| = n|E| of the trigger
    if wave.direction == 0:
        return strength * second / energy
    q2 = momentum_transfer_squared(omega, *atom.frame)
    first: Real = atom.momentum(omega) * pair_first(omega, atom)
    return wave.direction * strength * (first + energy * second) / jnp.where(q2 > 0, q2, 4.0)
