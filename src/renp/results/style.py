"""One look for all pictures: colours that colour-blind readers tell apart, lines that differ in grey."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

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
SLIDE = "slide"
_SLIDE = (40 / 3, 7.5)
"""Width and height of a slide, inches."""
_INCH = 25.4
_NARROWEST = 1.9
"""Width of a panel, inches, below which panels stand below each other."""
_LEAST_SHARED = 1.3
"""The same for panels with their axes in common, which a page would not hold below each other."""
_ROWS = 3
"""Of a legend, for which a figure has room."""
_FLATTEST = 0.72
"""Least height of a figure in units of that on a screen, whatever its width."""
_PAGE, _LEAST = 9.2, 1.8
"""Greatest height of a figure in a column, inches, unless panels would be lower than the second."""
_LONG = 40
"""Letters of a label in a legend after which it goes on in the next line."""
_FEW = 50.0
"""Ratio of the ends of an axis below which numbers between the powers of ten are written."""
_SMALLEST = 5.6
"""Size of text that can be read in print, points."""
_EM = 0.55
"""Width of a letter on average in units of the size of the text."""

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
_ON_SLIDE: Any = {
    "font.size": 14.0,
    "lines.linewidth": 2.2,
    "lines.markersize": 8.0,
    "axes.linewidth": 1.2,
    **{f"{axis}tick.{which}.pad": 6.0 for axis in "xy" for which in ("major", "minor")},
    "figure.dpi": 75,
    "savefig.dpi": 144,
}
"""What those in the last row can see."""
_column: list[str | None] = [None]


@contextmanager
def style(column: str | None = None) -> Iterator[None]:
    """Draw or write in the package's style; the user's settings stay.

    Text has the user's size; in a ``column``, "single" or "double", 8 pt, on a "slide" 14 pt.
    """
    import matplotlib as mpl

    if column is not None:
        choice("column", column, (*WIDTHS, SLIDE))
    chosen = _SETTINGS | ({} if column is None else _ON_SLIDE if column == SLIDE else _COLUMN)
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
    if column == SLIDE:
        return _SLIDE
    inches = WIDTHS[column] / _INCH
    return inches, size[1] * max(_FLATTEST, min(1.0, inches / size[0]))


def on_slide() -> bool:
    """Whether a slide is drawn, whose height is given."""
    return _column[-1] == SLIDE


def enlarged(points: float) -> float:
    """Return the size of text that has so many points on a screen or in print: more on a slide."""
    return points * (_ON_SLIDE["font.size"] / 10 if on_slide() else 1.0)


def subplots(
    size: tuple[float, float], rows: int = 1, columns: int = 1, *, share: str = "", **more: Any
) -> "tuple[Figure, Any]":
    """Return a figure of this size on a screen and its panels, shape (rows, columns).

    In a column too narrow for them, panels of a row go on below it. ``share`` is "x" or "y": axes that
    a column, or a row, has in common, whose labels then stand at the outermost panels.
    """
    import matplotlib.pyplot as plt

    inches, high = sized(size)
    beside = columns
    while _column[-1] is not None and beside > 1 and (columns % beside or inches / beside < _NARROWEST):
        beside -= 1
    stacked = beside < columns
    shape = (rows * columns // beside, beside)
    if stacked:
        more = {k: v for k, v in more.items() if k not in ("width_ratios", "height_ratios")}
        high = min(0.8 * high * columns / beside, max(_PAGE, _LEAST * shape[0]))
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


def alike(
    size: tuple[float, float], number: int, columns: int, *, share: str = "xy"
) -> "tuple[Figure, list[Axes]]":
    """Return a figure and so many panels of one kind, in reading order.

    On a screen each has this size, inches, and so many ``columns`` stand beside each other; in a journal's
    column or on a slide as many as fit. ``share`` names the axes that all have in common: numbers and labels
    stand at the outermost. A label of y longer than a panel is high is the figure's, `supylabel`.
    """
    import matplotlib.pyplot as plt

    beside = min(number, columns)
    inches, high = sized((max(6.4, size[0] * beside), size[1] * -(-number // beside) + 0.4))
    if on_slide():
        beside = _fullest(number, min(number, round(math.sqrt(number * inches / high * size[1] / size[0]))))
    elif _column[-1] is not None:
        wide = max(1, int(inches / _NARROWEST))
        most = wide if -(-number // wide) * _LEAST <= _PAGE else int(inches / _LEAST_SHARED)
        beside = _fullest(number, min(beside, most))
        rows = -(-number // beside)
        high = min(0.8 * size[1] * rows, max(_PAGE, 0.7 * _LEAST * rows))
    rows = -(-number // beside)
    figure = plt.figure(figsize=(inches, high), layout="constrained")
    common: Any = {f"share{axis}": axis in share for axis in "xy"}
    panels = list(figure.subplots(rows, beside, squeeze=False, **common).ravel())
    for axes in panels[number:]:
        axes.remove()
    for place, axes in enumerate(panels[:number]):
        inner = {"x": place + beside < number, "y": place % beside > 0}
        for axis, side in (("x", "bottom"), ("y", "left")):
            is_outer = axis not in share or not inner[axis]
            axes.tick_params(axis=axis, which="both", **{f"label{side}": is_outer})
            getattr(axes, f"{axis}axis").label.set_visible(is_outer)
    return figure, panels[:number]


def _fullest(number: int, most: int) -> int:
    """Return how many panels stand in a row: the most, or one less if fewer places are empty then."""
    return most - 1 if most > 2 and -number % (most - 1) < -number % most else most


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
    labels = [folded(label, min(_LONG, int((1 / em - 5) / _EM))) for label in entries]
    longest = max(_length(line) for label in labels for line in label.splitlines())
    fit = max(1, int(1 / (em * (_EM * longest + 5))))
    rows = -(-len(entries) // fit)
    columns = -(-len(entries) // rows)
    more = max(0, rows + sum(label.count("\n") for label in labels) - _ROWS) * 1.4 * size / 72
    if not on_slide():
        figure.set_figheight(figure.get_figheight() + more)  # what is drawn keeps its height
    figure.legend(entries.values(), labels, loc="outside lower center", ncols=columns, title=title or None)


def folded(text: str, letters: int) -> str:
    r"""Return text in lines of so many letters at most, broken at spaces and hyphens; formulas stay whole.

    Examples
    --------
    >>> folded(r"vector-mediator strength, $\Delta m^2$", 16).splitlines()
    ['vector-mediator', 'strength, $\\Delta m^2$']
    """
    lines = [""]
    for part in _PARTS.findall(text):
        if lines[-1].strip() and _length(lines[-1] + part.rstrip()) > letters:
            lines.append("")
        lines[-1] += part if lines[-1] else part.lstrip()
    return "\n".join(line.rstrip() for line in lines)


_FORMULA = r"(?<!\\)\$.*?(?<!\\)\$"
_PARTS = re.compile(rf"(?:{_FORMULA}|[^\s-]|-(?![A-Za-z]))+-?|-|\s+")


def _length(text: str) -> int:
    return len(re.sub(r"\\[A-Za-z]+|[${}^_\\]", "", text))


def entitle(of: "Axes | Figure", text: str, **look: Any) -> None:
    """Write a title at the left, in as many lines as the width of the figure asks for."""
    from matplotlib.figure import Figure

    figure: Any = of if isinstance(of, Figure) else of.figure
    size = _points(look.setdefault("fontsize", "medium"))
    text = folded(text, int(0.86 * figure.get_figwidth() * 72 / (_EM * size)))
    if isinstance(of, Figure):
        of.suptitle(text, x=0.01, ha="left", **look)
    else:
        of.set_title(text, loc="left", **look)


def letters(axes: "Axes", share: float) -> int:
    """Return how many small letters a share of the width has room for that a panel has in its figure."""
    return max(8, int(share * ems(axes) / _EM))


def ems(axes: "Axes") -> float:
    """Return the width that a panel has in its figure in units of the size of small text."""
    figure: Any = axes.get_figure(root=True)
    place: Any = axes.get_subplotspec()
    return float(figure.get_figwidth() * 72 / _points("small") / place.get_gridspec().ncols)


def _points(size: str | float) -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def name_places(axes: "Axes", names: Iterable[str], share: float = 1.0) -> None:
    """Name the places 0, 1, … below axes with a share of the figure's width.

    Names without room are turned; of more than these have room for, every so many.
    """
    import matplotlib as mpl

    names = [folded(symbols(name), 24) for name in names]
    figure: Any = axes.get_figure(root=True)
    room = 0.82 * share * figure.get_figwidth() / max(len(names), 1)
    longest = max((_length(line) for name in names for line in name.splitlines()), default=0)
    wide = _EM * (longest + 1) * _points(mpl.rcParams["xtick.labelsize"]) / 72
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    every = math.ceil(1.3 * _points(mpl.rcParams["xtick.labelsize"]) / 72 / room) if names else 1
    places = np.arange(0, len(names), every)
    axes.set_xticks(places, names[::every], **(turned if wide > room else {}))
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)


def decades(axes: "Axes", name: Literal["x", "y"], *values: Any, none: str = "") -> None:
    """Let axis "x" or "y" be logarithmic, with all finite values above 0 on it, and at least a decade.

    Without any it has no numbers, and words in place of what is not there.
    """
    from matplotlib.ticker import LogLocator

    every = np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in (*values, [])])
    known = every[np.isfinite(every) & (every > 0)]
    if not known.size:
        sides = ("bottom", "top", "labelbottom") if name == "x" else ("left", "right", "labelleft")
        axes.tick_params(axis=name, which="both", **dict.fromkeys(sides, False))
        axes.text(0.5, 0.5, none, transform=axes.transAxes, ha="center", va="center", color="0.35")
        return
    low, high = float(known.min()) / 1.2, float(known.max()) * 1.2
    wider = max(1.0, math.sqrt(11 * low / high))
    axes.set(**{f"{name}scale": "log", f"{name}lim": (low / wider, high * wider)})
    if name == "x" and high * wider**2 < _FEW * low:  # not each number from 1 to 9 has room
        axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))


def colour_bar(axes: "Axes", image: Any, *, below: int = 0, **more: Any) -> None:
    """Draw a colour bar as long as a square image, which fills a part of its axes alone: beside it, or below.

    ``below`` is how many rows the image has, whose numbers stand between them.
    """
    figure: Any = axes.figure
    if below:
        more |= {"orientation": "horizontal"}
    place = (0.0, -0.09 - 1.2 / below, 1.0, 0.05) if below else (1.04, 0.0, 0.05, 1.0)
    figure.colorbar(image, cax=axes.inset_axes(place), **more)


def size_in_cells(axes: "Axes", number: int, letters: int) -> float:
    """Return the size of text, points, for the cells of a square whose layout is done; 0 if none can be read.

    Names beside the cells are made as small as those need.
    """
    figure: Any = axes.get_figure(root=True)
    cell = 72 * axes.get_window_extent().height / figure.dpi / max(number, 1)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontsize(min(label.get_fontsize(), max(_SMALLEST, 0.85 * cell)))
    size = min(enlarged(8.0), 0.85 * cell / (0.6 * letters))
    return size if size >= _SMALLEST else 0.0


def trim(figure: "Figure") -> None:
    """Let a figure be as high as what is in it: a square in a column does not fill the height of a screen."""
    settle(figure)
    if not on_slide() and (high := figure.get_tightbbox().height + 0.2) < figure.get_figheight():
        figure.set_figheight(high)
        settle(figure)


def settle(figure: "Figure") -> None:
    """Lay a figure out with a square in it, whose place settles only at the third time."""
    for _ in range(3):
        figure.draw_without_rendering()


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
    """Return colour and dashes of a pair of neutrinos; with a fourth one in it, darker ones.

    Examples
    --------
    >>> pair_style("11")["linestyle"]
    'solid'
    """
    if "4" in pair:
        return looks(len(COLOURS) + 4)[len(COLOURS) - 1 + int(pair[0])]
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
