"""The spectrum as a Bokeh figure: curves, thresholds, and runs as lines that can be dragged."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bokeh import plotting
from bokeh.events import RangesUpdate, Reset
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    HoverTool,
    Legend,
    LegendItem,
    PointDrawTool,
    Range1d,
)

from renp.explorer.live import Curves
from renp.explorer.look import MODEL, OWN, PLAN, EnergyAxis, fold, paint, part_styles
from renp.explorer.theme import Look
from renp.scenario.schema import RunSection

MOST_PARTS = 12

_APART = 0.06
"""Thresholds nearer than this part of the window have one label."""

_ROOM = 0.3
"""Labels nearer than this part of the window, the width of one on a phone, stand in different rows."""

_BAND = 0.8
"""Share of the height for curves and runs; above it are the labels of thresholds."""

_LOW = "@media (max-width: 860px) { :host { max-height: 40vh; } }"
"""On a phone the whole figure is in view above the controls."""

_FOLLOW_JS = """
const now = Date.now()
if (now - (this.last || 0) < 40) return
this.last = now
mirror.data = {x: Array.from(handles.data.x), run: Array.from(handles.data.run)}
"""
"""Tells the server where the lines are while one is dragged: the tool itself does so when it is let go."""


class SpectrumPlot:
    """A figure of I(ω), or of its ratio to the standard model, over a window of photon energies.

    Parameters
    ----------
    name
        Of the figure, for whoever looks for it in the page.
    look
        Colours.
    on_window
        Told the window when a user zooms or pans; None to go back to the usual one.
    on_runs
        Told (number of the run or 0 for a new one, photon energy) of every line when a user moves, adds or
        removes one; without it, runs cannot be moved.
    height
        Pixels.
    """

    def __init__(
        self,
        name: str,
        look: Look,
        on_window: Callable[[tuple[float, float] | None], None],
        on_runs: Callable[[list[tuple[int, float]]], None] | None = None,
        height: int = 480,
    ) -> None:
        self._on_window, self._on_runs, self._look = on_window, on_runs, look
        self._held = False
        self._part_names: list[str] = []
        self._runs: Any = None
        editable = on_runs is not None
        self.figure = plotting.figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=Range1d(0.0, 1.0),
            y_range=Range1d(0.0, 1.0),
            tools="xpan,xbox_zoom,xwheel_zoom,reset,save",
            active_scroll="xwheel_zoom",
            active_drag=None if editable else "xpan",
            output_backend="canvas",
            name=f"{name}-figure",
            stylesheets=[_LOW],
        )
        self.figure.extra_y_ranges = {"fraction": Range1d(0.0, 1.0)}
        self.axis = EnergyAxis(self.figure.xaxis[0])
        self.curves = ColumnDataSource({"x": [], "model": [], "standard": []}, name="curves")
        self.parts = ColumnDataSource({"x": [], **{f"part{k}": [] for k in range(MOST_PARTS)}})
        self.marks = ColumnDataSource({"x": []}, name="thresholds")
        self.labels = ColumnDataSource({"x": [], "y": [], "text": []})
        self.handles = ColumnDataSource({"x": [], "run": []}, name="handles")
        self.own = ColumnDataSource({"x": []})
        self.other = ColumnDataSource({"x": []}, name="plan-lines")
        self._draw_marks()
        self._draw_curves()
        if editable:
            self._draw_runs()
        self._draw_labels()
        self.figure.on_event(RangesUpdate, self._moved)
        self.figure.on_event(Reset, lambda _: self._on_window(None))
        paint(self.figure, look)

    def show(self, curves: Curves, window: tuple[float, float], *, ratio: bool = False) -> None:
        """Show curves; the window of the axis is moved only where it differs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(curves.standard > 0, 1 / curves.standard, np.nan) if ratio else 1.0
        lines = {"model": curves.model * scale, "standard": curves.standard * scale}
        self.curves.data = {"x": curves.omega, **lines}
        self._show_parts(curves, scale)
        self._show_height(list(lines.values()), ratio)
        self._show_marks(curves.thresholds, window)
        self._show_legend()
        self.axis.show(window, curves.thresholds)
        label = "I(ω) / I(ω) of the standard model" if ratio else "spectral function I(ω)"
        self.figure.yaxis[0].axis_label = label
        if (self.figure.x_range.start, self.figure.x_range.end) != window:
            self.figure.x_range.update(start=window[0], end=window[1])

    def show_runs(self, runs: Sequence[RunSection]) -> None:
        """Show the runs as lines, unless the user is just moving them."""
        energies = [run.photon_energy for run in runs]
        known = self.handles.data
        if self._held or (list(known["x"]) == energies and list(known["run"]) == [*range(1, len(runs) + 1)]):
            return
        self._held = True  # this is no user's doing
        try:
            self.handles.data = {"x": energies, "run": [*range(1, len(runs) + 1)]}
        finally:
            self._held = False
        self._show_legend()

    def show_other(self, energies: Sequence[float]) -> None:
        """Show the lines of a plan."""
        self.other.data = {"x": list(energies)}
        self._show_legend()

    def show_own(self, energies: Sequence[float]) -> None:
        """Show runs that cannot be moved, beside a plan."""
        self.own.data = {"x": list(energies)}
        self._show_legend()

    def _draw_marks(self) -> None:
        self._thresholds = self.figure.vspan(
            x="x", source=self.marks, line_color=self._look.ink, line_alpha=0.35
        )
        self._own = self._upright(self.own, line_color=OWN, line_width=2, line_dash=[3, 3])
        self._other = self._upright(self.other, line_color=PLAN, line_width=3)

    def _upright(self, source: ColumnDataSource, **look: Any) -> Any:
        """Return lines that end below the labels of the thresholds."""
        return self.figure.segment("x", 0.0, "x", _BAND, source=source, y_range_name="fraction", **look)

    def _draw_labels(self) -> None:
        """Draw the names of the thresholds, last, so that no line hides them."""
        self.figure.text(
            x="x",
            y="y",
            text="text",
            source=self.labels,
            y_range_name="fraction",
            text_align="right",
            text_baseline="top",
            x_offset=-3,
            text_font_size="13px",
            text_color=self._look.ink,
            background_fill_color=self._look.ground,
            background_fill_alpha=0.75,
        )

    def _draw_curves(self) -> None:
        dashed = {"line_color": self._look.ink, "line_width": 2, "line_dash": [8, 5]}
        self._model = self.figure.line("x", "model", source=self.curves, line_color=MODEL, line_width=2.5)
        self._standard = self.figure.line("x", "standard", source=self.curves, **dashed)
        self._parts = [
            self.figure.line("x", f"part{k}", source=self.parts, line_width=2, visible=False, **style)
            for k, style in enumerate(part_styles(MOST_PARTS))
        ]
        tips = [("ω", "@x{0.000000000} eV"), ("model", "@model"), ("standard model", "@standard")]
        self.figure.add_tools(HoverTool(renderers=[self._model], mode="vline", tooltips=tips))
        self._legend = Legend()
        fold(self.figure, self._legend)

    def _draw_runs(self) -> None:
        lines: dict[str, Any] = {"line_color": OWN, "line_width": 2.5, "line_alpha": 0.8}
        self._runs = self._upright(self.handles, nonselection_line_alpha=0.5, **lines)
        shapes: dict[str, Any] = {
            "marker": "triangle",
            "size": 20,
            "fill_color": OWN,
            "line_color": self._look.ink,
            "nonselection_alpha": 0.5,
        }
        handles = self.figure.scatter("x", 0.05, source=self.handles, y_range_name="fraction", **shapes)
        tool = PointDrawTool(renderers=[handles], description="Drag, add (tap) or remove (Backspace) runs")
        self.figure.add_tools(tool)
        self.figure.toolbar.active_drag = self.figure.toolbar.active_tap = tool
        mirror = ColumnDataSource({"x": [], "run": []}, name="mirror")
        follow = CustomJS(args={"handles": self.handles, "mirror": mirror}, code=_FOLLOW_JS)
        self.handles.js_on_change("change", follow)
        mirror.on_change("data", self._dragged)
        self.handles.on_change("data", self._dropped)

    def _dragged(self, _: str, __: Any, data: dict[str, Any]) -> None:
        if list(data["run"]) != list(self.handles.data["run"]):
            return  # a line was added or removed: the tool itself tells of it
        self._held = True
        try:
            self._tell(data)
        finally:
            self._held = False

    def _dropped(self, _: str, __: Any, data: dict[str, Any]) -> None:
        if not self._held:
            self._tell(data)

    def _tell(self, data: dict[str, Any]) -> None:
        if self._on_runs is not None:
            numbers = [int(run or 0) for run in data["run"]]
            self._on_runs([(number, float(x)) for number, x in zip(numbers, data["x"], strict=True)])

    def _moved(self, event: RangesUpdate) -> None:
        if event.x0 is not None and event.x1 is not None and event.x0 < event.x1:
            self._on_window((float(event.x0), float(event.x1)))

    def _show_parts(self, curves: Curves, scale: Any) -> None:
        names = list(curves.parts)[:MOST_PARTS]
        shown = {f"part{k}": curves.parts[name] * scale for k, name in enumerate(names)}
        if names or len(self.parts.data["x"]):
            empty = np.full(curves.omega.size if names else 0, np.nan)
            rest = {f"part{k}": empty for k in range(len(names), MOST_PARTS)}
            self.parts.data = {"x": curves.omega if names else empty, **shown, **rest}
        for k, line in enumerate(self._parts):
            line.visible = k < len(names)
        self._part_names = names

    def _show_legend(self) -> None:
        """Name each kind of line that there is."""
        wanted = {"model": self._model, "standard model": self._standard}
        pairs = {f"pair {name}" if name.isdigit() else name: name for name in self._part_names}
        wanted |= dict(zip(pairs, self._parts, strict=False))
        for name, line, source in (
            ("thresholds", self._thresholds, self.marks),
            ("runs", self._runs, self.handles),
            ("your runs", self._own, self.own),
            ("the plan's runs", self._other, self.other),
        ):
            if line is not None and len(source.data["x"]):
                wanted[name] = line
        if [item.label.value for item in self._legend.items] != list(wanted):
            self._legend.items = [
                LegendItem(label={"value": name}, renderers=[line]) for name, line in wanted.items()
            ]

    def _show_height(self, lines: list[Any], ratio: bool) -> None:
        """Fit the height to the model, but not to a pole that would flatten all else."""
        model, standard = (float(np.nanmax(line, initial=0.0)) for line in lines)
        top = min(model, 8 * standard) if standard > 0 else model
        low = float(np.nanmin(self.curves.data["model"], initial=1.0)) if ratio else 0.0
        start = 0.0 if low < 0.9 or not ratio else 1 - 1.2 * max(top - 1, 1e-3)
        self.figure.y_range.start, self.figure.y_range.end = (
            start,
            start + ((top - start) or 1.0) / (0.97 * _BAND),
        )

    def _show_marks(self, thresholds: dict[str, float], window: tuple[float, float]) -> None:
        low, high = window
        inside = sorted((edge, pair) for pair, edge in thresholds.items() if low <= edge <= high)
        self.marks.data = {"x": [edge for edge, _ in inside]}
        groups: list[tuple[list[float], list[str]]] = []
        for edge, pair in inside:
            if groups and edge - groups[-1][0][-1] < _APART * (high - low):
                groups[-1][0].append(edge)
                groups[-1][1].append(pair)
            else:
                groups.append(([edge], [pair]))
        rows = [0]
        for (before, _), (after, _) in itertools.pairwise(groups):
            rows.append(0 if after[0] - before[0] > _ROOM * (high - low) else rows[-1] + 1)
        texts = [("pair " if len(pairs) == 1 else "pairs ") + " ".join(pairs) for _, pairs in groups]
        self.labels.data = {
            "x": [found[0] for found, _ in groups],
            "y": [0.99 - 0.06 * (row % 3) for row in rows[: len(groups)]],
            "text": texts,
        }
