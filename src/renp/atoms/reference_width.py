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
"""

from math import pi

from renp.atoms.atom import Atom
from renp.constants import FERMI_CONSTANT, HBAR, HBAR_C
from renp.errors import InputError
from renp.validation import choice, number

FIELDS = {"peak": 2.0, "rms": 1.0, "half": 0.5}
DIPOLES = {"along": 1.0, "average": 1 / 3}

SPIN_FACTOR = 2.0
"""(2J_v + 1) C_ev of the letter; Σ|⟨³P₁|S|³P₀⟩|² = ⟨S²⟩ = 2 for pure LS coupling."""

_DENSITY, _VOLUME = 1e21, 100.0


def reference_width(
    atom: Atom, field: str = "rms", dipole: str = "along", photon_energy: float | None = None
) -> float:
    """Return Γ_0 for n_a = n_γ = 10²¹/cm³ and V = 100 cm³, 1/s.

    Parameters
    ----------
    atom
        One whose level |v⟩ has a decay rate.
    field
        "peak", "rms" or "half".
    dipole
        "along" or "average".
    photon_energy
        ω in the field's energy density, eV; E_eg/2 if left out.

    Raises
    ------
    InputError
        For an unknown convention, or an atom without a decay rate of |v⟩.

    Examples
    --------
    >>> f"{reference_width(Atom.named('Yb')):.2e}"  # published: 2e-3
    '5.33e-04'
    """
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
    field2 = of_field * omega * density
    rate = SPIN_FACTOR * density**2 * FERMI_CONSTANT**2 * of_dipole * dipole2 * field2 / pi
    return rate * _VOLUME / HBAR_C**3 / HBAR
