"""Data files that come with the package: TOML, each value with its source beside it."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


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
