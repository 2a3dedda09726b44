"""The command line: it parses, calls and shows."""

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from cyclopts import CycloptsError

from renp.cli.commands import app
from renp.cli.output import note
from renp.compilations import keep, usual_folder
from renp.errors import InputError, ScenarioError, StorageError
from renp.platforms import cache_folder, endable, has_settings

_LITTER = 200_000, 50, 100
"""New objects before a search for cycles; from 700 on, as Python has it, takes a fifth of a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and exit: status 0, 2 for a user's error, 1 for ours, 130, 143 if told to end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # Greek letters on a terminal that has none
    gc.set_threshold(*_LITTER)
    atexit.register(gc.freeze)  # at the end nothing is searched, either
    warnings.showwarning = _show_warning
    os.environ["MPLBACKEND"] = "agg"  # pictures go to files, with or without a display
    _keep_fonts()
    given = list(sys.argv[1:] if arguments is None else arguments)
    while (
        given[:1] == ["--import"] and len(given) > 2
    ):  # an option of every command, as people write it first
        given = given[2:] + given[:2]
    quiet = {"-q", "--quiet"} & set(given)
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    with suppress(OSError):  # without a place, programs are compiled each time
        place = Path(folder) if folder else usual_folder()
        keep(place, lambda words: None if quiet else note(f"note: {words}"))
    came: list[int] = []
    try:
        with endable() as came:
            status = app(given, exit_on_error=False, print_error=False, result_action="return_value")
    except KeyboardInterrupt as end:
        _end(came, *end.args, is_ours=arguments is None)
    except CycloptsError as error:
        note(f"renp: {error}")
        sys.exit(2)
    except (InputError, ScenarioError, FloatingPointError) as error:
        note(f"renp: {error}")
        sys.exit(1 if isinstance(error, StorageError) else 2)
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if came:
            _end(came, is_ours=arguments is None)
        if words := _of_surroundings(error):
            note(f"renp: {words}")
            sys.exit(1)
        traceback.print_exc()
        note("renp: this is a failure of renp itself; the lines above say where")
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _end(came: list[int], *words: str, is_ours: bool) -> NoReturn:
    """Exit as a shell says of signals that came; Ctrl-C if none did."""
    number = came[0] if came else signal.SIGINT
    asked = "interrupted" if number == signal.SIGINT else "terminated"
    note(f"renp: {': '.join([asked, *words])}")
    others = (one for one in threading.enumerate() if one is not threading.main_thread())
    if is_ours and not all(one.daemon for one in others):
        sys.stderr.flush()
        os._exit(128 + number)  # Python would wait until they have computed what nobody takes
    sys.exit(128 + number)


def _of_surroundings(error: Exception) -> str:
    """Return what to say of an error that is of disk, memory, JAX's settings or LaTeX, or nothing."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError):
        return f"{error.filename or 'the output'} cannot be read or written ({error.strerror or error})"
    *_, last = traceback.walk_tb(error.__traceback__)
    module = str(last[0].f_globals.get("__name__"))
    said = next(iter(str(error).splitlines()), "") or type(error).__name__
    if module.startswith("matplotlib.texmanager"):
        return f"matplotlib is set to use LaTeX (text.usetex), which fails: {said}"
    own = {"JAX_ENABLE_X64", "JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"}
    settings = sorted(name for name in os.environ if name.startswith("JAX_") and name not in own)
    if module.startswith(("jax", "jaxlib")) and settings:
        given = ", ".join(f"{name}={os.environ[name]}" for name in settings)
        return f"JAX cannot compute this as it is set by {given}: {said}"
    return ""


def _keep_fonts() -> None:
    """Let Matplotlib make no folder outside the user's cache, unless there are settings of it."""
    base = cache_folder()
    if base is None:  # it would take one at the root
        passing = TemporaryDirectory(prefix="renp-", ignore_cleanup_errors=True)
        atexit.register(passing.cleanup)
        os.environ.setdefault("MPLCONFIGDIR", passing.name)
    elif not has_settings("matplotlib"):
        os.environ.setdefault("MPLCONFIGDIR", str(base / "renp" / "matplotlib"))


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    note(f"note: {message}")
