"""Tests of hypotheses: discovery of a coupling, comparison of models, and the exposure that they need.

A hypothesis is a `Likelihood`. All its parameters are fitted, and two hypotheses are compared by the
difference of their least χ²,

    T = χ²_min(tested) − χ²_min(true),

large where the data prefer the second. In the Gaussian approximation T is normal with mean T_0 and standard
deviation 2√T_0, T_0 being T for Asimov data (M. Blennow, P. Coloma, P. Huber and T. Schwetz,
arXiv:1311.1822). It holds for hypotheses that are apart; those that share a point, such as two couplings
of zero, have T near 0 there, and toys are needed.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias
from zlib import crc32

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from renp._types import Reals
from renp.errors import InputError
from renp.inference.best_fits import Minima, best_fits, held_and_free
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.search import other_minima, search
from renp.progress import signs_of_life
from renp.results.base import provenance
from renp.results.hypotheses import Discovery, HypothesisComparison, Pair, Probability, RequiredExposure
from renp.validation import choice, confidence, instance, number, random_seed, whole

Values: TypeAlias = Mapping[str, float]


_SAME_MEASUREMENT = {"dm2_31": "dm2_32", "dm2_32": "dm2_31"}
"""The atmospheric splitting by the other ordering's name, of opposite sign."""

_ONE_SIGMA = 0.6827
_FARTHEST = 9 * math.log(10.0)
"""Logarithm of the largest factor on the exposure that is tried; beyond, the χ² is all rounding."""

_CURVE = 13
"""Exposures for which the significance is told."""

_SAME = 1e-9
"""T for Asimov data below which a hypothesis is taken to contain the other one's point."""


@signs_of_life("discovery", None)
def discovery(
    likelihood: Likelihood, coupling: str, truth: Values | None = None, *, toys: int = 0, seed: int = 0
) -> Discovery:
    """Return the significance with which a coupling differs from zero, all other parameters profiled.

    The test statistic is q_0 = χ²_min(coupling = 0) − χ²_min (arXiv:1007.1727, Eq. 12), with Z = √q_0
    (Eq. 53). A magnitude cannot be negative: its p-value is one-sided, 1 − Φ(Z). A coupling that interferes
    may have either sign: its p-value is two-sided, 2 − 2Φ(Z).

    Parameters
    ----------
    likelihood
        The hypothesis with the coupling.
    coupling
        Name of the coupling.
    truth
        Physical values of parameters; given, the data are the expectation there (Asimov data, the median
        experiment), otherwise they are the observed counts.
    toys
        How many toys are drawn without the coupling, where the other parameters fit the data best.
    seed
        Of the random numbers.

    Returns
    -------
    Discovery
        ``.significance`` in standard deviations, ``.p_value`` and, with toys, ``.toy_p_value``.

    Raises
    ------
    InputError
        For a name that is not a coupling, or runs without counts if no truth is given.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0716], 10 * 86400.0)
    >>> moment = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moment)
    >>> round(discovery(likelihood, "mu_11", {"mu_11": 5e-11}).significance, 2)
    5.03
    """
    instance("likelihood", likelihood, Likelihood)
    names = [p.name for p in likelihood.parameters if p.kind in ("magnitude", "coupling")]
    k = likelihood.index(choice("coupling", coupling, names))
    number_of_toys = whole("toys", toys)
    data = _observed_or_expected(likelihood, truth)
    everything = _all(likelihood)
    without = everything & (np.arange(everything.size) != k)
    null, free = held_and_free(likelihood, _rows(data), k)
    q0 = float(_rise(null, free)[0])
    signed = likelihood.parameters[k].kind == "coupling"
    drawn = np.array([])
    if number_of_toys:
        sample = likelihood.toys(null.x[0], jax.random.key(random_seed(seed)), number_of_toys)
        drawn = _rise(*held_and_free(likelihood, sample, k))
    converged = drawn[~np.isnan(drawn)]
    return Discovery(
        coupling=coupling,
        kind="observed" if truth is None else "expected",
        sided="two-sided" if signed else "one-sided",
        q0=q0,
        significance=math.sqrt(q0),
        p_value=float((2 if signed else 1) * ndtr(-math.sqrt(q0))),
        best_fit=_values(likelihood, free.x[0]),
        null_fit=_values(likelihood, null.x[0]),
        toys=converged,
        toy_p_value=_Sampled(converged).at_least(q0) if number_of_toys else None,
        failed=len(drawn) - len(converged),
        diagnosis=(
            *other_minima(search(likelihood, data, everything)),
            *(f"Without {coupling}: {said}" for said in other_minima(search(likelihood, data, without))),
        ),
        made_by=provenance(
            ("cowan-2011",),
            likelihood=likelihood,
            coupling=coupling,
            truth=dict(truth or {}),
            toys=toys,
            seed=seed,
        ),
    )


