"""Which of the things that are uncertain matter: their impacts on one coupling, ranked."""

import jax
import numpy as np

from renp._types import Reals
from renp.errors import InputError
from renp.inference.crossings import crossing_ensemble
from renp.inference.ensembles import fit_ensemble
from renp.inference.estimates import fit
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED
from renp.inference.parameters import physical
from renp.inference.search import checked_data
from renp.inference.upper_limits import delta_chi2
from renp.progress import signs_of_life
from renp.results.ranking import SIDES, Ranking


@signs_of_life("ranking", None)
def ranking(
    likelihood: Likelihood, coupling: str, data: Data | None = None, *, confidence_level: float = 0.90
) -> Ranking:
    """Return by how much each thing that is uncertain moves the best fit and the limit of a coupling.

    One after the other, each is held one standard deviation below and above its best fit, and all others are
    fitted again: by its error after the fit for the post-fit impact, by that of the external measurement for
    the pre-fit impact. Changes are from what is fitted with it held at its best fit.

    Parameters
    ----------
    likelihood
        With nuisances, whose impacts are ranked.
    coupling
        Its name.
    data
        Counts and pulls; the observed counts if left out, ``likelihood.asimov(likelihood.point())`` for what
        is expected.
    confidence_level
        Of the limit, the upper end of the profile's interval around the best fit.

    Returns
    -------
    Ranking
        Sorted by the post-fit impact on the limit.

    Raises
    ------
    InputError
        For a name that no coupling has, or if nothing else is uncertain.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.07], 864000.0, 1e-4)
    >>> unsure = renp.Nuisances(normalisation_error=0.05, background_error=0.1)
    >>> unit = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), unit, nuisances=unsure)
    >>> ranked = renp.ranking(likelihood, "mu", likelihood.asimov(likelihood.point(mu=6e-11)))
    >>> ranked.parameters, ranked.limit_postfit["down"].round(13)
    (('background', 'normalisation'), array([5.3e-12, 5.0e-12]))
    """
    checked = checked_data(likelihood, data)
    fitted = len(likelihood.couplings)
    k = likelihood.index(coupling)
    if k >= fitted:
        known = ", ".join(likelihood.names[:fitted])
        raise InputError("coupling", repr(coupling), f"one of {known}")
    if fitted == len(likelihood.names):
        raise InputError("likelihood", "without nuisances", "one in which more than couplings is uncertain")
    best = fit(likelihood, checked, confidence_level=confidence_level)
    spread = np.sqrt(np.diag(best.covariance))
    errors = np.stack([np.where(spread > 0, spread, np.nan), np.full(spread.size, np.nan)], axis=1)
    errors[list(likelihood.constrained), 1] = 1.0
    rise = delta_chi2(confidence_level)
    others = np.arange(fitted, spread.size)
    changes = np.array(
        [_changes(likelihood, checked, best.coordinates, k, int(j), errors[j], rise) for j in others]
    )
    sizes = np.max(np.nan_to_num(np.abs(changes)), axis=3).reshape(others.size, -1)
    order = np.lexsort(-sizes.T)
    estimates = [best[likelihood.names[j]] for j in others[order]]
    (value_prefit, value_postfit), (limit_prefit, limit_postfit) = (
        [dict(zip(SIDES, by_fit.T, strict=True)) for by_fit in np.moveaxis(of, 1, 0)]
        for of in np.moveaxis(changes[order], 1, 0)
    )
    return Ranking(
        name=coupling,
        unit=likelihood.parameters[k].unit,
        magnitude=likelihood.parameters[k].kind == "magnitude",
        value=best[coupling].value,
        limit=best[coupling].upper,
        confidence_level=float(confidence_level),
        parameters=tuple(one.name for one in estimates),
        pulls=np.array([one.pull for one in estimates]),
        pull_errors=np.array([one.pull_error for one in estimates]),
        limit_postfit=limit_postfit,
        limit_prefit=limit_prefit,
        value_postfit=value_postfit,
        value_prefit=value_prefit,
        diagnosis=best.diagnosis,
        made_by=best.made_by
        | {"ranking": f"impacts on {coupling}: each parameter held, the others fitted again"},
    )


def _changes(
    likelihood: Likelihood, data: Data, best: Reals, k: int, j: int, errors: Reals, rise: float
) -> Reals:
    """Return changes of best fit and limit of coupling k with parameter j held: what, which error, side."""
    shifts = np.concatenate([[0.0], np.outer(errors[::-1], (-1.0, 1.0)).ravel()])
    x = np.tile(best, (shifts.size, 1))
    x[:, j] += np.nan_to_num(shifts)
    moves = np.arange(best.size) != j
    same: Data = jax.tree.map(lambda a: np.broadcast_to(a, (shifts.size, *a.shape)), data)
    least = fit_ensemble(likelihood, same, x, moves)
    end = crossing_ensemble(likelihood, same, least, moves, k, 1.0, rise)
    value = np.where(np.asarray(least.status) == CONVERGED, np.asarray(least.x)[:, k], np.nan)
    limit = np.where(np.asarray(end.status) != NOT_CONVERGED, np.asarray(end.value), np.nan)
    found = np.asarray(physical(likelihood.parameters[k], np.stack([value, limit])))
    with np.errstate(invalid="ignore"):  # a limit that is infinite has no impact that could be known
        changes = np.where(np.isnan(shifts), np.nan, found - found[:, :1])[:, 1:]
    return np.reshape(changes, (2, 2, 2))
