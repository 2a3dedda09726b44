"""The first page, and the strip that leads through the views."""

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn

from renp.explorer.fields import WIDE, Edit, Field, button, html
from renp.explorer.setup import Setup
from renp.explorer.state import State
from renp.explorer.walk import WALK, first_words

_STRIP = ":host { border-left: 4px solid #0072B5; margin: 4px 10px; }"


class Walk:
    """The view with which a student begins; ``strip`` stands above the four that it leads through."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self.fields: list[Field] = []
        self._walking = False
        self.begin = button("Walk through four views", partial(self._go, 0), color="primary", margin=10)
        self.view = pn.Column(html(first_words()), self.begin, max_width=780, **WIDE)
        self._words = html()
        self.next = button("Next", lambda: self._go(self._place + 1), margin=(2, 5))
        self.end = button("End", self._end, margin=(2, 5))
        self._place = 0
        self.strip = pn.Column(
            self._words, pn.Row(self.next, self.end, margin=0), visible=False, stylesheets=[_STRIP], **WIDE
        )

    def show(self, _: State, __: Setup) -> None:
        """Nothing here depends on the state."""

    def follow(self, tab: str) -> None:
        """Say what the open view is, as long as one walks."""
        place = next((k for k, step in enumerate(WALK) if step.tab == tab), None)
        self.strip.visible = self._walking and place is not None
        if place is not None:
            self._place, step = place, WALK[place]
            title = f"<b>{place + 1} of {len(WALK)}: {step.title}.</b>"
            self._words.object = f"<p>{title} {step.shows} <i>Try:</i> {step.tries}</p>"
            self.next.visible = place + 1 < len(WALK)

    def _go(self, place: int) -> None:
        self._walking = True
        self._edit("tab", _to(WALK[min(place, len(WALK) - 1)].tab))

    def _end(self) -> None:
        self._walking = False
        self.strip.visible = False


def _to(tab: Any) -> Callable[[State], State]:
    return lambda state: state.changed(tab=tab)
