"""What the papers leave out of the atom and of the light, each against its own derivation."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy
from scipy.integrate import tanhsinh
from scipy.special import voigt_profile
from sympy.physics.quantum.cg import CG

import renp
from cases import NU
from oracles import notebook
from relative import relative
from renp.atoms.level import Level
from renp.atoms.spin import spin_weights
from renp.atoms.width import DIPOLES, FIELDS, reference_width, spin_sum
from renp.constants import WAVENUMBER
from renp.formula.line import line_spectrum_of_runs
from renp.laser import Laser
from renp.results import Counts

PAPERS, FULL = (renp.Atom.named("Yb", which) for which in ("papers", "full"))
OMEGA = np.linspace(1.0, 1.0716, 7)
MOMENT = renp.MagneticMoment({(1, 2): 3e-11})
SCALAR = renp.ScalarMediator(3.0, 1e-6, scalar={(1, 1): 1e-6})


# --- spin -------------------------------------------------------------------------------------------------

IMAGINARY = sympy.I
ROOT = sympy.sqrt(2)
# V_x, V_y, V_z as sums over spherical components V_q, q = −1, 0, 1.
CARTESIAN = {
    "x": {-1: 1 / ROOT, 1: -1 / ROOT},
    "y": {-1: IMAGINARY / ROOT, 1: IMAGINARY / ROOT},
    "z": {0: sympy.Integer(1)},
}


@cache
def clebsch(j: int, m: int, q: int, J: int, M: int) -> sympy.Expr:
    return CG(j, m, 1, q, J, M).doit()


def element(axis: str, J: int, M: int, j: int, m: int) -> sympy.Expr:
    """Return ⟨J M|V_axis|j m⟩ without the reduced matrix element."""
    return sum(part * clebsch(j, m, q, J, M) for q, part in CARTESIAN[axis].items() if m + q == M)


def by_sympy(J_e: int, J_v: int, light: dict[str, sympy.Expr]) -> tuple[sympy.Expr, sympy.Expr]:
    """Return the weights by summing over all states, exactly; J_g = 0, the photon runs along z."""
    tensor = dict.fromkeys("xyz", sympy.Integer(0))
    for axis in "xyz":
        for m_e in range(-J_e, J_e + 1):
            amplitude = sum(
                part * element(b, 0, 0, J_v, m_v) * element(axis, J_v, m_v, J_e, m_e)
                for m_v in range(-J_v, J_v + 1)
                for b, part in light.items()
            )
            tensor[axis] += sympy.expand(amplitude * sympy.conjugate(amplitude))
    trace = sum(tensor.values())
    return sympy.nsimplify(3 * (tensor["x"] + tensor["y"]) / (2 * trace)), sympy.nsimplify(
        3 * tensor["z"] / trace
    )


LIGHT = {
    "linear": {"x": sympy.Integer(1)},
    "left": {"x": 1 / ROOT, "y": -IMAGINARY / ROOT},
    "right": {"x": 1 / ROOT, "y": IMAGINARY / ROOT},
}


@pytest.mark.parametrize("polarisation", ["linear", "left", "right"])
@pytest.mark.parametrize("J_e", [0, 1, 2])
def test_weights_are_clebsch_gordan_sums(J_e: int, polarisation: str) -> None:
    exact = by_sympy(J_e, 1, LIGHT[polarisation])
    assert spin_weights(J_e, 1) == pytest.approx([float(w) for w in exact], abs=1e-14)
    # A photon moves M by one whatever its polarisation, and the pair's tensor is round about its direction.
    assert exact == tuple(
        sympy.Rational(f.numerator, f.denominator)
        for f in {
            0: (Fraction(3, 2), Fraction(0)),
            1: (Fraction(3, 4), Fraction(3, 2)),
            2: (Fraction(21, 20), Fraction(9, 10)),
        }[J_e]
    )


def _general(J_e: int, J_v: int, J_g: int, light: dict[str, sympy.Expr]) -> tuple[float, float]:
    tensor = dict.fromkeys("xyz", 0.0)
    for axis in "xyz":
        for m_e in range(-J_e, J_e + 1):
            for m_g in range(-J_g, J_g + 1):
                amplitude = sum(
                    complex(part * element(b, J_g, m_g, J_v, m_v) * element(axis, J_v, m_v, J_e, m_e))
                    for m_v in range(-J_v, J_v + 1)
                    for b, part in light.items()
                )
                tensor[axis] += abs(amplitude) ** 2
    trace = sum(tensor.values())
    return 1.5 * (tensor["x"] + tensor["y"]) / trace, 3 * tensor["z"] / trace


@pytest.mark.parametrize("polarisation", ["linear", "left", "right"])
def test_weights_for_all_angular_momenta_up_to_three(polarisation: str) -> None:
    light = LIGHT[polarisation]
    seen = 0
    for J_e in range(4):
        for J_v in range(4):
            for J_g in range(4):
                if max(abs(J_v - J_e), abs(J_v - J_g)) > 1 or J_v + J_e == 0 or J_v + J_g == 0:
                    with pytest.raises(renp.InputError, match="J_v"):
                        spin_weights(J_e, J_v, J_g)
                    continue
                found = spin_weights(J_e, J_v, J_g)
                assert found == pytest.approx(_general(J_e, J_v, J_g, light), abs=1e-13)
                assert 2 * found[0] + found[1] == pytest.approx(3, abs=1e-14)
                seen += 1
    assert seen == 23


# --- intermediate states and the orbital current ------------------------------------------------------------


def test_two_level_mixing() -> None:
    """³P₁ and ¹P₁ share an angle: amplitudes of opposite sign, whose angle the line widths tell."""
    theta = sympy.symbols("theta", positive=True)
    spin, dipole = {"triplet": 1, "singlet": 0}, {"triplet": 0, "singlet": 1}
    lower = {"triplet": sympy.cos(theta), "singlet": sympy.sin(theta)}
    upper = {"triplet": -sympy.sin(theta), "singlet": sympy.cos(theta)}

    def amplitude(state: dict[str, sympy.Expr]) -> sympy.Expr:
        return sum(state[k] * spin[k] for k in state) * sum(state[k] * dipole[k] for k in state)

    assert sympy.simplify(amplitude(upper) / amplitude(lower)) == -1
    _, v, w = FULL.levels
    assert w.amplitude == -1
    assert v.A is not None
    assert w.A is not None
    # A ∝ E³ d²: tan θ is the ratio of the dipoles.
    tangent = np.sqrt(v.A / w.A * (w.energy / v.energy) ** 3)
    assert tangent == pytest.approx(0.13, abs=0.01)
    factor = (1 - (v.energy - 1.07) / (w.energy - 1.07)) ** 2
    assert factor == pytest.approx(0.185, abs=1e-3)
    ratio = renp.spectral_function(
        1.07, PAPERS.refined(spin=False, orbit=False, orders=False), NU
    ) / renp.spectral_function(1.07, PAPERS, NU)
    assert float(ratio) == relative(factor, rel=1e-12)


@pytest.mark.slow
def test_the_orbital_current_halves_amplitudes_of_the_photon_alone() -> None:
    atom = PAPERS.refined(spin=False, states=False, orders=False)
    weak = [np.asarray(renp.spectral_function(OMEGA, a, NU)) for a in (PAPERS, atom)]
    assert np.array_equal(*weak)
    for interaction in (MOMENT, renp.ElectricMoment({(1, 3): 1e-11}), renp.ChargeRadius({(1, 1): 1e-32})):
        papers, here = (np.asarray(renp.spectral_function(OMEGA, a, NU, interaction)) for a in (PAPERS, atom))
        assert here == relative(papers / 4, rel=1e-14)


def test_all_effects_multiply() -> None:
    """In ytterbium only the transverse part is left, 3/2 of it, times the states' factor, 1/4 and R²."""
    parts = renp.spectral_function(OMEGA, PAPERS, NU, MOMENT)
    full = renp.spectral_function(OMEGA, FULL, NU, MOMENT)
    E_v, (E_w, c) = PAPERS.E_vg, FULL.states[0]
    states = (1 + c * (E_v - OMEGA) / (E_w - OMEGA)) ** 2
    gaps = (E_v - PAPERS.E_eg + OMEGA, E_w - PAPERS.E_eg + OMEGA)
    first, second = (1 / E_v + c / E_w for E_v, E_w in ((E_v - OMEGA, E_w - OMEGA), gaps))
    R = 1 + (PAPERS.E_eg - OMEGA) / OMEGA * second / first
    assert np.asarray(full) == relative(1.5 * states / 4 * R**2 * np.asarray(parts), rel=1e-12)


