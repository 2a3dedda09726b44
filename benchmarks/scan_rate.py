"""How close a scan comes to the rate of the spectrum itself: a bare compiled loop beside the whole scan.

Run as ``python benchmarks/scan_rate.py [EVALUATIONS]`` (10⁹ if left out). The scan is the significance of a
magnetic moment in the letter's seven runs over lightest mass and moment: each point takes 14 spectra, seven with
the moment and seven without. The bare loop evaluates those with the moment at the same points in the same batches,
on as many threads, and keeps their sum alone: no counts, no statistics, no disk. (In one loop with those without, both
would share what the moment does not change, which is not the rate of a spectrum.) Compilation is left out of both and
printed apart.
"""

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from measure import peak_memory

import renp
from renp.formula.master_formula import total_spectrum
from renp.scans.definition import Definition
from renp.scans.evaluate import _columns, evaluate
from renp.scans.evaluate_rates import _BATCH
from renp.scans.grid import Point, compiled, over_points
from renp.scenario import Scenario, preset_text

SPECTRA = 14
MASSES = 8192
THREADS = 2
SHARE_OF_LOOP = 4
"""The bare loop takes every so manieth chunk: its rate does not depend on how many."""

MAP = (
    preset_text("letter")
    + """
normalisation_error = 0.05
background_error = 0.1

[scan]
result = "limits"
couplings = ["magnetic-moment 11"]

[[scan.axis]]
parameter = "neutrinos.lightest_mass"
grid = { from = "0 eV", to = "0.1 eV", points = 300 }

[[scan.axis]]
parameter = "run.duration"
log = { from = "1 day", to = "100 day", points = 300 }
"""
).replace('duration = "10 day"', 'duration = "10 day"\nbackground = "0.01 / day"')


def scans() -> list[dict[str, Any]]:
    """Time a scan of 10⁹ spectra beside the bare loop, and a map of 300 × 300 profiled limits as a process."""
    # In a process of its own: memory is counted from its start.
    alone = subprocess.run([sys.executable, __file__], check=True, capture_output=True, text=True)
    print(alone.stdout, end="")
    bare, scan, memory = json.loads(alone.stdout.splitlines()[-1])
    rows = [
        {
            "what": f"scan, 10⁹ spectra, {memory:.2f} GiB",
            "method": name,
            "each": f"{1e9 / rate:.3g} ns",
            "ratio": scan / rate,
        }
        for name, rate in (("renp scan", scan), ("bare loop", bare))
    ]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "map.toml").write_text(MAP, encoding="utf-8")
        command = (
            "from renp.cli import main; main()",
            "scan",
            f"{folder}/map.toml",
            "-o",
            f"{folder}/map.zarr",
            "-q",
        )
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", *command], check=True)
        seconds = time.perf_counter() - start
    name = "renp scan, start and compilation included"
    return [
        *rows,
        {"what": "map, 300 × 300 profiled limits", "method": name, "each": f"{seconds:.1f} s", "ratio": 1.0},
    ]


def rates(wanted: int) -> tuple["Rates", "Rates", float]:
    """Print and return both rates, and the most memory that was held, in GiB."""
    moments = max(wanted // (SPECTRA * MASSES), 2)
    scenario = renp.Scenario.from_text(scan_text(moments))
    definition = Definition.of(scenario)
    number = len(definition.chunks)
    evaluations = SPECTRA * MASSES * moments
    compiling = time.perf_counter()
    evaluate(definition, 0)
    loop = bare_loop(definition)
    jax.block_until_ready(loop(_columns(definition, 0)))
    compiling = time.perf_counter() - compiling
    before = loop_rate(definition, loop)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        clock = Clock()
        renp.scan(scenario, f"{folder}/rate.zarr")
        scan = clock.rates(evaluations)
    after = loop_rate(definition, loop)
    bare = Rates(*((x + y) / 2 for x, y in zip(before, after, strict=True)))
    memory = peak_memory()
    print(f"{evaluations:.3e} spectra in {number} chunks, {THREADS} threads; compilation {compiling:.1f} s")
    print(f"{'':10}{'wall, ns':>12}{'processor, ns':>16}")
    for name, rates in (("bare loop", bare), ("before", before), ("after", after), ("scan", scan)):
        print(f"{name:10}{1e9 / rates.wall:12.2f}{1e9 / rates.processor:16.2f}")
    share = scan.wall / bare.wall
    print(
        f"of the bare loop's rate: {share:.2f} by the clock, {scan.processor / bare.processor:.2f} by processor time"
    )
    print(f"memory: {memory:.2f} GiB at most")
    return bare, scan, memory


class Rates(NamedTuple):
    """Spectra per second, and per second of one processor."""

    wall: float
    processor: float


class Clock:
    """Measures both times."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def rates(self, spectra: float) -> Rates:
        """Return the rates since the beginning."""
        return Rates(
            spectra / (time.perf_counter() - self.wall), spectra / (time.process_time() - self.processor)
        )


def scan_text(moments: int) -> str:
    """Return the letter's scenario with a scan of its significance."""
    return (
        preset_text("letter")
        + f"""
[scan]
result = "significance"

[[scan.axis]]
parameter = "interaction[1].elements.11"
grid = {{ from = 1e-12, to = 1e-10, points = {moments} }}

[[scan.axis]]
parameter = "neutrinos.lightest_mass"
grid = {{ from = "0 eV", to = "0.1 eV", points = {MASSES} }}
"""
    )


def bare_loop(definition: Definition) -> Any:
    """Return the compiled sum of the spectra of a chunk."""
    scenario = Scenario.from_data(definition.data, definition.folder)
    keys = tuple(axis.keys for axis in definition.scan.axes)

    def one(photon: jax.Array, at: Point) -> Any:
        here = scenario.at(at)
        line = photon, here.atom, here.neutrinos
        return total_spectrum(*line, here.model)

    def batch(at: Point) -> jax.Array:
        photons = scenario.at({}).experiment.photon_energy
        each = jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, None))(photons, at)
        # Fused into the sum, the spectrum would not be vectorised.
        return jnp.sum(jax.lax.optimization_barrier(each), axis=0)

    return compiled(lambda columns: over_points(batch, keys, columns, _BATCH), _columns(definition, 0))


def loop_rate(definition: Definition, loop: Any) -> Rates:
    """Return how many spectra the bare loop evaluates in a second."""
    chunks = range(0, len(definition.chunks), SHARE_OF_LOOP)
    points = float(np.prod(definition.chunks.chunk)) * len(chunks)

    def run(number: int) -> None:
        np.asarray(loop(_columns(definition, number)))

    clock = Clock()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, chunks))
    return clock.rates(SPECTRA / 2 * points)


if __name__ == "__main__":
    bare, scan, memory = rates(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**9)
    print(json.dumps([bare.wall, scan.wall, memory]))
