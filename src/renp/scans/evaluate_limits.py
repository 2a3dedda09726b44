"""Upper limits at the points of a chunk, in batches: the same numbers as `renp.upper_limits`.

At each point the likelihood is that of `renp.upper_limits`, and so is the search. Points at which few of
Newton's steps are not enough are done again with many, and what then is left one by one, from as many starts
as there; so are those where fits from one start may miss minima: where a mass or a phase is free, or what is
uncertain may take a pair's threshold past a run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from renp._types import Reals
from renp.errors import InputError
from renp.inference.accepted import accepted, along_coupling, around_minima
from renp.inference.likelihood import Data, Likelihood
from renp.inference.limit_search import moving_with
from renp.inference.newton import CONVERGED, Crossing, Minimum, crossing, minimise
from renp.inference.nuisances import relevant
from renp.inference.quadratic_set import quadratic_set
from renp.inference.starts import MOST_RETURNING, elsewhere, passes_thresholds, signed_places
from renp.inference.upper_limits import check_counts, delta_chi2, likelihoods_of
from renp.interactions.couplings import Coupling
from renp.interactions.photon import PhotonCoupling
from renp.scans.grid import Columns, Keys, Point, compiled, flattened, over_points
from renp.scenario import Scenario
from renp.scenario.build import Setting

Terms: TypeAlias = tuple[int | None, ...]
"""For each coupling the place of the file's interaction that it multiplies, if the axes may change that."""

_FEW, _MANY = 20, 2000
_BATCH, _SMALL_BATCH = 512, 64


class Found(NamedTuple):
    """Limits on the size of a coupling, and whether the searches converged."""

    limit: Float[Array, "*points"]
    good: Bool[Array, "*points"]


class Search(NamedTuple):
    """Limits on couplings that share a likelihood."""

    reference: Likelihood
    """At some point: says which parameters there are, and which couplings interfere."""
    places: tuple[int, ...]
    """Of the couplings whose limits are sought, among all."""
    few: Callable[..., Found]
    """Of reference, place and columns."""
    many: Callable[..., Found]
    """Of reference, place and values at points."""


@dataclass(frozen=True)
class LimitsOfChunk:
    """Computes the limits on some couplings at all points of a chunk."""

    scenario: Scenario
    couplings: tuple[Coupling, ...]
    profiled: bool
    sign: str
    keys: Keys
    searches: tuple[Search, ...]

    def __call__(self, columns: tuple[Columns, ...]) -> tuple[Reals, ...]:
        """Return the limits with these values of the axes, shape (couplings, *chunk)."""
        shape = tuple(len(column[0]) for column in columns)
        rows = [self._row(s, place, columns) for s in self.searches for place in s.places]
        limits = self._finished(np.array(rows), columns)
        return (limits.reshape(len(rows), *shape),)

    def _row(self, search: Search, place: int, columns: tuple[Columns, ...]) -> Reals:
        """Return the limits on one coupling, not a number where the search failed."""
        found = search.few(search.reference, np.asarray(place), columns)
        limit, slow = np.array(found.limit), np.flatnonzero(~np.asarray(found.good))
        flat = flattened(self.keys, columns)
        for start in range(0, slow.size, _SMALL_BATCH):
            some = slow[np.minimum(np.arange(start, start + _SMALL_BATCH), slow.size - 1)]
            again = search.many(
                search.reference, np.asarray(place), {key: x[some] for key, x in flat.items()}
            )
            limit[some] = np.where(again.good, again.limit, np.nan)
        return limit

    def _finished(self, limits: Reals, columns: tuple[Columns, ...]) -> Reals:
        """Return the limits with the last ones searched for one by one."""
        flat = flattened(self.keys, columns)
        known: dict[tuple[float, ...], Reals] = {}  # points that fill up a chunk are there twice
        for k in np.flatnonzero(np.any(np.isnan(limits), axis=0)):
            at = {key: float(x[k]) for key, x in flat.items()}
            point = tuple(at.values())
            if point not in known:
                known[point] = self._single(self.scenario.at(at))
            limits[:, k] = np.where(np.isnan(limits[:, k]), known[point], limits[:, k])
        return limits

    def _single(self, here: Setting) -> Reals:
        sought = {coupling.name for coupling in self.couplings}
        limited = tuple(one for one in here.limited if self.profiled or one.name in sought)
        rise, known = delta_chi2(float(here.confidence_level)), {"": here.nuisances}
        found = {}
        try:
            check_counts({"": here.experiment}, here.neutrinos, known)
            every = likelihoods_of(here.experiment, here.neutrinos, limited, known, profiled=self.profiled)
            for likelihood, places in every:
                for k in places:
                    found[likelihood.names[k]] = self._limit_of(likelihood, k, rise)
        except (InputError, FloatingPointError):  # counts that cannot be, a rate that overflows
            return np.full(len(self.couplings), np.nan)
        return np.array([found[one.name] for one in self.couplings])

    def _limit_of(self, likelihood: Likelihood, k: int, rise: float) -> float:
        one = likelihood.data if likelihood.observed else likelihood.asimov(likelihood.point())
        data: Data = jax.tree.map(lambda a: np.asarray(a)[None], one)
        moves = moving_with(likelihood, k, profiled=self.profiled)
        found = accepted(likelihood, data, moves, k, rise)
        if not found.good[0]:
            return np.nan
        parameter = likelihood.parameters[k]
        low, high = float(parameter.plus) * np.asarray(found.ends)[0]
        sign = self.sign if parameter.kind != "magnitude" else "positive"
        return float({"positive": high, "negative": -low}.get(sign, max(abs(low), abs(high))))


