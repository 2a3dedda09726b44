"""The region of moments that remains when the limits of RENP and of other experiments hold together.

All elements of μ and ε are free at once, phases included: another experiment, which sees a combination of
them, may be blind to a large element that others compensate. RENP sees a sum of |μ_ij|² and |ε_ij|² with
positive weights in every run, in which nothing compensates. Where both hold, an element is limited more
strongly than by either. Limits of other experiments are taken as sharp; the rates of RENP as known.

RENP allows moments whose χ² is at most Δχ² above the least one. Alone, that is the least of all moments,
as in `renp.upper_limits` with all profiled. Together with others it is the least of the moments that they
allow: sharp limits bound the parameters, as 0 bounds the size of a moment. So an excess that they forbid
still leaves a region.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from renp._types import Reals
from renp.bounds.catalogue import Bound, bound, catalogue
from renp.bounds.effective import flavour_square, solar_square, stellar_square
from renp.bounds.model import FLAVOURS, solar_weights
from renp.bounds.moment_elements import Square, moment_basis, quadratic_form
from renp.errors import InputError
from renp.experiment import Experiment, check_certain, expected_counts
from renp.inference.upper_limits import delta_chi2, moment_signals, upper_limits
from renp.interactions.dipole import MOMENTS, moment_elements
from renp.neutrinos import Neutrinos
from renp.progress import signs_of_life
from renp.references import PAPERS, merged, references_of
from renp.results.base import provenance
from renp.results.region import Region
from renp.validation import instance

_SCALE = 1e-11
"""Moments are found in units of this, μ_B."""

_STARTS = 4

_NEARER = 40
"""How often a start is moved halfway to a point inside; that may lie on a constraint, and round beyond it."""

_NULL = 1e-10
"""Eigenvalues below this part of the largest are zero."""

_ACCURACY = 1e-12
"""At which searches stop, of functions of order one."""

_SATISFIED = 1e-8
"""How far beyond a constraint of order one a search may end."""


class Function(NamedTuple):
    """A function of the moments, with its slope; as a constraint it is to be at least 0."""

    value: Callable[[Reals], float]
    slope: Callable[[Reals], Reals]


@signs_of_life("region", None)
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
        For an entry that is no upper limit on an effective moment, counts in a run where none of any kind
        can be expected, or light of one helicity, with which moments interfere and the sum has no squares.

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
    if experiment.sides or any(wave.helicity for wave in experiment.atom.waves):
        raise InputError("polarisation", "light that sees one helicity", "linear, for rates of squares alone")
    if isinstance(world, str) or not isinstance(world, Sequence):
        raise InputError("world", repr(world), "a list of keys of the catalogue of limits")
    forms = [_form(bound(key), neutrinos) * _SCALE**2 for key in world]
    alone = upper_limits(experiment, neutrinos, confidence_level, profiled=True).limits
    places = [(m.kind, f"{i}{j}") for m in MOMENTS for i, j in moment_elements(neutrinos.nature)]
    names = [f"{kind} {element}" for kind, element in places]
    sizes = _element_sizes(neutrinos.nature)
    renp = np.array([alone[kind][element] for kind, element in places])
    theirs = _SCALE * np.array(
        [np.inf if _is_blind(forms, size) else _largest(_quadratics(forms), size) for size in sizes]
    )
    both = renp
    if forms:
        ours = _counting(experiment, neutrinos, sizes)
        both = _together(ours, delta_chi2(confidence_level), forms, sizes, np.minimum(renp, theirs))
    return Region(
        confidence_level=float(confidence_level),
        world_keys=tuple(world),
        renp=dict(zip(names, renp.tolist(), strict=True)),
        world=dict(zip(names, theirs.tolist(), strict=True)),
        together=dict(zip(names, both.tolist(), strict=True)),
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


def _counting(experiment: Experiment, neutrinos: Neutrinos, sizes: Reals) -> Function:
    """Return the χ² of θ, μ_B, relative to that of θ = 0; counts grow with the squares."""
    null = np.asarray(expected_counts(experiment, neutrinos))
    data = null if experiment.counts is None else np.asarray(experiment.counts)
    signals = moment_signals(experiment, neutrinos)
    per_square = sizes.T @ np.concatenate([np.asarray(signals[moment.kind]) for moment in MOMENTS])
    seen = data > 0  # and there `upper_limits` makes sure that some are expected
    safe = np.where(seen, null, 1.0)

    def value(theta: Reals) -> float:
        more = theta**2 @ per_square
        return float(2 * np.sum(more - np.where(seen, data * np.log1p(more / safe), 0.0)))

    def slope(theta: Reals) -> Reals:
        pull = 1 - np.where(seen, data / (safe + theta**2 @ per_square), 0.0)
        found: Reals = 4 * theta * (per_square @ pull)
        return found

    return Function(value, slope)


def _together(ours: Function, rise: float, forms: list[Reals], sizes: Reals, apart: Reals) -> Reals:
    """Return the largest elements within both; ``apart`` is how large they are in the smaller of the two."""
    if not np.any(np.isfinite(apart)):
        return apart
    unit = float(np.min(apart))
    scaled = _quadratics([form * (unit / _SCALE) ** 2 for form in forms])
    risen = Function(lambda x: -ours.value(unit * x) / rise, lambda x: -unit * ours.slope(unit * x) / rise)
    best = _highest(risen, scaled, np.zeros(sizes.shape[1]))
    least = max(risen.value(best), 0.0)
    allowed = Function(lambda x: 1 + risen.value(x) - least, risen.slope)
    return np.array([unit * _largest([*scaled, allowed], size, best) for size in sizes])


def _quadratics(forms: list[Reals]) -> list[Function]:
    return [_quadratic(form) for form in forms]


def _quadratic(form: Reals) -> Function:
    return Function(lambda x: float(1 - x @ form @ x), lambda x: -2 * form @ x)


def _is_blind(forms: list[Reals], size: Reals) -> bool:
    """Return whether some direction in which the element is not zero is unlimited."""
    values, vectors = np.linalg.eigh(sum(forms, np.zeros((size.size, size.size))))
    null = vectors[:, values < _NULL * max(values[-1], 1e-300)]
    return bool(np.any(np.abs(null[size > 0]) > 1e-9))


def _largest(constraints: list[Function], size: Reals, inside: Reals | None = None) -> float:
    """Return the root of the largest |element|² within constraints that hold at the point ``inside``."""
    squared = Function(lambda x: float(size @ x**2), lambda x: 2 * size * x)
    found = _highest(squared, constraints, np.zeros(size.size) if inside is None else inside)
    return float(np.sqrt(squared.value(found)))


def _highest(function: Function, constraints: list[Function], inside: Reals) -> Reals:
    """Return where a function is largest within constraints that hold at ``inside``, from several starts."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    limits: Any = [{"type": "ineq", "fun": one.value, "jac": one.slope} for one in constraints]
    best = inside
    for _ in range(_STARTS):
        start = inside + rng.normal(size=inside.size)
        for _ in range(_NEARER):
            if min(one.value(start) for one in constraints) >= 0:
                break
            start = inside + (start - inside) / 2
        found: Any = minimize(  # type: ignore[call-overload]
            lambda x: -function.value(x),
            start,
            jac=lambda x: -function.slope(x),
            constraints=limits,
            method="SLSQP",
            options={"maxiter": 500, "ftol": _ACCURACY},
        )
        holds = min(one.value(found.x) for one in constraints) > -_SATISFIED
        if holds and function.value(found.x) > function.value(best):
            best = found.x
    return best
