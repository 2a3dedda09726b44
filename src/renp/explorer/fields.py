"""Controls of the page: widgets, what they set, beside each what is wrong with it, and when it is done."""

import threading
from collections.abc import Callable
from functools import partial
from html import escape
from io import BytesIO
from typing import Any, TypeAlias

import panel as pn
from bokeh.document import Document
from bokeh.models import ImportedStyleSheet
from panel.io.notebook import replace_inline_css

from renp.experiment import WIDTHS
from renp.explorer.hints import hint
from renp.explorer.look import TABLE_CSS
from renp.explorer.state import State
from renp.results import Result
from renp.scenario.quantities import parse_quantity, parse_relative

Write: TypeAlias = Callable[[State, Any], State]
Read: TypeAlias = Callable[[State], Any]
Edit: TypeAlias = Callable[[str, Callable[[State], State]], None]
"""Asks the page for a change of its state: from which field, and how."""

WIDE: dict[str, Any] = {"sizing_mode": "stretch_width"}
WRAPPED = ":host { flex-direction: row; flex-wrap: wrap; }"
"""Beside one another where there is room. A FlexBox does not finish its figures while it is hidden, and until
all are finished Panel takes the page for not there, and throws away what changes in its layout."""
_WORDS = """
:host { font-size: 13px; margin: 0 10px; max-width: 100%; overflow-wrap: anywhere; }
[role=alert] { color: var(--renp-wrong, #d0304a); display: block; white-space: pre-wrap; }
.hint { display: var(--renp-hints, none); opacity: 0.8; margin-bottom: 4px; }
"""
"""What is wrong, and what a control is for: the page shows the latter when it is asked to."""

FAILED = "this is a failure of renp itself; its terminal says where"

FORMATS = ("png", "svg", "csv")


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
    read, write
        From the state to the widget's value, and from that to another state; ``write`` raises ValueError
        for what cannot be read. Left out, the value is that of the key.
    """

    def __init__(
        self,
        key: str,
        widget: Any,
        edit: Edit,
        read: Read | None = None,
        write: Write | None = None,
    ) -> None:
        self.key, self.widget, self._edit = key, widget, edit
        self._read = read or (lambda state: state[key])
        self._write = write or (lambda state, value: state.changed(**{key: value}))
        self._quiet = self._waiting = False
        self._latest: Any = None
        self._hint = f'<span class="hint">{escape(words)}</span>' if (words := hint(key)) else ""
        self.words = Html(self._hint, visible=bool(self._hint), stylesheets=[_WORDS], margin=0, **WIDE)
        self.view = pn.Column(widget, self.words, margin=0, **WIDE)
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
        alert = f'<span role="alert">{escape(words)}</span>' if words else ""
        if self.words.object != (said := alert + self._hint):
            self.words.object, self.words.visible = said, bool(said)


def number_field(key: str, label: str, unit: str, edit: Edit, placeholder: str = "") -> Field:
    """Return a text field of a number; empty, it has its usual value, or that of the atom or global fit."""

    def read(state: State) -> str:
        name = key.rpartition(".")[2]
        given = not placeholder or name in state.section_of(key).model_fields_set
        return text_of(state[key]) if given else ""

    def write(state: State, text: str) -> State:
        given = text.strip() or not placeholder
        if key == "target.width" and text.strip() in WIDTHS:
            return state.changed(**{key: text.strip()})
        return state.changed(**{key: number_in(unit, text, photon=key.startswith("E_")) if given else None})

    return Field(key, text_input(label, placeholder=placeholder), edit, read, write)


def number_in(unit: str, text: str, *, photon: bool = False) -> float:
    """Return a number of the unit shown, or a quantity in any unit that converts to it."""
    try:
        return float(text)
    except ValueError:
        if unit:
            return parse_quantity(text, unit, photon=photon)
    return float(parse_relative(text))


def text_of(value: float | str | list[Any] | None) -> str:
    """Return a number as text that reads back to itself, a word, several, or nothing."""
    if isinstance(value, (str, list)):
        return value if isinstance(value, str) else ", ".join(map(text_of, value))
    return "" if value is None else f"{value:.15g}" if float(f"{value:.15g}") == value else repr(value)


_TRACK = ".noUi-target { background: var(--renp-bar, #d9dde3); border-color: transparent; box-shadow: none; }"
"""Panel's is white in the dark theme."""

_ARROW = """
select:not([multiple]) { background-image: url('data:image/svg+xml;utf8,<svg viewBox="0 0 25 20"\
 xmlns="http://www.w3.org/2000/svg"><path d="M 0,0 25,0 12.5,20 Z" fill="%23808790"/></svg>') !important; }
"""
"""Panel's is black in the dark theme."""


class _Offline:
    """A pane of Panel that asks nobody for style sheets: in a notebook Panel's does so once it changes."""

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        properties: dict[str, Any] = super()._get_properties(doc)  # type: ignore[misc]
        if doc is not None and doc.session_context is None and "stylesheets" in properties:
            properties["stylesheets"] = [
                replace_inline_css(sheet) if isinstance(sheet, ImportedStyleSheet) else sheet
                for sheet in properties["stylesheets"]
            ]
        return properties


class Html(_Offline, pn.pane.HTML):  # type: ignore[misc]
    """Words, or a table."""


