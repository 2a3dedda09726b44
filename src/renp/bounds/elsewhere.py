"""What other experiments say on one coupling: on an element of a moment, or on a mediator's product."""

from collections.abc import Callable
from typing import Any

import numpy as np

from renp._types import Reals
from renp.bounds.catalogue import bound
from renp.bounds.effective import flavour_square, solar_square, stellar_square
from renp.bounds.light_mediators import (
    moment_axial_limit,
    moment_pseudoscalar_limit,
    stellar_axial_limit,
    stellar_pseudoscalar_limit,
)
from renp.bounds.model import solar_weights
from renp.bounds.moment_elements import element_limits
from renp.bounds.recast import mediator_products, recast_limit, recoil_experiments
from renp.constants import ELECTRON_CHARGE, HBAR_C
from renp.interactions.charge import Anapole, Charge, ChargeRadius
from renp.interactions.couplings import Coupling
from renp.interactions.dipole import MOMENTS
from renp.neutrinos import Neutrinos

_MOMENTS = {
    "gemma-2013": "GEMMA",
    "borexino-2017": "Borexino",
    "xenonnt-2022": "XENONnT",
    "red-giants-2019": "red giants",
}
_STARS: dict[str, tuple[Callable[[Reals], Any], Callable[[Reals], Any]]] = {
    "axial": (stellar_axial_limit, moment_axial_limit),
    "pseudoscalar": (stellar_pseudoscalar_limit, moment_pseudoscalar_limit),
}
"""On the electron's coupling alone: on the product for a coupling of neutrinos of 1."""


def existing_limits(coupling: Coupling, neutrinos: Neutrinos, mass: Reals) -> dict[str, Reals]:
    """Return limits of others by their names, shape (n,) over a mediator's mass; none for other couplings.

    Moments: from the effective moment of each, all other elements zero. Mediators: recasts of scattering on
    their product of couplings, with the electron's axial, vector or pseudoscalar coupling, and what stars and
    the electron's moment say on the first and last. Charges, radii, anapoles: recasts, in which a left-handed
    neutrino has ⟨r²⟩/6 − a.

    Examples
    --------
    >>> import renp
    >>> mu_33 = renp.Coupling("magnetic-moment", "33", renp.MagneticMoment({(3, 3): 1.0}))
    >>> found = existing_limits(mu_33, renp.Neutrinos(0.01), np.zeros(1))
    >>> {name: f"{limit[0]:.1e}" for name, limit in found.items()}["Borexino"]
    '1.9e-10'
    """
    if neutrinos.states > 3:  # their limits are for three
        return {}
    if type(coupling.interaction) in MOMENTS:  # what is derived from one may depend on q² in another way
        return {
            name: np.full(len(mass), limits[coupling.label])
            for name, limits in moment_limits(neutrinos).items()
            if coupling.label in limits
        }
    if type(coupling.interaction) in (Charge, ChargeRadius, Anapole):
        of_photon = coupling.interaction.couplings(neutrinos, 1.0)
        exchange = "charge" if isinstance(coupling.interaction, Charge) else "charge-radius"
        unit = ELECTRON_CHARGE * (1.0 if exchange == "charge" else 1 / (6 * HBAR_C**2))
        pattern = np.asarray(of_photon.get("F") - of_photon.get("G")) / unit
        of_each = {
            of.name: recast_limit(of.key, exchange, 0.0, neutrinos, pattern=pattern)
            for of in recoil_experiments()
        }
        return {name: np.full(len(mass), found.limit[0]) for name, found in of_each.items()}
    found: dict[str, Reals] = {}
    for exchange, electron, pattern in mediator_products(coupling.interaction, neutrinos):
        if not electron or not np.any(pattern):
            continue
        coarse = np.geomspace(mass.min(), mass.max(), 41) if mass.min() < mass.max() else mass[:1]
        for of in recoil_experiments():
            limit = recast_limit(
                of.key, exchange, coarse, neutrinos, pattern=pattern / np.max(np.abs(pattern))
            ).limit
            curve = np.exp(np.interp(np.log(mass), np.log(coarse), np.log(limit)))
            found[of.name] = np.minimum(curve, found.get(of.name, np.inf))
        names = ("red giants", "electron's moment")
        found |= {n: np.asarray(f(mass)) for n, f in zip(names, _STARS.get(exchange, ()), strict=False)}
    return found


def moment_limits(neutrinos: Neutrinos) -> dict[str, dict[str, float]]:
    """Return limits on each element of the moments, all others zero, by experiment and element; μ_B.

    Examples
    --------
    >>> f"{moment_limits(Neutrinos(0.01))['Borexino']['33']:.1e}"
    '1.9e-10'
    """
    row, weights = neutrinos.mixing_matrix[0], solar_weights(neutrinos)
    squares: dict[str, Callable[[Any, Any], Any]] = {
        "flavour": lambda mu, eps: flavour_square(mu, eps, row, True),
        "solar": lambda mu, eps: solar_square(mu, eps, weights),
        "stellar": lambda mu, eps: stellar_square(mu, eps, neutrinos.nature == "majorana"),
    }
    entries = {name: bound(key) for key, name in _MOMENTS.items()}
    return {
        name: element_limits(entry.limit, squares[entry.kind], neutrinos.nature)
        for name, entry in entries.items()
        if entry.limit is not None
    }
