"""Thresholds marked on an axis of photon energies."""

from collections.abc import Mapping

from matplotlib.axes import Axes


def mark_thresholds(axes: Axes, thresholds: Mapping[str, float], *, apart: float = 0.034) -> None:
    """Draw a thin line at each ω_ij^max inside the axis, labelled above it.

    Labels closer than ``apart``, a part of the axis's width, are spread and joined to their lines.
    """
    low, high = axes.get_xlim()
    inside = sorted((w, pair) for pair, w in thresholds.items() if low < w < high)
    if not inside:
        return
    spacing = apart * (high - low)
    places = [w for w, _ in inside]
    for k in range(len(places) - 2, -1, -1):
        places[k] = min(places[k], places[k + 1] - spacing)
    shift = max(places[-1] - high, 0.0)
    for place, (w, pair) in zip(places, inside, strict=True):
        axes.axvline(w, color="0.6", linewidth=0.6, zorder=0)
        axes.annotate(
            pair,
            xy=(w, 1.0),
            xytext=(place - shift, 1.045),
            xycoords=axes.get_xaxis_transform(),
            textcoords=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize="small",
            color="0.25",
            arrowprops={
                "arrowstyle": "-",
                "color": "0.6",
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
