"""One look for all pictures: colours that colour-blind readers tell apart, lines that differ in grey."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from renp.validation import choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
_SHADES = (1.0, 0.55, 0.3)
"""Of the colours, where there are more lines than these."""

WIDTHS = {"single": 86.0, "double": 178.0}
"""Widths of one and two columns of a journal, mm."""
_INCH = 25.4
_NARROWEST = 1.9
"""Width of a panel, inches, below which panels stand below each other."""
_ROWS = 3
"""Of a legend, for which a figure has room."""
_FLATTEST = 0.72
"""Least height of a figure in units of that on a screen, whatever its width."""

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
    "axes.formatter.use_mathtext": True,
    "lines.linewidth": 1.6,
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
}
_COLUMN: Any = {"font.size": 8.0, "lines.linewidth": 1.2, "lines.markersize": 4.0, "axes.linewidth": 0.6}
"""In a journal's column, where figures are printed as they are."""
_column: list[str | None] = [None]


@contextmanager
def style(column: str | None = None) -> Iterator[None]:
    """Draw or write in the package's style; the user's settings stay.

    Text has the user's size, or in a ``column``, "single" or "double", that of journals, 8 pt.
    """
    import matplotlib as mpl

    if column is not None:
        choice("column", column, tuple(WIDTHS))
    chosen = _SETTINGS | ({} if column is None else _COLUMN)
    size = chosen.get("font.size", mpl.rcParams["font.size"])
    settings = chosen | {"axes.labelsize": 1.1 * size, "legend.fontsize": 0.9 * size}
    if column is not None:
        titles = ("axes.labelsize", "axes.titlesize", "figure.titlesize", "legend.title_fontsize")
        settings |= dict.fromkeys(titles, size) | {f"{axis}tick.labelsize": 0.9 * size for axis in "xy"}
    before = {key: mpl.rcParams[key] for key in settings}
    mpl.rcParams.update(settings)
    _column.append(column)
    try:
        yield
    finally:  # these alone: a notebook's backend, loaded by the first picture, makes settings of its own
        _column.pop()
        mpl.rcParams.update(before)


def sized(size: tuple[float, float]) -> tuple[float, float]:
    """Return the size of a figure, inches, that has this one on a screen: of the column's width, if any."""
    column = _column[-1]
    if column is None:
        return size
    inches = WIDTHS[column] / _INCH
    return inches, size[1] * max(_FLATTEST, min(1.0, inches / size[0]))


def subplots(
    size: tuple[float, float], rows: int = 1, columns: int = 1, *, share: str = "", **more: Any
) -> "tuple[Figure, Any]":
    """Return a figure of this size on a screen and its panels, shape (rows, columns).

    In a column too narrow for them, panels stand below each other. ``share`` is "x", "y" or "xy": axes that
    a column, or a row, has in common, whose labels then stand at the outermost panels.
    """
    import matplotlib.pyplot as plt

    inches, high = sized(size)
    stacked = _column[-1] is not None and columns > 1 and inches / columns < _NARROWEST
    if stacked:
        more = {k: v for k, v in more.items() if k not in ("width_ratios", "height_ratios")}
        high *= columns * 0.8
    shape = (rows * columns, 1) if stacked else (rows, columns)
    figure = plt.figure(figsize=(inches, high), layout="constrained")
    panels = figure.subplots(*shape, squeeze=False, gridspec_kw=more).reshape(rows, columns)
    for (row, column), axes in np.ndenumerate(panels):
        if "x" in share and row:
            axes.sharex(panels[0, column])
        if "y" in share and column:
            axes.sharey(panels[row, 0])
        if not stacked:
            inner = {"x": "x" in share and row < rows - 1, "y": "y" in share and column > 0}
            for name in [name for name, is_inner in inner.items() if is_inner]:
                axes.tick_params(axis=name, which="both", labelbottom=name != "x", labelleft=name != "y")
                getattr(axes, f"{name}axis").label.set_visible(False)
    return figure, panels


