"""The Python that computes what the explorer shows."""

from collections.abc import Mapping
from typing import Any

from renp.atoms.effects import EFFECTS, effects_of
from renp.explorer.sampling import view_window
from renp.explorer.setup import build
from renp.explorer.state import State
from renp.interactions.couplings import Interaction
from renp.scenario.schema import AtomSection, Document, RunSection, Section, StatisticsSection


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
    terms = "".join(f" + {_interaction(term)}" for term in setup.terms)
    foreign = sorted({_import(term) for term in setup.terms if not _is_public(term)})
    lines = [
        "import numpy as np",
        "import renp",
        *foreign,
        "from renp.results import Counts, Spectrum",
        "",
        f"atom = {_atom(document.atom)}",
        f"neutrinos = renp.Neutrinos({_given(document.neutrinos)})",
        f"model = renp.Weak(){terms}",
        "",
        f"omega = np.linspace({low!r}, {high!r}, 2000)  # eV",
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
    others = section.model_dump(exclude_defaults=True, exclude={"confidence_level"})
    uncertain = _keywords({name.removesuffix("_error"): value for name, value in others.items()})
    level = repr(section.confidence_level)
    return f"{level}, nuisances=renp.Nuisances({uncertain})" if uncertain else level


def _atom(section: AtomSection) -> str:
    effects = effects_of(section.approximation)
    text = f"renp.Atom.named({section.name!r})"
    if section.E_eg is not None:
        levels = f", {text}.levels" if effects else ""
        text = f"renp.Atom({section.name!r}, {section.E_eg!r}, {section.E_vg!r}{levels})"
    if effects:
        chosen = {effect: effect in effects for effect in EFFECTS}
        text += f".refined({_keywords(chosen | {'polarisation': section.polarisation})})"
    return text + (f".boosted({section.boost!r})" if section.boost else "")


def _is_public(term: Interaction) -> bool:
    return type(term).__module__.startswith("renp.")


def _interaction(term: Interaction) -> str:
    return f"renp.{term!r}" if _is_public(term) else repr(term)


def _import(term: Interaction) -> str:
    return f"from {type(term).__module__} import {type(term).__name__}"


def _given(section: Section) -> str:
    return _keywords(section.model_dump(exclude_unset=True, exclude_none=True))


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())
