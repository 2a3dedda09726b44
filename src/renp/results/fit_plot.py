"""Estimates with their intervals, pulls, and the counts of the best fit."""

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from renp.results.style import plain

if TYPE_CHECKING:
    from renp.results.fit import Estimate, Fit

Group: TypeAlias = "list[Estimate]"

_POINT, _EXPECTED = "#0072B2", "0.85"
_SPREAD = 30.0
"""Largest ratio of sizes that share an axis."""


def draw_fit(fit: "Fit") -> Figure:
    """Return a figure: on the left each parameter with its interval, on the right the counts.

    Examples
    --------
    >>> import renp
    >>> from renp.inference.estimates import fit
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[140])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> figure = fit(likelihood).plot()
    >>> [axes.get_xlabel() for axes in figure.axes][0]
    'value (μ_B), interval at 68.27 % C.L.'
    >>> plt.close(figure)
    """
    groups = _groups(list(fit.estimates.values()))
    heights = [len(group) + 1.8 for group in groups] or [4.0]
    tall = max(3.8, 0.36 * sum(heights))
    figure = plt.figure(figsize=(9.6 if groups else 5.6, tall), layout="constrained")
    if not groups:
        _draw_counts(figure.subplots(), fit)
        return figure
    left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1], squeeze=False)[0]
    panels = left.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, group in zip(panels, groups, strict=True):
        _draw_group(axes, group, fit.confidence_level)
    _draw_counts(right.subplots(), fit)
    return figure


def _groups(estimates: "list[Estimate]") -> list[Group]:
    """Return which estimates share an axis: pulls, and what has one unit and similar sizes."""
    groups: list[Group] = []
    pulls = [e for e in estimates if not math.isnan(e.pull)]
    for e in (e for e in estimates if math.isnan(e.pull)):
        last = groups[-1] if groups else []
        if last and last[0].unit == e.unit and _similar(last[0], e):
            last.append(e)
        else:
            groups.append([e])
    return [*groups, pulls] if pulls else groups


def _similar(one: "Estimate", other: "Estimate") -> bool:
    sizes = sorted([_size(one), _size(other)])
    return sizes[1] <= _SPREAD * sizes[0]


def _size(e: "Estimate") -> float:
    ends = [abs(x) for x in (e.value, e.lower, e.upper) if math.isfinite(x)]
    return max(ends, default=0.0)


def _draw_group(axes: Axes, group: Group, level: float) -> None:
    is_pulls = not math.isnan(group[0].pull)
    for place, e in enumerate(group):
        value, below, above = _pull(e) if is_pulls else _physical(e)
        face = _POINT if below + above else "white"
        axes.errorbar(value, place, xerr=[[below], [above]], fmt="none", ecolor=_POINT, capsize=3)
        axes.plot(value, place, "o", color=_POINT, markerfacecolor=face, clip_on=False, zorder=3)
        if math.isinf(e.upper):
            axes.annotate("no upper end", (value, place), (8, 6), textcoords="offset points", fontsize=8)
    if is_pulls:
        axes.axvspan(-1, 1, color="0.92", zorder=0)
        reach = max(2.2, *(abs(e.pull) + 1.2 for e in group))
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("pull, with its standard deviation")
    else:
        _scale(axes, group, level)
    limits = axes.get_xlim()
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.set_xlim(limits)
    names = [f"|{e.name}|" if e.kind == "magnitude" else e.name for e in group]
    axes.set_yticks(range(len(group)), [plain(name) for name in names])
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_ylim(len(group) - 0.4, -0.6)


def _scale(axes: Axes, group: Group, level: float) -> None:
    """Set the axis of physical values, which starts at a boundary 0 if an interval does."""
    low, high = axes.get_xlim()
    if any(math.isinf(e.upper) for e in group):
        high += 0.5 * (high - low)
    axes.set_xlim(0.0 if any(e.lower == 0 for e in group) else low, high)
    if max(map(_size, group)) == 0:
        axes.set_xticks([0.0])
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
    unit = f" ({group[0].unit})" if group[0].unit else ""
    axes.set_xlabel(f"value{unit}, interval at {100 * level:g} % C.L.", loc="left")


def _pull(e: "Estimate") -> tuple[float, float, float]:
    error = 0.0 if math.isnan(e.pull_error) else e.pull_error
    return e.pull, error, error


def _physical(e: "Estimate") -> tuple[float, float, float]:
    below, above = e.value - e.lower, e.upper - e.value
    return e.value, below if math.isfinite(below) else 0.0, above if math.isfinite(above) else 0.0


def _draw_counts(axes: Any, fit: "Fit") -> None:
    place = np.arange(fit.expected.size)
    axes.bar(place, fit.expected, width=0.7, color=_EXPECTED, edgecolor="0.5", label="best fit")
    axes.errorbar(
        place,
        fit.observed,
        yerr=np.sqrt(fit.observed),
        fmt="o",
        color="black",
        capsize=3,
        label=r"observed, with $\sqrt{n}$",
    )
    axes.set_xticks(place, [f"{w:.6g}" for w in fit.photon_energy], rotation=40, ha="right")
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
    axes.set_ylabel("counts")
    quality = f" / {fit.degrees_of_freedom}, $p$ = {fit.p_value:.2g}" if math.isfinite(fit.p_value) else ""
    verdict = "" if fit.valid else ", NOT VALID"
    axes.set_title(rf"$\chi^2$ = {round(fit.chi2, 6):.3g}{quality}{verdict}", fontsize=10)
    axes.legend()
