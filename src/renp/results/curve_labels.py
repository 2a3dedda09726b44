"""Labels in the colours of their curves, on them or beside the axes, in place of a legend."""

from typing import TYPE_CHECKING, Any

import numpy as np

from renp.results.style import enlarged, folded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BESIDE = 20
"""Letters of a line of a curve's label."""


def label_curves(*panels: "Axes", size: float = 0.0) -> None:
    """Write each curve's label in its colour: on it where there is room, else beside the axes; no legend.

    Call it last, for all panels of a figure, when scales and limits are set.
    """
    size = size or enlarged(8.0)
    figure: Any = panels[0].figure
    made = [label for axes in panels for label in _labelled(axes, size)]
    figure.canvas.draw()
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")  # labels beside the axes have made these narrower: again, as it is
    for label in made:
        label.remove()
    for axes in panels:
        _labelled(axes, size)
    figure.set_layout_engine(engine)


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
        text, colour = folded(str(line.get_label()), _BESIDE), str(line.get_color())
        half, rows = _width(axes, text, size) / 2 + 2 * point, text.count("\n")
        best, most = None, 1.4 * size * point
        for x, y in own[::3]:
            high = (1.6 + 1.25 * rows) * size * point
            if not (box.x0 + half < x < box.x1 - half and box.y0 < y < box.y1 - high):
                continue
            near = [c[np.abs(c[:, 0] - x) < half, 1] for c in curves]
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


def _width(axes: "Axes", text: str, size: float) -> float:
    """Return how wide a text is, pixels."""
    written = axes.text(0, 0, text, fontsize=size)
    width = float(written.get_window_extent().width)
    written.remove()
    return width


def _labelled_beside(axes: "Axes", labels: list[tuple[float, str, str]], size: float) -> list[Any]:
    """Write labels to the right of the axes, spread so that none is on another, joined to their curves."""
    box, labels = axes.get_window_extent(), sorted(labels)
    high = np.array([1.25 * (1 + text.count("\n")) for _, text, _ in labels]) * size * axes.figure.dpi / 72
    heights = np.array([height for height, _, _ in labels])
    for _ in range(200):  # neighbours push each other apart
        push = np.maximum((high[1:] + high[:-1]) / 2 - np.diff(heights), 0) / 2
        heights[1:] += push
        heights[:-1] -= push
    if heights.size:  # none beyond the ends of the axis, where others' words are
        heights += max(box.y0 + high[0] / 2 - heights[0], 0.0)
        heights -= max(heights[-1] + high[-1] / 2 - box.y1, 0.0)
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
        for height, (y, text, colour) in zip(heights, labels, strict=True)
    ]