@pytest.mark.parametrize(("omega", "factor"), [(1.068, 28), (1.07, 56)])
def test_the_standard_models_rate_falls(omega: float, factor: float) -> None:
    """Without a longitudinal part the rate of ytterbium falls by what the derivation of the weights gives."""
    spin = PAPERS.refined(states=False, orbit=False)
    ratio = renp.spectral_function(omega, PAPERS, NU) / renp.spectral_function(omega, spin, NU)
    assert float(ratio) == relative(factor, rel=0.02)


def test_the_contrast_of_natures_grows() -> None:
    for atom, contrast in ((PAPERS, 0.0046), (PAPERS.refined(states=False, orbit=False), 0.13)):
        dirac, majorana = (
            float(renp.spectral_function(1.068, atom, renp.Neutrinos(0.01, nature=nature)))
            for nature in ("dirac", "majorana")
        )
        assert abs(majorana / dirac - 1) == relative(contrast, rel=0.02)


@pytest.mark.slow
def test_a_scalar_mediator_leaves_no_trace() -> None:
    weak, scalar = (renp.spectral_function(OMEGA, FULL, NU, m) for m in (renp.Weak(), renp.Weak() + SCALAR))
    assert np.array_equal(np.asarray(weak), np.asarray(scalar))
    xenon = renp.Atom.named("Xe", "full")
    omega = np.array([4.0, 4.15])
    weak, scalar = (renp.spectral_function(omega, xenon, NU, m) for m in (renp.Weak(), renp.Weak() + SCALAR))
    assert np.all(np.asarray(scalar) > np.asarray(weak))


