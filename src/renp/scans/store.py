"""A scan on disk: a zarr group that xarray reads at any moment, and that grows by whole chunks.

A chunk is one file for each variable, written under another name and renamed: it is there or it is not. It
is done when the file of the last variable is there; so there is nothing to keep in step, and a process may be
killed at any moment. Chunks are not compressed: the digits of computed numbers are noise.
"""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp.errors import InputError
from renp.scans.definition import Definition, Variable
from renp.scans.evaluate import Answer
from renp.scans.grid import axis_values
from renp.scenario.scan import Axis

if TYPE_CHECKING:
    import zarr

_COORDINATES = 2**20
"""Coordinates that are written together."""


@dataclass(frozen=True)
class Store:
    """Where the chunks of a scan are."""

    path: Path
    definition: Definition

    @classmethod
    def open(cls, path: Path, definition: Definition) -> "Store":
        """Return the store at a path, made if it is not there."""
        if path.suffix != ".zarr":
            raise InputError("output", path, "a name ending in .zarr")
        if not path.parent.is_dir():
            raise InputError("output", path, "in a folder that exists")
        if path.exists():
            _check_same(path, definition)
        else:
            _create(path, definition)
        return cls(path, definition)

    def __iter__(self) -> Iterator[int]:
        """Return the numbers of the chunks that are not done."""
        return (number for number in range(len(self.definition.chunks)) if not self.done(number))

    def done(self, number: int) -> bool:
        """Whether a chunk is complete."""
        last = self.definition.variables[-1]
        place = self.definition.chunks.place(number)
        own = (0,) if last.dimension else ()
        return (self.path / last.name / "c" / "/".join(map(str, (*own, *place)))).exists()

    def write(self, number: int, answer: Answer) -> None:
        """Write a chunk."""
        import zarr

        inside = self.definition.chunks.inside(number)
        part = tuple(slice(0, piece.stop - piece.start) for piece in inside)
        group = zarr.open_group(self.path, mode="r+")
        for variable, array in zip(self.definition.variables, answer, strict=True):
            target: Any = group[variable.name]
            own = (slice(None),) * (array.ndim - len(inside))
            target[own + inside] = array[own + part]


def _create(path: Path, definition: Definition) -> None:
    """Make the store under another name, so that it is there with all that describes it or not at all."""
    import zarr

    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        group = zarr.open_group(unfinished, mode="w", zarr_format=3, attributes=_attributes(definition))
        for place, axis in enumerate(definition.scan.axes):
            _write_axis(group, place, axis)
        for variable in definition.variables:
            _make_variable(group, definition, variable)
        with warnings.catch_warnings():  # xarray reads it, whether the standard has it or not
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(unfinished)
        unfinished.rename(path)
    except OSError as error:
        raise InputError("output", path, f"a folder that can be made ({error})") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _attributes(definition: Definition) -> dict[str, Any]:
    settings = definition.scan.settings.model_dump(mode="json", exclude={"axis"}, exclude_none=True)
    return {
        "renp": definition.version,
        "result": definition.scan.settings.result,
        "settings": json.dumps(settings),
        "scenario": definition.text,
        "fingerprint": definition.fingerprint,
        "diagnosis": definition.diagnosis,
    }


def dimension(axis: Axis, place: int) -> str:
    """Return the name of an axis in the store: its parameter, or for several of them its place from 1."""
    return axis.names[0] if len(axis.names) == 1 else f"axis_{place + 1}"


def _write_axis(group: "zarr.Group", place: int, axis: Axis) -> None:
    for column, (name, unit) in enumerate(zip(axis.names, axis.units, strict=True)):
        words = not axis.numeric
        made = group.create_array(
            name,
            shape=(axis.points,),
            chunks=(min(axis.points, _COORDINATES),),
            dtype=str if words else "float64",
            dimension_names=(dimension(axis, place),),
            compressors=None,
            attributes={"units": unit} if unit and not words else {},
        )
        for start in range(0, axis.points, _COORDINATES):
            rows = np.arange(start, min(start + _COORDINATES, axis.points))
            values: NDArray[Any] = (
                np.array([str(axis.raw[row][column]) for row in rows], dtype=object)
                if words
                else axis_values(axis, rows)[column]
            )
            made[start : start + rows.size] = values


def _make_variable(group: "zarr.Group", definition: Definition, variable: Variable) -> None:
    axes, chunks = definition.scan.axes, definition.chunks
    own = (len(variable.labels),) if variable.dimension else ()
    names = (variable.dimension,) if variable.dimension else ()
    attributes: dict[str, Any] = {"units": variable.unit} if variable.unit else {}
    if together := [name for axis in axes if len(axis.names) > 1 for name in axis.names]:
        attributes["coordinates"] = " ".join(together)
    if variable.dimension and variable.dimension not in group:
        words = isinstance(variable.labels[0], str)
        labels = group.create_array(
            variable.dimension,
            shape=own,
            dtype=str if words else "int64",
            dimension_names=names,
            compressors=None,
        )
        labels[:] = np.array(variable.labels, dtype=object if words else np.int64)
    group.create_array(
        variable.name,
        shape=(*own, *chunks.shape),
        chunks=(*own, *chunks.chunk),
        dtype="float64",
        fill_value=np.nan,
        dimension_names=(*names, *(dimension(axis, k) for k, axis in enumerate(axes))),
        compressors=None,
        config={"write_empty_chunks": True},  # what failed everywhere was computed all the same
        attributes=attributes,
    )


def _check_same(path: Path, definition: Definition) -> None:
    import zarr

    try:
        found = dict(zarr.open_group(path, mode="r").attrs)
    except (FileNotFoundError, ValueError, NotADirectoryError):
        raise InputError("output", path, "a scan, or a name that is not used yet") from None
    if found.get("renp") != definition.version:
        was = f"a scan of version {definition.version} or a new name: it was begun with {found.get('renp')}"
        raise InputError("output", path, was)
    if found.get("fingerprint") != definition.fingerprint:
        raise InputError("output", path, "the scan of this scenario, not of another one, or a new name")