def limits_evaluator(
    scenario: Scenario,
    ends: Sequence[Scenario | Setting],
    couplings: tuple[Coupling, ...],
    keys: Keys,
    like: tuple[Columns, ...],
    *,
    profiled: bool,
    sign: str,
) -> LimitsOfChunk:
    """Return what computes limits on couplings at all points of a chunk.

    Parameters
    ----------
    scenario
        With the words of the chunk.
    ends
        The same at a few points of the scan.
    couplings
        Whose limits are sought.
    keys
        Parameters of each numeric axis.
    like
        Values of the shapes of a chunk.
    profiled
        Whether all other couplings are free.
    sign
        "positive" or "negative" for the limit on couplings of that sign, "either" for the weaker of the two.
    """
    every = scenario.limited
    names = [coupling.name for coupling in every]
    groups = [(every, tuple(names.index(one.name) for one in couplings))] if profiled else []
    groups = groups or [((one,), (0,)) for one in couplings]
    ready: dict[object, tuple[Callable[..., Found], Callable[..., Found]]] = {}
    searches = []
    for group, places in groups:
        reference, terms = _reference(ends, group), _terms(scenario, group)
        form = (jax.tree.structure(reference), terms)
        if form not in ready:  # couplings of one kind differ in numbers only
            ready[form] = _functions(scenario, terms, reference, keys, like, profiled=profiled, sign=sign)
        searches.append(Search(reference, places, *ready[form]))
    return LimitsOfChunk(scenario, couplings, profiled, sign, keys, tuple(searches))


def _functions(
    scenario: Scenario,
    terms: Terms,
    reference: Likelihood,
    keys: Keys,
    like: tuple[Columns, ...],
    *,
    profiled: bool,
    sign: str,
) -> tuple[Callable[..., Found], Callable[..., Found]]:
    def of_points(reference: Likelihood, place: Array, at: Point, steps: int) -> Found:
        def one(values: Point) -> Found:
            here = scenario.at(values)
            return _limit(reference, here, terms, place, steps, profiled=profiled, sign=sign)

        return jax.vmap(one)(at)

    def of_chunk(reference: Likelihood, place: Array, columns: tuple[Columns, ...]) -> Found:
        return over_points(lambda at: of_points(reference, place, at, _FEW), keys, columns, _BATCH)

    few = compiled(of_chunk, reference, np.asarray(0), like)
    return few, jax.jit(lambda reference, place, at: of_points(reference, place, at, _MANY))


