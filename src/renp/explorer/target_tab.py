"""Target: one cycle of a target that pulses prepare, played over time."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any

import numpy as np
import panel as pn
from bokeh import plotting
from bokeh.models import ColorBar, ColumnDataSource, LinearColorMapper, Range1d, Span

from renp.atoms.atom import Atom
from renp.errors import InputError
from renp.explorer.fields import (
    FAILED,
    WIDE,
    WRAPPED,
    Edit,
    Field,
    button,
    html,
    in_background,
    number_in,
    text_input,
    text_of,
)
from renp.explorer.look import MODEL, OWN, PLAN, fold, paint, write_powers
from renp.explorer.setup import Setup
from renp.explorer.state import State
from renp.explorer.theme import Look
from renp.results.target import TargetCycle
from renp.scenario.schema import Table
from renp.target.medium import two_photon_polarisability

MOST_FRAMES = 150
"""Of what is played."""

_PULSE = {"energy": 100.0, "duration": 2e-10, "waist": 0.5}
EXAMPLE: Table = {
    "density": 1e20,
    "volume": 2.0,
    "preparation": {
        "length": 2.0,
        "repetition": 10.0,
        "dephasing_time": 1e-6,
        "pulses": [_PULSE, _PULSE | {"direction": "left"}],
    },
}
"""That of the tutorial: eV, cm, s, J."""

_LABELS = (
    ("length", "Length (cm)", "cm"),
    ("repetition", "Cycles per second", "1/s"),
    ("dephasing_time", "Coherence lost after T₂ (s)", "s"),
    ("energy", "Energy of each pulse (J)", "J"),
    ("duration", "Duration of each pulse (s)", "s"),
    ("waist", "Waist of each pulse (cm)", "cm"),
    ("polarisability", "α of both photons (atomic units)", ""),
)
_NONE = """<p>How much coherence the target has decides by orders of magnitude what can be seen. This scenario
takes it as a number, η. With a preparation by pulses, η follows from how two pulses meet in the target, and
from how long the coherence lasts; here that is seen happening.</p>"""

_LAST = "@media (max-width: 860px) { :host { order: 9; } }"
"""On a phone what is played is in view, and what is said of it below."""

_PLAY_JS = """
const k = cb_obj.value, n = profile.data.z.length, moment = moments.data.moment
const cut = name => Array.from(frames.data[name].slice(k * n, (k + 1) * n))
profile.data = {z: profile.data.z, coherence: cut("coherence"), right: cut("right"), left: cut("left")}
for (const line of lines) line.location = moment[k] * 1e9
title.text = `${(moment[k] * 1e9).toPrecision(4)} ns after the first pulse began`
"""
"""Shows a moment; all are in the page, so that nothing waits for the server."""


class TargetTab:
    """Maps over space and time, the moment that is played, and η(t)."""

    def __init__(self, edit: Edit, look: Look) -> None:
        self._edit = edit
        self._shown: Any = None
        self.fields = [
            Field(f"target.preparation.{name}", text_input(label), edit, *_number(name, unit))
            for name, label, unit in _LABELS
        ]
        self.words = html(_NONE)
        self.words.stylesheets = [*self.words.stylesheets, _LAST]
        self.prepare = button("Prepare by pulses", self._prepare, color="primary", margin=10)
        self.without = button("Without a preparation", self._without, margin=10)
        self.profile = ColumnDataSource({name: [] for name in ("z", "coherence", "right", "left")})
        self.frames = ColumnDataSource({name: [] for name in ("coherence", "right", "left")})
        self.frames.name = "frames"
        self.moments = ColumnDataSource({"moment": []}, name="moments")
        self.whole = ColumnDataSource({"time": [], "factor": []}, name="factor")
        self._maps = {
            name: _Map(name, label, look)
            for name, label in (("coherence", "coherence |ρ|"), ("right", "field to the right"))
        }
        self._draw(look)
        self.player = pn.widgets.Player(
            label="moment", start=0, end=1, interval=80, loop_policy="loop", show_loop_controls=False, **WIDE
        )
        self.player.jscallback(
            args={
                "frames": self.frames,
                "moments": self.moments,
                "profile": self.profile,
                "lines": [one.now for one in self._maps.values()],
                "title": self.moment.title,
            },
            value=_PLAY_JS,
        )
        fields = pn.FlexBox(*(field.view for field in self.fields), **WIDE)
        for field in self.fields:
            field.view.styles = {"flex": "1 1 180px"}
        maps = pn.Row(*(one.figure for one in self._maps.values()), stylesheets=[WRAPPED], margin=0, **WIDE)
        for one in self._maps.values():
            one.figure.styles = {"flex": "1 1 320px", "min-width": "0"}
        self._animated = [self.player, self.moment, maps, self.factor]
        buttons = pn.Row(self.prepare, self.without, margin=0)
        self.view = pn.Column(self.words, *self._animated, fields, buttons, **WIDE)

    def _draw(self, look: Look) -> None:
        size: dict[str, Any] = {"height": 260, "sizing_mode": "stretch_width", "tools": "save"}
        self.moment = plotting.figure(name="moment-figure", y_range=Range1d(0.0, 1.0), **size)
        self.moment.title.text = "before the first pulse"  # an empty one would have no room
        for name, label, colour, dash in (
            ("coherence", "|ρ|", MODEL, []),
            ("right", "field to the right", PLAN, [8, 4]),
            ("left", "field to the left", OWN, [2, 2]),
        ):
            self.moment.line(
                "z",
                name,
                source=self.profile,
                color=colour,
                line_dash=dash,
                line_width=2.5,
                legend_label=label,
            )
        self.moment.xaxis.axis_label, self.moment.yaxis.axis_label = "z (cm)", "|ρ|, relative fields"
        log: dict[str, Any] = {f"{axis}_axis_type": "log" for axis in "xy"}
        ranges = {f"{axis}_range": Range1d(0.1, 1.0) for axis in "xy"}
        self.factor = plotting.figure(name="factor-figure", **log, **ranges, **size)
        for axis in self.factor.axis:
            write_powers(axis)
        self.factor.line("time", "factor", source=self.whole, color=PLAN, line_width=2.5, legend_label="η(t)")
        self.mean = ColumnDataSource({"mean": []})
        dashed: dict[str, Any] = {"line_color": MODEL, "line_dash": [8, 4], "line_width": 2}
        self.factor.hspan("mean", source=self.mean, legend_label="mean over all time", **dashed)
        self.factor.xaxis.axis_label, self.factor.yaxis.axis_label = (
            "time since the first pulse began (s)",
            "η",
        )
        for figure in (self.moment, self.factor):
            fold(figure, figure.legend[0])
            paint(figure, look)

    def show(self, state: State, setup: Setup) -> None:
        """Show the cycle of the state's target, when it is computed; the player stays where it is."""
        prepared = setup.experiment.target.preparation
        for one in (*self._animated, *(field.view for field in self.fields)):
            one.visible = prepared is not None
        self.prepare.visible, self.without.visible = prepared is None, prepared is not None
        for field in self.fields:
            field.show(state)
        if prepared is None:
            self.words.object = self._shown = _NONE
            return
        atom, target = setup.experiment.atom, setup.experiment.target
        if self._shown == (wanted := (prepared, atom.name, float(atom.E_eg), float(target.density))):
            return
        self._shown = wanted

        def work() -> Callable[[], None]:
            try:
                cycle = TargetCycle.compute(atom, target)
            except (ValueError, FloatingPointError) as error:
                words = str(error)
                return lambda: self._say(words)
            except Exception:
                traceback.print_exc()
                return lambda: self._say(FAILED)
            return lambda: self._finish(cycle) if self._shown == wanted else None

        in_background(work)

    def _say(self, words: str) -> None:
        self.words.object = f"<p role='status'>{escape(words)}</p>"

    def _finish(self, cycle: TargetCycle) -> None:
        self.words.object = "".join(f"<p>{escape(words)}</p>" for words in cycle.diagnosis)
        places = np.linspace(0, max(cycle.moment.size - 1, 0), min(MOST_FRAMES, cycle.moment.size))
        chosen = np.unique(places.astype(int))
        maps = {name: getattr(cycle, name)[chosen] for name in ("coherence", "right", "left")}
        for name in ("right", "left"):
            maps[name] = maps[name] / (maps[name].max(initial=0.0) or 1.0)
        moment = cycle.moment[chosen]
        self.moments.data = {"moment": moment}
        self.frames.data = {k: v.astype(np.float32).ravel() for k, v in maps.items()}
        self.profile.data = {
            "z": cycle.place,
            **{k: v[0] if len(v) else 0 * cycle.place for k, v in maps.items()},
        }
        seen = cycle.dynamical_factor > 1e-6 * cycle.dynamical_factor.max()
        self.whole.data = {"time": cycle.time[seen], "factor": cycle.dynamical_factor[seen]}
        mean = cycle.mean_dynamical_factor
        self.mean.data = {"mean": [mean]}
        for span, values in (
            (self.factor.x_range, self.whole.data["time"]),
            (self.factor.y_range, [*self.whole.data["factor"], mean]),
        ):
            known = np.asarray(values)[np.asarray(values) > 0]
            span.update(start=known.min(initial=1.0) / 2, end=2 * known.max(initial=0.0) or 1.0)
        for name, one in self._maps.items():
            one.show(maps[name], moment, cycle.length)
        for one in self._animated[:3]:
            one.visible = bool(len(moment))
        self.player.end = max(len(moment) - 1, 1)
        self.player.value = 0

    def _prepare(self) -> None:
        self._edit("target", lambda state: state.changed(target=_example(state)))

    def _without(self) -> None:
        self._edit("target", lambda state: state.changed(**{"target.preparation": None}))


