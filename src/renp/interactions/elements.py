"""Coupling matrices as users give them: single elements or 3×3, completed by symmetry.

Of each pair (i, j), (j, i) at most one element is kept; the other follows from the symmetry, which
may depend on the neutrinos' nature.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex
from numpy.typing import NDArray

from renp.errors import InputError
from renp.validation import is_traced, matrix

Matrix: TypeAlias = Complex[Array, "3 3"]
Symmetry: TypeAlias = Literal["hermitian", "symmetric", "antisymmetric"]

_LOWER = np.tril(np.ones((3, 3), dtype=bool), -1)


def independent_elements(name: str, value: Any) -> Matrix:
    """Return the elements from which a coupling matrix is completed.

    Parameters
    ----------
    name
        What the user calls it.
    value
        A dict {(i, j): element} with i, j from 1 to 3, a 3×3 matrix, or None for zero.

    Raises
    ------
    InputError
        For elements out of range or not finite.

    Examples
    --------
    >>> independent_elements("m", {(2, 1): 1j})[1, 0]
    Array(0.+1.j, dtype=complex128)
    """
    given, twice = _given(name, value)
    return jnp.where(twice & _LOWER, 0, given)


def obeyed(name: str, value: Any, allowed: tuple[Symmetry, ...]) -> tuple[Symmetry, ...]:
    """Return which of the allowed symmetries the elements obey where (i, j) and (j, i) are both given.

    Raises
    ------
    InputError
        If they obey none, naming the pair that is worst.

    Examples
    --------
    >>> obeyed("m", np.diag([1, 2, 3]), ("hermitian", "antisymmetric"))
    ('hermitian', 'antisymmetric')
    """
    given, twice = _given(name, value)
    if is_traced(given):
        return allowed
    matrix = np.where(twice, np.asarray(given), 0)
    np.fill_diagonal(matrix, np.diag(matrix).real if "hermitian" not in allowed else np.diag(matrix))
    errors = {symmetry: _asymmetry(matrix, symmetry) for symmetry in allowed}
    scale = 1e-12 * float(np.max(np.abs(matrix)))
    result = tuple(symmetry for symmetry in allowed if np.all(errors[symmetry] <= scale))
    if not result:
        i, j = np.unravel_index(int(np.argmax(errors[allowed[0]])), (3, 3))
        raise InputError(
            f"{name}[{i + 1}, {j + 1}]",
            f"{matrix[i, j]:.6g} beside {name}[{j + 1}, {i + 1}] = {matrix[j, i]:.6g}",
            f"part of a matrix that is {' or '.join(allowed)}",
        )
    return result


def complete(elements: Matrix, symmetry: Symmetry) -> Matrix:
    """Return the full matrix from its independent elements.

    Examples
    --------
    >>> complete(independent_elements("m", {(1, 2): 1j}), "hermitian")[1, 0]
    Array(-0.-1.j, dtype=complex128)
    """
    off_diagonal = elements - jnp.diag(jnp.diag(elements))
    return elements + _mirror(off_diagonal, symmetry)


def _mirror(matrix: Matrix, symmetry: Symmetry) -> Matrix:
    if symmetry == "hermitian":
        return matrix.conj().T
    return matrix.T if symmetry == "symmetric" else -matrix.T


def _asymmetry(matrix: NDArray[Any], symmetry: Symmetry) -> NDArray[Any]:
    """Return |X − mirrored X|; a diagonal that is forbidden by antisymmetry is judged elsewhere."""
    error: NDArray[Any] = np.abs(matrix - np.asarray(_mirror(jnp.asarray(matrix), symmetry)))
    if symmetry == "antisymmetric":
        np.fill_diagonal(error, 0.0)
    return error


def _given(name: str, value: Any) -> tuple[Matrix, NDArray[Any]]:
    """Return the matrix as given, and where an element and its mirror image are both given."""
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        return matrix(name, value), np.ones((3, 3), dtype=bool)
    result = jnp.zeros((3, 3), dtype=complex)
    for key, element in value.items():
        i, j = _indices(name, key)
        _check_element(f"{name}[{i + 1}, {j + 1}]", element)
        result = result.at[i, j].set(element)
    twice = np.array([[(i, j) in value and (j, i) in value for j in (1, 2, 3)] for i in (1, 2, 3)])
    return result, twice


def _indices(name: str, key: Any) -> tuple[int, int]:
    if isinstance(key, tuple) and len(key) == 2:
        i, j = key
        if all(isinstance(k, (int, np.integer)) and 1 <= k <= 3 for k in key):
            return int(i) - 1, int(j) - 1
    raise InputError(f"{name} element", repr(key), "a pair (i, j) with i and j from 1 to 3")


def _check_element(name: str, element: Any) -> None:
    if is_traced(element):
        return
    try:
        finite = not isinstance(element, str) and bool(np.isfinite(complex(element)))
    except TypeError:
        finite = False
    if not finite:
        raise InputError(name, repr(element), "a finite number")
