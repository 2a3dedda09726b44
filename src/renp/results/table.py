"""Rows under headings: as text, as HTML and as CSV."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import Any, TypeAlias

from renp.datafiles import json_text

Cell: TypeAlias = str | float | int

LONG = 60
"""Rows beyond which a table prints its head and tail."""
_END = 20
"""Rows of the head, and of the tail."""

NONE = "none: no run is sensitive to it"
"""What an infinite limit means, in a heading or a picture."""


@dataclass(frozen=True)
class Table:
    """Rows under headings, with a title; numbers are kept as numbers.

    Printed, energies in eV have nine digits, since thresholds lie 10⁻⁵ eV apart, and other numbers six. Of
    more than 60 rows the first and the last 20 are printed; files have them all.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def only(self, columns: tuple[str, ...]) -> "Table":
        """Return the table with some of its columns.

        Examples
        --------
        >>> Table("t", ("a", "b"), ((1, 2.5),)).only(("b",)).rows
        ((2.5,),)
        """
        places = [self.columns.index(column) for column in columns]
        return Table(self.title, columns, tuple(tuple(row[k] for k in places) for row in self.rows))

    def cells(self) -> list[list[str]]:
        """Return the rows as text."""
        return self._text(self.rows)

    def csv(self, comments: dict[str, str]) -> str:
        r"""Return the table as CSV, with comment lines in front.

        Examples
        --------
        >>> print(Table("t", ("a", "b"), ((1, 2.5),)).csv({"renp": "1"}).replace("\r", ""))
        # renp: 1
        a,b
        1,2.5
        <BLANKLINE>
        """
        text = StringIO()
        text.write(_commented(comments))
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()

    def hepdata(self, comments: dict[str, str]) -> str:
        r"""Return a data table of HEPData, as JSON, which is YAML, with comment lines in front.

        Independent variables are the first column and words that follow it, if numbers follow these; numbers
        written as text are numbers. What is infinite has no value.

        Examples
        --------
        >>> print(Table("t", ("m (eV)", "limit"), ((1.0, 2.5),)).hepdata({"renp": "1"}))
        # renp: 1
        {"independent_variables": [{"header": {"name": "m", "units": "eV"}, "values": [{"value": 1.0}]}],
         "dependent_variables": [{"header": {"name": "limit"}, "values": [{"value": 2.5}]}]}
        <BLANKLINE>
        """
        columns = [tuple(map(_number, column)) for column in zip(*self.rows, strict=True)]
        columns = columns or [()] * len(self.columns)
        words = [bool(column) and all(isinstance(cell, str) for cell in column) for column in columns]
        first = next((k for k in range(1, len(columns)) if not words[k]), 1)
        variables = [json_text(_variable(*one)) for one in zip(self.columns, columns, strict=True)]
        given, found = ", ".join(variables[:first]), ", ".join(variables[first:])
        body = f'{{"independent_variables": [{given}],\n "dependent_variables": [{found}]}}'
        return f"{_commented(comments)}{body}\n"

    def _repr_html_(self) -> str:
        head, tail, left_out = self._ends()
        # Notebooks would put words at the right, as they do numbers; and break 3e-11 at its hyphen.
        words = [" style='text-align:left'" if words else "" for words in self._words()]
        numbers = [one or " style='white-space:nowrap'" for one in words]

        def row(tag: str, looks: Sequence[str], cells: Sequence[str]) -> str:
            return "".join(
                f"<{tag}{look}>{set_html(cell)}</{tag}>" for look, cell in zip(looks, cells, strict=True)
            )

        body = [row("td", numbers, cells) for cells in head + tail]
        if left_out:
            body.insert(
                len(head), f"<td colspan='{len(self.columns)}' style='text-align:center'>{left_out}</td>"
            )
        rows = "".join(f"<tr>{one}</tr>" for one in [row("th", words, self.columns), *body])
        # A caption would be folded to the width of its table.
        return f"<p style='margin:0'>{set_html(self.title)}</p><table>{rows}</table>"

    def __str__(self) -> str:
        return self._printed(*self._ends())

    def whole(self) -> str:
        """Return the text with all rows, however many."""
        return self._printed(self.cells(), [], "")

    def _printed(self, head: list[list[str]], tail: list[list[str]], left_out: str) -> str:
        cells = [list(self.columns), *head, *tail]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        words = self._words()
        lines = [
            "  ".join(
                cell.ljust(width) if text else cell.rjust(width)
                for cell, width, text in zip(row, widths, words, strict=True)
            ).rstrip()
            for row in cells
        ]
        if left_out:
            lines.insert(1 + len(head), left_out)
        return "\n".join([self.title, *lines])

    def _words(self) -> list[bool]:
        """Return which columns have words."""
        return [
            any(isinstance(row[k], str) and row[k] for row in self.rows) for k in range(len(self.columns))
        ]

    def _ends(self) -> tuple[list[list[str]], list[list[str]], str]:
        """Return head and tail as text, and what says how much is between them; a short table is all head."""
        if len(self.rows) <= LONG:
            return self.cells(), [], ""
        left_out = f"… {len(self.rows) - 2 * _END} rows more …"
        return self._text(self.rows[:_END]), self._text(self.rows[-_END:]), left_out

    def _text(self, rows: tuple[tuple[Any, ...], ...]) -> list[list[str]]:
        digits = [9 if "(eV)" in column else 6 for column in self.columns]
        return [[show(c, d) for c, d in zip(row, digits, strict=True)] for row in rows]


def set_html(text: str) -> str:
    r"""Return text as HTML, with indices, powers, and no break before a %.

    Examples
    --------
    >>> set_html("x < 1 (μ_B), 90 %"), set_html("m_ββ, g^ν (day * 100 cm^3)")
    ('x &lt; 1 (μ<sub>B</sub>), 90\xa0%', 'm<sub>ββ</sub>, g<sup>ν</sup> (day · 100 cm<sup>3</sup>)')
    """
    text = re.sub(r"\b(μ|Γ|m)_(B|0|β+)(?!\w)", r"\1<sub>\2</sub>", escape(text))
    text = re.sub(r"\^(-?\d+|[eν])(?!\w)", r"<sup>\1</sup>", text)
    return text.replace(" * ", " · ").replace(" %", "\xa0%")


def _commented(comments: dict[str, str]) -> str:
    return "".join(f"# {key}: {line}\n" for key, value in comments.items() for line in value.splitlines())


def _number(cell: Cell) -> Cell:
    """Return a number that a table has as text as one."""
    try:
        return float(cell) if isinstance(cell, str) else cell
    except ValueError:
        return cell


def _variable(heading: str, column: tuple[Cell, ...]) -> dict[str, Any]:
    """Return a column as HEPData has it; "-" where there is no value."""
    name, _, unit = heading.partition(" (")
    header = {"name": name} | ({"units": unit.removesuffix(")")} if unit else {})

    def known(cell: Cell) -> Cell:
        return "-" if cell == "" or (isinstance(cell, float) and not math.isfinite(cell)) else cell

    return {"header": header, "values": [{"value": known(cell)} for cell in column]}


def show(cell: Cell, digits: int = 6) -> str:
    """Return a cell as text.

    Examples
    --------
    >>> show(1.0716533, 9), show(3.25e-11), show(117.13382), show(math.inf), show(math.nan)
    ('1.0716533', '3.25e-11', '117.134', 'none', '')
    """
    if isinstance(cell, float) and math.isnan(cell):
        return ""
    if isinstance(cell, float):
        return "none" if math.isinf(cell) else f"{cell + 0.0:.{digits}g}"  # without the sign of −0
    return str(cell)
