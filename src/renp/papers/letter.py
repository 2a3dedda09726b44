"""The letter: S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911."""

from functools import cache
from typing import Any

import numpy as np

from renp.constants import DAY
from renp.experiment import Experiment, expected_counts
from renp.inference.limit_curves import limit_curves
from renp.inference.upper_limits import upper_limits
from renp.planning.plan import ELEMENTS, plan
from renp.results.base import provenance
from renp.results.comparison import Comparison, Number
from renp.results.limits import Limits
from renp.results.moments import LimitCurves, MomentSpectra
from renp.results.plan import Plan
from renp.scenario import Scenario, preset_text

MOMENT = 3e-11
"""Size of the elements in figure 2, μ_B."""

PROCEEDING_ENERGIES = (1.0688, 1.0699, 1.0711)
"""eV; Phys. Sci. Forum 8, 51, below Eq. (8)."""


@cache
def setup() -> Scenario:
    """Return the letter's set-up, which is the preset "letter".

    Examples
    --------
    >>> setup().experiment.duration[0] / DAY
    Array(10., dtype=float64)
    """
    return Scenario.from_text(preset_text("letter"), "letter")


def figure_2() -> MomentSpectra:
    """Return the spectra of figure 2: one element of the moments at 3·10⁻¹¹ μ_B at a time."""
    return MomentSpectra.compute(setup().atom, setup().neutrinos, MOMENT)


def figure_3(points: int = 61) -> LimitCurves:
    """Return the limits of figure 3 for 1 to 1000 days × 100 cm³ at each photon energy."""
    scenario = setup()
    exposure = np.logspace(0, 3, points)
    return limit_curves(scenario.experiment, scenario.neutrinos, scenario.confidence_level, exposure)


def limits(days: float) -> Limits:
    """Return the limits for some days at each photon energy."""
    scenario = setup()
    runs = _runs(np.asarray(scenario.experiment.photon_energy), days)
    return upper_limits(runs, scenario.neutrinos, scenario.confidence_level)


def numbers() -> Comparison:
    """Return every printed number beside the computed one; nothing is adjusted.

    Examples
    --------
    >>> round(numbers().numbers[1].computed, 1)  # published: 120
    117.1
    """
    rows = Number.read("letter.toml", _computed())
    return Comparison(numbers=rows, made_by=provenance(setup().references, scenario=setup().text))


def _computed() -> dict[str, float]:
    scenario = setup()
    values = {"events-per-day": float(scenario.experiment.target.reference_width) * DAY}
    energies = np.asarray(scenario.experiment.photon_energy)
    for omega, n in zip(energies, expected_counts(_runs(energies, 10), scenario.neutrinos), strict=True):
        values[f"counts-{omega:g}"] = float(n)
    three = np.array(PROCEEDING_ENERGIES)
    for omega, n in zip(three, expected_counts(_runs(three, 2.3), scenario.neutrinos), strict=True):
        values[f"proceeding-{omega:g}"] = float(n)
    for days in (10, 100):
        found = limits(days).limits
        for kind in ("magnetic", "electric"):
            of_kind = found[f"{kind}-moment"].values()
            values[f"{kind}-best-{days}"] = min(of_kind)
            values[f"{kind}-worst-{days}"] = max(of_kind)
        if days == 10:
            values["ratio-33"] = found["electric-moment"]["33"] / found["magnetic-moment"]["33"]
    return values


def _runs(energies: Any, days: float) -> Experiment:
    scenario = setup()
    return Experiment(scenario.atom, scenario.experiment.target, energies, days * DAY)


def plans() -> dict[str, Plan]:
    """Return the best plans for the six magnetic, the six electric and all twelve elements.

    The criterion is the letter's: the worst expected limit at 90 % C.L., one element at a time, with
    70 days in all.
    """
    scenario = setup()
    return {kind: plan("limits", scenario.experiment, scenario.neutrinos, elements=kind) for kind in ELEMENTS}
