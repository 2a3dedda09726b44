"""Couplings as users give them: by name, by kind and label, or as values that carry both."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from renp.errors import InputError, shown
from renp.interactions.couplings import Coupling, Interaction

GivenCouplings: TypeAlias = (
    Mapping[str, Interaction] | Mapping[str, Mapping[str, Interaction]] | Sequence[Coupling]
)

_ALLOWED = "{name: interaction}, {kind: {label: interaction}} or a list of renp.Coupling"


def given_couplings(given: Any) -> tuple[Coupling, ...]:
    """Return couplings in whatever form they are given.

    Raises
    ------
    InputError
        For anything else, naming the entry that is wrong, or a name that two of them have.

    Examples
    --------
    >>> import renp
    >>> moment = renp.MagneticMoment({(1, 1): 1.0})
    >>> [one.name for one in given_couplings({"mu": moment})]
    ['mu']
    >>> [one.name for one in given_couplings({"magnetic-moment": {"11": moment}})]
    ['magnetic-moment 11']
    >>> given_couplings({"mu": 3e-11})
    Traceback (most recent call last):
    ...
    renp.errors.InputError: couplings['mu'] = 3e-11: must be an Interaction, or {label: interaction}
    """
    found = tuple(_named(given)) if isinstance(given, Mapping) else _listed(given)
    names = [coupling.name for coupling in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError("couplings", shown(name), "a name that no other coupling has")
    return found


def _named(given: Mapping[Any, Any]) -> Iterator[Coupling]:
    for name, value in given.items():
        _check_name("couplings", name)
        if isinstance(value, Mapping):
            for label, interaction in value.items():
                _check_name(f"couplings[{name!r}]", label)
                _check(f"couplings[{name!r}][{label!r}]", interaction, "an Interaction")
                yield Coupling(name, label, interaction)
        else:
            _check(f"couplings[{name!r}]", value, "an Interaction, or {label: interaction}")
            yield Coupling("", name, value)


def _listed(given: Any) -> tuple[Coupling, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InputError("couplings", shown(given), _ALLOWED)
    for k, one in enumerate(given):
        if not isinstance(one, Coupling):
            raise InputError(f"couplings[{k}]", shown(one), "a renp.Coupling")
    return tuple(given)


def _check(name: str, value: Any, allowed: str) -> None:
    if not isinstance(value, Interaction):
        raise InputError(name, shown(value), allowed)


def _check_name(name: str, key: Any) -> None:
    if not isinstance(key, str):
        raise InputError(f"a key of {name}", shown(key), "text")
