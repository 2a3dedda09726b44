"""The commands."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    emit,
    make_folder,
    new_file,
    note,
    print_verdicts,
    progress_display,
    progress_of,
    show,
    write_text,
)
from renp.datafiles import PICTURES, check_output, json_text
from renp.errors import InputError, ScenarioError
from renp.inference import methods
from renp.planning.aims import AIMS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from renp.experiment import Experiment
    from renp.explorer.state import State
    from renp.inference.nuisances import Nuisances
    from renp.interactions.couplings import Coupling
    from renp.neutrinos import Neutrinos
    from renp.results import Result
    from renp.scenario import Scenario

app = App(
    name="renp",
    help="Radiative emission of neutrino pairs from atoms: spectra, rates, limits and figures.",
    version=__version__,
)

File = Annotated[Path, Parameter(help="Scenario file (TOML); `renp init` writes one.")]
Others = Annotated[Path, Parameter(help="Further files, for joint results.")]
Flag = Annotated[bool, Parameter(negative=())]
Couplings = Annotated[
    str | None,
    Parameter(help='Only these, such as "magnetic-moment 11, magnetic-moment 22".'),
]
WithoutCounts = Annotated[
    bool,
    Parameter(negative=(), help="Leave out the counts of the file: what is expected for the standard model."),
]
Seed = Annotated[Whole, Parameter(help="Of random numbers.")]
DEFAULT = Output()
TO_SCENARIO, TO_JSON, TO_BIB = ScenarioOutput(), JsonOutput(), BibOutput()
TO_STORE, TO_FOLDER, TO_PRESET = StoreOutput(), FolderOutput(), PresetOutput()


@app.command
def init(preset: str = "letter", *, options: PresetOutput = TO_PRESET) -> None:
    """Print a commented scenario file, or write it with --output.

    Parameters
    ----------
    preset
        letter, vector-mediator or scalar-mediator; or interaction, the Python file of one of one's own.
    """
    from renp.scenario import TEMPLATE, preset_text

    text = preset_text(preset)
    if options.output is not None:
        check_output(options.output, (".py" if preset == TEMPLATE else ".toml",))
        new_file("output", options.output)
        write_text(options.output, text, options)
    if options.json:
        show({"preset": preset, "scenario": text})
    elif options.output is None:
        print(text, end="")


@app.command
def validate(file: File, *, options: JsonOutput = TO_JSON) -> int:
    """Check a scenario file and say every problem at once.

    With --output FILE.json, the report goes there too.
    """
    from renp.scenario import Scenario

    scenario, problems, message = None, list[str](), ""
    try:
        scenario = Scenario.read(file)
    except ScenarioError as error:
        problems, message = error.problems, str(error)
    notes = [] if scenario is None else list(scenario.notes)
    report = {"valid": not problems, "problems": problems, "notes": notes}
    if options.output is not None:
        write_text(options.output, json_text(report, indent=1) + "\n", options)
    if options.json:
        show(report)
    elif scenario is None:
        note(f"renp: {message}")
    elif not options.quiet:
        runs = len(scenario.experiment.runs.photon_energy)
        for words in notes:
            note(f"note: {words}")
        print(f"{file} is valid: {scenario.atom.name}, {runs} run{'s' if runs != 1 else ''}")
    return 2 if problems else 0


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

    scenario = _read(file, options)
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

    scenario = _read(file, options, runs=True)
    with progress_of("counts", options):
        result = Counts.compute(scenario.experiment, scenario.neutrinos, scenario.model)
    emit(result, options, scenario)


@app.command
def target(
    file: File,
    *,
    light: Flag = False,
    end: str = "0 cm",
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
        Length over which the coherence ends, a normal distribution's standard deviation; with --light.
    scenario
        Write the file with the two-photon rate added to the background of each run; with --light.
    """
    from renp.results.light import TargetLight
    from renp.results.target import TargetCycle

    read = _read(file, options, runs=light)
    if read.experiment.target.preparation is None:
        raise ScenarioError(str(file), ["target: preparation is missing: this command needs it"])
    if scenario is not None and not light:
        raise InputError("scenario", scenario, "left out without --light")
    with progress_of("target", options):
        if light:
            size = _quantity("end", end, "cm")
            result: Result = (found := TargetLight.compute(read.experiment, end=size))
            if scenario is not None:
                new_file("scenario", scenario)
                write_text(scenario, read.with_background(found.two_photon_rate), options)
        else:
            result = TargetCycle.compute(read.atom, read.experiment.target)
    emit(result, options, read)


