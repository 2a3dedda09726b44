"""Correlations of parameters."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import plain, style
from renp.results.information import Information


def draw_information(information: Information) -> Figure:
    """Return a figure of the correlations, with their numbers."""
    names = [plain(name) for name in information.names]
    size = max(4.0, 0.5 * len(names) + 2.2)
    with style():
        figure, axes = plt.subplots(figsize=(size + 0.8, size), layout="constrained")
        image = axes.imshow(information.correlation, vmin=-1, vmax=1, cmap="PuOr")
        for (i, j), value in np.ndenumerate(information.correlation):
            colour = "white" if abs(value) > 0.7 else "black"
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(which="both", length=0)
        axes.minorticks_off()
        figure.colorbar(image, label="correlation", shrink=0.8)
    return figure
