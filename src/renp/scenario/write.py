"""From a scenario document to the text of its file."""

import tomllib
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AoT, Item, KeyType, SingleKey
from tomlkit.items import Table as TomlTable

from renp.scenario.schema import Document, RunSection, Table

if TYPE_CHECKING:
    from renp.results.plan import Plan


def to_text(document: Document, onto: str = "") -> str:
    r"""Return the TOML file of a document.

    Parameters
    ----------
    document
        What it says.
    onto
        A valid scenario file: what is the same in it stays as it is written, with comments and order.

    Examples
    --------
    >>> from renp.scenario import Scenario
    >>> text = '[atom]\nname = "Yb"  # our own\n[neutrinos]\nlightest_mass = "10 meV"\n'
    >>> document = Scenario.from_text(text).document
    >>> heavier = document.neutrinos.model_copy(update={"lightest_mass": 0.02})
    >>> print(to_text(document.changed(neutrinos=heavier), text))
    [atom]
    name = "Yb"  # our own
    [neutrinos]
    lightest_mass = "0.02 eV"
    <BLANKLINE>
    """
    said, wanted = _said(onto) if onto.strip() else {}, document.tables()
    if said == wanted:
        return onto
    file = tomlkit.parse(onto)
    _update(file, said, wanted)
    text = tomlkit.dumps(file) if onto.strip() else tomlkit.dumps(file).lstrip()
    # What cannot be edited, such as a table in several pieces, is written anew.
    return text if not said or _said(text) == wanted else to_text(document)


def planned(document: Document, plan: "Plan") -> Document:
    """Return a document with the runs of a plan instead of its own, and what those have besides."""
    like = without_counts(document.run[0]) if document.run else RunSection.model_construct()
    columns = {"photon_energy": plan.photon_energy.tolist(), "duration": plan.duration.tolist()}
    if plan.polarisation is not None:
        columns["polarisation"] = list(plan.polarisation)
    rows = zip(*columns.values(), strict=True)
    runs = [like.model_copy(update=dict(zip(columns, row, strict=True))) for row in rows]
    return document.changed(runs=None, run=tuple(runs))


def without_counts(run: RunSection) -> RunSection:
    """Return a run that is yet to be made."""
    return RunSection.model_construct(**run.model_dump(exclude_unset=True, exclude={"counts"}))


def with_comment(text: str, words: str) -> str:
    """Return a file with a comment at its end."""
    return text.rstrip() + "\n\n" + "".join(f"# {line}\n" for line in words.splitlines())


def _said(text: str) -> Table:
    """Return the tables of a file, its quantities in the units in which they are written."""
    return Document.model_validate(tomllib.loads(text)).tables()


def _update(holder: Any, old: Table, new: Table) -> None:
    """Change a table of the file that says ``old`` so that it says ``new``."""
    for key in old.keys() - new.keys():
        holder.remove(key)
    for key, value in new.items():
        before: Any = old.get(key)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            _update(holder[key], before, value)
        elif _are_tables(value) and _are_tables(before):
            _update_each(holder[key], before, value)
        elif key in old:
            holder[key] = _item(value)
        else:
            holder.append(_key(key), _new(value, at_top=isinstance(holder, tomlkit.TOMLDocument)))


def _update_each(held: Any, old: list[Table], new: list[Table]) -> None:
    for k in range(len(old) - 1, len(new) - 1, -1):
        del held[k]
    for one, before, value in zip(list(held), old, new, strict=False):
        _update(one, before, value)
    for value in new[len(old) :]:
        held.append(_table(value) if isinstance(held, AoT) else _item(value))


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _new(value: Any, *, at_top: bool) -> Item:
    """Return a value that was not there: a table with a heading, or what stands behind a key."""
    if _are_tables(value):
        return AoT([_table(one) for one in value])
    return _table(value) if isinstance(value, dict) and at_top else _item(value)


def _table(value: Table) -> TomlTable:
    table = tomlkit.table()
    for key, one in value.items():
        table.append(_key(key), _new(one, at_top=False))
    table.trivia.indent = "\n"
    return table


def _item(value: Any) -> Item:
    """Return what stands behind a key, in one line."""
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        for key, one in value.items():
            inline.append(_key(key), _item(one))
        return inline
    if isinstance(value, (list, tuple)):
        array = tomlkit.array()
        for one in value:
            array.append(_item(one))
        return array
    found: Item = tomlkit.item(value)
    return found


def _key(key: str) -> SingleKey:
    """Return a key; elements of a matrix are in quotes, as in the documentation."""
    bare = key.isascii() and key.replace("-", "_").isidentifier()
    return SingleKey(key, KeyType.Bare if bare else KeyType.Basic)
