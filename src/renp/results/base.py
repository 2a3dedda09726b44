"""What all results share: a table, a picture, a data set, a file, and how they were made."""

import abc
import csv
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp._version import __version__
from renp.errors import InputError
from renp.references import OWN, merged, references_of, split_keys

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

PICTURES = (".png", ".pdf", ".svg")
DATA = (".nc", ".csv", ".json")


@dataclass(frozen=True)
class Table:
    """Rows under headings, with a title; numbers are kept as numbers.

    Printed, energies in eV have nine digits, since thresholds lie 10⁻⁵ eV apart, and other numbers six.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]

    def cells(self) -> list[list[str]]:
        """Return the rows as text."""
        digits = [9 if "(eV)" in column else 6 for column in self.columns]
        return [[show(c, d) for c, d in zip(row, digits, strict=True)] for row in self.rows]

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
        for key, value in comments.items():
            text.writelines(f"# {key}: {line}\n" for line in value.splitlines())
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()

    def __str__(self) -> str:
        cells = [self.columns, *self.cells()]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        words = [any(isinstance(row[k], str) and row[k] for row in self.rows) for k in range(len(widths))]
        lines = [
            "  ".join(
                cell.ljust(width) if text else cell.rjust(width)
                for cell, width, text in zip(row, widths, words, strict=True)
            ).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, *lines])


def show(cell: str | float | int, digits: int = 6) -> str:
    """Return a cell as text.

    Examples
    --------
    >>> show(1.0716533, 9), show(3.25e-11), show(117.13382), show(math.inf)
    ('1.0716533', '3.25e-11', '117.134', 'none')
    """
    if isinstance(cell, float):
        return "none" if math.isinf(cell) else f"{cell:.{digits}g}"
    return str(cell)


def provenance(cite: Iterable[str] = (), **inputs: object) -> dict[str, str]:
    """Return how a result was made: the version, each input in words, and the references behind them.

    Parameters
    ----------
    cite
        Keys of the method, and of inputs that are given in words.
    inputs
        Values; their ``references`` are collected.

    Examples
    --------
    >>> sorted(provenance(confidence_level=0.9))
    ['confidence_level', 'references', 'renp']
    """
    keys = merged((OWN,), references_of(inputs), cite)
    made_by = {"renp": __version__} | {key: _words(value) for key, value in inputs.items()}
    return made_by | {"references": "\n".join(keys)}


def _words(value: object) -> str:
    import equinox as eqx

    from renp.interactions.couplings import Interaction

    if isinstance(value, eqx.Module) and not isinstance(value, Interaction):
        return eqx.tree_pformat(value, short_arrays=False)
    if isinstance(value, list) and any(isinstance(one, eqx.Module) for one in value):
        return "\n".join(_words(one) for one in value)
    return str(value)


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(abc.ABC):
    """A computed result; ``made_by`` says with which version, inputs and settings."""

    made_by: dict[str, str]

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the result, for `renp.citations`."""
        return split_keys(self.made_by.get("references", ""))

    @abc.abstractmethod
    def table(self) -> Table:
        """Return the result as a table."""

    def full_table(self) -> Table:
        """Return the table with everything that a file should have."""
        return self.table()

    @abc.abstractmethod
    def json(self) -> dict[str, Any]:
        """Return the result as JSON data, energies in eV."""

    @abc.abstractmethod
    def dataset(self) -> "xr.Dataset":
        """Return the result as an xarray data set with units."""

    @abc.abstractmethod
    def plot(self) -> "Figure":
        """Return a figure of the result."""

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        table = self.table()
        head = "".join(f"<th>{column}</th>" for column in table.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.cells()
        )
        return f"<table><caption>{escape(table.title)}</caption><tr>{head}</tr>{body}</table>"

    def interactive(self) -> Any:
        """Return the result with short controls, to look at in a notebook or serve with Panel.

        Raises
        ------
        ImportError
            Without the extra "explorer".
        """
        from renp.explorer.interactive import interactive

        return interactive(self)

    def save(self, path: str | Path) -> Path:
        """Write a picture (.png, .pdf, .svg) or data (.nc, .csv, .json), by the ending.

        Raises
        ------
        InputError
            If the ending is none of these, or the folder does not exist.
        """
        path = Path(path)
        if path.suffix not in PICTURES + DATA:
            raise InputError("output", path, f"a file ending in {', '.join(PICTURES + DATA)}")
        if not path.parent.is_dir():
            raise InputError("output", path, "in a folder that exists")
        try:
            self._write(path)
        except OSError as error:
            raise InputError("output", path, f"a file that can be written ({error})") from None
        return path

    def _write(self, path: Path) -> None:
        if path.suffix in PICTURES:
            self._save_picture(path)
        elif path.suffix == ".nc":
            self.dataset().assign_attrs(self.made_by).to_netcdf(path, engine="h5netcdf")
        elif path.suffix == ".csv":
            path.write_text(self.full_table().csv(self.made_by), encoding="utf-8")
        else:
            content = self.json() | {"made_by": self.made_by}
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def _save_picture(self, path: Path) -> None:
        import matplotlib.pyplot as plt

        from renp.figures.style import style

        figure = self.plot()
        try:
            with style():  # it says how fonts are embedded, too
                figure.savefig(path, metadata=_picture_metadata(path.suffix, self.made_by))
        finally:
            plt.close(figure)


def _picture_metadata(suffix: str, made_by: dict[str, str]) -> dict[str, str]:
    text = "; ".join(f"{key}: {value}" for key, value in made_by.items())
    key = {".png": "Comment", ".pdf": "Subject", ".svg": "Description"}[suffix]
    return {key: text}
