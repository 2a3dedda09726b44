"""The spectra in the energy and the angle of one neutrino, against spinors and the master formula."""

import itertools
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import renp
from cases import KINDS, SIZES, neutrinos_with, random_couplings
from oracles import spinors
from relative import relative
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.differential import energy_interval
from renp.formula.differential_formula import (
    angular_components,
    energy_components,
    energy_offset,
)
from renp.formula.master_formula import components
from renp.formula.steps import PHOTON_PHASE

YB = renp.Atom.named("Yb")
CONSTANTS = {"g_fermi": FERMI_CONSTANT, "bohr_magneton": BOHR_MAGNETON}
MASSES = ([0.0, 0.0087, 0.05], [0.01, 0.0132, 0.0511], [0.2, 0.2, 0.21], [0.0, 0.0, 0.0])
PAIRS = list(np.ndindex(3, 3))
INSIDE = np.array([-0.999, -0.7, -0.2, 0.0, 0.4, 0.8, 0.999])
"""Positions u in the interval of energies; all tests use seven, so that little is compiled."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(len(INSIDE))

natures = pytest.mark.parametrize("nature", ["dirac", "majorana"])


def effective(couplings: dict, nature: str = "dirac") -> renp.Couplings:
    result = renp.Couplings(**{kind: np.zeros((3, 3)) for kind in KINDS} | couplings)
    return result.majorana() if nature == "majorana" else result


def by_component(energies: Any, omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    """Return dI/dE, shape (2, 3, 3, n)."""
    energies = jnp.asarray(energies)
    return np.asarray(energy_components(energies, jnp.full_like(energies, omega), YB, nu, model))


def element(matrices: dict, i: int, j: int) -> dict[str, complex]:
    return {kind: complex(matrix[i, j]) for kind, matrix in matrices.items()}


def open_pairs(omega: float, nu: renp.Neutrinos) -> list[tuple[int, int]]:
    return [(i, j) for i, j in PAIRS if omega < renp.thresholds(YB, nu)[i, j]]


def kinematics(omega: float, nu: renp.Neutrinos, i: int, j: int) -> tuple[float, float, float, float]:
    return YB.E_eg, omega, float(nu.masses[i]), float(nu.masses[j])


def test_spectrum_agrees_with_spinors_for_all_couplings_together() -> None:
    """All interferences at once, Dirac and Majorana, by pair and component."""
    rng = np.random.default_rng(20260102)
    for nature, masses in itertools.product(("dirac", "majorana"), MASSES):
        nu = neutrinos_with(masses, nature)
        near = [edge * (1 - 1e-3) for edge in np.unique(np.asarray(renp.thresholds(YB, nu)))]
        for omega in [0.3, 0.9, 1.02, *near]:
            couplings = random_couplings(rng)
            for i, j in open_pairs(omega, nu):
                compare_with_spinors(omega, nu, couplings, i, j)


def compare_with_spinors(
    omega: float, nu: renp.Neutrinos, couplings: dict, i: int, j: int, tolerance: float = 1e-12
) -> None:
    args = kinematics(omega, nu, i, j)
    centre, half_width = spinors.energy_interval(*args)
    energies = centre + half_width * INSIDE
    majorana = nu.nature == "majorana"
    mirrored = element(couplings, j, i) if majorana else None
    expected = spinors.differential(
        args[0],
        YB.E_vg,
        *args[1:],
        energies,
        element(couplings, i, j),
        mirrored,
        phase=PHOTON_PHASE,
        **CONSTANTS,
    )
    expected = expected * (0.5 if majorana else 1.0)
    found = by_component(energies, omega, nu, effective(couplings, nu.nature))[:, i, j]
    assert np.all(np.abs(found - expected) <= tolerance * np.max(expected, axis=1, keepdims=True))


@pytest.mark.sampled
@natures
@pytest.mark.parametrize("detuning", [1e-6, 1e-9])
def test_spectrum_close_to_thresholds_agrees_with_spinors(detuning: float, nature: str) -> None:
    """As far as the spinors can tell: their interval is centred to one rounding of Ē."""
    couplings = random_couplings(np.random.default_rng(4))
    for masses in MASSES:
        nu = neutrinos_with(masses, nature)
        for edge in np.unique(np.asarray(renp.thresholds(YB, nu))):
            omega = edge * (1 - detuning)
            for i, j in open_pairs(omega, nu):
                centre, half_width = spinors.energy_interval(*kinematics(omega, nu, i, j))
                compare_with_spinors(omega, nu, couplings, i, j, 1e-13 + 1e-15 * centre / half_width)


@pytest.mark.parametrize("detuning", [1e-3, 1e-6, 1e-9, 1e-12, 1e-14])
def test_distance_from_the_central_energy_has_all_digits(detuning: float) -> None:
    """Against rationals, for the energies as they are rounded."""
    nu = neutrinos_with([0.01, 0.0132, 0.0511])
    for i, j in [(0, 0), (0, 2), (2, 0), (2, 1)]:
        m_i, m_j = (float(nu.masses[k]) for k in (i, j))
        omega = float(renp.thresholds(YB, nu)[i, j]) * (1 - detuning)
        centre, half_width = (float(x[i, j]) for x in energy_interval(omega, YB, nu))
        energies = centre + half_width * INSIDE
        level, photon = Fraction(YB.E_eg), Fraction(omega)
        q2 = level * (level - 2 * photon)
        middle = (level - photon) / 2 * (1 + (Fraction(m_i) ** 2 - Fraction(m_j) ** 2) / q2)
        expected = [float(Fraction(energy) - middle) for energy in energies]
        found = jax.jit(energy_offset)(*map(jnp.asarray, (energies, omega, YB.E_eg, m_i, m_j)))
        # A few roundings of u, however narrow the interval is.
        assert np.all(np.abs(np.asarray(found) - expected) <= 1e-15 * half_width + 1e-14 * np.abs(expected))


def test_derivatives_of_the_distance_from_the_central_energy() -> None:
    """Against those of E_i − (E_eg − ω)/2 (1 + (m_i² − m_j²)/q²) with 40 digits."""
    import mpmath

    at = (0.45, 1.05, 2.1438, 0.013, 0.051, 0.3)

    def offset(energy: Any, omega: Any, level: Any, m_i: Any, m_j: Any, boost: Any) -> Any:
        q2 = (level - omega) ** 2 - (omega - boost) ** 2
        return energy - (level - omega) / 2 * (1 + (m_i**2 - m_j**2) / q2)

    with mpmath.workdps(40):
        expected = [float(mpmath.diff(offset, at, tuple(one))) for one in np.eye(6, dtype=int).tolist()]
    found = jax.grad(energy_offset, range(6))(*map(jnp.asarray, at))
    assert [float(one) for one in found] == relative(expected, rel=1e-13)


INTERFERENCES = {
    "T": {("mu", "F"), ("eps", "G"), ("V", "eps"), ("V", "G"), ("A", "mu"), ("A", "F")},
    "L": {("V", "s"), ("A", "p")},
}
"""What the 28 pairs of couplings leave; those with V or A in T are odd about Ē."""


def test_which_of_the_28_interferences_survive() -> None:
    """Real parts of products, and no imaginary part, in spinors and in the spectrum alike."""
    nu = neutrinos_with([0.02, 0.03, 0.05])
    args = kinematics(1.05, nu, 0, 2)
    centre, half_width = spinors.energy_interval(*args)
    energies = centre + half_width * INSIDE

    def squares(couplings: dict) -> np.ndarray:
        return spinors.summed_squares(*args, energies, couplings, phase=PHOTON_PHASE, **CONSTANTS)

    def ours(couplings: dict) -> np.ndarray:
        model = effective({kind: np.full((3, 3), x) for kind, x in couplings.items()})
        return by_component(energies, 1.05, nu, model)[:, 0, 2] * 6 * 1.05 * (YB.E_vg - 1.05) ** 2

    for (a, b), phase in itertools.product(itertools.combinations(KINDS, 2), (1, 1j)):
        first, second = {a: SIZES[a]}, {b: phase * SIZES[b]}
        expected, found = (f(first | second) - f(first) - f(second) for f in (squares, ours))
        scale = np.max(squares(first) + squares(second))
        assert found == pytest.approx(expected, abs=1e-13 * scale), (a, b, phase)
        for name, term in zip("TL", found, strict=True):
            survives = phase == 1 and (a, b) in INTERFERENCES[name]
            assert (np.max(np.abs(term)) > 1e-3 * scale) == survives, (name, a, b, phase)
            if name == "T" and a in "VA":
                odd = term[-1] * INSIDE / INSIDE[-1]
                assert term == pytest.approx(odd, abs=1e-13 * scale)


def integral(omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    """Return ∫dE of each component and pair, shape (2, 3, 3)."""
    centre, half_width = (np.asarray(x) for x in energy_interval(omega, YB, nu))
    result = np.zeros((2, 3, 3))
    for i, j in open_pairs(omega, nu):
        energies = centre[i, j] + half_width[i, j] * NODES
        result[:, i, j] = half_width[i, j] * by_component(energies, omega, nu, model)[:, i, j] @ WEIGHTS
    return result


def master(omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    return np.asarray(components(jnp.array([omega]), YB, nu, model))[..., 0]


@pytest.mark.sampled
@natures
def test_integral_over_the_energy_is_the_master_formula(nature: str) -> None:
    rng = np.random.default_rng(11)
    for masses in MASSES:
        nu = neutrinos_with(masses, nature)
        for omega in (0.1, 0.7, 1.0, 1.03, 1.066):
            model = effective(random_couplings(rng), nature)
            assert integral(omega, nu, model) == relative(master(omega, nu, model), rel=1e-13)


@pytest.mark.parametrize("detuning", [1e-5, 1e-8, 1e-11])
def test_integral_is_the_master_formula_close_to_a_threshold(detuning: float) -> None:
    """There the nodes are rounded to a fraction of the interval, and the odd terms feel it."""
    nu = neutrinos_with([0.01, 0.0132, 0.0511])
    model = effective(random_couplings(np.random.default_rng(12)))
    for i, j in [(0, 0), (1, 2), (2, 2)]:
        omega = float(renp.thresholds(YB, nu)[i, j]) * (1 - detuning)
        _, half_width = energy_interval(omega, YB, nu)
        expected, found = (f(omega, nu, model)[:, i, j] for f in (master, integral))
        assert found == relative(expected, rel=1e-13 + 1e-15 / float(half_width[i, j]))


def test_phase_of_photon_exchange_follows_from_the_electron() -> None:
    """−√2 G_F (ē γ_μ γ5 e) J^μ and −j_e·Γ/q² with j_e = −e ē γ e, from an electron's spinors in free flight.

    The electron's momentum turns from q/2 to −q/2, so that all of its current is magnetisation.
    """
    rng = np.random.default_rng(6)
    q, J, gamma_nu = rng.normal(size=3), *(rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3)))
    m_e, q2 = spinors.ELECTRON_MASS, 0.1
    before, after = (
        spinors.particle_spinors(np.array([[np.hypot(m_e, np.linalg.norm(p)), *p]]), m_e)[0]
        for p in (q / 2, -q / 2)
    )
    ubar = spinors.dirac_conjugate(after)
    axial, vector = (
        np.einsum("bx,kxy,ay->kba", ubar, spinors.GAMMA[1:] @ g, before) / (2 * m_e)
        for g in (spinors.GAMMA5, spinors.UNIT)
    )
    weak = 2**0.5 * FERMI_CONSTANT * np.einsum("kba,k->ba", axial, J)  # minus that of the metric
    e = 2 * m_e * BOHR_MAGNETON
    photon = np.einsum("kba,k->ba", -e * vector, gamma_nu) / q2
    S = spinors.PAULI / 2
    unit = 2 * 2**0.5 * FERMI_CONSTANT
    assert weak == relative(unit * np.einsum("kba,k->ba", S, J), rel=1e-9)
    strength = PHOTON_PHASE * BOHR_MAGNETON / (2**0.5 * FERMI_CONSTANT * q2)
    expected = unit * strength * np.einsum("kba,k->ba", S, np.cross(q, gamma_nu))
    assert photon == relative(expected, rel=1e-9)


def letter_unit(omega: float) -> float:
    """Return the factor of L(14) from |M|² without C_ev (2J_v + 1) to dI/dE."""
    return 1 / ((YB.E_vg - omega) ** 2 * omega * 8 * FERMI_CONSTANT**2)


@pytest.mark.parametrize("kind", ["mu", "eps"])
def test_L12_spectrum_of_a_moment(kind: str) -> None:
    omega, size, sign = 1.05, 3e-11 * BOHR_MAGNETON, 1 if kind == "mu" else -1
    nu = neutrinos_with([0.01, 0.0132, 0.0511])
    model = effective({kind: np.full((3, 3), size)})
    for i, j in PAIRS:
        E_eg, _, m_i, m_j = kinematics(omega, nu, i, j)
        centre, half_width = (float(x[i, j]) for x in energy_interval(omega, YB, nu))
        energies = centre + half_width * INSIDE
        # |p|² − |p|² cos² θ cancels at the ends of the interval: in fractions it does not.
        E, w, m, n = map(Fraction, (E_eg, omega, m_i, m_j))
        q2, splitting = E * (E - 2 * w), m**2 - n**2
        brackets = []
        for energy in map(Fraction, energies):
            along = ((E - w) * energy - (q2 + splitting) / 2) / w  # |p| cos θ, up to a sign
            helical = energy**2 - m**2 - along**2
            brackets.append(float((q2 * (m + sign * n) ** 2 - splitting**2 + 2 * q2 * helical) / q2**2))
        squared = 8 / 3 * BOHR_MAGNETON**2 * omega**2 * size**2 * np.array(brackets)
        found = by_component(energies, omega, nu, model)[:, i, j]
        assert found[0] == relative(letter_unit(omega) * squared, rel=1e-12)
        assert np.all(found[1] == 0)


@pytest.mark.parametrize("kind", ["mu", "eps"])
def test_L13_interference_of_the_weak_amplitude_with_a_moment(kind: str) -> None:
    """In |M_W + M_E|² of L(14) it counts as 2 Re M_W M_E*; ε of L(13) is eps, not the hermitian moment."""
    omega, a, size, sign = 1.05, 0.4, 1e-17 * (0.6 + 0.8j), 1 if kind == "mu" else -1
    nu = neutrinos_with([0.01, 0.0132, 0.0511])
    weak = {"V": np.full((3, 3), a / 2), "A": np.full((3, 3), -a / 2)}
    moment = {kind: np.full((3, 3), size)}
    centre, half_width = (np.asarray(x) for x in energy_interval(omega, YB, nu))
    for i, j in PAIRS:
        m_i, m_j = (float(nu.masses[k]) for k in (i, j))
        energies = centre[i, j] + half_width[i, j] * INSIDE
        both, first, second = (
            by_component(energies, omega, nu, effective(x))[:, i, j] for x in (weak | moment, weak, moment)
        )
        product = 8 / 3 * 2**0.5 * FERMI_CONSTANT * a * BOHR_MAGNETON * size.conjugate()
        product = product * (m_j + sign * m_i) * (energies - centre[i, j])
        expected = letter_unit(omega) * 2 * product.real
        assert (both - first - second)[0] == pytest.approx(expected, abs=1e-13 * np.max(both))
        assert (both - first - second)[1] == pytest.approx(0 * expected, abs=1e-13 * np.max(both))


def test_the_weak_spectrum_is_even_but_for_unequal_masses_along_the_photon() -> None:
    """In L, ν̄γ^kν and ν̄γ^0ν interfere: −(2/3) u αβ (m_i² − m_j²) ω (E_eg − ω)/q² (|V|² + |A|²)."""
    omega, nu = 1.05, renp.Neutrinos(0.01)
    weak = renp.Weak().couplings(nu, 0.0)
    centre, half_width = (np.asarray(x) for x in energy_interval(omega, YB, nu))
    m, E_eg = np.asarray(nu.masses), YB.E_eg
    for i, j in PAIRS:
        energies = centre[i, j] + half_width[i, j] * NODES
        transverse, longitudinal = by_component(energies, omega, nu, renp.Weak())[:, i, j]
        scale = np.max(transverse)
        assert transverse == relative(transverse[::-1], rel=1e-12)
        delta = 2 * half_width[i, j] / omega
        strength = abs(weak.get("V")[i, j]) ** 2 + abs(weak.get("A")[i, j]) ** 2
        slope = -2 / 3 * delta * (m[i] ** 2 - m[j] ** 2) * (E_eg - omega) / (E_eg * (E_eg - 2 * omega))
        expected = NODES * slope * strength / (YB.E_vg - omega) ** 2
        assert (longitudinal - longitudinal[::-1]) / 2 == pytest.approx(expected, abs=1e-13 * scale)


@st.composite
def draws(draw: Any) -> tuple[renp.Neutrinos, float, renp.Couplings]:
    nature = draw(st.sampled_from(["dirac", "majorana"]))
    nu = renp.Neutrinos(draw(st.floats(0, 0.3)), nature=nature)
    couplings = random_couplings(np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    return nu, draw(st.one_of(st.floats(0.0, 2.2), st.floats(1.02, 1.0718))), effective(couplings, nature)


@settings(max_examples=60)
@given(draws(), st.integers(0, 2**32 - 1))
def test_spectra_are_positive_and_finite(case: tuple, seed: int) -> None:
    nu, omega, model = case
    rng = np.random.default_rng(seed)
    energies = np.concatenate([rng.uniform(-0.2, 1.5, 5), [0.0, 1e300]])
    cosines = np.concatenate([rng.uniform(-1, 1, 4), [-1.0, 0.0, 1.0]])
    photon = jnp.full(7, omega)
    for f, x in ((energy_components, energies), (angular_components, cosines)):
        found = np.asarray(f(jnp.asarray(x), photon, YB, nu, model))
        assert np.all(np.isfinite(found))
        assert np.all(found >= 0)


def test_majorana_neutrinos_of_a_pair_are_interchangeable() -> None:
    """The pair (i, j) with E_i is the pair (j, i) with E_eg − ω − E_i."""
    nu = neutrinos_with([0.01, 0.0132, 0.0511], "majorana")
    model = effective(random_couplings(np.random.default_rng(8)), "majorana")
    energies = np.linspace(0.1, 0.95, 7)
    first, second = (by_component(x, 1.05, nu, model) for x in (energies, YB.E_eg - 1.05 - energies))
    assert first == relative(np.swapaxes(second, 1, 2), rel=1e-11)


@pytest.mark.sampled
@natures
def test_interactions_of_users_agree_with_spinors(nature: str) -> None:
    """Mediators of spin 0 and 1, both moments, charge radius and anapole beside the weak interaction."""
    nu = renp.Neutrinos(0.02, nature=nature, majorana_phases=(0.5, -1.0))
    model = (
        renp.Weak()
        + renp.ScalarMediator(0.7, 1e-9, {(1, 2): 3e-8, (1, 1): 1e-8}, {(1, 3): 2e-8j, (2, 2): 5e-8})
        + renp.VectorMediator(0.5, 1e-12, {(1, 2): 1e-11j}, {(3, 3): 2e-11})
        + renp.MagneticMoment({(1, 2): 2e-11, (2, 3): 1e-11})
        + renp.ElectricMoment({(1, 3): 3e-11, (2, 3): 1e-11j})
        + renp.ChargeRadius({(1, 2): 1e-25})
        + renp.Anapole({(2, 3): 1e-25})
    )
    for omega in (0.9, 1.05):
        c = model.couplings(nu, YB.E_eg * (YB.E_eg - 2 * omega))
        matrices = {kind: np.asarray(c.get(kind)) for kind in KINDS}
        for i, j in PAIRS:
            args = kinematics(omega, nu, i, j)
            centre, half_width = spinors.energy_interval(*args)
            energies = centre + half_width * INSIDE
            squares = spinors.summed_squares(
                *args, energies, element(matrices, i, j), phase=PHOTON_PHASE, **CONSTANTS
            )
            counted = 0.5 if nature == "majorana" else 1.0
            expected = counted * squares.sum(axis=0) / (6 * omega * (YB.E_vg - omega) ** 2)
            found = renp.differential_spectrum(energies, omega, YB, nu, model, by_pair=True)[i, j]
            assert np.asarray(found) == pytest.approx(expected, abs=1e-12 * np.max(expected))


def test_spectrum_is_zero_outside_the_interval_and_beyond_the_threshold() -> None:
    nu = renp.Neutrinos(0.01)
    centre, half_width = (np.asarray(x) for x in energy_interval(1.06, YB, nu))
    positions = np.array([-5, -1.001, -1 + 1e-9, 0, 1 - 1e-9, 1.001, 5])
    for i, j in PAIRS:
        found = by_component(centre[i, j] + half_width[i, j] * positions, 1.06, nu, renp.Weak())[:, i, j]
        assert np.array_equal(found.sum(axis=0) > 0, np.abs(positions) < 1)
    beyond = float(renp.thresholds(YB, nu).max()) * (1 + 1e-12)
    assert np.all(by_component(np.linspace(0, 1.1, 7), beyond, nu, renp.Weak()) == 0)
    assert np.all(np.asarray(energy_interval(beyond, YB, nu)) == 0)


def angles(omega: float, nu: renp.Neutrinos, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for ∫dcos θ of a pair, dense where the neutrinos are."""
    E_eg, _, m_i, _ = kinematics(omega, nu, i, j)
    _, half_width = (float(x[i, j]) for x in energy_interval(omega, YB, nu))
    p_lab = half_width * E_eg * (E_eg - 2 * omega) / omega  # q²Δ/2
    t, weights = np.polynomial.legendre.leggauss(140)
    if p_lab < omega * m_i:
        edge = np.sqrt(1 - (p_lab / (omega * m_i)) ** 2)
        t, weights = (t + 1) / 2, weights / 2
        return -(edge + (1 - edge) * t**2), weights * 2 * (1 - edge) * t  # no root at the edge any more
    beta = omega / (E_eg - omega)
    return -(t + beta) / (1 + beta * t), weights * (1 - beta**2) / (1 + beta * t) ** 2  # massless aberration


