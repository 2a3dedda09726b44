"""Rates of counts at many photon energies, in blocks of one length, so that little is compiled."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp.experiment import Experiment, expected_counts, signal_counts
from renp.inference.likelihood import Likelihood, Point
from renp.inference.parameters import Parameter
from renp.inference.quadratic_set import Along
from renp.interactions.couplings import Interaction, Scaled
from renp.neutrinos import Neutrinos
from renp.runs import Runs

BLOCK = 128
"""Photon energies whose rates are computed at once."""

_PADDED = 8
"""Runs of a likelihood are filled up to multiples of this, for the same reason."""


@dataclass(frozen=True, eq=False)
class Rates:
    """A likelihood of the candidates, in blocks of the same length."""

    parts: tuple[Likelihood, ...]
    taken: NDArray[np.intp]
    """Places of the candidates among the runs of all blocks."""
    known: dict[bytes, "Rates"] = field(default_factory=dict)
    """Those of other photon energies, and of both together, which several contrasts ask for."""

    @classmethod
    def of(cls, likelihood: Likelihood, energies: Reals) -> "Rates":
        """Return those of photon energies, of runs like the first of a likelihood."""
        parts = tuple(likelihood.with_runs(runs) for runs in blocks(likelihood.experiment, energies))
        return cls(parts, np.arange(energies.size))

    def at(self, energies: Reals) -> "Rates":
        """Return those of other photon energies."""
        key = energies.tobytes()
        if key not in self.known:
            self.known[key] = Rates.of(self.parts[0], energies)
        return self.known[key]

    def extended(self, energies: Reals) -> "Rates":
        """Return those of other photon energies besides."""
        key = b"also " + energies.tobytes()
        if key not in self.known:
            other = self.at(energies)
            taken = np.concatenate([self.taken, BLOCK * len(self.parts) + other.taken])
            self.known[key] = Rates((*self.parts, *other.parts), taken)
        return self.known[key]

    def values(self, x: Point | Reals) -> Reals:
        """Return the rates of counts at a point of the likelihood, 1/s."""
        each = [np.asarray(part.expected(np.asarray(x))) for part in self.parts]
        rates: Reals = np.concatenate(each)[self.taken] / self.parts[0].experiment.runs.duration[0]
        return rates

    def during(self, times: Reals) -> Likelihood:
        """Return the likelihood of some candidates; their rows, and the times there."""
        rows = np.flatnonzero(times)
        size = _PADDED * (1 + (rows.size - 1) // _PADDED)
        durations = np.append(times[rows], np.zeros(size - rows.size))
        rows = self.taken[np.append(rows, np.repeat(rows[:1], size - rows.size))]
        first = self.parts[0]
        energies = np.concatenate([signed(part.experiment.runs) for part in self.parts])
        runs = like(first.experiment, energies[rows]).runs
        runs = eqx.tree_at(lambda one: one.duration, runs, durations)
        each = [self.parts[row // BLOCK].response for row in rows]
        response = jax.tree.map(
            lambda *blocks: np.stack(
                [np.asarray(one)[row % BLOCK] for one, row in zip(blocks, rows, strict=True)]
            ),
            *each,
        )
        return _replaced(first, runs, response)


class Signal(NamedTuple):
    """One coupling, alone and with fixed kinematics."""

    like: Experiment
    """Runs at other photon energies are like its first."""
    neutrinos: Neutrinos
    model: Interaction
    """What there is besides."""
    interaction: Interaction
    parameter: Parameter
    nulls: dict[bytes, Reals]
    """Counts without the coupling by photon energies, which others have in common."""

    def rates(self, energies: Reals) -> Along:
        """Return how the rates at photon energies depend on the coordinate, 1/s."""
        parts = [self.counts(runs) for runs in blocks(self.like, energies)]
        columns = (np.concatenate(column)[: energies.size] for column in zip(*parts, strict=True))
        return Along(*columns).during(1 / np.asarray(self.like.runs.duration)[:1])

    def before(self, done: Experiment) -> Along:
        """Return how the counts of runs made before depend on the coordinate."""
        # As many as in a block, so that nothing is compiled.
        padded = done.with_runs(done.runs.padded(len(done.runs) + -len(done.runs) % BLOCK))
        return self.counts(padded).rows(slice(len(done.runs)))

    def counts(self, experiment: Experiment) -> Along:
        """Return how the counts of runs depend on the coordinate."""
        key = b"".join(np.asarray(column).tobytes() for column in jax.tree.leaves(experiment.runs))
        if key not in self.nulls:
            self.nulls[key] = np.asarray(expected_counts(experiment, self.neutrinos, self.model))
        null, unit = self.nulls[key], float(self.parameter.plus)
        alone = unit**2 * np.asarray(signal_counts(experiment, self.neutrinos, self.interaction))
        if self.parameter.kind == "magnitude":
            return Along(null, alone, np.zeros_like(alone))
        more, less = (
            np.asarray(signal_counts(experiment, self.neutrinos, self.model + Scaled(x, self.interaction)))
            for x in (unit, -unit)
        )
        return Along(null, (more - less) / 2, alone)


def like(experiment: Experiment, energies: Reals) -> Experiment:
    """Return runs at photon energies that are like the first of an experiment."""
    runs = experiment.runs.rows(np.zeros(energies.size, dtype=int))
    runs = replace(runs, photon_energy=np.abs(energies))
    if runs.polarisation is not None:
        runs = replace(runs, polarisation=np.sign(energies) * np.abs(runs.polarisation))
    return experiment.with_runs(runs)


def signed(runs: Runs) -> Reals:
    """Return photon energies, those of runs in left light below 0."""
    energies = np.asarray(runs.photon_energy)
    return energies if runs.polarisation is None else np.where(runs.polarisation < 0, -energies, energies)


def blocks(experiment: Experiment, energies: Reals) -> list[Experiment]:
    """Return runs like the first of an experiment, in blocks of one length; the last energy fills them up."""
    filled = np.append(energies, np.repeat(energies[-1:], -energies.size % BLOCK))
    return [like(experiment, some) for some in np.split(filled, filled.size // BLOCK)]


def joined(one: Likelihood, other: Likelihood) -> Likelihood:
    """Return the likelihood of the runs of both."""
    both, responses = None, (one.response, other.response)
    if not any(response is None for response in responses):  # as of a wide line in too many runs
        both = jax.tree.map(lambda *each: np.concatenate(each), *responses)
    return _replaced(one, one.experiment.runs.joined(other.experiment.runs), both)


def _replaced(likelihood: Likelihood, runs: Any, response: Any) -> Likelihood:
    other: Likelihood = eqx.tree_at(
        lambda one: (one.experiment.runs, one.response),
        likelihood,
        (runs, response),
        is_leaf=lambda x: x is None,
    )
    return other
