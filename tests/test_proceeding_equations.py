"""The proceeding's formulas: S.-F. Ge and P. Pasquini, Phys. Sci. Forum 8 (2023) 51. P(n) is its equation n.

Where a formula is printed wrong, the corrected form is right and the printed one is shown to fail.
"""

import numpy as np
import pytest

import renp
from cases import YB
from relative import relative
from renp.papers import formulas

OMEGA = np.array([0.4, 1.0, 1.05, 1.069, 1.0705])
NATURES = ["dirac", "majorana"]


def neutrinos(nature: str) -> renp.Neutrinos:
    return renp.Neutrinos(0.01, nature=nature, release="nufit-5.1", majorana_phases=(0.8, -2.1))


def hermitian(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    return x + x.conj().T


def found(nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    return np.asarray(renp.spectral_function(OMEGA, YB, nu, model, by_pair=True))


@pytest.mark.parametrize("nature", NATURES)
def test_P4_and_P5_standard_model(nature: str) -> None:
    nu = neutrinos(nature)
    expected = formulas.standard_model(OMEGA, YB, nu)
    assert found(nu, renp.Weak()) == relative(expected, rel=1e-11)
    assert np.all(formulas.standard_model(OMEGA, YB, nu, "papers") == 0)  # printed is Θ(ω − ω_max)


@pytest.mark.sampled
@pytest.mark.parametrize("nature", NATURES)
def test_P7_and_P8_vector_mediator(nature: str) -> None:
    """The printed sign of the mass term fails."""
    nu, mediator = neutrinos(nature), (3.1, 1e-12, 3e-11 * hermitian(1), 2e-11 * hermitian(2))
    model = renp.Weak() + renp.VectorMediator(*mediator)
    corrected, printed = (formulas.vector_mediator(OMEGA, YB, nu, *mediator, c) for c in formulas.CONVENTIONS)
    assert found(nu, model) == relative(corrected, rel=1e-10)
    assert np.max(np.abs(printed - corrected) / np.max(corrected)) > 1e-3


@pytest.mark.parametrize("nature", NATURES)
def test_P11_and_P12_scalar_mediator(nature: str) -> None:
    """The printed interference fails, and for Majorana neutrinos the missing pseudoscalar."""
    nu = neutrinos(nature)
    y_S, y_P = 4e-8 * hermitian(3), 3e-8 * hermitian(4)
    if nature == "majorana":
        y_S, y_P = y_S.real, y_P.real
    mediator = (3.1, 1e-9, y_S, y_P)
    model = renp.Weak() + renp.ScalarMediator(*mediator)
    corrected, printed = (formulas.scalar_mediator(OMEGA, YB, nu, *mediator, c) for c in formulas.CONVENTIONS)
    assert np.all(np.abs(found(nu, model) - corrected) <= 1e-13 * np.max(corrected))
    assert np.max(np.abs(printed - corrected) / np.max(corrected)) > 1e-3


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
    nu, elements = neutrinos("dirac"), 2e-11 * hermitian(7)
    interaction = renp.MagneticMoment if kind == "magnetic" else renp.ElectricMoment
    expected = formulas.moments(OMEGA, YB, nu, kind, elements)
    assert found(nu, interaction(elements)) == relative(expected, rel=1e-11)


def test_P3_and_P9_reference_width() -> None:
    assert renp.Target().reference_width == 0.002
