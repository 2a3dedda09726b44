"""Pairs of a truth and a hypothesis that a plan is to tell apart, and how far runs separate them.

For Asimov data of the truth, the least χ² of the tested hypothesis is

    D(t) = min_ν Σ_r t_r d_r(ν) + |ν − ν_0|²,    d_r = 2 [N_r − n_r + n_r ln(n_r/N_r)],

with n_r and N_r the rates of truth and hypothesis at photon energy r, t_r the time there, and ν what is
profiled. It is linear in the times at fixed ν: D is concave in them, and every ν gives an upper bound. No
approximation is made of the Poisson likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from renp._types import Reals
from renp.experiment import Experiment
from renp.inference.likelihood import Data, Likelihood, Point
from renp.inference.newton import Minimum, minimise
from renp.inference.parameters import coordinate
from renp.inference.poisson import chi2
from renp.runs import Runs

_DARK = 1e-4
"""Least rate of a hypothesis relative to the truth. Where it allows nothing a single count would exclude it;
but that count may not come, of which Asimov data know nothing."""

_PADDED = 8
"""Runs are filled up to multiples of this, so that little is compiled."""


class Done(NamedTuple):
    """Runs that were made before, as a contrast sees them."""

    tested: Likelihood
    counts: Float[Array, "n"]
    """Observed, or expected for the truth."""
    of_truth: float
    """χ² of the truth, with its pulls."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """A truth, and a hypothesis that may depend on a size which a plan makes as small as possible."""

    name: tuple[str, ...]
    truth: Reals
    """Rate of counts of the truth at each candidate, 1/s."""
    true: Likelihood
    """Of the candidates."""
    true_point: Point
    tested: Likelihood
    """Of the candidates."""
    starts: Reals
    """Where the search for the least χ² begins; shape (m, p)."""
    moves: NDArray[np.bool_]
    held: int | None = None
    """Place of the parameter that has the size; None for a hypothesis without one."""
    centre: float = 0.0
    """Its value where the size is 0."""
    best: float = 0.0
    """Its value in the truth: nothing between the centre and this value counts as excluded."""
    direction: float = 1.0
    """What the size is multiplied by, of either sign."""
    done: Done | None = None
    line: tuple[Reals, Reals] | None = None
    """Rates at coordinate 0 of a magnitude, and what they gain for 1, if nothing else moves; else None."""

    def __post_init__(self) -> None:
        if self.held is None or np.any(self.moves) or self.tested.parameters[self.held].kind != "magnitude":
            return
        unit = np.zeros_like(self.starts[0])
        unit[self.held] = 1.0
        without, with_ = (rates(self.tested, jnp.asarray(x)) for x in (0 * unit, unit))
        object.__setattr__(self, "line", (without, with_ - without))

    def at(self, experiment: Experiment) -> "Contrast":
        """Return the contrast for other candidates."""
        true, tested = self.true.with_runs(experiment), self.tested.with_runs(experiment)
        return replace(self, true=true, tested=tested, truth=rates(true, self.true_point))

    def joined(self, other: "Contrast", order: NDArray[np.intp]) -> "Contrast":
        """Return the contrast for the candidates of both, in an order."""
        tested = _joined(self.tested, other.tested, order)
        true = _joined(self.true, other.true, order)
        truth = np.concatenate([self.truth, other.truth])[order]
        return replace(self, true=true, tested=tested, truth=truth)

    def sized(self, x: Reals, size: float) -> Reals:
        """Return a point with the size that is held."""
        if self.held is None:
            return x
        value = self._value(size)
        moved: Reals = np.array(x, dtype=float)
        moved[..., self.held] = coordinate(self.tested.parameters[self.held], value)
        return moved

    def possible(self, size: float) -> bool:
        """Return whether the parameter can have the size."""
        if self.held is None:
            return True
        parameter, value = self.tested.parameters[self.held], self._value(size)
        if parameter.kind == "magnitude":
            return value >= 0
        return bool(parameter.low * parameter.plus <= value <= parameter.high * parameter.plus)

    def _value(self, size: float) -> float:
        least = (self.best - self.centre) / self.direction
        return self.centre + max(size, least) * self.direction

    def gain(self, x: Reals, rows: NDArray[np.intp] | slice = slice(None)) -> Reals:
        """Return d_r at a point of the hypothesis, 1/s; of some candidates."""
        if self.line is not None and self.held is not None:
            without, unit = self.line
            return _gain(without[rows] + x[self.held] * unit[rows], self.truth[rows])
        return _gain(rates(self.tested, jnp.asarray(x))[rows], self.truth[rows])

    def separation(self, times: Reals, x: Reals) -> float:
        """Return D for times at the candidates, at a point of the hypothesis."""
        rows = np.flatnonzero(times)
        return self.constant(x) + float(times[rows] @ self.gain(x, rows))

    def constant(self, x: Reals) -> float:
        """Return what does not depend on the times: external measurements, and runs made before."""
        pulls = x[list(self.tested.constrained)]
        before = 0.0
        if self.done is not None:
            expected = self.done.tested.expected(jnp.asarray(x))
            before = float(chi2(expected, self.done.counts)) - self.done.of_truth
        return float(np.sum(pulls**2)) + before

    def least(self, times: Reals, size: float, also: Sequence[Reals] = ()) -> Reals:
        """Return the point of the hypothesis that is hardest to tell from the truth with these times.

        Parameters
        ----------
        times
            At each candidate, s.
        size
            Of the parameter that is held.
        also
            Points to start from besides the contrast's own.
        """
        starts = self.sized(np.array([*self.starts, *also[-1:]]), size)
        if not np.any(self.moves):
            alone: Reals = starts[0]
            return alone
        likelihood, data = self._selected(times)
        moves = jnp.asarray(self.moves)
        best: Reals = np.asarray(_least_of(_minima(likelihood, data, jnp.asarray(starts), moves)))
        return best

    def _selected(self, times: Reals) -> tuple[Likelihood, Data]:
        """Return likelihood and Asimov data of the runs with time, and of those made before."""
        rows = np.flatnonzero(times)
        size = _PADDED * (1 + (rows.size - 1) // _PADDED)
        rows = np.append(rows, np.repeat(rows[:1], size - rows.size))
        durations = np.where(np.arange(size) < np.count_nonzero(times), times[rows], 0.0)
        likelihood = _with_times(_rows(self.tested, rows), durations)
        counts = jnp.asarray(durations * self.truth[rows])
        if self.done is not None:
            every = np.arange(size + len(self.done.counts))
            likelihood = _joined(likelihood, self.done.tested, every)
            counts = jnp.concatenate([counts, self.done.counts])
        return likelihood, Data(counts, jnp.zeros(len(likelihood.constrained)))


def _gain(tested: Reals, truth: Reals) -> Reals:
    # `renp.inference.poisson.deviance`, in NumPy: it is called very often, for few numbers.
    safe = np.maximum(tested, _DARK * truth)
    seen = truth > 0
    excess = np.divide(safe - truth, truth, out=np.zeros_like(truth), where=seen)
    gain: Reals = 2 * np.where(seen, truth * (excess - np.log1p(excess)), safe)
    return np.maximum(gain, 0.0)


def best_fit(likelihood: Likelihood, counts: Float[Array, "n"], starts: Reals) -> Point:
    """Return the point of a likelihood at which the χ² of counts is least."""
    data = Data(counts, jnp.zeros(len(likelihood.constrained)))
    moves = jnp.ones(len(likelihood.parameters), dtype=bool)
    return _least_of(_minima(likelihood, data, jnp.asarray(starts), moves))


def _least_of(found: Minimum) -> Point:
    chi2 = np.where(np.isnan(found.chi2), np.inf, found.chi2)
    return found.x[int(np.argmin(chi2))]


def rates(likelihood: Likelihood, x: Point) -> Reals:
    """Return the rates of counts at the candidates, 1/s."""
    found: Reals = np.asarray(_expected(likelihood, x)) / np.asarray(likelihood.experiment.runs.duration)
    return found


@jax.jit
def _expected(likelihood: Likelihood, x: Point) -> Float[Array, "n"]:
    return likelihood.expected(x)


@jax.jit
def _minima(likelihood: Likelihood, data: Data, starts: Any, moves: Any) -> Minimum:
    return jax.vmap(lambda x: minimise(likelihood, data, x, moves, 200))(starts)


def _rows(likelihood: Likelihood, rows: NDArray[np.intp]) -> Likelihood:
    response = likelihood.response
    some = None if response is None else np.asarray(response)[rows]
    return _replaced(likelihood, likelihood.experiment.runs.rows(rows), some)


def _joined(one: Likelihood, other: Likelihood, order: NDArray[np.intp]) -> Likelihood:
    both = None if one.response is None else np.concatenate([one.response, other.response])[order]
    return _replaced(one, one.experiment.runs.joined(other.experiment.runs).rows(order), both)


def _with_times(likelihood: Likelihood, times: Reals) -> Likelihood:
    other: Likelihood = eqx.tree_at(lambda one: one.experiment.runs.duration, likelihood, times)
    return other


def _replaced(likelihood: Likelihood, runs: Runs, response: Any) -> Likelihood:
    other: Likelihood = eqx.tree_at(
        lambda one: (one.experiment.runs, one.response),
        likelihood,
        (runs, response),
        is_leaf=lambda x: x is None,
    )
    return other
