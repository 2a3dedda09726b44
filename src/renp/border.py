"""What every spectrum checks before, and gathers after, the formula."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp._types import Values
from renp.atoms.atom import Atom
from renp.formula.master_formula import Components
from renp.interactions import Weak
from renp.interactions.contract import check_model
from renp.interactions.couplings import Interaction
from renp.laser import SHARP, Laser
from renp.neutrinos import Neutrinos
from renp.poles import check_poles
from renp.validation import finite, instance, is_traced, photon_energies

_REACH = 5.0
"""Widths from its centre up to which a pole under the trigger's line is noticed."""


def checked(
    omega: Any, atom: Atom, neutrinos: Neutrinos, model: Interaction | None, laser: Laser = SHARP
) -> tuple[Values, Interaction]:
    """Return photon energies and model, `Weak()` if there is none, after checking all four.

    Raises
    ------
    InputError
        For a value of the wrong class, photon energies out of range or on a pole, or a model that these
        neutrinos cannot have.

    Examples
    --------
    >>> import renp
    >>> checked(1.068, renp.Atom.named("Yb"), renp.Neutrinos(0.01), None)[1]
    Weak()
    """
    model = Weak() if model is None else model
    instance("atom", atom, Atom)
    instance("neutrinos", neutrinos, Neutrinos)
    instance("model", model, Interaction)
    photons = photon_energies(omega, atom.E_vg, copy=False)
    check_model(model, neutrinos)
    if type(model).poles(model):  # a method that Equinox has bound takes 20 µs
        shifts = laser.offset + laser.width * np.array([-_REACH, 0.0, _REACH])
        check_poles(model, photons[..., None] + shifts, atom, neutrinos, stacklevel=4)
    return photons, model


def total(parts: Components, shape: tuple[int, ...], by_pair: bool) -> Float[Array, "..."]:
    """Return the sum of the components in the shape asked for, by pair or over all of them.

    Examples
    --------
    >>> ones = jnp.ones((3, 3, 4))
    >>> total(Components(ones, ones), (2, 2), by_pair=False)
    Array([[18., 18.],
           [18., 18.]], dtype=float64)
    """
    transverse, longitudinal = parts if is_traced(*parts) else map(np.asarray, parts)
    result = finite(
        (transverse + longitudinal).reshape(*transverse.shape[:-1], *shape), "the spectral function"
    )
    return jnp.asarray(result if by_pair else result.sum(axis=(0, 1)))
