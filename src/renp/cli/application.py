"""The application, and what its commands share: parameters, and how a scenario is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from renp._version import __version__
from renp.cli.output import (
    BibOutput,
    FolderOutput,
    JsonOutput,
    Options,
    Output,
    PresetOutput,
    ScenarioOutput,
    StoreOutput,
    Whole,
    progress_of,
)
from renp.errors import InputError, ScenarioError

if TYPE_CHECKING:
    from renp.interactions.couplings import Coupling
    from renp.scenario import Scenario

app = App(
    name="renp",
    help=(
        "Radiative emission of neutrino pairs from atoms: spectra, rates, limits and figures.\n\n"
        "Begin with `renp init > run.toml`, then `renp limits run.toml`."
    ),
    version=__version__,
    suppress_keyboard_interrupt=False,
)

File = Annotated[Path, Parameter(help="Scenario file (TOML); `renp init` writes one.")]
Others = Annotated[Path, Parameter(help="Further files, for joint results.")]
Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Couplings = Annotated[
    str | None,
    Parameter(
        help='Only these, such as "magnetic-moment 11, magnetic-moment 22", or "magnetic-moment" for all.'
    ),
]
WithoutCounts = Annotated[
    bool,
    Parameter(
        negative=(),
        show_default=False,
        help="Leave out the counts of the file: what is expected for the standard model.",
    ),
]
Seed = Annotated[Whole, Parameter(help="Of random numbers.")]
DEFAULT = Output()
TO_SCENARIO, TO_JSON, TO_BIB = ScenarioOutput(), JsonOutput(), BibOutput()
TO_STORE, TO_FOLDER, TO_PRESET = StoreOutput(), FolderOutput(), PresetOutput()


def read_scenario(file: Path, options: Options, *, runs: bool = False, expected: bool = False) -> "Scenario":
    """Return a scenario; with runs, if they are needed, and without counts, if these are not wanted."""
    with progress_of(f"reading {file.name}", options):
        from renp.scenario import Scenario

        scenario = Scenario.read(file)
    for words in scenario.notes:
        options.say(f"note: {words}")
    if runs and not len(scenario.experiment.runs.photon_energy):
        raise ScenarioError(str(file), ["run: is missing: this command needs at least one [[run]]"])
    return scenario.without_counts() if expected else scenario


def couplings_of(scenario: "Scenario", names: str | None) -> "list[Coupling]":
    """Return the couplings of names or kinds with commas between them; all without, the file's first."""
    from renp.validation import choice

    kinds = {coupling.kind for coupling in scenario.couplings}
    known = {one.name: one for one in sorted(scenario.limited, key=lambda one: one.kind not in kinds)}
    if names is None:
        return list(known.values())
    chosen = {
        kind: [one for one in known.values() if one.kind == kind]
        for kind in (one.kind for one in known.values())
        if kind
    }
    chosen |= {name: [one] for name, one in known.items()}
    asked = (choice("couplings", name.strip(), tuple(chosen)) for name in names.split(","))
    return list({one.name: one for name in asked for one in chosen[name]}.values())


def quantity(name: str, text: str, unit: str, *, photon: bool = False) -> float:
    """Return a number of a text with a unit, or say what was wrong with it."""
    from renp.scenario.quantities import parse_quantity

    try:
        return parse_quantity(text.strip(), unit, photon=photon)
    except ValueError as error:
        raise InputError(name, repr(text), str(error).split("must be ", 1)[-1]) from None
