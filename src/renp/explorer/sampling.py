"""At which photon energies a spectrum is drawn: always as many, whatever the window."""

import jax
import numpy as np

from renp._types import Reals
from renp.explorer.state import State
from renp.formula.kinematics import FIRST, SECOND
from renp.scenario.build import Setting
from renp.spectrum import thresholds

_thresholds = jax.jit(thresholds)

POINTS = 2000
NEAR = 100
"""Points just below each of the six thresholds, where the spectrum falls as a square root."""

PAIRS = tuple(f"{i + 1}{j + 1}" for i, j in zip(FIRST, SECOND, strict=True))

_SPAN = 0.013
"""Width of the window around the thresholds times E_eg, eV²: room for lightest masses up to 0.08 eV."""


def edges(setup: Setting) -> dict[str, float]:
    """Return the threshold of each unordered pair, eV.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> round(edges(build(State()))["33"], 6)
    1.069309
    """
    found = np.asarray(_thresholds(setup.atom, setup.neutrinos))
    return {pair: float(found[i, j]) for pair, i, j in zip(PAIRS, FIRST, SECOND, strict=True)}


def whole_range(setup: Setting) -> tuple[float, float]:
    """Return all photon energies at which a pair may be emitted, and a little more, eV."""
    return 0.0, 1.01 * float(setup.atom.E_eg + setup.atom.boost) / 2


def usual_window(setup: Setting) -> tuple[float, float]:
    """Return photon energies around the thresholds; the same for all masses, so that thresholds walk.

    Examples
    --------
    >>> from renp.explorer.setup import build
    >>> low, high = usual_window(build(State()))
    >>> round(low, 4), round(high, 4)
    (1.0657, 1.072)
    """
    top = float(setup.atom.E_eg + setup.atom.boost) / 2
    span = _SPAN / float(setup.atom.E_eg)
    return max(top - span, 0.0), top + 0.05 * span


def view_window(state: State, setup: Setting) -> tuple[float, float]:
    """Return the photon energies that the state shows, kept where the spectrum is defined."""
    low, high = state.window or usual_window(setup)
    highest = np.nextafter(float(setup.atom.E_vg), 0.0)
    low, high = max(low, 0.0), min(high, float(highest))
    return (low, high) if low < high else usual_window(setup)


def grid(window: tuple[float, float], thresholds: dict[str, float]) -> Reals:
    """Return `POINTS` photon energies in a window, dense below the thresholds in it.

    Examples
    --------
    >>> grid((1.06, 1.07), {"11": 1.065}).shape
    (2000,)
    """
    low, high = window
    steps = np.linspace(0, 1, NEAR) ** 3
    near = [edge - (high - low) * steps for edge in thresholds.values() if low < edge <= high]
    even = np.linspace(low, high, POINTS - NEAR * len(near))
    return np.sort(np.clip(np.concatenate([even, *near]), low, high))
