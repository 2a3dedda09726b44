"""What a call costs before and after the formula: programs that JAX compiles, counted in a fresh process.

Arithmetic of JAX outside a compiled function is a small program for each operation and shape.
"""

import json
import os
import subprocess
import sys

import pytest

COUNT = """
import json, jax
programs = []
def compiled(event, duration, **about):
    if "backend_compile" in event:
        programs.append(about.get("fun_name"))
jax.monitoring.register_event_duration_secs_listener(compiled)
import numpy as np, renp
counted = {}
def count(name, call):
    programs.clear()
    result = call()
    counted[name] = [one for one in programs if one != "jit(stage)"]  # an array of NumPy becomes one of JAX
    return result
atom = count("atom", lambda: renp.Atom.named("Yb", "full"))
nu = count("neutrinos", lambda: renp.Neutrinos(0.01, nature="majorana"))
mu = count("moment", lambda: renp.MagneticMoment({(1, 2): 3e-11}))
model = count("model", lambda: renp.Weak() + mu + renp.VectorMediator(1e3, 1e-18, left={(1, 2): 1.0}))
w = np.linspace(1.06, 1.071, 7)
for name in ("spectrum", "spectrum again"):
    count(name, lambda: renp.spectral_function(w, atom, nu, model))
count("spectrum by pair", lambda: renp.spectral_function(w, atom, nu, model, by_pair=True))
count("thresholds", lambda: renp.thresholds(atom, nu))
runs = count("runs", lambda: renp.Experiment(atom, renp.Target(), w, 86400.0))
count("counts", lambda: renp.expected_counts(runs, nu, model))
count("text", lambda: repr((runs, nu, model)))
print(json.dumps(counted))
"""

ALLOWED = {"spectrum": ["jit(line_spectrum)"], "spectrum by pair": ["jit(components)"]}


@pytest.fixture(scope="module")
def counted() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    programs: dict[str, list[str]] = json.loads(done.stdout)
    return programs


def test_one_program_for_a_spectrum_and_none_around_it(counted: dict[str, list[str]]) -> None:
    assert {name: programs for name, programs in counted.items() if programs} == ALLOWED
