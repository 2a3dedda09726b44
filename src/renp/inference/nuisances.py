"""Which neutrino parameters and rates are uncertain, as parameters of a likelihood."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import jax
import numpy as np

from renp.errors import InputError, renamed
from renp.experiment import Experiment
from renp.inference.backgrounds import OWN, background_parameters
from renp.inference.measured_masses import MeasuredMass, measured_masses
from renp.inference.nature import nature_parameters
from renp.inference.parameters import Parameter, constrained, relative
from renp.interactions.couplings import Coupling
from renp.neutrinos import Neutrinos
from renp.units import plain
from renp.validation import Scalar, choice, instance, is_traced, listed, number

NORMALISATION = "normalisation"
CALIBRATION = "calibration"
LINEWIDTH = "linewidth"
AMPLITUDE = "amplitude"
EFFICIENCY = "efficiency"
BACKGROUND = "background"
COMMON = (NORMALISATION, CALIBRATION, LINEWIDTH, BACKGROUND, AMPLITUDE)
"""What several experiments may share."""

RATES = (NORMALISATION, EFFICIENCY, BACKGROUND)
"""How names of factors on rates begin; one that is a run's own ends with its number, as in "efficiency_1"."""


@renamed(normalisation="normalisation_error", background="background_error", calibration="calibration_error")
@dataclass(frozen=True)
class Nuisances:
    """What else is uncertain; by default nothing. Errors of single runs are of `renp.Experiment`.

    Parameters
    ----------
    oscillation
        Neutrino parameters with the errors of the neutrinos' release around the neutrinos' own values:
        names of `renp.Neutrinos`, or "all" for those on which emission depends.
    free
        Parameters that only the counts decide: any of the same names, "lightest_mass", "majorana_phase_21"
        and "majorana_phase_31"; and numbers of a coupling's interaction, as "g.mass" for the mass of the
        mediator of the coupling "g".
    normalisation_error
        Relative error of the signal's rate, common to all runs.
    background_error
        Relative error of the background's rate: one number, common to all runs, or one for each run.
    background_degree
        Degree of a polynomial in the photon energy that is the background rate of all runs, and that counts
        decide: 0 for a common rate, 1 for a level and a slope (`renp.inference.backgrounds`). Side bands are
        runs above the thresholds. Left out, each run has its own background.
    calibration_error
        Error of the photon energies, common to all runs, eV.
    linewidth_error
        Relative error of the laser's width, common to all runs; of both its parts.
    amplitude_errors
        Whether amplitudes of the atom's further states are uncertain, by the errors that its levels have.
    common
        What experiments of one likelihood share if they all say so, of "normalisation", "calibration",
        "linewidth", "background" and "amplitude", and with an equal error; otherwise each has its own. An
        error that all efficiencies have in common is one of the normalisation.
    measured_masses
        What others measured of the masses, by "sum" (Σm), "beta" (m_β) or "double_beta" (m_ββ), beside a free
        lightest mass.

    Examples
    --------
    >>> Nuisances(oscillation=("sin2_theta12",), normalisation_error=0.05).normalisation_error
    0.05
    """

    oscillation: Sequence[str] | str = ()
    free: Sequence[str] = ()
    _: KW_ONLY
    normalisation_error: float = 0.0
    background_error: float | Sequence[float] = 0.0
    background_degree: int | None = None
    calibration_error: float = 0.0
    linewidth_error: float = 0.0
    amplitude_errors: bool = False
    common: Sequence[str] = ()
    measured_masses: Mapping[str, MeasuredMass] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Convert quantities, and columns of tables."""
        for name in ("normalisation_error", "background_error", "calibration_error", "linewidth_error"):
            given = plain(name, getattr(self, name), "eV" if name == "calibration_error" else "")
            column = hasattr(given, "__array__") and not isinstance(
                given, (np.ndarray, np.generic, jax.Array)
            )
            object.__setattr__(self, name, np.asarray(given) if column else given)


def nuisance_parameters(
    nuisances: Nuisances, experiment: Experiment, neutrinos: Neutrinos, couplings: tuple[Coupling, ...] = ()
) -> tuple[Parameter, ...]:
    """Return the parameters, in the order neutrinos, interactions, and those of `experiment_parameters`.

    Raises
    ------
    InputError
        For unknown names, negative errors, a release without errors, or errors of the runs' backgrounds that
        are given twice.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> [p.name for p in nuisance_parameters(Nuisances("all"), runs, renp.Neutrinos(0.01))]
    ['sin2_theta12', 'sin2_theta13', 'dm2_21', 'dm2_31']
    """
    instance("nuisances", nuisances, Nuisances)
    measured_masses([nuisances.measured_masses], nuisances.free, neutrinos)
    nature = nature_parameters(nuisances.oscillation, nuisances.free, neutrinos, couplings)
    return (*nature, *experiment_parameters(nuisances, experiment))


def experiment_parameters(nuisances: Nuisances, experiment: Experiment) -> list[Parameter]:
    """Return the parameters of runs: calibration, linewidth, normalisation, efficiencies, backgrounds.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, control_ratio=2.0)
    >>> [p.name for p in experiment_parameters(Nuisances(calibration_error=1e-6), runs)]
    ['calibration', 'background_rate_1']
    """
    found: list[Parameter] = []
    runs = experiment.runs
    if _varies(error := _error("calibration_error", nuisances.calibration_error)):
        found.append(constrained(CALIBRATION, 0.0, error, error, "eV"))
    if _varies(error := _error("linewidth_error", nuisances.linewidth_error)):
        if experiment.laser.shape == "sharp":
            raise InputError("linewidth_error", error, "0 for a sharp line: the laser has no width")
        found.append(relative(LINEWIDTH, error))
    if nuisances.amplitude_errors:
        known = experiment.atom.amplitude_errors
        if not known:
            raise InputError("amplitude_errors", True, "left out where no further state's amplitude has one")
        for k, error in known.items():
            centre = experiment.atom.states[k][1]
            found.append(constrained(f"{AMPLITUDE}_{k + 1}", centre, error, error, ""))
    if _varies(error := _error("normalisation_error", nuisances.normalisation_error)):
        found.append(relative(NORMALISATION, error))
    found += _each(EFFICIENCY, runs.efficiency_error, len(runs))
    own: Any = runs.background_error
    each: Any = nuisances.background_error
    if isinstance(each, (list, tuple)) or (isinstance(each, (np.ndarray, jax.Array)) and each.ndim):
        if is_traced(own) or np.any(own):
            allowed = "left out of the runs, or one number for all of them in the nuisances"
            raise InputError("background_error", own, allowed)
        own = nuisances.background_error
    elif _varies(error := _error("background_error", nuisances.background_error)):
        found.append(relative(BACKGROUND, error))
    found += _each(BACKGROUND, own, len(runs))
    decided = background_parameters(experiment, nuisances.background_degree)
    given = {p.name for p in found if p.name.startswith(BACKGROUND)}
    if nuisances.background_degree is None:
        given &= {p.name.replace(OWN, BACKGROUND) for p in decided}
    if given:
        allowed = "0 where control counts or background_degree let the counts decide"
        raise InputError(f"background_error ({min(given)})", "above 0", allowed)
    found += decided
    for one in listed("common", nuisances.common, "a list of names"):
        if not any(is_common(p.name, (choice("common", one, COMMON),)) for p in found):
            raise InputError("common", repr(one), "of errors that are given")
    return found


def is_common(name: str, common: Sequence[str]) -> bool:
    """Return whether a parameter is among what experiments share.

    Examples
    --------
    >>> is_common("amplitude_1", ["amplitude"]), is_common("background_1", ["background"])
    (True, False)
    """
    return name in common or (AMPLITUDE in common and name.startswith(AMPLITUDE))


def common(nuisances: Nuisances, efficiency_error: float, background_error: float) -> Nuisances:
    """Return nuisances in which more errors of the rates are common to all runs.

    A common factor on the efficiencies is one on the signal. Two log-normal factors are one, the logarithms
    of whose errors add in quadrature.

    Examples
    --------
    >>> round(common(Nuisances(normalisation_error=0.03), 0.04, 0.0).normalisation_error, 4)
    0.0503
    """
    both = _together(nuisances.normalisation_error, efficiency_error)
    background = _together(nuisances.background_error, background_error)
    return replace(nuisances, normalisation_error=both, background_error=background)


def relevant(nuisances: Nuisances, couplings: tuple[Coupling, ...]) -> Nuisances:
    """Return nuisances without the free numbers of interactions that are not among the couplings."""
    owners = {one.name for one in couplings}
    kept = [name for name in nuisances.free if "." not in name or name.rpartition(".")[0] in owners]
    return nuisances if len(kept) == len(nuisances.free) else replace(nuisances, free=kept)


def _error(name: str, value: Any) -> Scalar:
    return number(name, value, "a finite error, at least 0", low=0.0)


def _varies(error: Scalar) -> bool:
    """Whether an error makes for a parameter; one that is traced does, and must not become 0."""
    return is_traced(error) or bool(error)


def _each(name: str, errors: Any, runs: int) -> list[Parameter]:
    """Return the factors on the rates of single runs; runs without an error have none."""
    if len(errors) != runs:
        raise InputError(
            f"{name}_error", f"{len(errors)} errors", f"one error, or one for each of {runs} runs"
        )
    given = [_error(f"{name}_error[{k}]", error) for k, error in enumerate(errors)]
    return [relative(f"{name}_{k + 1}", error) for k, error in enumerate(given) if _varies(error)]


def _together(one: Any, other: float) -> float:
    return float(np.expm1(np.hypot(np.log1p(one), np.log1p(other)))) if other else one
