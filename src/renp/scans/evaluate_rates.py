"""Spectra, counts and significances at the points of a chunk: one compiled function of a chunk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from renp.experiment import counts_of, expected_counts
from renp.formula.line import line_spectrum
from renp.formula.master_formula import spectrum_of_runs
from renp.inference.best_fits import best_fits
from renp.inference.likelihood import Data, Likelihood
from renp.inference.newton import CONVERGED, minimise
from renp.inference.poisson import deviance
from renp.interactions import Weak
from renp.scans.grid import Columns, Keys, Point, compiled, flattened, over_points
from renp.scenario import Scenario
from renp.scenario.build import Setting
from renp.scenario.keys import Key
from renp.scenario.scan import PHOTON

Answer: TypeAlias = tuple[NDArray[np.float64], ...]
"""The variables of a chunk, each of shape (own dimension if any, *chunk)."""

Counts: TypeAlias = Float[Array, "n points"]

_BATCH = 512
"""Points treated together: enough for vector instructions, too few for XLA to share them among threads."""

_STEPS = 60


@dataclass(frozen=True)
class Rates:
    """Computes a variable at all points of a chunk."""

    evaluate: Callable[[tuple[Columns, ...]], Array]
    """Compiled function of the columns, returning shape (..., points)."""
    length: int
    """Of the variable's own dimension; 0 if it has none."""

    def __call__(self, columns: tuple[Columns, ...]) -> Answer:
        """Return the chunk with these values of its axes."""
        shape = tuple(len(column[0]) for column in columns)
        own = (self.length,) if self.length else ()
        return (np.asarray(self.evaluate(columns)).reshape(*own, *shape),)


def counts_evaluator(scenario: Scenario, keys: Keys, like: tuple[Columns, ...]) -> Rates:
    """Return what computes the expected counts of each run, as `renp.expected_counts`."""
    runs = len(scenario.experiment.photon_energy)

    def counts(at: Point) -> Counts:
        return _counts(scenario, at, runs)

    return Rates(compiled(lambda columns: over_points(counts, keys, columns, _BATCH), like), runs)


