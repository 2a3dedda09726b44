"""Priors of couplings and nuisance parameters, for the posterior and for nested samplers.

Constrained parameters have the normal prior that their measurement gives. Couplings are flat in their
physical value: a magnitude in |g| from 0, a coupling that interferes in g of either sign, up to where the
coupling alone would give ten times as many counts as were seen and expected. Such priors are a choice, and
limits depend on it: a prior flat in the rate, |g|², would give less weight to small couplings.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float
from numpy.typing import NDArray

from renp.errors import InputError
from renp.inference.likelihood import Data, Likelihood
from renp.inference.parameters import CONSTRAINED, Parameter, physical
from renp.inference.search import checked_data
from renp.validation import choice, within

Priors: TypeAlias = Mapping[str, Any]

_TIMES_THE_COUNTS = 10.0
"""Flat priors of couplings end where they alone would give this many times the counts."""

_ERRORS_OF_A_RATE = 20.0
"""Flat priors of rates end this many errors above their expected value."""


def prior_transform(
    likelihood: Likelihood, data: Data | None = None, *, priors: Priors | None = None
) -> Callable[[ArrayLike], Float[NDArray[np.float64], "*batch p"]]:
    """Return the function from the unit cube to values that dynesty and UltraNest ask for.

    Constrained parameters have their measurement as prior, so that the likelihood beside it has none:
    ``likelihood.log_likelihood(values, constrained=False)``.

    Parameters
    ----------
    likelihood
        The hypothesis.
    data
        Counts and external measurements; the observed ones if left out.
    priors
        By name, the range (low, high) in which a physical value is flat, or a distribution with an ``icdf``,
        as those of NumPyro; what is left out as in `renp.posterior`.

    Returns
    -------
    Callable
        From numbers between 0 and 1, the parameters along the last axis, to physical values in the order of
        ``likelihood.names``.

    Raises
    ------
    InputError
        For unknown names, priors that are neither a range nor a distribution, or a missing one.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[120])
    >>> moment, rate = {"mu": renp.MagneticMoment({(1, 1): 1.0})}, renp.Nuisances(normalisation_error=0.05)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moment, nuisances=rate)
    >>> transform = prior_transform(likelihood, priors={"mu": (0, 1e-10)})
    >>> transform([0.3, 0.5])
    array([3.e-11, 1.e+00])
    """
    from scipy.special import ndtri

    seen, given = checked_data(likelihood, data), dict(priors or {})
    check_names(likelihood, given)
    measured = dict(zip(likelihood.constrained, np.asarray(seen.pulls), strict=False))

    def quantile(k: int, parameter: Parameter) -> Callable[[NDArray[np.float64]], Any]:
        if k in measured:
            return lambda u: physical(parameter, measured[k] + ndtri(u))
        prior = given.get(parameter.name)
        if hasattr(prior, "icdf"):
            return prior.icdf  # type: ignore[union-attr, no-any-return]
        low, high = (
            default_range(likelihood, parameter, seen) if prior is None else given_range(parameter, prior)
        )
        return lambda u: low + (high - low) * u

    quantiles = [quantile(k, parameter) for k, parameter in enumerate(likelihood.parameters)]

    def transform(cube: ArrayLike) -> NDArray[np.float64]:
        u = np.asarray(cube, dtype=float)
        if u.shape[-1:] != (len(quantiles),):
            allowed = f"numbers from 0 to 1 for {', '.join(likelihood.names)}, along the last axis"
            raise InputError("cube", f"an array of shape {u.shape}", allowed)
        return np.stack([np.asarray(one(u[..., k])) for k, one in enumerate(quantiles)], axis=-1)

    return transform


def check_names(likelihood: Likelihood, priors: Priors) -> None:
    """Raise `InputError` for a prior of what has none of its own."""
    allowed = [p.name for p in likelihood.parameters if p.kind not in CONSTRAINED]
    for name in priors:
        choice("priors", name, allowed)


def default_range(likelihood: Likelihood, parameter: Parameter, data: Data) -> tuple[float, float]:
    """Return the range in which a parameter is flat if the user gives none."""
    unit = float(parameter.plus)
    if parameter.kind in ("magnitude", "coupling"):
        # At 1 unit, which was chosen so, the coupling alone gives √N + 1 counts.
        expected = float(jnp.sum(likelihood.expected(likelihood.point())))
        high = unit * np.sqrt(
            _TIMES_THE_COUNTS * (1 + expected + float(jnp.sum(data.counts))) / (1 + np.sqrt(expected))
        )
        return (0.0 if parameter.kind == "magnitude" else -high), high
    if parameter.kind == "rate":
        return 0.0, float(parameter.centre) + _ERRORS_OF_A_RATE * unit
    if parameter.unit == "rad":
        return 0.0, 2 * np.pi
    if np.isfinite(parameter.low) and np.isfinite(parameter.high):
        return float(parameter.low) * unit, float(parameter.high) * unit
    raise InputError("priors", None, f"given for {parameter.name}: a range (low, high) in {parameter.unit}")


def given_range(parameter: Parameter, given: Any) -> tuple[float, float]:
    """Return the range that a user gives, or raise `InputError`."""
    allowed = "a range (low, high) of values that the parameter can have, or a distribution of NumPyro"
    name = f"priors[{parameter.name!r}]"
    low, high = (float(end) * float(parameter.plus) for end in (parameter.low, parameter.high))
    found = np.asarray(within(name, given, allowed, low, high, parameter.unit))
    if found.shape != (2,) or not found[0] < found[1]:
        raise InputError(name, repr(given), allowed)
    return float(found[0]), float(found[1])
