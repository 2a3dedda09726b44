"""The best fit to one data set, its errors, and what is wrong with it.

Newton's method finds the minima and proposes the ends of the intervals; Minuit judges the minimum (Migrad
and Hesse). Each end is checked: the χ², minimised anew over all other parameters from several starts, must
have risen by the quantile. Where it has not, the end is sought by a scan.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.special import chdtrc

from renp._types import Reals
from renp.compiled import compiled
from renp.formula.kinematics import threshold_energies
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.minuit import minuit
from renp.inference.newton import CONVERGED, Crossing, Minimum, crossing, local
from renp.inference.parameters import CONSTRAINED, Parameter, physical
from renp.inference.search import Search, checked_data, ends, moving, other_minima, search
from renp.inference.starts import MASS
from renp.inference.upper_limits import delta_chi2
from renp.neutrinos import neutrino_names, with_values
from renp.progress import signs_of_life
from renp.references import merged, references_of
from renp.results.base import provenance
from renp.results.fit import AT_EDGE, AT_LOWER, AT_UPPER, FITTED, FIXED, UNDETERMINED, Estimate, Fit

Mask: TypeAlias = NDArray[np.bool_]
Ends: TypeAlias = dict[tuple[int, int], float]
"""Coordinate at which the profile of a parameter has risen, by place and side."""

_TOLERANCE = 1e-2
"""Of Minuit, in units of its default."""
_LOWER = 1e-4
"""Difference in χ² from which Minuit's minimum is another one."""
_CHECKED = 1e-6
"""Accuracy of Δχ² at an end of an interval, relative."""
_STEPS = 200
"""Of Newton's method towards an end."""
_FLAT = 1e-10
"""Curvature along a direction, relative to that of the parameters alone, that is rounding."""
_AT_THRESHOLD = 1e-9
"""Distance of a photon energy from a threshold, eV, at which a fit ends only if the χ² has a kink there."""
_INVOLVED = 0.01
"""Share of a parameter in the undetermined directions from which it is named."""


@signs_of_life("fit", None)
def fit(
    likelihood: Likelihood,
    data: Data | None = None,
    *,
    fixed: Sequence[str] = (),
    confidence_level: float = 0.6827,
) -> Fit:
    """Return the best fit to one data set, with errors, goodness of fit and diagnosis.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts and pulls; the observed counts if left out.
    fixed
        Names of parameters that are taken as known: couplings stay 0, others as the likelihood was made.
    confidence_level
        Of the profile's intervals, between 0 and 1.

    Returns
    -------
    Fit
        ``fit(...)["mu_11"].upper`` is the upper end of a parameter's interval. Whatever is wrong with the
        fit is said in ``.diagnosis``: a fit that does not converge is no exception.

    Raises
    ------
    InputError
        For unknown names, data of the wrong shape, or a confidence level not between 0 and 1.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[140])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> result = fit(likelihood)
    >>> result.valid, f"{result['mu'].lower:.1e}, {result['mu'].value:.1e}, {result['mu'].upper:.1e}"
    (True, '3.5e-11, 4.9e-11, 6.1e-11')
    """
    rise = delta_chi2(confidence_level)
    checked = checked_data(likelihood, data)
    found = search(likelihood, checked, moving(likelihood, fixed))
    found, verdict = _judged(found)
    state = _state(found)
    intervals = _intervals(found, rise) if np.isfinite(found.chi2) else {}
    faults = [*_impossible(found), *_failures(found, verdict, state), *_undetermined(found, state)]
    remarks = [*_boundaries(found, state), *_others(found, state, rise), *_open_ends(found, intervals, rise)]
    measured = np.isin(np.arange(found.moves.size), likelihood.constrained)
    degrees = checked.counts.size + len(likelihood.masses) - int(np.sum(found.moves & ~measured))
    return Fit(
        estimates={e.name: e for e in _estimates(found, state, intervals)},
        covariance=state.covariance,
        coordinates=found.x,
        chi2=max(found.chi2, 0.0),
        degrees_of_freedom=degrees,
        p_value=float(chdtrc(degrees, max(found.chi2, 0.0))) if degrees > 0 else np.nan,
        confidence_level=float(confidence_level),
        photon_energy=np.asarray(likelihood.photon_energy),
        observed=np.asarray(checked.counts)[likelihood.runs],
        expected=np.asarray(likelihood.expected(found.x))[likelihood.runs],
        valid=not faults,
        diagnosis=(*faults, *remarks),
        made_by=provenance(
            merged(references_of(likelihood), ("james-1975",)),
            experiment=list(likelihood.experiments),
            neutrinos=likelihood.neutrinos,
            model=likelihood.model,
            couplings=[str(coupling) for coupling in likelihood.couplings],
            parameters=list(likelihood.parameters),
            counts=np.asarray(checked.counts).tolist(),
            pulls=np.asarray(checked.pulls).tolist(),
            fixed=list(fixed),
            confidence_level=confidence_level,
            method="Poisson chi-square; Newton's method from several starts, Minuit, profile intervals",
        ),
    )


