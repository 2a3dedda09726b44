"""Whether observed counts are at odds with the standard model, all else that is uncertain fitted."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import chi2

from renp._types import Mask
from renp.inference.ensembles import fit_ensemble
from renp.inference.likelihood import Likelihood
from renp.results.goodness import Goodness


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
    couplings = len(likelihood.couplings)
    if len(likelihood.parameters) == couplings:
        expected = np.asarray(likelihood.expected(likelihood.point()))
        return Goodness.of(expected, np.asarray(likelihood.data.counts)).p_value
    return p_value(likelihood, jnp.arange(len(likelihood.parameters)) >= couplings)


def p_values(likelihood: Likelihood, *, profiled: bool = False) -> dict[str, float]:
    """Return the p-value of each coupling's best fit to observed counts, the others at 0 unless profiled."""
    place = jnp.arange(len(likelihood.parameters))
    others = (place >= len(likelihood.couplings)) | profiled
    return {
        one.name: p_value(likelihood, others | (place == k)) for k, one in enumerate(likelihood.couplings)
    }


def p_value(likelihood: Likelihood, moves: Mask) -> float:
    """Return the p-value of the best fit in the parameters that move to observed counts.

    By the χ² distribution, with a degree of freedom for each run less those for what nothing else measures;
    NaN without degrees of freedom.
    """
    free = np.asarray(moves) & ~np.isin(np.arange(moves.size), likelihood.constrained)
    data = jax.tree.map(lambda a: a[None], likelihood.data)
    degrees = data.counts.shape[1] - int(np.sum(free))
    start = jnp.where(moves, likelihood.start, likelihood.point())
    least = float(fit_ensemble(likelihood, data, start, moves).chi2[0])
    return float(chi2.sf(least, degrees)) if degrees > 0 else float("nan")
