"""Data files that come with the package, TOML with a source beside each value; and files that are written."""

import os
import re
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


_MOST = 64 * 2**20
"""Bytes of a file that a user gives: a device or a mistaken name may have no end."""


class NotUtf8Error(ValueError):
    """A file that a user gives is not text in UTF-8."""


def given_text(path: Path, encoding: str = "utf-8-sig") -> str:
    """Return the text of a file that a user gives; UTF-16 is known by its mark.

    Raises
    ------
    ValueError
        Saying why it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except (OSError, ValueError) as error:  # a path may have no character of number 0
        raise ValueError(f"cannot be read: {error}") from None
    if len(content) > _MOST:
        raise ValueError(f"cannot be read: it is larger than {_MOST >> 20} MiB")
    if content.startswith(b"PK\x03\x04"):
        raise ValueError("cannot be read: it is a workbook or an archive, not text")
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if marked else encoding)
    except UnicodeDecodeError:
        raise NotUtf8Error("cannot be read: it is no text in utf-8") from None


def given_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML document that a user gives.

    Raises
    ------
    ValueError
        Saying what is wrong with it, and where.

    Examples
    --------
    >>> given_toml("a = 1")
    {'a': 1}
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not valid TOML: {error}") from None
    except RecursionError:
        raise ValueError("not valid TOML: arrays or tables are nested too deeply") from None
    except ValueError:  # of more digits than Python reads
        digits = max(re.finditer(r"[\d_]+", text), key=lambda match: len(match[0]))
        line = text.count("\n", 0, digits.start()) + 1
        raise ValueError(f"not valid TOML: line {line} has a number of {len(digits[0])} digits") from None


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
