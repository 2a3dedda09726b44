"""The one description of what a scenario file says: its sections, with quantities in eV, cm and s."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from renp.constants import DAY
from renp.errors import shown
from renp.experiment import WIDTHS
from renp.planning.aims import AIMS
from renp.scenario.quantities import parse_quantity, parse_relative

Table: TypeAlias = dict[str, Any]

BARE = {"bare": True}
"""Context of a validation in which quantities may be bare numbers: those of links and controls."""

VARIED = {"varied": True}
"""Context of tables in which a scan has changed keys, so that others may not act at some of its points."""


@dataclass(frozen=True)
class Unit:
    """What a number is in; files have text with any unit that converts to it, and so have JSON dumps."""

    name: str
    words: tuple[str, ...] = ()
    """That may stand in place of a number."""
    photon: bool = False
    """Whether an energy may be the wavelength, frequency or wavenumber of a photon."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_before_validator_function(
            self._read,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(self.text, when_used="json"),
        )

    def _read(self, value: Any, info: ValidationInfo) -> float | str:
        if isinstance(value, str) and value in self.words:
            return value
        bare = isinstance(value, (int, float)) and not isinstance(value, bool)
        if info.context == BARE and bare:
            with suppress(OverflowError):
                if math.isfinite(number := float(value)):
                    return number
            raise ValueError(f"{shown(value)}: must be a finite number")
        return parse_quantity(value, self.name, photon=self.photon)

    def text(self, value: float | str) -> str:
        """Return a number as text that reads back to itself; longer times and low rates are in days."""
        if isinstance(value, str):
            return value
        if (self.name == "1/s" and abs(value) < 1) or (self.name == "s" and not 0 < abs(value) < 1):
            days = f"{value / DAY!r} day" if self.name == "s" else f"{value * DAY!r} / day"
            if "inf" not in days and parse_quantity(days, self.name) == value:
                return days
        return f"{value!r} {self.name.replace('1/', '/ ')}"


Energy = Annotated[float, Unit("eV")]
PhotonEnergy = Annotated[float, Unit("eV", photon=True)]
Splitting = Annotated[float, Unit("eV^2")]
Angle = Annotated[float, Unit("rad")]
Density = Annotated[float, Unit("1/cm^3")]
Volume = Annotated[float, Unit("cm^3")]
Length = Annotated[float, Unit("cm")]
Work = Annotated[float, Unit("J")]
Time = Annotated[float, Unit("s")]
Rate = Annotated[float, Unit("1/s")]
Width = Annotated[float | str, Unit("1/s", tuple(WIDTHS))]
Relative = Annotated[float, BeforeValidator(parse_relative)]
"""A number, or one in per cent, such as 0.05 or "5 %"."""


class Beside(NamedTuple):
    """A key acts only beside one of others."""

    others: tuple[str, ...]

    def idle(self, table: Mapping[str, Any]) -> str:
        """Return why the key has no effect in a table, or nothing."""
        return "" if any(key in table for key in self.others) else f"without {' or '.join(self.others)}"


class Without(NamedTuple):
    """A key acts only where another is left out."""

    other: str

    def idle(self, table: Mapping[str, Any]) -> str:
        """Return why the key has no effect in a table, or nothing."""
        return f"beside {self.other}" if self.other in table else ""


class Where(NamedTuple):
    """A key acts only where another has one of some values."""

    other: str
    values: tuple[str, ...]

    def idle(self, table: Mapping[str, Any]) -> str:
        """Return why the key has no effect in a table, or nothing."""
        found = table.get(self.other)
        allowed = " or ".join(f'"{value}"' for value in self.values)
        given = f"without {self.other}" if found is None else f'with {self.other} = "{found}"'
        return "" if found in self.values else f"{given}, but with {allowed}"


