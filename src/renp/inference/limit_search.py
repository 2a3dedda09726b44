"""How the limit on one coupling is found, by each of `renp.inference.methods`."""

from typing import Any, NamedTuple, cast

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray
from scipy.special import ndtr

from renp._types import Mask, Reals
from renp.errors import InputError
from renp.inference import asymptotic, few_counts, goodness
from renp.inference.accepted import accepted, is_exact
from renp.inference.best_fits import held_and_free
from renp.inference.feldman_cousins import Interval, feldman_cousins
from renp.inference.intervals import outermost
from renp.inference.likelihood import Data, Likelihood
from renp.inference.methods import METHODS, load
from renp.inference.newton import NOT_CONVERGED
from renp.inference.outcomes import Method
from renp.inference.quadratic_set import AcceptedSet
from renp.inference.signal import Signal
from renp.inference.signed import signed_cls
from renp.inference.starts import several_minima

BANDS = (-2, -1, 0, 1, 2)
"""Standard deviations of the expected band."""

FEW_COUNTS = 20.0
"""Expected without a coupling, up to which CLs comes from toys where other parameters are fitted."""

_BAND_TOYS, _MEDIAN_TOYS = 2000, 500
"""Of a band, and of a median alone where each toy takes fits."""

_CONSTRUCTION_TOYS = 4000


class CouplingLimit(NamedTuple):
    """Limits on the size of one coupling, in its own unit."""

    limit: float
    """Of the observed counts, or of the Asimov data if there are none; NaN where no search converged."""
    expected: float
    """The median without the coupling; of the Asimov data where no distribution was computed."""
    accepted: tuple[tuple[float, float], ...]
    """All that is not excluded, the interval of the best fit first; the limit is the end furthest from 0."""
    second: float | None
    """How far the least χ² of the other intervals is above the least of all; None without another."""
    signed: bool
    """Whether the coupling has a sign."""
    band: tuple[float, ...] | None
    """Expected within −2, …, 2 standard deviations."""
    converged: bool
    p_value: float
    """Of the best fit to observed counts; NaN without them, or without degrees of freedom."""
    distribution: str
    """What p-values come from: "formula", "outcomes" or "toys"; empty where the method has none."""
    failed_toys: int = 0
    """Toys whose fits did not converge, left out."""

    @property
    def ends(self) -> tuple[float, float]:
        """First and last coupling that is not excluded."""
        return min(low for low, _ in self.accepted), max(high for _, high in self.accepted)


class Band(NamedTuple):
    """Limits that the standard model would give."""

    sizes: Reals
    """Within −2, …, 2 standard deviations, in the coupling's unit."""
    failed: int = 0
    """Toys without a limit, left out."""


