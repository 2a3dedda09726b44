"""Controls of any interaction, made from its constructor: a new one needs numbers to begin with at most."""

import inspect
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import panel as pn

from renp.errors import InputError
from renp.explorer.fields import (
    WIDE,
    Edit,
    Field,
    Html,
    Select,
    Slider,
    button,
    card,
    check_box,
    number_in,
    text_input,
    ticked,
)
from renp.explorer.look import size_formatter, symbol
from renp.explorer.state import State
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.scenario.interactions import build_interaction, kinds
from renp.scenario.quantities import parse_number, parse_quantity
from renp.scenario.schema import Table

UPPER = ("11", "12", "13", "22", "23", "33")

BEGIN: dict[str, Table] = {
    "magnetic-moment": {"elements": {"12": 3e-11}},
    "electric-moment": {"elements": {"12": 3e-11}},
    "charge": {"elements": {"12": 1e-12}},
    "charge-radius": {"elements": {"12": 1e-30}},
    "anapole": {"elements": {"12": 1e-30}},
    "vector-mediator": {"mass": "1 keV", "electron": 1e-8, "left": {"11": 1e-5, "22": 1e-5, "33": 1e-5}},
    "scalar-mediator": {"mass": "1 keV", "electron": 1e-5, "scalar": {"11": 1e-5, "22": 1e-5, "33": 1e-5}},
}
"""Where an interaction begins when it is added; others at 1, and with element 12 of what is needed."""


def beginning(kind: str) -> Table:
    """Return the table with which an interaction is added."""
    if kind in BEGIN:
        return {"kind": kind, **BEGIN[kind]}
    cls = kinds()[kind]
    needed = [name for name, p in _parameters(cls).items() if p.default is p.empty]
    table: Table = {n: f"1 {cls.units[n]}" if n in cls.units else 1.0 for n in needed}
    return {"kind": kind, **table, **{n: {"12": 1.0} for n in _matrix_names(cls) if n in table}}


