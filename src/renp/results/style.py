"""One look for all pictures: colours that colour-blind readers tell apart, lines that differ in grey."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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
    """Return colour and dashes of a pair of neutrinos.

    Examples
    --------
    >>> pair_style("11")["linestyle"]
    'solid'
    """
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
