"""What an interaction has to obey: what it returns, in which form, and that JAX can follow it.

The package's own interactions obey it, as their tests show; those of others are asked where a scenario file
names them, and by `check_interaction` in their own tests.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from renp.errors import InputError, shown
from renp.interactions.couplings import MAJORANA_SIGN, NAMES, Couplings, Interaction, Model, Scaled
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, instance, is_traced

_ANTIHERMITIAN = ("s", "eps")
"""By their definition: s = i × hermitian beside the electron's iγ5, eps = iε; all others are hermitian."""

_Q2 = (0.0217, 1.23)
"""At which an interaction is tried, eV²: near the thresholds of an atom, and far below them."""

_ROUNDING = 1e-9

_JAX = "made of JAX expressions: jax.numpy in place of math and numpy, jnp.where in place of if"


def check_interaction(interaction: Interaction, *, hermitian: bool = True) -> None:
    """Raise if an interaction breaks what the package takes for granted; for the tests of one's own.

    It is tried with Dirac and Majorana neutrinos, at two values of q². Its couplings must be
    `renp.Couplings` of finite 3×3 matrices; for Majorana neutrinos of the form X = η Xᵀ that
    `Couplings.majorana` gives; for Dirac neutrinos those of a hermitian Lagrangian, which has V, A, p, mu, F
    and G hermitian, s and eps antihermitian; and JAX must be able to compile them, as functions of q² and of
    all parameters, with the same result. A nature that ``interaction.check`` refuses is left out.

    Parameters
    ----------
    interaction
        With parameters that are not zero, better with off-diagonal and complex elements.
    hermitian
        False for one with a width, or another part that absorbs.

    Returns
    -------
    None
        Where nothing is broken.

    Raises
    ------
    InputError
        Naming the first requirement that is not met.

    Examples
    --------
    >>> import renp
    >>> class Forgetful(renp.Interaction):
    ...     strength: float
    ...     def couplings(self, neutrinos, q2):
    ...         return renp.Couplings(V=self.strength * jnp.eye(3))
    >>> check_interaction(Forgetful(0.1))
    Traceback (most recent call last):
    ...
    renp.errors.InputError: V[1, 1] of Forgetful = 0.1: must be 0 for Majorana neutrinos: ...
    """
    instance("interaction", interaction, Interaction)
    refusals = []
    for nature in ("dirac", "majorana"):
        phases = (0.4, 1.1) if nature == "majorana" else (0.0, 0.0)
        neutrinos = Neutrinos(0.01, nature=nature, majorana_phases=phases)
        try:
            interaction.check(neutrinos)
        except InputError as error:
            refusals.append(error)
            continue
        check_usable(interaction, neutrinos)
        _check_compiled(interaction, neutrinos)
        if nature == "dirac" and hermitian:
            _check_hermitian(interaction, neutrinos)
        _check_constructor(interaction, neutrinos)
    if len(refusals) == 2:
        raise refusals[0]


def check_usable(interaction: Interaction, neutrinos: Neutrinos) -> None:
    """Raise `InputError` unless the couplings are matrices, of the right form, that JAX can follow.

    Examples
    --------
    >>> import renp
    >>> check_usable(renp.Weak(), renp.Neutrinos(0.01))
    """
    interaction.check(neutrinos)
    _check_leaves(interaction)
    what = f"{type(interaction).__name__}.couplings"
    for q2 in _Q2:
        _attempt(what, "computed without an error", _couplings, interaction, neutrinos, q2)
    traced = eqx.filter_eval_shape
    _attempt(f"{what} under jax.jit", _JAX, traced, _couplings, interaction, neutrinos, jnp.asarray(_Q2[0]))
    check_majorana(interaction, neutrinos)


def check_model(model: Interaction, neutrinos: Neutrinos) -> None:
    """Raise `InputError` if these neutrinos cannot have a model, or its couplings are not of their form.

    Examples
    --------
    >>> import renp
    >>> nu = renp.Neutrinos(0.01, nature="majorana")
    >>> check_model(renp.Weak() + renp.Couplings(A=jnp.eye(3)), nu)
    """
    instance("model", model, Interaction)
    instance("neutrinos", neutrinos, Neutrinos)
    type(model).check(model, neutrinos)
    for term in _terms(model):
        if _is_foreign(term):
            check_majorana(term, neutrinos)


def check_majorana(interaction: Interaction, neutrinos: Neutrinos) -> None:
    """Raise `InputError` if couplings for Majorana neutrinos are not of the form X = η Xᵀ.

    Examples
    --------
    >>> import renp
    >>> check_majorana(renp.Weak(), renp.Neutrinos(0.01, nature="majorana"))
    """
    if neutrinos.nature != "majorana" or is_traced(*jax.tree.leaves((interaction, neutrinos))):
        return
    found = interaction.couplings(neutrinos, _Q2[0])
    if is_traced(*jax.tree.leaves(found)):  # the caller is compiling
        return
    for coupling, sign in MAJORANA_SIGN.items():
        if (given := getattr(found, coupling)) is None:
            continue
        x = np.asarray(given)
        place = _worst(x, sign * x.T)
        if place is not None:
            i, j = place
            minus = "−" if sign < 0 else ""
            right = "0" if i == j else f"{_number(sign * x[j, i])}, {minus}{coupling}[{j + 1}, {i + 1}],"
            allowed = f"{right} for Majorana neutrinos: Couplings.majorana() makes couplings of that form"
            name = f"{coupling}[{i + 1}, {j + 1}] of {type(interaction).__name__}"
            raise InputError(name, _number(x[i, j]), allowed)


