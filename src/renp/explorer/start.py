"""Where the explorer starts."""

from pathlib import Path

from renp.errors import ScenarioError
from renp.explorer.document import from_scenario
from renp.explorer.setup import StateError, build
from renp.explorer.state import State
from renp.scenario import Scenario, preset_text


def start_state(scenario: Scenario | str | Path | None = None) -> State:
    """Return the state of a scenario, of its file, or of the letter's preset.

    Raises
    ------
    ScenarioError
        If the file has problems, or what the explorer has no controls for: levels of an atom file.

    Examples
    --------
    >>> start_state().lightest_mass
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
