"""Stores of scans and saved results, damaged in every way that a disk, a kill or an editor may damage them.

A damaged store is read: its numbers are as they were, or missing, or `InputError` says so. Then its scan is
gone on with: every bit is as it was, with nothing left over, or `InputError` says why not.
"""

import atexit
import random
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np

import renp
from fuzz.run import Case
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
        self.values = self._scanned(self.whole).dataset().expected.values
        self.bytes = contents(self.whole)

    def _scanned(self, path: Path) -> Scan:
        with patch.dict(definition.CHUNK_POINTS, counts=2):
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


def case_of(damaged_kind: type[Stores] | type[Saved]) -> Callable[[], Case]:
    """Return what makes the cases of a kind, in a folder of their own."""

    def make() -> Case:
        folder = tempfile.TemporaryDirectory()
        atexit.register(folder.cleanup)
        damaged = damaged_kind(Path(folder.name))

        def case(rng: random.Random) -> tuple[str, Callable[[], bool]]:
            def call() -> bool:
                warnings.simplefilter("error")
                return damaged.case(rng).endswith(("mended", "read"))

            return f"damaged files in {folder.name}", call

        return case

    return make


stores, saved = case_of(Stores), case_of(Saved)
