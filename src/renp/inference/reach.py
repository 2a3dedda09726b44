"""Reach: limits on a mediator's couplings over its mass."""

from collections.abc import Callable
from functools import partial
from textwrap import shorten
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from renp.compensated import array_module
from renp.compiled import compiled
from renp.errors import InputError, renamed
from renp.experiment import Experiment, check_certain, expected_counts, signal_counts
from renp.formula.kinematics import momentum_transfer_squared
from renp.inference.accepted import exact_sets
from renp.inference.quadratic_set import Along, quadratic_set
from renp.inference.upper_limits import delta_chi2
from renp.interactions import Weak
from renp.interactions.contract import check_model
from renp.interactions.couplings import Interaction, Scaled
from renp.neutrinos import Neutrinos
from renp.progress import signs_of_life
from renp.references import PAPERS
from renp.results.base import provenance
from renp.results.limits import SIGNS
from renp.results.mediators import Reach
from renp.validation import Scalar, choice, instance, is_traced, number, whole, within

Masses: TypeAlias = NDArray[np.float64]


@renamed(at_mass="mediator_of_mass")
@signs_of_life("reach", None)
def reach(
    experiment: Experiment,
    neutrinos: Neutrinos,
    mediator_of_mass: Callable[[Scalar], Interaction],
    masses: Masses,
    confidence_level: float = 0.90,
    *,
    sign: str = "either",
) -> Reach | Float[Array, "n"]:
    """Return the limit on the product of couplings |g^e g^ν| for each mass of a mediator.

    The amplitude interferes with the weak one, so that the limits for the two signs of the product differ, by
    factors of two and more. A model often has one of them: where g^e = g^ν the product is a square.

    Parameters
    ----------
    experiment, neutrinos
        Runs, and what is emitted; the data are the standard model's expectation.
    mediator_of_mass
        Returns the mediator of a given mass (eV) with g^e = 1 and the pattern of g^ν that is meant. The limit
        is on the number that multiplies its amplitude, whatever couplings it has.
    masses
        Masses, eV, shape (n,).
    confidence_level
        Between 0 and 1.
    sign
        Of the product: "positive", "negative", or "either" for the weaker of the two limits.

    Returns
    -------
    Reach
        On the absolute value of the product, shape (n,): an array to NumPy, with a table and a plot; where
        arguments are traced, a JAX array.

    Raises
    ------
    InputError
        For masses on a pole, an experiment with counts, or a ``mediator_of_mass`` of another kind or that
        these neutrinos cannot have.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.0688], 2.3 * 86400)
    >>> def light(mass):
    ...     return renp.VectorMediator(mass, 1.0, left={(1, 1): 1.0})
    >>> limit = reach(runs, renp.Neutrinos(0.01), light, np.array([1e-3, 1e3, 1e4]))
    >>> round(float(limit[2] / limit[1]), 2)  # contact interaction: as the mass squared
    100.0
    >>> negative = reach(runs, renp.Neutrinos(0.01), light, np.array([1e3]), sign="negative")
    >>> float(negative[0]) < float(limit[1])
    True
    """
    rise = delta_chi2(confidence_level)
    instance("experiment", experiment, Experiment)
    check_certain(experiment)
    instance("neutrinos", neutrinos, Neutrinos)
    given: Any = within("masses", masses, "finite masses in eV, at least 0", low=0.0, unit="eV")
    masses = given
    if experiment.counts is not None:
        allowed = "left out: the reach is that expected for the standard model"
        raise InputError("counts", np.asarray(experiment.counts), allowed)
    choice("sign", sign, SIGNS)
    function: object = mediator_of_mass
    if not callable(function):  # a mediator itself, say
        words = (
            "a function of the mass that returns a mediator, such as lambda m: VectorMediator(m, 1.0, ...)"
        )
        raise InputError("mediator_of_mass", shorten(repr(mediator_of_mass), 60), words)
    if not is_traced(masses):
        heaviest = mediator_of_mass(float(np.max(masses)))
        instance("mediator_of_mass(mass)", heaviest, Interaction)
        check_model(heaviest, neutrinos)
    for pole in pole_masses(experiment):
        if np.any(np.isclose(masses, pole, rtol=1e-12, atol=0)) and mediator_of_mass(float(pole)).poles():
            allowed = "away from the poles, see pole_masses, or the mediator given a width"
            raise InputError("masses", pole, allowed)

    along, unit = _counts_along(experiment, neutrinos, _together(mediator_of_mass, masses))
    traced = is_traced(*along, rise)
    if traced:
        ends: Any = unit[:, None] * _ends(along, rise)
    else:  # without slopes, which makes the sets of all mediators one program
        ends = np.asarray(unit)[:, None] * exact_sets(along, np.asarray(along.null), rise).ends
    of_sign = {"positive": ends[:, 1], "negative": -ends[:, 0]}
    found = of_sign.get(sign, array_module(ends).maximum(ends[:, 1], -ends[:, 0]))
    if traced:
        return found  # type: ignore[no-any-return]
    if np.any(np.isnan(found)):
        raise FloatingPointError("the mediator's couplings are not numbers at some mass")
    return Reach(
        mass=np.atleast_1d(np.asarray(masses, dtype=float)),
        limit=np.asarray(found),
        sign=sign,
        poles=pole_masses(experiment),
        confidence_level=float(confidence_level),
        made_by=provenance(PAPERS, experiment=experiment, neutrinos=neutrinos, sign=sign),
    )


