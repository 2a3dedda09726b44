"""At which photon energies to run, and for how long."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import equinox as eqx
import numpy as np

from renp._types import Reals
from renp.atoms.spin import HELICITIES
from renp.errors import InputError, renamed
from renp.experiment import UNCERTAIN, Experiment
from renp.inference.goodness import null_p_value, p_values
from renp.inference.likelihood import Likelihood
from renp.inference.methods import load
from renp.inference.nuisances import Nuisances, common
from renp.inference.upper_limits import delta_chi2
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction
from renp.interactions.dipole import MOMENTS, moment_couplings
from renp.interactions.given import GivenCouplings, given_couplings
from renp.neutrinos import Neutrinos
from renp.planning.aims import AIMS, Aim
from renp.planning.candidates import Range, laser_range
from renp.planning.contrasts import Contrast
from renp.planning.optimise import Optimum, Search, constrained, optimum
from renp.planning.rates import BLOCK, like, signed
from renp.planning.truths import Setting, check_phases, other_ordering
from renp.progress import signs_of_life
from renp.references import merged, references_of
from renp.results.base import provenance
from renp.results.plan import SIGNIFICANT, Plan
from renp.runs import COLUMNS, Runs
from renp.spectrum import spectral_function
from renp.validation import choice, instance, listed, number, whole

Progress: TypeAlias = Callable[[str], None]

ELEMENTS = (*(moment.kind for moment in MOMENTS), "both")

_STRENGTH = 5e-11
"""Size of moments that are simulated, μ_B: a little above what the letter's plan excludes."""

_PERCENT = 0.6826894921370859
"""Confidence level of errors: one standard deviation."""

_NEGLIGIBLE = 1e-9
"""Part of what is reached that is worth no further run."""

_LONGEST = 30.0
"""Logarithm of the factor on the time up to which a significance is waited for."""

_ERRORS = ("efficiency_error", "background_error")
_RANGE = "the lowest and highest photon energy in eV, at least 0, or None"
_ALIKE = "the same at all photon energies for a plan"


