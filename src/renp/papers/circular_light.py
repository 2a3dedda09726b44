"""What circular light shows: moments interfere with the weak current, with a sign for each helicity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.constants import DAY
from renp.experiment import Experiment, Target
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.interactions.dipole import MOMENTS
from renp.neutrinos import Neutrinos
from renp.planning.plan import Constraints, plan
from renp.results.plan import Plan
from renp.spectrum import spectral_function, thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAGNETIC = MOMENTS[0]

SIZE = 3e-11
"""Of a moment, μ_B."""

ELEMENTS = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3))
_KNOWN = 0.5
"""Error of a phase that is known, rad."""

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_DASHES = ("-", (0, (5, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 1)), (0, (8, 3)))


def asymmetry(omega: Reals, atom: Atom, neutrinos: Neutrinos, model: Interaction) -> Reals:
    """Return (I_right − I_left)/(I_right + I_left), 0 where nothing is emitted.

    Examples
    --------
    >>> from renp import MagneticMoment
    >>> model = Weak() + MagneticMoment({(3, 3): SIZE})
    >>> asymmetry(np.array([1.068]), Atom.named("Yb", "full"), Neutrinos(0.01), model).round(3)
    array([0.298])
    """
    left, right = (
        np.asarray(spectral_function(omega, atom.in_light(light), neutrinos, model))
        for light in ("left", "right")
    )
    total = left + right
    found: Reals = np.divide(right - left, total, out=np.zeros_like(total), where=total > 0)
    return found


def draw(names: Sequence[str] = ("Yb", "Xe")) -> "Figure":
    """Return a figure of the asymmetry against the photon energy, for each element of the moments."""
    import matplotlib.pyplot as plt

    nu = Neutrinos(0.01)
    figure, every = plt.subplots(1, len(names), figsize=(4.6 * len(names), 3.8), layout="constrained")
    for name, axes in zip(names, np.atleast_1d(every), strict=True):
        atom = Atom.named(name, "full")
        edges = np.unique(np.asarray(thresholds(atom, nu)))
        top = float(edges[-1])
        near = (edges[:, None] - np.geomspace(1e-9, 1e-3, 60)).ravel()
        omega = np.unique(np.concatenate([np.linspace(0.985 * top, top, 500), near]))
        for (i, j), colour, dashes in zip(ELEMENTS, _COLOURS, _DASHES, strict=True):
            model = Weak() + _MAGNETIC({(i, j): SIZE})
            found = asymmetry(omega, atom, nu, model)
            axes.plot(omega, found, color=colour, linestyle=dashes, linewidth=1.2, label=f"{i}{j}")
        axes.set_xlim(0.985 * top, top)
        axes.axhline(0, color="0.7", linewidth=0.7, zorder=0)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_title(f"{name}, moments of $3\\cdot10^{{-11}}\\,\\mu_B$", loc="left")
    np.atleast_1d(every)[0].set_ylabel(r"$(I_R - I_L)/(I_R + I_L)$")
    lines, labels = np.atleast_1d(every)[-1].get_legend_handles_labels()
    figure.legend(lines, labels, title="element", loc="outside right center")
    return figure


@dataclass(frozen=True)
class LightRow:
    """What runs in left and right light say of one element."""

    element: str
    largest: float
    """Largest size of the asymmetry at `SIZE`, above 98.5 % of the highest threshold."""
    days: float
    """Until the sign is known by 3 σ with the best plan there; infinite if it never is."""
    phase_days: float
    """Until the phase of μ a*, up to its sign, is known to 0.5 rad where it is a right angle, with that plan;
    NaN for a diagonal element, which is real."""
    ratio: float
    """Best limit of runs in both lights over that in linear light."""


def light_rows(name: str = "Yb", days: float = 70.0) -> list[LightRow]:
    """Return a row for each element of the magnetic moments, with the letter's target."""
    nu, atom = Neutrinos(0.01), Atom.named(name, "full")
    top = float(np.max(np.asarray(thresholds(atom, nu))))
    within = Constraints(laser_range=(0.985 * top, None), clearance=1e-6, candidates=200)
    omega = np.linspace(0.985 * top, top, 2000)
    runs = Experiment(atom, Target(), [0.99 * top], days * DAY)
    rows = []
    for i, j in ELEMENTS:
        one = {f"{i}{j}": _MAGNETIC({(i, j): 1.0})}
        sign = plan("sign", runs, nu, couplings=one, strength=SIZE, constraints=within)
        lights = replace(within, polarisations=("left", "right"))
        both, linear = (
            plan("limits", runs, nu, couplings=one, constraints=chosen).reached for chosen in (lights, within)
        )
        largest = np.max(np.abs(asymmetry(omega, atom, nu, Weak() + _MAGNETIC({(i, j): SIZE}))))
        seen = np.inf if sign.exposure is None else sign.exposure / DAY
        phase = _phase_days(runs, nu, sign, (i, j)) if i != j else np.nan
        rows.append(LightRow(f"{i}{j}", float(largest), seen, phase, both / linear))
    return rows


def _phase_days(runs: Experiment, nu: Neutrinos, sign: Plan, element: tuple[int, int]) -> float:
    """Return the days until the phase is known: its information is Σ t b²/N, b the interference in N."""
    right = runs.atom.in_light("right")

    def rate(size: complex) -> Reals:
        model = Weak() + _MAGNETIC({element: size})
        return np.asarray(spectral_function(sign.photon_energy, right, nu, model))

    parts = [rate(SIZE * turn) for turn in (1, -1, 1j, -1j)]
    interference2 = ((parts[0] - parts[1]) / 2) ** 2 + ((parts[2] - parts[3]) / 2) ** 2
    per_day = float(runs.target.reference_width) * DAY * sign.duration / np.sum(sign.duration)
    return float(1 / (_KNOWN**2 * np.sum(per_day * interference2 / (np.sum(parts, axis=0) / 4))))
