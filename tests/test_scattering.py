"""dσ/dT of neutrinos on electrons from explicit Dirac matrices, and recasts beside what was published."""

import math
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import renp
from relative import relative
from renp.bounds import recast_limit, recoil_experiments
from renp.bounds.elsewhere import existing_limits
from renp.bounds.recast import _background, _counts, _variance, own_moment_limit, recast_bounds
from renp.bounds.scattering import EXCHANGES, WEAK_MIXING, Overlaps, cross_section, electron_state, overlaps
from renp.constants import ELECTRON_MASS, FERMI_CONSTANT, FINE_STRUCTURE, HBAR_C
from renp.interactions.rotation import to_mass_basis
from renp.results.bounds import Bounds

NU = renp.Neutrinos(0.01)
PAULI = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]])]
GAMMA = [np.kron(np.diag([1, -1]), np.eye(2)).astype(complex)]
GAMMA += [np.kron(np.array([[0, 1], [-1, 0]]), s) for s in PAULI]
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
ONE = np.eye(4)
P_L, P_R = (ONE - GAMMA5) / 2, (ONE + GAMMA5) / 2


def slash(p: np.ndarray) -> np.ndarray:
    return sum(METRIC[m, m] * p[m] * GAMMA[m] for m in range(4))


def conjugated(matrix: np.ndarray) -> np.ndarray:
    return GAMMA[0] @ matrix.conj().T @ GAMMA[0]


def from_traces(T: float, E: float, exchange: str, c: float, mass: float, antineutrino: bool) -> float:
    """dσ/dT (1/eV³) of one neutrino with the weak couplings of ν_e: |M|² summed over spins, by traces."""
    m, e2 = ELECTRON_MASS, 4 * math.pi * FINE_STRUCTURE
    k, p = np.array([E, 0, 0, E]), np.array([m, 0, 0, 0])
    cosine = (E + m) / E * math.sqrt(T / (T + 2 * m))  # of the electron
    size = math.sqrt(T * (T + 2 * m))
    out = np.array([m + T, size * math.sqrt(1 - cosine**2), 0, size * cosine])
    k_out = k + p - out
    first, last = (k_out, k) if antineutrino else (k, k_out)  # momenta of ν and ν̄ lines: v̄(k) Γ v(k')
    q = last - first if not antineutrino else first - last
    t = float(q @ METRIC @ q)
    # −2√2 G_F ν̄γP_Lν ēγ(g_L P_L + g_R P_R)e, and J·Z' exchange, which is c/(q² − m²) times both currents
    left, right = 0.5 + WEAK_MIXING, WEAK_MIXING
    terms = [
        (-2 * 2**0.5 * FERMI_CONSTANT * METRIC[a, a], GAMMA[a] @ P_L, GAMMA[a] @ (left * P_L + right * P_R))
        for a in range(4)
    ]
    if exchange in ("vector", "axial", "charge", "charge-radius", "anapole"):
        axial = GAMMA5 if exchange == "axial" else ONE
        chiral = GAMMA5 if exchange == "anapole" else ONE  # G γ5
        strength = {
            "charge": -e2 * c / t,  # charges −e and c e
            "charge-radius": -e2 * c / HBAR_C**2 / 6,  # c q²/6 in place of c
            "anapole": -e2 * c / HBAR_C**2,
        }.get(exchange, c / (t - mass**2))
        terms += [(strength * METRIC[a, a], GAMMA[a] @ chiral @ P_L, GAMMA[a] @ axial) for a in range(4)]
    elif exchange == "moment":  # iσ_ab q^b c μ_B, and −e/q²
        mu = math.sqrt(e2) / (2 * m)
        for a in range(4):
            sigma_q = sum(
                0.5j * (GAMMA[a] @ GAMMA[b] - GAMMA[b] @ GAMMA[a]) * METRIC[b, b] * q[b] for b in range(4)
            )
            terms.append((-math.sqrt(e2) / t * METRIC[a, a], 1j * c * mu * sigma_q @ P_L, GAMMA[a]))
    else:
        electron = ONE if exchange == "scalar" else 1j * GAMMA5
        terms.append((c / (t - mass**2), P_L, electron))
    total = 0.0
    for (x, nu1, e1), (y, nu2, e2_) in product(terms, terms):
        neutrino = np.trace(slash(last) @ nu1 @ slash(first) @ conjugated(nu2))
        charged = np.trace((slash(out) + m * ONE) @ e1 @ (slash(p) + m * ONE) @ conjugated(e2_))
        total += (x * y * neutrino * charged).real
    return total / 2 / (32 * math.pi * m * E**2)  # mean over the electron's spins


