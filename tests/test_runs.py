"""Runs as one value, and errors of their own."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw

import renp
from cases import HEAD, NU, YB, runs
from renp.errors import ScenarioError
from renp.experiment import counts_of
from renp.inference.likelihood import Data
from renp.inference.nuisances import common, nuisance_parameters
from renp.runs import COLUMNS, Runs
from renp.scenario import Scenario
from renp.scenario.keys import Key, unit_of
from renp.scenario.schema import RunSection

MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
DARK = {"background": 1e-5}
FEW = renp.Constraints(candidates=200)
LIT = renp.Experiment(renp.Atom.named("Yb", "full"), renp.Target(), [1.068], 1.0)
"""Of an atom that sees helicities."""

ordinary = settings(max_examples=100)


@st.composite
def some_runs(draw: Any, counted: bool | None = None, least: int = 0) -> Runs:
    n = draw(st.integers(least, 6))
    counted = draw(st.booleans()) if counted is None else counted
    least_of = {"control_ratio": 0.1}  # there may be control counts
    columns = {
        name: draw(
            st.lists(
                st.floats(least_of.get(name, column.least), min(column.most, 2.0)), min_size=n, max_size=n
            )
        )
        for name, column in COLUMNS.items()
        if name not in ("counts", "control_counts") or counted
    }
    return Runs.checked(2.5, **columns)


def same(one: Runs, other: Runs) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in COLUMNS]
    return all((a is None) == (b is None) and (a is None or np.array_equal(a, b)) for a, b in pairs)


@ordinary
@given(data=st.data(), counted=st.booleans())
def test_joined_runs_are_split_again(data: st.DataObject, counted: bool) -> None:
    one, other = (data.draw(some_runs(counted)) for _ in range(2))
    both = one.joined(other)
    assert len(both) == len(one) + len(other)
    assert same(both.rows(np.arange(len(one))), one)
    assert same(both.rows(len(one) + np.arange(len(other))), other)


@ordinary
@given(data=st.data(), one=some_runs())
def test_rows_of_rows(data: st.DataObject, one: Runs) -> None:
    order = np.array(data.draw(st.permutations(range(len(one)))), dtype=int)
    assert same(one.rows(order).rows(np.argsort(order)), one)


@settings(max_examples=20)
@given(one=some_runs(), more=st.integers(0, 2))
def test_padded_runs_count_nothing_more(one: Runs, more: int) -> None:
    longer = one.padded(len(one) + more)
    assert same(longer.rows(np.arange(len(one))), one)
    rest = longer.rows(np.arange(len(one), len(longer)))
    assert len(rest) == more
    assert not np.any(rest.duration)
    experiment = LIT.with_runs(longer)
    assert not np.any(counts_of(experiment, jnp.ones(len(longer)))[len(one) :])


@ordinary
@given(one=some_runs(False, least=1))
def test_counts_of_parts_of_a_run_add_up(one: Runs) -> None:
    """Halves of the time of every run have half of its counts, exactly."""
    experiment = LIT.with_runs(one)
    halves = Runs(**{name: getattr(one, name) for name in COLUMNS} | {"duration": one.duration / 2})
    both = counts_of(experiment.with_runs(halves.joined(halves)), jnp.tile(jnp.linspace(0, 1, len(one)), 2))
    whole = counts_of(experiment, jnp.linspace(0, 1, len(one)))
    np.testing.assert_allclose(both[: len(one)] + both[len(one) :], whole, rtol=1e-15, atol=1e-300)


def test_runs_with_and_without_counts_are_not_joined() -> None:
    with pytest.raises(renp.InputError, match="counts = None: must be given for all runs"):
        runs().runs.joined(runs(counts=np.ones(7)).runs)


def test_a_key_of_the_file_for_every_column() -> None:
    assert set(RunSection.model_fields) == set(COLUMNS)
    for name, column in COLUMNS.items():
        field = RunSection.model_fields[name]
        assert unit_of(Key("run", None, name, None), {"run": [{}]}) == column.unit
        assert field.is_required() == column.required
        assert column.required or field.default == column.default
    for name in COLUMNS:
        assert np.array_equal(getattr(runs(counts=1), name), getattr(runs(counts=1).runs, name))


@pytest.mark.parametrize("name", ["background_error", "efficiency_error"])
def test_wrong_errors_are_refused(name: str) -> None:
    with pytest.raises(
        renp.InputError, match=rf"{name}\[1\] = 5.0: must be relative, from 0 to 1: 5 % is 0.05"
    ):
        runs(energies=[1.068, 1.07], **{name: [0.1, 5.0]})
    with pytest.raises(renp.InputError, match=rf"{name} = 3 values: must be one value, or one for each of 7"):
        runs(**{name: [0.1, 0.1, 0.1]})


@pytest.mark.parametrize("name", ["background_error", "efficiency_error"])
def test_results_that_know_no_errors_say_so(name: str) -> None:
    uncertain = runs(energies=[1.068], **{name: 0.1})
    with pytest.raises(renp.InputError, match=f"{name} = 0.1: must be left out"):
        renp.reach(uncertain, NU, lambda m: renp.VectorMediator(m, 1.0, left={(1, 1): 1.0}), np.array([1e3]))
    with pytest.raises(renp.InputError, match=f"{name} = 0.1: must be left out"):
        renp.limit_curves(uncertain, NU, exposure=[1.0, 10.0])
    with pytest.raises(renp.InputError, match=f"{name} = 0.1: must be left out"):
        renp.allowed_region(uncertain, NU, [])


# --- statistics ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("part", [0.7, 1.3])
def test_the_pull_of_an_efficiency_is_that_of_the_closed_form(error: float, part: float) -> None:
    """One run without background: a (N eᵃˣ − n) + x = 0 with a = ln(1 + σ), solved by Lambert's function."""
    likelihood = renp.Likelihood(runs(energies=[1.068], efficiency_error=error), NU)
    assert likelihood.names == ("efficiency_1",)
    expected = float(likelihood.expected(likelihood.point())[0])
    counts, a = part * expected, np.log1p(error)
    pull = a * counts - lambertw(a**2 * expected * np.exp(a**2 * counts)).real / a
    fit = renp.fit(likelihood, Data(jnp.array([counts]), jnp.zeros(1)))
    assert float(fit.coordinates[0]) == pytest.approx(pull, rel=1e-7, abs=0)


