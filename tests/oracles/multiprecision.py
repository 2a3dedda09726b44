"""The integrated spectrum in fifty digits, written as the formula stands.

The vertices are those of the amplitude in `spinors`: gamma^k (V + A g5), s + p g5, and
gamma^m (F + G g5) + i sigma^{mb} q_b (mu + eps g5) with q = p_i + p_j.

Nothing is rearranged for accuracy: fifty digits make that unnecessary, and the formula stays
recognisable. Plain floats are taken as exact numbers, so that the result is what a perfect
implementation in double precision would round. Energies are in eV. The couplings are the
effective ones: whatever a Majorana neutrino makes of its matrices has been done before,
for instance by `majorana_couplings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath  # type: ignore[import-untyped]

# A context of its own leaves the precision of the rest of the program alone.
MP: Any = mpmath.MPContext()
MP.dps = 50

Number = Any  # a multiprecision number; the library has no types
Matrix = Sequence[Sequence[Any]]

G_FERMI = 1.1663787e-23  # 1/eV^2
ELECTRON_MASS = 510998.95069  # eV
ALPHA = 7.2973525643e-3
# 1/eV, Heaviside-Lorentz
BOHR_MAGNETON: Number = MP.sqrt(4 * MP.pi * MP.mpf(ALPHA)) / (2 * MP.mpf(ELECTRON_MASS))

KINDS = ("V", "A", "s", "p", "mu", "eps", "F", "G")

# The sign with which the transposed matrix is added for a Majorana neutrino: that of
# ubar_j O v_i = -sign ubar_i O v_j under v = C ubar^T.
MAJORANA_SIGNS = {"V": -1, "A": 1, "s": 1, "p": 1, "mu": -1, "eps": -1, "F": -1, "G": 1}


def threshold(E_eg: Any, m_i: Any, m_j: Any) -> Number:
    """Return the photon energy above which a pair is closed, in eV."""
    level = MP.mpf(E_eg)
    return (level - (MP.mpf(m_i) + MP.mpf(m_j)) ** 2 / level) / 2


def thresholds(E_eg: Any, masses: Sequence[Any]) -> list[list[Number]]:
    """Return the thresholds of all ordered pairs as a 3 x 3 list."""
    return [[threshold(E_eg, m_i, m_j) for m_j in masses] for m_i in masses]


def invariants(E_eg: Any, omega: Any, m_i: Any, m_j: Any) -> tuple[Number, Number, Number]:
    """Return q^2, x_plus and x_minus of a pair."""
    level, photon = MP.mpf(E_eg), MP.mpf(omega)
    mass_i, mass_j = MP.mpf(m_i), MP.mpf(m_j)
    q2 = level * (level - 2 * photon)
    return q2, (mass_i + mass_j) ** 2 / q2, (mass_i - mass_j) ** 2 / q2


def is_open(E_eg: Any, omega: Any, m_i: Any, m_j: Any) -> bool:
    """Tell whether the photon energy lies below the pair's threshold."""
    return bool(MP.mpf(omega) < threshold(E_eg, m_i, m_j))


def phase_space(E_eg: Any, omega: Any, m_i: Any, m_j: Any) -> Number:
    """Return Delta, the width of the neutrino-energy interval in units of omega."""
    _, x_plus, x_minus = invariants(E_eg, omega, m_i, m_j)
    return MP.sqrt((1 - x_plus) * (1 - x_minus))


