"""What a scan's result is made of, and how a chunk is computed; the same in every process."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp._types import Reals
from renp._version import __version__
from renp.errors import InputError
from renp.planning.aims import AIMS
from renp.scans.definition import PLANNED_RUNS, Definition
from renp.scans.grid import Columns, Keys, axis_values, flattened
from renp.scenario import Scenario
from renp.scenario.build import Setting
from renp.scenario.schema import ScanSection

Answer: TypeAlias = tuple[NDArray[np.float64], ...]
Evaluator: TypeAlias = Callable[[tuple[Columns, ...]], Answer]

_OF_POINTS = ("aim", "plan", "laser_range", "clearance", "least_duration", "total")
"""What no run at a point may serve, though elsewhere some do; any other error is one of the scan."""

_MOST_COMPILED = 32
"""Evaluators that are kept: of axes that are taken in turn each point has its own."""

_compiled: dict[tuple[str, str], Evaluator] = {}
_lock = threading.Lock()


def evaluate(definition: Definition, number: int) -> Answer:
    """Return the variables of one chunk, each of shape (own dimension if any, *chunk), filled up."""
    if definition.version != __version__:
        allowed = f"{definition.version}, with which the scan was begun"
        raise InputError("version of renp", __version__, allowed)
    columns = _columns(definition, number)
    found = _evaluator(definition, number)(columns)
    shape = definition.chunks.chunk
    return tuple(array.reshape(*array.shape[: array.ndim - len(columns)], *shape) for array in found)


def _columns(definition: Definition, number: int) -> tuple[Columns, ...]:
    rows = definition.chunks.rows(number)
    axes = zip(definition.scan.axes, rows, strict=True)
    return tuple(axis_values(axis, places) for axis, places in axes if axis.together)


def _evaluator(definition: Definition, number: int) -> Evaluator:
    """Return the compiled evaluator of the words of a chunk, from memory if it was there before."""
    words = definition.categories(number)
    name = definition.fingerprint, repr(sorted(words.items(), key=repr))
    with _lock:
        if name not in _compiled:
            if len(_compiled) >= _MOST_COMPILED:
                del _compiled[next(iter(_compiled))]
            _compiled[name] = _build(definition, number)
        return _compiled[name]


def _build(definition: Definition, number: int) -> Evaluator:
    from renp.scans import evaluate_limits, evaluate_rates

    words, settings = definition.categories(number), definition.scan.settings
    keys = tuple(axis.keys for axis in definition.scan.axes if axis.together)
    like = _columns(definition, number)
    first = definition.reference(words)
    rates: dict[str, Callable[..., Evaluator]] = {
        "spectrum": evaluate_rates.spectrum_evaluator,
        "counts": evaluate_rates.counts_evaluator,
        "significance": evaluate_rates.significance_evaluator,
    }
    if settings.result in rates:
        return rates[settings.result](first, keys, like)
    if settings.result == "plan":
        return partial(_plans, first, settings, keys)
    if settings.result == "target":
        return partial(_means, float(first.experiment.target.dynamical_factor))
    middle = {
        key: float(x[0])
        for axis in definition.scan.axes
        if axis.together
        for key, x in zip(axis.keys, axis_values(axis, np.array([axis.points // 2])), strict=True)
    }
    # At both ends of a phase, say, an interference may vanish.
    ends = (first, definition.reference(words, -1), first.at(middle))
    return evaluate_limits.limits_evaluator(
        first,
        ends,
        definition.limited(first),
        keys,
        like,
        profiled=settings.profiled,
        sign=settings.sign,
    )


def _means(factor: float, columns: tuple[Columns, ...]) -> Answer:
    """Return the mean η of a preparation, over axes that it does not depend on."""
    return (np.full(tuple(len(column[0]) for column in columns), factor),)


def _plans(scenario: Scenario, settings: ScanSection, keys: Keys, columns: tuple[Columns, ...]) -> Answer:
    """Return the plans at the points of a chunk, one after the other: a linear programme has no batches."""
    shape = tuple(len(column[0]) for column in columns)
    flat = flattened(keys, columns)
    points = [{k: float(x[n]) for k, x in flat.items()} for n in range(int(np.prod(shape, dtype=np.int64)))]
    found = zip(*(_plan(scenario.at(point), settings) for point in points), strict=True)
    reached, gap, energy, duration = (np.array(values) for values in found)
    own = (PLANNED_RUNS, *shape)
    return reached.reshape(shape), gap.reshape(shape), energy.T.reshape(own), duration.T.reshape(own)


def _plan(here: Setting, settings: ScanSection) -> tuple[float, float, Reals, Reals]:
    """Return what a plan reaches, the gap, photon energies and times; NaN where no run serves the aim."""
    from renp.planning.plan import Constraints, plan

    nothing = np.full(PLANNED_RUNS, np.nan)
    try:
        found = plan(
            settings.aim,
            here.experiment,
            here.neutrinos,
            total=settings.total,
            elements=settings.elements if "elements" in AIMS[settings.aim].acts else None,
            model=here.model if settings.aim == "discovery" else None,
            nuisances=here.nuisances,
            profiled=settings.profiled,
            confidence_level=float(here.confidence_level),
            constraints=Constraints(frequencies=settings.frequencies),
        )
    except InputError as error:
        if error.argument not in _OF_POINTS:
            raise
        return np.nan, np.nan, nothing, nothing
    energy, duration = (np.append(x, nothing)[:PLANNED_RUNS] for x in (found.photon_energy, found.duration))
    return found.reached, found.optimality_gap, energy, duration
