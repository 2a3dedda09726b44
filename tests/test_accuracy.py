"""Every pair's spectrum against 50-digit arithmetic, at every distance from every threshold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import renp
from cases import random_couplings
from oracles import multiprecision as exact
from relative import relative
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.kinematics import FIRST, SECOND, exact_threshold, excess
from renp.formula.master_formula import components

TOLERANCE = 1e-14
MASSES = [0.0, 1e-6, 1e-3, 0.01, 0.05, 0.1, 0.2]
DETUNINGS = np.concatenate([[1.0, 0.5], np.logspace(-1, -15, 43)])
ATOMS = {name: renp.Atom.named(name) for name in ("Yb", "Xe", "Ba")}


def neutrinos(mass: float, ordering: str, nature: str = "dirac") -> renp.Neutrinos:
    return renp.Neutrinos(mass, ordering=ordering, nature=nature, majorana_phases=(0.3, -1.2))


def detuned(atom: renp.Atom, nu: renp.Neutrinos) -> np.ndarray:
    """Photon energies at the relative detunings from each threshold."""
    edges = np.unique(np.asarray(renp.thresholds(atom, nu)))
    return np.unique(np.outer(edges, 1 - DETUNINGS))


def worst_error(atom: renp.Atom, nu: renp.Neutrinos, couplings: dict, omega: np.ndarray, found) -> float:
    """Largest relative error of any pair's contribution, by component."""
    worst = 0.0
    for k, w in enumerate(omega):
        expected = exact.spectrum(
            atom.E_eg,
            atom.E_vg,
            w,
            [float(m) for m in nu.masses],
            {kind: np.asarray(matrix) for kind, matrix in couplings.items()},
            majorana=nu.nature == "majorana",
            g_fermi=FERMI_CONSTANT,
            bohr_magneton=BOHR_MAGNETON,
        )
        for part in (0, 1):
            for i, j in np.ndindex(3, 3):
                value, true = float(found[part][i, j, k]), expected[part][i][j]
                if true == 0:
                    assert value == 0
                else:
                    worst = max(worst, abs(float((exact.MP.mpf(value) - true) / true)))
    return worst


@pytest.mark.sampled
@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize("name", ATOMS)
def test_all_pairs_at_all_detunings(name: str, ordering: str) -> None:
    rng = np.random.default_rng(11)
    atom = ATOMS[name]
    for mass in MASSES:
        nu = neutrinos(mass, ordering)
        couplings = random_couplings(rng)
        omega = rng.choice(detuned(atom, nu), 60, replace=False)
        found = components(jnp.asarray(omega), atom, nu, renp.Couplings(**couplings))
        assert worst_error(atom, nu, couplings, omega, found) <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_all_pairs_at_all_detunings_thoroughly(nature: str) -> None:
    rng = np.random.default_rng(12)
    for atom in ATOMS.values():
        for ordering in ("normal", "inverted"):
            for mass in [*MASSES, *rng.uniform(0, 0.2, 5)]:
                nu = neutrinos(float(mass), ordering, nature)
                couplings = random_couplings(rng)
                omega = detuned(atom, nu)
                found = components(jnp.asarray(omega), atom, nu, renp.Couplings(**couplings))
                assert worst_error(atom, nu, couplings, omega, found) <= TOLERANCE


@pytest.mark.slow
def test_constants_of_a_compiled_function_cost_no_digits() -> None:
    """A compiler may reassociate what it knows: here it knows the atom, the masses and the couplings."""
    rng = np.random.default_rng(13)
    atom, nu, couplings = ATOMS["Yb"], neutrinos(0.01, "normal"), random_couplings(rng)
    model = renp.Couplings(**couplings)
    omega = detuned(atom, nu)[::5]
    found = jax.jit(lambda w: components(w, atom, nu, model))(jnp.asarray(omega))
    assert worst_error(atom, nu, couplings, omega, found) <= TOLERANCE
    all_known = jax.jit(lambda: components(jnp.asarray(omega), atom, nu, model))()
    assert worst_error(atom, nu, couplings, omega, all_known) <= TOLERANCE


