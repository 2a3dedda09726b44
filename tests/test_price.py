"""What a call costs before and after the formula: programs that JAX compiles, counted in a fresh process.

Arithmetic of JAX outside a compiled function is a small program for each operation and shape.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from renp.scenario import preset_text

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
unit, rate = {"mu_12": renp.MagneticMoment({(1, 2): 1.0})}, renp.Nuisances(normalisation_error=0.05)
likelihood = count("likelihood", lambda: renp.Likelihood(runs, nu, unit, nuisances=rate))
x = count("point", lambda: likelihood.point(mu_12=3e-11))
data = count("data", lambda: likelihood.asimov(x))
for name in ("chi2", "chi2 again"):
    count(name, lambda: likelihood.chi2(x, data))
count("fit", lambda: renp.fit(likelihood, data))
count("limits", lambda: renp.upper_limits(runs, nu))
count("plan", lambda: renp.plan("limits", runs, nu, constraints=renp.Constraints(candidates=200)))
later = likelihood.with_exposure(2.0)
for one, again in ((likelihood, ""), (later, " again")):
    count("information" + again, lambda: renp.information(one))
    count("workspace" + again, lambda: renp.pyhf_workspace(one, "mu_12"))
wide = renp.Experiment(atom, renp.Target(), w, 86400.0, laser=renp.Laser(1e-5))
moving = renp.Nuisances(calibration_error=1e-6)
count("likelihood of a wide line", lambda: renp.Likelihood(wide, nu, unit, nuisances=moving))
print(json.dumps(counted))
"""

ALLOWED = {
    "spectrum": ["jit(line_spectrum)"],
    "spectrum by pair": ["jit(components)"],
    "counts": ["jit(_counts_of_runs)"],
    "likelihood": ["jit(form_of)"],
    "data": ["jit(_expected)"],
    "chi2": ["jit(_chi2)"],
    "fit": ["jit(_fit)", "jit(local)", "jit(_curvature_along)", "jit(_crossings)", "jit(_slopes)"],
    "limits": ["jit(form_of)", "jit(_expected)", "jit(along_coupling)", "jit(_exact)"],
    "plan": [
        *("jit(form_of)", "jit(_counts_of_runs)", "jit(_counts_of_runs)"),  # of a block of candidates
        *("jit(form_of)", "jit(_counts_of_runs)", "jit(line_spectrum)"),
    ],
    "workspace": ["jit(asimov_of_each)", "jit(_slopes)"],
    "likelihood of a wide line": ["jit(form_of)", "jit(nodes_around)", "jit(products_of)"],
}

LOADED = """
import json, sys
from renp.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(json.dumps(sorted(sys.modules)))
"""

HEAVY = {"scipy.stats", "scipy.optimize", "scipy.integrate", "pint", "dask", "xarray", "pandas", "matplotlib"}
"""Each takes a tenth of a second to load, or several."""


@pytest.fixture(scope="module")
def counted() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    programs: dict[str, list[str]] = json.loads(done.stdout)
    return programs


def test_few_programs_and_none_around_them(counted: dict[str, list[str]]) -> None:
    assert {name: programs for name, programs in counted.items() if programs} == ALLOWED


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("validate", {"scipy.special", "rich", "renp.results.base", "renp.inference.upper_limits"}),
        ("counts", {"scipy.special", "rich", "renp.inference.upper_limits", "renp.bounds.catalogue"}),
        ("spectrum", {"scipy.special", "rich", "renp.inference.upper_limits", "renp.bounds.catalogue"}),
        ("limits", {"renp.planning.plan", "renp.results.plan", "renp.bounds.catalogue"}),
    ],
)
def test_commands_load_what_they_need(command: str, more: set[str], tmp_path: Path) -> None:
    (file := tmp_path / "letter.toml").write_text(preset_text("letter"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, command, file, "--quiet"], capture_output=True, text=True, check=True
    )
    assert (HEAVY | more) & set(json.loads(done.stdout.splitlines()[-1])) == set()
