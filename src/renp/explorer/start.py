"""Where the explorer starts, and what a scenario file in the page means."""

import tomllib
from pathlib import Path

from renp.errors import ScenarioError
from renp.explorer.setup import StateError, build
from renp.explorer.state import State
from renp.scenario import Scenario, preset_text
from renp.scenario.schema import AtomSection


def start_state(scenario: Scenario | str | Path | None = None) -> State:
    """Return the state of a scenario, of its file, or of the letter's preset.

    Raises
    ------
    ScenarioError
        If the file has problems, or what the explorer has no controls for: levels of an atom file.

    Examples
    --------
    >>> start_state()["lightest_mass"]
    0.01
    """
    if scenario is None:
        scenario = Scenario.from_text(preset_text("letter"))
    if not isinstance(scenario, Scenario):
        scenario = Scenario.read(scenario)
    state = from_scenario(scenario)
    try:
        build(state)
    except StateError as error:
        problems = [f"{field}: {words}" for field, words in error.problems.items()]
        raise ScenarioError("the explorer", problems) from None
    return state


def from_scenario(scenario: Scenario) -> State:
    """Return the state of a scenario: what its files say in place of their names, and no planned runs.

    Examples
    --------
    >>> from_scenario(Scenario.from_text(preset_text("letter"))).scenario.interaction
    ({'kind': 'magnetic-moment', 'elements': {'11': 3e-11}},)
    """
    document = scenario.document.changed(runs=None, planned=None)
    if document.atom.file is not None:
        own = document.atom.model_dump(exclude_unset=True, exclude={"file"})
        atom = scenario.atom
        own |= {"name": atom.name, "E_eg": float(atom.E_eg), "E_vg": float(atom.E_vg)}
        document = document.changed(atom=AtomSection.model_construct(**own))
    return State().model_copy(update={"scenario": document})


def from_text(text: str) -> State:
    """Return the state that a scenario file describes; what it does not say is as at the start.

    Raises
    ------
    ScenarioError
        Listing every problem with its line; a file that the text names is one: who sees the page need not be
        who may read the files of this machine.

    Examples
    --------
    >>> from_text(preset_text("letter"))["release"]
    'nufit-5.1'
    """
    _check_no_files(text)
    return from_scenario(Scenario.from_text(text))


def _check_no_files(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # which the scenario says with its line
    tables = [name for name, table in data.items() if isinstance(table, dict) and "file" in table]
    if tables:
        words = "a page reads no files; give their content here, or start renp explore with the scenario file"
        raise ScenarioError("scenario", [f"{name}.file: {words}" for name in tables])
