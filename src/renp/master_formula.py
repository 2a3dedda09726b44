"""The master formula: couplings in, spectral function I(ω) out. Nothing is checked here.

    I(ω) = Σ_ij Δ_ij/(E_vg − ω)² (w_T K_T + w_L K_L)

over ordered pairs, halved for Majorana neutrinos. K_T and K_L come from the components of the pair's
current across and along the photon's direction; the papers average over the atomic spin, w_T = w_L = 1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from renp.atoms import Atom
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.couplings import NAMES, Interaction
from renp.kinematics import PairKinematics, momentum_transfer_squared, pair_kinematics
from renp.neutrinos import Neutrinos


class Components(NamedTuple):
    """Contributions of each ordered pair to I(ω), by the direction of the pair's current."""

    transverse: Float[Array, "3 3 n"]
    longitudinal: Float[Array, "3 3 n"]


@jax.jit
def components(omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos, model: Interaction) -> Components:
    """Return each ordered pair's contribution to I(ω), by component.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> components(jnp.array([1.068]), yb, nu, renp.Weak()).transverse.shape
    (3, 3, 1)
    """
    pair = pair_kinematics(omega, neutrinos.masses, atom.E_eg)
    c = coupling_matrices(momentum_transfer_squared(omega, atom.E_eg), neutrinos, model)
    transverse, longitudinal = _current_strengths(pair, omega, c)
    if any(name in c for name in ("mu", "eps", "F", "G")):
        transverse = transverse + _photon_strength(pair, omega, c)
    counting = 0.5 if neutrinos.nature == "majorana" else 1.0
    weight = counting * pair.delta / (atom.E_vg - omega) ** 2
    return Components(
        jnp.where(pair.is_open, weight * transverse, 0.0),
        jnp.where(pair.is_open, weight * longitudinal, 0.0),
    )


def coupling_matrices(
    q2: Float[Array, "n"], neutrinos: Neutrinos, model: Interaction
) -> dict[str, Complex[Array, "3 3 n"]]:
    """Return the couplings that the model has, at every photon energy.

    Examples
    --------
    >>> import renp
    >>> sorted(coupling_matrices(jnp.array([0.1]), renp.Neutrinos(0.01), renp.Weak()))
    ['A', 'V']
    """
    at_each = jax.vmap(lambda one: model.couplings(neutrinos, one), out_axes=-1)(q2)
    return {name: x for name in NAMES if (x := getattr(at_each, name)) is not None}


def abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    """Return |z|², whose gradient is finite at 0.

    Examples
    --------
    >>> float(abs2(jnp.array(3 + 4j)))
    25.0
    """
    return jnp.square(z.real) + jnp.square(z.imag)


def _current_strengths(
    pair: PairKinematics, omega: Float[Array, "n"], c: dict[str, Complex[Array, "3 3 n"]]
) -> tuple[Float[Array, "3 3 n"], Float[Array, "3 3 n"]]:
    """Return K_T and K_L of the currents that meet the electron's spin: V, A, s, p."""
    zero = jnp.zeros((3, 3, 1), dtype=complex)
    V, A, s, p = (c.get(name, zero) for name in ("V", "A", "s", "p"))
    current = abs2(V) * pair.one_minus_x_minus * (2 + pair.x_plus) + abs2(A) * pair.one_minus_x_plus * (
        2 + pair.x_minus
    )
    density = pair.one_minus_x_plus * abs2(
        s + V * (pair.mass_difference / pair.q2)
    ) + pair.one_minus_x_minus * abs2(p + A * (pair.mass_sum / pair.q2))
    transverse = 2 * pair.q2 / 9 * current
    longitudinal = (pair.q2 + omega**2) / 9 * current + omega**2 * pair.q2 / 3 * density
    return transverse, longitudinal


def _photon_strength(
    pair: PairKinematics, omega: Float[Array, "n"], c: dict[str, Complex[Array, "3 3 n"]]
) -> Float[Array, "3 3 n"]:
    """Return K_T of the couplings to the photon: mu, eps, F, G.

    Written as squares of F + m μ and μ + m F/q², m = m_i + m_j, which leave nothing to cancel: with
    x = m²/q² they add up to (1 + 2x)|μ|² + (2 + x)|F|²/q² + 6m Re(F μ*)/q².
    """
    zero = jnp.zeros((3, 3, 1), dtype=complex)
    mu, eps, F, G = (c.get(name, zero) for name in ("mu", "eps", "F", "G"))
    m, d, q2 = pair.mass_sum, pair.mass_difference, pair.q2
    vector = 2 * abs2(F + m * mu) / q2 + abs2(mu + m / q2 * F)
    axial = 2 * abs2(G + d * eps) / q2 + abs2(eps + d / q2 * G)
    strength = pair.one_minus_x_minus * vector + pair.one_minus_x_plus * axial
    return (BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * omega**2 / 9 * strength
