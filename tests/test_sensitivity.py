"""Expected limits over exposure, lightest and mediator mass, with bands and the limits of others."""

import dataclasses
import json
from pathlib import Path

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest

import renp
from pictures import PICTURES
from relative import relative
from renp.inference.quadratic_set import Along, quadratic_set
from renp.inference.reach import pole_masses
from renp.inference.squares import furthest_square
from renp.results.base import saved_references

DAY = 86400.0
NU = renp.Neutrinos(0.01)
RUNS = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * DAY)
MOMENT = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}
LIGHT = renp.VectorMediator(1e3, 1e-3, left={(1, 1): 2e-3, (1, 2): 1e-3})
MEDIATOR = {"vector-mediator": {"strength": LIGHT}}


def test_over_the_exposure_limits_are_those_of_longer_runs() -> None:
    found = renp.sensitivity(RUNS, NU, "exposure", [1.0, 30.0], couplings=MOMENT, toys=0)
    longer = renp.Experiment(RUNS.atom, RUNS.target, RUNS.photon_energy, 30 * DAY)
    limit = renp.upper_limits(longer, NU, couplings=MOMENT).limits["magnetic-moment"]["11"]
    assert found.limits["magnetic-moment"]["11"][1] == relative(limit, rel=1e-9)
    assert found.bands is None


def test_over_the_lightest_mass_limits_are_those_of_other_neutrinos() -> None:
    found = renp.sensitivity(RUNS, NU, "lightest-mass", [0.005, 0.02], couplings=MOMENT, toys=0)
    limits = [
        renp.upper_limits(RUNS, renp.Neutrinos(m), couplings=MOMENT).limits["magnetic-moment"]["11"]
        for m in (0.005, 0.02)
    ]
    assert found.limits["magnetic-moment"]["11"] == relative(np.array(limits), rel=1e-9)


@pytest.mark.slow
def test_over_the_mediators_mass_limits_are_the_reach_of_the_product() -> None:
    masses = np.array([0.03, 10.0, 1e4])
    found = renp.sensitivity(RUNS, NU, "mediator-mass", masses, couplings=MEDIATOR, toys=0)

    def unit(mass: float) -> renp.Interaction:
        return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0, (1, 2): 0.5})

    reach = np.asarray(renp.reach(RUNS, NU, unit, masses))
    assert found.limits["vector-mediator"]["strength"] == relative(reach, rel=1e-9)
    assert len(found.poles) == 2


def test_bands_are_quantiles_around_the_median() -> None:
    found = renp.sensitivity(RUNS, NU, "exposure", [10.0, 100.0], couplings=MOMENT, toys=300, seed=3)
    assert found.bands is not None
    band = found.bands["magnetic-moment"]["11"]
    assert np.all(np.diff(band, axis=0) > 0)
    assert found.table().columns[1:] == ("magnetic-moment 11",)  # others are in files
    assert len(found.full_table().columns) > 2
    expected = renp.upper_limits(RUNS, NU, couplings=MOMENT, bands=True).bands
    assert expected is not None
    theirs = np.array(expected["magnetic-moment"]["11"])
    assert band[1:4, 0] == relative(theirs[1:4], rel=0.08)  # toys of both


@pytest.mark.slow
def test_without_interference_the_furthest_is_that_of_the_general_search() -> None:
    generator = np.random.default_rng(1)
    null, square = generator.uniform(1, 50, (40, 3)), generator.uniform(0, 5, (40, 3))
    counts = generator.poisson(null).astype(float)
    found = furthest_square(null, square, counts, 2.71)
    for k in range(0, 40, 8):
        along = (null[k], 0 * null[k], square[k])
        ends = quadratic_set(Along(*map(jnp.asarray, along)), jnp.asarray(counts[k]), 2.71).ends
        assert found[k] == relative(float(np.max(np.abs(ends))), rel=1e-9)


