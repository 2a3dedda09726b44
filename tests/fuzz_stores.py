"""Stores of scans and saved results, damaged in every way that a disk, a kill or an editor may damage them.

A damaged store is read: its numbers are as they were, or missing, or `InputError` says so. Then its scan is
gone on with: every bit is as it was, with nothing left over, or `InputError` says why not.
"""

import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import renp
from renp.errors import InputError
from renp.references import bibtex
from renp.results import Catalogue, Counts
from renp.results.base import saved_references
from renp.results.scan import Scan
from renp.scans import definition

SCENARIO = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
[scan]
result = "counts"
[[scan.axis]]
parameter = "neutrinos.lightest_mass"
grid = { from = "0 eV", to = "0.06 eV", points = 5 }
[[scan.axis]]
parameter = "neutrinos.ordering"
values = ["normal", "inverted"]
"""

LONGEST = 5.0
"""Seconds of work for one case, however busy the machine is."""


def truncated(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: -rng.randint(1, 20)])


def emptied(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")


def altered(path: Path, rng: random.Random) -> None:
    """Turn a bit."""
    content = bytearray(path.read_bytes())
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def lengthened(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 20)))


def overwritten(path: Path, rng: random.Random) -> None:
    """Write other bytes: zeros, as there are after a crash, or random ones."""
    length = len(path.read_bytes())
    path.write_bytes(rng.choice([bytes(length), rng.randbytes(length)]))


def cut(path: Path, rng: random.Random) -> None:
    """Take out a piece."""
    content = path.read_bytes()
    start = rng.randrange(len(content) + 1)
    path.write_bytes(content[:start] + content[start + rng.randint(1, 64) :])


def removed(path: Path, _: random.Random) -> None:
    path.unlink()


def folder_instead(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()
    (path / "0").write_bytes(b"0")


def half_written(path: Path, rng: random.Random) -> None:
    """Leave what a kill leaves beside a file."""
    path.with_suffix(f".{rng.randbytes(16).hex()}.partial").write_bytes(path.read_bytes()[:10])
    path.unlink()


def file_instead(path: Path, rng: random.Random) -> None:
    """Put a file where the folder was."""
    shutil.rmtree(path.parent)
    path.parent.write_bytes(rng.randbytes(20))


def tree_removed(path: Path, _: random.Random) -> None:
    shutil.rmtree(path.parent)


def dangling(path: Path, _: random.Random) -> None:
    """Put a link that leads nowhere."""
    path.unlink()
    path.symlink_to("nowhere")


def led_away(path: Path, _: random.Random) -> None:
    """Put a link to the folder of another store."""
    top = next(one for one in path.parents if one.name == "damaged.zarr")
    if path.parent != top:
        shutil.rmtree(path.parent)
        path.parent.symlink_to(top.with_name("whole.zarr") / path.parent.relative_to(top))


Damage = Callable[[Path, random.Random], None]
OF_FILES: tuple[Damage, ...] = (truncated, emptied, altered, altered, altered, lengthened, overwritten, cut)
OF_STORES: tuple[Damage, ...] = (
    *OF_FILES, removed, folder_instead, half_written, file_instead, tree_removed, dangling, led_away,
)  # fmt: skip


def contents(path: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}


class Stores:
    """Damages one store again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scenario = renp.Scenario.from_text(SCENARIO)
        self.whole = folder / "whole.zarr"
        definition.CHUNK_POINTS["counts"] = 2
        self.values = self._scanned(self.whole).dataset().expected.values
        self.bytes = contents(self.whole)

    def _scanned(self, path: Path) -> Scan:
        return renp.scan(self.scenario, path)

    def case(self, rng: random.Random) -> str:
        """Damage a store and return what came of it."""
        path = self.folder / "damaged.zarr"
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.copytree(self.whole, path)
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            files = [one for one in sorted(path.rglob("*")) if one.is_file()]
            if files:
                rng.choice(OF_STORES)(rng.choice(files), rng)
        read = self._read(path)
        try:
            found = self._scanned(path)
        except InputError:
            return f"{read}, refused"
        assert contents(path) == self.bytes == contents(self.whole)
        assert found.done == found.chunks
        assert sorted(one.name for one in self.folder.iterdir()) == ["damaged.zarr", "whole.zarr"]
        return f"{read}, mended"

    def _read(self, path: Path) -> str:
        try:
            found = Scan.read(path)
            str(found), found.json(), found.full_table()
            values = found.dataset().expected.values
        except InputError:
            return "said when read"
        there = ~np.isnan(values)
        assert values.shape != self.values.shape or np.array_equal(values[there], self.values[there])
        return "read"


class Saved:
    """Damages saved results again and again."""

    def __init__(self, folder: Path) -> None:
        scenario = renp.Scenario.from_text(SCENARIO)
        results = [Catalogue.compute(), Counts.compute(scenario.experiment, scenario.neutrinos, renp.Weak())]
        self.folder = folder
        self.whole = [
            one.save(folder / f"{k}{ending}")
            for k, one in enumerate(results)
            for ending in (".json", ".csv", ".nc")
        ]

    def case(self, rng: random.Random) -> str:
        """Damage a file and return what came of it."""
        whole = rng.choice(self.whole)
        path = self.folder / f"damaged{whole.suffix}"
        shutil.copy(whole, path)
        for _ in range(rng.choice([1, 1, 5])):
            rng.choice(OF_FILES)(path, rng)
        try:
            assert bibtex(saved_references(path))
        except InputError:
            return f"{path.suffix} said"
        return f"{path.suffix} read"


KINDS: dict[str, Any] = {"store": Stores, "saved": Saved}


def case_of(kind: str) -> Callable[[random.Random], tuple[str, Callable[[], bool]]]:
    """Return what makes a case of a source of randomness: what is tried, and what tries it."""
    folder = tempfile.TemporaryDirectory()
    damaged = KINDS[kind](Path(folder.name))

    def case(rng: random.Random) -> tuple[str, Callable[[], bool]]:
        return f"damaged {kind} in {folder.name}", lambda: damaged.case(rng).endswith(("mended", "read"))

    return case


def run(kind: str, number: int, seed: int = 0) -> Counter[str]:
    """Try some cases, each with a seed of its own; return how many came to what."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        damaged = KINDS[kind](Path(folder))
        for k in range(seed, seed + number):
            start = time.process_time()
            try:
                found[damaged.case(random.Random(k))] += 1
            except BaseException as error:
                error.add_note(f"{kind}, seed {k}")
                raise
            assert time.process_time() - start < LONGEST, f"{kind}, seed {k}: too long"
    return found


if __name__ == "__main__":
    for kind in KINDS:
        print(kind, dict(run(kind, int(sys.argv[1]) if len(sys.argv) > 1 else 1000)), flush=True)
