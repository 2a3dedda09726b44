"""A state as a scenario file, and back."""

import json
import tomllib
from dataclasses import asdict
from typing import Any

import numpy as np

from renp.atoms.effects import effects_of
from renp.constants import DAY
from renp.errors import ScenarioError
from renp.explorer.state import Run, State
from renp.scenario import Scenario
from renp.scenario.schema import LaserSection, TargetSection

OSCILLATION = {
    "sin2_theta12": "",
    "sin2_theta13": "",
    "sin2_theta23": "",
    "delta_cp": "rad",
    "dm2_21": "eV^2",
    "dm2_31": "eV^2",
    "dm2_32": "eV^2",
}
"""Oscillation parameters with their units in scenario files."""
TARGET = {
    "density": "/ cm^3",
    "photon_density": "/ cm^3",
    "volume": "cm^3",
    "dynamical_factor": "",
    "width": "/ s",
}
LASER = {"gaussian": "eV", "lorentzian": "eV", "offset": "eV"}


def to_text(state: State) -> str:
    """Return the scenario file of a state.

    Examples
    --------
    >>> print(to_text(State()))
    [atom]
    name = "Yb"
    <BLANKLINE>
    [neutrinos]
    ordering = "normal"
    nature = "dirac"
    lightest_mass = "0.01 eV"
    release = "nufit-6.0"
    <BLANKLINE>
    [statistics]
    confidence_level = 0.9
    <BLANKLINE>
    """
    sections = [("[atom]", _atom(state))]
    sections += [
        ("[target]", _quantities(state.target, TARGET)),
        ("[laser]", _quantities(state.laser, LASER)),
    ]
    sections += [("[neutrinos]", _neutrinos(state))]
    sections += [("[[interaction]]", table) for table in state.interactions]
    sections += [("[[run]]", _run(run)) for run in state.runs]
    sections += [("[statistics]", {"confidence_level": state.confidence_level, **state.uncertain})]
    return "\n".join(_section(heading, content) for heading, content in sections if content)


def from_text(text: str) -> State:
    """Return the state that a scenario file describes; what it does not say is as at the start.

    Raises
    ------
    ScenarioError
        Listing every problem with its line; a file that the text names is one: who sees the page need not be
        who may read the files of this machine.

    Examples
    --------
    >>> from_text(to_text(State(lightest_mass=0.02))).lightest_mass
    0.02
    """
    _check_no_files(text)
    return from_scenario(Scenario.from_text(text))


def _check_no_files(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # which the scenario says with its line
    tables = [name for name, table in data.items() if isinstance(table, dict) and "file" in table]
    if tables:
        words = "a page reads no files; give their content here, or start renp explore with the scenario file"
        raise ScenarioError("scenario", [f"{name}.file: {words}" for name in tables])


def from_scenario(scenario: Scenario) -> State:
    """Return the state of a scenario. Observed counts are left out: they belong to the runs as they were.

    Examples
    --------
    >>> from renp.scenario import preset_text
    >>> state = from_scenario(Scenario.from_text(preset_text("letter")))
    >>> state.interactions
    ({'kind': 'magnetic-moment', 'elements': {'11': 3e-11}},)
    """
    data = tomllib.loads(scenario.text)
    atom, nu, experiment = scenario.atom, scenario.neutrinos, scenario.experiment
    own = "E_eg" in data["atom"] or "file" in data["atom"]
    statistics = {k: v for k, v in data.get("statistics", {}).items() if k != "confidence_level"}
    target = {name: float(getattr(experiment.target, name)) for name in TARGET}
    laser = {name: float(getattr(experiment.laser, name)) for name in LASER}
    runs = (experiment.photon_energy, experiment.duration, experiment.background, experiment.efficiency)
    return State(
        atom=atom.name,
        E_eg=float(atom.E_eg) if own else None,
        E_vg=float(atom.E_vg) if own else None,
        effects=effects_of(data["atom"].get("approximation", "papers")),
        polarisation=data["atom"].get("polarisation", "linear"),
        boost=float(atom.boost),
        lightest_mass=float(nu.lightest_mass),
        ordering=nu.ordering,
        nature=nu.nature,
        release=nu.release,
        majorana_phases=(float(nu.majorana_phases[0]), float(nu.majorana_phases[1])),
        oscillation={key: _oscillation(nu, key) for key in OSCILLATION if key in data["neutrinos"]},
        interactions=tuple(data.get("interaction", [])),
        runs=tuple(Run(*map(float, run)) for run in zip(*map(np.asarray, runs), strict=True)),
        target={name: value for name, value in target.items() if value != getattr(TargetSection(), name)},
        laser={name: value for name, value in laser.items() if value != getattr(LaserSection(), name)},
        confidence_level=scenario.confidence_level,
        uncertain=statistics,
    )


def _oscillation(neutrinos: Any, key: str) -> float:
    return float(getattr(neutrinos, "dm2_atmospheric" if key in ("dm2_31", "dm2_32") else key))


def _atom(state: State) -> dict[str, Any]:
    content: dict[str, Any] = {"name": state.atom}
    content |= _quantities({"E_eg": state.E_eg, "E_vg": state.E_vg}, {"E_eg": "eV", "E_vg": "eV"})
    if state.effects:
        content["approximation"] = list(state.effects)
        content["polarisation"] = state.polarisation
    return content | _quantities({"boost": state.boost or None}, {"boost": "eV"})


def _neutrinos(state: State) -> dict[str, Any]:
    content: dict[str, Any] = {
        "ordering": state.ordering,
        "nature": state.nature,
        "lightest_mass": f"{state.lightest_mass!r} eV",
        "release": state.release,
    }
    if any(state.majorana_phases):
        content["majorana_phases"] = [f"{phase!r} rad" for phase in state.majorana_phases]
    return content | _quantities(state.oscillation, OSCILLATION)


def _run(run: Run) -> dict[str, Any]:
    content: dict[str, Any] = {"photon_energy": f"{run.photon_energy!r} eV", "duration": _time(run.duration)}
    if run.background:
        content["background"] = f"{run.background!r} / s"
    if run.efficiency != 1:
        content["efficiency"] = run.efficiency
    return content


def _time(seconds: float) -> str:
    days = seconds / DAY
    return f"{days!r} day" if days * DAY == seconds else f"{seconds!r} s"


def _quantities(values: dict[str, Any], units: dict[str, str]) -> dict[str, Any]:
    return {k: f"{v!r} {units[k]}" if units[k] else v for k, v in values.items() if v is not None}


def _section(heading: str, content: dict[str, Any]) -> str:
    return "\n".join([heading, *(f"{_key(key)} = {_toml(value)}" for key, value in content.items()), ""])


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _toml(value: Any) -> str:
    """Return a TOML value; JSON writes text, numbers and truth the same way."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def as_json(state: State) -> dict[str, Any]:
    """Return the state's fields as JSON data.

    Examples
    --------
    >>> as_json(State())["lightest_mass"]
    0.01
    """
    return asdict(state)