@app.command
def limits(
    file: File,
    *others: Others,
    method: Annotated[str, Parameter(help=methods.listed())] = "delta-chi2",
    couplings: Couplings = None,
    profiled: Flag = False,
    bands: Flag = False,
    lengthened: Flag = False,
    expected: WithoutCounts = False,
    seed: Seed = 0,
    options: Output = DEFAULT,
) -> None:
    """Compute upper limits on each magnetic and electric moment, and on the other couplings of the file.

    They are observed limits if the runs have counts, otherwise those expected for the standard model. Each
    coupling stands alone beside the standard model, whatever the file's values, unless --profiled.

    The limit on the strength of a mediator, or of any interaction as a whole, is on the number that
    multiplies it as the file has it. It interferes with the weak one, and its sign matters: the limit is the
    end of the interval further from 0, "from" and "to" are both ends. Where the sign is known, take the end
    that has it.

    With several files, all their runs count: each is an experiment of its own, with the same neutrinos and
    interactions.

    Parameters
    ----------
    profiled
        Leave all other couplings free, of those that limits are set on.
    bands
        Add what the standard model would give within 1 and 2 standard deviations.
    lengthened
        Let no upper end of feldman-cousins grow with the background, as in its paper's tables; for one run.
    """
    from renp.inference.upper_limits import upper_limits

    scenario, experiments, nuisances = _together(file, others, options, expected=expected)
    limited = _limited(scenario, couplings)
    with progress_of("limits", options, steps=len(limited)) as progress:
        result = upper_limits(
            experiments,
            scenario.neutrinos,
            scenario.confidence_level,
            couplings=limited,
            method=method,
            profiled=profiled,
            nuisances=nuisances,
            bands=bands,
            lengthened=lengthened,
            seed=seed,
            progress=progress,
        )
    emit(result, options, scenario)


@app.command
def fit(
    file: File,
    *others: Others,
    profile: str | None = None,
    contour: str | None = None,
    significance: str | None = None,
    ranking: str | None = None,
    correlations: Flag = False,
    expected: Flag = False,
    options: Output = DEFAULT,
) -> None:
    """Fit the couplings of the file, and all that it calls uncertain, to the counts of its runs.

    With several files, all their runs count: each is an experiment of its own, with the same neutrinos and
    interactions.

    Parameters
    ----------
    profile
        Scan this parameter, such as "magnetic-moment 11", all others fitted.
    contour
        Scan two parameters, with a comma between them.
    significance
        Say how significantly this coupling differs from zero, all others fitted.
    ranking
        Rank what is uncertain by its impact on this coupling's best fit and limit.
    correlations
        Show how the parameters of the fit are correlated.
    expected
        Fit the counts that are expected with the file's couplings, instead of observed ones.
    """
    from renp.inference.estimates import fit as fitted
    from renp.inference.hypotheses import discovery
    from renp.inference.likelihood import Likelihood
    from renp.inference.profiles import contour as scan_two
    from renp.inference.profiles import profile as scan
    from renp.inference.ranking import ranking as ranked

    scenario, experiments, nuisances = _together(file, others, options)
    each = experiments.values() if isinstance(experiments, dict) else [experiments]
    if not expected and any(one.counts is None for one in each):
        raise ScenarioError(str(file), ["run: no counts to fit: give them for every run, or use --expected"])
    special = (profile, contour, significance, ranking, correlations or None)
    if sum(one is not None for one in special) > 1:
        several = "several of --profile, --contour, --significance, --ranking, --correlations"
        raise InputError("fit", several, "one of them")
    level = scenario.confidence_level
    with progress_of("fit", options):
        likelihood = Likelihood(experiments, scenario.neutrinos, scenario.couplings, nuisances=nuisances)
        truth = scenario.truth(likelihood)
        data = likelihood.asimov(truth) if expected else likelihood.data
        if significance is not None:
            values = {name: float(value) for name, value in likelihood.values(truth).items()}
            result: Result = discovery(likelihood, significance, values if expected else None)
        elif profile is not None:
            result = scan(likelihood, profile, data=data)
        elif contour is not None:
            names = tuple(name.strip() for name in contour.split(","))
            if len(names) != 2:
                raise InputError("contour", repr(contour), "two parameters with a comma between them")
            result = scan_two(likelihood, (names[0], names[1]), data=data)
        elif ranking is not None:
            result = ranked(likelihood, ranking, data, confidence_level=level)
        else:
            best = fitted(likelihood, data, confidence_level=level)
            result = best.correlations() if correlations else best
    emit(result, options, scenario)


