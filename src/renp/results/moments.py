"""What the moments do: spectra with one element at a time, and limits over the exposure."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.bounds import bound
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.results.base import Result, provenance
from renp.results.columns import Column
from renp.results.spectrum import PAIRS, threshold_grid
from renp.spectrum import spectral_function, thresholds
from renp.validation import number, photon_energies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ByElement: TypeAlias = dict[str, dict[str, Reals]]
"""Kind of moment, element, values."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MomentSpectra(Result):
    """I(ω) of the standard model, and with one element of the moments at a time."""

    by_element: ByElement
    """I(ω) with one moment, by its kind and element."""
    photon_energy: Reals
    """eV."""
    standard_model: Reals
    """I(ω), shape (n,)."""
    moment: float
    """The element's size, μ_B."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair of neutrinos, eV."""
    threshold_values: dict[str, float]
    """Standard-model I at each threshold that an atom can show, which is one above 0."""

    columns = (
        Column("photon_energy", ("photon_energy",), "photon energy", "eV"),
        Column("standard_model", ("photon_energy",), "standard model"),
        Column("moment", unit="μ_B"),
        Column("by_element", ("element", "photon_energy"), "{key}", json="{key}", name="{key}"),
    )

    @classmethod
    def compute(
        cls, atom: Atom, neutrinos: Neutrinos, moment: float = 3e-11, omega: ArrayLike | None = None
    ) -> "MomentSpectra":
        """Return the spectra with each element of the moments at one size (μ_B), beside the standard model.

        They are those of the letter's figure 2 for any atom and any neutrinos; over the thresholds and below
        if no photon energies are given.

        Examples
        --------
        >>> import renp
        >>> nu = renp.Neutrinos(0.01, "inverted", "majorana")
        >>> spectra = MomentSpectra.compute(renp.Atom.named("Sr"), nu, moment=2e-11, omega=[0.88])
        >>> list(spectra.by_element["magnetic-moment"])
        ['12', '13', '23']
        """
        size = float(number("moment", moment, "a moment in μ_B above 0", low=0.0, open_low=True, unit="μ_B"))
        energies = threshold_grid(atom, neutrinos) if omega is None else omega
        energies = np.atleast_1d(np.asarray(photon_energies(energies, atom.E_vg)))
        standard = np.asarray(spectral_function(energies, atom, neutrinos))
        edges = np.asarray(thresholds(atom, neutrinos))
        positions = {pair: float(edges[int(pair[0]) - 1, int(pair[1]) - 1]) for pair in PAIRS}
        shown = {pair: edge for pair, edge in positions.items() if edge > 0}
        values = np.asarray(spectral_function(np.array([*shown.values()]), atom, neutrinos))
        return cls(
            photon_energy=energies,
            standard_model=standard,
            by_element={
                kind.kind: {
                    f"{i}{j}": standard
                    + np.asarray(spectral_function(energies, atom, neutrinos, kind({(i, j): size})))
                    for i, j in moment_elements(neutrinos.nature)
                }
                for kind in MOMENTS
            },
            moment=size,
            thresholds=positions,
            threshold_values=dict(zip(shown, map(float, values), strict=True)),
            made_by=provenance(PAPERS, atom=atom, neutrinos=neutrinos, moment=f"{size:g} μ_B"),
        )

    @property
    def title(self) -> str:
        """The size of the moment."""
        return f"Spectral function with one moment of {self.moment:g} μ_B"

    def _draw(self) -> "Figure":
        """Return figure 2 of the letter: magnetic moments on the left, electric on the right.

        The lower row enlarges the thresholds of ν_1 and ν_2, which are close together in either ordering.
        """
        from renp.results.style import legend, mark_thresholds, subplots

        figure, panels = subplots((10.5, 8.6), 2, 2, share="y", height_ratios=(1.2, 1))
        for column, kind in enumerate(self.by_element):
            whole, near = panels[0, column], panels[1, column]
            for axes in (whole, near):
                _draw_spectra(axes, self, kind)
            _show_thresholds(whole, self, PAIRS, below=0.64)
            _show_thresholds(near, self, ("11", "12", "22"), below=2.6)
            whole.set_title(kind.replace("-", " ") + "s", loc="left", pad=26)
            for axes in (whole, near):
                mark_thresholds(axes, self.thresholds, apart=0.055)
        exponent = math.floor(math.log10(self.moment))
        size = rf"${self.moment / 10**exponent:g}\times10^{{{exponent}}}\,\mu_B$"
        legend(figure, panels[0, 0], title=f"one element $ij$ at {size}")
        return figure


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitCurves(Result):
    """Upper limits over the exposure of each photon energy, one element at a time, in μ_B.

    `renp.limit_curves` makes them.
    """

    by_element: ByElement
    """Limits by kind of moment and element, μ_B."""
    exposure: Reals
    """Time at each photon energy times volume, day × 100 cm³."""
    confidence_level: float
    """Of the limits."""

    columns = (
        Column("exposure", ("exposure",), "exposure", "day * 100 cm^3", shown="day × 100 cm³"),
        Column("confidence_level"),
        Column("by_element", ("element", "exposure"), "{key}", "μ_B", shown="", json="{key}", name="{key}"),
    )

    @property
    def title(self) -> str:
        """What the limits are."""
        return f"Expected upper limits at {100 * self.confidence_level:g} % C.L. (μ_B)"

    def _draw(self) -> "Figure":
        """Return figure 3 of the letter: limits over the exposure, and those of other experiments."""
        from renp.results.style import legend, pair_style, subplots

        figure, (panels,) = subplots((11, 6), 1, 2, share="y")
        for axes, (kind, by_element) in zip(panels, self.by_element.items(), strict=True):
            for element, curve in by_element.items():
                label = f"RENP {element}"
                axes.plot(self.exposure, curve, label=label, **pair_style(element))
            _draw_bounds(axes, kind, by_element)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlim(self.exposure[0], self.exposure[-1])
            axes.set_ylim(1.5e-12, max(3e-10, 1.5 * _largest(self)))
            axes.set_xlabel(r"exposure $T\times V$ at each $\omega$ (day $\times$ 100 cm$^3$)")
            level = 100 * self.confidence_level
            axes.set_title(f"{kind.replace('-', ' ')}s, expected limits at {level:g} % C.L.", loc="left")
            axes.set_ylabel(r"upper limit on $|(\mu_\nu)_{ij}|$, $|(\epsilon_\nu)_{ij}|$ ($\mu_B$)")
        legend(figure)
        return figure


