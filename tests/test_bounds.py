"""Effective moments L(2), L(3), what follows from limits on them, and the catalogue."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import renp
from relative import relative
from renp.bounds import (
    UNITS,
    blind_directions,
    borexino_table,
    catalogue,
    coherent_notes_moment,
    element_limits,
    flavour_moment,
    flavour_square,
    moment_basis,
    quadratic_form,
    solar_moment,
    solar_square,
    solar_weights,
    stellar_moment,
    stellar_square,
    xenonnt_notes_moment,
)
from renp.constants import FERMI_CONSTANT, HBAR_C
from renp.interactions.couplings import ElectronCoupling
from renp.interactions.rotation import to_mass_basis
from renp.results.bounds import Bounds

NU = renp.Neutrinos(0.01, delta_cp=3.7)
MAJORANA = renp.Neutrinos(0.01, nature="majorana", delta_cp=3.7, majorana_phases=(0.8, 2.1))
INVERTED = renp.Neutrinos(0.01, ordering="inverted")
YB = renp.Atom.named("Yb")
PROBABILITY_1 = 1 - 1e-12


def random_hermitian(seed: int) -> jnp.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    return jnp.asarray(x + x.conj().T)


def random_antisymmetric(seed: int) -> jnp.ndarray:
    """Hermitian and antisymmetric: the moments of Majorana neutrinos."""
    x = np.random.default_rng(seed).normal(size=(3, 3))
    return 1j * jnp.asarray(x - x.T)


MU, EPS = random_hermitian(1), random_hermitian(2)
ROWS = [NU.mixing_matrix[alpha] for alpha in range(3)]


@pytest.mark.parametrize("alpha", [0, 1, 2])
def test_L2_effective_moment_of_a_flavour(alpha: int) -> None:
    """Written out; U stands for the letter's U*, as its a_ij = U_ei U_ej* asks for."""
    U, total = NU.mixing_matrix, 0.0
    for j in range(3):
        total += abs(sum(U[alpha, k] * (MU[j, k] - 1j * EPS[j, k]) for k in range(3))) ** 2
    assert float(flavour_moment(MU, EPS, U[alpha])) == relative(math.sqrt(total), rel=1e-14)


@pytest.mark.parametrize("alpha", [0, 1, 2])
@pytest.mark.parametrize("neutrinos", [NU, MAJORANA])
def test_L2_in_the_flavour_basis_has_no_mixing(neutrinos: renp.Neutrinos, alpha: int) -> None:
    """A matrix given in the flavour basis, rotated as mediators are, loses U: this tells U from U*."""
    U = neutrinos.mixing_matrix
    mu, eps = (U.T @ x @ U.conj() for x in (MU, EPS))
    expected = np.linalg.norm(np.asarray(MU - 1j * EPS)[:, alpha])
    assert float(flavour_moment(mu, eps, U[alpha])) == relative(expected, rel=1e-13)
    if neutrinos.nature == "dirac":
        assert np.asarray(mu) == pytest.approx(np.asarray(to_mass_basis(MU, neutrinos)), abs=1e-13)
        assert float(flavour_moment(mu, eps, U[alpha].conj())) != relative(expected, rel=1e-3)


def test_L2_has_the_sign_of_left_handed_neutrinos() -> None:
    """(μ + iε γ5) on the left-handed spinor is μ − iε, on the right-handed one μ + iε."""
    gamma5 = np.diag([-1, -1, 1, 1])
    vertex = 0.3 * np.eye(4) + 0.7j * gamma5
    for sign, projector in ((-1, (np.eye(4) - gamma5) / 2), (1, (np.eye(4) + gamma5) / 2)):
        assert vertex @ projector == relative((0.3 + sign * 0.7j) * projector, rel=1e-12)