def test_every_effect_off_is_the_papers_atom_bit_for_bit() -> None:
    off = FULL.refined(spin=False, states=False, orbit=False, orders=False)
    assert off.spin_weights == FULL.spin_weights  # nothing is undone, only left
    plain = renp.Atom("Yb", PAPERS.E_eg, PAPERS.E_vg)
    for model in (renp.Weak(), renp.Weak() + MOMENT + SCALAR):
        found = [np.asarray(renp.spectral_function(OMEGA, atom, NU, model)) for atom in (PAPERS, plain)]
        assert np.array_equal(*found)
    sharp = renp.spectral_function(OMEGA, PAPERS, NU, laser=Laser())
    assert np.array_equal(np.asarray(sharp), np.asarray(renp.spectral_function(OMEGA, PAPERS, NU)))


def test_differential_spectra_have_the_same_atom() -> None:
    energies = np.linspace(0.0, 1.1, 20001)
    of_energy = np.asarray(renp.differential_spectrum(energies, 1.05, FULL, NU, renp.Weak() + MOMENT))
    total = float(renp.spectral_function(1.05, FULL, NU, renp.Weak() + MOMENT))
    assert np.trapezoid(of_energy, energies) == relative(total, rel=1e-3)


# --- the light ----------------------------------------------------------------------------------------------

LASERS = [
    Laser(1e-5),
    Laser(0.0, 1e-5),
    Laser(1e-5, 3e-6),
    Laser(1e-3),
    Laser(0.0, 1e-3),
    Laser(3e-4, 2e-4, 1e-5),
]


@cache
def weak_pairs() -> list[tuple[float, float, float, float]]:
    c, m = renp.Weak().couplings(NU, 1.0), np.asarray(NU.masses)
    V2, A2 = np.abs(np.asarray(c.V)) ** 2, np.abs(np.asarray(c.A)) ** 2
    return [(m[i], m[j], V2[i, j], A2[i, j]) for i in range(3) for j in range(3)]


def plain_spectrum(omega: np.ndarray) -> np.ndarray:
    E_eg, E_vg = float(PAPERS.E_eg), float(PAPERS.E_vg)
    return sum(notebook.pair_term(omega, E_eg, E_vg, *pair, 0.0, 0.0) for pair in weak_pairs())


@pytest.mark.sampled
@pytest.mark.parametrize("laser", LASERS, ids=str)
def test_the_line_average_is_that_of_direct_quadrature(laser: Laser) -> None:
    """By tanh-sinh quadrature between all thresholds, with a spectrum that is none of the package's code."""
    edges = np.unique(np.asarray(renp.thresholds(PAPERS, NU)))
    sigma, half = float(laser.gaussian) / np.sqrt(8 * np.log(2)), float(laser.lorentzian) / 2
    width = float(laser.width) * np.array([-1e4, -1e3, -100, -20, -5, -1, 0, 1, 5, 20, 100])
    # The last ones are a hair beside a threshold, and above all of them, where a flank of the line is all.
    for omega in (1.06, 1.0716, 1.07165, edges[0] - 1e-9, edges[-1] + float(laser.width)):
        centre = omega + float(laser.offset)
        ends = np.unique(np.clip(np.concatenate([[0.0], edges, centre + width]), 0.0, edges[-1]))
        parts = tanhsinh(
            lambda w, c=centre: plain_spectrum(w) * voigt_profile(w - c, sigma, half),
            ends[:-1],
            ends[1:],
            rtol=1e-11,
            atol=1e-15,
        )
        found = float(renp.spectral_function(omega, PAPERS, NU, laser=laser))
        assert found == relative(np.sum(parts.integral), rel=3e-9)


