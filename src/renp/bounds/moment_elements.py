"""From the limit on an effective moment to limits in the mass basis, and the directions that it leaves open.

The square of an effective moment is a quadratic form in the real parameters of μ and ε. Its null space holds
the moments that an experiment cannot see at all, however large; below all thresholds RENP measures every
|μ_ij|² and |ε_ij|² with a positive weight and has no such space. For Majorana neutrinos the moments are
those of a hermitian Lagrangian.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from renp.bounds.catalogue import bound
from renp.bounds.effective import Matrix, solar_square
from renp.bounds.model import solar_weights
from renp.interactions.dipole import moment_elements
from renp.neutrinos import NATURES, Neutrinos
from renp.validation import choice

Square: TypeAlias = Callable[[Matrix, Matrix], Float[Array, ""]]
"""The square of an effective moment as a function of μ and ε."""

NULL = 1e-10
"""Eigenvalues below this part of the largest are zero: rounding leaves some 10⁻¹⁶."""


@dataclass(frozen=True)
class ElementLimit:
    """A published limit on one element, beside the one that follows from the effective moment."""

    element: str
    published: float
    """μ_B."""
    computed: float
    """μ_B."""

    @property
    def ratio(self) -> float:
        """Computed over published."""
        return self.computed / self.published


def _element_names(nature: str = "dirac") -> tuple[str, ...]:
    """Return the independent elements: six for Dirac, three for Majorana neutrinos."""
    return tuple(f"{i}{j}" for i, j in moment_elements(choice("nature", nature, NATURES)))


def _single_element(element: str, nature: str = "dirac") -> NDArray[np.complex128]:
    """Return the matrix with one element 1 and its partner: hermitian (Dirac) or antisymmetric (Majorana)."""
    i, j = (int(digit) - 1 for digit in choice("element", element, _element_names(nature)))
    upper = np.zeros((3, 3), dtype=complex)
    upper[i, j] = 1.0
    return upper if i == j else upper + (-1 if nature == "majorana" else 1) * upper.T


def element_limits(limit: float, square: Square, nature: str = "dirac") -> dict[str, float]:
    """Return the limits on the elements |μ_ij|, or equally |ε_ij|, all others being zero.

    An off-diagonal element comes with its partner μ_ji, so that two mass eigenstates scatter.

    Parameters
    ----------
    limit
        On the effective moment, μ_B.
    square
        The effective moment's square as a function of (mu, eps).
    nature
        "dirac" or "majorana".

    Returns
    -------
    dict
        Limit on each independent element, μ_B; infinite where the experiment is blind to it.

    Examples
    --------
    >>> import renp
    >>> weights = solar_weights(renp.Neutrinos(0.01))
    >>> limits = element_limits(2.8e-11, lambda mu, eps: solar_square(mu, eps, weights))
    >>> f"{limits['11']:.2e} {limits['33']:.2e}"
    '3.40e-11 1.88e-10'
    """
    nothing = jnp.asarray(np.zeros((3, 3), dtype=complex))
    return {
        name: float(limit / jnp.sqrt(square(jnp.asarray(_single_element(name, nature)), nothing)))
        for name in _element_names(nature)
    }


def borexino_table(neutrinos: Neutrinos) -> tuple[ElementLimit, ...]:
    """Return Borexino's limits in the mass basis, and those that follow from its effective moment.

    Source: M. Agostini et al. (Borexino), Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355. The computed ones
    use 2.8·10⁻¹¹ μ_B and P_k = |U_ek|². Since no P_i + P_j exceeds 1, no element can have a limit below
    2.8·10⁻¹¹ μ_B.

    Examples
    --------
    >>> import renp
    >>> [round(entry.ratio, 2) for entry in borexino_table(renp.Neutrinos(0.01))]
    [1.0, 1.01, 0.99, 1.0, 0.98, 1.01]
    """
    limit, published = bound("borexino-2017").limit, bound("borexino-2017-mass-basis").elements
    assert limit is not None
    weights = solar_weights(neutrinos)
    computed = element_limits(limit, lambda mu, eps: solar_square(mu, eps, weights))
    return tuple(ElementLimit(name, value, computed[name]) for name, value in published.items())


@dataclass(frozen=True)
class BlindDirection:
    """Moments that an experiment does not see, normalised to Σ_ij |μ_ij|² + |ε_ij|² = 1."""

    mu: Matrix
    eps: Matrix
    description: str
    """As "0.71 Re μ_12 − 0.71 Im ε_12": coefficients of unit vectors of the space."""

    def __str__(self) -> str:
        return self.description


def moment_basis(nature: str = "dirac") -> tuple[tuple[str, ...], Complex[Array, "n 2 3 3"]]:
    """Return names and matrices of an orthonormal basis of the real space of hermitian moments.

    Dirac: 18 directions, Re and Im of the hermitian μ and ε. Majorana: 6, since matrices that are
    antisymmetric and hermitian are imaginary. Real antisymmetric ones differ from them by one phase, without
    effect here.

    Returns
    -------
    tuple
        Names such as "Re μ_12", and an array of shape (n, 2, 3, 3): μ and ε of each, with Σ|μ|² + |ε|² = 1.

    Examples
    --------
    >>> names, matrices = moment_basis("majorana")
    >>> names
    ('Im μ_12', 'Im μ_13', 'Im μ_23', 'Im ε_12', 'Im ε_13', 'Im ε_23')
    >>> matrices.shape
    (6, 2, 3, 3)
    """
    names, matrices = [], []
    for place, symbol in enumerate("με"):
        for element in _element_names(nature):
            for part in _parts(element, nature):
                names.append(f"{part}{symbol}_{element}")
                matrices.append(np.stack([_hermitian(element, part) * (k == place) for k in (0, 1)]))
    return tuple(names), jnp.asarray(np.stack(matrices))


def quadratic_form(square: Square, nature: str = "dirac") -> Float[Array, "n n"]:
    """Return the matrix H of an effective moment, square = θᵀ H θ for the coefficients θ in `moment_basis`.

    Examples
    --------
    >>> from renp.bounds import stellar_square
    >>> H = quadratic_form(stellar_square)
    >>> bool(jnp.allclose(H, jnp.eye(18), rtol=0, atol=1e-14))
    True
    """
    _, basis = moment_basis(nature)

    def of_coefficients(theta: Float[Array, "n"]) -> Float[Array, ""]:
        mu, eps = jnp.einsum("n,nmij->mij", theta, basis)
        return square(mu, eps)

    # As one program: a new process compiles each of a hundred operations by itself.
    half: Float[Array, "n n"] = jax.jit(lambda theta: jax.hessian(of_coefficients)(theta) / 2)(
        np.zeros(len(basis))
    )
    return half


def blind_directions(square: Square, nature: str = "dirac") -> tuple[BlindDirection, ...]:
    """Return an orthonormal basis of the moments that an experiment cannot see.

    One flavour at short distance sees three complex amplitudes: 12 of the 18 directions of Dirac neutrinos
    are blind, 2 of the 6 of Majorana neutrinos. Solar neutrinos, a mixture of all three mass eigenstates,
    leave none.

    Parameters
    ----------
    square
        The effective moment's square as a function of (mu, eps); a sum of several for several experiments.
    nature
        "dirac" or "majorana".

    Examples
    --------
    >>> import renp
    >>> from renp.bounds import flavour_square
    >>> row = renp.Neutrinos(0.01, delta_cp=0.0).mixing_matrix[0]
    >>> directions = blind_directions(lambda mu, eps: flavour_square(mu, eps, row))
    >>> len(directions)
    12
    >>> print(directions[0])
    0.99 μ_33 - 0.09 Re μ_13 + 0.09 Im ε_13 - 0.06 Re μ_23 + 0.06 Im ε_23
    """
    names, basis = moment_basis(nature)
    values, vectors = np.linalg.eigh(np.asarray(quadratic_form(square, nature)))
    null = vectors[:, values < NULL * max(values[-1], 1e-300)]
    found = []
    for vector in _localised(null):
        mu, eps = jnp.einsum("n,nmij->mij", vector, basis)
        found.append(BlindDirection(mu, eps, _describe(vector, names)))
    return tuple(found)


def _localised(null: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return an orthonormal basis of a space whose vectors are as short to describe as can be.

    Each is the normalised projection of that unit vector which lies closest to what is left of the space (a
    pivoted Cholesky decomposition of the projector), so that they do not depend on how eigenvectors were
    chosen.
    """
    left = null @ null.T
    found = []
    for _ in range(null.shape[1]):
        # Rounding must not decide between equally close vectors.
        pivot = int(np.argmax(np.rint(1e9 * left.diagonal())))
        vector = left[:, pivot] / np.sqrt(left[pivot, pivot])
        found.append(vector)
        left = left - np.outer(vector, vector)
    return found


def _parts(element: str, nature: str) -> tuple[str, ...]:
    if element[0] == element[1]:
        return ("",)
    return ("Im ",) if nature == "majorana" else ("Re ", "Im ")


def _hermitian(element: str, part: str) -> NDArray[np.complex128]:
    """Return the hermitian unit matrix of one part of one element; the imaginary one is antisymmetric."""
    if part == "Im ":
        return 1j * _single_element(element, "majorana") / 2**0.5
    return _single_element(element) / (1.0 if element[0] == element[1] else 2**0.5)


def _describe(vector: NDArray[np.float64], names: tuple[str, ...]) -> str:
    """Return the coefficients above 0.005, largest first."""
    order = sorted(range(len(names)), key=lambda n: (-round(abs(float(vector[n])), 9), n))
    terms = [(vector[n], names[n]) for n in order if abs(vector[n]) > 0.005]
    text = " ".join(f"{'-' if value < 0 else '+'} {abs(value):.2f} {name}" for value, name in terms)
    return text.removeprefix("+ ")
