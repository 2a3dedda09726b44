"""Where a key stands in a TOML file."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r'\s*\[\[?\s*[A-Za-z_"][\w."-]*\s*\]\]?\s*(#.*)?$')


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    r"""Return the line (from 1) of a key, or of the table that should hold it; None if neither is there.

    Parameters
    ----------
    text
        A TOML document in which every table has a header of its own.
    place
        Section, index in an array of tables if any, key.

    Examples
    --------
    >>> line_of('[atom]\nname = "Y"', ("atom", "name"))
    2
    >>> line_of('[[run]]\n[[run]]\nduration = 1', ("run", 1, "duration"))
    3
    """
    if not place:
        return None
    section, *rest = place
    index = rest.pop(0) if rest and isinstance(rest[0], int) else 0
    header = re.compile(rf"\s*\[\[?\s*{re.escape(str(section))}\s*\]\]?\s*(#.*)?$")
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if header.match(line)]
    if not isinstance(index, int) or index >= len(starts):
        return None
    start = starts[index]
    key = re.compile(rf'\s*"?{re.escape(str(rest[0]))}"?\s*=') if rest else None
    for number in range(start + 1, len(lines)):
        if _HEADER.match(lines[number]):
            break
        if key and key.match(lines[number]):
            return number + 1
    return start + 1
