"""Plan: an aim and a total time in, the best photon energies out, beside one's own runs."""

import traceback
from collections.abc import Callable

import numpy as np
import panel as pn

from renp.constants import DAY
from renp.errors import InputError
from renp.explorer.charts import LimitsChart
from renp.explorer.fields import (
    FAILED,
    WIDE,
    Edit,
    Field,
    button,
    html,
    in_background,
    number_in,
    save_buttons,
    select,
    text_input,
    text_of,
    with_lock,
)
from renp.explorer.live import curves, view_window
from renp.explorer.look import html_table, symbol
from renp.explorer.setup import Setup, build
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.state import VIEW, State
from renp.explorer.theme import Look
from renp.planning.aims import AIMS
from renp.planning.plan import ELEMENTS, Constraints, plan
from renp.results.plan import Plan
from renp.scenario.write import planned

CANDIDATES = 400
"""Photon energies considered before the best are refined: fewer than `renp plan`, for a quick answer."""

PLANNED = ("aim", "elements", "total")
"""Keys of the view that a plan depends on."""

_FIND = "Find the best runs"
_WORDS = {"limits": "upper limit", "lightest-mass": "error", "majorana-phases": "error"}


class PlanTab:
    """Aim, time and elements; the plan and its runs."""

    def __init__(self, edit: Edit, look: Look, plot: SpectrumPlot, current: Callable[[], State]) -> None:
        self._edit, self._current, self._plot = edit, current, plot
        self._found: tuple[State, Plan] | None = None
        time = text_input("Total time (days)", placeholder="of the runs")
        self.fields = [
            Field("aim", select("Aim", list(AIMS)), edit),
            Field("elements", select("Moments", ELEMENTS), edit),
            Field("total", time, edit, _days, _with_days),
        ]
        views = [field.view for field in self.fields]
        for view in views:
            view.styles = {"flex": "1 1 150px"}
        self.find = button(_FIND, lambda: with_lock(self._find), color="primary", margin=(6, 10))
        self.take = button("Take these runs", self._take, margin=(6, 10))
        self.saves = save_buttons("plan", self._saved)
        self.words = html()
        self.chart = LimitsChart(look, "reach")
        buttons = pn.FlexBox(self.find, self.take, *self.saves, margin=0, **WIDE)
        parts = (pn.FlexBox(*views, **WIDE), buttons, plot.figure, self.words, self.chart.figure)
        self.view = pn.Column(*parts, **WIDE)
        self._reveal(False)

    def show(self, state: State, setup: Setup) -> None:
        """Show the controls; a plan of another state is not shown any more."""
        window = view_window(state, setup)
        self._plot.show(curves(setup, window, "total"), window)
        self._plot.show_own([run.photon_energy for run in state.scenario.run])
        for field in self.fields:
            field.show(state)
            field.view.visible = field.key != "elements" or "elements" in AIMS[state.aim].acts
        if self._found is not None and _relevant(state) != _relevant(self._found[0]):
            self._forget()

    def _find(self) -> None:
        state = self._current()
        self.find.disabled, self.find.label = True, "Searching …"
        self._forget()
        in_background(lambda: self._search(state))

    def _search(self, state: State) -> Callable[[], None]:
        """Return what to show of the best plan, or of why there is none."""
        try:
            result = _best_plan(state)
        except (InputError, FloatingPointError) as error:
            words = str(error)
            return lambda: self._finish(None, state, words)
        except Exception:
            traceback.print_exc()
            return lambda: self._finish(None, state, FAILED)
        return lambda: self._finish(result, state, "")

    def _finish(self, result: Plan | None, state: State, words: str) -> None:
        self.find.disabled, self.find.label = False, _FIND
        self.fields[0].say(words)
        if result is not None and _relevant(state) == _relevant(self._current()):
            self._found = state, result
            self._show_result(result)

    def _show_result(self, result: Plan) -> None:
        self._plot.show_other(result.photon_energy.tolist())
        self._reveal(True)
        reached, before = result.limits, result.reference_limits
        order = sorted(reached, key=lambda name: reached[name], reverse=result.made_small)[:24]
        beside = None if before is None else {name: before[name] for name in order}
        self.chart.show(
            {name: reached[name] for name in order}, result.unit, beside, words=("the plan", "your runs")
        )
        self.chart.label(_WORDS.get(result.aim, "significance (σ)"), result.unit)
        self.words.object = _in_words(result)

    def _take(self) -> None:
        """Use the runs of the plan, which have what one's own have besides."""
        if self._found is not None:
            result = self._found[1]
            self._edit("runs", lambda s: s.changed(runs=planned(s.scenario, result).run, tab="counts"))

    def _forget(self) -> None:
        self._found = None
        self._plot.show_other([])
        self._reveal(False)
        self.words.object = ""

    def _reveal(self, found: bool) -> None:
        """Show what there is only with a plan."""
        for one in (self.take, self.chart.figure, *self.saves):
            one.visible = found

    def _saved(self) -> Plan:
        if self._found is None:
            raise RuntimeError("there is no plan to save")
        return self._found[1]


def _days(state: State) -> str:
    return "" if state.total is None else text_of(state.total / DAY)


def _with_days(state: State, text: str) -> State:
    return state.changed(total=number_in("day", text) * DAY if text.strip() else None)


def _relevant(state: State) -> State:
    """Return the state without what a plan does not depend on."""
    usual = State()
    return state.model_copy(update={name: usual[name] for name in VIEW if name not in PLANNED})


def _best_plan(state: State) -> Plan:
    """Return the plan for a state's aim and total time; raise InputError if no run serves the aim."""
    setup = build(state)
    return plan(
        state.aim,
        setup.experiment,
        setup.neutrinos,
        total=state.total,
        elements=state.elements if "elements" in AIMS[state.aim].acts else None,
        model=setup.model if state.aim == "discovery" else None,
        nuisances=setup.nuisances,
        confidence_level=setup.confidence_level,
        constraints=Constraints(candidates=CANDIDATES),
    )


def _in_words(result: Plan) -> str:
    """Return what a plan says, in words and as a table."""
    small = result.made_small
    what = ("largest " if small else "least ") + _WORDS.get(result.aim, "significance")
    unit = f" {symbol(result.unit)}" if result.unit else " σ"
    words = f"{what} {result.reached:.3g}{unit}; at most {100 * result.optimality_gap:.2g} % from the optimum"
    if result.reference_limits is not None:
        own = (max if small else min)(result.reference_limits.values())
        words += f". Your own runs with the same total time (open symbols): {own:.3g}{unit}"
    days = np.asarray(result.duration) / DAY
    rows = [(f"{w:.9g}", f"{d:.4g}") for w, d in zip(result.photon_energy, days, strict=True)]
    return f"<p role='status'>The plan: {words}.</p>" + html_table(("ω (eV)", "days"), rows)
