"""What must always hold, for any neutrinos and couplings."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import renp
from cases import KINDS, SIZES, random_couplings
from relative import relative
from renp.formula.kinematics import kinematics, masses_of_pair
from renp.formula.master_formula import _strengths, components
from renp.formula.pair_elements import elements, present
from renp.interactions.completion import complete, independent_elements
from renp.interactions.couplings import MAJORANA_SIGN
from renp.interactions.rotation import to_mass_basis

YB = renp.Atom.named("Yb")
STRENGTHS = jax.jit(
    lambda pair, own: jax.tree.leaves(
        _strengths(pair, own, jnp.array(0.7), [jnp.array(0.3), jnp.array(-0.2)])
    )
)
ordinary = settings(max_examples=60)

masses = st.floats(0, 0.2)
phases = st.floats(-6, 6)
angles = st.floats(0.0, 1.0)
natures = st.sampled_from(["dirac", "majorana"])
orderings = st.sampled_from(["normal", "inverted"])
seeds = st.integers(0, 2**32 - 1)
omegas = st.one_of(st.floats(0.01, 2.2), st.floats(1.02, 1.0718))


@st.composite
def neutrinos(draw: Any, nature: Any = natures) -> renp.Neutrinos:
    return renp.Neutrinos(
        draw(masses),
        ordering=draw(orderings),
        nature=draw(nature) if not isinstance(nature, str) else nature,
        majorana_phases=(draw(phases), draw(phases)),
        sin2_theta12=draw(angles),
        sin2_theta13=draw(angles),
        sin2_theta23=draw(angles),
        delta_cp=draw(phases),
    )


def pairs(omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    return np.asarray(renp.spectral_function(omega, YB, nu, model, by_pair=True))


def any_couplings(seed: int, kinds: tuple[str, ...] = KINDS) -> renp.Couplings:
    return renp.Couplings(**random_couplings(np.random.default_rng(seed), kinds))


def effective_couplings(nu: renp.Neutrinos, seed: int) -> renp.Couplings:
    """Return any couplings that these neutrinos may have."""
    found = any_couplings(seed)
    return found.majorana() if nu.nature == "majorana" else found


@ordinary
@given(neutrinos(), omegas, seeds)
def test_every_component_of_every_pair_is_positive(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    parts = components(jnp.array([omega]), YB, nu, any_couplings(seed))
    assert np.all(np.asarray(parts) >= 0)
    assert np.all(np.isfinite(np.asarray(parts)))


LIT = {
    (name, light): renp.Atom.named(name).refined(polarisation=light)
    for name in ("Yb", "Xe")
    for light in ("left", "right", "linear")
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["Yb", "Xe"])
@ordinary
@given(neutrinos(), st.floats(0.001, 0.9999), seeds)
def test_rates_in_light_of_both_helicities_are_positive_and_add_up(
    name: str, nu: renp.Neutrinos, share: float, seed: int
) -> None:
    """For any couplings, pair by pair; linear light is half of each."""
    model = any_couplings(seed) if nu.nature == "dirac" else effective_couplings(nu, seed)
    found = {
        light: np.asarray(renp.spectral_function(share * atom.E_eg / 2, atom, nu, model, by_pair=True))
        for (of, light), atom in LIT.items()
        if of == name
    }
    assert np.all(found["left"] >= 0)
    assert np.all(found["right"] >= 0)
    assert (found["left"] + found["right"]) / 2 == relative(found["linear"], rel=1e-12)


@ordinary
@given(neutrinos(), omegas, seeds)
def test_pairs_sum_to_the_total(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    model = effective_couplings(nu, seed)
    total = float(renp.spectral_function(omega, YB, nu, model))
    assert pairs(omega, nu, model).sum() == relative(total, rel=1e-14)


@ordinary
@given(neutrinos(), omegas)
def test_pairs_are_closed_exactly_beyond_their_threshold(nu: renp.Neutrinos, omega: float) -> None:
    edges = np.asarray(renp.thresholds(YB, nu))
    found = pairs(omega, nu, renp.Couplings(A=np.ones((3, 3))))
    clear = np.abs(edges - omega) > 1e-14
    assert np.array_equal((found > 0)[clear], (omega < edges)[clear])


@ordinary
@given(neutrinos())
def test_thresholds_are_symmetric_and_fall_with_the_masses(nu: renp.Neutrinos) -> None:
    edges = np.asarray(renp.thresholds(YB, nu))
    assert np.array_equal(edges, edges.T)
    order = np.argsort(np.asarray(nu.masses))
    assert np.all(np.diff(edges[np.ix_(order, order)], axis=0) <= 0)
    assert np.all(edges <= YB.E_eg / 2)


@pytest.mark.slow
@ordinary
@given(neutrinos("dirac"), omegas, seeds)
def test_hermitian_couplings_make_ij_and_ji_equal(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(6, 3, 3)) + 1j * rng.normal(size=(6, 3, 3))
    left, scalar, mu, charge, eps, anapole = x + np.swapaxes(x.conj(), 1, 2)
    model = (
        renp.Weak()
        + renp.VectorMediator(2.5, 1e-12, left=1e-12 * left)
        + renp.ScalarMediator(2.5, 1e-9, scalar=1e-9 * scalar)
        + renp.MagneticMoment(1e-11 * mu)
        + renp.Charge(1e-17 * charge)
        + renp.ElectricMoment(1e-11 * eps)
        + renp.Anapole(1e-26 * anapole)
    )
    found = pairs(omega, nu, model)
    assert found == pytest.approx(found.T, rel=1e-11, abs=1e-300)


@ordinary
@given(neutrinos())
def test_mixing_matrix_is_unitary_and_weak_couplings_sum_to_three_quarters(nu: renp.Neutrinos) -> None:
    U = np.asarray(nu.mixing_matrix)
    assert pytest.approx(np.eye(3), abs=4e-15) == U.conj().T @ U
    a = np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    assert np.sum(np.abs(a) ** 2) == pytest.approx(0.75, abs=1e-14)
    V, A = (np.asarray(getattr(renp.Weak().couplings(nu, 1.0), name)) for name in "VA")
    if nu.nature == "dirac":
        assert pytest.approx(a / 2, abs=1e-15) == V
        assert pytest.approx(-a / 2, abs=1e-15) == A
    else:
        assert pytest.approx(1j * a.imag, abs=1e-15) == V
        assert pytest.approx(-a.real, abs=1e-15) == A


@pytest.mark.slow
@ordinary
@given(neutrinos("dirac"), omegas, seeds)
def test_parity_exchanges_x_plus_and_x_minus(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    """V↔A, s↔p, μ↔ε, F↔G with m_j → −m_j: seen by exchanging the couplings' roles and the sign."""
    c = any_couplings(seed)
    exchanged = renp.Couplings(V=c.A, A=c.V, s=c.p, p=c.s, mu=c.eps, eps=c.mu, F=c.G, G=c.F)
    ordered = tuple(((i, j),) for i in range(3) for j in range(3))
    direct, other = (elements(present(x, nu, jnp.array(0.1)), ordered) for x in (c, exchanged))
    for ((i, j),), own, swapped in zip(ordered, direct, other, strict=True):
        pair = kinematics(jnp.array(omega), masses_of_pair(nu.masses[i], nu.masses[j], YB.E_eg), YB.E_eg)
        mirrored = pair._replace(
            x_plus=pair.x_minus,
            x_minus=pair.x_plus,
            one_minus_x_plus=pair.one_minus_x_minus,
            one_minus_x_minus=pair.one_minus_x_plus,
            mass_sum=pair.mass_difference,
            mass_difference=pair.mass_sum,
        )
        assert np.stack(STRENGTHS(pair, own)) == relative(np.stack(STRENGTHS(mirrored, swapped)), rel=1e-13)


