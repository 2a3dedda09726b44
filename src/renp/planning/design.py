"""The shares of time that make the least of several separations as large as possible, with a bound.

Every separation is at most a linear function of the shares w ≥ 0, Σ w = 1 ("cuts"), so that the best
shares solve a linear programme. Its prices p ≥ 0, Σ p = 1, prove the optimum: no shares reach more than

    Σ_k p_k c_k + max_r Σ_k p_k g_kr,

which is the equivalence theorem of optimal design (J. Kiefer and J. Wolfowitz, Can. J. Math. 12, 363
(1960)) for this criterion.
"""

from typing import NamedTuple

import numpy as np

from renp._types import Reals

_MILP_SECONDS = 60.0


class Cuts(NamedTuple):
    """Upper bounds constant_k + Σ_r gain_kr w_r of the least separation."""

    gain: Reals
    """Shape (cuts, candidates): for all of the time at one candidate."""
    constant: Reals
    """Shape (cuts,)."""


class Shares(NamedTuple):
    """Shares of the time, and the proof of how good they are."""

    weights: Reals
    value: float
    """The least cut."""
    prices: Reals
    """Weight of each cut in the bound."""
    bound: float
    """What no shares exceed."""


def best_shares(cuts: Cuts) -> Shares:
    """Return the shares of time at which the least cut is largest.

    Examples
    --------
    >>> found = best_shares(Cuts(np.array([[4.0, 0.0, 1.0], [0.0, 4.0, 1.0]]), np.zeros(2)))
    >>> found.weights, found.value, found.bound
    (array([0.5, 0.5, 0. ]), 2.0, 2.0)
    """
    from scipy.optimize import linprog

    size = _size(cuts)
    number, candidates = cuts.gain.shape
    found = linprog(
        np.append(np.zeros(candidates), -1.0),
        A_ub=np.hstack([-cuts.gain / size, np.ones((number, 1))]),
        b_ub=cuts.constant / size,
        A_eq=np.append(np.ones(candidates), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0.0, None)] * candidates + [(None, None)],
        method="highs",
    )
    if found.x is None:
        raise FloatingPointError(f"the linear programme of the plan failed: {found.message}")
    weights = np.maximum(found.x[:-1], 0.0)
    weights = np.where(weights > 1e-12, weights, 0.0)
    weights /= weights.sum()
    prices = np.maximum(-found.ineqlin.marginals, 0.0)
    prices = prices / prices.sum()
    return Shares(weights, _least(cuts, weights), prices, upper_bound(cuts, prices))


def upper_bound(cuts: Cuts, prices: Reals) -> float:
    """Return what no shares exceed, as prices of the cuts prove."""
    return float(prices @ cuts.constant + np.max(prices @ cuts.gain))


def few_lines(cuts: Cuts, lines: int, least: float, time: float = 1.0) -> Shares | None:
    """Return the best shares at no more than some candidates, each with a least share if it is used.

    Parameters
    ----------
    cuts
        Bounds of the least separation.
    lines
        How many candidates at most.
    least
        Least share of a candidate that is used, at most ``time``.
    time
        Sum of the shares.

    Returns
    -------
    Shares or None
        With the bound of the mixed-integer programme; None if there are no such shares.

    Examples
    --------
    >>> cuts = Cuts(np.array([[4.0, 0.0, 1.0], [0.0, 4.0, 1.0]]), np.zeros(2))
    >>> few_lines(cuts, 1, 0.0).weights
    array([0., 0., 1.])
    """
    from scipy import optimize

    if least > time:
        return None
    size = _size(cuts)
    number, n = cuts.gain.shape
    none, one = np.zeros((n, 1)), np.eye(n)
    rows = [
        optimize.LinearConstraint(
            np.hstack([-cuts.gain / size, np.zeros((number, n)), np.ones((number, 1))]),
            -np.inf,
            cuts.constant / size,
        ),
        optimize.LinearConstraint(np.hstack([one, -time * one, none]), -np.inf, 0.0),
        optimize.LinearConstraint(np.hstack([one, -least * one, none]), 0.0, np.inf),
        optimize.LinearConstraint(np.concatenate([np.ones(n), np.zeros(n + 1)])[None], time, time),
        optimize.LinearConstraint(np.concatenate([np.zeros(n), np.ones(n), [0.0]])[None], 1, lines),
    ]
    found = optimize.milp(
        np.append(np.zeros(2 * n), -1.0),
        constraints=rows,
        integrality=np.concatenate([np.zeros(n), np.ones(n), [0.0]]),
        bounds=optimize.Bounds(
            np.append(np.zeros(2 * n), -np.inf), np.concatenate([np.full(n, time), np.ones(n), [np.inf]])
        ),
        options={"time_limit": _MILP_SECONDS, "mip_rel_gap": 1e-6},
    )
    if found.x is None:
        return None
    used = found.x[n : 2 * n] > 0.5
    weights = np.where(used, np.maximum(found.x[:n], 0.0), 0.0)
    return Shares(weights, _least(cuts, weights), np.zeros(number), -float(found.mip_dual_bound) * size)


def _least(cuts: Cuts, weights: Reals) -> float:
    return float(np.min(cuts.constant + cuts.gain @ weights))


def _size(cuts: Cuts) -> float:
    """Return a number that makes the programme's coefficients of order one."""
    return float(np.max(np.abs(cuts.gain), initial=0.0)) or 1.0
