"""All minima of one data set's χ², and where its profiles rise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp._types import Reals
from renp.errors import InputError
from renp.inference.best_fits import MANY, TIE, Minima, at_edges, lowest, lowest_of, minima, starting_points
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.parameters import CONSTRAINED
from renp.validation import instance, within

Mask: TypeAlias = NDArray[np.bool_]


_KEPT, _OTHERS = 5, 3
"""Minima, and other starts, from which every point of a profile is sought."""

_EDGES = 4
"""Edges of thresholds that are tried at every point of a profile."""

_SAME = 1e-3
"""Distance of coordinates within which two minima are the same."""

NOTABLE = 9.0
"""How much higher other minima may be that are named."""

_LOWER = 1e-4
"""Difference in χ² from which a minimum is higher than another one."""

_SIDES = (-1, 1)

_OUTWARD = 2.0 ** np.arange(-6, 18)
"""Distances from a minimum, in coordinates, at which a profile is looked at first."""

_NOWHERE = np.zeros(0)

_ROUNDS, _DIVISIONS = 3, 24
"""How often, and in how many parts, an interval with a crossing is divided: to 10⁻⁵ of the distance, and to
10⁻⁹ where the profile is smooth."""


@dataclass(frozen=True)
class Search:
    """The minima of a χ², and where to start from to find them again with some parameters held."""

    likelihood: Likelihood
    data: Data
    moves: Mask
    minima: Minima
    """Distinct minima, the lowest first."""
    starts: Reals
    """From where the minima of profiles are sought."""
    edges: dict[int, Reals]
    """The same with the lightest mass or the calibration where a threshold passes a run, by its place."""

    @property
    def x(self) -> Reals:
        """Coordinates of the best fit."""
        x: Reals = self.minima.x[0]
        return x

    @property
    def chi2(self) -> float:
        """χ² of the best fit."""
        return float(self.minima.chi2[0])

    def profile(self, places: Sequence[int], points: Reals) -> Minima:
        """Return the minima with the parameters at ``places`` held at ``points``, shape (m, places)."""
        moves = self.moves & ~np.isin(np.arange(self.moves.size), places)
        found = [self._lowest(self.starts, places, points, moves)]
        for k, edges in self.edges.items():
            if moves[k]:
                found.append(self._lowest(edges, places, points, moves & (np.arange(moves.size) != k)))
        return lowest_of(found)

    def _lowest(self, starts: Reals, places: Sequence[int], points: Reals, moves: Mask) -> Minima:
        rows = np.tile(starts[:, None], (1, len(points), 1))
        rows[:, :, list(places)] = points
        same: Data = jax.tree.map(lambda a: np.broadcast_to(a, (len(points), *a.shape)), self.data)
        return lowest(minima(self.likelihood, same, rows, moves))


def search(likelihood: Likelihood, data: Data, moves: Mask, extra: Reals | None = None) -> Search:
    """Return the minima of the χ² in the parameters that move.

    Parameters
    ----------
    likelihood, data
        What is fitted.
    moves
        Which parameters move; the others stay at `Likelihood.point`.
    extra
        Another point to start from.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[15])
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
    >>> found = search(likelihood, likelihood.data, np.array([True]))
    >>> unit = float(likelihood.parameters[0].plus)
    >>> (unit * found.minima.x[:, 0]).round(3)  # the amplitude is 1 + weak: two signs
    array([ 0.132, -2.132])
    """
    nominal = _nominal(likelihood, data, moves)
    one: Data = jax.tree.map(lambda a: np.asarray(a)[None], data)
    given = [nominal, *([] if extra is None else [extra])]
    first = starting_points(likelihood, one, moves, MANY, given)
    found = minima(likelihood, one, first, moves).at(np.s_[:, 0])
    near = at_edges(likelihood, one, moves, MANY, _ordered(found, nominal).x[0])
    edges = {k: there.at(np.s_[:, 0]) for k, there in near.items()}
    for there in edges.values():
        found = found.with_(there)
    best = _distinct(_ordered(found, nominal))
    several = len(first) > 1
    return Search(
        likelihood,
        data,
        moves,
        best,
        starts=np.concatenate([best.x[:_KEPT], first[:_OTHERS, 0]]) if several else best.x[:1],
        edges={k: _distinct(_ordered(there, nominal)).x[:_EDGES] for k, there in edges.items()},
    )


def ends(found: Search, k: int, rise: float, *, outermost: bool = False) -> tuple[float, float]:
    """Return the coordinates at which the profile of a parameter has risen, by scanning outwards.

    Parameters
    ----------
    found
        The minima.
    k
        Place of the parameter.
    rise
        Δχ².
    outermost
        Whether to return where it rises for the last time, rather than for the first.

    Returns
    -------
    tuple
        Below and above the minimum; the bound of the parameter, which can be infinite, on a side on which
        the profile does not rise as much.
    """
    best, target = float(found.x[k]), found.chi2 + rise
    reached = [float(bound[k]) for bound in found.likelihood.bounds]
    if not np.isfinite(target):
        return reached[0], reached[1]
    # Another minimum can be narrower than the distance between two of the points.
    other = np.abs(found.minima.x[found.minima.chi2 < target, k] - best)
    ahead = np.unique(np.concatenate([[0.0], _OUTWARD, other if outermost else _NOWHERE]))
    points = [
        best + side * np.unique(np.minimum(ahead, side * (end - best)))
        for side, end in zip(_SIDES, reached, strict=True)
    ]
    above = found.profile([k], np.concatenate(points)[:, None]).chi2 >= target
    brackets = {}
    for place, (x, high) in enumerate(zip(points, np.split(above, [len(points[0])]), strict=True)):
        high[0] = False  # the best fit
        crossed = np.flatnonzero(high[1:] & ~high[:-1])
        if high[-1] or (crossed.size and not outermost):
            at = crossed[-1 if outermost else 0]
            brackets[place] = x[at], x[at + 1]
    if brackets:
        inside, outside = np.array(list(brackets.values())).T
        there = refined(found, k, inside, outside, rise, outermost=outermost)
        for place, x in zip(brackets, there.tolist(), strict=True):
            reached[place] = x
    return reached[0], reached[1]


def refined(
    found: Search,
    k: int,
    inside: Reals,
    outside: Reals,
    rise: ArrayLike,
    rounds: int = _ROUNDS,
    *,
    outermost: bool = False,
) -> Reals:
    """Return where the profile of a parameter crosses a rise, between points below and points above it.

    Each interval is divided, and divided again where the first or last of its parts that crosses is; within
    that of the last round the profile is taken as a line.
    """
    target = found.chi2 + np.asarray(rise)
    shares = np.linspace(0, 1, _DIVISIONS + 1)
    rows = np.arange(len(inside))
    for _ in range(rounds):
        points = inside[:, None] + (outside - inside)[:, None] * shares
        chi2 = found.profile([k], points.reshape(-1, 1)).chi2.reshape(points.shape)
        gap = (chi2.T - target).T
        above = gap >= 0
        above[:, 0], above[:, -1] = False, True
        last = shares.size - np.argmin(above[:, ::-1], axis=1)
        at = last if outermost else np.argmax(above, axis=1)
        inside, outside = points[rows, at - 1], points[rows, at]
        low, high = np.minimum(gap[rows, at - 1], 0.0), np.maximum(gap[rows, at], 0.0)
    with np.errstate(invalid="ignore"):
        share = np.where(np.isfinite(high) & (high > low), -low / (high - low), 0.5)
    between: Reals = inside + share * (outside - inside)
    return between


def other_minima(found: Search, rise: float = NOTABLE) -> tuple[str, ...]:
    """Return a sentence for each of up to three other minima that are at most ``rise`` higher."""
    if not np.isfinite(found.chi2):
        return ()
    low = np.flatnonzero(found.minima.chi2 < found.chi2 + rise)[1:4]
    return tuple(_sentence(found, int(row)) for row in low if _is_apart(found, int(row)))


def _sentence(found: Search, row: int) -> str:
    higher = found.minima.chi2[row] - found.chi2
    height = f"Δχ² = {higher:.2g}" if higher > _LOWER else "equally low"
    # Where the parameters are that nothing else measures.
    free = [p for p in found.likelihood.parameters if p.kind not in CONSTRAINED]
    values = found.likelihood.values(found.minima.x[row])
    at = ", ".join(f"{p.name} = {float(values[p.name]):.4g} {p.unit}".rstrip() for p in free)
    return f"The χ² has another minimum, {height}, at {at}."


def _is_apart(found: Search, row: int) -> bool:
    """Return whether the χ² rises between the lowest minimum and another one, whatever the way."""
    step = found.minima.x[row] - found.x
    k = int(np.argmax(np.abs(step)))
    between = found.x[k] + np.linspace(0, 1, 21)[1:-1, None] * step[k]
    return bool(np.max(found.profile([k], between).chi2) > found.minima.chi2[row] + _LOWER)


def checked_data(likelihood: Likelihood, data: Data | None) -> Data:
    """Return data of the right shape, the observed counts by default, or raise `InputError`."""
    instance("likelihood", likelihood, Likelihood)
    if data is None:
        return likelihood.data
    instance("data", data, Data)
    counts = within("counts", data.counts, "numbers of counts, at least 0", 0.0)
    pulls = within("pulls", data.pulls, "finite pulls")
    wanted = (likelihood.size,), (len(likelihood.external_names),)
    if (counts.shape, pulls.shape) != wanted:
        shapes = f"counts of shape {counts.shape}, pulls of shape {pulls.shape}"
        raise InputError("data", shapes, f"of the shapes {wanted[0]} and {wanted[1]}: one data set")
    return Data(jnp.asarray(counts), jnp.asarray(pulls))


def checked_point(likelihood: Likelihood, name: str, x: Any) -> Point:
    """Return coordinates as an array, or raise `InputError`."""
    allowed = "a point, see Likelihood.point"
    point = jnp.asarray(within(name, x, allowed))
    if point.shape != (len(likelihood.names),):
        raise InputError(name, f"an array of shape {point.shape}", allowed)
    return point


def moving(likelihood: Likelihood, fixed: Sequence[str]) -> Mask:
    """Return which parameters are fitted, or raise `InputError` for a name that there is not."""
    if isinstance(fixed, str):
        raise InputError("fixed", repr(fixed), "a list of names")
    return ~np.isin(np.arange(len(likelihood.names)), [likelihood.index(name) for name in fixed])


def _nominal(likelihood: Likelihood, data: Data, moves: Mask) -> Reals:
    """Return the point of physical values as given, with the pulls that move as measured."""
    nominal = np.array(likelihood.point(), dtype=float)
    measured = nominal.copy()
    measured[list(likelihood.constrained)] = data.pulls[: len(likelihood.constrained)]
    # At a rate of 0, counts may be impossible.
    empty = np.array([p.kind == "rate" for p in likelihood.parameters], dtype=bool) & (nominal == 0)
    return np.where(moves, np.where(empty, 1.0, measured), nominal)


def _ordered(found: Minima, nominal: Reals) -> Minima:
    """Return minima by their χ²; equal ones by their distance from the nominal point."""
    least = np.min(found.chi2, initial=np.inf)
    tied = found.chi2 <= least + TIE
    distance = np.max(np.abs(found.x - nominal), axis=1, initial=0.0)
    order = np.lexsort((distance, np.where(tied, -np.inf, found.chi2)))
    return found.at(order)


def _distinct(found: Minima) -> Minima:
    """Return the first of those minima that are close to one another; impossible ones only if all are."""
    kept: list[int] = []
    for k, x in enumerate(found.x):
        if not np.isfinite(found.chi2[k]) and kept:
            break
        if all(np.max(np.abs(x - found.x[other]), initial=0.0) > _SAME for other in kept):
            kept.append(k)
    return found.at(np.array(kept, dtype=int))
