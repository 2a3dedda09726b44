"""The χ² minimised over all parameters but some: profiles and contours."""

from collections.abc import Sequence
from textwrap import shorten
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.inference.best_fits import TIE, Minima
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import NOT_CONVERGED
from renp.inference.parameters import Parameter, coordinate, physical
from renp.inference.search import (
    Search,
    checked_data,
    ends,
    moving,
    other_minima,
    refined,
    search,
)
from renp.inference.starts import MASS, range_of, threshold_masses
from renp.progress import signs_of_life
from renp.references import references_of
from renp.results.base import provenance
from renp.results.profiles import LEVELS, Contour, Profile, quantile
from renp.validation import within

Mask: TypeAlias = NDArray[np.bool_]


_RISE = 9.0
"""Δχ² up to which profiles and contours reach if no values are given."""
_POINTS, _SIDE = 81, 41
_FINER = 5
"""Parts into which an interval between two points is divided near a narrow minimum."""


_NEAR = np.array([0.0, 1e-5, 1e-4, 1e-3, 3e-3])
"""Relative distances below a threshold at which a profile of the lightest mass is evaluated."""


@signs_of_life("profile", None)
def profile(
    likelihood: Likelihood,
    name: str,
    values: ArrayLike | None = None,
    *,
    data: Data | None = None,
    fixed: Sequence[str] = (),
) -> Profile:
    """Return the χ² as a function of one parameter, minimised over all others.

    Parameters
    ----------
    likelihood
        What is fitted.
    name
        The parameter.
    values
        Physical values at which to minimise; by default as far as Δχ² = 9, with the best fit and the ends of
        the intervals at the usual levels.
    data
        Counts and pulls; the observed counts if left out.
    fixed
        Names of parameters that are not fitted.

    Returns
    -------
    Profile
        ``.values`` and ``.delta_chi2`` of shape (n,), and ``.intervals(level)``.

    Raises
    ------
    InputError
        For unknown names, values that the parameter cannot have, or if there are no data.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[130])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> [(round(low, 2), round(high, 2)) for low, high in profile(likelihood, "weak").intervals(0.9)]
    [(-2.13, -1.98), (-0.02, 0.13)]
    """
    found = _searched(likelihood, data, fixed, [name])
    k = likelihood.index(name)
    parameter = likelihood.parameters[k]
    grid = _grid(found, k, _POINTS) if values is None else _given(likelihood, name, values)
    minima = found.profile([k], grid[:, None])
    found = _improved(found, minima)
    if values is None and np.isfinite(found.chi2):
        grid, minima = _with_ends(found, k, grid, minima)
    return Profile(
        name=name,
        unit=parameter.unit,
        magnitude=parameter.kind == "magnitude",
        values=_physical(parameter, grid),
        delta_chi2=_rises(found, minima),
        best=float(_physical(parameter, found.x[k])),
        chi2=found.chi2,
        not_converged=int(np.sum(minima.status == NOT_CONVERGED)),
        diagnosis=other_minima(found),
        made_by=_made_by(likelihood, found.data, fixed, "profile"),
    )


@signs_of_life("contour", None)
def contour(
    likelihood: Likelihood,
    names: tuple[str, str],
    values: tuple[ArrayLike, ArrayLike] | None = None,
    *,
    data: Data | None = None,
    fixed: Sequence[str] = (),
) -> Contour:
    """Return the χ² as a function of two parameters, minimised over all others.

    Parameters
    ----------
    likelihood
        What is fitted.
    names
        Two different parameters.
    values
        Physical values of each; by default as far as the profile of each has risen by 9.
    data
        Counts and pulls; the observed counts if left out.
    fixed
        Names of parameters that are not fitted.

    Returns
    -------
    Contour
        ``.values`` of shapes (n,) and (m,), ``.delta_chi2`` of shape (n, m).

    Raises
    ------
    InputError
        For unknown names, values that a parameter cannot have, or if there are no data.

    Examples
    --------
    >>> import renp
    >>> energies, counts = [1.068, 1.07], [117, 84]
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), energies, 864000.0, counts=counts)
    >>> moments = {f"mu_1{j}": renp.MagneticMoment({(1, j): 1.0}) for j in (1, 2)}
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moments)
    >>> contour(likelihood, ("mu_11", "mu_12"), ([0, 3e-11], [0, 2e-11, 4e-11])).delta_chi2.shape
    (2, 3)
    """
    if not isinstance(names, Sequence) or isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise InputError("names", repr(names), "two different parameters")
    found = _searched(likelihood, data, fixed, names)
    places = [likelihood.index(name) for name in names]
    pair = [likelihood.parameters[k] for k in places]
    if values is None:
        grids = [_grid(found, k, _SIDE) for k in places]
    elif not isinstance(values, Sequence) or len(values) != 2:
        raise InputError("values", shorten(repr(values), 60), "two lists, one for each parameter")
    else:
        grids = [_given(likelihood, p.name, v) for p, v in zip(pair, values, strict=True)]
    points = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 2)
    minima = found.profile(places, points)
    found = _improved(found, minima)
    x, y = (_physical(p, grid) for p, grid in zip(pair, grids, strict=True))
    best = [float(_physical(p, found.x[k])) for p, k in zip(pair, places, strict=True)]
    return Contour(
        names=(names[0], names[1]),
        units=(pair[0].unit, pair[1].unit),
        magnitudes=(pair[0].kind == "magnitude", pair[1].kind == "magnitude"),
        values=(x, y),
        delta_chi2=_rises(found, minima).reshape(x.size, y.size),
        best=(best[0], best[1]),
        chi2=found.chi2,
        not_converged=int(np.sum(minima.status == NOT_CONVERGED)),
        diagnosis=other_minima(found),
        made_by=_made_by(likelihood, found.data, fixed, "contour"),
    )


