"""A value of another type, in any leading place of a public function, is answered by naming the argument."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import renp
from renp.interactions.given import given_couplings
from renp.results import Counts, Spectrum

YB = renp.Atom.named("Yb")
DIRAC = renp.Neutrinos(0.01)
MOMENT = renp.MagneticMoment({(1, 1): 1.0})
RUNS = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], 864000.0)
COUNTED = renp.Experiment(YB, renp.Target(), [1.068, 1.0712], 864000.0, counts=[120, 90])
LIKELIHOOD = renp.Likelihood(RUNS, DIRAC, {"mu": MOMENT})
SEEN = renp.Likelihood(COUNTED, DIRAC, {"mu": MOMENT})
BOTH = renp.Likelihood(COUNTED, DIRAC, {"mu": MOMENT, "eps": renp.ElectricMoment({(1, 1): 1.0})})
WEAK = renp.Likelihood(RUNS, DIRAC)
DATA = SEEN.data


class Stranger:
    """What no argument of the package is."""

    def __repr__(self) -> str:
        return "Stranger()"


def vector(mass: Any) -> renp.VectorMediator:
    return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})


RIGHT: dict[Callable[..., Any], dict[str, Any]] = {
    renp.allowed_region: {"experiment": RUNS, "neutrinos": DIRAC, "world": ["borexino-2017"]},
    renp.angular_spectrum: {
        "cosine": 0.5,
        "omega": 1.0,
        "atom": YB,
        "neutrinos": DIRAC,
        "model": renp.Weak(),
    },
    renp.check_interaction: {"interaction": MOMENT},
    renp.compare: {"hypotheses": {"a": LIKELIHOOD, "b": WEAK}, "truth": {"a": {}}},
    renp.contour: {"likelihood": BOTH, "names": ("mu", "eps"), "values": ([0], [0]), "data": DATA},
    renp.differential_spectrum: {
        "energy": 0.5,
        "omega": 1.0,
        "atom": YB,
        "neutrinos": DIRAC,
        "model": MOMENT,
    },
    renp.discovery: {"likelihood": LIKELIHOOD, "coupling": "mu", "truth": {}},
    renp.expected_counts: {"experiment": RUNS, "neutrinos": DIRAC, "model": MOMENT},
    renp.fit: {"likelihood": SEEN, "data": DATA},
    renp.information: {"likelihood": LIKELIHOOD, "x": LIKELIHOOD.point()},
    renp.limit_curves: {"experiment": RUNS, "neutrinos": DIRAC, "confidence_level": 0.9, "exposure": [1, 2]},
    renp.mass_grid: {"experiment": RUNS, "low": 1e-3, "high": 1e5, "points": 10},
    renp.measure_coverage: {"likelihood": LIKELIHOOD, "coupling": "mu", "values": (1e-11,)},
    renp.minuit: {"likelihood": SEEN, "data": DATA, "start": SEEN.point()},
    renp.plan: {"aim": "limits", "experiment": RUNS, "neutrinos": DIRAC},
    renp.posterior: {"likelihood": SEEN, "data": DATA},
    renp.prior_transform: {"likelihood": SEEN, "data": DATA},
    renp.profile: {"likelihood": SEEN, "name": "mu", "values": [0, 1e-11], "data": DATA},
    renp.pyhf_workspace: {"likelihood": SEEN, "coupling": "mu", "data": DATA},
    renp.ranking: {"likelihood": SEEN, "coupling": "mu", "data": DATA},
    renp.reach: {"experiment": RUNS, "neutrinos": DIRAC, "mediator_of_mass": vector, "masses": [1e3]},
    renp.required_exposure: {"true": LIKELIHOOD, "tested": WEAK, "truth": {}},
    renp.reference_width: {"atom": YB, "convention": "golden-rule"},
    renp.sensitivity: {"experiment": RUNS, "neutrinos": DIRAC, "over": "exposure", "values": [1, 2]},
    renp.scan: {"scenario": "a.toml", "output": "a.zarr"},
    renp.spectral_function: {"omega": 1.0, "atom": YB, "neutrinos": DIRAC, "model": MOMENT},
    renp.thresholds: {"atom": YB, "neutrinos": DIRAC},
    renp.throw_toys: {"likelihood": LIKELIHOOD, "truth": {}},
    renp.upper_limits: {"experiment": RUNS, "neutrinos": DIRAC, "confidence_level": 0.9},
    Spectrum.compute: {"atom": YB, "neutrinos": DIRAC, "model": MOMENT, "omega": [1.0]},
    Counts.compute: {"experiment": RUNS, "neutrinos": DIRAC, "model": MOMENT},
}

CALLED = {"hypotheses": "a", "name": "parameter", "values": "values of mu", "world": "bound"}
"""What an argument is called where something of it is what is wrong."""

NUMBERS = {
    *("cosine", "omega", "energy", "masses", "low", "high", "points"),
    *("confidence_level", "exposure", "values", "x", "start"),
}
"""Arguments that may be a number, or that say in another way what is wrong with one."""

UNCHECKED = {"citations": "takes anything", "explore": "opens a page", "cache": "changes what is kept"}

WRONG = [
    pytest.param(function, name, wrong, id=f"{function.__qualname__}-{name}-{wrong!r}")
    for function, right in RIGHT.items()
    for name in right
    for wrong in (Stranger(), [Stranger()], 2000)
    if not (wrong == 2000 and name in NUMBERS)
]


def test_every_public_function_is_called() -> None:
    public = {name for name in renp.__all__ if inspect.isfunction(getattr(renp, name))}
    called = {function.__name__ for function in RIGHT if "." not in function.__qualname__}
    assert public == called | set(UNCHECKED)


@pytest.mark.sampled
@pytest.mark.parametrize(("function", "name", "wrong"), WRONG)
def test_an_argument_of_another_type_is_named(function: Callable[..., Any], name: str, wrong: Any) -> None:
    if function is renp.posterior:
        pytest.importorskip("numpyro")
    with pytest.raises(renp.InputError) as raised:
        # Without the check of types that tests add.
        inspect.unwrap(function)(**{**RIGHT[function], name: wrong})
    error = raised.value
    assert name in error.argument or error.argument in (CALLED.get(name), "parameter")
    assert repr(wrong) in str(error.value) or "Stranger()" in str(error.value)
    assert error.allowed


@pytest.mark.parametrize("values", [{"mu": "3e-11"}, {"mu": Stranger()}, {"mu": None}, {"mu": [1e-11]}])
def test_a_value_of_the_truth_that_is_no_number_is_named(values: Any) -> None:
    with pytest.raises(renp.InputError) as raised:
        renp.throw_toys(LIKELIHOOD, values)
    assert raised.value.argument == "mu"
    assert raised.value.value == repr(values["mu"])


ELECTRIC = renp.ElectricMoment({(1, 1): 1.0})
GIVEN = {
    "by name": ({"mu": MOMENT, "eps": ELECTRIC}, [("", "mu"), ("", "eps")]),
    "by kind and label": (
        {"magnetic-moment": {"11": MOMENT}, "electric-moment": {"11": ELECTRIC}},
        [("magnetic-moment", "11"), ("electric-moment", "11")],
    ),
    "both": ({"magnetic-moment": {"11": MOMENT}, "eps": ELECTRIC}, [("magnetic-moment", "11"), ("", "eps")]),
    "values": ((renp.Coupling("a", "b", MOMENT), renp.Coupling("", "c", ELECTRIC)), [("a", "b"), ("", "c")]),
    "none": ({}, []),
}


@pytest.mark.parametrize(("given", "names"), GIVEN.values(), ids=list(GIVEN))
def test_couplings_in_every_form_are_the_same_values(given: Any, names: list[tuple[str, str]]) -> None:
    found = given_couplings(given)
    assert [(one.kind, one.label) for one in found] == names
    assert [one.interaction for one in found] == [MOMENT, ELECTRIC][: len(names)]
    assert given_couplings(found) == found


@pytest.mark.parametrize(
    ("given", "argument", "value", "allowed"),
    [
        (2000, "couplings", "2000", "{name: interaction}"),
        (MOMENT, "couplings", "MagneticMoment", "{name: interaction}"),
        ("mu", "couplings", "'mu'", "{name: interaction}"),
        ([MOMENT], "couplings[0]", "MagneticMoment", "a renp.Coupling"),
        ({"mu": 3e-11}, "couplings['mu']", "3e-11", "an Interaction"),
        ({"mu": {"11": Stranger()}}, "couplings['mu']['11']", "Stranger()", "an Interaction"),
        ({1: MOMENT}, "a key of couplings", "1", "text"),
        ({"mu": {1: MOMENT}}, "a key of couplings['mu']", "1", "text"),
        ([renp.Coupling("", "mu", MOMENT)] * 2, "couplings", "'mu'", "no other coupling has"),
        ({"mu": {"11": MOMENT}, "mu 11": MOMENT}, "couplings", "'mu 11'", "no other coupling has"),
    ],
)
def test_what_is_wrong_with_couplings_is_named(given: Any, argument: str, value: str, allowed: str) -> None:
    with pytest.raises(renp.InputError) as raised:
        given_couplings(given)
    assert raised.value.argument == argument
    assert str(raised.value.value).startswith(value)
    assert allowed in raised.value.allowed


def test_numbers_of_numpy_are_values_of_the_truth() -> None:
    assert LIKELIHOOD.truth({"mu": np.float64(1e-11)}) == LIKELIHOOD.point(mu=1e-11)
