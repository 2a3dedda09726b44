"""The reference width Γ_0 from first principles, in the conventions that are in use.

    Γ_0 = (2J_v + 1) C_ev n_a² G_F² |d·E_0|² V/π

(PLB 841 137911, Eq. (15), times the volume) with the dipole from the decay rate of |v⟩ → |g⟩,
A = E_vg³ |d|²/(3π), and the spin factor (2J_v + 1) C_ev = 2. Papers differ in what E_0 and d·E_0 mean:

============  ==========================================================================
field         |E_0|² for n_γ photons of energy ω, energy density ω n_γ
============  ==========================================================================
"peak"        2 ω n_γ, amplitude of a linearly polarised wave
"rms"         ω n_γ, its square averaged over time
"half"        ω n_γ/2, either of two waves that run against each other, averaged
============  ==========================================================================

============  ==========================================================================
dipole        |d·E_0|²
============  ==========================================================================
"along"       |d|²|E_0|², the one state of |v⟩ that the polarisation reaches
"average"     |d|²|E_0|²/3, averaged over directions
============  ==========================================================================

For ytterbium the published 0.002/s is above all of them, for xenon all but one are above it.

The golden rule from the start, with H = 2√2 G_F S·J, each of the field's two parts e^{∓iωt} for n_γ photons,
E_em² = ω n_γ/2, the coherence ρ_eg of the target and the average over directions, gives

    Γ_0 = |ρ_eg|² (2s/3π) n_a² V G_F² |d|² E_em²,    s = Σ|⟨v|S|e⟩|², averaged over M_e,

with |ρ_eg| ≤ ½, what η = 1 means here. In LS coupling s = 2 for ³P₀ → ³P₁ and ½ for ³P₁ and ³P₂, times the
part of |v⟩ that is ³P₁: for two levels, which ¹P₁ lets decay, sin² : cos² = A_v/E_v³ : A_w/E_w³.
At fixed n_γ it grows with ω. The published width is one number: there the field is held fixed.
"""

from math import pi
from typing import Final

from renp.atoms.atom import Atom
from renp.constants import FERMI_CONSTANT, HBAR, HBAR_C
from renp.errors import InputError
from renp.validation import choice, instance, number

FIELDS = {"peak": 2.0, "rms": 1.0, "half": 0.5}
DIPOLES = {"along": 1.0, "average": 1 / 3}

CONVENTIONS = ("published", "letter", "golden-rule")

PUBLISHED_WIDTH = 0.002
"""Γ_0 at n_a = n_γ = 10²¹/cm³ and V = 100 cm³, 1/s; Phys. Sci. Forum 8, 51, Eq. (3)."""

SPIN_FACTOR = 2.0
"""(2J_v + 1) C_ev of the letter."""

_SPIN_SUMS: Final = {0: 2.0, 1: 0.5, 2: 0.5}
"""Σ|⟨³P₁|S|³P_J⟩|² by J in pure LS coupling."""

_COHERENCE: Final = 0.5

_DENSITY, _VOLUME = 1e21, 100.0


def reference_width(
    atom: Atom,
    convention: str = "letter",
    *,
    field: str = "rms",
    dipole: str = "along",
    photon_energy: float | None = None,
) -> float:
    """Return Γ_0 for n_a = n_γ = 10²¹/cm³ and V = 100 cm³, 1/s.

    Parameters
    ----------
    atom
        One whose level |v⟩ has a decay rate.
    convention
        "letter", its Eq. (15); "golden-rule", derived above; or "published", one number for every atom.
    field
        "peak", "rms" or "half", of the letter's formula.
    dipole
        "along" or "average", of the letter's formula.
    photon_energy
        ω in the field's energy density, eV; E_eg/2 if left out.

    Returns
    -------
    float
        Γ_0, with η = 1.

    Raises
    ------
    InputError
        For an unknown convention, or an atom without a decay rate of |v⟩.

    Examples
    --------
    >>> f"{reference_width(Atom.named('Yb')):.2e}"  # published: 2e-3
    '5.33e-04'
    >>> [f"{reference_width(Atom.named(name), 'golden-rule'):.1e}" for name in ("Yb", "Xe")]
    ['4.4e-05', '7.2e-05']
    """
    if choice("convention", convention, CONVENTIONS) == "published":
        return PUBLISHED_WIDTH
    instance("atom", atom, Atom)
    of_field = FIELDS[choice("field", field, tuple(FIELDS))]
    of_dipole = DIPOLES[choice("dipole", dipole, tuple(DIPOLES))]
    if len(atom.levels) < 2 or atom.levels[1].A is None:
        raise InputError("atom", atom.name, "one whose level |v⟩ has a decay rate A")
    omega = float(atom.E_eg) / 2 if photon_energy is None else photon_energy
    omega = float(
        number("photon_energy", omega, "an energy in eV above 0", low=0.0, open_low=True, unit="eV")
    )
    density = _DENSITY * HBAR_C**3
    dipole2 = 3 * pi * atom.levels[1].A * HBAR / float(atom.E_vg) ** 3
    if convention == "golden-rule":
        factor = _COHERENCE**2 * 2 / 3 * spin_sum(atom) * omega * density / 2
    else:
        factor = SPIN_FACTOR * of_dipole * of_field * omega * density
    rate = factor * density**2 * FERMI_CONSTANT**2 * dipole2 / pi
    return rate * _VOLUME / HBAR_C**3 / HBAR


def spin_sum(atom: Atom) -> float:
    """Return s = Σ|⟨v|S|e⟩|², averaged over the states of |e⟩ = ³P_J.

    |v⟩ is pure ³P₁ if there is no further level with a decay rate, with which it is mixed.

    Examples
    --------
    >>> [round(spin_sum(Atom.named(name)), 2) for name in ("Yb", "Xe")]
    [1.97, 0.19]
    """
    e, v, *others = atom.levels
    partner = next((one for one in others if one.A is not None), None)
    singlet = 0.0
    if partner is not None and v.A is not None and partner.A is not None:
        of_v, of_w = v.A / v.energy**3, partner.A / partner.energy**3
        singlet = of_v / (of_v + of_w)
    return _SPIN_SUMS[e.J] * (1 - singlet)
