"""What the spectrum shows: parts, ratio, and the window for those who do not use a mouse."""

from collections.abc import Callable
from typing import Any

import panel as pn

from renp.explorer.fields import Edit, Field, check_box, number_in, text_input, text_of, ticked
from renp.explorer.look import Look
from renp.explorer.sampling import PAIRS, edges, view_window, whole_range
from renp.explorer.setup import Setup
from renp.explorer.state import State

WIDTHS = {"10⁻² eV": 1e-2, "10⁻³ eV": 1e-3, "10⁻⁴ eV": 1e-4, "10⁻⁵ eV": 1e-5}

_PARTS = {"total": "total", "by pair": "pairs", "by interaction": "interactions"}


class ViewControls:
    """Parts, ratio and window of the spectrum; ``current`` returns what the state says."""

    def __init__(self, edit: Edit, look: Look, current: Callable[[], Setup]) -> None:
        self._current = current
        parts = pn.widgets.RadioButtonGroup(
            label="Parts", options=_PARTS, color="primary", variant="outline", margin=(6, 10)
        )
        ratio = check_box("ratio to the standard model")
        low, high = text_input("from ω (eV)"), text_input("to ω (eV)")
        self.fields = [
            Field("parts", parts, edit, look),
            Field(
                "ratio",
                ratio,
                edit,
                look,
                lambda s: ticked(s.ratio),
                lambda s, v: s.changed(ratio=bool(v)),
            ),
            Field("window", low, edit, look, lambda s: self._end(s, 0), self._with_end(0)),
            Field("window.high", high, edit, look, lambda s: self._end(s, 1), self._with_end(1)),
        ]
        self.pair = pn.widgets.Select(label="Threshold", options=list(PAIRS), width=90)
        self.width = pn.widgets.Select(label="Window", options=WIDTHS, width=110)
        buttons = [
            _button("Zoom", lambda: edit("window", self._zoomed)),
            _button("Around all", lambda: edit("window", lambda s: s.changed(window=None))),
            _button("Whole range", lambda: edit("window", self._whole)),
        ]
        for field in self.fields:
            field.view.sizing_mode = field.words.sizing_mode = None
        self.top = pn.FlexBox(*(field.view for field in self.fields[:2]), sizing_mode="stretch_width")
        ends = [field.view for field in self.fields[2:]]
        for end in ends:
            end.width = 160
        self.bottom = pn.FlexBox(
            self.pair, self.width, *buttons, *ends, align_items="end", sizing_mode="stretch_width"
        )

    def _zoomed(self, state: State) -> State:
        """Return the state that shows a threshold, a little right of the middle: all happens below it."""
        edge = edges(self._current())[self.pair.value]
        return state.changed(window=(edge - 0.7 * self.width.value, edge + 0.3 * self.width.value))

    def _whole(self, state: State) -> State:
        return state.changed(window=whole_range(self._current()))

    def _end(self, state: State, k: int) -> str:
        return text_of(float(f"{view_window(state, self._current())[k]:.10g}"))

    def _with_end(self, k: int) -> Callable[[State, str], State]:
        def write(state: State, text: str) -> State:
            ends = list(view_window(state, self._current()))
            ends[k] = number_in("eV", text, photon=True)
            if not 0 <= ends[0] < ends[1]:
                raise ValueError(f"{text}: must be a photon energy that leaves a window of positive width")
            return state.changed(window=(ends[0], ends[1]))

        return write


def _button(label: str, action: Callable[[], None]) -> Any:
    button = pn.widgets.Button(label=label, align="end", margin=(5, 5))
    button.on_click(lambda _: action())
    return button
