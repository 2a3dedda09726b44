"""How the limit on one coupling is found, by each method."""

from functools import partial
from typing import Literal, NamedTuple, TypeAlias

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
from renp.inference.islands import STARTS, outermost, returns
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, NOT_CONVERGED, Crossing, Minimum

Method: TypeAlias = Literal["delta-chi2", "asymptotic", "cls", "feldman-cousins"]
METHODS: tuple[Method, ...] = ("delta-chi2", "asymptotic", "cls", "feldman-cousins")

CITES: dict[Method, tuple[str, ...]] = {
    "delta-chi2": ("ge-2023-letter",),
    "asymptotic": ("cowan-2011",),
    "cls": ("cowan-2011", "read-2002"),
    "feldman-cousins": ("feldman-1998",),
}
"""Keys of each method's references."""

BANDS = (-2, -1, 0, 1, 2)
"""Standard deviations of the expected band."""

FEW: tuple[Method, ...] = ("cls", "feldman-cousins")
"""Methods that know what to do where counts are few."""

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
    """What the method's p-values come from: "formula", "outcomes" or "toys"."""


class LimitSearch(NamedTuple):
    """Method, level and settings of a search for limits."""

    method: Method
    confidence_level: float
    rise: float
    profiled: bool
    bands: bool
    key: Array

    def limit(self, likelihood: Likelihood, k: int) -> CouplingLimit:
        """Return the limit on coupling k of a likelihood."""
        parameter = likelihood.parameters[k]
        if parameter.kind != "magnitude" and (self.method != "delta-chi2"):
            allowed = f"'delta-chi2' for {parameter.name}, which interferes and has a sign"
            raise InputError("method", repr(self.method), allowed)
        place = jnp.arange(len(likelihood.parameters))
        moves = (place == k) | (place >= len(likelihood.couplings)) | self.profiled
        start = jnp.where(moves, likelihood.start, likelihood.point())
        null = likelihood.asimov(likelihood.point())
        observed = null if likelihood.experiment.counts is None else likelihood.data
        p_value = self._p_value(likelihood, jax.tree.map(lambda a: a[None], observed), start, moves)
        if self.method in FEW and parameter.kind == "magnitude" and int(np.sum(moves)) == 1:
            found = self._of_few_counts(likelihood, k)
            if found is not None:
                return found._replace(p_value=p_value)
        both = jax.tree.map(lambda a, b: jnp.stack([a, b]), observed, null)
        x, good = self._coordinates(likelihood, both, start, moves, k)
        size = np.where(good, _size(likelihood, k, _furthest(x)), np.nan)
        ends = None
        if parameter.kind != "magnitude":
            low, high = np.where(good[0], float(parameter.plus) * x[:, 0], np.nan)
            ends = (float(low), float(high))
        band = self._band(likelihood, observed, start, moves, k) if self.bands else None
        distribution = "toys" if self.method == "feldman-cousins" else "formula"
        return CouplingLimit(
            float(size[0]), float(size[1]), ends, band, bool(np.all(good)), p_value, distribution
        )

    def _of_few_counts(self, likelihood: Likelihood, k: int) -> CouplingLimit | None:
        """Return the limit from all outcomes that there can be; None where they are too many."""
        here = likelihood.point()
        null = np.asarray(likelihood.expected(here))
        signal = few_counts.Signal(null, np.asarray(likelihood.expected(here.at[k].set(1.0))) - null)
        counts = likelihood.experiment.counts
        method: few_counts.Method = "cls" if self.method == "cls" else "feldman-cousins"
        found = few_counts.limits(
            signal,
            None if counts is None else np.asarray(counts),
            method,
            self.confidence_level,
            BANDS if self.bands else (0,),
        )
        if found is None:
            return None
        lower, upper, *band = _size(likelihood, k, np.array([found.lower, found.upper, *found.band]))
        return CouplingLimit(
            limit=float(upper),
            expected=float(band[len(band) // 2]),
            ends=(float(lower), float(upper)) if self.method == "feldman-cousins" else None,
            band=tuple(float(x) for x in band) if self.bands else None,
            converged=not np.isnan(upper),
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

    def _coordinates(
        self, likelihood: Likelihood, data: Data, start: Array, moves: Mask, k: int
    ) -> tuple[Reals, NDArray[np.bool_]]:
        """Return the coordinates of the ends for each data set, and whether the search converged.

        Shape (2, sets) for a coupling that has a sign, (1, sets) otherwise.
        """
        if self.method == "feldman-cousins":
            return self._unified(likelihood, data, moves, k)
        if self.method != "delta-chi2":
            found = asymptotic.limit_ensemble(
                likelihood, data, start, moves, k, self.confidence_level, self.method
            )
            return np.asarray(found.value)[None], np.asarray(found.status) != NOT_CONVERGED
        best = fit_ensemble(likelihood, data, start, moves)
        if likelihood.parameters[k].kind == "magnitude":
            end = crossing_ensemble(likelihood, data, best, moves, k, 1.0, self.rise)
            converged = np.asarray(best.status) == CONVERGED
            return np.asarray(end.value)[None], converged & (np.asarray(end.status) != NOT_CONVERGED)
        starts = np.asarray(_returns(likelihood, best.x, k))
        minima = [best, *(fit_ensemble(likelihood, data, starts[:, j], moves) for j in range(STARTS))]

        def cross(side: float, minimum: Minimum, rise: Array) -> Crossing:
            return crossing_ensemble(likelihood, data, minimum, moves, k, side, rise)

        lower, upper = (outermost(minima, partial(cross, side), side, self.rise) for side in (-1.0, 1.0))
        return np.array([lower[0], upper[0]]), np.asarray(lower[1] & upper[1])

    def _unified(
        self, likelihood: Likelihood, data: Data, moves: Mask, k: int
    ) -> tuple[Reals, NDArray[np.bool_]]:
        counts, which = np.unique(np.hstack([data.counts, data.pulls]), axis=0, return_inverse=True)
        runs = data.counts.shape[1]
        upper = [
            feldman_cousins(
                likelihood,
                Data(jnp.asarray(one[:runs]), jnp.asarray(one[runs:])),
                k,
                moves,
                self.rise,
                self.confidence_level,
                self.key,
                _CONSTRUCTION_TOYS,
            ).upper
            for one in counts
        ]
        x = np.array(upper)[which]
        return x[None], ~np.isnan(x)

    def _band(
        self, likelihood: Likelihood, observed: Data, start: Array, moves: Mask, k: int
    ) -> tuple[float, ...]:
        """Return the limits expected within −2, …, 2 standard deviations."""
        if self.method == "feldman-cousins":
            raise InputError("bands", True, "left out with the method 'feldman-cousins'")
        if self.method == "delta-chi2":
            toys = likelihood.toys(likelihood.point(), self.key, _BAND_TOYS)
            x, good = self._coordinates(likelihood, toys, start, moves, k)
            x = np.quantile(_furthest(x)[good], ndtr(np.array(BANDS, dtype=float)), method="inverted_cdf")
        else:
            found = asymptotic.expected_limits(
                likelihood, observed, start, moves, k, self.confidence_level, self.method
            )
            x = np.asarray(found.value)
        return tuple(float(size) for size in _size(likelihood, k, x))


def _furthest(ends: Reals) -> Reals:
    """Return the ends that are further from 0, for each data set."""
    furthest: Reals = np.max(np.abs(ends), axis=0)
    return furthest


def _size(likelihood: Likelihood, k: int, x: Reals) -> Reals:
    """Return the size of a coupling at a coordinate."""
    parameter = likelihood.parameters[k]
    return float(parameter.plus) * (np.sqrt(x) if parameter.kind == "magnitude" else np.abs(x))
