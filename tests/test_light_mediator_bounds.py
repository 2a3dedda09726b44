"""One-loop shifts of the electron's moment, derived again from the vertex, and the limits from them."""

import math
from collections.abc import Callable
from itertools import pairwise

import jax
import numpy as np
import pytest
from scipy import integrate

import renp
from relative import relative
from renp.bounds import (
    axial_shift,
    moment_axial_limit,
    moment_difference,
    moment_pseudoscalar_limit,
    pseudoscalar_equivalent,
    pseudoscalar_shift,
    stellar_axial_limit,
    stellar_pseudoscalar_limit,
)
from renp.bounds.electron_moment import largest_shift, moment_bounds
from renp.constants import ELECTRON_MASS, FERMI_CONSTANT, FINE_STRUCTURE
from renp.results.bounds import Bounds

PAULI = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]])]
GAMMA = [np.kron(np.diag([1, -1]), np.eye(2)).astype(complex)]
GAMMA += [np.kron(np.array([[0, 1], [-1, 0]]), s) for s in PAULI]
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
ONE = np.eye(4)


def slash(p: np.ndarray) -> np.ndarray:
    return sum(METRIC[m, m] * p[m] * GAMMA[m] for m in range(4))


def spinors(p: np.ndarray) -> np.ndarray:
    """Two columns u(p) for mass 1, of any normalisation."""
    return ((slash(p) + ONE) @ np.eye(4)[:, :2]).astype(complex)


MOMENTUM = 0.3
P_IN = np.array([math.sqrt(1 + MOMENTUM**2), -MOMENTUM, 0, 0])
P_OUT = np.array([math.sqrt(1 + MOMENTUM**2), MOMENTUM, 0, 0])


def sandwich(matrix: np.ndarray) -> np.ndarray:
    """ū(p') M u(p) for all spins."""
    return (spinors(P_OUT).conj().T @ GAMMA[0] @ matrix @ spinors(P_IN)).ravel()


def _structures() -> np.ndarray:
    """ū'γ^μ u, ū' iσ^μν q_ν/2m u and ū' q^μ u over μ and spins."""
    q = P_OUT - P_IN
    columns: list[list[np.ndarray]] = [[], [], []]
    for m in range(4):
        sigma_q = sum(
            1j / 2 * (GAMMA[m] @ GAMMA[n] - GAMMA[n] @ GAMMA[m]) * METRIC[n, n] * q[n] for n in range(4)
        )
        for column, matrix in zip(columns, (GAMMA[m], 1j * sigma_q / 2, q[m] * ONE), strict=True):
            column.append(sandwich(matrix))
    return np.array([np.concatenate(column) for column in columns]).T


STRUCTURES = _structures()


def moment_of_numerator(vertices: list[tuple[np.ndarray, np.ndarray]], x: float, y: float) -> float:
    """Coefficient of iσq/2m in Σ Γ (p̸' − K̸ + m) γ^μ (p̸ − K̸ + m) Γ', K = x p + y p', by least squares."""
    K = x * P_IN + y * P_OUT
    out, into = slash(P_OUT - K) + ONE, slash(P_IN - K) + ONE
    found = np.concatenate(
        [sandwich(sum(left @ out @ GAMMA[m] @ into @ right for left, right in vertices)) for m in range(4)]
    )
    (_, moment, _), *_ = np.linalg.lstsq(STRUCTURES, found, rcond=None)
    assert np.allclose(STRUCTURES @ np.linalg.lstsq(STRUCTURES, found, rcond=None)[0], found, atol=1e-10)
    return float(moment.real)


def one_loop(vertices: list[tuple[np.ndarray, np.ndarray]], r: float) -> float:
    """F_2(0) of one boson of mass r m_e and coupling 1: −1/16π² ∫dx dy N_2/[(x + y)² + (1 − x − y) r²]."""
    nodes, weights = np.polynomial.legendre.leggauss(3)  # exact: the numerator is quadratic

    def over_x(s: float) -> float:
        inner = [moment_of_numerator(vertices, s * (1 + t) / 2, s * (1 - t) / 2) for t in nodes]
        return s / 2 * float(weights @ inner) / (s**2 + (1 - s) * r**2)

    points = sorted({min(max(p, 1e-9), 1 - 1e-9) for p in (r, 1 - 1 / r**2)})
    value, _ = integrate.quad(over_x, 0, 1, points=points, epsrel=1e-9, limit=200)
    return -value / (16 * math.pi**2)


VECTOR = [(GAMMA[n], METRIC[n, n] * GAMMA[n]) for n in range(4)]
AXIAL = [(GAMMA[n] @ GAMMA5, METRIC[n, n] * GAMMA[n] @ GAMMA5) for n in range(4)]
PSEUDOSCALAR = [(GAMMA5, GAMMA5)]


