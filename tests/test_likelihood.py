"""The likelihood against the same formulas written a second time, and what it must be whatever the runs."""

from functools import cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import renp
from cases import NU, YB
from oracles import notebook
from relative import relative
from renp.inference import parameters
from renp.inference.likelihood import Data
from renp.inference.nuisances import nuisance_parameters
from renp.inference.parameters import asymmetric, constrained, coordinate, coupling, free, physical

ENERGIES = [1.05, 1.068, 1.0699, 1.0712, 1.0715]
DURATIONS = [1e5, 2e5, 8e5, 0.0, 5e5]
BACKGROUNDS = [1e-5, 0.0, 3e-5, 1e-5, 2e-5]
MEDIATOR = 0.5  # eV, off shell at all of the energies
MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}

Reals = NDArray[np.float64]

# NuFIT 6.0 once more: value, upper and lower error.
MEASURED = {
    "normal": {
        "sin2_theta12": (0.308, 0.012, 0.011),
        "sin2_theta13": (0.02215, 0.00056, 0.00058),
        "delta_cp": tuple(np.radians([212.0, 26.0, 41.0])),
        "dm2_21": (7.49e-5, 0.19e-5, 0.19e-5),
        "dm2_31": (2.513e-3, 0.021e-3, 0.019e-3),
    },
    "inverted": {
        "sin2_theta12": (0.308, 0.012, 0.011),
        "sin2_theta13": (0.02231, 0.00056, 0.00056),
        "delta_cp": tuple(np.radians([274.0, 22.0, 25.0])),
        "dm2_21": (7.49e-5, 0.19e-5, 0.19e-5),
        "dm2_32": (-2.484e-3, 0.020e-3, 0.020e-3),
    },
}
BACKGROUND_ERRORS = [0.1, 0.2, 0.0, 0.3, 0.4]

TWO = [("dirac", "normal"), ("majorana", "inverted")]
OTHER_TWO = [("dirac", "inverted"), ("majorana", "normal")]
every_case = pytest.mark.parametrize(
    ("nature", "ordering"), [*TWO, *(pytest.param(*case, marks=pytest.mark.slow) for case in OTHER_TWO)]
)
chi2_at = jax.jit(lambda likelihood, x, data: likelihood.chi2(x, data))
density_at = jax.jit(lambda likelihood, x, data: likelihood.log_density(x, data))
slope_at = jax.jit(jax.grad(lambda likelihood, x, data: likelihood.log_density(x, data), argnums=1))
expected_at = jax.jit(lambda likelihood, x: likelihood.expected(x))


def runs(**options: Any) -> renp.Experiment:
    return renp.Experiment(YB, renp.Target(), ENERGIES, DURATIONS, BACKGROUNDS, **options)


def unit_couplings() -> dict[str, renp.Interaction]:
    """Return couplings that both natures can have, of both kinds."""
    return {
        "mu": renp.MagneticMoment({(1, 2): 1.0, (2, 3): 0.5j}),
        "eps": renp.ElectricMoment({(1, 3): 1.0}),
        "g": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 1): 1.0, (1, 2): 0.3 - 0.4j, (2, 3): 0.7j}),
    }


def varying(nature: str, ordering: str) -> renp.Nuisances:
    """Return nuisances of every kind."""
    phases = ("majorana_phase_21", "majorana_phase_31") if nature == "majorana" else ()
    return renp.Nuisances(
        oscillation=tuple(MEASURED[ordering]),
        free=("lightest_mass", *phases),
        calibration_error=2e-6,
        normalisation_error=0.05,
        background_error=BACKGROUND_ERRORS,
    )


RATES = renp.Nuisances(normalisation_error=0.05, background_error=BACKGROUND_ERRORS)


@cache
def make(nature: str, ordering: str, what: Literal["everything", "rates"]) -> renp.Likelihood:
    nuisances = RATES if what == "rates" else varying(nature, ordering)
    neutrinos = renp.Neutrinos(0.01, ordering, nature)
    return renp.Likelihood(runs(), neutrinos, unit_couplings(), nuisances=nuisances)


