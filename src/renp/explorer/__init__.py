"""The explorer: spectra, counts, limits, plans and bounds that follow one's hand, in a browser or a notebook.

It calls the package and shows what it says; every number comes from the floors below.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from renp.explorer.page import Explorer
    from renp.results import Result
    from renp.scenario import Scenario

NEEDED = ("panel", "bokeh")


def require_panel() -> None:
    """Raise if the explorer's optional packages are missing.

    Raises
    ------
    ImportError
        Saying what to install.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        words = f'the explorer needs {" and ".join(missing)}: pip install "renp[explorer]"'
        raise ImportError(words)


@overload
def explore(scenario: "Result", *, theme: str = "light") -> Any: ...


@overload
def explore(scenario: "Scenario | str | Path | None" = None, *, theme: str = "light") -> "Explorer": ...


def explore(scenario: "Scenario | Result | str | Path | None" = None, *, theme: str = "light") -> Any:
    """Return the explorer of a scenario, or a result with short controls; a notebook shows either.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file; the letter's preset if left out. Or any result.
    theme
        "light" or "dark".

    Returns
    -------
    Explorer
        With the view's state, what it computes, and `change` to set any part of it. For a result a Panel
        object that shows its figure, to zoom into, and its table; nothing is computed anew.

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
    from renp.explorer.exchange import start_state
    from renp.explorer.interactive import interactive
    from renp.explorer.page import Explorer
    from renp.results import Result
    from renp.validation import choice

    _load_in_notebook()
    theme = choice("theme", theme, ("light", "dark"))
    if isinstance(scenario, Result):
        return interactive(scenario, theme)
    return Explorer(start_state(scenario).changed(theme=theme))


def _load_in_notebook() -> None:
    """In a notebook load what the browser needs, once, from the package's own files."""
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None or not hasattr(shell.get_ipython(), "kernel"):
        return
    import panel as pn

    if not getattr(pn.extension, "_loaded", False):
        pn.extension(inline=True)
