"""Kinematics of |e⟩ → |g⟩ + γ(ω) + ν_i ν̄_j with q = p_i + p_j = (E_eg − ω, p_eg − ω).

The second component is along the photon's direction. A phase that was imprinted on the atoms gives them a
momentum p_eg, the boost; without it, as in the papers, q is −k. In a medium of refractive index n the photon
has |k| = nω, which at each photon energy is a boost of p_eg − (n − 1)ω; the thresholds are then roots of
[E_eg + p_eg − (1 + n)ω][E_eg − p_eg + (n − 1)ω] = (m_i + m_j)².

A pair of neutrinos enters the spectrum only through x₊ = (m_i + m_j)²/q² and
x₋ = (m_i − m_j)²/q², and is open where x₊ < 1. Close to a threshold all digits of 1 − x₊ would cancel,
so a = q² − (m_i + m_j)² is computed from the distance to the threshold, which is known to twice the digits
of a float, and everything else from products of positive terms.
"""

from typing import Any, NamedTuple, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float

from renp._types import Reals
from renp.compensated import leading, two_product, two_sum
from renp.validation import Scalar

Real: TypeAlias = Float[Array, "..."]

Energies = TypeVar("Energies", Array, Reals)

FIRST, SECOND = np.triu_indices(3)
"""Indices i ≤ j of the six unordered pairs."""


class PairKinematics(NamedTuple):
    """Invariants of pairs (i, j): all ordered ones at every photon energy, shape (3, 3, n), or a single one.

    Where a pair is closed, the values are finite placeholders: mask with `is_open`.
    """

    is_open: Bool[Array, "..."]
    q2: Float[Array, "..."]
    """q², eV²."""
    x_plus: Float[Array, "..."]
    x_minus: Float[Array, "..."]
    one_minus_x_plus: Float[Array, "..."]
    """1 − x₊, with all its digits."""
    one_minus_x_minus: Float[Array, "..."]
    """1 − x₋, with all its digits."""
    mass_sum: Float[Array, "..."]
    """m_i + m_j, eV."""
    mass_difference: Float[Array, "..."]
    """m_i − m_j, eV."""

    @property
    def delta(self) -> Float[Array, "..."]:
        """Δ_ij = √[(1 − x₊)(1 − x₋)], the relative width of the neutrino's energy."""
        return jnp.sqrt(self.one_minus_x_plus * self.one_minus_x_minus)


def momentum_transfer_squared(
    omega: Energies, E_eg: Scalar, boost: Scalar = 0.0, index: Scalar | None = None
) -> Energies:
    """Return q² = (E_eg − p_eg)(E_eg + p_eg − 2ω), eV²; E_eg (E_eg − 2ω) without boost.

    Parameters
    ----------
    omega
        Photon energy, eV.
    E_eg
        Energy of |e⟩ above |g⟩, eV.
    boost
        Momentum p_eg along the photon's direction, eV.
    index
        Refractive index; None for a vacuum.

    Examples
    --------
    >>> float(momentum_transfer_squared(jnp.array(0.75), 2.0))
    1.0
    """
    q2: Any = (E_eg - boost) * (E_eg + boost - 2 * omega)
    if index is not None:
        here = boost_at(omega, boost, index)
        q2 = (E_eg - here) * ((E_eg - 2 * omega) + here)  # in this order the digits of E_eg − 2ω stay
    return q2  # type: ignore[no-any-return]


def boost_at(omega: Any, boost: Scalar, index: Scalar | None) -> Any:
    """Return the boost that at a photon energy does what boost and medium do, eV.

    Examples
    --------
    >>> boost_at(2.0, 0.0, 1.5)
    -1.0
    """
    return boost if index is None else boost - (index - 1) * omega


def threshold_energies(
    masses: Energies, E_eg: Scalar, boost: Scalar = 0.0, index: Scalar | None = None
) -> Energies:
    """Return ω_ij^max = [E_eg + p_eg − (m_i + m_j)²/(E_eg − p_eg)]/2, eV.

    Source: PLB 841 137911, below Eq. (16), for p_eg = 0.

    Examples
    --------
    >>> threshold_energies(jnp.zeros(3), 2.0)[0, 0]
    Array(1., dtype=float64)
    """
    mass_sum = masses[:, None] + masses[None, :]
    edges: Any = (E_eg + boost - mass_sum**2 / (E_eg - boost)) / 2
    if index is not None:
        edges = _edge_in_medium(E_eg, boost, index, mass_sum)
    return edges  # type: ignore[no-any-return]