@signs_of_life("comparison", None)
def compare(
    hypotheses: Mapping[str, Likelihood],
    truth: Mapping[str, Values] | None = None,
    *,
    toys: int = 0,
    seed: int = 0,
    confidence_level: float = 0.90,
) -> HypothesisComparison:
    """Return how well the runs tell hypotheses apart: simulate each, fit all.

    Parameters
    ----------
    hypotheses
        Likelihoods of the same runs by name, two or more. Parameters may differ; external measurements of
        parameters of the same name are one measurement, as are those of dm2_31 and dm2_32.
    truth
        By name, the physical values at which a hypothesis is simulated. One that is left out is simulated at
        its best fit to the observed counts. Without these it is simulated where it best imitates the first
        hypothesis of ``truth``, which is by default the first of all at its nominal values.
    toys
        How many toys are drawn under each hypothesis; with none p-values and powers are those of the
        Gaussian approximation.
    seed
        Of the random numbers.
    confidence_level
        At which a hypothesis is rejected, for the powers.

    Returns
    -------
    HypothesisComparison
        For each ordered pair of a true and a tested hypothesis T on Asimov data, significance, p-value
        and power.

    Raises
    ------
    InputError
        For fewer than two hypotheses, different runs, unknown names, or observed counts that no
        hypothesis allows.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712, 1.0716], 10 * 86400.0)
    >>> orderings = {
    ...     name: renp.Likelihood(runs, renp.Neutrinos(0.01, name)) for name in ("normal", "inverted")
    ... }
    >>> result = compare(orderings)
    >>> round(result.pair("normal", "inverted").significance, 1)
    6.0
    """
    level = float(confidence(confidence_level))
    _check_same_runs(hypotheses)
    number_of_toys = whole("toys", toys)
    points = _simulated_points(hypotheses, {} if truth is None else truth)
    key = jax.random.key(random_seed(seed))
    samples = {
        name: _sample(hypotheses[name], x, jax.random.fold_in(key, crc32(name.encode())), number_of_toys)
        for name, x in points.items()
    }
    fits = {name: _fits_of_all(hypotheses, samples, name, points[name]) for name in hypotheses}
    names = tuple(hypotheses)
    size = number_of_toys + 1
    simulated = np.stack([f.chi2[: len(names) * size].reshape(len(names), size) for f in fits.values()], -1)
    observed = _observed_chi2(hypotheses, fits)
    return HypothesisComparison(
        names=names,
        kind="expected" if observed is None else "observed",
        confidence_level=level,
        points={name: _values(hypotheses[name], x) for name, x in points.items()},
        pairs=tuple(
            _pair(names, simulated, observed, i, j, level)
            for i in range(len(names))
            for j in range(len(names))
            if i != j
        ),
        fits={
            true: {name: _values(hypotheses[name], fits[name].x[i * size]) for name in names}
            for i, true in enumerate(names)
        },
        observed=observed,
        observed_fits=None
        if observed is None
        else {name: _values(hypotheses[name], fits[name].x[-1]) for name in names},
        toys=simulated[:, 1:],
        diagnosis=_other_minima(hypotheses, samples),
        made_by=provenance(
            ("blennow-2014",),
            **{f"hypothesis {name}": likelihood for name, likelihood in hypotheses.items()},
            truth={name: dict(values) for name, values in (truth or {}).items()},
            toys=toys,
            seed=seed,
            confidence_level=confidence_level,
        ),
    )


