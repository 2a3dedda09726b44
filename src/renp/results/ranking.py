"""Which of the things that are uncertain matter: impacts on one coupling."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Control, Result
from renp.results.columns import Column
from renp.results.profiles import label
from renp.results.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 20
"""Parameters that a figure shows, the largest impacts first."""

SIDES = ("down", "up")
"""A parameter is held one standard deviation below, and above, its best fit."""

_LOOKS: dict[str, dict[str, Any]] = {
    "down": {"color": "#56B4E9", "hatch": "////", "edgecolor": "white", "label": r"post-fit, $-1\sigma$"},
    "up": {"color": "#0072B2", "label": r"post-fit, $+1\sigma$"},
}
_OUTLINE: dict[str, Any] = {"fill": False, "edgecolor": "0.35", "linewidth": 0.9}

_OF = ("limit", "value")
_BOTH = ("side", "parameter")


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranking(Result):
    """Impacts on one coupling, the largest first; each is by "down" and "up", one standard deviation."""

    name: str
    """Of the coupling."""
    unit: str
    """Its unit."""
    magnitude: bool
    """Whether only the size of the coupling is seen."""
    value: float
    """Best fit of the coupling."""
    limit: float
    """Upper end of its interval."""
    confidence_level: float
    """Of the limit."""
    parameters: tuple[str, ...]
    """What is uncertain."""
    pulls: Reals
    """Distances from the external measurements in their standard deviations; NaN without one."""
    pull_errors: Reals
    """Their errors: below 1 where the counts tell more than the external measurement."""
    limit_postfit: dict[str, Reals]
    """Changes of the limit where a parameter is held away from its best fit by its error after the fit."""
    limit_prefit: dict[str, Reals]
    """The same by the error of the external measurement; NaN without one."""
    value_postfit: dict[str, Reals]
    """Changes of the best fit."""
    value_prefit: dict[str, Reals]
    """Changes of the best fit by the error of the external measurement."""
    diagnosis: tuple[str, ...]
    """What is wrong or special with the fit."""

    columns = (
        Column("name", name=""),
        Column("unit", name=""),
        Column("value", name="best_fit"),
        Column("limit"),
        Column("confidence_level"),
        Column("parameters", ("parameter",), "parameter", name="parameter"),
        Column("pulls", ("parameter",), "pull"),
        Column("pull_errors", ("parameter",), "its error"),
        Column("limit_postfit", _BOTH, "Δlimit postfit {key}", "{of.unit}"),
        Column("limit_prefit", _BOTH, "Δlimit prefit {key}", "{of.unit}"),
        Column("value_postfit", _BOTH, "Δvalue postfit {key}", "{of.unit}"),
        Column("value_prefit", _BOTH, "Δvalue prefit {key}", "{of.unit}"),
        Column("diagnosis"),
    )
    controls = (Control("of", "Impact on", lambda _: _OF),)

    @property
    def title(self) -> str:
        """What the impacts are on."""
        symbol, level = label(self.name, self.unit, self.magnitude), f"{100 * self.confidence_level:g} % C.L."
        limit = f"limit {self.limit:.4g}" if np.isfinite(self.limit) else "no limit"
        return f"impacts on {symbol}: best fit {self.value:.4g}, {limit} at {level}"

    def table(self) -> Table:
        """Return the impacts after the fit; files have those before it, too."""
        whole = self.full_table()
        return whole.only(tuple(name for name in whole.columns if "prefit" not in name))

    def _draw(self, of: str = "limit") -> "Figure":
        """Return a figure of pulls, and of the impacts on the limit or the best fit beside them."""
        from renp.results.style import entitle, folded, legend, subplots, symbols

        names = [folded(symbols(name), 28) for name in self.parameters[:_MOST]]
        place = np.arange(len(names))
        size = (8.4, max(2.8, 0.34 * len(names) + 1.9))
        figure, ((left, right),) = subplots(size, 1, 2, share="y", width_ratios=[1, 1.5])
        self._draw_pulls(left, place)
        before, after = (getattr(self, f"{of}_{fit}") for fit in ("prefit", "postfit"))
        for side in SIDES:
            right.barh(place, _drawn(after[side][: place.size]), 0.5, zorder=2, **_LOOKS[side])
            outline = right.barh(place, _drawn(before[side][: place.size]), 0.72, zorder=3, **_OUTLINE)
        outline.set_label(r"pre-fit, $\pm1\sigma$")
        right.axvline(0, color="0.6", linewidth=0.8, zorder=0)
        reach = 1.1 * max(map(abs, right.get_xlim()))
        right.set_xlim(-reach, reach)
        right.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
        unit = symbols(f" ({self.unit})") if self.unit else ""
        right.set_xlabel(f"change of the {'limit' if of == 'limit' else 'best fit'}{unit}", loc="left")
        left.set_yticks(place, names)
        for axes in (left, right):
            axes.tick_params(axis="y", which="both", left=False, right=False)
        left.set_ylim(len(names) - 0.4, -0.6)
        entitle(figure, symbols(self.title))
        legend(figure)
        return figure

    def _draw_pulls(self, axes: "Axes", place: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        """Draw the pulls with their errors, beside the ±1 of the external measurements."""
        axes.axvspan(-1, 1, color="0.92", zorder=0)
        axes.axvline(0, color="0.6", linewidth=0.8, zorder=1)
        pulls, errors = self.pulls[: place.size], np.nan_to_num(self.pull_errors[: place.size])
        axes.errorbar(pulls, place, xerr=errors, fmt="o", color="black", capsize=3, markersize=5)
        for row in np.flatnonzero(np.isnan(pulls)):
            axes.annotate("free", (0, row), ha="center", va="center", fontsize="small")
        reach = np.nanmax(np.abs(pulls) + errors, initial=0.0)
        axes.set_xlim(-max(2.2, 1.1 * reach), max(2.2, 1.1 * reach))
        axes.set_xlabel("pull")


def _drawn(changes: Reals) -> Reals:
    """Return changes that have a bar: no limit at all, or none that is known, has none."""
    return np.where(np.isfinite(changes), changes, 0.0)
