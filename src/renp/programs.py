"""Compiled programs kept on disk as they run, so that the next process neither traces nor compiles them.

JAX's own cache saves compiling alone; tracing takes as long again. A program belongs to the source of this
package, the versions below it, the processor, JAX's settings, and the structure of its arguments. What rests
on other code, somebody's own interaction say, is not kept: that code may change.
"""

import hashlib
import io
import os
import pickle
import platform
import re
import sys
import threading
import time
import zlib
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import numpy as np
from jax.errors import JaxRuntimeError
from jax.experimental import serialize_executable
from jax.tree_util import PyTreeDef

from renp.compilations import kept_in, not_kept
from renp.datafiles import write
from renp.errors import InputError

_KNOWN = {"renp", "jax", "jaxlib", "equinox", "numpy", "builtins", "collections"}
"""Packages whose versions are part of a program's name."""

_START = time.time()
_CHECK = hashlib.blake2b().digest_size
_OUTSIDE = re.compile(r"custom_call @(\w+)")
_LINEAR_ALGEBRA = "lapack_"

Run: TypeAlias = Callable[..., Any]


_new = threading.local()
"""Whether this thread has compiled ``here``: what JAX's cache had runs, but not when it is kept once more."""


def _note(event: str, **_: Any) -> None:
    if event == "/jax/compilation_cache/cache_misses":
        _new.here = True


jax.monitoring.register_event_listener(_note)


class UnkeptError(Exception):
    """A call whose program cannot be kept."""


class _Program(NamedTuple):
    run: Run
    tree: PyTreeDef

    def __call__(self, leaves: list[Any]) -> Any:
        return jax.tree.unflatten(self.tree, self.run(*leaves))


class Programs:
    """The programs of one pure function, one for each structure of its arguments.

    Parameters
    ----------
    function
        Of arrays.
    options
        Of the compiler.
    """

    def __init__(self, function: Run, options: dict[str, Any]) -> None:
        self._function, self._options = function, options
        self._ready: dict[Hashable, _Program | None] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function's values.

        Raises
        ------
        UnkeptError
            If no program is kept for these arguments.
        """
        leaves, tree = jax.tree.flatten((args, kwargs))
        key = tree, tuple(map(_kind, leaves))
        if key not in self._ready:
            self._ready[key] = self._of_disk(leaves, tree, repr(key[1]))
        program = self._ready[key]
        if program is None:
            raise UnkeptError
        return program(leaves)

    def _of_disk(self, leaves: list[Any], tree: PyTreeDef, kinds: str) -> _Program | None:
        try:
            place = _place(_name(self._function), repr(self._options), kinds, _bytes(tree))
            return _read(place) or self._made(leaves, tree, place)
        except (UnkeptError, pickle.PickleError, AttributeError, TypeError, ValueError, JaxRuntimeError):
            return None  # an error of the caller's shows again where the function is called as ever

    def _made(self, leaves: list[Any], tree: PyTreeDef, place: Path) -> _Program | None:
        found: list[PyTreeDef] = []

        def flat(*leaves: Any) -> list[Any]:
            args, kwargs = jax.tree.unflatten(tree, leaves)
            values, shape = jax.tree.flatten(self._function(*args, **kwargs))
            found.append(shape)
            return values

        flat.__name__ = self._function.__name__
        lowered = jax.jit(flat, compiler_options=self._options).lower(*leaves)
        outside = set(_OUTSIDE.findall(lowered.as_text()))
        if not all(one.startswith(_LINEAR_ALGEBRA) for one in outside):
            return None
        known = _bytes(found[-1])
        if pickle.loads(known) != found[-1]:
            return None
        _new.here = False
        program = lowered.compile()
        if _new.here:
            _write(place, (*serialize_executable.serialize(program), known, bool(outside)))
        return _Program(program, found[-1])


def _name(function: Run) -> str:
    """Return what tells a function of this package from others; what holds values of its own has no name."""
    name = f"{function.__module__}.{function.__qualname__}"
    if not name.startswith("renp.") or "<" in name:
        raise UnkeptError
    return name


def _kind(leaf: Any) -> Hashable:
    if isinstance(leaf, jax.core.Tracer):
        raise UnkeptError
    if isinstance(leaf, (jax.Array, np.ndarray, np.generic)):
        return leaf.shape, str(leaf.dtype), getattr(leaf, "weak_type", False)
    return type(leaf).__name__


class _OfUs(pickle.Unpickler):
    """Reads what rests on known packages alone."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] not in _KNOWN:
            raise UnkeptError
        return super().find_class(module, name)


def _bytes(tree: PyTreeDef) -> bytes:
    found = pickle.dumps(tree)
    _OfUs(io.BytesIO(found)).load()
    return found


def _place(*parts: str | bytes) -> Path:
    folder = kept_in()
    if folder is None or jax.default_backend() != "cpu" or jax.device_count() > 1:
        raise UnkeptError
    name = hashlib.blake2b(_surroundings(), digest_size=20)
    for part in parts:
        name.update(part if isinstance(part, bytes) else part.encode())
        name.update(b"\0")
    return folder / f"renp-{name.hexdigest()}"


@cache
def _surroundings() -> bytes:
    """Return the fingerprint of source, versions, processor and settings."""
    found = hashlib.blake2b()
    for file in sorted(Path(__file__).parent.rglob("*")):
        if file.suffix in (".py", ".toml", ".csv"):
            about = file.stat()
            if max(about.st_mtime, about.st_ctime) > _START:  # what runs may be what it was before
                raise UnkeptError
            found.update(file.name.encode() + file.read_bytes())
    own = {name: value for name, value in jax.config.values.items() if "cache" not in name}
    versions = sys.version, jax.__version__, version("jaxlib"), eqx.__version__, np.__version__
    flags = os.environ.get("XLA_FLAGS", "")
    found.update(repr((sorted(own.items(), key=str), versions, flags, _processor())).encode())
    return found.digest()


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return "".join(sorted({one for one in lines if one.startswith(("model name", "flags", "Features"))}))
    return repr(platform.uname())


def _read(place: Path) -> _Program | None:
    try:
        given = place.read_bytes()
    except OSError:
        return None
    check, content = given[:_CHECK], given[_CHECK:]
    if hashlib.blake2b(content).digest() != check:
        return None
    program, taken, left, tree, algebra = pickle.loads(zlib.decompress(content))
    if algebra:
        _load_algebra()
    return _Program(serialize_executable.deserialize_and_load(program, taken, left), pickle.loads(tree))


@cache
def _load_algebra() -> None:
    """Have JAX load LAPACK, which it does where it lowers a program that needs it."""
    jax.jit(jax.numpy.linalg.cholesky).lower(np.eye(1))


def _write(place: Path, content: Any) -> None:
    found = zlib.compress(pickle.dumps(content), level=1)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place, hashlib.blake2b(found).digest() + found)
    except (OSError, InputError) as error:
        not_kept(place.parent, str(error))
