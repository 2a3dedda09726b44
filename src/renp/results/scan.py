"""The result of a scan, on disk: complete, or what is there of it so far."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renp.errors import InputError
from renp.results.base import Result
from renp.results.columns import cell
from renp.results.table import Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_MOST_SUMMARISED = 10**8
"""Numbers that are read for the least and greatest of a table."""

_MOST_LISTED = 10**6
"""Points of a table for a file; zarr and netCDF have more."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scan(Result):
    """A result over the axes of a scan; numbers stay on disk until they are asked for."""

    path: Path
    """A zarr group, which ``xarray.open_zarr`` reads too."""
    result: str
    """"spectrum", "counts", "limits", "significance" or "plan"."""
    done: int
    """Chunks that are there."""
    chunks: int
    """Chunks in all; what is missing reads as not a number."""

    @classmethod
    def read(cls, path: str | Path) -> "Scan":
        """Return the result at a path, whether the scan is complete, at work, or was interrupted.

        Raises
        ------
        InputError
            If there is no scan.
        """
        import zarr

        try:
            group = zarr.open_group(path, mode="r")
            last: Any = group[_last_variable(group)]
        except (FileNotFoundError, ValueError, KeyError, NotADirectoryError):
            raise InputError("path", path, "a scan") from None
        attributes = {key: str(value) for key, value in group.attrs.items()}
        return cls(
            path=Path(path),
            result=attributes.get("result", ""),
            done=last.nchunks_initialized,
            chunks=math.prod(last.cdata_shape),
            made_by=attributes,
        )

    def dataset(self) -> "xr.Dataset":
        """Return the variables over the axes; read from disk where they are used."""
        import xarray as xr

        data: xr.Dataset = xr.open_zarr(self.path, chunks=None)
        return data

    @property
    def title(self) -> str:
        """Of what the scan is, and how much of it is there."""
        return f"scan of {self.result}, {self.done} of {self.chunks} chunks done"

    def table(self) -> Table:
        """Return the axes, and the least and greatest of what was computed."""
        data = self.dataset()
        rows: list[tuple[str | float | int, ...]] = []
        for name, axis in self.axes(data).items():
            first, last = (cell(axis.values[k]) for k in (0, -1))
            rows.append((_with_unit(name, axis), axis.size, first, last))
        for name, variable in self.series(data).items():
            rows.append((name, *_summary(variable)))
        return Table(self.title, ("axis or result", "points", "from", "to"), tuple(rows))

    def full_table(self) -> Table:
        """Return one row for each point, of up to a million."""
        data = self.dataset()
        axes, series = self.axes(data), self.series(data)
        first = next(iter(series.values()))
        if first.size > _MOST_LISTED:
            raise InputError("output", f"{first.size} points", "a .nc file, or the .zarr itself")
        columns = [axis.broadcast_like(first).transpose(*first.dims).values.ravel() for axis in axes.values()]
        columns += [variable.values.ravel() for variable in series.values()]
        names = [_with_unit(name, axis) for name, axis in axes.items()] + list(series)
        rows = tuple(tuple(map(cell, row)) for row in zip(*columns, strict=True))
        return Table(self.title, tuple(names), rows)

    def axes(self, data: "xr.Dataset") -> "dict[str, xr.DataArray]":
        """Return the coordinates of the scan's axes by parameter, all in their order."""
        variable = data[_last_variable(data)]
        own = _own_dimensions(data)
        return {
            str(name): data[name]
            for dim in variable.dims
            if dim not in own
            for name in data.variables
            if data[name].dims == (dim,) and name not in data.data_vars
        }

    def series(self, data: "xr.Dataset") -> "dict[str, xr.DataArray]":
        """Return what was computed, each over the axes alone: by run or coupling where there are several."""
        found = {}
        for name, variable in data.data_vars.items():
            own = [dim for dim in variable.dims if dim in _own_dimensions(data)]
            if not own:
                found[_with_unit(str(name), variable)] = variable
                continue
            for k, label in enumerate(data[own[0]].values):
                found[_with_unit(f"{name} {label}", variable)] = variable.isel({own[0]: k}, drop=True)
        return found

    def _content(self) -> dict[str, Any]:
        data = self.dataset()
        axes = {
            name: {"points": axis.size, "from": cell(axis.values[0]), "to": cell(axis.values[-1])}
            for name, axis in self.axes(data).items()
        }
        results = {}
        for name, variable in self.series(data).items():
            points, least, greatest = _summary(variable)
            results[name] = {"points": points, "least": least, "greatest": greatest}
        return {
            "path": str(self.path),
            "result": self.result,
            "chunks": self.chunks,
            "chunks_done": self.done,
            "axes": axes,
            "results": results,
        }

    def _draw(self) -> "Figure":
        from renp.results.scan_plot import draw_scan

        return draw_scan(self)


def _last_variable(group: Any) -> str:
    """Return the variable that is written last: of those with all axes, as the file's order has it."""
    names = {"spectrum": "spectral_function", "counts": "expected", "plan": "duration", "limits": "limit"}
    result = str(group.attrs["result"])
    return names.get(result, result)


def _own_dimensions(data: "xr.Dataset") -> tuple[str, ...]:
    """Return the dimensions that are no axes."""
    return tuple(name for name in ("run", "coupling") if name in data.dims)


def _with_unit(name: str, variable: "xr.DataArray") -> str:
    unit = variable.attrs.get("units", "")
    return f"{name} ({unit})" if unit not in ("", "1") else name


def _summary(variable: "xr.DataArray") -> tuple[int, float, float]:
    """Return how many numbers there are, the least and the greatest."""
    if variable.size > _MOST_SUMMARISED:
        return variable.size, math.nan, math.nan
    values = np.asarray(variable.values)
    known = values[~np.isnan(values)]
    if not known.size:
        return 0, math.nan, math.nan
    return int(known.size), float(known.min()), float(known.max())
