"""Which neutrino parameters and rates are uncertain, as parameters of a likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array

from renp.errors import InputError
from renp.experiment import Experiment
from renp.inference.parameters import Parameter, constrained, free, relative
from renp.neutrinos import Neutrinos, release_errors, release_values
from renp.validation import Scalar, choice, instance, is_traced, number

NORMALISATION = "normalisation"
CALIBRATION = "calibration"
EFFICIENCY = "efficiency"
BACKGROUND = "background"
RATES = (NORMALISATION, EFFICIENCY, BACKGROUND)
"""Names of factors on rates; one that is a run's own ends with its number, as in "efficiency_1"."""

_UNITS = {"lightest_mass": "eV", "delta_cp": "rad", "dm2_21": "eV²", "dm2_31": "eV²", "dm2_32": "eV²"}
_TYPICAL = {"lightest_mass": 0.01, "dm2_21": 1e-5, "dm2_31": 1e-4, "dm2_32": 1e-4}
_PHASES = ("majorana_phase_21", "majorana_phase_31")


@dataclass(frozen=True)
class Nuisances:
    """What else is uncertain; by default nothing. Errors of single runs are of `renp.Experiment`.

    Parameters
    ----------
    oscillation
        Neutrino parameters with the errors of the neutrinos' release around the neutrinos' own values:
        names of `renp.Neutrinos`, or "all" for those on which emission depends.
    free
        Neutrino parameters that only the counts decide: any of the same names, "lightest_mass",
        "majorana_phase_21" and "majorana_phase_31".
    normalisation
        Relative error of the signal's rate, common to all runs.
    background
        Relative error of the background's rate: one number, common to all runs, or one for each run.
    calibration
        Error of the photon energies, common to all runs, eV.

    Examples
    --------
    >>> Nuisances(oscillation=("sin2_theta12",), normalisation=0.05).normalisation
    0.05
    """

    oscillation: Sequence[str] | str = ()
    free: Sequence[str] = ()
    normalisation: float = 0.0
    background: float | Sequence[float] = 0.0
    calibration: float = 0.0


