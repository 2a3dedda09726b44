"""The explorer served on this machine: a page at once, and behind it the explorer as soon as it is loaded.

Nothing heavy is imported here.
"""

import asyncio
import threading
import warnings
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from renp.explorer.addresses import Ready, claimed, is_local, names_of, origins_of, taken
from renp.explorer.guard import SERVER, guard
from renp.explorer.theme import waiting
from renp.explorer.walk import first_words
from renp.platforms import told_to_end

if TYPE_CHECKING:
    from renp.explorer.state import State


class _Page(RequestHandler):
    def initialize(self, text: str) -> None:
        self._text = text

    def get(self) -> None:
        self.finish(self._text)


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
    live = _live(begin, file, port, address, browser, tell)
    # Given how to make a loop, the runner leaves the thread's current one alone, which need not exist.
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(live)


async def _live(
    begin: "Callable[[], State]",
    file: str,
    port: int,
    address: str,
    browser: bool,
    tell: Callable[[str], None],
) -> None:
    ended, stopped = asyncio.Event(), threading.Event()
    told_to_end(asyncio.get_running_loop(), ended.set)
    front, free = _listen(port, address, file)
    url = f"http://{names_of(address)[0]}:{free}"
    if not is_local(address):
        words = f"the explorer listens at {address}: whoever reaches that address can use it"
        warnings.warn(words, UserWarning, stacklevel=2)
    tell(url)
    if browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    loading = asyncio.get_running_loop().run_in_executor(None, _load, begin)
    ending = asyncio.ensure_future(ended.wait())
    await asyncio.wait([loading, ending], return_when=asyncio.FIRST_COMPLETED)
    if ended.is_set():
        return
    start, listen = loading.result()
    front.stop()  # connections that are open are still answered
    server = await listen(start, free, address, stopped)
    told_to_end(asyncio.get_running_loop(), ended.set)  # Panel has taken Ctrl-C
    try:
        # Bokeh's own way to run prints to stdout at the end, and goes on if nobody reads it.
        await ending
    finally:
        stopped.set()
        server.stop()


def _load(begin: "Callable[[], State]") -> Any:
    from renp.explorer.server import listen

    return begin(), listen


def _listen(port: int, address: str, file: str) -> tuple[HTTPServer, int]:
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
