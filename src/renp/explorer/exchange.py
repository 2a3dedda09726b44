"""A state from scenarios, their text and links, and as links and Python."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from renp.atoms.effects import EFFECTS, effects_of
from renp.errors import ScenarioError
from renp.explorer.guard import LONGEST
from renp.explorer.live import POINTS, view_window
from renp.explorer.setup import StateError, build
from renp.explorer.state import PLACES, VIEW, State, as_json, is_text, short
from renp.interactions.couplings import Interaction
from renp.scenario import Scenario, preset_text
from renp.scenario.schema import (
    AtomSection,
    Document,
    NeutrinosSection,
    RunSection,
    Section,
    StatisticsSection,
)

ALWAYS = ("atom", "lightest_mass")
"""Keys that every link has, so that it never means the server's own start."""

WITHOUT = ("name", "approximation", *(StatisticsSection.model_fields.keys() - {"confidence_level"}))
"""Keys that have another name in links, or stand in one with others."""

LINKED = (*(key for key in PLACES if "." not in key and key not in WITHOUT), *VIEW)
"""Keys of links, each of a part that differs from the usual; its value is words or JSON."""


def start_state(scenario: Scenario | str | Path | None = None) -> State:
    """Return the state of a scenario, of its file, or of the letter's preset.

    Raises
    ------
    ScenarioError
        If the file has problems, or what the explorer has no controls for: levels of an atom file.
    """
    if scenario is None:
        scenario = Scenario.from_text(preset_text("letter"))
    if not isinstance(scenario, Scenario):
        scenario = Scenario.read(scenario)
    state = from_scenario(scenario)
    try:
        build(state)
    except StateError as error:
        problems = [f"{field}: {words}" for field, words in error.problems.items()]
        raise ScenarioError("the explorer", problems) from None
    return state


def from_scenario(scenario: Scenario) -> State:
    """Return the state of a scenario: what its files say in place of their names."""
    document = scenario.document.changed(runs=None)
    if document.atom.file is not None:
        own = document.atom.model_dump(exclude_unset=True, exclude={"file"})
        atom = scenario.atom
        own |= {"name": atom.name, "E_eg": float(atom.E_eg), "E_vg": float(atom.E_vg)}
        document = document.changed(atom=AtomSection.model_construct(**own))
    return State().model_copy(update={"scenario": document})


