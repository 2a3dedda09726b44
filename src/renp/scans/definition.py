"""What a scan is, apart from how it is run: enough for any process to compute a chunk of it."""

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from renp._version import __version__
from renp.datafiles import json_text
from renp.errors import InputError
from renp.interactions.couplings import Coupling
from renp.results.scan import MOST_PANELS
from renp.scans.grid import Chunks, cut, written
from renp.scans.poles import beside_poles
from renp.scenario import Scenario
from renp.scenario.keys import Key, replaced
from renp.scenario.scan import PHOTON, ScanTable
from renp.scenario.schema import Table

CHUNK_POINTS = {
    "spectrum": 2**20,
    "counts": 2**17,
    "significance": 2**19,
    "limits": 2**12,
    "plan": 1,
    "target": 2**10,
}
"""Points of a chunk, about a second of work: what a killed process loses."""


PLANNED_RUNS = 24
"""Runs that a plan may have in a scan; the rest of the array is filled up with what is not a number."""


_OF_RUNS = ("atom", "target", "laser", "run")
"""Tables whose quantities change what was, or would have been, observed."""


class Variable(NamedTuple):
    """What is computed at each point: an array over a dimension of its own, if any, and the axes."""

    name: str
    unit: str
    dimension: str = ""
    """Empty for one number at each point."""
    labels: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A scan; small, immutable, sent to workers as it is."""

    scan: ScanTable
    data: Table
    """The rest of the scenario."""
    folder: Path
    """Where files lie that it names."""
    text: str
    """The scenario file, for the record."""
    version: str = __version__

    @classmethod
    def of(cls, scenario: Scenario) -> "Definition":
        """Return what a scenario file asks for."""
        if scenario.scan is None:
            raise InputError("scan", "nothing", "a table [scan] of the scenario file")
        return cls(scenario.scan, scenario.data, scenario.folder, scenario.text)

    @cached_property
    def chunks(self) -> Chunks:
        """How the points are cut."""
        return cut(self.scan.axes, CHUNK_POINTS[self.scan.settings.result])

    @cached_property
    def fingerprint(self) -> str:
        """A number that two scans share if they compute the same with the same version."""
        content = {
            "version": self.version,
            "chunk": self.chunks.chunk,
            "settings": self.scan.settings.model_dump(mode="json"),
            "data": self.data,
            "atom": self._atom_file(),
        }
        words = json_text(content, sort_keys=True, default=str)
        return hashlib.sha256(words.encode()).hexdigest()

    def _atom_file(self) -> str:
        name = self.data["atom"].get("file")
        return "" if name is None else (self.folder / name).read_text(encoding="utf-8")

    def categories(self, number: int) -> dict[Key, Any]:
        """Return what a chunk takes in turn, words mostly: what a file would have."""
        found: dict[Key, Any] = {}
        for axis, rows in zip(self.scan.axes, self.chunks.rows(number), strict=True):
            if not axis.together:
                found |= dict(zip(axis.keys, written(axis, int(rows[0])), strict=True))
        return found

    def scenario(self, categories: dict[Key, Any]) -> Scenario:
        """Return the scenario with some words replaced."""
        return Scenario.from_data(replaced(self.data, categories), self.folder)

    def reference(self, categories: dict[Key, Any], corner: int = 0) -> Scenario:
        """Return the scenario with all numbers of the axes at their first, or last (−1), value."""
        at = {
            key: raw
            for axis in self.scan.axes
            if axis.together
            for key, raw in zip(axis.keys, axis.raw[corner], strict=True)
            if key != PHOTON
        }
        return self.scenario(categories | at)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is computed at each point, in the order of a chunk's arrays."""
        scenario = self.reference(self.categories(0))
        settings = self.scan.settings
        runs = tuple(range(1, len(scenario.experiment.photon_energy) + 1))
        if settings.result == "spectrum":
            return (Variable("spectral_function", "1"),)
        if settings.result == "counts":
            return (Variable("expected", "1", "run", runs),)
        if settings.result == "significance":
            return (Variable("significance", "1"),)
        if settings.result == "target":
            return (Variable("mean_dynamical_factor", "1"),)
        if settings.result == "limits":
            limited = self.limited(scenario)
            units = dict.fromkeys(coupling.unit or "1" for coupling in limited)
            return (Variable("limit", ", ".join(units), "coupling", tuple(one.name for one in limited)),)
        planned = tuple(range(1, PLANNED_RUNS + 1))
        return (
            Variable("reached", ""),
            Variable("optimality_gap", "1"),
            Variable("photon_energy", "eV", "run", planned),
            Variable("duration", "s", "run", planned),
        )

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What the numbers must be read with: poles, and counts that stay where axes change the runs."""
        moved = {
            key: name
            for axis in self.scan.axes
            for key, name in zip(axis.keys, axis.names, strict=True)
            if key.table.split(".")[0] in _OF_RUNS
        }
        counted = any("counts" in run for run in self.data.get("run", ()))
        frozen = counted and moved and all(key.name != "counts" for key in moved)
        if self.scan.settings.result != "limits" or not frozen:
            return tuple(beside_poles(self))
        return (
            "The observed counts are the same at every point, though others would be expected with another "
            f"{', '.join(moved.values())}; --expected leaves them out.",
            *beside_poles(self),
        )

    @property
    def widths(self) -> tuple[str, ...]:
        """Which widths the counts are of, over the axes; of spectra none."""
        if self.scan.settings.result in ("spectrum", "target"):
            return ()
        axes = [axis for axis in self.scan.axes if not axis.numeric]
        words = [dict(zip(axis.keys, one, strict=True)) for axis in axes for one in axis.raw] or [{}]
        ends = [self.reference(self.categories(0) | one, end) for one in words for end in (0, -1)]
        return tuple(dict.fromkeys(one.experiment.width_said for one in ends))

    def check_drawn(self) -> None:
        """Raise `InputError` if the result is going to have no picture: before it is computed."""
        numeric = [axis for axis in self.scan.axes if axis.numeric]
        words = math.prod(axis.points for axis in self.scan.axes if not axis.numeric)
        maps = words * max(len(self.variables[0].labels), 1)
        if not 1 <= len(numeric) <= 2:
            raise InputError("plot", f"{len(numeric)} numeric axes", "of a scan with one or two")
        if len(numeric) == 2 and maps > MOST_PANELS:
            raise InputError("plot", f"{maps} maps", f"of a scan with at most {MOST_PANELS}")

    def limited(self, scenario: Scenario) -> tuple[Coupling, ...]:
        """Return the couplings whose limits are sought."""
        known = {coupling.name: coupling for coupling in scenario.limited}
        chosen = self.scan.settings.couplings
        return tuple(known.values()) if chosen is None else tuple(known[name] for name in chosen)
