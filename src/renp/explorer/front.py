"""The explorer served on this machine: a page at once, and behind it the explorer as soon as it is loaded.

Nothing heavy is imported here.
"""

import asyncio
import socket
import threading
import warnings
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from renp.errors import InputError
from renp.explorer.guard import SERVER, guard
from renp.explorer.theme import waiting
from renp.explorer.walk import first_words
from renp.platforms import interrupted_by_termination

if TYPE_CHECKING:
    from renp.explorer.state import State


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


class _Page(RequestHandler):
    def initialize(self, text: str) -> None:
        self._text = text

    def get(self) -> None:
        self.finish(self._text)


class Ready(RequestHandler):
    """Says 204 until the explorer is there."""

    def initialize(self, status: int) -> None:
        """Keep the status."""
        self._status = status

    def get(self) -> None:
        """Answer."""
        self.set_header("Connection", "close")
        self.set_status(self._status)


def serve(
    begin: "Callable[[], State]",
    *,
    file: str = "",
    port: int = 5006,
    address: str = "localhost",
    browser: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the explorer until Ctrl-C or SIGTERM; ``tell`` is told its address at once.

    Parameters
    ----------
    begin
        Called in a thread for the state in which it begins; what it raises ends all.
    file
        Name of a scenario file, for who waits.
    port, address
        Where; port 0 is any that is free.
    browser
        Whether to open one.

    Raises
    ------
    InputError
        If the address or port cannot be had.
    """
    # Given how to make a loop, the runner leaves the thread's current one alone, which need not exist.
    interrupted_by_termination()
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        front, free = runner.run(_listen(port, address, file))
        url = f"http://{names_of(address)[0]}:{free}"
        if not is_local(address):
            words = f"the explorer listens at {address}: whoever reaches that address can use it"
            warnings.warn(words, UserWarning, stacklevel=2)
        tell(url)
        if browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        async def loaded() -> Any:
            start, listen = await asyncio.get_running_loop().run_in_executor(None, _load, begin)
            front.stop()  # connections that are open are still answered
            return await listen(start, free, address, warm=True)

        server = runner.run(loaded())
        try:
            # Bokeh's own way to run prints to stdout at the end, and goes on if nobody reads it.
            server.io_loop.start()
        finally:
            server.stop()


def _load(begin: "Callable[[], State]") -> Any:
    from renp.explorer.server import listen

    return begin(), listen


async def _listen(port: int, address: str, file: str) -> tuple[HTTPServer, int]:
    try:
        free = claimed(port, address)
        text = waiting(file, first_words())
        application = Application([("/", _Page, {"text": text}), ("/ready", Ready, {"status": 204})])
        guard(application, origins_of(address, free))
        front = HTTPServer(application, **SERVER["http_server_kwargs"])
        front.listen(free, address)
    except OSError as error:
        raise taken(port, address, error) from None
    return front, free


def origins_of(address: str, port: int) -> list[str]:
    """Return what browsers may call the server."""
    return [f"{name}:{port}" for name in names_of(address)]


def taken(port: int, address: str, error: OSError) -> InputError:
    """Return what to say if a port cannot be had."""
    return InputError("port", f"{port} at {address}", f"free ({error.strerror or error})")


def claimed(port: int, address: str) -> int:
    """Return the port if it is free, or any that is for 0; raise OSError otherwise."""
    if not 0 <= port <= 65535:
        raise InputError("port", port, "a port, from 0 to 65535")
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        return int(probe.getsockname()[1])
