"""A plan: photon energies, times, and what they reach."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from renp._types import Reals
from renp.constants import DAY
from renp.results.base import Result
from renp.results.columns import Column
from renp.results.goodness import at_odds
from renp.results.table import Cell, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures: TypeAlias = dict[str, dict[str, float]]

SIGNIFICANT = 3.0
"""Standard deviations at which something counts as told apart."""

NEAR = 5e-7
"""Distance from a threshold, eV, below which a plan hangs on where exactly the masses put it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(Result):
    """At which photon energies to run, and for how long, with the proof of how good that is."""

    aim: str
    """What the plan is for."""
    made_small: bool
    """Whether it makes something small, a limit or an error, instead of a significance large."""
    photon_energy: Reals
    """eV, increasing."""
    duration: Reals
    """At each photon energy, s."""
    reached: float
    """The worst limit or error, or the least significance."""
    bound: float
    """What no plan reaches: a smaller limit or error, or a larger significance."""
    optimality_gap: float
    """Relative distance between the two."""
    confidence_level: float
    """Of limits and errors."""
    unit: str
    """Of limits or errors."""
    figures: Figures
    """By what is told apart and by neutrinos, the limit, error or significance."""
    reference: Figures | None
    """The same for the experiment's own runs with the same total time; None without runs."""
    reference_energy: Reals
    """Photon energies of the experiment's own runs, eV."""
    reference_duration: Reals
    """Their times, lengthened to the same total, s."""
    candidates: Reals
    """Photon energies that were considered, eV."""
    worth: Reals
    """What time at each candidate is worth by the proof's prices: 1 where runs are, nowhere more."""
    spectrum_energy: Reals
    """Photon energies of `spectrum`, eV."""
    spectrum: Reals
    """I(ω) of the first of the neutrinos."""
    thresholds: Reals
    """ω_ij^max within the laser's range of all neutrinos, for "ordering" of the other one too, eV."""
    polarisation: tuple[str, ...] | None = None
    """Of the light at each photon energy; None where it is the atom's."""
    exposure: float | None = None
    """Time in all, s, with the plan's shares, at which the least significance is `SIGNIFICANT`; None for
    limits and errors, or if it never is."""
    standard_model_p_value: float | None = None
    """Of the counts of runs that were made before, for the neutrinos that describe them best."""
    p_values: dict[str, float] | None = None
    """Of each coupling's best fit to these counts."""

    columns = (
        Column("aim"),
        Column("quantity", name=""),
        Column("unit", name=""),
        Column("photon_energy", ("photon_energy",), "photon energy", "eV"),
        Column("duration", ("photon_energy",), "time", "s", shown="day", per=DAY, json="duration_days"),
        Column("polarisation", ("photon_energy",), "polarisation", optional=True),
        Column("exposure", unit="s", shown="day", per=DAY, json="days_for_3_sigma", optional=True),
        Column("candidates", ("candidate",), unit="eV", json="", name="candidate"),
        Column("worth", ("candidate",), json=""),
        Column("limits", ("what",), unit="{of.unit}", name="figure"),
        Column("reference_limits", ("what",), unit="{of.unit}", name="own_runs"),
        Column("figures", json="by_neutrinos"),
        Column("reached"),
        Column("bound"),
        Column("optimality_gap"),
        Column("standard_model_p_value", optional=True),
        Column("p_values", optional=True),
        Column("diagnosis", optional=True),
    )

    @property
    def diagnosis(self) -> tuple[str, ...] | None:
        """What is wrong with the counts of runs that were made before, if there are any."""
        if self.standard_model_p_value is None:
            return None
        return at_odds(self.standard_model_p_value, self.p_values or {})

    @property
    def quantity(self) -> str:
        """What is made small or large."""
        if self.aim == "limits":
            return f"upper limit at {100 * self.confidence_level:g} % C.L."
        return "error" if self.made_small else "significance"

    @property
    def limits(self) -> dict[str, float]:
        """The worst over all neutrinos, by what is told apart."""
        return self._worst(self.figures)

    @property
    def reference_limits(self) -> dict[str, float] | None:
        """The same for the experiment's own runs."""
        return None if self.reference is None else self._worst(self.reference)

    def _worst(self, figures: Figures) -> dict[str, float]:
        """Return the largest limit or error, or the least significance, over all neutrinos."""
        pick = max if self.made_small else min
        return {name: pick(of_neutrinos.values()) for name, of_neutrinos in figures.items()}

    @property
    def at_threshold(self) -> bool:
        """Whether a run lies closer to one of the thresholds than `NEAR`."""
        distance = np.abs(self.photon_energy[:, None] - self.thresholds)
        return bool(np.any(distance < NEAR))

    @property
    def title(self) -> str:
        """What the plan reaches, and the experiment's own runs."""
        unit = f" {self.unit}" if self.unit else ""
        said = (
            f"plan for {self.aim}: {'worst' if self.made_small else 'least'} {self.quantity} "
            f"{self.reached:.4g}{unit}, optimality gap {self.optimality_gap:.1e}"
        )
        if self.exposure is not None:
            said += f", {SIGNIFICANT:g} σ in {self.exposure / DAY:.3g} days"
        if self.reference_limits is None:
            return said
        pick = max if self.made_small else min
        return f"{said}; the experiment's own runs: {pick(self.reference_limits.values()):.4g}{unit}"

    def reach_table(self) -> Table:
        """Return what the plan reaches, one row for each thing that is told apart, beside the own runs."""
        unit = f" ({self.unit})" if self.unit else ""
        columns: dict[str, list[Cell]] = {
            "what": list(self.limits),
            f"plan{unit}": list(self.limits.values()),
        }
        if (own := self.reference_limits) is not None:
            columns[f"own runs{unit}"] = list(own.values())
            columns["ratio"] = [x / own[name] if own[name] else np.nan for name, x in self.limits.items()]
        rows = tuple(zip(*columns.values(), strict=True))
        return Table(f"{self.quantity} of the plan for {self.aim}", tuple(columns), rows)

    def __str__(self) -> str:
        return f"{super().__str__()}\n\n{self.reach_table()}"

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self.reach_table()._repr_html_()

    def _draw(self) -> "Figure":
        """Return a figure: the spectrum with the runs, and what they reach beside the own runs."""
        from renp.results.plan_plot import draw_plan

        return draw_plan(self)