def _show_thresholds(axes: "Axes", spectra: MomentSpectra, pairs: tuple[str, ...], below: float) -> None:
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


def _draw_spectra(axes: "Axes", spectra: MomentSpectra, kind: str) -> None:
    from renp.results.style import pair_style

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
    axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
    axes.set_ylabel(r"spectral function $I(\omega)$")


def draw_contrast(spectra: MomentSpectra) -> "Figure":
    """Return (I_M − I_E)/I_M of each element: the letter's 12 m_i m_j/q², 100 % at each threshold."""
    from renp.results.style import legend, mark_thresholds, pair_style, style, subplots

    with style():
        figure, ((axes,),) = subplots((6.4, 4.8))
        for element in spectra.by_element["electric-moment"]:
            magnetic, electric = (
                spectra.by_element[kind][element] - spectra.standard_model
                for kind in ("magnetic-moment", "electric-moment")
            )
            open_ = magnetic > 1e-9 * spectra.standard_model.max()
            contrast = np.divide(
                magnetic - electric, magnetic, where=open_, out=np.full_like(magnetic, np.nan)
            )
            axes.plot(spectra.photon_energy, contrast, label=element, **pair_style(element))
        axes.set_xlim(spectra.photon_energy[0], spectra.photon_energy[-1])
        axes.set_ylim(0, 1.02)
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_ylabel(r"$(I_M - I_E)/I_M$")
        mark_thresholds(axes, spectra.thresholds, apart=0.055)
        legend(figure, title="element $ij$")
    return figure


def draw_proceeding_figure_2(spectra: MomentSpectra, curves: LimitCurves) -> "Figure":
    """Return figure 2 of the proceeding: electric, magnetic, and the limits on both."""
    from renp.results.style import legend, mark_thresholds, pair_style, style, subplots

    with style():
        figure, (panels,) = subplots((14, 5.2), 1, 3)
        for axes, kind in zip(panels[:2], ("electric-moment", "magnetic-moment"), strict=True):
            _draw_spectra(axes, spectra, kind)
            axes.set_xlim(1.0678, 1.0719)
            axes.set_ylim(0, 0.088)
            axes.set_xticks([1.068, 1.069, 1.070, 1.071])
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
        legend(figure)
    return figure


def _largest(curves: LimitCurves) -> float:
    """Return the largest limit, of those that there are."""
    limits = np.stack([curve for of in curves.by_element.values() for curve in of.values()])
    return float(np.max(limits, initial=0.0, where=np.isfinite(limits)))


def _draw_bounds(axes: "Axes", kind: str, shown: Collection[str]) -> None:
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
    grouped = _grouped(elements)
    for k, (names, limit) in enumerate(grouped):
        is_close = any(0 < np.log10(other / limit) < 0.13 for _, other in grouped[k + 1 :])
        label = "Borexino" if limit == min(elements.values()) else None
        axes.axhline(limit, color="#2E7D32", linewidth=0.9, zorder=1, label=label)
        axes.annotate(
            names,
            xy=(1.0, limit),
            xytext=(-4, -2 if is_close else 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="top" if is_close else "bottom",
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
