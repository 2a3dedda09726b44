"""The region of moments that remains when the limits of RENP and of other experiments hold together.

All elements of μ and ε are free at once, phases included: another experiment, which sees a combination of
them, may be blind to a large element that others compensate. RENP sees a sum of |μ_ij|² and |ε_ij|² with
positive weights in every run, in which nothing compensates. Where both hold, an element is limited more
strongly than by either. Limits of other experiments are taken as sharp; the rates of RENP as known.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize

from renp._types import Reals
from renp.bounds.catalogue import Bound, bound, catalogue
from renp.bounds.effective import flavour_square, solar_square, stellar_square
from renp.bounds.model import FLAVOURS, solar_weights
from renp.bounds.moment_elements import Square, moment_basis, quadratic_form
from renp.errors import InputError
from renp.experiment import Experiment, check_certain, expected_counts
from renp.inference.upper_limits import delta_chi2, moment_signals
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.neutrinos import Neutrinos
from renp.references import PAPERS, merged, references_of
from renp.results.base import provenance
from renp.results.region import Region
from renp.validation import instance

_SCALE = 1e-11
"""Moments are found in units of this, μ_B."""

_STARTS = 3

_NULL = 1e-10
"""Eigenvalues below this part of the largest are zero."""

Constraint: TypeAlias = tuple[Callable[[Reals], float], Callable[[Reals], Reals]]
"""What is left of a limit, at least 0 where it holds, and its slope."""


def allowed_region(
    experiment: Experiment,
    neutrinos: Neutrinos,
    world: Sequence[str],
    confidence_level: float = 0.90,
) -> Region:
    """Return how large each element may be if all others are free, within RENP, the world's limits, and both.

    Parameters
    ----------
    experiment, neutrinos
        Runs, and what is emitted; without counts their limits are those expected for the standard model.
    world
        Keys of the catalogue of limits (`renp bounds`), of effective moments.
    confidence_level
        Of RENP; the others' are their own.

    Returns
    -------
    Region
        For each element, in μ_B; infinite where an experiment is blind to it.

    Raises
    ------
    InputError
        For an entry that is no upper limit on an effective moment.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0)
    >>> found = allowed_region(runs, renp.Neutrinos(0.01, nature="majorana"), ["borexino-2017"])
    >>> all(found.together[e] <= min(found.renp[e], found.world[e]) * 1.0001 for e in found.together)
    True
    """
    instance("experiment", experiment, Experiment)
    check_certain(experiment)
    instance("neutrinos", neutrinos, Neutrinos)
    if isinstance(world, str) or not isinstance(world, Sequence):
        raise InputError("world", repr(world), "a list of keys of the catalogue of limits")
    forms = [_form(bound(key), neutrinos) * _SCALE**2 for key in world]
    null = np.asarray(expected_counts(experiment, neutrinos))
    data = null if experiment.counts is None else np.asarray(experiment.counts)
    signals = moment_signals(experiment, neutrinos)
    weights = np.concatenate([np.asarray(signals[moment.kind]) for moment in MOMENTS]) * _SCALE**2
    sizes = _element_sizes(neutrinos.nature)
    ours = _counting(null, data, sizes.T @ weights, delta_chi2(confidence_level))
    others = [_quadratic(form) for form in forms]
    names = [f"{m.kind} {i}{j}" for m in MOMENTS for i, j in moment_elements(neutrinos.nature)]
    found: dict[str, dict[str, float]] = {"renp": {}, "world": {}, "together": {}}
    for name, size in zip(names, sizes, strict=True):
        blind = _is_blind(forms, size)
        found["renp"][name] = _SCALE * _largest([ours], size)
        found["world"][name] = np.inf if blind else _SCALE * _largest(others, size)
        found["together"][name] = _SCALE * _largest([ours, *others], size)
    return Region(
        confidence_level=float(confidence_level),
        world_keys=tuple(world),
        renp=found["renp"],
        world=found["world"],
        together=found["together"],
        made_by=provenance(
            merged(PAPERS, references_of([bound(key) for key in world])),
            experiment=experiment,
            neutrinos=neutrinos,
            world=list(world),
            confidence_level=confidence_level,
        ),
    )


def _form(entry: Bound, neutrinos: Neutrinos) -> Reals:
    """Return H with θᵀHθ ≤ 1 for the moments that an entry allows, θ in μ_B."""
    if entry.limit is None or entry.kind not in ("flavour", "solar", "stellar"):
        keys = [e.key for e in catalogue() if e.limit and e.kind in ("flavour", "solar", "stellar")]
        raise InputError(
            "world", repr(entry.key), f"an upper limit on an effective moment: {', '.join(keys)}"
        )
    square: Square
    if entry.kind == "flavour":
        row = neutrinos.mixing_matrix[FLAVOURS.index(entry.flavour)]
        square = partial(flavour_square, mixing_row=row, antineutrino=entry.antineutrino)
    elif entry.kind == "solar":
        square = partial(solar_square, weights=solar_weights(neutrinos))
    else:
        square = partial(stellar_square, majorana=neutrinos.nature == "majorana")
    form: Reals = np.asarray(quadratic_form(square, neutrinos.nature)) / entry.limit**2
    return form


def _element_sizes(nature: str) -> Reals:
    """Return the weights with which squares of the basis' coefficients add up to |element|²."""
    _, basis = moment_basis(nature)
    squares = np.abs(np.asarray(basis)) ** 2
    rows = [squares[:, place, i - 1, j - 1] for place in (0, 1) for i, j in moment_elements(nature)]
    return np.array(rows)


