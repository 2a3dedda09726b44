"""Backgrounds that control measurements say, in fits, in exported workspaces and in files."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pyhf
import pytest
from scipy import optimize

import renp
from cases import DAY, ENERGIES, NU, YB, runs
from deviances import MU, RISE, chi2_at, deviance, least_background
from relative import relative
from renp.errors import ScenarioError
from renp.inference.workspace import pyhf_workspace
from renp.scenario import Scenario

NOTHING = renp.Couplings(V=np.zeros((3, 3)))
"""A model without emission: what runs count is background alone."""


def on_off(n_on: int, n_off: int, ratio: float) -> renp.Likelihood:
    """One run whose signal is that of a moment alone."""
    one = renp.Experiment(
        YB, renp.Target(), 1.068, 10 * DAY, counts=n_on, control_counts=n_off, control_ratio=ratio
    )
    return renp.Likelihood(one, NU, MU, NOTHING)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_on", "n_off", "ratio"), [(140, 60, 0.5), (12, 5, 1.0), (4, 900, 300.0), (7, 0, 2.0)]
)
def test_significance_is_that_of_li_and_ma(n_on: int, n_off: int, ratio: float) -> None:
    """ApJ 272, 317 (1983), Eq. (17): S² is the rise of the χ² from its minimum to no signal."""
    alpha, both = 1 / ratio, n_on + n_off
    off = n_off * np.log((1 + alpha) * n_off / both) if n_off else 0.0
    squared = 2 * (n_on * np.log((1 + alpha) / alpha * n_on / both) + off)
    likelihood = on_off(n_on, n_off, ratio)
    assert chi2_at(likelihood, likelihood.data, mu=0.0) == relative(squared, rel=1e-9)
    assert chi2_at(likelihood, likelihood.data) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("n_on", "n_off", "ratio"), [(140, 60, 0.5), (12, 30, 1.0), (4, 900, 300.0), (0, 5, 2.0)]
)
def test_limits_are_those_of_the_profile_in_closed_form(n_on: int, n_off: int, ratio: float) -> None:
    """Rolke, Lopez and Conrad, NIM A 551, 493 (2005), Sec. 3: Poisson background, exactly."""
    likelihood = on_off(n_on, n_off, ratio)
    unit = float(
        (likelihood.expected(likelihood.point(mu=1e-10)) - likelihood.expected(likelihood.point()))[0]
    )

    def chi2(signal: float) -> float:
        b = least_background(n_on, n_off, ratio, signal)
        return deviance([n_on, n_off], [signal + b, ratio * b])

    best = max(n_on - n_off / ratio, 0.0)
    least = chi2(best)
    signal = optimize.brentq(lambda s: chi2(s) - least - RISE, best + 1e-9, 1e4 + 1e2 * n_on, xtol=1e-12)
    found = renp.fit(likelihood, confidence_level=0.9)["mu"]
    assert found.upper == relative(1e-10 * np.sqrt(signal / unit), rel=1e-6)
    assert found.value == pytest.approx(1e-10 * np.sqrt(best / unit), abs=1e-6 * found.upper)


@pytest.fixture
def precise_pyhf():
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(tolerance=1e-12))
    yield
    pyhf.set_backend("numpy")


@cache
def controlled(days: float = 10.0) -> renp.Likelihood:
    counts, control = [140, 95, 60, 45], [60, 3, 30, 18]
    experiment = runs(
        days, ENERGIES[:4], counts=counts, control_counts=control, control_ratio=[3.0, 0.5, 2.0, 1.0]
    )
    return renp.Likelihood(experiment, NU, MU)


@pytest.mark.slow
@pytest.mark.usefixtures("precise_pyhf")
@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_the_profile_is_that_of_pyhf_with_a_poisson_constraint() -> None:
    """Pyhf's "shapesys": the auxiliary datum (b/δ)² is the control count where δ = b/√n_off."""
    likelihood = controlled()
    null, one = (np.asarray(likelihood.expected(likelihood.point(mu=m)))[:4] for m in (0.0, 5e-11))
    b = np.asarray(likelihood.experiment.background_counts)
    n_off = np.asarray(likelihood.experiment.control_counts)
    samples = [
        ("standard model", null - b, []),
        ("signal", one - null, [{"name": "s", "type": "normfactor", "data": None}]),
        ("background", b, [{"name": "b", "type": "shapesys", "data": (b / np.sqrt(n_off)).tolist()}]),
    ]
    spec = {
        "channels": [
            {
                "name": "runs",
                "samples": [{"name": n, "data": d.tolist(), "modifiers": m} for n, d, m in samples],
            }
        ]
    }
    model = pyhf.Model(spec, poi_name="s")
    data = [*np.asarray(likelihood.experiment.counts).tolist(), *model.config.auxdata]
    assert np.asarray(model.config.auxdata) == pytest.approx(n_off, rel=1e-12, abs=0)
    at = [
        float(pyhf.infer.mle.fixed_poi_fit(s, data, model, return_fitted_val=True)[1])
        for s in (0.0, 1.0, 2.5)
    ]
    ours = [chi2_at(likelihood, likelihood.data, mu=5e-11 * np.sqrt(s)) for s in (0.0, 1.0, 2.5)]
    for theirs, mine in zip(at[1:], ours[1:], strict=True):
        assert mine - ours[0] == pytest.approx(theirs - at[0], abs=1e-6)


