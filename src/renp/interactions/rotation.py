"""Coupling matrices given in the flavour basis, rotated to the mass eigenstates."""

from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Array, Inexact

from renp._types import Matrix
from renp.interactions.couplings import Couplings
from renp.neutrinos import Neutrinos

Chirality: TypeAlias = Literal["left", "right"]
BASES = ("mass", "flavour")


def _unitary(neutrinos: Neutrinos, chirality: Chirality) -> Matrix:
    """Return W with ν_α = Σ_i W_αi ν_i for fields of one chirality.

    In the papers' phase convention left-handed fields rotate with W = U*. The right-handed ones
    are the charge conjugates of the left-handed for Majorana neutrinos; for Dirac neutrinos their
    flavour is a matter of definition, and is taken to rotate like the left-handed.
    """
    U = neutrinos.mixing_matrix
    return U if chirality == "right" and neutrinos.nature == "majorana" else U.conj()


def to_mass_basis(
    flavour: Inexact[Array | np.ndarray[Any, Any], "3 3"],
    neutrinos: Neutrinos,
    bra: Chirality = "left",
    ket: Chirality = "left",
) -> Matrix:
    """Return the matrix g of ν̄_i Γ ν_j from that of ν̄_α Γ ν_β.

    Parameters
    ----------
    flavour
        Couplings g_αβ, flavours in the order e, μ, τ.
    neutrinos
        Gives the mixing matrix and the nature.
    bra, ket
        Chirality of the fields on either side: equal for vector couplings, right and left for scalar ones.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> nu = Neutrinos(0.01, delta_cp=0.0)
    >>> g = to_mass_basis(jnp.eye(3), nu)
    >>> bool(jnp.allclose(g, jnp.eye(3), rtol=0, atol=1e-14))
    True
    """
    return _unitary(neutrinos, bra).conj().T @ flavour @ _unitary(neutrinos, ket)


def photon_to_mass_basis(flavour: Couplings, neutrinos: Neutrinos) -> Couplings:
    """Return dipoles, charge and anapole in the mass basis from those in the flavour basis.

    Left-handed neutrinos have mu − eps and F − G, right-handed ones mu + eps and F + G, and each side rotates
    by its own chirality.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> nu = Neutrinos(0.01, delta_cp=0.0)
    >>> found = photon_to_mass_basis(Couplings(mu=jnp.eye(3)), nu)
    >>> bool(jnp.allclose(found.mu, jnp.eye(3), rtol=0, atol=1e-14))
    True
    """
    found = {}
    for even, odd, bras in (("mu", "eps", ("right", "left")), ("F", "G", ("left", "right"))):
        if getattr(flavour, even) is None and getattr(flavour, odd) is None:
            continue
        x, y = flavour.get(even), flavour.get(odd)
        left = to_mass_basis(x - y, neutrinos, bras[0], "left")  # type: ignore[arg-type]
        right = to_mass_basis(x + y, neutrinos, bras[1], "right")  # type: ignore[arg-type]
        found[even], found[odd] = (left + right) / 2, (right - left) / 2
    return Couplings(**found)
