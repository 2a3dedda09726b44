"""The problems of a scenario file, gathered until all are known."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn, TypeAlias, TypeVar, get_args

from pydantic import ValidationError

from renp.errors import InputError, ScenarioError, shown
from renp.scenario.lines import lines_of
from renp.scenario.schema import VARIED, Section, Table

S = TypeVar("S", bound=Section)
T = TypeVar("T")
Place: TypeAlias = tuple[str | int, ...]


MOST = 200
"""Problems that are looked for: of ten thousand runs with a unit misspelt, nobody reads more."""


class TableError(ValueError):
    """Several keys of one table are wrong; ``problems`` pairs each key, or "", with a sentence."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key}: {words}" for key, words in problems))
        self.problems = problems


class Problems:
    """What is wrong with a file, each with its place."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.found: dict[tuple[Place, str], None] = {}
        self.notes: list[str] = []
        """What was guessed."""

    @property
    def enough(self) -> bool:
        """Whether no more are looked for."""
        return len(self.found) >= MOST

    def add(self, place: Place, words: str) -> None:
        """Note a problem, once; no more of them than anyone reads."""
        if not self.enough:
            self.found.setdefault((place, words))

    def collect(
        self,
        place: Place,
        table: Table,
        build: Callable[[Table], T],
        placeholders: Mapping[str, Any] | None = None,
    ) -> T | None:
        """Return what a table describes, or None after noting all that is wrong with it.

        A key that is wrong is left out, or replaced by its placeholder if it is required, and the
        table tried again, so that the next problem shows too.
        """
        placeholders = placeholders or {}
        failed, rest = False, dict(table)
        while True:
            try:
                value = build(rest)
            except (ValidationError, ValueError) as error:
                # What was left out is missing: that is no further problem.
                wrong = [
                    (w, words)
                    for w, words in _read(error, place, table)
                    if not (failed and "is missing" in words)
                ]
                failed = True
                for where, words in wrong:
                    self.add((*place, *where), words)
                keys = {str(where[0]) for where, _ in wrong if where}
                if not _leave_out(rest, keys, placeholders):
                    return None
            else:
                return None if failed else value

    def located(self, place: Place, words: str) -> str:
        """Return a sentence with its line and key."""
        return _located(_line(lines_of(self.text), place), place, words)

    def give_up(self) -> NoReturn:
        """Raise all problems, in the order of their lines."""
        lines = lines_of(self.text)
        located = [(_line(lines, place), place, words) for place, words in self.found]
        located.sort(key=lambda item: item[0] or 0)
        more = ["and perhaps more: these were enough to stop looking"] if self.enough else []
        raise ScenarioError(self.file, [_located(*item) for item in located] + more)


def validated(
    section: type[S], build: Callable[[S], T], table: Table, context: Mapping[str, Any] | None = None
) -> T:
    """Return what is built from a section, after checking its keys and values."""
    if wrong := _wrong_keys(section, table, idle=context != VARIED):
        raise TableError([(key, f"{rest} {words}".lstrip(".").lstrip()) for key, rest, words in wrong])
    return build(section.model_validate(table, context=dict(context or {})))


def _wrong_keys(section: type[Section], table: Table, *, idle: bool) -> list[tuple[str, str, str]]:
    """Return what is not known or cannot act, in sections within too: key, rest of a path, sentence."""
    known = list(section.model_fields)
    wrong = [(key, "", unknown_key(key, known)) for key in table if key not in known]
    wrong += [(key, "", words) for key, words in (section.idle(table) if idle else {}).items()]
    for name, field in section.model_fields.items():
        inner, given = _section_in(field.annotation), table.get(name)
        for k, one in enumerate(given if isinstance(given, list) else [given]):
            place = f"[{k + 1}]" if isinstance(given, list) else ""
            if inner is not None and isinstance(one, dict):
                within = _wrong_keys(inner, one, idle=idle)
                wrong += [(name, f"{place}.{key}{rest}", words) for key, rest, words in within]
    return wrong


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)


def unknown_key(key: str, known: list[str]) -> str:
    """Return what to say of a key that is not known."""
    guess = get_close_matches(key, known, n=1)
    hint = f" (did you mean {guess[0]}?)" if guess else ""
    return f"is not a known key{hint}: must be one of {', '.join(known)}"


def _leave_out(table: Table, keys: set[str], placeholders: Mapping[str, Any]) -> bool:
    """Change a table so that other problems show; False if there is nothing to change."""
    changed = False
    for key in keys:
        given = table.pop(key, None)
        changed |= given is not None and given is not placeholders.get(key)
        if key in placeholders:
            changed |= given is None
            table[key] = placeholders[key]
    return changed


def _read(error: ValueError, place: Place, table: Table) -> list[tuple[Place, str]]:
    """Return key and sentence of each problem that an exception tells of."""
    if isinstance(error, ValidationError):
        return sentences(error)
    if isinstance(error, TableError):
        return [((key,) if key else (), words) for key, words in error.problems]
    if isinstance(error, InputError):
        key = error.argument.split("[")[0].split(" ")[0]
        if key in table:
            return [((key,), f"{error.said}: must be {error.allowed}")]
        if key in place[-1:]:
            return [((), f"{error.said}: must be {error.allowed}")]
        # A matrix given as elements is named by its interaction.
        return [(("elements",) if "elements" in table else (), str(error))]
    return [((), str(error))]


def sentences(error: ValidationError) -> list[tuple[Place, str]]:
    """Return pydantic's findings, one for each key: of a key that may be of two kinds it has several."""
    found: dict[Place, list[str]] = {}
    for problem in error.errors():
        # Kinds stand in a place as text: "float", "list[float]"; items of arrays as numbers.
        first, rest = problem["loc"][:1], problem["loc"][1:]
        place = (*first, *(part for part in rest if isinstance(part, int)))
        found.setdefault(place, []).append(_sentence(dict(problem)))
    return [(place, _alternatives(sentences)) for place, sentences in found.items()]


def _alternatives(sentences: list[str]) -> str:
    first, *others = sentences
    return " or ".join([first, *(other.split("must be ", 1)[-1] for other in others)])


def _sentence(problem: Table) -> str:
    """Return pydantic's finding in the package's words."""
    kind, value = problem["type"], problem.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    expected = {
        "int_type": "a whole number",
        "float_type": "a number without a unit" if isinstance(value, str) else "a number",
        "string_type": "text",
        "list_type": "an array",
        "dict_type": "a table",
        "model_type": "a table",
        "bool_type": "true or false",
    }
    return f"{shown(value)}: must be {expected.get(kind, problem['msg'])}"


def _line(lines: Mapping[Place, int], place: Place) -> int | None:
    """Return the line of a key, or of the table that should hold it."""
    return next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), None)


def _located(line: int | None, place: Place, words: str) -> str:
    path = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    where = f"line {line}, {path}" if line else path
    return f"{where}: {words}"
