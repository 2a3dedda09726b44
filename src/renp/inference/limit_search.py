"""How the limit on one coupling is found, by each of `renp.inference.methods`."""

from functools import partial
from typing import NamedTuple, TypeAlias, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import chi2

from renp._types import Mask, Reals
from renp.errors import InputError
from renp.inference import asymptotic, few_counts
from renp.inference.ensembles import crossing_ensemble, fit_ensemble
from renp.inference.feldman_cousins import feldman_cousins
from renp.inference.intervals import outermost as outermost_end
from renp.inference.islands import outermost
from renp.inference.likelihood import Data, Likelihood
from renp.inference.methods import METHODS, load
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum
from renp.inference.signed import signed_cls
from renp.inference.starts import STARTS, returns

BANDS = (-2, -1, 0, 1, 2)
"""Standard deviations of the expected band."""

Ends: TypeAlias = tuple[Reals, NDArray[np.bool_]]

_BAND_TOYS = 2000
_CONSTRUCTION_TOYS = 4000

_returns = jax.jit(jax.vmap(returns, in_axes=(None, 0, None)))


class CouplingLimit(NamedTuple):
    """Limits on the size of one coupling, in its own unit."""

    limit: float
    """Of the observed counts, or of the Asimov data if there are none; NaN where no search converged."""
    expected: float
    """Of the Asimov data of the standard model."""
    ends: tuple[float, float] | None
    """Both ends of the interval of a coupling that has a sign; the limit is the one further from 0."""
    band: tuple[float, ...] | None
    """Expected within −2, …, 2 standard deviations."""
    converged: bool
    p_value: float
    """Of the best fit to observed counts; NaN without them, or without degrees of freedom."""
    distribution: str
    """What p-values come from: "formula", "outcomes" or "toys"; empty where the method has none."""


