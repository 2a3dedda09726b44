"""Quantities of a scenario file by their keys, such as "neutrinos.lightest_mass" or "run[2].duration".

Keys are those of the messages of `renp validate`: tables of an array and items of a list are counted from 1,
elements of a matrix follow a dot, as in "interaction[1].elements.11". A key of [[run]], [[interaction]] or of
pulses without a number stands for the same key of all of them.
"""

import copy
import re
from inspect import signature
from typing import Any, NamedTuple, TypeAlias, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from renp.errors import InputError
from renp.scenario.interactions import interaction_argument, kinds
from renp.scenario.schema import SECTIONS, Table, Unit
from renp.validation import choice

Value: TypeAlias = float | str | bool | list[Any]

PREPARATION = "target.preparation"
PULSES = (f"{PREPARATION}.pulses", f"{PREPARATION}.trigger")
ARRAYS = ("run", "interaction", *PULSES)

_FORM = re.compile(
    r"(?P<table>target\.preparation\.(?:pulses|trigger)(?=[.[])|target\.preparation(?=\.)|\w+)"
    r"(?:\[(?P<index>[1-9]\d*)\])?\.(?P<name>\w+)(?:\[(?P<item>[1-9]\d*)\]|\.(?P<element>\w+))?$"
)


class Key(NamedTuple):
    """Where a quantity stands; numbers count from 0."""

    table: str
    entry: int | None
    name: str
    part: int | str | None
    """Item of a list, or element of a matrix."""

    def tables(self, data: Table) -> list[int]:
        """Return the places of the tables that it names, in their array."""
        return list(range(len(_array(self.table, data)))) if self.entry is None else [self.entry]


def read_key(text: str, data: Table) -> Key:
    """Return a key, after checking that the data may have it."""
    match = _FORM.match(text)
    if match is None:
        allowed = 'a key of the file such as "neutrinos.lightest_mass" or "run[1].duration", counted from 1'
        raise InputError("parameter", repr(text), allowed)
    choice("parameter", match["table"], (*SECTIONS, "interaction"))
    part = int(match["item"]) - 1 if match["item"] else match["element"]
    index = int(match["index"]) - 1 if match["index"] else None
    key = Key(match["table"], index, match["name"], part)
    if (index is not None) != (key.table in ARRAYS) and index is not None:
        raise InputError("parameter", repr(text), f"without a number: there is one [{key.table}]")
    if key.table in ARRAYS and not [k for k in key.tables(data) if k < len(_array(key.table, data))]:
        raise InputError("parameter", repr(text), f"of a [[{key.table}]] that the file has")
    if key.table in SECTIONS:
        choice("parameter", key.name, list(SECTIONS[key.table].model_fields))
        if f"{key.table}.{key.name}" in (PREPARATION, *PULSES):
            allowed = f"a number in it, such as '{PREPARATION}.length' or '{PULSES[0]}[1].energy'"
            raise InputError("parameter", repr(text), allowed)
    else:
        for table in _tables(key, data):
            choice("parameter", key.name, list(signature(kinds()[str(table.get("kind"))]).parameters))
    return key


def unit_of(key: Key, data: Table) -> str:
    """Return the unit of a quantity, empty for a number or words."""
    if key.table == "interaction":
        cls = kinds()[str(_tables(key, data)[0].get("kind"))]
        return cls.coupling_unit if key.part is not None else cls.units.get(key.name, "")
    return unit_of_field(key.table, key.name)


def unit_of_field(section: str, name: str) -> str:
    """Return the unit of a key of a section, empty for a number or words."""
    return _unit(SECTIONS[section].model_fields[name].rebuild_annotation())


def idle(key: Key, data: Table) -> str:
    """Return what to say of a key that has no effect beside the others, or nothing."""
    if key.table not in SECTIONS:
        return ""
    return next((SECTIONS[key.table].idle(table).get(key.name, "") for table in _tables(key, data)), "")


def parse(key: Key, raw: Any, data: Table) -> Value:
    """Return a value as the file would have it: numbers in eV, cm and s, or words."""
    if key.table == "interaction":
        cls = kinds()[str(_tables(key, data)[0].get("kind"))]
        given = raw if key.part is None else {key.part: raw}
        value = interaction_argument(cls, key.name, given)
        return _real(next(iter(value.values())) if key.part is not None else value)
    annotation = SECTIONS[key.table].model_fields[key.name].rebuild_annotation()
    given = raw if key.part is None else [raw]
    try:
        parsed = TypeAdapter(annotation, config=ConfigDict(strict=True)).validate_python(given)
    except ValidationError as error:
        raise ValueError(_words(error, raw)) from None
    return _real(parsed if key.part is None else parsed[0])


def replaced(data: Table, values: dict[Key, Any]) -> Table:
    """Return data with other raw values."""
    changed = copy.deepcopy(data)
    for key, raw in values.items():
        for table in _tables(key, changed):
            if key.part is None:
                table[key.name] = raw
            else:
                _place(table, key)[key.part] = raw
    return changed


def _tables(key: Key, data: Table) -> list[Table]:
    if key.table in ARRAYS:
        return [_array(key.table, data)[k] for k in key.tables(data)]
    for name in key.table.split("."):
        data = data.setdefault(name, {})
    return [data]


def _array(table: str, data: Table) -> Any:
    """Return the tables of an array; none if it is not there."""
    found: Any = data
    for name in table.split("."):
        found = found.get(name, {})
    return found


def _place(table: Table, key: Key) -> Any:
    """Return the list or the matrix that has the part."""
    holder: Any = table.setdefault(key.name, {}) if isinstance(key.part, str) else table.get(key.name)
    fits = isinstance(holder, dict) if isinstance(key.part, str) else isinstance(holder, list)
    if not fits or (isinstance(key.part, int) and key.part >= len(holder)):
        raise InputError(
            "parameter", f"'{key.table}.{key.name}'", "a list or matrix of the file with this part"
        )
    return holder


def _real(value: Any) -> Value:
    if isinstance(value, complex):
        raise ValueError(f"{value}: must be a real number")
    found: Value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return found


def _unit(annotation: Any) -> str:
    """Return the unit that stands somewhere in an annotation."""
    for part in get_args(annotation):
        if isinstance(part, Unit):
            return part.name
        if found := _unit(part):
            return found
    return ""


def _words(error: ValidationError, raw: Any) -> str:
    problem = error.errors()[0]
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    return f"{raw!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
