"""What several tests build on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import renp
from renp.constants import BOHR_MAGNETON, FERMI_CONSTANT

DAY = 86400.0
YB = renp.Atom("Yb", E_eg=2.14349, E_vg=2.23072)
NU = renp.Neutrinos(0.01)
HEAD = '[atom]\nname = "Yb"\n[neutrinos]\nlightest_mass = "0.01 eV"\n'
"""Of a scenario file."""

ENERGIES = (1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164)
"""Of the letter's plan, eV."""

KINDS = ("V", "A", "s", "p", "mu", "eps", "F", "G")

# Sizes at which every kind contributes about as much as the weak interaction.
SIZES = {
    "V": 0.5,
    "A": 0.5,
    "s": 1.0,
    "p": 1.0,
    "mu": FERMI_CONSTANT / BOHR_MAGNETON,
    "eps": FERMI_CONSTANT / BOHR_MAGNETON,
    "F": 0.3 * FERMI_CONSTANT / BOHR_MAGNETON,
    "G": 0.3 * FERMI_CONSTANT / BOHR_MAGNETON,
}


def runs(days: Any = 10.0, energies: Any = ENERGIES, **options: Any) -> renp.Experiment:
    """Return runs of the papers' atom and target, equally long or each with its own time."""
    return renp.Experiment(YB, renp.Target(), energies, np.asarray(days) * DAY, **options)


def random_couplings(rng: np.random.Generator, kinds: tuple[str, ...] = KINDS) -> dict[str, np.ndarray]:
    """Random complex matrices, of any symmetry."""
    return {kind: SIZES[kind] * (rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))) for kind in kinds}


def neutrinos_with(masses: list[float], nature: str = "dirac") -> renp.Neutrinos:
    """Neutrinos of given masses, the first the lightest; their mixing is the default."""
    m1, m2, m3 = masses
    tiny = 1e-300  # splittings must be positive; its root is negligible beside any mass
    nu = renp.Neutrinos(m1, nature=nature, dm2_21=m2**2 - m1**2 or tiny, dm2_31=m3**2 - m1**2 or tiny)
    assert np.allclose(nu.masses, masses, rtol=1e-13, atol=1e-140)
    return nu


TEXT = """\
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "magnetic-moment"
elements = { "12" = 3e-11 }
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
[[run]]
photon_energy = "1.0708 eV"
duration = "5 day"
background = "0.1 / day"
"""
PAIRS = {"11", "12", "13", "22", "23", "33"}
OBSERVED = TEXT.replace('"10 day"\n', '"10 day"\ncounts = 130\n') + "counts = 40\n"


class Answer(NamedTuple):
    """What one command did."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one JSON document on stdout, without NaN or infinity."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


Command = Callable[..., Answer]


def written(folder: Path, text: str) -> Path:
    path = folder / "a.toml"
    path.write_text(text, encoding="utf-8")
    return path
