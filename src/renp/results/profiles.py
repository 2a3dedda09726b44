"""The χ² over one or two parameters, minimised over all others."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


LEVELS = (0.6827, 0.90, 0.9545)
"""Confidence levels that tables and figures show."""


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

    def table(self) -> Table:
        """Return the intervals at the usual levels."""
        rows = [
            (f"{100 * level:g} %", quantile(level, 1), float(low), float(high), self._ends(low, high))
            for level in LEVELS
            for low, high in self.intervals(level)
        ]
        title = f"{self.label}: best fit {self.best:.6g} with χ² = {self.chi2:.6g}; intervals of the profile"
        return Table(title, ("level", "Δχ²", "from", "to", "limited by"), tuple(rows))

    def full_table(self) -> Table:
        """Return one row for each value."""
        rows = tuple(zip(map(float, self.values), map(float, self.delta_chi2), strict=True))
        return Table(f"profile of {self.label}", (self.label, "Δχ²"), rows)

    def json(self) -> dict[str, Any]:
        """Return the scan and its intervals; null where no counts are possible."""
        return {
            "name": self.name,
            "unit": self.unit,
            "best": self.best,
            "chi2": finite(self.chi2),
            "values": self.values.tolist(),
            "delta_chi2": [finite(x) for x in self.delta_chi2],
            "intervals": {f"{level:g}": [list(pair) for pair in self.intervals(level)] for level in LEVELS},
            "not_converged": self.not_converged,
        }

    def dataset(self) -> "xr.Dataset":
        """Return Δχ² over the parameter."""
        import xarray as xr

        return xr.Dataset(
            {"delta_chi2": (self.name, self.delta_chi2)},
            coords={self.name: (self.name, self.values, {"units": self.unit})},
            attrs={"best": self.best, "chi2": self.chi2, "not_converged": self.not_converged},
        )

    def plot(self) -> "Figure":
        """Return a figure of Δχ² with the usual levels."""
        from renp.figures.profiles import draw_profile

        return draw_profile(self)

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

    @property
    def labels(self) -> tuple[str, str]:
        """The parameters, with bars for magnitudes and with their units."""
        first, second = map(label, self.names, self.units, self.magnitudes)
        return first, second

    def table(self) -> Table:
        """Return the ranges of both parameters within the usual levels."""
        rows = []
        for level in LEVELS:
            inside = self.delta_chi2 <= quantile(level, 2)
            for name, values, axis in zip(self.labels, self.values, (1, 0), strict=True):
                there = values[np.any(inside, axis=axis)]
                rows.append((f"{100 * level:g} %", quantile(level, 2), name, *_range(there)))
        best = " and ".join(
            f"{name} = {value:.6g}" for name, value in zip(self.labels, self.best, strict=True)
        )
        title = f"best fit {best} with χ² = {self.chi2:.6g}; scanned values within the contours"
        return Table(title, ("level", "Δχ²", "parameter", "from", "to"), tuple(rows))

    def full_table(self) -> Table:
        """Return one row for each point."""
        x, y = np.meshgrid(*self.values, indexing="ij")
        flat = zip(x.ravel(), y.ravel(), self.delta_chi2.ravel(), strict=True)
        rows = tuple(tuple(map(float, row)) for row in flat)
        return Table(f"contour of {' and '.join(self.labels)}", (*self.labels, "Δχ²"), rows)

    def json(self) -> dict[str, Any]:
        """Return the scan; null where no counts are possible."""
        return {
            "names": list(self.names),
            "units": list(self.units),
            "best": list(self.best),
            "chi2": finite(self.chi2),
            "values": [v.tolist() for v in self.values],
            "delta_chi2": [[finite(x) for x in row] for row in self.delta_chi2],
            "levels": {f"{level:g}": quantile(level, 2) for level in LEVELS},
            "not_converged": self.not_converged,
        }

    def dataset(self) -> "xr.Dataset":
        """Return Δχ² over both parameters."""
        import xarray as xr

        axes = zip(self.names, self.values, self.units, strict=True)
        return xr.Dataset(
            {"delta_chi2": (self.names, self.delta_chi2)},
            coords={name: (name, values, {"units": unit}) for name, values, unit in axes},
            attrs={"best": list(self.best), "chi2": self.chi2, "not_converged": self.not_converged},
        )

    def plot(self) -> "Figure":
        """Return a figure of the contours at the usual levels."""
        from renp.figures.profiles import draw_contour

        return draw_contour(self)


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


def finite(value: float) -> float | None:
    """Return a number, or None for one that JSON does not have.

    Examples
    --------
    >>> finite(2.5), finite(math.inf)
    (2.5, None)
    """
    return float(value) if math.isfinite(value) else None


def _range(values: Reals) -> tuple[float, float]:
    return (float(values[0]), float(values[-1])) if values.size else (math.nan, math.nan)