def mirrored(upper: NDArray[Any], majorana: bool) -> NDArray[Any]:
    """Return the full matrix of moments."""
    return upper - upper.T if majorana else upper + upper.conj().T


def by_hand(likelihood: renp.Likelihood, x: Reals, nature: str, ordering: str) -> Reals:
    """Return the expected counts at a point, from the notebook; of the package only the units are used."""
    at = dict(zip(likelihood.names, map(float, x), strict=True))
    unit = {p.name: float(p.plus) for p in likelihood.parameters[:3]}
    measured, majorana = MEASURED[ordering], nature == "majorana"
    atmospheric = "dm2_31" if ordering == "normal" else "dm2_32"
    value = {name: notebook.shifted(at.get(name, 0.0), *numbers) for name, numbers in measured.items()}

    magnetic, electric, left = np.zeros((3, 3, 3), dtype=complex)
    magnetic[0, 1], magnetic[1, 2] = 1.0, 0.5j
    electric[0, 2] = 1.0
    left[0, 1], left[1, 2] = 0.3 - 0.4j, 0.7j
    left += left.conj().T
    left[0, 0] = 1.0
    nu = notebook.Nature(
        lightest_mass=0.01 * at.get("lightest_mass", 1.0),
        dm2_21=value["dm2_21"],
        splitting=value[atmospheric],
        sin2_theta12=value["sin2_theta12"],
        sin2_theta13=value["sin2_theta13"],
        delta_cp=value["delta_cp"],
        phases=(at.get("majorana_phase_21", 0.0), at.get("majorana_phase_31", 0.0)),
        majorana=majorana,
        magnetic=unit["mu"] * np.sqrt(at["mu"]) * mirrored(magnetic, majorana),
        electric=unit["eps"] * np.sqrt(at["eps"]) * mirrored(electric, majorana),
        left=unit["g"] * at["g"] * left,
        mediator_mass=MEDIATOR,
    )
    setup = notebook.Runs(2.14349, 2.23072, *map(np.array, (ENERGIES, DURATIONS, BACKGROUNDS)))
    pulls = [at.get(f"background_{k + 1}", 0.0) for k in range(5)]
    return notebook.expected(
        setup,
        nu,
        offset=2e-6 * at.get("calibration", 0.0),
        normalisation=notebook.factor(at["normalisation"], 0.05),
        background=np.array([notebook.factor(*pair) for pair in zip(pulls, BACKGROUND_ERRORS, strict=True)]),
    )


def random_points(likelihood: renp.Likelihood, number: int) -> Reals:
    """Return coordinates with pulls up to 3, squares above 0 and, where it is free, masses up to 0.03 eV."""
    x = np.random.default_rng(8).normal(size=(number, len(likelihood.names)))
    for k, parameter in enumerate(likelihood.parameters):
        if parameter.low == 0:
            x[:, k] = np.abs(x[:, k])
    return np.clip(x, -3, 3)


# --- against the notebook ------------------------------------------------------------------------------


@pytest.mark.slow
@every_case
def test_expected_counts_with_everything_varying(nature: str, ordering: str) -> None:
    likelihood = make(nature, ordering, "everything")
    assert likelihood.response is None
    assert [p.kind for p in likelihood.parameters[:3]] == ["magnitude", "magnitude", "coupling"]
    for x in random_points(likelihood, 20):
        found = np.asarray(expected_at(likelihood, x))
        assert found == relative(by_hand(likelihood, x, nature, ordering), rel=1e-11)


@pytest.mark.sampled
@pytest.mark.parametrize(("nature", "ordering"), [*TWO, *OTHER_TWO])
def test_expected_counts_with_rates_varying(nature: str, ordering: str) -> None:
    likelihood = make(nature, ordering, "rates")
    assert likelihood.response is not None
    for x in random_points(likelihood, 20):
        found = np.asarray(expected_at(likelihood, x))
        assert found == relative(by_hand(likelihood, x, nature, ordering), rel=1e-11)


