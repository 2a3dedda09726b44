"""A state as the query of a link, and back: one key for each field that differs, its value JSON."""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from renp.explorer.document import LASER, OSCILLATION, TARGET, as_json
from renp.explorer.state import PARTS, TABS, THEMES, Run, State

ALWAYS = ("atom", "lightest_mass")
"""Keys that every link has, so that it never means the server's own start."""

LONGEST = 20_000


def to_query(state: State) -> str:
    """Return the query of a link that reproduces the state.

    Examples
    --------
    >>> to_query(State(lightest_mass=0.02, ordering="inverted"))
    'atom=Yb&lightest_mass=0.02&ordering=inverted'
    """
    content, usual = as_json(state), as_json(State())
    chosen = {k: v for k, v in content.items() if k in ALWAYS or v != usual[k]}
    if "runs" in chosen:
        chosen["runs"] = [_short(run) for run in state.runs]
    words = {k: v if isinstance(v, str) else json.dumps(v, separators=(",", ":")) for k, v in chosen.items()}
    return urlencode(words, quote_via=quote, safe=',:[]{}"')


def from_query(query: str) -> State:
    """Return the state of a link.

    Raises
    ------
    ValueError
        Naming the key that cannot be read.

    Examples
    --------
    >>> from_query("?lightest_mass=0.02&runs=[[1.068]]").runs
    (Run(photon_energy=1.068, duration=864000.0, background=0.0, efficiency=1.0),)
    """
    if len(query) > LONGEST:
        raise ValueError(f"the link is longer than {LONGEST} characters")
    known = {field.name for field in fields(State)}
    values = {}
    for key, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if key not in known:
            raise ValueError(f"{key}: is not a part of a link to the explorer")
        try:
            values[key] = _READ[key](text)
        except (ValueError, TypeError, RecursionError):
            raise ValueError(f"{key} = {text[:80]}: cannot be read") from None
    return State(**values)


def _short(run: Run) -> list[float]:
    """Return the run's numbers, without those at the end that are usual."""
    numbers = [run.photon_energy, run.duration, run.background, run.efficiency]
    usual = Run(0.0)
    for value in (usual.efficiency, usual.background, usual.duration):
        if numbers[-1] != value:
            break
        numbers.pop()
    return numbers


def _text(text: str) -> str:
    return text[:200]


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError
        return text

    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _float(text: str) -> float:
    return _number(json.loads(text))


def _optional(text: str) -> float | None:
    return None if text == "null" else _float(text)


def _truth(text: str) -> bool:
    return _one_of("true", "false")(text) == "true"


def _pair(text: str) -> tuple[float, float]:
    first, second = (_number(item) for item in json.loads(text))
    return first, second


def _window(text: str) -> tuple[float, float] | None:
    if text == "null":
        return None
    low, high = _pair(text)
    if not low < high:
        raise ValueError
    return low, high


def _texts(text: str) -> tuple[str, ...]:
    items = json.loads(text)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError
    return tuple(items)


def _numbers(known: dict[str, str]) -> Callable[[str], dict[str, float]]:
    def read(text: str) -> dict[str, float]:
        content = _table(text)
        if not content.keys() <= known.keys():
            raise ValueError
        return {key: _number(value) for key, value in content.items()}

    return read


def _table(text: str) -> dict[str, Any]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError
    return content


def _tables(text: str) -> tuple[dict[str, Any], ...]:
    content = json.loads(text)
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise ValueError
    return tuple(content)


def _runs(text: str) -> tuple[Run, ...]:
    return tuple(Run(*(_number(item) for item in run)) for run in json.loads(text))


_READ: dict[str, Callable[[str], Any]] = {
    "atom": _text,
    "E_eg": _optional,
    "E_vg": _optional,
    "effects": _texts,
    "polarisation": _text,
    "boost": _float,
    "lightest_mass": _float,
    "ordering": _text,
    "nature": _text,
    "release": _text,
    "majorana_phases": _pair,
    "oscillation": _numbers(OSCILLATION),
    "interactions": _tables,
    "runs": _runs,
    "target": _numbers(TARGET),
    "laser": _numbers(LASER),
    "confidence_level": _float,
    "uncertain": _table,
    "tab": _one_of(*TABS),
    "parts": _one_of(*PARTS),
    "ratio": _truth,
    "window": _window,
    "aim": _text,
    "elements": _text,
    "total": _optional,
    "theme": _one_of(*THEMES),
}
