"""The letter's figures: spectra with moments, and limits over the exposure."""

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from renp.bounds import bound
from renp.results.spectrum import PAIRS
from renp.results.style import mark_thresholds, pair_style, style

if TYPE_CHECKING:
    from renp.results.moments import LimitCurves, MomentSpectra


def draw_moment_spectra(spectra: "MomentSpectra") -> Figure:
    """Return figure 2 of the letter: magnetic moments on the left, electric on the right.

    The lower row enlarges the thresholds of ν_1 and ν_2, which are close to each other in either ordering.
    """
    figure, panels = plt.subplots(
        2, 2, figsize=(10.5, 8), sharey="row", height_ratios=(1.2, 1), layout="constrained"
    )
    for column, kind in enumerate(spectra.by_element):
        whole, near = panels[0, column], panels[1, column]
        for axes in (whole, near):
            _draw_spectra(axes, spectra, kind)
        _show_thresholds(whole, spectra, PAIRS, below=0.64)
        _show_thresholds(near, spectra, ("11", "12", "22"), below=2.6)
        near.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        whole.set_title(kind.replace("-", " ") + "s", loc="left", pad=26)
        for axes in (whole, near):
            mark_thresholds(axes, spectra.thresholds, apart=0.055)
    for axes in panels[:, 0]:
        axes.set_ylabel(r"spectral function $I(\omega)$")
    exponent = math.floor(math.log10(spectra.moment))
    size = rf"${spectra.moment / 10**exponent:g}\times10^{{{exponent}}}\,\mu_B$"
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title=f"one element at\n{size}")
    return figure


def _show_thresholds(axes: Axes, spectra: "MomentSpectra", pairs: tuple[str, ...], below: float) -> None:
    """Fit the axes to the thresholds of some pairs and, in units of their distance, what is below them."""
    edges = [edge for pair, edge in spectra.thresholds.items() if pair in pairs and edge > 0]
    energies = spectra.photon_energy
    if not edges:  # no pair is ever open
        return
    span = max(edges) - min(edges)
    low, high = max(min(edges) - below * span, 0.0), max(edges) + 0.15 * span
    if low < high:
        axes.set_xlim(low, high)
    curves = [spectra.standard_model, *(c for of in spectra.by_element.values() for c in of.values())]
    inside = (low <= energies) & (energies <= high)
    if np.any(inside):
        axes.set_ylim(0, 1.08 * max(float(curve[inside].max()) for curve in curves) or None)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(axis="x", useOffset=False)


def _draw_spectra(axes: Axes, spectra: "MomentSpectra", kind: str) -> None:
    for element, curve in spectra.by_element[kind].items():
        axes.plot(spectra.photon_energy, curve, label=element, **pair_style(element))
    axes.plot(spectra.photon_energy, spectra.standard_model, color="black", label="standard model")
    axes.plot(
        [spectra.thresholds[pair] for pair in spectra.threshold_values],
        list(spectra.threshold_values.values()),
        "o",
        color="black",
        markersize=4,
        zorder=5,
    )


