"""Whether observed counts are at odds with the standard model, all else that is uncertain fitted."""

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from renp._types import Reals
from renp.inference.accepted import accepted, is_exact
from renp.inference.best_fits import lowest_minima
from renp.inference.likelihood import Data, Likelihood
from renp.results.fit import FEW
from renp.results.goodness import Goodness

_TOYS = 1000
_SAME = 1e-9
"""Of a χ² that is equally large, relative."""

_DESCRIBED = 1e-6
"""A χ² below which counts are what is expected."""

_ANY_RISE = 1.0
"""What is accepted up to is not asked: only the least χ²."""


def null_p_value(likelihood: Likelihood) -> float:
    """Return the p-value of observed counts without any coupling; exact if nothing else is uncertain.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[160])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> round(null_p_value(likelihood), 6)
    0.000176
    """
    place, couplings = np.arange(len(likelihood.names)), len(likelihood.couplings)
    if place.size == couplings:
        expected = np.asarray(likelihood.expected(likelihood.point()))
        return Goodness.of(expected, np.asarray(likelihood.data.counts)).p_value
    # Without a coupling, the numbers that describe its interaction have no say.
    own = tuple(f"{one.name}." for one in likelihood.couplings)
    described = np.array([name.startswith(own) for name in likelihood.names])
    return p_value(likelihood, (place >= couplings) & ~described)


def p_values(likelihood: Likelihood, *, profiled: bool = False) -> dict[str, float]:
    """Return the p-value of each coupling's best fit to observed counts, the others at 0 unless profiled."""
    place, couplings = np.arange(len(likelihood.names)), likelihood.couplings
    others = (place >= len(couplings)) | profiled
    return {one.name: p_value(likelihood, others | (place == k), k) for k, one in enumerate(couplings)}


def p_value(likelihood: Likelihood, moves: NDArray[np.bool_], k: int | None = None) -> float:
    """Return the p-value of the best fit in the parameters that move, coupling k among them, to the counts.

    By the χ² distribution, with a degree of freedom for each count less those for what nothing else measures;
    where counts are few from toys of the best fit, as far as these tell. Where as many parameters as counts
    do not describe them all the same, at their bounds, each count is a degree of freedom: rather too many
    than too few. Where they do, the p-value is NaN.
    """
    data = jax.tree.map(lambda a: np.asarray(a)[None], likelihood.data)
    measured = np.isin(np.arange(moves.size), likelihood.constrained)
    measurements = likelihood.size + len(likelihood.masses)
    degrees = measurements - int(np.sum(moves & ~measured))
    x, least = _least(likelihood, data, moves, k)
    if degrees <= 0:
        if least[0] < _DESCRIBED:
            return float("nan")
        degrees = measurements
    by_formula = float(chdtrc(degrees, least[0]))
    if not np.isfinite(least[0]) or np.all(np.asarray(likelihood.expected(x))[likelihood.runs] >= FEW):
        return by_formula
    _, of_toys = _least(likelihood, likelihood.toys(x, jax.random.key(0), _TOYS), moves, k)
    part = float(np.mean(of_toys >= least[0] - _SAME * (1 + least[0])))
    return part or min(by_formula, 1 / _TOYS)


def _least(
    likelihood: Likelihood, data: Data, moves: NDArray[np.bool_], k: int | None
) -> tuple[Reals, Reals]:
    """Return the best fit of the first data set, and the least χ² of each."""
    if k is None or not is_exact(likelihood, moves):
        minima = lowest_minima(likelihood, data, moves)
        return minima.x[0], minima.chi2
    found = accepted(likelihood, data, moves, k, _ANY_RISE)
    power = 2 if likelihood.parameters[k].kind == "magnitude" else 1
    x = np.array(likelihood.point())
    x[k] = found.best[0] ** power
    return x, np.asarray(found.chi2)