@renamed(laser="laser_range")
@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What a plan must respect; times in s, energies in eV.

    Parameters
    ----------
    laser_range
        Lowest and highest photon energy; by default, all below the highest threshold.
    clearance
        Least distance of a run from every threshold: a few times the calibration's error or the linewidth.
    frequencies
        How many photon energies at most; any number if left out.
    least_duration
        Least time at a photon energy.
    change_time
        Time that is lost at each change of the photon energy.
    candidates
        How many photon energies are considered before the best are refined.
    polarisations
        Of "left" and "right", the lights among which a plan chooses for each run; left out, runs have that of
        the experiment's own, or of the atom, and for the aim "sign" either.

    Examples
    --------
    >>> Constraints(laser_range=(1.05, 1.0717), clearance=1e-6).frequencies is None
    True
    """

    laser_range: tuple[float | None, float | None] = (None, None)
    clearance: float = 0.0
    frequencies: int | None = None
    least_duration: float = 0.0
    change_time: float = 0.0
    candidates: int = 2000
    polarisations: Sequence[str] = ()


CITES = ("kiefer-1960", "huangfu-2018")
"""Keys of the theorem and of the solver behind every plan."""


def plan(
    aim: str,
    experiment: Experiment,
    neutrinos: Neutrinos | Sequence[Neutrinos],
    *,
    total: float | None = None,
    elements: str | None = None,
    couplings: GivenCouplings | None = None,
    weights: Mapping[str, float] | None = None,
    strength: float | None = None,
    model: Interaction | None = None,
    nuisances: Nuisances | None = None,
    profiled: bool = False,
    confidence_level: float = 0.90,
    constraints: Constraints | None = None,
    done: Experiment | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return the photon energies and times that serve an aim best, and a proof of how good they are.

    The criterion is the Poisson likelihood of expected counts itself, without approximation. It is linear in
    the times (see `renp.planning.contrasts`): the plan solves a linear programme, whose dual proves it.

    Parameters
    ----------
    aim
        "limits": the worst upper limit, as `renp.upper_limits` defines it by "delta-chi2": all larger sizes
        of either sign are excluded, those of a second solution too; with new counts as expected without any
        coupling, or by each coupling's best fit to the counts of runs made before;
        "identify", "magnetic-or-electric", "ordering", "nature", "discovery": the least significance;
        "lightest-mass", "majorana-phases": the worst error (68 %).
    experiment
        Atom, target, and what all runs have alike: background, efficiency and their errors; its runs are what
        the plan is compared with, at equal total time. An error of its runs is taken as one that all runs
        have in common, those made before included: errors of each run's own would average out in a plan that
        divides every run into many, which then would seem to have none.
    neutrinos
        What is emitted; several if the plan is to be good for each of them, and the worst counts.
    total
        Time in all, s; that of the experiment's runs if left out.
    elements
        "magnetic-moment", "electric-moment" or "both": the moments that matter; both if left out.
    couplings
        Others instead of the moments, in any form that `renp.Likelihood` takes.
    weights
        By the name of a coupling, how much its limit matters: the largest weight × limit is made small.
    strength
        Size of the couplings that are simulated for "identify", "magnetic-or-electric" and "sign", in their
        unit; 5·10⁻¹¹ (μ_B) if left out.
    model
        What is there besides, and what "discovery" is of; the standard model if left out.
    nuisances
        What is uncertain, and profiled; nothing if left out.
    profiled
        Whether all other couplings are free; otherwise they are 0.
    confidence_level
        Of limits.
    constraints
        What the plan must respect.
    done
        Runs that were made before, with counts or without; the plan is what to do next, and what it reaches
        is of all runs together.
    progress
        Called with words for what is being done.

    Returns
    -------
    Plan
        Photon energies, times, what they reach, and the optimality gap.

    Raises
    ------
    InputError
        For an unknown aim, an argument that it does not use, constraints that no plan fulfils, an aim that
        no run can serve, or runs that differ in what a plan takes to be alike.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
    >>> best = renp.plan("ordering", runs, renp.Neutrinos(0.01), constraints=renp.Constraints(candidates=200))
    >>> len(best.photon_energy), best.optimality_gap < 1e-4
    (2, True)
    """
    choice("aim", aim, tuple(AIMS))
    known = AIMS[aim]
    choices = {"elements": elements, "couplings": couplings, "weights": weights, "strength": strength}
    for name, given in (choices | {"profiled": profiled or None}).items():
        if given is not None and name not in known.acts:
            raise InputError(name, given, f"left out with the aim {aim!r}, which does not use it")
    if elements is not None and couplings is not None:
        raise InputError("elements", elements, "left out beside couplings")
    instance("experiment", experiment, Experiment)
    hypotheses = [neutrinos] if isinstance(neutrinos, Neutrinos) else neutrinos
    instance("neutrinos", hypotheses, Sequence, "Neutrinos, or a list of them")
    for one in hypotheses:
        instance("neutrinos", one, Neutrinos)
    limits = _checked(constraints or Constraints())
    time = _total(total, experiment)
    chosen = tuple(limits.polarisations) or (tuple(HELICITIES) if known.helicities else ())
    if chosen or (done is not None and done.runs.polarisation is not None):
        experiment, done = experiment.lit(), None if done is None else done.lit()
    lights = _lights(experiment, chosen)
    told = [*hypotheses, *(other_ordering(one) for one in hypotheses if known.both_orderings)]
    allowed = laser_range(experiment, told, *limits.laser_range, limits.clearance, lights)
    if limits.least_duration > time:
        raise InputError("least_duration", limits.least_duration, f"at most the total time, {time:g} s")
    with signs_of_life("plan", progress) as progress:
        energies = allowed.grid(limits.candidates)
        limited = (
            _moments(known, elements or "both", hypotheses)
            if couplings is None
            else given_couplings(couplings)
        )
        unit = limited[0].unit if limited else "μ_B"
        size = _STRENGTH if strength is None else strength
        setting = Setting(
            _runs(experiment, np.resize(energies[:: 1 + energies.size // BLOCK], BLOCK), time, bool(chosen)),
            energies,
            limited,
            float(number("strength", size, "a size above 0", low=0.0, open_low=True, unit=unit)),
            Weak() if model is None else model,
            _common_errors(nuisances or Nuisances(), experiment, done),
            profiled,
            done,
            progress,
        )
        contrasts = [
            _weighted(one, weights or {})
            for place, nu in enumerate(hypotheses)
            for one in load(known.contrasts)(replace(setting, place=place, kinds=len(hypotheses)), nu)
        ]
        if not contrasts:
            raise InputError("couplings", "none", "one or more")
        for name in weights or {}:
            choice("weights", name, tuple(dict.fromkeys(one.name[0] for one in contrasts)))
        level = confidence_level if known.is_limit else _PERCENT
        rise = delta_chi2(level) if known.made_small else None
        search = Search(contrasts, energies, allowed, time, rise, progress)
        best = optimum(search)
        if limits.frequencies or limits.least_duration or limits.change_time:
            best = constrained(
                search,
                best,
                lines=limits.frequencies,
                least=limits.least_duration / time,
                change=limits.change_time / time,
            )
        return _result(aim, search, best, experiment, hypotheses, setting, level)


def check_plannable(
    aim: str, experiment: Experiment, neutrinos: Neutrinos, elements: str, nuisances: Nuisances
) -> None:
    """Raise `InputError` for what no plan can be made of, whatever its runs: before any is computed."""
    _moments(AIMS[aim], elements, [neutrinos])
    _common_errors(nuisances, experiment, None)
    if aim == "majorana-phases":
        check_phases(neutrinos)


def _lights(experiment: Experiment, chosen: Sequence[str]) -> tuple[int, ...]:
    """Return the helicities of the candidates: those chosen, or that of the experiment's runs."""
    if chosen:
        return tuple(HELICITIES[choice("polarisations", one, tuple(HELICITIES))] for one in chosen)
    own = experiment.runs.polarisation
    known = np.unique(np.sign(own)) if own is not None and len(own) else np.ones(1)
    if known.size > 1:
        raise InputError("polarisation", experiment.runs.lights, _ALIKE)
    return (-1,) if known[0] < 0 else (1,)


def _result(
    aim: str,
    search: Search,
    best: Optimum,
    experiment: Experiment,
    hypotheses: Sequence[Neutrinos],
    setting: Setting,
    level: float,
) -> Plan:
    rise = search.rise
    times = _that_matter(search, search.total * best.shares)
    used = np.flatnonzero(times)
    used = used[np.lexsort((search.energies[used], np.abs(search.energies[used])))]
    found = _sizes(search, search.contrasts, times)
    planned = like(setting.typical, search.energies[used]).runs
    shown = _shown(search.allowed, np.asarray(planned.photon_energy))
    null = hypotheses[0]
    reached, bound = _worst(search, found), best.bound
    if rise is None:
        if not reached > 0:
            raise _not_told_apart(search.contrasts[int(np.argmin(found))], setting)
        # What is reached is possible, whatever rounding makes of the bound.
        bound = max(float(np.sqrt(max(bound, 0.0))), reached)
        gap = bound / reached - 1
    else:
        bound = min(bound, reached)
        gap = reached / bound - 1 if bound else np.inf
    order = np.argsort(np.abs(search.energies))
    return Plan(
        aim=aim,
        made_small=AIMS[aim].made_small,
        photon_energy=np.asarray(planned.photon_energy),
        duration=times[used],
        polarisation=planned.lights,
        exposure=_exposure(search, times),
        reached=float(reached),
        bound=float(bound),
        optimality_gap=float(gap),
        confidence_level=level,
        unit=setting.couplings[0].unit if AIMS[aim].is_limit else AIMS[aim].error_of,
        figures=_figures(search, search.contrasts, found),
        reference=_reference(search, experiment, setting.typical.runs),
        reference_energy=np.asarray(experiment.photon_energy),
        reference_duration=_scaled(experiment, search.total),
        candidates=np.abs(search.energies[order]),
        worth=best.prices[order],
        spectrum_energy=shown,
        spectrum=np.asarray(spectral_function(shown, experiment.atom, null, setting.model)),
        thresholds=search.allowed.edges,
        **_p_values(setting, hypotheses),
        made_by=provenance(
            merged(references_of([hypotheses, setting.model, setting.couplings]), CITES),
            aim=aim,
            experiment=experiment,
            neutrinos=list(hypotheses),
            total=search.total,
            couplings=[coupling.name for coupling in setting.couplings],
            profiled=setting.profiled,
            nuisances=setting.nuisances,
            **({"confidence_level": level} if rise is not None else {}),
            strength=setting.strength,
            done=setting.done,
            range=search.allowed,
            method="linear programme over photon energies, cutting planes, HiGHS",
        ),
    )


def _p_values(setting: Setting, hypotheses: Sequence[Neutrinos]) -> dict[str, Any]:
    """Return p-values of the counts of runs that were made before; the largest of all neutrinos."""
    done: Any = setting.done
    if done is None or done.counts is None:
        return {}
    common = [np.zeros(len(done.runs))] * len(_ERRORS)  # those of the nuisances, for all runs
    done = eqx.tree_at(lambda one: [getattr(one.runs, name) for name in _ERRORS], done, common)
    known = [Likelihood(done, one, setting.couplings, nuisances=setting.nuisances) for one in hypotheses]
    each = [p_values(one, profiled=setting.profiled) for one in known]
    best = {name: max(one[name] for one in each) for name in each[0]}
    return {"standard_model_p_value": max(map(null_p_value, known)), "p_values": best}


def _not_told_apart(worst: Contrast, setting: Setting) -> InputError:
    why = "no run in range can do so"
    if setting.done is not None:
        why = "the runs made before speak against it by more than new runs of this time can make up for"
    return InputError("aim", f"to tell {', '.join(worst.name)}", f"something that runs can serve: {why}")


def _sizes(search: Search, contrasts: Sequence[Contrast], times: Reals) -> Reals:
    """Return what times reach for each contrast: a size or a significance."""
    if search.rise is not None:
        return np.array([one.end(times, search.rise, one.unit) for one in contrasts])
    each = [one.separation(times, one.least(times, 1.0)) for one in contrasts]
    return np.sqrt(np.maximum(each, 0.0))


def _worst(search: Search, sizes: Reals) -> float:
    return float(np.min(sizes) if search.rise is None else np.max(sizes))


def _that_matter(search: Search, times: Reals) -> Reals:
    """Return times without runs that what is reached does not need: close neighbours, or of no bearing."""
    sign = -1 if search.rise is None else 1
    reached = sign * _worst(search, _sizes(search, search.contrasts, times))
    for row in sorted(np.flatnonzero(times), key=lambda row: times[row]):
        rest = np.flatnonzero(times)
        rest = rest[rest != row]
        if not rest.size:
            break
        fewer, nearest = times.copy(), rest[np.argmin(np.abs(search.energies[rest] - search.energies[row]))]
        fewer[row], fewer[nearest] = 0.0, times[nearest] + times[row]
        now = sign * _worst(search, _sizes(search, search.contrasts, fewer))
        if now <= reached + _NEGLIGIBLE * abs(reached):
            times = fewer
    return times


def _figures(search: Search, contrasts: Sequence[Contrast], sizes: Reals) -> dict[str, dict[str, float]]:
    """Return what is reached, by contrast and kind of neutrinos: a limit, an error or a significance."""
    found: dict[str, dict[str, float]] = {}
    pick = min if search.rise is None else max
    for contrast, size in zip(contrasts, sizes, strict=True):
        name, neutrinos = contrast.name[0], " ".join(contrast.name[1:])
        value = float(size) * (1.0 if search.rise is None else abs(contrast.direction))
        of_name = found.setdefault(name, {})
        of_name[neutrinos] = pick(value, of_name.get(neutrinos, value))
    return found


def _exposure(search: Search, times: Reals) -> float | None:
    """Return the total time at which the least significance is `SIGNIFICANT` with the plan's shares."""
    if search.rise is not None:
        return None
    from scipy.optimize import brentq

    def short(log_factor: float) -> float:
        reached = _worst(search, _sizes(search, search.contrasts, np.exp(log_factor) * times))
        return reached - SIGNIFICANT

    factor = np.log(max((SIGNIFICANT / max(short(0.0) + SIGNIFICANT, 1e-9)) ** 2, 1e-9))
    low, high = factor - 1.0, factor + 1.0  # where nothing is uncertain, significance² grows with the time
    while short(low) > 0 and low > -_LONGEST:
        low -= 2.0
    while short(high) < 0 and high < _LONGEST:
        high += 2.0
    if short(low) > 0 or short(high) < 0:
        return None
    return float(search.total * np.exp(brentq(short, low, high, xtol=1e-9)))


def _reference(search: Search, experiment: Experiment, like: Runs) -> dict[str, dict[str, float]] | None:
    """Return what the experiment's own runs reach, lengthened to the same total time."""
    times = _scaled(experiment, search.total)
    own, known = experiment.runs.polarisation, like.polarisation
    other = own is not None and known is not None and np.any(np.abs(own) != np.abs(known[:1]))
    if not times.size or not times.sum() > 0 or other:
        return None
    contrasts = [one.at(signed(experiment.runs)) for one in search.contrasts]
    return _figures(search, contrasts, _sizes(search, contrasts, times))


def _scaled(experiment: Experiment, total: float) -> Reals:
    durations = np.asarray(experiment.runs.duration)
    sum_ = durations.sum()
    return durations * (total / sum_) if sum_ > 0 else durations


def _runs(experiment: Experiment, energies: Reals, total: float, chosen: bool) -> Experiment:
    """Return runs at photon energies, all like the experiment's; what is uncertain of them is common."""
    common = {
        name: 0.0 if name in UNCERTAIN else _same(name, column.default, experiment)
        for name, column in COLUMNS.items()
        if column.default is not None
    }
    each, light = total / max(energies.size, 1), None
    if (own := experiment.runs.polarisation) is not None:
        light = np.sign(energies) * (
            1.0 if chosen or not len(own) else abs(_same("polarisation", 0.0, experiment))
        )
    runs = Runs.checked(
        experiment.atom.E_vg, photon_energy=np.abs(energies), duration=each, polarisation=light, **common
    )
    return experiment.with_runs(runs)


def _common_errors(nuisances: Nuisances, experiment: Experiment, done: Experiment | None) -> Nuisances:
    """Return nuisances with the errors of runs, as ones that all runs of the plan have in common."""
    known = [experiment] if done is None else [experiment, done]
    decided = nuisances.background_degree is not None
    if decided or any(np.any(np.asarray(one.runs.control_ratio)) for one in known):
        name = "background_degree" if decided else "control_ratio"
        raise InputError(
            name, "given", "left out of a plan: it takes the error of the background, background_error"
        )
    if nuisances.measured_masses:
        raise InputError("measured_masses", "given", "left out of a plan: it takes what the runs alone tell")
    efficiency, background = (_same(name, 0.0, *known) for name in _ERRORS)
    own = np.unique(np.asarray(nuisances.background_error, dtype=float))
    if own.size > 1:
        raise InputError("background_error", own.tolist(), _ALIKE)
    return common(replace(nuisances, background_error=float(own[0])), efficiency, background)


def _shown(allowed: Range, energies: Reals) -> Reals:
    low, high = allowed.low, max(allowed.high, float(np.max(energies, initial=0.0)))
    offsets = np.geomspace(1e-7, 1e-4, 12)
    near = (allowed.edges[:, None] + np.concatenate([-offsets, offsets])).ravel()
    close = np.linspace(max(low, 0.97 * high), high, 800)
    every = np.unique(np.concatenate([np.linspace(low, high, 800), close, energies, allowed.edges, near]))
    return every[(every >= low) & (every <= high)]


def _weighted(contrast: Contrast, weights: Mapping[str, float]) -> Contrast:
    name = contrast.name[0]
    weight = float(number(f"weights[{name!r}]", weights.get(name, 1.0), "above 0", low=0.0, open_low=True))
    return replace(contrast, direction=contrast.direction / weight)


def _moments(aim: Aim, elements: str, hypotheses: Sequence[Neutrinos]) -> tuple[Coupling, ...]:
    if not aim.of_couplings:
        return ()
    kinds = choice("elements", elements, ELEMENTS)
    if len({one.nature for one in hypotheses}) > 1:
        raise InputError("neutrinos", "of both natures", "of one: Majorana neutrinos have other moments")
    return tuple(
        coupling
        for coupling in moment_couplings(hypotheses[0].nature)
        if kinds in (coupling.kind, "both") or aim.both_moments
    )


def _same(name: str, default: float, *experiments: Experiment) -> float:
    known = np.unique(np.concatenate([getattr(one.runs, name) for one in experiments]))
    if known.size > 1:
        raise InputError(name, known.tolist(), _ALIKE)
    return float(known[0]) if known.size else default


def _total(total: float | None, experiment: Experiment) -> float:
    known: Any = float(np.sum(experiment.runs.duration)) if total is None else total
    return float(number("total", known, "a time in s above 0", low=0.0, open_low=True, unit="s"))


def _checked(constraints: Constraints) -> Constraints:
    instance("constraints", constraints, Constraints)

    def size(name: str, unit: str) -> float:
        given = getattr(constraints, name)
        return float(number(name, given, f"a finite number, at least 0, in {unit}", low=0.0, unit=unit))

    for name, low in (("frequencies", 1), ("candidates", 10)):
        if getattr(constraints, name) is not None:
            whole(name, getattr(constraints, name), low)
    low_end, high_end = listed("laser_range", constraints.laser_range, _RANGE, 2)
    return replace(
        constraints,
        laser_range=(_laser_end(low_end), _laser_end(high_end)),
        clearance=size("clearance", "eV"),
        least_duration=size("least_duration", "s"),
        change_time=size("change_time", "s"),
    )


def _laser_end(end: Any) -> float | None:
    return None if end is None else float(number("laser_range", end, _RANGE, low=0.0, unit="eV", photon=True))
