"""Expected counts of each run."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from renp.figures.style import plain, style
from renp.results.counts import Counts

_LEVEL = 7
"""Runs whose photon energies have room side by side."""


def draw_counts(counts: Counts) -> Figure:
    """Return a figure of the expected counts with their Poisson errors, run by run.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> figure = Counts.compute(runs, renp.Neutrinos(0.01)).plot()
    >>> figure.axes[0].get_ylabel()
    'counts'
    >>> plt.close(figure)
    """
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
        place = np.arange(counts.expected.size)
        axes.bar(
            place,
            counts.standard_model,
            width=0.7,
            color="0.85",
            edgecolor="0.5",
            label="standard model",
        )
        if counts.observed is None:
            _points(axes, place, counts.expected, "#D55E00", r"model, with $\sqrt{N}$")
        else:
            _points(axes, place, counts.observed, "black", r"observed, with $\sqrt{n}$")
            axes.plot(
                place, counts.expected, "_", color="#D55E00", markersize=22, markeredgewidth=2, label="model"
            )
        turned: dict[str, Any] = {"rotation": 40, "ha": "right"} if place.size > _LEVEL else {}
        axes.set_xticks(place, [f"{w:.6g}" for w in counts.photon_energy], **turned)
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_ylabel("counts")
        axes.set_title(f"{plain(counts.atom)}: expected counts, background included", loc="left")
        axes.legend()
    return figure


def _points(
    axes: Axes, place: NDArray[np.intp], counts: NDArray[np.float64], colour: str, label: str
) -> None:
    axes.errorbar(place, counts, yerr=np.sqrt(counts), fmt="o", color=colour, capsize=3, label=label)
