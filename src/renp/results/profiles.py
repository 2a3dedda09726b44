"""The χ² over one or two parameters, minimised over all others."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.results.base import Result
from renp.results.columns import Column
from renp.results.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


LEVELS = (0.6827, 0.90, 0.9545)
"""Confidence levels that tables and figures show."""

_LINES: tuple[tuple[str, Any], ...] = (("#0072B2", "solid"), ("#D55E00", "dashed"), ("#009E73", "dotted"))
"""Colour and dashes of each level."""

_TOP = 10.0
"""Largest Δχ² that a figure of a profile shows."""
_BESIDE = 0.02
"""Part of an axis beside what it shows."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Profile(Result):
    """Δχ² as a function of one parameter."""

    name: str
    """The parameter."""
    unit: str
    """Its unit."""
    magnitude: bool
    """Whether only the size of the coupling is seen."""
    values: Reals
    """Physical values of the parameter."""
    delta_chi2: Reals
    """Rise of the χ² above its least value; infinite where the counts are impossible, NaN if everywhere."""
    best: float
    """Value at the best fit."""
    chi2: float
    """Least χ²."""
    not_converged: int
    """At how many values the fit of the others did not converge; Δχ² is an upper bound there."""
    diagnosis: tuple[str, ...] = ()
    """Other minima of the χ²."""

    columns = (
        Column("name", name=""),
        Column("unit", name=""),
        Column("best"),
        Column("chi2"),
        Column("values", ("{of.name}",), "{of.symbol}", "{of.unit}", name="{of.name}"),
        Column("delta_chi2", ("{of.name}",), "Δχ²"),
        Column(lambda p: {f"{level:g}": p.intervals(level) for level in LEVELS}, json="intervals"),
        Column("not_converged"),
        Column("diagnosis"),
    )

    @property
    def symbol(self) -> str:
        """The parameter, with bars for a magnitude."""
        return label(self.name, "", self.magnitude)

    @property
    def label(self) -> str:
        """The parameter, with bars for a magnitude and with its unit."""
        return label(self.name, self.unit, self.magnitude)

    def intervals(self, confidence_level: float = 0.6827) -> tuple[tuple[float, float], ...]:
        """Return the intervals in which Δχ² is below the quantile of χ² with one degree of freedom.

        Several, if the χ² has several minima. An interval ends with the scanned values at the latest.

        Examples
        --------
        >>> x = np.linspace(-3, 3, 61)
        >>> made = dict(name="g", unit="", magnitude=False, chi2=0.0, not_converged=0, made_by={})
        >>> parabola = Profile(values=x, delta_chi2=x**2, best=0.0, **made)
        >>> [(round(low, 2), round(high, 2)) for low, high in parabola.intervals()]
        [(-1.0, 1.0)]
        """
        gap = self.delta_chi2 - quantile(confidence_level, 1)
        inside = gap <= 0
        change = np.diff(np.concatenate([[False], inside, [False]]).astype(int))
        starts, stops = np.flatnonzero(change == 1).tolist(), (np.flatnonzero(change == -1) - 1).tolist()
        return tuple(
            (self._crossing(first - 1, gap, first), self._crossing(last, gap, last))
            for first, last in zip(starts, stops, strict=True)
        )

    @property
    def title(self) -> str:
        """Whose profile it is."""
        return f"profile of {self.label}"

    def table(self) -> Table:
        """Return the intervals at the usual levels."""
        rows = [
            (f"{100 * level:g} %", quantile(level, 1), float(low), float(high), self._ends(low, high))
            for level in LEVELS
            for low, high in self.intervals(level)
        ]
        title = f"{self.label}: best fit {self.best:.6g} with χ² = {self.chi2:.6g}; intervals of the profile"
        return Table(title, ("level", "Δχ²", "from", "to", "limited by"), tuple(rows))

    def _draw(self) -> "Figure":
        """Return a figure of Δχ², with the levels as lines and the intervals below them."""
        from renp.results.style import folded, legend, letters, subplots, symbols

        figure, ((axes,),) = subplots((6.4, 4.6))
        axes.plot(self.values, self.delta_chi2, color="black", zorder=3)
        for level, (colour, dashes) in zip(LEVELS, _LINES, strict=True):
            height = quantile(level, 1)
            name = rf"{100 * level:g} % C.L., $\Delta\chi^2$ = {height:.2f}"
            axes.axhline(height, color=colour, linestyle=dashes, linewidth=1.2, label=name)
            for end in np.ravel(self.intervals(level)):
                axes.plot([end, end], [0.0, height], color=colour, linestyle=dashes, linewidth=0.9)
        axes.plot(self.best, 0.0, "kD", markersize=6, clip_on=False, zorder=4, label="best fit")
        axes.set_ylim(-_BESIDE * _TOP, _TOP)
        beside = _BESIDE * float(self.values[-1] - self.values[0])  # a line at an end is seen, too
        beside = beside or abs(float(self.values[0])) or 1.0
        axes.set_xlim(self.values[0] - beside, self.values[-1] + beside)
        axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
        axes.set_xlabel(folded(symbols(self.label), letters(axes, 0.6)))
        axes.set_ylabel(r"$\Delta\chi^2$, least in all other parameters")
        legend(figure)
        return figure

    def _crossing(self, k: int, gap: Reals, at: int) -> float:
        """Return where Δχ² crosses between values k and k + 1; the value ``at`` if there are not both."""
        if k < 0 or k + 1 >= gap.size or not np.all(np.isfinite(gap[k : k + 2])):
            return float(self.values[at])
        from scipy.interpolate import PchipInterpolator

        part = slice(max(k - 2, 0), k + 4)
        known = np.isfinite(gap[part])
        roots = PchipInterpolator(self.values[part][known], gap[part][known]).roots(extrapolate=False)
        inside = [r for r in roots if self.values[k] <= r <= self.values[k + 1]]
        return float(inside[0]) if inside else float(self.values[at])

    def _ends(self, low: float, high: float) -> str:
        first, last = low <= self.values[0], high >= self.values[-1]
        return " and ".join(n for n, at in (("first value", first), ("last value", last)) if at) or "Δχ²"


