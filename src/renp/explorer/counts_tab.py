"""Counts and limits: runs that are dragged, and what they see."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import panel as pn

from renp.constants import DAY
from renp.explorer.charts import CountsChart, LimitsChart
from renp.explorer.fields import Edit
from renp.explorer.live import Expected, expected, limits
from renp.explorer.look import Look
from renp.explorer.run_controls import RunControls
from renp.explorer.setup import Setup
from renp.explorer.state import State
from renp.explorer.timing import in_background
from renp.interactions.dipole import MOMENTS
from renp.results.limits import Limits
from renp.scenario.schema import RunSection

MOMENT_KINDS = tuple(moment.kind for moment in MOMENTS)


class CountsTab:
    """Fields of the runs, their counts and the limits on every coupling."""

    def __init__(self, edit: Edit, look: Look, plot: Any) -> None:
        self._wanted: Setup | None = None
        self._searching = False
        self.controls = RunControls(edit, look)
        self.counts, self.limits = CountsChart(look), LimitsChart(look)
        self.table = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10), stylesheets=[TABLE_CSS])
        self.other = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10))
        hint = "Drag a line, tap to add one, or use the fields below."
        figures = [beside(chart.figure) for chart in (self.counts, self.limits)]
        charts = pn.Column(*figures, stylesheets=[WRAPPED], sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(
            pn.pane.HTML(hint, margin=(0, 10)),
            plot,
            charts,
            self.table,
            self.other,
            self.controls.view,
            sizing_mode="stretch_width",
        )

    def show(self, state: State, setup: Setup) -> None:
        """Compute counts and limits, and show them."""
        self.controls.show(state)
        found = expected(setup)
        runs = state.scenario.run
        self.counts.show([run.photon_energy for run in runs], found.model, found.standard)
        days = sum(run.duration for run in runs) / DAY
        self.counts.head(f"expected counts in {days:.6g} days")
        self.table.object = counts_table(runs, found)
        self._wanted = setup
        if not self._searching:
            self._search(setup)

    def _search(self, setup: Setup) -> None:
        """Search for the limits of what is shown, which takes longer than a slider waits."""
        self._wanted, self._searching = setup, True
        self.limits.head("upper limits: computing …")

        def search() -> Callable[[], None]:
            try:
                result = limits(setup)
            except (ValueError, FloatingPointError) as error:
                words = str(error)
                return lambda: self._finish(setup, None, words)
            return lambda: self._finish(setup, result, "")

        in_background(search)

    def _finish(self, setup: Setup, found: Limits | None, words: str) -> None:
        self._searching = False
        if self._wanted is not None and self._wanted is not setup:
            self._search(self._wanted)
        elif found is None:
            self.limits.show({}, "μ_B")
            self.limits.head("upper limits")
            self.other.object = f"<p role='status'>{escape(words)}</p>"
        else:
            moments = {f"{k} {e}": v for k in MOMENT_KINDS for e, v in found.limits[k].items()}
            self.limits.show(moments, "μ_B")
            self.limits.head(f"{found.kind} upper limits, {100 * found.confidence_level:g} % C.L.")
            self.other.object = _others(found)


WRAPPED = ":host { flex-direction: row; flex-wrap: wrap; }"
"""Beside one another; a FlexBox does not finish its figures while it is hidden."""


def beside(figure: Any) -> Any:
    """Let a figure stand beside others, or below them where there is no room."""
    figure.styles = {"flex": "1 1 340px", "min-width": "0"}
    return figure


TABLE_CSS = """
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
td, th { padding: 3px 12px 3px 0; text-align: right; }
th { font-weight: 600; border-bottom: 1px solid currentColor; }
td.words, th.words { text-align: left; }
td.number { white-space: nowrap; }
tr.excluded td.verdict { font-weight: 700; }
:host { overflow-x: auto; }
"""


def counts_table(runs: Sequence[RunSection], found: Expected) -> str:
    """Return the counts of each run as an HTML table.

    Examples
    --------
    >>> import numpy as np
    >>> from renp.explorer.state import new_run
    >>> one = np.array([4.0])
    >>> "4.00 ± 2.00" in counts_table([new_run(1.068)], Expected(one, one))
    True
    """
    head = ("run", "ω (eV)", "days", "expected", "standard model")
    rows = zip(runs, found.model, found.standard, strict=True)
    cells = [
        (str(k + 1), f"{run.photon_energy:.9g}", f"{run.duration / DAY:.6g}", _with_error(n), f"{sm:.2f}")
        for k, (run, n, sm) in enumerate(rows)
    ]
    return html_table(head, cells)


def html_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return an HTML table of text."""
    first = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"


def _with_error(counts: float) -> str:
    return f"{counts:.2f} ± {counts**0.5:.2f}"


def _others(found: Limits) -> str:
    """Return the limits on the couplings beside the moments, which have units of their own."""
    rows = [
        (f"{kind} {label}", f"{value:.3g}", found.units[kind])
        for kind, of_kind in found.limits.items()
        if kind not in MOMENT_KINDS
        for label, value in of_kind.items()
    ]
    if not rows:
        return ""
    title = "Upper limits on the other couplings; a strength multiplies the interaction as it is set"
    return f"<p>{title}</p>" + html_table(("coupling", "limit", "unit"), rows)