@pytest.mark.parametrize("antineutrino", [False, True])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_cross_sections_are_those_of_dirac_matrices(exchange: str, antineutrino: bool) -> None:
    left, right = 0.5 + WEAK_MIXING, WEAK_MIXING
    of = Overlaps(left**2, left * right, right**2, left, right, 1.0)
    sizes = {
        "moment": 3e-10,
        "charge": 1e-9,
        "charge-radius": 2e-31,
        "anapole": 3e-32,
        "scalar": 1e-10,
        "pseudoscalar": 1e-10,
    }
    for T, E, mass in ((2e5, 7e5, 0.0), (5e4, 3e6, 3e5)):
        for sign in (1, -1):
            c = sign * sizes.get(exchange, 1e-11)
            parts = cross_section(T, E, exchange, of, mass, antineutrino=antineutrino)
            value = (parts[0] + c * parts[1] + c**2 * parts[2]) / HBAR_C**2
            expected = from_traces(T, E, exchange, c, mass, antineutrino)
            assert float(value) == relative(expected, rel=1e-9)


def test_a_flavour_and_its_mass_eigenstates_scatter_alike() -> None:
    """The trace with ρ is that of the couplings of ν_e; the moments are those of `flavour_square`."""
    of = overlaps(electron_state(NU), np.eye(3), NU)
    assert float(of.LL) == relative((0.5 + WEAK_MIXING) ** 2, rel=1e-12)
    moment = jnp.zeros((3, 3), dtype=complex).at[0, 1].set(2.0).at[1, 0].set(2.0)
    row = NU.mixing_matrix[0]
    square = renp.bounds.flavour_square(moment, 0 * moment, row)
    assert float(overlaps(electron_state(NU), moment, NU).NN) == relative(float(square), rel=1e-12)


def test_nothing_recoils_beyond_the_end() -> None:
    E = 1e6
    end = 2 * E**2 / (ELECTRON_MASS + 2 * E)
    of = overlaps(electron_state(NU), np.eye(3), NU)
    assert cross_section(1.001 * end, E, "vector", of, 1.0)[0] == 0
    assert cross_section(0.999 * end, E, "vector", of, 1.0)[0] > 0


ALONE = {"texono": 0.96, "gemma": 1.52, "borexino": 1.02, "xenonnt": 1.42, "lz": 0.86}
"""Limit on the moment over the published one, from an experiment's numbers without any calibration."""


@pytest.mark.parametrize("experiment", recoil_experiments(), ids=lambda one: one.key)
def test_what_a_calibration_hides(experiment: renp.bounds.Recoils) -> None:
    """A calibrated limit is the published one whatever the numbers are: only κ = 1 says something of them."""
    alone = own_moment_limit(experiment, NU) / experiment.moment
    assert alone == relative(ALONE[experiment.key], rel=0.02)
    assert 0.5 < alone < 2
    limit = recast_limit(experiment.key, "moment").limit[0]
    assert limit == relative(experiment.moment * (alone if experiment.ratio else 1.0), rel=1e-9)


def test_a_fit_takes_what_looks_like_a_background() -> None:
    """χ² of counts of the same shape as one that is fitted is next to nothing; that of others is not."""
    borexino = recoil_experiments()[2]
    standard, _, moment, fluxes = _counts(borexino, "moment", np.zeros(1), NU, np.eye(3))
    inverse = np.linalg.inv(_variance(borexino, standard[0], fluxes))
    taken = [np.append(_background(borexino, *one), 0.0) for one in borexino.fitted]
    assert max(one @ inverse @ one for one in taken) < 1e-3
    assert np.append(fluxes[0], 0.0) @ inverse @ np.append(fluxes[0], 0.0) > 1  # gallium has its say
    assert (2.8e-11) ** 4 * np.append(moment, 0.0) @ inverse @ np.append(moment, 0.0) > 1


BL = (1, 1, 1)
"""Charges of e, μ and τ neutrinos over the electron's."""


