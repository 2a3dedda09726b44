"""Plan: an aim and a total time in, the best photon energies out, beside one's own runs."""

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn

from renp.constants import DAY
from renp.errors import InputError
from renp.explorer.charts import LimitsChart
from renp.explorer.controls import select
from renp.explorer.counts_tab import TABLE_CSS, html_table
from renp.explorer.downloads import save_buttons
from renp.explorer.fields import Edit, Field, number_in, text_input, text_of
from renp.explorer.look import Look
from renp.explorer.setup import Setup, build
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.state import VIEW, State
from renp.explorer.timing import in_background, with_lock
from renp.planning.aims import AIMS
from renp.planning.plan import ELEMENTS, Constraints, plan
from renp.results.plan import MADE_SMALL, Plan
from renp.scenario.write import planned

CANDIDATES = 400
"""Photon energies considered before the best are refined: fewer than `renp plan`, for a quick answer."""

PLANNED = ("aim", "elements", "total")
"""Keys of the view that a plan depends on."""

_WORDS = {"limits": "upper limit", "lightest-mass": "error", "majorana-phases": "error"}


class PlanTab:
    """Aim, time and elements; the plan and its runs."""

    def __init__(self, edit: Edit, look: Look, plot: SpectrumPlot, current: Callable[[], State]) -> None:
        self._edit, self._current, self._plot = edit, current, plot
        self.result: Plan | None = None
        self._for: State | None = None
        self.fields = [
            Field("aim", select("Aim", AIMS), edit, look),
            Field("elements", select("Moments", ELEMENTS), edit, look),
            Field(
                "total",
                text_input("Total time (days)", placeholder="of the runs"),
                edit,
                look,
                lambda s: "" if s.total is None else text_of(s.total / DAY),
                lambda s, text: s.changed(total=number_in("day", text) * DAY if text.strip() else None),
            ),
        ]
        self.find = pn.widgets.Button(label="Find the best runs", color="primary", margin=(6, 10))
        self.find.on_click(lambda _: with_lock(self._find))
        self.take = pn.widgets.Button(label="Take these runs", margin=(6, 10))
        self.take.on_click(self._take)
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10), stylesheets=[TABLE_CSS])
        self.chart = LimitsChart(look, "reach")
        row = pn.FlexBox(*(field.view for field in self.fields), sizing_mode="stretch_width")
        for field in self.fields:
            field.view.styles = {"flex": "1 1 200px"}
        self.saves = save_buttons("plan", self._saved)
        buttons = pn.FlexBox(self.find, self.take, *self.saves, sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(
            row, buttons, plot.figure, self.words, self.chart.figure, sizing_mode="stretch_width"
        )
        self._reveal(False)

    def show(self, state: State, setup: Setup) -> None:
        """Show the controls; a plan of another state is not shown any more."""
        del setup
        self._plot.show_own([run.photon_energy for run in state.scenario.run])
        for field in self.fields:
            field.show(state)
        if self._for is not None and relevant(state) != relevant(self._for):
            self._forget()

    def _find(self) -> None:
        state = self._current()
        self.find.disabled, self.find.label = True, "Searching …"
        self._forget()
        in_background(lambda: self._found(state))

    def _found(self, state: State) -> Callable[[], None]:
        """Return what to show of the best plan, or of why there is none."""
        try:
            result = best_plan(state)
        except (InputError, FloatingPointError) as error:
            words = str(error)
            return lambda: self._finish(None, state, words)
        except Exception:
            traceback.print_exc()
            return lambda: self._finish(
                None, state, "this is a failure of renp itself; its terminal says where"
            )
        return lambda: self._finish(result, state, "")

    def _finish(self, result: Plan | None, state: State, words: str) -> None:
        self.find.disabled, self.find.label = False, "Find the best runs"
        self.fields[0].say(words)
        if result is not None and relevant(state) == relevant(self._current()):
            self.result, self._for = result, state
            self._show_result(result)

    def _show_result(self, result: Plan) -> None:
        self._plot.show_other(result.photon_energy.tolist())
        self._reveal(True)
        small = result.aim in MADE_SMALL
        reached = result.limits
        order = sorted(reached, key=lambda name: -reached[name] if small else reached[name])[:24]
        before = result.reference_limits
        beside = None if before is None else {name: before[name] for name in order}
        self.chart.show({name: reached[name] for name in order}, result.unit, beside)
        quantity = _WORDS.get(result.aim, "significance (σ)")
        self.chart.label(quantity, result.unit)
        self.words.object = plan_words(result)

    def _take(self, _: Any) -> None:
        if self.result is None:
            return
        result = self.result
        self._edit("runs", lambda state: with_plan(state, result).changed(tab="counts"))

    def _forget(self) -> None:
        self.result = self._for = None
        self._plot.show_other([])
        self._reveal(False)
        self.words.object = ""

    def _reveal(self, found: bool) -> None:
        """Show what there is only with a plan."""
        for one in (self.take, self.chart.figure, *self.saves):
            one.visible = found

    def _saved(self) -> Plan:
        if self.result is None:
            raise RuntimeError("there is no plan to save")
        return self.result


def relevant(state: State) -> State:
    """Return the state without what a plan does not depend on."""
    usual = State()
    return state.model_copy(update={name: usual[name] for name in VIEW if name not in PLANNED})


def best_plan(state: State) -> Plan:
    """Return the plan for a state's aim and total time.

    Raises
    ------
    InputError
        If no run serves the aim.
    """
    setup = build(state)
    return plan(
        state.aim,
        setup.experiment,
        setup.neutrinos,
        total=state.total,
        elements=state.elements,
        model=setup.model if state.aim == "discovery" else None,
        nuisances=setup.nuisances,
        confidence_level=setup.confidence_level,
        constraints=Constraints(candidates=CANDIDATES),
    )


def with_plan(state: State, result: Plan) -> State:
    """Return the state with the runs of a plan, which have what its own have besides."""
    document = planned(state.scenario, result)
    return state.changed(runs=document.run)


def plan_words(result: Plan) -> str:
    """Return what a plan says, in words and as a table."""
    small = result.aim in MADE_SMALL
    what = ("largest " if small else "least ") + _WORDS.get(result.aim, "significance")
    unit = f" {result.unit}" if result.unit else " σ"
    words = f"{what} {result.reached:.3g}{unit}; at most {100 * result.optimality_gap:.2g} % from the optimum"
    if result.reference_limits is not None:
        pick = max if small else min
        own = pick(result.reference_limits.values())
        words += f". One's own runs with the same total time (open symbols): {own:.3g}{unit}"
    days = np.asarray(result.duration) / DAY
    rows = [(f"{w:.9g}", f"{d:.4g}") for w, d in zip(result.photon_energy, days, strict=True)]
    return f"<p role='status'>The plan: {words}.</p>" + html_table(("ω (eV)", "days"), rows)
