"""The explorer: spectra, counts, limits, plans and bounds that follow one's hand, in a browser or a notebook.

It calls the package and shows what it says; every number comes from the floors below.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renp.explorer.page import Explorer
    from renp.scenario import Scenario

NEEDED = ("panel", "bokeh")


def require_panel() -> None:
    """Raise if the explorer's optional packages are missing.

    Raises
    ------
    ImportError
        Saying what to install.

    Examples
    --------
    >>> require_panel()
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        words = f'the explorer needs {" and ".join(missing)}: pip install "renp[explorer]"'
        raise ImportError(words)


def explore(scenario: "Scenario | str | Path | None" = None, *, theme: str = "light") -> "Explorer":
    """Return the explorer; a notebook shows it, `renp explore` serves it.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file; the letter's preset if left out.
    theme
        "light" or "dark".

    Returns
    -------
    Explorer
        With the view's state, what it computes, and `change` to set any part of it.

    Raises
    ------
    ImportError
        Without the extra "explorer".
    ScenarioError
        If the file has problems.

    Examples
    --------
    >>> explorer = explore()
    >>> explorer.state["atom"], len(explorer.state.scenario.run)
    ('Yb', 7)
    >>> explorer.change(lightest_mass=0.02)
    >>> round(float(explorer.setup.neutrinos.masses[0]), 3)
    0.02
    """
    require_panel()
    from renp.explorer.notebook import load_extension
    from renp.explorer.page import Explorer
    from renp.explorer.start import start_state
    from renp.validation import choice

    load_extension()
    return Explorer(start_state(scenario).changed(theme=choice("theme", theme, ("light", "dark"))))
