"""Runs in a CSV file: one line for each, with the units in the heading."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"\s*(?P<name>\w+)\s*(?:\[(?P<unit>[^]]+)\])?\s*$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_WITH_UNIT = ("photon_energy", "duration", "background")
_COLUMNS = (*_WITH_UNIT, "counts")


def read_runs(path: Path) -> list[dict[str, Any]]:
    r"""Return the runs of a CSV file as the tables that a scenario file would have.

    The first line names the columns with their units, as in
    ``photon_energy [eV], duration [day], counts, background [1/day]``; lines that start with # are comments.

    Parameters
    ----------
    path
        Of the file.

    Raises
    ------
    ValueError
        Naming what is wrong, with its line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "counts.csv"
    ...     _ = path.write_text("photon_energy [eV], duration [day], counts\n1.068, 10, 118\n")
    ...     read_runs(path)
    [{'photon_energy': '1.068 eV', 'duration': '10 day', 'counts': 118}]
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read: {error}") from None
    lines = _lines(text)
    headings = next(lines, (0, []))[1]
    columns = [_column(heading) for heading in headings]
    names = [name for name, _ in columns]
    if sorted(set(names)) != sorted(names) or not {"photon_energy", "duration"} <= set(names):
        allowed = "photon_energy and duration, and may have background and counts, each once"
        raise ValueError(f"has the columns {names}: must have {allowed}")
    return [_run(columns, cells, line) for line, cells in lines]


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return number and cells of each line that is not empty and no comment."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, [cell.strip() for cell in next(csv.reader(StringIO(line)))]


def _column(heading: str) -> tuple[str, str]:
    match = _HEADING.match(heading)
    name, unit = (match["name"], match["unit"]) if match else (heading, None)
    if name not in _COLUMNS:
        raise ValueError(f"has a column {heading!r}: must be one of {', '.join(_COLUMNS)}")
    if (unit is None) == (name in _WITH_UNIT):
        wanted = "with a unit, as in 'duration [day]'" if unit is None else "without a unit"
        raise ValueError(f"has a column {heading!r}: must be {wanted}")
    return name, unit or ""


def _run(columns: list[tuple[str, str]], cells: list[str], line: int) -> dict[str, Any]:
    if len(cells) != len(columns):
        raise ValueError(f"line {line} has {len(cells)} cells: must have {len(columns)}")
    run: dict[str, Any] = {}
    for (name, unit), cell in zip(columns, cells, strict=True):
        if name == "counts":
            if not cell.isdigit():
                raise ValueError(f"line {line}, counts = {cell!r}: must be a whole number, at least 0")
            run[name] = int(cell)
        elif not _NUMBER.fullmatch(cell):
            raise ValueError(f"line {line}, {name} = {cell!r}: must be a number")
        else:
            run[name] = f"{cell} {unit}"
    return run
