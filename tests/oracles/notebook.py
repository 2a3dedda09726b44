"""Expected counts and their likelihood as a physicist would write them in a notebook, in plain NumPy.

Weak interaction, magnetic and electric moments and a left-handed vector mediator, Dirac or Majorana
neutrinos; nothing of the package is used and nothing is arranged for accuracy. The term of one pair is one
function, which NumPy calls with all photon energies at once and a compiler with one at a time. Energies
are in eV, times in s, moments in Bohr magnetons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]

G_FERMI = 1.1663787e-23  # 1/eV²
ELECTRON_MASS = 510998.95069
BOHR_MAGNETON = np.sqrt(4 * np.pi * 7.2973525643e-3) / (2 * ELECTRON_MASS)  # 1/eV, Heaviside-Lorentz
WIDTH = 0.002  # 1/s, of 100 cm³ at 10²¹ atoms and photons per cm³


def _matrix() -> Complexes:
    return np.zeros((3, 3), dtype=complex)


@dataclass(frozen=True)
class Runs:
    """What was done: levels of the atom, photon energies, durations and rates of background."""

    E_eg: float
    E_vg: float
    photons: Reals
    durations: Reals
    backgrounds: Reals


@dataclass(frozen=True)
class Nature:
    """One point in the space of all parameters.

    ``splitting`` is Δm²_31 for normal ordering and Δm²_32, negative, for inverted. Full matrices: moments
    hermitian for Dirac, antisymmetric for Majorana neutrinos; ``left`` is g^e g_L, hermitian.
    """

    lightest_mass: float
    dm2_21: float
    splitting: float
    sin2_theta12: float
    sin2_theta13: float
    delta_cp: float = 0.0
    phases: tuple[float, float] = (0.0, 0.0)
    majorana: bool = False
    magnetic: Complexes = field(default_factory=_matrix)
    electric: Complexes = field(default_factory=_matrix)
    left: Complexes = field(default_factory=_matrix)
    mediator_mass: float = 0.0


def masses(nature: Nature) -> Reals:
    """Return m_1, m_2, m_3."""
    lightest2 = nature.lightest_mass**2
    if nature.splitting > 0:
        squares = [lightest2, lightest2 + nature.dm2_21, lightest2 + nature.splitting]
    else:
        second = lightest2 - nature.splitting
        squares = [second - nature.dm2_21, second, lightest2]
    return np.sqrt(np.array(squares))


def weak_couplings(nature: Nature) -> Complexes:
    """Return a_ij = U_ei U_ej* − δ_ij/2."""
    s12, s13 = np.sqrt(nature.sin2_theta12), np.sqrt(nature.sin2_theta13)
    c12, c13 = np.sqrt(1 - nature.sin2_theta12), np.sqrt(1 - nature.sin2_theta13)
    row = np.array([c12 * c13, s12 * c13, s13 * np.exp(-1j * nature.delta_cp)])
    if nature.majorana:
        row = row * np.exp(0.5j * np.array([0.0, *nature.phases]))
    return np.outer(row, row.conj()) - np.eye(3) / 2


def pair_term(
    omega: Any, E_eg: Any, E_vg: Any, m_i: Any, m_j: Any, V2: Any, A2: Any, mu2: Any, eps2: Any
) -> Any:
    """Return what an ordered pair adds to I(ω); V2 … eps2 are absolute squares, moments in μ_B."""
    total, difference = m_i + m_j, m_i - m_j
    # Where the pair is closed, x₊ is made 1, and its phase space 0.
    q2 = np.maximum(E_eg * (E_eg - 2 * omega), total**2)
    x_plus, x_minus = total**2 / q2, difference**2 / q2
    weak = V2 * (1 - x_minus) * (2 + x_plus) + A2 * (1 - x_plus) * (2 + x_minus)
    dipole = (1 - x_minus) * (1 + 2 * x_plus) * mu2 + (1 - x_plus) * (1 + 2 * x_minus) * eps2
    divergence = (1 - x_plus) * V2 * difference**2 / q2**2 + (1 - x_minus) * A2 * total**2 / q2**2
    across = 2 * q2 / 9 * weak + (BOHR_MAGNETON**2 / G_FERMI) ** 2 * omega**2 / 9 * dipole
    along = (q2 + omega**2) / 9 * weak + omega**2 * q2 / 3 * divergence
    phase_space = np.sqrt((1 - x_plus) * (1 - x_minus))
    return phase_space / (E_vg - omega) ** 2 * (across + along)


def spectrum(runs: Runs, nature: Nature, offset: float = 0.0) -> Reals:
    """Return I(ω) at each photon energy, all shifted by ``offset``."""
    omega, m = runs.photons + offset, masses(nature)
    q2 = runs.E_eg * (runs.E_eg - 2 * omega)
    kappa = 1 / (np.sqrt(2) * G_FERMI * (q2 - nature.mediator_mass**2))
    a = weak_couplings(nature)[:, :, None] + nature.left[:, :, None] * kappa
    V, A = a / 2, -a / 2
    if nature.majorana:
        V, A = V - V.swapaxes(0, 1), A + A.swapaxes(0, 1)
    total = np.zeros_like(omega)
    for i, j in np.ndindex(3, 3):
        squares = [abs(x[i, j]) ** 2 for x in (V, A, nature.magnetic, nature.electric)]
        total += pair_term(omega, runs.E_eg, runs.E_vg, m[i], m[j], *squares)
    return total / 2 if nature.majorana else total


def expected(
    runs: Runs, nature: Nature, offset: float = 0.0, normalisation: float = 1.0, background: Any = 1.0
) -> Reals:
    """Return the expected counts of each run; ``background`` is a factor, or one for each run."""
    counts: Reals = runs.durations * (
        normalisation * WIDTH * spectrum(runs, nature, offset) + background * runs.backgrounds
    )
    return counts


def shifted(pull: float, centre: float, plus: float, minus: float) -> float:
    """Return a value with asymmetric errors at a pull (HistFactory, interpolation code 4p)."""
    if pull > 1:
        return centre + plus * pull
    if pull < -1:
        return centre + minus * pull
    # Straight lines through both ends, and between them the polynomial that joins them up to second order.
    odd, even = (plus + minus) / 2, (plus - minus) / 2
    return centre + odd * pull + even * (15 * pull**2 - 10 * pull**4 + 3 * pull**6) / 8


def factor(pull: float, error: float) -> float:
    """Return the factor on a rate at a pull."""
    return float((1 + error) ** pull)


def chi2(expectation: Reals, counts: Reals, pulls: Any = (), measured: Any = 0.0) -> float:
    """Return −2 ln L, relative to a perfect description of the counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.where(counts > 0, counts * np.log(counts / expectation), 0.0)
    poisson = 2 * np.sum(expectation - counts + surprise)
    return float(poisson + np.sum((np.asarray(pulls) - measured) ** 2))


@lru_cache(maxsize=1)
def compiled_dirac_spectrum() -> Callable[..., Reals]:
    """Return `spectrum` of Dirac neutrinos with one magnetic moment μ_11, compiled by numba.

    Its arguments are the photon energies, E_eg, E_vg, the three masses, sin²θ_12, sin²θ_13 and |μ_11|².
    """
    import numba

    term = numba.njit(pair_term)

    @numba.njit
    def compiled(
        photons: Any, E_eg: Any, E_vg: Any, m: Any, sin2_theta12: Any, sin2_theta13: Any, mu2: Any
    ) -> Any:
        cos2_13 = 1 - sin2_theta13
        U2 = np.array([(1 - sin2_theta12) * cos2_13, sin2_theta12 * cos2_13, sin2_theta13])
        total = np.zeros(len(photons))
        for i in range(3):
            for j in range(i + 1):
                a2 = (U2[i] - 0.5) ** 2 if i == j else 2 * U2[i] * U2[j]
                moment = mu2 if i == 0 else 0.0
                for r in range(len(photons)):
                    total[r] += term(photons[r], E_eg, E_vg, m[i], m[j], a2 / 4, a2 / 4, moment, 0.0)
        return total

    return compiled
