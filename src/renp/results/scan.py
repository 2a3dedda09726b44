"""The result of a scan, on disk: complete, or what is there of it so far."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
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

_MOST_DRAWN = 2000
"""Points along an axis that are drawn."""

MOST_PANELS = 12
"""Maps of a picture."""

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What libraries raise for a damaged file."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scan(Result):
    """A result over the axes of a scan; numbers stay on disk until they are asked for."""

    path: Path
    """A zarr group, which ``xarray.open_zarr`` reads too."""
    result: str
    """"spectrum", "counts", "limits", "significance", "plan" or "target"."""
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

        if not Path(path, "zarr.json").is_file():
            raise InputError("path", path, "a scan")
        with _readable(path):
            group = zarr.open_group(path, mode="r")
            attributes = {key: str(value) for key, value in group.attrs.items()}
            arrays: list[Any] = [group[name] for name in _variables(attributes["result"])]
            return cls(
                path=Path(path),
                result=attributes["result"],
                done=min(array.nchunks_initialized for array in arrays),
                chunks=math.prod(arrays[-1].cdata_shape),
                made_by=attributes,
            )

    def dataset(self) -> "xr.Dataset":
        """Return the variables over the axes; read from disk where they are used."""
        import xarray as xr

        with _readable(self.path):
            data: xr.Dataset = xr.open_zarr(self.path, chunks=None, consolidated=True)
        return data

    def file(self, ending: str, column: str | None = None) -> bytes:
        """Return what a file of this ending has."""
        with _readable(self.path):
            return super().file(ending, column)

    def json(self) -> dict[str, Any]:
        """Return the axes, and the least and greatest of what was computed."""
        with _readable(self.path):
            return super().json()

    def plot(self, *, column: str | None = None, **chosen: Any) -> "Figure":
        """Return lines over one numeric axis, or a map with contours over two for each result."""
        with _readable(self.path):
            return super().plot(column=column, **chosen)

    @property
    def title(self) -> str:
        """Of what the scan is, and how much of it is there."""
        return f"scan of {self.result}, {self.done} of {self.chunks} chunks done"

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What the numbers must be read with."""
        return tuple(self.made_by.get("diagnosis", "").splitlines())

    def table(self) -> Table:
        """Return the axes, and the least and greatest of what was computed."""
        rows: list[tuple[str | float | int, ...]] = []
        with _readable(self.path):
            data = self.dataset()
            for name, axis in self.axes(data).items():
                first, last = (cell(axis.values[k]) for k in (0, -1))
                rows.append((_with_unit(name, axis.attrs.get("units", "")), axis.size, first, last))
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
        names = [_with_unit(name, axis.attrs.get("units", "")) for name, axis in axes.items()] + list(series)
        rows = tuple(tuple(map(cell, row)) for row in zip(*columns, strict=True))
        return Table(self.title, tuple(names), rows)

    def axes(self, data: "xr.Dataset") -> "dict[str, xr.DataArray]":
        """Return the coordinates of the scan's axes by parameter, all in their order."""
        variable = data[_variables(self.result)[-1]]
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
        series = {}
        for name, variable in data.data_vars.items():
            own, unit = (
                [d for d in variable.dims if d in _own_dimensions(data)],
                variable.attrs.get("units", ""),
            )
            if not own:
                series[_with_unit(str(name), unit)] = variable
                continue
            for k, label in enumerate(data[own[0]].values):
                series[_with_unit(f"{name} {label}", unit)] = variable.isel({own[0]: k}, drop=True)
        return series

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
            "diagnosis": self.diagnosis,
        }

    def _draw(self) -> "Figure":
        """Return lines over one numeric axis, or a map with contours over two for each result.

        Axes of words make lines or maps of their own.

        Raises
        ------
        InputError
            If there are more than two numeric axes, or more than twelve maps.
        """
        from renp.results.scan_plot import axis_label, draw_lines, draw_maps

        data = self.dataset()
        axes = self.axes(data)
        words = [str(axis.dims[0]) for axis in axes.values() if axis.dtype.kind not in "fiu"]
        numeric = {str(a.dims[0]): name for name, a in reversed(axes.items()) if a.dtype.kind in "fiu"}
        numeric = dict(reversed(numeric.items()))
        if not 1 <= len(numeric) <= 2:
            allowed = "one or two; .dataset() has all, from which some may be selected"
            raise InputError("numeric axes", len(numeric), allowed)
        stacks = {}
        for label, variable in self._drawn(data).items():
            whole = variable.stack(words=words) if words else variable.expand_dims("words")
            for k in range(whole.sizes["words"]):
                of = list(map(str, np.atleast_1d(whole["words"].values[k]).tolist())) if words else []
                one = whole.isel(words=k).transpose(*numeric)
                thin = {dim: slice(None, None, _step(size)) for dim, size in one.sizes.items()}
                stacks[", ".join([label, *of] if label else of)] = np.asarray(one.isel(thin).values)
        ends = {
            axis_label(name, axes[name].attrs): np.asarray(axes[name].values[:: _step(axes[name].size)])
            / axes[name].attrs.get("per", 1.0)
            for name in numeric.values()
        }
        if len(ends) == 2 and len(stacks) > MOST_PANELS:
            raise InputError("maps", len(stacks), f"at most {MOST_PANELS}; .dataset() has all")
        return (draw_lines if len(ends) == 1 else draw_maps)(*self._said(data), ends, stacks)

    def _drawn(self, data: "xr.Dataset") -> "dict[str, xr.DataArray]":
        """Return what a picture shows, by run or coupling if there are several."""
        variable = data[_variables(self.result)[0]]
        own = [dim for dim in variable.dims if dim in _own_dimensions(data)]
        if not own:
            return {"": variable}
        before = "run " if own[0] == "run" else ""
        labels = data[own[0]].values
        return {f"{before}{label}": variable.isel({own[0]: k}, drop=True) for k, label in enumerate(labels)}

    def _said(self, data: "xr.Dataset") -> tuple[str, str]:
        """Return what a picture shows, with its unit, and the atom."""
        said = {name: str(data.attrs.get(name, "")) for name in ("atom", "confidence_level", "settings")}
        level = f" at {100 * float(said['confidence_level']):g} % C.L." if said["confidence_level"] else ""
        aim = f" of the plan for {json.loads(said['settings'])['aim']}" if said["settings"] else ""
        what = {
            "limits": f"upper limit{level}",
            "counts": "expected counts",
            "significance": "significance (σ)",
            "spectrum": "spectral function I(ω)",
            "plan": f"what is reached{aim}{level}",
            "target": "η on average",
        }[self.result]
        unit = data[_variables(self.result)[0]].attrs.get("units", "")
        return _with_unit(what, unit), said["atom"]


@contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Say what cannot be read of a store, in whatever way the libraries put it."""
    try:
        yield
    except InputError:
        raise
    except _UNREADABLE as error:
        allowed = "a scan that can be read; given again, its command computes what is damaged"
        raise InputError("path", path, f"{allowed} ({shorten(str(error), 80)})") from None


def _variables(result: str) -> tuple[str, ...]:
    """Return what is computed; the last of them is written last, and is over all axes."""
    names = {
        "spectrum": ("spectral_function",),
        "counts": ("expected",),
        "limits": ("limit",),
        "significance": ("significance",),
        "plan": ("reached", "optimality_gap", "photon_energy", "duration"),
        "target": ("mean_dynamical_factor",),
    }
    return names[result]


def _own_dimensions(data: "xr.Dataset") -> tuple[str, ...]:
    """Return the dimensions that are no axes."""
    return tuple(name for name in ("run", "coupling") if name in data.dims)


def _with_unit(name: str, unit: str) -> str:
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


def _step(size: int) -> int:
    """Return which points along an axis are drawn: each, or of many every so many."""
    return -(-size // _MOST_DRAWN)
