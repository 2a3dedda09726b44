"""Work that waits until a user pauses."""

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
