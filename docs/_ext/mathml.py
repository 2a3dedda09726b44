"""Formulas as MathML, which browsers draw themselves: pages need no script and no outside address."""

import re
from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

_VARIANT = re.compile(r'<mi mathvariant="(bold|script)">([A-Za-z])</mi>')
_SCRIPT = {"I": "ℐ", "L": "ℒ", "M": "ℳ"}


def _mathml(latex: str, display: str) -> str:
    """Return MathML with letters of their own for bold and script, since browsers know no variants."""
    return _VARIANT.sub(_letter, convert(latex, display=display))


def _letter(found: re.Match[str]) -> str:
    variant, letter = found.groups()
    if variant == "script":
        return f"<mi>{_SCRIPT[letter]}</mi>"
    first = 0x1D400 - ord("A") if letter.isupper() else 0x1D41A - ord("a")
    return f"<mi>{chr(first + ord(letter))}</mi>"


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    label, number = node.get("label"), node.get("number")
    anchor = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    name = f'<span class="eqno">({escape(str(number))})</span>' if label and number else ""
    formula = _mathml(node.astext(), "block")
    translator.body.append(f'<div class="formula"{anchor}>{name}{formula}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