def test_toys_draw_control_counts() -> None:
    likelihood = controlled()
    x = likelihood.point(mu=5e-11)
    toys = np.asarray(likelihood.toys(x, jax.random.key(3), 20_000).counts)
    mean = np.asarray(likelihood.expected(x))
    assert toys.shape == (20_000, 8)
    assert np.all(np.abs(np.mean(toys, axis=0) - mean) < 5 * np.sqrt(mean / 20_000))
    assert np.all(np.abs(np.var(toys, axis=0) / mean - 1) < 0.06)
    assert np.all(np.abs(np.corrcoef(toys.T) - np.eye(8)) < 0.04)


@pytest.mark.slow
def test_many_control_counts_make_the_background_known() -> None:
    def limit(**options: Any) -> float:
        experiment = runs(10.0, [1.068, 1.0712], background=1e-5, **options)
        return renp.upper_limits(experiment, NU, couplings=MU).limits["magnetic-moment"]["mu"]

    known = limit()
    assert limit(control_ratio=1e12) == relative(known, rel=1e-9)
    assert limit(control_ratio=10.0) > 1.001 * known
    assert limit(control_ratio=0.1) > 1.001 * limit(control_ratio=10.0)


def test_the_control_measurement_of_one_run_does_not_bind_another() -> None:
    experiment = runs(
        10.0,
        [1.068, 1.0712, 1.08],
        background=[0.0, 2e-5, 1e-5],
        control_counts=[30, 0, 0],
        control_ratio=[3.0, 0, 0],
    )
    likelihood = renp.Likelihood(experiment, NU, MU)
    assert likelihood.names == ("mu", "background_rate_1")
    assert likelihood.expected(likelihood.point())[2:] == pytest.approx([1e-5 * 10 * DAY, 30.0], abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"control_counts": 3}, r"control_ratio\[0\] = 0.0: must be above 0 where there are control counts"),
        ({"control_ratio": -1.0}, "control_ratio = -1.0: must be a ratio, at least 0"),
        (
            {"control_ratio": 1.0, "background_error": 0.1},
            "background_error .background_1. = above 0: must be 0",
        ),
    ],
)
def test_wrong_control_measurements_are_refused(options: Any, message: str) -> None:
    with pytest.raises(renp.InputError, match=message):
        renp.Likelihood(runs(10.0, [1.068], **options), NU)


def test_control_counts_are_needed_beside_counts() -> None:
    likelihood = renp.Likelihood(runs(10.0, [1.068], counts=[12], control_ratio=1.0), NU, MU)
    with pytest.raises(renp.InputError, match="control_counts = None: must be given for every run with"):
        renp.fit(likelihood)
    for result in (lambda e: renp.limit_curves(e, NU, exposure=[1.0]), lambda e: renp.plan("limits", e, NU)):
        with pytest.raises(renp.InputError, match=r"control_ratio = .*: must be left out"):
            result(runs(10.0, [1.068], control_ratio=1.0))


