"""Sums over the spin states of an atom: how much of the pair's current the light lets through.

The atom goes |e⟩ → |v⟩ by the current's spin operator S and |v⟩ → |g⟩ by the trigger's dipole, so that

    T_ab = Σ_{M_e M_g} A_a A_b*/(2J_e + 1),   A_a = Σ_{M_v} ⟨g|d·ε|v⟩⟨v|S_a|e⟩,

is contracted with the pair's current tensor. Integrated over the pair's phase space that tensor is
diagonal, K_T/2 along each of the two directions across the photon's and K_L along it, hence

    rate ∝ w_T K_T + w_L K_L,   w_T = 3 (T_xx + T_yy)/(2 tr T),   w_L = 3 T_zz/tr T,   2 w_T + w_L = 3.

The papers replace T_ab by its average over directions, w_T = w_L = 1.

With J_g = 0 and light of one helicity λ, each M_e leads to one component of the pair's current alone: a
`Wave`. There C_a of the first order and C'_a of the second,

    C_a = Σ_{M_v} ⟨g|d·ε*|v⟩⟨v|S_a|e⟩,   C'_a = Σ_{M_v} ⟨g|d_a|v⟩⟨v|S·(k×ε*)|e⟩/ω,

are proportional to one another. Linear light is like a mixture of both helicities, since different components
of the current do not interfere when the pair is integrated over.
"""

from math import factorial, sqrt
from typing import Literal, NamedTuple

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from renp.errors import InputError
from renp.validation import Scalar, choice, whole

Polarisation = Literal["linear", "left", "right"]

POLARISATIONS = ("linear", "left", "right")
"""Left and right are the helicities −1 and +1."""

HELICITIES = {"left": -1, "right": 1}

_SPHERICAL = np.array([[1, -1j, 0], [0, 0, sqrt(2)], [-1, -1j, 0]]) / sqrt(2)
"""Spherical components −1, 0, 1 of a Cartesian vector, rows."""

_LARGEST = 99
"""Of angular momenta: factorials of three times it are still floats."""

_DIGITS = 14
"""To which weights, which are fractions of small numbers, are rounded."""


class SpinWeights(NamedTuple):
    """Weights of the current across and along the photon's direction."""

    transverse: Scalar
    longitudinal: Scalar


AVERAGED = SpinWeights(1.0, 1.0)
"""The papers' average over directions."""


class Wave(eqx.Module):
    """One component of the pair's current that the light lets through; both orders reach it.

    Examples
    --------
    >>> waves(0, 1, "right")  # ytterbium: one component, the second order like the first
    (Wave(helicity=1, direction=1, weight=3.0, second=1.0),)
    """

    helicity: int = eqx.field(static=True)
    """Of the light; 0 for both, equally."""
    direction: int = eqx.field(static=True)
    """1 or −1 for the circular components across the photon's direction, 0 for the one along it."""
    weight: Scalar
    """So that w_T is half the sum of those across, and w_L the one along."""
    second: Scalar
    """Amplitude of the second order relative to the first, without energies."""


def waves(
    J_e: int, J_v: int, polarisation: str, *, both_orders: bool = True, prepared: int | None = None
) -> tuple[Wave, ...]:
    """Return the components that light of a polarisation lets through, for J_g = 0.

    All states of |e⟩ are equally populated, or the one with M = ``prepared`` about the photon's direction.

    Raises
    ------
    InputError
        For angular momenta between which spin or dipole have no matrix elements.

    Examples
    --------
    >>> for wave in waves(2, 1, "linear"):  # xenon
    ...     print(wave.direction, round(wave.weight, 12), round(wave.second, 12))
    1 0.3 1.0
    -1 1.8 -1.0
    0 0.9 1.0
    """
    choice("polarisation", polarisation, POLARISATIONS)
    J_e, J_v, _ = _momenta(J_e, J_v, 0)
    up, down = _vector_operator(J_v, J_e), _vector_operator(0, J_v)[:, 0]
    known = HELICITIES.get(polarisation, 0)
    # Without preparation both helicities of linear light do the same, with + and − exchanged.
    helicities = (known,) if known else (1,) if prepared is None else (-1, 1)
    found = []
    for helicity in helicities:
        light = np.array([1.0, 1j * helicity, 0.0]) / sqrt(2)  # ε*
        first = np.einsum("b,bv,ave->ea", light, down, up)
        second = np.einsum("av,b,bve->ea", down, np.cross([0, 0, -1], light), up)
        norm = 3 / np.sum(np.abs(first) ** 2)
        if prepared is not None:
            # States are in the order of M about −k.
            norm *= (2 * J_e + 1) / len(helicities)
            first, second = (part[[J_e - prepared]] for part in (first, second))
        for direction in (1, -1, 0):
            unit = np.array([1, 1j * helicity * direction, 0]) / sqrt(2) if direction else np.eye(3)[2]
            of_first, of_second = first @ unit.conj(), second @ unit.conj()
            e = int(np.argmax(np.abs(of_first)))
            weight = round(float(norm * np.sum(np.abs(of_first) ** 2)), _DIGITS)
            if weight > 0:
                ratio = float((-1j * helicity * (direction or 1) * of_second[e] / of_first[e]).real)
                seen = known if prepared is None else helicity
                found.append(Wave(seen, direction, weight, round(ratio, _DIGITS) if both_orders else 0.0))
    # Light that no prepared state lets through leaves a wave without weight.
    return tuple(found) or (Wave(helicities[0], 1, 0.0, 0.0),)