def test_scalars_and_batches_cost_no_digits() -> None:
    rng = np.random.default_rng(14)
    atom, nu, couplings = ATOMS["Yb"], neutrinos(0.01, "normal"), random_couplings(rng)
    model = renp.Couplings(**couplings)
    omega = detuned(atom, nu)[::9]
    one = jax.jit(jax.vmap(lambda w: components(w[None], atom, nu, model)))(jnp.asarray(omega))
    found = [np.moveaxis(np.asarray(part)[..., 0], 0, -1) for part in one]
    assert worst_error(atom, nu, couplings, omega, found) <= TOLERANCE


def distance(E_eg, omega, m_i, m_j):
    return excess(E_eg, exact_threshold(E_eg, E_eg, m_i, m_j), omega)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_excess_over_a_heavy_pair_has_all_digits(wrap) -> None:
    """Thresholds far below E_eg/2, where E_eg − 2ω is not exact."""
    rng = np.random.default_rng(15)
    for _ in range(300):
        E_eg, m_i, m_j = rng.uniform(1, 9), *rng.uniform(0, 0.45, 2)
        omega = float(exact.threshold(E_eg, m_i, m_j)) * (1 - 10 ** rng.uniform(-15, 0))
        true = exact.MP.mpf(E_eg) * (exact.MP.mpf(E_eg) - 2 * exact.MP.mpf(omega))
        true -= (exact.MP.mpf(m_i) + exact.MP.mpf(m_j)) ** 2
        found = wrap(distance)(*map(jnp.asarray, (E_eg, omega, m_i, m_j)))
        assert abs(float(found) - true) <= 4e-16 * abs(true)


def test_standard_model_and_moments_with_their_own_couplings() -> None:
    """The whole chain from sin²θ on, at the distance where plain arithmetic is wrong by 10⁻⁵."""
    atom, nu = ATOMS["Yb"], neutrinos(0.01, "normal")
    omega = float(renp.thresholds(atom, nu)[0, 0]) * (1 - 3e-15)
    U = np.asarray(nu.mixing_matrix)
    a = np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    mu = np.diag([3e-11 * BOHR_MAGNETON, 0, 0])
    model = renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11})
    found = components(jnp.array([omega]), atom, nu, model)
    couplings = {"V": a / 2, "A": -a / 2, "mu": mu}
    assert worst_error(atom, nu, couplings, np.array([omega]), found) <= TOLERANCE


def test_photon_energies_beyond_every_threshold_give_zero() -> None:
    atom = ATOMS["Yb"]
    for mass in MASSES:
        nu = neutrinos(mass, "normal")
        top = float(renp.thresholds(atom, nu).max())
        beyond = np.array([top * (1 + 1e-15), top * 1.001, atom.E_eg / 2, 1.5, 2.2])
        assert np.all(np.asarray(renp.spectral_function(beyond, atom, nu)) == 0)


@pytest.mark.parametrize("mass", MASSES)
def test_thresholds_are_those_of_50_digits(mass: float) -> None:
    atom, nu = ATOMS["Yb"], neutrinos(mass, "inverted")
    expected = np.array(exact.thresholds(atom.E_eg, [float(m) for m in nu.masses]), dtype=float)
    assert np.asarray(renp.thresholds(atom, nu)) == relative(expected, rel=1e-15)


def test_unordered_pairs_are_six() -> None:
    assert list(zip(FIRST, SECOND, strict=True)) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]


# Weight and second order of the components +, −, 0 for light of helicity 1, by J_e: docs/theory/two-steps.md.
WAVES = {0: ((3.0, 1), (0.0, 0), (0.0, 0)), 2: ((0.3, 1), (1.8, -1), (0.9, 1))}


