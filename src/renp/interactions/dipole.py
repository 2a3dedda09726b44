"""Magnetic and electric dipole moments of the neutrinos."""

from typing import ClassVar

from renp.constants import BOHR_MAGNETON
from renp.interactions.couplings import Coupling, Couplings
from renp.interactions.photon import PhotonCoupling
from renp.neutrinos import Neutrinos
from renp.validation import Scalar


class MagneticMoment(PhotonCoupling):
    """Magnetic moments (μ_ν)_ij in the mass basis.

    Source: PLB 841 137911, Eqs. (1), (8), (16). For Majorana neutrinos the interaction carries the
    factor 1/2 of Eq. (10); a moment defined without it is to be multiplied by 2.

    Parameters
    ----------
    elements
        In μ_B: a dict {(i, j): value} with i, j from 1 to 3, or a 3×3 matrix. The matrix is hermitian for
        Dirac neutrinos (μ_ji = μ_ij* follows and counts), antisymmetric for Majorana, and
        hermitian besides in the letter, so imaginary; a phase common to all moments changes nothing, and
        real values are taken too.
    basis
        "mass" or "flavour": that of the elements, in the order e, μ, τ.

    Raises
    ------
    InputError
        For elements out of range, not finite, or against the symmetry.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> mu = MagneticMoment({(1, 2): 3e-11}).couplings(Neutrinos(0.01), 1.0).mu
    >>> bool(mu[1, 0] == mu[0, 1])
    True
    """

    kind: ClassVar[str] = "magnetic-moment"
    cites: ClassVar[tuple[str, ...]] = ("ge-2023-letter",)
    coupling_unit: ClassVar[str] = "μ_B"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return the magnetic moments."""
        del q2
        return self._in_mass_basis(Couplings(mu=BOHR_MAGNETON * self._matrix(neutrinos)), neutrinos)


class ElectricMoment(PhotonCoupling):
    """Electric dipole moments (ε_ν)_ij in the mass basis.

    Source: PLB 841 137911, Eqs. (1), (9), (16). For Majorana neutrinos the interaction carries the
    factor 1/2 of Eq. (10); a moment defined without it is to be multiplied by 2.

    Parameters
    ----------
    elements
        In μ_B: a dict {(i, j): value} with i, j from 1 to 3, or a 3×3 matrix. The matrix is hermitian for
        Dirac neutrinos (ε_ji = ε_ij* follows and counts), antisymmetric for Majorana, and hermitian besides
        in the letter, so imaginary; a phase common to all moments changes nothing, and real values are
        taken too.
    basis
        "mass" or "flavour": that of the elements, in the order e, μ, τ.

    Raises
    ------
    InputError
        For elements out of range, not finite, or against the symmetry.

    Examples
    --------
    >>> complex(ElectricMoment({(3, 3): 3e-11}).elements[2, 2])
    (3e-11+0j)
    """

    kind: ClassVar[str] = "electric-moment"
    cites: ClassVar[tuple[str, ...]] = ("ge-2023-letter",)
    coupling_unit: ClassVar[str] = "μ_B"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return the electric moments: Eq. (1) is −iσq (μ + iε γ5), and eps stands beside μ."""
        del q2
        return self._in_mass_basis(Couplings(eps=1j * BOHR_MAGNETON * self._matrix(neutrinos)), neutrinos)


MOMENTS: tuple[type[PhotonCoupling], ...] = (MagneticMoment, ElectricMoment)


def moment_elements(nature: str) -> tuple[tuple[int, int], ...]:
    """Return the independent elements of a matrix of moments.

    Examples
    --------
    >>> moment_elements("majorana")
    ((1, 2), (1, 3), (2, 3))
    """
    first = 1 if nature == "majorana" else 0
    return tuple((i + 1, j + 1) for i in range(3) for j in range(i + first, 3))


def moment_couplings(nature: str) -> tuple[Coupling, ...]:
    """Return each element of each kind of moment at 1 μ_B.

    Examples
    --------
    >>> [coupling.name for coupling in moment_couplings("majorana")][3:]
    ['electric-moment 12', 'electric-moment 13', 'electric-moment 23']
    """
    return tuple(
        Coupling(moment.kind, f"{i}{j}", moment({(i, j): 1.0}))
        for moment in MOMENTS
        for i, j in moment_elements(nature)
    )
