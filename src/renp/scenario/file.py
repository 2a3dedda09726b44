"""A scenario: what a file says, as the package's own values."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from renp.atoms.atom import Atom
from renp.errors import ScenarioError
from renp.experiment import Experiment, Target
from renp.inference.likelihood import Likelihood, Point
from renp.inference.nuisances import Nuisances
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction, Model
from renp.interactions.dipole import MOMENTS, moment_couplings
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.references import references_of
from renp.scenario.build import (
    build_atom,
    build_experiment,
    build_laser,
    build_neutrinos,
    build_statistics,
    build_target,
    check_run,
)
from renp.scenario.interactions import build_interaction, check_new, placeholders
from renp.scenario.problems import Place, Problems, Table, unknown_key, validated
from renp.scenario.runs_file import read_runs
from renp.scenario.scan import ScanTable, read_scan
from renp.scenario.schema import (
    PLACEHOLDERS,
    TABLES,
    AtomSection,
    LaserSection,
    NeutrinosSection,
    RunSection,
    RunsSection,
    Section,
    StatisticsSection,
    TargetSection,
)

S = TypeVar("S", bound=Section)
T = TypeVar("T")


@dataclass(frozen=True)
class Scenario:
    """What is measured: an atom, neutrinos, a model, runs; read from one TOML file.

    Examples
    --------
    >>> import renp
    >>> from renp.scenario import preset_text
    >>> scenario = renp.Scenario.from_text(preset_text("letter"))
    >>> scenario.atom.name, len(scenario.experiment.photon_energy)
    ('Yb', 7)
    """

    atom: Atom
    """What is excited."""
    neutrinos: Neutrinos
    """What is emitted."""
    model: Interaction
    """The weak interaction and all that the file adds to it."""
    experiment: Experiment
    """Target and runs; without runs in the file, of length 0."""
    confidence_level: float
    """Of limits and intervals."""
    nuisances: Nuisances
    """What is uncertain besides the couplings."""
    text: str
    """The file itself."""
    data: Table
    """What the file says, with the runs of a CSV file in place of its name."""
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

    @property
    def couplings(self) -> tuple[Coupling, ...]:
        """What a fit varies, with the values that the couplings have in the file.

        A second interaction of a kind is called "kind (2)".
        """
        found: list[Coupling] = []
        kinds: list[str] = []
        terms = self.model.interactions if isinstance(self.model, Model) else ()
        for interaction in terms[1:]:  # the first is the weak one
            kinds.append(interaction.family)
            number = kinds.count(interaction.family)
            kind = interaction.family if number == 1 else f"{interaction.family} ({number})"
            found += [
                Coupling(kind, one.label, one.interaction, one.value) for one in interaction.directions()
            ]
        return tuple(found)

    @property
    def limited(self) -> tuple[Coupling, ...]:
        """What limits are set on: every moment, and the file's other couplings."""
        others = [one for one in self.couplings if not isinstance(one.interaction, MOMENTS)]
        return (*moment_couplings(self.neutrinos.nature), *others)

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind all that the file names."""
        return references_of([self.experiment, self.neutrinos, self.model])

    def likelihood(self) -> Likelihood:
        """Return the likelihood of the runs, with the file's couplings and what else is uncertain."""
        return Likelihood(self.experiment, self.neutrinos, self.couplings, nuisances=self.nuisances)

    def truth(self, likelihood: Likelihood) -> Point:
        """Return the point of a likelihood at which the couplings are those of the file."""
        return likelihood.point(**{one.name: float(one.value) for one in self.couplings})

    @classmethod
    def from_text(cls, text: str, file: str = "scenario") -> "Scenario":
        """Return the scenario that a TOML document describes; a file that it names lies beside ``file``.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(file, [f"not valid TOML: {error}"]) from None
        return _Reader(data, Problems(text, file), Path(file).parent).read()

    @classmethod
    def from_data(cls, data: Table, folder: Path) -> "Scenario":
        """Return the scenario of data such as another scenario's with some values replaced."""
        return _Reader(data, Problems("", "scenario"), folder).read()


