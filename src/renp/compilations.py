"""Compiled programs kept on disk: by the command line, and for who asks. JAX is not loaded for that."""

import os
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from renp.platforms import cache_folder

_TROUBLE = r"Error (reading|writing) persistent compilation cache entry for '(.*?)': "
_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
"""JAX leaves out small programs, which take as long to compile together as a large one."""


def cache(folder: str | Path | None = None) -> Path | None:
    """Keep compiled programs, so that the next process need not compile them; nothing is kept unasked.

    A folder that cannot be written is no error, but said once; a file in it that cannot be read is replaced.

    Parameters
    ----------
    folder
        Where; that of the command line in the user's caches if left out.

    Returns
    -------
    Path or None
        The folder; None if it cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     cache(place) == Path(place)
    True
    """
    try:
        path = usual_folder() if folder is None else Path(folder)
        keep(path, warnings.warn)
    except OSError as error:
        warnings.warn(f"compiled programs are not kept: {error}", UserWarning, stacklevel=2)
        return None
    return path


_kept: dict[Path, Callable[[str], Any] | None] = {}
"""Where programs are kept, the last folder being in use, and who is to be told once that one cannot be."""


def kept_in() -> Path | None:
    """Return where programs are kept, if they are."""
    return next(reversed(_kept), None)


def not_kept(folder: Path, why: str) -> None:
    """Say once that a folder cannot be written."""
    if tell := _kept.get(folder):
        _kept[folder] = None
        tell(f"compiled programs are not kept in {folder}: {why}")


def usual_folder() -> Path:
    """Return the folder of the command line, in that of the user's caches.

    Raises
    ------
    OSError
        If the user has no place for them.
    """
    base = cache_folder()
    if base is None:
        raise FileNotFoundError("this user has no folder for caches")
    return base / "renp" / "jax"


def keep(folder: Path, tell: Callable[[str], Any]) -> None:
    """Keep compiled programs in a folder; ``tell`` is told once if one cannot be written.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"jax_compilation_cache_dir": str(folder), **_SETTINGS}
    os.environ.update({name.upper(): str(value) for name, value in settings.items()})
    if "jax" in sys.modules:
        config = sys.modules["jax"].config
        moved = config.jax_compilation_cache_dir != str(folder)
        for name, value in settings.items():
            config.update(name, value)
        if moved:
            from jax.experimental.compilation_cache.compilation_cache import reset_cache

            reset_cache()
    _kept.pop(folder, None)
    _kept[folder] = tell
    _watch(folder)


def _watch(folder: Path) -> None:
    """Answer JAX's warnings, one for each program: a broken file makes room for a new one."""
    shown = warnings.showwarning

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        trouble = re.match(_TROUBLE, str(message))
        if not trouble:
            shown(message, *where, **more)
            return
        if trouble[1] == "reading":
            for broken in folder.glob(f"{trouble[2]}-*"):
                with suppress(OSError):
                    broken.unlink()
        else:
            not_kept(folder, str(message)[trouble.end() :])

    warnings.showwarning = show
    answer_trouble()


def answer_trouble() -> None:
    """Let no filter hide, or raise, JAX's warnings of files that cannot be read or written."""
    warnings.filterwarnings("always", message=_TROUBLE)
