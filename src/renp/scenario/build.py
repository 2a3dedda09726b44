"""From the sections of a scenario file to the package's own values.

Numbers in a section may be traced by JAX: so anything that a file says can be batched.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS, effects_of
from renp.errors import InputError
from renp.experiment import Experiment, Target
from renp.inference.nuisances import Nuisances, nuisance_parameters
from renp.inference.upper_limits import delta_chi2
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.runs import COLUMNS
from renp.scenario.problems import TableError
from renp.scenario.schema import (
    AtomSection,
    LaserSection,
    NeutrinosSection,
    RunSection,
    StatisticsSection,
    TargetSection,
)
from renp.validation import is_traced, number


def build_atom(folder: Path, section: AtomSection) -> Atom:
    """Return the atom of a section; a file that it names lies in the folder."""
    atom = _known_atom(folder, section)
    if effects := effects_of(section.approximation):
        chosen = {effect: effect in effects for effect in EFFECTS}
        atom = atom.refined(**chosen, polarisation=section.polarisation)
    boosted = is_traced(section.boost) or section.boost
    return atom.boosted(section.boost) if boosted else atom


def _known_atom(folder: Path, section: AtomSection) -> Atom:
    if section.file is not None:
        return Atom.read(folder / section.file)
    if not section.name:
        raise TableError(
            [("name", "is missing: an atom of the catalogue, or any label beside both energies")]
        )
    if section.E_eg is None and section.E_vg is None:
        return Atom.named(section.name)
    if section.E_eg is None or section.E_vg is None:
        missing = "E_eg" if section.E_eg is None else "E_vg"
        raise ValueError(f"{missing} is missing: an atom of one's own needs both energies")
    refined = effects_of(section.approximation) and section.name in symbols()
    levels = Atom.named(section.name).levels if refined else ()
    return Atom(section.name, section.E_eg, section.E_vg, levels)


def build_laser(section: LaserSection) -> Laser:
    """Return the laser of a section."""
    return Laser(**dict(section))


def build_neutrinos(section: NeutrinosSection) -> Neutrinos:
    """Return the neutrinos of a section."""
    return Neutrinos(**{key: value for key, value in section if value is not None})


def build_target(section: TargetSection) -> Target:
    """Return the target of a section."""
    return Target(**dict(section))


def build_statistics(
    experiment: Experiment | None, neutrinos: Neutrinos | None, section: StatisticsSection
) -> tuple[float, Nuisances]:
    """Return confidence level and nuisances, checked against what is known of the rest."""
    delta_chi2(section.confidence_level)
    for name in ("normalisation_error", "background_error"):
        _check_relative(name, getattr(section, name))
    nuisances = Nuisances(
        oscillation=section.oscillation,
        free=section.free,
        normalisation_error=section.normalisation_error,
        background_error=section.background_error,
        calibration_error=section.calibration_error,
    )
    if experiment is not None and neutrinos is not None:
        nuisance_parameters(nuisances, experiment, neutrinos)
    return section.confidence_level, nuisances


def _check_relative(name: str, error: Any) -> None:
    """Raise `InputError` for an error above 1, which is more likely meant in percent."""
    for one in error if isinstance(error, list) else [error]:
        if not is_traced(one) and one > 1:
            raise InputError(name, one, f"relative, at most 1: {one:g} % is {one / 100:g}")


def check_run(atom: Atom | None, target: Target, section: RunSection) -> RunSection:
    """Check a run; what depends on the atom only where it is known."""
    values = dict(section)
    number("photon_energy", values["photon_energy"], "a photon energy in eV, at least 0", low=0)
    if atom is None:
        values["photon_energy"] = 0.0
    Experiment(atom or Atom("unknown", 1.0, 2.0), target, **values)
    return section


def build_experiment(atom: Atom, target: Target, laser: Laser, runs: Sequence[RunSection]) -> Experiment:
    """Return target and runs; the runs have counts if all of them do."""
    counted = bool(runs) and all(run.counts is not None for run in runs)
    columns = {name: _column([getattr(run, name) for run in runs]) for name in COLUMNS}
    return Experiment(atom, target, laser=laser, **columns | ({} if counted else {"counts": None}))


def _column(values: list[Any]) -> Any:
    return jnp.stack([jnp.asarray(value, dtype=float) for value in values]) if is_traced(*values) else values
