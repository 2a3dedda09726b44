"""Habits of operating systems, each with what is done where it is not known.

Nothing else in the package asks which system it runs on. It was run on Linux; what others lack, or do another
way, is tried by taking it away.
"""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

DISK = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO")}
"""Errors that are of the disk, not of a name."""

WINDOWS = os.name == "nt"

_PATIENCE = 5
"""How often a move is tried that another process, a virus scanner say, holds up; Windows only."""


def processors() -> int:
    """Return how many processors this process may use.

    Examples
    --------
    >>> processors() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cache_folder() -> Path | None:
    """Return where a user's caches lie; None for one who has no home, and so no place for them.

    Examples
    --------
    >>> folder = cache_folder()
    >>> folder is None or folder.is_absolute()
    True
    """
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named)
    home = _home()
    return home and home / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home.is_absolute() and home != Path(home.anchor) else None


def has_settings(program: str) -> bool:
    """Return whether a user has settings of another program, in a folder where programs look for them.

    Examples
    --------
    >>> has_settings("a program that nobody has")
    False
    """
    home = _home()
    places = [os.environ.get("XDG_CONFIG_HOME"), home and home / ".config"]
    found = [Path(place, program) for place in places if place] + ([home / f".{program}"] if home else [])
    return any(folder.is_dir() for folder in found)


def synced(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before what follows; where that can be had."""
    folder = path.is_dir()
    try:
        number = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except OSError:
        if folder:  # which some systems do not open
            return
        raise
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno in DISK:  # others cannot do so
            raise
    finally:
        os.close(number)


def moved(new: Path, path: Path) -> None:
    """Move a file onto another one, in one step; so that readers find the old one or the new one."""
    for left in reversed(range(_PATIENCE if WINDOWS else 1)):
        try:
            new.replace(path)
        except PermissionError:
            if not left:
                raise
            time.sleep(0.1)
        else:
            break
    synced(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold a lock within a block; False if another process, or thread, holds it. A kill leaves none behind.

    It is on a file of this name, removed at the end. Where a file system knows no locks, nothing is locked.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "a") as one:
    ...     with locked(Path(folder) / "a") as another:
    ...         one, another
    (True, False)
    """
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        held = _locked(number)
        if not held or _is_at(number, path):
            break
        os.close(number)  # the one who held it has just removed it
    try:
        yield held
    finally:
        if WINDOWS:  # where no open file can be removed
            os.close(number)
        with suppress(PermissionError):  # another one has it open there
            if held:
                path.unlink(missing_ok=True)
        if not WINDOWS:
            os.close(number)


def _locked(number: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return _locked_by_windows(number)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # of a network, without locks
        return True
    return True


def _locked_by_windows(number: int) -> bool:
    try:
        import msvcrt
    except ImportError:
        return True
    system: Any = msvcrt
    try:
        system.locking(number, system.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _is_at(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


ENDINGS = ("SIGINT", "SIGTERM")
"""Signals of Ctrl-C, and of who asks a process to terminate."""


@contextmanager
def endable() -> Iterator[list[int]]:
    """Let Ctrl-C, or a request to terminate, end a block by KeyboardInterrupt; give the signals that came.

    Who is interrupted may turn that into an error of another kind.
    """
    came, before = list[int](), {}

    def end(number: int, _: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    for name in ENDINGS:
        with suppress(AttributeError, ValueError):  # no such signal, or a thread that gets none
            number = getattr(signal, name)
            before[number] = signal.signal(number, end)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def told_to_end(loop: "AbstractEventLoop", tell: Callable[[], None]) -> None:
    """Have a loop call when Ctrl-C is pressed, or somebody asks to terminate, where loops can.

    It does so between two of its steps: an exception of a signal's may be caught by whoever is at work.
    """
    for name in ENDINGS:
        with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(getattr(signal, name), tell)
