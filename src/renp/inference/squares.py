"""Counts N + s Q where nothing interferes, s ≥ 0 the square of a coupling: χ² is convex in s.

In NumPy, for thousands of data sets at once: rows of shape (m, runs).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from renp._types import Reals

_BISECTIONS = 80


def chi2_of_rows(expected: Reals, counts: Reals) -> Reals:
    """Return the Poisson χ² of each row, shape (m,).

    Examples
    --------
    >>> chi2_of_rows(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0]]))
    array([0.])
    """
    N = np.maximum(expected, 1e-300)
    found: Reals = 2 * np.sum(N - counts + xlogy(counts, counts / N), axis=-1)
    return found


def best_square(null: Reals, square: Reals, counts: Reals) -> Reals:
    """Return s of the least χ² of each row, shape (m,).

    Examples
    --------
    >>> best_square(*np.array([[[10.0]], [[2.0]], [[16.0]]])).round(9)
    array([3.])
    """

    def falls(s: Reals) -> NDArray[np.bool_]:
        expected = np.maximum(null + s[:, None] * square, 1e-300)
        found: NDArray[np.bool_] = np.sum(square * (1 - counts / expected), axis=1) < 0
        return found

    return _last(falls, np.zeros(len(null)), 1e3 * _unit(null, square, counts, 0.0))


def furthest_square(null: Reals, square: Reals, counts: Reals, rise: float) -> Reals:
    """Return √s up to which each row accepts, shape (m,); infinite where no run is sensitive.

    Examples
    --------
    >>> furthest_square(*np.array([[[10.0]], [[2.0]], [[10.0]]]), rise=2.71).round(4)
    array([1.7529])
    """
    best = best_square(null, square, counts)
    top = chi2_of_rows(null + best[:, None] * square, counts) + rise
    highest = best + 1e3 * _unit(null, square, counts, rise)
    furthest = _last(lambda s: chi2_of_rows(null + s[:, None] * square, counts) < top, best, highest)
    return np.where(np.sum(square, axis=1) > 0, np.sqrt(furthest), np.inf)


def _unit(null: Reals, square: Reals, counts: Reals, rise: float) -> Reals:
    sums = np.sum(square, axis=1)
    size = (np.sum(null + counts, axis=1) + rise) / np.where(sums > 0, sums, 1.0)
    return np.where(sums > 0, size, 1.0)


def _last(holds: Callable[[Reals], NDArray[np.bool_]], low: Reals, high: Reals) -> Reals:
    """Return the last numbers at which something holds that holds up to them, by bisection."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = holds(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low
