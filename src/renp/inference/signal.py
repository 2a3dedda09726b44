"""Counts of the runs as a function of one coordinate, and where data allow it to be.

The coordinate x of the coupling that is tested changes the counts of each run to N(x) = N_0 + b x + c x². For
a coupling without a sign x is its square, x ≥ 0 and c = 0; for one that interferes x has both signs, and
there may be a second solution where c x² outweighs b x.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from renp._types import Flags, Reals
from renp.inference.accepted import along_coupling
from renp.inference.intervals import Span
from renp.inference.likelihood import Likelihood

_DECADES, _BASE = (-3.0, 5.0), 1000
"""Of x on either side of 0, in units in which some run changes by a standard deviation."""

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Among the runs, each of which is darkest and returns to its counts elsewhere: there x is dense as well."""

_STEP, _PLACES = 0.5, 16
"""In 2√N, between the places from which best fits are sought; and how many more there are."""

_ROUNDING = 1e-14
"""Of a square, which is a difference, relative to the counts."""

_NEVER = -1e300
"""The logarithm of a rate of 0, which 0 counts multiply to 0."""


class Signal(NamedTuple):
    """Expected counts of each run, null + linear x + square x²; x ≥ 0 unless it has a sign."""

    null: Reals
    linear: Reals
    square: Reals | float = 0.0
    signed: bool = False

    @classmethod
    def of(cls, likelihood: Likelihood, k: int) -> "Signal":
        """Return the counts as a function of the coordinate of coupling k, all others 0.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
        >>> weak = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
        >>> found = Signal.of(weak, 0)
        >>> bool(found.signed), (found.linear**2 / (4 * found.null * found.square)).round(6)
        (True, array([1.]))
        """
        null, linear, square = (np.asarray(part) for part in along_coupling(likelihood, k))
        if likelihood.parameters[k].kind == "magnitude":
            return cls(null, np.maximum(square, 0.0))
        square = np.where(square > _ROUNDING * null, square, 0.0)
        most = 2 * np.sqrt(null * square)  # amplitudes add, so that no rate is below 0
        return cls(null, np.clip(linear, -most, most), square, signed=True)

    @property
    def sensitive(self) -> bool:
        """Whether any run changes."""
        return bool(np.any(self.linear) or np.any(self.square))

    def mean(self, x: Reals) -> Float[np.ndarray, "x n"]:
        """Return the expected counts at each x."""
        column = x[:, None]
        counts: Reals = np.maximum(self.null + column * (self.linear + column * self.square), 0.0)
        return counts

    def log_likelihood(self, counts: Reals, x: Reals) -> Float[np.ndarray, "x outcomes"]:
        """Return ln L without what depends on the counts alone."""
        mean = self.mean(x)
        log = np.where(mean > 0, np.log(np.where(mean > 0, mean, 1.0)), _NEVER)
        # Not as a product of matrices, for which threads of a library may wait for each other.
        likelihood: Reals = np.einsum("xr,mr->xm", log, counts) - np.sum(mean, axis=1)[:, None]
        return likelihood

    def base(self) -> Reals:
        """Return x closer together than anything changes, from one end to the other."""
        change = np.sqrt(self.null) + 1
        slope = np.abs(self.linear)
        steep = slope + np.sqrt(slope**2 + 4 * self.square * change)
        side = 2 * np.min(change / np.where(steep > 0, steep, 1e-300)) * np.logspace(*_DECADES, _BASE)
        if not self.signed:
            return np.concatenate([[0.0], side])
        both = np.concatenate([-side[::-1], [0.0], side])
        square = np.broadcast_to(self.square, self.linear.shape)
        back = -self.linear[square > 0] / square[square > 0]
        centres = np.quantile(back, _QUANTILES) if back.size else np.zeros(0)
        around = np.concatenate([centres, centres / 2])[:, None] + both[:: len(_QUANTILES)]
        inside = np.abs(around) < both[-1]
        return np.unique(np.concatenate([both, around[inside]]))

    def between(self, low: float, high: float) -> "Stretch":
        """Return all x between two.

        Examples
        --------
        >>> Signal(np.array([4.0]), np.array([1.0])).between(0.0, 5.0).places(3).round(1)
        array([0. , 2.2, 5. ])
        """
        base = self.base()
        base = np.concatenate([[low], base[(base > low) & (base < high)], [high]])
        return Stretch(self, base, np.ones(len(base), dtype=bool))

    def reach(self, counts: Reals, rise: float, *, gaps: bool = False) -> "Stretch":
        """Return where −2 ln L of some data, shape (data, n), rises by no more; and what lies between."""
        base = self.base()
        seen = np.any(self.mean(base) > 0, axis=0)  # what other parameters may open says nothing of x
        height = -2 * self.log_likelihood(counts * seen, base)
        return Stretch.of(self, base, np.any(height - np.min(height, axis=0) <= rise, axis=1), gaps=gaps)

    def fitted(self, most: Reals) -> "Stretch":
        """Return where the best fits to all counts up to some are."""
        base = self.base()
        steps = base[base > 0]
        places = [0.0, *np.quantile(steps, [0.0, 0.25, 0.375]), *([base[0]] if self.signed else [])]
        mean, possible = self.mean(base), np.ones(len(base), dtype=bool)
        for there in np.maximum(self.mean(np.array(places)), 1e-300):
            rises = np.maximum(np.log(np.maximum(mean, 1e-300)) - np.log(there), 0.0)
            gained = most * rises - mean + there
            possible &= np.sum(gained, axis=1) >= 0
        return Stretch.of(self, base, possible)


class Stretch(NamedTuple):
    """Where a coordinate is looked at."""

    expected: Signal
    base: Reals
    """Close together, from the first to the last."""
    inside: Flags
    """Which of these are looked at; there may be gaps."""

    @classmethod
    def of(cls, expected: Signal, base: Reals, flags: Flags, *, gaps: bool = False) -> "Stretch":
        """Return the places with a flag, and one more on either side."""
        wider = flags.copy()
        wider[1:] |= flags[:-1]
        wider[:-1] |= flags[1:]
        some = np.flatnonzero(wider)
        part = slice(some[0], some[-1] + 1)
        return cls(expected, base[part], wider[part] | (not gaps))

    @property
    def span(self) -> Span:
        """First and last x."""
        return float(self.base[0]), float(self.base[-1])

    def places(self, number: int | None = None) -> Reals:
        """Return x from one end to the other, among which counts change evenly in standard deviations."""
        steps = np.diff(2 * np.sqrt(self.expected.mean(self.base) + 0.375), axis=0)
        apart = np.sqrt(np.sum(steps**2, axis=1)) * (self.inside[1:] & self.inside[:-1])
        length = np.concatenate([[0.0], np.cumsum(apart)])
        number = int(length[-1] / _STEP) + _PLACES if number is None else number
        even = np.interp(np.linspace(0.0, length[-1], number), length, self.base)
        return np.unique(np.concatenate([[0.0], even]) if self.base[0] <= 0 <= self.base[-1] else even)