@pytest.mark.sampled
@natures
def test_integral_over_the_angle_is_the_master_formula(nature: str) -> None:
    model = effective(random_couplings(np.random.default_rng(13)), nature)
    cones = 0
    for masses, omega in [(MASSES[0], 0.6), (MASSES[1], 0.9), (MASSES[2], 0.6), (MASSES[2], 1.02)]:
        nu = neutrinos_with(masses, nature)
        expected = master(omega, nu, model)
        for i, j in PAIRS:
            cosines, weights = angles(omega, nu, i, j)
            parts = angular_components(jnp.asarray(cosines), jnp.full(140, omega), YB, nu, model)
            assert np.asarray(parts)[:, i, j] @ weights == relative(expected[:, i, j], rel=1e-9)
            cones += bool(np.max(cosines) < 0)
    assert cones == 9  # the heavy pairs near their thresholds, and no other


def test_angular_spectrum_is_the_energy_spectrum_in_another_variable() -> None:
    """One energy or two to an angle, from cos θ(E) and its derivative with a complex step."""
    model = effective(random_couplings(np.random.default_rng(14)))
    doubled = 0
    for masses, omega in [(MASSES[1], 0.9), (MASSES[1], 1.066), (MASSES[2], 1.0), (MASSES[2], 1.02)]:
        nu = neutrinos_with(masses)
        for i, j in open_pairs(omega, nu):
            E_eg, _, m_i, m_j = kinematics(omega, nu, i, j)
            B = (E_eg * (E_eg - 2 * omega) + m_i**2 - m_j**2) / 2
            centre, half_width = spinors.energy_interval(E_eg, omega, m_i, m_j)

            def cosine(E: Any, m_i: float = m_i, B: float = B, omega: float = omega) -> Any:
                return (B - (YB.E_eg - omega) * E) / (omega * np.sqrt(E**2 - m_i**2))

            first = centre + half_width * INSIDE[1:-1]
            # The other energy of the same angle: the equation is a quadratic one.
            energy, c = E_eg - omega, omega * cosine(first)
            second = 2 * energy * B / (energy**2 - c**2) - first
            expected = np.zeros((2, 5))
            for branch in (first, second):
                same = np.abs(cosine(branch + 0j) - cosine(first)) < 1e-9
                real = np.where(same & (branch > m_i), branch, first)
                slope = np.abs(cosine(real + 1e-30j).imag / 1e-30)
                values = by_component(np.pad(real, 1), omega, nu, model)[:, i, j, 1:-1]
                expected += np.where(same, values / slope, 0)
                doubled += int(np.sum(same & (branch == second)))
            found = angular_components(
                jnp.asarray(np.pad(cosine(first), 1)), jnp.full(7, omega), YB, nu, model
            )
            assert np.asarray(found)[:, i, j, 1:-1] == relative(expected, rel=1e-6)
    assert doubled > 40


