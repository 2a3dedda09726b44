"""A scenario: what a file says, as the package's own values."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from renp.atoms import Atom
from renp.couplings import Interaction
from renp.errors import ScenarioError
from renp.experiment import Experiment, Target
from renp.inference.limits import delta_chi2
from renp.interactions import Weak
from renp.neutrinos import Neutrinos
from renp.scenario.interactions import build_interaction, placeholders
from renp.scenario.problems import Place, Problems, Table, TableError, unknown_key
from renp.scenario.schema import (
    PLACEHOLDERS,
    TABLES,
    AtomSection,
    NeutrinosSection,
    RunSection,
    Section,
    StatisticsSection,
    TargetSection,
)
from renp.validation import number

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
    neutrinos: Neutrinos
    model: Interaction
    """The weak interaction and all that the file adds to it."""
    experiment: Experiment
    """Target and runs; without runs in the file, of length 0."""
    confidence_level: float
    text: str
    """The file itself."""

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
        """Return the scenario that a TOML document describes.

        Raises
        ------
        ScenarioError
            Listing every problem with its line.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(file, [f"not valid TOML: {error}"]) from None
        return _Reader(data, Problems(text, file)).read()


class _Reader:
    """Builds a scenario table by table."""

    def __init__(self, data: Table, problems: Problems) -> None:
        self.data = data
        self.problems = problems

    def read(self) -> Scenario:
        for key in self.data:
            if key not in TABLES:
                self.problems.add((key,), unknown_key(key, list(TABLES)))
        atom = self._section("atom", AtomSection, _atom)
        neutrinos = self._section("neutrinos", NeutrinosSection, _neutrinos)
        target = self._section("target", TargetSection, _target)
        level = self._section("statistics", StatisticsSection, _confidence_level)
        model = self._model(neutrinos)
        experiment = self._experiment(atom, target)
        if self.problems.found or None in (atom, neutrinos, level, experiment):
            self.problems.give_up()
        assert atom is not None
        assert neutrinos is not None
        assert level is not None
        assert experiment is not None
        return Scenario(atom, neutrinos, model, experiment, level, self.problems.text)

    def _section(self, name: str, section: type[S], build: Callable[[S], T]) -> T | None:
        if name not in self.data and name in ("atom", "neutrinos"):
            self.problems.add((name,), "the table is missing")
            return None
        table = self.data.get(name, {})
        if not isinstance(table, dict):
            self.problems.add((name,), "must be a table")
            return None
        return self._collect((name,), table, section, build)

    def _collect(self, place: Place, table: Table, section: type[S], build: Callable[[S], T]) -> T | None:
        read = partial(_validated, section, build)
        return self.problems.collect(place, table, read, PLACEHOLDERS.get(str(place[0])))

    def _model(self, neutrinos: Neutrinos | None) -> Interaction:
        model: Interaction = Weak()

        def checked(table: Table) -> Interaction:
            interaction = build_interaction(table)
            if neutrinos is not None:
                interaction.check(neutrinos)
            return interaction

        for k, table in self._each("interaction"):
            place = ("interaction", k)
            added = self.problems.collect(place, table, checked, placeholders(table))
            model = model if added is None else model + added
        return model

    def _experiment(self, atom: Atom | None, target: Target | None) -> Experiment | None:
        build = partial(_run, atom, target or Target())
        runs = [self._collect(("run", k), t, RunSection, build) for k, t in self._each("run")]
        known = [run for run in runs if run is not None]
        missing = [k for k, run in enumerate(known) if run.counts is None]
        if 0 < len(missing) < len(known):
            self.problems.add(("run", missing[0]), "counts is missing: give it for every run or for none")
        if atom is None or target is None or self.problems.found:
            return None
        return Experiment(
            atom,
            target,
            [run.photon_energy for run in known],
            [run.duration for run in known],
            [run.background for run in known],
            None if missing or not known else [run.counts for run in known],
        )

    def _each(self, name: str) -> Iterator[tuple[int, Table]]:
        tables = self.data.get(name, [])
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            yield from enumerate(tables)
        else:
            self.problems.add((name,), f"must be an array of tables, [[{name}]]")


def _validated(section: type[S], build: Callable[[S], T], table: Table) -> T:
    known = list(section.model_fields)
    unknown = [(key, unknown_key(key, known)) for key in table if key not in known]
    if unknown:
        raise TableError(unknown)
    return build(section.model_validate(table))


def _atom(section: AtomSection) -> Atom:
    if section.E_eg is None and section.E_vg is None:
        return Atom.named(section.name)
    if section.E_eg is None or section.E_vg is None:
        missing = "E_eg" if section.E_eg is None else "E_vg"
        raise ValueError(f"{missing} is missing: an atom of one's own needs both energies")
    return Atom(section.name, section.E_eg, section.E_vg)


def _neutrinos(section: NeutrinosSection) -> Neutrinos:
    return Neutrinos(**section.model_dump(exclude_none=True))


def _target(section: TargetSection) -> Target:
    return Target(**section.model_dump())


def _confidence_level(section: StatisticsSection) -> float:
    delta_chi2(section.confidence_level)
    return section.confidence_level


def _run(atom: Atom | None, target: Target, section: RunSection) -> RunSection:
    """Check a run; what depends on the atom only where it is known."""
    values = section.model_dump()
    number("photon_energy", values["photon_energy"], "a photon energy in eV, at least 0", low=0)
    if atom is None:
        values["photon_energy"] = 0.0
    Experiment(atom or Atom("unknown", 1.0, 2.0), target, **values)
    return section
