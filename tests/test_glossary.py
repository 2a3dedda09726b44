"""One name for one thing in Python, TOML, the command line and JSON: docs/reference/glossary.md."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import renp
import renp.results
from renp.cli.commands import app
from renp.scenario import schema

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:2] == "| "
][1:]
PYTHON, TOML, OPTION, JSON = 3, 4, 5, 6

ORDER = (
    "aim", "cosine", "energy", "omega", "atom", "experiment", "likelihood", "neutrinos", "model",
    "name", "names", "coupling", "values", "data", "start",
)  # fmt: skip
"""In which leading arguments come, those of them that a function has."""

BY_POSITION = {
    "Atom", "Neutrinos", "Experiment", "Target", "Laser", "VectorMediator", "ScalarMediator", "Couplings",
    "Scenario",
}  # fmt: skip
"""Values whose arguments may be given by position, as the papers list them."""

IN_PAIRS = {
    ("energy", "omega"),
    ("cosine", "omega"),
    ("low", "high"),
    ("true", "tested"),
    ("kind", "label"),
} | {
    ("argument", "allowed"),
    ("text", "file"),
}
"""Arguments of one kind whose order is that of nature or of the words."""


HOMONYMS = {"key", "experiment"}
"""In JSON the entry of a catalogue, and the name of another experiment."""


def names(column: int) -> Counter[str]:
    return Counter(name.lstrip("-") for row in ROWS for name in re.findall(r"`([^`]+)`", row[column]))


def callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in sorted(set(renp.__all__) - {"PoleWarning"}):
        value = getattr(renp, name)
        yield name, value
        if inspect.isclass(value):
            for method in vars(value):
                if not method.startswith("_") and callable(getattr(value, method)):
                    yield f"{name}.{method}", getattr(value, method)


CALLABLES = dict(callables())


def arguments(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return [p for p in inspect.signature(function).parameters.values() if p.name != "self"]


def keys() -> set[str]:
    sections = [s for s in vars(schema).values() if inspect.isclass(s) and issubclass(s, schema.Section)]
    return {key for section in sections for key in section.model_fields}


def options() -> set[str]:
    every = {
        a.name for command in app if command[0] != "-" for a in app[command].assemble_argument_collection()
    }
    return {name.lstrip("-") for name in every if name != "*"}


def fields() -> set[str]:
    """Return the names in JSON that results declare, as they stand in the code; "" and "{key}" are none."""
    found = set()
    for path in Path(renp.results.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Column", "Rows"):
                given = {k.arg: k.value for k in node.keywords}
                name = given.get("json", node.args[0])
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    found.add(name.value if "json" in given else name.value.rpartition(".")[2])
    return {name for name in found if name and "{" not in name}


@pytest.mark.parametrize(
    ("column", "used"),
    [
        (PYTHON, {p.name for function in CALLABLES.values() for p in arguments(function)}),
        (TOML, keys()),
        (OPTION, options()),
        (JSON, fields() | {"reference_width"}),  # what base.Result says of all counts
    ],
    ids=["python", "toml", "command", "json"],
)
def test_the_glossary_has_each_name_once(column: int, used: set[str]) -> None:
    listed = names(column)
    assert set(listed) == used
    assert {name for name, times in listed.items() if times > 1} == set()


def test_one_thing_has_one_name() -> None:
    """A name that two of the four have stands in the same row of both."""
    home: dict[str, int] = {}
    for k, row in enumerate(ROWS):
        for column in (PYTHON, TOML, OPTION, JSON):
            for name in re.findall(r"`-*([^`]+)`", row[column]):
                assert home.setdefault(name.replace("-", "_"), k) == k or name in HOMONYMS, (name, row[0])


@pytest.mark.parametrize("name", CALLABLES)
def test_leading_arguments_have_one_order(name: str) -> None:
    places = [ORDER.index(p.name) for p in arguments(CALLABLES[name]) if p.name in ORDER]
    assert name.split(".")[0] in BY_POSITION or places == sorted(places), name


@pytest.mark.parametrize("name", CALLABLES)
def test_what_could_be_mixed_up_is_given_by_name(name: str) -> None:
    positional = [p for p in arguments(CALLABLES[name]) if p.kind is p.POSITIONAL_OR_KEYWORD]
    alike = {
        (one.name, other.name)
        for one, other in combinations(positional, 2)
        if one.annotation == other.annotation and one.annotation is not inspect.Parameter.empty
    }
    assert name in BY_POSITION or alike <= IN_PAIRS


@pytest.mark.parametrize(
    ("call", "new"),
    [
        (lambda: renp.Nuisances(normalisation=0.1), renp.Nuisances(normalisation_error=0.1)),
        (lambda: renp.Constraints(laser=(1.0, None)), renp.Constraints(laser_range=(1.0, None))),
    ],
)
def test_old_names_work_with_a_warning(call: Callable[[], object], new: object) -> None:
    with pytest.warns(DeprecationWarning, match=r"is now called \w+; the old name goes in the next minor"):
        assert call() == new
