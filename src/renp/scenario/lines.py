"""Where the keys of a TOML file stand."""

import re
import tomllib
from collections.abc import Iterator

_TOKEN = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\')'
    r"|(?P<line>\n)|(?P<void>[ \t\r]+|#[^\n]*)|(?P<mark>[][{},=.])|(?P<bare>[^][{},=.\s\"'#]+)",
    re.DOTALL,
)


def lines_of(text: str) -> dict[tuple[str | int, ...], int]:
    r"""Return the line (from 1) of each table, key and item of a valid TOML document, however it is written.

    Items of arrays, and tables of an array of tables, are counted from 0.

    Examples
    --------
    >>> lines_of('[atom]\nname = "Y"')
    {('atom',): 1, ('atom', 'name'): 2}
    >>> lines_of('run = [\n{duration = 1}]')[("run", 0, "duration")]
    2
    """
    reader = _Lines(text)
    reader.document()
    return reader.found


class _Lines:
    """Reads a document token by token; only keys, brackets and line ends matter."""

    def __init__(self, text: str) -> None:
        self.found: dict[tuple[str | int, ...], int] = {}
        self._last: dict[tuple[str | int, ...], int] = {}
        """Of each array of tables, the table that its headings were read to."""
        self._tokens = self._read(text)
        self._line = 1
        self._next()

    def _read(self, text: str) -> Iterator[tuple[str, str, int]]:
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "void":
                yield str(match.lastgroup), match[0], line
            line += match[0].count("\n")
        yield "end", "", line

    def _next(self) -> str:
        """Go on by a token, and return the one before."""
        before = getattr(self, "_token", "")
        self._kind, self._token, self._line = next(self._tokens, ("end", "", 0))
        return before

    def _skip(self, *tokens: str) -> None:
        while self._token in tokens:
            self._next()

    def document(self) -> None:
        table: tuple[str | int, ...] = ()
        while self._kind != "end":
            if self._token == "\n":
                self._next()
            elif self._token == "[":
                table = self._heading()
            else:
                self._entry(table)

    def _heading(self) -> tuple[str | int, ...]:
        line = self._line
        self._next()
        many = self._token == "["
        self._skip("[")
        place: tuple[str | int, ...] = ()
        keys = self._keys("]")
        for number, key in enumerate(keys, 1):
            place = (*place, key)
            if many and number == len(keys):
                self.found.setdefault(place, line)
                self._last[place] = self._last.get(place, -1) + 1
            if place in self._last:
                place = (*place, self._last[place])
        self._skip("]")
        self.found.setdefault(place, line)
        return place

    def _keys(self, end: str) -> list[str]:
        keys = []
        while self._token != end and self._kind != "end":
            kind, token = self._kind, self._next()
            if kind == "text":
                token = tomllib.loads(f"key = {token}")["key"]
            if kind != "mark":
                keys.append(token)
        return keys

    def _entry(self, table: tuple[str | int, ...]) -> None:
        line, place = self._line, table
        for key in self._keys("="):
            place = (*place, key)
            self.found.setdefault(place, line)
        self._next()
        self._value(place)

    def _value(self, place: tuple[str | int, ...]) -> None:
        opened = self._next()
        if opened == "[":
            self._skip("\n")
            number = 0
            while self._token != "]" and self._kind != "end":
                self.found[(*place, number)] = self._line
                self._value((*place, number))
                self._skip(",", "\n")
                number += 1
            self._next()
        elif opened == "{":
            self._skip("\n")
            while self._token != "}" and self._kind != "end":
                self._entry(place)
                self._skip(",", "\n")
            self._next()
        else:
            while self._kind in ("bare", "text") or self._token == ".":  # 1.5, or a date with a space
                self._next()
