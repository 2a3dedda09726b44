"""The Python that computes what the explorer shows."""

from renp.atoms.effects import EFFECTS
from renp.constants import DAY
from renp.explorer.sampling import view_window
from renp.explorer.setup import build
from renp.explorer.state import State
from renp.interactions.couplings import Interaction


def to_python(state: State) -> str:
    """Return a script that makes the same spectrum, counts and limits.

    Examples
    --------
    >>> print(to_python(State(window=(1.06, 1.072))))
    import numpy as np
    import renp
    from renp.results import Counts, Spectrum
    <BLANKLINE>
    atom = renp.Atom.named('Yb')
    neutrinos = renp.Neutrinos(0.01, 'normal', 'dirac', 'nufit-6.0')
    model = renp.Weak()
    <BLANKLINE>
    omega = np.linspace(1.06, 1.072, 2000)  # eV
    spectrum = Spectrum.compute(atom, neutrinos, model, omega)
    spectrum.save("spectrum.png")
    <BLANKLINE>
    """
    setup = build(state)
    low, high = view_window(state, setup)
    terms = "".join(f" + {_interaction(term)}" for term in setup.terms)
    foreign = sorted({_import(term) for term in setup.terms if not _is_public(term)})
    lines = ["import numpy as np", "import renp", *foreign, "from renp.results import Counts, Spectrum", ""]
    lines += [f"atom = {_atom(state)}", f"neutrinos = {_neutrinos(state)}", f"model = renp.Weak(){terms}", ""]
    lines += [f"omega = np.linspace({low!r}, {high!r}, 2000)  # eV"]
    lines += [
        "spectrum = Spectrum.compute(atom, neutrinos, model, omega)",
        'spectrum.save("spectrum.png")',
        "",
    ]
    return "\n".join(lines + (_runs(state) if state.runs else []))


def _runs(state: State) -> list[str]:
    arguments = ["atom", f"renp.Target({_keywords(state.target)})"]
    arguments += [repr([run.photon_energy for run in state.runs])]
    durations = [run.duration / DAY for run in state.runs]
    arguments += [f"86400.0 * np.array({durations!r})"]
    if any(run.background for run in state.runs):
        arguments.append(f"background={[run.background for run in state.runs]!r}")
    if state.laser:
        arguments.append(f"laser=renp.laser.Laser({_keywords(state.laser)})")
    if any(run.efficiency != 1 for run in state.runs):
        arguments.append(f"efficiency={[run.efficiency for run in state.runs]!r}")
    return [
        "experiment = renp.Experiment(",
        *(f"    {argument}," for argument in arguments),
        ")",
        "counts = Counts.compute(experiment, neutrinos, model)",
        f"limits = renp.upper_limits(experiment, neutrinos, {state.confidence_level!r})",
        "print(counts, limits, sep='\\n\\n')",
        "",
    ]


def _atom(state: State) -> str:
    if state.E_eg is None:
        text = f"renp.Atom.named({state.atom!r})"
    else:
        levels = f", renp.Atom.named({state.atom!r}).levels" if state.effects else ""
        text = f"renp.Atom({state.atom!r}, {state.E_eg!r}, {state.E_vg!r}{levels})"
    if state.effects:
        chosen = {effect: effect in state.effects for effect in EFFECTS}
        text += f".refined({_keywords(chosen)}, polarisation={state.polarisation!r})"
    return text + (f".boosted({state.boost!r})" if state.boost else "")


def _neutrinos(state: State) -> str:
    arguments = [repr(x) for x in (state.lightest_mass, state.ordering, state.nature, state.release)]
    if any(state.majorana_phases):
        arguments.append(f"majorana_phases={state.majorana_phases!r}")
    if state.oscillation:
        arguments.append(_keywords(state.oscillation))
    return f"renp.Neutrinos({', '.join(arguments)})"


def _is_public(term: Interaction) -> bool:
    return type(term).__module__.startswith("renp.")


def _interaction(term: Interaction) -> str:
    return f"renp.{term!r}" if _is_public(term) else repr(term)


def _import(term: Interaction) -> str:
    return f"from {type(term).__module__} import {type(term).__name__}"


def _keywords(values: dict[str, float] | dict[str, bool]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())
