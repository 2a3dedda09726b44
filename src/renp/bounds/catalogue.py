"""The catalogue of limits from elsewhere, each with its source, beside what a model has."""

import math
from dataclasses import dataclass, field

from renp.datafiles import read_toml
from renp.validation import choice

UNITS = {
    "flavour": "μ_B",
    "solar": "μ_B",
    "stellar": "μ_B",
    "mass-basis": "μ_B",
    "charge-radius": "cm²",
    "millicharge": "e",
    "g_ae": "1",
    "a_e": "1",
    "product": "1",
}
"""Unit of each kind of limit."""

NOT_COMPARED = {
    "mass-basis": "one element at a time",
    "charge-radius": "the limit may include the weak radius",
    "g_ae": "no coupling of electrons declared below 8.6 keV",
    "a_e": "no coupling of electrons declared",
}
"""Why an entry is not compared with a model."""


@dataclass(frozen=True)
class Bound:
    """One entry: an upper limit, an interval, or limits by element, in the unit of its kind (`UNITS`)."""

    key: str
    experiment: str
    year: int
    observable: str
    kind: str
    confidence_level: float
    reference: str
    arxiv: str
    verified: bool
    """Whether the number has been read in its source or a text that quotes it."""
    note: str
    limit: float | None = None
    interval: tuple[float, float] | None = None
    interval_meaning: str = ""
    """"confidence interval", or "range of upper limits" where several limits are quoted together."""
    elements: dict[str, float] = field(default_factory=dict)
    flavour: str = ""
    """For the kind "flavour": "e", "mu" or "tau", the flavour that was produced."""
    antineutrino: bool = False
    """For the kind "flavour": whether antineutrinos were produced."""
    references: tuple[str, ...] = ()
    """Keys of ``data/references.bib``."""

    @property
    def unit(self) -> str:
        """Unit of the limit."""
        return UNITS[self.kind]


def catalogue() -> tuple[Bound, ...]:
    """Return every entry.

    Examples
    --------
    >>> sorted({entry.kind for entry in catalogue()})[:2]
    ['charge-radius', 'flavour']
    """
    return tuple(_entry(**table) for table in read_toml("bounds.toml")["bound"])


def bound(key: str) -> Bound:
    """Return one entry by its key.

    Raises
    ------
    InputError
        If there is no such entry.

    Examples
    --------
    >>> bound("red-giants-2019").limit
    2.2e-12
    """
    entries = {entry.key: entry for entry in catalogue()}
    return entries[choice("bound", key, tuple(entries))]


def _entry(references: list[str], interval: list[float] | None = None, **values: object) -> Bound:
    low_high = None if interval is None else (interval[0], interval[1])
    return Bound(interval=low_high, references=tuple(references), **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ModelComparison:
    """One entry of the catalogue, and a model's value of the same quantity."""

    bound: Bound
    effective: float | None = None
    """The model's value in the unit of the limit; None where it has none, or without a model."""
    compared: bool = False

    @property
    def ratio(self) -> float | None:
        """Model over upper limit, or over the weakest of several; None where not compared."""
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
        """Whether the model is above the upper limit; None where there is none, or limits disagree."""
        if self.ratio is None or self.effective is None:
            return None
        if self.bound.interval and self.bound.interval[0] < self.effective <= self.bound.interval[1]:
            return None
        return self.ratio > 1

    @property
    def verdict(self) -> str:
        """In words: excluded, allowed, or how the model stands to an interval."""
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
        """Why it is not compared."""
        return "" if self.compared else NOT_COMPARED.get(self.bound.kind, "")


def limit_in_words(entry: Bound) -> str:
    """Return a limit as text: a number, an interval, or the range of the limits by element."""
    if entry.interval is not None:
        low, high = entry.interval
        words = "< " if entry.interval_meaning == "range of upper limits" else ""
        return f"{words}{low:.3g} to {high:.3g}"
    if entry.elements:
        return f"< {min(entry.elements.values()):.3g} to {max(entry.elements.values()):.3g}, by element"
    return f"< {entry.limit:.3g}"
