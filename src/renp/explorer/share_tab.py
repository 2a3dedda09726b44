"""Share: the scenario file to and fro, the Python, pictures and data."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import panel as pn

from renp.explorer.exchange import from_text, to_python
from renp.explorer.fields import FORMATS, WIDE, Edit, Field, Select, html, save_buttons
from renp.explorer.live import edges, grid, limits, view_window
from renp.explorer.setup import Setup, build
from renp.explorer.state import State
from renp.results import Bounds, Counts, Result, Spectrum
from renp.scenario.write import to_text

LONGEST = 100_000
"""Characters of a scenario file."""

_COPY_JS = """
const text = source.value
navigator.clipboard.writeText(text).then(() => { button.label = "Copied" })
"""

_HINT = "Change the file and leave it (Tab) to use it; the link in the address bar reproduces this view."

_AREA_CSS = "textarea { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 13px; }"


class ShareTab:
    """Scenario file, Python and downloads of the state."""

    def __init__(self, edit: Edit, current: Callable[[], State]) -> None:
        self.scenario, self.python = _area("Scenario file (TOML)"), _area("Python")
        self.field = Field("scenario", self.scenario, edit, self._text, _read)
        self.field.words.stylesheets = [*self.field.words.stylesheets, ":host { white-space: pre-wrap; }"]
        self.fields = [self.field]
        file = pn.widgets.FileDownload(
            callback=lambda: BytesIO(self.scenario.value.encode()),
            filename="scenario.toml",
            label="Download the scenario",
        )
        what = Select(label="Picture or data of", options=list(RESULTS), width=170)
        downloads = save_buttons(what.value, lambda: RESULTS[what.value](current()))

        def rename(event: Any) -> None:
            for ending, button in zip(FORMATS, downloads, strict=True):
                button.filename = f"{event.new}.{ending}"

        what.param.watch(rename, "value")
        self.view = pn.Column(
            pn.FlexBox(what, *downloads, align_items="end", **WIDE),
            html(_HINT, margin=(4, 10)),
            self.field.view,
            pn.FlexBox(_copy("Copy the scenario", self.scenario), file),
            self.python,
            _copy("Copy the Python", self.python),
            **WIDE,
        )

    def show(self, state: State, _: Setup) -> None:
        """Show the file and the code of a state."""
        self.field.show(state)
        self.python.value = to_python(state)

    def _text(self, state: State) -> str:
        """Return the file, with what the user wrote into it as far as it says the same."""
        try:
            return to_text(state.scenario, self.scenario.value)
        except ValueError:  # what is written there is wrong
            return to_text(state.scenario)


def _area(label: str) -> Any:
    rows: dict[str, Any] = {"rows": 16, "auto_grow": True, "max_rows": 40, "max_length": LONGEST}
    return pn.widgets.TextAreaInput(label=label, stylesheets=[_AREA_CSS], **rows, **WIDE)


def _copy(label: str, source: Any) -> Any:
    button = pn.widgets.Button(label=label)
    button.js_on_click(args={"source": source, "button": button}, code=_COPY_JS)
    return button


def _read(state: State, text: str) -> State:
    """Return the state of a file, in the view as it is."""
    return state.changed(window=None).model_copy(update={"scenario": from_text(text).scenario})


def _spectrum(state: State) -> Result:
    setup = build(state)
    omega = grid(view_window(state, setup), edges(setup))
    return Spectrum.compute(setup.atom, setup.neutrinos, setup.model, omega)


def _counts(state: State) -> Result:
    setup = build(state)
    return Counts.compute(setup.experiment, setup.neutrinos, setup.model)


def _bounds(state: State) -> Result:
    setup = build(state)
    return Bounds.compute(setup.neutrinos, setup.model)


RESULTS: dict[str, Callable[[State], Result]] = {
    "spectrum": _spectrum,
    "counts": _counts,
    "limits": lambda state: limits(build(state)),
    "bounds": _bounds,
}
"""What can be saved of a state."""
