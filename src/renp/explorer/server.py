"""The page for each session, and the server that gives it."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args
from urllib.parse import parse_qsl

import panel as pn
from bokeh.document import Document
from panel.io.server import get_server

from renp.explorer.addresses import Ready, claimed, names_of, origins_of, taken
from renp.explorer.exchange import from_query
from renp.explorer.guard import (
    SERVER,
    Turns,
    guard,
    keep_giving_back,
    let_go_once_closed,
    say_nothing_of_closed_pages,
)
from renp.explorer.live import compile_view, limits
from renp.explorer.page import Explorer
from renp.explorer.setup import build
from renp.explorer.state import Parts, State
from renp.explorer.theme import CSS, EARLY, LOOKS

TITLE = "renp explorer"

SESSION_EXPIRES = 300
"""Seconds within which a page that was loaded has to connect: browsers that wake up late may need them."""

_FIRST_PAGE = 3
"""Seconds that the first page has for itself before more is compiled."""

_TEMPLATE = """
{% extends base %}
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{{ page_css }}</style>
<script>{{ early }}
if (!asked && dark)
  location.replace((location.search ? location.search + "&" : "?") + "theme=dark" + location.hash)
</script>
{% endblock %}
{% block contents %}<main>{{ embed(roots.page) }}</main>{{ embed(roots.location) }}{% endblock %}
"""


def linked_state(query: str, start: State) -> tuple[State, str]:
    """Return the state of a link and what is wrong with the link; the start if there is none.

    Who came with a wrong link meets the controls, not the first page.

    Examples
    --------
    >>> state, wrong = linked_state("?lightest_mass=-1", State())
    >>> state["lightest_mass"], wrong
    (0.01, 'The link: lightest_mass: -1.0: must be a finite mass in eV, at least 0 and at most 10⁶')
    """
    keys = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
    theme = keys.get("theme", start.theme)
    start = start.changed(theme=theme if theme in LOOKS else "light")
    if not keys.keys() - {"theme"}:
        return start, ""
    try:
        state = from_query(query)
        build(state)
    except ValueError as error:
        return start.changed(tab="spectrum"), f"The link: {error}"
    return state, ""


class Template(pn.Template):  # type: ignore[misc]
    """Panel's, without what it does again for each part of a page: half the time to make one."""

    def __repr__(self) -> str:
        return type(self).__name__  # Panel's names every part, and is asked for whenever one is added

    def server_doc(self, doc: Document | None = None, *args: Any, **kwargs: Any) -> Document:
        """Return the document with the page in it; its parts are gathered once, not after each change."""
        document = doc or pn.state.curdoc
        with document.models.freeze():
            return super().server_doc(document, *args, **kwargs)


def page(start: State, ready: threading.Event | None = None) -> Callable[[], Any]:
    """Return what makes the page of one session; its numbers follow when all that they need is compiled."""

    def session() -> Any:
        location = pn.state.location
        state, wrong = linked_state("" if location is None else location.search, start)
        pn.config.theme = "dark" if state.theme == "dark" else "default"
        explorer = Explorer(state, ready, wrong)
        let_go_once_closed(pn.state.curdoc, explorer.view)
        template = Template(_TEMPLATE, location=True)
        template.add_variable("page_css", CSS)
        template.add_variable("early", EARLY)
        template.add_panel("page", explorer.view)
        return template

    return session


def warm_up(start: State, ready: threading.Event, stopped: threading.Event) -> None:
    """Compile what the first sliders will need, while the page is read; or no more of it, once stopped."""
    views = [start.changed(tab="spectrum", parts=parts) for parts in (start.parts, *get_args(Parts))]
    views += [start.changed(tab=tab) for tab in ("counts", "bounds")]
    try:
        setup = build(start)
        compile_view(views[0], setup)
    finally:
        ready.set()
    stopped.wait(_FIRST_PAGE)
    steps: list[Callable[[], Any]] = [partial(compile_view, view, setup) for view in views[1:]]
    if len(setup.experiment.runs):
        steps.insert(-1, partial(limits, setup))
    for step in steps:
        if not stopped.is_set():
            step()


async def listen(start: State, port: int, address: str, stopped: threading.Event | None = None) -> Any:
    """Return the server of the explorer, which listens; raise OSError if it cannot.

    Programs are compiled beside it until ``stopped`` is set, if that is given.
    """
    # Panel's own are on stdout, which has the answer alone and may be a full pipe; others are on stderr.
    logging.getLogger("panel").handlers.clear()
    logging.getLogger("panel").propagate = True
    free = claimed(port, address)
    origins = origins_of(address, free)
    ready = threading.Event()
    server = get_server(
        {"/": page(start, ready if stopped else None)},
        port=free,
        address=address,
        websocket_origin=origins,
        title=TITLE,
        extra_patterns=[("/ready", Ready, {"status": 200})],
        session_token_expiration=SESSION_EXPIRES,
        **SERVER,
    )
    turns = Turns()
    server._tornado.applications["/"].application.add(turns)
    guard(
        server._tornado, origins, lambda: len(server.get_sessions("/")) + turns.waiting, lambda: turns.waiting
    )
    say_nothing_of_closed_pages(asyncio.get_running_loop())
    keep_giving_back(lambda: turns.closed)
    server.start()
    if stopped is not None:
        threading.Thread(target=warm_up, args=(start, ready, stopped)).start()
    return server


@contextmanager
def served(start: State, *, port: int = 0, address: str = "localhost") -> Iterator[tuple[Any, str]]:
    """Serve the page within a block, in an event loop of its own; give the server and the page's address.

    Port 0 is any that is free. The page answers while ``server.io_loop`` runs.

    Raises
    ------
    InputError
        If the address or port cannot be had.
    """
    # Given how to make a loop, the runner leaves the thread's current one alone, which need not exist.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        try:
            server = runner.run(listen(start, port, address))
        except OSError as error:
            raise taken(port, address, error) from None
        try:
            yield server, f"http://{names_of(address)[0]}:{server.port}"
        finally:
            server.stop()
