"""Tests that can fail: no comparison has an absolute tolerance that nobody wrote."""

import ast
import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relative import relative

ROOT = Path(__file__).parents[1]
# The argument without which each accepts numbers that are off by more than themselves.
ABSOLUTE = {"approx": "abs", "allclose": "atol", "isclose": "atol"}


def unsaid(source: str) -> Iterator[str]:
    """Yield the comparisons that leave their absolute tolerance to its default."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        module, _, name = ast.unparse(node.func).rpartition(".")
        missing = name in ABSOLUTE and ABSOLUTE[name] not in [keyword.arg for keyword in node.keywords]
        if missing and module != "math":  # math.isclose has none
            yield ast.unparse(node)


def sources(file: Path) -> Iterator[str]:
    """Yield the code of a file: of a module and its examples, of the cells and examples of a page."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        yield text
    else:
        cells = re.findall(r"^```{code-cell}.*?^```", text, re.MULTILINE | re.DOTALL)
        yield from (re.sub(r"^(```|:|%).*", "", cell, flags=re.MULTILINE) for cell in cells)
    for docstring in re.split(r'"""|```', text):
        yield from (example.source for example in doctest.DocTestParser().get_examples(docstring))


def test_absolute_tolerances_are_written() -> None:
    files = [
        file
        for folder, kind in (("src", "*.py"), ("tests", "*.py"), ("benchmarks", "*.py"), ("docs", "*.md"))
        for file in sorted((ROOT / folder).rglob(kind))
        if file.name != Path(__file__).name and "_build" not in file.parts
    ]
    assert len(files) > 100
    assert {
        str(file): found for file in files for code in sources(file) if (found := list(unsaid(code)))
    } == {}


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("assert x == pytest.approx(1e-18)", 1),
        ("assert x == approx(1e-18, rel=1e-9)", 1),
        ("assert x == pytest.approx(1e-18, rel=1e-9, abs=0)", 0),
        ("assert np.allclose(x, 1e-18, rtol=1e-9) and jnp.isclose(x, 1e-18)", 2),
        ("assert np.allclose(x, 1e-18, rtol=1e-9, atol=0)", 0),
        ("np.testing.assert_allclose(x, 1e-18, rtol=1e-9)", 0),
    ],
)
def test_a_tolerance_left_to_its_default_is_noticed(source: str, number: int) -> None:
    assert len(list(unsaid(source))) == number


def test_relative_accepts_nothing_but_its_share() -> None:
    assert relative(1e-21, rel=1e-6) == 1.0000001e-21
    assert relative(1e-21, rel=1e-6) != 1.00001e-21
    assert relative(1e-21, rel=1e-6) != 0.0
    assert relative(0.0, rel=1e-6) != 1e-300


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("src/renp/inference/parameters.py", {"src/renp/inference/parameters.py", "tests/test_own_fit.py"}),
        ("src/renp/data/presets/letter.toml", {"tests/test_scenario.py"}),
        ("src/renp/__init__.py", {"tests/test_docstrings.py", "tests/test_house.py"}),
        ("src/renp/interactions/__init__.py", {"tests/test_contract.py"}),
        ("docs/words.md", {"tests/test_documentation.py"}),
        ("tests/test_runs.py", {"tests/test_runs.py"}),
    ],
)
def test_the_tests_of_a_change_are_those_nearest_to_it(file: str, wanted: set[str]) -> None:
    command = [sys.executable, str(ROOT / "tools" / "changed"), file]
    named = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert wanted <= named
    assert all((ROOT / name).is_file() for name in named)
    assert len(named) < 20