def _parameters(cls: type[Interaction]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


def _matrix_names(cls: type[Interaction]) -> list[str]:
    """Return the arguments that are 3×3 matrices: fields with that annotation."""
    return [f.name for f in fields(cls) if f.name in _parameters(cls) and "states states" in str(f.type)]


def _elements_of(value: Any) -> dict[str, Any]:
    """Return the elements of a matrix as scenario files have it: a table, or a list of rows."""
    if not isinstance(value, list):
        return dict(value or {})
    return {f"{i + 1}{j + 1}": x for i, row in enumerate(value) for j, x in enumerate(row) if x != 0}


def without_diagonals(state: State) -> State:
    """Return the state of Majorana neutrinos without the diagonal elements that they cannot have."""
    probe = Neutrinos(state["lightest_mass"], nature="majorana")
    tables = []
    for table in state.scenario.interaction:
        try:
            build_interaction(table).check(probe)
        except InputError:
            names = [name for name in _matrix_names(kinds()[table["kind"]]) if name in table]
            table = table | {
                name: {e: x for e, x in _elements_of(table[name]).items() if e[0] != e[1]} for name in names
            }
        except ValueError:
            pass
        tables.append(table)
    return state.changed(interactions=tables)


class InteractionControls:
    """Cards of all interactions of the state, and a choice of more."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._shown: list[Any] | None = None
        self.fields: list[Field] = []
        self._cards = pn.Column(margin=0, **WIDE)
        names = [kind for kind in kinds() if kind != "couplings"]
        self.choice = Select(
            label="Interaction",
            options=[*names, "couplings"],
            value="magnetic-moment",
            min_width=120,
            **WIDE,
        )
        add = button("Add", self._add_chosen, color="primary", align="end", width=70)
        self.view = pn.Column(self._cards, pn.Row(self.choice, add, margin=0, **WIDE), margin=0, **WIDE)

    def show(self, state: State) -> None:
        """Show the interactions of a state; their cards are made anew only where there are others."""
        tables = state.scenario.interaction
        kinds_shown = [table.get("kind") for table in tables]
        if kinds_shown != self._shown:
            self._shown, self.fields = kinds_shown, []
            self._cards.objects = [self._card(k, table) for k, table in enumerate(tables)]
        for field in self.fields:
            field.show(state)

    def _add_chosen(self) -> None:
        table = beginning(self.choice.value)

        def added(state: State) -> State:
            changed = state.with_interaction(len(state.scenario.interaction), table)
            return without_diagonals(changed) if state["nature"] == "majorana" else changed

        self._edit("interactions", added)

    def _card(self, k: int, table: Table) -> Any:
        kind = str(table.get("kind"))
        cls = kinds().get(kind)
        views, unit = [], ""
        if cls is not None:
            views = [self._argument(k, cls, name, p) for name, p in _parameters(cls).items()]
            unit = f" ({symbol(cls.coupling_unit)})" if cls.coupling_unit else ""

        def remove() -> None:
            self._edit("interactions", lambda state: state.with_interaction(k, None))

        last = button(f"Remove {kind}", remove, margin=(2, 10))
        return card(f"{kind}{unit}", *views, last)

    def _argument(self, k: int, cls: type[Interaction], name: str, parameter: inspect.Parameter) -> Any:
        if name in _matrix_names(cls):
            return self._matrix(k, cls, name)
        default = parameter.default
        options = [o for o in get_args(parameter.annotation) for o in get_args(o)]
        if "bool" in str(parameter.annotation):
            widget, read = check_box(name), lambda t: ticked(t.get(name, False))
            return self._add(k, name, widget, read, lambda t, v: t | {name: bool(v)})
        if options:
            widget = Select(label=name, options=options, min_width=90, **WIDE)
            return self._add(k, name, widget, lambda t: t.get(name, default), lambda t, v: t | {name: v})
        unit = cls.units.get(name, "")
        hint = "" if default in (parameter.empty, None) else str(default)
        widget = text_input(f"{name} ({unit})" if unit else name, placeholder=hint)

        def put(table: Table, text: str) -> Table:
            rest = {key: old for key, old in table.items() if key != name}
            if not text.strip():
                return rest
            number = number_in(unit, text)
            return rest | {name: f"{number!r} {unit}" if unit else number}

        return self._add(k, name, widget, lambda t: _shown(t.get(name), unit), put)

    def _matrix(self, k: int, cls: type[Interaction], name: str) -> Any:
        whole = cls.kind == "couplings"
        labels = [f"{i}{j}" for i in "123" for j in "123"] if whole else list(UPPER)
        inputs = [self._element(k, name, label, whole) for label in labels]
        start, end = (-36, -24) if cls.coupling_unit == "cm²" else (-16, 0)
        what = "size of the largest element" if name == "elements" else f"{name}, size of the largest"
        unit = f" ({symbol(cls.coupling_unit)})" if cls.coupling_unit else ""
        size = Slider(label=what + unit, start=start, end=end, step=0.02, format=size_formatter(), **WIDE)

        def put(table: Table, log: float) -> Table:
            return table | {name: _matrix_value(_scaled(table.get(name), log), whole)}

        slider = self._add(k, name, size, lambda t: _log_size(t.get(name), size), put)
        grid = pn.GridBox(*inputs, ncols=3, margin=0, **WIDE)
        return pn.Column(Html(name, margin=(2, 10, 0, 10)), grid, slider, margin=0, **WIDE)

    def _element(self, k: int, name: str, label: str, whole: bool) -> Any:
        def read(table: Table) -> str:
            value = _elements_of(table.get(name)).get(label)
            return "" if value is None else str(value)

        def put(table: Table, text: str) -> Table:
            elements = {e: x for e, x in _elements_of(table.get(name)).items() if e != label}
            if text.strip():
                parse_number(text)
                elements[label] = text.strip() if "j" in text.lower() else float(text)
            return table | {name: _matrix_value(elements, whole)}

        return self._add(k, f"{name}.{label}", text_input(label, placeholder="0"), read, put)

    def _add(
        self,
        k: int,
        place: str,
        widget: Any,
        read: Callable[[Table], Any],
        put: Callable[[Table, Any], Table],
    ) -> Any:
        """Add a field of interaction k, which reads its table, and puts a value into it."""

        def shown(state: State) -> Any:
            return read(state.scenario.interaction[k])

        def write(state: State, value: Any) -> State:
            return state.with_interaction(k, put(state.scenario.interaction[k], value))

        field = Field(f"interactions.{k}.{place}", widget, self._edit, shown, write)
        self.fields.append(field)
        return field.view


def _shown(value: Any, unit: str) -> str:
    """Return an argument as the text of its field, a quantity in the unit of the label."""
    if value is None:
        return ""
    return f"{parse_quantity(value, unit):.15g}" if unit and isinstance(value, str) else str(value)


def _matrix_value(elements: dict[str, Any], whole: bool) -> Any:
    return [[elements.get(f"{i}{j}", 0.0) for j in "123"] for i in "123"] if whole else elements


def _largest(value: Any) -> float:
    return max((abs(complex(parse_number(x))) for x in _elements_of(value).values()), default=0.0)


def _log_size(value: Any, slider: Any) -> float:
    largest = _largest(value)
    log = math.log10(largest) if largest > 0 else slider.start
    return float(round(min(max(log, slider.start), slider.end), 10))


def _scaled(value: Any, log: float) -> dict[str, float | str]:
    """Return the elements, scaled so that the largest has a size; an empty matrix gets its first."""
    elements = {e: x for e, x in _elements_of(value).items() if x != 0} or {"12": 1.0}
    factor = 10**log / _largest(elements)
    return {e: _rounded(complex(parse_number(x)) * factor) for e, x in elements.items()}


def _rounded(value: complex) -> float | str:
    """Return a number to six digits, complex ones as scenario files have them."""
    real, imaginary = float(f"{value.real:.6g}"), float(f"{value.imag:.6g}")
    return real if not imaginary else f"{real!r}{imaginary:+}j"
