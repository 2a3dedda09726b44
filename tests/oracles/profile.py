"""Profiles of a χ² of counts that are linear in magnitudes squared, by brute force: SciPy, and no Newton.

Counts are null + Σ_k u_k signal_k with u_k ≥ 0, so that the χ² is convex: minima by a bounded quasi-Newton
search, and where a profile has risen by bisection.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Reals = NDArray[np.float64]


def chi2(u: Reals, null: Reals, signals: Reals, counts: Reals) -> float:
    """Return 2 Σ [N − n + n ln(n/N)] of the squares u, shape (k,), of signals of shape (k, runs)."""
    expected = null + u @ signals
    return float(2 * np.sum(expected - counts + special.xlogy(counts, counts / expected)))


def least(
    null: Reals,
    signals: Reals,
    counts: Reals,
    held: dict[int, float] | None = None,
    within: Sequence[Reals] = (),
) -> float:
    """Return the least χ² with some squares held, and with w·u ≤ 1 for each w of ``within``."""
    held = held or {}
    scale = (1 + np.sqrt(counts.sum())) / signals.sum(axis=1)
    free = np.array([k for k in range(len(signals)) if k not in held], dtype=int)

    def whole(x: Reals) -> Reals:
        u = np.zeros(len(signals))
        u[free] = x * scale[free]
        u[list(held)] = list(held.values())
        return u

    def value(x: Reals) -> tuple[float, Reals]:
        pull = 1 - counts / (null + whole(x) @ signals)
        return chi2(whole(x), null, signals, counts), 2 * scale[free] * (signals[free] @ pull)

    if not free.size:
        return value(np.zeros(0))[0]
    bounds = [(0, None)] * free.size
    if not within:
        options: dict[str, Any] = {"maxiter": 10_000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 30}
        found = optimize.minimize(value, np.ones(free.size), jac=True, bounds=bounds, options=options)
        return float(found.fun)
    weights = np.array(within)
    limits = {
        "type": "ineq",
        "fun": lambda x: 1 - weights @ whole(x),
        "jac": lambda _: -weights[:, free] * scale[free],
    }
    most = (1 - weights @ whole(np.zeros(free.size))) / (weights[:, free] @ scale[free])
    start = np.full(free.size, min(0.1, *(most / 2)))
    found = optimize.minimize(
        value,
        start,
        jac=True,
        bounds=bounds,
        constraints=[limits],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return float(found.fun)


def risen(profile: Callable[[float], float], target: float, start: float) -> float:
    """Return where a convex function of a square reaches a target above its least value, by bisection."""
    near = float(optimize.minimize_scalar(profile, bounds=(0, 20 * start), method="bounded").x)
    far = near + start
    while profile(far) < target:
        far = near + 2 * (far - near)
    return float(optimize.brentq(lambda u: profile(u) - target, near, far, xtol=1e-300, rtol=1e-12))
