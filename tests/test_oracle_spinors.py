"""The master formula against explicit Dirac spinors integrated over phase space."""

import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import KINDS, neutrinos_with, random_couplings
from oracles import spinors
from relative import relative
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.master_formula import components
from renp.interactions.couplings import MAJORANA_SIGN

MASSES = ([0.0, 0.0087, 0.05], [0.01, 0.0132, 0.0511], [0.2, 0.2, 0.21], [0.0, 0.0, 0.0])


def by_component(omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    yb = renp.Atom.named("Yb")
    parts = components(jnp.array([omega]), yb, nu, model)
    return np.stack([parts.transverse[..., 0], parts.longitudinal[..., 0]])


def spinor_spectrum(omega: float, nu: renp.Neutrinos, couplings: dict) -> np.ndarray:
    yb = renp.Atom.named("Yb")
    return spinors.spectrum(
        yb.E_eg,
        yb.E_vg,
        omega,
        np.asarray(nu.masses),
        couplings,
        majorana=nu.nature == "majorana",
        by_component=True,
        g_fermi=FERMI_CONSTANT,
        bohr_magneton=BOHR_MAGNETON,
    )


@pytest.mark.sampled(4)
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
@pytest.mark.parametrize("kinds", [KINDS, *((kind,) for kind in KINDS)], ids="".join)
def test_master_formula_agrees_with_spinors(kinds: tuple[str, ...], nature: str) -> None:
    rng = np.random.default_rng(20260101)
    yb = renp.Atom.named("Yb")
    for masses in MASSES:
        nu = neutrinos_with(masses, nature)
        edges = np.unique(np.asarray(renp.thresholds(yb, nu)))
        near = [edge * (1 - detuning) for edge in edges for detuning in (1e-3, 1e-6, 1e-9)]
        for omega in [*near, 0.3, 0.9, 1.0, 1.02]:
            couplings = random_couplings(rng, kinds)
            effective = renp.Couplings(**couplings)
            if nature == "majorana":
                effective = effective.majorana()
            expected = spinor_spectrum(omega, nu, couplings)
            found = by_component(omega, nu, effective)
            scale = np.max(expected, axis=0)
            assert np.all(np.abs(found - expected) <= 1e-12 * scale)
            if kinds != KINDS:
                continue
            assert np.all(np.abs(found - expected) <= 1e-12 * expected)


@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_total_is_the_sum_over_pairs_and_components(nature: str) -> None:
    rng = np.random.default_rng(7)
    nu = neutrinos_with([0.01, 0.0132, 0.0511], nature)
    couplings = random_couplings(rng, KINDS)
    effective = renp.Couplings(**couplings)
    effective = effective.majorana() if nature == "majorana" else effective
    total = renp.spectral_function(1.068, renp.Atom.named("Yb"), nu, effective)
    assert total == relative(spinor_spectrum(1.068, nu, couplings).sum(), rel=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_standard_model_agrees_with_spinors(ordering: str, nature: str) -> None:
    nu = renp.Neutrinos(0.02, ordering=ordering, nature=nature, majorana_phases=(0.7, -1.9))
    U = np.asarray(nu.mixing_matrix)
    a = np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    expected = spinor_spectrum(1.05, nu, {"V": a / 2, "A": -a / 2})
    assert by_component(1.05, nu, renp.Weak()) == relative(expected, rel=1e-12)


# The mediators' amplitudes, with their Lagrangians written out by hand.
def mediator_matrices(nu: renp.Neutrinos, q2: float, rng: np.random.Generator, basis: str) -> tuple:
    def hermitian() -> np.ndarray:
        x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
        return x + x.conj().T

    g_L, g_R, y_S, y_P = (hermitian() for _ in range(4))
    U = np.asarray(nu.mixing_matrix)
    a = np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    m_V, m_S, g_e, y_e, m_e = 0.5, 0.7, 1e-23, 1e-17, 510998.95069
    wide_V, wide_S = 0.04, 0.03
    # Fields ν_α = Σ_i W_αi ν_i, and chirality by chirality: the vertex ν̄_R Y ν_L + ν̄_L Y† ν_R.
    left, right = np.eye(3), np.eye(3)
    if basis == "flavour":
        left, right = U.conj(), U if nu.nature == "majorana" else U.conj()
    of_left = right.conj().T @ (y_S - 1j * y_P) @ left
    of_right = left.conj().T @ (y_S + 1j * y_P) @ right
    kappa = g_e / (np.sqrt(2) * FERMI_CONSTANT * (q2 - m_V**2 + 1j * m_V * wide_V))
    rate = y_e / (2 * np.sqrt(2) * FERMI_CONSTANT * m_e * (q2 - m_S**2 + 1j * m_S * wide_S))
    a_L = a + kappa * left.conj().T @ g_L @ left
    a_R = kappa * right.conj().T @ g_R @ right
    couplings = {
        "V": (a_L + a_R) / 2,
        "A": (a_R - a_L) / 2,
        "s": 1j * rate * (of_right + of_left) / 2,
        "p": 1j * rate * (of_right - of_left) / 2,
    }
    if nu.nature == "majorana":  # the scalar's Lagrangian carries a factor 1/2 there
        couplings |= {"s": couplings["s"] / 2, "p": couplings["p"] / 2}
    vector = renp.VectorMediator(m_V, g_e, g_L, g_R, basis, wide_V)
    return couplings, renp.Weak() + vector + renp.ScalarMediator(m_S, y_e, y_S, y_P, basis, wide_S)


@pytest.mark.sampled
@pytest.mark.parametrize("basis", ["mass", "flavour"])
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_mediators_interfere_with_the_weak_amplitude_as_spinors_do(nature: str, basis: str) -> None:
    rng = np.random.default_rng(3)
    nu = renp.Neutrinos(0.03, nature=nature, majorana_phases=(0.4, 1.1) if nature == "majorana" else (0, 0))
    for omega in (0.8, 1.0, 1.06):
        E_eg = renp.Atom.named("Yb").E_eg
        couplings, model = mediator_matrices(nu, E_eg * (E_eg - 2 * omega), rng, basis)
        expected = spinor_spectrum(omega, nu, couplings)
        assert by_component(omega, nu, model) == relative(expected, rel=1e-12)


def test_a_mediator_with_a_width_decays() -> None:
    """Its propagator is the transform of what falls as exp(−Γt/2): −i ∫ dt exp[i(E − m)t − Γt/2], over 2m.

    With the other sign of the width it would grow. q² = m² + 2m (E − m) near the pole, up to Γ/m.
    """
    mass, width = 1.0, 1e-4
    mediator = renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0}, width=width)
    t = np.linspace(0, 60 / width, 600001)
    for energy in (mass - width, mass, mass + 0.3 * width):
        wave = np.exp(1j * (energy - mass) * t - width * t / 2)
        transform = -1j * np.trapezoid(wave, t) / (2 * mass)
        assert complex(mediator.propagator(energy**2)) == relative(complex(transform), rel=2 * width / mass)


