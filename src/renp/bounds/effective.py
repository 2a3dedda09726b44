"""Effective moments: what scattering experiments and stars measure of the matrices μ and ε.

Matrices are complete 3×3 matrices in the mass basis, in μ_B (or any common unit), as `renp.MagneticMoment`
and `renp.ElectricMoment` take them: the vertex is −iσq (μ + iε γ5) of L(1), the equations L(n) being those of
S.-F. Ge and P. Pasquini, Phys. Lett. B 841 (2023) 137911.

Phases. L(2) is printed with U*, for states |ν_α⟩ = Σ_k U*_αk |ν_k⟩. The package follows the same paper's
a_ij = U_ei U_ej*, that is fields ν_α = Σ_k U*_αk ν_k, which create |ν_α⟩ = Σ_k U_αk |ν_k⟩: with the package's
matrices L(2) has U. Either way nothing depends on the phases of the mass eigenstates.

Antineutrinos. ν̄_α = Σ_k U*_αk ν̄_k is right-handed and is scattered by ν̄_k (μ + iε γ5)_kj ν_j, so its
amplitude is Σ_k U*_αk (μ + iε)_kj. For hermitian μ and ε that is the complex conjugate of the neutrino's Σ_k
U_αk (μ − iε)_jk: the effective moments are equal, with CP violation too. It is CPT that makes them so.

Majorana neutrinos. With the factor 1/2 of L(10) the scattering amplitude is the antisymmetric matrix itself,
and the same formulas hold; the right-handed state takes the place of the antineutrino.

The proceeding prints two more in its "Notes Added" (S.-F. Ge and P. Pasquini, Phys. Sci. Forum 8 (2023) 51,
section 6), beside L(2).

XENONnT is printed as |μ^⊙| ≡ |Ũ_ej|² |(μ_ν)_ij − i(ε_ν)_ij|² < 6·10⁻¹² μ_B. The left side is a moment and the
right side the square of one, with sums over i and j understood: |μ^⊙|² is meant, and 6·10⁻¹² μ_B is a limit
on its root. With |Ũ_ej|² the probability to arrive as ν_j it is `solar_square`. The symbol μ^⊙ is
that of plasmon decay, another quantity, in L(3).

COHERENT is printed as |μ_α|² ≡ Σ_ij {U_αi (μ² + ε²)_ij U*_αj + 2 Im[U_αi (με)_ij U*_αj]}. Expanding L(2) as
printed,

    Σ_j |Σ_k U*_αk (μ − iε)_jk|² = Σ_ij U_αi [(μ + iε)(μ − iε)]_ij U*_αj = Σ_ij U_αi [μ² + ε² − i(με − εμ)]_ij
    U*_αj,

and since εμ is the hermitian conjugate of με, −i(z − z*) = 2 Im z: it is L(2), for hermitian μ and ε. Its
limits, |μ_e|² < 4·10⁻⁹ μ_B and |μ_μ|² < 4·10⁻¹⁰ μ_B, have the dimension of a moment where a square stands:
they can be meant for the moments, as the catalogue reads them, and the square is then one too many.
"""

from typing import TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Float, Inexact

Matrix: TypeAlias = Inexact[Array, "3 3"]
Row: TypeAlias = Inexact[Array, "3"]


def flavour_square(mu: Matrix, eps: Matrix, mixing_row: Row, antineutrino: bool = False) -> Float[Array, ""]:
    """Return the square of the effective moment of a neutrino produced with a flavour, near its source.

    Source: L(2); W. Grimus, P. Stockinger, Phys. Rev. D 57 (1998) 1762. Oscillation on the way, by
    exp(−i m_k² L/2E) on each U_αk, is left out, as in reactor and accelerator experiments at short distance.

    Parameters
    ----------
    mu, eps
        Magnetic and electric moments, shape (3, 3), mass basis, μ_B.
    mixing_row
        U_αk of the flavour, shape (3,).
    antineutrino
        Whether antineutrinos are scattered.

    Returns
    -------
    Array
        Σ_j |Σ_k U_αk (μ − iε)_jk|², μ_B².

    Examples
    --------
    >>> import renp
    >>> row = renp.Neutrinos(0.01).mixing_matrix[0]
    >>> flavour_square(jnp.diag(jnp.array([1.0, 1.0, 1.0])), jnp.zeros((3, 3)), row).round(12)
    Array(1., dtype=float64)
    """
    if antineutrino:
        return _norm2((mu + 1j * eps).T @ mixing_row.conj())
    return _norm2((mu - 1j * eps) @ mixing_row)


def flavour_moment(mu: Matrix, eps: Matrix, mixing_row: Row, antineutrino: bool = False) -> Float[Array, ""]:
    """Return the effective moment of a neutrino produced with a flavour: the root of `flavour_square`, L(2).

    Examples
    --------
    >>> import renp
    >>> row = renp.Neutrinos(0.01).mixing_matrix[0]
    >>> mu = jnp.zeros((3, 3)).at[0, 0].set(3e-11)
    >>> bool(jnp.isclose(flavour_moment(mu, 0 * mu, row), 3e-11 * abs(row[0]), atol=0))
    True
    """
    return _root(flavour_square(mu, eps, mixing_row, antineutrino))


