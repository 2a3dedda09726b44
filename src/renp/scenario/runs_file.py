"""Runs in a CSV file, as people and spreadsheets write it: one line for each, with the units in the heading.

What can be read in one way only is read, and guesses are said; what can be read in two ways is an error.
"""

import csv
import re
from difflib import get_close_matches
from io import StringIO
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from renp.datafiles import NotUtf8Error, given_text
from renp.errors import shown
from renp.runs import COLUMNS
from renp.scenario.quantities import parse_quantity

_HEADING = re.compile(r"\s*(?P<name>[^][()]*?)\s*(?:\[(?P<unit>[^]]+)\]|\((?P<other>[^)]+)\))?\s*$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""What may be a number with a decimal mark, or one with a separator of thousands."""

_COMMENT = re.compile(r'\s*#(?!(?:N/A|NV|[A-ZÄÖÜ]+(?:/0)?[!?])\s*(?:[;,\t"]|$))')
"""How a line begins that is none of a run; a cell #N/A or #DIV/0! is what a spreadsheet cannot compute."""

_NOTE = "note"
_NAMES = (*COLUMNS, _NOTE)
_REQUIRED = tuple(name for name, column in COLUMNS.items() if column.required)
_WHOLE = ("counts", "control_counts")
_PARTS = tuple(name for name, column in COLUMNS.items() if column.most == 1)

_MEANT = {"wavelength": "photon_energy [nm]", "hours": "duration [hour]", "days": "duration [day]"}
"""What to say where a heading begins with a word."""

_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}


class RunsFile(NamedTuple):
    """What a CSV file says."""

    runs: list[tuple[int, dict[str, Any]]]
    """Those that could be read, with their lines."""
    problems: list[str]
    notes: list[str]
    """What was guessed, a sentence each."""


