"""Commands for what counts say: limits, fits, toys, sensitivities."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from renp.cli.application import (
    DEFAULT,
    Couplings,
    File,
    Flag,
    Others,
    Seed,
    WithoutCounts,
    app,
    couplings_of,
    read_scenario,
)
from renp.cli.output import (
    Output,
    Whole,
    emit,
    progress_of,
)
from renp.errors import InputError, ScenarioError
from renp.inference import methods

if TYPE_CHECKING:
    from renp.experiment import Experiment
    from renp.inference.nuisances import Nuisances
    from renp.results import Result
    from renp.scenario import Scenario


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
    limited = couplings_of(scenario, couplings)
    with progress_of("limits", options) as progress:
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

    scenario = read_scenario(file, options, runs=True)
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
        exposure, lightest-mass, mediator-mass or sterile-splitting (the limit is then on sin²θ₁₄ of a fourth
        neutrino); left out, mediator-mass if the file has a mediator, else exposure.
    toys
        How many data sets the bands are from; 0 for none.
    """
    from renp.inference.sensitivity import sensitivity as expected_limits
    from renp.interactions.mediator import Mediator

    scenario = read_scenario(file, options, runs=True, expected=True)
    mediators = [one for one in scenario.couplings if isinstance(one.interaction, Mediator)]
    over = over or ("mediator-mass" if mediators else "exposure")
    chosen: Any = mediators if couplings is None and over == "mediator-mass" else None
    if chosen is None and (over != "sterile-splitting" or couplings is not None):
        chosen = couplings_of(scenario, couplings)
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


def _together(
    file: Path, others: tuple[Path, ...], options: Output, *, expected: bool = False
) -> "tuple[Scenario, Experiment | dict[str, Experiment], Nuisances | dict[str, Nuisances]]":
    """Return the first scenario, and the experiments of all by the names of their files."""
    first = read_scenario(file, options, runs=True, expected=expected)
    if not others:
        return first, first.experiment, first.nuisances
    each = {file.stem: first}
    for other in others:
        further = read_scenario(other, options, runs=True, expected=expected)
        for section in ("neutrinos", "interaction"):
            if getattr(further.document, section) != getattr(first.document, section):
                raise ScenarioError(str(other), [f"{section}: has to be as in {file}"])
        if other.stem in each:
            raise ScenarioError(str(other), [f"its name: is that of another file, {other.stem}"])
        each[other.stem] = further
    experiments = {name: one.experiment for name, one in each.items()}
    return first, experiments, {name: one.nuisances for name, one in each.items()}