def _counting(null: Reals, data: Reals, per_square: Reals, rise: float) -> Constraint:
    """Return what is left of the allowed rise of χ², and its slope; counts grow with the squares of θ."""

    def slack(theta: Reals) -> float:
        more = theta**2 @ per_square
        logs = np.where(data > 0, data * np.log1p(more / np.where(null > 0, null, 1.0)), 0.0)
        return float(1 - 2 * np.sum(more - logs) / rise)

    def slope(theta: Reals) -> Reals:
        expected = null + theta**2 @ per_square
        pull = 1 - np.where(data > 0, data / np.where(expected > 0, expected, 1.0), 0.0)
        found: Reals = -4 * theta * (per_square @ pull) / rise
        return found

    return slack, slope


def _quadratic(form: Reals) -> Constraint:
    return (lambda theta: float(1 - theta @ form @ theta)), (lambda theta: -2 * form @ theta)


def _is_blind(forms: list[Reals], size: Reals) -> bool:
    """Return whether some direction in which the element is not zero is unlimited."""
    values, vectors = np.linalg.eigh(sum(forms, np.zeros((size.size, size.size))))
    null = vectors[:, values < _NULL * max(values[-1], 1e-300)]
    return bool(np.any(np.abs(null[size > 0]) > 1e-9))


def _largest(constraints: Sequence[Constraint], size: Reals) -> float:
    """Return the root of the largest |element|² that all constraints allow, in scaled units."""
    rng = np.random.default_rng(0)
    limits: Any = [{"type": "ineq", "fun": slack, "jac": slope} for slack, slope in constraints]
    best = 0.0
    for start in range(_STARTS):
        theta = np.where(size > 0, 1.0, 0.0) + (0.3 * rng.normal(size=size.size) if start else 0.0)
        while min(slack(theta) for slack, _ in constraints) < 0:
            theta /= 1.2
        found: Any = optimize.minimize(  # type: ignore[call-overload]
            lambda t: -float(size @ t**2),
            theta,
            jac=lambda t: -2 * size * t,
            constraints=limits,
            method="SLSQP",
            options={"maxiter": 200, "ftol": 1e-9},
        )
        if min(slack(found.x) for slack, _ in constraints) > -1e-6:
            best = max(best, -float(found.fun))
    return float(np.sqrt(best))
