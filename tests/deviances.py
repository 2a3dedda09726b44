"""The χ² of counts written once more, and its minima with some parameters held."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import renp
from renp.inference.likelihood import Data
from renp.inference.newton import minimise

MU = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
RISE = 2.705543454095404

minimised = jax.jit(minimise)


def deviance(n: Any, mean: Any) -> float:
    """2 Σ [N − n + n ln(n/N)], written once more."""
    n, mean = np.atleast_1d(n).astype(float), np.atleast_1d(mean).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(2 * np.sum(np.where(n > 0, mean - n + n * np.log(n / mean), mean)))


def chi2_at(likelihood: renp.Likelihood, data: Data, **held: float) -> float:
    """Return the χ², least in all but some parameters."""
    start = np.array(likelihood.start)
    moves = np.ones(start.size, bool)
    for name, value in held.items():
        k = likelihood.index(name)
        start[k], moves[k] = likelihood.coordinate(name, value), False
    return float(minimised(likelihood, data, jnp.asarray(start), jnp.asarray(moves), 500).chi2)


def least_background(n_on: float, n_off: float, ratio: float, signal: float) -> float:
    """Return the background at which the likelihood of on and off is largest: the root of a quadratic."""
    linear = n_on + n_off - (1 + ratio) * signal
    return (linear + np.sqrt(linear**2 + 4 * (1 + ratio) * signal * n_off)) / (2 * (1 + ratio))
