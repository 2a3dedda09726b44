"""What a model's couplings say at q² → 0, in the units in which experiments state their limits.

Those on solar neutrinos depend on which mass eigenstates arrive from the Sun.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from renp._types import Matrix
from renp.bounds.catalogue import Bound
from renp.bounds.effective import Row, flavour_moment, solar_moment, stellar_moment
from renp.constants import BOHR_MAGNETON, ELECTRON_CHARGE, FERMI_CONSTANT, HBAR_C
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, number

FLAVOURS = ("e", "mu", "tau")

AVOGADRO = 6.02214076e23
"""N_A, 1/mol."""

CENTRAL_ELECTRON_DENSITY = 100.0
"""Electrons at the Sun's centre, N_A/cm³; rounded, from memory of the solar models.

Neutrinos of ⁸B are born near the centre, those of pp further out, where the density is lower.
"""


class ElectromagneticProperties(eqx.Module):
    """Moments, charges and charge radii of the neutrinos, complete matrices in the mass basis."""

    mu: Matrix
    """Magnetic moments, μ_B."""
    eps: Matrix
    """Electric moments, μ_B."""
    charge: Matrix
    """In units of e."""
    radius: Matrix
    """Mean square charge radii, cm²."""


def electromagnetic_properties(model: Interaction, neutrinos: Neutrinos) -> ElectromagneticProperties:
    """Return the electromagnetic properties of neutrinos in a model, from its couplings at q² = 0.

    Any interaction has them, whatever it is made of: only the matrices mu, eps = iε and F = e (Q + q² ⟨r²⟩/6)
    are read. Experiments have |q²| of some keV², where a moment that depends on q² could differ.

    Examples
    --------
    >>> import renp
    >>> model = renp.Weak() + renp.ElectricMoment({(1, 2): 2e-11})
    >>> electromagnetic_properties(model, renp.Neutrinos(0.01)).eps[0, 1].real.round(14)
    Array(2.e-11, dtype=float64)
    """

    def photon_couplings(q2: Scalar) -> tuple[Matrix, Matrix, Matrix]:
        # A massless mediator makes other couplings infinite at q² = 0; they are not read.
        couplings = model.couplings(neutrinos, q2)
        return couplings.get("mu"), couplings.get("eps"), couplings.get("F")

    (mu, eps, charge), (_, _, slope) = jax.jvp(photon_couplings, (0.0,), (1.0,))
    return ElectromagneticProperties(
        mu=mu / BOHR_MAGNETON,
        eps=-1j * eps / BOHR_MAGNETON,
        charge=charge / ELECTRON_CHARGE,
        radius=6 * HBAR_C**2 * slope / ELECTRON_CHARGE,
    )


def effective_value(
    entry: Bound, properties: ElectromagneticProperties, neutrinos: Neutrinos
) -> float | None:
    """Return a model's value of the quantity that an entry of the catalogue limits, in its unit.

    Kinds "flavour", "solar" and "stellar": the effective moments, the solar one with vacuum-averaged weights.
    "millicharge": [Σ_k P_k Σ_j |Q_jk|²]^½, without the interference with the weak amplitude, which is small
    at the low recoil energies that the limits come from. "charge-radius": ⟨r²⟩ of ν_e itself. Others: None.

    Examples
    --------
    >>> import renp
    >>> from renp.bounds import bound
    >>> nu, model = renp.Neutrinos(0.01), renp.MagneticMoment({(1, 1): 3e-11})
    >>> value = effective_value(bound("borexino-2017"), electromagnetic_properties(model, nu), nu)
    >>> f"{value:.3e}"
    '2.468e-11'
    """
    mu, eps = properties.mu, properties.eps
    if entry.kind == "flavour":
        row = _flavour_row(entry.flavour, neutrinos)
        return float(flavour_moment(mu, eps, row, entry.antineutrino))
    if entry.kind == "solar":
        return float(solar_moment(mu, eps, solar_weights(neutrinos)))
    if entry.kind == "stellar":
        return float(stellar_moment(mu, eps, majorana=neutrinos.nature == "majorana"))
    if entry.kind == "millicharge":
        nothing = jnp.zeros_like(properties.charge)
        return float(solar_moment(properties.charge, nothing, solar_weights(neutrinos)))
    if entry.kind == "charge-radius":
        row = _flavour_row("e", neutrinos)
        return float((row.conj() @ properties.radius @ row).real)
    return None


def _flavour_row(flavour: str, neutrinos: Neutrinos) -> Row:
    return neutrinos.mixing_matrix[FLAVOURS.index(flavour)]


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
    energy = number("energy", energy, "the energy of a neutrino in eV, at least 0", low=0, unit="eV")
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
