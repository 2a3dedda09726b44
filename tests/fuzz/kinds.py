"""What is fuzzed, and how many cases a whole run has."""

from collections.abc import Callable
from importlib import import_module

from fuzz.run import Case


def _case(module: str) -> Callable[[], Case]:
    return lambda: import_module(f"fuzz.{module}").case


def _damaged(what: str) -> Callable[[], Case]:
    return lambda: getattr(import_module("fuzz.damaged"), what)()


KINDS: dict[str, tuple[Callable[[], Case], int]] = {
    "scenarios": (_case("scenario_files"), 100_000),
    "csv": (_case("csv_files"), 10_000),
    "arguments": (_case("arguments"), 10_000),
    "links": (_case("links"), 1_000),
    "stores": (_damaged("stores"), 1_000),
    "saved": (_damaged("saved"), 1_000),
}
