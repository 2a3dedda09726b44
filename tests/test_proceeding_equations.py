"""The proceeding's formulas: S.-F. Ge and P. Pasquini, Phys. Sci. Forum 8 (2023) 51. P(n) is its equation n.

Where a formula is printed wrong, the test uses the corrected form and shows that the printed one fails.
"""

import numpy as np
import pytest

import renp
from renp.constants import BOHR_MAGNETON, ELECTRON_MASS, FERMI_CONSTANT

YB = renp.Atom("Yb", E_eg=2.14349, E_vg=2.23072)
OMEGA = np.array([0.4, 1.0, 1.05, 1.069, 1.0705])
NATURES = ["dirac", "majorana"]


def neutrinos(nature: str) -> renp.Neutrinos:
    return renp.Neutrinos(0.01, nature=nature, release="nufit-5.1", majorana_phases=(0.8, -2.1))


class Pairs:
    """Everything in the formulas that depends on the pair and ω; arrays of shape (3, 3, n)."""

    def __init__(self, nu: renp.Neutrinos) -> None:
        m = np.asarray(nu.masses)
        self.m_i, self.m_j = m[:, None, None], m[None, :, None]
        self.q2 = YB.E_eg * (YB.E_eg - 2 * OMEGA)
        self.total, self.difference = self.m_i + self.m_j, self.m_i - self.m_j
        self.open = (YB.E_eg - self.total**2 / YB.E_eg) / 2 > OMEGA
        roots = (self.q2 - self.total**2) * (self.q2 - self.difference**2)
        self.delta = np.where(self.open, np.sqrt(np.abs(roots)) / self.q2, 0)
        self.front = self.delta / (YB.E_vg - OMEGA) ** 2
        dm2 = self.m_i**2 - self.m_j**2
        # P(5)
        self.dirac = (
            self.q2
            - (self.m_i**2 + self.m_j**2) / 2
            + OMEGA**2 / 2 * (1 - self.delta**2 / 3)
            - (YB.E_eg - OMEGA) ** 2 * dm2**2 / (2 * self.q2**2)
        ) / 3


def weak(nu: renp.Neutrinos) -> np.ndarray:
    """a_ij of P(2), shape (3, 3, 1)."""
    U = np.asarray(nu.mixing_matrix)
    return (np.outer(U[0], U[0].conj()) - np.eye(3) / 2)[..., None]