def test_what_no_run_sees_has_no_limit() -> None:
    found = furthest_square(np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2)), 2.71)
    assert np.isinf(found[0])


@pytest.mark.slow
def test_others_are_there_by_coupling() -> None:
    moments = renp.sensitivity(RUNS, NU, "exposure", [1.0, 10.0], couplings=MOMENT, toys=0)
    assert set(moments.existing["magnetic-moment"]["11"]) == {"GEMMA", "Borexino", "XENONnT", "red giants"}
    found = renp.sensitivity(RUNS, NU, "mediator-mass", [1.0, 1e3], couplings=MEDIATOR, toys=0)
    others = found.existing["vector-mediator"]["strength"]
    assert set(others) >= {"TEXONO CsI", "GEMMA", "Borexino", "XENONnT", "LZ", "red giants"}
    pattern = np.array([[1, 0.5, 0], [0.5, 0, 0], [0, 0, 0]])
    direct = renp.bounds.recast_limit("lz", "axial", [1.0, 1e3], NU, pattern=pattern).limit
    assert others["LZ"] == relative(direct, rel=1e-9)


def test_pictures_have_a_label_for_each_curve() -> None:
    found = renp.sensitivity(RUNS, NU, "exposure", [1.0, 10.0], couplings=MOMENT, toys=50)
    figure = found.plot()
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert texts == {"RENP 11", "GEMMA", "Borexino", "XENONnT", "red giants"}
    plt.close(figure)
    assert found.full_table().columns[:2] == ("exposure (day * 100 cm^3)", "magnetic-moment 11")
    assert found.dataset()["magnetic-moment"].sizes == {"coupling": 1, "value": 2}


@pytest.mark.parametrize(
    ("over", "values", "couplings", "words"),
    [
        ("volume", None, MOMENT, "over"),
        ("exposure", [1.0], MOMENT, "values"),
        ("exposure", [2.0, 1.0], MOMENT, "values"),
        ("mediator-mass", None, MOMENT, "mediators"),
        ("mediator-mass", [1e-3, float(pole_masses(RUNS)[0])], MEDIATOR, "poles"),
    ],
)
def test_wrong_questions_are_answered(over: str, values: object, couplings: object, words: str) -> None:
    with pytest.raises(renp.InputError, match=words):
        renp.sensitivity(RUNS, NU, over, values, couplings=couplings)


@pytest.mark.parametrize("name", ["sensitivity-mediator", "sensitivity-2"])
def test_a_limit_that_no_run_sets_is_said_beside_those_of_others(name: str) -> None:
    known = PICTURES[name]()
    (kind, of_kind), *_ = known.limits.items()
    label = next(iter(of_kind))
    none = {label: np.full(known.values.size, np.inf)}
    found = dataclasses.replace(known, limits=known.limits | {kind: of_kind | none})
    assert known.title == found.title.removesuffix("; none: no run is sensitive to it") != found.title
    said = [text.get_text() for text in found.plot().axes[0].texts]
    assert ("RENP" if len(of_kind) == 1 else f"RENP {label}") + "\nnone: no run is sensitive to it" in said


def test_curves_are_saved_in_the_form_of_hepdata(tmp_path: Path) -> None:
    found = renp.sensitivity(RUNS, NU, "exposure", [1.0, 10.0], couplings=MOMENT, toys=0)
    path = found.save(tmp_path / "curves.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    content = json.loads("".join(line for line in lines if not line.startswith("# ")))  # JSON is YAML
    (exposure,) = content["independent_variables"]
    assert exposure["header"] == {"name": "exposure", "units": "day * 100 cm^3"}
    assert [one["value"] for one in exposure["values"]] == [1.0, 10.0]
    limit = content["dependent_variables"][0]
    assert limit["header"]["name"] == "magnetic-moment 11"
    assert [one["value"] for one in limit["values"]] == found.limits["magnetic-moment"]["11"].tolist()
    assert "ge-2023-letter" in saved_references(path)
