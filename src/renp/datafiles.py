"""Data files that come with the package, TOML with a source beside each value; and files that are written."""

import json
import os
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from renp.errors import InputError, StorageError
from renp.platforms import DISK, moved, synced

PICTURES = (".png", ".pdf", ".svg")
DATA = (".nc", ".csv", ".json", ".yaml")
"""The last is a data table of HEPData."""


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


def json_text(content: Any, **layout: Any) -> str:
    """Return JSON, all of which the package writes here: NaN and infinities, which JSON lacks, are an error.

    Examples
    --------
    >>> json_text({"limits": [1.5, None]})
    '{"limits": [1.5, null]}'
    >>> json_text(float("nan"))
    Traceback (most recent call last):
    ValueError: Out of range float values are not JSON compliant...
    """
    return json.dumps(content, allow_nan=False, **layout)


def check_output(path: Path, endings: Sequence[str] = (), name: str = "output") -> None:
    """Raise `InputError` if a file cannot be written: before what is to be in it is computed.

    Examples
    --------
    >>> check_output(Path("a.doc"), PICTURES)
    Traceback (most recent call last):
    renp.errors.InputError: output = a.doc: must be a file ending in .png, .pdf, .svg
    """
    if endings and path.suffix not in endings:
        raise InputError(name, path, f"a file ending in {', '.join(endings)}")
    if "\0" in str(path):
        raise InputError(name, repr(str(path)), "a name without the character of number 0")
    try:
        if not path.parent.is_dir():
            raise InputError(name, path, "in a folder that exists")
        if path.is_dir():
            raise InputError(name, path, "a file, which a folder is not")
        there = path.exists()
    except OSError as error:
        raise unwritable(path, error, name) from None
    if not os.access(path if there else path.parent, os.W_OK):
        raise InputError(name, path, "a file that can be written (Permission denied)")


def unwritable(
    path: Path, error: OSError, name: str = "output", allowed: str = "a file that can be written"
) -> InputError:
    """Return what is said of an error of the system: a full disk is no mistake of who gave the name.

    Examples
    --------
    >>> unwritable(Path("a.csv"), OSError(28, "No space left on device"))
    StorageError('output = a.csv: must be a file that can be written (No space left on device)')
    """
    kind = StorageError if error.errno in DISK else InputError
    return kind(name, path, f"{allowed} ({error.strerror or error})")


def write(path: Path, content: str | bytes) -> None:
    """Write a file as a whole: a full disk, an error or a kill leave the one that was there as it was.

    Raises
    ------
    InputError
        If the folder does not exist, or the file cannot be written; `StorageError` if the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "a.txt", "whole")
    """
    check_output(path)
    whole = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is nothing to be moved onto
            path.write_bytes(whole)
            return
        target = path.resolve()  # what a link names, not the link
        new = target.with_name(f".renp-{os.urandom(8).hex()}{path.suffix}")
        try:
            new.write_bytes(whole)
            if target.exists():
                new.chmod(target.stat().st_mode & 0o777)
            synced(new)
            moved(new, target)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