def test_L2_does_not_depend_on_the_phases_of_mass_eigenstates() -> None:
    phases = jnp.exp(1j * jnp.array([0.4, -1.3, 2.9]))
    rotated = [phases[:, None] * x * phases.conj() for x in (MU, EPS)]
    weights = solar_weights(NU)
    for row in ROWS:
        found = flavour_moment(*rotated, row * phases)
        assert float(found) == relative(float(flavour_moment(MU, EPS, row)), rel=1e-14)
    assert float(solar_moment(*rotated, weights)) == relative(
        float(solar_moment(MU, EPS, weights)), rel=1e-14
    )
    assert float(stellar_moment(*rotated)) == relative(float(stellar_moment(MU, EPS)), rel=1e-14)


@pytest.mark.parametrize("row", ROWS)
def test_L2_is_the_same_for_antineutrinos(row: jnp.ndarray) -> None:
    """For every pair of hermitian matrices, whatever CP does; for antisymmetric ones as well."""
    for mu, eps in ((MU, EPS), (random_antisymmetric(3), random_antisymmetric(4))):
        neutrino, antineutrino = (flavour_moment(mu, eps, row, anti) for anti in (False, True))
        assert float(antineutrino) == relative(float(neutrino), rel=1e-14)


def test_L2_for_antineutrinos_needs_the_transposed_matrix() -> None:
    """Without transposing, (μ + iε)_jk U*_k agrees where all matrices are real, and not in general."""
    row = ROWS[0]

    def untransposed(mu: Any, eps: Any, row: Any) -> float:
        return float(jnp.linalg.norm((mu + 1j * eps) @ row.conj()))

    assert untransposed(MU, EPS, row) != relative(float(flavour_moment(MU, EPS, row)), rel=1e-3)
    real = (jnp.real(MU), jnp.real(EPS), jnp.real(row))
    assert untransposed(*real) == relative(float(flavour_moment(*real)), rel=1e-14)
    for anti in (False, True):
        assert untransposed(*real) == relative(float(flavour_moment(*real, anti)), rel=1e-14)


def test_L3_stellar_moment() -> None:
    expected = sum(abs(MU[i, j]) ** 2 + abs(EPS[i, j]) ** 2 for i in range(3) for j in range(3))
    assert float(stellar_moment(MU, EPS)) ** 2 == relative(float(expected), rel=1e-14)


def test_L3_counts_pairs_as_the_rate_of_RENP_does() -> None:
    """One off-diagonal moment emits half as many Majorana as Dirac pairs, from stars and from atoms."""
    moment = renp.MagneticMoment({(1, 2): 1j})
    dirac, majorana = (float(renp.spectral_function(1.0, YB, nu, moment)) for nu in (NU, MAJORANA))
    mu = jnp.zeros((3, 3), dtype=complex).at[0, 1].set(1j).at[1, 0].set(-1j)
    ratio = stellar_square(mu, 0 * mu, majorana=True) / stellar_square(mu, 0 * mu)
    assert float(ratio) == relative(majorana / dirac, rel=1e-13)


@pytest.mark.parametrize("entry", borexino_table(NU), ids=lambda entry: entry.element)
def test_borexinos_limits_in_the_mass_basis(entry: Any) -> None:
    message = f"{entry.element}: published {entry.published:.3g}, computed {entry.computed:.3g} μ_B"
    assert entry.ratio == pytest.approx(1, abs=0.05), f"{message}, ratio {entry.ratio:.3f}"


def test_no_element_can_be_limited_below_the_effective_moment() -> None:
    """The letter prints 2.7e-11 for element 12 beside 2.8e-11 for the effective moment: it cannot be."""
    for energy in (0.0, 0.4e6, 10e6):
        weights = solar_weights(NU, energy)
        limits = element_limits(2.8e-11, lambda mu, eps, w=weights: solar_square(mu, eps, w))
        assert min(limits.values()) > 2.8e-11 * PROBABILITY_1


