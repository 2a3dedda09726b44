"""Run a scan, or go on with it: chunks that are done stay, and the others are computed.

They are computed by the threads of this process, or by the workers of a Dask cluster, and come back to be
written here: so workers need no disk in common, and one that is killed cannot leave anything behind.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from renp.errors import InputError
from renp.platforms import processors
from renp.progress import signs_of_life
from renp.results.scan import Scan
from renp.scans.definition import Definition
from renp.scans.evaluate import Answer, evaluate
from renp.scans.store import Store
from renp.scenario import Scenario
from renp.validation import instance

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many points are done, and how many there are."""

Done: TypeAlias = Iterator[tuple[int, Answer]]

_AHEAD = 2
"""Chunks that are handed out for each thread: while one is written, all threads compute."""

_RETRIES = 5
"""How often a chunk may take its worker with it before the scan gives up."""


def scan(
    scenario: Scenario | str | Path,
    output: str | Path,
    *,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Compute what the [scan] of a scenario asks for, at every point of its axes.

    The result grows on disk by whole chunks. Interrupted at any moment, even killed, it goes on when called
    again, and the result is the same to the last bit. On another machine, or with other versions of JAX,
    the last bit may differ.

    Parameters
    ----------
    scenario
        With a [scan], or its file.
    output
        Of the result, ending in .zarr; one that is there is gone on with. Chunks that are not as they were
        written are computed again.
    cluster
        Address of a Dask scheduler whose workers compute; the threads of this process if left out.
    progress
        Called with how many points are done, and how many there are.

    Returns
    -------
    Scan
        The result, on disk.

    Raises
    ------
    InputError
        Without [scan], or if the output is the scan of another scenario or of another version, or another
        process computes it. `StorageError` if the disk is full: what is computed is kept.

    Examples
    --------
    >>> import tempfile, renp
    >>> from renp.scenario import preset_text
    >>> text = preset_text("letter") + '''
    ... [scan]
    ... result = "counts"
    ... [[scan.axis]]
    ... parameter = "neutrinos.lightest_mass"
    ... grid = { from = "0 eV", to = "0.1 eV", points = 5 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = renp.scan(renp.Scenario.from_text(text), f"{folder}/masses.zarr")
    ...     float(found.dataset().expected[0, 0].round(1))
    126.3
    """
    instance("scenario", scenario, (Scenario, str, Path), "a Scenario, or its file")
    instance("output", output, (str, Path), "a file ending in .zarr")
    read = scenario if isinstance(scenario, Scenario) else Scenario.read(scenario)
    definition = Definition.of(read)
    chunks = definition.chunks
    total = math.prod(chunks.shape)
    with Store.opened(Path(output), definition) as store, signs_of_life("scan", progress) as progress:
        done = total - sum(chunks.points(number) for number in store)
        progress(done, total)
        todo = iter(store)
        arriving = on_threads(definition, todo) if cluster is None else on_cluster(definition, todo, cluster)
        for number, answer in arriving:
            store.write(number, answer)
            done += chunks.points(number)
            progress(done, total)
        return Scan.read(output)


def on_threads(definition: Definition, numbers: Iterator[int], threads: int | None = None) -> Done:
    """Return chunks as they are done, computed by threads of this process, one for each processor."""
    threads = threads or processors()
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
        pool.shutdown(wait=False, cancel_futures=True)  # interrupted, nobody waits for what it computes


def on_cluster(definition: Definition, numbers: Iterator[int], address: str) -> Done:
    """Return chunks as they are done, computed by the workers of the Dask scheduler at an address."""
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
