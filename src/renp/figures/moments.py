"""The letter's figures: spectra with moments, and limits over the exposure."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from renp.bounds import bound
from renp.figures.style import pair_style, style
from renp.figures.thresholds import mark_thresholds
from renp.results.moments import LimitCurves, MomentSpectra

_SYMBOLS = {"magnetic-moment": r"\mu", "electric-moment": r"\epsilon"}


def draw_moment_spectra(spectra: MomentSpectra) -> Figure:
    """Return figure 2 of the letter: magnetic moments on the left, electric on the right.

    The close thresholds of the two lighter neutrinos are shown again, enlarged.
    """
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(11, 4.8), sharey=True, layout="constrained")
        for axes, kind in zip(panels, spectra.by_element, strict=True):
            _draw_spectra(axes, spectra, kind)
            axes.set_xlim(1.0678, 1.0719)
            axes.set_ylim(0, 0.092)
            axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
            mark_thresholds(axes, spectra.thresholds)
            inset = axes.inset_axes((0.12, 0.09, 0.46, 0.46))
            _draw_spectra(inset, spectra, kind)
            inset.set_xlim(1.07140, 1.07167)
            inset.set_ylim(0, 0.054)
            inset.set_xticks([1.0714, 1.0715, 1.0716])
            inset.ticklabel_format(axis="x", useOffset=False)
            inset.tick_params(labelsize=8)
            axes.indicate_inset_zoom(inset, edgecolor="0.4", alpha=0.6)
        panels[0].set_ylabel(r"spectral function $I(\omega)$")
        handles, labels = panels[1].get_legend_handles_labels()
        labels = [label.replace(r"\epsilon", r"\mu,\epsilon") for label in labels]
        figure.legend(handles, labels, loc="outside right center", title=f"{spectra.moment:g} $\\mu_B$")
    return figure


def _draw_spectra(axes: Axes, spectra: MomentSpectra, kind: str) -> None:
    symbol = _SYMBOLS[kind]
    for element, curve in spectra.by_element[kind].items():
        label = rf"$({symbol}_\nu)_{{{element}}}$"
        axes.plot(spectra.photon_energy, curve, label=label, **pair_style(element))
    axes.plot(spectra.photon_energy, spectra.standard_model, color="black", label="standard model")
    axes.plot(
        list(spectra.thresholds.values()),
        list(spectra.threshold_values.values()),
        "o",
        color="black",
        markersize=4,
        zorder=5,
    )


def draw_limit_curves(curves: LimitCurves) -> Figure:
    """Return figure 3 of the letter: limits over the exposure, and those of other experiments."""
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(11, 5.4), sharey=True, layout="constrained")
        for axes, (kind, by_element) in zip(panels, curves.by_element.items(), strict=True):
            for element, curve in by_element.items():
                label = f"RENP {element}"
                axes.plot(curves.exposure, curve, label=label, **pair_style(element))
            _draw_bounds(axes, kind)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlim(curves.exposure[0], curves.exposure[-1])
            axes.set_ylim(1.5e-12, 3e-10)
            axes.set_xlabel(r"exposure $T\times V$ at each $\omega$ (day $\times$ 100 cm$^3$)")
            level = 100 * curves.confidence_level
            axes.set_title(f"{kind.replace('-', ' ')}s, expected limits at {level:g} % C.L.", loc="left")
        panels[0].set_ylabel(r"upper limit on $|(\mu_\nu)_{ij}|$, $|(\epsilon_\nu)_{ij}|$ ($\mu_B$)")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
    return figure


def _draw_bounds(axes: Axes, kind: str) -> None:
    """Draw what other experiments say; the mass-basis limits are on magnetic moments only."""
    low, high = bound("xenon1t-2020-letter").interval or (0.0, 0.0)
    axes.axhspan(low, high, color="0.88", zorder=0, label="XENON1T excess")
    lines: list[tuple[str, str, Any, str]] = [
        ("white-dwarfs-2014", "white dwarfs", (0, (1, 1.5)), "#B8860B"),
        ("red-giants-2019", "red giants", (0, (4, 1.5, 1, 1.5)), "#A00000"),
    ]
    for key, label, dashes, colour in lines:
        limit = bound(key).limit
        assert limit is not None
        axes.axhline(limit, color=colour, linestyle=dashes, linewidth=1.2, label=label)
    if kind != "magnetic-moment":
        return
    elements = bound("borexino-2017-mass-basis").elements
    # Elements with equal limits share a line.
    for limit in sorted(set(elements.values())):
        names = ", ".join(element for element, value in elements.items() if value == limit)
        axes.axhline(limit, color="#2E7D32", linewidth=0.9, zorder=1, label="Borexino" if limit == min(elements.values()) else None)
        axes.annotate(
            names,
            xy=(1.0, limit),
            xytext=(-4, 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color="#2E7D32",
        )
