"""[scan]: what is computed, and the axes over which."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from renp.errors import InputError, ScenarioError
from renp.planning.aims import AIMS
from renp.scenario.build import Setting
from renp.scenario.keys import PREPARATION, Key, Value, idle, parse, read_key, replaced, unit_of
from renp.scenario.problems import Place, Problems, TableError, validated
from renp.scenario.quantities import parse_quantity
from renp.scenario.schema import AxisSection, ScanSection, Table
from renp.validation import choice, instance, number, photon_energies, whole

Spacing: TypeAlias = Literal["grid", "log", "random", "values"]
SPACINGS: tuple[Spacing, ...] = ("grid", "log", "random", "values")
_DEAF = {
    "spectrum": ("target", "laser", "run", "statistics"),
    "counts": ("statistics",),
    "target": ("laser", "neutrinos", "interaction", "run", "statistics"),
}
"""Tables without effect on a result."""

RESULTS = ("spectrum", "counts", "limits", "significance", "plan", "target")

_PREPARED = ("atom.E_eg", "atom.E_vg", "target.density", "target.photon_density", "target.volume")
"""What the cycle of a prepared target takes besides its preparation."""

PHOTON = Key("", None, "photon_energy", None)
"""Of a spectrum: an axis, but no quantity of the file."""

MOST_POINTS = 10**9
"""On one axis: its coordinates are stored. The product of axes may have as many as it likes."""

_MOST_CHECKS = 256


@dataclass(frozen=True)
class Axis:
    """Parameters that vary together, and how they are spaced; numbers are in eV, cm and s."""

    names: tuple[str, ...]
    """As the file has them."""
    keys: tuple[Key, ...]
    units: tuple[str, ...]
    spacing: Spacing
    points: int
    low: tuple[float, ...]
    """By parameter; empty for "values"."""
    high: tuple[float, ...]
    values: tuple[tuple[Value, ...], ...]
    """By point and parameter; empty but for "values"."""
    raw: tuple[tuple[Any, ...], ...]
    """Both ends, or all values, as the file has them."""
    seed: int
    in_turn: bool = False
    """Whether each point takes a cycle of the target of its own."""

    @property
    def numeric(self) -> bool:
        """Whether all parameters are numbers."""
        return all(isinstance(value, float) for point in self.values for value in point)

    @property
    def together(self) -> bool:
        """Whether its points are computed together; words, and preparations, are taken in turn."""
        return self.numeric and not self.in_turn


@dataclass(frozen=True)
class ScanTable:
    """What is scanned."""

    settings: ScanSection
    axes: tuple[Axis, ...]


def read_scan(
    table: Any, data: Table, check: Callable[[Table], Setting], problems: Problems
) -> ScanTable | None:
    """Return what a [scan] table asks for; problems are collected."""
    if not isinstance(table, dict):
        problems.add(("scan",), "must be a table, [scan]")
        return None
    settings = problems.collect(
        ("scan",), dict(table), partial(validated, ScanSection, _settings), {"result": "counts", "axis": [{}]}
    )
    if settings is None:
        return None
    axes = []
    for k, one in enumerate(settings.axis):
        place: Place = ("scan", "axis", k)
        if not isinstance(one, dict):
            problems.add(place, "must be a table, [[scan.axis]]")
            continue
        axis = problems.collect(place, dict(one), partial(validated, AxisSection, partial(_axis, data)))
        axes += [] if axis is None else [axis]
    if problems.found:
        return None
    scan = ScanTable(settings, tuple(axes))
    _check(scan, data, check, problems)
    return scan


def _settings(settings: ScanSection) -> ScanSection:
    from renp.planning.plan import ELEMENTS
    from renp.results.limits import SIGNS

    choice("result", settings.result, RESULTS)
    if not settings.axis:
        raise InputError("axis", [], "one or more [[scan.axis]]")
    choice("sign", settings.sign, SIGNS)
    choice("aim", settings.aim, tuple(AIMS))
    choice("elements", settings.elements, ELEMENTS)
    if settings.frequencies is not None:
        whole("frequencies", settings.frequencies, 1)
    if settings.total is not None:
        number("total", settings.total, "a time above 0", low=0.0, open_low=True)
    if settings.couplings == []:
        raise InputError("couplings", [], 'one or more, such as "magnetic-moment 11", or left out')
    return settings


def _axis(data: Table, section: AxisSection) -> Axis:
    names = [section.parameter] if isinstance(section.parameter, str) else section.parameter
    if not names or len(set(names)) < len(names):
        raise InputError("parameter", repr(section.parameter), "one key, or several that differ")
    keys = tuple(PHOTON if name == "photon_energy" else read_key(name, data) for name in names)
    if len(keys) > 1 and PHOTON in keys:
        raise InputError("parameter", repr(section.parameter), "'photon_energy' on an axis of its own")
    given = [spacing for spacing in SPACINGS if getattr(section, spacing) is not None]
    if len(given) != 1:
        words = "is missing" if not given else "is given more than once"
        raise TableError([("", f"the spacing {words}: must be one of {', '.join(SPACINGS)}")])
    units = tuple("eV" if key == PHOTON else unit_of(key, data) for key in keys)
    if given[0] == "values":
        raw = _listed(section.values or [], keys)
        values = tuple(_parsed(keys, one, data) for one in raw)
        if len(set(map(str, values))) < len(values):
            raise InputError("values", "a list with repetitions", "values that differ")
        return Axis(
            tuple(names), keys, units, "values", len(raw), (), (), values, raw, 0, _in_turn(keys, data)
        )
    return _spaced(tuple(names), keys, units, given[0], getattr(section, given[0]), data)


def _in_turn(keys: tuple[Key, ...], data: Table) -> bool:
    prepared = "preparation" in data.get("target", {})
    return prepared and any(
        key.table.startswith(PREPARATION) or f"{key.table}.{key.name}" in _PREPARED for key in keys
    )


def _listed(values: list[Any], keys: tuple[Key, ...]) -> tuple[tuple[Any, ...], ...]:
    if not values:
        raise InputError("values", [], "one or more values")
    if len(keys) == 1:
        return tuple((value,) for value in values)
    if not all(isinstance(value, list) and len(value) == len(keys) for value in values):
        raise InputError("values", "a list", f"lists of {len(keys)} values, one for each parameter")
    return tuple(tuple(value) for value in values)


def _spaced(
    names: tuple[str, ...],
    keys: tuple[Key, ...],
    units: tuple[str, ...],
    spacing: Spacing,
    table: Table,
    data: Table,
) -> Axis:
    known = {"from", "to", "points"} | ({"seed"} if spacing == "random" else set())
    if set(table) != known:
        raise InputError(spacing, table, f"a table with {', '.join(sorted(known))}")
    points = _whole(spacing, "points", table["points"], 1, MOST_POINTS)
    seed = _whole(spacing, "seed", table.get("seed", 0), 0, 2**63)
    raw = tuple(_listed([table[end]], keys)[0] for end in ("from", "to"))
    low, high = (_parsed(keys, end, data) for end in raw)
    if not all(isinstance(end, float) for end in (*low, *high)):
        raise InputError(spacing, table, "between two numbers; words are listed as values")
    lows, highs = (tuple(float(x) for x in end if isinstance(x, float)) for end in (low, high))
    if spacing == "log" and not all(a * b > 0 for a, b in zip(lows, highs, strict=True)):
        raise InputError("log", table, "between two numbers of the same sign, neither of them 0")
    if points > 1 and lows == highs:
        raise InputError(spacing, table, "between two ends that differ")
    return Axis(names, keys, units, spacing, points, lows, highs, (), raw, seed, _in_turn(keys, data))


def _whole(spacing: str, name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(spacing, f"{name} = {value!r}", f"with {name} from {low} to {high}, a whole number")
    return value


def _parsed(keys: tuple[Key, ...], raw: tuple[Any, ...], data: Table) -> tuple[Value, ...]:
    return tuple(
        parse_quantity(one, "eV", photon=True) if key == PHOTON else parse(key, one, data)
        for key, one in zip(keys, raw, strict=True)
    )


def _check(scan: ScanTable, data: Table, check: Callable[[Table], Setting], problems: Problems) -> None:
    """Read the scenario at the corners of the scan, and at all values that are listed."""
    names = [key for axis in scan.axes for key in axis.keys]
    if twice := [key for key in names if names.count(key) > 1]:
        problems.add(("scan",), f"two axes have the same parameter, {_text(twice[0])}")
        return
    if (PHOTON in names) != (scan.settings.result == "spectrum"):
        problems.add(("scan",), 'an axis "photon_energy" is there for the result "spectrum", and only for it')
        return
    for key in names:
        if key.table.split(".")[0] in _DEAF.get(scan.settings.result, ()):
            words = f'{_text(key)} has no effect on the result "{scan.settings.result}"'
            problems.add(("scan",), f"{words}: leave its axis out")
    known: tuple[str, ...] | None = None
    unused = dict.fromkeys(names, "")
    for corner in itertools.islice(_corners(scan.axes), _MOST_CHECKS):
        words = ", ".join(f"{_text(key)} = {raw!r}" for key, raw in corner.items())
        try:
            photon = corner.pop(PHOTON, None)
            tables = replaced(data, corner)
            unused = {key: why for key in unused if (why := idle(key, tables))}
            scenario = check(tables)
            _suitable(scan.settings, scenario, photon)
            known = _same_couplings(scan.settings, scenario, known)
        except ScenarioError as error:
            problems.add(("scan",), f"at {words}: {'; '.join(error.problems)}")
            return
        except ValueError as error:
            problems.add(("scan",), f"at {words}: {error}")
            return
    for key, why in unused.items():
        problems.add(("scan",), f"{_text(key)} {why}")


def _corners(axes: tuple[Axis, ...]) -> Iterator[dict[Key, Any]]:
    """Return raw values: each point that the file names with the first of all other axes, then all ends."""

    def at(points: tuple[int, ...]) -> dict[Key, Any]:
        return {
            key: raw
            for axis, k in zip(axes, points, strict=True)
            for key, raw in zip(axis.keys, axis.raw[k], strict=True)
        }

    for place, axis in enumerate(axes):
        for k in range(len(axis.raw)):
            yield at(tuple(k if a == place else 0 for a in range(len(axes))))
    yield from (at(ends) for ends in itertools.product(*((0, len(axis.raw) - 1) for axis in axes)))


def _suitable(settings: ScanSection, scenario: Setting, photon: Any) -> None:
    if photon is not None:
        photon_energies(parse_quantity(photon, "eV", photon=True), scenario.atom.E_vg, "photon_energy")
    elif settings.result == "target":
        if scenario.experiment.target.preparation is None:
            raise InputError("result", "'target'", "of a file with a table [target.preparation]")
    elif not len(scenario.experiment.photon_energy) and (settings.result != "plan" or settings.total is None):
        raise InputError("result", repr(settings.result), "of a file with at least one [[run]]")
    if settings.result == "plan":
        from renp.planning.plan import check_plannable

        check_plannable(
            settings.aim, scenario.experiment, scenario.neutrinos, settings.elements, scenario.nuisances
        )
    for name in settings.couplings or ():
        instance("couplings", name, str)
        choice("couplings", name, [coupling.name for coupling in scenario.limited])


def _same_couplings(
    settings: ScanSection, scenario: Setting, known: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return the names of the couplings, which must be the same everywhere."""
    found = tuple(settings.couplings or (coupling.name for coupling in scenario.limited))
    if settings.result == "limits" and known is not None and found != known:
        raise InputError("couplings", "left out", "given, since not all points of the scan have the same")
    return found


def _text(key: Key) -> str:
    index = "" if key.entry is None else f"[{key.entry + 1}]"
    part = f"[{key.part + 1}]" if isinstance(key.part, int) else f".{key.part}" if key.part else ""
    return f"{key.table}{index}.{key.name}{part}".lstrip(".")