class Section(BaseModel):
    """A table of the file; keys that it does not know, or that cannot act there, are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    acts: ClassVar[Mapping[str, tuple[Beside | Without | Where, ...]]] = {}
    """Of keys that do not always act: what has to hold."""

    @classmethod
    def idle(cls, table: Mapping[str, Any]) -> dict[str, str]:
        """Return each key of a table that has no effect there, and what to say of it."""
        usual = {name: field.default for name, field in cls.model_fields.items() if not field.is_required()}
        known = {key: value for key, value in usual.items() if isinstance(value, str) and value} | dict(table)
        found = {}
        for key in table:
            if why := next(filter(None, (rule.idle(known) for rule in cls.acts.get(key, ()))), ""):
                found[key] = f"has no effect {why}: leave it out"
        return found


class AtomSection(Section):
    """[atom]: an atom of the catalogue, one's own with both energies, or one's own from a file."""

    acts: ClassVar = dict.fromkeys(("name", "E_eg", "E_vg"), (Without("file"),))

    name: str = ""
    file: str | None = None
    approximation: str | list[str] = "papers"
    """"papers", "full", or a list of the effects of `renp.atoms.effects.EFFECTS`."""
    polarisation: str = "linear"
    prepared: int | None = None
    """M of |e⟩ along the photon's direction; left out, all states equally."""
    boost: Energy = 0.0
    E_eg: PhotonEnergy | None = None
    E_vg: PhotonEnergy | None = None


class LaserSection(Section):
    """[laser]; left out, a sharp line."""

    gaussian: Energy = 0.0
    lorentzian: Energy = 0.0
    offset: Energy = 0.0


class TriggerSection(Section):
    """One of `trigger`: a pulse of light."""

    energy: Work
    duration: Time
    waist: Length
    delay: Time = 0.0


class PulseSection(TriggerSection):
    """One of `pulses`."""

    direction: str = "right"


class PreparationSection(Section):
    """[target.preparation]: how the coherence is made; keys are the arguments of `renp.Preparation`."""

    acts: ClassVar = dict.fromkeys(
        ("detuning", "polarisability_g", "polarisability_e", "seed_photons"), (Beside(("pulses",)),)
    )

    length: Length
    repetition: Rate
    pulses: Annotated[tuple[PulseSection, ...], Field(strict=False)] = ()
    coherence: float | list[float] = 0.0
    decay_time: Time | None = None
    dephasing_time: Time | None = None
    inhomogeneous_width: PhotonEnergy = 0.0
    detuning: PhotonEnergy = 0.0
    polarisability: float | None = None
    polarisability_g: float = 0.0
    polarisability_e: float = 0.0
    trigger: Annotated[tuple[TriggerSection, ...], Field(strict=False)] = ()
    gate: list[Time] | None = None
    seed_photons: float = 0.25


class TargetSection(Section):
    """[target]; left out, the papers' target."""

    density: Density = 1e21
    photon_density: Density = 1e21
    volume: Volume = 100.0
    dynamical_factor: float = 1.0
    width: Width = 0.002
    refractive_index: float | None = None
    """Of the medium at the trigger; left out, as in a vacuum."""
    preparation: PreparationSection | None = None
    """Says what the dynamical factor is, which is then left out."""


class NeutrinosSection(Section):
    """[neutrinos]; parameters left out are the release's best fit."""

    acts: ClassVar = {
        "majorana_phases": (Where("nature", ("majorana",)),),
        "sin2_theta14": (Beside(("dm2_41",)),),
    }

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
    dm2_41: Splitting | None = None
    """Of a fourth neutrino, with |U_e4|² = sin²θ_14."""
    sin2_theta14: float | None = None


class RunSection(Section):
    """[[run]]: one photon energy for some time."""

    acts: ClassVar = {
        "background_error": (Beside(("background", "control_counts")),),
        "control_counts": (Beside(("control_ratio",)),),
    }

    photon_energy: PhotonEnergy
    duration: Time
    counts: int | None = None
    background: Rate = 0.0
    efficiency: Relative = 1.0
    background_error: Relative = 0.0
    efficiency_error: Relative = 0.0
    control_ratio: float = 0.0
    control_counts: int | None = None
    polarisation: str | None = None
    """Of the light; left out, that of [atom]."""


class RunsSection(Section):
    """[runs]: all runs in a CSV file, beside the scenario file or with its full path."""

    file: str


class MeasuredMassSection(Section):
    """[statistics.measured_masses.sum] and others: a limit, or a value and its error."""

    acts: ClassVar = {"confidence_level": (Beside(("limit",)),)}

    limit: Energy | None = None
    confidence_level: float = 0.90
    value: Energy | None = None
    error: Energy | None = None


