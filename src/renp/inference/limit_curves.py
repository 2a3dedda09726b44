"""Expected limits over the exposure: how they fall as the runs go on."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from renp.constants import DAY
from renp.errors import InputError
from renp.experiment import Experiment, check_certain, expected_counts
from renp.inference.poisson import signal_limit
from renp.inference.upper_limits import delta_chi2, moment_signals
from renp.interactions.dipole import moment_elements
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.results.base import provenance
from renp.results.moments import LimitCurves
from renp.validation import instance, within


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
    background = expected_counts(experiment, neutrinos)

    def limit(signal: Any, factor: Any) -> Any:
        counts = factor * background
        return jnp.sqrt(signal_limit(factor * signal, counts, counts, rise))

    every = jax.jit(jax.vmap(jax.vmap(limit, in_axes=(None, 0)), in_axes=(0, None)))
    names = [f"{i}{j}" for i, j in moment_elements(neutrinos.nature)]
    signals = moment_signals(experiment, neutrinos)
    return LimitCurves(
        exposure=exposures,
        confidence_level=float(confidence_level),
        by_element={
            kind: dict(zip(names, np.asarray(every(of_kind, scale)), strict=True))
            for kind, of_kind in signals.items()
        },
        made_by=provenance(
            PAPERS,
            experiment=experiment,
            neutrinos=neutrinos,
            confidence_level=confidence_level,
            method="delta-chi2, one coupling at a time",
        ),
    )


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
