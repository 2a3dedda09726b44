"""Upper limits on couplings, one panel for each unit."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from renp.figures.style import style
from renp.results.limits import Limits

_MARKS = (("o", "#0072B2"), ("s", "#D55E00"), ("^", "#009E73"), ("D", "#CC79A7"), ("v", "#56B4E9"))

_ELEMENTS = {f"{i}{j}" for i in (1, 2, 3) for j in (1, 2, 3)}


def draw_limits(limits: Limits) -> Figure:
    """Return a figure of the limits, element by element, one panel for each unit.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> figure = renp.upper_limits(runs, renp.Neutrinos(0.01)).plot()
    >>> figure.axes[0].get_yscale()
    'log'
    >>> plt.close(figure)
    """
    units = {unit: [k for k, u in limits.units.items() if u == unit] for unit in limits.units.values()}
    sizes = [max(3, sum(len(limits.limits[kind]) for kind in kinds)) for kinds in units.values()]
    with style():
        figure, panels = plt.subplots(
            1,
            len(units),
            figsize=(max(6.4, 0.42 * sum(sizes) + 1.6 * len(sizes)), 4.2),
            width_ratios=sizes,
            layout="constrained",
            squeeze=False,
        )
        for axes, (unit, kinds) in zip(panels[0], units.items(), strict=True):
            _draw_panel(axes, limits, unit, kinds)
        first = panels[0, 0]
        title = f"{limits.kind} upper limit at {100 * limits.confidence_level:g} % C.L."
        first.set_ylabel(f"{title} ({first.get_ylabel()})")
        others = "all couplings profiled" if limits.profiled else "one coupling at a time"
        first.set_title(f"{limits.method}, {others}", fontsize=10)
        if limits.kind == "observed":
            panels[0, -1].plot([], [], "_", color="black", markersize=13, label="expected")
        found = [axes.get_legend_handles_labels() for axes in panels[0]]
        labels = {
            label: handle for handles, names in found for handle, label in zip(handles, names, strict=True)
        }
        panels[0, -1].legend(labels.values(), labels.keys(), loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _draw_panel(axes: Axes, limits: Limits, unit: str, kinds: list[str]) -> None:
    """Draw the kinds of couplings that have one unit; a strength, which has none, is named below the axis."""
    names: list[str] = []
    for kind in kinds:
        of_kind = limits.limits[kind]
        marker, colour = _MARKS[list(limits.limits).index(kind) % len(_MARKS)]
        at = np.arange(len(names), len(names) + len(of_kind))
        names += of_kind
        if limits.bands is not None:
            bands = np.array(list(limits.bands[kind].values()), dtype=float)
            _draw_bands(axes, at, bands, labelled=kind == kinds[0])
        if limits.kind == "observed":
            expected = np.array(list(limits.expected[kind].values()), dtype=float)
            axes.plot(at, _shown(expected), "_", color="black", markersize=13)
        values = np.array(list(of_kind.values()), dtype=float)
        axes.plot(at, _shown(values), marker, color=colour, label=kind.replace("-", " "), zorder=3)
    axes.set_yscale("log")
    axes.set_ylim(*_ends(limits, kinds))
    axes.set_xticks(np.arange(len(names)), names)
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    axes.set_xlabel("element $ij$" if _ELEMENTS.issuperset(names) else "coupling")
    axes.set_ylabel(unit.replace("μ_B", r"$\mu_B$") or "times the interaction as given")


def _draw_bands(axes: Axes, at: NDArray[np.intp], bands: NDArray[np.float64], *, labelled: bool) -> None:
    """Draw what is expected within ±1 and ±2 standard deviations as boxes, dark and light."""
    for (low, high), shade, label in (((0, 4), "0.85", "±2σ"), ((1, 3), "0.65", "±1σ")):
        height = bands[:, high] - bands[:, low]
        shown = f"expected {label}" if labelled else None
        axes.bar(at, height, bottom=bands[:, low], width=0.7, color=shade, zorder=1, label=shown)


def _ends(limits: Limits, kinds: list[str]) -> tuple[float, float]:
    """Return ends of the axis between which all limits and bands of these kinds have room."""
    sets: list[dict[str, Any]] = [limits.limits, limits.expected, limits.bands or {}]
    shown = [list(of_set[kind].values()) for of_set in sets for kind in kinds if kind in of_set]
    values = np.hstack([np.hstack(of_kind) for of_kind in shown])
    positive = values[np.isfinite(values) & (values > 0)]
    return (positive.min() / 1.2, positive.max() * 1.2) if positive.size else (0.1, 1.0)


def _shown(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)