def _searched(
    likelihood: Likelihood, data: Data | None, fixed: Sequence[str], scanned: Sequence[str]
) -> Search:
    checked = checked_data(likelihood, data)
    moves = moving(likelihood, fixed)
    for name in scanned:
        if not moves[likelihood.index(name)]:
            raise InputError("fixed", repr(name), "without the parameter that is scanned")
    return search(likelihood, checked, moves)


def _grid(found: Search, k: int, points: int) -> Reals:
    """Return coordinates, even in the physical value, over the range in which the profile rises by 9."""
    parameter = found.likelihood.parameters[k]
    best = float(found.x[k])
    box = range_of(found.likelihood, found.data, k) or (best - 4, best + 16)
    reached = ends(found, k, _RISE, outermost=True)
    low, high = (e if np.isfinite(e) else edge for e, edge in zip(reached, box, strict=True))
    first, last = _physical(parameter, np.array([low, high]))
    values = np.linspace(first, last, points)
    even = np.array([low, *(coordinate(parameter, float(v)) for v in values[1:-1]), high])
    edges = np.zeros(0)
    if parameter.name == MASS:
        # Below a threshold the counts rise as its square root.
        edges = np.outer(threshold_masses(found.likelihood) / float(parameter.plus), 1 - _NEAR).ravel()
    edges = edges[(edges > low) & (edges < high)]
    return np.unique(np.concatenate([even, _between(found, k, even), edges, [best]]))


def _with_ends(found: Search, k: int, grid: Reals, minima: Minima) -> tuple[Reals, Minima]:
    """Return a grid with the ends of the intervals at the usual levels, so that these are exact."""
    inside, outside, rises = [], [], []
    for height in (quantile(level, 1) for level in LEVELS):
        above = minima.chi2 > found.chi2 + height
        change = np.flatnonzero(above[1:] != above[:-1])
        inside.append(np.where(above[change], grid[change + 1], grid[change]))
        outside.append(np.where(above[change], grid[change], grid[change + 1]))
        rises.append(np.full(change.size, height))
    low, high, rise = (np.concatenate(parts) for parts in (inside, outside, rises))
    if not rise.size:
        return grid, minima
    x = refined(found, k, low, high, rise, rounds=1)
    whole = np.concatenate([grid, x])
    unique, first = np.unique(whole, return_index=True)
    return unique, minima.with_(found.profile([k], x[:, None])).at(first)


def _between(found: Search, k: int, grid: Reals) -> Reals:
    """Return more points where the profile is low, if that is in few of the intervals: narrow islands."""
    low = found.profile([k], grid[:, None]).chi2 < found.chi2 + _RISE
    near = low[1:] | low[:-1]
    if 2 * np.sum(near) > near.size:
        return np.zeros(0)
    shares = np.linspace(0, 1, _FINER + 1)[1:-1]
    return (grid[:-1][near, None] + np.outer(np.diff(grid)[near], shares)).ravel()


def _given(likelihood: Likelihood, name: str, values: ArrayLike) -> Reals:
    parameter = likelihood.parameters[likelihood.index(name)]
    low = 0.0 if parameter.kind == "magnitude" else -np.inf
    allowed = "finite sizes, at least 0" if low == 0 else "finite physical values"
    flat = np.atleast_1d(
        np.asarray(within(f"values of {parameter.name}", values, allowed, low, unit=parameter.unit))
    )
    if flat.ndim != 1 or not flat.size or np.any(np.diff(flat) <= 0):
        raise InputError(f"values of {parameter.name}", flat.tolist(), "a list of increasing values")
    return np.array([likelihood.coordinate(name, float(v)) for v in flat])


def _physical(parameter: Parameter, x: ArrayLike) -> Reals:
    return np.asarray(physical(parameter, x))


def _improved(found: Search, minima: Minima) -> Search:
    """Return the search, or one from a lower minimum if the scan has found that."""
    row = int(np.argmin(minima.chi2))
    if minima.chi2[row] > found.chi2 - TIE:
        return found
    return search(found.likelihood, found.data, found.moves, extra=minima.x[row])


def _rises(found: Search, minima: Minima) -> Reals:
    if not np.isfinite(found.chi2):
        return np.full(minima.chi2.shape, np.nan)
    rises: Reals = np.maximum(minima.chi2 - found.chi2, 0.0)
    return rises


def _made_by(likelihood: Likelihood, data: Data, fixed: Sequence[str], method: str) -> dict[str, str]:
    return provenance(
        references_of(likelihood),
        experiment=list(likelihood.experiments),
        neutrinos=likelihood.neutrinos,
        model=likelihood.model,
        couplings=dict(zip(likelihood.names, map(str, likelihood.couplings), strict=False)),
        parameters=list(likelihood.parameters),
        counts=np.asarray(data.counts).tolist(),
        pulls=np.asarray(data.pulls).tolist(),
        fixed=list(fixed),
        method=f"{method} of the Poisson chi-square, minimised by Newton's method from several starts",
    )
