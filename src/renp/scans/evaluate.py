"""What a scan's result is made of, and how a chunk is computed; the same in every process."""

import threading
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp._version import __version__
from renp.errors import InputError
from renp.scans.definition import Definition
from renp.scans.grid import Columns, axis_values

Answer: TypeAlias = tuple[NDArray[np.float64], ...]
Evaluator: TypeAlias = Callable[[tuple[Columns, ...]], Answer]

_compiled: dict[tuple[str, str], Evaluator] = {}
_lock = threading.Lock()


def evaluate(definition: Definition, number: int) -> Answer:
    """Return the variables of one chunk, each of shape (own dimension if any, *chunk), filled up.

    Raises
    ------
    InputError
        If this process has another version of the package than the one that the scan was begun with.
    """
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
    return tuple(axis_values(axis, places) for axis, places in axes if axis.numeric)


def _evaluator(definition: Definition, number: int) -> Evaluator:
    """Return the compiled evaluator of the words of a chunk, from memory if it was there before."""
    words = definition.categories(number)
    name = definition.fingerprint, repr(sorted(words.items(), key=repr))
    with _lock:
        if name not in _compiled:
            _compiled[name] = _build(definition, number)
        return _compiled[name]


def _build(definition: Definition, number: int) -> Evaluator:
    from renp.scans import evaluate_limits, evaluate_plans, evaluate_rates

    words, settings = definition.categories(number), definition.scan.settings
    keys = tuple(axis.keys for axis in definition.scan.axes if axis.numeric)
    like = _columns(definition, number)
    first = definition.reference(words)
    if settings.result == "spectrum":
        return evaluate_rates.spectrum_evaluator(first, keys, like)
    if settings.result == "counts":
        return evaluate_rates.counts_evaluator(first, keys, like)
    if settings.result == "significance":
        return evaluate_rates.significance_evaluator(first, keys, like)
    if settings.result == "plan":
        return evaluate_plans.PlansOfChunk(first, settings, keys)
    ends = (first, definition.reference(words, -1))
    return evaluate_limits.limits_evaluator(
        first,
        ends,
        definition.limited(first),
        keys,
        like,
        profiled=settings.profiled,
        sign=settings.sign,
    )
