"""Elements of the coupling matrices for one pair of neutrinos, and which of them depend on q²."""

from itertools import combinations_with_replacement
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from renp._types import Matrix
from renp.interactions.couplings import NAMES, Interaction, padded
from renp.neutrinos import Neutrinos

Order: TypeAlias = tuple[int, int]
Orders: TypeAlias = tuple[Order, ...]
Matrices: TypeAlias = dict[str, Matrix]


def unordered(states: int) -> tuple[Orders, ...]:
    """Return every unordered pair in both orders."""
    every = combinations_with_replacement(range(states), 2)
    return tuple(((i, j),) if i == j else ((i, j), (j, i)) for i, j in every)


class Element(NamedTuple):
    """An element X_ij of a matrix in the orders of a pair, or of many, and Σ |X_ij|² over the orders."""

    values: tuple[Complex[Array, "*pairs"], ...]
    square: Float[Array, "*pairs"]


def abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    """Return |z|², whose gradient is finite at 0.

    Examples
    --------
    >>> float(abs2(jnp.array(3 + 4j)))
    25.0
    """
    return jnp.square(z.real) + jnp.square(z.imag)


def elements(matrices: Matrices, pairs: tuple[Orders, ...]) -> list[dict[str, Element]]:
    """Return the elements of each pair, by the names of the matrices.

    Examples
    --------
    >>> by_pair = elements({"V": jnp.eye(3, dtype=complex)}, unordered(3))
    >>> [float(pair["V"].square) for pair in by_pair]
    [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]
    """
    found: list[dict[str, Element]] = [{} for _ in pairs]
    for name, matrix in matrices.items():
        values, squares = (jnp.unstack(x.reshape(-1)) for x in (matrix, abs2(matrix)))
        for own, orders in zip(found, pairs, strict=True):
            places = [len(matrix) * i + j for i, j in orders]
            square = sum((squares[k] for k in places[1:]), squares[places[0]])
            own[name] = Element(tuple(values[k] for k in places), square)
    return found


def ordered(matrices: Matrices) -> list[dict[str, Element]]:
    """Return the elements of all ordered pairs at once.

    Examples
    --------
    >>> (every,) = ordered({"V": jnp.eye(3, dtype=complex)})
    >>> every["V"].square.shape
    (3, 3)
    """
    return [{name: Element((matrix,), abs2(matrix)) for name, matrix in matrices.items()}]


def scaled(x: Element, factor: Float[Array, ""]) -> Element:
    """Return an element times a real number.

    Examples
    --------
    >>> float(scaled(Element((jnp.array(1j),), jnp.array(1.0)), jnp.array(3.0)).square)
    9.0
    """
    return Element(tuple(factor * value for value in x.values), factor**2 * x.square)


def combined(
    x: Element | None, factor: Float[Array, ""], y: Element | None, other: Float[Array, ""]
) -> Element | None:
    """Return factor · x + other · y for real numbers; None without either.

    Examples
    --------
    >>> one = Element((jnp.array(1 + 0j),), jnp.array(1.0))
    >>> float(combined(one, jnp.array(2.0), one, jnp.array(-1.0)).square)
    1.0
    """
    if x is None or y is None:
        alone, its = (y, other) if x is None else (x, factor)
        return None if alone is None else scaled(alone, its)
    values = tuple(factor * a + other * b for a, b in zip(x.values, y.values, strict=True))
    squares = [abs2(value) for value in values]
    return Element(values, sum(squares[1:], squares[0]))


def present(model: Interaction, neutrinos: Neutrinos, q2: Float[Array, ""]) -> Matrices:
    """Return the matrices that a model has, by name.

    Examples
    --------
    >>> import renp
    >>> sorted(present(renp.Weak(), renp.Neutrinos(0.01), jnp.array(0.1)))
    ['A', 'V']
    """
    couplings = model.couplings(neutrinos, q2)
    found = {name: x for name in NAMES if (x := getattr(couplings, name)) is not None}
    return {name: padded(x, neutrinos.states) for name, x in found.items()}


def varying(model: Interaction, neutrinos: Neutrinos) -> frozenset[str]:
    """Return the names of the matrices that depend on q².

    Examples
    --------
    >>> import renp
    >>> nu = renp.Neutrinos(0.01)
    >>> varying(renp.Weak(), nu), sorted(varying(renp.Weak() + renp.VectorMediator(0.1, 1e-8), nu))
    (frozenset(), ['A', 'V'])
    """
    traced, shapes = jax.make_jaxpr(lambda q2: present(model, neutrinos, q2), return_shape=True)(1.0)
    # What reaches a result through any operation; variables are known by their identity.
    reached = {id(v) for v in traced.jaxpr.invars}
    for equation in traced.jaxpr.eqns:
        if any(id(v) in reached for v in equation.invars):
            reached.update(id(v) for v in equation.outvars)
    names = sorted(shapes)  # the order in which a dict is flattened
    return frozenset(n for n, v in zip(names, traced.jaxpr.outvars, strict=True) if id(v) in reached)
