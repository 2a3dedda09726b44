"""The spectral function of an atom, and the thresholds in it."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from renp.atoms.atom import Atom
from renp.border import checked, total
from renp.errors import InputError
from renp.formula.kinematics import threshold_energies
from renp.formula.line import line_spectrum
from renp.formula.master_formula import components
from renp.interactions.couplings import Interaction
from renp.laser import SHARP, Laser
from renp.neutrinos import Neutrinos
from renp.validation import finite, instance, is_traced


def thresholds(atom: Atom, neutrinos: Neutrinos) -> Float[Array, "states states"]:
    """Return the photon energies above which the pairs (i, j) cannot be emitted.

    Source: PLB 841 137911, below Eq. (16).

    Parameters
    ----------
    atom, neutrinos
        What emits and what is emitted.

    Returns
    -------
    Array
        ω_ij^max = [E_eg − (m_i + m_j)²/E_eg]/2, shape (3, 3), eV.

    Examples
    --------
    >>> import renp
    >>> renp.thresholds(renp.Atom.named("Yb"), renp.Neutrinos(0.01))[0, 0].round(6)
    Array(1.071653, dtype=float64)
    """
    instance("atom", atom, Atom)
    instance("neutrinos", neutrinos, Neutrinos)
    masses: Any = neutrinos.masses
    known = masses if is_traced(masses) else np.asarray(masses)
    return jnp.asarray(threshold_energies(known, *atom.frame))


def spectral_function(
    omega: ArrayLike,
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction | None = None,
    *,
    by_pair: bool = False,
    laser: Laser = SHARP,
) -> Float[Array, "..."]:
    """Return the spectral function I(ω) of an atom, in natural units without dimension.

    Source: Phys. Sci. Forum 8, 51, Eqs. (4), (8), (11), (14), with their errors corrected.

    Parameters
    ----------
    omega
        Trigger photon energies, eV, of any shape; 0 ≤ ω < E_vg.
    atom, neutrinos
        What emits and what is emitted.
    model
        Interactions; the standard model `Weak()` if left out. A model without `Weak()` has no standard-model
        part: ``renp.Weak() + renp.MagneticMoment(...)`` has both.
    by_pair
        Whether to return each ordered pair's part; for a sharp line only.
    laser
        The trigger's line, over which I(ω) is averaged; sharp if left out.

    Returns
    -------
    Array
        I(ω) of the shape of ``omega``; by pair, with two leading axes (3, 3) that sum to the total.

    Raises
    ------
    InputError
        For photon energies out of range, or a model that these neutrinos cannot have.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> renp.spectral_function([1.068, 1.08], yb, nu).round(4)
    Array([0.0678, 0.    ], dtype=float64)
    """
    photons, model = checked(omega, atom, neutrinos, model, laser)
    if by_pair and laser.shape != "sharp":
        raise InputError("by_pair", by_pair, "left out for a line that is not sharp")
    if by_pair:
        photons = photons + laser.offset
        return total(components(photons.ravel(), atom, neutrinos, model), photons.shape, by_pair)
    found: Array = line_spectrum(photons.ravel(), laser, atom, neutrinos, model)
    if photons.ndim != 1:
        flat = found if is_traced(found) else np.asarray(found)
        found = jnp.asarray(flat.reshape(photons.shape))
    return finite(found, "the spectral function")
