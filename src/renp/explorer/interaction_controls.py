"""Controls of any interaction, made from its constructor: a new one needs no line here."""

import inspect
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import panel as pn

from renp.errors import InputError
from renp.explorer.fields import Edit, Field, Slider, check_box, number_in, text_input, ticked
from renp.explorer.look import Look
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
"""Where an interaction begins when it is added; those of other packages begin at 1."""


def beginning(kind: str) -> Table:
    """Return the table with which an interaction is added.

    Examples
    --------
    >>> beginning("magnetic-moment")["elements"]
    {'12': 3e-11}
    """
    if kind in BEGIN:
        return {"kind": kind, **BEGIN[kind]}
    cls = kinds()[kind]
    needed = [name for name, p in inspect.signature(cls).parameters.items() if p.default is p.empty]
    units = cls.units
    return {"kind": kind, **{name: f"1 {units[name]}" if name in units else 1.0 for name in needed}}


def matrix_names(cls: type[Interaction]) -> list[str]:
    """Return the arguments that are 3×3 matrices: fields with that annotation.

    Examples
    --------
    >>> matrix_names(kinds()["vector-mediator"])
    ['left', 'right']
    """
    parameters = inspect.signature(cls).parameters
    return [f.name for f in fields(cls) if f.name in parameters and "3 3" in str(f.type)]


def elements_of(value: Any) -> dict[str, Any]:
    """Return the elements of a matrix as scenario files have it: a table, or a list of rows.

    Examples
    --------
    >>> elements_of([[0, 1e-5, 0], [0, 0, 0], [0, 0, 0]])
    {'12': 1e-05}
    """
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
            names = matrix_names(kinds()[table["kind"]])
            kept = {
                n: {e: x for e, x in elements_of(table[n]).items() if e[0] != e[1]}
                for n in names
                if n in table
            }
            table = table | kept
        except ValueError:
            pass
        tables.append(table)
    return state.changed(interactions=tables)


