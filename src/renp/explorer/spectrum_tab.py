"""Spectrum: its parts, its ratio to the standard model, and the window for those who do not use a mouse."""

from collections.abc import Callable
from functools import partial

import panel as pn

from renp.explorer.fields import (
    WIDE,
    Edit,
    Field,
    Select,
    button,
    check_box,
    number_in,
    radio,
    text_input,
    text_of,
    ticked,
)
from renp.explorer.live import PAIRS, curves, edges, view_window, whole_range
from renp.explorer.setup import Setup
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.state import State

WIDTHS = {"10⁻² eV": 1e-2, "10⁻³ eV": 1e-3, "10⁻⁴ eV": 1e-4, "10⁻⁵ eV": 1e-5}

_PARTS = {"total": "total", "by pair": "pairs", "by interaction": "interactions"}


class SpectrumTab:
    """The spectrum between its controls; ``current`` returns what the state says."""

    def __init__(self, edit: Edit, plot: SpectrumPlot, current: Callable[[], Setup]) -> None:
        self._current, self._plot = current, plot

        def tick(state: State, value: list[bool]) -> State:
            return state.changed(ratio=bool(value))

        ratio = check_box("ratio to the standard model")
        self.fields = [
            Field("parts", radio("Parts", _PARTS, margin=(6, 10)), edit),
            Field("ratio", ratio, edit, lambda s: ticked(s.ratio), tick),
            Field("window", text_input("from ω (eV)"), edit, self._end(0), self._with_end(0)),
            Field("window.high", text_input("to ω (eV)"), edit, self._end(1), self._with_end(1)),
        ]
        self.pair = Select(label="Threshold", options=list(PAIRS), width=90)
        self.width = Select(label="Window", options=WIDTHS, width=110)
        windows: dict[str, Callable[[State], tuple[float, float] | None]] = {
            "Zoom": self._zoomed,
            "Around all": lambda _: None,
            "Whole range": lambda _: whole_range(self._current()),
        }

        def show_window(window: Callable[[State], tuple[float, float] | None]) -> None:
            edit("window", lambda state: state.changed(window=window(state)))

        buttons = [
            button(label, partial(show_window, window), align="end", margin=(5, 5))
            for label, window in windows.items()
        ]
        for field in self.fields:
            field.view.sizing_mode = field.words.sizing_mode = None
        views = [field.view for field in self.fields]
        for end in views[2:]:
            end.width = 160
        self.view = pn.Column(
            pn.FlexBox(*views[:2], **WIDE),
            plot.figure,
            pn.FlexBox(self.pair, self.width, *buttons, *views[2:], align_items="end", **WIDE),
            **WIDE,
        )

    def show(self, state: State, setup: Setup) -> None:
        """Compute the curves, and show them."""
        window = view_window(state, setup)
        self._plot.show(curves(setup, window, state.parts), window, ratio=state.ratio)

    def _zoomed(self, _: State) -> tuple[float, float]:
        """Return a window with a threshold a little right of its middle: all happens below it."""
        edge = edges(self._current())[self.pair.value]
        return edge - 0.7 * self.width.value, edge + 0.3 * self.width.value

    def _end(self, k: int) -> Callable[[State], str]:
        return lambda state: text_of(float(f"{view_window(state, self._current())[k]:.10g}"))

    def _with_end(self, k: int) -> Callable[[State, str], State]:
        def write(state: State, text: str) -> State:
            ends = list(view_window(state, self._current()))
            ends[k] = number_in("eV", text, photon=True)
            if not 0 <= ends[0] < ends[1]:
                raise ValueError(f"{text}: must be a photon energy that leaves a window of positive width")
            return state.changed(window=(ends[0], ends[1]))

        return write
