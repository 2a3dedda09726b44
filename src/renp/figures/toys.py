"""Histograms of toys, and the coverage of intervals."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import plain, style
from renp.results.toys import Coverage, Toys

_LINES = (
    ("#0072B2", "o", "solid"),
    ("#E69F00", "s", (0, (6, 2))),
    ("#009E73", "^", (0, (6, 2, 1, 2))),
    ("#D55E00", "D", (0, (2, 1.2))),
    ("#CC79A7", "v", (0, (1, 1))),
)


def draw_toys(toys: Toys) -> Figure:
    """Return histograms of the estimates with the true values marked."""
    good = toys.status == 0
    names = list(toys.estimates)
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    with style():
        figure, grid = plt.subplots(
            rows, columns, figsize=(3.4 * columns, 2.7 * rows), layout="constrained", squeeze=False
        )
        for axes, name in zip(grid.flat, names, strict=False):
            values = toys.estimates[name][good]
            axes.hist(values, bins=50, color="#56B4E9", histtype="stepfilled", edgecolor="#0072B2")
            axes.axvline(toys.truth[name], color="#D55E00", linestyle=(0, (6, 2)), label="true")
            axes.axvline(float(np.median(values)), color="black", label="median")
            unit = f" ({toys.units[name]})" if toys.units[name] else ""
            # At the left, a power of ten has room at the right.
            axes.set_xlabel(plain(name + unit).replace("μ_B", r"$\mu_B$"), loc="left")
            axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
            axes.set_ylabel("toys")
        grid.flat[0].legend()
        for axes in list(grid.flat)[len(names) :]:
            axes.set_visible(False)
    return figure


def draw_coverage(coverage: Coverage) -> Figure:
    """Return the coverage over the true value, a panel for each exposure."""
    exposures = list(dict.fromkeys(row.exposure for row in coverage.rows))
    kinds = list(dict.fromkeys(row.kind for row in coverage.rows))
    with style():
        figure, grid = plt.subplots(
            1,
            len(exposures),
            figsize=(1.2 + 4.0 * len(exposures), 4.4),
            layout="constrained",
            sharey=True,
            squeeze=False,
        )
        for axes, exposure in zip(grid.flat, exposures, strict=True):
            here = [row for row in coverage.rows if row.exposure == exposure]
            axes.axhline(coverage.confidence_level, color="0.5", linewidth=1.0)
            for kind, (colour, marker, dashes) in zip(kinds, _LINES, strict=False):
                rows = [row for row in here if row.kind == kind]
                axes.errorbar(
                    [row.value for row in rows],
                    [row.coverage for row in rows],
                    yerr=[row.error for row in rows],
                    color=colour,
                    marker=marker,
                    linestyle=dashes,
                    label=kind,
                )
            counts = here[0].expected_counts
            axes.set_title(f"exposure × {exposure:g}, {counts:.3g} counts and more", fontsize=10)
            unit = f" ({coverage.unit})" if coverage.unit else ""
            axes.set_xlabel(plain(f"true {coverage.coupling}{unit}").replace("μ_B", r"$\mu_B$"))
        grid.flat[0].set_ylabel(f"coverage at {100 * coverage.confidence_level:g} % C.L.")
        figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