def _together(mediator_of_mass: Callable[[Scalar], Interaction], masses: Masses) -> Interaction:
    """Return the mediators of all masses as one, whose numbers are arrays.

    They are made one by one, so that the limits of any function of the mass are compiled once; where a caller
    compiles, they are made together.
    """
    numbers: Any = jnp.atleast_1d(jnp.asarray(masses)) if is_traced(masses) else np.atleast_1d(masses)
    if is_traced(masses) or any(map(is_traced, jax.tree.leaves(_made(mediator_of_mass, float(numbers[0]))))):
        together: Interaction = jax.vmap(mediator_of_mass)(jnp.asarray(numbers))
    else:
        each = [_made(mediator_of_mass, float(mass)) for mass in numbers]
        together = jax.tree.map(lambda *values: np.stack([np.asarray(x) for x in values]), *each)
    return together


def _made(mediator_of_mass: Callable[[Scalar], Interaction], mass: float) -> Interaction:
    """Return the mediator of a mass, which an error names."""
    try:
        return mediator_of_mass(mass)
    except InputError as error:
        where = f"{error.argument} of mediator_of_mass({mass:g})"
        raise InputError(where, error.value, error.allowed) from None


@compiled
def _counts_along(
    experiment: Experiment, neutrinos: Neutrinos, mediators: Interaction
) -> tuple[Along, Float[Array, "n"]]:
    """Return `strength_counts` of each of many mediators."""
    of_each: tuple[Along, Array] = jax.vmap(partial(strength_counts, experiment, neutrinos))(mediators)
    return of_each


@compiled
def _ends(along: Along, rise: Scalar) -> Float[Array, "n 2"]:
    """Return the ends of what is accepted of each of many strengths, in their units, with slopes."""
    of_each: Array = jax.vmap(lambda one: jnp.asarray(quadratic_set(one, one.null, rise).ends))(along)
    return of_each


def strength_counts(
    experiment: Experiment, neutrinos: Neutrinos, interaction: Interaction
) -> tuple[Along, Float[Array, ""]]:
    """Return the counts along the strength of an interaction beside the weak one, and the unit of it.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> light = renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})
    >>> strength_counts(runs, renp.Neutrinos(0.01), light)[0].null.round(1)
    Array([11.7], dtype=float64)
    """
    null = expected_counts(experiment, neutrinos)
    alone = signal_counts(experiment, neutrinos, interaction)
    unit = jnp.sqrt((jnp.sum(null) + 1) / jnp.where(jnp.sum(alone) > 0, jnp.sum(alone), 1.0))
    more, less = (
        signal_counts(experiment, neutrinos, Weak() + Scaled(sign * unit, interaction))
        for sign in (1.0, -1.0)
    )
    return Along(null, (more - less) / 2, alone * unit**2), unit


def pole_masses(experiment: Experiment) -> Masses:
    """Return the masses at which a mediator is on shell, m² = q², at the runs' photon energies, eV.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.0688, 1.0699], 1.0)
    >>> pole_masses(runs).round(3)
    array([0.089, 0.112])
    """
    atom = experiment.atom
    # In NumPy, since a caller may be compiling.
    frame: Any = [None if x is None else float(x) for x in atom.frame]
    q2: Any = momentum_transfer_squared(np.asarray(experiment.line_centre), *frame)
    return np.sort(np.sqrt(q2[q2 > 0]))


_MOST_POINTS = 10**7
"""Of a grid that fits into memory."""


def mass_grid(experiment: Experiment, low: float = 1e-3, high: float = 1e5, points: int = 240) -> Masses:
    """Return masses, even in ln m and dense around each pole, without the poles themselves.

    Parameters
    ----------
    experiment
        The runs whose photon energies make the poles.
    low, high
        Ends of the grid, eV.
    points
        How many are even in ln m, besides those around the poles that lie between the ends.

    Returns
    -------
    Array
        Masses in eV, increasing, shape (n,).

    Raises
    ------
    InputError
        For ends that are not above 0, or in the wrong order.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.0688], 1.0)
    >>> grid = mass_grid(runs)
    >>> bool(np.all(np.diff(grid) > 0)), float(grid.min()), float(grid.max())
    (True, 0.001, 100000.0)
    """
    instance("experiment", experiment, Experiment)
    allowed = "a mass in eV above 0"
    low = float(number("low", low, allowed, low=0, open_low=True, unit="eV"))
    high = float(number("high", high, allowed, low=low, open_low=True, unit="eV"))
    if (points := whole("points", points, 2)) > _MOST_POINTS:
        raise InputError("points", points, f"{_MOST_POINTS} at most")
    near = np.logspace(-6, -0.5, 24)
    around = [m * (1 + side * near) for m in pole_masses(experiment) for side in (-1, 1)]
    grid = np.unique(np.concatenate([np.geomspace(low, high, points), *around]))
    inside: Masses = grid[(grid >= low) & (grid <= high)]
    return inside