def test_photons_of_no_energy_leave_the_neutrinos_isotropic() -> None:
    """At ω = 0 the pair is at rest; of the weak current T and L are then even in cos θ."""
    nu = neutrinos_with([0.0, 0.0, 0.0])
    found = renp.angular_spectrum(INSIDE, 0.0, YB, nu)
    assert np.asarray(found) == relative(float(renp.spectral_function(0.0, YB, nu)) / 2, rel=1e-13)


def total(name: str, x: Any, omega: Any, mass: Any, size: Any) -> Any:
    model = renp.Weak() + renp.Couplings(mu=size * 1e-17 * jnp.ones((3, 3)), s=size * jnp.ones((3, 3)))
    f = renp.differential_spectrum if name == "energy" else renp.angular_spectrum
    return f(x, omega, YB, renp.Neutrinos(mass), model)


VALUES = {name: jax.jit(lambda at, name=name: total(name, *at)) for name in ("energy", "angle")}
GRADIENTS = {name: jax.jit(jax.grad(value)) for name, value in VALUES.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "x"), [("energy", 0.4), ("energy", 0.9), ("angle", -0.9), ("angle", 0.0)])
def test_gradients_are_finite_and_right(name: str, x: float) -> None:
    """In the energy or cosine, the photon energy, the lightest mass and the couplings."""
    at = np.array([x, 1.05, 0.02, 1.3])
    gradient = np.asarray(GRADIENTS[name](at))
    for k in range(4):
        step = np.eye(4)[k] * 1e-6
        expected = float(VALUES[name](at + step) - VALUES[name](at - step)) / 2e-6
        assert gradient[k] == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["energy", "angle"])
