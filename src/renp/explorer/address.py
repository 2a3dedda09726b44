"""A state as the query of a link, and back: one key for each part that differs, its value words or JSON."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from renp.explorer.state import PLACES, VIEW, State, as_json, is_text, short
from renp.scenario.schema import NeutrinosSection

ALWAYS = ("atom", "lightest_mass")
"""Keys that every link has, so that it never means the server's own start."""

WITHOUT = ("name", "approximation")
"""Keys that have another name in links."""

LINKED = (*(key for key in PLACES if "." not in key and key not in WITHOUT), *VIEW)
"""Keys of links."""

LONGEST = 20_000


def to_query(state: State) -> str:
    """Return the query of a link that reproduces the state.

    Examples
    --------
    >>> to_query(State.of(lightest_mass=0.02, ordering="inverted"))
    'atom=Yb&lightest_mass=0.02&ordering=inverted'
    """
    return urlencode(dict(_parts(state)), quote_via=quote, safe=',:[]{}"')


def _parts(state: State) -> Iterator[tuple[str, str]]:
    usual = State()
    for key in LINKED:
        value = state[key]
        if key == "uncertain":
            value = value.model_dump(exclude_defaults=True, exclude={"confidence_level"})
        if key in ALWAYS or value != ({} if key == "uncertain" else usual[key]):
            if key == "runs":
                value = [short(run) for run in value]
            yield key, value if is_text(key) else as_json(value)


def from_query(query: str) -> State:
    """Return the state of a link.

    Raises
    ------
    ValueError
        Naming the key that cannot be read.

    Examples
    --------
    >>> from_query("?lightest_mass=0.02&runs=[[1.068]]").scenario.run[0].duration
    864000.0
    """
    if len(query) > LONGEST:
        raise ValueError(f"the link is longer than {LONGEST} characters")
    state = State()
    for key, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if key not in (*LINKED, "oscillation"):
            raise ValueError(f"{key}: is not a part of a link to the explorer")
        try:
            state = state.changed(**_values(key, text))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(f"{key} = {text[:80]}: cannot be read") from None
    return state


def _values(key: str, text: str) -> dict[str, Any]:
    if key == "oscillation":  # of links from before 0.2: a table of keys that now stand alone
        content = json.loads(text)
        return {name: content[name] for name in content if NeutrinosSection.model_fields[name]}
    return {key: text if key != "oscillation" and is_text(key) else json.loads(text)}
