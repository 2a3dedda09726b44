"""Scattering of neutrinos on electrons at rest: dσ/dT of the weak interaction and of exchanges beside.

The amplitude is linear in the product c of the electron's and the neutrinos' coupling, so that dσ/dT is a
polynomial S + c L + c² Q; what a recast needs are these three.

Fields ν_iL of definite mass with −2√2 G_F ν̄_i γ^μ ν_j (G_L ē_L γ_μ e_L + G_R ē_R γ_μ e_R)_ij have
G_L = (v + a)/2 and G_R = (v − a)/2, with a_ij and v_ij = a_ij + 2 sin²θ_W δ_ij of P(2): here the vector part,
of which RENP takes nothing, does count. A vector Z' with g_V ē γ e + g_A ē γ γ5 e adds
g_{L,R} g^ν/[2√2 G_F (m² + 2 m_e T)], g_L = g_V − g_A, g_R = g_V + g_A. A charge Q e has the massless product
−e² Q, a charge radius ⟨r²⟩ has e²⟨r²⟩/6 in place of 1/(m² + 2 m_e T); of left-handed neutrinos an anapole
a is one of −6a, so that scattering sees only ⟨r²⟩/6 − a. Spin 0 and dipoles flip the helicity
and interfere with nothing:

    y_S ē e φ      m_e² T (1 + T/2m_e)/[4π E² (m² + 2 m_e T)²]
    y_P ē iγ5 e φ  m_e T²/[8π E² (m² + 2 m_e T)²]
    μ              π α²/m_e² (1/T − 1/E)

Neutrinos that come from weak decays are left-handed: right-handed couplings g_R of Dirac neutrinos do nothing
here, and RENP alone sees them. For antineutrinos G_L and G_R change places.
"""

from dataclasses import dataclass
from math import pi
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import ArrayLike
from numpy.typing import NDArray

from renp._types import Reals
from renp.constants import ELECTRON_CHARGE, ELECTRON_MASS, FERMI_CONSTANT, FINE_STRUCTURE, HBAR_C
from renp.neutrinos import Neutrinos
from renp.validation import choice

Matrix: TypeAlias = NDArray[np.complex128]

WEAK_MIXING = 0.2386
"""sin²θ_W at low momentum transfer (MS-bar; from memory of the Review of Particle Physics)."""

EXCHANGES = ("vector", "axial", "scalar", "pseudoscalar", "moment", "charge", "charge-radius", "anapole")
"""A vector or a spin-0 particle, by the electron's coupling; or a photon, by the neutrino's."""

_PHOTON = {"charge": 1.0, "charge-radius": -1 / 6 / HBAR_C**2, "anapole": 1 / HBAR_C**2}
"""Times −e² the product of couplings, over 2 m_e T for a charge."""
_HANDED = {"vector": (1.0, 1.0), "axial": (-1.0, 1.0), **dict.fromkeys(_PHOTON, (1.0, 1.0))}
"""The electron's left- and right-handed coupling."""


@dataclass(frozen=True)
class Overlaps:
    """Traces with the density matrix ρ of what arrives: Re Tr ρG_L², G_L G_R, G_R², G_L N, G_R N and N†N."""

    LL: Any
    LR: Any
    RR: Any
    LN: Any
    RN: Any
    NN: Any


def overlaps(density: ArrayLike, pattern: ArrayLike, neutrinos: Neutrinos) -> Overlaps:
    """Return the traces for a pattern of the neutrinos' couplings.

    Parameters
    ----------
    density
        ρ in the mass basis, shape (..., 3, 3): U_ek U*_el for electron neutrinos, diag(P_k) for solar ones.
    pattern
        N in the mass basis, shape (3, 3): g_L, y_S − i y_P, μ − iε, the charge, its radius or the anapole.
    neutrinos
        Give U.

    Examples
    --------
    >>> nu = Neutrinos(0.01)
    >>> of_e = overlaps(electron_state(nu), np.eye(3), nu)
    >>> [round(float(x), 4) for x in (of_e.LL, of_e.RR, of_e.LN)]  # g_L = 1/2 + sin²θ_W
    [0.5455, 0.0569, 0.7386]
    """
    rho, N = np.asarray(density), np.asarray(pattern, dtype=complex)
    row = np.asarray(neutrinos.mixing_matrix)[0]
    G = np.outer(row, row.conj()) + (WEAK_MIXING - 0.5) * np.eye(3)
    s = WEAK_MIXING

    def trace(matrix: Any) -> Reals:
        return np.asarray(np.einsum("...kl,lk->...", rho, matrix).real)

    one = trace(np.eye(3, dtype=complex))
    return Overlaps(
        LL=trace(G @ G),
        LR=s * trace(G),
        RR=s**2 * one,
        LN=trace(G @ N),
        RN=s * trace(N),
        NN=trace(N.conj().T @ N),
    )