@pytest.mark.slow
def test_errors_of_a_single_run_are_common_errors() -> None:
    one = {"energies": [1.0712], "days": 1000.0, **DARK}
    own = renp.upper_limits(
        runs(**one, efficiency_error=0.1, background_error=0.3), NU, couplings={"m": MU}
    ).limits["m"]["mu"]
    nuisances = renp.Nuisances(normalisation_error=0.1, background_error=0.3)
    shared = renp.upper_limits(runs(**one), NU, couplings={"m": MU}, nuisances=nuisances).limits["m"]["mu"]
    free = renp.upper_limits(runs(**one), NU, couplings={"m": MU}).limits["m"]["mu"]
    assert own == pytest.approx(shared, rel=1e-9, abs=0)
    assert own > 1.05 * free


def test_runs_without_an_error_have_no_parameter() -> None:
    experiment = runs(efficiency_error=[0, 0.1, 0, 0, 0, 0, 0.2], background_error=[0.1] + 6 * [0.0])
    names = [p.name for p in nuisance_parameters(renp.Nuisances(background_error=0.2), experiment, NU)]
    assert names == ["efficiency_2", "efficiency_7", "background", "background_1"]


def test_factors_of_runs_multiply_common_ones() -> None:
    experiment = runs(**DARK, efficiency_error=0.1, background_error=0.2)
    nuisances = renp.Nuisances(normalisation_error=0.05, background_error=0.3)
    likelihood = renp.Likelihood(experiment, NU, nuisances=nuisances)
    up = likelihood.point(normalisation=1.05, efficiency_2=1.1, background=1.3, background_3=1.2)
    found = likelihood.expected(up)
    dark = np.asarray(experiment.background_counts)
    signal = np.asarray(renp.expected_counts(experiment, NU)) - dark
    own, of_dark = np.ones(7), np.ones(7)
    own[1], of_dark[2] = 1.1, 1.2
    np.testing.assert_allclose(found, 1.05 * own * signal + 1.3 * of_dark * dark, rtol=1e-13, atol=0)


def test_errors_of_backgrounds_are_given_once() -> None:
    with pytest.raises(renp.InputError, match=r"background_error = .*: must be left out of the runs"):
        renp.Likelihood(
            runs(**DARK, background_error=0.1), NU, nuisances=renp.Nuisances(background_error=7 * [0.2])
        )


def test_workspaces_have_the_errors_of_runs() -> None:
    experiment = runs(energies=[1.0712], **DARK, efficiency_error=0.1, background_error=0.2)
    content = renp.pyhf_workspace(renp.Likelihood(experiment, NU, MU), "mu")
    of_sample = {
        sample["name"]: [modifier["name"] for modifier in sample["modifiers"]]
        for sample in content["channels"][0]["samples"]
    }
    assert of_sample == {
        "standard model": ["efficiency_1"],
        "signal": ["efficiency_1", "mu"],
        "background": ["background_1"],
    }


# --- plans --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_error_of_a_plans_runs_is_common_to_them() -> None:
    given = {"couplings": MU, "constraints": FEW}
    own = renp.plan("limits", runs(**DARK, efficiency_error=0.1, background_error=0.2), NU, **given)
    nuisances = renp.Nuisances(normalisation_error=0.1, background_error=0.2)
    shared = renp.plan("limits", runs(**DARK), NU, nuisances=nuisances, **given)
    assert own.reached == pytest.approx(shared.reached, rel=1e-9, abs=0)
    assert own.optimality_gap < 1e-4
    limits = renp.upper_limits(
        renp.Experiment(YB, renp.Target(), own.photon_energy, own.duration, **DARK),
        NU,
        couplings={"m": MU},
        nuisances=nuisances,
    )
    assert own.reached == pytest.approx(limits.limits["m"]["mu"], rel=1e-6, abs=0)