@pytest.mark.sampled
@every_case
def test_chi2(nature: str, ordering: str) -> None:
    likelihood = make(nature, ordering, "everything")
    rng = np.random.default_rng(4)
    for x in random_points(likelihood, 10):
        expectation = by_hand(likelihood, x, nature, ordering)
        counts = rng.poisson(expectation).astype(float)
        measured = rng.normal(size=len(likelihood.constrained))
        by_notebook = notebook.chi2(expectation, counts, x[list(likelihood.constrained)], measured)
        data = Data(jnp.asarray(counts), jnp.asarray(measured))
        assert float(chi2_at(likelihood, x, data)) == relative(by_notebook, rel=1e-11)
        assert float(density_at(likelihood, x, data)) == relative(-by_notebook / 2, rel=1e-11)


@pytest.mark.sampled
@every_case
def test_both_paths_agree_with_the_model(nature: str, ordering: str) -> None:
    """Precomputed or not, the counts are those of the sum of the interactions."""
    fast, slow = (make(nature, ordering, what) for what in ("rates", "everything"))
    for sizes in ((2e-11, 0.0, 0.0), (0.0, 4e-11, -1e-25), (3e-11, 5e-11, 4e-25)):
        couplings = dict(zip(("mu", "eps", "g"), sizes, strict=True))
        model: renp.Interaction = renp.Weak()
        for name, size in couplings.items():
            model = model + size * unit_couplings()[name]
        exact = np.asarray(renp.expected_counts(runs(), fast.neutrinos, model))
        for likelihood in (fast, slow):
            found = np.asarray(expected_at(likelihood, likelihood.point(**couplings)))
            assert found == relative(exact, rel=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize("what", ["everything", "rates"])
def test_gradients(what: str) -> None:
    """One of the runs has no duration, nothing expected and nothing counted: its slope is 0."""
    likelihood = make("dirac", "normal", what)
    counts = jnp.round(expected_at(likelihood, likelihood.point()))
    data = Data(counts, jnp.zeros(len(likelihood.constrained)))
    for x in random_points(likelihood, 3):
        step = 1e-5
        steps = step * np.eye(x.size)
        ends = [[density_at(likelihood, x + sign * s, data) for sign in (1, -1)] for s in steps]
        differences = np.array([float(right - left) / (2 * step) for right, left in ends])
        assert np.asarray(slope_at(likelihood, x, data)) == pytest.approx(differences, rel=1e-5, abs=1e-5)


def test_gradients_without_couplings() -> None:
    """At a magnitude of 0 the counts still have the slope of a straight line."""
    slopes = []
    for what in ("rates", "everything"):
        likelihood = make("dirac", "normal", what)
        x = likelihood.point()
        data = Data(1.1 * expected_at(likelihood, x), jnp.zeros(len(likelihood.constrained)))
        slopes.append(np.asarray(slope_at(likelihood, x, data))[:3])
    assert np.all(slopes[0][:2] > 0)  # the third coupling interferes, and lowers the counts
    assert slopes[1] == relative(slopes[0], rel=1e-9)


# --- parameters ----------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.floats(1e-3, 1e3), st.floats(0.2, 5.0), st.floats(-8, 8))
def test_asymmetric_errors(plus: float, ratio: float, pull: float) -> None:
    minus = plus / ratio
    shift = float(asymmetric(jnp.array(pull), jnp.array(plus), jnp.array(minus)))
    assert shift == pytest.approx(notebook.shifted(pull, 0.0, plus, minus), rel=1e-12, abs=1e-12 * plus)
    if abs(pull) >= 1:
        assert shift == relative(pull * (plus if pull > 0 else minus), rel=1e-14)
    further = float(asymmetric(jnp.array(pull + 1e-3), jnp.array(plus), jnp.array(minus)))
    assert further > shift


@pytest.mark.parametrize("edge", [-1.0, 1.0])
def test_asymmetric_errors_are_smooth(edge: float) -> None:
    """Value, slope and curvature have no jump where the polynomial ends."""

    def shift(pull: float) -> jax.Array:
        return asymmetric(jnp.asarray(pull), jnp.asarray(3.0), jnp.asarray(1.0))

    for order in range(3):
        inside, outside = (float(shift(edge * (1 + side * 1e-9))) for side in (-1, 1))
        assert inside == pytest.approx(outside, abs=1e-7), order
        shift = jax.grad(shift)
    assert float(asymmetric(jnp.array(0.0), jnp.array(3.0), jnp.array(1.0))) == 0.0


PARAMETERS = {
    "constrained": constrained("a", 0.3, 0.02, 0.01, ""),
    "relative": parameters.relative("b", 0.2),
    "free": free("c", 0.01, "eV"),
    "coupling": coupling("d", 3e-11, "μ_B", interferes=True),
    "magnitude": coupling("e", 3e-11, "μ_B", interferes=False),
}


@pytest.mark.parametrize("kind", PARAMETERS)
@settings(max_examples=50)
@given(st.floats(-5, 5))
def test_coordinates_are_the_inverse_of_values(kind: str, x: float) -> None:
    x = abs(x) if kind == "magnitude" else x
    value = float(physical(PARAMETERS[kind], jnp.asarray(x)))
    assert coordinate(PARAMETERS[kind], value) == pytest.approx(x, rel=1e-9, abs=1e-12)


def test_points_and_values() -> None:
    likelihood = make("majorana", "inverted", "everything")
    nominal = likelihood.values(likelihood.point())
    assert float(nominal["sin2_theta13"]) == relative(0.02231, rel=1e-14)
    assert float(nominal["dm2_32"]) == relative(-2.484e-3, rel=1e-14)
    assert float(nominal["lightest_mass"]) == relative(0.01, rel=1e-14)
    assert [float(nominal[name]) for name in ("mu", "eps", "g", "calibration")] == [0, 0, 0, 0]
    assert [float(nominal[name]) for name in ("normalisation", "background_5")] == [1, 1]
    for x in random_points(likelihood, 5):
        values = {name: float(value) for name, value in likelihood.values(jnp.asarray(x)).items()}
        assert np.asarray(likelihood.point(**values)) == pytest.approx(x, rel=1e-9, abs=1e-9)
    batch = likelihood.values(jnp.asarray(random_points(likelihood, 6)).reshape(2, 3, -1))
    assert all(value.shape == (2, 3) for value in batch.values())


def test_names_bounds_and_places() -> None:
    likelihood = make("dirac", "normal", "everything")
    expected = ["mu", "eps", "g", *MEASURED["normal"], "lightest_mass", "calibration", "normalisation"]
    expected += ["background_1", "background_2", "background_4", "background_5"]
    assert list(likelihood.names) == expected
    assert [likelihood.names[k] for k in likelihood.constrained] == expected[3:8] + expected[9:]
    low, _ = likelihood.bounds
    zero = [name for name, end in zip(expected, low, strict=True) if end == 0]
    assert zero == ["mu", "eps", "lightest_mass"]


def test_neutrinos_with_values_of_their_own_keep_the_errors_of_their_release() -> None:
    neutrinos = renp.Neutrinos(0.01, sin2_theta12=0.32)
    likelihood = renp.Likelihood(runs(), neutrinos, nuisances=renp.Nuisances(("sin2_theta12",)))
    assert float(likelihood.values(jnp.ones(1))["sin2_theta12"]) == relative(0.332, rel=1e-12)


@pytest.mark.slow
def test_observed_counts() -> None:
    likelihood = renp.Likelihood(runs(counts=[1, 2, 3, 0, 5]), NU, MU, nuisances=RATES)
    assert likelihood.data.counts.tolist() == [1, 2, 3, 0, 5]
    assert likelihood.data.pulls.tolist() == [0.0] * 5


# --- which couplings interfere --------------------------------------------------------------------------


def interfering(
    couplings: dict[str, renp.Interaction],
    nature: str = "dirac",
    phases: tuple[float, float] = (0.0, 0.0),
    nuisances: renp.Nuisances | None = None,
) -> set[str]:
    """Return the names of the couplings that interfere with something."""
    neutrinos = renp.Neutrinos(0.01, nature=nature, majorana_phases=phases)
    likelihood = renp.Likelihood(runs(), neutrinos, couplings, nuisances=nuisances)
    return {p.name for p in likelihood.parameters[: len(couplings)] if p.kind == "coupling"}


def test_photon_couplings_that_do_not_interfere() -> None:
    """Moments meet neither the weak amplitude, nor each other if of another kind, element or phase."""
    couplings = {
        "mu_11": renp.MagneticMoment({(1, 1): 1.0}),
        "mu_12": renp.MagneticMoment({(1, 2): 1.0}),
        "i mu_12": renp.MagneticMoment({(1, 2): 1j}),
        "eps_11": renp.ElectricMoment({(1, 1): 1.0}),
        "eps_13": renp.ElectricMoment({(1, 3): 1.0}),
        "radius_22": renp.ChargeRadius({(2, 2): 1.0}),
        "anapole_11": renp.Anapole({(1, 1): 1.0}),
        "anapole_13": renp.Anapole({(1, 3): 1.0}),
    }
    assert interfering(couplings) == set()


def test_photon_couplings_that_interfere() -> None:
    """Magnetic moment and charge radius in phase; electric moment and anapole with the i of the vertex."""
    couplings = {
        "mu_11": renp.MagneticMoment({(1, 1): 1.0}),
        "radius_11": renp.ChargeRadius({(1, 1): 1.0}),
        "i mu_12": renp.MagneticMoment({(1, 2): 1j}),
        "i radius_12": renp.ChargeRadius({(1, 2): 1j}),
        "i eps_13": renp.ElectricMoment({(1, 3): 1j}),
        "anapole_13": renp.Anapole({(1, 3): 1.0}),
        "alone": renp.ElectricMoment({(2, 2): 1.0}),
        "mu_33": renp.MagneticMoment({(3, 3): 1.0}),
        "mu_33 and 23": renp.MagneticMoment({(3, 3): 1.0, (2, 3): 1.0}),
    }
    assert interfering(couplings) == set(couplings) - {"alone"}


def test_vector_mediators_interfere_with_the_weak_interaction() -> None:
    """The weak coupling of the pair (1, 2) is real."""
    couplings = {
        "left_11": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 1): 1.0}),
        "right_22": renp.VectorMediator(MEDIATOR, 1.0, right={(2, 2): 1.0}),
        "left_12": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 2): 1.0}),
        "i left_12": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 2): 1j}),
    }
    assert interfering(couplings) == set(couplings) - {"i left_12"}


