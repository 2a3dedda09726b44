"""What the explorer shows: a scenario and a view of it, from which page, link, file and code follow."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from renp.constants import DAY
from renp.datafiles import json_text
from renp.scenario.problems import sentences
from renp.scenario.schema import (
    BARE,
    AtomSection,
    Document,
    LaserSection,
    NeutrinosSection,
    RunSection,
    ScanSection,
    Section,
    StatisticsSection,
    Table,
    TargetSection,
)
from renp.scenario.write import without_counts

Tab: TypeAlias = Literal["start", "spectrum", "counts", "plan", "bounds", "target", "share"]
Parts: TypeAlias = Literal["total", "pairs", "interactions"]
Theme: TypeAlias = Literal["light", "dark"]

PLACES: dict[str, tuple[str, ...]] = {
    **{name: ("atom", name) for name in AtomSection.model_fields if name != "file"},
    "atom": ("atom", "name"),
    "effects": ("atom", "approximation"),
    **{name: ("neutrinos", name) for name in NeutrinosSection.model_fields},
    **{f"target.{name}": ("target", name) for name in TargetSection.model_fields},
    **{f"laser.{name}": ("laser", name) for name in LaserSection.model_fields},
    **{name: ("statistics", name) for name in StatisticsSection.model_fields},
    **{name: (name,) for name in ("target", "laser", "scan")},
    "uncertain": ("statistics",),
    "interactions": ("interaction",),
    "runs": ("run",),
    "planned": ("planned",),
}
"""Where in the document a key of controls, links and problems is; what a page reads has no names of files."""

_SHORT = ("photon_energy", "duration", "background", "efficiency")
"""Keys of a run that is given as a list of numbers."""


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    if not window[0] < window[1]:
        raise ValueError(f"{window}: must be two photon energies that increase")
    return window


Window: TypeAlias = Annotated[tuple[float, float], Field(strict=False), AfterValidator(_ordered)]


def _validated(section: type[Any], values: Table) -> Any:
    """Return a section of bare numbers; raise ValueError that says what is wrong."""
    try:
        return section.model_validate(values, context=BARE)
    except ValidationError as error:
        raise ValueError("; ".join(words for _, words in sentences(error))) from None


def new_run(photon_energy: float, duration: float = 10 * DAY, **others: Any) -> RunSection:
    """Return a run: photon energy in eV, duration in s, and other keys of [[run]]."""
    run: RunSection = _validated(RunSection, {"photon_energy": photon_energy, "duration": duration, **others})
    return run


def _as_run(given: Any) -> RunSection:
    """Return a run that is given as numbers, as a table, or as it is."""
    if isinstance(given, RunSection):
        return given
    if isinstance(given, dict):
        return new_run(**given)
    if not 1 <= len(given) <= len(_SHORT):
        raise ValueError(f"{given}: must be {len(_SHORT)} numbers at most")
    return new_run(**dict(zip(_SHORT, given, strict=False)))


def short(run: RunSection) -> Any:
    """Return the numbers of a run without usual ones at their end, or its table if it has other keys."""
    table = run.model_dump(exclude_defaults=True)
    if not table.keys() <= set(_SHORT):
        return table
    numbers, usual = [getattr(run, name) for name in _SHORT], new_run(0.0)
    while len(numbers) > 1 and numbers[-1] == getattr(usual, _SHORT[len(numbers) - 1]):
        numbers.pop()
    return numbers


class State(Section):
    """All that a user sets; energies in eV, times in s, angles in rad.

    Only types are checked here: `renp.explorer.setup.build` says what is wrong with a state.

    Examples
    --------
    >>> state = State().changed(lightest_mass=0.02, runs=[[1.068]])
    >>> state["lightest_mass"], state.scenario.run[0].photon_energy
    (0.02, 1.068)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    scenario: Document = Document(
        atom=AtomSection(name="Yb"),
        neutrinos=_validated(
            NeutrinosSection,
            {"lightest_mass": 0.01, "ordering": "normal", "nature": "dirac", "release": "nufit-6.0"},
        ),
        statistics=StatisticsSection(confidence_level=0.90),
    )
    """What is measured; it names no files."""
    tab: Tab = "spectrum"
    parts: Parts = "total"
    ratio: bool = False
    window: Window | None = None
    """Photon energies shown; None for those around the thresholds."""
    aim: str = "limits"
    elements: str = "magnetic-moment"
    total: float | None = None
    """Time of a plan, s; that of the runs if None."""
    theme: Theme = "light"

    @classmethod
    def of(cls, **values: Any) -> "State":
        """Return the usual state with other values of some keys."""
        return cls().changed(**values)

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key: a view's, or one of `PLACES`."""
        if key in VIEW:
            return getattr(self, key)
        section, *name = PLACES[key]
        held = getattr(self.scenario, section)
        return getattr(held, name[0]) if name else held

    def section_of(self, key: str) -> Section:
        """Return the section of the document that a key is in."""
        section: Section = getattr(self.scenario, PLACES[key][0])
        return section

    def changed(self, **values: Any) -> "State":
        """Return the state with other values of some keys; None is the usual value of one.

        Raises
        ------
        ValueError
            For a value of a wrong type.
        """
        state = self
        for key, value in values.items():
            if key in VIEW:
                others = {name: getattr(state, name) for name in (*VIEW, "scenario")}
                state = _validated(State, others | {key: value})
            else:
                state = state.with_sections(**state._section(*PLACES[key], value=value))
        return state

    def _section(self, section: str, name: str = "", *, value: Any) -> Table:
        """Return a section of the document with another value of a key, or with other keys."""
        if section == "run":
            return {section: _as_counted(tuple(_as_run(one) for one in value))}
        if section == "planned":
            return {section: None if value is None else tuple(_as_run(one) for one in value)}
        if section == "interaction":
            return {section: tuple(dict(table) for table in value)}
        before = getattr(self.scenario, section)
        if section == "scan":
            return {section: value if value is None else _validated(ScanSection, value)}
        given = {key: getattr(before, key) for key in before.model_fields_set}
        if not name:
            kept = ("confidence_level",) if section == "statistics" else ()
            given = {key: old for key, old in given.items() if key in kept} | dict(value)
        else:
            given = {key: old for key, old in given.items() if key != name}
            given |= {} if value is None else {name: value}
        return {section: _validated(type(before), given)}

    def with_sections(self, **sections: Any) -> "State":
        """Return the state with other sections of the document."""
        return self.model_copy(update={"scenario": self.scenario.changed(**sections)})

    def with_run(self, k: int, **values: Any) -> "State":
        """Return the state with run k changed; what was counted in the run as it was is left out."""
        runs = list(self.scenario.run)
        runs[k] = _validated(RunSection, runs[k].model_dump(exclude_unset=True) | values | {"counts": None})
        return self.changed(runs=runs)

    def with_interaction(self, k: int, table: Table | None) -> "State":
        """Return the state with interaction k replaced, added at the end, or removed (None)."""
        others = list(self.scenario.interaction)
        others[k : k + 1] = [] if table is None else [table]
        return self.changed(interactions=others)


VIEW = tuple(name for name in State.model_fields if name != "scenario")
"""Keys of the view."""


def _as_counted(runs: tuple[RunSection, ...]) -> tuple[RunSection, ...]:
    """Return runs without counts unless all have them: a run that was added or moved was not made.

    Examples
    --------
    >>> [run.counts for run in _as_counted((new_run(1.0, counts=3), new_run(1.1)))]
    [None, None]
    """
    counted = all(run.counts is not None for run in runs)
    return runs if counted else tuple(without_counts(run) for run in runs)


def is_text(key: str) -> bool:
    """Return whether a key has words, which links have as they are, in place of JSON."""
    return isinstance(State()[key], str) and key != "effects"


def as_json(value: Any) -> str:
    """Return a value of a key as JSON."""
    if isinstance(value, Section):
        value = value.model_dump(exclude_unset=True, exclude_none=True)
    return json_text(value, separators=(",", ":"))
