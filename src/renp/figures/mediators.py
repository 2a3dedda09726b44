"""Light mediators: spectra, and reach over the mass."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from renp.figures.style import pair_style, style
from renp.figures.thresholds import mark_thresholds
from renp.results.mediators import MediatorSpectra, ReachCurves

_SYMBOLS = {
    "left": r"$|g^e g_{L,ij}|$",
    "right": r"$|g^e g_{R,ij}|$",
    "scalar": r"$|y^e y_{S,ij}|$",
    "pseudoscalar": r"$|y^e y_{P,ij}|$",
}
_LINES = [("#D55E00", (0, (6, 2))), ("#0072B2", (0, (6, 2, 1, 2))), ("#009E73", (0, (1, 1)))]


def draw_mediator_spectra(spectra: MediatorSpectra) -> Figure:
    """Return a figure of the spectra with mediators."""
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
        _draw_spectra(axes, spectra)
    return figure


def draw_reach(curves: ReachCurves) -> Figure:
    """Return a figure of the reach: couplings in columns, natures in rows."""
    with style():
        natures, kinds = list(curves.curves), list(_SYMBOLS)
        figure, panels = plt.subplots(
            len(natures),
            len(kinds),
            figsize=(12.5, 3.6 * len(natures)),
            sharex=True,
            layout="constrained",
            squeeze=False,
        )
        for row, nature in zip(panels, natures, strict=True):
            for axes, kind in zip(row, kinds, strict=True):
                _draw_reach(axes, curves, nature, kind)
                axes.set_title(f"{nature.capitalize()}, {kind}", loc="left", fontsize=10)
        for axes in panels[-1]:
            axes.set_xlabel("mediator mass $m$ (eV)")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
    return figure


def draw_proceeding_figure_1(spectra: MediatorSpectra, curves: ReachCurves) -> Figure:
    """Return the proceeding's figure 1: spectra, reach in vector and in scalar couplings."""
    with style():
        figure, panels = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
        _draw_spectra(panels[0], spectra)
        for axes, kind in zip(panels[1:], ("left", "scalar"), strict=True):
            _draw_reach(axes, curves, "dirac", kind)
            axes.set_xlabel("mediator mass $m$ (eV)")
        handles, labels = panels[1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
    return figure


def _draw_spectra(axes: Axes, spectra: MediatorSpectra) -> None:
    axes.plot(spectra.photon_energy, spectra.standard_model, color="black", label="standard model")
    for one, (colour, dashes) in zip(spectra.spectra, _LINES, strict=True):
        exponent = f"{one.coupling:.0e}".split("e")[1]
        product = "y^e y^\\nu" if one.name == "scalar" else "g^e g_L^\\nu"
        label = rf"${product}=10^{{{int(exponent)}}}$, $m={one.mass / 1e3:.1f}$ keV"
        axes.plot(spectra.photon_energy, one.values, color=colour, linestyle=dashes, label=label)
    axes.set_xlim(spectra.photon_energy[0], spectra.photon_energy[-1])
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="x", useOffset=False)
    axes.set_xticks([1.067, 1.068, 1.069, 1.070, 1.071])
    axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
    axes.set_ylabel(r"spectral function $I(\omega)$")
    axes.legend(loc="lower left", fontsize=8)
    mark_thresholds(axes, spectra.thresholds, apart=0.055)


def _draw_reach(axes: Axes, curves: ReachCurves, nature: str, kind: str) -> None:
    for k, pole in enumerate(curves.poles):
        axes.axvline(
            pole, color="0.8", linewidth=0.6, zorder=0, label="poles, $m^2=q^2$ of a run" if k == 0 else None
        )
    for element, limit in curves.curves[nature][kind].items():
        axes.plot(curves.mass, limit, label=element, **(pair_style(element) | {"linewidth": 1.2}))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(curves.mass[0], curves.mass[-1])
    axes.set_ylabel(f"expected limit on {_SYMBOLS[kind]}")