class LimitSearch(NamedTuple):
    """Method, level and settings of a search for limits."""

    method: str
    confidence_level: float
    rise: float
    profiled: bool
    bands: bool
    seed: int
    lengthened: bool = False

    @property
    def key(self) -> Array:
        """Of its toys."""
        return jax.random.key(self.seed)

    def limit(self, likelihood: Likelihood, k: int) -> CouplingLimit:
        """Return the limit on coupling k of a likelihood."""
        parameter = likelihood.parameters[k]
        method = METHODS[self.method]
        signed = parameter.kind != "magnitude"
        if self.bands and not method.band:
            raise InputError("bands", True, f"left out with the method {self.method!r}")
        if self.lengthened and self.method != "feldman-cousins":
            raise InputError("lengthened", True, f"left out with the method {self.method!r}")
        moves = moving_with(likelihood, k, profiled=self.profiled)
        null = likelihood.asimov(likelihood.point())
        observed = likelihood.data if likelihood.observed else null
        p_value = goodness.p_value(likelihood, moves, k) if likelihood.observed else np.nan
        if method.few_counts and int(np.sum(moves)) == 1:
            exact = self._of_few_counts(likelihood, k)
            if exact is not None:
                return exact._replace(p_value=p_value)
        few = float(np.sum(np.asarray(null.counts)[likelihood.runs])) <= FEW_COUNTS
        if self.lengthened:
            allowed = "left out where other parameters are fitted, or counts are many"
            raise InputError("lengthened", True, allowed)
        if method.by_toys or (self.method == "cls" and int(np.sum(moves)) > 1 and few):
            return self._by_toys(likelihood, observed, null, moves, k)._replace(p_value=p_value)
        both = jax.tree.map(lambda a, b: np.stack([a, b]), observed, null)
        found = load(method.accepted)(self, likelihood, both, moves, k)
        good = np.asarray(found.good)
        limit, expected = np.where(good, float(parameter.plus) * furthest(found), np.nan)
        band, failed = None, 0
        # A two-sided interval always contains the best fit: it needs no constraint.
        constrained = method.power_constrained and not signed and likelihood.observed
        if method.band and (self.bands or constrained or signed):
            middle = cast(Band, load(method.band)(self, likelihood, observed, moves, k))
            band, failed = tuple(float(parameter.plus * size) for size in middle.sizes), middle.failed
            expected = band[BANDS.index(0)]
        ours = _intervals(found, float(parameter.plus)) if good[0] else ((np.nan, np.nan),)
        if constrained and band is not None and limit < (least := band[BANDS.index(-1)]):
            limit, ours = least, ((0.0, least),)
        rises = np.sort(np.asarray(found.rises[0])[np.isfinite(np.asarray(found.intervals[0, :, 0]))])
        return CouplingLimit(
            limit=float(limit),
            expected=float(expected),
            accepted=ours,
            second=float(rises[1]) if len(ours) > 1 else None,
            signed=signed,
            band=band if self.bands else None,
            converged=bool(np.all(good)),
            p_value=p_value,
            distribution="formula" if method.few_counts else "",
            failed_toys=failed,
        )

    def _of_few_counts(self, likelihood: Likelihood, k: int) -> CouplingLimit | None:
        """Return the limit from all outcomes that there can be; None where they are too many."""
        signal = Signal.of(likelihood, k)
        if self.lengthened and (signal.signed or len(signal.null) > 1):
            allowed = f"left out with {likelihood.names[k]} here: for one run, and a coupling without a sign"
            raise InputError("lengthened", True, allowed)
        found = few_counts.limits(
            signal,
            np.asarray(likelihood.data.counts) if likelihood.observed else None,
            cast(Method, self.method),
            self.confidence_level,
            BANDS if self.bands else (0,),
            lengthened=self.lengthened,
        )
        if found is None:
            return None
        unit = float(likelihood.parameters[k].plus)
        sizes, band = np.array(found.accepted), np.array(found.band)
        if not signal.signed:
            sizes, band = np.sqrt(sizes), np.sqrt(band)
        return CouplingLimit(
            limit=unit * float(np.max(np.abs(sizes))),
            expected=unit * float(band[len(band) // 2]),
            accepted=tuple((unit * low, unit * high) for low, high in sizes.tolist()),
            second=min(found.rises[1:], default=None),
            signed=signal.signed,
            band=tuple((unit * band).tolist()) if self.bands else None,
            converged=True,
            p_value=np.nan,
            distribution=found.distribution,
        )

    def construction(self, likelihood: Likelihood, data: Data, moves: Mask, k: int) -> Interval:
        """Return what toys accept."""
        method, level = cast(Method, self.method), self.confidence_level
        return feldman_cousins(
            likelihood, data, k, moves, self.rise, level, self.key, _CONSTRUCTION_TOYS, method
        )

    def _by_toys(self, likelihood: Likelihood, data: Data, null: Data, moves: Mask, k: int) -> CouplingLimit:
        """Return the limit from toys, where other parameters are fitted."""
        found = self.construction(likelihood, data, moves, k)
        parameter, unit = likelihood.parameters[k], float(likelihood.parameters[k].plus)
        signed, failed, band = parameter.kind != "magnitude", found.construction.failed, None
        if self.method == "cls":
            band = found.expected(ndtr(np.array(BANDS, dtype=float)))
            middle = band[BANDS.index(0)]
        elif likelihood.observed:
            without = self.construction(likelihood, null, moves, k)
            middle, failed = outermost(without.accepted), failed + without.construction.failed
        else:
            middle = outermost(found.accepted)
        of_sizes = np.asarray if signed else np.sqrt
        sizes = unit * of_sizes(np.array(found.accepted))
        return CouplingLimit(
            limit=float(np.max(np.abs(sizes))),
            expected=unit * float(of_sizes(middle)),
            accepted=tuple((low, high) for low, high in sizes.tolist()),
            second=min(found.rises[1:], default=None),
            signed=signed,
            band=tuple((unit * of_sizes(band)).tolist()) if self.bands and band is not None else None,
            converged=not np.any(np.isnan(sizes)),
            p_value=np.nan,
            distribution="toys",
            failed_toys=failed,
        )


def moving_with(likelihood: Likelihood, k: int, *, profiled: bool) -> NDArray[np.bool_]:
    """Return which parameters move for the limit on coupling k: all that is uncertain, others if profiled."""
    place = np.arange(len(likelihood.parameters))
    moves: NDArray[np.bool_] = (place == k) | (place >= len(likelihood.couplings)) | profiled
    return moves


def furthest(found: AcceptedSet) -> Reals:
    """Return the size of the accepted coupling that is furthest from 0, for each data set."""
    size: Reals = np.nanmax(np.abs(np.asarray(found.intervals)), axis=(-2, -1), initial=0.0)
    return size


def accepted_by_delta_chi2(
    search: LimitSearch, likelihood: Likelihood, data: Data, moves: Mask, k: int
) -> AcceptedSet:
    """Return where the χ² is not further above its least than allowed."""
    return accepted(likelihood, data, moves, k, search.rise)


def band_by_toys(search: LimitSearch, likelihood: Likelihood, _: Data, moves: Mask, k: int) -> Band:
    """Return quantiles of the limits of toys of the standard model."""
    number = _BAND_TOYS if search.bands or is_exact(likelihood, moves) else _MEDIAN_TOYS
    toys = likelihood.toys(likelihood.point(), search.key, number)
    found = load(METHODS[search.method].accepted)(search, likelihood, toys, moves, k)
    quantiles = ndtr(np.array(BANDS, dtype=float))
    good = np.asarray(found.good)
    return Band(np.quantile(furthest(found)[good], quantiles, method="inverted_cdf"), int(np.sum(~good)))


def accepted_by_formulae(
    search: LimitSearch, likelihood: Likelihood, data: Data, moves: Mask, k: int
) -> AcceptedSet:
    """Return what lies below asymptotic limits; all that is accepted of a coupling that has a sign."""
    if likelihood.parameters[k].kind != "magnitude":
        if search.method == "cls":
            return signed_cls(likelihood, data, moves, k, search.confidence_level)
        return accepted_by_delta_chi2(search, likelihood, data, moves, k)
    method = cast(asymptotic.Method, search.method)
    start = _starts(likelihood, data, moves, k)
    found = asymptotic.limit_ensemble(likelihood, data, start, moves, k, search.confidence_level, method)
    return up_to(np.sqrt(np.asarray(found.value)), np.asarray(found.status) != NOT_CONVERGED)


def band_by_formulae(
    search: LimitSearch, likelihood: Likelihood, observed: Data, moves: Mask, k: int
) -> Band:
    """Return limits for fluctuations of Asimov data; of toys for a coupling that has a sign."""
    if likelihood.parameters[k].kind != "magnitude":
        return band_by_toys(search, likelihood, observed, moves, k)
    method = cast(asymptotic.Method, search.method)
    one: Data = jax.tree.map(lambda a: np.asarray(a)[None], observed)
    start: Any = _starts(likelihood, one, moves, k)[0]
    found = asymptotic.expected_limits(likelihood, observed, start, moves, k, search.confidence_level, method)
    return Band(np.sqrt(np.asarray(found.value)))


def up_to(high: Reals, good: Mask, low: Reals | float = 0.0) -> AcceptedSet:
    """Return one interval for each data set."""
    intervals: Any = np.stack([np.broadcast_to(low, high.shape), high], axis=-1)[:, None]
    nothing: Any = np.zeros(high.shape)
    return AcceptedSet(intervals, nothing[:, None], nothing, nothing + np.nan, cast(Array, good))


def _starts(likelihood: Likelihood, data: Data, moves: Mask, k: int) -> Reals:
    """Return where fits with and without the coupling begin, shape (sets, starts, p)."""
    if several_minima(likelihood, moves):
        held, free = held_and_free(likelihood, data, k, moves=np.asarray(moves))
        return np.stack([free.x, held.x], axis=1)
    first = np.where(moves, likelihood.start, likelihood.point())
    return np.tile(first, (len(data.counts), 1, 1))


def _intervals(found: AcceptedSet, unit: float) -> tuple[tuple[float, float], ...]:
    """Return the intervals of the first data set in the coupling's unit, that of the best fit first."""
    every = [(unit * low, unit * high) for low, high in np.asarray(found.intervals)[0].tolist() if low == low]
    best = unit * float(found.best[0])
    return tuple(sorted(every, key=lambda ends: (not ends[0] <= best <= ends[1], ends[0])))