def _axis(k: int) -> Column:
    """Return the column of the values of one of two parameters."""
    name, heading = f"{{of.names[{k}]}}", f"{{of.labels[{k}]}}"
    unit = f"{{of.units[{k}]}}"
    return Column(lambda contour: contour.values[k], (name,), heading, unit, shown="", name=name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Contour(Result):
    """Δχ² as a function of two parameters."""

    names: tuple[str, str]
    """The two parameters."""
    units: tuple[str, str]
    """Their units."""
    magnitudes: tuple[bool, bool]
    """Whether only the size of a coupling is seen."""
    values: tuple[Reals, Reals]
    """Physical values of each parameter."""
    delta_chi2: Reals
    """Rise of the χ² above its least value, over the first and the second parameter."""
    best: tuple[float, float]
    """Values at the best fit."""
    chi2: float
    """Least χ²."""
    not_converged: int
    """At how many points the fit of the others did not converge; Δχ² is an upper bound there."""
    diagnosis: tuple[str, ...] = ()
    """Other minima of the χ²."""

    columns = (
        Column("names", name=""),
        Column("units", name=""),
        Column("best"),
        Column("chi2"),
        Column("values", json="values", name=""),
        *map(_axis, (0, 1)),
        Column("delta_chi2", ("{of.names[0]}", "{of.names[1]}"), "Δχ²"),
        Column(lambda _: {f"{level:g}": quantile(level, 2) for level in LEVELS}, json="levels"),
        Column("not_converged"),
        Column("diagnosis"),
    )

    @property
    def labels(self) -> tuple[str, str]:
        """The parameters, with bars for magnitudes and with their units."""
        first, second = map(label, self.names, self.units, self.magnitudes)
        return first, second

    @property
    def title(self) -> str:
        """Whose contour it is."""
        return f"contour of {' and '.join(self.labels)}"

    def table(self) -> Table:
        """Return the ranges of both parameters within the usual levels."""
        rows = []
        for level in LEVELS:
            inside = self.delta_chi2 <= quantile(level, 2)
            for name, values, axis in zip(self.labels, self.values, (1, 0), strict=True):
                there = values[np.any(inside, axis=axis)]
                ends = (float(there[0]), float(there[-1])) if there.size else (math.nan, math.nan)
                rows.append((f"{100 * level:g} %", quantile(level, 2), name, *ends))
        best = " and ".join(
            f"{name} = {value:.6g}" for name, value in zip(self.labels, self.best, strict=True)
        )
        title = f"best fit {best} with χ² = {self.chi2:.6g}; scanned values within the contours"
        return Table(title, ("level", "Δχ²", "parameter", "from", "to"), tuple(rows))

    def _draw(self) -> "Figure":
        """Return a figure of the contours at the usual levels, the region of the first shaded."""
        from renp.results.style import folded, legend, letters, subplots, symbols

        x, y = self.values
        heights = np.where(np.isfinite(self.delta_chi2), self.delta_chi2, 1e3).T
        levels = [quantile(level, 2) for level in LEVELS]
        colours, dashes = zip(*_LINES, strict=True)
        figure, ((axes,),) = subplots((5.6, 5.2))
        if min(heights.shape) > 1:
            axes.contourf(x, y, heights, [-1.0, levels[0]], colors=[colours[0]], alpha=0.2)
            axes.contour(x, y, heights, levels, colors=colours, linestyles=dashes, linewidths=1.6)
        for level, colour, dash in zip(LEVELS, colours, dashes, strict=True):
            axes.plot([], [], color=colour, linestyle=dash, label=f"{100 * level:g} % C.L.")
        axes.plot(*self.best, "kD", markersize=6, clip_on=False, zorder=4, label="best fit")
        axes.ticklabel_format(scilimits=(-3, 4), useMathText=True)
        axes.set_xlabel(folded(symbols(self.labels[0]), letters(axes, 0.5)))
        axes.set_ylabel(folded(symbols(self.labels[1]), letters(axes, 0.6)))
        legend(figure)
        return figure


def quantile(confidence_level: float, parameters: int) -> float:
    """Return the quantile of χ² with as many degrees of freedom as parameters.

    Raises
    ------
    InputError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> round(quantile(0.90, 1), 2), round(quantile(0.90, 2), 2)
    (2.71, 4.61)
    """
    from scipy.stats import chi2

    if not 0 < confidence_level < 1:
        raise InputError("confidence_level", confidence_level, "a probability above 0 and below 1")
    return float(chi2.ppf(confidence_level, parameters))


def label(name: str, unit: str, magnitude: bool) -> str:
    """Return a parameter's name with its unit; bars if only its size is seen.

    Examples
    --------
    >>> label("lightest_mass", "eV", False), label("mu_11", "", True)
    ('lightest_mass (eV)', '|mu_11|')
    """
    symbol = f"|{name}|" if magnitude else name
    return f"{symbol} ({unit})" if unit else symbol
