"""Run a scan, or go on with it: chunks that are done stay, and the others are computed."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from renp.results.scan import Scan
from renp.scans.definition import Definition
from renp.scans.executors import on_cluster, on_threads
from renp.scans.store import Store
from renp.scenario import Scenario
from renp.validation import instance

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many points are done, and how many there are."""


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
        Of the result, ending in .zarr; one that is there is gone on with.
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
        Without [scan], or if the output is the scan of another scenario or of another version.

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
    store = Store.open(Path(output), definition)
    chunks = definition.chunks
    total = math.prod(chunks.shape)
    done = total - sum(chunks.points(number) for number in store)
    report = progress or (lambda _done, _total: None)
    report(done, total)
    todo = iter(store)
    arriving = on_threads(definition, todo) if cluster is None else on_cluster(definition, todo, cluster)
    for number, answer in arriving:
        store.write(number, answer)
        done += chunks.points(number)
        report(done, total)
    return Scan.read(output)
