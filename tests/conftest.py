"""Array shapes in the annotations of the pure code are checked at run time in all tests.

The border is left out: wrong types are what its own checks answer.
"""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

if TYPE_CHECKING:
    from cases import Command

mpl.use("agg")

# Compiled once for all workers, and for the commands that they run; JAX reads it when it is imported.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Several workers compile at once: parts of a program side by side would only cost more.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_parallel_codegen_split_count=1")

# A first example may compile, and a busy machine is no fault.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

PURE = [
    "bounds.effective",
    "bounds.moment_elements",
    "bounds.electron_moment",
    "bounds.light_mediators",
    "bounds.model",
    "compensated",
    "formula",
    "inference.poisson",
    "inference.quadratic_set",
    "interactions",
]

import jax  # noqa: E402

hook = install_import_hook([f"renp.{name}" for name in PURE], "typecheck.check")

_MOST_MAPPED = 30_000
"""Pieces of memory that a process may map are some 65 000, and each compiled program has several."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the cases of a `sampled` test the first ones are quick, all others slow."""
    left: dict[str, int] = {}
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            test = item.nodeid.split("[")[0]
            left[test] = left.get(test, mark.args[0] if mark.args else 1) - 1
            if left[test] < 0:
                item.add_marker("slow")


@pytest.fixture(scope="module", autouse=True)
def programs() -> Iterator[None]:
    """Forget compiled programs after a module, where thousands have gathered: nothing else would end them."""
    yield
    mapped = Path("/proc/self/maps")
    if mapped.exists() and mapped.read_bytes().count(b"\n") > _MOST_MAPPED:
        jax.clear_caches()
        gc.collect()


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    """Close what a test has drawn, so that the next one sees its own figures alone."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Command":
    from cases import Answer
    from renp.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(a) for a in arguments])
        return Answer(int(caught.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    from cases import TEXT, written

    return written(tmp_path, TEXT)
