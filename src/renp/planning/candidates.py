"""Photon energies among which a plan chooses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.experiment import Experiment
from renp.neutrinos import Neutrinos
from renp.spectrum import thresholds

_CLOSEST, _FARTHEST = 1e-9, 1e-3
"""Distances from a threshold between which candidates get denser, eV."""


@dataclass(frozen=True)
class Range:
    """Photon energies that a laser reaches and that are far enough from every threshold.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> allowed = laser_range(runs, [renp.Neutrinos(0.01)], 1.0, 1.0718, 1e-5)
    >>> allowed.contains(np.array([1.068, 1.072])), len(allowed.edges)
    (array([ True, False]), 6)
    """

    low: float
    high: float
    edges: Reals
    """Nominal photon energies of thresholds within the range, increasing."""
    clearance: float
    """Least distance from a threshold."""
    lights: tuple[int, ...] = (1,)
    """Signs of the candidates: one below 0 is left light of that photon energy, where runs have a light."""

    def contains(self, energies: Reals) -> NDArray[np.bool_]:
        """Return which photon energies are allowed."""
        energies = np.abs(energies)
        inside = (energies >= self.low) & (energies <= self.high)
        if not (self.clearance and self.edges.size):
            return inside
        distance = np.min(np.abs(energies[:, None] - self.edges), axis=1)
        # A candidate at the very edge must not fall out by rounding.
        clear: NDArray[np.bool_] = distance >= self.clearance * (1 - 1e-9)
        return inside & clear

    def grid(self, number: int) -> Reals:
        """Return about ``number`` photon energies: half of them even, half of them around the thresholds."""
        even = np.linspace(self.low, self.high, max(number // 2, 2))
        each = max((number - even.size) // (2 * max(self.edges.size, 1)), 1)
        first = max(self.clearance, _CLOSEST)
        offsets = np.geomspace(first, max(_FARTHEST, 10 * first), each)
        offsets = np.concatenate([[self.clearance], offsets])
        around = (self.edges[:, None] + np.concatenate([-offsets, offsets])).ravel()
        every = np.unique(np.concatenate([even, around]))
        every = every[self.contains(every)]
        return np.unique(np.concatenate([light * every for light in self.lights]))


_LEAST = 0.01
"""Of E_eg: a run at a lower photon energy is never proposed."""


def laser_range(
    experiment: Experiment,
    hypotheses: Sequence[Neutrinos],
    low: float | None,
    high: float | None,
    clearance: float,
    lights: tuple[int, ...] = (1,),
) -> Range:
    """Return what a laser reaches below the highest threshold of all hypotheses.

    Parameters
    ----------
    experiment
        What is excited, by which laser.
    hypotheses
        Neutrinos for which the plan is made.
    low, high
        Ends of the laser's range, eV; without them, and never beyond them, 1 % of E_eg and the highest
        threshold.
    clearance
        Least distance from a threshold, eV.
    lights
        Helicities among which a plan chooses; 1 alone where it does not.

    Raises
    ------
    InputError
        If the range is empty or above all thresholds, where no pair can be emitted.
    """
    atom, offset = experiment.atom, float(experiment.laser.offset)
    opening = [np.asarray(thresholds(atom, nu)).ravel() for nu in hypotheses]
    every = np.unique(np.concatenate(opening) - offset)
    top = float(every[-1])
    bottom = max(0.0 if low is None else float(low), _LEAST * float(atom.E_eg))
    end = float(min(top if high is None else high, float(atom.end) - offset))
    if high is not None and high <= bottom:
        raise InputError(
            "laser_range", f"{bottom:g} to {high:g} eV", "a range whose upper end is above the lower one"
        )
    if bottom >= top:
        raise InputError(
            "laser_range",
            f"from {bottom:.9g} eV",
            f"a range that begins below {top:.9g} eV, the highest threshold",
        )
    allowed = Range(bottom, min(end, top), every[(every > bottom) & (every <= end)], float(clearance), lights)
    if not np.any(allowed.contains(allowed.grid(200))):
        raise InputError("clearance", clearance, "small enough that some of the laser's range remains")
    return allowed
