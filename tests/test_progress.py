"""Signs of life: at a terminal each phase of a command announces itself and goes away; elsewhere nothing."""

import inspect
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import renp
from renp.cli.commands import app
from renp.cli.output import Output, progress_of
from renp.progress import signs_of_life
from renp.scenario import preset_text

pty = pytest.importorskip("pty")

CODE = "from renp.cli import main; main()"


class Terminal:
    """A pseudo-terminal, and what is shown at it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.parts: list[bytes] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        try:
            while part := os.read(self.master, 4096):
                self.parts.append(part)
        except OSError:  # the other end is closed
            pass

    def shown(self) -> str:
        """Return all that was shown, once nobody writes any more."""
        os.close(self.slave)
        self.reader.join()
        os.close(self.master)
        return b"".join(self.parts).decode()


def run(folder: Path, *more: str) -> tuple[str, str]:
    file = folder / "s.toml"
    file.write_text(preset_text("letter"), encoding="utf-8")
    terminal = Terminal()
    settings = {"TERM": "xterm", "COLUMNS": "100", "JAX_COMPILATION_CACHE_DIR": str(folder / "programs")}
    done = subprocess.run(
        [sys.executable, "-c", CODE, "spectrum", str(file), "--photon-energy", "1.068", *more],
        stdout=subprocess.PIPE,
        stderr=terminal.slave,
        env=os.environ | settings,
        check=True,
    )
    return terminal.shown(), done.stdout.decode()


@pytest.mark.slow
def test_every_phase_announces_itself_and_goes_away(tmp_path: Path) -> None:
    shown, printed = run(tmp_path, "-o", str(tmp_path / "s.png"))
    words = ["reading s.toml", "spectrum", "compiling", "writing s.png", "wrote "]
    places = [shown.index(word) for word in words]
    assert places == sorted(places)
    _, end = shown.rsplit("writing s.png", 1)
    assert "\x1b[2K" in end  # its line is taken away
    assert printed.startswith("Yb: spectral function\n")
    assert "\x1b" not in printed


@pytest.mark.slow
def test_who_asks_for_quiet_sees_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "-q") == ("", "")


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of("limits", Output()) as progress:
        progress("first")
        progress(0.5)
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("calls", "seen"),
    [
        ([("first, 1 of 2",), ("second, 2 of 2",)], ["limits: first", "0/2", "limits: second", "1/2"]),
        ([(0.25,)], ["25 %"]),
        ([(3, 8)], ["3/8"]),
    ],
)
def test_steps_move_a_bar_with_what_is_left(
    calls: list[tuple[Any, ...]], seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    with os.fdopen(os.dup(terminal.slave), "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("TERM", "xterm")
        with progress_of("limits", Output()) as progress:
            for call in calls:
                progress(*call)
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.shown())
    assert seen[-1] in shown
    assert "left" in shown


def test_words_that_count_move_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    with os.fdopen(os.dup(terminal.slave), "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setenv("TERM", "xterm")
        with progress_of("plan", Output()) as progress:
            progress("3 of at most 8 photon energies")
            time.sleep(0.3)  # it is drawn ten times in a second
            progress("proof of the optimum")
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.shown())
    assert "2/8" in shown
    assert "left" not in shown.rsplit("proof of the optimum", 1)[1]  # nobody knows


@pytest.mark.parametrize(
    "name", ["spectrum", "counts", "target", "limits", "fit", "toys", "plan", "sensitivity", "scan"]
)
def test_no_command_computes_in_silence(name: str) -> None:
    assert f'progress_of("{name}"' in inspect.getsource(app[name].default_command)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is shown below a cell of a notebook, one drawing after the other."""
    drawn: list[str] = []

    def draw(bundle: dict[str, str], **_: Any) -> Any:
        drawn.append(bundle["text/html"])
        return SimpleNamespace(update=draw)

    notebook = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=draw))
    return drawn


def test_a_notebook_has_a_bar_with_what_is_left_that_goes_away(
    cell: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("renp.progress._SOON", 0.02)
    with signs_of_life("limits", None) as progress:
        progress("a < b, 1 of 4")
        time.sleep(0.1)
        progress("a < c, 2 of 4")
        time.sleep(0.1)
        progress("proof")
        time.sleep(0.1)
    assert cell[0] == '<progress value="0.000"></progress> limits: a &lt; b, 1 of 4 · 0:00'
    assert '<progress value="0.250"></progress> limits: a &lt; c, 2 of 4 · 0:00, left 0:00' in cell
    assert cell[-2:] == ["<progress></progress> limits: proof · 0:00", ""]  # nobody knows how long


def test_what_is_quick_says_nothing_in_a_notebook(cell: list[str]) -> None:
    with signs_of_life("limits", None) as progress:
        progress("magnetic-moment 11")
    assert cell == []


def test_elsewhere_nobody_is_told_who_has_not_asked(capsys: Any) -> None:
    with signs_of_life("limits", None) as progress:
        progress("magnetic-moment 11")
    assert capsys.readouterr() == ("", "")


def test_a_bar_within_a_bar_is_not_shown(cell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renp.progress._SOON", 0.02)

    @signs_of_life("limits", None)
    def inner(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    with signs_of_life("sensitivity", None):
        assert inner(0.1) == 0.1
    assert "sensitivity" in cell[0]
    assert not any("limits" in one for one in cell)
    inner(0.1)
    assert "limits" in cell[-2]


LONG = (
    "allowed_region compare contour discovery fit limit_curves measure_coverage plan profile ranking reach "
    "required_exposure scan sensitivity throw_toys upper_limits"
)


@pytest.mark.parametrize("name", LONG.split())
def test_no_function_that_computes_is_silent_in_a_notebook(name: str) -> None:
    assert "signs_of_life(" in inspect.getsource(getattr(renp, name))
