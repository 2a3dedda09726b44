"""How finely a target has to be divided for what happens in it to be followed."""

from math import ceil, exp, log, pi, sqrt
from typing import Any

import numpy as np

from renp.constants import HBAR
from renp.errors import InputError
from renp.target.cycle import Light, Pulses, windows
from renp.target.medium import Medium, amplitude

CELLS, MOST_CELLS = 100, 10_000
"""Of a target's length, at least and at most."""

_ANGLE = 0.3
"""By which anything turns in one step: a scheme of fourth order in it is then right to some 10⁻⁵."""

_STEPS = 8
"""In the duration of a pulse."""

MOST_RINGS = 64
"""Of a target's cross-section, at most."""

_RINGS = 1.4
"""More of them for each quarter of a turn by which pumps turn atoms on the axis and not at the edge: so η is
right to a per cent."""

_STEEP = 4.5
"""2(r/w)² at the edge up to which it takes no more of them."""

CLASSES = ((2.0, 9), (4.0, 17), (6.0, 33))
"""Up to which phase of one standard deviation so many classes of atoms average right, to some 10⁻⁴ by Gauss's
rule, whose error is k!x²ᵏ/(2k)!: beyond, their average would come back."""


def classes_of(medium: Medium, light: Light) -> int:
    """Return how many classes of atoms an inhomogeneous width takes while light is followed.

    Raises
    ------
    InputError
        If the atoms run too far apart for the largest number of them.
    """
    if not float(medium.spread):
        return 1
    longest = max((end - start for start, end in windows(light, float(medium.crossing))), default=0.0)
    phase = float(medium.spread) * longest
    for most, classes in CLASSES:
        if phase <= most:
            return classes
    allowed = f"at most {CLASSES[-1][0] / phase:.1g} times that, or pulses that are as much shorter"
    raise InputError("inhomogeneous_width", float(medium.inhomogeneous_width), f"in eV, {allowed}")


def rings_of(medium: Medium, light: Light, least: int) -> int:
    """Return how many rings follow the turns of the atoms, fewer away from the axis.

    Raises
    ------
    InputError
        If it takes more than `MOST_RINGS`.
    """
    waist = min((float(w) for one in (light.right, light.left) for w in one.waist), default=np.inf)
    steep = 2 * (float(light.radius) / waist) ** 2
    angle = float(medium.gain) * _length(medium, light.right) * _length(medium, light.left)
    turns = angle / (pi / 4) * (1 - exp(-steep))
    rings = (least + _RINGS * turns) * sqrt(max(1.0, steep / _STEEP))
    if not rings <= MOST_RINGS:
        why = f"with {turns:.2g} quarters of a turn between axis and edge"
        if turns < 1:
            why = f"with a coherence {float(light.radius) / waist:.1g} times as wide as the beam"
        allowed = f"in cm, such that {MOST_RINGS} rings of the cross-section follow how atoms turn"
        raise InputError("waist", waist, f"{allowed}: this takes {rings:.1g}, {why}")
    return ceil(rings)


def _length(medium: Medium, pulses: Pulses) -> float:
    """Return √∫|a|²dt on the axis, in units of the crossing, were all pulses of a side there at once."""
    each: list[Any] = [
        amplitude(one, one[3], np.zeros(()), medium) * sqrt(one[1] / medium.crossing)
        for one in zip(*pulses, strict=True)
    ]
    return float(sum(float(part) for part in each)) * sqrt(sqrt(pi / (4 * log(2))))


def cells_of(medium: Medium, light: Light, least: int = CELLS) -> int:
    """Return how many cells it takes to follow the pulses, and what comes of the atoms.

    Raises
    ------
    InputError
        If it takes more than `MOST_CELLS`, by the name of what does.
    """
    crossing, shortest = float(medium.crossing), _shortest(light)
    right, left = _photons(medium, light.right), _photons(medium, light.left)
    gain, photons = float(medium.gain), max(right + left, 1.0)
    turns = {
        "length": (medium.length, gain / 2),
        "energy": (_most(light), 2 * gain * sqrt(right * left)),
        "polarisability_g": (medium.polarisability_g, medium.per_length(medium.polarisability_g) * photons),
        "polarisability_e": (medium.polarisability_e, medium.per_length(medium.polarisability_e) * photons),
        "detuning": (medium.detuning, crossing * medium.detuning / HBAR),
        "inhomogeneous_width": (medium.inhomogeneous_width, 3 * medium.spread * crossing),
        "decay_time": (medium.decay_time, crossing / medium.decay_time),
        "dephasing_time": (medium.dephasing_time, crossing / medium.dephasing_time),
    }
    needed = {name: (float(value), abs(float(turn)) / _ANGLE) for name, (value, turn) in turns.items()}
    needed["duration"] = shortest, _STEPS * crossing / shortest
    name = max(needed, key=lambda name: needed[name][1])
    value, cells = needed[name]
    if not cells <= MOST_CELLS:
        allowed = f"such that {MOST_CELLS} cells of the length resolve what it does: this takes {cells:.1g}"
        raise InputError(name, value, allowed)
    return max(least, ceil(cells))


def _shortest(light: Light) -> float:
    return float(min((float(t) for one in (light.right, light.left) for t in one.duration), default=np.inf))


def _most(light: Light) -> float:
    return float(max((float(e) for one in (light.right, light.left) for e in one.energy), default=0.0))


def _photons(medium: Medium, pulses: Pulses) -> float:
    """Return the photons for each atom on the axis, were all pulses of a side there at once."""
    peaks: list[Any] = [amplitude(one, one[3], np.zeros(()), medium) for one in zip(*pulses, strict=True)]
    return float(sum(float(peak) for peak in peaks) ** 2)
