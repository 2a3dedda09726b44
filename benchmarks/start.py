"""What a user waits for before anything is computed: import, the command line, compilation; and a plan."""

import subprocess
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import kernel
from measure import fastest

import renp
from renp.formula.master_formula import total_spectrum
from renp.papers.letter import setup

Row = dict[str, Any]


def starts() -> list[Row]:
    """Time processes: Python alone, `import renp`, `renp --help`, and a first spectrum."""
    codes = {
        "Python alone": ["-c", "pass"],
        "import renp": ["-c", "import renp"],
        "renp --help": ["-c", "from renp.cli import main; main()", "--help"],
        "import numpy": ["-c", "import numpy"],
        "import jax": ["-c", "import jax"],
    }
    calls = {name: lambda code=code: _process(code) for name, code in codes.items()}
    times = fastest(calls, seconds=3.0, rounds=10)
    return [
        {
            "what": "start of a process",
            "method": name,
            "each": f"{time:.2f} s",
            "ratio": time / times["import renp"],
        }
        for name, time in times.items()
    ]


def compilations() -> list[Row]:
    """Time first calls, beside the second."""
    omega = jnp.linspace(1.0, 1.07, 1000)
    models = {"weak": renp.Weak(), "moments": kernel.MODEL}

    def gradient(mass: Any) -> Any:
        return jnp.sum(total_spectrum(omega, kernel.YB, renp.Neutrinos(mass), renp.Weak()))

    calls = {
        f"spectrum, {name}": lambda m=m: total_spectrum(omega, kernel.YB, kernel.NU, m)
        for name, m in models.items()
    }
    slope = jax.jit(jax.grad(gradient))
    calls["gradient in the lightest mass"] = lambda: slope(0.01)
    rows = []
    for name, call in calls.items():
        jax.clear_caches()
        first, second = _seconds(call), _seconds(call)
        rows.append(
            {
                "what": "first call, compilation included",
                "method": name,
                "each": f"{first:.2f} s",
                "ratio": first / second,
            }
        )
    return rows


def plans() -> list[Row]:
    """Time the optimal plan of all twelve elements over 2000 candidates."""
    runs, nu = setup().experiment, setup().neutrinos
    times = fastest({"renp": lambda: renp.plan("limits", runs, nu, elements="both")}, seconds=1.0, rounds=3)
    return [
        {
            "what": "plan, twelve elements, 2000 candidates",
            "method": "renp",
            "each": f"{times['renp']:.2f} s",
            "ratio": 1.0,
        }
    ]


def _process(code: list[str]) -> None:
    subprocess.run([sys.executable, *code], check=True, stdout=subprocess.DEVNULL)


def _seconds(call: Any) -> float:
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


if __name__ == "__main__":
    for row in starts() + compilations() + plans():
        print(row, flush=True)
