"""Limits from elsewhere, and a model among them."""

import math
from textwrap import fill
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from renp.bounds.catalogue import ModelComparison
from renp.results.style import enlarged, legend, sized, subplots

if TYPE_CHECKING:
    from renp.results.bounds import Bounds

_QUANTITIES = {
    "μ_B": r"magnetic moment, effective or of one element ($\mu_B$)",
    "e": "electric charge ($e$)",
    "cm²": r"charge radius $\langle r^2\rangle$ (cm$^2$)",
    "g_ae": "coupling of a light pseudoscalar to electrons",
    "a_e": r"shift of $a_e=(g-2)/2$",
    "product": "coupling of electrons times that of neutrinos",
}
_NARROW = 5.0
"""Width of a figure, inches, below which names are folded."""
_TURN = 2
"""Names of the lowest limits are at their left, one above and one below; all others are at the right."""
_LIMIT, _MODEL = "#0072B2", "#D55E00"


def draw_bounds(bounds: "Bounds") -> Figure:
    """Return a figure of limits on logarithmic axes, one panel for each quantity.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from renp.results import Bounds
    >>> figure = Bounds.compute().plot()
    >>> {axes.get_xscale() for axes in figure.axes}
    {'log'}
    >>> plt.close(figure)
    """
    groups = _by_quantity(bounds.comparisons)
    letters = 60 if sized((8.6, 1.0))[0] > _NARROW else 30
    rows = {quantity: [_name(one, letters) for one in group] for quantity, group in groups.items()}
    folds = {quantity: max(name.count("\n") for name in names) for quantity, names in rows.items()}
    heights = [len(names) * (1 + 0.25 * folds[quantity]) + 1.6 for quantity, names in rows.items()]
    figure, panels = subplots((8.6, 0.3 * sum(heights) + 0.6), len(groups), height_ratios=heights)
    for axes, (quantity, group) in zip(panels[:, 0], groups.items(), strict=True):
        for place, comparison in enumerate(group):
            _draw_limit(axes, place, comparison)
            _draw_model(axes, place, comparison)
        _finish(axes, quantity, group, rows[quantity])
    _legend(figure, panels[0, 0], bounds.with_model)
    return figure


def _name(comparison: ModelComparison, letters: int) -> str:
    return fill(f"{comparison.bound.experiment} ({comparison.bound.year})", letters)


def _by_quantity(comparisons: tuple[ModelComparison, ...]) -> dict[str, list[ModelComparison]]:
    groups: dict[str, list[ModelComparison]] = {}
    for comparison in comparisons:
        entry = comparison.bound
        groups.setdefault(entry.unit if entry.unit != "1" else entry.kind, []).append(comparison)
    return groups


def _draw_limit(axes: Axes, place: int, comparison: ModelComparison) -> None:
    """Draw an upper limit with an arrow to what is allowed, an interval as a bar, elements by their names."""
    entry = comparison.bound
    if entry.interval is not None:
        alpha = 0.35 if entry.interval_meaning == "confidence interval" else 0.9
        low, high = entry.interval
        axes.barh(place, high - low, left=low, height=0.5, color=_LIMIT, alpha=alpha, edgecolor="none")
    elif entry.elements:
        _draw_elements(axes, place, entry.elements)
    elif entry.limit is not None:
        arrow = {"arrowstyle": "<|-", "color": _LIMIT, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (entry.limit, place), (-18, 0), textcoords="offset points", arrowprops=arrow)
        axes.plot(entry.limit, place, "|", color=_LIMIT, markersize=11, markeredgewidth=2.2)


def _draw_elements(axes: Axes, place: int, elements: dict[str, float]) -> None:
    """Draw a line for each element; names of limits within 3 % share a label, above and below in turn."""
    labels: list[tuple[float, list[str]]] = []
    for element, limit in sorted(elements.items(), key=lambda item: item[1]):
        axes.plot(limit, place, "|", color=_LIMIT, markersize=11, markeredgewidth=1.6)
        if labels and limit < 1.03 * labels[-1][0]:
            labels[-1][1].append(element)
        else:
            labels.append((limit, [element]))
    for k, (limit, names) in enumerate(labels):
        shift = (0, 5) if k % 2 else (0, -11)
        text = ", ".join(sorted(names))
        look: Any = {
            "fontsize": enlarged(7),
            "ha": "right" if k < _TURN else "left",
            "textcoords": "offset points",
        }
        axes.annotate(text, (limit, place), shift, **look)


def _draw_model(axes: Axes, place: int, comparison: ModelComparison) -> None:
    """Draw the model's value: filled with a black edge where excluded, open otherwise."""
    value = comparison.effective
    if value is None or not (0 < value < math.inf):
        return
    filled = bool(comparison.excluded)
    axes.plot(
        value,
        place,
        "D",
        color=_MODEL,
        markersize=6,
        markerfacecolor=_MODEL if filled else "white",
        markeredgecolor="black" if filled else _MODEL,
        zorder=4,
    )


def _finish(axes: Axes, quantity: str, group: list[ModelComparison], names: list[str]) -> None:
    axes.set_xscale("log")
    low, high = _range(group)
    # At least two decades, so that each axis has labels enough.
    margin = max(2.5, 10 / (high / low) ** 0.5)
    axes.set_xlim(low / margin, high * margin)
    axes.xaxis.set_minor_formatter(NullFormatter())
    wide = axes.figure.bbox.width / axes.figure.dpi > _NARROW
    axes.set_yticks(range(len(group)), names, fontsize=8 if wide else 6, linespacing=0.9)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_ylim(len(group) - 0.3, -0.7)
    for place in range(len(group)):
        axes.axhline(place, color="0.9", linewidth=0.6, zorder=0)
    axes.set_xlabel(fill(_QUANTITIES[quantity], 60 if wide else 36))


def _range(group: list[ModelComparison]) -> tuple[float, float]:
    """Return the smallest and largest value that a panel shows."""
    values = []
    for comparison in group:
        entry = comparison.bound
        values += [*(entry.interval or ()), *entry.elements.values(), entry.limit, comparison.effective]
    shown = [value for value in values if value is not None and 0 < value < math.inf]
    return min(shown), max(shown)


def _legend(figure: Figure, axes: Axes, with_model: bool) -> None:
    axes.plot([], [], "|", color=_LIMIT, markersize=11, markeredgewidth=2.2, label="upper limit")
    axes.barh([0], [0], color=_LIMIT, alpha=0.35, label="confidence interval")
    axes.barh([0], [0], color=_LIMIT, alpha=0.9, label="range of upper limits")
    if with_model:
        label = {"excluded": (_MODEL, "black"), "not excluded": ("white", _MODEL)}
        for verdict, (face, edge) in label.items():
            axes.plot([], [], "D", markerfacecolor=face, markeredgecolor=edge, label=f"model, {verdict}")
    legend(figure, axes)