@signs_of_life("exposure", None)
def required_exposure(
    true: Likelihood, tested: Likelihood, truth: Values | None = None, *, significance: float = 3.0
) -> RequiredExposure:
    """Return by which factor all durations must grow for a median significance.

    The significance is √T for Asimov data. With a likelihood with a coupling and one without it, this is
    the significance of the coupling's discovery.

    Parameters
    ----------
    true
        What is simulated.
    tested
        What is to be rejected.
    truth
        Physical values at which ``true`` is simulated; nominal values if left out.
    significance
        In standard deviations, above 0.

    Returns
    -------
    RequiredExposure
        ``.factor``, infinite where no exposure is enough: where the tested hypothesis can imitate the
        true one, within what other experiments allow if it has constrained parameters.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0716], 10 * 86400.0)
    >>> nu = renp.Neutrinos(0.01)
    >>> moment = renp.Likelihood(runs, nu, {"mu_11": renp.MagneticMoment({(1, 1): 1.0})})
    >>> weak = renp.Likelihood(runs, nu)
    >>> round(required_exposure(moment, weak, {"mu_11": 5e-11}, significance=5).factor, 3)
    0.988
    """
    _check_same_runs({"true": true, "tested": tested})
    wanted = float(
        number("significance", significance, "a number of standard deviations above 0", low=0, open_low=True)
    )
    point = true.truth(truth)

    def reached(log_factor: float) -> float:
        factor = math.exp(log_factor)
        return _asimov_significance(true.with_exposure(factor), tested.with_exposure(factor), point)

    factor = _root(lambda log_factor: reached(log_factor) - wanted)
    ends = (0.0, _FARTHEST) if factor in (0.0, math.inf) else (math.log(factor) - 4, math.log(factor) + 4)
    grid = np.linspace(*ends, _CURVE)
    return RequiredExposure(
        significance=wanted,
        factor=factor,
        factors=np.exp(grid),
        significances=np.array([reached(float(log_factor)) for log_factor in grid]),
        made_by=provenance(
            ("blennow-2014",), true=true, tested=tested, truth=dict(truth or {}), significance=significance
        ),
    )


class _Normal(NamedTuple):
    """Distribution of T in the Gaussian approximation; a single value if T_0 is 0 or infinite."""

    mean: float
    sigma: float

    def at_least(self, statistic: float) -> Probability:
        if self._single:
            return Probability.exact(float(self.mean >= statistic - _rounding(statistic)))
        return Probability.exact(float(ndtr((self.mean - statistic) / self.sigma)))

    def above(self, statistic: float) -> Probability:
        if self._single:
            return Probability.exact(float(self.mean > statistic + _rounding(statistic)))
        return self.at_least(statistic)

    def quantile(self, probability: float) -> float:
        return self.mean if self._single else self.mean + self.sigma * float(ndtri(probability))

    @property
    def _single(self) -> bool:
        return math.isinf(self.mean) or self.sigma == 0


class _Sampled(NamedTuple):
    """Distribution of T by toys."""

    toys: Reals

    def at_least(self, statistic: float) -> Probability:
        return _fraction(self.toys >= statistic - _rounding(statistic))

    def above(self, statistic: float) -> Probability:
        return _fraction(self.toys > statistic + _rounding(statistic))

    def quantile(self, probability: float) -> float:
        # The smallest toy that at least this fraction does not exceed: counts are discrete.
        return float(np.quantile(self.toys, probability, method="inverted_cdf"))


def _observed_or_expected(likelihood: Likelihood, truth: Values | None) -> Data:
    if truth is not None:
        return likelihood.asimov(likelihood.truth(truth))
    if not likelihood.observed:
        raise InputError("truth", None, "a point, since the runs have no observed counts")
    return likelihood.data


def _rise(null: Minima, free: Minima) -> Reals:
    """Return q_0; where both fits find the data impossible nothing speaks for the coupling."""
    impossible = np.isinf(free.chi2)
    rise = np.asarray(null.chi2) - np.where(impossible, 0.0, np.asarray(free.chi2))
    return np.where(impossible, 0.0, np.maximum(rise, 0.0))


def _simulated_points(hypotheses: Mapping[str, Likelihood], truth: Mapping[str, Values]) -> dict[str, Point]:
    instance("truth", truth, Mapping, "for each hypothesis its values by the names of parameters")
    for name in truth:
        choice("truth", name, tuple(hypotheses))
    points = {name: hypotheses[name].truth(values) for name, values in truth.items()}
    first = next(iter(points), next(iter(hypotheses)))
    observed = hypotheses[first].observed
    if not observed and not points:
        points[first] = hypotheses[first].point()
    for name, likelihood in hypotheses.items():
        if name not in points:
            data = (
                likelihood.data
                if observed
                else _seen_by(likelihood, hypotheses[first], hypotheses[first].asimov(points[first]))
            )
            points[name] = jnp.asarray(best_fits(likelihood, _rows(data), _all(likelihood)).x[0])
    return {name: points[name] for name in hypotheses}


