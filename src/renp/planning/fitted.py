"""Contrasts in which something else than the size is fitted, or changes the kinematics."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.compiled import compiled
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.newton import Minimum, minimise
from renp.inference.poisson import chi2
from renp.inference.starts import returns
from renp.planning.contrasts import Contrast, sides_of
from renp.planning.curves import CANCELLED, deviance
from renp.planning.rates import Rates, joined

_DARK = 1e-4
"""Least rate of a hypothesis relative to the truth. Where it allows nothing a single count would exclude it;
but that count may not come, of which Asimov data know nothing."""

_FAR = 120.0
"""In the logarithm of a size: beyond, none is sought."""

_FIRST_STEP = 0.05
_NEARER = 0.01
"""Part of a phase's error from which it is sought: what a phase changes returns to nothing."""

_PRECISE = 1e-9


class Done(NamedTuple):
    """Runs that were made before, as a contrast sees them."""

    tested: Likelihood
    counts: Float[Array, "n"]
    """Observed, or expected for the truth."""
    of_truth: float
    """χ² of the truth, with its pulls."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted(Contrast):
    """A contrast in which something else than the size is fitted, or changes the kinematics."""

    true: Rates
    true_point: Point
    tested: Rates
    starts: Reals
    """Where the search for the least χ² begins; shape (m, p)."""
    done: Done | None = None
    known: dict[bytes, Reals] = field(default_factory=dict, init=False)
    """Gains by the point."""

    def at(self, energies: Reals) -> "Fitted":
        """Return the contrast for other candidates."""
        return self._with(self.true.at(energies), self.tested.at(energies))

    def extended(self, energies: Reals) -> "Fitted":
        """Return the contrast for more candidates."""
        return self._with(self.true.extended(energies), self.tested.extended(energies))

    def _with(self, true: Rates, tested: Rates) -> "Fitted":
        return replace(self, true=true, tested=tested, truth=true.values(self.true_point))

    def gain(self, x: Reals) -> Reals:
        """Return d_r, 1/s."""
        point = np.asarray(x).tobytes()
        if point not in self.known:
            least = CANCELLED if self.beyond else _DARK
            self.known[point] = deviance(self.tested.values(x), self.truth, least)
        return self.known[point]

    def constant(self, x: Reals) -> float:
        """Return pulls, and the χ² of the runs made before above that of the truth."""
        pulls = x[list(self.tested.parts[0].constrained)]
        before = 0.0
        if self.done is not None:
            before = float(_chi2(self.done.tested, jnp.asarray(x), self.done.counts)) - self.done.of_truth
        return float(np.sum(pulls**2)) + before

    def least(self, times: Reals, size: float, also: Sequence[Reals] = ()) -> Reals:
        """Return the point that is hardest to tell from the truth, of several minima."""
        likelihood, data = self._selected(times)
        starts = np.array([*self.starts, *also[-1:]])
        if self.beyond:
            return self._least_beyond(likelihood, data, starts, size)
        starts = self.sized(starts, size)
        moves = np.arange(starts.shape[1]) != (-1 if self.parameter is None else self.held)
        if not np.any(moves):
            alone: Reals = starts[0]
            return alone
        return np.asarray(least_of(_minima(likelihood, data, jnp.asarray(starts), jnp.asarray(moves))))

    def _least_beyond(self, likelihood: Likelihood, data: Data, starts: Reals, size: float) -> Reals:
        """Return the best point with the size or a larger one, on either side."""
        assert self.parameter is not None
        k, nearest = self.held, self.reach_of(size)
        starts = np.concatenate([starts, np.asarray(_returns(likelihood, k))])
        minima = []
        for side in sides_of(self.parameter):
            there = starts.copy()
            there[:, k] = side * np.maximum(side * starts[:, k], nearest)
            ends = tuple(sorted((side * nearest, side * np.inf)))
            within = eqx.tree_at(
                lambda one: (one.parameters[k].low, one.parameters[k].high), likelihood, ends
            )
            all_move = jnp.ones(there.shape[1], dtype=bool)
            minima.append(_minima(within, data, jnp.asarray(there), all_move))
        both = jax.tree.map(lambda *each: jnp.concatenate(each), *minima)
        return self.marked(np.asarray(least_of(both)), size)

    def end(self, times: Reals, rise: float, start: float) -> float:
        """Return the size at which D rises to what excludes; of a phase, for the first time."""
        from scipy.optimize import brentq

        def miss(log_size: float) -> float:
            size = float(np.exp(log_size))
            if not self.possible(size):
                return 1.0
            x = self.sized(self.least(times, size), size)
            return self.separation(times, x) / rise - 1

        turns = self.parameter is not None and self.parameter.unit == "rad"
        first = np.log(_NEARER * start if turns else start)
        low = high = first
        step, here = _FIRST_STEP, miss(first)
        if not turns and abs(here) < _PRECISE:
            return start
        if here > 0:
            while miss(low) > 0:
                low, step = low - step, 2 * step
                if first - low > _FAR:
                    return 0.0
        else:
            while miss(high) < 0:
                high, step = high + step, 2 * step
                if high - first > _FAR:
                    return float("inf")
        return float(np.exp(brentq(miss, low, high, xtol=1e-12, rtol=1e-12)))

    def _selected(self, times: Reals) -> tuple[Likelihood, Data]:
        """Return likelihood and Asimov data of the runs with time, and of those made before."""
        rows = np.flatnonzero(times)
        likelihood = self.tested.during(times)
        counts = np.zeros(len(likelihood.experiment.runs))
        counts[: rows.size] = times[rows] * self.truth[rows]
        if self.done is not None:
            likelihood = joined(likelihood, self.done.tested)
            counts = np.concatenate([counts, self.done.counts])
        return likelihood, Data(jnp.asarray(counts), jnp.zeros(len(likelihood.constrained)))


def best_fit(likelihood: Likelihood, counts: Float[Array, "n"], starts: Reals) -> Point:
    """Return the point of a likelihood at which the χ² of counts is least."""
    data = Data(counts, jnp.zeros(len(likelihood.constrained)))
    moves = jnp.ones(len(likelihood.parameters), dtype=bool)
    return least_of(_minima(likelihood, data, jnp.asarray(starts), moves))


def least_of(found: Minimum) -> Point:
    """Return the best of several minima."""
    each = np.where(np.isnan(found.chi2), np.inf, found.chi2)
    return found.x[int(np.argmin(each))]


@compiled
def _chi2(likelihood: Likelihood, x: Point, counts: Float[Array, "n"]) -> Float[Array, ""]:
    return chi2(likelihood.expected(x), counts)


@compiled
def _minima(likelihood: Likelihood, data: Data, starts: Any, moves: Any) -> Minimum:
    return jax.vmap(lambda x: minimise(likelihood, data, x, moves, 200))(starts)


@compiled
def _returns(likelihood: Likelihood, k: int) -> Float[Array, "s p"]:
    return returns(likelihood, likelihood.nominal, k)
