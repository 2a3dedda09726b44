"""Coupling matrices as users give them: single elements or 3×3, completed by symmetry.

Of each pair (i, j), (j, i) at most one element is kept; the other follows from the symmetry, which
may depend on the neutrinos' nature.
"""

from collections.abc import Mapping
from numbers import Number
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from renp.compensated import array_module
from renp.errors import InputError, shown
from renp.validation import Elements, is_traced, matrix

Symmetry: TypeAlias = Literal["hermitian", "symmetric", "antisymmetric"]

_LOWER = np.tril(np.ones((3, 3), dtype=bool), -1)


def independent_elements(name: str, value: Any, unit: str = "") -> Elements:
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
    >>> independent_elements("m", {(2, 1): 1j})[1].tolist()
    [1j, 0j, 0j]
    """
    given, twice = _given(name, value, unit)
    return _kept(array_module(given).where(twice & _LOWER, 0, given))


def violations(
    name: str, value: Any, allowed: tuple[Symmetry, ...], unit: str = ""
) -> tuple[tuple[Symmetry, tuple[int, int]], ...]:
    """Return the symmetries that the given elements do not obey, each with the worst element (from 1).

    Only elements given on both sides of the diagonal are compared, and the diagonal itself.

    Raises
    ------
    InputError
        If they obey none of the allowed symmetries, naming the worst pair.

    Examples
    --------
    >>> violations("m", [[0, 1, 0], [1, 0, 0], [0, 0, 0]], ("hermitian", "antisymmetric"))
    (('antisymmetric', (1, 2)),)
    """
    given, twice = _given(name, value, unit)
    if is_traced(given):
        return ()
    matrix = np.where(twice, np.asarray(given), 0)
    scale = 1e-12 * float(np.max(np.abs(matrix)))
    found: list[tuple[Symmetry, tuple[int, int]]] = []
    for symmetry in allowed:
        error = _asymmetry(matrix, symmetry)
        if np.any(error > scale):
            row, column = divmod(int(np.argmax(error)), 3)
            found.append((symmetry, (row + 1, column + 1)))
    if len(found) == len(allowed):
        i, j = found[0][1]
        pair = f" beside {name}[{j}, {i}] = {matrix[j - 1, i - 1]:.6g}" if i != j else ""
        words = f"part of a matrix that is {' or '.join(allowed)}"
        raise InputError(f"{name}[{i}, {j}]", f"{matrix[i - 1, j - 1]:.6g}{pair}", words)
    return tuple(found)


def complete(elements: Elements, symmetry: Symmetry) -> Elements:
    """Return the full matrix from its independent elements.

    Examples
    --------
    >>> complex(complete(independent_elements("m", {(1, 2): 1j}), "hermitian")[1, 0])
    -1j
    """
    xp = array_module(elements)
    known = xp.asarray(elements)
    return _kept(known + _mirror(known - xp.diag(xp.diag(known)), symmetry))


def _kept(found: Any) -> Elements:
    """Return a matrix that nobody changes: of NumPy, so that nothing of JAX starts, unless it is traced."""
    if isinstance(found, np.ndarray):
        found.flags.writeable = False
    return found  # type: ignore[no-any-return]


def _mirror(matrix: Any, symmetry: Symmetry) -> Any:
    if symmetry == "hermitian":
        return matrix.conj().T
    return matrix.T if symmetry == "symmetric" else -matrix.T


def _asymmetry(matrix: NDArray[Any], symmetry: Symmetry) -> NDArray[Any]:
    """Return |X − mirrored X|; a diagonal that is forbidden by antisymmetry is judged elsewhere."""
    error: NDArray[Any] = np.abs(matrix - _mirror(matrix, symmetry))
    if symmetry == "antisymmetric":
        np.fill_diagonal(error, 0.0)
    return error


def _given(name: str, value: Any, unit: str) -> tuple[Any, NDArray[Any]]:
    """Return the matrix as given, and where an element and its mirror image are both given."""
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        if isinstance(value, (str, Number)) or getattr(value, "ndim", None) == 0:
            allowed = 'a 3×3 matrix or its elements, {(1, 2): value}, in a file { "12" = value }'
            raise InputError(name, shown(value), allowed)
        return matrix(name, value, unit), np.ones((3, 3), dtype=bool)
    twice = np.array([[(i, j) in value and (j, i) in value for j in (1, 2, 3)] for i in (1, 2, 3)])
    return matrix(name, value, unit), twice
