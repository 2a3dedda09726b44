"""Share: the scenario file to and fro, the Python, pictures and data."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import panel as pn

from renp.explorer.downloads import rename, save_buttons
from renp.explorer.fields import Edit, Field
from renp.explorer.live import limits
from renp.explorer.look import Look
from renp.explorer.sampling import edges, grid, view_window
from renp.explorer.setup import build
from renp.explorer.snippet import to_python
from renp.explorer.start import from_text
from renp.explorer.state import State
from renp.results import Bounds, Counts, Result, Spectrum
from renp.scenario.write import to_text

LONGEST = 100_000
"""Characters of a scenario file."""

_COPY_JS = """
const text = source.value
navigator.clipboard.writeText(text).then(() => { button.label = "Copied" })
"""


class ShareTab:
    """Scenario file, Python and downloads of the state."""

    def __init__(self, edit: Edit, look: Look, current: Callable[[], State]) -> None:
        area: dict[str, Any] = {"sizing_mode": "stretch_width", "rows": 16, "auto_grow": True, "max_rows": 40}
        area["max_length"] = LONGEST
        style = ["textarea { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 13px; }"]
        self.scenario = pn.widgets.TextAreaInput(label="Scenario file (TOML)", stylesheets=style, **area)
        self.python = pn.widgets.TextAreaInput(label="Python", stylesheets=style, **area)
        self.field = Field("scenario", self.scenario, edit, look, self._text, _read)
        self.field.words.stylesheets = [*self.field.words.stylesheets, ":host { white-space: pre-wrap; }"]
        copies = [self._copy("Copy the scenario", self.scenario), self._copy("Copy the Python", self.python)]
        file = pn.widgets.FileDownload(
            callback=lambda: BytesIO(self.scenario.value.encode()),
            filename="scenario.toml",
            label="Download the scenario",
        )
        self.what = pn.widgets.Select(label="Picture or data of", options=list(RESULTS), width=170)
        downloads = save_buttons("spectrum", lambda: RESULTS[self.what.value](current()))
        self.what.param.watch(lambda event: rename(downloads, event.new), "value")
        hint = (
            "Change the file and leave it (Tab) to use it; the link in the address bar reproduces this view."
        )
        self.view = pn.Column(
            pn.FlexBox(self.what, *downloads, align_items="end", sizing_mode="stretch_width"),
            pn.pane.HTML(hint, margin=(4, 10)),
            self.field.view,
            pn.FlexBox(copies[0], file),
            self.python,
            copies[1],
            sizing_mode="stretch_width",
        )

    def show(self, state: State) -> None:
        """Show the file and the code of a state."""
        self.field.show(state)
        self.python.value = to_python(state)

    def _text(self, state: State) -> str:
        """Return the file, with what the user wrote into it as far as it says the same."""
        try:
            return to_text(state.scenario, self.scenario.value)
        except ValueError:  # what is written there is wrong
            return to_text(state.scenario)

    def _copy(self, label: str, source: Any) -> Any:
        button = pn.widgets.Button(label=label)
        button.js_on_click(args={"source": source, "button": button}, code=_COPY_JS)
        return button


def spectrum_of(state: State) -> Spectrum:
    """Return the spectrum in the window of a state.

    Examples
    --------
    >>> spectrum_of(State()).photon_energy.size
    2000
    """
    setup = build(state)
    omega = grid(view_window(state, setup), edges(setup))
    return Spectrum.compute(setup.atom, setup.neutrinos, setup.model, omega)


def _counts_of(state: State) -> Result:
    setup = build(state)
    return Counts.compute(setup.experiment, setup.neutrinos, setup.model)


def _limits_of(state: State) -> Result:
    setup = build(state)
    return limits(setup)


def _bounds_of(state: State) -> Result:
    setup = build(state)
    return Bounds.compute(setup.neutrinos, setup.model)


RESULTS: dict[str, Callable[[State], Result]] = {
    "spectrum": spectrum_of,
    "counts": _counts_of,
    "limits": _limits_of,
    "bounds": _bounds_of,
}


def _read(state: State, text: str) -> State:
    """Return the state of a file, in the view as it is."""
    return state.changed(window=None).model_copy(update={"scenario": from_text(text).scenario})