def test_limits_on_elements_of_majorana_neutrinos() -> None:
    weights = solar_weights(MAJORANA)
    limits = element_limits(1.0, lambda mu, eps: solar_square(mu, eps, weights), "majorana")
    p1, p2, p3 = (float(p) for p in weights)
    expected = {"12": p1 + p2, "13": p1 + p3, "23": p2 + p3}
    assert limits == relative({name: p**-0.5 for name, p in expected.items()}, rel=1e-14)


@pytest.mark.parametrize("neutrinos", [NU, INVERTED, MAJORANA])
@pytest.mark.parametrize("energy", [0.0, 0.3e6, 0.862e6, 10e6, 1e12])
def test_solar_weights_are_probabilities(neutrinos: renp.Neutrinos, energy: float) -> None:
    weights = np.asarray(solar_weights(neutrinos, energy))
    assert np.all((weights >= 0) & (weights <= 1))
    assert weights.sum() == pytest.approx(1, abs=1e-15)


def test_solar_weights_in_their_limits() -> None:
    vacuum = np.abs(np.asarray(NU.mixing_matrix[0])) ** 2
    assert np.asarray(solar_weights(NU)) == pytest.approx(vacuum, abs=1e-15)
    assert np.asarray(solar_weights(NU, 1e-3)) == pytest.approx(vacuum, abs=1e-9)
    assert np.asarray(solar_weights(NU, 1e6, electron_density=0.0)) == pytest.approx(vacuum, abs=1e-15)
    dense = np.asarray(solar_weights(NU, 1e12))
    assert dense == pytest.approx([0, 1 - NU.sin2_theta13, NU.sin2_theta13], abs=1e-9)


@pytest.mark.parametrize("energy", [0.3e6, 0.862e6, 3e6, 10e6])
def test_solar_weights_against_the_hamiltonian_of_three_flavours(energy: float) -> None:
    """Eigenvectors at the Sun's centre; the formula leaves out what matter does to θ13, 0.3 % at 10 MeV."""
    U = np.asarray(NU.mixing_matrix)
    m2 = np.asarray(NU.masses) ** 2
    potential = 2**0.5 * FERMI_CONSTANT * 100 * 6.02214076e23 * HBAR_C**3
    _, vectors = np.linalg.eigh(U @ np.diag(m2) @ U.conj().T / (2 * energy) + potential * np.diag([1, 0, 0]))
    assert np.asarray(solar_weights(NU, energy)) == pytest.approx(np.abs(vectors[0]) ** 2, abs=4e-3)


def test_boron_neutrinos_survive_as_observed() -> None:
    """About a third of them: P_ee = Σ_k |U_ek|² P_k."""
    survival = float(jnp.abs(NU.mixing_matrix[0]) ** 2 @ solar_weights(NU, 10e6))
    assert 0.28 < survival < 0.36


def test_notes_for_solar_neutrinos_are_the_incoherent_sum() -> None:
    weights = solar_weights(NU)
    assert float(xenonnt_notes_moment(MU, EPS, weights)) == relative(
        float(solar_moment(MU, EPS, weights)), rel=1e-14
    )


@pytest.mark.parametrize("row", ROWS)
def test_notes_for_one_flavour_are_L2(row: jnp.ndarray) -> None:
    for mu, eps in ((MU, EPS), (random_antisymmetric(5), random_antisymmetric(6))):
        found = coherent_notes_moment(mu, eps, row)
        assert float(found) == relative(float(flavour_moment(mu, eps, row)), rel=1e-13)


def test_incoherent_and_coherent_moments_differ_for_two_elements_only() -> None:
    one = jnp.zeros((3, 3)).at[0, 1].set(1.0).at[1, 0].set(1.0)
    two = one.at[0, 0].set(1.0)
    zero, row, weights = jnp.zeros((3, 3)), ROWS[0], solar_weights(NU)
    alone = [float(flavour_moment(one, zero, row)), float(solar_moment(one, zero, weights))]
    both = [float(flavour_moment(two, zero, row)), float(solar_moment(two, zero, weights))]
    assert alone[0] == relative(alone[1], rel=1e-14)
    assert both[0] != relative(both[1], rel=0.01)


