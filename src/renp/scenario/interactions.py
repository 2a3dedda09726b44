"""The [[interaction]] tables of a scenario file: any interaction with a `kind`, by its arguments' names."""

import inspect
from collections.abc import Mapping
from typing import Any

import renp.interactions  # noqa: F401 -- defines the kinds
from renp.couplings import Interaction
from renp.scenario.quantities import parse_number, parse_quantity
from renp.validation import choice


def kinds() -> dict[str, type[Interaction]]:
    """Return every interaction that scenario files can name, a user's own included.

    Examples
    --------
    >>> "magnetic-moment" in kinds()
    True
    """
    found: dict[str, type[Interaction]] = {}
    waiting: list[type[Interaction]] = [Interaction]  # type: ignore[type-abstract]
    while waiting:
        parent = waiting.pop()
        waiting.extend(parent.__subclasses__())
        if parent.kind:
            found[parent.kind] = parent
    return dict(sorted(found.items()))


def build_interaction(table: Mapping[str, Any]) -> Interaction:
    """Return the interaction that a table describes.

    Raises
    ------
    ValueError
        Naming the key that is missing, unknown or wrong.

    Examples
    --------
    >>> build_interaction({"kind": "magnetic-moment", "elements": {"12": 3e-11}}).elements[0, 1]
    Array(3.e-11+0.j, dtype=complex128)
    """
    arguments = dict(table)
    if "kind" not in arguments:
        raise ValueError(f"kind is missing: must be one of {', '.join(kinds())}")
    cls = kinds()[choice("kind", arguments.pop("kind"), tuple(kinds()))]
    parameters = inspect.signature(cls).parameters
    for key in arguments:
        choice("key", key, tuple(parameters))
    missing = [
        key
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty and key not in arguments
    ]
    if missing:
        raise ValueError(f"{', '.join(missing)} is missing")
    return cls(**{key: _argument(cls, key, value) for key, value in arguments.items()})


def _argument(cls: type[Interaction], key: str, value: Any) -> Any:
    try:
        if key in cls.units:
            return parse_quantity(value, cls.units[key])
        if isinstance(value, Mapping):
            return {_pair(name): parse_number(element) for name, element in value.items()}
        if isinstance(value, list):
            return [[parse_number(element) for element in row] for row in value]
        return value if key == "basis" else parse_number(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{key}: {error}") from None


def _pair(name: str) -> tuple[int, int]:
    if len(name) == 2 and all(k in "123" for k in name):
        return int(name[0]), int(name[1])
    raise ValueError(f'element "{name}": must be two indices from 1 to 3, such as "12"')