def _limit(
    reference: Likelihood,
    here: Setting,
    terms: Terms,
    place: Array,
    steps: int,
    *,
    profiled: bool,
    sign: str,
) -> Found:
    """Return the limit on one coupling by Δχ², as `renp.inference.accepted` finds it."""
    interactions = [
        coupling.interaction if term is None else here.terms[term]
        for coupling, term in zip(reference.couplings, terms, strict=True)
    ]
    nuisances = relevant(here.nuisances, reference.couplings)
    likelihood = reference.at(here.experiment, here.neutrinos, interactions, nuisances)
    rise = delta_chi2(here.confidence_level)
    if any(p.kind == "free" for p in likelihood.parameters):
        return Found(jnp.array(jnp.nan), jnp.array(True))
    kinds = [p.kind for p in likelihood.parameters[: len(interactions)]]
    magnitude = jnp.array([kind == "magnitude" for kind in kinds])[place]
    if len(likelihood.parameters) == 1:
        along = along_coupling(likelihood, place)
        found = quadratic_set(along, likelihood.data.counts if likelihood.observed else along.null, rise)
    else:
        number = jnp.arange(len(likelihood.parameters))
        moves = (number == place) | (number >= len(interactions)) | profiled
        best, data = _best(likelihood, moves, steps)
        starts = elsewhere(likelihood, best.x, place, moves)
        minima: Minimum = jax.tree.map(lambda a: jnp.asarray(a)[None], best)
        if len(starts):
            others = jax.vmap(lambda x: minimise(likelihood, data, x, moves, steps))(starts)
            minima = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), minima, others)

        def cross(side: float, room: Array, _: Array) -> Crossing:
            if side < 0 and not len(starts):  # the lower end of a size is no limit
                return Crossing(jnp.zeros(1), minima.x, jnp.full(1, CONVERGED))

            def from_minimum(minimum: Minimum, rise: Array) -> Crossing:
                return crossing(likelihood, data, minimum, moves, place, side, rise, steps)

            found: Crossing = jax.vmap(from_minimum)(minima, room)
            return found

        found = around_minima(minima, cross, place, rise, magnitude=magnitude)
        few = not profiled or len(signed_places(likelihood)) <= MOST_RETURNING
        alone = best.corner | passes_thresholds(likelihood) | (not few)
        found = found._replace(intervals=jnp.where(alone, jnp.nan, found.intervals), good=found.good | alone)
    low, high = found.ends
    of_sign = {"positive": high, "negative": jnp.where(magnitude, high, -low)}
    either = jnp.maximum(jnp.abs(low), jnp.abs(high))
    unit = jnp.stack([jnp.asarray(p.plus) for p in likelihood.parameters[: len(interactions)]])[place]
    return Found(unit * jnp.where(magnitude, high, of_sign.get(sign, either)), found.good)


def _best(likelihood: Likelihood, moves: Bool[Array, "p"], steps: int) -> tuple[Minimum, Data]:
    """Return the minimum and the data: without counts the standard model's, its own best fit."""
    null = likelihood.nominal
    if not likelihood.observed:
        best = Minimum(null, jnp.array(0.0), jnp.array(CONVERGED), jnp.array(False))
        return best, likelihood.asimov(null)
    start = jnp.where(moves, likelihood.start, null)
    return minimise(likelihood, likelihood.data, start, moves, steps), likelihood.data


def _reference(ends: Sequence[Scenario | Setting], group: tuple[Coupling, ...]) -> Likelihood:
    """Return a likelihood of some couplings; one that interferes at any of some points is taken to do so."""
    found = []
    for scenario in ends:
        known = {coupling.name: coupling for coupling in scenario.limited}
        couplings = [known[coupling.name] for coupling in group]
        nuisances = relevant(scenario.nuisances, tuple(couplings))
        own = any("." in name for name in nuisances.free)
        if (
            len(group) == 1 and not own
        ):  # without a name of its own, so that all of one kind have the same form
            couplings = [Coupling("", "coupling", couplings[0].interaction)]
        found.append(Likelihood(scenario.experiment, scenario.neutrinos, couplings, nuisances=nuisances))
    first = found[0]
    signed = [any(one.parameters[k].kind == "coupling" for one in found) for k in range(len(group))]
    fitted = tuple(
        replace(p, kind="coupling", low=-jnp.inf) if is_signed else p
        for p, is_signed in zip(first.parameters, signed, strict=False)
    )
    others = first.parameters[len(group) :]
    changed: Likelihood = eqx.tree_at(lambda one: one.parameters, first, (*fitted, *others))
    return changed


def _terms(scenario: Scenario, group: tuple[Coupling, ...]) -> Terms:
    """Return which couplings are interactions of the file as a whole; matrices are taken by element."""
    kinds = list(dict.fromkeys(coupling.kind for coupling in scenario.couplings))
    return tuple(
        None if isinstance(one.interaction, PhotonCoupling) else kinds.index(one.kind) for one in group
    )
