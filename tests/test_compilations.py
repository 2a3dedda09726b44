"""Compiled programs on disk: a place that fails costs a line at most, and never a result."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, numpy, renp
renp.cache(sys.argv[1])
nu, yb = renp.Neutrinos(0.01), renp.Atom.named("Yb")
print(float(renp.spectral_function(1.068, yb, nu)), numpy.asarray(renp.thresholds(yb, nu))[0, 0])
"""


def run(folder: Path, *options: str, code: str = PROGRAM) -> tuple[str, list[str]]:
    """Return what a new process says, and its lines on stderr."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, *options, "-c", code, folder],
        capture_output=True,
        text=True,
        check=True,
        env=plain,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    return done.stdout, said


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    run(folder)
    return folder


def entries(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: content for name, content in found.items() if not name.endswith("-atime")}


@pytest.mark.slow
def test_a_broken_entry_is_replaced_without_a_word(kept: Path, tmp_path: Path) -> None:
    run(tmp_path)  # what a program is called depends on the folder
    before = entries(tmp_path)
    assert any(name.startswith("jit_line_spectrum-") for name in before)
    for name in before:
        (tmp_path / name).write_bytes(b"broken")
    answer, said = run(tmp_path, "-W", "error")
    assert (answer, said) == (run(kept)[0], [])
    assert set(entries(tmp_path)) == set(before)
    assert b"broken" not in entries(tmp_path).values()


TRACED = """
import jax
traced = []
def note(event, duration, **about):
    if "jaxpr_trace" in event and about["fun_name"] != "stage":
        traced.append(about["fun_name"])
jax.monitoring.register_event_duration_secs_listener(note)
"""

FIT = """
unit = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
rate = renp.Nuisances(normalisation_error=0.05)
runs = renp.Experiment(yb, renp.Target(), [1.068, 1.0712], 86400.0, counts=[20, 10])
print(renp.fit(renp.Likelihood(runs, nu, unit, nuisances=rate)).chi2)
"""


@pytest.mark.slow
def test_the_next_process_neither_traces_nor_compiles(tmp_path: Path) -> None:
    code = f"{TRACED}{PROGRAM}{FIT}print(traced)"
    first, _ = run(tmp_path, code=code)
    again, said = run(tmp_path, code=code)
    *numbers, traced = first.splitlines()
    assert {"line_spectrum", "_fit"} <= set(traced[2:-2].split("', '"))
    assert (again.splitlines(), said) == ([*numbers, "[]"], [])


OWN = """
import jax.numpy as jnp
class Own(renp.Interaction):
    def couplings(self, neutrinos, q2):
        return renp.Couplings(V=0.1 * jnp.eye(3))
renp.spectral_function(1.068, yb, nu, renp.Weak() + Own())
"""


def test_what_rests_on_code_of_others_is_compiled_anew(kept: Path, tmp_path: Path) -> None:
    run(tmp_path, code=f"{PROGRAM}{OWN}")
    assert len(list(tmp_path.glob("renp-*"))) == len(list(kept.glob("renp-*"))) > 0


@pytest.mark.slow
def test_a_place_that_cannot_be_made_is_one_line(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "file").write_text("")
    answer, said = run(tmp_path / "file" / "folder")
    assert answer == run(kept)[0]
    assert len(said) == 1
    assert "compiled programs are not kept: " in said[0]


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_it_cut_off_is_replaced(tmp_path: Path, kept: Path) -> None:
    full = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n{PROGRAM}"
    answer, said = run(tmp_path, code=full)
    assert answer == run(kept)[0]
    assert len(said) == 1
    assert f"compiled programs are not kept in {tmp_path}: " in said[0]
    assert {len(content) for content in entries(tmp_path).values()} == {100}
    assert run(tmp_path) == (answer, [])
    assert min(len(content) for content in entries(tmp_path).values()) > 100


def test_nothing_is_kept_unasked(tmp_path: Path) -> None:
    code = "import renp, jax; print(jax.config.jax_compilation_cache_dir)"
    plain = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=plain | {"XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.stdout == "None\n"
    assert not any(tmp_path.iterdir())