class _Verdict(NamedTuple):
    """What Minuit says."""

    valid: bool
    gain: float
    """By how much Minuit's χ² is lower."""


class _State(NamedTuple):
    """What each parameter does at the best fit."""

    at_lower: Mask
    at_upper: Mask
    at_edge: Mask
    undetermined: Mask
    covariance: Reals


def _judged(found: Search) -> tuple[Search, _Verdict]:
    """Return Minuit's verdict, and the minima with Minuit's own if that is lower."""
    if not (np.any(found.moves) and np.isfinite(found.chi2)):
        return found, _Verdict(True, 0.0)
    verdict, x = _asked(found)
    if verdict.gain < _LOWER:
        return found, verdict
    better = search(found.likelihood, found.data, found.moves, extra=x)
    again, _ = _asked(better)
    return better, again


def _asked(found: Search) -> tuple[_Verdict, Reals]:
    """Run Migrad and Hesse from the best fit."""
    judge = minuit(found.likelihood, found.data, found.x)
    judge.tol *= _TOLERANCE
    judge.print_level = -1
    for name, moves in zip(found.likelihood.names, found.moves, strict=True):
        judge.fixed[name] = not moves
    judge.migrad()
    judge.hesse()
    return _Verdict(bool(judge.valid), found.chi2 - float(judge.fval)), np.array(judge.values)


def _intervals(found: Search, rise: float) -> Ends:
    """Return the ends of all intervals: Newton's where the profile confirms them, others by a scan."""
    confirmed: Ends = {}
    proposed = _proposed(found, rise)
    for k in np.flatnonzero(found.moves).tolist():
        tried = {side: proposed[k, side] for side in (-1, 1) if (k, side) in proposed}
        if tried:
            rises = found.profile([k], np.array([[x] for x in tried.values()])).chi2 - found.chi2
            right = np.abs(rises - rise) < _CHECKED * rise
            confirmed |= {(k, side): x for (side, x), ok in zip(tried.items(), right, strict=True) if ok}
        missing = [side for side in (-1, 1) if (k, side) not in confirmed]
        if missing:
            scanned = dict(zip((-1, 1), ends(found, k, rise), strict=True))
            confirmed |= {(k, side): scanned[side] for side in missing}
    return confirmed


def _proposed(found: Search, rise: float) -> Ends:
    """Return where Newton's method, from the best fit, has the profiles of all parameters rise."""
    places = np.flatnonzero(found.moves)
    ks, sides = np.repeat(places, 2), np.tile([-1, 1], places.size)
    if not ks.size:
        return {}
    values: list[Any] = [np.asarray(a) for a in (found.x, found.chi2, CONVERGED, False)]
    best = Minimum(*values)
    there = _crossings(found.likelihood, found.data, best, found.moves, ks, sides.astype(float), rise)
    value, good = np.asarray(there.value), np.asarray(there.status) == CONVERGED
    return {(int(ks[j]), int(sides[j])): float(value[j]) for j in np.flatnonzero(good)}


@compiled
def _crossings(
    likelihood: Likelihood, data: Data, best: Minimum, moves: Mask, ks: Array, sides: Array, rise: float
) -> Crossing:
    def cross(k: Array, side: Array) -> Crossing:
        return crossing(likelihood, data, best, moves, k, side, rise, _STEPS)

    return jax.vmap(cross)(ks, sides)


