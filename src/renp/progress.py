"""Signs of life in a notebook: a line of plain text that is written over while the work lasts."""

import sys
import time
from collections.abc import Callable

_SOON = 1.0
"""Seconds of silence that nobody minds."""


def progress_line(what: str) -> Callable[..., None]:
    """Return what tells of progress below a cell of a notebook; elsewhere, where nobody asked, nothing does.

    It is called with words for what is being done, with the part that is done, or with how many steps are
    done and how many there are.

    Examples
    --------
    >>> progress_line("limits")("magnetic-moment 11")  # no notebook
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:
        return lambda *_: None
    begun, longest = time.monotonic(), 0

    def tell(done: str | float, total: int | None = None) -> None:
        nonlocal longest
        seconds = time.monotonic() - begun
        if seconds < _SOON:
            return
        words = done if isinstance(done, str) else f"{done}/{total}" if total else f"{100 * done:.0f} %"
        line = f"{what}: {words}, {seconds:.0f} s"
        longest = max(longest, len(line))
        print(f"\r{line:<{longest}}", end="", file=sys.stderr, flush=True)

    return tell
