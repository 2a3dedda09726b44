"""What a result consists of, declared once: table, JSON, CSV and data set follow from it."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from renp.results.table import Cell

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Column:
    """One quantity of a result.

    Dimensions, headings, units and names may have fields of the result in braces, ``"{of.name}"``. A mapping
    is a dimension whose labels are its keys; with ``"{key}"`` in a heading or a name, each of its entries
    is a column or a variable of its own.
    """

    value: str | Callable[[Any], Any]
    """A field or property, of the result or of each of its rows, or a function of it; None is left out."""
    dims: tuple[str, ...] | None = None
    """Dimensions of the data set; None for what is said once, an attribute there."""
    heading: str = ""
    """In tables and CSV, without the unit; "" if it is in neither."""
    unit: str = ""
    """In which it is stored, and in the data set."""
    shown: str | None = None
    """Unit in headings, if another; "" for none."""
    per: float = 1.0
    """Stored units in one that is shown; tables and JSON have the latter."""
    json: str | None = None
    """Name in JSON, if not that of the field; "" if it is not there."""
    name: str | None = None
    """Name in the data set, if not that of the field; "" if it is not there."""
    long_name: str = ""
    """What it is, in words, in the data set."""
    optional: bool = False
    """Whether JSON leaves it out, instead of null, where it is None."""

    def of(self, result: object) -> Any:
        """Return the value."""
        return attrgetter(self.value)(result) if isinstance(self.value, str) else self.value(result)

    def named(self, name: str | None) -> str:
        """Return a name, or that of the field."""
        if name is None:
            return self.value.rpartition(".")[2] if isinstance(self.value, str) else ""
        return name

    def head(self, result: object, key: str = "") -> str:
        """Return the heading with its unit."""
        unit = (self.unit if self.shown is None else self.shown).format(of=result)
        return self.heading.format(of=result, key=key) + (f" ({unit})" if unit else "")


@dataclass(frozen=True)
class Rows:
    """Columns of the values in a tuple, or by name in a dictionary, over one dimension."""

    value: str
    """Field of the result."""
    dim: str
    """Dimension of the data set; "" if they are not in it."""
    columns: tuple[Column, ...]
    """Of each value."""
    json: str | None = None
    """Name in JSON, if not that of the field."""


Declared: TypeAlias = tuple[Column | Rows, ...]


def columns_of(result: object, declared: Declared) -> Iterator[tuple[Column, Any]]:
    """Return each column with its values, those of rows included."""
    for column in declared:
        if isinstance(column, Column):
            yield column, column.of(result)
            continue
        rows = getattr(result, column.value)
        for one in column.columns:
            values = [one.of(row) for row in (rows.values() if isinstance(rows, dict) else rows)]
            yield dataclasses.replace(one, dims=(column.dim,)), values


def rows_of(result: object, declared: Declared) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Return headings and rows: one row for each point of the dimensions that the columns have together.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> runs = SimpleNamespace(time=np.array([60.0, 120.0]), counts={"a": [1, 2], "b": [3, 4]})
    >>> time = Column("time", ("run",), "time", "s", shown="min", per=60.0)
    >>> rows_of(runs, (time, Column("counts", ("kind", "run"), "counts of {key}")))
    (('time (min)', 'counts of a', 'counts of b'), ((1.0, 1, 3), (2.0, 2, 4)))
    """
    shown: list[tuple[str, tuple[str, ...], Any]] = []
    for column, value in columns_of(result, declared):
        if not column.heading or value is None:
            continue
        dims = tuple(dim.format(of=result) for dim in column.dims or ())
        if "{key}" in column.heading:
            for key, values in _entries(value, math.inf):
                array = np.asarray(_shown(column, values), dtype=object)
                shown.append((column.head(result, key), dims[len(dims) - array.ndim :], array))
        else:
            values = list(value.values()) if isinstance(value, dict) else value
            array = np.asarray(_shown(column, values), dtype=object)
            shown.append((column.head(result), dims, array))
    sizes = {dim: size for _, dims, a in shown for dim, size in zip(dims, a.shape, strict=True)}
    filled = []
    for _, dims, array in shown:
        whole = array[tuple(slice(None) if dim in dims else None for dim in sizes)]
        filled.append(np.broadcast_to(whole, tuple(sizes.values())).ravel())
    rows = tuple(tuple(map(cell, row)) for row in zip(*filled, strict=True))
    return tuple(heading for heading, _, _ in shown), rows


