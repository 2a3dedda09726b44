"""Habits of other systems, tried by taking away what this one has; and that each stands in one place."""

import asyncio
import errno
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

import renp
from renp import platforms
from renp.datafiles import write
from renp.errors import InputError, StorageError
from renp.platforms import cache_folder, locked, moved, processors, synced

SOURCE = Path(renp.__file__).parent

HABITS = {
    r"sched_getaffinity|cpu_count|fcntl|msvcrt|sys\.platform|os\.name\b": {"platforms.py"},
    r"signal\.signal|fsync|expanduser|\.home\(\)|\.rename\(": {"platforms.py"},
    r"\.write_text\(|\.write_bytes\(|open\([^)]*[\"'][wax]b?[\"']|TemporaryFile|mkstemp": {"datafiles.py"},
    r"to_netcdf\(|savefig\((?!drawn|pdf|png)": {"results/base.py"},
    r"json\.dumps?\(": {"datafiles.py", "explorer/setup.py"},
    r"\.read_text\(\)": set(),  # another system takes another encoding
}
"""What stands in one place, and where; the explorer's JSON is the key of what it keeps."""


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_stands_in_one_place(habit: str) -> None:
    found = {
        str(path.relative_to(SOURCE)): line
        for path in SOURCE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(habit, line) and not line.lstrip().startswith((">>>", "...", "#"))
    }
    assert set(found) == HABITS[habit], found


def test_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


@pytest.mark.parametrize(
    ("system", "environment", "home", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/home/a", "/c"),
        ("linux", {"XDG_CACHE_HOME": "c"}, "/home/a", "/home/a/.cache"),
        ("linux", {"LOCALAPPDATA": "/c"}, "/home/a", "/home/a/.cache"),
        ("darwin", {}, "/Users/a", "/Users/a/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "/c", "XDG_CACHE_HOME": "/d"}, "/home/a", "/c"),
        ("linux", {}, "/", None),
        ("linux", {}, "~", None),
        ("linux", {}, None, None),
    ],
)
def test_where_caches_lie(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    environment: dict[str, str],
    home: str | None,
    folder: str | None,
) -> None:
    def user() -> Path:
        if home is None:
            raise RuntimeError("Could not determine home directory.")
        return Path(home)

    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platforms.sys, "platform", system)
    monkeypatch.setattr(platforms.Path, "home", user)
    assert cache_folder() == (None if folder is None else Path(folder))


LOCKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "of Unix": lambda _: None,
    "of a folder in a network without locks": lambda patch: patch.setitem(
        sys.modules, "fcntl", SimpleNamespace(flock=_refuse(errno.ENOLCK), LOCK_EX=2, LOCK_NB=4)
    ),
    "of Windows": lambda patch: [
        patch.setitem(sys.modules, "fcntl", None),
        patch.setitem(sys.modules, "msvcrt", _OfWindows()),
        patch.setattr(platforms, "WINDOWS", True),
    ],
    "of neither": lambda patch: [
        patch.setitem(sys.modules, "fcntl", None),
        patch.setitem(sys.modules, "msvcrt", None),
    ],
}


def _refuse(number: int) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


class _OfWindows:
    """Locks a file as Windows does: whoever has it open."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.held: set[int] = set()

    def locking(self, number: int, _: int, __: int) -> None:
        file = os.fstat(number).st_ino
        if file in self.held:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.held.add(file)


@pytest.mark.parametrize("kind", LOCKS)
def test_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    LOCKS[kind](monkeypatch)
    with locked(tmp_path / "a") as one, locked(tmp_path / "a") as two:
        assert one
        assert two == ("without" in kind or "neither" in kind)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_file_was_just_removed_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the opening and the locking, the one who held it has ended."""
    opened = os.open
    first = [True]

    def open_late(path: Path, *arguments: int) -> int:
        number = opened(path, *arguments)
        if first:
            first.pop()
            path.unlink()
        return number

    monkeypatch.setattr(os, "open", open_late)
    with locked(tmp_path / "a") as one:
        assert one
        assert (tmp_path / "a").exists()


def test_a_move_that_is_held_up_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_text("new")
    replace, left = Path.replace, [1, 1]

    def held_up(self: Path, path: Path) -> Path:
        if left:
            left.pop()
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(self, path)

    monkeypatch.setattr(Path, "replace", held_up)
    with pytest.raises(PermissionError):
        moved(tmp_path / "new", tmp_path / "old")
    monkeypatch.setattr(platforms, "WINDOWS", True)
    moved(tmp_path / "new", tmp_path / "old")
    assert [one.name for one in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_synced_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _refuse(errno.EINVAL))
    write(tmp_path / "a", "whole")
    assert (tmp_path / "a").read_text() == "whole"
    monkeypatch.setattr(os, "fsync", _refuse(errno.ENOSPC))
    with pytest.raises(StorageError, match="No space left on device"):
        write(tmp_path / "a", "more")
    assert (tmp_path / "a").read_text() == "whole"
    monkeypatch.setattr(os, "open", _refuse(errno.EACCES))
    synced(tmp_path)
    with pytest.raises(OSError, match="Permission denied"):
        synced(tmp_path / "a")


def test_a_system_without_signals_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "signal", SimpleNamespace())
    with asyncio.Runner() as runner, platforms.endable():
        platforms.told_to_end(runner.get_loop(), list)
    monkeypatch.setattr(platforms, "signal", signal)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), platforms.endable() as came:
        signal.raise_signal(signal.SIGTERM)
    assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_loop_is_told_to_end_whatever_is_at_work(number: int) -> None:
    async def work() -> None:
        ended = asyncio.Event()
        platforms.told_to_end(asyncio.get_running_loop(), ended.set)
        with suppress(BaseException):  # as within a callback of compiled code
            signal.raise_signal(number)
        await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(work())


def test_a_link_stays_one_and_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to("there")
    write(tmp_path / "link", "new\nlines\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new\nlines\n"
    with pytest.raises(InputError, match="which a folder is not"):
        write(tmp_path, "")
    with pytest.raises(InputError, match="character of number 0"):
        write(Path("a\0b"), "")
    with pytest.raises(StorageError, match="No space left on device"):
        write(Path("/dev/full"), "much")
