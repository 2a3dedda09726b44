"""Expected counts of each run."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import plain, style
from renp.results.counts import Counts


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
        axes.errorbar(
            place,
            counts.expected,
            yerr=np.sqrt(counts.expected),
            fmt="o",
            color="#D55E00",
            capsize=3,
            label=r"model, with $\sqrt{N}$",
        )
        if counts.observed is not None:
            axes.plot(place, counts.observed, "k_", markersize=22, markeredgewidth=2, label="observed")
        axes.set_xticks(place, [f"{w:.6g}" for w in counts.photon_energy])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_ylabel("counts")
        axes.set_title(f"{plain(counts.atom)}: expected counts, background included", loc="left")
        axes.legend()
    return figure