def of_flavours(*rows: jnp.ndarray) -> Any:
    return lambda mu, eps: sum(flavour_square(mu, eps, row) for row in rows)


@jax.jit
def renp_signal(mu: Any, eps: Any, neutrinos: renp.Neutrinos) -> Any:
    """I(ω) below all thresholds from moments in units of 10⁻¹¹ μ_B."""
    model = renp.MagneticMoment(1e-11 * mu) + renp.ElectricMoment(1e-11 * eps)
    return renp.spectral_function(1.068, YB, neutrinos, model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "nature", "count"),
    [
        (ROWS[:1], "dirac", 12),
        (ROWS[:2], "dirac", 6),
        (ROWS, "dirac", 0),
        (ROWS[:1], "majorana", 2),
        (ROWS[:2], "majorana", 0),
    ],
)
def test_blind_directions_of_scattering_are_seen_by_RENP(
    rows: list[jnp.ndarray], nature: str, count: int
) -> None:
    square = of_flavours(*rows)
    directions = blind_directions(square, nature)
    assert len(directions) == count
    neutrinos = NU if nature == "dirac" else MAJORANA
    unit = jnp.zeros((3, 3), dtype=complex).at[1, 2].set(1j / 2**0.5).at[2, 1].set(-1j / 2**0.5)
    least = min(float(renp_signal(*pair, neutrinos)) for pair in ((unit, 0 * unit), (0 * unit, unit)))
    for direction in directions:
        assert float(square(direction.mu, direction.eps)) < 1e-20
        assert float(renp_signal(direction.mu, direction.eps, neutrinos)) > 0.1 * least
        assert len(direction.description) > 5


def test_blind_directions_are_orthonormal() -> None:
    directions = blind_directions(of_flavours(ROWS[0]))
    flat = np.array([np.concatenate([d.mu.ravel(), d.eps.ravel()]) for d in directions])
    assert (flat.conj() @ flat.T).real == pytest.approx(np.eye(12), abs=1e-12)
    for direction in directions:
        for moments in (np.asarray(direction.mu), np.asarray(direction.eps)):
            assert moments == pytest.approx(moments.conj().T, abs=1e-14)


@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_stars_and_the_sun_leave_no_blind_direction(nature: str) -> None:
    weights = solar_weights(NU)
    assert blind_directions(stellar_square, nature) == ()
    assert blind_directions(lambda mu, eps: solar_square(mu, eps, weights), nature) == ()


def test_quadratic_form_is_the_square() -> None:
    theta = np.random.default_rng(7).normal(size=18)
    _, basis = moment_basis()
    mu, eps = np.einsum("n,nmij->mij", theta, np.asarray(basis))
    form = np.asarray(quadratic_form(of_flavours(ROWS[1])))
    expected = float(flavour_square(jnp.asarray(mu), jnp.asarray(eps), ROWS[1]))
    assert theta @ form @ theta == relative(expected, rel=1e-12)


@pytest.mark.slow
def test_gradients_of_effective_moments() -> None:
    def everything(x: Any) -> Any:
        nu = renp.Neutrinos(0.01, sin2_theta12=x["s12"], delta_cp=x["delta"], dm2_21=x["dm2"])
        weights = solar_weights(nu, x["energy"])
        mu, eps = x["size"] * MU, EPS
        scattered = flavour_moment(mu, eps, nu.mixing_matrix[1]) + coherent_notes_moment(mu, eps, ROWS[0])
        return scattered + solar_moment(mu, eps, weights) + stellar_moment(mu, eps)

    point = {"s12": 0.31, "delta": 3.7, "dm2": 7.5e-5, "energy": 2e6, "size": 0.7}
    gradient = jax.grad(everything)(point)
    for name, value in point.items():
        h = 1e-3 * value
        f = [float(everything(point | {name: value + n * h})) for n in (-2, -1, 1, 2)]
        expected = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        assert float(gradient[name]) == pytest.approx(expected, rel=1e-8, abs=1e-14)


