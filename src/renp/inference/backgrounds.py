"""Backgrounds that counts decide: of a run with a control measurement, or of all runs as a polynomial in ω.

A control measurement is one more Poisson count, n_off with the mean τ T b where a run has the background T b:
the problem of on and off (Li and Ma, ApJ 272, 317 (1983); Cousins, Linnemann and Tucker, physics/0702156).

A polynomial of degree d has as its parameters the coefficients of Bernstein's polynomials between the lowest
and the highest photon energy of the runs, 1/s: b(ω) = Σ_k c_k C(d, k) u^k (1 − u)^(d−k), u from 0 to 1. They
are at least 0, so that no background is negative; the first is the background at the lowest photon energy
and the last at the highest. Runs above the thresholds, where there is no signal, are its side bands.
"""

from math import comb
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp.compensated import array_module
from renp.errors import InputError
from renp.experiment import Experiment
from renp.inference.parameters import Parameter, rate
from renp.validation import Scalar, is_traced, whole

OWN, SHAPE = "background_rate", "background_shape"
"""Beginnings of the names of parameters, which end with the number of the run or of the coefficient."""

_RANK = 10 * float(np.finfo(float).eps)
"""Singular values of a basis that are rounding, relative to the largest and for each run."""

_HIGHEST = 5
"""Degree of a polynomial that no measurement needs."""


def controlled(experiment: Experiment) -> tuple[int, ...]:
    """Return the places of the runs that have a control measurement; of traced ratios, all.

    Examples
    --------
    >>> import renp
    >>> yb = renp.Atom.named("Yb")
    >>> controlled(renp.Experiment(yb, renp.Target(), [1.068, 1.07], 1.0, control_ratio=[0.0, 3.0]))
    (1,)
    """
    ratio = experiment.runs.control_ratio
    some = range(len(experiment.runs)) if is_traced(ratio) else np.flatnonzero(np.asarray(ratio) > 0)
    return tuple(int(k) for k in some)


def background_parameters(experiment: Experiment, degree: int | None) -> list[Parameter]:
    """Return the parameters of backgrounds that counts decide.

    Raises
    ------
    InputError
        For a degree that is not a whole number from 0 to 5.
    """
    runs, places = experiment.runs, controlled(experiment)
    if degree is not None:
        degree = whole("background_degree", degree, 0)
        if degree > _HIGHEST:
            raise InputError("background_degree", degree, f"at most {_HIGHEST}")
        places = tuple(range(len(runs)))
    if degree is None:
        time = [runs.control_ratio[k] * runs.duration[k] for k in places]
        return [
            rate(f"{OWN}_{k + 1}", runs.background[k], *_spread(runs.background[k], t))
            for k, t in zip(places, time, strict=True)
        ]
    basis = bernstein(runs.photon_energy, span_of(experiment), degree)
    xp = array_module(basis, runs.background)
    coefficients = xp.maximum(xp.linalg.pinv(basis, _RANK * max(basis.shape)) @ runs.background, 0.0)
    each = array_module(runs.duration, runs.control_ratio).sum(runs.duration * (1 + runs.control_ratio))
    each = each / (degree + 1)
    values = [c if is_traced(c) else float(c) for c in coefficients]
    return [rate(f"{SHAPE}_{k + 1}", c, *_spread(c, each)) for k, c in enumerate(values)]


def background_rates(
    experiment: Experiment, span: tuple[Scalar, Scalar], own: dict[str, Array], factor: Any
) -> Float[Array, "n"]:
    """Return the background rate of each run, 1/s: of parameters by name, others as given times a factor."""
    runs = experiment.runs
    shape = [own[name] for k in range(_HIGHEST + 1) if (name := f"{SHAPE}_{k + 1}") in own]
    if shape:
        rates: Array = bernstein(runs.photon_energy, span, len(shape) - 1) @ jnp.stack(shape)
        return rates
    given = jnp.asarray(factor * runs.background)
    names = [f"{OWN}_{k + 1}" for k in range(len(runs))]
    if not any(name in own for name in names):
        return given
    return jnp.stack([own.get(name, given[k]) for k, name in enumerate(names)])


def span_of(experiment: Experiment) -> tuple[Scalar, Scalar]:
    """Return the lowest and the highest photon energy of the runs, eV."""
    energies = experiment.runs.photon_energy
    if not len(energies):
        return 0.0, 1.0
    xp = array_module(energies)
    return xp.min(energies), xp.max(energies)


def bernstein(omega: Any, span: tuple[Scalar, Scalar], degree: int) -> Float[Array, "n c"]:
    """Return Bernstein's polynomials at photon energies.

    Examples
    --------
    >>> bernstein(np.array([1.0, 1.5, 2.0]), (1.0, 2.0), 1)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    low, high = span
    xp = array_module(omega, low, high)
    u = xp.where(high > low, (omega - low) / xp.where(high > low, high - low, 1.0), 0.0)
    each = [comb(degree, k) * u**k * (1 - u) ** (degree - k) for k in range(degree + 1)]
    basis: Array = xp.stack(each, axis=1)
    return basis


_SHORTEST = 1e-100
"""A time of control, s, below which it says nothing: rates in its units would overflow."""


def _spread(value: Scalar, time: Scalar) -> tuple[Scalar, str]:
    """Return the unit of a coordinate, about an error of the rate, and the unit of the rate."""
    xp = array_module(value, time)
    safe = xp.where(xp.asarray(time) > _SHORTEST, time, 1.0)
    error = xp.sqrt(value * safe + 1) / safe
    return (error if is_traced(error) else float(error)), "1/s"