def solar_square(mu: Matrix, eps: Matrix, weights: Row) -> Float[Array, ""]:
    """Return the square of the effective moment of solar neutrinos.

    They arrive as an incoherent mixture of mass eigenstates: no phase of U enters. For one element at a time
    this equals L(2), in which nothing interferes then either.

    Parameters
    ----------
    mu, eps
        Moments, shape (3, 3), mass basis, μ_B.
    weights
        Probabilities P_k of the mass eigenstates, shape (3,), as from `renp.bounds.solar_weights`.

    Returns
    -------
    Array
        Σ_k P_k Σ_j |(μ − iε)_jk|², μ_B².

    Examples
    --------
    >>> solar_square(jnp.eye(3), jnp.zeros((3, 3)), jnp.array([0.5, 0.25, 0.25]))
    Array(1., dtype=float64)
    """
    amplitude = mu - 1j * eps
    return jnp.sum((amplitude.real**2 + amplitude.imag**2) @ weights)


def solar_moment(mu: Matrix, eps: Matrix, weights: Row) -> Float[Array, ""]:
    """Return the effective moment of solar neutrinos: the root of `solar_square`.

    Examples
    --------
    >>> mu = jnp.zeros((3, 3)).at[0, 0].set(2.0)
    >>> solar_moment(mu, 0 * mu, jnp.array([0.25, 0.5, 0.25]))
    Array(1., dtype=float64)
    """
    return _root(solar_square(mu, eps, weights))


def stellar_square(mu: Matrix, eps: Matrix, majorana: bool = False) -> Float[Array, ""]:
    """Return the square of the moment that cools stars by plasmon decay.

    Source: L(3), Σ_ij over all ordered pairs. That counts Dirac pairs, where ν_i ν̄_j and ν_j ν̄_i are
    distinct. For Majorana neutrinos with the factor 1/2 of L(10) each pair i < j is one final state, and the
    sum is half of the printed one, as in the rate of RENP. The letter does not say which is meant.

    Parameters
    ----------
    mu, eps
        Moments, shape (3, 3), mass basis, μ_B.
    majorana
        Whether to count the pairs of Majorana neutrinos; False gives L(3) as printed.

    Returns
    -------
    Array
        Σ_ij |μ_ij|² + |ε_ij|², or half of it, μ_B².

    Examples
    --------
    >>> stellar_square(jnp.eye(3), jnp.eye(3))
    Array(6., dtype=float64)
    """
    return (0.5 if majorana else 1.0) * (_norm2(mu) + _norm2(eps))


def stellar_moment(mu: Matrix, eps: Matrix, majorana: bool = False) -> Float[Array, ""]:
    """Return the moment that cools stars by plasmon decay: the root of `stellar_square`, L(3).

    Examples
    --------
    >>> mu = jnp.zeros((3, 3)).at[0, 0].set(3.0).at[1, 1].set(4.0)
    >>> stellar_moment(mu, 0 * mu)
    Array(5., dtype=float64)
    """
    return _root(stellar_square(mu, eps, majorana))


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
    return _root(jnp.einsum("j,ij->", weights, jnp.abs(mu - 1j * eps) ** 2))


def coherent_notes_moment(mu: Matrix, eps: Matrix, mixing_row: Row) -> Float[Array, ""]:
    """Return the moment of the notes for neutrinos of one flavour, in μ_B.

    The package's matrices stand to the mixing matrix as the complex conjugates of the printed ones do, so U
    and U* change places here.

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
    return _root(squares.real + 2 * product.imag)


def transition_moments(mu: Matrix, eps: Matrix) -> Inexact[Array, "3"]:
    """Return Λ_k = ½ ε_ijk (μ − iε)_ij, the three transition moments of Majorana neutrinos, in either basis.

    Source: W. Grimus et al., Nucl. Phys. B 648 (2003) 376. In the flavour basis Λ_e is the moment between ν_μ
    and ν_τ, and a reactor's ν̄_e see |Λ_μ|² + |Λ_τ|².

    Examples
    --------
    >>> mu = jnp.zeros((3, 3)).at[1, 2].set(3.0).at[2, 1].set(-3.0)
    >>> transition_moments(mu, 0 * mu).real
    Array([3., 0., 0.], dtype=float64)
    """
    of = mu - 1j * eps
    return jnp.stack([of[1, 2] - of[2, 1], of[2, 0] - of[0, 2], of[0, 1] - of[1, 0]]) / 2


def _root(square: Float[Array, ""]) -> Float[Array, ""]:
    """Return the square root, with gradient zero rather than NaN where no moment is present.

    Examples
    --------
    >>> import jax
    >>> jax.grad(_root)(0.0), _root(jnp.array(4.0))
    (Array(0., dtype=float64...), Array(2., dtype=float64...))
    """
    positive = jnp.asarray(square) > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


def _norm2(values: Inexact[Array, "..."]) -> Float[Array, ""]:
    return jnp.sum(jnp.real(values) ** 2 + jnp.imag(values) ** 2)