@app.command
def toys(
    file: File,
    *,
    toys: Annotated[Whole, Parameter(name=["--toys", "--number"])] = 10_000,
    coverage: str | None = None,
    seed: Seed = 0,
    options: Output = DEFAULT,
) -> None:
    """Simulate counts with the couplings of the file, and fit each set of them.

    Parameters
    ----------
    toys
        How many sets.
    coverage
        Measure how often each kind of interval contains the true value of this coupling, such as
        "magnetic-moment 11": at the file's exposure, and at a hundredth of it.
    """
    from renp.inference.toys import measure_coverage, throw_toys

    scenario = _read(file, options, runs=True)
    likelihood = scenario.likelihood()
    truth = scenario.truth(likelihood)
    values = {name: float(value) for name, value in likelihood.values(truth).items()}
    if coverage is not None:
        likelihood.index(coverage)
    with progress_of("toys", options) as progress:
        settings: dict[str, Any] = {
            "toys": toys,
            "confidence_level": scenario.confidence_level,
            "seed": seed,
            "progress": progress,
        }
        if coverage is None:
            result: Result = throw_toys(likelihood, values, **settings)
        else:
            at = (values[coverage],)
            result = measure_coverage(likelihood, coverage, at, exposures=(1.0, 0.01), **settings)
    emit(result, options, scenario)