def _state(found: Search) -> _State:
    likelihood, x, moves = found.likelihood, found.x, found.moves
    low, high = (np.asarray(bound) for bound in likelihood.bounds)
    at_lower, at_upper = moves & (x <= low), moves & (x >= high)
    at_edge = moves & ~at_lower & (np.array(likelihood.names) == MASS) & _at_threshold(likelihood, x)
    inside = moves & ~at_lower & ~at_upper & ~at_edge
    undetermined = np.zeros(x.size, dtype=bool)
    covariance = np.zeros((x.size, x.size))
    if np.isfinite(found.chi2) and np.any(moves):
        curvature = _curvature(likelihood, x, found.data)[np.ix_(inside, inside)]
        covariance[np.ix_(inside, inside)], undetermined[inside] = _inverted(curvature / 2)
        # At a boundary or a threshold, a parameter can be without any effect.
        information = np.asarray(local(likelihood, x, found.data).information)
        undetermined |= moves & ~inside & (information < _FLAT)
    return _State(at_lower, at_upper, at_edge, undetermined, covariance)


def _at_threshold(likelihood: Likelihood, x: Reals) -> bool:
    """Return whether a pair of neutrinos just fails to be emitted in a run."""
    values: dict[str, Any] = {name: np.asarray(value) for name, value in likelihood.values(x).items()}
    own = {name: values[name] for name in neutrino_names(likelihood.neutrinos) if name in values}
    masses: Any = np.asarray(with_values(likelihood.neutrinos, own).masses)
    for part in likelihood.parts:
        atom, offset = part.experiment.atom, part.experiment.laser.offset
        opening = np.asarray(threshold_energies(masses, *atom.frame)) - offset
        if np.any(np.abs(opening[:, :, None] - part.photon_energy(values)) < _AT_THRESHOLD):
            return True
    return False


def _curvature(likelihood: Likelihood, x: Reals, data: Data) -> Reals:
    """Return the second derivatives of the χ², column by column: that compiles fastest."""
    columns = [_curvature_along(likelihood, x, data, e) for e in np.eye(x.size)]
    return np.stack([np.asarray(column) for column in columns], axis=1)


@compiled
def _curvature_along(
    likelihood: Likelihood, x: Float[Array, "p"], data: Data, direction: Float[Array, "p"]
) -> Float[Array, "p"]:
    along: Array = jax.jvp(lambda y: local(likelihood, y, data).slope, (x,), (direction,))[1]
    return along


def _inverted(information: Reals) -> tuple[Reals, Mask]:
    """Return the covariance, and which parameters a direction without curvature involves."""
    information = np.nan_to_num(information, nan=0.0, posinf=0.0, neginf=0.0)
    diagonal = np.diag(information)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    curvatures, directions = np.linalg.eigh(information / np.outer(scale, scale))
    flat = curvatures < _FLAT
    undetermined = np.sum(directions[:, flat] ** 2, axis=1) > _INVOLVED
    seen = directions[:, ~flat] / scale[:, None]
    covariance = seen / curvatures[~flat] @ seen.T
    covariance[undetermined, :] = covariance[:, undetermined] = np.nan
    return covariance, undetermined


def _estimates(found: Search, state: _State, intervals: Ends) -> list[Estimate]:
    estimates = []
    pulls = dict(zip(found.likelihood.constrained, np.asarray(found.data.pulls), strict=False))
    status, slopes = _statuses(found, state), np.asarray(_slopes(found.likelihood.parameters, found.x))
    for k, parameter in enumerate(found.likelihood.parameters):
        x, spread = found.x[k], np.sqrt(state.covariance[k, k])
        has_error = spread > 0
        lower, upper = (float(physical(parameter, intervals.get((k, side), np.nan))) for side in (-1, 1))
        estimates.append(
            Estimate(
                name=parameter.name,
                kind=parameter.kind,
                unit=parameter.unit,
                value=float(physical(parameter, x)),
                error=float(slopes[k] * spread) if has_error else np.nan,
                lower=lower,
                upper=upper,
                pull=float(x - pulls[k]) if k in pulls else np.nan,
                pull_error=float(spread) if has_error and parameter.kind in CONSTRAINED else np.nan,
                status=status[k],
            )
        )
    return estimates


