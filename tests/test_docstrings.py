"""Every public name says what it takes and returns, with an example that the doctests run."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, get_type_hints

import pytest
from cyclopts import Parameter

import renp
import renp.results
from renp.cli.commands import app
from renp.results.base import Result

# What is said once: `made_by` by `Result`, units and errors by the functions that make the results.
SAID_ONCE = {"made_by"}
NEVER_CALLED = {"InputError", "PoleWarning"}
"""Raised for the user, not made by one."""

FUNCTIONS = [name for name in renp.__all__ if inspect.isfunction(getattr(renp, name))]
CLASSES = [name for name in renp.__all__ if inspect.isclass(getattr(renp, name))]
COMMANDS = [name for name in app if not name.startswith("-")]


def results() -> Iterator[type[Result]]:
    """Every class of results that is not private."""
    for module in pkgutil.iter_modules(renp.results.__path__):
        importlib.import_module(f"renp.results.{module.name}")
    waiting = [Result]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls is not Result and not cls.__name__.startswith("_") and cls.__module__.startswith("renp."):
            yield cls


RESULTS = sorted(results(), key=lambda cls: cls.__name__)


def sections(text: str) -> dict[str, str]:
    """Return the sections of a NumPy docstring by their headings."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section: str) -> set[str]:
    """Return the names that a section describes."""
    heads = re.findall(r"^(\*{0,2}\w[^\n:]*)$", section, flags=re.MULTILINE)
    return {name.strip(" *") for head in heads for name in head.split(",")}


def parameters(function: Callable[..., Any]) -> set[str]:
    return {name for name in inspect.signature(function).parameters if name not in ("self", "options")}


def check_text(text: str | None) -> dict[str, str]:
    assert text is not None
    first, _, rest = text.partition("\n")
    assert first.endswith((".", ":")), first
    assert not rest or rest.startswith("\n"), "a line of its own comes first"
    return sections(text)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function = getattr(renp, name)
    found = check_text(inspect.getdoc(function))
    assert documented(found.get("Parameters", "")) == parameters(function)
    assert found.get("Returns", "").strip()
    assert ">>>" in found["Examples"]


@pytest.mark.parametrize("name", [name for name in CLASSES if name not in NEVER_CALLED])
def test_classes(name: str) -> None:
    cls = getattr(renp, name)
    found = check_text(inspect.getdoc(cls))
    text = inspect.getdoc(cls) or ""
    if not inspect.isabstract(cls):
        described = documented(found.get("Parameters", "")) | fields_with_text(cls)
        assert parameters(cls) <= described, parameters(cls) - described
    assert ">>>" in text


@pytest.mark.parametrize("name", CLASSES)
def test_methods(name: str) -> None:
    cls = getattr(renp, name)
    for key, member in vars(cls).items():
        if key.startswith("_") or not callable(getattr(member, "__func__", member)):
            continue
        if inspect.isfunction(inspect.unwrap(getattr(member, "__func__", member))):
            check_text(inspect.getdoc(getattr(cls, key)))


@pytest.mark.parametrize("cls", RESULTS, ids=lambda cls: cls.__name__)
def test_results(cls: type[Result]) -> None:
    check_text(inspect.getdoc(cls))
    assert ("compute" not in vars(cls)) or ">>>" in (inspect.getdoc(cls.compute) or "")  # type: ignore[attr-defined]
    names = {field.name for field in dataclasses.fields(cls)} - SAID_ONCE
    assert names <= fields_with_text(cls), names - fields_with_text(cls)


def with_help(function: Callable[..., Any]) -> set[str]:
    """Return the arguments whose help comes from a table, beside their type."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name
        for name, hint in hints.items()
        if any(one.help for one in getattr(hint, "__metadata__", ()) if isinstance(one, Parameter))
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(name: str) -> None:
    function = app[name].default_command
    found = check_text(inspect.getdoc(function))
    described = documented(found.get("Parameters", "")) | {"file"} | with_help(function)
    assert parameters(function) <= described, parameters(function) - described


def fields_with_text(cls: type) -> set[str]:
    """Return the fields of a class and of its bases with a docstring below, or a word in the class's own."""
    found = set[str]()
    for one in cls.__mro__:
        if not one.__module__.startswith("renp"):
            continue
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(one)))
        body = tree.body[0].body  # type: ignore[attr-defined]
        for line, following in pairwise(body):
            if isinstance(line, ast.AnnAssign) and isinstance(following, ast.Expr):
                found.add(line.target.id)  # type: ignore[union-attr]
        found |= set(re.findall(r"``(\w+)``", one.__doc__ or ""))
        found |= documented(sections(inspect.cleandoc(one.__doc__ or "")).get("Parameters", ""))
    return found