def test_scalar_mediators_interfere_with_the_weak_interaction() -> None:
    """The coupling s is i y_S and meets V (m_i − m_j), p is −y_P and meets A (m_i + m_j)."""
    couplings = {
        "S_11": renp.ScalarMediator(MEDIATOR, 1.0, scalar={(1, 1): 1.0}),
        "S_12": renp.ScalarMediator(MEDIATOR, 1.0, scalar={(1, 2): 1.0}),
        "i S_12": renp.ScalarMediator(MEDIATOR, 1.0, scalar={(1, 2): 1j}),
        "P_33": renp.ScalarMediator(MEDIATOR, 1.0, pseudoscalar={(3, 3): 1.0}),
    }
    assert interfering(couplings) == {"i S_12", "P_33"}


def test_majorana_couplings_that_interfere() -> None:
    couplings = {
        "mu_12": renp.MagneticMoment({(1, 2): 1.0}),
        "radius_12": renp.ChargeRadius({(1, 2): 1.0}),
        "mu_13": renp.MagneticMoment({(1, 3): 1.0}),
        "i left_12": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 2): 1j}),
    }
    assert interfering(couplings, "majorana") == {"mu_12", "radius_12"}
    assert interfering(couplings, "majorana", (1.0, 0.0)) == {"mu_12", "radius_12", "i left_12"}


