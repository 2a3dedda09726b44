"""From a scenario document to the package's own values.

Numbers of the document may be traced by JAX: so anything that a file says can be batched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp

from renp.atoms.atom import Atom, symbols
from renp.atoms.effects import EFFECTS, check_light, effects_of
from renp.atoms.spin import POLARISATIONS
from renp.errors import InputError
from renp.experiment import Experiment, Target
from renp.inference.likelihood import Likelihood, Point
from renp.inference.measured_masses import MeasuredMass
from renp.inference.nuisances import Nuisances, nuisance_parameters
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction
from renp.interactions.dipole import MOMENTS, moment_couplings
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.references import references_of
from renp.runs import COLUMNS
from renp.scenario.interactions import interaction_arguments
from renp.scenario.keys import Key
from renp.scenario.problems import TableError
from renp.scenario.schema import (
    AtomSection,
    Document,
    NeutrinosSection,
    PreparationSection,
    RunSection,
    StatisticsSection,
    TargetSection,
)
from renp.target.preparation import Preparation, Pulse
from renp.validation import Scalar, choice, confidence, is_traced, number

UNCHANGED: Mapping[Key, Scalar] = MappingProxyType({})


@dataclass(frozen=True)
class Setting:
    """What a scenario describes, as the package's values."""

    atom: Atom
    """What is excited."""
    neutrinos: Neutrinos
    """What is emitted."""
    terms: tuple[Interaction, ...]
    """What the model has besides the weak interaction, in the order of the file."""
    experiment: Experiment
    """Target and runs; without runs in the file, of length 0."""
    confidence_level: Scalar
    """Of limits and intervals."""
    nuisances: Nuisances
    """What is uncertain besides the couplings."""

    @cached_property
    def model(self) -> Interaction:
        """The weak interaction and all that the file adds to it."""
        return sum(self.terms, start=Weak())

    @property
    def couplings(self) -> tuple[Coupling, ...]:
        """What a fit varies, with the values that the couplings have in the file."""
        return couplings_of(self.terms)

    @property
    def term_names(self) -> tuple[str, ...]:
        """A name for each term; a second one of a kind is called "kind (2)"."""
        return names_of(self.terms)

    @property
    def limited(self) -> tuple[Coupling, ...]:
        """What limits are set on: every moment, and the file's other couplings."""
        others = [one for one in self.couplings if type(one.interaction) not in MOMENTS]
        return (*moment_couplings(self.neutrinos.nature), *others)

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind all that the file names."""
        return references_of([self.experiment, self.neutrinos, self.model])

    def likelihood(self) -> Likelihood:
        """Return the likelihood of the runs, with the file's couplings and what else is uncertain."""
        return Likelihood(self.experiment, self.neutrinos, self.couplings, nuisances=self.nuisances)

    def truth(self, likelihood: Likelihood) -> Point:
        """Return the point of a likelihood at which the couplings are those of the file."""
        return likelihood.point(**{one.name: float(one.value) for one in self.couplings})


def names_of(terms: Sequence[Interaction]) -> tuple[str, ...]:
    """Return a name for each term; a second one of a kind is called "kind (2)"."""
    kinds = [term.family for term in terms]
    earlier = [kinds[:k].count(kind) for k, kind in enumerate(kinds)]
    return tuple(f"{kind} ({n + 1})" if n else kind for kind, n in zip(kinds, earlier, strict=True))


def couplings_of(terms: Sequence[Interaction], numbers: Sequence[str] | None = None) -> tuple[Coupling, ...]:
    """Return what a fit varies, with the couplings' values in the terms; all, or those of some numbers."""
    return tuple(
        Coupling(name, one.label, one.interaction, one.value)
        for name, term in zip(names_of(terms), terms, strict=True)
        if numbers is None or any(number.startswith(f"{name} ") for number in numbers)
        for one in term.directions()
    )


def build(document: Document, folder: Path, values: Mapping[Key, Scalar] = UNCHANGED) -> Setting:
    """Return what a valid document describes at other values of some of its numbers; jax-traceable.

    Examples
    --------
    >>> from renp.scenario import Scenario, preset_text
    >>> scenario = Scenario.from_text(preset_text("letter"))
    >>> mass = Key("neutrinos", None, "lightest_mass", None)
    >>> build(scenario.document, scenario.folder, {mass: 0.02}).neutrinos.lightest_mass
    0.02
    """

    def at(section: Any, name: str, index: int | None = None) -> Any:
        changed = _changed(dict(section), name, index, values)
        return section.model_copy(update=changed)

    terms = []
    for k, table in enumerate(document.interaction):
        cls, arguments = interaction_arguments(table)
        terms.append(cls(**{**arguments, **_changed(arguments, "interaction", k, values)}))
    target = at(document.target, "target")
    atom = in_medium(build_atom(folder, at(document.atom, "atom")), target)
    neutrinos = build_neutrinos(at(document.neutrinos, "neutrinos"))
    experiment = build_experiment(
        atom,
        build_target(target, atom),
        Laser(**dict(at(document.laser, "laser"))),
        [at(run, "run", k) for k, run in enumerate(document.run)],
    )
    statistics = at(document.statistics, "statistics")
    level, nuisances = build_statistics(experiment, neutrinos, terms, statistics)
    return Setting(atom, neutrinos, tuple(terms), experiment, level, nuisances)


