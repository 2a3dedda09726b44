"""The best fit to one data set, with its errors and what is wrong with it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column, Rows
from renp.results.profiles import label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


FEW = 5.0
"""Expected counts of a run below which the p-value is approximate."""

_BOTH = ("parameter", "other")

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


def _cell(number: str) -> Callable[[Estimate], str | float]:
    """Return what shows a number of an estimate: nothing for what it does not have."""
    return lambda estimate: "" if math.isnan(value := getattr(estimate, number)) else value


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

    columns = (
        Column("valid"),
        Column("diagnosis"),
        Column("confidence_level"),
        Column("chi2"),
        Column("degrees_of_freedom"),
        Column("p_value"),
        Rows(
            "estimates",
            "parameter",
            (
                Column("name", json="", name="parameter"),
                Column("label", heading="parameter", json="", name=""),
                *(Column(_cell(n), heading=n) for n in ("value", "error", "lower", "upper", "pull")),
                *map(Column, ("kind", "unit", "value", "error", "lower", "upper", "pull", "pull_error")),
                Column("status", heading="status"),
            ),
            json="parameters",
        ),
        Column(lambda fit: list(fit.estimates), ("other",), name="other"),
        Column("coordinates", name=""),
        Column("covariance", _BOTH, json="covariance_of_coordinates", long_name="of the coordinates"),
        Column("correlation", _BOTH, json="", long_name="of the coordinates"),
        Column("photon_energy", ("run",), unit="eV"),
        Column("observed", ("run",), unit="counts"),
        Column("expected", ("run",), unit="counts"),
    )

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

    @property
    def title(self) -> str:
        """How good the fit is, and what the intervals are."""
        quality = f"χ² = {round(self.chi2, 6):.4g}, {_counted(self.degrees_of_freedom)}"
        if math.isfinite(self.p_value):
            approximate = " (few counts: approximate)" if self.few_counts else ""
            quality += f", p = {self.p_value:.2g}{approximate}"
        verdict = "Best fit" if self.valid else "Best fit, NOT VALID"
        level = f"{100 * self.confidence_level:g} % C.L."
        return f"{verdict}: {quality}; profile intervals at {level}, errors of one standard deviation"

    def _draw(self) -> "Figure":
        """Return a figure of estimates and pulls, and of the counts."""
        from renp.results.fit_plot import draw_fit

        return draw_fit(self)


def _counted(degrees: int) -> str:
    number = degrees if degrees > 0 else "no"
    return f"{number} degree{'' if degrees == 1 else 's'} of freedom"
