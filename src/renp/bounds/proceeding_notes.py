"""The effective moments that the proceeding prints in its "Notes Added", beside L(2).

Source: S.-F. Ge and P. Pasquini, Phys. Sci. Forum 8 (2023) 51, section 6.

XENONnT is printed as |μ^⊙| ≡ |Ũ_ej|² |(μ_ν)_ij − i(ε_ν)_ij|² < 6·10⁻¹² μ_B. The left side is a moment and the
right side the square of one, with sums over i and j understood: |μ^⊙|² is meant, and 6·10⁻¹² μ_B is a limit
on its root. With |Ũ_ej|² the probability to arrive as ν_j it is `renp.bounds.solar_square`. The symbol μ^⊙ is
that of plasmon decay, another quantity, in L(3).

COHERENT is printed as |μ_α|² ≡ Σ_ij {U_αi (μ² + ε²)_ij U*_αj + 2 Im[U_αi (με)_ij U*_αj]}. Expanding L(2) as
printed,

    Σ_j |Σ_k U*_αk (μ − iε)_jk|² = Σ_ij U_αi [(μ + iε)(μ − iε)]_ij U*_αj = Σ_ij U_αi [μ² + ε² − i(με − εμ)]_ij
    U*_αj,

and since εμ is the hermitian conjugate of με, −i(z − z*) = 2 Im z: it is L(2), for hermitian μ and ε. Its
limits, |μ_e|² < 4·10⁻⁹ μ_B and |μ_μ|² < 4·10⁻¹⁰ μ_B, have the dimension of a moment where a square stands:
they can be meant for the moments, as the catalogue reads them, and the square is then one too many.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from renp.bounds.effective import Matrix, Row, root


def xenonnt_notes_moment(mu: Matrix, eps: Matrix, weights: Row) -> Float[Array, ""]:
    """Return the moment of the notes for solar neutrinos, [Σ_ij |Ũ_ej|² |(μ − iε)_ij|²]^½, in μ_B.

    Parameters
    ----------
    mu, eps
        Moments, shape (3, 3), mass basis, μ_B.
    weights
        |Ũ_ej|², shape (3,).

    Examples
    --------
    >>> xenonnt_notes_moment(jnp.eye(3), jnp.zeros((3, 3)), jnp.array([0.5, 0.25, 0.25]))
    Array(1., dtype=float64)
    """
    return root(jnp.einsum("j,ij->", weights, jnp.abs(mu - 1j * eps) ** 2))


def coherent_notes_moment(mu: Matrix, eps: Matrix, mixing_row: Row) -> Float[Array, ""]:
    """Return the moment of the notes for neutrinos of one flavour, in μ_B.

    The package's matrices stand to the mixing matrix as the complex conjugates of the printed ones do
    (`renp.bounds.effective`), so U and U* change places here.

    Parameters
    ----------
    mu, eps
        Hermitian moments, shape (3, 3), mass basis, μ_B.
    mixing_row
        U_αk, shape (3,).

    Examples
    --------
    >>> import renp
    >>> row = renp.Neutrinos(0.01).mixing_matrix[1]
    >>> coherent_notes_moment(jnp.eye(3), jnp.zeros((3, 3)), row).round(12)
    Array(1., dtype=float64)
    """
    row = mixing_row.conj()
    squares = row @ (mu @ mu + eps @ eps) @ row.conj()
    product = row @ (mu @ eps) @ row.conj()
    return root(squares.real + 2 * product.imag)
