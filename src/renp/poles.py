"""Mediators that go on shell inside a scan."""

import warnings
from typing import Any

import numpy as np

from renp._types import Values
from renp.atoms.atom import Atom
from renp.errors import InputError, PoleWarning
from renp.formula.kinematics import momentum_transfer_squared, threshold_energies
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.validation import is_traced


def check_poles(
    model: Interaction, omega: Values, atom: Atom, neutrinos: Neutrinos, stacklevel: int = 2
) -> None:
    """Warn if q² = m² lies between the photon energies; raise if it is met at one of them.

    Raises
    ------
    InputError
        If a photon energy is exactly on a pole, where the spectrum is infinite.

    Warns
    -----
    PoleWarning
        If a pole lies strictly inside the range of the photon energies.

    Examples
    --------
    >>> import renp
    >>> import jax.numpy as jnp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    >>> check_poles(renp.Weak(), jnp.array([1.068]), yb, nu)
    """
    poles = model.poles()
    if not poles or is_traced(omega, atom.E_eg, neutrinos.lightest_mass):
        return
    lightest_pair = 4 * float(neutrinos.lightest_mass) ** 2
    poles = [pole for pole in poles if pole > lightest_pair]
    if not poles:
        return
    known: Any = np.asarray(omega)
    q2 = momentum_transfer_squared(known, *atom.frame)
    for pole in poles:
        at = threshold_energies(np.full(1, pole**0.5 / 2), *atom.frame)[0, 0]  # of a pair as heavy
        if np.any(np.isclose(q2, pole, rtol=1e-12, atol=0)):  # as close as ω can be to it
            allowed = f"away from the mediator's pole at {at} eV, or the mediator given a width"
            raise InputError("omega", at, allowed)
        if q2.size and np.min(q2) < pole < np.max(q2):
            warnings.warn(
                f"a mediator of mass {pole**0.5:.6g} eV is on shell at ω = {at:.9g} eV, inside the "
                "range asked for: the rate diverges there; give the mediator a width",
                PoleWarning,
                stacklevel=stacklevel,
            )
