"""The catalogue of limits from elsewhere, each with its source."""

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
}
"""Unit of each kind of limit."""


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
        """Unit of the limit.

        Examples
        --------
        >>> bound("lz-2022-millicharge").unit
        'e'
        """
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
