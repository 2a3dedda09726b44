"""A scan: lines over one quantity, or maps with contours over two."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from renp._types import Reals
from renp.results.style import alike, ems, entitle, folded, legend, letters, looks, plain, subplots, symbols

_LEAST = 4
"""Values along each axis from which a map has contours."""
_CONTOURS = 6
_NARROW = 22.0
"""Width of a map in units of small text below which numbers at its contours would hide it."""

Drawn = dict[str, Reals]
"""Values by label."""


def draw_lines(what: str, atom: str, ends: Drawn, lines: Drawn) -> Figure:
    """Return a figure of numbers over one quantity, each line with its label."""
    figure, ((axes,),) = subplots((6.4, 4.6 + 0.12 * len(lines)))
    ((label, x),) = ends.items()
    order = np.argsort(x)
    holes = not all(np.all(np.isfinite(values)) for values in lines.values())  # between two there is no line
    marker: dict[str, Any] = {"marker": "o"} if x.size < _LEAST else {"marker": "."} if holes else {}
    for (name, values), look in zip(lines.items(), looks(len(lines)), strict=True):
        axes.plot(x[order], _finite(values[order]), label=symbols(name) or None, **look, **marker)
    axes.set_xlabel(folded(symbols(label), letters(axes, 0.75)))
    axes.set_ylabel(symbols(what))
    _scale(axes, "x", x)
    if _spans_orders(np.concatenate([values.ravel() for values in lines.values()])):
        axes.set_yscale("log")
    entitle(axes, plain(atom))
    if not any(np.any(np.isfinite(values)) for values in lines.values()):
        axes.text(0.5, 0.5, "no value", transform=axes.transAxes, ha="center", va="center", color="0.35")
    legend(figure)
    return figure


def draw_maps(what: str, atom: str, ends: Drawn, maps: Drawn) -> Figure:
    """Return a figure of maps over two quantities, one for each of several results."""
    figure, panels = alike((5.2, 4.2), len(maps), 3)
    alone = "" in maps
    for axes, (name, values) in zip(panels, maps.items(), strict=True):
        _draw_map(axes, ends, values, what if alone else "")
        axes.set_title(folded(symbols(name), letters(axes, 0.55)), loc="left", fontsize="medium")
    up = folded(symbols(list(ends)[1]), 36)
    figure.supylabel(up, fontsize=panels[0].xaxis.label.get_fontsize())
    entitle(figure, symbols(atom if alone else f"{atom}: {what}"))
    return figure


def _draw_map(axes: Axes, ends: Drawn, values: Reals, what: str) -> None:
    (across, x), (_, y) = ends.items()
    order = np.ix_(np.argsort(x), np.argsort(y))
    x, y, shown = np.sort(x), np.sort(y), _finite(values[order].T)
    logarithmic = _spans_orders(shown)
    norm = LogNorm() if logarithmic else None
    _scale(axes, "x", x)
    _scale(axes, "y", y)
    edges = [_edges(of, axis.get_scale() == "log") for of, axis in ((x, axes.xaxis), (y, axes.yaxis))]
    mesh = axes.pcolormesh(*edges, shown, norm=norm, rasterized=True)
    if not np.any(np.isfinite(shown)):
        axes.text(0.5, 0.5, "no value", transform=axes.transAxes, ha="center", va="center", color="0.35")
    axes.figure.colorbar(mesh, ax=axes, label=symbols(what))
    levels = _round(shown, logarithmic)
    if min(shown.shape) >= _LEAST and levels.size:
        masked = np.ma.masked_invalid(shown)
        edge: Any = [withStroke(linewidth=2.2, foreground="black")]
        lines = axes.contour(x, y, masked, levels, colors="white", linewidths=1.0)
        lines.set_path_effects(edge)
        for text in (
            [] if ems(axes) < _NARROW else axes.clabel(lines, fmt=_number, fontsize="small", colors="white")
        ):
            text.set_path_effects(edge)
    axes.set_xlabel(folded(symbols(across), letters(axes, 0.62)))


def _edges(values: Reals, logarithmic: bool) -> Reals:
    """Return the edges of cells around values that increase, halfway between them; one has a cell, too.

    Examples
    --------
    >>> _edges(np.array([1.0, 2.0, 4.0]), False).tolist(), _edges(np.array([1.0, 100.0]), True).tolist()
    ([0.5, 1.5, 3.0, 5.0], [0.1, 10.0, 1000.0])
    """
    middle = np.log(values) if logarithmic else values
    step = np.diff(middle) if middle.size > 1 else np.array([0.1 * abs(middle[0]) or 1.0])
    edges = np.concatenate(
        [middle[:1] - step[:1] / 2, middle[1:] - step[: middle.size - 1] / 2, middle[-1:] + step[-1:] / 2]
    )
    return np.exp(edges) if logarithmic else edges


def _round(values: Reals, logarithmic: bool) -> Reals:
    """Return round numbers strictly within the values: those of an axis, or of each order of magnitude.

    Examples
    --------
    >>> _round(np.array([2.2, 8.9]), False).tolist(), _round(np.array([2e-12, 3e-10]), True).tolist()
    ([3.0, 4.5, 6.0, 7.5], [5e-12, 1e-11, 2e-11, 5e-11, 1e-10, 2e-10])
    """
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return np.zeros(0)
    low, high = float(finite.min()), float(finite.max())
    if not logarithmic:
        found = np.asarray(MaxNLocator(_CONTOURS).tick_values(low, high))
    else:
        orders = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        each = next(
            (some for some in ((1, 2, 5), (1, 3), (1,)) if len(some) * (len(orders) - 1) <= 2 * _CONTOURS),
            (1,),
        )
        found = np.array([float(f"{k}e{order}") for order in orders for k in each])
        found = found[:: max(1, -(-len(found) // (3 * _CONTOURS)))]
    return np.asarray(found[(found > low) & (found < high)])


def _number(value: float) -> str:
    r"""Return a number as mathematics.

    Examples
    --------
    >>> _number(2e-11), _number(1e4), _number(0.25)
    ('$2\\times10^{-11}$', '$10^{4}$', '0.25')
    """
    text = f"{value:g}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:e}"
    digits, _, exponent = text.partition("e")
    if not exponent:
        return digits
    size = f"{float(digits):g}"
    return rf"${'' if size == '1' else size + chr(92) + 'times'}10^{{{int(exponent)}}}$"


def _scale(axes: Axes, name: str, values: Reals) -> None:
    """Let an axis be logarithmic where the ratios of its values are more alike than their distances."""
    values = np.sort(values[np.isfinite(values)])
    if values.size > 2 and values[0] > 0:
        spread = [np.std(steps) / np.mean(steps) for steps in (np.diff(values), np.diff(np.log(values)))]
        if spread[1] < spread[0] - 1e-9:
            axes.set(**{f"{name}scale": "log"})


def _spans_orders(values: Reals) -> bool:
    """Whether numbers are all above 0 and span more than one and a half orders of magnitude."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 10**1.5 * finite.min())


def _finite(values: Reals) -> Reals:
    return np.where(np.isfinite(values), values, np.nan)


def axis_label(name: str, said: Mapping[Any, Any]) -> str:
    """Return a parameter of the file in words, with the unit that the file has.

    Examples
    --------
    >>> axis_label("run[2].duration", {"units": "s", "file_units": "day"})
    'duration of run 2 (day)'
    >>> axis_label("interaction[1].elements.11", {"units": "μ_B"})
    'element 11 of interaction 1 (μ_B)'
    """
    if name == "photon_energy":
        words = "trigger photon energy ω"
    else:
        table, _, key = name.partition(".")
        key, _, part = key.partition(".")
        known = symbols(key) if "$" not in key else key
        words = f"element {part}" if part else key if "$" in known else key.replace("_", " ")
        owner, _, number = table.rstrip("]").partition("[")
        if owner in ("run", "interaction"):
            words += f" of {owner} {number}" if number else f" of each {owner}"
    unit = said.get("file_units", said.get("units", ""))
    return f"{words} ({unit})" if unit not in ("", "1") else words