def hermitian(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    return x + x.conj().T


def found(nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    return np.asarray(renp.spectral_function(OMEGA, YB, nu, model, by_pair=True))


@pytest.mark.parametrize("nature", NATURES)
def test_P4_and_P5_standard_model(nature: str) -> None:
    """With Θ(ω_max − ω): printed is Θ(ω − ω_max)."""
    nu = neutrinos(nature)
    pair, a = Pairs(nu), weak(nu)
    mass_term = (nature == "majorana") * (a**2).real * pair.m_i * pair.m_j
    expected = pair.front * (np.abs(a) ** 2 * pair.dirac - mass_term)
    assert found(nu, renp.Weak()) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("nature", NATURES)
def test_P8_vector_mediator(nature: str) -> None:
    """With an overall minus before the mass term: the printed sign contradicts P(4) at a_R = 0."""
    nu = neutrinos(nature)
    pair, majorana = Pairs(nu), nature == "majorana"
    g_e, mass, g_L, g_R = 1e-12, 3.1, 3e-11 * hermitian(1), 2e-11 * hermitian(2)
    kappa = g_e / (2**0.5 * FERMI_CONSTANT * (pair.q2 - mass**2))  # P(7), g^e g^ν
    a_L = weak(nu) + kappa * g_L[..., None]
    a_R = kappa * g_R[..., None]
    squares = np.abs(a_L) ** 2 + np.abs(a_R) ** 2 - majorana * 2 * (a_L * a_R).real
    masses = majorana * (a_L**2 + a_R**2).real - 2 * (a_L.conj() * a_R).real
    corrected = pair.front * (squares * pair.dirac - masses * pair.m_i * pair.m_j)
    printed = pair.front * (squares * pair.dirac + masses * pair.m_i * pair.m_j)
    model = renp.Weak() + renp.VectorMediator(mass, g_e, g_L, g_R)
    # P(8) is printed for the sum over pairs; pair by pair it holds for hermitian couplings.
    assert found(nu, model) == pytest.approx(corrected, rel=1e-10)
    assert np.max(np.abs(printed / found(nu, model).clip(1e-300) - 1)[pair.open]) > 1e-3


def scalar_terms(nu: renp.Neutrinos, y_e: float, mass: float, y_S: np.ndarray, y_P: np.ndarray) -> tuple:
    """δI_ij of P(12) for Dirac neutrinos: its squares, and its interference corrected and as printed."""
    pair, a = Pairs(nu), weak(nu)
    y_S, y_P = y_S[..., None], y_P[..., None]
    propagator = pair.q2 - mass**2
    square = y_e**2 * OMEGA**2 / (ELECTRON_MASS * FERMI_CONSTANT * propagator) ** 2 / 24
    squares = square * (
        (np.abs(y_S) ** 2 + np.abs(y_P) ** 2) * pair.q2
        - np.abs(y_S) ** 2 * pair.total**2
        - np.abs(y_P) ** 2 * pair.difference**2
    )
    front = y_e * OMEGA**2 / (6 * 2**0.5 * FERMI_CONSTANT) / (ELECTRON_MASS * propagator)
    scalar = pair.difference * (1 - pair.total**2 / pair.q2)
    pseudoscalar = pair.total * (1 - pair.difference**2 / pair.q2)
    corrected = front * ((a * y_S.conj()).imag * scalar + (a * y_P.conj()).real * pseudoscalar)
    printed = front * ((a * y_S).real * scalar - (a * y_P).imag * pseudoscalar)
    return pair, squares, corrected, printed


def test_P12_scalar_mediator() -> None:
    """With a y* and Re, Im exchanged in the interference: hermitian y_S, y_P, and <iγ5> = i q·S/m_e."""
    nu = neutrinos("dirac")
    y_e, mass, y_S, y_P = 1e-9, 3.1, 4e-8 * hermitian(3), 3e-8 * hermitian(4)
    pair, squares, corrected, printed = scalar_terms(nu, y_e, mass, y_S, y_P)
    model = renp.Weak() + renp.ScalarMediator(mass, y_e, y_S, y_P)
    added = found(nu, model) - found(nu, renp.Weak())
    scale = np.max(found(nu, renp.Weak()), axis=(0, 1))
    assert np.all(np.abs(added - pair.front * (squares + corrected)) <= 1e-12 * scale)
    assert np.max(np.abs(added - pair.front * (squares + printed)) / scale) > 1e-3


def test_P12_a_real_scalar_coupling_does_not_interfere() -> None:
    """A real y^e y_S violates CP beside a real a, so its interference has to vanish; Z exchange is a y_P."""
    nu = renp.Neutrinos(0.01, delta_cp=0.0)
    y = 4e-8 * hermitian(5).real
    for argument, interferes in (("scalar", False), ("pseudoscalar", True)):
        models = [renp.ScalarMediator(3.1, sign * 1e-9, **{argument: y}) for sign in (1, -1)]
        up, down = (np.asarray(renp.spectral_function(OMEGA, YB, nu, renp.Weak() + m)) for m in models)
        assert (np.max(np.abs(up / down - 1)) > 1e-4) == interferes


def test_P12_a_majorana_pseudoscalar_does_not_vanish() -> None:
    """P(12) multiplies y_P by 1 − δ_M; ν̄_i γ5 ν_j is symmetric and stays (a Majoron)."""
    y_P = 4e-8 * hermitian(6).real
    nu = neutrinos("majorana")
    assert np.all(found(nu, renp.ScalarMediator(3.1, 1e-9, pseudoscalar=y_P))[0, 0] > 0)


@pytest.mark.parametrize("kind", ["magnetic", "electric"])
def test_P14_moments(kind: str) -> None:
    nu = neutrinos("dirac")
    pair = Pairs(nu)
    sign = 1 if kind == "magnetic" else -1
    moments = 2e-11 * hermitian(7)
    bracket = 1 + ((pair.m_i + sign * pair.m_j) ** 2 + sign * 4 * pair.m_i * pair.m_j) / pair.q2
    bracket = bracket - 2 * ((pair.m_i**2 - pair.m_j**2) / pair.q2) ** 2
    front = (BOHR_MAGNETON / FERMI_CONSTANT) ** 2 * OMEGA**2 / 9
    size = np.abs(BOHR_MAGNETON * moments[..., None]) ** 2
    interaction = renp.MagneticMoment if kind == "magnetic" else renp.ElectricMoment
    assert found(nu, interaction(moments)) == pytest.approx(pair.front * front * size * bracket, rel=1e-11)


def test_P3_and_P9_reference_width() -> None:
    assert renp.Target().reference_width == 0.002
