"""Runs in a CSV file: one line for each, with the units in the heading."""

import csv
import re
from collections.abc import Iterator
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from renp.runs import COLUMNS
from renp.scenario.quantities import parse_quantity

_HEADING = re.compile(r"\s*(?P<name>\w+)\s*(?:\[(?P<unit>[^]]+)\])?\s*$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_NOTE = "note"
_NAMES = (*COLUMNS, _NOTE)
_REQUIRED = tuple(name for name, column in COLUMNS.items() if column.required)

_WHOLE = ("counts", "control_counts")

_MEANT = {"wavelength": "photon_energy [nm]", "hours": "duration [hour]", "days": "duration [day]"}
"""What to say where a heading begins with a word."""


class RunsFile(NamedTuple):
    """What a CSV file says: the runs that could be read, with their lines, and all that is wrong."""

    runs: list[tuple[int, dict[str, Any]]]
    problems: list[str]


def read_runs(path: Path) -> RunsFile:
    r"""Return the runs of a CSV file as the tables that a scenario file would have.

    The first line names the columns with their units, as in
    ``photon_energy [eV], duration [day], counts, background [1/day], efficiency, note``. The first two are
    required, and the last may be any text; lines that start with # are comments.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "counts.csv"
    ...     _ = path.write_text("photon_energy [eV], duration [day], counts\n1.068, 10, 118\n")
    ...     read_runs(path).runs
    [(2, {'photon_energy': '1.068 eV', 'duration': '10 day', 'counts': 118})]
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return RunsFile([], [f"cannot be read: {error}"])
    lines = _lines(text)
    headings = next(lines, (0, []))[1]
    columns, problems = _columns(headings)
    if problems:
        return RunsFile([], problems)
    runs = []
    for line, cells in lines:
        run, wrong = _run(columns, cells)
        problems += [f"line {line}{words}" for words in wrong]
        if not wrong:
            runs.append((line, run))
    return RunsFile(runs, problems)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return number and cells of each line that is not empty and no comment."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, [cell.strip() for cell in next(csv.reader(StringIO(line)))]


def _columns(headings: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return name and unit of each column, and what is wrong with them."""
    if len(headings) == 1 and ";" in headings[0]:
        allowed = "separated by commas, with decimal points"
        return [], [f"has columns separated by semicolons, {headings[0]!r}: must be {allowed}"]
    columns, problems = [], []
    for heading in headings:
        try:
            columns.append(_column(heading))
        except ValueError as error:
            problems.append(str(error))
    names = [name for name, _ in columns]
    if not problems and (sorted(set(names)) != sorted(names) or not {*_REQUIRED} <= set(names)):
        others = ", ".join(name for name in _NAMES if name not in _REQUIRED)
        allowed = f"photon_energy and duration, and may have {others}, each once"
        problems.append(f"has the columns {names}: must have {allowed}")
    return columns, problems


def _column(heading: str) -> tuple[str, str]:
    match = _HEADING.match(heading)
    name, unit = (match["name"], match["unit"]) if match else (heading, None)
    if name not in _NAMES:
        meant = next((right for word, right in _MEANT.items() if name.lower().startswith(word)), None)
        meant = meant or next(iter(get_close_matches(name, _NAMES, n=1)), None)
        hint = f" (did you mean {meant}?)" if meant else ""
        raise ValueError(f"has a column {heading!r}{hint}: must be one of {', '.join(_NAMES)}")
    known = COLUMNS[name].unit if name != _NOTE else ""
    if (unit is None) == bool(known):
        wanted = "with a unit, as in 'duration [day]'" if unit is None else "without a unit"
        raise ValueError(f"has a column {heading!r}: must be {wanted}")
    if unit is not None:
        try:
            parse_quantity(f"1 {unit}", known, photon=name == "photon_energy")
        except ValueError as error:
            raise ValueError(f"has a column {heading!r}: {error}") from None
    return name, unit or ""


def _run(columns: list[tuple[str, str]], cells: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the run of a line, and what is wrong with it."""
    if len(cells) != len(columns):
        return {}, [f" has {len(cells)} cells: must have {len(columns)}"]
    run: dict[str, Any] = {}
    wrong = []
    for (name, unit), cell in zip(columns, cells, strict=True):
        if name == _NOTE:
            continue
        words = [word for word, _ in COLUMNS[name].words]
        if words and cell in words:
            run[name] = cell
        elif words:
            wrong.append(f", {name} = {cell!r}: must be {', '.join(words)}")
        elif name in _WHOLE and not cell.isdigit():
            wrong.append(f", {name} = {cell!r}: must be a whole number, at least 0")
        elif not _NUMBER.fullmatch(cell):
            wrong.append(f", {name} = {cell!r}: must be a number with a decimal point")
        else:
            run[name] = int(cell) if name in _WHOLE else f"{cell} {unit}" if unit else float(cell)
    return run, wrong