# The matrices between neutrino fields, γ^μ and σ^μν for all of their components.
STRUCTURES = {
    "V": spinors.GAMMA,
    "A": spinors.GAMMA @ spinors.GAMMA5,
    "s": spinors.UNIT,
    "p": spinors.GAMMA5,
    "mu": spinors.SIGMA,
    "eps": spinors.SIGMA @ spinors.GAMMA5,
    "F": spinors.GAMMA,
    "G": spinors.GAMMA @ spinors.GAMMA5,
}


@pytest.mark.parametrize("kind", KINDS)
def test_signs_of_majorana_couplings_follow_from_charge_conjugation(kind: str) -> None:
    """ν̄_i Γ ν_j = ν̄_j (C Γᵀ C⁻¹) ν_i for fields that are their own conjugates: C Γᵀ C⁻¹ = η Γ."""
    C = spinors.CHARGE_CONJUGATION
    gamma = STRUCTURES[kind]
    conjugate = C @ np.swapaxes(gamma, -1, -2) @ np.linalg.inv(C)
    assert conjugate == pytest.approx(MAJORANA_SIGN[kind] * gamma, abs=1e-15)  # entries are 0, ±1 and ±i
    x = np.arange(9.0).reshape(3, 3) + 1j
    found = renp.Couplings(**{kind: x}).majorana().get(kind)
    assert np.array_equal(found, x + MAJORANA_SIGN[kind] * x.T)


