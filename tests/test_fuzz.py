"""A small share of each fuzzer; `make fuzz` runs all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.kinds import KINDS

SHARE = {"scenarios": 200, "csv": 300, "arguments": 200, "links": 30}
HERE = Path(__file__).parent


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_an_error_of_input_comes_of_it(kind: str) -> None:
    """In a process without the checks of types that tests add, which would answer first."""
    path = os.pathsep.join([str(HERE.parent / "src"), str(HERE), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", kind, str(SHARE.get(kind, 50))],
        cwd=HERE,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    assert ", 0 faults" in done.stdout
    assert " 0 accepted" not in done.stdout
