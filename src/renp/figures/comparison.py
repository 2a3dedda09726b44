"""Ratios of computed to published numbers."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from renp.figures.style import style
from renp.results.comparison import Comparison


def draw_comparison(comparison: Comparison) -> Figure:
    """Return a figure of computed over published for every number."""
    with style():
        numbers = comparison.numbers
        figure, axes = plt.subplots(figsize=(6.8, 0.28 * len(numbers) + 1.2), layout="constrained")
        places = range(len(numbers))
        axes.axvspan(0.95, 1.05, color="0.9")
        axes.axvline(1, color="0.5", linewidth=0.8)
        axes.plot([n.ratio for n in numbers], places, "o", color="#0072B2")
        axes.set_xscale("log")
        axes.set_yticks(places, [n.quantity for n in numbers])
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        axes.invert_yaxis()
        axes.set_xlabel("computed / published (band: 5 %)")
    return figure