def test_gradients_are_finite_without_a_moment() -> None:
    zero, row, weights = jnp.zeros((3, 3)), ROWS[0], solar_weights(NU)
    for moment in (
        lambda mu: flavour_moment(mu, zero, row),
        lambda mu: solar_moment(mu, zero, weights),
        lambda mu: stellar_moment(mu, zero),
    ):
        assert np.all(np.asarray(jax.jit(jax.grad(moment))(zero)) == 0)


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.key)
def test_catalogue_entry_is_well_formed(entry: Any) -> None:
    assert entry.kind in UNITS
    assert len(entry.reference) > 5
    assert 0.5 < entry.confidence_level < 1
    given = [entry.limit is not None, entry.interval is not None, bool(entry.elements)]
    assert sum(given) == 1
    if entry.limit is not None:
        assert entry.limit > 0
    if entry.interval is not None:
        assert entry.interval[0] < entry.interval[1]
        assert entry.interval_meaning in ("confidence interval", "range of upper limits")
    assert all(value > 0 for value in entry.elements.values())
    assert (entry.flavour in ("e", "mu", "tau")) == (entry.kind == "flavour")
    assert entry.verified or any(word in entry.note for word in ("memory", "print", "give"))
    assert not (entry.verified and "from memory" in entry.note and "level" in entry.note)


def test_catalogue_keys_are_unique() -> None:
    keys = [entry.key for entry in catalogue()]
    assert len(set(keys)) == len(keys)


@pytest.fixture
def without_windows() -> Iterator[None]:
    backend = mpl.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def compared(bounds: Bounds, key: str) -> Any:
    return next(c for c in bounds.comparisons if c.bound.key == key)


MODEL = renp.Weak() + renp.MagneticMoment({(1, 2): 1e-11}) + renp.ElectricMoment({(1, 1): 3e-12})


def test_bounds_compare_a_model() -> None:
    bounds = Bounds.compute(NU, MODEL)
    mu = jnp.zeros((3, 3), dtype=complex).at[0, 1].set(1e-11).at[1, 0].set(1e-11)
    eps = jnp.zeros((3, 3), dtype=complex).at[0, 0].set(3e-12)
    gemma, giants = compared(bounds, "gemma-2013"), compared(bounds, "red-giants-2019")
    assert gemma.effective == relative(float(flavour_moment(mu, eps, ROWS[0], True)), rel=1e-13)
    assert giants.effective == relative(math.sqrt(2e-22 + 9e-24), rel=1e-13)
    assert (gemma.verdict, giants.verdict) == ("allowed", "excluded")
    assert giants.ratio == relative(giants.effective / 2.2e-12, rel=1e-14)
    assert compared(bounds, "white-dwarfs-range").verdict == "excluded"
    assert compared(bounds, "xenon1t-2020-letter").verdict == "inside the interval"
    assert compared(bounds, "borexino-2017-mass-basis").verdict == "not compared"
    assert compared(bounds, "trgb-2020-omega-cen-g-ae").remark


def test_bounds_know_limits_that_disagree() -> None:
    bounds = Bounds.compute(NU, renp.MagneticMoment({(1, 1): 5e-12}))
    assert compared(bounds, "white-dwarfs-range").verdict == "excluded by some"
    assert compared(bounds, "white-dwarfs-range").excluded is None


def test_bounds_read_charges_and_radii_from_the_couplings() -> None:
    model = renp.Charge({(1, 1): 2e-13}) + renp.ChargeRadius({(1, 1): 1e-32})
    bounds = Bounds.compute(NU, model)
    p1 = float(solar_weights(NU)[0])
    assert compared(bounds, "lz-2022-millicharge").effective == relative(2e-13 * p1**0.5, rel=1e-13)
    radius = compared(bounds, "borexino-2017-charge-radius")
    assert radius.effective == relative(1e-32 * p1, rel=1e-13)
    assert radius.verdict == "not compared"