@ordinary
@given(masses, omegas, st.sampled_from([(1, 1), (2, 2), (3, 3)]))
def test_massless_limit_makes_magnetic_and_electric_equal(mass: float, omega: float, element: Any) -> None:
    massless = renp.Neutrinos(0.0, dm2_21=1e-300, dm2_31=2e-300)
    mu, eps = (
        pairs(omega, massless, moment({element: 1e-11}))
        for moment in (renp.MagneticMoment, renp.ElectricMoment)
    )
    assert mu == relative(eps, rel=1e-14)
    massive = renp.Neutrinos(mass)
    mu, eps = (
        pairs(omega, massive, moment({element: 1e-11}))
        for moment in (renp.MagneticMoment, renp.ElectricMoment)
    )
    assert np.all(mu >= eps * (1 - 1e-14))


@pytest.mark.slow
@ordinary
@given(neutrinos(), omegas, seeds)
def test_amplitudes_add_and_rates_are_quadratic(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    """Parallelogram law: I(x + y) + I(x − y) = 2 I(x) + 2 I(y), for any couplings x, y."""
    x, y = effective_couplings(nu, seed), effective_couplings(nu, seed + 1)
    minus_y = jax.tree.map(jnp.negative, y)
    total = [float(renp.spectral_function(omega, YB, nu, model)) for model in (x + y, x + minus_y, x, y)]
    assert total[0] + total[1] == relative(2 * total[2] + 2 * total[3], rel=1e-12)


@pytest.mark.slow
@ordinary
@given(neutrinos(), omegas, seeds)
def test_adding_interactions_adds_their_couplings(nu: renp.Neutrinos, omega: float, seed: int) -> None:
    parts = [renp.Weak(), effective_couplings(nu, seed), renp.ElectricMoment({(1, 2): 2e-11j})]
    summed = parts[0].couplings(nu, 0.1).plus(parts[1]).plus(parts[2].couplings(nu, 0.1))
    model = parts[0] + parts[1] + parts[2]
    assert pairs(omega, nu, model) == relative(pairs(omega, nu, summed), rel=1e-13)
    backwards = parts[2] + (parts[1] + parts[0])
    assert pairs(omega, nu, model) == relative(pairs(omega, nu, backwards), rel=1e-13)


@ordinary
@given(neutrinos("dirac"), omegas)
def test_an_off_diagonal_element_counts_twice(nu: renp.Neutrinos, omega: float) -> None:
    found = pairs(omega, nu, renp.MagneticMoment({(1, 3): 1e-11}))
    assert found[0, 2] == found[2, 0]
    assert found.sum() == relative(2 * found[0, 2], rel=1e-15)
    mirrored = pairs(omega, nu, renp.MagneticMoment({(3, 1): 1e-11}))
    assert found == relative(mirrored, rel=1e-15)


@ordinary
@given(neutrinos("majorana"), omegas, st.floats(0.1, 10))
def test_a_majorana_moment_is_one_ordered_pair_of_dirac(
    nu: renp.Neutrinos, omega: float, size: float
) -> None:
    """L(10): the amplitudes are equal, and Majorana pairs are counted once."""
    moment = renp.MagneticMoment({(1, 2): size * 1e-11})
    dirac = renp.Neutrinos(
        nu.lightest_mass, nu.ordering, sin2_theta12=nu.sin2_theta12, sin2_theta13=nu.sin2_theta13
    )
    majorana = float(renp.spectral_function(omega, YB, nu, moment))
    assert 2 * majorana == relative(float(renp.spectral_function(omega, YB, dirac, moment)), rel=1e-13)


@ordinary
@given(neutrinos("majorana"), omegas)
def test_majorana_equals_dirac_without_masses(nu: renp.Neutrinos, omega: float) -> None:
    """Left-handed currents of massless neutrinos do not know the nature."""
    same = {"sin2_theta12": nu.sin2_theta12, "sin2_theta13": nu.sin2_theta13, "delta_cp": nu.delta_cp}
    tiny = {"dm2_21": 1e-300, "dm2_31": 2e-300}
    model = renp.Weak() + renp.VectorMediator(2.5, 1e-12, left={(1, 2): 1e-12j, (1, 1): 2e-12})
    found = [
        float(renp.spectral_function(omega, YB, renp.Neutrinos(0.0, nature=nature, **same, **tiny), model))
        for nature in ("dirac", "majorana")
    ]
    assert found[0] == relative(found[1], rel=1e-13)


@ordinary
@given(seeds)
def test_majorana_effective_couplings_have_their_symmetry(seed: int) -> None:
    effective = any_couplings(seed).majorana()
    for name in KINDS:
        x = np.asarray(effective.get(name))
        assert np.array_equal(x.T, MAJORANA_SIGN[name] * x)
        assert np.max(np.abs(x)) < 100 * SIZES[name]


@ordinary
@given(neutrinos("dirac"), omegas, st.lists(phases, min_size=3, max_size=3), seeds)
def test_dirac_fields_absorb_phases(nu: renp.Neutrinos, omega: float, angle: list, seed: int) -> None:
    phase = np.exp(1j * np.array(angle))
    given_couplings = random_couplings(np.random.default_rng(seed))
    rephased = {name: x * np.outer(phase.conj(), phase) for name, x in given_couplings.items()}
    found = [pairs(omega, nu, renp.Couplings(**c)) for c in (given_couplings, rephased)]
    assert found[0] == relative(found[1], rel=1e-12)


@pytest.mark.slow
@ordinary
@given(neutrinos(), omegas, phases)
def test_flavour_coupling_to_electron_neutrinos_rescales_the_charged_current(
    nu: renp.Neutrinos, omega: float, g: float
) -> None:
    """g_L = diag(1, 0, 0) in the flavour basis has the very structure of the charged current."""
    from renp.constants import FERMI_CONSTANT

    q2 = YB.E_eg * (YB.E_eg - 2 * omega)
    mass = 3.0  # above every q², so that there is no pole
    kappa = 1e-22 * g / (2**0.5 * FERMI_CONSTANT * (q2 - mass**2))
    model = renp.Weak() + renp.VectorMediator(mass, 1e-11, left={(1, 1): 1e-11 * g}, basis="flavour")
    U = np.asarray(nu.mixing_matrix)
    a = (1 + kappa) * np.outer(U[0], U[0].conj()) - np.eye(3) / 2
    expected = renp.Couplings(V=a / 2, A=-a / 2)
    expected = expected.majorana() if nu.nature == "majorana" else expected
    assert pairs(omega, nu, model) == pytest.approx(pairs(omega, nu, expected), rel=1e-9, abs=1e-12)


@pytest.mark.slow
@ordinary
@given(neutrinos("majorana"), omegas, seeds)
def test_right_handed_majorana_currents_are_left_handed_ones(
    nu: renp.Neutrinos, omega: float, seed: int
) -> None:
    """ν̄ γ P_R g ν = −ν̄ γ P_L gᵀ ν for Majorana fields, in either basis."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    g = 1e-12 * (x + x.conj().T)
    for basis in ("mass", "flavour"):
        right = renp.Weak() + renp.VectorMediator(3.0, 1e-12, right=g, basis=basis)
        left = renp.Weak() + renp.VectorMediator(3.0, 1e-12, left=-g.T, basis=basis)
        assert pairs(omega, nu, right) == pytest.approx(pairs(omega, nu, left), rel=1e-10, abs=1e-14)


@ordinary
@given(neutrinos("dirac"), seeds)
def test_rotation_keeps_traces(nu: renp.Neutrinos, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(3, 3))
    rotated = np.asarray(to_mass_basis(jnp.asarray(x), nu))
    assert np.trace(rotated) == pytest.approx(np.trace(x), abs=1e-13)
    assert np.linalg.norm(rotated) == relative(np.linalg.norm(x), rel=1e-13)


@ordinary
@given(seeds, st.sampled_from(["hermitian", "symmetric", "antisymmetric"]))
def test_completion_returns_the_full_matrix(seed: int, symmetry: Any) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    full = {"hermitian": x + x.conj().T, "symmetric": x + x.T, "antisymmetric": x - x.T}[symmetry]
    assert np.asarray(complete(independent_elements("m", full), symmetry)) == relative(full, rel=1e-15)
    lower = {(i, j): full[i - 1, j - 1] for i in (1, 2, 3) for j in range(1, i + 1)}
    assert np.asarray(complete(independent_elements("m", lower), symmetry)) == relative(full, rel=1e-15)
