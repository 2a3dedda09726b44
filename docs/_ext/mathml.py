"""Formulas as MathML, which browsers draw themselves: pages need no script and no outside address."""

from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    label, number = node.get("label"), node.get("number")
    anchor = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    name = f'<span class="eqno">({escape(str(number))})</span>' if label and number else ""
    translator.body.append(
        f'<div class="math"{anchor}>{name}{convert(node.astext(), display="block")}</div>\n'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
