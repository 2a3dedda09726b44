"""The house of CONTRIBUTING.md: no circle of imports, and none that runs up a floor.

Imports inside functions count like those at the top. Those for a type checker alone never run, and so make no
circle; but they name what a module has to know, and so may not run up a floor either. ``renp/__init__.py`` is
the front door: it may name all floors, and nothing inside goes through it.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FRONT = "renp"


class Import(NamedTuple):
    """One import: what it names, in which line, and whether it ever runs."""

    module: str
    line: int
    runs: bool


def modules(source: Path) -> dict[str, Path]:
    """Return the files of a package by the names of their modules."""
    named = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source.parent).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imports(path: Path, known: set[str]) -> list[Import]:
    """Return what a module imports of the package; of ``from a import b`` it is b where that is a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checked = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }

    def named(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else str(node.module)

    return [
        Import(name, node.lineno, id(node) not in checked)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in named(node)
        if name.split(".")[0] == FRONT
    ]


def house(source: Path) -> dict[str, list[Import]]:
    """Return the imports of each module but the front door."""
    files = modules(source)
    return {name: imports(path, set(files)) for name, path in files.items() if name != FRONT}


def floors(text: str) -> dict[str, int]:
    """Return the floor, 0 the lowest, of each module and folder in CONTRIBUTING's table."""
    _, _, after = text.partition("| floor | what it holds |\n|---|---|\n")
    rows = after.partition("\n\n")[0].splitlines()
    return {
        name: height
        for height, row in enumerate(rows)
        for name in re.findall(r"`(\w+)/?`", row.split("|")[1])
    }


def upward(built: dict[str, list[Import]], table: dict[str, int]) -> list[str]:
    """Return the imports that run up a floor, or through the front door."""

    def floor(module: str) -> float:
        return table[module.split(".")[1]] if module != FRONT else float("inf")

    return [
        f"{module}:{line} imports {name}"
        for module, named in sorted(built.items())
        for name, line, _ in named
        if floor(name) > floor(module)
    ]


def circle(built: dict[str, list[Import]]) -> list[str]:
    """Return the modules of a circle of imports, if there is one."""
    graph = {module: {name for name, _, runs in named if runs} for module, named in built.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


HOUSE = house(ROOT / "src" / "renp")
FLOORS = floors((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def test_the_table_of_floors_names_every_file_and_folder() -> None:
    assert set(FLOORS) == {module.split(".")[1] for module in HOUSE}


def test_no_import_runs_up_a_floor() -> None:
    assert upward(HOUSE, FLOORS) == []


def test_there_is_no_circle_of_imports() -> None:
    assert circle(HOUSE) == []


@pytest.mark.parametrize(
    ("below", "above", "wrong"),
    [
        ("", "from renp.below import a", []),
        ("from renp.above import b", "", ["renp.below:1 imports renp.above"]),
        ("def f():\n    import renp.above", "", ["renp.below:2 imports renp.above"]),
        ("if TYPE_CHECKING:\n    from renp import above", "", ["renp.below:2 imports renp.above"]),
        ("", "import renp", ["renp.above:1 imports renp"]),
    ],
)
def test_an_import_that_runs_up_is_seen(tmp_path: Path, below: str, above: str, wrong: list[str]) -> None:
    source = tmp_path / "renp"
    source.mkdir()
    for name, text in (("__init__", ""), ("below", below), ("above", above)):
        (source / f"{name}.py").write_text(text, encoding="utf-8")
    table = floors("| floor | what it holds |\n|---|---|\n| `below` | x |\n| `above/` | `below` |\n\n")
    assert upward(house(source), table) == wrong


@pytest.mark.parametrize(
    ("a", "b", "closed"),
    [
        ("from renp import b", "", False),
        ("from renp import b", "from renp.a import f", True),
        ("from renp import b", "def g():\n    from renp.a import f", True),
        ("from renp import b", "if typing.TYPE_CHECKING:\n    from renp.a import f", False),
    ],
)
def test_a_circle_is_seen(tmp_path: Path, a: str, b: str, closed: bool) -> None:
    source = tmp_path / "renp"
    source.mkdir()
    for name, text in (("a", a), ("b", b)):
        (source / f"{name}.py").write_text(text, encoding="utf-8")
    assert bool(circle(house(source))) is closed
