"""Limits on the electron's couplings to light mediators, from stars and from the electron's magnetic moment.

These bound the electron's factor of the products g^e g^ν and y^e y^ν to which RENP is sensitive; the
neutrino's factor is of order 1 at most, so that they bound the products too.

Scattering, which limits the products themselves, is in `renp.bounds.recast`. Left out: emission of the
transverse modes of an axial vector by stars; and trapping in the star, by which stellar limits end at large
couplings.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from renp.bounds.catalogue import bound
from renp.bounds.electron_moment import axial_shift, largest_shift, pseudoscalar_shift
from renp.constants import ELECTRON_MASS
from renp.validation import Scalar, within

CORE_TEMPERATURE = 8.6e3
"""Of a red giant at helium ignition, eV (10⁸ K). Emission of heavier particles is suppressed."""


def pseudoscalar_equivalent(axial: Scalar, mass: Scalar) -> Float[Array, ""]:
    """Return the pseudoscalar coupling of the longitudinal mode of an axial vector, 2 m_e g/m.

    At energies far above m that mode is emitted like a pseudoscalar of coupling ē iγ5 e: the axial current is
    not conserved, ∂(ē γ^μ γ5 e) = 2 m_e ē iγ5 e. It grows without bound as m → 0, where g itself must vanish.

    Parameters
    ----------
    axial
        g of g ē γ^μ γ5 e Z'_μ.
    mass
        m, eV.

    Examples
    --------
    >>> f"{pseudoscalar_equivalent(1e-20, 0.1):.3e}"
    '1.022e-13'
    """
    return 2 * ELECTRON_MASS * jnp.abs(axial) / jnp.asarray(mass)


def stellar_pseudoscalar_limit(mass: ArrayLike, key: str = "trgb-2020-omega-cen-g-ae") -> Float[Array, "..."]:
    """Return the limit of red giants on |y^e|: the published one on g_ae below the core's temperature.

    Source: F. Capozzi, G. Raffelt, Phys. Rev. D 102 (2020) 083007, arXiv:2007.03694, 95 % C.L., for ω
    Centauri. The published limit is for massless particles; above 8.6 keV it is not valid, and infinity is
    returned.

    Parameters
    ----------
    mass
        m, eV, of any shape.
    key
        Entry of the catalogue, of kind "g_ae".

    Examples
    --------
    >>> stellar_pseudoscalar_limit(1.0), stellar_pseudoscalar_limit(1e6)
    (Array(1.3e-13, dtype=float64...), Array(inf, dtype=float64...))
    """
    limit = bound(key).limit
    assert limit is not None
    return jnp.where(_mass(mass) < CORE_TEMPERATURE, limit, jnp.inf)


def stellar_axial_limit(mass: ArrayLike, key: str = "trgb-2020-omega-cen-g-ae") -> Float[Array, "..."]:
    """Return the limit of red giants on |g^e| by the longitudinal mode: g_ae m/2m_e, infinite above 8.6 keV.

    Only that mode is counted, so the true limit is stronger where m is not far below the temperature.

    Examples
    --------
    >>> f"{stellar_axial_limit(0.1):.2e}"
    '1.27e-20'
    """
    return stellar_pseudoscalar_limit(mass, key) * _mass(mass) / (2 * ELECTRON_MASS)


def moment_pseudoscalar_limit(
    mass: ArrayLike, alpha: str = "cs", confidence_level: float = 0.90
) -> Float[Array, "..."]:
    """Return the limit on |y^e| from the electron's magnetic moment.

    Parameters
    ----------
    mass
        m, eV, at least 0, of any shape.
    alpha
        "cs" or "rb", as in `renp.bounds.electron_moment.moment_difference`.
    confidence_level
        Between 0 and 1.

    Examples
    --------
    >>> f"{moment_pseudoscalar_limit(1.0):.2e}"
    '1.51e-05'
    """
    return _moment_limit(pseudoscalar_shift, mass, alpha, confidence_level)


def moment_axial_limit(
    mass: ArrayLike, alpha: str = "cs", confidence_level: float = 0.90
) -> Float[Array, "..."]:
    """Return the limit on |g^e| from the electron's magnetic moment; it falls in proportion to a small mass.

    Parameters
    ----------
    mass
        m, eV, above 0, of any shape.
    alpha, confidence_level
        As in `moment_pseudoscalar_limit`.

    Examples
    --------
    >>> f"{moment_axial_limit(0.1):.2e}"
    '1.48e-12'
    """
    return _moment_limit(axial_shift, mass, alpha, confidence_level)


def _moment_limit(
    shift: Callable[[Scalar, Scalar], Float[Array, ""]], mass: ArrayLike, alpha: str, confidence_level: float
) -> Float[Array, "..."]:
    """Return the coupling whose shift, which is proportional to its square, is the largest granted."""
    granted, masses = largest_shift(alpha, confidence_level), _mass(mass)
    shifts = jax.vmap(lambda one: shift(1.0, one))(masses.ravel())
    return jnp.sqrt(granted / jnp.abs(shifts)).reshape(masses.shape)


def _mass(mass: ArrayLike) -> Float[Array, "..."]:
    return jnp.asarray(within("mass", mass, "a mass in eV, at least 0", low=0, unit="eV"))