class Picture(_Offline, pn.pane.Matplotlib):  # type: ignore[misc]
    """A figure of Matplotlib."""


class Slider(pn.widgets.FloatSlider):  # type: ignore[misc]  # Panel has no types
    """A slider that tells of a change at once, where Panel's waits 50 ms for more: `Field` does without."""

    _debounce = 1

    def __init__(self, **options: Any) -> None:
        super().__init__(stylesheets=[_TRACK], **options)


class Select(pn.widgets.Select):  # type: ignore[misc]
    """A choice whose arrow is seen in both themes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(stylesheets=[_ARROW], **options)


def angle(label: str, most: float) -> Any:
    """Return a slider of an angle in units of π."""
    return Slider(label=label, start=0.0, end=most, step=0.01, format="0.00", **WIDE)


def text_input(label: str, *, placeholder: str = "") -> Any:
    """Return a text input that fills its column."""
    return pn.widgets.TextInput(label=label, placeholder=placeholder, min_width=60, **WIDE)


def select(label: str, options: Any) -> Any:
    """Return a choice among many."""
    choices = options if isinstance(options, dict) else list(options)
    return Select(label=label, options=choices, min_width=90, **WIDE)


def radio(label: str, options: Any, **layout: Any) -> Any:
    """Return a choice among few: values, or labels with values."""
    choices = options if isinstance(options, dict) else list(options)
    return pn.widgets.RadioButtonGroup(
        label=label, options=choices, color="primary", variant="outline", **layout
    )


def check_box(label: str) -> Any:
    """Return a box to tick, whose value is [True] or []; Panel's own has no label for screen readers."""
    return pn.widgets.CheckBoxGroup(options={label: True}, margin=(8, 10))


def ticked(truth: bool) -> list[bool]:
    """Return the value of a box."""
    return [True] if truth else []


def button(label: str, action: Callable[[], None], **options: Any) -> Any:
    """Return a button that does something."""
    made = pn.widgets.Button(label=label, **options)
    made.on_click(lambda _: action())
    return made


def card(title: str, *content: Any, collapsed: bool = False) -> Any:
    """Return a part of the controls that folds."""
    return pn.Card(*content, title=title, collapsed=collapsed, margin=(4, 5), **WIDE)


def folded(title: str, make: Callable[[], list[Any]]) -> Any:
    """Return a part of the controls that is folded; what is in it is made when it is first unfolded."""
    column = pn.Column(margin=0, **WIDE)
    folding = card(title, column, collapsed=True)

    def fill(_: Any) -> None:
        folding.param.unwatch(watcher)
        with_lock(lambda: column.extend(make()))

    watcher = folding.param.watch(fill, "collapsed")
    return folding


def html(text: str = "", margin: Any = (0, 10)) -> Any:
    """Return words, or a table."""
    return Html(text, margin=margin, stylesheets=[TABLE_CSS], **WIDE)


def save_buttons(name: str, current: Callable[[], Result]) -> list[Any]:
    """Return a button for each of `FORMATS` that saves what there is when it is pressed."""
    return [
        pn.widgets.FileDownload(
            callback=partial(lambda ending: file_of(current(), ending), ending),
            filename=f"{name}.{ending}",
            label=f"Save as {ending.upper()}",
            align="end",
        )
        for ending in FORMATS
    ]


def file_of(result: Result, ending: str) -> BytesIO:
    """Return a result as a file: picture or data by the ending."""
    return BytesIO(result.file(f".{ending}"))


def _served_document() -> Any:
    """Return the document of the session that is served, or None."""
    document = pn.state.curdoc
    return None if document is None or document.session_context is None else document


def in_order(action: Callable[[], None]) -> None:
    """Carry out an action, and tell the browser of all that it changed in one message.

    By themselves Panel's changes are written at once, or later if the connection is busy, and Bokeh's after
    the callback: the data of a new figure could come before the figure.
    """
    with pn.io.unlocked():
        action()


class Later:
    """Calls by name: of several within the delay only the last is made. Without a server, at once."""

    def __init__(self) -> None:
        self._latest: dict[str, Callable[[], None]] = {}

    def call(self, name: str, delay: int, action: Callable[[], None]) -> None:
        """Carry out an action after a delay in milliseconds."""
        document = _served_document()
        if document is None:
            action()
            return
        waiting = name in self._latest
        self._latest[name] = action
        if not waiting:
            document.add_timeout_callback(lambda: in_order(self._latest.pop(name)), delay)


def with_lock(action: Callable[[], None]) -> None:
    """Carry out an action when the page may be changed: Panel's events may come while it may not."""
    document = _served_document()
    if document is None:
        action()
    else:
        document.add_next_tick_callback(partial(in_order, action))


def in_background(work: Callable[[], Callable[[], None]]) -> None:
    """Do long work in a thread, so that the pages of others stay alive, then what it returns in the page.

    What is in the thread may not touch the page, which may have been closed meanwhile.
    """
    document = _served_document()
    if document is None:
        work()()
        return

    def run() -> None:
        then = partial(in_order, work())
        if document.session_context is not None:
            document.add_next_tick_callback(then)

    threading.Thread(target=run, daemon=True, name="renp work of a page").start()
