"""The master formula: couplings in, spectral function I(ω) out.

    I(ω) = Σ_ij Δ_ij/(E_vg − ω)² (w_T K_T + w_L K_L)

over ordered pairs, halved for Majorana neutrinos. K_T and K_L come from the components of the
pair's current across and along the photon's direction; the papers average over the atomic spin, w_T = w_L = 1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from renp.atoms import Atom
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.couplings import NAMES, Interaction
from renp.interactions import Weak
from renp.kinematics import (
    PairKinematics,
    momentum_transfer_squared,
    pair_kinematics,
    threshold_energies,
)
from renp.neutrinos import Neutrinos
from renp.poles import check_poles
from renp.validation import is_traced, photon_energies


class Components(NamedTuple):
    """Contributions of each ordered pair to I(ω), by the direction of the pair's current."""

    transverse: Float[Array, "3 3 n"]
    longitudinal: Float[Array, "3 3 n"]


def thresholds(atom: Atom, neutrinos: Neutrinos) -> Float[Array, "3 3"]:
    """Return the photon energies above which the pairs (i, j) cannot be emitted.

    Source: PLB 841 137911, below Eq. (16).

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
    return threshold_energies(neutrinos.masses, atom.E_eg)


def spectral_function(
    omega: ArrayLike,
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction | None = None,
    *,
    by_pair: bool = False,
) -> Float[Array, "..."]:
    """Return the spectral function I(ω) of an atom, in natural units without dimension.

    Source: Phys. Sci. Forum 8, 51, Eqs. (4), (8), (11), (14), with the corrections that the theory pages give.

    Parameters
    ----------
    omega
        Trigger photon energies, eV, of any shape; 0 ≤ ω < E_vg.
    atom, neutrinos
        What emits and what is emitted.
    model
        Interactions; the standard model `Weak()` if left out.
    by_pair
        Whether to return each ordered pair's part.

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
    model = Weak() if model is None else model
    energies = photon_energies(omega, atom.E_vg)
    model.check(neutrinos)
    check_poles(model, energies, atom)
    parts = components(energies.ravel(), atom, neutrinos, model)
    result = (parts.transverse + parts.longitudinal).reshape(3, 3, *energies.shape)
    if not is_traced(result) and not np.all(np.isfinite(result)):
        raise FloatingPointError("the spectral function overflows: a coupling is far too large")
    return result if by_pair else result.sum(axis=(0, 1))


@jax.jit
def components(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Components:
    """Return each ordered pair's contribution to I(ω), by component; nothing is checked.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> components(jnp.array([1.068]), yb, nu, renp.Weak()).transverse.shape
    (3, 3, 1)
    """
    pair = pair_kinematics(omega, neutrinos.masses, atom.E_eg)
    c = _coupling_matrices(momentum_transfer_squared(omega, atom.E_eg), neutrinos, model)
    transverse, longitudinal = _current_strengths(pair, omega, c)
    if any(name in c for name in ("mu", "eps", "F", "G")):
        transverse = transverse + _photon_strength(pair, omega, c)
    counting = 0.5 if neutrinos.nature == "majorana" else 1.0
    weight = counting * pair.delta / (atom.E_vg - omega) ** 2
    return Components(
        jnp.where(pair.is_open, weight * transverse, 0.0),
        jnp.where(pair.is_open, weight * longitudinal, 0.0),
    )


def _coupling_matrices(
    q2: Float[Array, "n"], neutrinos: Neutrinos, model: Interaction
) -> dict[str, Complex[Array, "3 3 n"]]:
    """Return the couplings that the model has, at every photon energy."""
    at_each = jax.vmap(lambda one: model.couplings(neutrinos, one), out_axes=-1)(q2)
    return {name: x for name in NAMES if (x := getattr(at_each, name)) is not None}


def _abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return jnp.square(z.real) + jnp.square(z.imag)


def _current_strengths(
    pair: PairKinematics, omega: Float[Array, "n"], c: dict[str, Complex[Array, "3 3 n"]]
) -> tuple[Float[Array, "3 3 n"], Float[Array, "3 3 n"]]:
    """Return K_T and K_L of the currents that meet the electron's spin: V, A, s, p."""
    zero = jnp.zeros((3, 3, 1), dtype=complex)
    V, A, s, p = (c.get(name, zero) for name in ("V", "A", "s", "p"))
    current = _abs2(V) * pair.one_minus_x_minus * (2 + pair.x_plus) + _abs2(
        A
    ) * pair.one_minus_x_plus * (2 + pair.x_minus)
    density = pair.one_minus_x_plus * _abs2(
        s + V * (pair.mass_difference / pair.q2)
    ) + pair.one_minus_x_minus * _abs2(p + A * (pair.mass_sum / pair.q2))
    transverse = 2 * pair.q2 / 9 * current
    longitudinal = (pair.q2 + omega**2) / 9 * current + omega**2 * pair.q2 / 3 * density
    return transverse, longitudinal


def _photon_strength(
    pair: PairKinematics, omega: Float[Array, "n"], c: dict[str, Complex[Array, "3 3 n"]]
) -> Float[Array, "3 3 n"]:
    """Return K_T of the couplings to the photon: mu, eps, F, G.

    Written as squares of the combinations that conserve helicity (F + m μ) and flip it (μ + m F/q²), m = m_i + m_j,
    which have no cancellation: (1 + 2x)|μ|² + (2 + x)|F|²/q² + 6m Re(F μ*)/q² with x = m²/q².
    """
    zero = jnp.zeros((3, 3, 1), dtype=complex)
    mu, eps, F, G = (c.get(name, zero) for name in ("mu", "eps", "F", "G"))
    m, d, q2 = pair.mass_sum, pair.mass_difference, pair.q2
    vector = 2 * _abs2(F + m * mu) / q2 + _abs2(mu + m / q2 * F)
    axial = 2 * _abs2(G + d * eps) / q2 + _abs2(eps + d / q2 * G)
    strength = pair.one_minus_x_minus * vector + pair.one_minus_x_plus * axial
    return (BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * omega**2 / 9 * strength