@app.command
def plan(
    file: File,
    *,
    aim: Annotated[str, Parameter(help=", ".join(AIMS) + ".")] = "limits",
    elements: str = "both",
    couplings: Couplings = None,
    total: str | None = None,
    lightest_masses: Annotated[str | None, Parameter(name=["--lightest-masses", "--masses"])] = None,
    both_orderings: Flag = False,
    profiled: Flag = False,
    strength: float = 5e-11,
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
        magnetic-moment, electric-moment or both.
    total
        Time in all, such as "70 day"; that of the file's runs if left out.
    lightest_masses
        Lightest masses in eV for which the plan must be good, such as 0.001,0.01; the file's if left out.
    both_orderings
        The plan must be good for both orderings.
    profiled
        Leave all other couplings free.
    strength
        Size in μ_B of the moments that are simulated to be told apart.
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
        check_output(scenario, (".toml",), "scenario")
        new_file("scenario", scenario)
    read = _read(file, options, runs=total is None or after)
    constraints = Constraints(
        laser_range=_laser_range(laser_range),
        clearance=_quantity("clearance", clearance, "eV"),
        frequencies=frequencies,
        least_duration=_quantity("least-duration", least_duration, "s"),
        change_time=_quantity("change-time", change_time, "s"),
        candidates=candidates,
        polarisations=() if polarisations is None else [one.strip() for one in polarisations.split(",")],
    )
    with progress_of("plan", options) as progress:
        result = best_plan(
            aim,
            read.experiment,
            _hypotheses(read.neutrinos, lightest_masses, both_orderings=both_orderings),
            total=None if total is None else _quantity("total", total, "s"),
            elements=elements,
            couplings=None if couplings is None else _limited(read, couplings),
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
def sensitivity(
    file: File,
    *,
    over: str | None = None,
    couplings: Couplings = None,
    toys: Annotated[Whole, Parameter(name=["--toys", "--number"])] = 200,
    seed: Seed = 0,
    options: Output = DEFAULT,
) -> None:
    """Compute expected limits over exposure or a mass, with bands and the limits of other experiments.

    The picture has ±1σ and ±2σ around each limit, where a panel has few, and other experiments' limits with
    labels on their curves. Counts of the file are left out, and what its [statistics] calls uncertain.

    Parameters
    ----------
    over
        exposure, lightest-mass, mediator-mass or sterile-splitting (the limit is then on |U_e4|² of a fourth
        neutrino); left out, mediator-mass if the file has a mediator, else exposure.
    toys
        How many data sets the bands are from; 0 for none.
    """
    from renp.inference.sensitivity import sensitivity as expected_limits
    from renp.interactions.mediator import Mediator

    scenario = _read(file, options, runs=True, expected=True)
    mediators = [one for one in scenario.couplings if isinstance(one.interaction, Mediator)]
    over = over or ("mediator-mass" if mediators else "exposure")
    chosen: Any = mediators if couplings is None and over == "mediator-mass" else None
    if chosen is None and (over != "sterile-splitting" or couplings is not None):
        chosen = _limited(scenario, couplings)
    with progress_of("sensitivity", options):
        result = expected_limits(
            scenario.experiment,
            scenario.neutrinos,
            over,
            confidence_level=scenario.confidence_level,
            couplings=chosen,
            toys=toys,
            seed=seed,
        )
    emit(result, options, scenario)


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
    scenario = _read(file, options, expected=expected)
    if scenario.scan is None:
        raise ScenarioError(str(file), ["scan: is missing: this command needs a table [scan]"])
    if plot is not None:
        Definition.of(scenario).check_drawn()
    with progress_of("scan", options) as progress:
        result = run(scenario, options.output, cluster=cluster, progress=progress)
    if plot is not None:
        result.save(plot, column=options.column)
    options.say(f"wrote {options.output}{'' if plot is None else f' and {plot}'}")
    emit(result, replace(options, output=None))


@app.command
def workspace(file: File, coupling: str, *, options: JsonOutput = TO_JSON) -> None:
    """Export the counts and one coupling as a workspace for pyhf; --output FILE.json writes it.

    Parameters
    ----------
    coupling
        Such as "magnetic-moment 11"; the file's other couplings are left out.
    """
    from renp.inference.likelihood import Likelihood
    from renp.inference.workspace import pyhf_workspace
    from renp.validation import choice

    scenario = _read(file, options, runs=True)
    known = {one.name: one for one in scenario.couplings}
    chosen = known[choice("coupling", coupling, tuple(known))]
    likelihood = Likelihood(scenario.experiment, scenario.neutrinos, [chosen], nuisances=scenario.nuisances)
    content = pyhf_workspace(likelihood, coupling)
    if options.output is not None:
        write_text(options.output, json_text(content, indent=1) + "\n", options)
    if options.json or options.output is None:
        show(content)


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
def bounds(file: File | None = None, *, options: Output = DEFAULT) -> None:
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
    scenario = _read(file, options)
    emit(Bounds.compute(scenario.neutrinos, scenario.model), options, scenario)


@app.command
def cite(file: File | None = None, *, options: BibOutput = TO_BIB) -> None:
    """Print the references behind a result as BibTeX; --output FILE.bib writes them.

    Parameters
    ----------
    file
        A result that a command has written (.json, .csv or .nc), a scenario file (.toml), or nothing for the
        package and the papers whose formula it computes.
    """
    from renp.references import PAPERS, bibtex, merged

    keys = merged(("renp",), PAPERS if file is None else _references(file, options))
    text = bibtex(keys)
    if options.output is not None:
        write_text(options.output, text, options)
    if options.json:
        show({"keys": [key for key in keys if not key.startswith("@")], "bibtex": text})
    elif options.output is None:
        print(text, end="")


@app.command
def explore(
    file: File | None = None,
    *,
    port: Whole = 5006,
    address: str = "localhost",
    browser: bool = True,
    options: ScenarioOutput = TO_SCENARIO,
) -> None:
    """Open the explorer: spectra, counts, limits, plans and bounds that follow one's hand, in a browser.

    It begins with a scenario file, or with the letter's preset. Only this machine reaches it, unless
    --address says otherwise; nothing is fetched from anywhere. Ctrl-C stops it. --output FILE.toml writes
    the scenario with which it begins, and --json tells the page's address.

    Parameters
    ----------
    file
        Scenario file (TOML), or nothing for the letter's preset.
    port
        Of the page; 0 lets the system choose one.
    address
        At which the server listens; anyone who reaches another one than localhost can use the page.
    browser
        Open a browser.
    """
    from renp.explorer import require_panel

    try:
        require_panel()
    except ImportError as error:
        raise InputError("explore", "without its packages", f"installed first: {error}") from None
    from renp.explorer.front import serve

    def begin() -> "State":
        from renp.explorer.exchange import start_state
        from renp.scenario.write import to_text

        start = start_state(file)
        if options.output is not None:
            write_text(options.output, to_text(start.scenario), options)
        return start if file is not None else start.changed(tab="start")

    def tell(url: str) -> None:
        if options.json:
            show({"url": url})
        else:
            options.say(f"The explorer is starting at {url} (Ctrl-C stops it)")

    serve(begin, file=file.name if file else "", port=port, address=address, browser=browser, tell=tell)


@app.command
def reproduce(*, options: FolderOutput = TO_FOLDER) -> None:
    """Reproduce both papers: figures and numbers, published against computed.

    Writes report.html, the figures as PDF and numbers.json into the folder given with --output
    (renp-report if left out); it takes some minutes, and each figure is written as soon as it is made.
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
        print_verdicts(report)
        print(f"\nThe report is at {folder / 'report.html'}")


def _read(file: Path, options: Options, *, runs: bool = False, expected: bool = False) -> "Scenario":
    """Return a scenario; with runs, if they are needed, and without counts, if these are not wanted."""
    with progress_of(f"reading {file.name}", options):
        from renp.scenario import Scenario

        scenario = Scenario.read(file)
    for words in scenario.notes:
        options.say(f"note: {words}")
    if runs and not len(scenario.experiment.runs.photon_energy):
        raise ScenarioError(str(file), ["run: is missing: this command needs at least one [[run]]"])
    return scenario.without_counts() if expected else scenario


def _together(
    file: Path, others: tuple[Path, ...], options: Output, *, expected: bool = False
) -> "tuple[Scenario, Experiment | dict[str, Experiment], Nuisances | dict[str, Nuisances]]":
    """Return the first scenario, and the experiments of all by the names of their files."""
    first = _read(file, options, runs=True, expected=expected)
    if not others:
        return first, first.experiment, first.nuisances
    each = {file.stem: first}
    for other in others:
        further = _read(other, options, runs=True, expected=expected)
        for section in ("neutrinos", "interaction"):
            if getattr(further.document, section) != getattr(first.document, section):
                raise ScenarioError(str(other), [f"{section}: has to be as in {file}"])
        if other.stem in each:
            raise ScenarioError(str(other), [f"its name: is that of another file, {other.stem}"])
        each[other.stem] = further
    experiments = {name: one.experiment for name, one in each.items()}
    return first, experiments, {name: one.nuisances for name, one in each.items()}


def _limited(scenario: "Scenario", names: str | None) -> "list[Coupling]":
    """Return the couplings of these names, with a comma between them; all without names, the file's first."""
    from renp.validation import choice

    kinds = {coupling.kind for coupling in scenario.couplings}
    known = {one.name: one for one in sorted(scenario.limited, key=lambda one: one.kind not in kinds)}
    if names is None:
        return list(known.values())
    chosen = dict.fromkeys(choice("couplings", name.strip(), tuple(known)) for name in names.split(","))
    return [known[name] for name in chosen]


def _references(file: Path, options: Options) -> tuple[str, ...]:
    from renp.results.base import saved_references

    return _read(file, options).references if file.suffix == ".toml" else saved_references(file)


def _quantity(name: str, text: str, unit: str, *, photon: bool = False) -> float:
    from renp.scenario.quantities import parse_quantity

    try:
        return parse_quantity(text.strip(), unit, photon=photon)
    except ValueError as error:
        raise InputError(name, repr(text), str(error).split("must be ", 1)[-1]) from None


def _laser_range(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    ends = [_quantity("laser-range", end, "eV", photon=True) for end in text.split(",")]
    if len(ends) != 2:
        raise InputError("laser-range", repr(text), "two photon energies with a comma between them")
    return min(ends), max(ends)


def _hypotheses(neutrinos: "Neutrinos", masses: str | None, *, both_orderings: bool) -> "list[Neutrinos]":
    """Return the file's neutrinos with other lightest masses, and those of the other ordering's release."""
    import jax.numpy as jnp

    from renp.neutrinos import Neutrinos, with_values

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
        phases = neutrinos.majorana_phases
        hypotheses += [Neutrinos(mass, other, neutrinos.nature, neutrinos.release, phases) for mass in known]
    return hypotheses


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
