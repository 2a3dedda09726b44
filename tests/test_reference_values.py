"""Values that were computed independently of this package, to the digits given."""

import mpmath as mp
import numpy as np
import pytest

import renp
from relative import relative
from renp.constants import WAVENUMBER
from renp.neutrinos import release_errors, release_values

# sin²θ12 = .304, sin²θ13 = .0222, δ = 0, Δm²21 = 7.42e-5, Δm²31 = 2.517e-3 eV², m_1 = 0.01 eV,
# Dirac; Yb with E_eg = 17288.439/cm, E_vg = 17992.007/cm.
YB = renp.Atom("Yb", 17288.439 * WAVENUMBER, 17992.007 * WAVENUMBER)
NU = renp.Neutrinos(
    0.01, sin2_theta12=0.304, sin2_theta13=0.0222, delta_cp=0.0, dm2_21=7.42e-5, dm2_31=2.517e-3
)


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ((1, 1), 1.0716533),
        ((1, 2), 1.0716211),
        ((2, 2), 1.0715841),
        ((1, 3), 1.0708742),
        ((2, 3), 1.0707805),
        ((3, 3), 1.0693048),
    ],
)
def test_thresholds(pair: tuple[int, int], value: float) -> None:
    i, j = pair
    assert abs(renp.thresholds(YB, NU)[i - 1, j - 1] - value) <= 0.5e-7
    assert renp.thresholds(YB, NU)[j - 1, i - 1] == renp.thresholds(YB, NU)[i - 1, j - 1]


def test_standard_model() -> None:
    assert abs(renp.spectral_function(1.068, YB, NU) - 0.0677563) <= 1e-7


@pytest.mark.parametrize(
    ("interaction", "element", "value", "unit"),
    [
        (renp.MagneticMoment, 1, 4.9556e-3, 1e-7),
        (renp.MagneticMoment, 3, 6.4983e-3, 1e-7),
        (renp.ElectricMoment, 1, 4.6029e-3, 1e-7),
        (renp.ElectricMoment, 3, 9.8248e-4, 1e-8),
    ],
)
def test_moments(interaction: type, element: int, value: float, unit: float) -> None:
    found = renp.spectral_function(1.068, YB, NU, interaction({(element, element): 3e-11}))
    assert abs(found - value) <= unit


def test_massless_neutrinos() -> None:
    """I = (3E_eg² − 6E_eg ω + ω²)/[12 (E_vg − ω)²], for any mixing."""
    massless = renp.Neutrinos(0.0, dm2_21=1e-300, dm2_31=2e-300)
    omega = np.linspace(0.1, 1.07, 12)
    expected = (3 * YB.E_eg**2 - 6 * YB.E_eg * omega + omega**2) / (12 * (YB.E_vg - omega) ** 2)
    assert np.asarray(renp.spectral_function(omega, YB, massless)) == relative(expected, rel=1e-13)


def test_weak_couplings_sum_to_three_quarters() -> None:
    c = renp.Weak().couplings(NU, 1.0)
    assert np.sum(np.abs(np.asarray(c.V - c.A)) ** 2) == relative(0.75, rel=1e-14)


def test_constants_are_codata() -> None:
    import scipy.constants

    from renp import constants

    codata = scipy.constants.physical_constants
    assert relative(codata["Fermi coupling constant"][0] * 1e-18, rel=1e-12) == constants.FERMI_CONSTANT
    assert relative(codata["fine-structure constant"][0], rel=1e-9) == constants.FINE_STRUCTURE
    mass = codata["electron mass energy equivalent in MeV"][0] * 1e6
    assert relative(mass, rel=1e-9) == constants.ELECTRON_MASS
    wavenumber = codata["inverse meter-electron volt relationship"][0] * 100
    assert relative(wavenumber, rel=1e-14) == constants.WAVENUMBER
    hbar_c = codata["reduced Planck constant times c in MeV fm"][0] * 1e6 * 1e-13
    assert relative(hbar_c, rel=1e-9) == constants.HBAR_C
    assert relative(2.96e-7, rel=2e-3) == constants.BOHR_MAGNETON


def test_release_in_degrees_and_as_used() -> None:
    """NuFIT 6.0, normal ordering: δ = 212° + 26° − 41°, whose errors differ on either side."""
    assert release_values("nufit-6.0", "normal")["delta_cp"] == relative(np.deg2rad(212.0), rel=1e-15)
    errors = release_errors("nufit-6.0", "normal")["delta_cp"]
    assert errors == relative((np.deg2rad(26.0), np.deg2rad(41.0)), rel=1e-15)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize("lightest", [0.0, 0.01, 0.3])
def test_masses_differ_by_the_measured_splittings(ordering: str, lightest: float) -> None:
    """Δm²_21 = m_2² − m_1² in both orderings; the other is m_3² − m_1² (normal) or m_3² − m_2² (inverted)."""
    neutrinos = renp.Neutrinos(lightest, ordering)
    with mp.workdps(50):
        least = mp.mpf(lightest) ** 2
        solar, atmospheric = (mp.mpf(float(x)) for x in (neutrinos.dm2_21, neutrinos.dm2_atmospheric))
        if ordering == "normal":
            squares = [least, least + solar, least + atmospheric]
        else:
            squares = [least - atmospheric - solar, least - atmospheric, least]
        exact = [float(mp.sqrt(square)) for square in squares]
    np.testing.assert_allclose(neutrinos.masses, exact, rtol=2.3e-16)


def test_majorana_phases_turn_columns_of_the_mixing_matrix() -> None:
    phases = (0.7, -1.9)
    dirac = np.asarray(renp.Neutrinos(0.01).mixing_matrix)
    majorana = np.asarray(renp.Neutrinos(0.01, nature="majorana", majorana_phases=phases).mixing_matrix)
    turned = dirac * np.exp(0.5j * np.array([0.0, *phases]))
    np.testing.assert_allclose(majorana, turned, rtol=1e-15)
    assert np.abs(majorana[0, 1] - dirac[0, 1]) > 0.1
