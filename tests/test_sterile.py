"""A fourth neutrino, and mixing that is not unitary: one formula, and three exactly where it is empty."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import renp
from cases import random_couplings
from oracles import spinors
from relative import relative
from renp.bounds.elsewhere import existing_limits
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT
from renp.formula.master_formula import components
from renp.interactions.couplings import NAMES
from renp.neutrinos import alike
from renp.results import Bounds

YB = renp.Atom.named("Yb")
DAY = 86400.0
OMEGA = [0.3, 0.7, 0.93, 0.951, 1.05, 1.0688, 1.0715]


def _mixing(seed: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(3, columns)) + 1j * rng.normal(size=(3, columns))) / 3


def _spinors(omega: float, nu: renp.Neutrinos, couplings: dict) -> np.ndarray:
    return spinors.spectrum(
        YB.E_eg,
        YB.E_vg,
        omega,
        np.asarray(nu.masses),
        couplings,
        majorana=nu.nature == "majorana",
        by_component=True,
        g_fermi=FERMI_CONSTANT,
        bohr_magneton=BOHR_MAGNETON,
    )


def _found(omega: float, nu: renp.Neutrinos, model: renp.Interaction) -> np.ndarray:
    parts = components(jnp.array([omega]), YB, nu, model)
    return np.stack([parts.transverse[..., 0], parts.longitudinal[..., 0]])


@pytest.mark.sampled
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_four_states_agree_with_spinors(nature: str) -> None:
    nu = renp.Neutrinos(0.01, nature=nature, dm2_41=0.5, mixing=_mixing(3, 4))
    U = _mixing(3, 4)
    a = np.outer(U[0], U[0].conj()) - sum(np.outer(row, row.conj()) for row in U) / 2
    for omega in OMEGA:
        expected = _spinors(omega, nu, {"V": a / 2, "A": -a / 2})
        assert expected.shape == (2, 4, 4)
        assert _found(omega, nu, renp.Weak()) == relative(expected, rel=1e-12)


def test_all_couplings_of_four_states_agree_with_spinors() -> None:
    rng = np.random.default_rng(5)
    nu = renp.Neutrinos(0.01, dm2_41=0.5, sin2_theta14=0.1)
    small = random_couplings(rng, NAMES)
    four = {name: np.pad(x, (0, 1)) for name, x in random_couplings(rng, NAMES).items()}
    for name in ("V", "mu"):
        four[name][3, :] = four[name][0, ::-1]
    added = {name: four[name] + np.pad(small[name], (0, 1)) for name in NAMES}
    model = renp.Couplings(**four) + renp.Couplings(**small)
    for omega in (0.5, 0.9, 1.06):
        expected = _spinors(omega, nu, added)
        scale = np.max(expected, axis=0)
        assert np.all(np.abs(_found(omega, nu, model) - expected) <= 1e-12 * scale)


@pytest.mark.sampled
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_an_empty_fourth_state_leaves_three(nature: str, ordering: str) -> None:
    three = renp.Neutrinos(0.01, ordering, nature)
    four = renp.Neutrinos(0.01, ordering, nature, dm2_41=0.5, sin2_theta14=0.0)
    moments = renp.Weak() + renp.MagneticMoment({(1, 2): 3e-11})
    for model in (renp.Weak(), moments):
        found, expected = (renp.spectral_function(OMEGA, YB, nu, model) for nu in (four, three))
        assert np.asarray(found) == relative(np.asarray(expected), rel=1e-15)
    unitary = renp.Neutrinos(0.01, ordering, nature, mixing=three.mixing_matrix)
    given_ = np.asarray(renp.spectral_function(OMEGA, YB, unitary))
    assert given_ == relative(np.asarray(renp.spectral_function(OMEGA, YB, three)), rel=1e-14)


def test_thresholds_of_the_fourth_state() -> None:
    nu = renp.Neutrinos(0.01, dm2_41=0.5, sin2_theta14=0.1)
    m4 = (0.01**2 + 0.5) ** 0.5
    assert float(nu.masses[3]) == relative(m4, rel=1e-15)
    edge = float(renp.thresholds(YB, nu)[0, 3])
    assert edge == relative((YB.E_eg - (0.01 + m4) ** 2 / YB.E_eg) / 2, rel=1e-14)
    below, above = (renp.spectral_function(edge + d, YB, nu, by_pair=True)[0, 3] for d in (-1e-6, 1e-6))
    assert float(below) > 0
    assert float(above) == 0


@pytest.mark.slow
@settings(max_examples=25)
@given(st.floats(0, 1), st.floats(1e-3, 4), st.sampled_from(["dirac", "majorana"]), st.integers(0, 99))
def test_spectra_of_four_states_are_positive_and_add_up(
    mixing: float, splitting: float, nature: str, seed: int
) -> None:
    own = {"mixing": _mixing(seed, 4)} if seed % 2 else {"sin2_theta14": mixing}
    nu = renp.Neutrinos(0.01, nature=nature, dm2_41=splitting, **own)
    pairs = np.asarray(renp.spectral_function(OMEGA, YB, nu, by_pair=True))
    assert np.all(pairs >= 0)
    total = np.asarray(renp.spectral_function(OMEGA, YB, nu))
    assert pairs.sum(axis=(0, 1)) == relative(total, rel=1e-13)


@pytest.mark.slow
def test_the_limit_on_the_mixing_is_where_chi2_has_risen() -> None:
    runs = renp.Experiment(YB, renp.Target(), [0.6, 0.95, 1.05], 30 * DAY)
    found = renp.sensitivity(runs, renp.Neutrinos(0.01), "sterile-splitting", [0.1, 0.5], toys=50)
    null = np.asarray(renp.expected_counts(runs, renp.Neutrinos(0.01)))

    def rise(mixing: float, splitting: float) -> float:
        nu = renp.Neutrinos(0.01, dm2_41=splitting, sin2_theta14=mixing)
        N = np.asarray(renp.expected_counts(runs, nu))
        return float(2 * np.sum(N - null + null * np.log(null / N))) - 2.705543454095404

    for k, splitting in enumerate(found.values):
        limit = found.limits["sterile-mixing"]["e4"][k]
        assert limit == relative(brentq(rise, 1e-4, 0.6, args=(splitting,), xtol=1e-12), rel=1e-6)
    assert found.bands is not None
    band = found.bands["sterile-mixing"]["e4"]
    assert np.all(np.diff(band, axis=0) >= 0)
    assert np.all((band[0] < found.limits["sterile-mixing"]["e4"]) & (band[4] > band[0]))


def test_matrices_of_four_need_four_neutrinos() -> None:
    with pytest.raises(renp.InputError, match=r"V = a 4×4 matrix: must be of three neutrinos"):
        renp.spectral_function(1.0, YB, renp.Neutrinos(0.01), renp.Couplings(V=np.eye(4)))


def test_limits_of_others_are_for_three_neutrinos() -> None:
    four = renp.Neutrinos(0.01, dm2_41=0.5, sin2_theta14=0.1)
    with pytest.raises(renp.InputError, match="4 states: must be three"):
        Bounds.compute(four, renp.MagneticMoment({(1, 1): 3e-11}))
    mu = renp.Coupling("magnetic-moment", "11", renp.MagneticMoment({(1, 1): 1.0}))
    assert existing_limits(mu, four, np.zeros(1)) == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dm2_41": 0.5}, "sin2_theta14"),
        ({"sin2_theta14": 0.1}, "left out without dm2_41"),
        ({"dm2_41": -0.5, "sin2_theta14": 0.1}, "above 0"),
        ({"dm2_41": 0.5, "mixing": np.eye(3)}, r"shape \(3, 4\)"),
        ({"mixing": np.diag([1.0, 1.0, np.nan])}, "finite"),
    ],
)
def test_a_fourth_neutrino_that_cannot_be(arguments: dict, said: str) -> None:
    with pytest.raises(renp.InputError, match=said):
        renp.Neutrinos(0.01, **arguments)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_the_other_hypothesis_keeps_what_is_not_its_own(ordering: str, nature: str) -> None:
    """A plan that tells natures or orderings apart compares neutrinos that are alike in all else."""
    own = renp.Neutrinos(0.01, sin2_theta12=0.33, dm2_31=2.4e-3, dm2_41=1.3, sin2_theta14=0.02)
    other = alike(own, ordering, nature)
    assert (other.ordering, other.nature, other.states) == (ordering, nature, 4)
    assert (other.dm2_41, other.sin2_theta14) == (1.3, 0.02)
    if ordering == "normal":
        assert (other.sin2_theta12, other.masses.tolist()) == (0.33, own.masses.tolist())
