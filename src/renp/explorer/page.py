"""The explorer itself: one state, all that follows from it, and where it stands on the page."""

import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from html import escape
from typing import Any, Protocol

import panel as pn

from renp.errors import ScenarioError
from renp.explorer.bounds_tab import BoundsTab
from renp.explorer.controls import Controls
from renp.explorer.counts_tab import CountsTab, moved
from renp.explorer.exchange import to_query
from renp.explorer.fields import (
    FAILED,
    WIDE,
    Field,
    Html,
    Later,
    button,
    html,
    in_background,
    in_order,
    radio,
    with_lock,
)
from renp.explorer.interaction_controls import InteractionControls
from renp.explorer.live import compile_view, is_compiled, view_window
from renp.explorer.look import repaint
from renp.explorer.plan_tab import PlanTab
from renp.explorer.setup import Setup, StateError, build
from renp.explorer.share_tab import ShareTab
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.spectrum_tab import SpectrumTab
from renp.explorer.state import State
from renp.explorer.target_tab import TargetTab
from renp.explorer.theme import LOOKS
from renp.explorer.walk_tab import Walk

TITLES = {
    "Start": "start",
    "Spectrum": "spectrum",
    "Counts, limits": "counts",
    "Plan": "plan",
    "Bounds": "bounds",
    "Target": "target",
    "Share": "share",
}

_ALONE = ("start", "share")
"""Views without controls beside them."""

_TABS = ".bk-btn-group { flex-wrap: wrap; } .bk-btn-group > .bk-btn { flex-grow: 0; }"

_LOW = 340
"""Height of a spectrum with charts below it, pixels."""

_ZOOM_DELAY, _LINK_DELAY = 40, 400
"""Milliseconds from the last change to the new curves, and to the new link."""

_NARROW = 860
"""Pixels below which the controls go below the views."""

_PAGE = f"""
:host {{ display: flex; flex-direction: row; align-items: flex-start; gap: 12px; }}
@media (max-width: {_NARROW}px) {{ :host {{ flex-direction: column-reverse; }} }}
"""
_TURN_JS = """
const root = document.documentElement
const to = root.dataset.theme = root.dataset.theme == "dark" ? "light" : "dark"
const turn = part => {
  for (const link of part.querySelectorAll("link"))
    if (/theme\\/(default|dark)\\.css/.test(link.href))
      link.href = link.href.replace(/(default|dark)\\.css/, to == "dark" ? "dark.css" : "default.css")
  for (const one of part.querySelectorAll("*")) if (one.shadowRoot) turn(one.shadowRoot)
}
turn(document)
"""
"""Each component of Panel has the theme's style sheet for itself."""

_EXPLAIN_JS = """
document.documentElement.style.setProperty("--renp-hints", cb_obj.active ? "block" : "none")
"""

_SIDE = f"""
:host {{ flex: 0 0 340px; max-width: 340px; }}
@media (max-width: {_NARROW}px) {{ :host {{ flex: 1 1 auto; max-width: 100%; width: 100%; }} }}
"""
_MAIN = f"""
:host {{ flex: 1 1 400px; min-width: 0; }}
@media (max-width: {_NARROW}px) {{ :host {{ flex: 1 1 auto; width: 100%; }} }}
"""

_STAYS = f"""
@media (max-width: {_NARROW}px) {{
  :host(.stays) {{ position: sticky; top: 0; z-index: 9; max-height: 58vh; overflow: hidden auto;
    background: var(--renp-ground); border-bottom: 2px solid var(--renp-faint); }} }}
"""
"""On a phone, what is shown stays in view while sliders below it are moved."""


class Pane(Protocol):
    """What is shown under one of `TITLES`."""

    view: Any

    @property
    def fields(self) -> list[Field]:
        """In which something may be wrong."""

    def show(self, state: State, setup: Setup, /) -> None:
        """Compute what a state says here, and show it."""


class _Made(dict[str, Any]):
    """What is made when it is first asked for."""

    def __init__(self, **makers: Callable[[], Any]) -> None:
        self._makers = makers

    def __missing__(self, name: str) -> Any:
        self[name] = made = self._makers[name]()
        return made


