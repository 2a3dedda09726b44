"""Signs of life: what a call of a ``progress`` says, and a bar below a cell of a notebook."""

import contextvars
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

_SOON = 1.0
"""Seconds of silence that nobody minds, and between two drawings of the bar."""

_shown = contextvars.ContextVar("_shown", default=False)
"""Whether there is a bar already."""


def counted(done: str | float, total: int | None = None) -> tuple[str, float, float | None]:
    """Return the words of a call of a ``progress``, how much is done, and of how much; None if nobody knows.

    It is called with words for what is being done, with the part that is done, or with how many steps are
    done and how many there are. Words may count what begins.

    Examples
    --------
    >>> counted("proof of the optimum"), counted("3 of at most 8 photon energies")
    (('proof of the optimum', 0, None), ('3 of at most 8 photon energies', 2, 8))
    >>> counted(0.25), counted(3, 8)
    (('', 0.25, 1), ('', 3, 8))
    """
    if not isinstance(done, str):
        return "", done, 1 if total is None else total
    found = re.search(r"(\d+) of (?:at most )?(\d+)", done)
    return (done, int(found[1]) - 1, int(found[2])) if found else (done, 0, None)


def count_text(done: float, total: float) -> str:
    """Return how much is done, as text.

    Examples
    --------
    >>> count_text(0.25, 1), count_text(3, 8)
    ('25 %', '3/8')
    """
    return f"{int(100 * done)} %" if total == 1 else f"{int(done)}/{int(total)}"


@contextmanager
def signs_of_life(what: str, progress: Callable[..., None] | None) -> Iterator[Callable[..., None]]:
    """Give the progress that was asked for, or in a notebook one that is a bar below the cell.

    Where steps are counted it says what is left of the time, and it goes away with the block, or with the
    function that it decorates. Elsewhere, where nobody asked, nothing is shown, and within another bar none.

    Examples
    --------
    >>> with signs_of_life("limits", None) as progress:  # no notebook
    ...     progress("magnetic-moment 11")
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if progress is not None or getattr(shell, "kernel", None) is None or _shown.get():
        yield progress or (lambda *_: None)
        return
    bar, ended, outermost = _Bar(what), threading.Event(), _shown.set(True)

    def tick() -> None:
        while not ended.wait(_SOON):
            bar.draw()

    # The kernel knows by the context below which cell something is shown.
    ticking = threading.Thread(target=contextvars.copy_context().run, args=(tick,), daemon=True)
    ticking.start()
    try:
        yield bar.tell
    finally:
        _shown.reset(outermost)
        ended.set()
        ticking.join()
        bar.clear()


class _Bar:
    def __init__(self, what: str) -> None:
        self._what, self._words = what, ""
        self._begun = time.monotonic()
        self._done = 0.0
        self._total: float | None = None
        self._first = (0.0, self._begun)
        self._shown: Any = None

    def tell(self, done: str | float, total: int | None = None) -> None:
        words, now, whole = counted(done, total)
        if whole != self._total:  # The first call is of what was there before, and says nothing of the speed.
            self._first = (now, time.monotonic())
        self._words, self._done, self._total = words or self._words, now, whole

    def draw(self) -> None:
        now = time.monotonic()
        said = self._what + (f": {self._words}" if self._words else "")
        part, clock = "", _clock(now - self._begun)
        if self._total is not None:
            part = f' value="{self._done / self._total:.3f}"'
            said += "" if self._words else f": {count_text(self._done, self._total)}"
            before, then = self._first
            if self._done > before:
                left = (now - then) * (self._total - self._done) / (self._done - before)
                clock += f", left {_clock(left)}"
        self._show(f"<progress{part}></progress> {escape(said)} · {clock}")

    def clear(self) -> None:
        if self._shown is not None:
            self._show("")

    def _show(self, text: str) -> None:
        from IPython.display import display  # a notebook has it

        if self._shown is None:
            self._shown = display({"text/html": text}, raw=True, display_id=True)
        else:
            self._shown.update({"text/html": text}, raw=True)


def _clock(seconds: float) -> str:
    """Return seconds as minutes and seconds.

    Examples
    --------
    >>> _clock(65.2)
    '1:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