@pytest.mark.slow
def test_a_narrow_line_is_sharp() -> None:
    sharp = np.asarray(renp.spectral_function(OMEGA, PAPERS, NU))
    for laser in (Laser(1e-9), Laser(0.0, 1e-10)):
        assert np.asarray(renp.spectral_function(OMEGA, PAPERS, NU, laser=laser)) == relative(sharp, rel=1e-6)


def test_the_slope_of_a_voigt_line_keeps_its_digits_in_the_tails() -> None:
    """Re w(z) of 50 digits, out to where −2zw + 2i/√π has lost all digits: a series takes over at |z| = 8."""
    gaussian, lorentzian = 1e-5, 2e-6
    laser = Laser(gaussian, lorentzian)
    sigma = mpmath.mpf(gaussian) / mpmath.sqrt(8 * mpmath.log(2))

    def profile(x: mpmath.mpf) -> mpmath.mpf:
        z = mpmath.mpc(x, mpmath.mpf(lorentzian) / 2) / (sigma * mpmath.sqrt(2))
        w = mpmath.exp(-z * z) * mpmath.erfc(-1j * z)
        return mpmath.re(w) / (sigma * mpmath.sqrt(2 * mpmath.pi))

    with mpmath.workdps(50):
        # Before, at |z| of 0.5 to 7.8, the two terms cancel to a part in 2|z|² x/y of them.
        for x, digits in (
            (3e-6, 1e-14),
            (2e-5, 1e-11),
            (4.7e-5, 1e-10),
            (5.2e-5, 1e-12),
            (1e-3, 1e-13),
            (-1e-2, 1e-13),
        ):
            slope = float(jax.grad(laser.profile)(x))
            assert slope == relative(float(mpmath.diff(profile, mpmath.mpf(x))), rel=digits)


@pytest.mark.slow
def test_an_offset_shifts() -> None:
    """Across thresholds too: the pairs (3, 3) and (2, 3) close at 1.06931 and 1.07078 eV."""
    nominal = np.array([1.0, 1.06935, 1.0708])
    shifted = renp.spectral_function(nominal - 1e-4, PAPERS, NU, laser=Laser(offset=1e-4))
    exact = np.asarray(renp.spectral_function(nominal, PAPERS, NU))
    assert np.asarray(shifted) == relative(exact, rel=1e-9)
    by_run = line_spectrum_of_runs(jnp.asarray(nominal - 1e-4), Laser(offset=1e-4), PAPERS, NU, renp.Weak())
    assert np.asarray(by_run) == relative(exact, rel=1e-9)
    pairs = renp.spectral_function(nominal - 1e-4, PAPERS, NU, laser=Laser(offset=1e-4), by_pair=True)
    assert np.asarray(pairs).sum(axis=(0, 1)) == relative(exact, rel=1e-9)


@pytest.mark.slow
def test_counts_and_likelihood_have_line_and_efficiency() -> None:
    laser = Laser(2e-5, 1e-5, 1e-6)
    runs = renp.Experiment(
        FULL,
        renp.Target(dynamical_factor=0.5),
        [1.068, 1.0716],
        864000.0,
        1e-6,
        laser=laser,
        efficiency=[0.3, 0.6],
    )
    spectrum = np.asarray(renp.spectral_function([1.068, 1.0716], FULL, NU, laser=laser))
    exact = 864000 * (0.5 * 0.002 * np.array([0.3, 0.6]) * spectrum + 1e-6)
    assert np.asarray(renp.expected_counts(runs, NU)) == relative(exact, rel=1e-14)
    units = {"mu": MOMENT}
    for nuisances in (renp.Nuisances(), renp.Nuisances(calibration_error=1e-6)):
        likelihood = renp.Likelihood(runs, NU, units, nuisances=nuisances)
        # Of other photon energies within the line, each of which is rounded to 10⁻¹¹ of its width.
        assert np.asarray(likelihood.expected(likelihood.point())) == relative(exact, rel=1e-11)
        more = renp.expected_counts(runs, NU, renp.Weak() + 2.0 * MOMENT)
        assert np.asarray(likelihood.expected(likelihood.point(mu=2.0))) == relative(
            np.asarray(more), rel=1e-11
        )