def nuisance_parameters(
    nuisances: Nuisances, experiment: Experiment, neutrinos: Neutrinos
) -> tuple[Parameter, ...]:
    """Return the parameters, in the order neutrinos, calibration, normalisation, efficiencies, backgrounds.

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
    measured = _oscillation_names(nuisances.oscillation, neutrinos)
    found = [_measured(name, neutrinos) for name in measured]
    found += [_free(name, neutrinos) for name in _names("free", nuisances.free)]
    if both := set(measured) & set(nuisances.free):
        raise InputError("free", repr(min(both)), "without the names in oscillation")
    if _varies(_error("calibration", nuisances.calibration)):
        found.append(constrained(CALIBRATION, 0.0, nuisances.calibration, nuisances.calibration, "eV"))
    if _varies(_error("normalisation", nuisances.normalisation)):
        found.append(relative(NORMALISATION, nuisances.normalisation))
    runs = experiment.runs
    found += _each(EFFICIENCY, runs.efficiency_error, len(runs))
    if not isinstance(nuisances.background, Sequence) and np.ndim(nuisances.background) == 0:
        if _varies(error := _error(BACKGROUND, nuisances.background)):
            found.append(relative(BACKGROUND, error))
        return (*found, *_each(BACKGROUND, runs.background_error, len(runs)))
    if is_traced(runs.background_error) or np.any(runs.background_error):
        allowed = "left out of the runs, or one number for all of them in the nuisances"
        raise InputError("background_error", runs.background_error, allowed)
    return (*found, *_each(BACKGROUND, nuisances.background, len(runs)))


def common(nuisances: Nuisances, efficiency_error: float, background_error: float) -> Nuisances:
    """Return nuisances in which more errors of the rates are common to all runs.

    A common factor on the efficiencies is one on the signal. Two log-normal factors are one, the logarithms
    of whose errors add in quadrature.

    Examples
    --------
    >>> round(common(Nuisances(normalisation=0.03), 0.04, 0.0).normalisation, 4)
    0.0503
    """
    both = _together(nuisances.normalisation, efficiency_error)
    return replace(
        nuisances, normalisation=both, background=_together(nuisances.background, background_error)
    )


def with_values(neutrinos: Neutrinos, values: dict[str, Array]) -> Neutrinos:
    """Return the neutrinos with some parameters replaced; nothing is checked.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> with_values(Neutrinos(0.01), {"lightest_mass": jnp.array(0.02)}).masses[0]
    Array(0.02, dtype=float64)
    """
    replaced: Neutrinos = eqx.tree_at(
        lambda nu: [_get(nu, name) for name in values], neutrinos, list(values.values())
    )
    return replaced


def value_of(neutrinos: Neutrinos, name: str) -> Scalar:
    """Return a parameter of the neutrinos by the name that `Nuisances` has for it.

    Examples
    --------
    >>> value_of(Neutrinos(0.01), "dm2_31")
    0.002513
    """
    value = _get(neutrinos, name)
    return value if is_traced(value) else float(value)


def _get(neutrinos: Neutrinos, name: str) -> Scalar:
    if name in _PHASES:
        return neutrinos.majorana_phases[_PHASES.index(name)]
    value: Scalar = getattr(neutrinos, "dm2_atmospheric" if name in ("dm2_31", "dm2_32") else name)
    return value


def neutrino_names(neutrinos: Neutrinos) -> tuple[str, ...]:
    """Return the names of all parameters that these neutrinos have.

    Examples
    --------
    >>> neutrino_names(Neutrinos(0.01))[0]
    'lightest_mass'
    """
    names = ("lightest_mass", *release_values(neutrinos.release, neutrinos.ordering))
    return (*names, *_PHASES) if neutrinos.nature == "majorana" else names


def _oscillation_names(names: Sequence[str] | str, neutrinos: Neutrinos) -> tuple[str, ...]:
    if names != "all":
        return _names("oscillation", names)
    # Without couplings in the flavour basis, theta_23 and, for Dirac neutrinos, delta_cp are without effect.
    atmospheric = "dm2_31" if neutrinos.ordering == "normal" else "dm2_32"
    phase = ("delta_cp",) if neutrinos.nature == "majorana" else ()
    return ("sin2_theta12", "sin2_theta13", *phase, "dm2_21", atmospheric)


def _names(argument: str, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or len(set(names)) < len(names):
        raise InputError(argument, repr(names), "a list of names, each once")
    return tuple(names)


def _measured(name: str, neutrinos: Neutrinos) -> Parameter:
    choice("oscillation", name, neutrino_names(neutrinos))
    errors = release_errors(neutrinos.release, neutrinos.ordering)
    if name not in errors:
        allowed = f"without {name}, for which the release {neutrinos.release!r} has no errors here"
        raise InputError("oscillation", repr(name), allowed)
    plus, minus = errors[name]
    return constrained(name, value_of(neutrinos, name), plus, minus, _UNITS.get(name, ""))


def _free(name: str, neutrinos: Neutrinos) -> Parameter:
    name = choice("free", name, neutrino_names(neutrinos))
    if name.startswith("sin2"):
        return free(name, 0.1, "", 0.0, 1.0)
    low = 0.0 if name == "lightest_mass" else -np.inf
    return free(name, _TYPICAL.get(name, 1.0), _UNITS.get(name, "rad"), low)


def _error(name: str, value: Any) -> Scalar:
    return number(name, value, "a finite error, at least 0", low=0.0)


def _varies(error: Scalar) -> bool:
    """Whether an error makes for a parameter; one that is traced does, and must not become 0."""
    return is_traced(error) or bool(error)


def _each(name: str, errors: Any, runs: int) -> list[Parameter]:
    """Return the factors on the rates of single runs; runs without an error have none."""
    if len(errors) != runs:
        raise InputError(name, f"{len(errors)} errors", f"one error, or one for each of {runs} runs")
    given = [_error(f"{name}[{k}]", error) for k, error in enumerate(errors)]
    return [relative(f"{name}_{k + 1}", error) for k, error in enumerate(given) if _varies(error)]


def _together(one: Any, other: float) -> float:
    return float(np.expm1(np.hypot(np.log1p(one), np.log1p(other)))) if other else one
