"""Pairs of a truth and a hypothesis that a plan is to tell apart, and how far runs separate them.

For Asimov data of the truth, the least χ² of the tested hypothesis is

    D(t) = min_ν Σ_r t_r d_r(ν) + |ν − ν_0|²,    d_r = 2 [N_r − n_r + n_r ln(n_r/N_r)],

with n_r and N_r the rates of truth and hypothesis at photon energy r, t_r the time there, and ν what is
profiled. It is linear in the times at fixed ν: D is concave in them, and every ν gives an upper bound. No
approximation is made of the Poisson likelihood.

A limit L has to exclude every size beyond it, of either sign: interference can bring the counts back. So the
size belongs to ν there, anywhere from L on, and the D of a limit is the least of them all.
"""

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from renp._types import Reals
from renp.inference.parameters import Parameter, coordinate
from renp.inference.quadratic_set import Along
from renp.planning.curves import CANCELLED, Counted, deviance
from renp.planning.rates import Signal

_PRECISE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast(abc.ABC):
    """A truth, and a hypothesis that may depend on a size which a plan makes as small as possible."""

    name: tuple[str, ...]
    truth: Reals
    """Rate of counts of the truth at each candidate, 1/s."""
    parameter: Parameter | None = None
    """What has the size; None for a hypothesis without one."""
    held: int = 0
    """Its place."""
    centre: float = 0.0
    """Its value where the size is 0."""
    direction: float = 1.0
    """What the size is multiplied by, of either sign."""

    @abc.abstractmethod
    def at(self, energies: Reals) -> "Contrast":
        """Return the contrast for other candidates."""

    @abc.abstractmethod
    def extended(self, energies: Reals) -> "Contrast":
        """Return the contrast for more candidates."""

    @abc.abstractmethod
    def gain(self, x: Reals) -> Reals:
        """Return d_r at a point of the hypothesis, 1/s, for all candidates."""

    @abc.abstractmethod
    def constant(self, x: Reals) -> float:
        """Return what does not depend on the times: external measurements, and runs made before."""

    @abc.abstractmethod
    def least(self, times: Reals, size: float, also: Sequence[Reals] = ()) -> Reals:
        """Return the point of the hypothesis that is hardest to tell from the truth with these times.

        Parameters
        ----------
        times
            At each candidate, s.
        size
            Of the parameter; for a limit, the least size. A point for which it is the least has 0 there, with
            the sign of the side, and is one for other sizes, too.
        also
            Points to start from besides the contrast's own.
        """

    def separation(self, times: Reals, x: Reals) -> float:
        """Return D for times at the candidates, at a point of the hypothesis."""
        return self.constant(x) + float(times @ self.gain(x))

    @abc.abstractmethod
    def end(self, times: Reals, rise: float, start: float) -> float:
        """Return the size that D excludes at ``rise``, of a limit with all beyond; infinite if none is."""

    @property
    def beyond(self) -> bool:
        """Whether all larger sizes are tested with each, as for limits."""
        return self.parameter is not None and self.parameter.kind in ("coupling", "magnitude")

    @property
    def unit(self) -> float:
        """A size that matters."""
        return 1.0 if self.parameter is None else abs(float(self.parameter.plus / self.direction))

    def possible(self, size: float) -> bool:
        """Return whether the parameter can have the size."""
        if self.parameter is None or self.beyond:
            return True
        of = self.parameter
        return bool(of.low * of.plus <= self.centre + size * self.direction <= of.high * of.plus)

    def reach_of(self, size: float) -> float:
        """Return the coordinate that has the size; for a limit, its distance from 0."""
        assert self.parameter is not None
        return coordinate(self.parameter, self.centre + size * self.direction)

    def sized(self, x: Reals, size: float) -> Reals:
        """Return points with the size; for a limit, with the larger one that they may have."""
        if self.parameter is None:
            return x
        moved: Reals = np.array(x, dtype=float)
        here, there = moved[..., self.held], self.reach_of(size)
        moved[..., self.held] = np.copysign(np.maximum(np.abs(here), there), here) if self.beyond else there
        return moved

    def marked(self, x: Reals, size: float) -> Reals:
        """Return a point of a limit, with 0 of the same sign if its size is the least."""
        marked: Reals = np.array(x, dtype=float)
        if abs(marked[self.held]) <= self.reach_of(size) * (1 + _PRECISE):
            marked[self.held] = np.copysign(0.0, marked[self.held])
        return marked


def sides_of(parameter: Parameter) -> tuple[float, ...]:
    """Return the signs that a coupling may have."""
    return (1.0, -1.0) if parameter.kind == "coupling" else (1.0,)


@dataclass(frozen=True, eq=False, kw_only=True)
class Alone(Contrast):
    """The contrast of one coupling with nothing else uncertain: all of it is known without a search."""

    parameter: Parameter
    signal: Signal
    curve: Along
    """Of the rates at the candidates."""
    best: float
    """Coordinate of the truth."""
    done: Counted | None
    of_truth: float
    """χ² of the truth in the runs made before."""

    def at(self, energies: Reals) -> "Alone":
        """Return the contrast for other candidates."""
        curve = self.signal.rates(energies)
        return replace(self, curve=curve, truth=curve.at(self.best))

    def extended(self, energies: Reals) -> "Alone":
        """Return the contrast for more candidates."""
        curve = self.curve.joined(self.signal.rates(energies))
        return replace(self, curve=curve, truth=curve.at(self.best))

    def gain(self, x: Reals) -> Reals:
        """Return d_r, 1/s."""
        return deviance(self.curve.at(x[0]), self.truth, CANCELLED)

    def constant(self, x: Reals) -> float:
        """Return the χ² of the runs made before, above that of the truth."""
        return 0.0 if self.done is None else float(self.done.chi2(x[0])) - self.of_truth

    def least(self, times: Reals, size: float, _also: Sequence[Reals] = ()) -> Reals:
        """Return the coordinate that is hardest to tell from that of the truth."""
        counted, nearest = self._counted(times), self.reach_of(size)
        lows = np.array([counted.lowest(side, side * nearest) for side in sides_of(self.parameter)])
        low = lows[np.argmin(counted.chi2(lows))]
        return self.marked(np.array([low]), size)

    def end(self, times: Reals, rise: float, _start: float) -> float:
        """Return the limit: the last size that is not excluded."""
        counted = self._counted(times)
        end = max(abs(counted.outermost(side, rise + self.of_truth)) for side in sides_of(self.parameter))
        return self.unit * (math.sqrt(end) if self.parameter.kind == "magnitude" else end)

    def _counted(self, times: Reals) -> Counted:
        rows = np.flatnonzero(times)
        curve, counts = self.curve.rows(rows).during(times[rows]), times[rows] * self.truth[rows]
        if self.done is None:
            return Counted(curve, counts)
        return Counted(curve.joined(self.done.curve), np.concatenate([counts, self.done.counts]))
