"""Docstrings are written for a terminal; here characters that mean something to docutils are kept."""

import re
from typing import Any

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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("autodoc-process-docstring", _kept, priority=400)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
