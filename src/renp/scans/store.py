"""A scan on disk: a zarr group that xarray reads at any moment, and that grows by whole chunks.

A chunk is one file for each variable with a checksum at its end, written under another name and renamed. It
is done when the files of all variables are there; those that are not as they were written are removed when a
scan is gone on with. So there is nothing to keep in step, and a process may be killed at any moment. Chunks
are not compressed: the digits of computed numbers are noise.
"""

import filecmp
import json
import math
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp.datafiles import json_text, unwritable
from renp.errors import InputError
from renp.platforms import locked, moved, synced
from renp.scans.definition import Definition, Variable
from renp.scans.evaluate import Answer
from renp.scans.grid import axis_values
from renp.scenario.quantities import parse_quantity
from renp.scenario.scan import Axis

if TYPE_CHECKING:
    import zarr

_COORDINATES = 2**20
"""Coordinates that are written together."""

_EVERY: Any = {"array.write_empty_chunks": True}
"""What failed everywhere was computed all the same; of whoever writes, since no store says so of itself."""


@dataclass(frozen=True)
class Store:
    """Where the chunks of a scan are."""

    path: Path
    definition: Definition

    @classmethod
    @contextmanager
    def opened(cls, path: Path, definition: Definition) -> Iterator["Store"]:
        """Hold the store at a path within a block, made if it is not there, and mended if it is.

        Raises
        ------
        InputError
            If the path cannot have it, has another scan, or another process computes this one.
        """
        if path.suffix != ".zarr":
            raise InputError("output", path, "a name ending in .zarr")
        if not path.parent.is_dir():
            raise InputError("output", path, "in a folder that exists")
        with ExitStack() as stack:
            with _said(path):
                if not stack.enter_context(locked(path.with_name(f".{path.name}.lock"))):
                    raise InputError("output", path, "a scan that no other process is computing")
                store = cls(path, definition)
                store._prepare()
            yield store

    def __iter__(self) -> Iterator[int]:
        """Return the numbers of the chunks that are not done."""
        return (number for number in range(len(self.definition.chunks)) if not self.done(number))

    def done(self, number: int) -> bool:
        """Whether a chunk is complete."""
        return all(self._file(variable, number).is_file() for variable in self.definition.variables)

    def write(self, number: int, answer: Answer) -> None:
        """Write a chunk; what is computed later goes on from it even if the machine loses its power.

        Raises
        ------
        InputError
            If it cannot be written; `StorageError` if the disk is full.
        """
        import zarr

        inside = self.definition.chunks.inside(number)
        part = tuple(slice(0, piece.stop - piece.start) for piece in inside)
        with _said(
            self.path, "a folder with room; what is computed is kept, and the same command goes on with it"
        ):
            for variable, array in zip(self.definition.variables, answer, strict=True):
                own = (slice(None),) * (array.ndim - len(inside))
                with zarr.config.set(_EVERY):
                    target: Any = zarr.open_array(self.path / variable.name, mode="r+")
                    target[own + inside] = array[own + part]
                file = self._file(variable, number)
                synced(file)
                synced(file.parent)

    def _file(self, variable: Variable, number: int) -> Path:
        own = (0,) if variable.dimension else ()
        place = map(str, (*own, *self.definition.chunks.place(number)))
        return self.path.joinpath(variable.name, "c", *place)

    def _prepare(self) -> None:
        """Make the store under another name, so that it is there with all that describes it or not at all."""
        new = self.path.with_name(f".{self.path.name}.new")
        shutil.rmtree(new, ignore_errors=True)  # of one who was killed
        try:
            if self.path.exists():
                _check_same(self.path, self.definition)
                _create(new, self.definition)
                self._renew(new)
                self._mend()
            else:
                _create(new, self.definition)
                moved(new, self.path)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _renew(self, new: Path) -> None:
        """Take axes and descriptions of chunks from a new store where the old one has others."""
        for file in (path for path in new.rglob("*") if path.is_file()):
            part = file.relative_to(new)
            for folder in (self.path / parent for parent in reversed(part.parents[:-1])):
                if not _is_folder(folder):
                    _remove(folder)
                    folder.mkdir()
            old = self.path / part
            if not (old.is_file() and filecmp.cmp(old, file, shallow=False)):
                _remove(old)
                moved(file, old)

    def _mend(self) -> None:
        """Remove parts of files that were being written, and what is no chunk, or has other bits.

        Links to other folders are removed too, never what is in those.
        """
        import zarr

        for left in self.path.rglob("*.partial"):
            _remove(left)
        group = zarr.open_group(self.path, mode="r")
        for variable in self.definition.variables:
            array: Any = group[variable.name]
            top, depth = self.path / variable.name / "c", len(array.shape)
            if not _is_folder(top):
                _remove(top)
            for name, folders, files in os.walk(top):
                folder = Path(name)
                here = folder.relative_to(top).parts
                wrong = [one for one in files if not _is_whole(array, (*here, one))]
                wrong += [one for one in folders if len(here) == depth - 1 or not _is_folder(folder / one)]
                for one in wrong:
                    _remove(folder / one)


