"""Where the explorer starts."""

from pathlib import Path

from renp.explorer.document import from_scenario
from renp.explorer.state import State
from renp.scenario import Scenario, preset_text


def start_state(scenario: Scenario | str | Path | None = None) -> State:
    """Return the state of a scenario, of its file, or of the letter's preset.

    Examples
    --------
    >>> start_state().lightest_mass
    0.01
    """
    if scenario is None:
        scenario = Scenario.from_text(preset_text("letter"))
    if not isinstance(scenario, Scenario):
        scenario = Scenario.read(scenario)
    return from_scenario(scenario)
