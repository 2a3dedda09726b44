"""A scenario: what a file says, as the package's own values."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from renp.atoms import Atom
from renp.couplings import Interaction
from renp.errors import InputError, ScenarioError
from renp.experiment import Experiment, Target
from renp.inference.limits import delta_chi2
from renp.interactions import Weak
from renp.neutrinos import Neutrinos
from renp.scenario.interactions import build_interaction
from renp.scenario.lines import line_of
from renp.scenario.schema import (
    TABLES,
    AtomSection,
    NeutrinosSection,
    RunSection,
    Section,
    StatisticsSection,
    TargetSection,
)

S = TypeVar("S", bound=Section)
T = TypeVar("T")
Place = tuple[str | int, ...]


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
            text = path.read_text(encoding="utf-8")
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
        return _Reader(text, file).read()


class _Reader:
    """Builds a scenario and gathers every problem on the way."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[tuple[Place, str]] = []

    def read(self) -> Scenario:
        try:
            data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(self.file, [f"not valid TOML: {error}"]) from None
        for key in data:
            if key not in TABLES:
                self.problems.append(((key,), _unknown(key, TABLES)))
        atom = self._built(("atom",), AtomSection, data.get("atom"), _atom)
        neutrinos = self._built(("neutrinos",), NeutrinosSection, data.get("neutrinos"), _neutrinos)
        target = self._built(("target",), TargetSection, data.get("target", {}), _target)
        level = self._built(("statistics",), StatisticsSection, data.get("statistics", {}), _confidence_level)
        model = self._model(data.get("interaction", []), neutrinos)
        experiment = self._experiment(data.get("run", []), atom, target or Target())
        if self.problems:
            self._give_up()
        assert atom is not None
        assert neutrinos is not None
        assert level is not None
        assert experiment is not None
        return Scenario(atom, neutrinos, model, experiment, level, self.text)

    def _built(self, place: Place, section: type[S], data: Any, build: Callable[[S], T]) -> T | None:
        """Return what one table describes, or None after noting its problems."""
        if data is None:
            self.problems.append((place, "the table is missing"))
            return None
        try:
            content = section.model_validate(data)
        except ValidationError as error:
            for problem in error.errors():
                where = (*place, *problem["loc"])
                self.problems.append((where, _sentence(dict(problem), list(section.model_fields))))
            return None
        return self._attempt(place, build, content)

    def _model(self, tables: Any, neutrinos: Neutrinos | None) -> Interaction:
        model: Interaction = Weak()
        for k, table in self._each("interaction", tables):
            added = self._attempt(("interaction", k), build_interaction, table)
            if added is not None:
                model = model + added
                if neutrinos is not None:
                    self._attempt(("interaction", k), added.check, neutrinos)
        return model

    def _experiment(self, tables: Any, atom: Atom | None, target: Target) -> Experiment | None:
        known = len(self.problems)
        runs = []
        any_atom = Atom("unknown", 1e300, 1e301)  # lets the runs of an unknown atom be checked too
        for k, table in self._each("run", tables):
            run = self._built(("run", k), RunSection, table, lambda section: section)
            if run is not None:
                runs.append(run)
                self._attempt(("run", k), Experiment, atom or any_atom, target, **run.model_dump())
        missing = [k for k, run in enumerate(runs) if run.counts is None]
        if 0 < len(missing) < len(runs):
            words = "counts is missing: give it for every run or for none"
            self.problems.append((("run", missing[0]), words))
        if atom is None or len(self.problems) > known:
            return None
        return Experiment(
            atom,
            target,
            [run.photon_energy for run in runs],
            [run.duration for run in runs],
            [run.background for run in runs],
            None if missing or not runs else [run.counts for run in runs],
        )

    def _each(self, name: str, tables: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            self.problems.append(((name,), f"must be an array of tables, [[{name}]]"))
            return
        yield from enumerate(tables)

    def _attempt(self, place: Place, build: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        try:
            return build(*args, **kwargs)
        except InputError as error:
            key = error.argument.split("[")[0]
            if line_of(self.text, (*place, key)) == line_of(self.text, place):
                self.problems.append((place, str(error)))
            else:
                self.problems.append(((*place, key), f"{error.value}: must be {error.allowed}"))
        except ValueError as error:
            self.problems.append((place, str(error)))
        return None

    def _give_up(self) -> NoReturn:
        located = [(line_of(self.text, place), place, words) for place, words in self.problems]
        located.sort(key=lambda item: item[0] or 0)
        raise ScenarioError(self.file, [_located(*item) for item in located])


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


def _sentence(problem: dict[str, Any], known: Sequence[str]) -> str:
    """Return pydantic's finding in the package's words."""
    kind, value = problem["type"], problem.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return _unknown(str(problem["loc"][-1]), known)
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    expected = {
        "int_type": "a whole number",
        "float_type": "a number",
        "string_type": "text",
        "model_type": "a table",
    }
    return f"{value!r}: must be {expected.get(kind, problem['msg'])}"


def _unknown(key: str, known: Sequence[str]) -> str:
    guess = get_close_matches(key, known, n=1)
    hint = f" (did you mean {guess[0]}?)" if guess else ""
    return f"is not a known key{hint}: must be one of {', '.join(known)}"


def _located(line: int | None, place: Place, words: str) -> str:
    path = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    where = f"line {line}, {path}" if line else path
    return f"{where}: {words}"
