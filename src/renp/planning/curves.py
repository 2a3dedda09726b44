"""Where the χ² of counts along one coupling is least, or allowed at last, on one side of 0.

The χ² of one run is least where N(x) = n and largest where N is least: beyond the last of these places in any
run, that of all runs only rises.
"""

from typing import NamedTuple

import numpy as np

from renp._types import Reals
from renp.inference.quadratic_set import Along

_PIECES = 8
"""Into how many pieces the distance of two neighbouring places is divided to find a minimum in it."""

_PLACES = 64
"""More places than these are thinned out: only equal times at all photon energies have so many."""

_HALVINGS = 60

CANCELLED = 1e-15
"""Least counts relative to those of the truth: where amplitudes cancel, the χ² stays finite."""

_ENDLESS = 1e30
"""Coordinate, of order one where runs matter, beyond which nothing is sought."""


class Counted(NamedTuple):
    """Runs with counts, and what a curve expects in them."""

    curve: Along
    counts: Reals

    def chi2(self, x: Reals | float) -> Reals:
        """Return the χ² at coordinates."""
        total: Reals = np.sum(deviance(self.curve.at(x), self.counts, CANCELLED), axis=-1)
        return total

    def lowest(self, side: float, near: float = 0.0) -> float:
        """Return the coordinate on one side of 0, at ``near`` or further, at which the χ² is least.

        Examples
        --------
        >>> one = np.ones(1)
        >>> mirrored = Counted(Along(100 * one, -20 * one, 2 * one), 100 * one)
        >>> mirrored.lowest(1.0, 3.0), mirrored.lowest(1.0, 11.0)
        (10.0, 11.0)
        """
        lows = self._lows(side, near)
        return float(lows[np.argmin(self.chi2(lows))])

    def outermost(self, side: float, most: float) -> float:
        """Return the last coordinate on one side of 0 at which the χ² is at most that; 0 if there is none.

        Examples
        --------
        >>> one = np.ones(1)
        >>> mirrored = Counted(Along(100 * one, -20 * one, 2 * one), 100 * one)
        >>> end = mirrored.outermost(1.0, 2.7)
        >>> end > 10, round(float(mirrored.chi2(end)), 9)
        (True, 2.7)
        """
        lows = self._lows(side, 0.0)
        allowed = np.flatnonzero(self.chi2(lows) <= most)
        if not allowed.size:
            return 0.0
        # From the last minimum that is allowed the χ² rises, and falls to none that is.
        inside = float(lows[allowed[-1]])
        step = max(abs(inside), 1.0)
        outside = float(lows[allowed[-1] + 1]) if allowed[-1] + 1 < lows.size else inside + side * step
        while self.chi2(outside) <= most:
            step *= 2
            inside, outside = outside, outside + side * step
            if step > _ENDLESS:
                return side * np.inf
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self.chi2(middle) <= most else (inside, middle)
        return inside

    def _lows(self, side: float, near: float) -> Reals:
        """Return ``near`` and the minima of the χ² beyond, from near to far."""
        a, b, c = self.curve.null, side * self.curve.linear, self.curve.square
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(np.maximum(b**2 - 4 * c * (a - self.counts), 0.0))
            bent = [(-b - root) / (2 * c), -b / (2 * c), (-b + root) / (2 * c)]
            places = np.concatenate([*bent, np.where(c == 0, (self.counts - a) / b, np.nan)])
        start = side * near
        places = np.unique(places[np.isfinite(places) & (places > start)])
        if not places.size:
            return np.array([near])
        if places.size > _PLACES:
            places = places[np.linspace(0, places.size - 1, _PLACES).astype(int)]
        ends = np.concatenate([[start], places])
        pieces = np.arange(_PIECES) / _PIECES
        y = np.append((ends[:-1, None] + np.diff(ends)[:, None] * pieces).ravel(), ends[-1])
        slopes = self._slope(side * y) * side
        falls = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
        low, high = y[falls], y[falls + 1]
        for _ in range(_HALVINGS if falls.size else 0):
            middle = (low + high) / 2
            falling = self._slope(side * middle) * side < 0
            low, high = np.where(falling, middle, low), np.where(falling, high, middle)
        return side * np.append(start, high)

    def _slope(self, x: Reals) -> Reals:
        """Return half the derivative of the χ² at coordinates."""
        expected = self.curve.at(x)
        slopes = self.curve.linear + 2 * x[:, None] * self.curve.square
        safe = np.maximum(expected, CANCELLED * (1 + self.counts))
        half: Reals = np.sum((1 - self.counts / safe) * slopes, axis=-1)
        return half


def deviance(expected: Reals, counts: Reals, least: float) -> Reals:
    """Return what each run adds to the χ², as `renp.inference.poisson.deviance`, of which this is the NumPy.

    Parameters
    ----------
    expected, counts
        Of runs, or rates of them.
    least
        What is expected relative to the counts, at least.
    """
    safe = np.maximum(expected, least * counts)
    seen = counts > 0
    excess = np.divide(safe - counts, counts, out=np.zeros(np.shape(safe)), where=seen)
    each: Reals = 2 * np.where(seen, counts * (excess - np.log1p(excess)), safe)
    return np.maximum(each, 0.0)
