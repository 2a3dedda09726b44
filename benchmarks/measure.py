"""Timing of rivals in turns, so that what slows the machine for a while slows all of them."""

import os
import platform
import resource
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BURST = 0.02
"""Seconds of calls in a row: the first of them finds caches full of what its rivals left, and threads asleep."""

# Threads that wait by turning would slow the next rival.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

Calls = dict[str, Callable[[], Any]]


def fastest(calls: Calls, seconds: float = 2.0, rounds: int = 200) -> dict[str, float]:
    """Return the shortest time of each call in s; each is called once before, so that it is compiled."""
    for call in calls.values():
        call()
    best = dict.fromkeys(calls, np.inf)
    end = time.perf_counter() + seconds * len(calls)
    for _ in range(rounds):
        for name, call in calls.items():
            begin = start = time.perf_counter()
            while start < begin + BURST:
                call()
                stop = time.perf_counter()
                best[name], start = min(best[name], stop - start), stop
        if time.perf_counter() > end:
            break
    return best


def temporaries(call: Callable[[], Any]) -> int:
    """Return the most memory that NumPy holds at once during a call, in bytes."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def page_faults(call: Callable[[], Any]) -> int:
    """Return how many pages of memory the system had to give for a call, of which none was given before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def peak_memory() -> float:
    """Return the most memory that this process has held, in GiB: `ru_maxrss` of a child starts at its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def relative_error(found: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
    """Return the largest relative error, of values that are not zero."""
    seen = exact != 0
    return float(np.max(np.abs(found[seen] / exact[seen] - 1)))


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    import jax
    import numba

    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": platform.system(),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "compiler": _first_line(["cc", "--version"]),
        "device": jax.devices()[0].device_kind,
    }


def _processor() -> str:
    lines = _output(["lscpu"]).splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    vectors = "AVX-512" if "avx512f" in fields.get("Flags", "") else "no AVX-512"
    return f"{fields.get('Model name', platform.machine()).strip()}, {vectors}"


def _first_line(command: list[str]) -> str:
    return (_output(command).splitlines() or ["none"])[0]


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
