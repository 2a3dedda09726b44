"""What others measured of the neutrino masses, as terms of a likelihood: ((M(x) − M_0)/δM)² each."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from math import inf

from renp.errors import InputError
from renp.neutrinos import MASSES, Neutrinos
from renp.validation import choice, confidence, instance, number

_ALLOWED = "either a limit, or a value and its error"


@dataclass(frozen=True)
class MeasuredMass:
    """A mass that others measured: a value with its error, or an upper limit.

    A limit is taken for a measurement of 0 with that error at which χ² has risen by the quantile of the
    confidence level, 2.71 at 90 %, where the mass is at the limit.

    Parameters
    ----------
    limit
        Upper limit, eV.
    confidence_level
        Of the limit.
    value, error
        In place of a limit: measured value and its error, eV.

    Raises
    ------
    InputError
        For neither or both, or numbers that are not masses.

    Examples
    --------
    >>> round(MeasuredMass(limit=0.12, confidence_level=0.95).width, 4)
    0.0612
    """

    _: KW_ONLY
    limit: float | None = None
    confidence_level: float = 0.90
    value: float | None = None
    error: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if (self.limit is None) == (self.value is None) or (self.value is None) != (self.error is None):
            given = {name: x for name, x in vars(self).items() if x is not None and x != 0.90}
            raise InputError("measured_masses", given or "empty", _ALLOWED)
        object.__setattr__(self, "confidence_level", confidence(self.confidence_level))
        name = "limit" if self.error is None else "error"
        for key, allowed, low in (("value", "a measured mass", -inf), (name, "a mass above 0", 0.0)):
            if (given := getattr(self, key)) is not None:
                mass = number(key, given, f"{allowed}, in eV", low=low, open_low=True, unit="eV")
                object.__setattr__(self, key, mass)

    @property
    def centre(self) -> float:
        """What was measured, eV; 0 of a limit."""
        return 0.0 if self.value is None else float(self.value)

    @property
    def width(self) -> float:
        """Error, eV; that of a limit from its confidence level."""
        if self.limit is None:
            return float(self.error or 0.0)
        from scipy.special import ndtri

        return float(self.limit / ndtri((1 + self.confidence_level) / 2))


def measured_masses(
    given: Iterable[Mapping[str, MeasuredMass]], free: Iterable[str], neutrinos: Neutrinos
) -> dict[str, MeasuredMass]:
    """Return by name what the nuisances of several experiments say was measured.

    Raises
    ------
    InputError
        For unknown names, m_ββ of Dirac neutrinos, masses of which experiments disagree, or a lightest mass
        that is not free: of a known one nothing more is learned.

    Examples
    --------
    >>> list(measured_masses([{"sum": MeasuredMass(limit=0.12)}], ["lightest_mass"], Neutrinos(0.01)))
    ['sum']
    """
    found: dict[str, MeasuredMass] = {}
    for masses in given:
        instance("measured_masses", masses, Mapping, "measured masses by name, such as sum")
        for name, one in masses.items():
            choice("measured_masses", name, MASSES)
            instance("measured_masses", one, MeasuredMass, "a renp.MeasuredMass")
            if found.setdefault(name, one) != one:
                raise InputError("measured_masses", repr(name), "the same of all experiments")
    if "double_beta" in found and neutrinos.nature == "dirac":
        raise InputError("measured_masses", "'double_beta'", "left out: of Dirac neutrinos it is 0")
    if found and "lightest_mass" not in tuple(free):
        raise InputError("measured_masses", repr(next(iter(found))), "beside a free lightest_mass")
    return found
