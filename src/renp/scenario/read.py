"""Reads the tables of a scenario, one by one, and gathers all that is wrong with them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar

from renp.atoms.atom import Atom
from renp.experiment import Experiment, Target
from renp.interactions.couplings import Interaction
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.scenario.build import (
    Setting,
    build_atom,
    build_experiment,
    build_neutrinos,
    build_statistics,
    build_target,
    check_run,
    in_medium,
)
from renp.scenario.interactions import build_interaction, check_new, placeholders
from renp.scenario.problems import Place, Problems, unknown_key, validated
from renp.scenario.runs_file import read_runs
from renp.scenario.schema import (
    PLACEHOLDERS,
    AtomSection,
    Document,
    LaserSection,
    NeutrinosSection,
    RunSection,
    RunsSection,
    Section,
    StatisticsSection,
    Table,
    TargetSection,
)

S = TypeVar("S", bound=Section)
T = TypeVar("T")


class Reader:
    """Reads a scenario table by table.

    Parameters
    ----------
    tables
        Those of a file, or of `renp.scenario.schema.Document`.
    problems
        Where to note what is wrong.
    folder
        Where files lie that the tables name.
    context
        `renp.scenario.schema.BARE` if quantities may be bare numbers.
    interaction
        What makes an interaction of its table.
    """

    def __init__(
        self,
        tables: Table,
        problems: Problems,
        folder: Path,
        context: Mapping[str, Any] | None = None,
        interaction: Callable[[Table], Interaction] = build_interaction,
    ) -> None:
        self.tables, self.problems, self.folder = tables, problems, folder
        self._context, self._interaction = context, interaction
        self._read: dict[str, Any] = {}
        """Sections that were read."""

    def read(self) -> tuple[Document, Setting] | None:
        """Return the document and what it describes, without its scan; None after noting what is wrong."""
        known = list(Document.model_fields)
        for key in self.tables:
            if key not in known:
                self.problems.add((key,), unknown_key(key, known))
        atom = self._section("atom", AtomSection, partial(build_atom, self.folder))
        neutrinos = self._section("neutrinos", NeutrinosSection, build_neutrinos)
        target = self._section("target", TargetSection, partial(build_target, atom=atom))
        laser = self._section("laser", LaserSection, lambda one: Laser(**dict(one)))
        if atom is not None and target is not None and (medium := self._read.get("target")):
            atom = in_medium(atom, medium)
        terms = self._terms(neutrinos)
        experiment = self._experiment(atom, target, laser)
        self._planned(atom, target)
        build = partial(build_statistics, experiment, neutrinos, terms)
        statistics = self._section("statistics", StatisticsSection, build)
        self._idle_background()
        if self.problems.found or atom is None or neutrinos is None or experiment is None or not statistics:
            return None
        document = Document.model_construct(**self._read)
        return document, Setting(atom, neutrinos, terms, experiment, *statistics)

    def _section(self, name: str, section: type[S], build: Callable[[S], T]) -> T | None:
        if name not in self.tables and name in ("atom", "neutrinos"):
            self.problems.add((name,), "the table is missing")
            return None
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            self.problems.add((name,), f"must be a table, [{name}]")
            return None

        def kept(one: S) -> T:
            if name in self.tables:
                self._read[name] = one
            return build(one)

        return self._collect((name,), table, section, kept)

    def _collect(self, place: Place, table: Table, section: type[S], build: Callable[[S], T]) -> T | None:
        read = partial(validated, section, build, context=self._context)
        return self.problems.collect(place, table, read, PLACEHOLDERS.get(str(place[0])))

    def _terms(self, neutrinos: Neutrinos | None) -> tuple[Interaction, ...]:
        def checked(table: Table) -> Interaction:
            interaction = self._interaction(table)
            if neutrinos is not None:
                check_new(interaction, neutrinos)
            return interaction

        found = [
            self.problems.collect(("interaction", k), table, checked, placeholders(table))
            for k, table in self._each("interaction")
        ]
        return tuple(term for term in found if term is not None)

    def _experiment(self, atom: Atom | None, target: Target | None, laser: Laser | None) -> Experiment | None:
        runs = [self._collect(("run", k), t, RunSection, lambda run: run) for k, t in self._each("run")]
        lines = self._lines_of_file()
        runs += [self._run_of_line(*line, lambda run: run) for line in self._until_enough(lines)]
        known = tuple(run for run in runs if run is not None)
        missing = [k for k, run in enumerate(known) if run.counts is None]
        if 0 < len(missing) < len(known):
            self.problems.add(("run", missing[0]), "counts is missing: give it for every run or for none")
        control = [run.control_ratio > 0 and run.control_counts is None for run in known]
        if any(control) and any(run.control_counts is not None for run in known):
            words = "control_counts is missing: give it for every run with a control_ratio, or for none"
            self.problems.add(("run", control.index(True)), words)
        if known:
            self._read["run"] = known
        if atom is not None and target is not None and laser is not None and not self.problems.found:
            try:
                return build_experiment(atom, target, laser, known)
            except ValueError as error:
                words = str(error)  # of which run, the runs say one by one
        else:
            words = ""
        check = partial(check_run, atom, target or Target())
        for k, table in self._each("run"):
            self._collect(("run", k), table, RunSection, check)
        for line in self._until_enough(lines):
            self._run_of_line(*line, check)
        if words and not self.problems.found:
            self.problems.add(("run",), words)
        return None

    def _idle_background(self) -> None:
        """Note an error of backgrounds that no run has."""
        section, runs = self._read.get("statistics"), self._read.get("run", ())
        known = {key for run in runs for key in run.model_fields_set}
        given = section is not None and "background_error" in section.model_fields_set
        if self._context is None and given and runs and not known & {"background", "control_counts"}:
            words = "has no effect where no run has a background: leave it out"
            self.problems.add(("statistics", "background_error"), words)

    def _planned(self, atom: Atom | None, target: Target | None) -> None:
        """Check the runs that are yet to be made."""
        found = []
        for k, table in self._each("planned"):
            for key in {"counts", "control_counts"} & table.keys():
                self.problems.add(("planned", k, key), f"a run with {key} was made: call it [[run]]")
            found.append(
                self._collect(("planned", k), table, RunSection, partial(check_run, atom, target or Target()))
            )
        if found:
            self._read["planned"] = tuple(found)

    def _lines_of_file(self) -> list[tuple[int, Table]]:
        """Return the lines of the file that has the runs, if there is one."""
        if "runs" not in self.tables:
            return []
        section = self._section("runs", RunsSection, lambda section: section)
        if section is None:
            return []
        if "run" in self.tables:
            self.problems.add(("runs",), "the runs are given twice: leave out [[run]] or [runs]")
        found = read_runs(self.folder / section.file)
        for words in found.problems:
            self.problems.add(("runs", "file"), f"{section.file!r} {words}")
        self.problems.notes += [f"{section.file}: {words}" for words in found.notes]
        return found.runs

    def _run_of_line(
        self, line: int, table: Table, build: Callable[[RunSection], RunSection]
    ) -> RunSection | None:
        """Return the run of a line; what is wrong with it is said with what the file has there."""
        file = self.tables["runs"]["file"]
        own = Problems("", file)
        run = own.collect((), table, partial(validated, RunSection, build), PLACEHOLDERS["run"])
        for place, words in own.found:
            key = str(place[0]) if place else ""
            given = f", {key} = {table[key]!r}, that is " if key in table else ": "
            self.problems.add(("runs", "file"), f"{file!r} line {line}{given}{words}")
        return run

    def _until_enough(self, items: Iterable[T]) -> Iterator[T]:
        return takewhile(lambda _: not self.problems.enough, items)

    def _each(self, name: str) -> Iterator[tuple[int, Table]]:
        tables = self.tables.get(name, ())
        if isinstance(tables, (list, tuple)) and all(isinstance(table, dict) for table in tables):
            if name == "interaction" and tables:
                self._read[name] = tuple(tables)
            yield from self._until_enough(enumerate(tables))
        else:
            self.problems.add((name,), f"must be an array of tables, [[{name}]]")