def spectrum_evaluator(scenario: Scenario, keys: Keys, like: tuple[Columns, ...]) -> Rates:
    """Return what computes I(ω) over the axis of photon energies and all others, as `renp spectrum`.

    Whichever has more points, photon energies or the rest, is on the minor axis.
    """
    place = keys.index((PHOTON,))
    rest = keys[:place] + keys[place + 1 :]

    def one(at: Point) -> Array:
        here = scenario.at({key: value for key, value in at.items() if key != PHOTON})
        spectrum: Array = spectrum_of_runs(at[PHOTON][None], here.atom, here.neutrinos, here.model)[0]
        return spectrum

    def evaluate(columns: tuple[Columns, ...]) -> Array:
        others = columns[:place] + columns[place + 1 :]
        lengths = tuple(len(column[0]) for column in others)
        photons = jnp.asarray(columns[place][0])
        if photons.size > int(np.prod(lengths, dtype=np.int64)):
            flat = {key: jnp.asarray(x) for key, x in over_points(lambda at: at, rest, others, 8).items()}
            found = over_points(lambda at: _table(one, flat, at), ((PHOTON,),), (columns[place],), _BATCH)
            return jnp.moveaxis(found.reshape(*lengths, photons.size), -1, place)
        most = max(_BATCH // photons.size, 256)
        found = over_points(lambda at: _table(one, {PHOTON: photons}, at), rest, others, most)
        return jnp.moveaxis(found.reshape(photons.size, *lengths), 0, place)

    return Rates(compiled(evaluate, like), 0)


def _table(function: Callable[[Point], Array], major: Point, minor: Point) -> Float[Array, "major minor"]:
    """Return a function of two sets of points, each with each."""

    def along(one: Point) -> Float[Array, "minor"]:
        found: Array = jax.vmap(lambda other: function(one | other))(minor)
        return found

    found: Array = jax.vmap(along)(major)
    return found


def significance_evaluator(
    scenario: Scenario, keys: Keys, like: tuple[Columns, ...]
) -> Callable[[tuple[Columns, ...]], Answer]:
    """Return what computes by how many standard deviations the file's model differs from the standard model.

    √q_0 of the counts that are expected with the model, all that is uncertain fitted under the standard
    model (Asimov data, arXiv:1007.1727). Where masses, mixing or the calibration are uncertain there may be
    several minima: points are then treated one by one, from several starts.
    """
    runs = len(scenario.experiment.photon_energy)
    reference = Likelihood(scenario.experiment, scenario.neutrinos, {}, nuisances=scenario.nuisances)
    if any(p.kind in ("constrained", "free") for p in reference.parameters):
        return _one_by_one(scenario, keys)

    def significance(at: Point) -> Float[Array, "points"]:
        seen = _counts(scenario, at, runs)
        if not reference.parameters:
            return jnp.sqrt(_chi2(seen, _counts(scenario, at, runs, standard=True)))
        return jax.vmap(lambda one, counts: _fitted(scenario.at(one), reference, counts), in_axes=(0, 1))(
            at, seen
        )

    return Rates(compiled(lambda columns: over_points(significance, keys, columns, _BATCH), like), 0)


def _chi2(seen: Counts, null: Counts) -> Float[Array, "points"]:
    """Return the χ² of each point, run after run: as one sum its logarithms would not be vectorised."""

    def add(total: Array, run: tuple[Array, Array]) -> tuple[Array, None]:
        counted, expected = run
        return total + deviance(expected, counted), None

    total, _ = jax.lax.scan(add, jnp.zeros_like(seen[0]), (seen, null))
    return total


def _counts(scenario: Scenario, at: Point, runs: int, *, standard: bool = False) -> Counts:
    """Return counts with points on the minor axis, over which XLA vectorises."""

    def one(run: Array, values: Point) -> Array:
        here = scenario.at(values)
        model = Weak() if standard else here.model
        alone = here.experiment.with_runs(here.experiment.runs.rows(run[None]))
        spectrum = line_spectrum(alone.photon_energy, alone.laser, alone.lit_atom, here.neutrinos, model)
        return counts_of(alone, spectrum)[0]

    found: Counts = jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, None))(jnp.arange(runs), at)
    return found


def _fitted(setting: Setting, reference: Likelihood, seen: Float[Array, "n"]) -> Float[Array, ""]:
    likelihood = reference.at(setting.experiment, setting.neutrinos, (), setting.nuisances)
    start = likelihood.nominal
    data = _with_controls(likelihood, seen)
    best = minimise(likelihood, data, start, jnp.ones(start.size, dtype=bool), _STEPS)
    return jnp.where(best.status == CONVERGED, jnp.sqrt(jnp.maximum(best.chi2, 0.0)), jnp.nan)


def _with_controls(likelihood: Likelihood, seen: Float[Array, "n"]) -> Data:
    """Return data of the runs' counts, and the expected counts of control measurements."""
    expected = likelihood.asimov(likelihood.nominal)
    return expected._replace(counts=jnp.concatenate([seen, expected.counts[seen.size :]]))


def _one_by_one(scenario: Scenario, keys: Keys) -> Callable[[tuple[Columns, ...]], Answer]:
    def one(at: dict[Key, float]) -> float:
        here = scenario.at(at)
        standard = Likelihood(here.experiment, here.neutrinos, {}, nuisances=here.nuisances)
        counts = expected_counts(here.experiment, here.neutrinos, here.model)
        data = jax.tree.map(lambda a: a[None], _with_controls(standard, counts))
        found = best_fits(standard, data, np.ones(len(standard.parameters), dtype=bool)).chi2[0]
        return float(np.sqrt(max(found, 0.0)))

    def evaluate(columns: tuple[Columns, ...]) -> Answer:
        shape = tuple(len(column[0]) for column in columns)
        flat = flattened(keys, columns)
        number = int(np.prod(shape, dtype=np.int64))
        points = [{key: float(value[k]) for key, value in flat.items()} for k in range(number)]
        return (np.array([one(at) for at in points]).reshape(shape),)

    return evaluate
