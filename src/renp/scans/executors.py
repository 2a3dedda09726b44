"""Who computes chunks: the threads of this process, or a Dask cluster. Chunks come back to be written here.

Workers of a cluster, too, send their chunks back instead of writing: they need no disk in common, one that
is killed or cut off cannot leave anything behind, and a chunk is a second of work for a few megabytes.
"""

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, TypeAlias

from renp.errors import InputError
from renp.scans.definition import Definition
from renp.scans.evaluate import Answer, evaluate

Done: TypeAlias = Iterator[tuple[int, Answer]]

_AHEAD = 2
"""Chunks that are handed out for each thread: while one is written, all threads compute."""

_RETRIES = 5
"""How often a chunk may take its worker with it before the scan gives up."""


def on_threads(definition: Definition, numbers: Iterator[int], threads: int | None = None) -> Done:
    """Return chunks as they are done, computed by threads of this process.

    Parameters
    ----------
    definition
        Of the scan.
    numbers
        Of the chunks.
    threads
        One for each processor if left out.
    """
    threads = threads or len(os.sched_getaffinity(0))
    waiting: dict[Future[Answer], int] = {}
    pool = ThreadPoolExecutor(threads)
    try:
        while True:
            for number in islice(numbers, _AHEAD * threads - len(waiting)):
                waiting[pool.submit(evaluate, definition, number)] = number
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def on_cluster(definition: Definition, numbers: Iterator[int], address: str) -> Done:
    """Return chunks as they are done, computed by the workers of a Dask cluster.

    Parameters
    ----------
    definition
        Of the scan.
    numbers
        Of the chunks.
    address
        Of the scheduler, such as "tcp://host:8786".

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers.
    """
    client = _client(address)
    try:
        waiting: dict[Any, int] = {}
        while True:
            ahead = _AHEAD * max(sum(client.nthreads().values()), 1)
            for number in islice(numbers, max(ahead - len(waiting), 0)):
                future = client.submit(evaluate, definition, number, pure=False, retries=_RETRIES)
                waiting[future] = number
            if not waiting:
                return
            yield from _arrived(client, waiting)
    finally:
        client.close()


def _arrived(client: Any, waiting: dict[Any, int]) -> Done:
    """Return what is done of what is waited for, at least one."""
    from distributed import wait as wait_for

    with client.as_current():
        arrived = wait_for(list(waiting), return_when="FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
    for future in arrived:
        number = waiting.pop(future)
        yield number, future.result()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        allowed = 'left out, or Dask installed: pip install "renp[cluster]"'
        raise InputError("cluster", address, allowed) from None
    try:
        return Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError("cluster", address, f"the address of a Dask scheduler ({error})") from None
