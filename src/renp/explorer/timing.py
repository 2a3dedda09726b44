"""Work that waits until a user pauses, and work that others need not wait for."""

import threading
from collections.abc import Callable

import panel as pn


class Later:
    """Calls by name: of several within the delay only the last is made. Without a server, at once."""

    def __init__(self) -> None:
        self._latest: dict[str, Callable[[], None]] = {}

    def call(self, name: str, delay: int, action: Callable[[], None]) -> None:
        """Carry out an action after a delay in milliseconds.

        Examples
        --------
        >>> Later().call("greet", 10, lambda: print("hello"))
        hello
        """
        document = pn.state.curdoc
        if document is None or document.session_context is None:
            action()
            return
        waiting = name in self._latest
        self._latest[name] = action
        if not waiting:
            document.add_timeout_callback(lambda: self._latest.pop(name)(), delay)


def with_lock(action: Callable[[], None]) -> None:
    """Carry out an action when the page may be changed: Panel's events may come while it may not.

    Examples
    --------
    >>> with_lock(lambda: print("changed"))
    changed
    """
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        action()
    else:
        document.add_next_tick_callback(action)


def in_background(work: Callable[[], Callable[[], None]]) -> None:
    """Do long work in a thread, so that the pages of others stay alive, then what it returns in the page.

    Examples
    --------
    >>> in_background(lambda: lambda: print("done"))
    done
    """
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        work()()
        return

    def run() -> None:
        done = work()
        document.add_next_tick_callback(done)

    threading.Thread(target=run, daemon=True).start()