def test_gradients_are_finite_where_nothing_is_emitted(name: str) -> None:
    for x, omega in [(0.5, 1.0716), (0.5, 1.09), (-0.999, 1.2), (0.999, 1.0705), (-0.2, 0.0)]:
        assert np.all(np.isfinite(np.asarray(GRADIENTS[name](np.array([x, omega, 0.01, 1.0])))))


def test_shapes_broadcast_and_transformations_compose() -> None:
    nu = renp.Neutrinos(0.01)
    energies, omegas = np.linspace(0.2, 0.9, 5)[:, None], np.array([1.0, 1.05, 1.069])
    found = renp.differential_spectrum(energies, omegas, YB, nu, by_pair=True)
    assert found.shape == (3, 3, 5, 3)
    mapped = jax.jit(jax.vmap(lambda E: renp.differential_spectrum(E, 1.05, YB, nu)))(energies.ravel())
    assert np.asarray(mapped) == relative(np.asarray(found.sum(axis=(0, 1)))[:, 1], rel=1e-12)
    assert renp.angular_spectrum(-0.9, 1.05, YB, nu).shape == ()


@pytest.mark.parametrize(
    ("energy", "omega", "argument"),
    [
        (np.nan, 1.0, "energy"),
        ([0.1, np.inf], 1.0, "energy[1]"),
        ("much", 1.0, "energy"),
        (0.5, 0.0, "omega"),
        (0.5, 2.3, "omega"),
        (0.5, -1.0, "omega"),
        ([0.1, 0.2], [1.0, 1.0, 1.0], "energy"),
    ],
)
def test_bad_energies_are_refused(energy: Any, omega: Any, argument: str) -> None:
    with pytest.raises(renp.InputError) as error:
        renp.differential_spectrum(energy, omega, YB, renp.Neutrinos(0.01))
    assert error.value.argument == argument


def test_bad_angles_and_models_are_refused() -> None:
    nu = renp.Neutrinos(0.01, nature="majorana")
    with pytest.raises(renp.InputError, match="cosine"):
        renp.angular_spectrum([0.0, 1.1], 1.0, YB, nu)
    diagonal = renp.MagneticMoment({(1, 1): 1e-11})
    q2 = YB.E_eg * (YB.E_eg - 2 * 1.06)
    light = renp.VectorMediator(float(np.sqrt(q2)), 1e-12, {(1, 1): 1e-12})
    for f in (renp.differential_spectrum, renp.angular_spectrum):
        with pytest.raises(renp.InputError, match="diagonal"):
            f(0.5, 1.0, YB, nu, diagonal)
        with pytest.warns(renp.PoleWarning, match="on shell"):
            f(0.5, [1.05, 1.065], YB, nu, light)