@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_photon_couplings_agree_with_spinors(nature: str) -> None:
    """Moments, charge, charge radius and anapole together, in the users' units."""
    rng = np.random.default_rng(5)
    nu = renp.Neutrinos(0.03, nature=nature)
    q2 = 0.1
    omega = (renp.Atom.named("Yb").E_eg - q2 / renp.Atom.named("Yb").E_eg) / 2
    x = rng.normal(size=(5, 3, 3)) + 1j * rng.normal(size=(5, 3, 3))
    sign = np.array([-1, -1, -1, -1, 1])[:, None, None]
    mirrored = np.swapaxes(x.conj() if nature == "dirac" else sign * x, 1, 2)
    mu, eps, Q, r2, a = (x + mirrored) * np.array([1e-11, 1e-11, 1e-15, 1e-25, 1e-25])[:, None, None]
    model = (
        renp.MagneticMoment(mu)
        + renp.ElectricMoment(eps)
        + renp.Charge(Q)
        + renp.ChargeRadius(r2)
        + renp.Anapole(a)
    )
    e, cm2 = np.sqrt(4 * np.pi * 7.2973525643e-3), 1 / 1.973269804593025e-5**2
    couplings = {
        "mu": BOHR_MAGNETON * mu,
        "eps": 1j * BOHR_MAGNETON * eps,
        "F": e * (Q + q2 * r2 * cm2 / 6),
        "G": e * q2 * a * cm2,
    }
    if nature == "majorana":  # their Lagrangian carries a factor 1/2
        couplings = {kind: matrix / 2 for kind, matrix in couplings.items()}
    expected = spinor_spectrum(omega, nu, couplings)
    found = by_component(omega, nu, model)
    assert found[0] == relative(expected[0], rel=1e-12)
    assert np.all(found[1] == 0)
    assert np.all(expected[1] <= 1e-25)


@pytest.mark.sampled
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_longitudinal_part_of_the_vector_propagator(nature: str) -> None:
    """Against spinors with q·j/m² put in by hand: ū q̸ (V + Aγ5) v, evaluated as a number."""
    rng = np.random.default_rng(9)
    nu = renp.Neutrinos(0.03, nature=nature, majorana_phases=(0.4, 1.1))
    yb, omega, mass, g_e = renp.Atom.named("Yb"), 1.0, 0.4, 1e-24
    q2 = yb.E_eg * (yb.E_eg - 2 * omega)
    x = rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3))
    g_L, g_R = x + np.swapaxes(x.conj(), 1, 2)
    model = renp.Weak() + renp.VectorMediator(mass, g_e, g_L, g_R, longitudinal=True)
    U, m = np.asarray(nu.mixing_matrix), np.asarray(nu.masses)
    a = np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    kappa = g_e / (np.sqrt(2) * FERMI_CONSTANT * (q2 - mass**2))
    V, A = kappa * (g_L + g_R) / 2, kappa * (g_R - g_L) / 2
    s, p = np.zeros((3, 3), dtype=complex), np.zeros((3, 3), dtype=complex)
    for i, j in np.ndindex(3, 3):
        s[i, j], p[i, j] = -divergence(m[i], m[j], V[i, j], A[i, j]) / mass**2
    couplings = {"V": a / 2 + V, "A": -a / 2 + A, "s": s, "p": p}
    expected = spinor_spectrum(omega, nu, couplings)
    assert by_component(omega, nu, model) == relative(expected, rel=1e-12)


def divergence(m_i: float, m_j: float, V: complex, A: complex) -> np.ndarray:
    """Coefficients of ū v and ū γ5 v in ū (p̸_i + p̸_j)(V + Aγ5) v, by solving for them numerically."""
    rng = np.random.default_rng(1)
    p_i, p_j = rng.normal(size=(2, 1, 3))
    four = [np.column_stack([np.sqrt(np.sum(p**2) + m**2)[None], p]) for p, m in ((p_i, m_i), (p_j, m_j))]
    ubar = spinors.dirac_conjugate(spinors.particle_spinors(four[0], m_i))[0]
    v = spinors.antiparticle_spinors(four[1], m_j)[0]
    slashed = np.einsum("m,mab->ab", spinors.METRIC @ (four[0] + four[1])[0], spinors.GAMMA)
    vertex = slashed @ (V * spinors.UNIT + A * spinors.GAMMA5)
    number, unit, gamma5 = (
        (ubar @ matrix @ v.T).ravel() for matrix in (vertex, spinors.UNIT, spinors.GAMMA5)
    )
    found, *_ = np.linalg.lstsq(np.column_stack([unit, gamma5]), number, rcond=None)
    return found