@pytest.mark.slow
def test_a_coupling_that_interferes_once_a_phase_is_free() -> None:
    """With a phase of 0 there is no interference, but the phase varies: the sign of the coupling matters."""
    left = {"i left_12": renp.VectorMediator(MEDIATOR, 1.0, left={(1, 2): 1j})}
    phase = renp.Nuisances(free=("majorana_phase_21",))
    assert interfering(left, "majorana", nuisances=phase) == {"i left_12"}


def test_the_model_interferes_too() -> None:
    model = renp.Weak() + renp.MagneticMoment({(1, 1): 2e-11})
    likelihood = renp.Likelihood(runs(), NU, MU | {"weak": renp.Weak()}, model)
    assert [p.kind for p in likelihood.parameters] == ["coupling", "coupling"]
    exact = renp.expected_counts(runs(), NU, renp.Weak() + renp.MagneticMoment({(1, 1): -3e-11}))
    found = likelihood.expected(likelihood.point(mu=-5e-11))
    assert np.asarray(found) == relative(np.asarray(exact), rel=1e-12)


# --- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"oscillation": ("theta12",)}, r"oscillation = 'theta12': must be .*did you mean 'sin2_theta12'"),
        ({"oscillation": "sin2_theta12"}, r"oscillation = 'sin2_theta12': must be a list of names"),
        ({"oscillation": ("dm2_21", "dm2_21")}, r"oscillation = .*: must be a list of names, each once"),
        ({"oscillation": ("dm2_32",)}, r"oscillation = 'dm2_32': must be .*'dm2_31'"),
        (
            {"oscillation": ("lightest_mass",)},
            r"oscillation = 'lightest_mass': must be without lightest_mass",
        ),
        ({"oscillation": ("majorana_phase_21",)}, r"oscillation = 'majorana_phase_21': must be "),
        ({"oscillation": "all", "release": "nufit-5.1"}, r"'nufit-5.1' has no errors"),
        ({"free": ("mass",)}, r"free = 'mass': must be "),
        ({"free": ("majorana_phase_21",)}, r"free = 'majorana_phase_21': must be "),
        ({"normalisation_error": -0.1}, r"normalisation_error = -0.1: must be a finite error, at least 0"),
        ({"normalisation_error": np.nan}, r"normalisation_error = nan: must be a finite error, at least 0"),
        ({"normalisation_error": "5 %"}, r"normalisation_error = '5 %': must be a finite error, at least 0"),
        ({"calibration_error": -1e-6}, r"calibration_error = -1e-06: must be a finite error, at least 0"),
        ({"background_error": -1.0}, r"background_error = -1.0: must be a finite error, at least 0"),
        (
            {"background_error": [0.1, 0.1, -0.1, 0.1, 0.1]},
            r"background_error\[2\] = -0.1: must be a finite error",
        ),
        (
            {"background_error": [0.1, 0.2]},
            r"background_error = 2 errors: must be one error, or one for each of 5 runs",
        ),
    ],
)
def test_bad_nuisances(options: dict[str, Any], message: str) -> None:
    neutrinos = renp.Neutrinos(0.01, release=options.pop("release", "nufit-6.0"))
    with pytest.raises(renp.InputError, match=message):
        nuisance_parameters(renp.Nuisances(**options), runs(), neutrinos)


