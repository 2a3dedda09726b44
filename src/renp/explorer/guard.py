"""What the server lets in, and what it gives back: hosts, headers, sessions, memory."""

import asyncio
import ctypes
import gc
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import panel.io.document
from bokeh.application.handlers.lifecycle import LifecycleHandler
from panel.links import Callback
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.routing import Matcher, Rule
from tornado.web import OutputTransform, RequestHandler
from tornado.websocket import WebSocketClosedError

MOST_SESSIONS = 64
"""Pages that are open at once: each has about 10 MB."""

MOST_WAITING = 24
"""Pages that wait for their turn to be made: who waits longer has gone."""

LONGEST = 20_000
"""Characters of a link."""

MOST_DIGITS = 200
"""Of a whole number in a link: Panel reads it before the page does, and Python reads no more than 4300."""

MOST_BYTES = 2**20
"""Of a request, and of a message of a page."""

LONGEST_WAIT = 30
"""Seconds for which a connection may send nothing, or not answer that it is still there."""

_LEFT = 2
"""Times as long as a page took to make is left to those that are open already."""

GIVEN_BACK = 60_000
"""Milliseconds between searches for what closed pages left, in which nobody is answered."""

_NEVER = 1_000_000_000
"""Seconds."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self' blob:; script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' blob: data: {sockets}; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Of every answer; Bokeh writes scripts into the page and makes functions of text."""

SERVER: dict[str, Any] = {
    "http_server_kwargs": {
        "max_body_size": MOST_BYTES,
        "idle_connection_timeout": LONGEST_WAIT,
        "body_timeout": LONGEST_WAIT,
    },
    "check_unused_sessions_milliseconds": 2000,  # Bokeh's 17 s let go of many pages at once
    "websocket_max_message_size": MOST_BYTES,
    "websocket_ping_interval": LONGEST_WAIT,
    "websocket_ping_timeout": LONGEST_WAIT,
}
"""Options of the server."""


class _Answer(RequestHandler):
    """An answer in words, whatever was asked."""

    def initialize(self, status: int, words: str) -> None:
        self._status, self._words = status, words

    def prepare(self) -> None:
        self.set_status(self._status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._words}\n")


class _If(Matcher):
    """Requests of which a condition holds."""

    def __init__(self, condition: Callable[[HTTPServerRequest], bool]) -> None:
        self._condition = condition

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if self._condition(request) else None


class Turns(LifecycleHandler):  # type: ignore[misc]
    """Pages are made one after another; after each, time is left to those that are open already."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = self.closed = 0
        self._turn = asyncio.Lock()

    async def on_session_created(self, session_context: Any) -> None:
        """Wait for one's turn: the page is made at once when this has returned."""
        del session_context
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        loop = asyncio.get_running_loop()
        begin = loop.time()
        loop.call_soon(lambda: loop.call_later(_LEFT * (loop.time() - begin), self._turn.release))

    async def on_session_destroyed(self, session_context: Any) -> None:
        """Count the pages that were closed."""
        del session_context
        self.closed += 1


def guard(
    application: Any,
    origins: Collection[str],
    sessions: Callable[[], int] = lambda: 0,
    waiting: Callable[[], int] = lambda: 0,
) -> None:
    """Let an application answer who asks for one of its origins, as "localhost:5006", and not too many."""
    hosts = {origin.lower() for origin in origins} | {
        origin.removesuffix(":80").lower() for origin in origins
    }
    sockets = " ".join(f"ws://{origin}" for origin in origins)

    class Headers(OutputTransform):
        """Adds `HEADERS`."""

        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            del finishing
            for name, value in HEADERS.items():
                headers[name] = value.format(sockets=sockets)
            headers.pop("Server", None)
            return status_code, headers, chunk

    def full(request: HTTPServerRequest) -> bool:
        return request.path == "/" and sessions() >= MOST_SESSIONS

    def busy(request: HTTPServerRequest) -> bool:
        return request.path == "/" and waiting() >= MOST_WAITING

    answers: list[tuple[int, str, Callable[[HTTPServerRequest], bool]]] = [
        (
            403,
            f"This is no address of the explorer; it answers at {', '.join(sorted(origins))}",
            lambda request: request.host.lower() not in hosts,
        ),
        (405, "The explorer answers GET alone", lambda request: request.method != "GET"),
        (414, f"A link has at most {LONGEST} characters", lambda request: len(request.uri or "") > LONGEST),
        (404, "There is no such page", _elsewhere),
        (400, f"A number in a link has at most {MOST_DIGITS} digits, 0 to 9", _unreadable),
        (503, "Many ask for a page at once; try again in some seconds", busy),
        (503, "All pages that the explorer can serve are open; close one, or wait for a minute", full),
    ]
    application.transforms.append(Headers)
    application.default_router.rules[:0] = [
        Rule(_If(condition), _Answer, {"status": status, "words": words})
        for status, words, condition in answers
    ]


def _elsewhere(request: HTTPServerRequest) -> bool:
    """Return whether a request is for what the page does not need: other paths, other people's sessions."""
    known = request.path in ("/", "/ws", "/ready", "/favicon.ico") or request.path.startswith("/static/")
    odd = "%00" in request.path or (request.uri or "").count("?") > 1
    return not known or odd or "bokeh-session-id" in request.arguments


def _unreadable(request: HTTPServerRequest) -> bool:
    """Return whether something in a link is all digits, and no number to Python."""
    values = [value for _, value in parse_qsl(request.query) if value.isdigit()]
    return any(len(value) > MOST_DIGITS or not value.isascii() for value in values)


def let_go_once_closed(document: Any, view: Any) -> None:
    """Empty the parts of a page when it has been closed: most of it goes without a search for circles."""
    models, parts = document.models, list[Any]()
    destroy = models.destroy

    def destroyed() -> None:
        parts.extend((*models, *view.select()))
        destroy()

    def empty() -> None:
        for part in parts:
            Callback.registry.pop(part, None)  # Panel keeps there what its own script names
            vars(part).clear()

    # Panel puts a destroy of its own on the document once the page is made, and its callbacks need the parts.
    models.destroy = destroyed
    document.on_session_destroyed(lambda _: asyncio.get_running_loop().call_soon(empty))


def say_nothing_of_closed_pages(loop: asyncio.AbstractEventLoop) -> None:
    """Let what is still being written to a page that somebody closes be no error, and no warning."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), (WebSocketClosedError, StreamClosedError)):
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    for name in ("bokeh.server.views.ws", "panel.io.document"):
        logging.getLogger(name).addFilter(lambda record: "connection was closed" not in record.getMessage())


def keep_giving_back(closed: Callable[[], int]) -> None:
    """Return memory where pages were closed, now and then: meanwhile nobody is answered.

    Panel would do so five seconds after each page that is closed. What is there already stays.
    """
    panel.io.document.GC_DEBOUNCE = _NEVER
    gc.freeze()
    known = closed()

    def run() -> None:
        nonlocal known
        if closed() > known:
            known = closed()
            give_back()

    PeriodicCallback(run, GIVEN_BACK).start()


def give_back() -> None:
    """Return the memory of pages that were closed to the system."""
    gc.collect()
    with suppress(OSError, AttributeError):  # of the C library of Linux
        ctypes.CDLL(None).malloc_trim(0)
