"""The papers' companion on all electromagnetic properties: S.-F. Ge and P. Pasquini, arXiv:2306.12953.

Of it the abstract was read: charge radius and anapole beside the moments; elements told by the section
between thresholds in which they set in, the type by the shape of the spectrum inside a section. What is
computed here puts numbers to that with the letter's set-up; none is compared with a printed one.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.bounds.elsewhere import existing_limits
from renp.constants import DAY
from renp.experiment import Experiment, expected_counts, signal_counts
from renp.inference.squares import furthest_square
from renp.interactions import Anapole, Charge, ChargeRadius, ElectricMoment, MagneticMoment
from renp.interactions.couplings import Coupling
from renp.interactions.dipole import moment_elements
from renp.interactions.photon import PhotonCoupling
from renp.papers import letter
from renp.papers.claims import RISE, days_apart
from renp.spectrum import spectral_function, thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TYPES: dict[str, type[PhotonCoupling]] = {
    one.kind: one for one in (MagneticMoment, ElectricMoment, Charge, ChargeRadius, Anapole)
}

_IN_SECTION = 8
"""Photon energies inside a section."""
_LOW = 1.064
"""Lower end of the section in which all elements contribute, eV."""
_TIMES = 2.0
"""A simulated coupling, in units of its limit of 10 days."""

Table = dict[str, dict[str, float]]


def elements() -> list[str]:
    """Return the names of the elements."""
    return [f"{i}{j}" for i, j in moment_elements("dirac")]


@cache
def counts(photon_energy: tuple[float, ...]) -> tuple[Reals, dict[str, Reals]]:
    """Return counts a day of the letter's target: the weak ones, and by type each element's at 1."""
    scenario = letter.setup()
    runs = Experiment(scenario.atom, scenario.experiment.target, np.array(photon_energy), DAY)
    signals = {
        kind: np.array(
            [signal_counts(runs, scenario.neutrinos, of({e: 1.0})) for e in moment_elements("dirac")]
        )
        for kind, of in TYPES.items()
    }
    return np.asarray(expected_counts(runs, scenario.neutrinos)), signals


def limits(days: float = 10.0) -> Table:
    """Return expected limits at 90 % C.L. by type and element, with the letter's runs: μ_B, e, cm².

    Examples
    --------
    >>> f"{limits()['charge']['33']:.1e}"
    '3.8e-18'
    """
    null, signals = counts(tuple(np.asarray(letter.setup().experiment.photon_energy).tolist()))
    rows = np.tile(null * days, (6, 1))
    return {
        kind: dict(zip(elements(), map(float, furthest_square(rows, of * days, rows, RISE)), strict=True))
        for kind, of in signals.items()
    }


def existing() -> dict[str, dict[str, tuple[str, float]]]:
    """Return the best limit of others on each element with its name, from scattering and stars."""
    nu = letter.setup().neutrinos
    found: dict[str, dict[str, tuple[str, float]]] = {}
    for kind, of in TYPES.items():
        for i, j in moment_elements("dirac"):
            coupling = Coupling(kind, f"{i}{j}", of({(i, j): 1.0}))
            every = existing_limits(coupling, nu, np.zeros(1))
            name = min(every, key=lambda which: every[which][0])
            found.setdefault(kind, {})[f"{i}{j}"] = name, float(every[name][0])
    return found


def section(element: str) -> tuple[float, float]:
    """Return the photon energies between which an element is the last that sets in, eV.

    Examples
    --------
    >>> [round(end, 4) for end in section("33")]
    [1.064, 1.0693]
    """
    scenario = letter.setup()
    edges = np.asarray(thresholds(scenario.atom, scenario.neutrinos))
    own = float(edges[int(element[0]) - 1, int(element[1]) - 1])
    below = edges[edges < own]
    return (float(below.max()) if below.size else _LOW), own


def identification(element: str = "33") -> Table:
    """Return the days at each of eight photon energies inside a section until types are told apart, 90 % C.L.

    By the type that is simulated, at twice its limit of 10 days, and the one that is fitted with any size.

    Examples
    --------
    >>> [round(days, 1) for days in identification()["charge"].values()]
    [6.1, 0.7, 0.9, 0.5]
    """
    low, high = section(element)
    inside = low + (high - low) * (np.arange(_IN_SECTION) + 0.5) / _IN_SECTION
    null, signals = counts(tuple(inside.tolist()))
    k, sizes = elements().index(element), limits()
    tested = np.array([of[k] for of in signals.values()])
    found: Table = {}
    for kind, of in signals.items():
        seen = null + (_TIMES * sizes[kind][element]) ** 2 * of[k]
        days = zip(TYPES, days_apart(null, seen, tested), strict=True)
        found[kind] = {other: float(x) for other, x in days if other != kind}
    return found


def draw() -> "Figure":
    """Return a figure of I(ω) of each type alone, for two elements, over its value at the lower end."""
    import matplotlib.pyplot as plt

    from renp.results.curve_labels import label_curves

    scenario = letter.setup()
    figure, panels = plt.subplots(1, 2, figsize=(9.2, 4.0), layout="constrained")
    looks = zip(
        ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#444444"),
        ("-", (0, (5, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 3))),
        strict=True,
    )
    styles = dict(zip(TYPES, looks, strict=True))
    for axes, (i, j) in zip(panels, ((1, 1), (3, 3)), strict=True):
        high = section(f"{i}{j}")[1]
        omega = high - (high - _LOW) * np.linspace(1, 0, 200) ** 2
        for kind, of in TYPES.items():
            size = limits()[kind][f"{i}{j}"]
            found = np.asarray(
                spectral_function(omega, scenario.atom, scenario.neutrinos, of({(i, j): size}))
            )
            colour, dashes = styles[kind]
            axes.plot(omega, found / found[0], color=colour, linestyle=dashes, label=kind.replace("-", " "))
        axes.set_xlim(omega[0], high)
        axes.set_yscale("log")
        axes.set_ylim(0.02, 20)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_title(f"element {i}{j}", loc="left")
    panels[0].set_ylabel(f"$I(\\omega)/I({_LOW:g}$ eV$)$ of one type alone")
    label_curves(*panels)
    return figure