@pytest.mark.parametrize("ratio", [0.0, -1.0, 7.0, np.nan, np.inf])
def test_bad_errors(ratio: float) -> None:
    with pytest.raises(renp.InputError, match="errors of a"):
        constrained("a", 0.0, ratio, 1.0, "")
    with pytest.raises(renp.InputError, match="errors of a"):
        constrained("a", 0.0, 1.0, ratio, "")


@pytest.mark.parametrize("name", ["normalisation", "sin2_theta13", "background_2", "calibration"])
def test_a_name_used_twice(name: str) -> None:
    with pytest.raises(renp.InputError, match=name):
        renp.Likelihood(runs(), NU, {name: MU["mu"]}, nuisances=varying("dirac", "normal"))


def test_a_parameter_both_measured_and_free() -> None:
    with pytest.raises(renp.InputError, match="dm2_21"):
        renp.Likelihood(runs(), NU, nuisances=renp.Nuisances(("dm2_21",), free=("dm2_21",)))


@pytest.mark.parametrize("name", ["normalisation", "background", "background_2", "calibration"])
def test_a_coupling_with_the_name_of_a_rate(name: str) -> None:
    """Taken for what it is called, it would multiply the counts."""
    with pytest.raises(renp.InputError, match=name):
        renp.Likelihood(runs(), NU, {name: MU["mu"]})


