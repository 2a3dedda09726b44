"""The posterior of couplings and nuisance parameters, sampled by NUTS (extra "bayes").

Priors are those of `renp.inference.priors`.

Chains begin at the minima of the χ², in turns, and do not cross regions that the counts exclude. Where there
are several (couplings that interfere destructively, a free mass) each is visited, but how often tells nothing
of its weight: compare with a profile, or give ranges.
"""

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float

from renp._types import Reals
from renp.errors import InputError
from renp.inference.likelihood import Data, Likelihood, asimov_of_each
from renp.inference.parameters import Parameter, physical
from renp.inference.priors import Priors, check_names, default_range, given_range
from renp.inference.search import NOTABLE, checked_data, search
from renp.results.base import provenance
from renp.validation import instance, random_seed, whole

if TYPE_CHECKING:
    from arviz import InferenceData

_TRIED = 1000
"""Draws from a prior by which its values are checked."""

_STATISTICS = {
    "diverging": "diverging",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
    "potential_energy": "lp",
    "energy": "energy",
}
"""What NumPyro calls the statistics of a draw, and what ArviZ calls them."""


def posterior(
    likelihood: Likelihood,
    data: Data | None = None,
    *,
    priors: Priors | None = None,
    draws: int = 1000,
    warmup: int = 1000,
    chains: int = 4,
    seed: int = 0,
    progress: bool = False,
) -> "InferenceData":
    """Return draws from the posterior of all parameters of a likelihood.

    Parameters
    ----------
    likelihood
        The hypothesis.
    data
        Counts and external measurements; the observed ones if left out.
    priors
        By name, the range (low, high) in which a physical value is flat, or a distribution of NumPyro for it.
        Constrained parameters have none: their measurement is their prior. A coupling left out is flat up
        to where it alone would give ten times the counts, a phase or sin² over its range; a free mass or
        splitting needs one.
    draws, warmup
        For each chain.
    chains
        How many.
    seed
        Of the random numbers.
    progress
        Whether to show a bar.

    Returns
    -------
    InferenceData
        ``posterior`` in physical values, ``sample_stats``, ``log_likelihood`` and ``posterior_predictive`` of
        the counts of each run, ``observed_data``.

    Raises
    ------
    InputError
        For unknown names, priors that are neither a range nor a distribution, or a missing one.
    ImportError
        Without the packages of the extra "bayes".

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[120])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> drawn = posterior(likelihood, priors={"mu": (0, 1e-10)})  # doctest: +SKIP
    >>> drawn.posterior["mu"].attrs["prior"]  # doctest: +SKIP
    'flat from 0 to 1e-10'
    """
    numpyro, arviz = _packages()
    from numpyro.distributions import biject_to  # type: ignore[import-untyped]

    instance("likelihood", likelihood, Likelihood)
    seen = checked_data(likelihood, data)
    sizes = [whole(*named, 1) for named in (("draws", draws), ("warmup", warmup), ("chains", chains))]
    key = jax.random.key(random_seed(seed))
    sites = _sites(likelihood, seen, dict(priors or {}))
    low = _places(likelihood, seen)
    start = low[np.arange(sizes[2]) % len(low)]
    kernel = numpyro.infer.NUTS(_model(likelihood, seen, sites))
    sampler = numpyro.infer.MCMC(
        kernel,
        num_samples=sizes[0],
        num_warmup=sizes[1],
        num_chains=sizes[2],
        chain_method="vectorized",
        progress_bar=progress,
    )
    begin = {
        s.name: biject_to(s.prior.support).inv(jnp.array(s.near(x)))
        for s, x in zip(sites, start.T, strict=True)
    }
    begin = begin if sizes[2] > 1 else {name: x[0] for name, x in begin.items()}
    sampler.run(key, extra_fields=tuple(_STATISTICS), init_params=begin)
    made_by = provenance(
        ("phan-2019", "hoffman-2014"),
        likelihood=likelihood,
        data=seen,
        priors={s.name: s.described for s in sites},
        draws=draws,
        warmup=warmup,
        chains=chains,
        seed=seed,
    )
    return _inference_data(arviz, likelihood, seen, sites, sampler, made_by)


class _Site(NamedTuple):
    """A random number of the model, of order one, and the coordinate that it gives."""

    name: str
    prior: Any
    coordinate: Callable[[Array], Array]
    near: Callable[[Reals], Reals]
    """Numbers that are allowed and close to coordinates: where chains begin."""
    described: str


def _packages() -> tuple[Any, Any]:
    try:
        import numpyro  # type: ignore[import-untyped]

        with warnings.catch_warnings():
            # Its announcement of another version concerns those who import it.
            warnings.filterwarnings("ignore", r"\s*ArviZ is undergoing a major refactor", FutureWarning)
            import arviz
    except ImportError as error:
        text = f'the posterior needs the package {error.name}: pip install "renp[bayes]"'
        raise ImportError(text, name=error.name) from None
    return numpyro, arviz


def _model(likelihood: Likelihood, data: Data, sites: list[_Site]) -> Callable[[], None]:
    import numpyro

    def model() -> None:
        drawn = [s.coordinate(numpyro.sample(s.name, s.prior)) for s in sites]
        x = jnp.stack(drawn) if drawn else jnp.zeros(0)
        if likelihood.masses:
            missed = (likelihood.external(x) - data.pulls)[len(likelihood.constrained) :]
            numpyro.factor("measured_masses", -jnp.sum(missed**2) / 2)
        numpyro.factor("log_likelihood", jnp.sum(log_likelihoods(likelihood.expected(x), data.counts)))

    return model


