"""A scenario with some of its numbers left open: at any values of them, what the file would describe."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renp.atoms.atom import Atom
from renp.experiment import Experiment
from renp.inference.nuisances import Nuisances
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.scenario.build import (
    build_atom,
    build_experiment,
    build_laser,
    build_neutrinos,
    build_statistics,
    build_target,
)
from renp.scenario.interactions import interaction_arguments
from renp.scenario.keys import SECTIONS, Key
from renp.scenario.problems import Table
from renp.scenario.schema import Section
from renp.validation import Scalar


@dataclass(frozen=True)
class Setting:
    """What a scenario describes, with numbers that may be traced."""

    atom: Atom
    neutrinos: Neutrinos
    model: Interaction
    terms: tuple[Interaction, ...]
    """What the model has besides the weak interaction, in the order of the file."""
    experiment: Experiment
    confidence_level: Scalar
    nuisances: Nuisances


@dataclass(frozen=True)
class Sections:
    """A scenario's tables, read once; `at` returns what they describe at other values of some numbers.

    Parameters
    ----------
    data
        Of a scenario that is valid (`renp.Scenario.data`).
    folder
        Where files lie that it names.

    Examples
    --------
    >>> import renp
    >>> from renp.scenario import preset_text
    >>> scenario = renp.Scenario.from_text(preset_text("letter"))
    >>> sections = Sections(scenario.data, scenario.folder)
    >>> sections.at({Key("neutrinos", None, "lightest_mass", None): 0.02}).neutrinos.lightest_mass
    0.02
    """

    data: Table
    folder: Path

    def at(self, values: Mapping[Key, Scalar]) -> Setting:
        """Return atom, neutrinos, model and runs at these values; jax-traceable."""
        terms = [self._interaction(k, values) for k in range(len(self.data.get("interaction", [])))]
        model: Interaction = Weak()
        for term in terms:
            model = model + term
        atom = build_atom(self.folder, self._section("atom", None, values))
        neutrinos = build_neutrinos(self._section("neutrinos", None, values))
        runs = [self._section("run", k, values) for k in range(len(self.data.get("run", [])))]
        experiment = build_experiment(
            atom,
            build_target(self._section("target", None, values)),
            build_laser(self._section("laser", None, values)),
            runs,
        )
        statistics = self._section("statistics", None, values)
        level, nuisances = build_statistics(experiment, neutrinos, statistics)
        return Setting(atom, neutrinos, model, tuple(terms), experiment, level, nuisances)

    def _section(self, name: str, index: int | None, values: Mapping[Key, Scalar]) -> Any:
        table = self.data.get(name, {}) if index is None else self.data[name][index]
        section: Section = SECTIONS[name].model_validate(table)
        changed: dict[str, Any] = {}
        for key, value in values.items():
            if key.table == name and (index is None or key.entry in (None, index)):
                before = changed.get(key.name, getattr(section, key.name))
                changed[key.name] = value if key.part is None else _with_item(before, key.part, value)
        return section.model_copy(update=changed)

    def _interaction(self, index: int, values: Mapping[Key, Scalar]) -> Interaction:
        cls, arguments = interaction_arguments(self.data["interaction"][index])
        for key, value in values.items():
            if key.table == "interaction" and key.entry in (None, index):
                before = arguments.get(key.name, {})
                arguments[key.name] = value if key.part is None else _with_item(before, key.part, value)
        return cls(**arguments)


def _with_item(holder: Any, part: int | str, value: Scalar) -> Any:
    """Return a list or a matrix of elements with one part replaced."""
    if isinstance(part, str):
        return {**holder, (int(part[0]), int(part[1])): value}
    return [value if k == part else old for k, old in enumerate(holder)]
