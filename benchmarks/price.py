"""What a call costs, as users make it: public functions beside a notebook's NumPy and C, commands as processes.

Run as ``python benchmarks/price.py`` on a quiet machine, within ten minutes. Ratios are of shortest times, taken in
turns; the unit of processes and first calls is a process that imports JAX and adds two arrays.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import kernel
import numpy as np
import statistics_of_counts
from kernel import MODEL, NU, YB
from measure import fastest

import renp
from renp.scenario import preset_text

Row = dict[str, Any]

NOTEBOOK = {7: 1.0, 100: 1.0, 1000: 1.0}
COMPILED = {10**5: 3.0, 10**7: 2.0}
COMMANDS = {"validate": 1.2, "counts": 2.5, "spectrum": 3.0, "bounds": 2.5, "limits": 4.0, "plan": 8.0}
FIRST = {
    "upper_limits": ("renp.upper_limits(runs, nu)", 6.0),
    "fit": ('renp.fit(renp.Likelihood(runs, nu, {"mu": renp.MagneticMoment({(1, 1): 1.0})}))', 6.0),
    "plan": ('renp.plan("limits", runs, nu)', 10.0),
}
UNIT = "import jax, jax.numpy as jnp; (jnp.ones(3) + jnp.ones(3)).block_until_ready()"
COMMAND = "from renp.cli import main; main()"
NOTEBOOK_CELL = """
import time
import numpy as np, renp
w = np.array([1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164])
nu = renp.Neutrinos(0.01)
runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), w, 864000.0, counts=[118, 103, 84, 66, 50, 22, 10])
start = time.perf_counter()
{call}
print(time.perf_counter() - start)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def spectra() -> list[Row]:
    """Time the public functions at few and at many photon energies."""
    rows = []
    for size, most in (NOTEBOOK | COMPILED).items():
        omega = np.linspace(1.0, 1.0717, size)
        runs = renp.Experiment(YB, renp.Target(), omega, 864000.0)
        calls: dict[str, Any] = {
            "spectral_function": lambda w=omega: renp.spectral_function(w, YB, NU, MODEL).block_until_ready(),
            "expected_counts": lambda r=runs: renp.expected_counts(r, NU, MODEL).block_until_ready(),
        }
        rival = "NumPy, notebook" if size in NOTEBOOK else "C, all cores"
        method = kernel.methods()[rival]
        times = fastest(
            calls | {rival: lambda w=omega, call=method: call(w)}, seconds=1.0 if size < 10**6 else 4.0
        )
        rows += [
            {
                "what": f"{size:,} photon energies, beside {rival}",
                "method": name,
                "each": _time(times[name]),
                "ratio": times[name] / times[rival],
                "most": most,
            }
            for name in calls
        ]
    return rows


def likelihoods() -> list[Row]:
    """Time one value of the χ², in a caller's own jit and through the public call."""
    runs = renp.Experiment(YB, renp.Target(), kernel.RUNS, 864000.0)
    rates = renp.Nuisances(normalisation_error=0.05, background_error=[0.0] * 7)
    likelihood = renp.Likelihood(runs, NU, {"mu": renp.MagneticMoment({(1, 1): 1.0})}, nuisances=rates)
    x = likelihood.point(mu=3e-11)
    data = likelihood.asimov(x)
    own, empty = jax.jit(lambda y: likelihood.chi2(y, data)), jax.jit(lambda y: y[0] + 1.0)
    times = fastest(
        {
            "a caller's own jit": lambda: own(x).block_until_ready(),
            "an empty compiled call": lambda: empty(x).block_until_ready(),
            "the public call": lambda: likelihood.chi2(x, data).block_until_ready(),
        }
    )
    what, empty_time = "likelihood, one value", times["an empty compiled call"]
    compiled, public = times["a caller's own jit"], times["the public call"]
    return [
        {"what": f"{what}, beside an empty call", "method": "a caller's own jit", "each": _time(compiled)}
        | {"ratio": compiled / empty_time, "most": 2.0},
        {"what": f"{what}, of 100 µs", "method": "the public call", "each": _time(public)}
        | {"ratio": public / 1e-4, "most": 1.0},
    ]


