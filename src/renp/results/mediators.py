"""What light mediators do: spectra with them, and the reach in their couplings over their mass."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column
from renp.results.table import NONE, Cell, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SYMBOLS = {
    "left": r"$|g^e g_{L,ij}|$",
    "right": r"$|g^e g_{R,ij}|$",
    "scalar": r"$|y^e y_{S,ij}|$",
    "pseudoscalar": r"$|y^e y_{P,ij}|$",
}
_LINES: list[tuple[str, Any]] = [
    ("#D55E00", (0, (6, 2))),
    ("#0072B2", (0, (6, 2, 1, 2))),
    ("#009E73", (0, (1, 1))),
]


@dataclass(frozen=True)
class MediatorSpectrum:
    """I(ω) with one mediator whose mass follows from the size of its effect."""

    name: str
    coupling: float
    """|g^e g^ν| or |y^e y^ν|, the same for the three diagonal elements."""
    mass: float
    """eV."""
    values: Reals


@dataclass(frozen=True, eq=False, kw_only=True)
class MediatorSpectra(Result):
    """Spectra with light mediators, each of the mass that changes I by half at one photon energy."""

    photon_energy: Reals
    """eV."""
    standard_model: Reals
    """I(ω), shape (n,)."""
    reference_energy: float
    """Photon energy at which the mediators add half of the standard model's I, eV."""
    spectra: tuple[MediatorSpectrum, ...]
    """With each mediator."""
    masses: dict[str, dict[str, float]]
    """Mass in eV for an effect of 10 %, 50 % and 100 %, by mediator."""
    thresholds: dict[str, float]
    """ω_ij^max of each pair, eV."""

    columns = (
        Column("masses"),
        Column("photon_energy", ("photon_energy",), unit="eV"),
        Column("standard_model", ("photon_energy",)),
        Column("curves", ("mediator", "photon_energy"), json="spectra", name="spectral_function"),
        Column(lambda of: [one.mass for one in of.spectra], ("mediator",), unit="eV", name="mass"),
    )

    @property
    def curves(self) -> dict[str, Reals]:
        """I(ω) by mediator and size of its couplings."""
        return {f"{one.name} {one.coupling:g}": one.values for one in self.spectra}

    @property
    def title(self) -> str:
        """What the masses are for."""
        return f"Mass (eV) of a mediator that raises I({self.reference_energy} eV) by"

    def full_table(self) -> Table:
        """Return the masses that give effects of several sizes."""
        sizes = tuple(next(iter(self.masses.values())))
        rows: list[tuple[Cell, ...]] = [(name, *of.values()) for name, of in self.masses.items()]
        return Table(self.title, ("mediator", *sizes), tuple(rows))

    def _draw(self) -> "Figure":
        """Return a figure of the spectra."""
        from renp.results.style import legend, subplots

        figure, ((axes,),) = subplots((6.4, 4.8))
        _draw_spectra(axes, self)
        legend(figure)
        return figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach(Result):
    """Limits on a mediator's product of couplings over its mass, an array with a table and a picture.

    `renp.reach` makes it; ``np.asarray`` and indices give the limits.
    """

    mass: Reals
    """eV, shape (n,)."""
    limit: Reals
    """On the absolute value of the product, shape (n,)."""
    sign: str
    """"positive", "negative", or "either" for the weaker of the two."""
    poles: Reals
    """Masses at which the mediator is on shell at one of the runs, eV."""
    confidence_level: float
    """Of the limits."""

    columns = (
        Column("mass", ("mass",), "mass", "eV"),
        Column("limit", ("mass",), "limit on the product"),
        Column("sign"),
        Column("poles", name=""),
        Column("confidence_level"),
    )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Reals:
        return np.array(self.limit, dtype=dtype, copy=copy)

    def __getitem__(self, at: Any) -> Any:
        return self.limit[at]

    def __len__(self) -> int:
        return len(self.limit)

    @property
    def title(self) -> str:
        """What the limits are on."""
        return f"Expected limits on |g^e g^ν| at {100 * self.confidence_level:g} % C.L., {self.sign} sign"

    def _draw(self) -> "Figure":
        """Return a figure of the limit over the mass."""
        from renp.results.style import decades, subplots

        figure, ((axes,),) = subplots((6.4, 4.4))
        for pole in self.poles:
            axes.axvline(pole, color="0.8", linewidth=0.6, zorder=0)
        order = np.argsort(self.mass)
        shown = np.where(np.isfinite(self.limit), self.limit, np.nan)[order]
        axes.plot(self.mass[order], shown, color="black", marker="o" if order.size == 1 else "")
        decades(axes, "x", self.mass)
        decades(axes, "y", shown, none=NONE)
        axes.set_xlabel("mediator mass $m$ (eV)")
        axes.set_ylabel(f"limit on the product of couplings, {100 * self.confidence_level:g} % C.L.")
        return figure


