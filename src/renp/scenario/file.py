"""A scenario: what a file says, as the package's own values."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renp.datafiles import given_text, given_toml, read_text
from renp.errors import InputError, ScenarioError
from renp.scenario.build import Setting, build
from renp.scenario.doubts import doubts
from renp.scenario.keys import Key
from renp.scenario.problems import Problems
from renp.scenario.read import Reader
from renp.scenario.scan import ScanTable, read_scan
from renp.scenario.schema import VARIED, Document, Table
from renp.scenario.write import planned, to_text, with_comment, without_counts
from renp.validation import Scalar, choice, instance

if TYPE_CHECKING:
    from renp.results.plan import Plan

_PRESETS = ("letter", "vector-mediator", "scalar-mediator")

TEMPLATE = "interaction"
"""The preset that is no scenario: a Python file with an interaction of one's own."""


@dataclass(frozen=True)
class Scenario(Setting):
    """What is measured: an atom, neutrinos, a model, runs; read from one TOML file.

    Examples
    --------
    >>> import renp
    >>> from renp.scenario import preset_text
    >>> scenario = renp.Scenario.from_text(preset_text("letter"))
    >>> scenario.atom.name, len(scenario.experiment.photon_energy)
    ('Yb', 7)
    """

    confidence_level: float
    text: str
    """The file itself."""
    document: Document
    """What the file says."""
    folder: Path
    """Where files lie that it names."""
    scan: ScanTable | None
    """What is scanned, if anything."""
    notes: tuple[str, ...] = ()
    """What was guessed, and what may be meant otherwise, a line each."""

    @classmethod
    def read(cls, path: str | Path) -> "Scenario":
        """Read a scenario file.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        instance("path", path, (str, Path), "the path of a file")
        try:
            text = given_text(Path(path))
        except ValueError as error:
            raise ScenarioError(str(path), [str(error)]) from None
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, file: str = "scenario") -> "Scenario":
        """Return the scenario that a TOML document describes; a file that it names lies beside ``file``.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        instance("text", text, str)
        instance("file", file, str)
        try:
            return cls._of(given_toml(text), Problems(text, file), Path(file).parent)
        except ScenarioError:
            raise
        except (ValueError, RecursionError) as error:
            words = str(error) if isinstance(error, ValueError) else "arrays or tables are nested too deeply"
            raise ScenarioError(file, [words]) from None

    @classmethod
    def from_data(cls, data: Table, folder: Path) -> "Scenario":
        """Return the scenario of data such as another scenario's with some values replaced."""
        return cls._of(data, Problems("", "scenario"), folder, VARIED)

    @classmethod
    def _of(
        cls, tables: Table, problems: Problems, folder: Path, context: Mapping[str, Any] | None = None
    ) -> "Scenario":
        found = Reader(tables, problems, folder, context).read()
        if found is None:
            problems.give_up()
        document, setting = found
        notes = (*problems.notes, *(problems.located(*doubt) for doubt in doubts(setting)))
        own: dict[str, Any] = {"text": problems.text, "document": document, "folder": folder, "notes": notes}
        scenario = cls(**vars(setting), **own, scan=None)
        if "scan" not in tables:
            return scenario
        scan = read_scan(tables["scan"], scenario.data, partial(cls.from_data, folder=folder), problems)
        if problems.found or scan is None:
            problems.give_up()
        return replace(scenario, document=document.changed(scan=scan.settings), scan=scan)

    @property
    def data(self) -> Table:
        """The file's tables without its scan, and with the runs of a CSV file in place of its name."""
        return self.document.changed(runs=None, scan=None).tables()

    def at(self, values: Mapping[Key, Scalar]) -> Setting:
        """Return what the file describes at other values of some of its numbers; jax-traceable."""
        return build(self.document, self.folder, values)

    def without_counts(self) -> "Scenario":
        """Return the scenario of the same runs, yet to be made: without what was observed."""
        run = tuple(without_counts(one) for one in self.document.run)
        document = self.document.changed(runs=None, run=run)
        return replace(self, document=document, **vars(build(document, self.folder)))

    def with_background(self, background: Iterable[float], folder: Path | None = None) -> str:
        """Return the file with rates added to the background of each of its runs.

        Parameters
        ----------
        background
            Averages over all time, 1/s; where a gate is given, the file has the rates while it is open.
        folder
            Where the file is going to be; beside this one if left out.

        Raises
        ------
        InputError
            For runs with control counts, which say themselves what the background is.
        """
        if self.experiment.control_counts is not None:
            raise InputError("background", "of runs with control_counts", "left to these, which measure it")
        preparation = self.experiment.target.preparation
        share = 1.0 if preparation is None else preparation.open_share
        runs = zip(self.document.run, background, strict=True)
        run = tuple(
            one.model_copy(update={"background": one.background + float(x) / share}) for one, x in runs
        )
        return to_text(self._document_in(folder).changed(run=run), self.text)

    def _document_in(self, folder: Path | None) -> Document:
        """Return the document for a file in another folder, with the runs of a CSV file in it."""
        document = self.document.changed(runs=None)
        if document.atom.file is None or folder is None:
            return document
        file = os.path.relpath(self.folder / document.atom.file, folder)
        return document.changed(atom=document.atom.model_copy(update={"file": file}))

    def planned(self, plan: "Plan", *, after: bool = False, folder: Path | None = None) -> str:
        """Return the file with the runs of a plan, which have what the file's have besides.

        Parameters
        ----------
        plan
            Computed for this scenario.
        after
            Whether the file's runs were made before, and the plan's are added; otherwise they are replaced.
            If those have counts, the plan's are [[planned]]: all that is computed leaves these out until they
            were made, and are called [[run]] and have counts, too.
        folder
            Where the file is going to be; beside this one if left out.

        Examples
        --------
        >>> import renp
        >>> from renp.scenario import preset_text
        >>> scenario = renp.Scenario.from_text(preset_text("letter"))
        >>> settings = renp.Constraints(candidates=100)
        >>> plan = renp.plan("ordering", scenario.experiment, scenario.neutrinos, constraints=settings)
        >>> renp.Scenario.from_text(scenario.planned(plan)).experiment.photon_energy.shape
        (2,)
        """
        document = self._document_in(folder)
        words = f"Plan for {plan.aim}, renp {plan.made_by['renp']}; optimality gap {plan.optimality_gap:.1e}"
        made, new = document.run if after else (), planned(document, plan).run
        text = with_comment(to_text(document.changed(run=made, planned=None), self.text), words)
        if any(run.counts is not None for run in made):
            return to_text(document.changed(planned=new), text)
        return to_text(document.changed(run=(*made, *new), planned=None), text)


def preset_names() -> tuple[str, ...]:
    """Return the names of the scenario files that come with the package."""
    return _PRESETS


def preset_text(name: str) -> str:
    """Return a commented scenario file, or of "interaction" a Python file for one of one's own.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> preset_text("letter").splitlines()[-1]
    'confidence_level = 0.90'
    """
    choice("preset", name, (*_PRESETS, TEMPLATE))
    return read_text(f"presets/{name}.{'py.txt' if name == TEMPLATE else 'toml'}")
