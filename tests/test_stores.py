"""What a disk, a kill or a second process do to a scan: it says so, and goes on to the same bits."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import fuzz_stores
import renp
from fuzz_stores import contents
from renp.errors import InputError
from renp.results.scan import Scan
from renp.scans import definition as definitions

ROOM = 20
"""Of a full disk, MB: a few chunks."""

PROGRAM = """
import resource, signal, sys
from renp.cli import main
if len(sys.argv) > 1 and sys.argv[1].isdigit():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as on a full disk: an error of the write
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
    del sys.argv[1]
main()
"""
"""The command; a number before it is the largest file that it may write."""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


def text(masses: int, durations: int) -> str:
    return f"""
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[run]]
photon_energy = "1.0688 eV"
duration = "10 day"
[[run]]
photon_energy = "1.07 eV"
duration = "10 day"
[scan]
result = "counts"
[[scan.axis]]
parameter = "neutrinos.lightest_mass"
grid = {{ from = "0 eV", to = "0.06 eV", points = {masses} }}
[[scan.axis]]
parameter = "run.duration"
log = {{ from = "1 day", to = "100 day", points = {durations} }}
"""


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> renp.Scenario:
    """Return a scenario whose scan has five chunks."""
    monkeypatch.setitem(definitions.CHUNK_POINTS, "counts", 4)
    return renp.Scenario.from_text(text(5, 4))


@pytest.mark.parametrize(
    "damage", [fuzz_stores.truncated, fuzz_stores.emptied, fuzz_stores.altered, fuzz_stores.half_written]
)
def test_a_damaged_chunk_is_found_and_computed_again(
    tmp_path: Path, scanned: renp.Scenario, damage: fuzz_stores.Damage
) -> None:
    whole = renp.scan(scanned, tmp_path / "a.zarr")
    before = contents(whole.path)
    damage(whole.path / "expected" / "c" / "0" / "3" / "0", fuzz_stores.random.Random(1))
    if damage != fuzz_stores.half_written:
        with pytest.raises(InputError, match="a scan that can be read"):
            str(whole)
    computed: list[int] = []
    renp.scan(scanned, whole.path, progress=lambda done, _: computed.append(done))
    assert computed == [16, 20]
    assert contents(whole.path) == before
    assert list(tmp_path.iterdir()) == [whole.path]


@pytest.mark.parametrize("kind", fuzz_stores.KINDS)
def test_of_damaged_files_nothing_is_silently_wrong(kind: str) -> None:
    """A few of those that `make fuzz` tries."""
    assert fuzz_stores.run(kind, 20, seed=1_000_000).total() == 20


def test_of_two_scans_that_start_one_store_one_works(tmp_path: Path, scanned: renp.Scenario) -> None:
    begun, refused = threading.Event(), threading.Event()

    def wait(*_: int) -> None:
        begun.set()
        assert refused.wait(60)

    first = threading.Thread(target=renp.scan, args=(scanned, tmp_path / "a.zarr"), kwargs={"progress": wait})
    first.start()
    assert begun.wait(60)
    with pytest.raises(InputError, match="no other process is computing"):
        renp.scan(scanned, tmp_path / "a.zarr")
    refused.set()
    first.join()
    found = Scan.read(tmp_path / "a.zarr")
    assert found.done == found.chunks
    assert list(tmp_path.iterdir()) == [found.path]


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk at a folder; False where nobody may."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "none", str(folder)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_scan_on_a_full_disk_says_so_in_a_line_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text(text(400, 8000))  # 51 MB
    subprocess.run(command("scan", scenario, "-o", tmp_path / "whole.zarr", "-q"), check=True)
    with small_disk(tmp_path / "disk") as mounted:
        path = tmp_path / "disk" / "a.zarr"
        limit = [] if mounted else [10**5]  # bytes: what describes a scan has room, but no chunk
        full = subprocess.run(command(*limit, "scan", scenario, "-o", path), capture_output=True, text=True)
        said = full.stderr.splitlines()[-1]
        assert full.returncode == 1
        assert said.startswith(f"renp: output = {path}: must be ")
        assert "No space left on device" in said or "File too large" in said
        assert "Traceback" not in full.stderr
        part = Scan.read(path)
        assert 2 * mounted <= part.done < part.chunks
        assert [one.name for one in path.parent.iterdir()] == ["a.zarr"]
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=100m", str(path.parent)], check=True)
        subprocess.run(command("scan", scenario, "-o", path, "-q"), check=True)
        assert contents(path) == contents(tmp_path / "whole.zarr")


@pytest.mark.slow
def test_twenty_kills_while_it_computes_leave_the_same_bits_and_nothing_over(tmp_path: Path) -> None:
    """Each at a random moment between one chunk and the next, and the last few shortly after the start."""
    scenario = tmp_path / "s.toml"
    scenario.write_text(text(1500, 14000))  # 161 chunks
    start = time.monotonic()
    subprocess.run(command("scan", scenario, "-o", tmp_path / "whole.zarr", "-q"), check=True)
    took = time.monotonic() - start
    whole = Scan.read(tmp_path / "whole.zarr")
    path = tmp_path / "parts.zarr"
    rng = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    done = [0]
    for kill in range(1, 21):
        process = subprocess.Popen(command("scan", scenario, "-o", path, "-q"))
        target = whole.chunks * kill // 22
        while len(list(path.glob("expected/c/*/*/*"))) <= max(target, done[-1]):
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(took / whole.chunks * rng.random())
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        done.append(len(list(path.glob("expected/c/*/*/*"))))
    assert done[-1] < whole.chunks
    subprocess.run(command("scan", scenario, "-o", path, "-q"), check=True)
    assert contents(path) == contents(whole.path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["parts.zarr", "s.toml", "whole.zarr"]


OUTPUTS = """
init -o new.toml
validate s.toml -o a.json
spectrum s.toml --photon-energy 1.068,1.07 -o a.svg
counts s.toml -o a.csv
atoms -o a.nc
bounds -o a.json
cite -o a.bib
workspace s.toml "magnetic-moment 11" -o a.json
scan s.toml -o a.zarr
explore s.toml --no-browser -o a.toml
"""
"""Commands with each kind of output."""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", OUTPUTS.strip().splitlines())
def test_every_output_on_a_full_disk_leaves_the_old_file_and_says_so_in_a_line(
    tmp_path: Path, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "0")  # it would be written to the full disk
    (tmp_path / "s.toml").write_text(
        text(5, 4).replace(
            "[[run]]", '[[interaction]]\nkind = "magnetic-moment"\nelements = {"11" = 3e-11}\n[[run]]', 1
        )
    )
    words = shlex.split(arguments)
    old = tmp_path / words[-1]
    if old.name not in ("new.toml", "a.zarr"):
        old.write_text("what was there")
    full = subprocess.run(command(10, *words), capture_output=True, text=True, cwd=tmp_path)
    assert full.returncode == 1, full.stderr
    assert full.stderr.splitlines()[-1].startswith(f"renp: output = {old.name}: must be ")
    assert "Traceback" not in full.stderr
    assert not old.exists() or old.read_text() == "what was there"
    assert {one.name for one in tmp_path.iterdir()} <= {"s.toml", old.name}


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, "", "~", "/"])
def test_who_has_no_home_gets_no_folder_of_that_name(tmp_path: Path, home: str | None) -> None:
    """A user whom the system does not know, where one may be such a user."""
    (tmp_path / "s.toml").write_text(text(5, 4))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {} if home is None else {"HOME": home}
    unknown = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    may = shutil.which("unshare") and not subprocess.run([*unknown, "true"], check=False).returncode
    words = command("spectrum", "s.toml", "--photon-energy", "1.068,1.07", "-o", "a.png")
    before = set(Path("/").iterdir())
    done = subprocess.run(
        [*(unknown if may else []), *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"s.toml", "a.png"}
    assert set(Path("/").iterdir()) == before
    assert done.stderr == "wrote a.png\n"


@pytest.mark.slow
def test_all_that_is_kept_is_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text(5, 4))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    words = command("spectrum", "s.toml", "--photon-energy", "1.068,1.07", "-o", "a.png")
    (tmp_path / "home").mkdir()
    home = {"HOME": str(tmp_path / "home")}
    subprocess.run(words, env=environment | home, cwd=tmp_path, capture_output=True, check=True)
    assert [one.name for one in (tmp_path / "home").iterdir()] == [".cache"]
    assert sorted(one.name for one in (tmp_path / "home" / ".cache").iterdir()) == ["renp"]


def test_json_is_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        renp.datafiles.json_text({"a": [float("inf")]})
    assert json.loads(renp.datafiles.json_text({"a": [None, 1.5]})) == {"a": [None, 1.5]}