def is_foreign(cls: type[Interaction]) -> bool:
    """Whether a class of interactions is not of this package.

    Examples
    --------
    >>> import renp
    >>> is_foreign(renp.Weak)
    False
    """
    return cls.__module__.partition(".")[0] != "renp"


def _is_foreign(term: Interaction) -> bool:
    return isinstance(term, Couplings) or is_foreign(type(term))


def _terms(model: Interaction) -> Iterator[Interaction]:
    if isinstance(model, Model):
        for term in model.interactions:
            yield from _terms(term)
    elif isinstance(model, Scaled):
        yield from _terms(model.interaction)
    else:
        yield model


def _couplings(interaction: Interaction, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
    found = interaction.couplings(neutrinos, q2)
    if not isinstance(found, Couplings):
        raise InputError(f"{type(interaction).__name__}.couplings(...)", shown(found), "renp.Couplings")
    return found


def _attempt(what: str, allowed: str, function: Any, *arguments: Any) -> Any:
    """Return a function's value; any error of the interaction becomes one sentence."""
    try:
        return function(*arguments)
    except InputError as error:
        if error.argument.startswith(what.partition(" ")[0]):
            raise
        raise InputError(f"{what}: {error.argument}", error.value, error.allowed) from error
    except Exception as error:
        first = (str(error).strip() or "no message").splitlines()[0]
        raise InputError(what, f"{type(error).__name__} ({first})", allowed) from error


def _check_leaves(interaction: Interaction) -> None:
    """Raise if a field holds what is no number, and is not declared as static: text, a function."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(interaction):
        if not eqx.is_array_like(leaf):
            name = f"{type(interaction).__name__}{jax.tree_util.keystr(path)}"
            allowed = "numbers; a field of anything else is declared with equinox.field(static=True)"
            raise InputError(name, shown(leaf), allowed)


def _check_compiled(interaction: Interaction, neutrinos: Neutrinos) -> None:
    """Compare the couplings with those that are compiled, parameters and q² open."""
    name = type(interaction).__name__
    compiled = eqx.filter_jit(_couplings)
    for q2 in _Q2:
        found, again = (f(interaction, neutrinos, jnp.asarray(q2)) for f in (_couplings, compiled))
        for coupling in NAMES:
            one, two = np.asarray(found.get(coupling)), np.asarray(again.get(coupling))
            if not np.allclose(one, two, rtol=0, atol=_ROUNDING * float(np.max(np.abs(one)))):
                words = f"{one.tolist()}, as without jax.jit"
                raise InputError(f"{coupling} of {name} under jax.jit", two.tolist(), words)


def _check_hermitian(interaction: Interaction, neutrinos: Neutrinos) -> None:
    for q2 in _Q2:
        found = interaction.couplings(neutrinos, q2)
        for coupling in NAMES:
            x = np.asarray(found.get(coupling))
            sign = -1 if coupling in _ANTIHERMITIAN else 1
            place = _worst(x, sign * x.conj().T)
            if place is not None:
                i, j = place
                allowed = (
                    f"{_number(sign * x[j, i].conj())}, since {coupling} of a hermitian Lagrangian is "
                    f"{'anti' if sign < 0 else ''}hermitian"
                )
                name = f"{coupling}[{i + 1}, {j + 1}] of {type(interaction).__name__}"
                raise InputError(name, _number(x[i, j]), allowed)


def _check_constructor(interaction: Interaction, neutrinos: Neutrinos) -> None:
    """Build the interaction anew from parameters that are traced, as scans do."""
    cls = type(interaction)
    names = list(inspect.signature(cls).parameters)
    if not all(hasattr(interaction, name) for name in names):
        return
    given = {name: getattr(interaction, name) for name in names}
    numbers = {name: jnp.asarray(x) for name, x in given.items() if eqx.is_inexact_array_like(x)}

    def of_numbers(values: dict[str, Any]) -> Couplings:
        return cls(**given | values).couplings(neutrinos, _Q2[0])

    allowed = "able to take parameters that JAX traces: renp.validation.number in place of float()"
    _attempt(f"{cls.__name__}(...) under jax.jit", allowed, jax.jit(of_numbers), numbers)


def _worst(x: Any, y: Any) -> tuple[int, int] | None:
    """Return where two matrices differ most, if they do by more than rounding."""
    difference = np.abs(x - y)
    if not np.any(difference > _ROUNDING * np.max(np.abs(x))):
        return None
    i, j = divmod(int(np.argmax(difference)), 3)
    return i, j


def _number(value: Any) -> str:
    return f"{complex(value) if np.imag(value) else np.real(value):.6g}"
