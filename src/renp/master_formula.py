"""The master formula: couplings in, spectral function I(ω) out. Nothing is checked here.

    I(ω) = Σ_ij Δ_ij/(E_vg − ω)² (w_T K_T + w_L K_L)

over ordered pairs, halved for Majorana neutrinos. K_T and K_L come from the components of the pair's
current across and along the photon's direction; the papers average over the atomic spin, w_T = w_L = 1.
Further intermediate states replace 1/(E_vg − ω) by Σ_v c_v/(E_v − ω).
"""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from renp.atoms import Atom
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.couplings import NAMES, Interaction, Matrix
from renp.kinematics import PairKinematics, kinematics_of_pair, momentum_transfer_squared
from renp.neutrinos import Neutrinos

Real: TypeAlias = Float[Array, ""]
_Matrices: TypeAlias = dict[str, Matrix]
_Order: TypeAlias = tuple[int, int]
_Orders: TypeAlias = tuple[_Order, ...]

_ORDERED: tuple[_Order, ...] = tuple((i, j) for i in range(3) for j in range(3))
_BOTH_ORDERS: tuple[_Orders, ...] = tuple(
    ((i, j),) if i == j else ((i, j), (j, i)) for i, j in combinations_with_replacement(range(3), 2)
)


class Components(NamedTuple):
    """Contributions of pairs to I(ω), by the direction of the pair's current."""

    transverse: Float[Array, "*pairs n"]
    longitudinal: Float[Array, "*pairs n"]


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

    def at(one: Real) -> Components:
        c = _present_couplings(one, atom, neutrinos, model)
        parts = [
            _by_direction(_strengths(_pair(one, atom, neutrinos, order), c, (order,)), one, atom, neutrinos)
            for order in _ORDERED
        ]
        return Components(*(jnp.stack(of_pairs).reshape(3, 3) for of_pairs in zip(*parts, strict=True)))

    every: Components = jax.vmap(at, out_axes=-1)(omega)
    return every


@jax.jit
def total_spectrum(
    omega: Float[Array, "*n"], atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "*n"]:
    """Return I(ω), the sum of all contributions; faster, since (i, j) and (j, i) share their kinematics.

    Written for one photon energy and batched: what does not depend on it is computed once.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> total_spectrum(jnp.array([1.068]), yb, nu, renp.Weak()).round(4)
    Array([0.0678], dtype=float64)
    """

    def at(one: Real) -> Real:
        c = _present_couplings(one, atom, neutrinos, model)
        parts = [_strengths(_pair(one, atom, neutrinos, both[0]), c, both) for both in _BOTH_ORDERS]
        summed = _by_direction(jax.tree.map(lambda *of_pairs: sum(of_pairs), *parts), one, atom, neutrinos)
        return summed.transverse + summed.longitudinal

    every: Callable[[Array], Array] = at
    for _ in range(omega.ndim):
        every = jax.vmap(every)
    return every(omega)


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


class _Strengths(NamedTuple):
    """What pairs couple with, times Δ, without the factors that all pairs share."""

    current: Real
    density: Real
    photon: Real


def _present_couplings(omega: Real, atom: Atom, neutrinos: Neutrinos, model: Interaction) -> _Matrices:
    q2 = momentum_transfer_squared(omega, atom.E_eg, atom.boost)
    c = model.couplings(neutrinos, q2)
    return {name: x for name in NAMES if (x := getattr(c, name)) is not None}


def _pair(omega: Real, atom: Atom, neutrinos: Neutrinos, order: _Order) -> PairKinematics:
    m_i, m_j = (neutrinos.masses[k] for k in order)
    return kinematics_of_pair(omega, m_i, m_j, atom.E_eg, atom.boost)


def _strengths(pair: PairKinematics, c: _Matrices, orders: _Orders) -> _Strengths:
    """Return the strengths of a pair in the given orders, (i, j) or (i, j) and (j, i).

    Those of the photon are squares of F + m μ and μ + m F/q², which leave nothing to cancel:
    with x = m²/q² they add up to (1 + 2x)|μ|² + (2 + x)|F|²/q² + 6m Re(F μ*)/q².
    """
    near, far, inverse = pair.one_minus_x_plus, pair.one_minus_x_minus, 1 / pair.q2
    total, difference = pair.mass_sum, pair.mass_difference

    def square(first: str, second: str, factor: Real, sign: int) -> Real | None:
        return _square(c.get(first), c.get(second), factor, sign, orders)

    delta = jnp.where(pair.is_open, pair.delta, 0.0)
    return _Strengths(
        current=_added(
            (delta * far * (2 + pair.x_plus), square("V", "", inverse, 1)),
            (delta * near * (2 + pair.x_minus), square("A", "", inverse, 1)),
        ),
        density=_added(
            (delta * near, square("s", "V", difference * inverse, -1)),
            (delta * far, square("p", "A", total * inverse, 1)),
        ),
        photon=_added(
            (delta * far * 2 * inverse, square("F", "mu", total, 1)),
            (delta * far, square("mu", "F", total * inverse, 1)),
            (delta * near * 2 * inverse, square("G", "eps", difference, -1)),
            (delta * near, square("eps", "G", difference * inverse, -1)),
        ),
    )


def _added(*terms: tuple[Real, Real | None]) -> Real:
    """Return the sum of products, of those that are there."""
    present = [factor * square for factor, square in terms if square is not None]
    return sum(present[1:], present[0]) if present else jnp.zeros(())


def _square(x: Matrix | None, y: Matrix | None, factor: Real, sign: int, orders: _Orders) -> Real | None:
    """Return Σ |x_ij + factor y_ij|² over the orders; in the second, the factor has the given sign."""
    if x is not None and y is not None:
        terms = [abs2(x[i, j] + factor * sign**k * y[i, j]) for k, (i, j) in enumerate(orders)]
        return sum(terms[1:], terms[0])
    only = y if x is None else x
    if only is None:
        return None
    both: Real = sum((abs2(only[i, j]) for i, j in orders), jnp.zeros(()))
    return both * factor**2 if x is None else both


def _by_direction(strength: _Strengths, omega: Real, atom: Atom, neutrinos: Neutrinos) -> Components:
    """Return contributions to I(ω) from the strengths."""
    q2 = momentum_transfer_squared(omega, atom.E_eg, atom.boost)
    momentum2 = (omega - atom.boost) ** 2
    photon = (atom.orbit * BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * momentum2 / 9
    counting = 0.5 if neutrinos.nature == "majorana" else 1.0
    weight = counting / energy_denominator(omega, atom)
    across, along = atom.spin_weights
    transverse = 2 * q2 / 9 * strength.current + photon * strength.photon
    longitudinal = (q2 + momentum2) / 9 * strength.current + momentum2 * q2 / 3 * strength.density
    return Components(across * weight * transverse, along * weight * longitudinal)


def energy_denominator(omega: Float[Array, "..."], atom: Atom) -> Float[Array, "..."]:
    """Return the inverse of [Σ_v c_v/(E_v − ω)]², c = 1 for |v⟩ itself: (E_vg − ω)² in the papers.

    Examples
    --------
    >>> papers, full = (Atom.named("Yb", which) for which in ("papers", "full"))
    >>> omega = jnp.array(1.07)
    >>> round(float(energy_denominator(omega, papers) / energy_denominator(omega, full)), 3)
    0.185
    """
    near = (atom.E_vg - omega) ** 2
    if not atom.states:
        return near
    further = [c * (atom.E_vg - omega) / (E - omega) for E, c in atom.states]
    return near / sum(further, jnp.ones_like(omega)) ** 2