@pytest.mark.slow
@pytest.mark.usefixtures("precise_pyhf")
@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_the_exported_workspace_has_control_channels() -> None:
    likelihood = controlled()
    workspace = pyhf.Workspace(json.loads(json.dumps(pyhf_workspace(likelihood, "mu"))))
    assert workspace.channels == [f"{what} {k}" for what in ("control", "run") for k in range(1, 5)]
    model = workspace.model()
    rng = np.random.default_rng(4)
    rises = []
    for x in rng.uniform(0.5, 8.0, (2, 5)):
        by_name = dict(zip(["mu", *likelihood.names[1:]], x, strict=True))
        theirs = model.logpdf([float(by_name[n]) for n in model.config.par_names], workspace.data(model))
        rises.append((float(likelihood.log_density(jnp.asarray(x), likelihood.data)), float(theirs[0])))
    (ours, theirs), (again, there) = rises
    assert ours - again == relative(theirs - there, rel=1e-9)


# --- scenario files -----------------------------------------------------------------------------------------

FILE = """
[atom]
name = "Yb"
[laser]
gaussian = "20 ueV"
[neutrinos]
lightest_mass = "10 meV"
[[interaction]]
kind = "vector-mediator"
mass = "3 eV"
electron = 1e-9
left = { "11" = 1e-9 }
width = "1 meV"
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
counts = 140
control_ratio = 3
control_counts = 60
[[run]]
photon_energy = "1.0712 eV"
duration = "10 day"
counts = 95
background = "1 / day"
[statistics]
linewidth_error = "10 %"
free = ["vector-mediator strength.mass"]
"""


@pytest.mark.slow
def test_a_scenario_file_says_all_of_it() -> None:
    likelihood = Scenario.from_text(FILE).likelihood()
    name = "vector-mediator strength"
    assert likelihood.names == (name, f"{name}.mass", "linewidth", "background_rate_1")
    assert likelihood.data.counts.tolist() == [140, 95, 60]
    assert likelihood.experiment.background.tolist() == [
        relative(2 / DAY, rel=1e-15),
        relative(1 / DAY, rel=1e-15),
    ]
    degree = Scenario.from_text(FILE + "background_degree = 1\n").likelihood()
    assert degree.names[-2:] == ("background_shape_1", "background_shape_2")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("control_counts = 60\n", "", ""),
        (
            'background = "1 / day"',
            "control_ratio = 1",
            "control_counts is missing: give it for every run with",
        ),
        ('gaussian = "20 ueV"', "", "linewidth_error: 0.1: must be 0 for a sharp line"),
        (
            "strength.mass",
            "strength.weight",
            "free: 'vector-mediator strength.weight': must be 'vector-mediator strength.mass'",
        ),
        ("linewidth_error", "background_error = 0.1\nlinewidth_error", ""),
        (
            "linewidth_error",
            "background_degree = 1\nbackground_error = 0.1\nlinewidth_error",
            "background_error",
        ),
    ],
)
def test_problems_of_a_file_are_told(old: str, new: str, message: str) -> None:
    text = FILE.replace(old, new)
    if not message:
        Scenario.from_text(text)
        return
    with pytest.raises(ScenarioError, match=message):
        Scenario.from_text(text)


def test_runs_of_a_csv_file_have_control_counts(tmp_path: Path) -> None:
    head = "photon_energy [eV], duration [day], counts, control_counts, control_ratio\n"
    (tmp_path / "runs.csv").write_text(
        f"{head}1.068, 10, 118, 30, 2.5\n1.07, 10, 90, 0, 0\n", encoding="utf-8"
    )
    text = '[atom]\nname = "Yb"\n[neutrinos]\nlightest_mass = "10 meV"\n[runs]\nfile = "runs.csv"\n'
    (tmp_path / "it.toml").write_text(text, encoding="utf-8")
    found = Scenario.read(tmp_path / "it.toml").experiment
    assert found.control_counts.tolist() == [30, 0]
    assert found.background.tolist() == [relative(1.2 / DAY, rel=1e-15), 0.0]