def exact_waves(atom: renp.Atom, light: str, omega: float, m_i: float, m_j: float, c: dict) -> tuple:
    """Return T and L of one pair, as the forms stand, in fifty digits."""
    mpf, re, conj = exact.MP.mpf, exact.MP.re, exact.MP.conj
    w, E = mpf(omega), mpf(float(atom.E_eg))
    levels = [(mpf(float(atom.E_vg)), 1), *((mpf(float(E_v)), mpf(float(x))) for E_v, x in atom.states)]
    first, second = (sum(x / gap(E_v) for E_v, x in levels) for gap in (lambda e: e - w, lambda e: e - E + w))
    q2, plus, minus = exact.invariants(float(atom.E_eg), omega, m_i, m_j)
    total, difference, energy = mpf(m_i) + mpf(m_j), mpf(m_i) - mpf(m_j), E - w
    V, A, s, p, mu, eps, F, G = (exact.MP.mpc(c[kind]) for kind in exact.KINDS)
    strength = mpf(float(atom.orbit)) * mpf(BOHR_MAGNETON) / (exact.MP.sqrt(2) * mpf(FERMI_CONSTANT))

    def square(z):
        return re(z) ** 2 + exact.MP.im(z) ** 2

    def form(r):
        v, a, m, e = first * V + r * F, first * A + r * G, r * mu, r * eps
        of_v = (2 + plus) * square(v) + 6 * total * re(v * conj(m)) + q2 * (1 + 2 * plus) * square(m)
        of_a = (2 + minus) * square(a) + 6 * difference * re(a * conj(e)) + q2 * (1 + 2 * minus) * square(e)
        return (1 - minus) * of_v + (1 - plus) * of_a

    helicities = {"left": (-1,), "right": (1,), "linear": (-1, 1)}[light]
    up, down, along = WAVES[atom.levels[0].J]
    T = L = mpf(0)
    for helicity in helicities:
        share = helicity * strength / q2
        for sign, (weight, b) in ((1, up), (-1, down)):
            T += mpf(weight) * q2 / 9 * form(-sign * share * (w * first + b * energy * second))
        density = (1 - plus) * square(s + V * difference / q2) + (1 - minus) * square(p + A * total / q2)
        current = energy**2 / 9 * form(-share * along[1] * second * q2 / energy)
        L += mpf(along[0]) * (current + w**2 * q2 / 3 * density * first**2)
    delta = exact.phase_space(float(atom.E_eg), omega, m_i, m_j)
    return tuple(delta * part / len(helicities) for part in (T, L))


@pytest.mark.sampled
@pytest.mark.parametrize("light", ["linear", "left", "right"])
@pytest.mark.parametrize("name", ["Yb", "Xe"])
def test_both_orders_and_helicities_at_all_detunings(name: str, light: str) -> None:
    rng = np.random.default_rng(17)
    atom = ATOMS[name].refined(polarisation=light)
    for mass in (0.0, 0.01, 0.2):
        nu = neutrinos(mass, "normal")
        couplings = random_couplings(rng)
        omega = rng.choice(detuned(atom, nu), 60, replace=False)
        found = components(jnp.asarray(omega), atom, nu, renp.Couplings(**couplings))
        worst = 0.0
        for k, w in enumerate(omega):
            for i, j in np.ndindex(3, 3):
                m_i, m_j = float(nu.masses[i]), float(nu.masses[j])
                if not exact.is_open(float(atom.E_eg), w, m_i, m_j):
                    assert found.transverse[i, j, k] == found.longitudinal[i, j, k] == 0
                    continue
                one = {kind: complex(x[i, j]) for kind, x in couplings.items()}
                for part, true in zip(found, exact_waves(atom, light, float(w), m_i, m_j, one), strict=True):
                    error = exact.MP.mpf(float(part[i, j, k])) - true
                    worst = max(worst, abs(float(error / true)) if true else abs(float(error)))
        assert worst <= TOLERANCE
