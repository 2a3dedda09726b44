"""From the limit on an effective moment to limits in the mass basis, one element at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from renp.bounds.catalogue import bound
from renp.bounds.effective import Matrix, solar_square
from renp.bounds.solar import solar_weights
from renp.neutrinos import NATURES, Neutrinos
from renp.validation import choice

Square: TypeAlias = Callable[[Matrix, Matrix], Float[Array, ""]]
"""The square of an effective moment as a function of μ and ε."""


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
        """Computed over published.

        Examples
        --------
        >>> ElementLimit("11", 2.0, 3.0).ratio
        1.5
        """
        return self.computed / self.published


def element_names(nature: str = "dirac") -> tuple[str, ...]:
    """Return the independent elements: six for Dirac, three for Majorana neutrinos.

    Examples
    --------
    >>> element_names("majorana")
    ('12', '13', '23')
    """
    first = 1 if choice("nature", nature, NATURES) == "majorana" else 0
    return tuple(f"{i + 1}{j + 1}" for i in range(3) for j in range(i + first, 3))


def single_element(element: str, nature: str = "dirac") -> Complex[Array, "3 3"]:
    """Return the matrix with one element 1 and its partner: hermitian (Dirac) or antisymmetric (Majorana).

    Examples
    --------
    >>> single_element("12", "majorana").real[:2, :2]
    Array([[ 0.,  1.],
           [-1.,  0.]], dtype=float64)
    """
    i, j = (int(digit) - 1 for digit in choice("element", element, element_names(nature)))
    upper = jnp.zeros((3, 3), dtype=complex).at[i, j].set(1.0)
    if i == j:
        return upper
    return upper + (-1 if nature == "majorana" else 1) * upper.T


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
    nothing = jnp.zeros((3, 3), dtype=complex)
    return {
        name: float(limit / jnp.sqrt(square(single_element(name, nature), nothing)))
        for name in element_names(nature)
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