def _sample(likelihood: Likelihood, x: Point, key: Array, toys: int) -> Data:
    """Return Asimov data and toys, in this order."""
    expected = _rows(likelihood.asimov(x))
    if not toys:
        return expected
    drawn = likelihood.toys(x, key, toys)
    both: Data = jax.tree.map(lambda a, b: np.concatenate([a, b]), expected, drawn)
    return both


def _fits_of_all(
    hypotheses: Mapping[str, Likelihood], samples: Mapping[str, Data], fitted: str, also: Point
) -> Minima:
    """Return the fits of one hypothesis to the samples of all, and to the observed counts as the last."""
    likelihood = hypotheses[fitted]
    seen = [_seen_by(likelihood, hypotheses[true], data) for true, data in samples.items()]
    if likelihood.observed:
        seen.append(_rows(likelihood.data))
    together: Data = jax.tree.map(lambda *a: np.concatenate(a), *seen)
    return best_fits(likelihood, together, _all(likelihood), also)


def _seen_by(fitted: Likelihood, true: Likelihood, data: Data) -> Data:
    """Return the data of one hypothesis with the external measurements that another one has."""
    measured = {name: np.asarray(data.pulls)[..., c] for c, name in enumerate(true.external_names)}
    opposite = {_SAME_MEASUREMENT[n]: -pull for n, pull in measured.items() if n in _SAME_MEASUREMENT}
    own = {name: value / error for name, (value, error) in fitted.masses.items()}
    known = own | opposite | measured
    nothing = np.zeros(np.shape(data.pulls)[:-1])
    pulls = [known.get(name, 0.0) + nothing for name in fitted.external_names]
    stacked = np.stack(pulls, axis=-1) if pulls else np.zeros((*nothing.shape, 0))
    return Data(jnp.asarray(data.counts), jnp.asarray(stacked))


def _other_minima(hypotheses: Mapping[str, Likelihood], samples: Mapping[str, Data]) -> tuple[str, ...]:
    """Return what is said of other minima of the fits that are given."""
    said = []
    for name, likelihood in hypotheses.items():
        if likelihood.observed:
            data = {"the observed counts": likelihood.data}
        else:
            data = {
                f"what {true} expects": jax.tree.map(
                    lambda a: a[0], _seen_by(likelihood, hypotheses[true], sample)
                )
                for true, sample in samples.items()
            }
        said += [
            f"{name}, fitted to {what}: {sentence}"
            for what, one in data.items()
            for sentence in other_minima(search(likelihood, one, _all(likelihood)))
        ]
    return tuple(said)


def _observed_chi2(hypotheses: Mapping[str, Likelihood], fits: Mapping[str, Minima]) -> Reals | None:
    first = next(iter(hypotheses.values()))
    if not first.observed:
        return None
    chi2 = np.array([fit.chi2[-1] for fit in fits.values()])
    if np.all(np.isinf(chi2)):
        raise InputError("counts", np.asarray(first.data.counts), "possible under one hypothesis at least")
    return chi2


def _pair(
    names: tuple[str, ...], simulated: Reals, observed: Reals | None, i: int, j: int, level: float
) -> Pair:
    forward, reverse = (_asimov_statistic(simulated, a, b) for a, b in ((i, j), (j, i)))
    if_true, if_tested = (_difference(simulated[a, 1:], j, i) for a in (i, j))
    failed = int(np.sum(np.isnan(if_true)) + np.sum(np.isnan(if_tested)))
    with_true, with_tested = _distributions(if_true, if_tested, forward, reverse)
    seen = None if observed is None else float(_difference(observed, j, i))
    return Pair(
        true=names[i],
        tested=names[j],
        statistic=forward,
        reverse=reverse,
        significance=math.sqrt(forward),
        crossing=_crossing(forward, reverse),
        observed=seen,
        p_value=with_tested.at_least(with_true.quantile(0.5) if seen is None else seen),
        power=with_true.above(with_tested.quantile(level)),
        failed=failed,
    )


def _asimov_statistic(simulated: Reals, true: int, tested: int) -> float:
    """Return T on Asimov data, exactly 0 where it is rounding."""
    statistic = float(_difference(simulated[true, 0], tested, true))
    return 0.0 if statistic < _SAME else statistic


