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
from renp.results.style import legend, looks, plain, subplots, symbols

_LEAST = 4
"""Values along each axis from which a map has contours."""
_CONTOURS = 6

Drawn = dict[str, Reals]
"""Values by label."""


def draw_lines(what: str, atom: str, ends: Drawn, lines: Drawn) -> Figure:
    """Return a figure of numbers over one quantity, each line with its label."""
    figure, ((axes,),) = subplots((6.4, 4.6 + 0.12 * len(lines)))
    ((label, x),) = ends.items()
    order = np.argsort(x)
    marker = {"marker": "o"} if x.size < _LEAST else {}
    for (name, values), look in zip(lines.items(), looks(len(lines)), strict=True):
        axes.plot(x[order], _finite(values[order]), label=symbols(name) or None, **look, **marker)
    axes.set_xlabel(symbols(label))
    axes.set_ylabel(symbols(what))
    _scale(axes, "x", x)
    if _spans_orders(np.concatenate([values.ravel() for values in lines.values()])):
        axes.set_yscale("log")
    axes.set_title(plain(atom), loc="left")
    legend(figure)
    return figure


def draw_maps(what: str, atom: str, ends: Drawn, maps: Drawn) -> Figure:
    """Return a figure of maps over two quantities, one for each of several results."""
    columns = min(len(maps), 3)
    rows = -(-len(maps) // columns)
    figure, panels = subplots((max(6.4, 5.2 * columns), 4.2 * rows + 0.4), rows, columns)
    for axes in panels.ravel()[len(maps) :]:
        axes.set_axis_off()
    for axes, (name, values) in zip(panels.ravel(), maps.items(), strict=False):
        _draw_map(axes, ends, values, what)
        axes.set_title(symbols(name), loc="left", fontsize="medium")
    alone = "" in maps
    figure.suptitle(symbols(atom if alone else f"{atom}: {what}"), x=0.01, ha="left", fontsize="medium")
    return figure


def _draw_map(axes: Axes, ends: Drawn, values: Reals, what: str) -> None:
    (across, x), (up, y) = ends.items()
    order = np.ix_(np.argsort(x), np.argsort(y))
    x, y, shown = np.sort(x), np.sort(y), _finite(values[order].T)
    logarithmic = _spans_orders(shown)
    norm = LogNorm() if logarithmic else None
    _scale(axes, "x", x)
    _scale(axes, "y", y)
    mesh = axes.pcolormesh(x, y, shown, norm=norm, shading="nearest", rasterized=True)
    axes.figure.colorbar(mesh, ax=axes, label=symbols(what))
    levels = _round(shown, logarithmic)
    if min(shown.shape) >= _LEAST and levels.size:
        masked = np.ma.masked_invalid(shown)
        edge: Any = [withStroke(linewidth=2.2, foreground="black")]
        lines = axes.contour(x, y, masked, levels, colors="white", linewidths=1.0)
        lines.set_path_effects(edge)
        for text in axes.clabel(lines, fmt=_number, fontsize="small", colors="white"):
            text.set_path_effects(edge)
    axes.set_xlabel(symbols(across))
    axes.set_ylabel(symbols(up))


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