def test_vertex_gives_schwingers_moment() -> None:
    """The oracle's own check: a photon shifts a_e by α/2π."""
    found = 4 * math.pi * FINE_STRUCTURE * one_loop(VECTOR, 1e-6)
    assert found == relative(FINE_STRUCTURE / (2 * math.pi), rel=1e-5)


@pytest.mark.parametrize("r", [0.03, 1.0, 7.0])
def test_pseudoscalar_shift_from_the_vertex(r: float) -> None:
    expected = one_loop(PSEUDOSCALAR, r)
    assert float(pseudoscalar_shift(1.0, r * ELECTRON_MASS)) == relative(expected, rel=1e-8)


@pytest.mark.parametrize("r", [0.03, 1.0, 7.0])
def test_axial_shift_from_the_vertex(r: float) -> None:
    """The part from g_μν, and the longitudinal mode as a pseudoscalar of coupling 2/r."""
    expected = one_loop(AXIAL, r) + (2 / r) ** 2 * one_loop(PSEUDOSCALAR, r)
    assert float(axial_shift(1.0, r * ELECTRON_MASS)) == relative(expected, rel=1e-8)


def test_longitudinal_mode_couples_as_a_pseudoscalar() -> None:
    """k̸γ5 u = −2m γ5 u − (p̸ − k̸ − m) γ5 u: the last term cancels a propagator.

    What it leaves depends on one electron's momentum alone and has the form γ^μ, without a moment.
    """
    k = np.array([0.4, -0.2, 0.7, 0.1])
    u = spinors(P_IN)
    expected = -2 * GAMMA5 @ u - (slash(P_IN - k) - ONE) @ GAMMA5 @ u
    assert slash(k) @ GAMMA5 @ u == pytest.approx(expected, abs=1e-14)
    contact = np.concatenate(
        [sandwich(GAMMA5 @ GAMMA[m] @ (slash(0.6 * P_IN) + ONE) @ GAMMA5) for m in range(4)]
    )
    coefficients = np.linalg.lstsq(STRUCTURES, contact, rcond=None)[0]
    assert abs(coefficients[1]) < 1e-12


@pytest.mark.parametrize("r", [1e-9, 1e-3, 0.1, 1.0, 20.0, 1e3])
def test_shifts_against_adaptive_quadrature(r: float) -> None:
    def quad(f: Callable[[float], float]) -> float:
        ends = sorted(
            {0.0, 1.0, *(p for p in (0.1 * r, r, 10 * r, 1 - 1 / r**2, 1 - 30 / r**2) if 0 < p < 1)}
        )
        return sum(integrate.quad(f, a, b, epsrel=1e-12, epsabs=0)[0] for a, b in pairwise(ends))

    pseudoscalar = quad(lambda x: x**3 / (x**2 + (1 - x) * r**2))
    axial = quad(lambda x: (2 * x * (1 - x) * (x - 4) - 4 * x**3 / r**2) / (x**2 + (1 - x) * r**2))
    mass, unit = r * ELECTRON_MASS, 8 * math.pi**2
    assert float(pseudoscalar_shift(1.0, mass)) == relative(-pseudoscalar / unit, rel=1e-10)
    assert float(axial_shift(1.0, mass)) == relative(axial / unit, rel=1e-10)


def test_shifts_of_light_particles() -> None:
    r = 1e-7
    assert float(pseudoscalar_shift(2.0, r * ELECTRON_MASS)) == relative(-4 / (16 * math.pi**2), rel=1e-6)
    expected = -1 / (4 * math.pi**2 * r**2)
    assert float(axial_shift(1.0, r * ELECTRON_MASS)) == relative(expected, rel=1e-6)
    assert float(pseudoscalar_shift(1.0, 0.0)) == relative(-1 / (16 * math.pi**2), rel=1e-12)


def test_shifts_of_heavy_particles() -> None:
    r = 1e4
    logarithm = math.log(r**2) - 11 / 6
    expected = -logarithm / (8 * math.pi**2 * r**2)
    assert float(pseudoscalar_shift(1.0, r * ELECTRON_MASS)) == relative(expected, rel=1e-6)
    expected = -5 / (12 * math.pi**2 * r**2)
    assert float(axial_shift(1.0, r * ELECTRON_MASS)) == relative(expected, rel=1e-6)


def test_axial_shift_of_the_Z_boson() -> None:
    """Known: the axial part of the Z's contribution is −(5/3) G_F m²/(8√2 π²), with g_A²/M² = G_F/(2√2)."""
    mass = 91.1876e9
    coupling = mass * math.sqrt(FERMI_CONSTANT / (2 * 2**0.5))
    expected = -5 / 3 * FERMI_CONSTANT * ELECTRON_MASS**2 / (8 * 2**0.5 * math.pi**2)
    assert float(axial_shift(coupling, mass)) == relative(expected, rel=1e-6)


