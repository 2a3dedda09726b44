"""Ensembles of toys: how estimates scatter, and how often intervals contain the truth."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.inference import asymptotic
from renp.inference.best_fits import TIE, Minima, held_and_free, lowest_minima, lowest_of
from renp.inference.feldman_cousins import at_least, cls_rises, critical_value
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.limit_search import FEW_COUNTS
from renp.inference.newton import CONVERGED
from renp.inference.signed import cls_margins
from renp.inference.upper_limits import delta_chi2
from renp.progress import signs_of_life
from renp.results.base import provenance
from renp.results.toys import Coverage, CoverageRow, Toys
from renp.validation import instance, random_seed, whole, within

Progress: TypeAlias = Callable[[float], None]

KINDS = (
    "delta-chi2 interval",
    "delta-chi2 limit",
    "asymptotic limit",
    "cls limit",
    "feldman-cousins interval",
)
"""Kinds of intervals whose coverage is measured."""

SIGNED_KINDS = ("delta-chi2 interval", "asymptotic interval", "cls interval", "feldman-cousins interval")
"""Of a coupling that has a sign, for which each method accepts values of either."""

_BATCH = 20_000
"""Toys between two reports of progress."""


def throw_toys(
    likelihood: Likelihood,
    truth: Mapping[str, float] | None = None,
    *,
    toys: int = 10_000,
    confidence_level: float = 0.90,
    seed: int = 0,
    progress: Progress | None = None,
) -> Toys:
    """Return the fits of data drawn at a point, with the coverage of their Δχ² intervals.

    Parameters
    ----------
    likelihood
        What is simulated and fitted.
    truth
        Physical values of the parameters; couplings left out are 0, others as measured.
    toys
        How many.
    confidence_level
        Of the intervals, with the quantile of χ² with one degree of freedom.
    seed
        Of the random numbers.
    progress
        Called with the part that is done, from 0 to 1.

    Returns
    -------
    Toys
        Estimates of every toy, and how each fit ended; toys that failed are counted and left out of averages.

    Raises
    ------
    InputError
        For a number of toys below 1 or an unknown parameter.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> found = throw_toys(likelihood, {"mu": 8e-11}, toys=400)
    >>> found.failed, bool(abs(found.coverage["mu"] - 0.9) < 0.06)
    (0, True)
    """
    instance("likelihood", likelihood, Likelihood)
    total = whole("toys", toys, 1)
    rise = delta_chi2(confidence_level)
    x = likelihood.truth(truth)
    parts = []
    with signs_of_life("toys", progress) as progress:
        for data in _batches(likelihood, x, jax.random.key(random_seed(seed)), total):
            parts.append(_fits(likelihood, data, x))
            progress(sum(len(part.improved) for part in parts) / total)
    fits: _Fits = jax.tree.map(lambda *a: np.concatenate(a), *parts)
    free = fits.free
    told = [rises[~np.isnan(rises)] for rises in fits.rises.T]
    values = {name: np.asarray(v) for name, v in likelihood.values(jnp.asarray(free.x)).items()}
    return Toys(
        confidence_level=float(confidence_level),
        truth={name: float(v) for name, v in likelihood.values(x).items()},
        units={p.name: p.unit for p in likelihood.parameters},
        estimates=values,
        chi2=free.chi2,
        status=free.status,
        improved=int(np.sum(fits.improved)),
        coverage={
            name: float(np.mean(rises <= rise)) if rises.size else np.nan
            for name, rises in zip(likelihood.names, told, strict=False)
        },
        made_by=provenance(likelihood=likelihood, truth=dict(truth or {}), toys=total, seed=seed),
    )


class _Fits(NamedTuple):
    """Fits of toys."""

    free: Minima
    improved: NDArray[np.bool_]
    """Where a fit with a coupling held led to a lower minimum."""
    rises: Reals
    """Δχ² of the true value of each coupling, NaN where a fit failed; shape (toys, couplings)."""


def _fits(likelihood: Likelihood, data: Data, x: Point) -> _Fits:
    everything = np.ones(x.size, dtype=bool)
    free = lowest_minima(likelihood, data, everything, also=x)
    held = [
        lowest_minima(likelihood, data, everything & (np.arange(x.size) != k), also=free.x, still=x)
        for k in range(len(likelihood.couplings))
    ]
    improved = np.zeros(len(free.chi2), dtype=bool)
    for one in held:
        lower = one.chi2 < free.chi2 - TIE
        improved |= lower
        if np.any(lower):
            free = lowest_of([free, lowest_minima(likelihood, data, everything, also=one.x)])
    rises = np.full((improved.size, len(held)), np.nan)
    for k, one in enumerate(held):
        good = (free.status == CONVERGED) & (one.status == CONVERGED)
        rises[good, k] = one.chi2[good] - free.chi2[good]
    return _Fits(free, improved, rises)


def measure_coverage(
    likelihood: Likelihood,
    coupling: str,
    values: tuple[float, ...],
    *,
    exposures: tuple[float, ...] = (1.0,),
    toys: int = 100_000,
    confidence_level: float = 0.90,
    seed: int = 0,
    progress: Progress | None = None,
) -> Coverage:
    """Return how often each kind of interval contains the true value of a coupling.

    Parameters
    ----------
    likelihood
        What is simulated and fitted.
    coupling
        Its name. Of one that has a sign, all that a method accepts has to contain the truth, whichever
        solution is the better one.
    values
        True values, in its unit.
    exposures
        Factors on the durations of all runs. The true values are for the first one; at another
        exposure they are scaled with its fourth root, as limits on moments scale, unless they have a sign.
    toys
        For each exposure and value, and as many again for the construction of Feldman and Cousins.
    confidence_level
        Between 0.5 and 1.
    seed
        Of the random numbers.
    progress
        Called with the part that is done, from 0 to 1.

    Returns
    -------
    Coverage
        One row for each exposure, value and kind.

    Raises
    ------
    InputError
        For an unknown coupling, or values that it cannot have.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> print(measure_coverage(likelihood, "mu", (6e-11,), toys=500).table().columns[-1])
    failed
    """
    instance("likelihood", likelihood, Likelihood)
    k = likelihood.index(coupling)
    signed, unit = likelihood.parameters[k].kind != "magnitude", likelihood.parameters[k].unit
    values = _numbers("values", values, -np.inf if signed else 0.0, unit)
    exposures = _numbers("exposures", exposures, 0.0)
    keys = iter(jax.random.split(jax.random.key(random_seed(seed)), len(exposures) * len(values)))
    rows: list[CoverageRow] = []
    with signs_of_life("coverage", progress) as progress:
        for exposure in exposures:
            scaled = likelihood.with_exposure(exposure)
            for value in values:
                true = value if signed else value * (exposures[0] / exposure) ** 0.25
                x = scaled.point(**{coupling: true})
                rows += _coverage_rows(scaled, k, x, exposure, true, confidence_level, next(keys), toys)
                kinds = SIGNED_KINDS if signed else KINDS
                progress(len(rows) / (len(exposures) * len(values) * len(kinds)))
    return Coverage(
        coupling=coupling,
        unit=likelihood.parameters[k].unit,
        confidence_level=float(confidence_level),
        rows=tuple(rows),
        made_by=provenance(
            ("cowan-2011", "read-2002", "feldman-1998"),
            likelihood=likelihood,
            coupling=coupling,
            toys=toys,
            seed=seed,
        ),
    )


def _coverage_rows(
    likelihood: Likelihood,
    k: int,
    x: Point,
    exposure: float,
    true: float,
    confidence_level: float,
    key: Array,
    toys: int,
) -> list[CoverageRow]:
    everything = jnp.ones(x.size, dtype=bool)
    rise = delta_chi2(confidence_level)
    for_data, for_construction, for_signal, for_null = jax.random.split(key, 4)
    critical, _ = critical_value(
        likelihood, np.asarray(x)[None], k, everything, confidence_level, for_construction, toys
    )
    null = np.asarray(x.at[k].set(0.0))
    few = float(jnp.sum(likelihood.expected(jnp.asarray(null))[likelihood.runs])) <= FEW_COUNTS
    both = [
        cls_rises(likelihood, at, np.asarray(x), k, everything, one, toys)[None]
        for at, one in ((np.asarray(x), for_signal), (null, for_null))
        if few
    ]
    signed = likelihood.parameters[k].kind != "magnitude"
    deficit = 0.0
    if not signed:
        asimov = likelihood.asimov(jnp.asarray(null))
        expected = asymptotic.expected_limits(
            likelihood, asimov, likelihood.start, everything, k, confidence_level, "asymptotic"
        )
        deficit = float(expected.value[1])
    covered: dict[str, list[NDArray[np.bool_]]] = {kind: [] for kind in (SIGNED_KINDS if signed else KINDS)}
    bad = []
    for data in _batches(likelihood, x, for_data, toys):
        held, free = held_and_free(likelihood, data, k, x)
        above = held.chi2 - free.chi2
        failed, error, here = np.isnan(above), 1 - confidence_level, float(x[k])
        covered["delta-chi2 interval"].append(above <= rise)
        covered["feldman-cousins interval"].append(above <= critical[0] + 1e-9 * (1 + critical[0]))
        larger = np.zeros(len(above), dtype=bool) if signed else free.x[:, k] > here
        if signed:
            covered["asymptotic interval"].append(above <= rise)
            excess = cls_margins(likelihood, data, everything, k, here, free.chi2, confidence_level) > 0
        else:
            starts = np.stack([free.x, held.x], axis=1)
            tests = asymptotic.hypothesis_tests(likelihood, data, starts, everything, k, here)
            failed |= np.asarray(tests.status) != CONVERGED
            covered["delta-chi2 limit"].append((above <= rise) | larger)
            covered["asymptotic limit"].append((np.asarray(tests.p_signal) > error) | (here <= deficit))
            excess = np.asarray(tests.cls) > error
        if few:
            q = np.where(larger, 0.0, np.maximum(above, 0.0))[None]
            p_signal, p_background = (at_least(of_all, q)[0] for of_all in both)
            excess = p_signal / np.maximum(p_background, 1 / toys) > error
        covered["cls interval" if signed else "cls limit"].append(excess)
        bad.append(failed)
    good = ~np.concatenate(bad)
    counts = float(jnp.sum(likelihood.expected(x)[likelihood.runs]))
    return [
        CoverageRow(
            kind=kind,
            exposure=exposure,
            expected_counts=counts,
            value=true,
            coverage=float(np.mean(np.concatenate(of_kind)[good])),
            toys=int(good.sum()),
            failed=int((~good).sum()),
        )
        for kind, of_kind in covered.items()
    ]


def _numbers(name: str, given: Any, least: float, unit: str = "") -> tuple[float, ...]:
    allowed = "a list of finite numbers" + ", at least 0" * (least == 0)
    if np.ndim(found := within(name, given, allowed, least, unit=unit)) != 1:
        raise InputError(name, repr(given), allowed)
    return tuple(np.asarray(found).tolist())


def _batches(likelihood: Likelihood, x: Point, key: Array, toys: int) -> list[Data]:
    """Return the toys in parts, drawn one after the other."""
    sizes = [min(_BATCH, toys - done) for done in range(0, toys, _BATCH)]
    keys = jax.random.split(key, len(sizes))
    return [likelihood.toys(x, one, size) for one, size in zip(keys, sizes, strict=True)]
