"""Upper limits on the elements of the coupling matrices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.interactions.dipole import MOMENTS
from renp.neutrinos import Neutrinos
from renp.results.base import Control, Result
from renp.results.columns import Column
from renp.results.goodness import at_odds
from renp.results.table import NONE, Cell, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIGNS = ("either", "positive", "negative")
"""Of a coupling that interferes: limits are for one sign, or the weaker of the two."""

_SAME = 1e-6
"""Δχ² of a mirror solution, whose counts are the same."""

_BANDS = ("−2σ", "−1σ", "median", "+1σ", "+2σ")
_MARKS = (
    *(("o", "#0072B2"), ("s", "#D55E00"), ("^", "#009E73"), ("D", "#CC79A7"), ("v", "#56B4E9")),
    *(("P", "#E69F00"), ("X", "#003F62"), ("*", "#753400"), ("h", "#00573F"), ("<", "#70425C")),
)
_SHORT = 10
"""Letters of a unit that stands behind its label, not below it."""
_OTHERS = ("x", "+", "1", "2", "|", "4", "3")
"""Marks of other experiments."""
_ELEMENTS = {f"{i}{j}" for i in (1, 2, 3, 4) for j in (1, 2, 3, 4)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits(Result):
    """Upper limits on the size of couplings, infinite where nothing is sensitive; what they mean is said."""

    confidence_level: float
    """Of the limits."""
    kind: str
    """"expected" (the data are the standard model's expectation) or "observed"."""
    method: str
    """How they are defined: see `renp.inference.upper_limits`."""
    profiled: bool
    """Whether all other couplings were free; otherwise they were 0."""
    lengthened: bool = False
    """Whether upper ends never grow with the background, see `renp.upper_limits`."""
    units: dict[str, str]
    """Unit of each kind of coupling."""
    limits: dict[str, dict[str, float]]
    """``limits["magnetic-moment"]["11"]``; NaN where no search converged."""
    expected: dict[str, dict[str, float]]
    """What the standard model would give, as a median: of toys for a coupling that has a sign and wherever
    there are bands, else of its expectation as data."""
    accepted: dict[str, dict[str, tuple[tuple[float, float], ...]]] = field(default_factory=dict)
    """All that a coupling may be: intervals, the best fit's first. A limit is their end furthest from 0."""
    ends: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """For couplings that have a sign, both ends of what is accepted; the limit is the one further from 0."""
    second_solutions: dict[str, dict[str, float]] = field(default_factory=dict)
    """For couplings that are accepted again where their square outweighs the interference: how far the least
    χ² there is above the least of all. Where it is 0, no experiment of this kind excludes that solution."""
    neutrinos: Neutrinos | None = None
    """For which other experiments' limits are drawn beside these; None for none."""
    bands: dict[str, dict[str, tuple[float, ...]]] | None = None
    """What the standard model would give within −2, −1, 0, 1, 2 standard deviations."""
    failed: tuple[str, ...] = ()
    """Couplings for which a search did not converge."""
    p_values: dict[str, dict[str, float]] | None = None
    """Of the best fit of each coupling to observed counts, as `renp.fit` has it: where it is tiny, the
    coupling does not describe the counts, and its limit says little. None for expected limits."""

    standard_model_p_value: float | None = None
    """Of observed counts without any coupling; exact if nothing else is uncertain."""
    failed_toys: dict[str, dict[str, int]] = field(default_factory=dict)
    """How many toys of bands and of constructions had no converged fit and were left out, if any had none."""
    distributions: dict[str, dict[str, str]] = field(default_factory=dict)
    """What the method's p-values come from, for each coupling: the "formula" for many counts, all "outcomes"
    that there can be, or "toys"."""

    columns = (
        Column("confidence_level"),
        Column("kind"),
        Column("method"),
        Column("profiled"),
        Column("lengthened"),
        Column("units"),
        Column("limits", ("element",), name="{key}"),
        Column("expected", ("element",), name="{key} expected"),
        Column("accepted"),
        Column("ends", ("element", "end"), name="{key} ends"),
        Column("second_solutions"),
        Column("bands", ("element", "deviation"), name="{key} band", optional=True),
        Column("p_values", ("element",), name="{key} p-value", optional=True),
        Column("standard_model_p_value", optional=True),
        Column("diagnosis"),
        Column("failed"),
        Column("failed_toys"),
        Column("distributions"),
    )
    controls = (Control("couplings", "Couplings", lambda limits: tuple(limits.limits)),)

    def limit(self, kind: str, label: str, sign: str = "either") -> float:
        """Return one limit; for a coupling that has a sign, that for one of the signs if asked for.

        With counts the whole interval may lie on one side of 0: the limit for the other sign is then below 0.
        """
        ends = self.ends.get(kind, {}).get(label)
        if ends is None or sign == "either":
            return self.limits[kind][label]
        return ends[1] if sign == "positive" else -ends[0]

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What is wrong with the counts, in a sentence, if they are at odds with the standard model."""
        if self.standard_model_p_value is None or self.p_values is None:
            return ()
        each = {f"{kind} {e}": p for kind, of_kind in self.p_values.items() for e, p in of_kind.items()}
        return at_odds(self.standard_model_p_value, each)

    @property
    def title(self) -> str:
        """What the limits are, and what the words in the table mean."""
        others = "all couplings profiled" if self.profiled else "one coupling at a time"
        level = f"{100 * self.confidence_level:g} % C.L."
        method = self.method + ", lengthened" * self.lengthened
        title = f"{self.kind} upper limits at {level} ({method}), {others} beside the standard model"
        if any(math.isinf(x) for of_kind in self.limits.values() for x in of_kind.values()):
            title += f"; {NONE}"
        used = {name for of_kind in self.distributions.values() for name in of_kind.values() if name}
        if used:
            title += f"; p-values from {' or '.join(_COMES_FROM[name] for name in sorted(used))}"
        lost = sum(sum(of_kind.values()) for of_kind in self.failed_toys.values())
        if lost:
            title += f"; {lost} toys failed and were left out"
        if self.ends:
            of = " of counts without fluctuations" if self.kind == "expected" else ""
            title += f"; from, to: both ends of what is accepted{of}"
        return title + self._second_solutions()

    @property
    def existing(self) -> dict[str, dict[str, dict[str, float]]]:
        """Limits of other experiments on elements of the moments, by kind, element and name."""
        from renp.bounds.elsewhere import moment_limits

        known = moment_limits(self.neutrinos) if self.neutrinos is not None else {}
        return {
            kind: {e: {name: of[e] for name, of in known.items() if e in of} for e in self.limits[kind]}
            for kind in [moment.kind for moment in MOMENTS if moment.kind in self.limits]
        }

    @property
    def _main(self) -> dict[str, dict[str, float]]:
        """What is shown first: limits of observed counts, or the median of what is expected."""
        return self.limits if self.kind == "observed" else self.expected

    def _second_solutions(self) -> str:
        """Return where couplings are accepted once more, and why."""
        said = []
        for kind, of_kind in self.second_solutions.items():
            for label, rise in of_kind.items():
                others = self.accepted[kind][label][1:]
                where = " and ".join(f"{low:.3g} to {high:.3g}" for low, high in others)
                why = "which no experiment of this kind excludes" if rise < _SAME else f"Δχ² = {rise:.2g}"
                said.append(f"{kind} {label} from {where}, {why}")
        if not said:
            return ""
        return (
            "; second solutions, where the square outweighs the interference and the counts return to those "
            f"without the coupling: {'; '.join(said)}"
        )

    def full_table(self) -> Table:
        """Return one row for each element and one column for each kind; with more to show, a row for each."""
        labels = {tuple(of_kind) for of_kind in self.limits.values()}
        each = [(kind, label) for kind, of_kind in self.limits.items() for label in of_kind]
        columns: dict[str, Sequence[Cell]]
        if self.kind == "expected" and self.bands is None and not self.ends and len(labels) == 1:
            columns = {"element": labels.pop()}
            columns |= {f"{k} ({self.units[k]})": [*of.values()] for k, of in self.limits.items()}
        else:
            columns = {
                "coupling": [f"{kind} {label}" for kind, label in each],
                "unit": [self.units[kind] or "as given" for kind, _ in each],
                self.kind: [self._main[kind][label] for kind, label in each],
            }
            if self.ends:
                ends = [self.ends.get(kind, {}).get(label, ("", "")) for kind, label in each]
                columns |= {"from": [low for low, _ in ends], "to": [high for _, high in ends]}
            if self.kind == "observed":
                columns["expected"] = [self.expected[kind][label] for kind, label in each]
            if self.bands is not None:
                bands = np.array([self.bands[kind][label] for kind, label in each])
                columns |= dict(zip(_BANDS, bands.T.tolist(), strict=True))
            if self.p_values is not None:
                columns["p of the fit"] = [self.p_values[kind][label] for kind, label in each]
        return Table(self.title, tuple(columns), tuple(zip(*columns.values(), strict=True)))

    def dataset(self) -> "xr.Dataset":
        """Return variables for each kind over the dimension element."""
        data = super().dataset()
        axes = {"end": ["from", "to"], "deviation": [-2, -1, 0, 1, 2]}
        data = data.assign_coords({name: axis for name, axis in axes.items() if name in data.dims})
        for kind, unit in self.units.items():
            for name in (kind, f"{kind} expected", f"{kind} ends", f"{kind} band"):
                if name in data:
                    data[name].attrs["units"] = unit
        return data

    def _draw(self, couplings: str | None = None) -> "Figure":
        """Return a figure of the limits, element by element, one panel for each unit; of one kind or all."""
        from renp.results.style import entitle, legend, subplots, symbols

        shown = {kind: unit for kind, unit in self.units.items() if couplings in (None, kind)}
        units = {unit: [k for k, u in shown.items() if u == unit] for unit in shown.values()}
        sizes = [max(3, sum(len(self.limits[kind]) for kind in kinds)) for kinds in units.values()]
        size = (max(6.4, 0.42 * sum(sizes) + 1.6 * len(sizes)), 4.8)
        figure, panels = subplots(size, 1, len(units), width_ratios=sizes)
        title = f"{self.kind} upper limit at {100 * self.confidence_level:g} % C.L."
        for axes, (unit, kinds), part in zip(panels[0], units.items(), sizes, strict=True):
            self._draw_panel(axes, kinds, part / sum(sizes))
            words = title if axes is panels[0, 0] else "upper limit"
            unit = f"({symbols(unit)})" if unit else "(times the interaction as given)"
            axes.set_ylabel(f"{words}{' ' if len(unit) < _SHORT and len(units) == 1 else chr(10)}{unit}")
        first, last = panels[0, 0], panels[0, -1]
        others = "all couplings profiled" if self.profiled else "one coupling at a time"
        entitle(first, f"{self.method}, {others}")
        if self.kind == "observed":
            last.plot([], [], "_", color="black", markersize=13, label="expected")
        legend(figure)
        return figure

    def _draw_panel(self, axes: "Axes", kinds: list[str], share: float) -> None:
        """Draw the kinds of couplings that have one unit, in a share of the figure's width."""
        import matplotlib as mpl

        from renp.results.style import decades, name_places

        existing = self.existing
        others = list(dict.fromkeys(name for of in existing.values() for e in of.values() for name in e))
        names: list[str] = []
        for kind in kinds:
            of_kind = self.limits[kind]
            marker, colour = _MARKS[list(self.limits).index(kind) % len(_MARKS)]
            at = np.arange(len(names), len(names) + len(of_kind))
            names += of_kind
            if self.bands is not None:
                bands = np.array(list(self.bands[kind].values()), dtype=float)
                most = np.max(bands, initial=0.0, where=np.isfinite(bands))
                bands = np.minimum(bands, 1e3 * most)  # what has no end goes beyond the axis
                for (low, high), shade, label in (
                    ((0, 4), "0.85", r"$\pm2\sigma$"),
                    ((1, 3), "0.65", r"$\pm1\sigma$"),
                ):
                    height = bands[:, high] - bands[:, low]
                    said = f"expected {label}" if kind == kinds[0] else None
                    axes.bar(at, height, bottom=bands[:, low], width=0.7, color=shade, zorder=1, label=said)
            if self.kind == "observed":
                axes.plot(at, _shown(self.expected[kind]), "_", color="black", markersize=13)
            for k, name in enumerate(others):
                known = [existing.get(kind, {}).get(e, {}).get(name, math.nan) for e in of_kind]
                if not np.all(np.isnan(known)):
                    mark: dict[str, Any] = {"markersize": 1.2 * mpl.rcParams["lines.markersize"]}
                    mark |= {"markeredgewidth": 1.1, "color": "0.35", "label": name, "zorder": 2}
                    axes.plot(at, known, _OTHERS[k % len(_OTHERS)], **mark)
            for place in at[np.isnan(_shown(self._main[kind]))]:
                told: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "top", "color": colour}
                axes.text(place, 0.97, "none", transform=axes.get_xaxis_transform(), **told)
            label = kind.replace("-", " ")
            axes.plot(at, _shown(self._main[kind]), marker, color=colour, label=label, zorder=3)
        name_places(axes, names, share)
        axes.set_xlim(-0.7, len(names) - 0.3)
        axes.set_xlabel("element $ij$" if _ELEMENTS.issuperset(names) else "coupling")
        sets: list[dict[str, Any]] = [self.limits, self.expected, self.bands or {}]
        shown = [list(of_set[kind].values()) for of_set in sets for kind in kinds if kind in of_set]
        shown += [list(e.values()) for kind in kinds for e in existing.get(kind, {}).values() if e]
        decades(axes, "y", *shown)


_COMES_FROM = {
    "formula": "the formula for many counts",
    "outcomes": "all outcomes of few counts",
    "toys": "toys",
}


def _shown(limits: dict[str, float]) -> Reals:
    values = np.array(list(limits.values()), dtype=float)
    return np.where(np.isfinite(values), values, np.nan)
