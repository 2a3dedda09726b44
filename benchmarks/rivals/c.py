"""The rival in C, built for this machine where a compiler is there."""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_SOURCE = Path(__file__).with_name("spectrum.c")
# What keeps the digits: no reassociation. Roots and comparisons need not report errors.
_FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-fno-math-errno", "-fno-trapping-math"]
_THREADS = {"C, one core": "-fopenmp-simd", "C, all cores": "-fopenmp"}

Library = Any


@cache
def libraries() -> dict[str, Library]:
    """Return the library for one core and for all, none without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return {}
    found = {}
    folder = Path(tempfile.mkdtemp())
    for name, threads in _THREADS.items():
        target = folder / f"{threads.strip('-')}.so"
        command = [compiler, *_FLAGS, threads, "-shared", "-fPIC", str(_SOURCE), "-o", str(target), "-lm"]
        subprocess.run(command, check=True)
        found[name] = ctypes.CDLL(str(target))
    return found


def spectrum(library: Library, omega: Reals, E_eg: float, E_vg: float, photon: float, pairs: Reals) -> Reals:
    """Return I at photon energies; ``pairs`` has a row for each unordered pair, in the order of the C struct."""
    out = np.empty_like(omega)
    function = _declared(library.spectrum, "nppdddp")
    function(omega.size, _at(omega), _at(out), E_eg, E_vg, photon, _at(pairs))
    return out


def batch(
    library: Library, omega: Reals, points: list[Reals], E_eg: float, E_vg: float, photon: float
) -> Reals:
    """Return I of parameter points at photon energies, shape (points, energies)."""
    out = np.empty((points[0].size, omega.size))
    function = _declared(library.batch, "nippppppppddd")
    function(points[0].size, omega.size, _at(omega), *map(_at, points), _at(out), E_eg, E_vg, photon)
    return out


def batch_of_matrices(
    library: Library,
    omega: Reals,
    points: list[Reals],
    E_eg: float,
    E_vg: float,
    photon: float,
    delta: float,
    moments: Reals,
) -> Reals:
    """Return the same by couplings of which nothing is known; ``moments`` are what the last column multiplies."""
    out, matrix = np.empty((points[0].size, omega.size)), np.ascontiguousarray(moments, dtype=complex)
    function = _declared(library.batch_of_matrices, "nippppppppddddp")
    constants = E_eg, E_vg, photon, delta
    function(
        points[0].size, omega.size, _at(omega), *map(_at, points), _at(out), *constants, matrix.ctypes.data
    )
    return out


def _declared(function: Any, arguments: str) -> Callable[..., None]:
    kinds = {"n": ctypes.c_ssize_t, "i": ctypes.c_int, "p": ctypes.c_void_p, "d": ctypes.c_double}
    function.argtypes, function.restype = [kinds[k] for k in arguments], None
    declared: Callable[..., None] = function
    return declared


def _at(array: Reals) -> int:
    assert array.flags.c_contiguous
    return int(array.ctypes.data)
