"""One look for all pictures: colours that colour-blind readers tell apart, lines that differ in grey."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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
    import matplotlib as mpl

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
    """Return colour and dashes of a pair of neutrinos; with a fourth one in it, grey and dotted.

    Examples
    --------
    >>> pair_style("11")["linestyle"]
    'solid'
    """
    if "4" in pair:
        return {"color": "0.45", "linestyle": (0, (1, int(pair[0])))}
    return {"color": COLOURS[pair], "linestyle": DASHES[pair]}


def mark_thresholds(axes: "Axes", thresholds: Mapping[str, float], *, apart: float = 0.034) -> None:
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


def label_curves(*panels: "Axes", size: float = 8.0) -> None:
    """Write each curve's label in its colour: on it where there is room, else beside the axes; no legend.

    Call it last, for all panels of a figure, when scales and limits are set.
    """
    for label in [label for axes in panels for label in _labelled(axes, size)]:
        label.remove()  # labels beside the axes have made these narrower: again, with what is left
    for axes in panels:
        _labelled(axes, size)


def _labelled(axes: "Axes", size: float) -> list[Any]:
    axes.figure.canvas.draw()  # places depend on scales and layout
    made = []
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    box, point = axes.get_window_extent(), axes.figure.dpi / 72
    curves = []
    for line in lines:
        data = np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float)
        pixels = axes.transData.transform(data[np.all(np.isfinite(data), axis=1)])
        if len(pixels):
            fine = np.linspace(pixels[0, 0], pixels[-1, 0], 120)
            pixels = np.column_stack([fine, np.interp(fine, *pixels.T)])
        curves.append(pixels)
    placed: list[tuple[float, float, float]] = []
    beside: list[tuple[float, str, str]] = []
    for k, (line, own) in enumerate(zip(lines, curves, strict=True)):
        text, colour = str(line.get_label()), str(line.get_color())
        half = 0.31 * size * len(text) * point
        best, most = None, 1.4 * size * point
        for x, y in own[::3]:
            if not (box.x0 + half < x < box.x1 - half and box.y0 < y < box.y1 - 1.6 * size * point):
                continue
            near = [c[np.abs(c[:, 0] - x) < half, 1] for c in curves if len(c)]
            if np.ptp(near[k]) > 0.6 * size * point:  # steep
                continue
            gaps = [*(np.abs(c - y - 0.8 * size * point) for j, c in enumerate(near) if j != k)]
            gaps += [np.array([abs(v - y)]) for u, v, other in placed if abs(u - x) < half + other]
            room = min((float(gap.min()) for gap in gaps if gap.size), default=np.inf)
            if room > most:
                best, most = (x, y), min(room, 4 * size * point)
        if best is None:
            inside = own[(own[:, 1] > box.y0) & (own[:, 1] < box.y1)] if len(own) else own
            if len(inside):
                beside.append((float(inside[-1, 1]), text, colour))
            continue
        placed.append((*best, half))
        x, y = axes.transData.inverted().transform(best)
        look: Any = {"ha": "center", "va": "bottom", "fontsize": size, "color": colour}
        made.append(axes.annotate(text, (float(x), float(y)), (0, 1.5), textcoords="offset points", **look))
    return made + _labelled_beside(axes, beside, size)


def _labelled_beside(axes: "Axes", labels: list[tuple[float, str, str]], size: float) -> list[Any]:
    """Write labels to the right of the axes, spread so that none is on another, joined to their curves."""
    box, step = axes.get_window_extent(), 1.25 * size * axes.figure.dpi / 72
    wanted = np.array(sorted(labels), dtype=object)[:, 0].astype(float) if labels else np.zeros(0)
    heights = wanted.copy()
    for _ in range(200):  # neighbours push each other apart
        push = np.maximum(step - np.diff(heights), 0) / 2
        heights[1:] += push
        heights[:-1] -= push
    return [
        axes.annotate(
            text,
            (1.0, (y - box.y0) / box.height),
            (1.03, (height - box.y0) / box.height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=size,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
            | {"relpos": (0, 0.5)},
        )
        for height, (y, text, colour) in zip(heights, sorted(labels), strict=True)
    ]
