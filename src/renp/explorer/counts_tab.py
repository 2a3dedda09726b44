"""Counts and limits: runs that are dragged, or set in fields, and what they see."""

import traceback
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import panel as pn

from renp.atoms.effects import effects_of
from renp.atoms.spin import POLARISATIONS
from renp.constants import DAY
from renp.explorer.charts import CountsChart, LimitsChart
from renp.explorer.fields import (
    FAILED,
    WIDE,
    WRAPPED,
    Edit,
    Field,
    Read,
    Write,
    button,
    html,
    in_background,
    number_field,
    number_in,
    select,
    text_input,
    text_of,
)
from renp.explorer.live import curves, expected, limits, usual_window, view_window
from renp.explorer.look import html_table, symbol
from renp.explorer.setup import Setup, build
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.state import State, new_run
from renp.explorer.theme import Look
from renp.interactions.dipole import MOMENTS
from renp.results.goodness import Goodness
from renp.results.limits import Limits

MOMENT_KINDS = tuple(moment.kind for moment in MOMENTS)

_HINT = "Drag a triangle, tap to add a run, or use the fields below."


_COLUMNS = (
    ("photon_energy", "ω (eV)", "eV", 1.0),
    ("duration", "days", "day", DAY),
    ("background", "background / day", "1/day", 1 / DAY),
)


class CountsTab:
    """Fields of the runs, their counts and the limits on every coupling."""

    def __init__(self, edit: Edit, look: Look, plot: SpectrumPlot) -> None:
        self._plot = plot
        self._wanted: Setup | None = None
        self._searching = False
        self.controls = RunControls(edit)
        self.counts, self.limits = CountsChart(look), LimitsChart(look)
        figures = [self.counts.figure, self.limits.figure]
        for figure in figures:
            figure.styles = {"flex": "1 1 340px", "min-width": "0"}
        charts = pn.Column(*figures, stylesheets=[WRAPPED], margin=0, **WIDE)
        self.table, self.other = html(), html()
        self.hint = html(_HINT)
        views = (self.hint, plot.figure, charts, self.table, self.other, self.controls.view)
        self.view = pn.Column(*views, **WIDE)

    @property
    def fields(self) -> list[Field]:
        """Those of the runs, and the confidence level."""
        return [*self.controls.fields, self.controls.observed, self.controls.level]

    def show(self, state: State, setup: Setup) -> None:
        """Compute counts and limits, and show them."""
        runs, window, found = state.scenario.run, view_window(state, setup), expected(setup)
        self._plot.show(curves(setup, window, "total"), window)
        self._plot.show_runs(runs)
        self.controls.show(state)
        observed = setup.experiment.counts
        energies = [run.photon_energy for run in runs]
        self.counts.show(energies, found.model, found.standard, observed=observed)
        self.counts.head(f"counts in {sum(run.duration for run in runs) / DAY:.6g} days")
        outside = [str(k) for k, w in enumerate(energies, 1) if not window[0] <= w <= window[1]]
        where = f" Outside this window: run {', '.join(outside)} of {len(runs)}." if outside else ""
        kept = f" {len(planned)} planned runs are kept." if (planned := state["planned"]) else ""
        self.hint.object = _HINT + where + kept
        said, pulls = [setup.experiment.width_said], None
        if observed is not None and runs:
            of_model, of_null = (Goodness.of(n, np.asarray(observed)) for n in found)
            pulls = of_model.pulls
            said += [of_model.sentence("the model"), of_null.sentence("the standard model")]
        rows = [
            (
                f"{k}",
                f"{run.photon_energy:.9g}",
                f"{run.duration / DAY:.6g}",
                f"{n:.2f} ± {n**0.5:.2f}",
                f"{sm:.2f}",
                *([] if pulls is None else [f"{run.counts}", f"{pulls[k - 1]:+.2f}"]),
            )
            for k, (run, n, sm) in enumerate(zip(runs, found.model, found.standard, strict=True), 1)
        ]
        seen = () if pulls is None else ("observed", "pull")
        table = html_table(("run", "ω (eV)", "days", "expected", "standard model", *seen), rows)
        self.table.object = table + "".join(f"<p>{escape(symbol(words))}</p>" for words in said)
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
            except Exception:
                traceback.print_exc()
                return lambda: self._finish(setup, None, FAILED)
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
            moments, beside = (
                {f"{k} {e}": v for k in MOMENT_KINDS for e, v in of[k].items()}
                for of in (found.limits, found.expected)
            )
            observed = found.kind == "observed"
            names = ("observed", "expected, median") if observed else ("expected", "")
            self.limits.show(moments, "μ_B", beside if observed else None, words=names)
            self.limits.head(f"{found.kind} upper limits, {100 * found.confidence_level:g} % C.L.")
            said = "".join(f"<p role='status'>{escape(words)}</p>" for words in found.diagnosis)
            self.other.object = said + _others(found)


