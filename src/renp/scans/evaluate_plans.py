"""Plans at the points of a chunk, one after the other: a linear programme has no batches."""

from dataclasses import dataclass

import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.planning.plan import Constraints, plan
from renp.results.plan import Plan
from renp.scans.batches import Keys, flattened
from renp.scans.definition import PLANNED_RUNS
from renp.scans.grid import Columns
from renp.scenario import Scenario
from renp.scenario.build import Setting
from renp.scenario.schema import ScanSection


@dataclass(frozen=True)
class PlansOfChunk:
    """Computes the plan at each point of a chunk: what it reaches, the gap, photon energies and times."""

    scenario: Scenario
    settings: ScanSection
    keys: Keys

    def __call__(self, columns: tuple[Columns, ...]) -> tuple[Reals, ...]:
        """Return the plans with these values of the axes, in the order of the variables."""
        shape = tuple(len(column[0]) for column in columns)
        flat = flattened(self.keys, columns)
        number = int(np.prod(shape, dtype=np.int64))
        found = [
            self._plan(self.scenario.at({k: float(x[n]) for k, x in flat.items()})) for n in range(number)
        ]
        reached = np.array([np.nan if p is None else p.reached for p in found])
        gap = np.array([np.nan if p is None else p.optimality_gap for p in found])
        energy = np.array([_filled(None if p is None else p.photon_energy) for p in found]).T
        duration = np.array([_filled(None if p is None else p.duration) for p in found]).T
        own = (PLANNED_RUNS, *shape)
        return reached.reshape(shape), gap.reshape(shape), energy.reshape(own), duration.reshape(own)

    def _plan(self, here: Setting) -> Plan | None:
        """Return the plan; None where no run serves the aim."""
        settings = self.settings
        try:
            return plan(
                settings.aim,
                here.experiment,
                here.neutrinos,
                total=settings.total,
                elements=settings.elements,
                model=here.model if settings.aim == "discovery" else None,
                nuisances=here.nuisances,
                profiled=settings.profiled,
                confidence_level=float(here.confidence_level),
                constraints=Constraints(frequencies=settings.frequencies),
            )
        except InputError:
            return None


def _filled(values: Reals | None) -> Reals:
    found = np.full(PLANNED_RUNS, np.nan)
    if values is not None:
        found[: values.size] = values[:PLANNED_RUNS]
    return found