@jax.custom_jvp
def exact_threshold(E_less: Real, E_more: Real, m_i: Real, m_j: Real) -> tuple[Real, Real]:
    """Return ω_ij^max as a leading part and a rest, exact to twice the digits of a float, eV.

    Parameters
    ----------
    E_less, E_more
        E_eg − p_eg and E_eg + p_eg.
    m_i, m_j
        Masses.

    Examples
    --------
    >>> high, low = exact_threshold(*map(jnp.array, (2.0, 2.0, 0.25, 0.5)))
    >>> float(high + low)
    0.859375
    """
    mass, mass_error = two_sum(m_i, m_j)
    mass2, mass2_error = two_product(mass, mass)
    ratio = leading(mass2 / E_less, 52)
    product, product_error = two_product(ratio, E_less)
    rest = (mass2 - product) + (mass2_error - product_error + mass_error * (2 * mass + mass_error))
    high, low = two_sum(E_more, -ratio)
    # Without the barrier, what is a constant of a compiled function would be added up again.
    parts: tuple[Real, Real] = lax.optimization_barrier((high / 2, (low - rest / E_less) / 2))  # type: ignore[no-untyped-call]
    return parts


@exact_threshold.defjvp
def _exact_threshold_jvp(
    primals: tuple[Real, Real, Real, Real], tangents: tuple[Real, Real, Real, Real]
) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    E_less, _, m_i, m_j = primals
    dE_less, dE_more, dm_i, dm_j = tangents
    ratio = (m_i + m_j) / E_less
    high, low = exact_threshold(*primals)
    return (high, low), ((dE_more + ratio * (ratio * dE_less - 2 * (dm_i + dm_j))) / 2, jnp.zeros_like(low))


def _edge_in_medium(E_eg: Any, boost: Any, index: Any, mass_sum: Any) -> Any:
    """Return the root, without its last digits."""
    excess = index - 1
    slope = (E_eg - boost) * (2 + excess) - (E_eg + boost) * excess
    open_at_0 = (E_eg - boost) * (E_eg + boost) - mass_sum**2
    return 2 * open_at_0 / (slope + (slope**2 + 4 * (2 + excess) * excess * open_at_0) ** 0.5)


@jax.custom_jvp
def exact_edge_in_medium(E_eg: Real, boost: Real, index: Real, m_i: Real, m_j: Real) -> tuple[Real, Real]:
    """Return ω_ij^max in a medium as a leading part and a rest, by a step of Newton with twice the digits.

    Examples
    --------
    >>> high, low = exact_edge_in_medium(*map(jnp.array, (2.0, 0.0, 1.0, 0.25, 0.5)))
    >>> float(high + low)
    0.859375
    """
    excess = index - 1
    at = leading(_edge_in_medium(E_eg, boost, index, m_i + m_j), 52)
    medium, medium_error = two_product(excess, at)
    here, here_error = two_sum(boost, -medium)
    rest = here_error - medium_error
    ahead, ahead_error = two_sum(E_eg - 2 * at, here)
    behind, behind_error = two_sum(E_eg, -here)
    q2, q2_error = two_product(ahead, behind)
    mass, mass_error = two_sum(m_i, m_j)
    mass2, mass2_error = two_product(mass, mass)
    small = q2_error + ahead * (behind_error - rest) + (ahead_error + rest) * behind
    small = small - mass2_error - mass_error * (2 * mass + mass_error)
    step = ((q2 - mass2) + small) / slope_in_medium(E_eg, boost, index, at, at)
    parts: tuple[Real, Real] = lax.optimization_barrier((at, step))  # type: ignore[no-untyped-call]
    return parts


@exact_edge_in_medium.defjvp
def _exact_edge_in_medium_jvp(
    primals: tuple[Real, ...], tangents: tuple[Real, ...]
) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    E_eg, boost, index, m_i, m_j = primals
    dE, dp, dn, dm_i, dm_j = tangents
    high, low = exact_edge_in_medium(*primals)
    here, dhere = boost_at(high, boost, index), dp - high * dn
    change = ((E_eg - 2 * high) + here) * (dE - dhere) + (E_eg - here) * (dE + dhere)
    change = change - 2 * (m_i + m_j) * (dm_i + dm_j)
    return (high, low), (change / slope_in_medium(E_eg, boost, index, high, high), jnp.zeros_like(low))