class LimitSearch(NamedTuple):
    """Method, level and settings of a search for limits."""

    method: str
    confidence_level: float
    rise: float
    profiled: bool
    bands: bool
    key: Array
    lengthened: bool = False

    def limit(self, likelihood: Likelihood, k: int) -> CouplingLimit:
        """Return the limit on coupling k of a likelihood."""
        parameter = likelihood.parameters[k]
        method = METHODS[self.method]
        if self.bands and not method.band:
            raise InputError("bands", True, f"left out with the method {self.method!r}")
        if self.lengthened and self.method != "feldman-cousins":
            raise InputError("lengthened", True, f"left out with the method {self.method!r}")
        place = jnp.arange(len(likelihood.parameters))
        moves = (place == k) | (place >= len(likelihood.couplings)) | self.profiled
        start = jnp.where(moves, likelihood.start, likelihood.point())
        null = likelihood.asimov(likelihood.point())
        observed = null if likelihood.experiment.counts is None else likelihood.data
        p_value = self._p_value(likelihood, jax.tree.map(lambda a: a[None], observed), start, moves)
        if method.few_counts and int(np.sum(moves)) == 1:
            found = self._of_few_counts(likelihood, k)
            if found is not None:
                return found._replace(p_value=p_value)
        if self.lengthened:
            allowed = "left out where other parameters are fitted, or counts are many"
            raise InputError("lengthened", True, allowed)
        both = jax.tree.map(lambda a, b: jnp.stack([a, b]), observed, null)
        x, good = load(method.ends)(self, likelihood, both, start, moves, k)
        size = np.where(good, _size(likelihood, k, _furthest(x)), np.nan)
        ends = None
        if parameter.kind != "magnitude":
            low, high = np.where(good[0], float(parameter.plus) * x[:, 0], np.nan)
            ends = (float(low), float(high))
        band = None
        # A two-sided interval always contains the best fit: it needs no constraint.
        constrained = method.power_constrained and parameter.kind == "magnitude"
        constrained = constrained and likelihood.experiment.counts is not None
        if self.bands or constrained:
            middle = load(method.band)(self, likelihood, observed, start, moves, k)
            band = tuple(float(size) for size in _size(likelihood, k, middle))
            if constrained:
                size[0] = np.maximum(size[0], band[BANDS.index(-1)])
            band = band if self.bands else None
        distribution = "toys" if method.by_toys else "formula" if method.few_counts else ""
        return CouplingLimit(
            float(size[0]), float(size[1]), ends, band, bool(np.all(good)), p_value, distribution
        )

    def _of_few_counts(self, likelihood: Likelihood, k: int) -> CouplingLimit | None:
        """Return the limit from all outcomes that there can be; None where they are too many."""
        signal, counts = few_counts.Signal.of(likelihood, k), likelihood.experiment.counts
        if self.lengthened and (signal.signed or len(signal.null) > 1):
            allowed = f"left out with {likelihood.names[k]} here: for one run, and a coupling without a sign"
            raise InputError("lengthened", True, allowed)
        found = few_counts.limits(
            signal,
            None if counts is None else np.asarray(counts),
            cast(few_counts.Method, self.method),
            self.confidence_level,
            BANDS if self.bands else (0,),
            lengthened=self.lengthened,
        )
        if found is None:
            return None
        size = outermost_end(found.accepted)
        lower, upper = min(low for low, _ in found.accepted), max(high for _, high in found.accepted)
        limit, *band = _size(likelihood, k, np.array([size, *found.band]))
        ends = float(likelihood.parameters[k].plus) * np.array([lower, upper])
        if not signal.signed:
            ends = _size(likelihood, k, np.array([lower, upper]))
        both = signal.signed or self.method == "feldman-cousins"
        return CouplingLimit(
            limit=float(limit),
            expected=float(band[len(band) // 2]),
            ends=(float(ends[0]), float(ends[1])) if both else None,
            band=tuple(float(x) for x in band) if self.bands else None,
            converged=not np.isnan(limit),
            p_value=np.nan,
            distribution=found.distribution,
        )

    def _p_value(self, likelihood: Likelihood, data: Data, start: Array, moves: Mask) -> float:
        if likelihood.experiment.counts is None:
            return float("nan")
        free = np.asarray(moves) & ~np.isin(np.arange(len(moves)), likelihood.constrained)
        degrees = data.counts.shape[1] - int(np.sum(free))
        least = float(fit_ensemble(likelihood, data, start, moves).chi2[0])
        return float(chi2.sf(least, degrees)) if degrees > 0 else float("nan")


def ends_by_delta_chi2(
    search: LimitSearch, likelihood: Likelihood, data: Data, start: Array, moves: Mask, k: int
) -> Ends:
    """Return where the χ² has risen above its minimum."""
    best = fit_ensemble(likelihood, data, start, moves)
    if likelihood.parameters[k].kind == "magnitude":
        end = crossing_ensemble(likelihood, data, best, moves, k, 1.0, search.rise)
        converged = np.asarray(best.status) == CONVERGED
        return np.asarray(end.value)[None], converged & (np.asarray(end.status) != NOT_CONVERGED)
    starts = np.asarray(_returns(likelihood, best.x, k))
    minima = [best, *(fit_ensemble(likelihood, data, starts[:, j], moves) for j in range(STARTS))]

    def cross(side: float, minimum: Minimum, rise: Array) -> Crossing:
        return crossing_ensemble(likelihood, data, minimum, moves, k, side, rise)

    lower, upper = (outermost(minima, partial(cross, side), side, search.rise) for side in (-1.0, 1.0))
    return np.array([lower[0], upper[0]]), np.asarray(lower[1] & upper[1])


def band_by_toys(
    search: LimitSearch, likelihood: Likelihood, _: Data, start: Array, moves: Mask, k: int
) -> Reals:
    """Return quantiles of the limits of toys of the standard model."""
    toys = likelihood.toys(likelihood.point(), search.key, _BAND_TOYS)
    x, good = load(METHODS[search.method].ends)(search, likelihood, toys, start, moves, k)
    quantiles = ndtr(np.array(BANDS, dtype=float))
    middle: Reals = np.quantile(_furthest(x)[good], quantiles, method="inverted_cdf")
    return middle


def ends_by_formulae(
    search: LimitSearch, likelihood: Likelihood, data: Data, start: Array, moves: Mask, k: int
) -> Ends:
    """Return asymptotic limits, one-sided or by CLs as the method says; two-sided where there is a sign."""
    if likelihood.parameters[k].kind != "magnitude":
        if search.method != "cls":
            return ends_by_delta_chi2(search, likelihood, data, start, moves, k)
        sets = signed_cls(likelihood, data, start, moves, k, search.confidence_level)
        ends = np.array([(min(low for low, _ in one), max(high for _, high in one)) for one in sets]).T
        return ends, ~np.isnan(ends[0])
    method = cast(asymptotic.Method, search.method)
    found = asymptotic.limit_ensemble(likelihood, data, start, moves, k, search.confidence_level, method)
    return np.asarray(found.value)[None], np.asarray(found.status) != NOT_CONVERGED


def band_by_formulae(
    search: LimitSearch, likelihood: Likelihood, observed: Data, start: Array, moves: Mask, k: int
) -> Reals:
    """Return limits for fluctuations of Asimov data; of toys for a coupling that has a sign."""
    if likelihood.parameters[k].kind != "magnitude":
        return band_by_toys(search, likelihood, observed, start, moves, k)
    method = cast(asymptotic.Method, search.method)
    found = asymptotic.expected_limits(likelihood, observed, start, moves, k, search.confidence_level, method)
    return np.asarray(found.value)


def ends_by_construction(
    search: LimitSearch, likelihood: Likelihood, data: Data, _: Array, moves: Mask, k: int
) -> Ends:
    """Return upper ends of unified intervals, once for equal data."""
    counts, which = np.unique(np.hstack([data.counts, data.pulls]), axis=0, return_inverse=True)
    runs = data.counts.shape[1]
    upper = [
        feldman_cousins(
            likelihood,
            Data(jnp.asarray(one[:runs]), jnp.asarray(one[runs:])),
            k,
            moves,
            search.rise,
            search.confidence_level,
            search.key,
            _CONSTRUCTION_TOYS,
        ).upper
        for one in counts
    ]
    x = np.array(upper)[which]
    return x[None], ~np.isnan(x)


def _furthest(ends: Reals) -> Reals:
    """Return the ends that are further from 0, for each data set."""
    furthest: Reals = np.max(np.abs(ends), axis=0)
    return furthest


def _size(likelihood: Likelihood, k: int, x: Reals) -> Reals:
    """Return the size of a coupling at a coordinate."""
    parameter = likelihood.parameters[k]
    return float(parameter.plus) * (np.sqrt(x) if parameter.kind == "magnitude" else np.abs(x))
