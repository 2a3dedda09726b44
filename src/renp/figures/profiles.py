"""Profiles and contours of the χ²."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from renp.figures.style import plain, style
from renp.results.profiles import LEVELS, Contour, Profile, quantile

_LINES: tuple[tuple[str, Any], ...] = (
    ("#0072B2", "solid"),
    ("#D55E00", "dashed"),
    ("#009E73", "dotted"),
)
"""Colour and dashes of each level."""
_TOP = 10.0


def draw_profile(profile: Profile) -> Figure:
    """Return a figure of Δχ², with the levels and the intervals below them.

    Examples
    --------
    >>> import renp
    >>> from renp.inference.profiles import profile
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[130])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> figure = profile(likelihood, "weak").plot()
    >>> figure.axes[0].get_xlabel()
    'weak'
    >>> plt.close(figure)
    """
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
        axes.plot(profile.values, profile.delta_chi2, color="black", zorder=3)
        for level, (colour, dashes) in zip(LEVELS, _LINES, strict=True):
            _draw_level(axes, profile, level, colour, dashes)
        axes.plot(profile.best, 0.0, "kD", markersize=6, clip_on=False, zorder=4, label="best fit")
        axes.set_ylim(0.0, _TOP)
        axes.set_xlim(profile.values[0], profile.values[-1])
        axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
        axes.set_xlabel(plain(profile.label))
        axes.set_ylabel(r"$\Delta\chi^2$, least in all other parameters")
        axes.legend(loc="upper center", ncols=2, frameon=True, framealpha=0.9, edgecolor="none")
    return figure


def draw_contour(contour: Contour) -> Figure:
    """Return a figure of the contours, the region of the first level shaded.

    Examples
    --------
    >>> import renp
    >>> from renp.inference.profiles import contour
    >>> energies, counts = [1.068, 1.07], [117, 84]
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), energies, 864000.0, counts=counts)
    >>> moments = {f"mu_1{j}": renp.MagneticMoment({(1, j): 1.0}) for j in (1, 2)}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moments)
    >>> figure = contour(likelihood, ("mu_11", "mu_12")).plot()
    >>> figure.axes[0].get_ylabel()
    '|mu_12| (μ_B)'
    >>> plt.close(figure)
    """
    x, y = contour.values
    heights = np.where(np.isfinite(contour.delta_chi2), contour.delta_chi2, 1e3).T
    levels = [quantile(level, 2) for level in LEVELS]
    colours, dashes = zip(*_LINES, strict=True)
    with style():
        figure, axes = plt.subplots(figsize=(5.6, 4.8), layout="constrained")
        if min(heights.shape) > 1:
            axes.contourf(x, y, heights, [-1.0, levels[0]], colors=[colours[0]], alpha=0.2)
            axes.contour(x, y, heights, levels, colors=colours, linestyles=dashes, linewidths=1.6)
        axes.plot(*contour.best, "kD", markersize=6, clip_on=False, zorder=4)
        axes.ticklabel_format(scilimits=(-3, 4), useMathText=True)
        axes.set_xlabel(plain(contour.labels[0]))
        axes.set_ylabel(plain(contour.labels[1]))
        handles = [Line2D([], [], color=c, linestyle=d) for c, d in _LINES]
        handles.append(Line2D([], [], color="black", marker="D", linestyle="none"))
        names = [f"{100 * level:g} % C.L." for level in LEVELS]
        figure.legend(handles, [*names, "best fit"], loc="outside upper center", ncols=4)
    return figure


def _draw_level(axes: Axes, profile: Profile, level: float, colour: str, dashes: Any) -> None:
    """Draw a level as a line and, below it, the intervals as bars."""
    height = quantile(level, 1)
    label = rf"{100 * level:g} % C.L., $\Delta\chi^2$ = {height:.2f}"
    axes.axhline(height, color=colour, linestyle=dashes, linewidth=1.2, label=label)
    for low, high in profile.intervals(level):
        for end in (low, high):
            axes.plot([end, end], [0.0, height], color=colour, linestyle=dashes, linewidth=0.9)
