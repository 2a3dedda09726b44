"""Commands for what to measure: plans, and scans of anything over a grid."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from renp.cli.application import (
    DEFAULT,
    TO_STORE,
    Couplings,
    File,
    Flag,
    WithoutCounts,
    app,
    couplings_of,
    quantity,
    read_scenario,
)
from renp.cli.output import (
    Output,
    StoreOutput,
    Whole,
    emit,
    new_scenario,
    progress_of,
    write_text,
)
from renp.datafiles import PICTURES, check_output
from renp.errors import InputError, ScenarioError
from renp.planning.aims import AIMS

if TYPE_CHECKING:
    from renp.neutrinos import Neutrinos


@app.command
def plan(
    file: File,
    *,
    aim: Annotated[str, Parameter(help=", ".join(AIMS) + ".")] = "limits",
    elements: str | None = None,
    couplings: Couplings = None,
    total: str | None = None,
    lightest_masses: Annotated[str | None, Parameter(name=["--lightest-masses", "--masses"])] = None,
    both_orderings: Flag = False,
    profiled: Flag = False,
    strength: float | None = None,
    laser_range: Annotated[str | None, Parameter(name=["--laser-range", "--laser"])] = None,
    clearance: str = "0 eV",
    frequencies: Whole | None = None,
    least_duration: str = "0 day",
    change_time: str = "0 day",
    candidates: Whole = 2000,
    polarisations: str | None = None,
    after: Flag = False,
    scenario: Path | None = None,
    options: Output = DEFAULT,
) -> None:
    """Plan at which photon energies to run, and for how long; say how far from the optimum that is at most.

    The plan is compared with the file's own runs, lengthened to the same total time.

    Parameters
    ----------
    elements
        magnetic-moment, electric-moment or both; both if left out.
    total
        Time in all, such as "70 day"; that of the file's runs if left out.
    lightest_masses
        Lightest masses in eV for which the plan must be good, such as 0.001,0.01; the file's if left out.
    both_orderings
        The plan must be good for both orderings.
    profiled
        Leave all other couplings free.
    strength
        Size of the couplings that are simulated to be told apart, 5e-11 (μ_B) if left out; for the aims
        identify, magnetic-or-electric and sign.
    laser_range
        Lowest and highest photon energy, such as "1.05 eV, 1.0717 eV" or "1157 nm, 1180 nm".
    clearance
        Least distance of a run from every threshold.
    frequencies
        How many photon energies at most.
    least_duration
        Least time at a photon energy.
    change_time
        Time lost at each change of the photon energy.
    candidates
        How many photon energies are considered before the best are refined.
    polarisations
        The light of a run, "left" or "right" or "left,right", whichever serves; the file's if left out.
    after
        Take the file's runs, with their counts if they have any, as made: plan what to do next.
    scenario
        Write the plan as a scenario file that is ready to run: the file with the plan's runs instead of its
        own, or after them with --after; after runs with counts as [[planned]], which is yet to be made.
    """
    from renp.planning.plan import Constraints
    from renp.planning.plan import plan as best_plan
    from renp.results.plan import NEAR

    if scenario is not None:
        new_scenario(scenario)
    read = read_scenario(file, options, runs=total is None or after)
    constraints = Constraints(
        laser_range=_laser_range(laser_range),
        clearance=quantity("clearance", clearance, "eV"),
        frequencies=frequencies,
        least_duration=quantity("least-duration", least_duration, "s"),
        change_time=quantity("change-time", change_time, "s"),
        candidates=candidates,
        polarisations=() if polarisations is None else [one.strip() for one in polarisations.split(",")],
    )
    with progress_of("plan", options) as progress:
        result = best_plan(
            aim,
            read.experiment,
            _hypotheses(read.neutrinos, lightest_masses, both_orderings=both_orderings),
            total=None if total is None else quantity("total", total, "s"),
            elements=elements,
            couplings=None if couplings is None else couplings_of(read, couplings),
            strength=strength,
            model=read.model if aim == "discovery" else None,
            nuisances=read.nuisances,
            profiled=profiled,
            confidence_level=read.confidence_level,
            constraints=constraints,
            done=read.experiment if after else None,
            progress=progress,
        )
    if scenario is not None:
        write_text(scenario, read.planned(result, after=after, folder=scenario.parent), options)
        if after and read.experiment.counts is not None:
            options.say("its [[planned]] runs are left out until they are [[run]] with counts")
    emit(result, options, read)
    if result.at_threshold:
        options.say(
            f"note: a run lies less than {NEAR:g} eV from a threshold; --clearance keeps away from it"
        )


@app.command
def scan(
    file: File,
    *,
    cluster: str | None = None,
    plot: Path | None = None,
    expected: WithoutCounts = False,
    options: StoreOutput = TO_STORE,
) -> None:
    """Compute what the file's [scan] asks for over a grid of its quantities, into --output FILE.zarr.

    Interrupted at any moment, it goes on when called again. xarray.open_zarr reads what is there at any time.

    Parameters
    ----------
    cluster
        Address of a Dask scheduler, whose workers then compute; this machine if left out.
    plot
        Draw the result into this file (.png, .pdf, .svg); one or two numeric axes have a picture.
    """
    from renp.scans.definition import Definition
    from renp.scans.scan import scan as run

    if options.output is None:
        raise InputError("output", "nothing", "the result's name, --output FILE.zarr")
    if plot is not None:
        check_output(plot, PICTURES, "plot")
    options.check_column(plot)
    scenario = read_scenario(file, options, expected=expected)
    if scenario.scan is None:
        raise ScenarioError(str(file), ["scan: is missing: this command needs a table [scan]"])
    if plot is not None:
        Definition.of(scenario).check_drawn()
    with progress_of("scan", options) as progress:
        try:
            result = run(scenario, options.output, cluster=cluster, progress=progress)
        except KeyboardInterrupt as end:
            end.args = ("what is computed is kept, and the same command goes on with it",)
            raise
    if plot is not None:
        result.save(plot, column=options.column)
    options.say(f"wrote {options.output}{'' if plot is None else f' and {plot}'}")
    emit(result, replace(options, output=None))


def _laser_range(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    ends = [quantity("laser-range", end, "eV", photon=True) for end in text.split(",")]
    if len(ends) != 2:
        raise InputError("laser-range", repr(text), "two photon energies with a comma between them")
    return min(ends), max(ends)


def _hypotheses(neutrinos: "Neutrinos", masses: str | None, *, both_orderings: bool) -> "list[Neutrinos]":
    """Return the file's neutrinos with other lightest masses, and those of the other ordering's release."""
    import jax.numpy as jnp

    from renp.neutrinos import Neutrinos, alike, with_values

    try:
        known = [float(neutrinos.lightest_mass)] if masses is None else [float(m) for m in masses.split(",")]
    except ValueError:
        raise InputError(
            "lightest-masses", repr(masses), "a list of masses in eV such as 0.001,0.01"
        ) from None
    for mass in known:
        Neutrinos(mass)
    hypotheses = [with_values(neutrinos, {"lightest_mass": jnp.array(mass)}) for mass in known]
    if both_orderings:
        other = {"normal": "inverted", "inverted": "normal"}[neutrinos.ordering]
        hypotheses += [alike(one, other, neutrinos.nature) for one in hypotheses]
    return hypotheses
