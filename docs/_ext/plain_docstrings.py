"""Docstrings are written for a terminal; here characters that mean something to docutils are kept."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_LITERAL = re.compile(r"(``.+?``|`[^`]+?`)")
_MARKUP = re.compile(r"(?<!\\)(\||(?<!\*)\*(?!\*)|_(?=[\s,.;:)\]/^·]|$))")
_RULE = re.compile(r"\s*=+( +=+)+\s*$")


def _kept(app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Escape |, * and _ outside of literals, tables and examples."""
    del app, what, name, obj, options
    table = 0
    for k, line in enumerate(lines):
        if _RULE.match(line):
            table = (table + 1) % 3
        if table:
            lines[k] = line.replace("|", "∣")  # as wide as it was, as a table needs
            continue
        if line.lstrip().startswith((">>>", "...", ":", "..")):
            continue
        parts = _LITERAL.split(line)
        lines[k] = "".join(p if p.startswith("`") else _MARKUP.sub(r"\\\1", p) for p in parts)


def _whole(app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Undo that napoleon takes what stands before a colon in the first line of an attribute for a type."""
    del app, name, obj, options
    types = [k for k, line in enumerate(lines) if line.startswith(":type: ")]
    if what in ("attribute", "property") and types:
        lines[0] = f"{lines[types[0]].removeprefix(':type: ')}: {lines[0]}"
        del lines[types[0]]


def _dashes(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Put a dash between a parameter and what it is, without touching options such as --json."""
    del app, name
    for text in list(doctree.findall(nodes.Text)):
        if text.astext() == " -- ":
            text.parent.replace(text, nodes.Text(" – "))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.connect("autodoc-process-docstring", _kept, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", _whole, priority=600)  # after it
    app.connect("doctree-resolved", _dashes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