def test_bounds_of_majorana_neutrinos() -> None:
    bounds = Bounds.compute(MAJORANA, renp.MagneticMoment({(1, 2): 1e-11}))
    assert compared(bounds, "red-giants-2019").effective == relative(1e-11, rel=1e-13)
    with pytest.raises(renp.InputError, match="Majorana neutrino has no diagonal"):
        Bounds.compute(MAJORANA, renp.MagneticMoment({(1, 1): 1e-11}))


def test_bounds_ask_for_neutrinos_with_a_model() -> None:
    with pytest.raises(renp.InputError, match="neutrinos = None: must be given with a model"):
        Bounds.compute(None, MODEL)


@pytest.mark.sampled
@pytest.mark.usefixtures("without_windows")
@pytest.mark.parametrize("with_model", [False, True])
def test_bounds_print_save_and_draw_themselves(tmp_path: Path, with_model: bool) -> None:
    bounds = Bounds.compute(NU, MODEL) if with_model else Bounds.compute()
    table, content = bounds.table(), bounds.json()
    assert len(table.rows) == len(content["bounds"]) == len(bounds.comparisons)
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert ("verdict" in table.columns) == with_model
    assert "nan" not in str(bounds)
    json.dumps(content, allow_nan=False)
    for suffix in (".png", ".json", ".csv"):
        assert bounds.save(tmp_path / f"bounds{suffix}").stat().st_size > 1000
    with xr.open_dataset(bounds.save(tmp_path / "bounds.nc"), engine="h5netcdf") as data:
        assert float(data["limit"].sel(entry="red-giants-2019")) == 2.2e-12
        assert ("effective" in data) == with_model
    labels = [axes.get_xlabel() for axes in bounds.plot().axes]
    assert len(labels) == 5
    assert all(labels)


def test_a_value_that_is_not_a_number_is_not_compared() -> None:
    """A massless vector that does not couple to electrons has no equivalent pseudoscalar, 0/0."""
    model = renp.Weak() + renp.VectorMediator(0.0, 0.0, left={(1, 1): 1e-9})
    found = Bounds.compute(renp.Neutrinos(0.01), model)
    verdicts = {c.bound.key: c.verdict for c in found.comparisons if c.bound.kind == "g_ae"}
    assert set(verdicts.values()) == {"not compared"}


class Exchange(renp.Interaction):
    """A pseudoscalar exchange of one's own, which declares what it does to electrons."""

    mass: float
    electron: float

    def couplings(self, neutrinos: renp.Neutrinos, q2: Any) -> renp.Couplings:
        return renp.ScalarMediator(self.mass, self.electron, scalar={(1, 1): 1.0}).couplings(neutrinos, q2)

    def electron_coupling(self) -> ElectronCoupling:
        return ElectronCoupling("pseudoscalar", self.electron, self.mass)


def test_own_interactions_may_declare_a_coupling_of_electrons() -> None:
    known = renp.ScalarMediator(1e3, 1e-9, scalar={(1, 1): 1.0})
    own, same = (Bounds.compute(NU, model) for model in (Exchange(1e3, 1e-9), known))
    for key in ("trgb-2020-omega-cen-g-ae", "electron-moment-rb"):
        assert compared(own, key).effective == compared(same, key).effective
        assert compared(own, key).verdict == compared(same, key).verdict != "not compared"
    silent = Bounds.compute(NU, renp.Couplings(s=1e-9j * np.eye(3)))
    assert "no coupling of electrons declared" in compared(silent, "electron-moment-rb").remark
    assert "not compared: no coupling of electrons declared" in str(silent)


def test_bounds_of_a_model_fit_a_terminal() -> None:
    bounds = Bounds.compute(NU, MODEL)
    lines = str(bounds).splitlines()
    assert max(len(line) for line in lines if "not compared" not in line) <= 145
    assert max(map(len, lines)) <= 185
    assert len(bounds.full_table().columns) == 12