@compiled
def _slopes(parameters: tuple[Parameter, ...], x: Point) -> Point:
    """Return the derivatives of the physical values."""
    return jnp.array([jax.grad(physical, 1)(p, x[k]) for k, p in enumerate(parameters)], dtype=float)


def _statuses(found: Search, state: _State) -> list[str]:
    cases = [(~found.moves, FIXED), (state.undetermined, UNDETERMINED), (state.at_lower, AT_LOWER)]
    cases += [(state.at_upper, AT_UPPER), (state.at_edge, AT_EDGE)]
    return [next((word for mask, word in cases if mask[k]), FITTED) for k in range(found.x.size)]


def _impossible(found: Search) -> list[str]:
    if np.isfinite(found.chi2):
        return []
    runs = found.likelihood.runs
    expected = np.asarray(found.likelihood.expected(found.x))[runs]
    counts = np.asarray(found.data.counts)[runs]
    energies = np.asarray(found.likelihood.photon_energy)
    which = [
        f"{count:g} counts at {energy:.9g} eV"
        for count, energy, mean in zip(counts, energies, expected, strict=True)
        if count > 0 and mean == 0
    ]
    return [
        f"The counts are impossible (χ² is infinite wherever the fit looked): none are expected for "
        f"{', '.join(which) or 'some run'}; add a background, or check photon energies and durations."
    ]


def _failures(found: Search, verdict: _Verdict, state: _State) -> list[str]:
    said = []
    if verdict.gain >= _LOWER:
        said.append(
            f"Minuit finds a χ² that is lower by {verdict.gain:.2g}: the minimum is not the one given; "
            "fix a parameter, or see the profiles."
        )
    if not (verdict.valid or np.any(state.undetermined | state.at_edge)):
        and_newton = "" if found.minima.status[0] == CONVERGED else ", and Newton's method did not converge"
        said.append(
            f"Minuit does not confirm the minimum{and_newton}: the χ² is not smooth there, as at a "
            "threshold, or hardly depends on a parameter; see the profiles, or fix a parameter."
        )
    return said


def _undetermined(found: Search, state: _State) -> list[str]:
    names = _listed(found, state.undetermined)
    if not names:
        return []
    one = np.sum(state.undetermined) == 1
    flat = "the χ² does not depend on it" if one else "the χ² stays the same along a direction in them"
    return [
        f"The data do not determine {names}: {flat}, and the values given are one choice of many; fix a "
        "parameter, or add runs or an external measurement."
    ]


def _boundaries(found: Search, state: _State) -> list[str]:
    if not np.isfinite(found.chi2):
        return []
    said = []
    if names := _listed(found, (state.at_lower | state.at_upper) & ~state.undetermined):
        said.append(
            f"At the boundary of what is physical: {names}. The interval is one-sided and starts at the "
            "boundary, and there is no symmetric error; the errors of the others are those with it fixed."
        )
    if np.any(state.at_edge & ~state.undetermined):
        said.append(
            f"At the edge of a threshold: with this {MASS} a pair of neutrinos just fails to be emitted in "
            "a run, where the χ² has a kink; it has no symmetric error, but the interval holds."
        )
    return said


def _others(found: Search, state: _State, rise: float) -> list[str]:
    """Describe other minima that the interval's Δχ² does not exclude."""
    if np.any(state.undetermined):
        return []
    intervals = "The intervals are those around the minimum given, see the profiles."
    return [f"{sentence} {intervals}" for sentence in other_minima(found, rise)]


def _open_ends(found: Search, intervals: Ends, rise: float) -> list[str]:
    sides = {-1: "below", 1: "above"}
    return [
        f"The data do not bound {found.likelihood.names[k]} from {sides[side]}: Δχ² stays below {rise:.3g}."
        for (k, side), x in sorted(intervals.items())
        if np.isinf(x)
    ]


def _listed(found: Search, which: Mask) -> str:
    return ", ".join(name for name, true in zip(found.likelihood.names, which, strict=True) if true)