def spin_weights(J_e: int, J_v: int, J_g: int = 0) -> SpinWeights:
    """Return the weights for given angular momenta, states of |e⟩ equally populated; alike in all light.

    Parameters
    ----------
    J_e, J_v, J_g
        Total angular momenta, whole numbers; J_v differs from the other two by at most 1.

    Raises
    ------
    InputError
        For angular momenta between which spin or dipole have no matrix elements.

    Examples
    --------
    >>> spin_weights(0, 1)  # ytterbium: nothing along the photon's direction
    SpinWeights(transverse=1.5, longitudinal=0.0)
    >>> [round(w, 12) for w in spin_weights(2, 1)]  # xenon
    [1.05, 0.9]
    """
    J_e, J_v, J_g = _momenta(J_e, J_v, J_g)
    up, down = _vector_operator(J_v, J_e), _vector_operator(J_g, J_v)
    # Of linear light, along x: the sum of both helicities, which have the same weights.
    amplitude = np.einsum("gv,ave->age", down[0], up)
    tensor = np.einsum("age,age->a", amplitude, amplitude.conj()).real
    across, along = tensor[:2].sum() / 2, tensor[2]
    total = 2 * across + along
    return SpinWeights(float(3 * across / total), float(3 * along / total))


def _momenta(J_e: int, J_v: int, J_g: int) -> tuple[int, int, int]:
    """Return angular momenta that vectors join, or raise."""
    for name, J in (("J_e", J_e), ("J_v", J_v), ("J_g", J_g)):
        if whole(name, J) > _LARGEST:
            raise InputError(name, J, f"a whole number from 0 to {_LARGEST}")
    J_e, J_v, J_g = int(J_e), int(J_v), int(J_g)
    for name, J, other in (("J_v", J_v, J_e), ("J_v", J_v, J_g)):
        if min(J, other) < 0 or abs(J - other) > 1 or J + other == 0:
            raise InputError(name, J, f"a whole number that a vector joins to J = {other}")
    return J_e, J_v, J_g


def _vector_operator(J_to: int, J_from: int) -> NDArray[np.complex128]:
    """Return ⟨J_to M'|V_a|J_from M⟩ of a vector operator, Cartesian, up to the reduced matrix element.

    By the theorem of Wigner and Eckart, ⟨M'|V_q|M⟩ ∝ ⟨J_from M; 1 q|J_to M'⟩.
    """
    spherical = np.zeros((3, 2 * J_to + 1, 2 * J_from + 1), dtype=complex)
    for q in (-1, 0, 1):
        for M in range(-J_from, J_from + 1):
            if abs(M + q) <= J_to:
                spherical[q + 1, M + q + J_to, M + J_from] = clebsch_gordan(J_from, M, 1, q, J_to, M + q)
    # V_q = Σ_a S_qa V_a with a unitary S.
    cartesian: NDArray[np.complex128] = np.einsum("qa,qmn->amn", _SPHERICAL.conj(), spherical)
    return cartesian


def clebsch_gordan(j1: int, m1: int, j2: int, m2: int, J: int, M: int) -> float:
    """Return ⟨j1 m1; j2 m2|J M⟩ by Racah's formula, for whole numbers.

    Examples
    --------
    >>> round(clebsch_gordan(1, 0, 1, 0, 2, 0) ** 2, 12)
    0.666666666667
    """
    if m1 + m2 != M or not abs(j1 - j2) <= J <= j1 + j2 or max(abs(m1) - j1, abs(m2) - j2, abs(M) - J) > 0:
        return 0.0
    f = factorial
    size = (2 * J + 1) * f(J + j1 - j2) * f(J - j1 + j2) * f(j1 + j2 - J) / f(j1 + j2 + J + 1)
    size *= f(J + M) * f(J - M) * f(j1 - m1) * f(j1 + m1) * f(j2 - m2) * f(j2 + m2)
    total = 0.0
    for k in range(j1 + j2 - J + 1):
        terms = (k, j1 + j2 - J - k, j1 - m1 - k, j2 + m2 - k, J - j2 + m1 + k, J - j1 - m2 + k)
        if min(terms) >= 0:
            total += (-1) ** k / np.prod([float(f(n)) for n in terms])
    return sqrt(size) * float(total)
