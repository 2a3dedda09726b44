"""A plan: the spectrum with its runs, and what it reaches."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from renp.constants import DAY
from renp.results.style import decades, legend, name_places, subplots, symbols

if TYPE_CHECKING:
    from renp.results.plan import Plan

_PLAN, _OWN = "#0072B2", "#D55E00"
_SHOWN = 24
"""Rows of what a plan reaches, the worst first."""


def draw_plan(plan: "Plan") -> Figure:
    """Return a figure: above, spectrum, runs and the worth of time; below, what is reached.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> few = renp.Constraints(candidates=100)
    >>> figure = renp.plan("ordering", runs, renp.Neutrinos(0.01), constraints=few).plot()
    >>> len(figure.axes)
    4
    >>> plt.close(figure)
    """
    figure, ((top,), (middle,), (bottom,)) = subplots((7.2, 8.4), 3, height_ratios=[3, 1.4, 3])
    _draw_runs(top, plan)
    _draw_worth(middle, plan)
    _draw_reach(bottom, plan)
    legend(figure)
    return figure


def _draw_runs(axes: Axes, plan: "Plan") -> None:
    low, high = _window(plan)
    axes.plot(plan.spectrum_energy, plan.spectrum, color="black", linewidth=1.2, label=r"$I(\omega)$")
    for edge in plan.thresholds:
        axes.axvline(edge, color="0.8", linewidth=0.7, zorder=0)
    axes.set_xlim(low, high)
    shown = plan.spectrum[(plan.spectrum_energy >= low) & (plan.spectrum_energy <= high)]
    axes.set_ylim(0, 1.08 * np.max(shown, initial=0.0) or 1.0)
    axes.set_ylabel(r"spectral function $I(\omega)$")
    axes.set_xlabel(r"photon energy $\omega$ (eV)")
    days = axes.twinx()
    days.bar(
        plan.photon_energy,
        plan.duration / DAY,
        width=0.012 * (high - low),
        color=_PLAN,
        alpha=0.75,
        label="plan",
    )
    if plan.reference is not None:
        days.plot(
            plan.reference_energy,
            plan.reference_duration / DAY,
            "D",
            color=_OWN,
            markersize=5,
            label="own runs, same total time",
        )
    days.set_ylabel("time (days)")
    days.set_ylim(0, 1.15 * float(np.max(plan.duration)) / DAY)


def _draw_worth(axes: Axes, plan: "Plan") -> None:
    axes.plot(plan.candidates, plan.worth, color="0.3", linewidth=1.2)
    axes.plot(
        plan.photon_energy, np.ones_like(plan.photon_energy), "v", color=_PLAN, markersize=7, clip_on=False
    )
    axes.set_xlim(*_window(plan))
    axes.set_ylim(0, 1.15)
    axes.set_xlabel(r"photon energy $\omega$ (eV)")
    axes.set_ylabel("worth of time")


def _draw_reach(axes: Axes, plan: "Plan") -> None:
    reached, own = plan.limits, plan.reference_limits
    small = plan.made_small
    names = sorted(reached, key=lambda name: -reached[name] if small else reached[name])[:_SHOWN]
    at = np.arange(len(names))
    if own is not None:
        axes.plot(at, [own[name] for name in names], "D", color=_OWN, label="own runs, same total time")
    axes.plot(at, [reached[name] for name in names], "o", color=_PLAN, label="plan")
    axes.axhline(plan.reached, color=_PLAN, linewidth=0.9, linestyle=(0, (5, 2)))
    if small:
        decades(axes, "y", [*reached.values(), *([] if own is None else own.values())])
    name_places(axes, names)
    unit = symbols(f" ({plan.unit})") if plan.unit else ""
    level = f" at {100 * plan.confidence_level:g} % C.L." if plan.aim == "limits" else ""
    quantity = ("upper limit" if plan.aim == "limits" else "error") if small else r"significance ($\sigma$)"
    axes.set_ylabel(f"{quantity}{level}{unit}")
    axes.margins(x=0.06)


def _window(plan: "Plan") -> tuple[float, float]:
    """Return the photon energies to show: all runs and thresholds."""
    every = np.concatenate([plan.photon_energy, plan.reference_energy, plan.thresholds])
    low, high = float(every.min()), float(every.max())
    margin = 0.06 * (high - low) or 0.01
    return low - margin, high + margin
