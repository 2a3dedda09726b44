"""The commands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

import renp
from renp.cli.output import Output, emit, make_folder, note, progress_display, quietly, show, write_text
from renp.errors import InputError, ScenarioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from renp.scenario import Scenario

app = App(
    name="renp",
    help="Radiative emission of neutrino pairs from atoms: spectra, rates, limits and figures.",
    version=renp.__version__,
)

File = Annotated[Path, Parameter(help="Scenario file (TOML); `renp init` writes one.")]
DEFAULT = Output()


@app.command
def init(preset: str = "letter", *, options: Output = DEFAULT) -> None:
    """Print a commented scenario file, or write it with --output.

    Parameters
    ----------
    preset
        letter, vector-mediator or scalar-mediator.
    """
    from renp.scenario import preset_text

    text = preset_text(preset)
    if options.output is not None:
        if options.output.exists():
            raise InputError("output", options.output, "a file that does not exist yet")
        write_text(options.output, text)
        if not options.quiet:
            note(f"wrote {options.output}")
    if options.json:
        show({"preset": preset, "scenario": text})
    elif options.output is None:
        print(text, end="")


@app.command
def validate(file: File, *, options: Output = DEFAULT) -> int:
    """Check a scenario file and say every problem at once.

    With --output FILE.json, the report goes there too.
    """
    import json

    from renp.scenario import Scenario

    if options.output is not None and options.output.suffix != ".json":
        raise InputError("output", options.output, "a file ending in .json")
    scenario, problems, message = None, list[str](), ""
    try:
        scenario = Scenario.read(file)
    except ScenarioError as error:
        problems, message = error.problems, str(error)
    report = {"valid": not problems, "problems": problems}
    if options.output is not None:
        write_text(options.output, json.dumps(report, indent=1) + "\n")
    if options.json:
        show(report)
    elif scenario is None:
        note(f"renp: {message}")
    elif not options.quiet:
        runs = len(scenario.experiment.photon_energy)
        print(f"{file} is valid: {scenario.atom.name}, {runs} run{'s' if runs != 1 else ''}")
    return 2 if problems else 0


@app.command
def spectrum(file: File, *, photon_energy: str | None = None, options: Output = DEFAULT) -> None:
    """Compute the spectral function I(ω).

    Parameters
    ----------
    photon_energy
        Comma-separated list, such as 1.068,1.069 (in eV) or "1157 nm"; left out, a grid over the thresholds.
    """
    from renp.results import Spectrum
    from renp.validation import photon_energies

    scenario = _read(file)
    omega = None
    if photon_energy is not None:
        given = _photon_energies(photon_energy)
        omega = photon_energies(given, scenario.atom.E_vg, "photon-energy")
    with quietly(options):
        result = Spectrum.compute(scenario.atom, scenario.neutrinos, scenario.model, omega)
    emit(result, options)


@app.command
def counts(file: File, *, options: Output = DEFAULT) -> None:
    """Compute the expected counts of each run, backgrounds included."""
    from renp.results import Counts

    scenario = _read(file, runs=True)
    with quietly(options):
        result = Counts.compute(scenario.experiment, scenario.neutrinos, scenario.model)
    emit(result, options)


@app.command
def limits(file: File, *, options: Output = DEFAULT) -> None:
    """Compute upper limits on each magnetic and electric moment, all others being zero.

    They are observed limits if the runs have counts, otherwise those expected for the standard model. The
    interactions of the file play no part: the limits are on top of the standard model.
    """
    from renp.inference.limits import upper_limits

    scenario = _read(file, runs=True)
    with quietly(options):
        result = upper_limits(scenario.experiment, scenario.neutrinos, scenario.confidence_level)
    emit(result, options)


@app.command
def atoms(*, options: Output = DEFAULT) -> None:
    """List the catalogued atoms with their levels and sources."""
    from renp.results import Catalogue

    emit(Catalogue.compute(), options)


@app.command
def bounds(file: File | None = None, *, options: Output = DEFAULT) -> None:
    """List what other experiments say; with a scenario file, where its model stands with each.

    Parameters
    ----------
    file
        Scenario file (TOML), or nothing for the catalogue alone.
    """
    from renp.results import Bounds

    if file is None:
        emit(Bounds.compute(), options)
        return
    scenario = _read(file)
    emit(Bounds.compute(scenario.neutrinos, scenario.model), options)


@app.command
def reproduce(*, options: Output = DEFAULT) -> None:
    """Reproduce both papers: figures and numbers, published against computed.

    Writes report.html, the figures as PDF and numbers.json into the folder given with --output
    (renp-report if left out).
    """
    from renp.papers.report import write_report

    folder = options.output or Path("renp-report")
    if folder.suffix or (folder.exists() and not folder.is_dir()):
        raise InputError("output", folder, "a folder, which is made if it does not exist")
    make_folder(folder)
    with progress_display(options) as progress:
        report = write_report(folder, progress)
    if options.json:
        show(report.json())
    elif not options.quiet:
        print(report.table())
        print(f"\nThe report is at {folder / 'report.html'}")


def _read(file: Path, *, runs: bool = False) -> "Scenario":
    from renp.scenario import Scenario

    scenario = Scenario.read(file)
    if runs and not len(scenario.experiment.photon_energy):
        raise ScenarioError(str(file), ["run: is missing: this command needs at least one [[run]]"])
    return scenario


def _photon_energies(text: str) -> "NDArray[np.float64]":
    import numpy as np

    from renp.scenario.quantities import parse_quantity

    energies = []
    for part in text.split(","):
        try:
            energies.append(float(part))
        except ValueError:
            try:
                energies.append(parse_quantity(part.strip(), "eV", photon=True))
            except ValueError as error:
                raise InputError("photon-energy", text, f"a list such as 1.068,1.069: {error}") from None
    return np.array(energies)
