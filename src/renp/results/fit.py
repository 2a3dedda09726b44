"""The best fit to one data set, with its errors and what is wrong with it."""

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Result, Table
from renp.results.profiles import finite, label

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


FEW = 5.0
"""Expected counts of a run below which the p-value is approximate."""

FITTED, FIXED, UNDETERMINED = "fitted", "fixed", "undetermined"
AT_LOWER, AT_UPPER, AT_EDGE = "at lower boundary", "at upper boundary", "at a threshold"


@dataclass(frozen=True)
class Estimate:
    """One parameter at the best fit; NaN for what it does not have."""

    name: str
    kind: str
    """"magnitude", "coupling", "constrained", "relative" or "free"."""
    unit: str
    value: float
    """Physical value."""
    error: float
    """Symmetric error from the curvature of the χ², one standard deviation."""
    lower: float
    """Lower end of the profile's interval; a boundary if it is not reached, or −∞."""
    upper: float
    """Upper end."""
    pull: float
    """Distance from the external measurement in its standard deviations."""
    pull_error: float
    """Symmetric error of the pull: below 1 if the counts tell more than the external measurement."""
    status: str
    """"fitted", "fixed", "undetermined", "at lower boundary", "at upper boundary" or "at a threshold"."""

    @property
    def label(self) -> str:
        """The name, with bars for a magnitude and with the unit."""
        return label(self.name, self.unit, self.kind == "magnitude")


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit(Result):
    """Best fit, errors, goodness of fit and diagnosis."""

    estimates: dict[str, Estimate]
    """By the names of the parameters, in their order."""
    covariance: Reals
    """Of the coordinates, shape (p, p): see `Likelihood`. 0 for what is fixed or at a boundary, NaN if
    undetermined."""
    coordinates: Reals
    """Coordinates of the best fit."""
    chi2: float
    """At the best fit."""
    degrees_of_freedom: int
    """Runs less fitted parameters that nothing else measures."""
    p_value: float
    """Probability of a larger χ², NaN without degrees of freedom; approximate if few counts are expected."""
    confidence_level: float
    """Of the intervals."""
    photon_energy: Reals
    """eV."""
    observed: Reals
    """Counts that were fitted, shape (n,)."""
    expected: Reals
    """Counts at the best fit."""
    valid: bool
    """Whether the best fit can be trusted; `diagnosis` says what is wrong."""
    diagnosis: tuple[str, ...]
    """What is wrong or special, and what to do: plain sentences."""

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of a parameter."""
        return self.estimates[name]

    @property
    def correlation(self) -> Reals:
        """Correlation of the coordinates, shape (p, p)."""
        spread = np.sqrt(np.diag(self.covariance))
        scale = np.where(spread > 0, spread, 1.0)
        whole = self.covariance / scale / scale[:, None]
        np.fill_diagonal(whole, 1.0)
        return whole

    @property
    def few_counts(self) -> bool:
        """Whether so few counts are expected in a run that the p-value is approximate."""
        return bool(np.any(self.expected < FEW))

    def table(self) -> Table:
        """Return one row for each parameter."""
        columns = ("parameter", "value", "error", "lower", "upper", "pull", "status")
        return Table(self._title(), columns, tuple(_row(e) for e in self.estimates.values()))

    def json(self) -> dict[str, Any]:
        """Return everything; null for what a parameter does not have and for infinite ends."""
        return {
            "valid": self.valid,
            "diagnosis": list(self.diagnosis),
            "confidence_level": self.confidence_level,
            "chi2": finite(self.chi2),
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": finite(self.p_value),
            "parameters": {name: _json(e) for name, e in self.estimates.items()},
            "coordinates": self.coordinates.tolist(),
            "covariance_of_coordinates": [[finite(c) for c in row] for row in self.covariance],
            "photon_energy": self.photon_energy.tolist(),
            "observed": self.observed.tolist(),
            "expected": self.expected.tolist(),
        }

    def dataset(self) -> "xr.Dataset":
        """Return estimates over parameter, matrices over both parameters, and counts over run."""
        import xarray as xr

        names = list(self.estimates)
        numbers = ("value", "error", "lower", "upper", "pull", "pull_error")
        data: dict[str, Any] = {
            n: ("parameter", np.array([getattr(e, n) for e in self.estimates.values()], dtype=float))
            for n in numbers
        }
        words = ("kind", "unit", "status")
        data |= {n: ("parameter", np.array([getattr(e, n) for e in self.estimates.values()])) for n in words}
        matrices = {"covariance": self.covariance, "correlation": self.correlation}
        data |= {n: (("parameter", "other"), m, {"of": "coordinates"}) for n, m in matrices.items()}
        counts = {"observed": self.observed, "expected": self.expected}
        data |= {n: ("run", c, {"units": "counts"}) for n, c in counts.items()}
        attributes = {
            "chi2": self.chi2,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
            "confidence_level": self.confidence_level,
            "valid": int(self.valid),
            "diagnosis": "\n".join(self.diagnosis),
        }
        energies = ("run", self.photon_energy, {"units": "eV"})
        return xr.Dataset(data, {"parameter": names, "other": names, "photon_energy": energies}, attributes)

    def plot(self) -> "Figure":
        """Return a figure of estimates and pulls, and of the counts."""
        from renp.figures.fit import draw_fit

        return draw_fit(self)

    def __str__(self) -> str:
        return "\n".join([str(self.table()), *(f"• {sentence}" for sentence in self.diagnosis)])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.diagnosis)
        return super()._repr_html_() + (f"<ul>{sentences}</ul>" if sentences else "")

    def _title(self) -> str:
        quality = f"χ² = {round(self.chi2, 6):.4g}, {_counted(self.degrees_of_freedom)}"
        if math.isfinite(self.p_value):
            approximate = " (few counts: approximate)" if self.few_counts else ""
            quality += f", p = {self.p_value:.2g}{approximate}"
        verdict = "Best fit" if self.valid else "Best fit, NOT VALID"
        level = f"{100 * self.confidence_level:g} % C.L."
        return f"{verdict}: {quality}; profile intervals at {level}, errors of one standard deviation"


def _counted(degrees: int) -> str:
    number = degrees if degrees > 0 else "no"
    return f"{number} degree{'' if degrees == 1 else 's'} of freedom"


def _row(e: Estimate) -> tuple[str | float, ...]:
    numbers = (_shown(x) for x in (e.value, e.error, e.lower, e.upper, e.pull))
    return (e.label, *numbers, e.status)


def _shown(value: float) -> str | float:
    return "" if math.isnan(value) else value


def _json(estimate: Estimate) -> dict[str, Any]:
    fields = {key: value for key, value in vars(estimate).items() if key != "name"}
    return {key: finite(value) if isinstance(value, float) else value for key, value in fields.items()}
