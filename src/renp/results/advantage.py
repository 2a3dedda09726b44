"""How far RENP reaches below what exists: limits of others over its own, over a mediator's mass."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#777777")
_PRODUCTS = {"vector": r"$|g^e g_L^\nu|$", "scalar": r"$|y^e y^\nu|$"}
_OTHERS = ("red giants", "electron's moment")
"""Limits on the electron's coupling alone: on the product for a coupling of neutrinos of 1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Advantage(Result):
    """Existing limits on products of couplings over RENP's reach, for one pattern of couplings."""

    mass: Reals
    """eV, shape (n,)."""
    existing: dict[str, dict[str, Reals]]
    """Limits by mediator ("vector", "scalar") and source, shape (n,)."""
    reach: dict[str, dict[str, Reals]]
    """RENP's by mediator and atom ("papers", "full"); infinite where it sees nothing."""

    columns = (
        Column("mass", ("mass",), "mass", "eV"),
        Column("existing", ("source", "mass"), "existing, {key}", name="existing {key}"),
        Column("reach", ("atom", "mass"), "RENP, {key}", name="reach {key}"),
    )

    @property
    def title(self) -> str:
        """What is compared."""
        return "Limits on the product of a mediator's couplings: existing, and RENP's"

    def ratio(self, mediator: str, atom: str = "papers", *, scattering: bool = True) -> Reals:
        """Return the best existing limit over RENP's; of scattering alone, or of all, shape (n,)."""
        known = self.existing[mediator]
        some = [limit for source, limit in known.items() if not (scattering and source in _OTHERS)]
        return np.asarray(np.min(some, axis=0) / self.reach[mediator][atom])

    def orders(self, mediator: str, mass: float, atom: str = "papers") -> float:
        """Return log₁₀ of the ratio to scattering at a mass."""
        at = np.interp(math.log(mass), np.log(self.mass), np.log10(self.ratio(mediator, atom)))
        return float(at)

    def least_orders(self, mediator: str, low: float, high: float, atom: str = "papers") -> float:
        """Return the least log₁₀ of the ratio to scattering between two masses."""
        inside = (self.mass >= low * (1 - 1e-9)) & (self.mass <= high * (1 + 1e-9))
        return float(np.log10(self.ratio(mediator, atom)[inside]).min())

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """The verdict on “3∼4 orders of magnitude”, in a sentence for each mediator and atom."""
        return tuple(self._verdict(mediator, atom) for mediator, of in self.reach.items() for atom in of)

    def _verdict(self, mediator: str, atom: str) -> str:
        scattering, every = (self.ratio(mediator, atom, scattering=which) for which in (True, False))
        if not np.any(scattering > 0):
            return f"{mediator}, {atom} atom: RENP sees nothing."
        orders = np.log10(np.maximum(scattering, 1e-300))
        said = self._range((orders >= 3) & (orders <= 4), "3 to 4 orders")
        first = f"{orders[0]:.0f} orders at {self.mass[0]:.2g} eV"
        return (
            f"{mediator}, {atom} atom: beside scattering {said}, {first}, {self._range(orders > 0, 'better')}"
            f"; beside red giants and the electron's moment too, for a coupling of neutrinos of 1, "
            f"{self._range(every > 1, 'better')}."
        )

    def _range(self, where: NDArray[np.bool_], what: str) -> str:
        at = np.flatnonzero(where)
        pieces = [self.mass[one] for one in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if one.size]
        said = " and ".join(f"from {one[0]:.2g} to {one[-1]:.2g} eV" for one in pieces)
        return f"{what} {said}" if said else f"nowhere {what}"

    def _draw(self) -> "Figure":
        """Return limits above, and their ratio to RENP's reach below, for each mediator."""
        from renp.results.curve_labels import label_curves
        from renp.results.style import legend, subplots

        figure, panels = subplots((5.6 * len(self.reach), 8), 2, len(self.reach), share="x")
        for column, mediator in enumerate(self.reach):
            _draw_limits(panels[0, column], self, mediator)
            _draw_ratio(panels[1, column], self, mediator)
        legend(figure, panels[1, 0])
        label_curves(*panels[0])
        return figure


def _draw_limits(axes: "Axes", of: Advantage, mediator: str) -> None:
    curves: list[tuple[str, Reals, dict[str, Any]]] = []
    for k, (source, limit) in enumerate(of.existing[mediator].items()):
        dashes = (0, (2, 1.2)) if source in _OTHERS else "solid"
        curves.append((source, limit, {"color": _COLOURS[k % len(_COLOURS)], "linestyle": dashes}))
    for atom, limit in of.reach[mediator].items():
        look: dict[str, Any] = {
            "color": "black",
            "linewidth": 2.2,
            "linestyle": "solid" if atom == "papers" else (0, (6, 2)),
        }
        if np.any(np.isfinite(limit)):
            curves.append((f"RENP, {atom} atom", limit, look))
    for name, limit, look in curves:
        axes.plot(of.mass, np.where(np.isfinite(limit), limit, np.nan), label=name, **look)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(of.mass[0], of.mass[-1])
    axes.set_ylabel(f"limit on {_PRODUCTS[mediator]}, 90 % C.L.")
    axes.set_title(f"{mediator} mediator", loc="left")


def _draw_ratio(axes: "Axes", of: Advantage, mediator: str) -> None:
    axes.axhspan(1e3, 1e4, color="0.88", zorder=0, label=r"“$3\sim4$ orders”")
    axes.axhline(1, color="0.5", linewidth=0.8)
    for atom, dashes in (("papers", "solid"), ("full", (0, (6, 2)))):
        for scattering, colour, name in ((True, "black", "scattering"), (False, "#D55E00", "all")):
            ratio = of.ratio(mediator, atom, scattering=scattering)
            if np.any(ratio > 0):
                label = f"{name} over RENP, {atom} atom"
                axes.plot(of.mass, ratio, color=colour, linestyle=dashes, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("mediator mass $m$ (eV)")
    axes.set_ylabel("existing limit / RENP's reach")
