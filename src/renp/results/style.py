"""One look for all pictures: colours that colour-blind readers tell apart, lines that differ in grey."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

# Okabe and Ito's palette, ordered so that neighbours differ in lightness.
COLOURS = {
    "11": "#0072B2",
    "12": "#E69F00",
    "13": "#009E73",
    "22": "#D55E00",
    "23": "#56B4E9",
    "33": "#CC79A7",
}
DASHES: dict[str, Any] = {
    "11": "solid",
    "12": (0, (6, 2)),
    "13": (0, (6, 2, 1, 2)),
    "22": (0, (2, 1.2)),
    "23": (0, (8, 2, 1, 2, 1, 2)),
    "33": (0, (1, 1)),
}

_SETTINGS: Any = {
    "axes.grid": False,
    "axes.linewidth": 0.8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw or write in the package's style, at the user's size of font; the user's settings stay."""
    size = mpl.rcParams["font.size"]
    settings = _SETTINGS | {"axes.labelsize": 1.1 * size, "legend.fontsize": 0.9 * size}
    before = {key: mpl.rcParams[key] for key in settings}
    mpl.rcParams.update(settings)
    try:
        yield
    finally:  # these alone: a notebook's backend, loaded by the first picture, makes settings of its own
        mpl.rcParams.update(before)


def plain(text: str) -> str:
    r"""Return text that a user wrote so that it is not read as mathematics.

    Examples
    --------
    >>> print(plain("Yb $x"))
    Yb \$x
    """
    return text.replace("$", r"\$")


def pair_style(pair: str) -> dict[str, Any]:
    """Return colour and dashes of a pair of neutrinos.

    Examples
    --------
    >>> pair_style("11")["linestyle"]
    'solid'
    """
    return {"color": COLOURS[pair], "linestyle": DASHES[pair]}


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
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        )


def label_curves(axes: Axes, *, size: float = 8.0) -> None:
    """Write each curve's label on it, in its colour, where there is most room; instead of a legend.

    Labels are spread over the width of logarithmic axes, and none is nearer to another curve or label than it
    has to be.
    """
    axes.figure.canvas.draw()  # places depend on the scales
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    to_pixels = axes.transData.transform
    box = axes.get_window_extent()
    points = []
    for line in lines:
        xy = to_pixels(np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float))
        points.append(xy[np.all(np.isfinite(xy), axis=1)])
    placed: list[tuple[float, float]] = []
    for k, line in enumerate(lines):
        width = 0.62 * size * len(str(line.get_label())) * axes.figure.dpi / 72
        own = points[k]
        inside = (own[:, 0] > box.x0 + 0.55 * width) & (own[:, 0] < box.x1 - 0.55 * width)
        inside &= (own[:, 1] > box.y0 + 8) & (own[:, 1] < box.y1 - 14)
        choices = own[inside][:: max(1, int(inside.sum()) // 40)]
        if not len(choices):
            continue
        others = np.vstack([*(p for j, p in enumerate(points) if j != k), np.array([[1e9, 1e9]])])

        def room(at: Any, width: float = width, others: Any = others) -> float:
            near = others[np.abs(others[:, 0] - at[0]) < width / 2]
            gaps = [abs(y - at[1] - 6) for y in near[:, 1]]
            gaps += [abs(y - at[1]) for x, y in placed if abs(x - at[0]) < width]
            return min(gaps, default=1e3)

        best = max(choices, key=room)
        placed.append((best[0], best[1]))
        axes.annotate(
            str(line.get_label()),
            axes.transData.inverted().transform(best),
            (0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=size,
            color=line.get_color(),
        )