class _Map:
    """One quantity over space and time, with the moment that is played."""

    def __init__(self, name: str, label: str, look: Look) -> None:
        self.figure = plotting.figure(
            name=f"{name}-map", height=280, x_range=Range1d(0, 1), y_range=Range1d(0, 1), tools="save"
        )
        self.figure.sizing_mode = "stretch_width"
        self.mapper = LinearColorMapper("Viridis256", low=0.0, high=1.0)
        self.source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        places = {one: one for one in ("x", "y", "dw", "dh")}
        self.figure.image(image="image", source=self.source, color_mapper=self.mapper, **places)
        bar = ColorBar(
            color_mapper=self.mapper, width=10, background_fill_alpha=0, major_label_text_color=look.ink
        )
        self.figure.add_layout(bar, "right")
        self.now = Span(location=0, dimension="width", line_color="#ffffff", line_width=2)
        self.figure.add_layout(self.now)
        self.figure.title.text = label
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "z (cm)", "time (ns)"
        paint(self.figure, look)

    def show(self, values: Any, moment: Any, length: float) -> None:
        """Show a map of shape (moment, place)."""
        if not len(moment):
            return
        low, high = 1e9 * float(moment[0]), 1e9 * float(moment[-1])
        self.figure.x_range.end = length
        self.figure.y_range.update(start=low, end=high)
        even = np.linspace(moment[0], moment[-1], len(moment))
        rows = np.searchsorted(moment, even).clip(0, len(moment) - 1)
        self.mapper.high = float(values.max()) or 1.0
        self.source.data = {
            "image": [values[rows].astype(np.float32)],
            "x": [0.0],
            "y": [low],
            "dw": [length],
            "dh": [high - low],
        }


