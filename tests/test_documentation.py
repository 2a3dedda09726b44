"""The documentation: every public name has its place, formulas and links are right."""

import importlib
import json
import re
from pathlib import Path

import pytest

import renp
from test_docstrings import RESULTS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
THEORY = [
    "conventions", "kinematics", "master-formula", "two-steps", "couplings", "rate", "target", "statistics",
]  # fmt: skip
CELL = re.compile(r"```\{code-cell\}\n(?::tags:[^\n]*\n\n)?(.*?)```", re.DOTALL)


def pages() -> list[Path]:
    every = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    return [*every, *ROOT.glob("*.md")]


def test_every_public_name_has_its_place() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference" / "api").glob("*.md"))
    named = set(re.findall(r"^\.\. auto(?:class|function|exception):: ([\w.]+)$", text, re.MULTILINE))
    public = {f"renp.{name}" for name in renp.__all__}
    assert public <= named, public - named
    results = {f"{cls.__module__}.{cls.__name__}" for cls in RESULTS}
    assert results <= named, results - named


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "target")) for name in THEORY]
)
def test_formulas_of_the_theory(name: str) -> None:
    """Each page's own code compares its formulas with the package, by assertions."""
    text = (DOCS / "theory" / f"{name}.md").read_text(encoding="utf-8")
    cells = CELL.findall(text)
    assert any("assert " in cell for cell in cells)
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, name, "exec"), names)


def test_the_ten_lines_of_the_start_page() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "index", "exec"), names)
    counts = renp.expected_counts(names["runs"], names["nu"], names["model"])  # type: ignore[arg-type]
    assert f"{counts[0]:.1f} and {counts[1]:.1f} events" in code
    limit = renp.upper_limits(names["runs"], names["nu"]).limits["magnetic-moment"]["11"]  # type: ignore[arg-type]
    assert f"{limit:.1e} μ_B" in code


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file = target.partition("#")[0]
        if file and not target.startswith("http"):
            assert (path.parent / file).exists(), target


def test_the_page_of_benchmarks_is_that_of_its_figures() -> None:
    benchmarks = importlib.import_module("run")
    figures = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    assert benchmarks.page(figures) == (DOCS / "benchmarks.md").read_text(encoding="utf-8")


def test_commands_on_the_pages_exist() -> None:
    from renp.cli.commands import app

    known = {name for name in app if not name.startswith("-")}
    for path in pages():
        for command in re.findall(
            r"^(?:    |\$ )?(?:\.venv/bin/)?renp ([a-z]+)\b", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            assert command in known, f"{path.name}: renp {command}"
