"""Bounds: where the model stands with every experiment of the catalogue."""

from html import escape

import panel as pn

from renp.bounds.comparison import ModelComparison, limit_in_words
from renp.explorer.charts import BoundsChart
from renp.explorer.counts_tab import TABLE_CSS
from renp.explorer.look import Look
from renp.explorer.setup import Setup
from renp.results.bounds import Bounds

_HEAD = ("experiment", "quantity", "limit", "unit", "model", "verdict", "source")


class BoundsTab:
    """The model over each limit, and a table of all."""

    def __init__(self, look: Look) -> None:
        self.chart = BoundsChart(look)
        self.words = pn.pane.HTML("", margin=(0, 10), sizing_mode="stretch_width")
        self.table = pn.pane.HTML("", margin=(0, 10), sizing_mode="stretch_width", stylesheets=[TABLE_CSS])
        self.view = pn.Column(self.words, self.chart.figure, self.table, sizing_mode="stretch_width")
        self.result: Bounds | None = None

    def show(self, setup: Setup) -> None:
        """Compare the model, and show it."""
        self.result = Bounds.compute(setup.neutrinos, setup.model)
        comparisons = self.result.comparisons
        self.chart.show(comparisons)
        self.words.object = summary(comparisons)
        self.table.object = bounds_table(comparisons)


def summary(comparisons: tuple[ModelComparison, ...]) -> str:
    """Return in a sentence how many limits the model respects."""
    excluded = [c for c in comparisons if c.excluded]
    compared = [c for c in comparisons if c.compared]
    words = f"{len(excluded)} of {len(compared)} limits that the model is compared with exclude it"
    return f"<p role='status'>{words}; {len(comparisons)} are in the catalogue.</p>"


def bounds_table(comparisons: tuple[ModelComparison, ...]) -> str:
    """Return all entries as an HTML table; an excluded one has its verdict in bold."""
    head = "".join(f"<th scope='col' class='words'>{cell}</th>" for cell in _HEAD)
    body = "".join(_row(comparison) for comparison in comparisons)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(comparison: ModelComparison) -> str:
    entry = comparison.bound
    value = "" if comparison.effective is None else f"{comparison.effective:.3g}"
    source = f"arXiv:{entry.arxiv}" if entry.arxiv else entry.reference
    verdict = comparison.verdict + (f": {comparison.remark}" if comparison.remark else "")
    cells = [f"{entry.experiment} ({entry.year})", entry.observable, limit_in_words(entry), entry.unit]
    text = "".join(f"<td class='words'>{escape(cell)}</td>" for cell in cells)
    text += f"<td class='words number'>{escape(value)}</td>"
    text += f"<td class='words verdict'>{escape(verdict)}</td><td class='words'>{escape(source)}</td>"
    mark = " class='excluded'" if comparison.excluded else ""
    return f"<tr{mark}>{text}</tr>"
