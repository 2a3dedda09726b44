"""Spectral functions over the photon energy."""

from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from renp.figures.style import plain, style
from renp.figures.thresholds import mark_thresholds
from renp.results.spectrum import Spectrum

_DASHES: tuple[Any, ...] = ((0, (1, 1)), (0, (4, 1, 1, 1)), (0, (8, 2)))


def draw_spectrum(spectrum: Spectrum) -> Figure:
    r"""Return a figure of I(ω), with that of the standard model where it differs.

    Examples
    --------
    >>> import renp
    >>> figure = Spectrum.compute(renp.Atom.named("Yb"), renp.Neutrinos(0.01)).plot()
    >>> figure.axes[0].get_ylabel()
    'spectral function $I(\\omega)$'
    >>> plt.close(figure)
    """
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
        omega, total, standard = (
            spectrum.photon_energy,
            spectrum.spectral_function,
            spectrum.standard_model,
        )
        marker = "o" if omega.size < 25 else ""
        if not np.array_equal(total, standard):
            axes.plot(omega, total, color="#D55E00", marker=marker, label="model")
        axes.plot(
            omega,
            standard,
            color="black",
            linestyle=(0, (5, 2)),
            marker=marker,
            label="standard model",
        )
        added = spectrum.added()
        for (name, part), dashes in zip(added.items(), cycle(_DASHES), strict=False):
            label = name if name == "interference" else f"{name} alone"
            axes.plot(omega, part, color="0.3", linewidth=1.2, linestyle=dashes, marker=marker, label=label)
        axes.set_xlim(omega.min(), omega.max() if omega.size > 1 else omega.min() + 1e-6)
        lowest = min(0.0, float(np.min(added.get("interference", np.zeros(1)))))
        axes.set_ylim(bottom=1.05 * lowest)
        if lowest < 0:
            axes.axhline(0, color="black", linewidth=0.6)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_ylabel(r"spectral function $I(\omega)$")
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.set_title(plain(spectrum.atom), loc="left", pad=26)
        axes.legend(loc="best")
        mark_thresholds(axes, spectrum.thresholds)
    return figure