def _distributions(
    if_true: Reals, if_tested: Reals, forward: float, reverse: float
) -> tuple[_Normal | _Sampled, _Normal | _Sampled]:
    """Return how T is distributed under either hypothesis: by toys if there are any."""
    toys = [t[~np.isnan(t)] for t in (if_true, if_tested)]
    if all(len(t) for t in toys):
        return _Sampled(toys[0]), _Sampled(toys[1])
    if (forward == 0) != (reverse == 0):
        # One contains the other at this point: T is not normal.
        forward = reverse = math.nan
    return _Normal(forward, 2 * math.sqrt(forward)), _Normal(-reverse, 2 * math.sqrt(reverse))


def _difference(chi2: Reals, tested: int, true: int) -> Reals:
    """Return T; not a number where neither hypothesis allows the data."""
    with np.errstate(invalid="ignore"):
        return np.asarray(chi2[..., tested] - chi2[..., true])


def _crossing(a: float, b: float) -> float:
    """Return the significance at which errors of both kinds are equally likely.

    With T ~ N(a, 2√a) and N(−b, 2√b) they are equal at T = √(ab)(√a − √b)/(√a + √b).
    """
    if math.isinf(a) or math.isinf(b):
        return math.inf
    return (a + b) / (2 * (math.sqrt(a) + math.sqrt(b))) if a + b > 0 else 0.0


def _asimov_significance(true: Likelihood, tested: Likelihood, point: Point) -> float:
    data = _seen_by(tested, true, true.asimov(point))
    chi2 = float(best_fits(tested, _rows(data), _all(tested)).chi2[0])
    if math.isnan(chi2):
        raise ArithmeticError("the fit of the tested hypothesis does not converge")
    return math.sqrt(max(chi2, 0.0))


def _root(missing: Callable[[float], float]) -> float:
    """Return the factor at which an increasing function of its logarithm crosses zero."""
    from scipy.optimize import brentq

    here = missing(0.0)
    if math.isinf(here):
        return 0.0
    step = math.log(10.0) * (1 if here < 0 else -1)
    near = 0.0
    while abs(near) < _FARTHEST:
        far = near + step
        if (missing(far) < 0) != (here < 0):
            return math.exp(brentq(missing, near, far, xtol=1e-8))
        near = far
    return math.inf if here < 0 else 0.0


def _rows(data: Data) -> Data:
    one: Data = jax.tree.map(lambda a: np.asarray(a)[None], data)
    return one


def _all(likelihood: Likelihood) -> NDArray[np.bool_]:
    return np.ones(len(likelihood.names), dtype=bool)


def _values(likelihood: Likelihood, x: Point | Reals) -> dict[str, float]:
    return {name: float(value) for name, value in likelihood.values(x).items()}


def _rounding(statistic: float) -> float:
    """Return what a toy equal to the data may differ by."""
    return 1e-9 * (1 + abs(statistic)) if math.isfinite(statistic) else 0.0


def _fraction(passed: NDArray[np.bool_]) -> Probability:
    """Return the part of toys that passed, with Clopper and Pearson's interval."""
    from scipy.stats import binomtest

    if not len(passed):
        return Probability.exact(math.nan)
    found = binomtest(int(np.sum(passed)), len(passed))
    low, high = found.proportion_ci(_ONE_SIGMA, method="exact")
    return Probability(float(found.statistic), float(low), float(high))


def _check_same_runs(hypotheses: Mapping[str, Likelihood]) -> None:
    instance("hypotheses", hypotheses, Mapping, "two likelihoods or more by name")
    if len(hypotheses) < 2:
        raise InputError("hypotheses", tuple(hypotheses), "two likelihoods or more")
    first: Likelihood | None = None
    for name, likelihood in hypotheses.items():
        instance(name, likelihood, Likelihood)
        first = first or likelihood
        for what in ("photon_energy", "duration", "counts", "control_ratio", "control_counts"):
            mine, theirs = ([getattr(e.runs, what) for e in one.experiments] for one in (likelihood, first))
            same = len(mine) == len(theirs) and all(map(_equal, mine, theirs))
            if not same:
                allowed = f"of the same runs as {next(iter(hypotheses))!r}: {what} differs"
                raise InputError("hypotheses", repr(name), allowed)


def _equal(one: Reals | None, other: Reals | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)
