"""Kinematics of |e⟩ → |g⟩ + γ(ω) + ν_i ν̄_j with q = p_i + p_j = (E_eg − ω, p_eg − ω).

The second component is along the photon's direction. A phase that was imprinted on the atoms gives them a
momentum p_eg, the boost; without it, as in the papers, q is −k.

A pair of neutrinos enters the spectrum only through x₊ = (m_i + m_j)²/q² and
x₋ = (m_i − m_j)²/q², and is open where x₊ < 1. Close to a threshold all digits of 1 − x₊ would cancel,
so a = q² − (m_i + m_j)² is computed in compensated arithmetic, and everything else from products
of positive terms.
"""

from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

from renp.compensated import two_product, two_sum
from renp.validation import Scalar

Real: TypeAlias = Float[Array, "..."]

FIRST, SECOND = np.triu_indices(3)
"""Indices i ≤ j of the six unordered pairs."""


class PairKinematics(NamedTuple):
    """Invariants of pairs (i, j) at every photon energy: ordered, shape (3, 3, n), or unordered, (6, n).

    Where a pair is closed, the values are finite placeholders: mask with `is_open`.
    """

    is_open: Bool[Array, "*pairs n"]
    q2: Float[Array, "*pairs n"]
    """q², eV²."""
    x_plus: Float[Array, "*pairs n"]
    x_minus: Float[Array, "*pairs n"]
    one_minus_x_plus: Float[Array, "*pairs n"]
    """1 − x₊, with all its digits."""
    one_minus_x_minus: Float[Array, "*pairs n"]
    """1 − x₋, with all its digits."""
    mass_sum: Float[Array, "*pairs 1"]
    """m_i + m_j, eV."""
    mass_difference: Float[Array, "*pairs 1"]
    """m_i − m_j, eV."""

    @property
    def delta(self) -> Float[Array, "*pairs n"]:
        """Δ_ij = √[(1 − x₊)(1 − x₋)], the relative width of the neutrino's energy."""
        return jnp.sqrt(self.one_minus_x_plus * self.one_minus_x_minus)


def momentum_transfer_squared(omega: Real, E_eg: Scalar, boost: Scalar = 0.0) -> Real:
    """Return q² = (E_eg − p_eg)(E_eg + p_eg − 2ω), eV²; E_eg (E_eg − 2ω) without boost.

    Parameters
    ----------
    omega
        Photon energy, eV.
    E_eg
        Energy of |e⟩ above |g⟩, eV.
    boost
        Momentum p_eg along the photon's direction, eV.

    Examples
    --------
    >>> float(momentum_transfer_squared(jnp.array(0.75), 2.0))
    1.0
    """
    return (E_eg - boost) * (E_eg + boost - 2 * omega)


def threshold_energies(masses: Float[Array, "3"], E_eg: Scalar, boost: Scalar = 0.0) -> Float[Array, "3 3"]:
    """Return ω_ij^max = [E_eg + p_eg − (m_i + m_j)²/(E_eg − p_eg)]/2, eV.

    Source: PLB 841 137911, below Eq. (16), for p_eg = 0.

    Examples
    --------
    >>> threshold_energies(jnp.zeros(3), 2.0)[0, 0]
    Array(1., dtype=float64)
    """
    mass_sum = masses[:, None] + masses[None, :]
    return (E_eg + boost - mass_sum**2 / (E_eg - boost)) / 2


@jax.custom_jvp
def excess(E_less: Real, E_more: Real, omega: Real, m_i: Real, m_j: Real) -> Real:
    """Return a = q² − (m_i + m_j)² to the last digit at any distance from the threshold, eV².

    Parameters
    ----------
    E_less, E_more
        E_eg − p_eg and E_eg + p_eg.
    omega, m_i, m_j
        Photon energy and masses.

    Examples
    --------
    >>> float(excess(*map(jnp.array, (2.0, 2.0, 0.75, 0.25, 0.5))))
    0.4375
    """
    # Without the barrier, values that are constants of a compiled function would be reassociated.
    E_less, E_more, omega, m_i, m_j = lax.optimization_barrier(  # type: ignore[no-untyped-call]
        (E_less, E_more, omega, m_i, m_j)
    )
    gap, gap_error = two_sum(E_more, -2 * omega)
    mass, mass_error = two_sum(m_i, m_j)
    q2, q2_error = two_product(E_less, gap)
    mass2, mass2_error = two_product(mass, mass)
    rest = E_less * gap_error - mass_error * (2 * mass + mass_error)
    return (q2 - mass2) + ((q2_error - mass2_error) + rest)


@excess.defjvp
def _excess_jvp(
    primals: tuple[Real, Real, Real, Real, Real], tangents: tuple[Real, Real, Real, Real, Real]
) -> tuple[Real, Real]:
    E_less, E_more, omega, m_i, m_j = primals
    dE_less, dE_more, domega, dm_i, dm_j = tangents
    slope = (E_more - 2 * omega) * dE_less + E_less * (dE_more - 2 * domega)
    slope = slope - 2 * (m_i + m_j) * (dm_i + dm_j)
    return excess(*primals), slope


def pair_kinematics(
    omega: Float[Array, "n"], masses: Float[Array, "3"], E_eg: Scalar, boost: Scalar = 0.0
) -> PairKinematics:
    """Return the invariants of all ordered pairs of neutrinos.

    Parameters
    ----------
    omega
        Photon energies, eV.
    masses
        Neutrino masses, eV.
    E_eg
        Energy of |e⟩ above |g⟩, eV.
    boost
        Momentum p_eg along the photon's direction, eV.

    Examples
    --------
    >>> pair = pair_kinematics(jnp.array([0.75]), jnp.zeros(3), 2.0)
    >>> pair.delta[0, 0]
    Array([1.], dtype=float64)
    """
    return _kinematics(omega, masses[:, None, None], masses[None, :, None], E_eg, boost)


def unordered_kinematics(
    omega: Float[Array, "n"], masses: Float[Array, "3"], E_eg: Scalar, boost: Scalar = 0.0
) -> PairKinematics:
    """Return the invariants of the six unordered pairs (`FIRST`, `SECOND`), on one axis.

    Those of (j, i) are the same, but for the sign of the mass difference.

    Examples
    --------
    >>> unordered_kinematics(jnp.array([0.75]), jnp.zeros(3), 2.0).delta.shape
    (6, 1)
    """
    return _kinematics(omega, masses[FIRST][:, None], masses[SECOND][:, None], E_eg, boost)


def _kinematics(
    omega: Float[Array, "n"], m_i: Real, m_j: Real, E_eg: Scalar, boost: Scalar
) -> PairKinematics:
    q2 = momentum_transfer_squared(omega, E_eg, boost)
    a = excess(jnp.asarray(E_eg - boost), jnp.asarray(E_eg + boost), omega, m_i, m_j)
    # A NaN is not closed: it has to show in the result.
    is_open = ~(a <= 0)
    # The placeholders keep closed pairs out of every square root and division, gradients included.
    a = jnp.where(is_open, a, 1.0)
    q2 = jnp.where(is_open, q2, 4.0)
    mass_sum, mass_difference = m_i + m_j, m_i - m_j
    return PairKinematics(
        is_open=is_open,
        q2=q2,
        x_plus=mass_sum**2 / q2,
        x_minus=mass_difference**2 / q2,
        one_minus_x_plus=a / q2,
        one_minus_x_minus=(a + 4 * m_i * m_j) / q2,
        mass_sum=mass_sum,
        mass_difference=mass_difference,
    )
