"""What the couplings of neutrinos to the photon share: a matrix whose symmetry depends on their nature."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import numpy as np

from renp.errors import InputError
from renp.interactions.completion import Symmetry, complete, independent_elements, violations
from renp.interactions.couplings import Coupling, Couplings, Interaction
from renp.interactions.rotation import BASES, photon_to_mass_basis
from renp.neutrinos import Neutrinos
from renp.validation import Elements, choice, is_traced

_FLAVOURS = "eμτ"


class PhotonCoupling(Interaction):
    """A matrix of couplings to the photon: hermitian for Dirac neutrinos.

    For Majorana neutrinos the Lagrangian is written with a factor 1/2, as in L(10), so that the effective
    matrix (X + η Xᵀ)/2 is the matrix X with its symmetry η: antisymmetric for moments and charges,
    symmetric for the anapole. Majorana matrices are not asked to be hermitian besides, which would make
    moments imaginary: one phase common to all moments is a matter of convention. Relative phases that no
    hermitian Lagrangian has are not refused.

    In the basis "flavour" elements are in the order e, μ, τ. A Majorana neutrino's magnetic moment is then
    both magnetic and electric in the mass basis, and a charge has an anapole, unless U is real.
    """

    majorana_symmetry: ClassVar[Symmetry] = "antisymmetric"

    elements: Elements
    basis: str = eqx.field(static=True)
    broken: tuple[tuple[Symmetry, tuple[int, int]], ...] = eqx.field(static=True)
    """Symmetries that the matrix has not, each with an element that shows it."""

    def __init__(self, elements: Any, basis: Literal["mass", "flavour"] | str = "mass") -> None:
        name = type(self).__name__
        allowed: tuple[Symmetry, ...] = ("hermitian", self.majorana_symmetry)
        self.broken = violations(name, elements, allowed, self.coupling_unit)
        self.elements = independent_elements(name, elements, self.coupling_unit)
        self.basis = choice("basis", basis, BASES)

    def __repr__(self) -> str:
        """Return the constructor's call, without the basis where it is the usual one."""
        return super().__repr__().replace(", basis='mass'", "")

    def check(self, neutrinos: Neutrinos) -> None:
        """Raise `InputError` if the matrix has not the symmetry that the neutrinos' nature asks for."""
        if is_traced(self.elements):
            return
        name, elements = type(self).__name__, np.asarray(self.elements)
        symmetry = type(self)._symmetry(self, neutrinos)
        for broken, (i, j) in self.broken:
            if broken == symmetry:
                value, owner = elements[i - 1, j - 1], neutrinos.nature.capitalize()
                allowed = f"part of a matrix that is {symmetry} for {owner} neutrinos"
                raise InputError(f"{name}[{i}, {j}]", f"{value:.6g}", allowed)
        if symmetry == "antisymmetric":
            for k in range(3):
                if (value := elements[k, k]) != 0:
                    allowed = "left out: a Majorana neutrino has no diagonal element"
                    raise InputError(f"{name}[{k + 1}, {k + 1}]", f"{value:.6g}", allowed)

    def directions(self) -> tuple[Coupling, ...]:
        """Return each element by itself: a real one as it is, a complex one at its phase."""
        return tuple(
            self._element(int(i) + 1, int(j) + 1) for i, j in np.argwhere(np.asarray(self.elements) != 0)
        )

    def _element(self, i: int, j: int) -> Coupling:
        value = complex(np.asarray(self.elements)[i - 1, j - 1])
        size = value.real if value.imag == 0 else abs(value)
        name = "".join(str(k) if self.basis == "mass" else _FLAVOURS[k - 1] for k in (i, j))
        return Coupling(self.family, name, type(self)({(i, j): value / size}, self.basis), size)

    def _in_mass_basis(self, given: Couplings, neutrinos: Neutrinos) -> Couplings:
        return photon_to_mass_basis(given, neutrinos) if self.basis == "flavour" else given

    def _symmetry(self, neutrinos: Neutrinos) -> Symmetry:
        return self.majorana_symmetry if neutrinos.nature == "majorana" else "hermitian"

    def _matrix(self, neutrinos: Neutrinos) -> Elements:
        """Return the full effective matrix in the user's unit."""
        return complete(self.elements, self._symmetry(neutrinos))
