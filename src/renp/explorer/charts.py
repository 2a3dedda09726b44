"""Counts, limits and what plans reach, as Bokeh figures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh import plotting
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, Legend, LegendItem, Range1d, Whisker

from renp.explorer.look import MODEL, OWN, PLAN, fold, paint, symbol, write_powers
from renp.explorer.theme import Look

_SYMBOLS = {
    "magnetic-moment": "μ",
    "electric-moment": "ε",
    "charge": "Q",
    "charge-radius": "⟨r²⟩",
    "anapole": "a",
}
_MARKERS = ("circle", "diamond", "square", "triangle")


class Chart:
    """A figure with a title."""

    def __init__(self, name: str, x_range: Any, **options: Any) -> None:
        options = {"y_range": Range1d(0.0, 1.0), "height": 300, "sizing_mode": "stretch_width"} | options
        options |= {"tools": "", "toolbar_location": None}
        self.figure = plotting.figure(name=f"{name}-figure", x_range=x_range, **options)

    def head(self, words: str) -> None:
        """Say above the figure what it shows."""
        self.figure.title.text = words

    def _name(self, names: list[str]) -> None:
        """Write names below a figure; nothing is sent where they are there already."""
        if list(self.figure.x_range.factors) != names:
            self.figure.x_range.factors = names


class CountsChart(Chart):
    """Expected counts of each run with their Poisson errors, beside those of the standard model."""

    def __init__(self, look: Look) -> None:
        super().__init__("counts", FactorRange())
        columns = ("run", "energy", "expected", "standard", "observed", "low", "high")
        self.source = ColumnDataSource({name: [] for name in columns}, name="counts")
        ink = {"fill_color": look.bar, "line_color": look.ink, "line_alpha": 0.4}
        self.figure.vbar(
            x="run", top="standard", width=0.6, source=self.source, legend_label="standard model", **ink
        )
        points = self.figure.scatter(
            x="run", y="expected", size=10, color=MODEL, source=self.source, legend_label="model, with √N"
        )
        self.bars = Whisker(
            base="run", lower="low", upper="high", source=self.source, line_color=MODEL, line_width=2
        )
        self.bars.upper_head.line_color = self.bars.lower_head.line_color = MODEL
        self.figure.add_layout(self.bars)
        self.observed = self.figure.scatter(
            x="run", y="observed", size=12, marker="x", line_width=3, color=look.ink, source=self.source
        )
        self._seen = LegendItem(label="observed", renderers=[self.observed])
        tips = [
            ("run", "@run: @energy{0.000000000} eV"),
            ("expected", "@expected{0.00}"),
            ("standard model", "@standard{0.00}"),
            ("observed", "@observed"),
        ]
        self.figure.add_tools(HoverTool(renderers=[points], tooltips=tips))
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "run", "counts"
        fold(self.figure, self.figure.legend[0])
        paint(self.figure, look)

    def show(
        self,
        energies: Sequence[float],
        expected: Any,
        standard: Any,
        days: Any = 1.0,
        observed: Any = None,
    ) -> None:
        """Show the counts of runs, or by day if their days are given; observed ones where there are any."""
        names = [str(k + 1) for k in range(len(energies))]
        error = np.sqrt(expected) / days
        expected, standard = expected / days, standard / days
        self._name(names)
        seen = np.full(len(names), np.nan) if observed is None else np.asarray(observed) / days
        items = [item for item in self.figure.legend[0].items if item is not self._seen]
        self.figure.legend[0].items = items if observed is None else [*items, self._seen]
        self.source.data = {
            "run": names,
            "observed": seen,
            "energy": list(energies),
            "expected": expected,
            "standard": standard,
            "low": expected - error,
            "high": expected + error,
        }
        top = float(np.nanmax(np.concatenate([expected + error, standard, seen]), initial=0.0))
        self.figure.y_range.end = 1.08 * top or 1.0


class LimitsChart(Chart):
    """Upper limits on a logarithmic axis, one point for each coupling; two sets of them if there are two."""

    def __init__(self, look: Look, name: str = "limits", *, quantity: str = "upper limit") -> None:
        super().__init__(name, FactorRange(), y_axis_type="log")
        self._quantity = quantity
        self.source, self.beside = (
            ColumnDataSource(_points({}), name=name) for name in (name, f"{name}-beside")
        )
        points = [
            self.figure.scatter(
                "name", "limit", marker="marker", size=size, fill_color=fill, line_color=line, source=source
            )
            for source, size, fill, line in ((self.beside, 12, None, OWN), (self.source, 11, PLAN, PLAN))
        ]
        self._points = dict(zip(("beside", "main"), points, strict=True))
        self._legend = Legend()
        fold(self.figure, self._legend)
        tips = [("", "@name"), (quantity, "@limit{0.00e}")]
        self.figure.add_tools(HoverTool(renderers=points, tooltips=tips))
        self.figure.xaxis.major_label_orientation = 1.1
        write_powers(self.figure.yaxis[0], between=True)
        paint(self.figure, look)

    def show(
        self,
        limits: Mapping[str, float],
        unit: str,
        beside: Mapping[str, float] | None = None,
        *,
        words: tuple[str, str] = ("limits", ""),
    ) -> None:
        """Show limits by name, and others beside them (open, in another colour), called so in the legend."""
        others = beside or {}
        kinds = list(dict.fromkeys(name.rpartition(" ")[0] for name in limits))
        said = [(words[0], "main", 0)] if len(kinds) < 2 else []
        said += [(kind.replace("-", " "), "main", _first(limits, kind)) for kind in kinds if len(kinds) > 1]
        said += [(words[1], "beside", 0)] if others else []
        self._legend.items = [
            LegendItem(label=name, renderers=[self._points[of]], index=k) for name, of, k in said
        ]
        self._name([_short(name) for name in limits])
        self.source.data, self.beside.data = _points(limits), _points(others)
        values = [v for v in (*limits.values(), *others.values()) if 0 < v < math.inf]
        low, high = (min(values), max(values)) if values else (0.1, 10.0)
        self.figure.y_range.update(start=low / 1.6, end=high * 1.6)
        self.label(self._quantity, unit)

    def label(self, quantity: str, unit: str) -> None:
        """Say what the vertical axis shows."""
        self.figure.yaxis.axis_label = f"{quantity} ({symbol(unit)})" if unit else quantity


def _first(limits: Mapping[str, float], kind: str) -> int:
    return next(k for k, name in enumerate(limits) if name.rpartition(" ")[0] == kind)


def _short(name: str) -> str:
    """Return the name of a coupling as it fits below an axis: "μ 12"."""
    kind, _, label = name.rpartition(" ")
    return f"{_SYMBOLS.get(kind, kind)} {label}".strip()


def _points(limits: Mapping[str, float]) -> dict[str, list[Any]]:
    """Return the columns of points, whose markers say the kind of each coupling."""
    kinds = [name.rpartition(" ")[0] for name in limits]
    order = list(dict.fromkeys(kinds))
    return {
        "name": [_short(name) for name in limits],
        "limit": [v if v < math.inf else math.nan for v in limits.values()],
        "marker": [_MARKERS[order.index(kind) % len(_MARKERS)] for kind in kinds],
    }