class InteractionControls:
    """Cards of all interactions of the state, and a choice of more."""

    def __init__(self, edit: Edit, look: Look) -> None:
        self._edit, self._look = edit, look
        self._shape: list[tuple[str, ...]] | None = None
        self.fields: list[Field] = []
        self._cards = pn.Column(sizing_mode="stretch_width", margin=0)
        names = [kind for kind in kinds() if kind != "couplings"]
        self.choice = pn.widgets.Select(
            label="Interaction", options=[*names, "couplings"], sizing_mode="stretch_width", min_width=120
        )
        self.choice.value = "magnetic-moment"
        self.add = pn.widgets.Button(label="Add", color="primary", align="end", width=70)
        self.add.on_click(self._added)
        row = pn.Row(self.choice, self.add, sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(self._cards, row, sizing_mode="stretch_width", margin=0)

    def show(self, state: State) -> None:
        """Show the interactions of a state; their cards are made anew only where there are others."""
        shape = [_shape(table) for table in state.scenario.interaction]
        if shape != self._shape:
            self._shape, self.fields = shape, []
            self._cards.objects = [self._card(k, table) for k, table in enumerate(state.scenario.interaction)]
        for field in self.fields:
            field.show(state)

    def _added(self, _: Any) -> None:
        table = beginning(self.choice.value)
        self._edit("interactions", lambda state: _with_added(state, table))

    def _card(self, k: int, table: Table) -> Any:
        cls = kinds().get(table.get("kind", ""))
        remove = pn.widgets.Button(label=f"Remove {table.get('kind')}", margin=(2, 10))
        remove.on_click(lambda _: self._edit("interactions", lambda state: state.with_interaction(k, None)))
        views = [] if cls is None else [self._argument(k, cls, name, p) for name, p in _parameters(cls)]
        unit = f" ({cls.coupling_unit})" if cls is not None and cls.coupling_unit else ""
        content = pn.Column(*views, remove, sizing_mode="stretch_width", margin=0)
        return pn.Card(
            content, title=f"{table.get('kind')}{unit}", sizing_mode="stretch_width", margin=(4, 5)
        )

    def _argument(self, k: int, cls: type[Interaction], name: str, parameter: inspect.Parameter) -> Any:
        if name in matrix_names(cls):
            return self._matrix(k, cls, name)
        options = [o for o in get_args(parameter.annotation) for o in get_args(o)]
        if "bool" in str(parameter.annotation):
            return self._add(k, name, check_box(name), lambda t: ticked(t.get(name, False)), bool)
        if options:
            choice = pn.widgets.Select(label=name, options=options, sizing_mode="stretch_width", min_width=90)
            return self._add(k, name, choice, lambda t: t.get(name, parameter.default), lambda v: v)
        unit = cls.units.get(name, "")
        widget = text_input(f"{name} ({unit})" if unit else name, placeholder=_default(parameter))
        return self._add(k, name, widget, lambda t: _shown(t.get(name), unit), lambda v: _read(v, unit))

    def _matrix(self, k: int, cls: type[Interaction], name: str) -> Any:
        whole = cls.kind == "couplings"
        labels = [f"{i}{j}" for i in "123" for j in "123"] if whole else list(UPPER)
        inputs = [self._element(k, name, label, whole) for label in labels]
        size = Slider(
            label=f"{name}: log₁₀ of the largest",
            start=-16 if cls.coupling_unit != "cm²" else -36,
            end=0 if cls.coupling_unit != "cm²" else -24,
            step=0.02,
            format="0.00",
            sizing_mode="stretch_width",
        )
        slider = self._add(
            k, name, size, lambda t: _log_size(t.get(name), size), lambda v: v, _scaled(name, whole)
        )
        grid = pn.GridBox(*inputs, ncols=3, sizing_mode="stretch_width", margin=0)
        title = pn.pane.HTML(f"{name}", margin=(2, 10, 0, 10))
        return pn.Column(title, grid, slider, sizing_mode="stretch_width", margin=0)

    def _element(self, k: int, name: str, label: str, whole: bool) -> Any:
        widget = text_input(label, placeholder="0")

        def read(table: Table) -> str:
            value = elements_of(table.get(name)).get(label)
            return "" if value is None else str(value)

        def put(table: Table, text: str) -> Table:
            elements = {e: x for e, x in elements_of(table.get(name)).items() if e != label}
            if text.strip():
                parse_number(text)
                elements[label] = text.strip() if "j" in text.lower() else float(text)
            return table | {name: _matrix_value(elements, whole)}

        return self._add(k, name, widget, read, lambda v: v, put, f".{label}")

    def _add(
        self,
        k: int,
        name: str,
        widget: Any,
        read: Callable[[Table], Any],
        parse: Callable[[Any], Any],
        put: Callable[[Table, Any], Table] | None = None,
        place: str = "",
    ) -> Any:
        def write(state: State, value: Any) -> State:
            table = state.scenario.interaction[k]
            if put is not None:
                return state.with_interaction(k, put(table, value))
            parsed = parse(value)
            rest = {key: old for key, old in table.items() if key != name}
            return state.with_interaction(k, rest if parsed is None else rest | {name: parsed})

        key = f"interactions.{k}.{name}{place}"
        field = Field(key, widget, self._edit, self._look, lambda s: read(s.scenario.interaction[k]), write)
        self.fields.append(field)
        return field.view


def _with_added(state: State, table: Table) -> State:
    added = state.with_interaction(len(state.scenario.interaction), table)
    return without_diagonals(added) if state["nature"] == "majorana" else added


def _parameters(cls: type[Interaction]) -> list[tuple[str, inspect.Parameter]]:
    return list(inspect.signature(cls).parameters.items())


def _shape(table: Table) -> tuple[str, ...]:
    """Return what decides which controls a card has."""
    return (str(table.get("kind")),)


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default in (parameter.empty, None) else str(parameter.default)


def _shown(value: Any, unit: str) -> str:
    """Return an argument as the text of its field, a quantity in the unit of the label."""
    if value is None:
        return ""
    if unit and isinstance(value, str):
        number = parse_quantity(value, unit)
        return f"{number:.15g}"
    return str(value)


def _read(text: str, unit: str) -> Any:
    """Return an argument of a scenario file from the text of its field; None if it is empty."""
    if not text.strip():
        return None
    return f"{number_in(unit, text)!r} {unit}" if unit else number_in(unit, text)


def _matrix_value(elements: dict[str, Any], whole: bool) -> Any:
    if not whole:
        return elements
    return [[elements.get(f"{i}{j}", 0.0) for j in "123"] for i in "123"]


def _sizes(value: Any) -> list[float]:
    return [abs(complex(parse_number(x))) for x in elements_of(value).values()]


def _log_size(value: Any, slider: Any) -> float:
    largest = max(_sizes(value), default=0.0)
    log = math.log10(largest) if largest > 0 else slider.start
    return float(round(min(max(log, slider.start), slider.end), 10))


def _scaled(name: str, whole: bool) -> Callable[[Table, float], Table]:
    """Return what scales a matrix so that its largest element has a size; an empty one gets its first."""

    def put(table: Table, log: float) -> Table:
        elements = {e: x for e, x in elements_of(table.get(name)).items() if x != 0} or {"12": 1.0}
        factor = 10**log / max(_sizes(elements))
        scaled = {e: _rounded(complex(parse_number(x)) * factor) for e, x in elements.items()}
        return table | {name: _matrix_value(scaled, whole)}

    return put


def _rounded(value: complex) -> float | str:
    """Return a number to six digits, complex ones as scenario files have them."""
    real, imaginary = float(f"{value.real:.6g}"), float(f"{value.imag:.6g}")
    return real if not imaginary else f"{real!r}{imaginary:+}j"
