"""Ensembles of toys, and the coverage of intervals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column, Rows
from renp.results.table import Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


_QUANTILES = (0.1587, 0.5, 0.8413)

_LINES: tuple[tuple[str, str, Any], ...] = (
    ("#0072B2", "o", "solid"),
    ("#E69F00", "s", (0, (6, 2))),
    ("#009E73", "^", (0, (6, 2, 1, 2))),
    ("#D55E00", "D", (0, (2, 1.2))),
    ("#CC79A7", "v", (0, (1, 1))),
)
_APART = 0.02
"""Of the values' range, between the marks of two kinds of interval at one value."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Toys(Result):
    """Fits of simulated data; failed ones are counted, and left out of every average."""

    confidence_level: float
    """Of the intervals."""
    truth: dict[str, float]
    """Physical values at which the data were drawn."""
    units: dict[str, str]
    """By parameter."""
    estimates: dict[str, Reals]
    """Physical value that each toy's fit found, by parameter."""
    chi2: Reals
    """χ² at the minimum."""
    status: NDArray[np.int_]
    """How each fit ended: 0 converged."""
    improved: int
    """Toys whose fit a second search, from the fits with a coupling held, has improved."""
    coverage: dict[str, float]
    """Part of the toys whose Δχ² interval contains the true value, by coupling."""

    columns = (
        Column(lambda found: len(found.status), json="toys"),
        Column("failed"),
        Column("improved"),
        Column("confidence_level"),
        Column("summary", json="parameters", name=""),
        Column("estimates", ("toy",), json="", name="{key}"),
        Column("chi2", ("toy",), json=""),
        Column("status", ("toy",), json=""),
    )

    @property
    def failed(self) -> int:
        """Toys whose fit did not converge."""
        return int(np.sum(self.status != 0))

    @property
    def summary(self) -> dict[str, dict[str, str | float]]:
        """The scatter of each estimate, by parameter and by what it is."""
        good = self.status == 0
        found: dict[str, dict[str, str | float]] = {}
        for name, of_all in self.estimates.items():
            values = of_all[good]
            known = values if values.size else np.array([np.nan])
            low, median, high = map(float, np.quantile(known, _QUANTILES))
            found[name] = {
                "unit": self.units[name],
                "true": self.truth[name],
                "mean": float(np.mean(known)),
                "spread": float(np.std(known)),
                "16 %": low,
                "median": median,
                "84 %": high,
            }
            if name in self.coverage:
                found[name]["coverage"] = self.coverage[name]
        return found

    @property
    def title(self) -> str:
        """How many toys there are, and the level of the intervals."""
        level = f"{100 * self.confidence_level:g} %"
        again = f", {self.improved} improved by a second search" if self.improved else ""
        return f"{len(self.status)} toys, {self.failed} failed{again}; intervals at {level}"

    def full_table(self) -> Table:
        """Return the scatter of each estimate; the toys themselves go into a .nc file."""
        columns = ("unit", "true", "mean", "spread", "16 %", "median", "84 %", "coverage")
        rows = tuple((name, *(of.get(c, "") for c in columns)) for name, of in self.summary.items())
        return Table(self.title, ("parameter", *columns), rows)

    def dataset(self) -> "xr.Dataset":
        """Return every toy's estimates, χ² and status."""
        data = super().dataset()
        for name, unit in self.units.items():
            data[name].attrs |= {"units": unit, "true": self.truth[name]}
        return data

    def _draw(self) -> "Figure":
        """Return histograms of the estimates with the true values marked."""
        from renp.results.style import alike, folded, legend, letters, symbols

        names = list(self.estimates)
        figure, panels = alike((3.4, 2.7), len(names), 3, share="y")
        for axes, name in zip(panels, names, strict=True):
            values = self.estimates[name][self.status == 0]
            axes.hist(values, bins=50, color="#56B4E9", histtype="stepfilled", edgecolor="#0072B2")
            axes.axvline(self.truth[name], color="#D55E00", linestyle=(0, (6, 2)), label="true")
            if values.size:
                axes.axvline(float(np.median(values)), color="black", label="median")
            unit = f" ({self.units[name]})" if self.units[name] else ""
            # At the left, a power of ten has room at the right.
            axes.set_xlabel(folded(symbols(name + unit), min(24, letters(axes, 0.5))), loc="left")
            axes.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
            axes.set_ylabel("toys")
        legend(figure)
        return figure


@dataclass(frozen=True)
class CoverageRow:
    """Coverage of one kind of interval at one exposure and true value."""

    kind: str
    exposure: float
    """Relative to the likelihood's runs."""
    expected_counts: float
    """Of all runs, with the true coupling."""
    value: float
    """True value of the coupling, in its unit."""
    coverage: float
    toys: int
    """Without those that failed."""
    failed: int

    @property
    def error(self) -> float:
        """Standard error of the coverage."""
        return float(np.sqrt(self.coverage * (1 - self.coverage) / max(self.toys, 1)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Coverage(Result):
    """How often intervals contain the true value, by kind, exposure and value."""

    coupling: str
    """Whose intervals they are."""
    unit: str
    """Its unit."""
    confidence_level: float
    """Nominal, of the intervals."""
    rows: tuple[CoverageRow, ...]
    """By kind of interval, exposure and true value."""

    columns = (
        Column("coupling"),
        Column("unit"),
        Column("confidence_level"),
        Rows(
            "rows",
            "row",
            (
                Column("exposure", heading="exposure"),
                Column("expected_counts", heading="counts"),
                Column("value", heading="{of.coupling}", shown="{of.unit}"),
                Column("kind", heading="interval"),
                Column("coverage", heading="coverage"),
                Column("error", heading="error"),
                Column("toys", heading="toys"),
                Column("failed", heading="failed"),
            ),
            json="coverage",
        ),
    )

    @property
    def title(self) -> str:
        """Of which intervals it is."""
        return f"Coverage of intervals at {100 * self.confidence_level:g} %"

    def _draw(self) -> "Figure":
        """Return the coverage over the true value, a panel for each exposure."""
        from renp.results.style import folded, legend, subplots, symbols

        exposures = list(dict.fromkeys(row.exposure for row in self.rows))
        kinds = list(dict.fromkeys(row.kind for row in self.rows))
        figure, grid = subplots((1.2 + 4.0 * len(exposures), 4.6), 1, len(exposures), share="y")
        for axes, exposure in zip(grid.flat, exposures, strict=True):
            here = [row for row in self.rows if row.exposure == exposure]
            axes.axhline(self.confidence_level, color="0.5", linewidth=1.0)
            for k, (kind, (colour, marker, dashes)) in enumerate(zip(kinds, _LINES, strict=False)):
                of_kind = [(row.value, row.coverage, row.error) for row in here if row.kind == kind]
                x, y, error = zip(*of_kind, strict=True)
                line = {"color": colour, "marker": marker, "linestyle": dashes, "label": kind}
                beside = _APART * (k - (len(kinds) - 1) / 2) * (max(x) - min(x) or abs(x[0]) or 1.0)
                axes.errorbar(np.asarray(x) + beside, y, yerr=error, **line)
            counts = here[0].expected_counts
            axes.set_title(f"exposure × {exposure:g}, {counts:.3g} counts and more", fontsize="medium")
            unit = f" ({self.unit})" if self.unit else ""
            axes.set_xlabel(folded(symbols(f"true {self.coupling}{unit}"), 32))
            axes.set_ylabel(f"coverage at {100 * self.confidence_level:g} % C.L.")
        legend(figure)
        return figure