def electron_state(neutrinos: Neutrinos) -> Matrix:
    """Return ρ of electron neutrinos near their source, shape (3, 3).

    Examples
    --------
    >>> round(float(np.trace(electron_state(Neutrinos(0.01))).real), 12)
    1.0
    """
    row = np.asarray(neutrinos.mixing_matrix)[0]
    return np.outer(row, row.conj())


def cross_section(
    recoil: ArrayLike,
    energy: ArrayLike,
    exchange: str,
    of: Overlaps,
    mass: ArrayLike = 0.0,
    *,
    antineutrino: bool = False,
) -> tuple[Reals, Reals, Reals]:
    """Return S, L and Q of dσ/dT = S + c L + c² Q for one electron at rest, cm²/eV.

    Parameters
    ----------
    recoil, energy
        T of the electron and E of the neutrino, eV; arrays that broadcast. Beyond 2E²/(m_e + 2E) all is 0.
    exchange
        One of `EXCHANGES`; c is a product of couplings, a moment (μ_B), a charge (e), ⟨r²⟩ or a (cm²).
    of
        `overlaps` of what arrives.
    mass
        Of the particle, eV; not read for a photon.
    antineutrino
        Whether antineutrinos arrive.

    Examples
    --------
    >>> nu = Neutrinos(0.01)
    >>> of_e = overlaps(electron_state(nu), np.eye(3), nu)
    >>> weak, _, moment = cross_section(3e3, 1e6, "moment", of_e)
    >>> f"{weak * 1e6:.2e} {moment * 1e6 * (3e-11)**2:.2e}"  # cm²/MeV
    '1.04e-44 7.46e-44'
    """
    exchange = choice("exchange", exchange, EXCHANGES)
    T, E = np.asarray(recoil, dtype=float), np.asarray(energy, dtype=float)
    m, cm2 = ELECTRON_MASS, HBAR_C**2
    m2 = np.asarray(mass, dtype=float) ** 2
    open_ = T * (m + 2 * E) <= 2 * E**2
    T, E = np.where(open_, T, 1.0), np.where(open_, E, 1e3)
    y, flip = 1 - T / E, m * T / E**2
    front = 2 * FERMI_CONSTANT**2 * m / pi * cm2
    # the chirality of the electron that scatters forward, and the other one
    first, second = (of.RR, of.LL) if antineutrino else (of.LL, of.RR)
    standard = front * (first + second * y**2 - of.LR * flip)
    linear = quadratic = np.zeros(np.broadcast_shapes(np.shape(standard), np.shape(mass)))
    denominator = m2 + 2 * m * T
    if exchange in _HANDED:
        product = -(ELECTRON_CHARGE**2) * _PHOTON[exchange] if exchange in _PHOTON else 1.0
        at = {"charge": 2 * m * T, "charge-radius": 1.0, "anapole": 1.0}.get(exchange, denominator)
        x = product / (2 * 2**0.5 * FERMI_CONSTANT) / at
        left, right = _HANDED[exchange]
        a, b = (right, left) if antineutrino else (left, right)
        aN, bN = (of.RN, of.LN) if antineutrino else (of.LN, of.RN)
        linear = front * x * (2 * a * aN + 2 * b * bN * y**2 - (left * of.RN + right * of.LN) * flip)
        quadratic = front * x**2 * of.NN * (1 + y**2 - left * right * flip)
    elif exchange == "moment":
        quadratic = pi * FINE_STRUCTURE**2 / m**2 * cm2 * (1 / T - 1 / E) * of.NN
    else:
        electron = m**2 * T * (1 + T / (2 * m)) / 4 if exchange == "scalar" else m * T**2 / 8
        quadratic = electron / (pi * E**2 * denominator**2) * cm2 * of.NN
    zero = np.zeros(())
    return tuple(np.where(open_, one, zero) for one in (standard, linear, quadratic))  # type: ignore[return-value]
