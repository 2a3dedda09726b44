"""Data files that come with the package, TOML with a source beside each value; and files that are written."""

import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from renp.errors import InputError


@cache
def read_text(name: str) -> str:
    """Return the text of a file in ``renp/data``.

    Examples
    --------
    >>> "Yb" in read_text("atoms.toml")
    True
    """
    return files("renp").joinpath("data", name).read_text(encoding="utf-8")


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Return the parsed content of a TOML file in ``renp/data``; treat it as read-only.

    Examples
    --------
    >>> sorted(read_toml("atoms.toml"))[:2]
    ['Ba', 'Ca']
    """
    return tomllib.loads(read_text(name))


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give the path of a file to be written, beside another that is moved to when it is whole.

    A full disk, an error or a kill leave the file that was there as it was.

    Raises
    ------
    InputError
        If the folder does not exist, or the file cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder, replaced(Path(folder) / "a.txt") as new:
    ...     _ = new.write_text("whole")
    """
    if not path.parent.is_dir():
        raise InputError("output", path, "in a folder that exists")
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is nothing to be moved onto
            yield path
            return
        number, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(number)
        new = Path(name)
        try:
            new.chmod(0o666 & ~_umask() if not path.exists() else path.stat().st_mode & 0o777)
            yield new
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise InputError("output", path, f"a file that can be written ({error.strerror or error})") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