@dataclass(frozen=True, eq=False, kw_only=True)
class ReachCurves(Result):
    """Limits on |g^e g^ν_ij| of mediators over their mass, one element at a time."""

    mass: Reals
    """eV, shape (n,)."""
    curves: dict[str, dict[str, dict[str, Reals]]]
    """Limits by nature, coupling ("left", "right", "scalar", "pseudoscalar") and element."""
    poles: Reals
    """Masses at which the mediator is on shell at one of the runs, eV."""
    confidence_level: float
    """Of the limits."""

    columns = (
        Column("mass", ("mass",), unit="eV"),
        Column("poles", name=""),
        Column("confidence_level"),
        Column("curves", ("element", "mass"), json="limits", name="{key}"),
    )

    @property
    def title(self) -> str:
        """What the limits are on, and their level."""
        return f"Expected limits on |g^e g^ν|, |y^e y^ν| at {100 * self.confidence_level:g} % C.L."

    def full_table(self) -> Table:
        """Return the limits at some masses, decades apart; .nc and .json files have all."""
        decades = [int(np.argmin(np.abs(np.log(self.mass / m)))) for m in 10.0 ** np.arange(-3, 6)]
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (nature, kind, element, *(float(curve[k]) for k in decades))
            for nature, kinds in self.curves.items()
            for kind, elements in kinds.items()
            for element, curve in elements.items()
        )
        heads = tuple(f"{self.mass[k]:.3g} eV" for k in decades)
        return Table(self.title, ("nature", "coupling", "element", *heads), rows)

    def _draw(self) -> "Figure":
        """Return a figure of the reach: couplings in columns, natures in rows."""
        from renp.results.style import alike, folded, legend, letters

        each = [(nature, kind) for nature in self.curves for kind in _SYMBOLS]
        figure, panels = alike((3.1, 3.6), len(each), len(_SYMBOLS))
        for axes, (nature, kind) in zip(panels, each, strict=True):
            _draw_reach(axes, self, nature, kind)
            axes.set_ylabel("")
            title = f"{nature.capitalize()}, {kind}, {_SYMBOLS[kind]}"
            axes.set_title(folded(title, letters(axes, 0.5)), loc="left", fontsize="medium")
        label = f"limit on the product of couplings, {100 * self.confidence_level:g} % C.L."
        figure.supylabel(label, fontsize=panels[0].xaxis.label.get_fontsize())
        legend(figure, panels[0], title="element $ij$")
        return figure


def draw_proceeding_figure_1(spectra: MediatorSpectra, curves: ReachCurves) -> "Figure":
    """Return the proceeding's figure 1: spectra, reach in vector and in scalar couplings."""
    from renp.results.style import legend, style, subplots

    with style():
        figure, (panels,) = subplots((14, 5.2), 1, 3)
        _draw_spectra(panels[0], spectra)
        for axes, kind in zip(panels[1:], ("left", "scalar"), strict=True):
            _draw_reach(axes, curves, "dirac", kind)
        legend(figure)
    return figure


def _draw_spectra(axes: "Axes", spectra: MediatorSpectra) -> None:
    from renp.results.style import mark_thresholds

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
    mark_thresholds(axes, spectra.thresholds, apart=0.055)


def _draw_reach(axes: "Axes", curves: ReachCurves, nature: str, kind: str) -> None:
    from renp.results.style import pair_style

    for k, pole in enumerate(curves.poles):
        axes.axvline(
            pole, color="0.8", linewidth=0.6, zorder=0, label="poles, $m^2=q^2$ of a run" if k == 0 else None
        )
    for element, limit in curves.curves[nature][kind].items():
        axes.plot(curves.mass, limit, label=element, **(pair_style(element) | {"linewidth": 1.2}))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(curves.mass[0], curves.mass[-1])
    axes.set_xlabel("mediator mass $m$ (eV)")
    axes.set_ylabel(f"limit on {_SYMBOLS[kind]}, {100 * curves.confidence_level:g} % C.L.")
