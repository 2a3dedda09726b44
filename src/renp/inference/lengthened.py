"""Unified intervals of one run whose upper end may not grow with the background.

Source: G. J. Feldman and R. D. Cousins, Phys. Rev. D 57 (1998) 3873, Sec. IV C.
"""

import numpy as np
from scipy import special

from renp._types import Flags, Reals
from renp.inference.outcomes import SAME, TAIL, Outcomes

_MORE, _STEP, _TOGETHER, _HALVINGS = 10.0, 0.005, 50, 12
"""Backgrounds that are tried, up to how many more counts and in which steps."""

_BEYOND = np.concatenate([1 + np.logspace(-4, -1.5, 16), np.linspace(1.04, 1.3, 14)])


def lengthened_end(one: Outcomes, upper: float, confidence_level: float) -> float:
    """Return the end of a unified interval of one run, where it may not grow with the background.

    Intervals are lengthened until the upper end, for given counts, is a function of the background that does
    not increase.

    Examples
    --------
    >>> from renp.inference.few_counts import limits
    >>> from renp.inference.outcomes import observed
    >>> from renp.inference.signal import Signal
    >>> runs = Signal(np.array([3.0]), np.array([1.0]))
    >>> [(_, upper)] = limits(runs, np.array([0.0]), "feldman-cousins", 0.90).accepted
    >>> round(upper, 2), round(lengthened_end(observed(runs, [0.0]), upper, 0.90), 2)
    (0.95, 1.08)
    """
    counts, unit = float(one.counts[0, 0]), float(one.expected.linear[0])
    start, end = float(one.expected.null[0]), upper * unit

    def further(background: Reals, end: float) -> Reals:
        """Return for each background the end, if it is further away than this one."""
        signals = end * _BEYOND
        inside = _unified(counts, background, signals, confidence_level)
        last = len(signals) - 1 - np.argmax(inside[:, ::-1], axis=1)
        return np.where(np.any(inside, axis=1), signals[last], end)

    steps: Reals = start + _STEP * np.arange(1.0, round(_MORE / _STEP))
    while len(steps):
        there = further(steps[:_TOGETHER], end)
        jumps = np.flatnonzero(there > end)
        if not jumps.size:
            steps = steps[_TOGETHER:]
            continue
        # Between its jumps the end falls with the background: it is furthest where it has jumped.
        above, end, steps = steps[jumps[0]], there[jumps[0]], steps[jumps[0] + 1 :]
        below = above - _STEP
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            to = further(np.array([middle]), end)[0]
            below, above, end = (below, middle, to) if to > end else (middle, above, end)
    return float(end / unit)


def _unified(counts: float, background: Reals, signal: Reals, confidence_level: float) -> Flags:
    """Return which signals the counts of one run accept with each background, all outcomes taken together."""
    from scipy.stats import poisson

    most = poisson.isf(TAIL, background[-1] + signal[-1])
    n = np.arange(max(most, counts) + 1)
    mean = (background[:, None] + signal)[..., None]
    best = np.maximum(n, background[:, None])[:, None, :]
    rise = 2 * (mean - best + special.xlogy(n, best / mean))
    mine = rise[..., [int(counts)]]
    likely = np.exp(special.xlogy(n, mean) - mean - special.gammaln(n + 1))
    return np.asarray(np.sum(likely * (rise < mine - SAME * (1 + mine)), axis=-1) < confidence_level)
