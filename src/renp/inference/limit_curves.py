"""Expected limits over the exposure: how they fall as the runs go on."""

import numpy as np
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.errors import InputError
from renp.experiment import Experiment, check_certain
from renp.inference.sensitivity import expected_limit, increasing
from renp.inference.upper_limits import delta_chi2
from renp.interactions.dipole import moment_couplings
from renp.neutrinos import Neutrinos
from renp.progress import signs_of_life
from renp.references import PAPERS
from renp.results.base import provenance
from renp.results.moments import LimitCurves
from renp.results.sensitivity import AXES
from renp.validation import instance


@signs_of_life("limits", None)
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
    allowed = "at least two increasing exposures above 0, in day × 100 cm³"
    given = np.logspace(0, 3, 61) if exposure is None else exposure
    exposures = increasing("exposure", given, allowed, AXES["exposure"][1])
    if experiment.counts is not None:
        raise InputError("counts", experiment.counts, "left out: limits over the exposure are expected ones")
    by_element: dict[str, dict[str, Reals]] = {}
    for one in moment_couplings(neutrinos.nature):
        limit = expected_limit(experiment, neutrinos, one.interaction, "exposure", exposures, rise)
        by_element.setdefault(one.family, {})[one.label] = limit
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