def test_couplings_that_these_neutrinos_cannot_have() -> None:
    with pytest.raises(renp.InputError, match="a Majorana neutrino has no diagonal element"):
        renp.Likelihood(runs(), renp.Neutrinos(0.01, nature="majorana"), MU)
    with pytest.raises(renp.InputError, match="must be an Interaction"):
        renp.Likelihood(runs(), NU, {"mu": 3e-11})  # type: ignore[dict-item]


def test_nuisances_of_the_wrong_class() -> None:
    with pytest.raises(renp.InputError, match="nuisances = 'all', of type str: must be a Nuisances"):
        renp.Likelihood(runs(), NU, MU, nuisances="all")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nu": 1e-11}, "parameter = 'nu': must be 'mu' or "),
        ({"mu": -1e-11}, "mu = -1e-11: must be "),
        ({"mu": np.nan}, "mu = nan: must be "),
        ({"g": np.inf}, "g = inf: must be finite"),
        ({"lightest_mass": -0.01}, "lightest_mass = -0.01: must be .* eV"),
        ({"normalisation": 0.0}, "normalisation = 0.0: must be "),
        ({"normalisation": -1.0}, "normalisation = -1.0: must be "),
    ],
)
def test_values_that_a_parameter_cannot_have(values: dict[str, float], message: str) -> None:
    likelihood = make("dirac", "normal", "everything")
    with pytest.raises(renp.InputError, match=message):
        likelihood.point(**values)


def test_no_observed_counts() -> None:
    with pytest.raises(renp.InputError, match="counts = None: must be given for every run"):
        _ = make("dirac", "normal", "rates").data


# --- toys -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_toys() -> None:
    """Poisson counts and normal pulls, independent of each other, around the point they are drawn at."""
    likelihood = make("dirac", "normal", "rates")
    x = likelihood.point(mu=4e-11, normalisation=1.1)
    number = 20000
    toys = likelihood.toys(x, jax.random.key(3), number)
    expected = np.asarray(likelihood.expected(x))
    counts, pulls = np.asarray(toys.counts), np.asarray(toys.pulls)
    assert np.all(counts == np.round(counts))
    assert np.all(np.abs(counts.mean(0) - expected) < 5 * np.sqrt(expected / number) + 1e-12)
    # The variance of a Poisson variable's variance, at large numbers: (2 λ² + λ)/n.
    spread = np.sqrt((2 * expected**2 + expected) / number)
    assert np.all(np.abs(counts.var(0) - expected) < 5 * spread + 1e-12)
    at = np.asarray(x)[list(likelihood.constrained)]
    assert np.all(np.abs(pulls.mean(0) - at) < 5 / np.sqrt(number))
    assert np.all(np.abs(pulls.var(0) - 1) < 5 * np.sqrt(2 / number))
    together = np.corrcoef(np.hstack([counts[:, expected > 0], pulls]).T)
    assert np.max(np.abs(together - np.eye(len(together)))) < 5 / np.sqrt(number)
    again, others = (likelihood.toys(x, jax.random.key(k), number) for k in (3, 4))
    assert np.array_equal(again.counts, counts)
    assert not np.array_equal(others.counts, counts)


def test_toys_of_many_counts() -> None:
    """A Poisson number of 10⁹ is spread by 3·10⁴: single precision would spread it by more."""
    likelihood = make("dirac", "normal", "rates").with_exposure(1e7)
    x = likelihood.point()
    expected = np.asarray(likelihood.expected(x))
    assert expected.max() > 1e8
    counts = np.asarray(likelihood.toys(x, jax.random.key(1), 20000).counts)
    assert np.all(np.abs(counts.mean(0) - expected) < 5 * np.sqrt(expected / 20000) + 1e-12)
    assert counts.var(0)[expected > 0] == relative(expected[expected > 0], rel=5 * np.sqrt(2 / 20000))


# --- what must be, whatever the runs ----------------------------------------------------------------------

coordinates = st.lists(st.floats(-3, 3), min_size=8, max_size=8)


def as_point(values: list[float]) -> jax.Array:
    return jnp.array([abs(values[0]), abs(values[1]), *values[2:]])


