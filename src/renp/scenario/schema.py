"""The sections of a scenario file, with quantities already turned into eV, cm and s."""

from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from renp.scenario.quantities import parse_quantity, parse_relative


def _unit(unit: str, *, photon: bool = False) -> BeforeValidator:
    return BeforeValidator(partial(parse_quantity, unit=unit, photon=photon))


Energy = Annotated[float, _unit("eV")]
PhotonEnergy = Annotated[float, _unit("eV", photon=True)]
Splitting = Annotated[float, _unit("eV^2")]
Angle = Annotated[float, _unit("rad")]
Density = Annotated[float, _unit("1/cm^3")]
Volume = Annotated[float, _unit("cm^3")]
Time = Annotated[float, _unit("s")]
Rate = Annotated[float, _unit("1/s")]
Relative = Annotated[float, BeforeValidator(parse_relative)]
"""A number, or one in per cent, such as 0.05 or "5 %"."""


class Section(BaseModel):
    """A table of the file; keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AtomSection(Section):
    """[atom]: an atom of the catalogue, one's own with both energies, or one's own from a file."""

    name: str = ""
    file: str | None = None
    approximation: str | list[str] = "papers"
    """"papers", "full", or a list of the effects of `renp.atoms.effects.EFFECTS`."""
    polarisation: str = "linear"
    boost: Energy = 0.0
    E_eg: PhotonEnergy | None = None
    E_vg: PhotonEnergy | None = None


class LaserSection(Section):
    """[laser]; left out, a sharp line."""

    gaussian: Energy = 0.0
    lorentzian: Energy = 0.0
    offset: Energy = 0.0


class TargetSection(Section):
    """[target]; left out, the papers' target."""

    density: Density = 1e21
    photon_density: Density = 1e21
    volume: Volume = 100.0
    dynamical_factor: float = 1.0
    width: Rate = 0.002


class NeutrinosSection(Section):
    """[neutrinos]; parameters left out are the release's best fit."""

    lightest_mass: Energy
    ordering: str = "normal"
    nature: str = "dirac"
    release: str = "nufit-6.0"
    majorana_phases: list[Angle] | None = None
    sin2_theta12: float | None = None
    sin2_theta13: float | None = None
    sin2_theta23: float | None = None
    delta_cp: Angle | None = None
    dm2_21: Splitting | None = None
    dm2_31: Splitting | None = None
    dm2_32: Splitting | None = None


class RunSection(Section):
    """[[run]]: one photon energy for some time."""

    photon_energy: PhotonEnergy
    duration: Time
    counts: int | None = None
    background: Rate = 0.0
    efficiency: Relative = 1.0
    background_error: Relative = 0.0
    efficiency_error: Relative = 0.0


class RunsSection(Section):
    """[runs]: all runs in a CSV file, beside the scenario file or with its full path."""

    file: str


class StatisticsSection(Section):
    """[statistics]: what is uncertain besides the couplings; errors left out are zero."""

    confidence_level: float = 0.90
    oscillation: str | list[str] = []
    free: list[str] = []
    normalisation_error: float = 0.0
    background_error: float | list[float] = 0.0
    calibration_error: Energy = 0.0


class AxisSection(Section):
    """[[scan.axis]]: one parameter or several that vary together, and one way to space them."""

    parameter: str | list[str]
    grid: dict[str, Any] | None = None
    log: dict[str, Any] | None = None
    random: dict[str, Any] | None = None
    values: list[Any] | None = None


class ScanSection(Section):
    """[scan]: what is computed at every point of the axes."""

    result: str
    axis: list[Any]
    couplings: list[str] | None = None
    """Of limits; all if left out."""
    profiled: bool = False
    """Limits with all other couplings free, too."""
    sign: str = "either"
    """Of couplings that interfere: limits for one sign, or the weaker of the two."""
    aim: str = "limits"
    """Of plans, as the next three."""
    elements: str = "both"
    total: Time | None = None
    frequencies: int | None = None


PLACEHOLDERS = {
    "atom": {"name": "Yb"},
    "neutrinos": {"lightest_mass": "0 eV"},
    "run": {"photon_energy": "0 eV", "duration": "0 s"},
}
"""Harmless values for required keys, with which a table is read on to find its other problems."""

TABLES = ("atom", "target", "laser", "neutrinos", "interaction", "run", "runs", "statistics", "scan")
"""Tables of the file; "interaction" and "run" are arrays of tables."""