def test_common_errors_add_in_quadrature_of_logarithms() -> None:
    both = common(renp.Nuisances(normalisation_error=0.1), 0.2, 0.3)
    assert np.log1p(both.normalisation_error) ** 2 == pytest.approx(
        np.log(1.1) ** 2 + np.log(1.2) ** 2, rel=1e-13, abs=0
    )
    assert both.background_error == pytest.approx(0.3, rel=1e-13, abs=0)


@pytest.mark.parametrize("name", ["efficiency", "efficiency_error", "background_error"])
def test_a_plan_needs_runs_that_are_alike(name: str) -> None:
    differing = runs(energies=[1.068, 1.07], **{name: [0.1, 0.2]})
    allowed = rf"{name} = \[0.1, 0.2\]: must be the same at all photon energies for a plan"
    with pytest.raises(renp.InputError, match=allowed):
        renp.plan("limits", differing, NU, couplings=MU)
    if name != "efficiency":
        alike, before = (runs(energies=[1.068], **{name: error}) for error in (0.1, 0.2))
        with pytest.raises(renp.InputError, match=allowed):
            renp.plan("limits", alike, NU, couplings=MU, done=before)


def test_a_plan_needs_one_error_of_the_background() -> None:
    with pytest.raises(renp.InputError, match=r"background_error = \[0.1, 0.2\]: must be the same"):
        renp.plan("limits", runs(**DARK), NU, nuisances=renp.Nuisances(background_error=[0.1, 0.2]))


# --- files --------------------------------------------------------------------------------------------------

RUN = '[[run]]\nphoton_energy = "1.068 eV"\nduration = "10 day"\nbackground = "1 / day"\n'


def test_errors_of_a_file() -> None:
    text = HEAD + RUN + 'background_error = 0.1\nefficiency_error = "5 %"\nefficiency = "40 %"\n' + RUN
    found = Scenario.from_text(text)
    assert found.experiment.background_error.tolist() == [0.1, 0.0]
    assert found.experiment.efficiency_error.tolist() == [0.05, 0.0]
    assert found.experiment.efficiency.tolist() == [0.4, 1.0]
    assert found.likelihood().names[-2:] == ("efficiency_1", "background_1")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5.0", "relative, from 0 to 1: 5 % is 0.05"),
        ('"500 %"', "relative, from 0 to 1"),
        ('"5"', "must be a number without a unit, such as 0.05, or"),
        ('"x %"', "must be a number without a unit"),
        ("-0.1", "relative, from 0 to 1"),
    ],
)
def test_wrong_errors_of_a_file(value: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        Scenario.from_text(HEAD + RUN + f"efficiency_error = {value}\n")


def test_errors_of_a_csv_file(tmp_path: Path) -> None:
    rows = "photon_energy [eV], duration [day], background [1/day], background_error, efficiency_error\n"
    rows += "1.068, 10, 3, 0.1, 0.05\n"
    (tmp_path / "runs.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "a.toml").write_text(HEAD + '[runs]\nfile = "runs.csv"\n', encoding="utf-8")
    found = Scenario.read(tmp_path / "a.toml").experiment
    assert found.background_error.tolist() == [0.1]
    assert found.efficiency_error.tolist() == [0.05]


def test_what_is_printed_has_the_numbers_and_leaves_out_what_is_as_usual() -> None:
    experiment = renp.Experiment(YB, renp.Target(volume=50.0), [1.068, 1.07], 5.0, counts=[3, 4])
    said = (
        f"Experiment(atom={YB!r}, target=Target(volume=50.0), photon_energy=[1.068, 1.07 ], "
        "duration=[5., 5.], counts=[3., 4.])"
    )
    assert repr(experiment) == said
    assert repr(experiment.runs).startswith("Runs(photon_energy=[1.068, 1.07 ], duration=[5., 5.], ")
    likelihood = renp.Likelihood(experiment, NU, MU)
    assert repr(likelihood) == f"Likelihood({said}, parameters=['mu'])"
    assert repr(renp.Target()) == "Target()"
    assert "polarisation='right', M=1" in repr(
        renp.Atom.named("Xe").refined(polarisation="right").prepared(1)
    )
    many = renp.Experiment(
        YB, renp.Target(), np.linspace(1.0, 1.07, 30), 5.0, laser=renp.Laser(gaussian=1e-6)
    )
    assert "..., 1.06517241, " in repr(many)
    assert "laser=Laser(gaussian=1e-06" in repr(many)


def test_what_is_traced_is_printed_too() -> None:
    seen = []
    jax.jit(lambda omega: seen.append(repr(renp.Experiment(YB, renp.Target(), omega, 5.0))) or 1.0)(
        np.ones(2)
    )
    assert "float64[2]" in seen[0]