@contextmanager
def _said(path: Path, allowed: str = "a folder that can be written") -> Iterator[None]:
    """Say of what the system cannot do that it is about the store."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error, allowed=allowed) from None


def _is_whole(array: Any, name: tuple[str, ...]) -> bool:
    """Whether a file has a chunk's name, and its bits have the checksum beside them."""
    counts = [-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True)]
    if len(name) != len(counts) or not all(part.isascii() and part.isdigit() for part in name):
        return False
    place = tuple(map(int, name))
    if tuple(map(str, place)) != name or any(k >= n for k, n in zip(place, counts, strict=True)):
        return False
    try:
        array.blocks[place]
    except ValueError:
        return False
    return True


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _create(path: Path, definition: Definition) -> None:
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=3, attributes=_attributes(definition))
    for place, axis in enumerate(definition.scan.axes):
        _write_axis(group, place, axis)
    for variable in definition.variables:
        _make_variable(group, definition, variable)
    with warnings.catch_warnings():  # xarray reads it, whether the standard has it or not
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path)
    for made in path.rglob("*"):
        synced(made)


def _checksum() -> Any:
    from zarr.codecs import Crc32cCodec

    return Crc32cCodec()


def _attributes(definition: Definition) -> dict[str, Any]:
    settings = definition.scan.settings.model_dump(mode="json", exclude={"axis"}, exclude_none=True)
    return {
        "renp": definition.version,
        "result": definition.scan.settings.result,
        "settings": json_text(settings),
        "scenario": definition.text,
        "fingerprint": definition.fingerprint,
        "diagnosis": "\n".join(definition.diagnosis),
        **_titles(definition),
        "reference_width": "\n".join(definition.widths),
    }


def _titles(definition: Definition) -> dict[str, str]:
    """Return what stands in the title of a picture, unless an axis changes it: the atom, and the C.L."""
    first = definition.reference(definition.categories(0))
    moved = {key[::2] for axis in definition.scan.axes for key in axis.keys}
    said = {("atom", "name"): first.atom.name, ("statistics", "confidence_level"): first.confidence_level}
    names = {"name": "atom"}
    return {names.get(key[1], key[1]): str(value) for key, value in said.items() if key not in moved}


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
            compressors=_checksum(),
            attributes={} if words else _units(axis, column, unit),
        )
        for start in range(0, axis.points, _COORDINATES):
            rows = np.arange(start, min(start + _COORDINATES, axis.points))
            values: NDArray[Any] = (
                np.array([str(axis.raw[row][column]) for row in rows], dtype=object)
                if words
                else axis_values(axis, rows)[column]
            )
            made[start : start + rows.size] = values


def _units(axis: Axis, column: int, unit: str) -> dict[str, Any]:
    """Return the unit of an axis, and that of the file with its size, which pictures show."""
    written = str(axis.raw[0][column]).strip()
    own = re.sub(r"^[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*", "", written)
    found = {"units": unit} if unit else {}
    if not unit or not own or own == unit:
        return found
    with suppress(ValueError):
        one, two = (parse_quantity(f"{size} {own}", unit) for size in (1, 2))
        if math.isclose(two, 2 * one):  # not a wavelength, which is shown as an energy
            return found | {"file_units": own, "per": one}
    return found


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
            compressors=_checksum(),
        )
        labels[:] = np.array(variable.labels, dtype=object if words else np.int64)
    group.create_array(
        variable.name,
        shape=(*own, *chunks.shape),
        chunks=(*own, *chunks.chunk),
        dtype="float64",
        fill_value=np.nan,
        dimension_names=(*names, *(dimension(axis, k) for k, axis in enumerate(axes))),
        compressors=_checksum(),
        attributes=attributes,
    )


def _check_same(path: Path, definition: Definition) -> None:
    file = path / "zarr.json"
    if not file.is_file():
        raise InputError("output", path, "a scan, or a name that is not used yet")
    try:
        found = dict(json.loads(file.read_bytes())["attributes"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError("output", path, "a scan whose zarr.json is as written, or a new name") from None
    if found.get("renp") != definition.version:
        was = f"a scan of version {definition.version} or a new name: it was begun with {found.get('renp')}"
        raise InputError("output", path, was)
    if found.get("fingerprint") != definition.fingerprint:
        raise InputError("output", path, "the scan of this scenario, not of another one, or a new name")
