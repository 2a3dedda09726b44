"""[[interaction]] tables: any interaction with a `kind`, its keys the constructor's arguments."""

import dataclasses
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import renp.interactions  # noqa: F401 -- defines the kinds
from renp.errors import InputError
from renp.interactions.contract import check_model, check_usable, is_foreign
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.scenario.problems import TableError, unknown_key
from renp.scenario.quantities import parse_number, parse_quantity
from renp.validation import choice

_OWN = "one of your own is imported first: renp ... --import FILE.py"


def kinds() -> dict[str, type[Interaction]]:
    """Return every interaction that files can name, a user's own included; the newest of each name."""
    _load_announced(entry_points)
    return dict(sorted({cls.kind: cls for cls in _classes()}.items()))


@cache
def _load_announced(announcements: Callable[..., Iterable[EntryPoint]]) -> tuple[str, ...]:
    """Import what packages announce, once; return what is wrong with those that cannot be imported."""
    broken = []
    for announced in announcements(group="renp.interactions"):
        try:
            announced.load()
        except Exception as error:
            package = announced.dist.name if announced.dist else announced.name
            words = f"{type(error).__name__}: {error}"
            broken.append(f"{package} announces {announced.value}, which cannot be imported ({words})")
    return tuple(broken)


def import_interactions(module: str) -> None:
    """Import a module by its name, or by its file's path, so that files can name the interactions in it.

    Only one's own command line asks for it: a file or a link of another person must not run code.

    Raises
    ------
    InputError
        With the line at which it fails, if it cannot be imported.

    Examples
    --------
    >>> import_interactions("nowhere.py")
    Traceback (most recent call last):
    ...
    renp.errors.InputError: import = nowhere.py: must be the name of a module, or a file that exists
    """
    path = Path(module)
    file = path.resolve() if path.suffix == ".py" else None
    if file and not file.is_file():
        raise InputError("import", module, "the name of a module, or a file that exists")
    if (folder := str(file.parent if file else Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)  # as Python does for a script
    try:
        found = import_module(file.stem if file else module)
    except Exception as error:
        *_, last = traceback.extract_tb(error.__traceback__)
        words = f"{type(error).__name__}: {error}; {Path(last.filename).name}, line {last.lineno}"
        raise InputError("import", module, f"a module that can be imported ({words})") from error
    if file and Path(str(found.__file__)).resolve() != file:
        raise InputError("import", module, f"called otherwise: {file.stem} is a module of Python's already")


def _class(kind: Any) -> type[Interaction]:
    """Return the class of a kind; one that is unknown may be in a package that cannot be imported."""
    if found := _known(kind):
        return found
    known = kinds()
    try:
        return known[choice("kind", kind, tuple(known))]
    except InputError as error:
        words = [error.allowed, _OWN, *_load_announced(entry_points)]
        raise InputError(error.argument, error.value, "; ".join(words)) from None


def _known(kind: Any) -> type[Interaction] | None:
    """Return the class of a kind without a look at all packages that are installed, unless it is unknown."""
    here = {cls.kind: cls for cls in _classes()}
    return (here if kind in list(here) else kinds()).get(str(kind))


def _classes() -> list[type[Interaction]]:
    """Return the classes that define a kind, in the order of their definition among siblings."""
    found: list[type[Interaction]] = []
    waiting: list[type[Interaction]] = [Interaction]  # type: ignore[type-abstract]
    while waiting:
        parent = waiting.pop(0)
        waiting.extend(parent.__subclasses__())
        if parent.__dict__.get("kind"):
            found.append(parent)
    return found


def _refuse_clash(kind: str) -> None:
    """Raise if two interactions share a kind; a class defined anew, as in a notebook, replaces itself."""
    names = {(cls.__module__, cls.__qualname__) for cls in _classes() if cls.kind == kind}
    if len(names) > 1:
        raise InputError("kind", repr(kind), f"used by one interaction only, not by {sorted(names)}")


def placeholders(table: Mapping[str, Any]) -> dict[str, str]:
    """Return harmless values for the quantities of an interaction."""
    cls = _known(table.get("kind"))
    return {key: f"1 {unit}" for key, unit in cls.units.items()} if cls else {}


def build_interaction(table: Mapping[str, Any]) -> Interaction:
    """Return the interaction that a table describes.

    Raises
    ------
    ValueError
        Naming the keys that are missing, unknown or wrong.

    Examples
    --------
    >>> build_interaction({"kind": "magnetic-moment", "elements": {"12": 3e-11}})
    MagneticMoment(elements={(1, 2): 3e-11})
    """
    cls, arguments = interaction_arguments(table)
    try:
        return cls(**arguments)
    except Exception as error:
        if isinstance(error, ValueError) or not is_foreign(cls):
            raise
        hint = ""
        if isinstance(error, dataclasses.FrozenInstanceError):
            hint = "; what __init__ sets has to be declared as a field of the class, such as strength: float"
        raise ValueError(f"{cls.__name__} cannot be made, {type(error).__name__}: {error}{hint}") from error


def check_new(interaction: Interaction, neutrinos: Neutrinos) -> None:
    """Check that neutrinos can have an interaction; one that is not the package's own, that it works."""
    check_model(interaction, neutrinos)
    if is_foreign(type(interaction)):
        check_usable(interaction, neutrinos)


def interaction_arguments(table: Mapping[str, Any]) -> tuple[type[Interaction], dict[str, Any]]:
    """Return the class of an interaction and its arguments."""
    if "kind" not in table:
        raise TableError([("", f"kind is missing: must be one of {', '.join(kinds())}")])
    cls = _class(table["kind"])
    _refuse_clash(cls.kind)
    given = {key: value for key, value in table.items() if key != "kind"}
    parameters = inspect.signature(cls).parameters
    wrong = [(key, unknown_key(key, list(parameters))) for key in given if key not in parameters]
    missing = [k for k, p in parameters.items() if p.default is p.empty and k not in given]
    if missing:
        wrong.append(("", f"{', '.join(missing)} is missing"))
    arguments = {}
    for key in given.keys() & parameters.keys():
        try:
            arguments[key] = interaction_argument(cls, key, given[key])
        except ValueError as error:
            wrong.append((key, str(error)))
    if wrong:
        raise TableError(wrong)
    return cls, arguments


def interaction_argument(cls: type[Interaction], key: str, value: Any) -> Any:
    """Return an argument: a quantity, elements, numbers, or text where the class says so."""
    if key in cls.units:
        return parse_quantity(value, cls.units[key])
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, list):
        return _numbers(value)
    annotation = str(inspect.signature(cls).parameters[key].annotation)
    if "bool" in annotation:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r}: must be true or false")
        return value
    return value if isinstance(value, str) and "str" in annotation else parse_number(value)


def _numbers(value: Any) -> Any:
    return [_numbers(item) for item in value] if isinstance(value, list) else parse_number(value)


def _elements(value: Mapping[str, Any]) -> dict[tuple[int, int], complex | float]:
    """Return the elements, or say all that is wrong with them."""
    found, wrong = {}, []
    for name, element in value.items():
        try:
            found[_pair(name)] = parse_number(element)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("; ".join(wrong))
    return found


def _pair(name: str) -> tuple[int, int]:
    if len(name) == 2 and all(k in "123" for k in name):
        return int(name[0]), int(name[1])
    raise ValueError(
        f'element "{name}": must be two indices from 1 to 3, such as "12"; '
        'with basis = "flavour" they are e, μ, τ'
    )