@pytest.mark.parametrize(
    ("key", "exchange", "charges", "mass", "published", "ratio"),
    [
        # √(y^e y^ν) of the abstract
        pytest.param("xenonnt", "scalar", BL, 0.0, 0.5e-6, 0.96, id="arXiv:2006.16192"),
        # the charge 2.7e-12 e of the abstract, as that of a massless vector
        pytest.param("gemma", "vector", BL, 0.0, 4.98e-7, 1.01, id="arXiv:1411.2279"),
        # g of B − L, figure 13 as DARKCAST has it
        pytest.param("texono", "vector", BL, 4.3472e5, 3.2837e-6, 0.91, id="arXiv:1803.05466-texono-0.4MeV"),
        pytest.param("texono", "vector", BL, 1.0375e7, 1.3245e-5, 1.20, id="arXiv:1803.05466-texono-10MeV"),
        pytest.param("texono", "vector", BL, 1.2045e8, 1.5737e-4, 1.15, id="arXiv:1803.05466-texono-120MeV"),
        pytest.param(
            "borexino", "vector", BL, 1.3021e6, 3.3202e-6, 0.64, id="arXiv:1803.05466-borexino-1MeV"
        ),
        pytest.param(
            "borexino", "vector", BL, 1.021e7, 2.2992e-5, 0.67, id="arXiv:1803.05466-borexino-10MeV"
        ),
        pytest.param(
            "borexino", "vector", BL, 1.2198e8, 2.839e-4, 0.65, id="arXiv:1803.05466-borexino-120MeV"
        ),
        # from memory: very light mediators
        pytest.param("borexino", "scalar", BL, 0.0, 1.4e-6, 0.82, id="arXiv:2204.03011-scalar"),
        pytest.param("borexino", "pseudoscalar", BL, 0.0, 2.2e-6, 0.83, id="arXiv:2204.03011-pseudoscalar"),
        pytest.param("borexino", "vector", BL, 0.0, 6.3e-7, 1.08, id="arXiv:2204.03011-B-L"),
        pytest.param("borexino", "vector", (1, -1, 0), 0.0, 5.8e-7, 0.95, id="arXiv:2204.03011-e-mu"),
        pytest.param("borexino", "vector", (1, 0, -1), 0.0, 5.8e-7, 0.95, id="arXiv:2204.03011-e-tau"),
    ],
)
def test_recasts_agree_with_published_mediators(
    key: str, exchange: str, charges: tuple[int, ...], mass: float, published: float, ratio: float
) -> None:
    """Couplings, √ of the products, within a factor of 2; where charges are alike, the product is above 0."""
    pattern = to_mass_basis(np.diag(charges).astype(complex), NU)
    found = recast_limit(key, exchange, mass, NU, pattern=pattern)
    of_charge = key == "gemma"  # published whatever its sign
    limit = float(found.limit[0] if of_charge else found.high[0]) ** 0.5
    assert 0.5 < limit / published < 2
    assert limit / published == relative(ratio, rel=0.02)


def test_the_spectrum_at_low_energies_limits_light_mediators_of_borexino_more_than_its_rate() -> None:
    """arXiv:1803.05466 has the rate of ⁷Be alone, 1.7449e-6 at 0.23 MeV."""
    limit = float(recast_limit("borexino", "vector", 2.2756e5).high[0]) ** 0.5
    assert limit / 1.7449e-6 == relative(0.44, rel=0.02)


@pytest.mark.parametrize(
    ("exchange", "coupling"),
    [("vector", 3.5e-7), ("axial", 3.5e-7), ("scalar", 1e-6), ("pseudoscalar", 4e-6)],
)
def test_mediators_that_count_as_much_as_a_moment(exchange: str, coupling: float) -> None:
    """arXiv:2006.12887: the couplings that explain an excess in xenon as moments of 2 to 4e-11 do."""
    found = recast_limit("xenonnt", exchange, 1e4)
    without_interference = math.sqrt(-found.low[0] * found.high[0])
    moment = coupling**2 / without_interference * found.experiment.moment
    assert 2e-11 < moment < 4e-11


def test_recasts_agree_with_a_published_charge_radius() -> None:
    """arXiv:0911.1597, 3.3e-32 cm²; twice that, since its δ sin²θ_W is √2πα⟨r²⟩/3G_F and here half of it."""
    limit = float(recast_limit("texono", "charge-radius").high[0])
    assert 0.5 < limit / 6.6e-32 < 2


