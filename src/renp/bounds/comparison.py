"""One limit of the catalogue beside a model's value of the same quantity."""

import math
from dataclasses import dataclass

from renp.bounds.catalogue import Bound

NOT_COMPARED = {
    "mass-basis": "one element at a time",
    "charge-radius": "the limit may include the weak radius",
    "g_ae": "no coupling of electrons declared below 8.6 keV",
    "a_e": "no coupling of electrons declared",
}
"""Why an entry is not compared with a model."""


@dataclass(frozen=True)
class ModelComparison:
    """One entry of the catalogue, and a model's value of the same quantity."""

    bound: Bound
    effective: float | None = None
    """The model's value in the unit of the limit; None where it has none, or without a model."""
    compared: bool = False

    @property
    def ratio(self) -> float | None:
        """Model over upper limit, or over the weakest of several; None where not compared.

        Examples
        --------
        >>> from renp.bounds import bound
        >>> round(ModelComparison(bound("red-giants-2019"), 4.4e-12, True).ratio, 12)
        2.0
        """
        if (
            not self.compared
            or self.effective is None
            or math.isnan(self.effective)
            or self.bound.interval_meaning == "confidence interval"
        ):
            return None
        highest = self.bound.interval[1] if self.bound.interval else self.bound.limit
        return None if highest is None else self.effective / highest

    @property
    def excluded(self) -> bool | None:
        """Whether the model is above the upper limit; None where there is none, or limits disagree.

        Examples
        --------
        >>> from renp.bounds import bound
        >>> ModelComparison(bound("red-giants-2019"), 4.4e-12, True).excluded
        True
        """
        if self.ratio is None or self.effective is None:
            return None
        if self.bound.interval and self.bound.interval[0] < self.effective <= self.bound.interval[1]:
            return None
        return self.ratio > 1

    @property
    def verdict(self) -> str:
        """In words: excluded, allowed, or how the model stands to an interval.

        Examples
        --------
        >>> from renp.bounds import bound
        >>> ModelComparison(bound("xenon1t-2020"), 2e-11, True).verdict
        'inside the interval'
        """
        if not self.compared or self.effective is None or math.isnan(self.effective):
            return "not compared"
        if self.excluded is not None:
            return "excluded" if self.excluded else "allowed"
        low, high = self.bound.interval or (0.0, 0.0)
        if self.bound.interval_meaning != "confidence interval":
            return "excluded by some"
        return "inside the interval" if low <= self.effective <= high else "outside the interval"

    @property
    def remark(self) -> str:
        """Why it is not compared.

        Examples
        --------
        >>> from renp.bounds import bound
        >>> ModelComparison(bound("red-giants-2019")).remark
        ''
        """
        return "" if self.compared else NOT_COMPARED.get(self.bound.kind, "")


def limit_in_words(entry: Bound) -> str:
    """Return a limit as text: a number, an interval, or the range of the limits by element.

    Examples
    --------
    >>> from renp.bounds import bound
    >>> limit_in_words(bound("red-giants-2019")), limit_in_words(bound("xenon1t-2020"))
    ('< 2.2e-12', '1.4e-11 to 2.9e-11')
    """
    if entry.interval is not None:
        low, high = entry.interval
        words = "< " if entry.interval_meaning == "range of upper limits" else ""
        return f"{words}{low:.3g} to {high:.3g}"
    if entry.elements:
        return f"< {min(entry.elements.values()):.3g} to {max(entry.elements.values()):.3g}, by element"
    return f"< {entry.limit:.3g}"
