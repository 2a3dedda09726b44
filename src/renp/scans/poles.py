"""Points of a scan beside which a mediator without a width goes on shell."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from renp.formula.kinematics import momentum_transfer_squared
from renp.scans.grid import axis_values
from renp.scenario import Scenario
from renp.scenario.scan import Axis

if TYPE_CHECKING:
    from renp.scans.definition import Definition

_MOST_POINTS = 10**6
"""Masses among which those beside a pole are sought."""

_MOST_NAMED = 8

_MOVING = (".photon_energy", "run.photon_energy", "laser.offset", "atom.E_eg", "atom.boost")
"""What q² depends on."""


def beside_poles(definition: "Definition") -> Iterator[str]:
    """Return a sentence for each mass on an axis that q² of a run meets, with the points on either side.

    Where photon energies or the atom are axes too, or a plan chooses the runs, poles are lines over the axes.
    """
    scenario = definition.reference(definition.categories(0))
    for axis in definition.scan.axes:
        for column, (key, name) in enumerate(zip(axis.keys, axis.names, strict=True)):
            if (key.table, key.name) != ("interaction", "mass") or not axis.numeric:
                continue
            if not any(scenario.terms[k].poles() for k in key.tables(definition.data)):
                continue
            if _moves(definition) or axis.points > _MOST_POINTS:
                yield (
                    f"{name}: the mediator is on shell where m² = q², and the rate diverges; the points on "
                    "either side of that are beside a pole; give it a width."
                )
            elif named := _named(axis, column, scenario):
                more = "" if len(named) <= _MOST_NAMED else f", and {len(named) - _MOST_NAMED} more"
                yield (
                    f"{name}: beside a pole, where the mediator is on shell and the rate diverges, are "
                    f"{', '.join(named[:_MOST_NAMED])}{more}; give it a width."
                )


def _moves(definition: "Definition") -> bool:
    keys = [key for axis in definition.scan.axes for key in axis.keys]
    return definition.scan.settings.result == "plan" or any(f"{k.table}.{k.name}" in _MOVING for k in keys)


def _named(axis: Axis, column: int, scenario: Scenario) -> list[str]:
    atom, experiment = scenario.atom, scenario.experiment
    q2 = np.asarray(momentum_transfer_squared(np.asarray(experiment.line_centre), *atom.frame))
    masses = np.sort(axis_values(axis, np.arange(axis.points))[column])
    named = []
    for pole in np.sqrt(np.unique(q2[q2 > 4 * float(scenario.neutrinos.lightest_mass) ** 2])):
        low = int(np.searchsorted(masses, pole))
        if 0 < low < masses.size or (low < masses.size and masses[low] == pole):
            beside = masses[max(low - 1, 0) : low + 1]
            named.append(f"{' and '.join(f'{mass:.6g}' for mass in beside)} eV ({pole:.6g} eV)")
    return named
