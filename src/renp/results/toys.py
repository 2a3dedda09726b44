"""Ensembles of toys, and the coverage of intervals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


_QUANTILES = (0.1587, 0.5, 0.8413)


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
    coverage: dict[str, float]
    """Part of the toys whose Δχ² interval contains the true value, by coupling."""

    @property
    def failed(self) -> int:
        """Toys whose fit did not converge."""
        return int(np.sum(self.status != 0))

    def table(self) -> Table:
        """Return the scatter of each estimate."""
        good = self.status == 0
        rows: list[tuple[str | float, ...]] = []
        for name, of_all in self.estimates.items():
            values = of_all[good]
            spread = [float(np.std(values)), *map(float, np.quantile(values, _QUANTILES))]
            covered: str | float = self.coverage.get(name, "")
            rows.append((name, self.units[name], self.truth[name], float(np.mean(values)), *spread, covered))
        title = (
            f"{len(self.status)} toys, {self.failed} failed; intervals at {100 * self.confidence_level:g} %"
        )
        columns = ("parameter", "unit", "true", "mean", "spread", "16 %", "median", "84 %", "coverage")
        return Table(title, columns, tuple(rows))

    def json(self) -> dict[str, Any]:
        """Return the summary; the toys themselves go into a .nc file."""
        table = self.table()
        return {
            "toys": len(self.status),
            "failed": self.failed,
            "confidence_level": self.confidence_level,
            "parameters": {
                str(row[0]): {
                    key: value
                    for key, value in zip(table.columns[1:], row[1:], strict=True)
                    if value != "" or key == "unit"
                }
                for row in table.rows
            },
        }

    def dataset(self) -> "xr.Dataset":
        """Return every toy's estimates, χ² and status."""
        import xarray as xr

        variables = {
            name: ("toy", values, {"units": self.units[name], "true": self.truth[name]})
            for name, values in self.estimates.items()
        }
        return xr.Dataset(variables | {"chi2": ("toy", self.chi2), "status": ("toy", self.status)})

    def plot(self) -> "Figure":
        """Return histograms of the estimates with the true values marked."""
        from renp.figures.toys import draw_toys

        return draw_toys(self)


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

    def table(self) -> Table:
        """Return one row for each kind of interval, exposure and true value."""
        heading = f"{self.coupling} ({self.unit})" if self.unit else self.coupling
        columns = ("exposure", "counts", heading, "interval", "coverage", "error", "toys", "failed")
        rows = tuple(
            (r.exposure, r.expected_counts, r.value, r.kind, r.coverage, r.error, r.toys, r.failed)
            for r in self.rows
        )
        return Table(f"Coverage of intervals at {100 * self.confidence_level:g} %", columns, rows)

    def json(self) -> dict[str, Any]:
        """Return the rows."""
        keys = ("exposure", "expected_counts", "value", "kind", "coverage", "error", "toys", "failed")
        return {
            "coupling": self.coupling,
            "unit": self.unit,
            "confidence_level": self.confidence_level,
            "coverage": [{key: getattr(row, key) for key in keys} for row in self.rows],
        }

    def dataset(self) -> "xr.Dataset":
        """Return the rows as variables over one dimension."""
        import xarray as xr

        keys = ("kind", "exposure", "expected_counts", "value", "coverage", "error", "toys", "failed")
        return xr.Dataset({key: ("row", [getattr(row, key) for row in self.rows]) for key in keys})

    def plot(self) -> "Figure":
        """Return the coverage over the true value, a panel for each exposure."""
        from renp.figures.toys import draw_coverage

        return draw_coverage(self)
