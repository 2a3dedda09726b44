"""Expected limits over the exposure: how they fall as the runs go on."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from renp._types import Reals
from renp.constants import DAY
from renp.errors import InputError
from renp.experiment import Experiment, check_certain
from renp.inference.accepted import along_coupling
from renp.inference.quadratic_set import Along, quadratic_set
from renp.inference.upper_limits import delta_chi2, likelihoods_of
from renp.interactions.dipole import moment_couplings
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.results.base import provenance
from renp.results.moments import LimitCurves
from renp.validation import Scalar, instance, within


def limit_curves(
    experiment: Experiment,
    neutrinos: Neutrinos,
    confidence_level: float = 0.90,
    exposure: ArrayLike | None = None,
) -> LimitCurves:
    """Return expected upper limits on each element of the moments over the exposure of the runs.

    Source: PLB 841 137911, Fig. 3, which `renp.papers.letter.figure_3` draws with this; the limits are those
    of `upper_limits` with its method "delta-chi2".

    Parameters
    ----------
    experiment
        Runs; all their times are scaled alike, so that the mean run has the exposure.
    neutrinos
        What is emitted; Majorana neutrinos have no diagonal moments.
    confidence_level
        Between 0 and 1.
    exposure
        Time at each photon energy times volume, day × 100 cm³, at least two, increasing; 61 from 1 to 1000
        if left out.

    Returns
    -------
    LimitCurves
        ``.by_element["magnetic-moment"]["11"]`` in μ_B, over ``.exposure``.

    Raises
    ------
    InputError
        For runs with observed counts, of which there is no curve, runs without time, or exposures that are
        not increasing and above 0.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * 86400.0)
    >>> curves = renp.limit_curves(runs, renp.Neutrinos(0.01, "inverted"), exposure=[1, 10, 100])
    >>> [f"{limit:.1e}" for limit in curves.by_element["magnetic-moment"]["33"]]
    ['5.5e-11', '2.9e-11', '1.6e-11']
    """
    instance("experiment", experiment, Experiment)
    check_certain(experiment)
    instance("neutrinos", neutrinos, Neutrinos)
    rise = delta_chi2(confidence_level)
    exposures = _exposures(np.logspace(0, 3, 61) if exposure is None else exposure)
    scale = jnp.asarray(exposures / _exposure_of(experiment))
    by_element: dict[str, dict[str, Reals]] = {}
    given = moment_couplings(neutrinos.nature)
    curves: dict[str, Reals] = {}
    for likelihood, places in likelihoods_of(experiment, neutrinos, given, None, profiled=False):
        for k in places:
            furthest = _limits(along_coupling(likelihood, k), scale, rise)
            curves[likelihood.names[k]] = float(likelihood.parameters[k].plus) * np.asarray(furthest)
    for coupling in given:
        by_element.setdefault(coupling.family, {})[coupling.label] = curves[coupling.name]
    return LimitCurves(
        exposure=exposures,
        confidence_level=float(confidence_level),
        by_element=by_element,
        made_by=provenance(
            PAPERS,
            experiment=experiment,
            neutrinos=neutrinos,
            confidence_level=confidence_level,
            method="delta-chi2, one coupling at a time",
        ),
    )


@jax.jit
def _limits(along: Along, factors: Float[Array, "n"], rise: Scalar) -> Float[Array, "n"]:
    """Return the size of the furthest coupling that is accepted where all runs are longer by a factor."""

    def limit(factor: Array) -> Array:
        longer = Along(*(factor * counts for counts in along))
        return jnp.max(jnp.abs(quadratic_set(longer, longer.null, rise).ends))

    found: Array = jax.vmap(limit)(factors)
    return found


def _exposures(given: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    allowed = "at least two increasing exposures above 0, in day × 100 cm³"
    found = np.atleast_1d(np.asarray(within("exposure", given, allowed, low=0.0)))
    if found.ndim != 1 or found.size < 2 or found[0] == 0 or np.any(np.diff(found) <= 0):
        raise InputError("exposure", given, allowed)
    return found


def _exposure_of(experiment: Experiment) -> float:
    """Return the time of the mean run times the volume, day × 100 cm³."""
    if experiment.counts is not None:
        raise InputError("counts", experiment.counts, "left out: limits over the exposure are expected ones")
    time = float(jnp.mean(experiment.duration))
    if time == 0:
        raise InputError("duration", time, "above 0 in at least one run")
    return time / DAY * float(experiment.target.volume) / 100.0
