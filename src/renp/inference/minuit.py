"""The χ² as a Minuit object, for those who go on with iminuit themselves."""

from collections.abc import Callable

import numpy as np
from iminuit import Minuit  # type: ignore[import-untyped]
from jaxtyping import ArrayLike

from renp._types import Reals
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import local
from renp.inference.search import checked_data, checked_point

_FIRST_STEP = 0.1

"""The χ² around a point, compiled once for Minuit and for the diagnosis."""


def minuit(likelihood: Likelihood, data: Data | None = None, start: ArrayLike | None = None) -> Minuit:
    """Return a Minuit object of the χ², with names, limits and the exact gradient.

    Minuit needs parameters of order one, so that its values are the coordinates of the likelihood:
    ``likelihood.values(jnp.array(m.values))`` are the physical values. The coordinate of a coupling that
    interferes with nothing is its square in some unit, with the limit 0.

    Parameters
    ----------
    likelihood
        What is fitted.
    data
        Counts and pulls; the observed counts if left out.
    start
        Coordinates to start from, as `Likelihood.point` returns them; by default couplings of 0 and
        everything else as the likelihood was made.

    Returns
    -------
    iminuit.Minuit
        Ready for ``migrad()``. Its function is infinite where the counts are impossible.

    Raises
    ------
    InputError
        If there are no data, or data or start are not of the right shape.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 86400.0, counts=[15, 9])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": renp.MagneticMoment({(1, 1): 1.0})})
    >>> m = minuit(likelihood, start=likelihood.point(mu=1e-11)).migrad()
    >>> m.valid, f"{likelihood.values(np.array(m.values))['mu']:.2e}"
    (True, '4.40e-11')
    """
    evaluate = _remembered(likelihood, checked_data(likelihood, data))
    first = likelihood.point() if start is None else checked_point(likelihood, "start", start)
    made = Minuit(
        lambda x: evaluate(x)[0], np.asarray(first), grad=lambda x: evaluate(x)[1], name=likelihood.names
    )
    made.errordef = Minuit.LEAST_SQUARES
    made.errors = _FIRST_STEP
    for parameter in likelihood.parameters:
        made.limits[parameter.name] = float(parameter.low), float(parameter.high)
    return made


def _remembered(likelihood: Likelihood, data: Data) -> Callable[[Reals], tuple[float, Reals]]:
    """Return χ² and gradient as a function that remembers the last point: Minuit asks for both in turn."""
    last: dict[bytes, tuple[float, Reals]] = {}

    def evaluate(x: Reals) -> tuple[float, Reals]:
        key = np.asarray(x, dtype=float).tobytes()
        if key not in last:
            here = local(likelihood, np.asarray(x, dtype=float), data)
            last.clear()
            chi2 = float(here.chi2)
            last[key] = np.inf if np.isnan(chi2) else chi2, np.nan_to_num(np.asarray(here.slope))
        return last[key]

    return evaluate