def json_of(result: object, declared: Declared) -> dict[str, Any]:
    """Return the values by their names in JSON.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> json_of(SimpleNamespace(time=120.0), (Column("time", per=60.0, json="minutes"),))
    {'minutes': 2.0}
    """
    content: dict[str, Any] = {}
    for column in declared:
        value = column.of(result) if isinstance(column, Column) else getattr(result, column.value)
        if isinstance(column, Rows):
            name = column.value if column.json is None else column.json
            if isinstance(value, dict):
                content[name] = {key: json_of(row, column.columns) for key, row in value.items()}
            else:
                content[name] = [json_of(row, column.columns) for row in value]
        elif "{key}" in (name := column.named(column.json)):
            content |= {name.format(key=k): v for k, v in _entries(value, len(column.dims or ()))}
        elif name and not (value is None and column.optional):
            content[name] = _shown(column, value)
    return content


def plain(value: Any) -> Any:
    """Return what JSON can hold: lists for arrays, and null for numbers that are not finite.

    Examples
    --------
    >>> plain({"a": np.array([1.0, math.inf]), "b": (2, "x", None)})
    {'a': [1.0, None], 'b': [2, 'x', None]}
    """
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value):
        return {key: plain(one) for key, one in vars(value).items()}
    return value


def dataset_of(result: object, declared: Declared) -> "xr.Dataset":
    """Return the columns with dimensions as variables, with labels and units, and the others as attributes.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> limits = SimpleNamespace(limits={"11": 2e-11, "12": 3e-11}, level=0.9)
    >>> data = dataset_of(limits, (Column("limits", ("element",), unit="μ_B"), Column("level")))
    >>> float(data.limits.sel(element="12")), data.limits.units, data.level
    (3e-11, 'μ_B', 0.9)
    """
    import xarray as xr

    variables, attributes = {}, {}
    for column, value in columns_of(result, declared):
        name = column.named(column.name)
        if not name or value is None or column.dims == ("",):
            continue
        if column.dims is None:
            if not isinstance(value, dict):
                attributes[name] = _attribute(value)
            continue
        said = {"units": column.unit, "long_name": column.long_name}
        attrs = {key: text.format(of=result) for key, text in said.items() if text}
        dims = tuple(dim.format(of=result) for dim in column.dims)
        for key, values in _entries(value, len(dims)):
            labels: dict[str, list[str]] = {}
            array = _labelled(values, dims, labels)
            if array.size or not labels:
                variables[name.format(of=result, key=key)] = xr.DataArray(array, labels, dims, attrs=attrs)
    return xr.Dataset(variables, attrs=attributes)


def cell(value: Any) -> Cell:
    """Return a value as a number or words.

    Examples
    --------
    >>> cell(np.float64(2.5)), cell(True), cell(None)
    (2.5, 'yes', '')
    """
    if value is None or isinstance(value, bool | np.bool_):
        return "" if value is None else "yes" if value else "no"
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float) else str(value)


def _shown(column: Column, value: Any) -> Any:
    return value if column.per == 1 else value / column.per


def _entries(value: Any, dimensions: float, key: str = "") -> Iterable[tuple[str, Any]]:
    """Return the entries of nested mappings until as many dimensions are left, with their keys in one."""
    if not isinstance(value, dict) or _depth(value) <= dimensions < math.inf:
        return [(key, value)]
    return [
        entry
        for name, one in value.items()
        for entry in _entries(one, dimensions, f"{key} {name}" if key else name)
    ]


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return np.ndim(value)


def _labelled(value: Any, dims: tuple[str, ...], labels: dict[str, list[str]]) -> Any:
    """Return an array, and gather the labels of dimensions that are mappings."""
    if isinstance(value, dict):
        labels[dims[0]] = list(value)
        return np.array([_labelled(one, dims[1:], labels) for one in value.values()])
    if isinstance(value, list | tuple) and None in value:
        return np.array([math.nan if one is None else one for one in value])
    return np.asarray(value)


def _attribute(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return list(value) if isinstance(value, tuple) else value
