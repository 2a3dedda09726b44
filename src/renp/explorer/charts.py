"""Counts, limits, what plans reach, and bounds as Bokeh figures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh import plotting
from bokeh.models import (
    ColumnDataSource,
    CustomJSTicker,
    CustomJSTickFormatter,
    FactorRange,
    HoverTool,
    Range1d,
    Span,
    Whisker,
)

from renp.bounds.comparison import ModelComparison
from renp.explorer.look import MODEL, OWN, PLAN, Look, paint

_SYMBOLS = {
    "magnetic-moment": "μ",
    "electric-moment": "ε",
    "charge": "Q",
    "charge-radius": "⟨r²⟩",
    "anapole": "a",
}
_MARKERS = ("circle", "diamond", "square", "triangle")


_POWERS_JS = """
const power = Math.floor(Math.log10(tick) + 1e-9)
if (power >= -2 && power <= 3) return String(Number(tick.toPrecision(3)))
const mantissa = Number((tick / Math.pow(10, power)).toPrecision(3))
const raised = Array.from(String(power)).map(c => c == "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("")
return (mantissa == 1 ? "10" : mantissa + "·10") + raised
"""
"""Writes 2·10⁻¹¹ below a logarithmic axis."""


_LOG_TICKS_JS = """
if (!(cb_data.range.start > 0 && cb_data.range.end < Infinity)) return []
const low = Math.floor(Math.log10(cb_data.range.start)), high = Math.ceil(Math.log10(cb_data.range.end))
const factors = high - low <= 2 ? [1, 2, 3, 5] : high - low <= 4 ? [1, 3] : [1]
const ticks = []
for (let power = low; power <= high; power++)
  for (const factor of factors) ticks.push(factor * Math.pow(10, power))
return ticks.filter(tick => cb_data.range.start <= tick && tick <= cb_data.range.end)
"""
"""Writes numbers also where less than a decade is shown."""


class Chart:
    """A figure with a title."""

    figure: plotting.figure

    def head(self, words: str) -> None:
        """Say above the figure what it shows."""
        self.figure.title.text = words


class CountsChart(Chart):
    """Expected counts of each run with their Poisson errors, beside those of the standard model."""

    def __init__(self, look: Look) -> None:
        self.figure = _figure("counts-figure", FactorRange())
        self.source = ColumnDataSource({name: [] for name in _COUNT_COLUMNS}, name="counts")
        self.figure.vbar(
            x="run",
            top="standard",
            width=0.6,
            source=self.source,
            fill_color=look.bar,
            line_color=look.ink,
            line_alpha=0.4,
            legend_label="standard model",
        )
        points = self.figure.scatter(
            x="run", y="expected", size=10, color=MODEL, source=self.source, legend_label="model, with √N"
        )
        bars = Whisker(
            base="run", lower="low", upper="high", source=self.source, line_color=MODEL, line_width=2
        )
        bars.upper_head.line_color = bars.lower_head.line_color = MODEL
        self.figure.add_layout(bars)
        tips = [
            ("run", "@run: @energy{0.000000000} eV"),
            ("expected", "@expected{0.00}"),
            ("SM", "@standard{0.00}"),
        ]
        self.figure.add_tools(HoverTool(renderers=[points], tooltips=tips))
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "run", "expected counts"
        _legend_above(self.figure)
        paint(self.figure, look)

    def show(self, energies: Sequence[float], expected: Any, standard: Any, days: Any = 1.0) -> None:
        """Show the counts of runs, or by day if their days are given."""
        factors = [str(k + 1) for k in range(len(energies))]
        error = np.sqrt(expected) / days
        expected, standard = expected / days, standard / days
        if list(self.figure.x_range.factors) != factors:
            self.figure.x_range.factors = factors
        self.source.data = {
            "run": factors,
            "energy": list(energies),
            "expected": expected,
            "standard": standard,
            "low": expected - error,
            "high": expected + error,
        }
        top = float(np.max(np.concatenate([expected + error, standard]), initial=0.0))
        self.figure.y_range.end = 1.08 * top or 1.0


_COUNT_COLUMNS = ("run", "energy", "expected", "standard", "low", "high")


class LimitsChart(Chart):
    """Upper limits on a logarithmic axis, one point for each coupling; two sets of them if there are two."""

    def __init__(self, look: Look, name: str = "limits", *, quantity: str = "upper limit") -> None:
        self.figure = _figure(f"{name}-figure", FactorRange(), y_axis_type="log")
        self.source = ColumnDataSource({"name": [], "limit": [], "marker": []}, name=name)
        self.beside = ColumnDataSource({"name": [], "limit": [], "marker": []}, name=f"{name}-beside")
        self._quantity = quantity
        points = [
            self.figure.scatter(
                x="name",
                y="limit",
                marker="marker",
                size=size,
                fill_color=fill,
                line_color=line,
                source=source,
            )
            for source, size, fill, line in ((self.beside, 12, None, OWN), (self.source, 11, PLAN, PLAN))
        ]
        self.figure.add_tools(
            HoverTool(renderers=points, tooltips=[("", "@name"), (quantity, "@limit{0.00e}")])
        )
        self.figure.xaxis.major_label_orientation = 1.1
        self.figure.yaxis.ticker = CustomJSTicker(major_code=_LOG_TICKS_JS)
        self.figure.yaxis.formatter = CustomJSTickFormatter(code=_POWERS_JS)
        paint(self.figure, look)

    def show(self, limits: Mapping[str, float], unit: str, beside: Mapping[str, float] | None = None) -> None:
        """Show limits by name, and others beside them (open, in another colour)."""
        names = [short(name) for name in limits]
        if list(self.figure.x_range.factors) != names:
            self.figure.x_range.factors = names
        self.source.data = _points(names, list(limits), list(limits.values()))
        others = beside or {}
        self.beside.data = _points([short(n) for n in others], list(others), list(others.values()))
        values = [v for v in (*limits.values(), *others.values()) if 0 < v < math.inf]
        low, high = (min(values), max(values)) if values else (0.1, 10.0)
        self.figure.y_range.update(start=low / 1.6, end=high * 1.6)
        self.label(self._quantity, unit)

    def label(self, quantity: str, unit: str) -> None:
        """Say what the vertical axis shows."""
        symbol = unit.replace("μ_B", "μʙ")
        self.figure.yaxis.axis_label = f"{quantity} ({symbol})" if unit else quantity


class BoundsChart(Chart):
    """A model over the limit of every experiment that it is compared with, all on one logarithmic axis."""

    def __init__(self, look: Look) -> None:
        self.figure = _figure(
            "bounds-figure",
            Range1d(0.01, 100.0),
            y_range=FactorRange(range_padding=0.7, range_padding_units="absolute"),
            x_axis_type="log",
        )
        self.figure.extra_x_ranges = {"left": Range1d(1.0, 10.0)}  # in powers of ten, as the axis
        columns = ("name", "quantity", "ratio", "fill", "verdict")
        self.source = ColumnDataSource({column: [] for column in columns}, name="bounds")
        self._look = look
        points = self.figure.scatter(
            x="ratio",
            y="name",
            marker="diamond",
            size=15,
            fill_color="fill",
            line_color=MODEL,
            source=self.source,
        )
        self.figure.add_layout(Span(location=1.0, dimension="height", line_color=look.ink, line_width=2))
        tips = [("", "@name"), ("", "@quantity"), ("model / limit", "@ratio{0.000}"), ("", "@verdict")]
        self.figure.add_tools(HoverTool(renderers=[points], tooltips=tips))
        # Names stand above their rows: beside the axis they would take the whole screen of a phone.
        self.figure.yaxis.visible = False
        self.figure.text(
            x=1.0,
            x_offset=4,
            y="name",
            text="name",
            source=self.source,
            x_range_name="left",
            y_offset=-8,
            text_font_size="13px",
            text_color=look.ink,
        )
        self.figure.xaxis.formatter = CustomJSTickFormatter(code=_POWERS_JS)
        self.figure.xaxis.axis_label = "model / upper limit (above 1: excluded)"
        paint(self.figure, look)

    def show(self, comparisons: Sequence[ModelComparison]) -> None:
        """Show what can be compared and is not zero."""
        shown = [c for c in comparisons if c.ratio is not None and 0 < c.ratio < math.inf]
        shown.sort(key=lambda c: c.ratio or 0.0)
        names = [f"{c.bound.experiment} ({c.bound.year})" for c in shown]
        names = [
            f"{n}, {c.bound.observable}" if names.count(n) > 1 else n
            for n, c in zip(names, shown, strict=True)
        ]
        ratios = [c.ratio or 0.0 for c in shown]
        self.figure.y_range.factors = names
        self.figure.height = 120 + 36 * max(len(names), 1)
        self.source.data = {
            "name": names,
            "quantity": [c.bound.observable for c in shown],
            "ratio": ratios,
            "fill": [MODEL if c.excluded else self._look.ground for c in shown],
            "verdict": [c.verdict for c in shown],
        }
        low, high = min([0.2, *ratios]), max([5.0, *ratios])
        self.figure.x_range.update(start=low / 2, end=high * 2)


def short(name: str) -> str:
    """Return the name of a coupling as it fits below an axis.

    Examples
    --------
    >>> short("magnetic-moment 12")
    'μ 12'
    """
    kind, _, label = name.rpartition(" ")
    return f"{_SYMBOLS.get(kind, kind)} {label}".strip()


def _points(names: list[str], kinds: list[str], values: list[float]) -> dict[str, list[Any]]:
    order = list(dict.fromkeys(name.rpartition(" ")[0] for name in kinds))
    markers = [_MARKERS[order.index(name.rpartition(" ")[0]) % len(_MARKERS)] for name in kinds]
    return {"name": names, "limit": [v if v < math.inf else math.nan for v in values], "marker": markers}


def _figure(name: str, x_range: Any, **options: Any) -> plotting.figure:
    options.setdefault("y_range", Range1d(0.0, 1.0))
    found = plotting.figure(
        name=name,
        height=300,
        sizing_mode="stretch_width",
        x_range=x_range,
        tools="save",
        toolbar_location="above",
        **options,
    )
    found.toolbar.logo = None
    return found


def _legend_above(figure: plotting.figure) -> None:
    legend = figure.legend[0]
    legend.orientation = "horizontal"
    figure.add_layout(legend, "above")
