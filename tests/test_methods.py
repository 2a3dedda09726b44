"""A method of limits, or an aim of plans, is an entry of one table, which help and checks read."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import renp
from relative import relative
from renp.inference.limit_search import up_to
from renp.inference.methods import METHODS, Method, load
from renp.planning.aims import AIMS, Aim
from renp.planning.truths import orderings

RUNS = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
DIRAC = renp.Neutrinos(0.01)


def seven(_search: Any, _likelihood: Any, data: Any, *_others: Any) -> Any:
    """Return a limit of 7 units, for each data set."""
    sets = len(data.counts)
    return up_to(np.full(sets, 7.0), np.full(sets, True))


def help_after(code: str, command: str) -> str:
    """Return the help of a command after some code, from a process without JAX."""
    last = f"import sys; from renp.cli import main; main(['{command}', '--help'])"
    check = "import atexit, sys; atexit.register(lambda: print('JAX' if 'jax' in sys.modules else 'light'))"
    script = "\n".join([check, code, last])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.rstrip().endswith("light"), done.stdout + done.stderr
    return " ".join(done.stdout.replace("│", " ").split())


def test_a_method_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Method("seven, whatever the data", ("cowan-2011",), f"{__name__}:seven")
    monkeypatch.setitem(METHODS, "seven", entry)
    found = renp.upper_limits(RUNS, DIRAC, method="seven")
    likelihood = renp.Likelihood(RUNS, DIRAC, {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    unit = float(likelihood.parameters[0].plus)
    assert found.limits["magnetic-moment"]["11"] == unit * 7.0
    assert found.method == "seven"
    with pytest.raises(renp.InputError, match="left out with the method 'seven'"):
        renp.upper_limits(RUNS, DIRAC, method="seven", bands=True)


def test_an_unknown_method_is_answered_with_all() -> None:
    with pytest.raises(renp.InputError) as raised:
        renp.upper_limits(RUNS, DIRAC, method="seven")
    assert all(repr(name) in raised.value.allowed for name in METHODS)


def test_help_lists_the_methods_of_the_table() -> None:
    code = """
from renp.inference.methods import METHODS, Method
METHODS["seven"] = Method("seven", (), "nowhere:nothing")
"""
    text = help_after(code, "limits")
    assert all(name in text for name in (*METHODS, "seven"))


def test_every_entry_names_functions_that_are_there() -> None:
    for method in METHODS.values():
        assert method.by_toys or callable(load(method.accepted))
        assert not method.band or callable(load(method.band))
    for aim in AIMS.values():
        assert callable(load(aim.contrasts))


def turned(setting: Any, neutrinos: Any) -> Any:
    """Return contrasts of the orderings in reverse."""
    return orderings(setting, neutrinos)[::-1]


def test_an_aim_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    few = renp.Constraints(candidates=40)
    known = renp.plan("ordering", RUNS, DIRAC, constraints=few)
    monkeypatch.setitem(AIMS, "turned", Aim("one ordering from the other", f"{__name__}:turned"))
    found = renp.plan("turned", RUNS, DIRAC, constraints=few)
    assert found.aim == "turned"
    assert found.quantity == "significance"
    assert list(found.figures) == list(known.figures)[::-1]
    assert found.reached == relative(known.reached, 1e-6)


def test_help_lists_the_aims_of_the_table() -> None:
    code = """
from renp.planning.aims import AIMS, Aim
AIMS["turned"] = Aim("nothing", "nowhere:nothing")
"""
    text = help_after(code, "plan")
    assert all(name in text for name in (*AIMS, "turned"))