def processes() -> list[Row]:
    """Time commands as processes, cold and warm, and first calls of a notebook, in units of importing JAX."""
    rows = []
    unusual = ("JAX_", "PYTHONDONTWRITEBYTECODE")  # what is installed has its bytecode
    plain = {key: value for key, value in os.environ.items() if not key.startswith(unusual)}
    with tempfile.TemporaryDirectory() as folder:
        environment = plain | {"XDG_CACHE_HOME": folder, "JAX_ENABLE_X64": "1"}
        file = Path(folder, "letter.toml")
        file.write_text(preset_text("letter"), encoding="utf-8")

        def run(code: str, *arguments: str) -> str:
            command = [sys.executable, "-c", code, *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            return done.stdout

        commands = {name: [name, *([] if name == "bounds" else [str(file)])] for name in COMMANDS}
        cold = {name: _seconds(lambda a=a: run(COMMAND, *a)) for name, a in commands.items()}
        warm = {name: lambda a=a: run(COMMAND, *a) for name, a in commands.items()}
        times = fastest(warm | {"unit": lambda: run(UNIT)}, seconds=10.0, rounds=7)
        unit = times["unit"]
        rows += [
            {"what": f"command, warm (cold {cold[name] / unit:.1f})", "method": f"renp {name}"}
            | {"each": _time(times[name]), "ratio": times[name] / unit, "most": most}
            for name, most in COMMANDS.items()
        ]
        for name, (call, most) in FIRST.items():
            said = [run(NOTEBOOK_CELL.format(call=call)).split() for _ in range(3)]
            first, memory = min(float(one[0]) for one in said), max(int(one[2]) for one in said)
            rows.append(
                {"what": f"first call, {memory / 2**20:.2f} GiB", "method": name, "each": _time(first)}
                | {"ratio": first / unit, "most": most}
            )
        rows += _explorer(environment)
    return rows


def _explorer(environment: dict[str, str]) -> list[Row]:
    """Time the explorer's first answer, in s, and its first paint where there is a browser."""
    begin = time.perf_counter()
    command = [sys.executable, "-c", COMMAND, "explore", "--port", "0", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        try:
            found = next(found for line in server.stdout if (found := re.search(r"http://\S+", line)))
            with urllib.request.urlopen(found[0], timeout=60) as answer:
                answer.read()
            rows = [_of_explorer("first answer", time.perf_counter() - begin, 3.0)]
            try:
                rows.append(_of_explorer("first paint", _paint(found[0]), 2.0))
            except (ImportError, OSError) as error:
                print(f"first paint is not measured: {error}")
        finally:
            server.kill()
    return rows


def _of_explorer(what: str, seconds: float, most: float) -> Row:
    return {"what": "explorer, s", "method": what, "each": _time(seconds), "ratio": seconds, "most": most}


def _paint(url: str) -> float:
    """Return the seconds from the request to the first paint of the page's content."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page, begin = browser.new_page(), time.perf_counter()
            page.goto(url)
            page.wait_for_selector("text=renp explorer")
            return time.perf_counter() - begin
    except Error as error:
        raise OSError(str(error).splitlines()[0]) from None


def kernels() -> list[Row]:
    """Time the batch beside C, and a likelihood of 22 parameters with its gradient, in µs."""
    rows = [
        {
            "what": "batch, 10⁵ × 7, beside C of rank one",
            "method": row["method"],
            "each": row["each"],
            "ratio": 1 / row["ratio"],
            "most": 1.5,
        }
        for row in kernel.batches()
        if row["method"] == "C, all cores"
    ]
    likelihood = statistics_of_counts._rates()
    x, data = statistics_of_counts._points(likelihood)
    value, slope = (statistics_of_counts._batched(f) for f in (likelihood.chi2, jax.grad(likelihood.chi2)))
    times = fastest({"value": lambda: value((x, data)), "gradient": lambda: slope((x, data))})
    for name, most in (("value", 0.1), ("gradient", 0.8)):
        each = 1e6 * times[name] / statistics_of_counts.TOYS
        rows.append(
            {"what": "likelihood, 22 parameters, µs", "method": name, "each": f"{each:.3f} µs"}
            | {"ratio": each, "most": most}
        )
    return rows


def _seconds(call: Any) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds > 0.1 else f"{1e3 * seconds:.3f} ms"


def main() -> None:
    """Print the table."""
    jnp.zeros(1).block_until_ready()
    print(f"{'':52}{'':22}{'each':>12}{'ratio':>9}{'at most':>9}")
    for part in (spectra, likelihoods, processes, kernels):
        for row in part():
            over = "" if row["ratio"] <= row["most"] else "  over"
            line = f"{row['what']:52}{row['method']:22}{row['each']:>12}{row['ratio']:9.2f}{row['most']:9.1f}"
            print(line + over, flush=True)


if __name__ == "__main__":
    main()