def legend(figure: "Figure", *panels: "Axes", title: str = "") -> None:
    """Write a legend below the figure, each label of its panels once, in as many columns as have room."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    entries: dict[str, Any] = {}
    for axes in panels or figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if not entries:
        return
    size = FontProperties(size=mpl.rcParams["legend.fontsize"]).get_size_in_points()
    em = size / 72 / figure.get_figwidth()  # of the figure's width
    longest = max(len(re.sub(r"\\[a-z]+|[${}^_\\]", "", label)) for label in entries)
    fit = max(1, int(1 / (em * (0.55 * longest + 5))))
    rows = -(-len(entries) // fit)
    columns = -(-len(entries) // rows)
    more = max(0, rows - _ROWS) * 1.4 * size / 72
    figure.set_figheight(figure.get_figheight() + more)  # what is drawn keeps its height
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=columns, title=title or None
    )


def looks(number: int) -> list[dict[str, Any]]:
    """Return as many lines' colours and dashes, no colour twice, and neighbours with different dashes.

    Examples
    --------
    >>> len({look["color"] for look in looks(12)})
    12
    """
    from matplotlib.colors import to_hex, to_rgb

    colours, dashes = list(COLOURS.values()), list(DASHES.values())
    found = []
    for k in range(number):
        turn, place = divmod(k, len(colours))
        shade = _SHADES[turn % len(_SHADES)]
        red, green, blue = (shade * part for part in to_rgb(colours[place]))
        colour = to_hex((red, green, blue))
        found.append({"color": colour, "linestyle": dashes[(place + turn) % len(dashes)]})
    return found


_SYMBOLS = (
    (r"\^(-?\d+)", r"^{%s}"),
    (r"magnetic-moment (\d\d)\b|\bmu_(\d\d)\b", r"\mu_{%s}"),
    (r"electric-moment (\d\d)\b|\beps_(\d\d)\b", r"\epsilon_{%s}"),
    (r"\bdm2_(\d\d)\b", r"\Delta m^2_{%s}"),
    (r"\bsin2_theta(\d\d)\b", r"\sin^2\theta_{%s}"),
    (r"\bmajorana_phase_(\d\d)\b", r"\alpha_{%s}"),
    (r"\bdelta_cp\b", r"\delta_{CP}"),
    (r"μ_B\b", r"\mu_B"),
    (r"q₀", "q_0"),
    (r"([±−+]?\d*)σ", r"%s\sigma"),
    (r"Δχ²", r"\Delta\chi^2"),
    (r"χ²", r"\chi^2"),
    (r"²", "^2"),
    (r"³", "^3"),
    (r"η", r"\eta"),
    (r"I\(ω\)", r"I(\omega)"),
    (r"ω", r"\omega"),
    (r"∼", r"\sim"),
)
_WORDS = re.compile(r"\b(?:lightest|background|efficiency|normalisation|calibration|linewidth|amplitude)_\w+")


def plain(text: str) -> str:
    r"""Return text that a user wrote so that it is not read as mathematics.

    Examples
    --------
    >>> print(plain("Yb $x"))
    Yb \$x
    """
    return text.replace("$", r"\$")


def symbols(text: str) -> str:
    r"""Return text with names of parameters, units and Greek letters as mathematics, all else as it is.

    Examples
    --------
    >>> print(symbols("|magnetic-moment 11| (μ_B)"))
    |$\mu_{11}$| ($\mu_B$)
    >>> print(symbols("dm2_21 within +2σ, background_rate_1, my_own$"))
    $\Delta m^2_{21}$ within $+2\sigma$, background rate 1, my_own\$
    """
    text = _WORDS.sub(lambda found: found[0].replace("_", " "), plain(text))
    for pattern, made in _SYMBOLS:
        text = re.sub(pattern, partial(_set, made), text)
    return text


def _set(made: str, found: "re.Match[str]") -> str:
    return f"${made.replace('%s', next(filter(None, found.groups()), ''))}$"


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
    import matplotlib.pyplot as plt

    low, high = axes.get_xlim()
    inside = sorted((w, pair) for pair, w in thresholds.items() if low < w < high)
    if not inside:
        return
    width, size = axes.figure.bbox.width / axes.figure.dpi, plt.rcParams["font.size"]
    spacing = apart * max(1.0, 0.64 * size / width) * (high - low)  # labels are wider in narrow figures
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