def _example(state: State) -> Table:
    """Return the example for the state's atom; α is that of ytterbium for atoms whose own is not known."""
    for name in (state["atom"], "Yb"):
        with suppress(InputError):
            known = two_photon_polarisability(Atom.named(name))
            own = {} if state["atom"] == name and state["E_eg"] is None else {"polarisability": float(known)}
            return EXAMPLE | {"preparation": EXAMPLE["preparation"] | own}
    return EXAMPLE


def _number(name: str, unit: str) -> Any:
    """Return how a number of the preparation is read and written; one of pulses is that of all."""

    def read(state: State) -> str:
        prepared = state["target.preparation"]
        held = (
            prepared.pulses[0]
            if prepared and prepared.pulses and name in type(prepared.pulses[0]).model_fields
            else prepared
        )
        return "" if held is None else text_of(getattr(held, name, None))

    def write(state: State, text: str) -> State:
        prepared = state["target.preparation"].model_dump(exclude_unset=True, exclude_none=True)
        value = number_in(unit, text) if text.strip() else None
        if name in ("energy", "duration", "waist"):
            prepared["pulses"] = [pulse | {name: value} for pulse in prepared.get("pulses", [])]
        else:
            prepared = {key: old for key, old in prepared.items() if key != name}
            prepared |= {} if value is None else {name: value}
        return state.changed(**{"target.preparation": prepared})

    return read, write