class _Records(NamedTuple):
    """Headings, and the cells of each line by its number."""

    headings: list[str]
    cells: list[tuple[int, list[str]]]
    notes: list[str]


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
    ...     _ = path.write_text("photon_energy [eV];duration [day];Counts;\n1,0685;10;118;\n;;;\n")
    ...     found = read_runs(path)
    >>> found.runs
    [(2, {'photon_energy': '1.0685 eV', 'duration': '10 day', 'counts': 118})]
    >>> found.notes[1:]
    ["'Counts' is counts", 'numbers have decimal commas: 1,0685 is 1.0685']
    """
    try:
        text, guessed = _text(path)
        records = _records(text)
    except ValueError as error:
        return RunsFile([], [str(error)], [])
    columns, problems = _columns(records.headings)
    if problems:
        return RunsFile([], problems, [])
    notes = [*guessed, *records.notes, *_renamed(records.headings, columns)]
    try:
        comma = _decimal_comma(columns, records.cells)
    except ValueError as error:
        return RunsFile([], [str(error)], [])
    if comma:
        notes.append(f"numbers have decimal commas: {comma} is {comma.replace(',', '.')}")
    runs = []
    for line, cells in records.cells:
        run, wrong = _run(columns, cells, bool(comma))
        problems += [f"line {line}{words}" for words in wrong]
        if not wrong:
            runs.append((line, run))
    return RunsFile(runs, problems, notes)


def _text(path: Path) -> tuple[str, list[str]]:
    """Return the text of a file, and what was guessed of it."""
    try:
        return given_text(path), []
    except NotUtf8Error:
        return given_text(path, "cp1252"), ["letters are those of Windows-1252, since they are none of UTF-8"]


def _records(text: str) -> _Records:
    """Return headings and cells; empty lines and columns at the end, and comments, are left out."""
    lines = enumerate(StringIO(text, newline=None), 1)
    headings, mark, found = list[str](), "", list[tuple[int, list[str]]]()
    for number, line in lines:
        if not line.strip() or _COMMENT.match(line):
            continue
        if not mark and (declared := re.fullmatch(r'\s*"?sep=(.)"?\s*', line)):
            mark = declared[1]
            continue
        mark = mark or max(_MARKS, key=re.sub('"[^"]*"', "", line).count)
        rest = chain([line], (more for _, more in lines))  # a cell in quotes may go on over lines
        try:
            cells = [
                cell.strip()
                for cell in next(csv.reader(rest, delimiter=mark, skipinitialspace=True, strict=True))
            ]
        except csv.Error as error:
            words = "quotes that are opened and not closed" if "end of data" in str(error) else str(error)
            raise ValueError(f"line {number}: {words}") from None
        if not any(cells) or _COMMENT.match(cells[0]):
            continue
        if headings:
            found.append((number, cells))
        else:
            headings = cells
    while headings and not headings[-1]:
        headings.pop()
    most = len(headings)
    found = [(line, cells[:most] if not any(cells[most:]) else cells) for line, cells in found]
    notes = [f"columns are separated by {_MARKS[mark]}"] if mark in (";", "\t") else []
    return _Records(headings, found, notes)


def _decimal_comma(columns: list[tuple[str, str]], lines: list[tuple[int, list[str]]]) -> str:
    """Return a number that shows that all have decimal commas, or nothing if none has."""
    cells = [
        (line, name, cell)
        for line, found in lines
        for (name, _), cell in zip(columns, found, strict=False)
        if name != _NOTE
    ]
    commas = [one for one in cells if _COMMA.fullmatch(one[2].rstrip("% "))]
    points = [one for one in cells if "." in one[2] and _NUMBER.fullmatch(one[2].rstrip("% "))]
    marked = commas or points
    certain = [one for one in marked if not _THOUSANDS.fullmatch(one[2].rstrip("% "))]
    doubtful = [] if certain else [one for one in marked if commas or one[1] in _WHOLE]
    if not commas and not doubtful:
        return ""
    line, name, cell = (certain or doubtful)[0]
    said = f"line {line}, {name} = {cell!r}"
    if commas and points:
        other = f"line {points[0][0]}, {points[0][1]} = {points[0][2]!r}"
        raise ValueError(
            f"{said} has a comma and {other} a point: must have the same decimal mark throughout"
        )
    if doubtful:
        mark = "comma" if commas else "point"
        either = f"{cell.replace(',', '.')} or {re.sub('[.,]', '', cell)}"
        raise ValueError(f"{said} may be {either}: must be written without a {mark}")
    return cell


def _renamed(headings: list[str], columns: list[tuple[str, str]]) -> list[str]:
    """Return what to say of headings that were written in another way."""
    exact = [f"{name} [{unit}]" if unit else name for name, unit in columns]
    pairs = zip(headings, exact, strict=True)
    return [
        f"{given!r} is {right}" for given, right in pairs if "".join(given.split()) != "".join(right.split())
    ]


def _columns(headings: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return name and unit of each column, and what is wrong with them."""
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
    if not heading:
        raise ValueError("has a column without a heading")
    match = _HEADING.match(" ".join(heading[:200].split()))
    name, unit = (match["name"], match["unit"] or match["other"]) if match else (heading, None)
    name = re.sub(r"[\s-]+", "_", name.strip()).lower()
    if name not in _NAMES:
        meant = next((right for word, right in _MEANT.items() if name.lower().startswith(word)), None)
        meant = meant or next(iter(get_close_matches(name, _NAMES, n=1)), None)
        hint = f" (did you mean {meant}?)" if meant else ""
        raise ValueError(f"has a column {shown(heading)}{hint}: must be one of {', '.join(_NAMES)}")
    known = COLUMNS[name].unit if name != _NOTE else ""
    if (unit is None) == bool(known):
        wanted = "with a unit, as in 'duration [day]'" if unit is None else "without a unit"
        raise ValueError(f"has a column {shown(heading)}: must be {wanted}")
    if unit is not None:
        try:
            parse_quantity(f"1 {unit}", known, photon=name == "photon_energy")
        except ValueError as error:
            raise ValueError(f"has a column {shown(heading)}: {error}") from None
    return name, unit or ""


def _run(columns: list[tuple[str, str]], cells: list[str], comma: bool) -> tuple[dict[str, Any], list[str]]:
    """Return the run of a line, and what is wrong with it."""
    if len(cells) != len(columns):
        hint = (
            "" if len(cells) < len(columns) else " (decimal commas need semicolons or tabs between columns)"
        )
        return {}, [f" has {len(cells)} cells: must have {len(columns)}{hint}"]
    run: dict[str, Any] = {}
    wrong = []
    for (name, unit), cell in zip(columns, cells, strict=True):
        if name == _NOTE:
            continue
        words = [word for word, _ in COLUMNS[name].words]
        try:
            if words and cell not in words:
                raise ValueError(", ".join(words))
            run[name] = cell if words else _value(name, unit, cell.replace(",", ".") if comma else cell)
        except ValueError as error:
            wrong.append(f", {name} = {shown(cell)}: must be {error}")
    return run, wrong


def _value(name: str, unit: str, cell: str) -> Any:
    percent = name in _PARTS and cell.endswith("%")
    digits = cell[:-1].rstrip() if percent else cell
    number = float(digits) if _NUMBER.fullmatch(digits) else None
    if name in _WHOLE:
        if number is None or not isfinite(number) or number < 0 or not number.is_integer():
            raise ValueError("a whole number, at least 0")
        return int(number)
    if number is None:
        raise ValueError("a number with a decimal point")
    return f"{cell} {unit}" if unit else number / 100 if percent else number
