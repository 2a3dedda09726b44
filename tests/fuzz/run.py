"""Run cases of a kind, each from its number, and gather what went wrong."""

import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from renp.errors import InputError, ScenarioError

LONGEST = 5.0
"""Seconds of the processor that a case may take: others may keep it busy."""

ALLOWED = (InputError, ScenarioError)

Case = Callable[[Random], tuple[Any, Callable[[], bool]]]
"""From a source of randomness to what is tried, and what tries it and returns whether it was accepted."""


class Hang(BaseException):
    """A case took too long; no handler of exceptions catches it."""


@dataclass
class Found:
    """What came of some cases; times are of the processor."""

    kind: str
    cases: int = 0
    accepted: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.cases} cases, {self.accepted} accepted, {len(self.faults)} faults, "
            f"slowest {self.slowest:.2f} s"
        )


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fuzz(kind: str, case: Case, cases: int, *, first: int = 0, most: int = 50) -> Found:
    """Run cases from a number on; stop after so many faults."""
    found = Found(kind)
    for number in range(first, first + cases):
        tried, call = case(Random(f"{kind} {number}"))
        begin = time.process_time()
        words = ""
        try:
            with warnings.catch_warnings(), _bounded(LONGEST):
                warnings.simplefilter("error")
                # What the package says itself, as of a pole or of single precision, is meant.
                warnings.simplefilter("ignore", UserWarning)
                found.accepted += call()
        except ALLOWED as error:
            if "\n" in str(error) and isinstance(error, InputError):
                words = f"a message of several lines: {error}"
        except Hang:
            words = f"took more than {LONGEST} s"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
            words = f"{type(error).__name__}: {str(error)[:200]} ({place})"
        found.cases += 1
        found.slowest = max(found.slowest, time.process_time() - begin)
        if words:
            found.faults.append(f"case {number}: {words}\n    {str(tried)[:600]!r}")
            if len(found.faults) >= most:
                break
    return found
