"""What a model's couplings say at q² → 0, in the units in which experiments state their limits."""

import equinox as eqx
import jax
import jax.numpy as jnp

from renp._types import Matrix
from renp.bounds.catalogue import Bound
from renp.bounds.effective import Row, flavour_moment, solar_moment, stellar_moment
from renp.bounds.solar import solar_weights
from renp.constants import BOHR_MAGNETON, ELECTRON_CHARGE, HBAR_C
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.validation import Scalar

FLAVOURS = ("e", "mu", "tau")


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