def test_recasts_are_contact_limits_at_large_masses() -> None:
    limits = recast_limit("xenonnt", "axial", [1e8, 1e9]).limit
    assert limits[1] / limits[0] == relative(100.0, rel=1e-3)


def test_a_quartic_has_its_furthest_ends() -> None:
    found = recast_limit("texono", "vector", [1e3])
    assert found.low[0] < 0 < found.high[0]
    assert found.limit[0] == max(-found.low[0], found.high[0])


def test_an_unknown_experiment_is_named() -> None:
    with pytest.raises(renp.InputError, match="gemma"):
        recast_limit("gema", "moment")


def test_a_vector_coupling_of_the_electron_is_a_photon_with_a_mass() -> None:
    """Massless, with the electron's charge, it is a charge of the neutrinos."""
    e = renp.constants.ELECTRON_CHARGE
    yb = renp.Atom.named("Yb")
    photon = renp.VectorMediator(0, 0, left=1e-9 * np.eye(3), right=1e-9 * np.eye(3), electron_vector=-e)
    charge = renp.Charge({(k, k): 1e-9 / e for k in (1, 2, 3)})
    rates = [float(renp.spectral_function(1.06, yb, NU, one)) for one in (photon, charge)]
    assert rates[0] == relative(rates[1], rel=1e-12)
    heavy = renp.VectorMediator(1e3, 1e-8, left={(1, 2): 1e-8}, electron_vector=1e-8)
    renp.check_interaction(heavy)


def test_a_model_is_compared_with_recasts() -> None:
    light = renp.VectorMediator(10.0, 1e-7, left={(1, 1): 1e-6}, right={(1, 2): 5e-6}, electron_vector=2e-7)
    found = {bound.key: (bound.limit, value) for bound, value in recast_bounds(light, NU)}
    assert len(found) == 10
    assert found["gemma-recast-vector"][1] == relative(2e-13, rel=1e-12)
    direct = recast_limit("gemma", "axial", 10.0, NU, pattern=np.diag([1.0, 0, 0])).limit[0]
    assert found["gemma-recast-axial"][0] == relative(float(direct), rel=1e-12)
    rows = Bounds.compute(NU, renp.Weak() + light).table().rows
    assert {row[-1] for row in rows if "recast" in str(row[0])} == {"allowed", "excluded"}


def test_what_depends_on_q2_in_another_way_has_no_limits_of_what_it_is_derived_from() -> None:
    class Soft(renp.ScalarMediator):
        """Its vertex falls off beyond 0.1 eV."""

        def propagator(self, q2: Any) -> Any:
            return super().propagator(q2) * 0.01 / (0.01 + abs(q2))

    class SoftMoment(renp.MagneticMoment):
        """Another interaction, as far as others' limits know."""

    soft, moment = Soft(10.0, 1e-3, scalar={(1, 1): 3e-9}), SoftMoment({(1, 1): 1.0})
    assert recast_bounds(soft, NU) == ()
    assert existing_limits(renp.Coupling("soft", "11", soft), NU, np.ones(1)) == {}
    assert existing_limits(renp.Coupling("soft moment", "11", moment), NU, np.ones(1)) == {}


def test_right_handed_couplings_scatter_majorana_neutrinos_alone() -> None:
    """Their current is ν̄_i γ (g_L − g_Rᵀ)_ij ν_j, left-handed: equal couplings do nothing."""
    dirac, majorana = (renp.Neutrinos(0.01, nature=nature) for nature in ("dirac", "majorana"))
    right = renp.VectorMediator(10.0, 1e-7, right={(1, 1): 1e-6})
    equal = renp.VectorMediator(10.0, 1e-7, left={(1, 1): 1e-6}, right={(1, 1): 1e-6})
    assert [len(recast_bounds(right, nu)) for nu in (dirac, majorana)] == [0, 5]
    assert [len(recast_bounds(equal, nu)) for nu in (dirac, majorana)] == [5, 0]


def test_a_spin_0_particle_has_its_pseudoscalar_coupling_compared() -> None:
    light = renp.ScalarMediator(10.0, 1e-3, scalar={(1, 1): 3e-9}, pseudoscalar={(1, 1): 4e-9})
    (*_, (bound, value)) = recast_bounds(light, NU)
    assert bound.experiment == "LZ, recast: pseudoscalar"
    assert value == relative(5e-12, rel=1e-12)
