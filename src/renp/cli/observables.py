"""Commands for what is measured, and for what is known: spectra, counts, targets, atoms, bounds."""

from pathlib import Path
from typing import TYPE_CHECKING

from renp.cli.application import DEFAULT, File, Flag, app, quantity, read_scenario
from renp.cli.output import (
    Output,
    emit,
    new_scenario,
    progress_of,
    write_text,
)
from renp.errors import InputError, ScenarioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from renp.results import Result


@app.command
def spectrum(
    file: File,
    *,
    photon_energy: str | None = None,
    oscillation_errors: Flag = False,
    options: Output = DEFAULT,
) -> None:
    """Compute the spectral function I(ω).

    Parameters
    ----------
    photon_energy
        Comma-separated list, such as 1.068,1.069 (in eV) or "1157 nm"; left out, a grid over the thresholds.
    oscillation_errors
        Add the band that the errors of the oscillation parameters make.
    """
    from renp.results import Spectrum
    from renp.validation import photon_energies

    scenario = read_scenario(file, options)
    omega = None
    if photon_energy is not None:
        given = _photon_energies(photon_energy)
        omega = photon_energies(given, scenario.atom.E_vg, "photon-energy")
    with progress_of("spectrum", options):
        result = Spectrum.compute(
            scenario.atom,
            scenario.neutrinos,
            scenario.model,
            omega,
            oscillation_errors=oscillation_errors,
        )
    emit(result, options, scenario)


@app.command
def counts(file: File, *, options: Output = DEFAULT) -> None:
    """Compute the expected counts of each run, backgrounds included."""
    from renp.results import Counts

    scenario = read_scenario(file, options, runs=True)
    with progress_of("counts", options):
        result = Counts.compute(scenario.experiment, scenario.neutrinos, scenario.model)
    emit(result, options, scenario)


@app.command
def target(
    file: File,
    *,
    light: Flag = False,
    end: str | None = None,
    scenario: Path | None = None,
    options: Output = DEFAULT,
) -> None:
    """Follow one cycle of the target that the file prepares: coherence and fields, η(t) and its mean.

    The mean is what counts, limits and plans of this file use.

    Parameters
    ----------
    light
        Estimate the light that the target emits besides neutrino pairs, at the runs' photon energies.
    end
        Length over which the coherence ends, a normal distribution's standard deviation, such as "0.1 mm";
        with --light. Left out, it ends sharply.
    scenario
        Write the file with the two-photon rate added to the background of each run; with --light.
    """
    from renp.results.light import TargetLight
    from renp.results.target import TargetCycle

    for name, given in (("end", end), ("scenario", scenario)):
        if given is not None and not light:
            raise InputError(name, given, "left out without --light")
    size = 0.0 if end is None else quantity("end", end, "cm")
    if scenario is not None:
        new_scenario(scenario)
    read = read_scenario(file, options, runs=light)
    if read.experiment.target.preparation is None:
        raise ScenarioError(str(file), ["target.preparation: is missing: this command needs that table"])
    with progress_of("target", options):
        if light:
            result: Result = (found := TargetLight.compute(read.experiment, end=size))
            if scenario is not None:
                text = read.with_background(found.two_photon_rate, scenario.parent)
                write_text(scenario, text, options)
        else:
            result = TargetCycle.compute(read.atom, read.experiment.target)
    emit(result, options, read)


@app.command
def atoms(name: str | None = None, *, options: Output = DEFAULT) -> None:
    """List the catalogued atoms with their levels and sources; or all that enters the rates of one.

    Parameters
    ----------
    name
        Symbol of a catalogued atom, or a TOML file with one of one's own.
    """
    from renp.atoms.atom import Atom
    from renp.results import Catalogue
    from renp.results.atom import AtomSheet

    if name is None:
        emit(Catalogue.compute(), options)
        return
    emit(AtomSheet.compute(Atom.read(name) if name.endswith(".toml") else Atom.named(name)), options)


@app.command
def bounds(file: Path | None = None, *, options: Output = DEFAULT) -> None:
    """List what other experiments say; with a scenario file, where its model stands with each.

    --output FILE.csv or --json has the quantities that are limited and the sources, too.

    Parameters
    ----------
    file
        Scenario file (TOML), or nothing for the catalogue alone.
    """
    from renp.results import Bounds

    if file is None:
        emit(Bounds.compute(), options)
        return
    scenario = read_scenario(file, options)
    emit(Bounds.compute(scenario.neutrinos, scenario.model), options, scenario)


def _photon_energies(text: str) -> "NDArray[np.float64]":
    """Return photon energies of a list with commas, in eV where it has no units."""
    import numpy as np

    from renp.scenario.quantities import parse_quantity

    def one(part: str) -> float:
        try:
            return float(part)
        except ValueError:
            return parse_quantity(part.strip(), "eV", photon=True)

    try:
        return np.array([one(part) for part in text.split(",")])
    except ValueError as error:
        raise InputError("photon-energy", text, f"a list such as 1.068,1.069: {error}") from None
