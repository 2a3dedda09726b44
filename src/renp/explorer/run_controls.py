"""Numeric fields of each run: what dragging does, for the keyboard."""

from typing import Any

import panel as pn

from renp.constants import DAY
from renp.explorer.fields import Edit, Field, number_field, number_in, text_input, text_of
from renp.explorer.look import Look
from renp.explorer.sampling import usual_window
from renp.explorer.setup import build
from renp.explorer.state import State, new_run

_COLUMNS = (
    ("photon_energy", "ω (eV)", "eV", 1.0),
    ("duration", "days", "day", DAY),
    ("background", "background / day", "1/day", 1 / DAY),
)


class RunControls:
    """One row for each run, and a button that adds one."""

    def __init__(self, edit: Edit, look: Look) -> None:
        self._edit, self._look = edit, look
        self._number: int | None = None
        self.fields: list[Field] = []
        self._rows = pn.Column(sizing_mode="stretch_width", margin=0)
        self.add = pn.widgets.Button(label="Add a run", color="primary", margin=(6, 10))
        self.add.on_click(lambda _: edit("runs", _with_another))
        self.level = number_field("confidence_level", "Confidence level of limits", "", edit, look)
        self.view = pn.Column(
            self._rows, self.add, self.level.view, sizing_mode="stretch_width", max_width=760, margin=0
        )

    def show(self, state: State) -> None:
        """Show the runs of a state."""
        if len(state.scenario.run) != self._number:
            self._number, self.fields = len(state.scenario.run), []
            self._rows.objects = [self._row(k) for k in range(len(state.scenario.run))]
        for field in (*self.fields, self.level):
            field.show(state)

    def _row(self, k: int) -> Any:
        views = [self._column(k, *column) for column in _COLUMNS]
        remove = pn.widgets.Button(label="✕", description=f"Remove run {k + 1}", width=34, align="end")
        remove.on_click(lambda _: self._edit("runs", lambda state: _without(state, k)))
        return pn.Row(*views, remove, sizing_mode="stretch_width", margin=0)

    def _column(self, k: int, name: str, label: str, unit: str, factor: float) -> Any:
        def read(state: State) -> str:
            value = getattr(state.scenario.run[k], name) / factor
            return text_of(float(f"{value:.12g}"))

        def write(state: State, text: str) -> State:
            value = number_in(unit, text, photon=unit == "eV") * factor
            return state.with_run(k, **{name: value})

        widget = text_input(f"{k + 1}: {label}" if name == "photon_energy" else label)
        field = Field(f"runs.{k}.{name}", widget, self._edit, self._look, read, write)
        self.fields.append(field)
        return field.view


def _without(state: State, k: int) -> State:
    return state.changed(runs=[run for j, run in enumerate(state.scenario.run) if j != k])


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
