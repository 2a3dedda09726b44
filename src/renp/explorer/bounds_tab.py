"""Bounds: where the model stands with every experiment of the catalogue."""

import math
import re
from collections.abc import Sequence
from html import escape

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, Range1d, Span

from renp.bounds.catalogue import ModelComparison, limit_in_words
from renp.explorer.charts import Chart
from renp.explorer.fields import WIDE, Field, html
from renp.explorer.look import MODEL, fold, paint, symbol, write_powers
from renp.explorer.setup import Setup
from renp.explorer.state import State
from renp.explorer.theme import Look
from renp.results.bounds import Bounds

_HEAD = ("experiment", "quantity", "limit", "unit", "model", "verdict", "source")


class BoundsTab:
    """The model over each limit, and a table of all."""

    def __init__(self, look: Look) -> None:
        self.fields: list[Field] = []
        self.chart = BoundsChart(look)
        self.words, self.table = html(), html()
        self.view = pn.Column(self.words, self.chart.figure, self.table, **WIDE)

    def show(self, _: State, setup: Setup) -> None:
        """Compare the model, and show it."""
        comparisons = Bounds.compute(setup.neutrinos, setup.model).comparisons
        excluded, compared = (
            sum(bool(getattr(c, of)) for c in comparisons) for of in ("excluded", "compared")
        )
        words = f"{excluded} of {compared} limits that the model is compared with exclude it"
        self.chart.show(comparisons)
        self.words.object = f"<p role='status'>{words}; {len(comparisons)} are in the catalogue.</p>"
        head = "".join(f"<th scope='col' class='words'>{cell}</th>" for cell in _HEAD)
        body = "".join(_row(comparison) for comparison in comparisons)
        self.table.object = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(comparison: ModelComparison) -> str:
    """Return an entry as a row of the table; an excluded one has its verdict in bold."""
    entry = comparison.bound
    value = "" if comparison.effective is None else f"{comparison.effective:.3g}"
    verdict = comparison.verdict + (f": {comparison.remark}" if comparison.remark else "")
    cells = [
        ("words long", f"{entry.experiment} ({entry.year})"),
        ("words long", entry.observable),
        ("words long", limit_in_words(entry)),
        ("words", symbol(entry.unit)),
        ("words number", value),
        ("words long verdict", verdict),
        ("words long", f"arXiv:{entry.arxiv}" if entry.arxiv else entry.reference),
    ]
    text = "".join(f"<td class='{kind}'>{_whole_numbers(escape(cell))}</td>" for kind, cell in cells)
    return f"<tr class='excluded'>{text}</tr>" if comparison.excluded else f"<tr>{text}</tr>"


def _whole_numbers(text: str) -> str:
    """Return HTML whose numbers are not broken at the sign of their powers.

    Examples
    --------
    >>> _whole_numbers("below 2e-11")
    "below <span class='number'>2e-11</span>"
    """
    return re.sub(r"[\d.]+e[+-]\d+", r"<span class='number'>\g<0></span>", text)


class BoundsChart(Chart):
    """A model over the limit of every experiment that it is compared with, all on one logarithmic axis."""

    def __init__(self, look: Look) -> None:
        rows = FactorRange(range_padding=0.7, range_padding_units="absolute")
        super().__init__("bounds", Range1d(0.01, 100.0), y_range=rows, x_axis_type="log")
        self.figure.extra_x_ranges = {"left": Range1d(1.0, 10.0)}  # in powers of ten, as the axis
        columns = ("name", "quantity", "ratio", "solid", "verdict", "said")
        self.source = ColumnDataSource({column: [] for column in columns}, name="bounds")
        marks = {"marker": "diamond", "size": 15, "color": MODEL, "fill_alpha": "solid"}
        points = self.figure.scatter("ratio", "name", source=self.source, legend_field="said", **marks)
        fold(self.figure, self.figure.legend[0], ("allows the model", "excludes the model"))
        one = {"line_color": look.ink, "line_width": 2, "level": "underlay"}  # names are not struck through
        self.figure.add_layout(Span(location=1.0, dimension="height", **one))
        tips = [("", "@name"), ("", "@quantity"), ("model / limit", "@ratio{0.000}"), ("", "@verdict")]
        self.figure.add_tools(HoverTool(renderers=[points], tooltips=tips))
        # Names stand above their rows: beside the axis they would take the whole screen of a phone.
        self.figure.yaxis.visible = False
        placed = {"x_range_name": "left", "x_offset": 4, "y_offset": -8}
        ink = {"text_font_size": "13px", "text_color": look.ink, "background_fill_color": look.ground}
        self.figure.text(1.0, "name", text="name", source=self.source, **placed, **ink)
        write_powers(self.figure.xaxis[0])
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
            "solid": [float(bool(c.excluded)) for c in shown],
            "said": ["excludes the model" if c.excluded else "allows the model" for c in shown],
            "verdict": [c.verdict for c in shown],
        }
        low, high = min([0.2, *ratios]), max([5.0, *ratios])
        self.figure.x_range.update(start=low / 2, end=high * 2)
