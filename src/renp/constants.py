"""Natural units: energies in eV, ħ = c = 1; Heaviside-Lorentz charges, e² = 4πα.

Values are those of CODATA 2022; they are written out so that a result depends on the version of
this package alone.
"""

from math import pi, sqrt
from typing import Final

FERMI_CONSTANT: Final = 1.1663787e-23
"""G_F, 1/eV²."""

FINE_STRUCTURE: Final = 7.2973525643e-3
"""α."""

ELECTRON_MASS: Final = 510998.95069
"""m_e, eV."""

ELECTRON_CHARGE: Final = sqrt(4 * pi * FINE_STRUCTURE)
"""e = √(4πα)."""

BOHR_MAGNETON: Final = ELECTRON_CHARGE / (2 * ELECTRON_MASS)
"""μ_B = e/2m_e, 1/eV."""

BOHR_MAGNETON_SI: Final = 9.2740100657e-24
"""μ_B, J/T."""

ELECTRON_CHARGE_SI: Final = 1.602176634e-19
"""e, C."""

WAVENUMBER: Final = 1.239841984332002e-4
"""The energy of 1/cm, eV."""

HBAR_C: Final = 1.973269804593025e-5
"""ħc, eV cm: turns a length in cm into 1/eV."""

HBAR: Final = 6.582119569509e-16
"""ħ, eV s: turns a rate in 1/s into eV."""

DAY: Final = 86400.0
"""One day, s."""
