"""Which mass eigenstates arrive from the Sun."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.constants import FERMI_CONSTANT, HBAR_C
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, number

AVOGADRO = 6.02214076e23
"""N_A, 1/mol."""

CENTRAL_ELECTRON_DENSITY = 100.0
"""Electrons at the Sun's centre, N_A/cm³; rounded, from memory of the solar models.

Neutrinos of ⁸B are born near the centre, those of pp further out, where the density is lower.
"""


def solar_weights(
    neutrinos: Neutrinos, energy: Scalar = 0.0, electron_density: Scalar = CENTRAL_ELECTRON_DENSITY
) -> Float[Array, "3"]:
    """Return the probabilities P_k that a solar neutrino arrives as ν_k.

    Born as ν_e at the given density, it follows the eigenstates of matter adiabatically (LMA-MSW): P_1 = c13²
    cos²θ12^M, P_2 = c13² sin²θ12^M, P_3 = s13². At energy 0 they are |U_ek|², the average over vacuum
    oscillation. At the central density, matter lowers P_1 by 3 % and raises P_2 by 8 % at the mean energy of
    pp neutrinos, 0.27 MeV, and by 12 % and 26 % at the line of ⁷Be, 0.862 MeV.

    Source: W. Grimus et al., Nucl. Phys. B 648 (2003) 376, hep-ph/0208132; P. C. de Holanda, W. Liao, A. Yu.
    Smirnov, Nucl. Phys. B 702 (2004) 307, hep-ph/0404042, who find the corrections to adiabaticity below
    10⁻⁷. The effect of matter on θ13 is left out.

    Parameters
    ----------
    neutrinos
        Gives θ12, θ13 and Δm²_21; the ordering does not matter, nor do the phases.
    energy
        Of the neutrino, eV; 0 for vacuum.
    electron_density
        Where it was born, N_A/cm³.

    Returns
    -------
    Array
        P_1, P_2, P_3, shape (3,), of sum 1.

    Raises
    ------
    InputError
        For a negative energy or density.

    Examples
    --------
    >>> import renp
    >>> nu = renp.Neutrinos(0.01)
    >>> solar_weights(nu).round(3), solar_weights(nu, 10e6).round(3)
    (Array([0.677, 0.301, 0.022], dtype=float64), Array([0.065, 0.913, 0.022], dtype=float64))
    """
    energy = number("energy", energy, "the energy of a neutrino in eV, at least 0", low=0)
    allowed = "a density of electrons in N_A/cm³, at least 0"
    density = number("electron_density", electron_density, allowed, low=0)
    s13_2 = jnp.asarray(neutrinos.sin2_theta13)
    cosine = _cos_2theta_in_matter(neutrinos, energy, density)
    return jnp.stack([(1 - s13_2) * (1 + cosine) / 2, (1 - s13_2) * (1 - cosine) / 2, s13_2])


def _cos_2theta_in_matter(neutrinos: Neutrinos, energy: Scalar, density: Scalar) -> Float[Array, ""]:
    """Return cos 2θ12^M = (cos 2θ12 − A)/√[(cos 2θ12 − A)² + sin² 2θ12], A = 2√2 G_F n_e E c13²/Δm²_21."""
    s12_2 = jnp.asarray(neutrinos.sin2_theta12)
    electrons = density * AVOGADRO * HBAR_C**3  # eV³
    c13_2 = 1 - neutrinos.sin2_theta13
    shift = 2 * 2**0.5 * FERMI_CONSTANT * electrons * energy * c13_2 / neutrinos.dm2_21
    cosine, sine2 = 1 - 2 * s12_2 - shift, 4 * s12_2 * (1 - s12_2)
    return cosine / jnp.sqrt(cosine**2 + sine2)
