"""The moments that remain when several limits hold together."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import style
from renp.results.region import Region


def draw_region(region: Region) -> Figure:
    """Return a figure of the largest elements, by set of limits."""
    shown = (
        ("RENP", region.renp, "#0072B2", "o"),
        ("world", region.world, "#D55E00", "s"),
        ("together", region.together, "black", "_"),
    )
    with style():
        figure, axes = plt.subplots(figsize=(0.5 * len(region.renp) + 2.2, 4.4), layout="constrained")
        for label, values, colour, marker in shown:
            heights = np.array([x if np.isfinite(x) else np.nan for x in values.values()])
            axes.plot(np.arange(len(values)), heights, marker, color=colour, label=label, markersize=9)
        axes.set_yscale("log")
        names = [
            name.replace("magnetic-moment ", r"$\mu$ ").replace("electric-moment ", r"$\epsilon$ ")
            for name in region.renp
        ]
        axes.set_xticks(np.arange(len(names)), names)
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylabel(r"largest element, all others free ($\mu_B$)")
        axes.legend()
    return figure
