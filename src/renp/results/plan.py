"""A plan: photon energies, times, and what they reach."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from renp._types import Reals
from renp.constants import DAY
from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

Figures: TypeAlias = dict[str, dict[str, float]]

NEAR = 5e-7
"""Distance from a threshold, eV, below which a plan hangs on where exactly the masses put it."""

MADE_SMALL = ("limits", "lightest-mass", "majorana-phases")


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(Result):
    """At which photon energies to run, and for how long, with the proof of how good that is."""

    aim: str
    """What the plan is for."""
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
    """ω_ij^max of all pairs of the first of the neutrinos, eV."""

    @property
    def limits(self) -> dict[str, float]:
        """The worst over all neutrinos, by what is told apart."""
        return worst(self.aim, self.figures)

    @property
    def reference_limits(self) -> dict[str, float] | None:
        """The same for the experiment's own runs."""
        return None if self.reference is None else worst(self.aim, self.reference)

    @property
    def at_threshold(self) -> bool:
        """Whether a run lies closer to a threshold of the first of the neutrinos than `NEAR`."""
        distance = np.abs(self.photon_energy[:, None] - self.thresholds)
        return bool(np.any(distance < NEAR))

    def table(self) -> Table:
        """Return the runs, one row each."""
        what = "worst" if self.aim in MADE_SMALL else "least"
        title = (
            f"plan for {self.aim}: {what} {self._quantity()} {self.reached:.4g}{self._unit()}, "
            f"optimality gap {self.optimality_gap:.1e}"
        )
        before = self.reference_limits
        if before is not None:
            pick = max if self.aim in MADE_SMALL else min
            title += f"; the experiment's own runs: {pick(before.values()):.4g}{self._unit()}"
        rows = tuple(zip(self.photon_energy.tolist(), (self.duration / DAY).tolist(), strict=True))
        return Table(title, ("photon energy (eV)", "time (day)"), rows)

    def reach_table(self) -> Table:
        """Return what the plan reaches, one row for each thing that is told apart, beside the own runs."""
        before = self.reference_limits
        columns = ["what", f"plan{self._in()}"]
        if before is not None:
            columns += [f"own runs{self._in()}", "ratio"]
        rows = []
        for name, value in self.limits.items():
            row: list[str | float] = [name, value]
            if before is not None:
                row += [before[name], value / before[name] if before[name] else np.nan]
            rows.append(tuple(row))
        return Table(f"{self._quantity()} of the plan for {self.aim}", tuple(columns), tuple(rows))

    def __str__(self) -> str:
        return f"{self.table()}\n\n{self.reach_table()}"

    def json(self) -> dict[str, Any]:
        """Return the runs, what they reach, and the gap."""
        return {
            "aim": self.aim,
            "quantity": self._quantity(),
            "unit": self.unit,
            "photon_energy": self.photon_energy.tolist(),
            "duration_days": (self.duration / DAY).tolist(),
            "limits": self.limits,
            "reference_limits": self.reference_limits,
            "by_neutrinos": self.figures,
            "reached": self.reached,
            "bound": self.bound,
            "optimality_gap": self.optimality_gap,
        }

    def dataset(self) -> "xr.Dataset":
        """Return runs, candidates and their worth as an xarray data set."""
        import xarray as xr

        names = list(self.limits)
        reach = {"figure": ("what", list(self.limits.values()), {"units": self.unit})}
        if self.reference_limits is not None:
            reach["own_runs"] = ("what", list(self.reference_limits.values()), {"units": self.unit})
        return xr.Dataset(
            {
                "duration": ("photon_energy", self.duration, {"units": "s"}),
                "worth": ("candidate", self.worth, {"units": ""}),
                **reach,
            },
            coords={
                "photon_energy": ("photon_energy", self.photon_energy, {"units": "eV"}),
                "candidate": ("candidate", self.candidates, {"units": "eV"}),
                "what": ("what", names),
            },
            attrs={"aim": self.aim, "optimality_gap": self.optimality_gap, "reached": self.reached},
        )

    def plot(self) -> "Figure":
        """Return a figure: the spectrum with the runs, and what they reach beside the own runs."""
        from renp.figures.plan import draw_plan

        return draw_plan(self)

    def _quantity(self) -> str:
        if self.aim == "limits":
            return f"upper limit at {100 * self.confidence_level:g} % C.L."
        return "error" if self.aim in MADE_SMALL else "significance"

    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def _in(self) -> str:
        return f" ({self.unit})" if self.unit else ""


def worst(aim: str, figures: Figures) -> dict[str, float]:
    """Return the worst over all neutrinos: the largest limit or error, the least significance."""
    pick = max if aim in MADE_SMALL else min
    return {name: pick(of_world.values()) for name, of_world in figures.items()}