class _Reader:
    """Builds a scenario table by table."""

    def __init__(self, data: Table, problems: Problems, folder: Path) -> None:
        self.data = data
        self.problems = problems
        self.folder = folder
        self.of_file: list[Table] = []

    def read(self) -> Scenario:
        for key in self.data:
            if key not in TABLES:
                self.problems.add((key,), unknown_key(key, list(TABLES)))
        atom = self._section("atom", AtomSection, partial(build_atom, self.folder))
        neutrinos = self._section("neutrinos", NeutrinosSection, build_neutrinos)
        target = self._section("target", TargetSection, build_target)
        laser = self._section("laser", LaserSection, build_laser)
        model = self._model(neutrinos)
        experiment = self._experiment(atom, target, laser)
        statistics = self._section(
            "statistics", StatisticsSection, partial(build_statistics, experiment, neutrinos)
        )
        if self.problems.found or None in (atom, neutrinos, statistics, experiment):
            self.problems.give_up()
        assert atom is not None
        assert neutrinos is not None
        assert statistics is not None
        assert experiment is not None
        level, nuisances = statistics
        data = {key: value for key, value in self.data.items() if key != "runs"}
        if self.of_file:
            data["run"] = self.of_file
        scenario = Scenario(
            atom, neutrinos, model, experiment, level, nuisances, self.problems.text, data, self.folder, None
        )
        return self._with_scan(scenario)

    def _with_scan(self, scenario: Scenario) -> Scenario:
        if "scan" not in self.data:
            return scenario
        without = {key: value for key, value in scenario.data.items() if key != "scan"}

        def check(changed: Table) -> Scenario:
            return Scenario.from_data(changed, self.folder)

        scan = read_scan(self.data["scan"], without, check, self.problems)
        if self.problems.found or scan is None:
            self.problems.give_up()
        return replace(scenario, data=without, scan=scan)

    def _section(self, name: str, section: type[S], build: Callable[[S], T]) -> T | None:
        if name not in self.data and name in ("atom", "neutrinos"):
            self.problems.add((name,), "the table is missing")
            return None
        table = self.data.get(name, {})
        if not isinstance(table, dict):
            self.problems.add((name,), f"must be a table, [{name}]")
            return None
        return self._collect((name,), table, section, build)

    def _collect(self, place: Place, table: Table, section: type[S], build: Callable[[S], T]) -> T | None:
        read = partial(validated, section, build)
        return self.problems.collect(place, table, read, PLACEHOLDERS.get(str(place[0])))

    def _model(self, neutrinos: Neutrinos | None) -> Interaction:
        model: Interaction = Weak()

        def checked(table: Table) -> Interaction:
            interaction = build_interaction(table)
            if neutrinos is not None:
                check_new(interaction, neutrinos)
            return interaction

        for k, table in self._each("interaction"):
            place = ("interaction", k)
            added = self.problems.collect(place, table, checked, placeholders(table))
            model = model if added is None else model + added
        return model

    def _experiment(self, atom: Atom | None, target: Target | None, laser: Laser | None) -> Experiment | None:
        build = partial(check_run, atom, target or Target())
        runs = [self._collect(("run", k), t, RunSection, build) for k, t in self._each("run")]
        runs += self._runs_of_file(build)
        known = [run for run in runs if run is not None]
        missing = [k for k, run in enumerate(known) if run.counts is None]
        if 0 < len(missing) < len(known):
            self.problems.add(("run", missing[0]), "counts is missing: give it for every run or for none")
        if atom is None or target is None or laser is None or self.problems.found:
            return None
        return build_experiment(atom, target, laser, known)

    def _runs_of_file(self, build: Callable[[RunSection], RunSection]) -> list[RunSection | None]:
        if "runs" not in self.data:
            return []
        section = self._section("runs", RunsSection, lambda section: section)
        if section is None:
            return []
        if "run" in self.data:
            self.problems.add(("runs",), "the runs are given twice: leave out [[run]] or [runs]")
        found = read_runs(self.folder / section.file)
        for words in found.problems:
            self.problems.add(("runs", "file"), f"{section.file!r} {words}")
        self.of_file = [table for _, table in found.runs]
        return [self._run_of_file(section.file, line, table, build) for line, table in found.runs]

    def _run_of_file(
        self, file: str, line: int, table: Table, build: Callable[[RunSection], RunSection]
    ) -> RunSection | None:
        """Return the run of a line; what is wrong with it is said with what the file has there."""
        own = Problems("", file)
        run = own.collect((), table, partial(validated, RunSection, build), PLACEHOLDERS["run"])
        for place, words in own.found:
            key = str(place[0]) if place else ""
            given = f", {key} = {table[key]!r}, that is " if key in table else ": "
            self.problems.add(("runs", "file"), f"{file!r} line {line}{given}{words}")
        return run

    def _each(self, name: str) -> Iterator[tuple[int, Table]]:
        tables = self.data.get(name, [])
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            yield from enumerate(tables)
        else:
            self.problems.add((name,), f"must be an array of tables, [[{name}]]")