def log_likelihoods(expected: Float[Array, "*batch n"], counts: Float[Array, "n"]) -> Array:
    """Return ln of the Poisson probability of each run's counts, with slopes that are always finite.

    Examples
    --------
    >>> log_likelihoods(jnp.array([2.0, 0.0, 0.0]), jnp.array([3.0, 0.0, 1.0])).round(4)
    Array([-1.7123,  0.    ,    -inf], dtype=float64)
    """
    possible = expected > 0
    rate = jnp.where(possible, expected, 1.0)
    seen = counts * jnp.log(rate) - rate - gammaln(counts + 1)
    return jnp.where(possible, seen, jnp.where(counts > 0, -jnp.inf, 0.0))


def _places(likelihood: Likelihood, data: Data) -> Reals:
    """Return the coordinates of all minima that are as good as the lowest."""
    found = search(likelihood, data, np.ones(len(likelihood.names), dtype=bool)).minima
    low: Reals = np.asarray(found.x)[np.asarray(found.chi2 < found.chi2[0] + NOTABLE)]
    return low


def _sites(likelihood: Likelihood, data: Data, priors: dict[str, Any]) -> list[_Site]:
    check_names(likelihood, priors)
    pulls = dict(zip(likelihood.constrained, np.asarray(data.pulls), strict=False))
    sites = []
    for k, parameter in enumerate(likelihood.parameters):
        if k in pulls:
            sites.append(_pull(parameter, float(pulls[k])))
        else:
            prior = (
                priors[parameter.name]
                if parameter.name in priors
                else default_range(likelihood, parameter, data)
            )
            sites.append(_unknown(parameter, prior))
    return sites


def _pull(parameter: Parameter, measured: float) -> _Site:
    import numpyro.distributions as dist

    prior = dist.Normal(measured, 1.0)
    return _Site(parameter.name, prior, lambda pull: pull, lambda x: x, f"pull normal around {measured:g}")


def _unknown(parameter: Parameter, given: Any) -> _Site:
    """Return the site of a value in units of the parameter, for a prior of the value."""
    import numpyro.distributions as dist

    name, unit = parameter.name, float(parameter.plus)
    to_coordinate = jnp.square if parameter.kind == "magnitude" else jnp.asarray
    if isinstance(given, dist.Distribution):
        middle = _median(parameter, given) / unit
        to_units = dist.transforms.AffineTransform(0.0, 1 / unit, domain=given.support)
        prior = dist.TransformedDistribution(given, to_units)
        return _Site(name, prior, to_coordinate, lambda x: np.full(len(x), middle), type(given).__name__)
    low, high = (end / unit for end in given_range(parameter, given))
    described = f"flat from {low * unit:g} to {high * unit:g}"
    ends = 0.99 * low + 0.01 * high, 0.01 * low + 0.99 * high

    def near(x: Reals) -> Reals:
        return np.clip(np.sqrt(x) if parameter.kind == "magnitude" else x, *ends)

    if low == 0 and parameter.low == 0 and parameter.high == math.inf:
        # Of either sign, with the same counts: the sampler sees no bound at 0.
        low, to_coordinate = -high, jnp.square if parameter.kind == "magnitude" else jnp.abs
    return _Site(name, dist.Uniform(low, high), to_coordinate, near, described)


def _median(parameter: Parameter, prior: Any) -> float:
    """Return the median of a prior, after checking that its values are allowed."""
    values = np.asarray(prior.sample(jax.random.key(0), (_TRIED,)))
    unit = float(parameter.plus)
    if not np.all((values >= parameter.low * unit) & (values <= parameter.high * unit)):
        allowed = "a distribution of values that the parameter can have"
        raise InputError(f"priors[{parameter.name!r}]", type(prior).__name__, allowed)
    return float(np.median(values))


def _inference_data(
    arviz: Any, likelihood: Likelihood, data: Data, sites: list[_Site], sampler: Any, made_by: dict[str, str]
) -> "InferenceData":
    drawn = sampler.get_samples(group_by_chain=True)
    x = jnp.stack([s.coordinate(drawn[s.name]) for s in sites], axis=-1)
    expected = asimov_of_each(likelihood, x.reshape(-1, x.shape[-1])).counts.reshape(*x.shape[:-1], -1)
    statistics = sampler.get_extra_fields(group_by_chain=True)
    renamed = {name: np.asarray(statistics[key]) for key, name in _STATISTICS.items()}
    renamed["lp"] = -renamed["lp"]
    counts, runs = np.random.default_rng(int(made_by["seed"])).poisson(np.asarray(expected)), likelihood.runs
    found = arviz.from_dict(
        posterior={p.name: np.asarray(physical(p, x[..., k])) for k, p in enumerate(likelihood.parameters)},
        sample_stats=renamed,
        log_likelihood={"counts": np.asarray(log_likelihoods(expected, data.counts))[..., runs]},
        posterior_predictive={"counts": counts[..., runs]},
        observed_data={"counts": np.asarray(data.counts)[runs]},
        constant_data={"photon_energy": np.asarray(likelihood.photon_energy)},
        dims={"counts": ["run"], "photon_energy": ["run"]},
    )
    found.posterior.attrs.update(made_by)
    found.constant_data["photon_energy"].attrs["units"] = "eV"
    for site, parameter in zip(sites, likelihood.parameters, strict=True):
        found.posterior[parameter.name].attrs.update(
            units=parameter.unit, kind=parameter.kind, prior=site.described
        )
    result: InferenceData = found
    return result