def strengths(
    E_eg: Any,
    omega: Any,
    m_i: Any,
    m_j: Any,
    couplings: Mapping[str, Any],
    *,
    g_fermi: Any = G_FERMI,
    bohr_magneton: Any = BOHR_MAGNETON,
) -> tuple[Number, Number]:
    """Return K_T and K_L of one ordered pair.

    Parameters
    ----------
    E_eg, omega, m_i, m_j : float
        Level difference, photon energy and the masses of the pair, in eV.
    couplings : mapping of str to complex
        Any of ``KINDS``: effective couplings, zero where missing.
    g_fermi, bohr_magneton : float
        Constants, in 1/eV^2 and 1/eV.

    Returns
    -------
    tuple of multiprecision numbers
        K_T (both directions across the photon together) and K_L, in eV^2.
    """
    unknown = set(couplings) - set(KINDS)
    if unknown:
        raise ValueError(f"unknown couplings {sorted(unknown)}")
    V, A, s, p, mu, eps, F, G = (MP.mpc(couplings.get(kind, 0)) for kind in KINDS)
    w, total = MP.mpf(omega), MP.mpf(m_i) + MP.mpf(m_j)
    difference = MP.mpf(m_i) - MP.mpf(m_j)
    q2, xp, xm = invariants(E_eg, omega, m_i, m_j)

    weak = _square(V) * (1 - xm) * (2 + xp) + _square(A) * (1 - xp) * (2 + xm)
    magnetic = (1 - xm) * (
        (1 + 2 * xp) * _square(mu) + (2 + xp) * _square(F) / q2 + 6 * total / q2 * MP.re(F * MP.conj(mu))
    )
    # The plus sign belongs to the vertex gamma^m (F + G g5); with (F + G g5) gamma^m it is a minus.
    electric = (1 - xp) * (
        (1 + 2 * xm) * _square(eps)
        + (2 + xm) * _square(G) / q2
        + 6 * difference / q2 * MP.re(G * MP.conj(eps))
    )
    scalar = (1 - xp) * _square(s + V * difference / q2)
    pseudoscalar = (1 - xm) * _square(p + A * total / q2)

    ratio = MP.mpf(bohr_magneton) / MP.mpf(g_fermi)
    across = 2 * q2 / 9 * weak + ratio**2 * w**2 / 9 * (magnetic + electric)
    along = (q2 + w**2) / 9 * weak + w**2 * q2 / 3 * (scalar + pseudoscalar)
    return across, along


def _square(number: Number) -> Number:
    """Return |number|^2."""
    return number.real**2 + number.imag**2


def components(
    E_eg: Any,
    E_vg: Any,
    omega: Any,
    m_i: Any,
    m_j: Any,
    couplings: Mapping[str, Any],
    *,
    majorana: bool = False,
    g_fermi: Any = G_FERMI,
    bohr_magneton: Any = BOHR_MAGNETON,
) -> tuple[Number, Number]:
    """Return what one ordered pair adds to I(omega), T and L, or zeros if it is closed.

    ``majorana`` halves the result and does nothing else. The other parameters are those of
    `strengths`, with E_vg the energy of the virtual level in eV.
    """
    if not is_open(E_eg, omega, m_i, m_j):
        return MP.mpf(0), MP.mpf(0)
    across, along = strengths(E_eg, omega, m_i, m_j, couplings, g_fermi=g_fermi, bohr_magneton=bohr_magneton)
    factor = phase_space(E_eg, omega, m_i, m_j) / (MP.mpf(E_vg) - MP.mpf(omega)) ** 2
    if majorana:
        factor /= 2
    return factor * across, factor * along


def spectrum(
    E_eg: Any,
    E_vg: Any,
    omega: Any,
    masses: Sequence[Any],
    couplings: Mapping[str, Matrix],
    *,
    majorana: bool = False,
    g_fermi: Any = G_FERMI,
    bohr_magneton: Any = BOHR_MAGNETON,
) -> list[list[list[Number]]]:
    """Return the contributions of all ordered pairs to I(omega), by component.

    Parameters
    ----------
    E_eg, E_vg, omega : float
        Level differences and photon energy in eV.
    masses : sequence of float
        Three neutrino masses in eV.
    couplings : mapping of str to 3 x 3 matrix
        Any of ``KINDS``: effective couplings.
    majorana : bool
        Take half of each ordered pair; the matrices are not touched.
    g_fermi, bohr_magneton : float
        Constants, in 1/eV^2 and 1/eV.

    Returns
    -------
    nested list, shape (2, 3, 3)
        The T and the L components; zero where a pair is closed.
    """
    pairs = [
        [
            components(
                E_eg,
                E_vg,
                omega,
                m_i,
                m_j,
                {kind: matrix[i][j] for kind, matrix in couplings.items()},
                majorana=majorana,
                g_fermi=g_fermi,
                bohr_magneton=bohr_magneton,
            )
            for j, m_j in enumerate(masses)
        ]
        for i, m_i in enumerate(masses)
    ]
    return [[[pair[part] for pair in row] for row in pairs] for part in (0, 1)]


def majorana_couplings(couplings: Mapping[str, Matrix]) -> dict[str, list[list[Number]]]:
    """Return the effective matrices of Majorana neutrinos, X + sign X^T.

    The matrices given are those of a Lagrangian without a factor 1/2.
    """
    return {
        kind: [
            [MP.mpc(matrix[i][j]) + MAJORANA_SIGNS[kind] * MP.mpc(matrix[j][i]) for j in range(3)]
            for i in range(3)
        ]
        for kind, matrix in couplings.items()
    }
