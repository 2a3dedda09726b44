"""The parameters of nature: of neutrinos, and numbers of interactions as a mediator's mass."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array

from renp.errors import InputError
from renp.inference.parameters import Parameter, constrained
from renp.inference.parameters import free as unknown
from renp.interactions.couplings import Coupling, Interaction
from renp.neutrinos import Neutrinos, neutrino_names, release_errors, value_of
from renp.validation import Scalar, choice, instance, is_traced, listed

_UNITS = {
    "lightest_mass": "eV",
    "delta_cp": "rad",
    "dm2_21": "eV²",
    "dm2_31": "eV²",
    "dm2_32": "eV²",
    "dm2_41": "eV²",
}
_TYPICAL = {"lightest_mass": 0.01, "dm2_21": 1e-5, "dm2_31": 1e-4, "dm2_32": 1e-4}


def nature_parameters(
    oscillation: Sequence[str] | str,
    free: Sequence[str],
    neutrinos: Neutrinos,
    couplings: tuple[Coupling, ...],
) -> list[Parameter]:
    """Return the parameters of neutrinos and interactions that `renp.Nuisances` names.

    Raises
    ------
    InputError
        For unknown names, or a release without errors.
    """
    measured = _oscillation_names(oscillation, neutrinos)
    names = _names("free", free)
    found = [_measured(name, neutrinos) for name in measured]
    found += [_free(name, neutrinos) for name in names if "." not in name]
    found += [number_of(name, couplings) for name in names if "." in name]
    if both := set(measured) & set(names):
        raise InputError("free", repr(min(both)), "without the names in oscillation")
    return found


def number_of(name: str, couplings: tuple[Coupling, ...]) -> Parameter:
    """Return the parameter of a number of a coupling's interaction, as in "g.mass".

    Examples
    --------
    >>> import renp
    >>> light = renp.Coupling("", "g", renp.VectorMediator(0.5, 1.0, left={(1, 1): 1.0}))
    >>> number_of("g.mass", (light,)).unit
    'eV'
    """
    by_name = {
        f"{one.name}.{field.name}": (one.interaction, field.name)
        for one in couplings
        for field in dataclasses.fields(one.interaction)
        if not field.metadata.get("static") and np.shape(getattr(one.interaction, field.name)) == ()
    }
    interaction, field = by_name[choice("free", name, tuple(by_name))]
    value, unit = getattr(interaction, field), interaction.units.get(field, "")
    size = value if is_traced(value) else abs(float(value)) or 1.0
    return unknown(name, size, unit, 0.0 if unit else -np.inf)


def given_value(neutrinos: Neutrinos, couplings: tuple[Coupling, ...], name: str) -> Scalar:
    """Return the value that neutrinos or interactions have of a free parameter."""
    if "." not in name:
        return value_of(neutrinos, name)
    owner, _, field = name.rpartition(".")
    value: Scalar = getattr(next(one for one in couplings if one.name == owner).interaction, field)
    return value


def with_numbers(couplings: tuple[Coupling, ...], values: dict[str, Array]) -> tuple[Interaction, ...]:
    """Return the couplings' interactions with numbers replaced, by names as "g.mass"; nothing is checked."""
    return tuple(_replaced(one, values) for one in couplings)


def _replaced(one: Coupling, values: dict[str, Array]) -> Interaction:
    fields = [
        name for field in dataclasses.fields(one.interaction) if _full(one, name := field.name) in values
    ]
    if not fields:
        return one.interaction
    new = [values[_full(one, name)] for name in fields]
    changed: Interaction = eqx.tree_at(lambda term: [getattr(term, n) for n in fields], one.interaction, new)
    return changed


def _full(one: Coupling, field: str) -> str:
    return f"{one.name}.{field}"


def _oscillation_names(names: Sequence[str] | str, neutrinos: Neutrinos) -> tuple[str, ...]:
    if not isinstance(names, str) or names != "all":
        return _names("oscillation", names)
    # Without couplings in the flavour basis, theta_23 and, for Dirac neutrinos, delta_cp are without effect.
    atmospheric = "dm2_31" if neutrinos.ordering == "normal" else "dm2_32"
    phase = ("delta_cp",) if neutrinos.nature == "majorana" else ()
    return ("sin2_theta12", "sin2_theta13", *phase, "dm2_21", atmospheric)


def _names(argument: str, names: Sequence[str]) -> tuple[str, ...]:
    allowed = "a list of names, each once"
    found = listed(argument, names, allowed)
    for name in found:
        instance(argument, name, str, allowed)
    if len(set(found)) < len(found):
        raise InputError(argument, repr(names), allowed)
    return found


def _measured(name: str, neutrinos: Neutrinos) -> Parameter:
    choice("oscillation", name, neutrino_names(neutrinos))
    errors = release_errors(neutrinos.release, neutrinos.ordering)
    if name not in errors:
        allowed = f"without {name}, for which the release {neutrinos.release!r} has no errors here"
        raise InputError("oscillation", repr(name), allowed)
    plus, minus = errors[name]
    return constrained(name, value_of(neutrinos, name), plus, minus, _UNITS.get(name, ""))


def _free(name: str, neutrinos: Neutrinos) -> Parameter:
    name = choice("free", name, neutrino_names(neutrinos))
    if name.startswith("sin2"):
        return unknown(name, 0.1, "", 0.0, 1.0)
    low = 0.0 if name == "lightest_mass" else -np.inf
    return unknown(name, _TYPICAL.get(name, 1.0), _UNITS.get(name, "rad"), low)
