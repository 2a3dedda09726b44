"""Controls of the page: a widget, what it sets, and beside it what is wrong with an entry."""

from collections.abc import Callable
from html import escape
from typing import Any, TypeAlias

import panel as pn

from renp.explorer.look import Look
from renp.explorer.state import State
from renp.scenario.quantities import parse_quantity

Write: TypeAlias = Callable[[State, Any], State]
Read: TypeAlias = Callable[[State], Any]
Edit: TypeAlias = Callable[[str, Callable[[State], State]], None]
"""Asks the page for a change of its state: from which field, and how."""


class Field:
    """A widget that shows and sets a part of the state.

    Parameters
    ----------
    key
        Name of the part, as `renp.explorer.setup.StateError` has it.
    widget
        Anything with a value.
    edit
        What carries out a change.
    look
        Colours.
    read, write
        From the state to the widget's value, and from that to another state; ``write`` raises ValueError
        for what cannot be read. Left out, the value is that of the key.
    """

    def __init__(
        self,
        key: str,
        widget: Any,
        edit: Edit,
        look: Look,
        read: Read | None = None,
        write: Write | None = None,
    ) -> None:
        self.key, self.widget, self._edit = key, widget, edit
        self._read = read or (lambda state: state[key])
        self._write = write or (lambda state, value: state.changed(**{key: value}))
        self._quiet = self._waiting = False
        self._latest: Any = None
        style = f":host {{ color: {look.wrong}; font-size: 13px; margin: 0 10px; }}"
        self.words = pn.pane.HTML(
            "", visible=False, stylesheets=[style], sizing_mode="stretch_width", margin=0
        )
        self.view = pn.Column(widget, self.words, sizing_mode="stretch_width", margin=0)
        widget.param.watch(self._changed, "value")

    def _changed(self, event: Any) -> None:
        if self._quiet:
            return
        self._latest = event.new
        if not self._waiting:  # of a slider that is dragged, only the last value that came is of use
            self._waiting = True
            self._edit(self.key, self._carried_out)

    def _carried_out(self, state: State) -> State:
        self._waiting = False
        return self._write(state, self._latest)

    def show(self, state: State) -> None:
        """Show the state's value without asking for a change, unless a newer one is yet to be used."""
        value = self._read(state)
        if self.widget.value != value and not self._waiting:
            self._quiet = True
            try:
                self.widget.value = value
            finally:
                self._quiet = False

    def say(self, words: str) -> None:
        """Say beside the widget what is wrong; nothing if empty."""
        if words or self.words.visible:
            self.words.object = f'<span role="alert">{escape(words)}</span>' if words else ""
            self.words.visible = bool(words)


class Slider(pn.widgets.FloatSlider):  # type: ignore[misc]  # Panel has no types
    """A slider that tells of a change at once, where Panel's waits 50 ms for more: `Field` does without."""

    _debounce = 1


def number_in(unit: str, text: str, *, photon: bool = False) -> float:
    """Return a number of the unit shown, or a quantity in any unit that converts to it.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> number_in("eV", "0.01"), number_in("eV", "10 meV")
    (0.01, 0.01)
    """
    try:
        return float(text)
    except ValueError:
        if not unit:
            raise ValueError(f"{text!r}: must be a number") from None
    return parse_quantity(text, unit, photon=photon)


def number_field(key: str, label: str, unit: str, edit: Edit, look: Look, placeholder: str = "") -> Field:
    """Return a text field of a number; empty, it has its usual value, or that of the atom or global fit."""

    def read(state: State) -> str:
        name = key.rpartition(".")[2]
        given = not placeholder or name in state.section_of(key).model_fields_set
        return text_of(state[key]) if given else ""

    def write(state: State, text: str) -> State:
        given = text.strip() or not placeholder
        return state.changed(**{key: number_in(unit, text, photon=key.startswith("E_")) if given else None})

    return Field(key, text_input(label, placeholder=placeholder), edit, look, read, write)


def text_of(value: float | None) -> str:
    """Return a number as text that reads back to itself, or nothing.

    Examples
    --------
    >>> text_of(0.01), text_of(None)
    ('0.01', '')
    """
    return "" if value is None else f"{value:.15g}" if float(f"{value:.15g}") == value else repr(value)


def check_box(label: str) -> Any:
    """Return a box to tick, whose value is [True] or []; Panel's own has no label that a screen reader finds.

    Examples
    --------
    >>> check_box("ratio").value
    []
    """
    return pn.widgets.CheckBoxGroup(options={label: True}, margin=(8, 10))


def ticked(truth: bool) -> list[bool]:
    """Return the value of a box.

    Examples
    --------
    >>> ticked(True), ticked(False)
    ([True], [])
    """
    return [True] if truth else []


def text_input(label: str, *, placeholder: str = "", **options: Any) -> Any:
    """Return a text input that fills its column."""
    return pn.widgets.TextInput(
        label=label, placeholder=placeholder, sizing_mode="stretch_width", min_width=60, **options
    )
