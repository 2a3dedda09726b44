"""A scenario: what a file says, as the package's own values."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from renp.datafiles import read_text
from renp.errors import ScenarioError
from renp.results.plan import Plan
from renp.scenario.build import Setting, build
from renp.scenario.keys import Key
from renp.scenario.problems import Problems
from renp.scenario.read import Reader
from renp.scenario.scan import ScanTable, read_scan
from renp.scenario.schema import Document, Table
from renp.scenario.write import planned, to_text, with_comment, without_counts
from renp.validation import Scalar, choice

_PRESETS = ("letter", "vector-mediator", "scalar-mediator")


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

    @classmethod
    def read(cls, path: str | Path) -> "Scenario":
        """Read a scenario file.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(str(path), [f"cannot be read: {error}"]) from None
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, file: str = "scenario") -> "Scenario":
        """Return the scenario that a TOML document describes; a file that it names lies beside ``file``.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(file, [f"not valid TOML: {error}"]) from None
        return cls._of(tables, Problems(text, file), Path(file).parent)

    @classmethod
    def from_data(cls, data: Table, folder: Path) -> "Scenario":
        """Return the scenario of data such as another scenario's with some values replaced."""
        return cls._of(data, Problems("", "scenario"), folder)

    @classmethod
    def _of(cls, tables: Table, problems: Problems, folder: Path) -> "Scenario":
        found = Reader(tables, problems, folder).read()
        if found is None:
            problems.give_up()
        document, setting = found
        scenario = cls(**vars(setting), text=problems.text, document=document, folder=folder, scan=None)
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

    def with_background(self, background: Iterable[float]) -> str:
        """Return the file with rates, in 1/s, added to the background of each of its runs."""
        runs = zip(self.document.run, background, strict=True)
        run = tuple(one.model_copy(update={"background": one.background + float(x)}) for one, x in runs)
        return to_text(self.document.changed(runs=None, run=run), self.text)

    def planned(self, plan: Plan, *, after: bool = False, folder: Path | None = None) -> str:
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
        document = self.document.changed(runs=None)
        if document.atom.file is not None and folder is not None:
            file = os.path.relpath(self.folder / document.atom.file, folder)
            document = document.changed(atom=document.atom.model_copy(update={"file": file}))
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
    """Return a commented scenario file.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> preset_text("letter").splitlines()[-1]
    'confidence_level = 0.90'
    """
    return read_text(f"presets/{choice('preset', name, _PRESETS)}.toml")