def _others(found: Limits) -> str:
    """Return the limits on the couplings beside the moments, which have units of their own."""
    rows = [
        (f"{kind} {label}", f"{value:.3g}", symbol(found.units[kind]))
        for kind, of_kind in found.limits.items()
        if kind not in MOMENT_KINDS
        for label, value in of_kind.items()
    ]
    title = "Upper limits on the other couplings; a strength multiplies the interaction as it is set"
    return f"<p>{title}</p>" + html_table(("coupling", "limit", "unit"), rows) if rows else ""


class RunControls:
    """A row of numbers for each run, which do for the keyboard what dragging does, and a button for more."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._shown: tuple[int, bool] | None = None
        self.fields: list[Field] = []
        self._rows = pn.Column(margin=0, **WIDE)
        add = button("Add a run", lambda: edit("runs", _with_another), color="primary", margin=(6, 10))
        widget = text_input("Observed counts, run by run", placeholder="none: limits are expected ones")
        self.observed = Field("counts", widget, edit, _observed, _with_observed)
        self.level = number_field("confidence_level", "Confidence level of limits", "", edit)
        self.view = pn.Column(
            self._rows, add, self.observed.view, self.level.view, max_width=760, margin=0, **WIDE
        )

    def show(self, state: State) -> None:
        """Show the runs of a state."""
        shown = len(state.scenario.run), "spin" in effects_of(state["effects"])
        if shown != self._shown:
            self._shown, self.fields = shown, []
            self._rows.objects = [self._row(k, *shown[1:]) for k in range(shown[0])]
        for field in (*self.fields, self.observed, self.level):
            field.show(state)

    def _row(self, k: int, polarised: bool) -> Any:
        def without(state: State) -> State:
            return state.changed(runs=[run for j, run in enumerate(state.scenario.run) if j != k])

        words = f"Remove run {k + 1}"
        remove = button("✕", lambda: self._edit("runs", without), description=words, width=34, align="end")
        columns = [self._column(k, *column) for column in _COLUMNS]
        if polarised:
            light = {"of the atom": "", **{name: name for name in POLARISATIONS}}
            field = Field(f"runs.{k}.polarisation", select("light", light), self._edit, *_polarisation(k))
            self.fields.append(field)
            columns.append(field.view)
        for view in columns:
            view.styles = {"flex": "1 1 84px", "min-width": "0"}
        return pn.Row(*columns, remove, stylesheets=[WRAPPED], margin=0, **WIDE)

    def _column(self, k: int, name: str, label: str, unit: str, factor: float) -> Any:
        def read(state: State) -> str:
            value = getattr(state.scenario.run[k], name) / factor
            return text_of(float(f"{value:.12g}"))

        def write(state: State, text: str) -> State:
            value = number_in(unit, text, photon=unit == "eV") * factor
            return state.with_run(k, **{name: value})

        widget = text_input(f"{k + 1}: {label}" if name == "photon_energy" else label)
        field = Field(f"runs.{k}.{name}", widget, self._edit, read, write)
        self.fields.append(field)
        return field.view


def _observed(state: State) -> str:
    return " ".join(str(run.counts) for run in state.scenario.run if run.counts is not None)


def _with_observed(state: State, text: str) -> State:
    """Return the state with counts of all runs, or of none."""
    words, runs = text.replace(",", " ").split(), state.scenario.run
    if words and (len(words) != len(runs) or not all(word.isdecimal() for word in words)):
        raise ValueError(f"{text!r}: must be a whole number for each of {len(runs)} runs, or empty")
    counts: list[int | None] = [int(word) for word in words] or [None] * len(runs)
    return state.changed(
        runs=[run.model_copy(update={"counts": n}) for run, n in zip(runs, counts, strict=True)]
    )


def _polarisation(k: int) -> tuple[Read, Write]:
    def write(state: State, chosen: str) -> State:
        return state.with_run(k, polarisation=chosen or None)

    return lambda state: state.scenario.run[k].polarisation or "", write


def _with_another(state: State) -> State:
    """Return the state with a run beside the last one, a little lower."""
    runs = state.scenario.run
    if not runs:
        low, high = usual_window(build(state))
        return state.changed(runs=[new_run((low + high) / 2)])
    energy = round(runs[-1].photon_energy * (1 - 5e-4), 6)
    return state.changed(runs=[*runs, runs[-1]]).with_run(len(runs), photon_energy=energy)


def moved(state: State, lines: list[tuple[int, float]]) -> State:
    """Return the state whose runs are at the lines of the figure: (number, or 0 for a new run, energy).

    Examples
    --------
    >>> state = State.of(runs=[[1.0, 5.0], [1.1, 6.0]])
    >>> [(run.photon_energy, run.duration) for run in moved(state, [(2, 1.2), (0, 1.3)]).scenario.run]
    [(1.2, 6.0), (1.3, 864000.0)]
    """
    before = state.scenario.run
    known = [before[n - 1] if 1 <= n <= len(before) else new_run(energy) for n, energy in lines]
    changed = state.changed(runs=known)
    for k, (run, (_, energy)) in enumerate(zip(known, lines, strict=True)):
        if energy != run.photon_energy:
            # Ten digits: 10⁻¹⁰ eV, finer than any line, and a number that can be read.
            changed = changed.with_run(k, photon_energy=round(energy, 10))
    return changed