def draw_limit_curves(curves: "LimitCurves") -> Figure:
    """Return figure 3 of the letter: limits over the exposure, and those of other experiments."""
    figure, panels = plt.subplots(1, 2, figsize=(11, 5.4), sharey=True, layout="constrained")
    for axes, (kind, by_element) in zip(panels, curves.by_element.items(), strict=True):
        for element, curve in by_element.items():
            label = f"RENP {element}"
            axes.plot(curves.exposure, curve, label=label, **pair_style(element))
        _draw_bounds(axes, kind, by_element)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(curves.exposure[0], curves.exposure[-1])
        axes.set_ylim(1.5e-12, max(3e-10, 1.5 * _largest(curves)))
        axes.set_xlabel(r"exposure $T\times V$ at each $\omega$ (day $\times$ 100 cm$^3$)")
        level = 100 * curves.confidence_level
        axes.set_title(f"{kind.replace('-', ' ')}s, expected limits at {level:g} % C.L.", loc="left")
    panels[0].set_ylabel(r"upper limit on $|(\mu_\nu)_{ij}|$, $|(\epsilon_\nu)_{ij}|$ ($\mu_B$)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    return figure


def draw_proceeding_figure_2(spectra: "MomentSpectra", curves: "LimitCurves") -> Figure:
    """Return figure 2 of the proceeding: electric, magnetic, and the limits on both."""
    with style():
        figure, panels = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
        for axes, kind in zip(panels[:2], ("electric-moment", "magnetic-moment"), strict=True):
            _draw_spectra(axes, spectra, kind)
            axes.set_xlim(1.0678, 1.0719)
            axes.set_ylim(0, 0.088)
            axes.set_xticks([1.068, 1.069, 1.070, 1.071])
            axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
            axes.set_ylabel(r"spectral function $I(\omega)$")
            axes.set_title(kind.replace("-", " ") + "s", loc="left", pad=26)
            mark_thresholds(axes, spectra.thresholds, apart=0.055)
        for kind, width in (("magnetic-moment", 2.0), ("electric-moment", 0.9)):
            for element, curve in curves.by_element[kind].items():
                panels[2].plot(curves.exposure, curve, **(pair_style(element) | {"linewidth": width}))
        _draw_bounds(panels[2], "electric-moment", {})
        panels[2].set_xscale("log")
        panels[2].set_yscale("log")
        panels[2].set_xlim(curves.exposure[0], curves.exposure[-1])
        panels[2].set_xlabel(r"exposure $T\times V$ (day $\times$ 100 cm$^3$)")
        panels[2].set_ylabel(r"upper limit on $|(\mu_\nu)_{ij}|$, $|(\epsilon_\nu)_{ij}|$ ($\mu_B$)")
        handles, labels = panels[0].get_legend_handles_labels()
        more, names = panels[2].get_legend_handles_labels()
        figure.legend(handles + more, labels + names, loc="outside right center")
    return figure


def _largest(curves: "LimitCurves") -> float:
    """Return the largest limit, of those that there are."""
    limits = np.stack([curve for of in curves.by_element.values() for curve in of.values()])
    return float(np.max(limits, initial=0.0, where=np.isfinite(limits)))


def _draw_bounds(axes: Axes, kind: str, shown: Collection[str]) -> None:
    """Draw what other experiments say; limits in the mass basis are on the magnetic moments shown."""
    low, high = bound("xenon1t-2020-letter").interval or (0.0, 0.0)
    axes.axhspan(low, high, color="0.88", zorder=0, label="XENON1T excess")
    lines: list[tuple[str, str, Any, str]] = [
        ("white-dwarfs-2014", "white dwarfs", (0, (1, 1.5)), "#B8860B"),
        ("red-giants-2019", "red giants", (0, (4, 1.5, 1, 1.5)), "#A00000"),
    ]
    for key, name, dashes, colour in lines:
        limit = bound(key).limit
        assert limit is not None
        axes.axhline(limit, color=colour, linestyle=dashes, linewidth=1.2, label=name)
    if kind != "magnetic-moment":
        return
    elements = {e: x for e, x in bound("borexino-2017-mass-basis").elements.items() if e in shown}
    for names, limit in _grouped(elements):
        label = "Borexino" if limit == min(elements.values()) else None
        axes.axhline(limit, color="#2E7D32", linewidth=0.9, zorder=1, label=label)
        axes.annotate(
            names,
            xy=(1.0, limit),
            xytext=(-4, 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize="small",
            color="#2E7D32",
        )


def _grouped(elements: dict[str, float]) -> list[tuple[str, float]]:
    """Return names and limits of lines; those within 3 % of each other share a label at the upper."""
    result: list[tuple[str, float]] = []
    for element, limit in sorted(elements.items(), key=lambda item: (item[1], item[0])):
        if result and limit < 1.03 * result[-1][1]:
            names, lower = result.pop()
            if lower < limit:
                result.append(("", lower))
            result.append((f"{names}, {element}", limit))
        else:
            result.append((element, limit))
    return result