def _changed(given: Mapping[str, Any], name: str, index: int | None, values: Mapping[Key, Scalar]) -> Any:
    """Return the keys of a table that have other values; parts of lists and matrices are put into them."""
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if key.table == name and key.entry in (None, index):
            before = changed.get(key.name, given.get(key.name, {}))
            changed[key.name] = value if key.part is None else _with_item(before, key.part, value)
    return changed


def _with_item(holder: Any, part: int | str, value: Scalar) -> Any:
    """Return a list or a matrix of elements with one part replaced."""
    if isinstance(part, str):
        return {**holder, (int(part[0]), int(part[1])): value}
    return [value if k == part else old for k, old in enumerate(holder)]


def build_atom(folder: Path, section: AtomSection) -> Atom:
    """Return the atom of a section; a file that it names lies in the folder."""
    atom = _known_atom(folder, section)
    effects = effects_of(section.approximation)
    check_light(section.polarisation, effects)
    if effects:
        chosen = {effect: effect in effects for effect in EFFECTS}
        atom = atom.refined(**chosen, polarisation=section.polarisation)
    if section.prepared is not None:
        atom = atom.prepared(section.prepared)
    boosted = is_traced(section.boost) or section.boost
    return atom.boosted(section.boost) if boosted else atom


def in_medium(atom: Atom, section: TargetSection) -> Atom:
    """Return the atom in the target's medium, if it has a refractive index."""
    return atom if section.refractive_index is None else atom.in_medium(section.refractive_index)


def _known_atom(folder: Path, section: AtomSection) -> Atom:
    if section.file is not None:
        try:
            return Atom.read(folder / section.file)
        except InputError as error:
            raise TableError([("file", str(error))]) from None
    if not section.name:
        missing = "is missing: an atom of the catalogue, or any label beside both energies"
        raise TableError([("name", missing)])
    if section.E_eg is None and section.E_vg is None:
        return Atom.named(section.name)
    if section.E_eg is None or section.E_vg is None:
        missing = "E_eg" if section.E_eg is None else "E_vg"
        raise ValueError(f"{missing} is missing: an atom of one's own needs both energies")
    # Without effects that rest on them, levels of the catalogue would be cited for energies of one's own.
    refined = effects_of(section.approximation) and section.name in symbols()
    levels = Atom.named(section.name).levels if refined else ()
    return Atom(section.name, section.E_eg, section.E_vg, levels)


def build_target(section: TargetSection, atom: Atom | None) -> Target:
    """Return the target of a section; the medium is the atom's.

    Of a preparation without an atom only the numbers are checked.
    """
    in_medium(Atom("any", 1.0, 2.0), section)  # which checks the index
    values = dict(section)
    prepared = values.pop("preparation")
    del values["refractive_index"]
    if prepared is None:
        return Target(**values)
    if "dynamical_factor" in section.model_fields_set:
        raise TableError([("dynamical_factor", "is given twice: leave it out, the preparation says it")])
    preparation = build_preparation(prepared)
    del values["dynamical_factor"]
    return Target(**values) if atom is None else Target.from_preparation(preparation, atom, **values)


def build_preparation(section: PreparationSection) -> Preparation:
    """Return the preparation of a section."""
    values: dict[str, Any] = {name: value for name, value in section if value is not None}
    for name in ("pulses", "trigger"):
        values[name] = tuple(Pulse(**dict(one)) for one in values[name])
    return Preparation(**values)


def build_neutrinos(section: NeutrinosSection) -> Neutrinos:
    """Return the neutrinos of a section."""
    return Neutrinos(**{key: value for key, value in section if value is not None})


def build_statistics(
    experiment: Experiment | None,
    neutrinos: Neutrinos | None,
    terms: Sequence[Interaction],
    section: StatisticsSection,
) -> tuple[float, Nuisances]:
    """Return confidence level and nuisances, checked against what is known of the rest."""
    confidence(section.confidence_level)
    for name in ("normalisation_error", "background_error", "linewidth_error"):
        _check_relative(name, getattr(section, name))
    values = {name: value for name, value in section if name not in ("confidence_level", "measured_masses")}
    masses = {name: one for name, one in section.measured_masses or () if one is not None}
    measured = {name: MeasuredMass(**dict(one)) for name, one in masses.items()}
    values["common"] = tuple(section.common)
    nuisances = Nuisances(**values, measured_masses=measured)
    if experiment is not None and neutrinos is not None:
        numbers = [name for name in nuisances.free if "." in name]
        # Only of terms that are asked for: elements of others may be traced.
        couplings = couplings_of(terms, numbers) if numbers else ()
        nuisance_parameters(nuisances, experiment, neutrinos, couplings)
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
        choice("polarisation", values.pop("polarisation") or "linear", POLARISATIONS)
    Experiment(atom or Atom("unknown", 1.0, 2.0), target, **values)
    return section


def build_experiment(atom: Atom, target: Target, laser: Laser, runs: Sequence[RunSection]) -> Experiment:
    """Return target and runs; the runs have counts if all of them do, and control counts if one does."""
    columns: dict[str, Any] = {name: [getattr(run, name) for run in runs] for name in COLUMNS}
    if not runs or None in columns["counts"]:
        columns["counts"] = None
    control = columns["control_counts"]
    known = any(n is not None for n in control)
    columns["control_counts"] = [n or 0 for n in control] if known else None
    return Experiment(
        atom, target, laser=laser, **{name: _column(x) if x else x for name, x in columns.items()}
    )


def _column(values: list[Any]) -> Any:
    return jnp.stack([jnp.asarray(value, dtype=float) for value in values]) if is_traced(*values) else values
