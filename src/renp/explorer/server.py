"""The page served on this machine."""

import asyncio
import socket
import threading
import warnings
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from typing import Any, get_args
from urllib.parse import parse_qsl

import panel as pn
from panel.io.server import get_server
from tornado.ioloop import PeriodicCallback

from renp.errors import InputError
from renp.explorer.exchange import from_query
from renp.explorer.guard import SERVER, give_back, guard
from renp.explorer.live import curves, expected, limits, usual_window
from renp.explorer.look import CSS, LOOKS
from renp.explorer.page import Explorer
from renp.explorer.setup import build
from renp.explorer.state import Parts, State
from renp.platforms import interrupted_by_termination
from renp.results.bounds import Bounds
from renp.validation import number

TITLE = "renp explorer"

SESSION_EXPIRES = 300
"""Seconds within which a page that was loaded has to connect: browsers that wake up late may need them."""

GIVEN_BACK = 20_000
"""Milliseconds between returns of memory: pages that nobody opened are dropped after as long."""

_TEMPLATE = """
{% extends base %}
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{{ page_css }}</style>
<script>
if (!/[?&]theme=/.test(location.search) && matchMedia("(prefers-color-scheme: dark)").matches)
  location.replace((location.search ? location.search + "&" : "?") + "theme=dark" + location.hash)
</script>
{% endblock %}
{% block contents %}<main>{{ embed(roots.page) }}</main>{{ embed(roots.location) }}{% endblock %}
"""


def linked_state(query: str, start: State) -> tuple[State, str]:
    """Return the state of a link and what is wrong with the link; the start if there is none.

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
        return start, f"The link: {error}"
    return state, ""


def page(start: State) -> Callable[[], Any]:
    """Return what makes the page of one session."""

    def session() -> Any:
        location = pn.state.location
        state, wrong = linked_state("" if location is None else location.search, start)
        pn.config.theme = "dark" if state.theme == "dark" else "default"
        explorer = Explorer(state)
        if wrong:
            explorer.say(wrong)
        template = pn.Template(_TEMPLATE, location=True)
        template.add_variable("page_css", CSS % vars(LOOKS[state.theme]))
        template.add_panel("page", explorer.view)
        return template

    return session


def is_local(address: str) -> bool:
    """Return whether only this machine reaches an address.

    Examples
    --------
    >>> is_local("localhost"), is_local("127.0.0.1"), is_local("0.0.0.0")
    (True, True, False)
    """
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def names_of(address: str) -> list[str]:
    """Return the names under which browsers find an address, the one to be told first.

    Examples
    --------
    >>> names_of("localhost"), names_of("::1"), names_of("lab.example")
    (['localhost', '127.0.0.1'], ['[::1]', 'localhost', '127.0.0.1'], ['lab.example'])
    """
    try:
        every, name = ip_address(address).is_unspecified, f"[{address}]" if ":" in address else address
    except ValueError:
        every, name = False, address
    if every:
        host = socket.gethostname()
        known = [host, *socket.gethostbyname_ex(host)[2], "localhost", "127.0.0.1"]
    else:
        known = [name, "localhost", "127.0.0.1"] if is_local(address) else [name]
    return list(dict.fromkeys(known))


def warm_up(start: State, stopped: threading.Event) -> None:
    """Compile what the first sliders will need, while the browser opens; or no more of it, once stopped."""
    setup = build(start)
    steps: list[Callable[[], Any]] = [
        *(partial(curves, setup, usual_window(setup), parts) for parts in get_args(Parts)),
        partial(expected, setup),
        partial(limits, setup),
        partial(Bounds.compute, setup.neutrinos, setup.model),
    ]
    for step in steps:
        if not stopped.is_set():
            step()


@contextmanager
def served(start: State, *, port: int = 0, address: str = "localhost") -> Iterator[tuple[Any, str]]:
    """Serve the page within a block, in an event loop of its own; give the server and the page's address.

    Port 0 is any that is free. The page answers while ``server.io_loop`` runs.

    Raises
    ------
    InputError
        If the address or port cannot be had.
    """
    number("port", port, "a port, from 0 to 65535", low=0, high=65535)

    async def listen() -> tuple[Any, str]:
        free, names = _claimed(port, address), names_of(address)
        origins = [f"{name}:{free}" for name in names]
        server = get_server(
            {"/": page(start)},
            port=free,
            address=address,
            websocket_origin=origins,
            title=TITLE,
            session_token_expiration=SESSION_EXPIRES,
            **SERVER,
        )
        guard(server, origins)
        PeriodicCallback(give_back, GIVEN_BACK).start()
        server.start()
        return server, f"http://{names[0]}:{free}"

    # Given how to make a loop, the runner leaves the thread's current one alone, which need not exist.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        try:
            server, url = runner.run(listen())
        except OSError as error:
            raise InputError("port", f"{port} at {address}", f"free ({error.strerror or error})") from None
        try:
            yield server, url
        finally:
            server.stop()


def serve(
    start: State,
    *,
    port: int = 5006,
    address: str = "localhost",
    browser: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the explorer until Ctrl-C or SIGTERM; ``tell`` is told its address."""
    with served(start, port=port, address=address) as (server, url):
        if not is_local(address):
            words = f"the explorer listens at {address}: whoever reaches that address can use it"
            warnings.warn(words, UserWarning, stacklevel=2)
        stopped = threading.Event()
        threading.Thread(target=warm_up, args=(start, stopped)).start()
        tell(url)
        if browser:
            server.io_loop.add_callback(webbrowser.open, url)
        # Bokeh's own way to run prints to stdout at the end, and goes on if nobody reads it.
        interrupted_by_termination()
        try:
            with suppress(KeyboardInterrupt):
                server.io_loop.start()
        finally:
            stopped.set()


def _claimed(port: int, address: str) -> int:
    """Return the port if it is free, or any that is for 0; raise OSError otherwise."""
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        return int(probe.getsockname()[1])
