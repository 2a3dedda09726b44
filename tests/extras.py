"""What shows that an extra works, and what is said where it is missing: programs for clean environments.

Each runs in a folder of its own, and takes the folder of the unpacked source as its argument.
"""

RUNS = """
import renp
yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
runs = renp.Experiment(yb, renp.Target(), [1.068], 864000.0, counts=[120])
"""

SCENARIO = """
from pathlib import Path
from renp.scenario import preset_text
axis = '[[scan.axis]]\\nparameter = "neutrinos.lightest_mass"\\nvalues = ["0 eV", "0.01 eV"]\\n'
Path("scan.toml").write_text(preset_text("letter") + '[scan]\\nresult = "counts"\\n' + axis, encoding="utf-8")
"""

WORKS: dict[str, str] = {
    "bayes": RUNS
    + """
likelihood = renp.Likelihood(runs, nu, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
drawn = renp.posterior(likelihood, draws=20, warmup=20, chains=1)
assert drawn.posterior["mu"].sizes == {"chain": 1, "draw": 20}
assert drawn.posterior_predictive.sizes["draw"] == 20
""",
    "bench": """
import sys
import numpy as np
sys.path.insert(0, f"{sys.argv[1]}/benchmarks")
from rivals import arrays
rows = arrays.pairs(2.1, np.array([0.01, 0.013, 0.05]), np.array([0.68, 0.3, 0.02]), np.zeros(6))
omega = np.linspace(1.0, 1.04, 7)
compiled = arrays.numba_spectrum()(omega, 2.1, 2.2, 0.0, rows)
np.testing.assert_allclose(compiled, arrays.numpy_spectrum(omega, 2.1, 2.2, 0.0, rows), rtol=1e-12)
""",
    "cluster": SCENARIO
    + """
import distributed
import renp
options = {"processes": False, "protocol": "tcp", "dashboard_address": None}
with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster:
    found = renp.scan("scan.toml", "counts.zarr", cluster=cluster.scheduler_address)
assert (found.dataset()["expected"] > 0).all()
""",
    "docs": """
import sys
from sphinx.cmd.build import main
source = f"{sys.argv[1]}/docs"
assert main(["-M", "html", source, "site", "-D", "nb_execution_mode=off", "--quiet"]) == 0
page = open("site/html/reference/api/planning.html", encoding="utf-8").read()
assert 'id="renp.explore"' in page
""",
    "explorer": RUNS
    + """
import json, subprocess, sys
from pathlib import Path
from urllib.request import urlopen
from renp.results import Spectrum
explorer = renp.explore()
explorer.change(lightest_mass=0.02)
assert explorer.setup.neutrinos.lightest_mass == 0.02
assert len(renp.explore(Spectrum.compute(yb, nu))) > 1
command = [Path(sys.executable).with_name("renp"), "explore", "--port", "0", "--no-browser", "--json"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        address = json.loads(server.stdout.readline())["url"]
        assert "renp explorer" in urlopen(address).read().decode()
    finally:
        server.terminate()
""",
    "test": """
import pytest, sys
chosen = f"{sys.argv[1]}/tests/test_models.py"
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", chosen]))
""",
}
"""By extra: a program that needs the core and this extra only."""

MISSING = (
    "import sys"
    + RUNS
    + SCENARIO
    + """
from renp.cli import main
from renp.results import Spectrum

def tried(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (Exception, SystemExit) as error:
        print(type(error).__name__, error)

for name in renp.__all__:
    getattr(renp, name)
limits = renp.upper_limits(runs, nu).limits
print(renp.expected_counts(runs, nu).round(1), limits["magnetic-moment"]["11"] > 0)
likelihood = renp.Likelihood(runs, nu, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
address = "tcp://127.0.0.1:8786"
tried(renp.posterior, likelihood)
tried(renp.explore)
tried(lambda: renp.explore(Spectrum.compute(yb, nu, omega=[1.0, 1.05])))
tried(renp.scan, "scan.toml", "counts.zarr", cluster=address)
sys.stderr = sys.stdout
tried(main, ["explore", "--no-browser"])
tried(main, ["scan", "scan.toml", "--cluster", address, "--output", "counts.zarr", "--quiet"])
"""
)
"""A program for the core alone: prints what it computes, then what each feature of an extra says."""

CLUSTER = 'cluster = tcp://127.0.0.1:8786: must be left out, or Dask installed: pip install "renp[cluster]"'
EXPLORER = 'the explorer needs panel and bokeh: pip install "renp[explorer]"'

SAID = [
    "[117.1] True",
    'ImportError the posterior needs the package numpyro: pip install "renp[bayes]"',
    f"ImportError {EXPLORER}",
    f"ImportError {EXPLORER}",
    f"InputError {CLUSTER}",
    f"renp: explore = without its packages: must be installed first: {EXPLORER}",
    "SystemExit 2",
    f"renp: {CLUSTER}",
    "SystemExit 2",
]
"""The lines that it prints."""