def without_decay() -> renp.Atom:
    """Return an atom whose |v⟩ has no decay rate."""
    e, v = PAPERS.levels[:2]
    return renp.Atom("mine", PAPERS.E_eg, PAPERS.E_vg, (e, replace(v, A=None)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Laser(gaussian=-1.0), "gaussian = -1.0"),
        (lambda: renp.Target(dynamical_factor=-0.1), "dynamical_factor = -0.1"),
        (lambda: renp.Experiment(PAPERS, renp.Target(), [1.0], 1.0, efficiency=1.5), "efficiency = 1.5"),
        (
            lambda: renp.Experiment(PAPERS, renp.Target(), [1.0, 1.0], 1.0, efficiency=[0.5, 1.5]),
            r"efficiency\[1\] = 1.5",
        ),
        (lambda: reference_width(renp.Atom("X", 2.0, 3.0)), "atom = X: must be one whose level"),
        (lambda: reference_width(without_decay()), "atom = mine: must be one whose level"),
        (lambda: renp.Atom.named("Yb", "whole"), "approximation = 'whole'"),
        (lambda: renp.Atom("X", 2.0, 3.0).refined(), "atom = X: must be one with levels"),
        (
            lambda: PAPERS.refined(spin=False, polarisation="left"),
            "polarisation = 'left': must be linear",
        ),
    ],
)
def test_what_cannot_be(make, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        make()


def test_an_atom_of_ones_own(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    level = 'label = "{}"\nwavenumber = {}\nJ = {}\nsource = "measured"\nverified = true\n'
    path.write_text(f"[e]\n{level.format('a', 17288.439, 0)}[v]\n{level.format('b', 17992.007, 1)}")
    mine = renp.Atom.read(path)
    assert mine.name == "mine"
    assert float(renp.spectral_function(1.05, mine, NU)) == float(renp.spectral_function(1.05, PAPERS, NU))
    path.write_text("[e]\n" + level.format("a", 17288.439, 0))
    with pytest.raises(renp.InputError, match="complete levels"):
        renp.Atom.read(path)
    with pytest.raises(renp.InputError, match="can be read"):
        renp.Atom.read(tmp_path / "none.toml")


def test_atoms_are_differentiable() -> None:
    import jax

    def rate(c):
        atom = renp.Atom("Yb", PAPERS.E_eg, PAPERS.E_vg, states=[(3.1, c)])
        return jnp.sum(renp.spectral_function(jnp.array([1.05]), atom, NU))

    slope = float(jax.grad(rate)(-1.0))
    assert slope == relative(float(rate(-1 + 1e-6) - rate(-1 - 1e-6)) / 2e-6, rel=1e-6)


# --- the boost ----------------------------------------------------------------------------------------------


def test_no_boost_is_no_boost() -> None:
    for model in (renp.Weak(), renp.Weak() + MOMENT + SCALAR):
        plain, boosted = (
            np.asarray(renp.spectral_function(OMEGA, a, NU, model)) for a in (PAPERS, PAPERS.boosted(0.0))
        )
        assert np.array_equal(plain, boosted)


@pytest.mark.parametrize("momentum", [-0.5, 1e-3, 0.8])
def test_boosted_thresholds(momentum: float) -> None:
    """Pairs open where q², the square of (E_eg − ω, p_eg − ω), is the square of their masses."""
    atom = PAPERS.boosted(momentum)
    found = np.asarray(renp.thresholds(atom, NU))
    masses = np.asarray(NU.masses)
    q2 = (PAPERS.E_eg - found) ** 2 - (momentum - found) ** 2
    assert q2 == pytest.approx((masses[:, None] + masses) ** 2, abs=1e-12)
    apart = np.ptp(found) / np.ptp(np.asarray(renp.thresholds(PAPERS, NU)))
    assert apart == relative(PAPERS.E_eg / (PAPERS.E_eg - momentum), rel=1e-9)
    edge = found[2, 2]
    inside, outside = (
        renp.spectral_function(edge + side * 1e-9, atom, NU, by_pair=True)[2, 2] for side in (-1, 1)
    )
    assert float(inside) > 0
    assert float(outside) == 0


@pytest.mark.parametrize("momentum", [-0.4, 0.3])
def test_a_boosted_spectrum_without_masses(momentum: float) -> None:
    """The tensor of massless pairs is q_a q_b − q² g_ab: 2q² across and q_0² along the photon's direction."""
    light = renp.Neutrinos(0.0, dm2_21=1e-12, dm2_31=1e-11)
    omega = np.array([0.2, 0.6, 0.85])

    def exact(p: float) -> np.ndarray:
        q2 = (PAPERS.E_eg - p) * (PAPERS.E_eg + p - 2 * omega)
        return (2 * q2 + (PAPERS.E_eg - omega) ** 2) / (PAPERS.E_vg - omega) ** 2

    rest, moving = (
        np.asarray(renp.spectral_function(omega, a, light)) for a in (PAPERS, PAPERS.boosted(momentum))
    )
    assert moving / rest == relative(exact(momentum) / exact(0.0), rel=1e-9)


def test_a_boosted_atom_keeps_its_digits_at_thresholds() -> None:
    from mpmath import mp, mpf

    from renp.formula.kinematics import exact_threshold, excess

    rng = np.random.default_rng(2)
    with mp.workdps(50):
        for _ in range(50):
            less, more = 2.0 + rng.uniform(-0.5, 0.5, 2)
            m_i, m_j = rng.uniform(0, 0.1, 2)
            edge = (more - (m_i + m_j) ** 2 / less) / 2
            omega = edge * (1 - 10 ** rng.uniform(-15, -3))
            exact = mpf(less) * (mpf(more) - 2 * mpf(omega)) - (mpf(m_i) + mpf(m_j)) ** 2
            threshold = exact_threshold(*map(jnp.asarray, (less, more, m_i, m_j)))
            found = float(excess(jnp.asarray(less), threshold, jnp.asarray(omega)))
            assert found == pytest.approx(float(exact), rel=1e-13, abs=1e-32)


def test_what_a_boost_cannot_be() -> None:
    with pytest.raises(renp.InputError, match=r"boost = 3\.0"):
        PAPERS.boosted(3.0)
    with pytest.raises(renp.InputError, match=r"omega = 0\.1: must be another than the boost"):
        renp.differential_spectrum([0.3], 0.1, PAPERS.boosted(0.1), NU)


# --- the reference width, and files ------------------------------------------------------------------------


def test_reference_widths() -> None:
    """From A = ω³|d|²/(3π) and Eq. (15) of the letter, in SI units instead of natural ones."""
    from scipy import constants as si

    v = PAPERS.levels[1]
    omega_v, omega = (energy * si.e / si.hbar for energy in (PAPERS.E_vg, PAPERS.E_eg / 2))
    d2 = 3 * np.pi * si.epsilon_0 * si.hbar * si.c**3 * v.A / omega_v**3
    field2 = si.hbar * omega * 1e27 / si.epsilon_0
    rabi2 = d2 * field2 / si.e**2  # (energy/charge)²: eV²
    fermi = 1.1663787e-23  # 1/eV²
    density = 1e27 * (si.hbar * si.c / si.e) ** 3  # eV³
    volume = 1e-4 / (si.hbar * si.c / si.e) ** 3
    exact = 2 * density**2 * fermi**2 * rabi2 / np.pi * volume * si.e / si.hbar
    for field, of_field in FIELDS.items():
        for dipole, of_dipole in DIPOLES.items():
            assert reference_width(PAPERS, field=field, dipole=dipole) == relative(
                exact * of_field * of_dipole, rel=1e-6
            )
    assert reference_width(PAPERS, field="half") == relative(0.27e-3, rel=0.02)
    two = renp.Atom("Yb", PAPERS.E_eg, PAPERS.E_vg, PAPERS.levels[:2])
    assert reference_width(two) == reference_width(PAPERS)


def test_the_golden_rule_counts_as_spinors_and_phase_space_do() -> None:
    """Γ = 2π Σ|amplitude|² of massless neutrinos with a vector current, by traces over gamma matrices."""
    from oracles import spinors

    nu, omega = renp.Neutrinos(0.0), 0.9
    V = np.zeros((3, 3))
    V[0, 0] = 1.0
    gamma = spinors.GAMMA
    energy, k = PAPERS.E_eg - omega, omega
    q = np.sqrt(energy**2 - k**2)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    tensor = 0.0
    for u, weight in zip(nodes, weights, strict=True):
        # ν along (u, √(1 − u²)) in the pair's frame, boosted along z; the azimuth changes no trace
        p = [q / 2 * np.array([1, sign * np.sqrt(1 - u**2), 0, sign * u]) for sign in (1, -1)]
        boosted = [np.array([energy * x[0] + k * x[3], q * x[1], 0, k * x[0] + energy * x[3]]) / q for x in p]
        slashed = [
            sum(g * x * m for g, x, m in zip((1, -1, -1, -1), one, gamma, strict=True)) for one in boosted
        ]
        traces = [np.trace(slashed[0] @ gamma[a] @ slashed[1] @ gamma[a]).real for a in (1, 2, 3)]
        tensor += weight / 2 * sum(traces) / (8 * np.pi)
    width = reference_width(PAPERS, convention="golden-rule", photon_energy=omega)
    density, volume = 1e21 * renp.constants.HBAR_C**3, 100 / renp.constants.HBAR_C**3
    v = PAPERS.levels[1]
    d2 = 3 * np.pi * v.A * renp.constants.HBAR / PAPERS.E_vg**3
    rate = 8 * renp.constants.FERMI_CONSTANT**2 * density**2 * volume / 4 * (omega * density / 2)
    rate *= d2 / 3 * spin_sum(PAPERS) / 3 / (PAPERS.E_vg - omega) ** 2 * tensor / renp.constants.HBAR
    found = width * float(renp.spectral_function(omega, PAPERS, nu, renp.Couplings(V=V)))
    assert found == relative(rate, rel=1e-12)


@pytest.mark.parametrize("J_e", [0, 2])
def test_the_spin_sum_is_that_of_mixed_states(J_e: int) -> None:
    from oracles import atom as states

    atom = states.mixed(J_e, 2.1, (2.2, 3.1), angle=0.4)
    (_, v), _ = atom.levels
    exact = sum(np.sum(np.abs(v.conj() @ S @ atom.e.T) ** 2) for S in states.SPIN) / (2 * J_e + 1)
    g = states.level(0, 0, 0)
    strengths = [
        sum(np.sum(np.abs(g.conj() @ r @ w.T) ** 2) for r in states.POSITION) for _, w in atom.levels
    ]
    levels = [Level("e", 2.1 / WAVENUMBER, J_e, "", True)]
    levels += [
        Level("v", E / WAVENUMBER, 1, "", True, A=E**3 * strength)
        for (E, _), strength in zip(atom.levels, strengths, strict=True)
    ]
    assert spin_sum(renp.Atom("mixed", 2.1, 2.2, tuple(levels))) == relative(exact, rel=1e-12)


def test_no_atom_takes_anothers_width_in_silence() -> None:
    """Counts at fixed n_γ are proportional to the photon energy; with a width, the field is fixed."""
    said = {}
    for name, width in (("Yb", "published"), ("Xe", "published"), ("Xe", "golden-rule"), ("Xe", 1e-4)):
        runs = renp.Experiment(renp.Atom.named(name), renp.Target(width=width), [0.5, 1.0], 1e9)
        counts = np.asarray(
            renp.expected_counts(runs, NU) / renp.spectral_function([0.5, 1.0], runs.atom, NU)
        )
        assert counts[1] / counts[0] == relative(2.0 if width == "golden-rule" else 1.0, rel=1e-13)
        said[name, width] = str(Counts.compute(runs, NU)).splitlines()[-1]
        assert Counts.compute(runs, NU).made_by["reference_width"] in said[name, width]
        if width == "golden-rule":
            exact = 1e9 * reference_width(runs.atom, convention=width, photon_energy=0.5)
            assert counts[0] == relative(exact, rel=1e-13)
    assert said["Yb", "published"] == "• Γ_0 = 0.002/s at all photon energies: published for Yb"
    assert said["Xe", "published"].endswith("published for Yb, not Xe's own (width = 'golden-rule')")
    assert "the golden rule for Xe" in said["Xe", "golden-rule"]
    assert said["Xe", 1e-4].endswith("as given")
    with pytest.raises(renp.InputError, match="one whose level"):
        renp.Experiment(renp.Atom("X", 2.0, 3.0), renp.Target(width="golden-rule"), [0.5], 1.0)


def test_a_scenario_has_all_of_it() -> None:
    from renp.scenario import Scenario

    text = """\
[atom]
name = "Yb"
approximation = "full"
polarisation = "right"
boost = "0.1 eV"
[laser]
gaussian = "1e-5 eV"
lorentzian = "2e-6 eV"
offset = "1e-6 eV"
[target]
dynamical_factor = 0.5
width = "0.0005 / s"
[neutrinos]
lightest_mass = "0.01 eV"
[[run]]
photon_energy = "1.07 eV"
duration = "10 day"
efficiency = 0.3
"""
    scenario = Scenario.from_text(text)
    atom = PAPERS.refined(polarisation="right").boosted(0.1)
    assert scenario.atom.waves == atom.waves
    assert scenario.atom.spin_weights == pytest.approx(atom.spin_weights, abs=1e-14)
    laser = Laser(1e-5, 2e-6, 1e-6)
    target = renp.Target(dynamical_factor=0.5, width=0.0005)
    runs = renp.Experiment(atom, target, [1.07], 864000.0, laser=laser, efficiency=0.3)
    assert np.asarray(renp.expected_counts(scenario.experiment, scenario.neutrinos)) == relative(
        np.asarray(renp.expected_counts(runs, NU)), rel=1e-12
    )
    some = Scenario.from_text(text.replace('"full"', '["spin", "orbit"]')).atom
    assert (some.states, some.orbit, float(some.spin_weights[1])) == ((), 0.5, 0.0)
    for wrong, message in (
        ('approximation = "half"', "approximation"),
        ('approximation = ["half"]', "approximation"),
        ('polarisation = "none"', "polarisation"),
        ('polarisation = "circular"', "'left' or 'right'"),
        ('boost = "5 eV"', "boost"),
    ):
        key = wrong.split(" =")[0]
        lines = [wrong if line.startswith(key) else line for line in text.splitlines()]
        with pytest.raises(renp.errors.ScenarioError, match=message):
            Scenario.from_text("\n".join(lines))


def test_an_effect_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry of the registry is known to `refined`, scenario files, the explorer and its code."""
    from renp.atoms.effects import EFFECTS, Effect
    from renp.explorer.exchange import to_python
    from renp.explorer.page import Explorer
    from renp.explorer.state import State
    from renp.results.atom import AtomSheet
    from renp.scenario import Scenario

    text = '[atom]\nname = "Yb"\napproximation = ["recoil"]\n[neutrinos]\nlightest_mass = "0.01 eV"\n'
    with pytest.raises(renp.errors.ScenarioError, match="recoil"):
        Scenario.from_text(text)
    with pytest.raises(renp.InputError, match="recoil"):
        PAPERS.refined(recoil=True)
    fact = ("recoil of the atom", 0.01, "eV", "ω")
    effect = Effect(
        "recoil of the atom", "The photon's momentum.", lambda *_: {"boost": 0.01}, lambda _: [fact]
    )
    monkeypatch.setitem(EFFECTS, "recoil", effect)
    assert (PAPERS.refined().boost, PAPERS.refined(recoil=False).boost) == (0.01, 0.0)
    assert Scenario.from_text(text).atom.boost == 0.01
    controls = Explorer(State()).controls
    for part in controls.more:
        part.collapsed = False  # what is folded is made then
    (field,) = [field for field in controls.fields if field.key == "effects"]
    assert field.widget.options["recoil of the atom"] == "recoil"
    assert "recoil=True" in to_python(State.of(effects=["recoil"]))
    assert fact in AtomSheet.compute(PAPERS).rows


def test_the_sheet_of_an_atom() -> None:
    from renp.results.atom import AtomSheet

    rows = {row[0]: row[1] for row in AtomSheet.compute(PAPERS).rows}
    assert rows["w_T"] == relative(1.5, rel=1e-12)
    assert rows["rate with all states / with |v⟩ alone, at E_eg/2"] == pytest.approx(0.1856, abs=1e-4)
    assert rows["Γ_0, published"] == 0.002


@pytest.mark.slow
def test_what_the_papers_leave_out() -> None:
    """Counts fall by hundreds in ytterbium, and limits on moments improve; xenon loses a factor of 25."""
    from renp.papers.real_atoms import atom_row, mediator_limits

    papers, full = (atom_row("Yb", which) for which in ("papers", "full"))
    assert papers.counts > 100 * full.counts
    ratio = full.worst["magnetic-moment"] / papers.worst["magnetic-moment"]
    assert ratio == relative(0.634, rel=0.01)
    assert np.isinf(mediator_limits("Yb", "full")["scalar mediator"])
    xenon = atom_row("Xe", "full")
    assert xenon.counts == relative(0.0395 * atom_row("Xe", "papers").counts, rel=0.01)