class MeasuredMassesSection(Section):
    """[statistics.measured_masses]: what others measured of the masses."""

    sum: MeasuredMassSection | None = None
    beta: MeasuredMassSection | None = None
    double_beta: MeasuredMassSection | None = None


class StatisticsSection(Section):
    """[statistics]: what is uncertain besides the couplings; errors left out are zero."""

    confidence_level: float = 0.90
    oscillation: str | list[str] = []
    free: list[str] = []
    normalisation_error: float = 0.0
    background_error: float | list[float] = 0.0
    background_degree: int | None = None
    calibration_error: Energy = 0.0
    linewidth_error: Relative = 0.0
    amplitude_errors: bool = False
    common: list[str] = []
    """What the experiments of several files share."""
    measured_masses: MeasuredMassesSection | None = None
    """Beside a free lightest mass."""


class AxisSection(Section):
    """[[scan.axis]]: one parameter or several that vary together, and one way to space them."""

    parameter: str | list[str]
    grid: dict[str, Any] | None = None
    log: dict[str, Any] | None = None
    random: dict[str, Any] | None = None
    values: list[Any] | None = None


_OF_ELEMENTS, _PROFILED = (
    tuple(name for name, aim in AIMS.items() if key in aim.acts) for key in ("elements", "profiled")
)


class ScanSection(Section):
    """[scan]: what is computed at every point of the axes."""

    acts: ClassVar = {
        **dict.fromkeys(("couplings", "sign"), (Where("result", ("limits",)),)),
        **dict.fromkeys(("aim", "total", "frequencies"), (Where("result", ("plan",)),)),
        "elements": (Where("result", ("plan",)), Where("aim", _OF_ELEMENTS)),
        "profiled": (Where("result", ("limits", "plan")), Where("aim", _PROFILED)),
    }

    result: str
    axis: list[Any]
    couplings: list[str] | None = None
    """Of limits; all if left out."""
    profiled: bool = False
    """Limits with all other couplings free, too."""
    sign: str = "either"
    """Of couplings that interfere: limits for one sign, or the weaker of the two."""
    aim: str = "limits"
    """Of plans, as the next three: one of `renp.planning.aims.AIMS`."""
    elements: str = "both"
    total: Time | None = None
    frequencies: int | None = None


class Document(Section):
    """What a scenario file says."""

    atom: AtomSection
    target: TargetSection = TargetSection()
    laser: LaserSection = LaserSection()
    neutrinos: NeutrinosSection
    interaction: Annotated[tuple[Table, ...], Field(strict=False)] = ()
    """As the file has them: their keys are those of the constructors."""
    run: Annotated[tuple[RunSection, ...], Field(strict=False)] = ()
    """Those of the file that `runs` names, if it names one."""
    runs: RunsSection | None = None
    planned: Annotated[tuple[RunSection, ...] | None, Field(strict=False)] = None
    """Runs that are yet to be made: checked, and otherwise left alone."""
    statistics: StatisticsSection = StatisticsSection()
    scan: ScanSection | None = None

    def tables(self) -> Table:
        """Return the tables of the file, with quantities as text; what it does not say is left out."""
        found = self.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        return {key: table for key, table in found.items() if key != "run" or self.runs is None}

    def changed(self, **values: Any) -> "Document":
        """Return the document with other sections; nothing is checked."""
        return self.model_copy(update=values)


SECTIONS: dict[str, type[Section]] = {
    "atom": AtomSection,
    "target": TargetSection,
    "target.preparation": PreparationSection,
    "target.preparation.pulses": PulseSection,
    "target.preparation.trigger": TriggerSection,
    "laser": LaserSection,
    "neutrinos": NeutrinosSection,
    "run": RunSection,
    "statistics": StatisticsSection,
}
"""Sections whose keys are quantities that a scan or a control may change."""

PLACEHOLDERS = {
    "atom": {"name": "Yb"},
    "neutrinos": {"lightest_mass": "0 eV"},
    "run": {"photon_energy": "0 eV", "duration": "0 s"},
    "planned": {"photon_energy": "0 eV", "duration": "0 s"},
}
"""Harmless values for required keys, with which a table is read on to find its other problems."""
