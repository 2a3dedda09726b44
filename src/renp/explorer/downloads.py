"""Buttons that save a result as a picture or as data."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import panel as pn

from renp.results import Result

FORMATS = ("png", "svg", "csv")


def save_buttons(name: str, current: Callable[[], Result]) -> list[Any]:
    """Return a button for each format that saves what there is when it is pressed.

    Examples
    --------
    >>> [button.label for button in save_buttons("spectrum", lambda: None)]
    ['Save as PNG', 'Save as SVG', 'Save as CSV']
    """
    return [
        pn.widgets.FileDownload(
            callback=partial(_saved, current, ending),
            filename=f"{name}.{ending}",
            label=f"Save as {ending.upper()}",
            align="end",
        )
        for ending in FORMATS
    ]


def rename(buttons: list[Any], name: str) -> None:
    """Let buttons save under another name.

    Examples
    --------
    >>> buttons = save_buttons("spectrum", lambda: None)
    >>> rename(buttons, "counts")
    >>> buttons[0].filename
    'counts.png'
    """
    for ending, button in zip(FORMATS, buttons, strict=True):
        button.filename = f"{name}.{ending}"


def file_of(result: Result, ending: str) -> BytesIO:
    """Return a result as a file: picture or data by the ending."""
    with TemporaryDirectory() as folder:
        return BytesIO(result.save(Path(folder) / f"result.{ending}").read_bytes())


def _saved(current: Callable[[], Result], ending: str) -> BytesIO:
    return file_of(current(), ending)