def from_text(text: str) -> State:
    """Return the state that a scenario file describes; what it does not say is as at the start.

    Raises
    ------
    ScenarioError
        Listing every problem with its line; a file that the text names is one: who sees the page need not be
        who may read the files of this machine.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        data = {}  # which the scenario says with its line
    tables = [name for name, table in data.items() if isinstance(table, dict) and "file" in table]
    if tables:
        words = "a page reads no files; give their content here, or start renp explore with the scenario file"
        raise ScenarioError("scenario", [f"{name}.file: {words}" for name in tables])
    return from_scenario(Scenario.from_text(text))


def to_query(state: State) -> str:
    """Return the query of a link that reproduces the state.

    Examples
    --------
    >>> to_query(State.of(lightest_mass=0.02, ordering="inverted"))
    'atom=Yb&lightest_mass=0.02&ordering=inverted'
    """
    return urlencode(dict(_parts(state)), quote_via=quote, safe=',:[]{}"')


def _parts(state: State) -> Iterator[tuple[str, str]]:
    usual = State()
    for key in LINKED:
        value = state[key]
        if key == "uncertain":
            value = value.model_dump(exclude_defaults=True, exclude={"confidence_level"})
        if key in ALWAYS or value != ({} if key == "uncertain" else usual[key]):
            if key in ("runs", "planned"):
                value = [short(run) for run in value]
            yield key, value if is_text(key) else as_json(value)


def from_query(query: str) -> State:
    """Return the state of a link.

    Raises
    ------
    ValueError
        Naming the key that cannot be read.

    Examples
    --------
    >>> from_query("?lightest_mass=0.02&runs=[[1.068]]").scenario.run[0].duration
    864000.0
    """
    if len(query) > LONGEST:
        raise ValueError(f"the link is longer than {LONGEST} characters")
    state = State()
    for key, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if key not in (*LINKED, "oscillation"):
            raise ValueError(f"{key}: is not a part of a link to the explorer")
        try:
            state = state.changed(**_values(key, text))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(f"{key} = {text[:80]}: cannot be read") from None
    return state


def _values(key: str, text: str) -> dict[str, Any]:
    if key == "oscillation":  # of links from before 0.2: a table of keys that now stand alone
        content = json.loads(text)
        return {name: content[name] for name in content if NeutrinosSection.model_fields[name]}
    return {key: text if is_text(key) else json.loads(text)}


def to_python(state: State) -> str:
    """Return a script that makes the same spectrum, counts and limits.

    Examples
    --------
    >>> print(to_python(State.of(window=[1.06, 1.072])))
    import numpy as np
    import renp
    from renp.results import Counts, Spectrum
    <BLANKLINE>
    atom = renp.Atom.named('Yb')
    neutrinos = renp.Neutrinos(lightest_mass=0.01, ordering='normal', nature='dirac', release='nufit-6.0')
    model = renp.Weak()
    <BLANKLINE>
    omega = np.linspace(1.06, 1.072, 2000)  # eV
    spectrum = Spectrum.compute(atom, neutrinos, model, omega)
    spectrum.save("spectrum.png")
    <BLANKLINE>
    """
    setup, document = build(state), state.scenario
    low, high = view_window(state, setup)
    terms = "".join(f" + renp.{term!r}" if _is_public(term) else f" + {term!r}" for term in setup.terms)
    foreign = {type(term) for term in setup.terms if not _is_public(term)}
    lines = [
        "import numpy as np",
        "import renp",
        *sorted(f"from {cls.__module__} import {cls.__name__}" for cls in foreign),
        "from renp.results import Counts, Spectrum",
        "",
        f"atom = {_atom(document.atom)}",
        f"neutrinos = renp.Neutrinos({_given(document.neutrinos)})",
        f"model = renp.Weak(){terms}",
        "",
        f"omega = np.linspace({low!r}, {high!r}, {POINTS})  # eV",
        "spectrum = Spectrum.compute(atom, neutrinos, model, omega)",
        'spectrum.save("spectrum.png")',
        "",
    ]
    return "\n".join(lines + (_runs(document) if document.run else []))


def _runs(document: Document) -> list[str]:
    usual = {name: field.default for name, field in RunSection.model_fields.items()}
    columns = {name: [getattr(run, name) for run in document.run] for name in usual}
    arguments = ["atom", f"renp.Target({_given(document.target)})"]
    if laser := _given(document.laser):
        arguments.append(f"laser=renp.laser.Laser({laser})")
    arguments += [f"{name}={column!r}" for name, column in columns.items() if set(column) != {usual[name]}]
    return [
        "experiment = renp.Experiment(",
        *(f"    {argument}," for argument in arguments),
        ")",
        "counts = Counts.compute(experiment, neutrinos, model)",
        f"limits = renp.upper_limits(experiment, neutrinos, {_statistics(document.statistics)})",
        "print(counts, limits, sep='\\n\\n')",
        "",
    ]


def _statistics(section: StatisticsSection) -> str:
    apart = {"confidence_level", "measured_masses"}
    uncertain = [_keywords(section.model_dump(exclude_defaults=True, exclude=apart))]
    if masses := [(name, one) for name, one in section.measured_masses or () if one is not None]:
        each = ", ".join(f"{name!r}: renp.MeasuredMass({_given(one)})" for name, one in masses)
        uncertain.append(f"measured_masses={{{each}}}")
    given, level = ", ".join(filter(None, uncertain)), repr(section.confidence_level)
    return f"{level}, nuisances=renp.Nuisances({given})" if given else level


def _atom(section: AtomSection) -> str:
    effects = effects_of(section.approximation)
    text = f"renp.Atom.named({section.name!r})"
    if section.E_eg is not None:
        levels = f", {text}.levels" if effects else ""
        text = f"renp.Atom({section.name!r}, {section.E_eg!r}, {section.E_vg!r}{levels})"
    if effects:
        chosen = {effect: effect in effects for effect in EFFECTS}
        text += f".refined({_keywords(chosen | {'polarisation': section.polarisation})})"
    text += f".prepared({section.prepared})" if section.prepared is not None else ""
    return text + (f".boosted({section.boost!r})" if section.boost else "")


def _is_public(term: Interaction) -> bool:
    return type(term).__module__.startswith("renp.")


def _given(section: Section) -> str:
    return _keywords(section.model_dump(exclude_unset=True, exclude_none=True))


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())
