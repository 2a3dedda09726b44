"""Electric charge, charge radius and anapole moment of the neutrinos."""

from typing import ClassVar

from renp.constants import ELECTRON_CHARGE, HBAR_C
from renp.interactions.completion import Symmetry
from renp.interactions.couplings import Couplings
from renp.interactions.photon import PhotonCoupling
from renp.neutrinos import Neutrinos
from renp.validation import Scalar


class Charge(PhotonCoupling):
    """Electric charges Q_ij of the neutrinos (millicharges): F = e Q.

    For Majorana neutrinos the interaction carries a factor 1/2, as the moments' does.

    Parameters
    ----------
    elements
        In units of e: a dict {(i, j): value} with i, j from 1 to 3, or a 3×3 matrix; hermitian for
        Dirac, antisymmetric for Majorana neutrinos.
    basis
        "mass" or "flavour": that of the elements, in the order e, μ, τ.

    Raises
    ------
    InputError
        For elements out of range, not finite, or against the symmetry.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> Charge({(1, 1): 1e-12}).couplings(Neutrinos(0.01), 1.0).F[0, 0].real.round(15)
    Array(3.03e-13, dtype=float64)
    """

    kind: ClassVar[str] = "charge"
    coupling_unit: ClassVar[str] = "e"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return F = e Q."""
        del q2
        return self._in_mass_basis(Couplings(F=ELECTRON_CHARGE * self._matrix(neutrinos)), neutrinos)


class ChargeRadius(PhotonCoupling):
    """Mean square charge radii ⟨r²⟩_ij: F = e q² ⟨r²⟩/6.

    For Majorana neutrinos the interaction carries a factor 1/2, as the moments' does.

    Parameters
    ----------
    elements
        In cm²: a dict {(i, j): value} with i, j from 1 to 3, or a 3×3 matrix; hermitian for Dirac,
        antisymmetric for Majorana neutrinos.
    basis
        "mass" or "flavour": that of the elements, in the order e, μ, τ.

    Raises
    ------
    InputError
        For elements out of range, not finite, or against the symmetry.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> bool(ChargeRadius({(1, 1): 1e-32}).couplings(Neutrinos(0.01), 0.0).F[0, 0] == 0)
    True
    """

    kind: ClassVar[str] = "charge-radius"
    coupling_unit: ClassVar[str] = "cm²"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return F = e q² ⟨r²⟩/6."""
        factor = ELECTRON_CHARGE * q2 / (6 * HBAR_C**2)
        return self._in_mass_basis(Couplings(F=factor * self._matrix(neutrinos)), neutrinos)


class Anapole(PhotonCoupling):
    """Anapole moments a_ij: G = e q² a.

    A Majorana neutrino may have a diagonal anapole moment, since ν̄_i γ^μ γ5 ν_j is symmetric in i and j. The
    interaction carries a factor 1/2 there, as the moments' does.

    Parameters
    ----------
    elements
        In cm²: a dict {(i, j): value} with i, j from 1 to 3, or a 3×3 matrix; hermitian for Dirac,
        symmetric for Majorana neutrinos.
    basis
        "mass" or "flavour": that of the elements, in the order e, μ, τ.

    Raises
    ------
    InputError
        For elements out of range, not finite, or against the symmetry.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> nu = Neutrinos(0.01, nature="majorana")
    >>> bool(Anapole({(1, 1): 1e-32}).couplings(nu, 1.0).G[0, 0] != 0)
    True
    """

    kind: ClassVar[str] = "anapole"
    coupling_unit: ClassVar[str] = "cm²"
    majorana_symmetry: ClassVar[Symmetry] = "symmetric"

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return G = e q² a."""
        factor = ELECTRON_CHARGE * q2 / HBAR_C**2
        return self._in_mass_basis(Couplings(G=factor * self._matrix(neutrinos)), neutrinos)