def slope_in_medium(E_eg: Any, boost: Any, index: Any, one: Any, other: Any) -> Any:
    """Return (q²(ω) − q²(ω'))/(ω' − ω) for two photon energies, eV."""
    excess = index - 1
    slope = (E_eg - boost) * (2 + excess) - (E_eg + boost) * excess
    return slope + (2 + excess) * excess * (one + other)


class Masses(NamedTuple):
    """What of a pair of neutrinos, or of arrays of pairs, does not depend on the photon energy."""

    sum: Float[Array, "..."]
    """m_i + m_j, eV."""
    difference: Float[Array, "..."]
    """m_i − m_j, eV."""
    product: Float[Array, "..."]
    """4 m_i m_j, eV²."""
    threshold: tuple[Float[Array, "..."], Float[Array, "..."]]
    """ω_ij^max in two parts, eV."""


def masses_of_pair(
    m_i: Real, m_j: Real, E_eg: Scalar, boost: Scalar = 0.0, index: Scalar | None = None
) -> Masses:
    """Return what of pairs does not depend on the photon energy.

    Examples
    --------
    >>> pair = masses_of_pair(*map(jnp.array, (0.25, 0.5, 2.0)))
    >>> float(pair.sum), float(sum(pair.threshold))
    (0.75, 0.859375)
    """
    less, more = jnp.asarray(E_eg - boost), jnp.asarray(E_eg + boost)
    if index is None:
        edge = exact_threshold(less, more, m_i, m_j)
    else:
        edge = exact_edge_in_medium(*map(jnp.asarray, (E_eg, boost, index)), m_i, m_j)
    return Masses(m_i + m_j, m_i - m_j, 4 * m_i * m_j, edge)


def excess(E_less: Real, threshold: tuple[Real, Real], omega: Real) -> Real:
    """Return a = q² − (m_i + m_j)² = 2 (E_eg − p_eg)(ω_ij^max − ω) with all its digits, eV².

    Parameters
    ----------
    E_less
        E_eg − p_eg.
    threshold
        ω_ij^max in two parts.
    omega
        Photon energy.

    Examples
    --------
    >>> edge = exact_threshold(*map(jnp.array, (2.0, 2.0, 0.25, 0.5)))
    >>> float(excess(jnp.array(2.0), edge, jnp.array(0.75)))
    0.4375
    """
    high, low = threshold
    return 2 * E_less * ((high - omega) + low)


def pair_kinematics(
    omega: Float[Array, "n"],
    masses: Float[Array, "states"],
    E_eg: Scalar,
    boost: Scalar = 0.0,
    index: Scalar | None = None,
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
    index
        Refractive index; None for a vacuum.

    Examples
    --------
    >>> pair = pair_kinematics(jnp.array([0.75]), jnp.zeros(3), 2.0)
    >>> pair.delta[0, 0]
    Array([1.], dtype=float64)
    """
    pairs = masses_of_pair(masses[:, None, None], masses[None, :, None], E_eg, boost, index)
    return kinematics(omega, pairs, E_eg, boost, index)


def kinematics(
    omega: Real, pair: Masses, E_eg: Scalar, boost: Scalar = 0.0, index: Scalar | None = None
) -> PairKinematics:
    """Return the invariants of pairs, of the common shape of the arguments.

    Examples
    --------
    >>> pair = masses_of_pair(*map(jnp.array, (0.25, 0.5, 2.0)))
    >>> float(kinematics(jnp.array(0.75), pair, 2.0).x_plus)
    0.5625
    """
    if index is None:
        a = excess(jnp.asarray(E_eg - boost), pair.threshold, omega)
    else:
        high, low = pair.threshold
        a = slope_in_medium(E_eg, boost, index, high, omega) * ((high - omega) + low)
    # A NaN is not closed: it has to show in the result.
    is_open = ~(a <= 0)
    # The placeholders keep closed pairs out of every square root and division, gradients included.
    a = jnp.where(is_open, a, 1.0)
    q2 = momentum_transfer_squared(omega, E_eg, boost, index)
    # In a medium its digits would cancel where there is a boost, too.
    q2 = jnp.where(q2 > 0, q2, 4.0) if index is None else a + pair.sum**2
    inverse = 1 / q2
    return PairKinematics(
        is_open=is_open,
        q2=q2,
        x_plus=pair.sum**2 * inverse,
        x_minus=pair.difference**2 * inverse,
        one_minus_x_plus=a * inverse,
        one_minus_x_minus=(a + pair.product) * inverse,
        mass_sum=pair.sum,
        mass_difference=pair.difference,
    )
