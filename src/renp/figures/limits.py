"""Upper limits on the elements of the moments."""

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
    """Return a figure of the limits, element by element.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> figure = renp.upper_limits(runs, renp.Neutrinos(0.01)).plot()
    >>> figure.axes[0].get_yscale()
    'log'
    >>> plt.close(figure)
    """
    with style():
        names = [f"{kind} {label}" for kind, of_kind in limits.limits.items() for label in of_kind]
        figure, axes = plt.subplots(figsize=(max(6.4, 0.42 * len(names) + 1.6), 4.2), layout="constrained")
        start = 0
        for place, (kind, of_kind) in enumerate(limits.limits.items()):
            marker, colour = _MARKS[place % len(_MARKS)]
            at = np.arange(start, start + len(of_kind))
            start += len(of_kind)
            values = np.array(list(of_kind.values()), dtype=float)
            if limits.bands is not None:
                _draw_bands(
                    axes, at, np.array(list(limits.bands[kind].values()), dtype=float), labelled=not place
                )
            if limits.kind == "observed":
                expected = np.array(list(limits.expected[kind].values()), dtype=float)
                axes.plot(at, _shown(expected), "_", color="black", markersize=13)
            label = kind.replace("-", " ")
            axes.plot(at, _shown(values), marker, color=colour, label=label, zorder=3)
        axes.set_yscale("log")
        axes.set_ylim(*_ends(limits))
        axes.set_xticks(np.arange(len(names)), [name.split(" ")[-1] for name in names])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_xlabel(
            "element $ij$" if _ELEMENTS.issuperset(n.split(" ")[-1] for n in names) else "coupling"
        )
        level = 100 * limits.confidence_level
        units = " or ".join(dict.fromkeys(u.replace("μ_B", r"$\mu_B$") for u in limits.units.values() if u))
        axes.set_ylabel(f"{limits.kind} upper limit at {level:g} % C.L." + (f" ({units})" if units else ""))
        others = "all couplings profiled" if limits.profiled else "one coupling at a time"
        axes.set_title(f"{limits.method}, {others}", fontsize=10)
        if limits.kind == "observed":
            axes.plot([], [], "_", color="black", markersize=13, label="expected")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _draw_bands(axes: Axes, at: NDArray[np.intp], bands: NDArray[np.float64], *, labelled: bool) -> None:
    """Draw what is expected within ±1 and ±2 standard deviations as boxes, dark and light."""
    for (low, high), shade, label in (((0, 4), "0.85", "±2σ"), ((1, 3), "0.65", "±1σ")):
        height = bands[:, high] - bands[:, low]
        shown = f"expected {label}" if labelled else None
        axes.bar(at, height, bottom=bands[:, low], width=0.7, color=shade, zorder=1, label=shown)


def _ends(limits: Limits) -> tuple[float, float]:
    """Return ends of the axis between which all limits and bands have room."""
    kinds: list[dict[str, Any]] = [
        *limits.limits.values(),
        *limits.expected.values(),
        *(limits.bands or {}).values(),
    ]
    values = np.hstack([np.hstack(list(of_kind.values())) for of_kind in kinds])
    positive = values[np.isfinite(values) & (values > 0)]
    return (positive.min() / 1.2, positive.max() * 1.2) if positive.size else (0.1, 1.0)


def _shown(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)