@settings(max_examples=100)
@given(coordinates, st.lists(st.integers(0, 1000), min_size=5, max_size=5), coordinates)
def test_chi2_is_not_negative(x: list[float], counts: list[int], pulls: list[float]) -> None:
    likelihood = make("dirac", "normal", "rates")
    counts[3] = 0  # a run without duration
    data = Data(jnp.array(counts, dtype=float), jnp.array(pulls[:5]))
    assert float(chi2_at(likelihood, as_point(x), data)) >= -1e-10


@settings(max_examples=100)
@given(coordinates)
def test_chi2_of_asimov_data_vanishes_at_their_point(x: list[float]) -> None:
    likelihood, point = make("dirac", "normal", "rates"), as_point(x)
    assert float(chi2_at(likelihood, point, likelihood.asimov(point))) == pytest.approx(0, abs=1e-10)


@cache
def of_runs(order: tuple[int, ...] = (0, 1, 2, 3, 4), factor: float = 1.0) -> renp.Likelihood:
    """Return a likelihood of the same runs in another order, or longer."""
    energies, durations, backgrounds = (np.array(x)[list(order)] for x in (ENERGIES, DURATIONS, BACKGROUNDS))
    experiment = renp.Experiment(YB, renp.Target(), energies, factor * durations, backgrounds)
    nuisances = renp.Nuisances(normalisation_error=0.05, background_error=0.1)
    return renp.Likelihood(experiment, NU, unit_couplings(), nuisances=nuisances)


strengths = st.tuples(st.floats(0, 1e-10), st.floats(0, 1e-10), st.floats(-1e-24, 1e-24))
factors = st.tuples(st.floats(0.8, 1.2), st.floats(0.7, 1.4))
counts_of_runs = st.lists(st.integers(0, 500), min_size=5, max_size=5)


def at(likelihood: renp.Likelihood, couplings: tuple[float, ...], rates: tuple[float, ...]) -> jax.Array:
    """Return the same physical point of any of the likelihoods."""
    names = ("mu", "eps", "g", "normalisation", "background")
    return likelihood.point(**dict(zip(names, (*couplings, *rates), strict=True)))


@settings(max_examples=40)
@given(strengths, strengths)
def test_doubled_exposure_doubles_the_asimov_chi2(
    truth: tuple[float, ...], tested: tuple[float, ...]
) -> None:
    found = [
        float(chi2_at(one, at(one, tested, (1.0, 1.0)), one.asimov(at(one, truth, (1.0, 1.0)))))
        for one in (of_runs(), of_runs(factor=2.0))
    ]
    assert found[1] == pytest.approx(2 * found[0], rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(strengths, factors, counts_of_runs)
def test_the_order_of_runs_does_not_matter(
    couplings: tuple[float, ...], rates: tuple[float, ...], counts: list[int]
) -> None:
    counts[3] = 0
    n, pulls = jnp.array(counts, dtype=float), jnp.zeros(2)
    plain, reverse = of_runs(), of_runs((4, 3, 2, 1, 0))
    found = float(chi2_at(plain, at(plain, couplings, rates), Data(n, pulls)))
    turned = float(chi2_at(reverse, at(reverse, couplings, rates), Data(n[::-1], pulls)))
    assert turned == pytest.approx(found, rel=1e-11, abs=1e-11)


@settings(max_examples=40)
@given(strengths, strengths, factors, counts_of_runs)
def test_a_run_in_two_halves_is_one_run(
    first: tuple[float, ...], second: tuple[float, ...], rates: tuple[float, ...], counts: list[int]
) -> None:
    """However its counts fall into the halves, all that is learnt is their sum."""
    counts[3] = 0
    n, pulls = jnp.array(counts, dtype=float), jnp.zeros(2)
    split = jnp.concatenate([jnp.floor(n / 3), n - jnp.floor(n / 3)])
    halves = of_runs((0, 1, 2, 3, 4, 0, 1, 2, 3, 4), 0.5)
    differences = []
    for likelihood, data in ((of_runs(), Data(n, pulls)), (halves, Data(split, pulls))):
        values = [float(chi2_at(likelihood, at(likelihood, x, rates), data)) for x in (first, second)]
        differences.append(values[0] - values[1])
    assert differences[1] == pytest.approx(differences[0], rel=1e-9, abs=1e-8)