@pytest.mark.parametrize("shift", [axial_shift, pseudoscalar_shift])
def test_gradients_of_the_shifts(shift: Callable) -> None:
    for mass in (0.1, 5e5, 1e8):
        slope, h = float(jax.grad(shift, argnums=1)(1.0, mass)), 1e-3 * mass
        f = [float(shift(1.0, mass + n * h)) for n in (-2, -1, 1, 2)]
        # For light pseudoscalars the shift itself has 16 digits and does not change in the first of them.
        expected = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        assert slope == pytest.approx(expected, rel=1e-7, abs=1e-13 * abs(f[0]) / h)


def test_moment_differences_are_the_known_ones() -> None:
    """−1.02(26)·10⁻¹² for caesium and 0.34(16)·10⁻¹² for rubidium, as the literature quotes them."""
    cs, rb = moment_difference("cs"), moment_difference("rb")
    assert cs.value == relative(-1.02e-12, rel=0.01)
    assert cs.uncertainty == relative(0.26e-12, rel=0.03)
    assert rb.value == relative(0.34e-12, rel=0.02)
    assert rb.uncertainty == relative(0.16e-12, rel=0.03)
    assert cs.verified
    assert rb.verified


def test_largest_shift_grows_with_the_confidence_level() -> None:
    assert largest_shift("cs", 0.95) > largest_shift("cs", 0.90) > abs(moment_difference("cs").value)
    assert [entry.limit for entry in moment_bounds(0.95)] == [largest_shift(a, 0.95) for a in ("cs", "rb")]


@pytest.mark.parametrize("mass", [0.1, 1e3, 1e6, 1e9])
def test_limits_from_the_moment_give_the_largest_shift(mass: float) -> None:
    for limit, shift in (
        (moment_axial_limit, axial_shift),
        (moment_pseudoscalar_limit, pseudoscalar_shift),
    ):
        found = float(shift(float(limit(mass, "rb", 0.95)), mass))
        assert found == relative(-largest_shift("rb", 0.95), rel=1e-12)


def test_massless_axial_vectors_are_excluded_altogether() -> None:
    assert float(moment_axial_limit(0.0)) == 0
    assert float(stellar_axial_limit(0.0)) == 0


def test_limits_of_red_giants() -> None:
    assert float(stellar_pseudoscalar_limit(1.0)) == 1.3e-13
    for mass in (1e-3, 0.1, 1e3):
        limit = stellar_axial_limit(mass)
        assert float(pseudoscalar_equivalent(limit, mass)) == relative(1.3e-13, rel=1e-13)
    assert math.isinf(float(stellar_axial_limit(1e5)))
    with pytest.raises(renp.InputError, match="mass = -1"):
        stellar_pseudoscalar_limit(-1.0)


def test_mediators_of_a_model_are_compared() -> None:
    light = renp.VectorMediator(0.1, 2e-20, left={(1, 1): 1e-8})
    heavy = renp.ScalarMediator(1e6, 1e-3, scalar={(1, 1): 1e-8})
    nu = renp.Neutrinos(0.01)
    found = {c.bound.key: c for c in Bounds.compute(nu, light + heavy).comparisons}
    stars, moment = found["trgb-2020-omega-cen-g-ae"], found["electron-moment-cs"]
    assert stars.effective == relative(float(pseudoscalar_equivalent(2e-20, 0.1)), rel=1e-13)
    assert stars.verdict == "excluded"
    expected = abs(float(axial_shift(2e-20, 0.1) + pseudoscalar_shift(1e-3, 1e6)))
    assert moment.effective == relative(expected, rel=1e-13)
    assert moment.verdict == "excluded"
    only_heavy = {c.bound.key: c for c in Bounds.compute(nu, heavy).comparisons}
    assert only_heavy["trgb-2020-omega-cen-g-ae"].verdict == "not compared"
    massless = Bounds.compute(nu, renp.VectorMediator(0.0, 1e-20, left={(1, 1): 1e-8}))
    assert {c.verdict for c in massless.comparisons if c.bound.kind in ("g_ae", "a_e")} == {"excluded"}
    assert "unbounded" in str(massless)


def test_limits_take_arrays_of_masses() -> None:
    masses = np.array([[0.1, 1.0], [1e3, 1e5]])
    for limit in (
        stellar_pseudoscalar_limit,
        stellar_axial_limit,
        moment_pseudoscalar_limit,
        moment_axial_limit,
    ):
        found = limit(masses)
        single = [[float(limit(float(m))) for m in row] for row in masses]
        assert np.asarray(found) == relative(np.array(single), rel=1e-13)
    with pytest.raises(renp.InputError, match=r"mass\[1\] = -1.0: must be a mass in eV"):
        moment_axial_limit(np.array([1.0, -1.0]))