class Explorer:
    """The interactive page; a notebook shows it, `renp explore` serves it.

    Parameters
    ----------
    state
        Where it begins.

    Raises
    ------
    StateError
        If the state cannot be.

    Examples
    --------
    >>> explorer = Explorer(State.of(lightest_mass=0.01))
    >>> explorer.change(lightest_mass=-1.0)
    >>> explorer.problems
    {'lightest_mass': '-1.0: must be a finite mass in eV, at least 0 and at most 10⁶'}
    >>> explorer.state["lightest_mass"]
    0.01
    """

    def __init__(self, state: State, ready: threading.Event | None = None, wrong: str = "") -> None:
        self.state, self.setup = state, build(state)
        self.problems: dict[str, str] = {}
        self._look = LOOKS[state.theme]
        self._ready = ready is None or ready.is_set()
        self._later, self._location = Later(), pn.state.location
        self.plots: dict[str, SpectrumPlot] = _Made(
            spectrum=lambda: SpectrumPlot("spectrum", self._look, self._zoom),
            counts=lambda: SpectrumPlot("runs", self._look, self._zoom, self._drag, height=_LOW),
            plan=lambda: SpectrumPlot("plan", self._look, self._zoom, height=_LOW),
        )
        self.controls, self.interactions = Controls(self.edit), InteractionControls(self.edit)
        self.walk = Walk(self.edit)
        self.panes: dict[str, Pane] = _Made(
            start=lambda: self.walk,
            spectrum=lambda: SpectrumTab(self.edit, self.plots["spectrum"], lambda: self.setup),
            counts=lambda: CountsTab(self.edit, self._look, self.plots["counts"]),
            plan=lambda: PlanTab(self.edit, self._look, self.plots["plan"], lambda: self.state),
            bounds=lambda: BoundsTab(self._look),
            target=lambda: TargetTab(self.edit, self._look),
            share=lambda: ShareTab(self.edit, lambda: self.state),
        )
        self.tabs = Field("tab", radio("View", TITLES, margin=(6, 10), stylesheets=[_TABS]), self.edit)
        self.tabs.view.sizing_mode = self.tabs.words.sizing_mode = None
        self.message = html()
        self.view = self._arranged()
        if ready is None or (self._ready and is_compiled(state, self.setup)):
            self.show()
        else:
            self._open(state.tab)
            self._settle()
            self.say("Getting ready for the first numbers …")
            self._ready = False
            in_background(partial(self._once, ready, wrong))
        if wrong:
            self.say(wrong)

    def _once(self, ready: threading.Event, wrong: str) -> Callable[[], None]:
        """Wait until numbers come at once, and return what shows them, and still says what is wrong."""
        ready.wait()
        with suppress(Exception):  # which showing them meets again
            compile_view(self.state, self.setup)

        def begin() -> None:
            self._ready = True
            self._carry_out("", lambda state: state)
            if wrong:
                self.say(wrong)

        return begin

    def _arranged(self) -> Any:
        """Return a head, and the controls beside the views, below them on a phone."""
        self._turn = button(
            "", lambda: self.edit("theme", _turned), margin=6, visible=self._location is not None
        )
        self._turn.js_on_click(code=_TURN_JS)
        explain = pn.widgets.Toggle(label="Explain", margin=6)
        explain.jscallback(value=_EXPLAIN_JS)
        title = Html("<h1 style='font-size:20px;margin:6px 0'>renp explorer</h1>", margin=(0, 10))
        head = pn.FlexBox(title, self.tabs.view, explain, self._turn, align_items="center", **WIDE)
        interactions = Html("<b>Interactions beside the weak one</b>", margin=(8, 10, 0, 10))
        controls = [*self.controls.basic, interactions, self.interactions.view, *self.controls.more]
        self._side = pn.Column(*controls, stylesheets=[_SIDE], margin=0)
        self._main = pn.Column(self.message, self.walk.strip, stylesheets=[_MAIN, _STAYS], margin=0)
        below = pn.Column(self._side, self._main, stylesheets=[_PAGE], margin=0, **WIDE)
        return pn.Column(head, below, margin=(0, 8), **WIDE)

    def change(self, **values: Any) -> None:
        """Change fields of the state, as a control does; what is wrong is in `problems`."""
        self.edit(next(iter(values), ""), lambda state: state.changed(**values))

    def edit(self, key: str, change: Callable[[State], State]) -> None:
        """Carry out a change that came from a field; say beside it if it cannot be."""
        with_lock(lambda: self._carry_out(key, change))

    def _carry_out(self, key: str, change: Callable[[State], State], *, prepared: bool = False) -> None:
        before = self.state
        try:
            state = change(before)
            if not prepared and _takes_long(state, before):
                self._prepare("The target's cycle is computed …", state, key, change)
                return
            setup = build(state)
            if not prepared and self._ready and not is_compiled(state, setup):
                self._prepare("Getting ready for these numbers …", state, key, change)
                return
            pane = self._open(state.tab)
            if self._ready:  # Only the open tab is computed, so that a slider is followed at once.
                pane.show(state, setup)
            self.state, self.setup = state, setup
            self._settle()
        except StateError as error:
            self._complain(error.problems, key)
        except ScenarioError as error:
            self._complain({key: "\n".join(error.problems)}, key)
        except (ValueError, FloatingPointError) as error:
            self._complain({key: str(error)}, key)
        except Exception:
            traceback.print_exc()
            self._complain({key: FAILED}, key)
        else:
            if (
                state.scenario.run
                and state.scenario.run != before.scenario.run
                and state["atom"] != before["atom"]
            ):
                self.say(f"The runs are at the same places beside the thresholds of {state['atom']}.")

    def _prepare(self, words: str, state: State, key: str, change: Callable[[State], State]) -> None:
        """Do meanwhile what takes seconds and is kept; then the change is as fast as any."""
        self.say(words)

        def work() -> Callable[[], None]:
            with suppress(Exception):  # which the change itself meets again
                compile_view(state, build(state))
            return lambda: self._carry_out(key, change, prepared=True)

        in_background(work)

    def show(self) -> None:
        """Show the state everywhere."""
        self._open(self.state.tab).show(self.state, self.setup)
        self._settle()

    def _open(self, tab: str) -> Pane:
        """Return a view, which is on the page from then on."""
        pane = self.panes[tab]
        if pane.view not in self._main.objects:
            self._main.append(pane.view)
        return pane

    def _settle(self) -> None:
        """Let every control show the state, and the address follow."""
        self.problems = {}
        self.controls.reveal(self.state)
        self.interactions.show(self.state)
        for field in self.fields:
            if field.key != "scenario":  # a file is written only where it is seen
                field.show(self.state)
            field.say("")
        for tab, pane in self.panes.items():
            pane.view.visible = tab == self.state.tab
        self._side.visible = self.state.tab not in _ALONE
        self._main.css_classes = [] if self.state.tab in _ALONE else ["stays"]
        self.walk.follow(self.state.tab)
        self._turn.label = "Light" if self.state.theme == "dark" else "Dark"
        if (look := LOOKS[self.state.theme]) is not self._look:
            for pane in self.view.select(pn.pane.Bokeh):
                repaint(pane.object, self._look, look)
            self._look = look
        self.say(self.setup.note)
        self._later.call("link", _LINK_DELAY, self._remember)

    @property
    def fields(self) -> list[Field]:
        """All fields in which something may be wrong."""
        of_panes = [field for pane in self.panes.values() for field in pane.fields]
        every = [self.tabs, *self.controls.fields, *self.interactions.fields, *of_panes]
        return [field for field in every if self._has(field)]

    def _has(self, field: Field) -> bool:
        """Return whether the state has what a field shows: cards and rows follow only where they are seen."""
        name, _, rest = field.key.partition(".")
        items = {"interactions": self.state.scenario.interaction, "runs": self.state.scenario.run}.get(name)
        return items is None or not rest or int(rest.split(".")[0]) < len(items)

    def _complain(self, problems: dict[str, str], source: str) -> None:
        """Say each problem beside its field, and beside the one that was changed if it has none."""
        self.problems = problems
        unsaid = dict(problems)
        for field in self.fields:
            field.say("")
        # Where a slider and a text set the same, the text comes last: it is what can be wrong.
        by_key = {field.key: field for field in self.fields}
        for key in problems:
            beside = source if source.startswith(f"{key}.") else key
            if beside in by_key:
                by_key[beside].say(unsaid.pop(key))
        if unsaid and source in by_key and source not in problems:
            by_key[source].say("; ".join(unsaid.values()))
            unsaid = {}
        self.say("; ".join(unsaid.values()))
        if self.state.tab == "counts":
            self.plots["counts"].show_runs(self.state.scenario.run)

    def say(self, words: str) -> None:
        """Say something above the views; nothing if empty."""
        self.message.object = f'<span role="status">{escape(words)}</span>' if words else ""
        self.message.visible = bool(words)

    def _zoom(self, window: tuple[float, float] | None) -> None:
        if window != view_window(self.state, self.setup):
            zoomed = None if window is None else (max(window[0], 0.0), window[1])
            self._later.call(
                "zoom", _ZOOM_DELAY, lambda: self.edit("window", lambda s: s.changed(window=zoomed))
            )

    def _drag(self, lines: list[tuple[int, float]]) -> None:
        in_order(lambda: self._carry_out("runs", lambda state: moved(state, lines)))

    def _remember(self) -> None:
        """Put the state into the address, where there is one."""
        if self._location is not None:
            query = to_query(self.state)  # and the theme, which otherwise is the browser's
            self._location.search = f"?{query}" + ("" if "theme=" in query else f"&theme={self.state.theme}")

    def __panel__(self) -> Any:
        """Return what Panel shows."""
        return self.view

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.view._repr_mimebundle_(include, exclude)


def _turned(state: State) -> State:
    return state.changed(theme="light" if state.theme == "dark" else "dark")


def _takes_long(state: State, known: State) -> bool:
    """Return whether the target of a state is prepared in a way whose cycle is not known yet."""
    return bool(state["target.preparation"]) and any(
        state[part] != known[part] for part in ("target", "atom", "E_eg", "E_vg", "effects")
    )
