"""Limits on strengths that interfere, and the reach of mediators over their mass."""

from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import optimize

import renp
from relative import relative
from renp.inference.quadratic_set import Along, quadratic_set
from renp.inference.reach import mass_grid, pole_masses, reach, strength_counts
from renp.inference.upper_limits import delta_chi2
from renp.papers import proceeding
from renp.results.limits import SIGNS

RUNS = proceeding.setup().experiment
NU = proceeding.setup().neutrinos


def vector(mass: float) -> renp.Interaction:
    return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})


@jax.jit
def _ends(form: Along) -> jax.Array:
    return quadratic_set(form, form.null, 2.71).ends


def ends(form: Along) -> list[float]:
    """Return both ends of what the expectation of the standard model accepts at Δχ² = 2.71."""
    return np.asarray(_ends(form)).tolist()


def rise(t: float, interaction: renp.Interaction) -> float:
    """Return the Poisson χ² of the standard model's expectation, without the quadratic form."""
    null = np.asarray(renp.expected_counts(RUNS, NU))
    counts = np.asarray(renp.expected_counts(RUNS, NU, renp.Weak() + t * interaction))
    return float(2 * np.sum(counts - null + null * np.log(null / counts)))


def test_counts_are_the_quadratic_form() -> None:
    interaction = renp.ScalarMediator(10.0, 1.0, pseudoscalar={(1, 1): 1.0, (1, 2): 0.5})
    form, unit = strength_counts(RUNS, NU, interaction)
    for t in (-3.0, -0.2, 0.1, 2.0):
        model = renp.Weak() + float(t * unit) * interaction
        expected = np.asarray(renp.expected_counts(RUNS, NU, model))
        assert np.asarray(form.at(t)) == relative(expected, rel=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize("mass", [1e-3, 1.0, 1e3])
def test_limits_on_either_side_are_where_chi2_has_risen(mass: float) -> None:
    form, unit = strength_counts(RUNS, NU, vector(mass))
    for limit in float(unit) * np.array(ends(form)):
        assert rise(float(limit), vector(mass)) == relative(2.71, rel=1e-9)
        for further in (1.01, 1.5, 10.0):
            assert rise(further * float(limit), vector(mass)) > 2.71


@pytest.mark.sampled
@pytest.mark.parametrize("counts", [1e2, 1e4, 1e6, 1e8])
def test_islands_left_by_destructive_interference_are_not_excluded(counts: float) -> None:
    """N = (1 − t)² N_0 is the standard model's again at t = 2: the limit lies beyond that island."""
    one = jnp.ones(1)
    lower, upper = ends(Along(counts * one, -2 * counts * one, counts * one))

    def rise(t: float) -> float:
        return 2 * counts * ((1 - t) ** 2 - 1 - 2 * np.log(abs(1 - t))) - 2.71

    beyond = optimize.brentq(rise, 2 + 1e-9, 3, xtol=1e-14)
    assert upper == relative(beyond, rel=1e-9)
    assert -0.2 < lower < 0


@pytest.mark.slow
def test_joint_islands_of_several_runs_are_found() -> None:
    """Runs that return to the standard model at slightly different strengths share an island."""
    null = jnp.array([1e6, 2e6])
    form = Along(null, -null * jnp.array([2.0, 2.0005]), null)

    def rise(t: float) -> float:
        n = np.asarray(form.null)
        expected = n * (1 - np.array([2.0, 2.0005]) * t + t**2)
        return float(2 * np.sum(expected - n - n * np.log(expected / n))) - 2.71

    lowest = optimize.minimize_scalar(rise, bounds=(1.99, 2.01), method="bounded", options={"xatol": 1e-12})
    assert lowest.fun < 0
    beyond = optimize.brentq(rise, lowest.x, 3, xtol=1e-14)
    assert ends(form)[1] == relative(beyond, rel=1e-9)


@pytest.mark.slow
def test_contact_and_massless_limits() -> None:
    """Far above every q² the limit goes as the mass squared, far below it does not depend on it."""
    found = np.asarray(reach(RUNS, NU, vector, np.array([1e-6, 1e-5, 1e3, 1e5])))
    assert found[0] == relative(found[1], rel=1e-6)
    assert found[3] / found[2] == relative(1e4, rel=1e-5)


@pytest.mark.slow
def test_poles_are_resolved() -> None:
    """Beside its pole the limit falls with the distance |m² − q²|, and the grid shows it."""
    poles = pole_masses(RUNS)
    assert poles == pytest.approx([0.0526, 0.0889, 0.1124], abs=1e-4)
    masses = poles[2] * (1 + np.array([1e-3, 1e-5, 1e-7]))
    found = np.asarray(reach(RUNS, NU, vector, masses))
    assert found[:-1] / found[1:] == relative(100, rel=0.1)
    grid = mass_grid(RUNS)
    for pole in poles:
        assert np.min(np.abs(grid / pole - 1)) == relative(1e-6, rel=1e-3)


def test_poles_are_where_the_light_is() -> None:
    """Not where a laser with an offset says that it is."""
    shifted, there = (
        renp.Experiment(
            RUNS.atom, renp.Target(), np.array([1.05, 1.068]) + moved, 1.0, laser=renp.Laser(offset=offset)
        )
        for moved, offset in ((0.0, 1e-3), (1e-3, 0.0))
    )
    assert pole_masses(shifted) == relative(pole_masses(there), rel=1e-12)


def test_a_width_regulates_the_pole() -> None:
    def wide(mass: float) -> renp.Interaction:
        return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0}, width=1e-3)

    pole = pole_masses(RUNS)[2]
    masses = pole * (1 + np.array([0.0, 1e-9, 1e-7]))
    found = np.asarray(reach(RUNS, NU, wide, masses))
    assert found == relative(np.full(3, found[0]), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("nature", ["dirac", "majorana"])
def test_reach_spans_what_the_first_paper_quotes(nature: str) -> None:
    """arXiv:2110.03510, abstract: 10⁻²⁶ to 10⁻¹⁵ and 10⁻¹⁹ to 10⁻⁹ over 10⁻³ to 10⁴ eV."""
    nu = renp.Neutrinos(0.01, nature=nature, release="nufit-5.1")
    masses = np.array([1e-3, 1e4])
    low, high = np.asarray(reach(RUNS, nu, vector, masses))
    assert 1e-27 < low < 1e-25
    assert 1e-16 < high < 1e-14
    low, high = np.asarray(
        reach(RUNS, nu, lambda m: renp.ScalarMediator(m, 1.0, scalar={(1, 1): 1.0}), masses)
    )
    assert 1e-20 < low < 1e-18
    assert 1e-10 < high < 1e-8


@pytest.mark.slow
def test_confidence_level() -> None:
    weak, strong = (reach(RUNS, NU, vector, np.array([1e3]), level)[0] for level in (0.9, 0.99))
    assert strong > weak
    assert delta_chi2(0.99) > delta_chi2(0.9)


@pytest.mark.slow
def test_masses_of_the_left_panel_give_the_effect() -> None:
    spectra = proceeding.figure_1_spectra()
    scenario = proceeding.setup()
    standard = float(renp.spectral_function(1.068, scenario.atom, scenario.neutrinos))
    for one in spectra.spectra:
        diagonal = {(k, k): one.coupling for k in (1, 2, 3)}
        mediator = (
            renp.VectorMediator(one.mass, 1.0, left=diagonal)
            if one.name == "vector"
            else renp.ScalarMediator(one.mass, 1.0, scalar=diagonal)
        )
        found = renp.spectral_function(1.068, scenario.atom, scenario.neutrinos, renp.Weak() + mediator)
        assert float(found) / standard == relative(1.5, rel=1e-8)


def test_masses_on_a_pole_are_refused() -> None:
    with pytest.raises(renp.InputError, match="away from the poles"):
        reach(RUNS, NU, vector, pole_masses(RUNS))


def test_observed_counts_are_refused() -> None:
    observed = renp.Experiment(RUNS.atom, RUNS.target, [1.0688], 1e5, counts=[3])
    with pytest.raises(renp.InputError, match="expected for the standard model"):
        reach(observed, NU, vector, np.array([1.0]))


def test_couplings_that_are_not_numbers_are_reported() -> None:
    with pytest.raises(renp.InputError, match=r"of mediator_of_mass\(1\) = \(nan"):
        reach(RUNS, NU, lambda m: renp.Couplings(V=jnp.sqrt(m - 2.0) * jnp.eye(3)), np.array([1.0, 3.0]))


def test_the_limit_for_one_sign_is_that_end_of_the_interval() -> None:
    masses = np.array([1e-3, 1e3])
    found = {sign: np.asarray(reach(RUNS, NU, vector, masses, sign=sign)) for sign in SIGNS}
    assert np.array_equal(found["either"], np.maximum(found["positive"], found["negative"]))
    for mass, up, down in zip(masses, found["positive"], found["negative"], strict=True):
        assert up != relative(down, rel=0.1)
        for limit in (up, -down):
            assert rise(float(limit), vector(float(mass))) == relative(delta_chi2(0.9), rel=1e-9)
    with pytest.raises(renp.InputError, match="sign"):
        reach(RUNS, NU, vector, masses, sign="+")


@pytest.mark.slow
def test_another_function_of_the_mass_is_not_compiled_anew() -> None:
    masses = np.geomspace(1e-2, 1e4, 50)
    reach(RUNS, NU, lambda m: vector(m) * 3.0, masses)
    compiled: list[str] = []

    def note(event: str, *_: Any, **__: Any) -> None:
        compiled.extend([event] if "backend_compile" in event else [])

    jax.monitoring.register_event_duration_secs_listener(note)
    found = [np.asarray(reach(RUNS, NU, lambda m, g=g: vector(m) * g, masses)) for g in (1.0, 2.0)]
    assert compiled == []
    np.testing.assert_allclose(found[1], found[0] / 2, rtol=1e-9)


def test_a_mediator_in_place_of_a_function_is_refused() -> None:
    with pytest.raises(renp.InputError, match=r"mediator_of_mass = VectorMediator.*a function of the mass"):
        reach(RUNS, NU, vector(1.0), np.array([1.0]))  # type: ignore[arg-type]
    with pytest.raises(renp.InputError, match="an Interaction"):
        reach(RUNS, NU, lambda *_: None, np.array([1.0]))  # type: ignore[arg-type, return-value]


def test_the_grid_ends_where_it_is_told_to() -> None:
    assert mass_grid(RUNS, 100.0, 1e6, 60) == relative(np.geomspace(100.0, 1e6, 60), rel=1e-12)
    assert mass_grid(RUNS, 0.08, 1e3, 60)[0] == relative(0.08, rel=1e-12)


def test_the_reach_is_an_array_that_prints_and_plots() -> None:
    masses = np.array([1e-3, 1e3])
    found = reach(RUNS, NU, vector, masses)
    assert np.asarray(found).tolist() == [found[0], found[1]]
    assert len(found) == 2
    figure = found.plot()
    assert figure.axes[0].get_xscale() == "log"
    plt.close(figure)
    assert found.json()["poles"] == relative(pole_masses(RUNS).tolist(), rel=1e-12)
    assert "either sign" in str(found)


@pytest.mark.parametrize("kind", [renp.MagneticMoment, renp.ElectricMoment, renp.Charge, renp.ChargeRadius])
def test_what_majorana_neutrinos_cannot_have_is_refused(kind: Any) -> None:
    neutrinos = renp.Neutrinos(0.01, nature="majorana")
    with pytest.raises(renp.InputError, match="a Majorana neutrino has no diagonal element"):
        reach(RUNS, neutrinos, lambda _: kind({(1, 1): 1.0}), np.array([1.0]))
    with pytest.raises(renp.InputError, match="a Majorana neutrino has no diagonal element"):
        renp.sensitivity(RUNS, neutrinos, "exposure", couplings={"c": kind({(1, 1): 1.0})})
