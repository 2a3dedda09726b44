"""Where things stand: controls beside the views, below them on a phone."""

from typing import TYPE_CHECKING, Any

import panel as pn

from renp.explorer.look import Look
from renp.explorer.timing import with_lock

if TYPE_CHECKING:
    from renp.explorer.page import Explorer

NARROW = 860
"""Pixels below which the controls go below the views."""

_PAGE = f"""
:host {{ display: flex; flex-direction: row; align-items: flex-start; gap: 12px; }}
@media (max-width: {NARROW}px) {{ :host {{ flex-direction: column-reverse; }} }}
"""
_SIDE = f"""
:host {{ flex: 0 0 340px; max-width: 340px; }}
@media (max-width: {NARROW}px) {{ :host {{ flex: 1 1 auto; max-width: 100%; width: 100%; }} }}
"""
_MAIN = f"""
:host {{ flex: 1 1 400px; min-width: 0; }}
@media (max-width: {NARROW}px) {{ :host {{ flex: 1 1 auto; width: 100%; }} }}
"""


def arranged(page: "Explorer", look: Look) -> Any:
    """Return the page: a head, the controls and the views."""
    other = "dark" if look.name == "light" else "light"
    theme = pn.widgets.Button(label=other.capitalize(), margin=(6, 10), description=f"Turn the page {other}")
    theme.on_click(lambda _: with_lock(page.turn_theme))
    theme.visible = pn.state.location is not None
    title = pn.pane.HTML("<h1 style='font-size:20px;margin:6px 0'>renp explorer</h1>", margin=(0, 10))
    head = pn.FlexBox(title, page.tabs.view, theme, align_items="center", sizing_mode="stretch_width")
    interactions = pn.pane.HTML("<b>Interactions beside the weak one</b>", margin=(8, 10, 0, 10))
    side = pn.Column(
        *page.controls.basic,
        interactions,
        page.interactions.view,
        *page.controls.more,
        stylesheets=[_SIDE],
        margin=0,
    )
    main = pn.Column(page.message, *page.panes.values(), stylesheets=[_MAIN], margin=0)
    body = pn.Column(side, main, stylesheets=[_PAGE], sizing_mode="stretch_width", margin=0)
    return pn.Column(head, body, sizing_mode="stretch_width", margin=(0, 8))
