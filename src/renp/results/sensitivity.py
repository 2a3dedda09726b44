"""Expected limits over one quantity with their bands, and other experiments' drawn in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Control, Result
from renp.results.columns import Column, Declared
from renp.results.table import NONE, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = {
    "exposure": (r"exposure at each $\omega$ (day $\times$ 100 cm$^3$)", "day * 100 cm^3"),
    "lightest-mass": (r"lightest mass $m$ (eV)", "eV"),
    "mediator-mass": (r"mediator mass $m$ (eV)", "eV"),
    "sterile-splitting": (r"$\Delta m^2_{41}$ (eV$^2$)", "eV^2"),
}
"""What limits are drawn over: its label, and its unit."""

STERILE = "sterile-mixing"
"""Kind of the limit on |U_e4|²."""

QUANTILES = (0.0227501, 0.1586553, 0.5, 0.8413447, 0.9772499)
"""−2, −1, 0, 1, 2 standard deviations."""

_MOST_LINES = 2
"""Couplings of a panel up to which each has its bands and the limits of others as lines."""
_OTHERS = ("#444444", "#8C6D1F", "#5D3A9B", "#A00000", "#00665E", "#777777", "#B35C9E")

Curves = dict[str, dict[str, Reals]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sensitivity(Result):
    """Expected limits by kind and coupling; `renp.sensitivity` makes them."""

    over: str
    """"exposure", "lightest-mass", "mediator-mass" or "sterile-splitting"."""
    values: Reals
    """Of that, shape (n,)."""
    limits: Curves
    """Shape (n,); those of mediators are on the product of their largest couplings."""
    bands: Curves | None
    """Limits within −2, −1, 0, 1, 2 standard deviations, shape (5, n)."""
    existing: dict[str, dict[str, dict[str, Reals]]]
    """Of others, by kind, coupling and name, shape (n,)."""
    units: dict[str, str]
    """Of each kind."""
    poles: Reals
    """Masses at which a mediator is on shell at a run, eV."""
    confidence_level: float
    """Of the limits."""

    @property
    def columns(self) -> Declared:
        """What it consists of."""
        n = "value"
        return (
            Column("over"),
            Column("values", (n,), "{of.over}", AXES[self.over][1], name="values"),
            Column("confidence_level"),
            Column("poles", name=""),
            Column("limits", ("coupling", n), "{key}", json="limits", name="{key}"),
            Column("bands", ("coupling", "deviation", n), json="bands", name="{key} band"),
            Column("elsewhere", ("limit", n), "{key}", json="existing", name="{key} elsewhere"),
        )

    @property
    def elsewhere(self) -> Curves:
        """Limits of others by kind, and coupling and name in one."""
        return {
            kind: {f"{label}, {name}": limit for label, of in every.items() for name, limit in of.items()}
            for kind, every in self.existing.items()
        }

    @property
    def title(self) -> str:
        """What the limits are."""
        title = f"Expected limits at {100 * self.confidence_level:g} % C.L. over the {self.over}"
        every = [limit for of_kind in self.limits.values() for limit in of_kind.values()]
        return title if np.all(np.isfinite(every)) else f"{title}; {NONE}"

    def table(self) -> Table:
        """Return the limits; those of others are in files."""
        full = self.full_table()
        shown = sum(len(of) for of in self.limits.values())
        return full.only(full.columns[: 1 + shown])

    @property
    def controls(self) -> tuple[Control, ...]:
        """Which kind of coupling is drawn."""
        return (Control("couplings", "couplings", lambda of: tuple(of.limits)),)

    def _draw(self, couplings: str | None = None) -> "Figure":
        """Return limits with their bands, one panel for each kind, and those of others with labels."""
        from renp.results.curve_labels import label_curves
        from renp.results.style import subplots

        kinds = [kind for kind in self.limits if couplings in (None, kind)]
        figure, panels = subplots((5.8 * len(kinds) + 0.8, 4.6), 1, len(kinds))
        for axes, kind in zip(panels[0], kinds, strict=True):
            self._draw_kind(axes, kind)
        label_curves(*panels[0])
        return figure

    def _draw_kind(self, axes: "Axes", kind: str) -> None:
        from renp.results.style import COLOURS, decades, folded, letters, pair_style, symbols

        mark: dict[str, Any] = {"marker": "o"} if self.values.size == 1 else {}
        of_kind = self.limits[kind]
        few = len(of_kind) <= _MOST_LINES
        self._draw_existing(axes, kind, few)
        for k, (label, limit) in enumerate(of_kind.items()):
            look: dict[str, Any] = pair_style(label) if label in COLOURS else {"color": "black"}
            if self.bands is not None and few and k == 0:
                band = self.bands[kind][label]
                for (low, high), shade in (((0, 4), 0.14), ((1, 3), 0.26)):
                    face = {"color": look["color"], "alpha": shade, "linewidth": 0}
                    axes.fill_between(self.values, band[low], band[high], **face, zorder=1)
            name = "RENP" if label in ("strength", "e4") else f"RENP {label}"
            axes.plot(self.values, _shown(limit), label=name, linewidth=2, zorder=3, **mark, **look)
        for pole in self.poles:
            axes.axvline(pole, color="0.8", linewidth=0.6, zorder=0, label="_pole")
        first, last = float(self.values[0]), float(self.values[-1])
        if self.values.size == 1:
            decades(axes, "x", self.values)
        else:
            axes.set(xscale="log" if first > 0 else "linear", xlim=(first, last))
        every = [*of_kind.values(), *(limit for of in self.existing[kind].values() for limit in of.values())]
        lost = [label for label, limit in of_kind.items() if not np.any(np.isfinite(limit))]
        if self.bands is not None and few and len(lost) < len(of_kind):
            every += [*self.bands[kind].values()][:1]
        decades(axes, "y", *every, none=NONE)
        if lost and any(np.any(np.isfinite(one)) for one in every):
            said = f"RENP {', '.join(lost)}\n{NONE}" if len(of_kind) > 1 else f"RENP\n{NONE}"
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8}
            axes.text(0.5, 0.55, said, transform=axes.transAxes, ha="center", va="center", bbox=box)
        axes.set_xlabel(AXES[self.over][0])
        unit = symbols(self.units[kind]) or (
            "product of couplings" if "mediator" in kind else "times the coupling given"
        )
        unit = r"$|U_{e4}|^2$" if kind == STERILE else unit
        axes.set_ylabel(f"limit at {100 * self.confidence_level:g} % C.L. ({unit})")
        axes.set_title(folded(kind.replace("-", " "), letters(axes, 0.7)), loc="left")

    def _draw_existing(self, axes: "Axes", kind: str, few: bool) -> None:
        """Draw a line for each other limit, or with many couplings the range that they span."""
        names = list(dict.fromkeys(name for of in self.existing[kind].values() for name in of))
        for k, name in enumerate(names):
            known = {label: of[name] for label, of in self.existing[kind].items() if name in of}
            some = np.array([*known.values()])
            look: Any = {"color": _OTHERS[k % len(_OTHERS)], "linewidth": 1.1, "linestyle": (0, (5, 1.5))}
            look |= {"marker": "_"} if self.values.size == 1 else {}
            if few or len(some) == 1:
                same = len(some) == 1 or np.array_equal(some[0], some[-1])
                for n, (label, limit) in enumerate(list(known.items())[: 1 if same else None]):
                    said = name if same else f"{name} {label}"
                    look["linestyle"] = (0, (5 - 3 * n, 1.5))
                    axes.plot(self.values, _shown(limit), label=said, zorder=2, **look)
                continue
            low, high = np.min(some, axis=0), np.max(some, axis=0)
            axes.fill_between(self.values, low, high, color=look["color"], alpha=0.12, linewidth=0, zorder=0)
            axes.plot(self.values, _shown(low), label=f"{name}, range", zorder=2, **look)


def _shown(limit: Reals) -> Reals:
    return np.where(np.isfinite(limit), limit, np.nan)
