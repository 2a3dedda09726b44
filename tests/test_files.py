"""What is written is whole or not there: a disk that is full leaves the old file as it was."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import renp
from renp.results import Catalogue
from renp.scenario.problems import MOST
from renp.scenario.quantities import parse_quantity

FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as on a full disk: an error of the write
import renp
from renp.results import Catalogue
found = Catalogue.compute()
found.plot()  # what Matplotlib keeps for itself is written before
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    found.save(sys.argv[1])
except renp.InputError as error:
    print(error)
"""


@pytest.mark.sampled
@pytest.mark.parametrize("ending", [".json", ".csv", ".nc", ".png", ".pdf"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"atoms{ending}"
    path.write_text("what was there")
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"output = {path}: must be a file that can be written (File too large)\n"
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_keeps_its_mode_and_a_new_one_gets_the_usual(tmp_path: Path) -> None:
    old, new, usual = (tmp_path / name for name in ("old.json", "new.json", "usual"))
    old.write_text("")
    old.chmod(0o640)
    usual.write_text("")
    for path in (old, new):
        Catalogue.compute().save(path)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode == usual.stat().st_mode
    assert json.loads(new.read_text())["made_by"]


WRONG = [
    "10^99999999 day",
    "1" * 5000 + " day",
    "3 day^999999999",
    "1e400 day",
    "10^400 day",
    "9" * 190 + "^9 day",
]


@pytest.mark.parametrize("text", WRONG)
def test_numbers_that_would_never_end_are_refused_at_once(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(ValueError, match="cannot be read"):
        parse_quantity(text, "s")
    assert time.monotonic() - start < 5  # it would be for ever


def test_of_ten_thousand_wrong_runs_some_are_named() -> None:
    head = "[atom]\nname = 'Yb'\n[neutrinos]\nlightest_mass = '10 meV'\n"
    runs = "".join(f"[[run]]\nphoton_energy = '1.0{k} eV'\nduration = '{k} dy'\n" for k in range(10_000))
    with pytest.raises(renp.errors.ScenarioError) as raised:
        renp.Scenario.from_text(head + runs, "a.toml")
    assert len(raised.value.problems) == MOST + 1
    assert "and perhaps more" in raised.value.problems[-1]
