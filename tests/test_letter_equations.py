"""The letter's formulas, L(n): S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911."""

import numpy as np
import pytest
from scipy import integrate

import renp
from cases import YB
from oracles import spinors
from relative import relative
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT

NU = renp.Neutrinos(0.01, release="nufit-5.1")
OMEGA = np.array([0.4, 1.0, 1.05, 1.069, 1.0705])
ELEMENTS = [(i, j) for i in (1, 2, 3) for j in range(i, 4)]


def pair_invariants(i: int, j: int, omega: np.ndarray) -> tuple:
    m = np.asarray(NU.masses)
    q2 = YB.E_eg * (YB.E_eg - 2 * omega)
    total, difference = m[i - 1] + m[j - 1], m[i - 1] - m[j - 1]
    width = np.sqrt(np.clip((q2 - total**2) * (q2 - difference**2), 0, None)) / q2
    return q2, m[i - 1], m[j - 1], np.where(q2 > total**2, width, 0)


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("kind", ["magnetic", "electric"])
def test_L16_spectra_of_the_moments(kind: str, element: tuple[int, int]) -> None:
    i, j = element
    q2, m_i, m_j, delta = pair_invariants(i, j, OMEGA)
    sign = 1 if kind == "magnetic" else -1
    bracket = 1 + ((m_i + sign * m_j) ** 2 + sign * 4 * m_i * m_j) / q2
    bracket -= 2 * ((m_i**2 - m_j**2) / q2) ** 2
    pair = (BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * OMEGA**2 * delta / (9 * (YB.E_vg - OMEGA) ** 2) * bracket
    moment = renp.MagneticMoment if kind == "magnetic" else renp.ElectricMoment
    size = 3e-11
    found = renp.spectral_function(OMEGA, YB, NU, moment({element: size}))
    counted = 1 if i == j else 2  # μ_ij and μ_ji
    # A moment of x μ_B is x μ_B in 1/eV: μ_B enters once by the atom and once by the unit.
    assert np.asarray(found) == relative(counted * (size * BOHR_MAGNETON) ** 2 * pair, rel=1e-12)


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("kind", ["mu", "eps"])
def test_L12_and_L14_integrate_to_L16(kind: str, element: tuple[int, int]) -> None:
    """|M_E|² of L(12) over the neutrino's energy, with the prefactor of L(14)."""
    i, j = element
    omega, size = 1.06, 3e-11 * BOHR_MAGNETON
    q2, m_i, m_j, delta = (float(x) for x in pair_invariants(i, j, np.array(omega)))
    sign = 1 if kind == "mu" else -1
    centre = (YB.E_eg - omega) * (q2 + m_i**2 - m_j**2) / (2 * q2)

    def squared(energy: float) -> float:
        """|M_E|² without its factor C_ev (2J_v + 1)."""
        momentum2 = energy**2 - m_i**2
        cosine_p = (q2 + m_i**2 - m_j**2 - 2 * (YB.E_eg - omega) * energy) / (2 * omega)  # p·k/ω
        bracket = q2 * (m_i + sign * m_j) ** 2 - (m_i**2 - m_j**2) ** 2 + 2 * q2 * (momentum2 - cosine_p**2)
        return 8 / 3 * BOHR_MAGNETON**2 * omega**2 / q2**2 * size**2 * bracket

    half = omega * delta / 2
    integral, _ = integrate.quad(squared, centre - half, centre + half, epsrel=1e-12)
    expected = integral / ((YB.E_vg - omega) ** 2 * omega * 8 * FERMI_CONSTANT**2)
    matrix = np.zeros((3, 3), dtype=complex)
    matrix[i - 1, j - 1] = size
    found = renp.spectral_function(omega, YB, NU, renp.Couplings(**{kind: matrix}))
    assert float(found) == relative(expected, rel=1e-10)


def test_L13_interference_vanishes_in_the_integral_only() -> None:
    """The weak and the magnetic amplitude interfere at given energies, antisymmetrically about Ē."""
    m = [float(x) for x in NU.masses]
    omega, a, mu = 1.06, 0.4, 1e-17
    args = (YB.E_eg, omega, m[0], m[1])
    centre, half = spinors.energy_interval(*args)
    energies = centre + half * np.array([-0.9, -0.5, 0.0, 0.5, 0.9])

    def squares(couplings: dict) -> np.ndarray:
        constants = {"g_fermi": FERMI_CONSTANT, "bohr_magneton": BOHR_MAGNETON}
        return spinors.summed_squares(*args, energies, couplings, phase=1j, **constants).sum(axis=0)

    weak, magnetic = {"V": a / 2, "A": -a / 2}, {"mu": mu}
    interference = squares(weak | magnetic) - squares(weak) - squares(magnetic)
    assert np.max(np.abs(interference)) > 0.01 * np.max(squares(weak))
    assert interference[::-1] == pytest.approx(-interference, abs=1e-12 * np.max(squares(weak)))
    couplings = renp.Couplings(V=np.eye(3) * a / 2, A=-np.eye(3) * a / 2)
    moments = renp.Couplings(mu=np.eye(3) * mu)
    total, first, second = (
        float(renp.spectral_function(omega, YB, NU, model))
        for model in (couplings + moments, couplings, moments)
    )
    assert total == relative(first + second, rel=1e-14)


def test_L10_majorana_amplitude_is_the_dirac_one_off_the_diagonal() -> None:
    majorana = renp.Neutrinos(0.01, nature="majorana", release="nufit-5.1")
    moment = renp.ElectricMoment({(2, 3): 2e-11})
    c = [moment.couplings(nu, 0.1).eps for nu in (NU, majorana)]
    assert c[0][1, 2] == c[1][1, 2]
    assert c[1][2, 1] == -c[1][1, 2]


def test_thresholds_below_L16() -> None:
    m = np.asarray(NU.masses)
    expected = (YB.E_eg - np.add.outer(m, m) ** 2 / YB.E_eg) / 2
    assert np.asarray(renp.thresholds(YB, NU)) == relative(expected, rel=1e-15)


def test_L17_events_per_day() -> None:
    """173 events a day at I = 1, scaling with n_a² n_γ V T."""
    assert renp.Target().reference_width * 86400 == relative(173, rel=2e-3)
    twice = renp.Target(density=2e21, photon_density=2e21, volume=200)
    assert twice.reference_width == relative(16 * renp.Target().reference_width, rel=1e-14)
    one = renp.Experiment(YB, renp.Target(), [1.068], 86400.0)
    expected = 0.002 * 86400 * float(renp.spectral_function(1.068, YB, NU))
    assert float(renp.expected_counts(one, NU)[0]) == relative(expected, rel=1e-14)
