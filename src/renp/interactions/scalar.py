"""A spin-0 mediator with a pseudoscalar coupling to the electron."""

from typing import Any, ClassVar, Literal

from renp.constants import ELECTRON_MASS, FERMI_CONSTANT
from renp.interactions.couplings import Couplings, ElectronCoupling
from renp.interactions.mediator import Mediator, hermitian
from renp.interactions.rotation import to_mass_basis
from renp.neutrinos import Neutrinos
from renp.validation import Elements, Scalar


class ScalarMediator(Mediator):
    """Exchange of a spin-0 particle: i y^e ē γ5 e φ + ν̄_i (y_S + iγ5 y_P) ν_j φ.

    Source: Phys. Sci. Forum 8, 51, Eq. (10). Between non-relativistic states ē iγ5 e is i q·S/m_e, so that
    s = i y^e y_S/[2√2 G_F m_e (q² − m²)] and p = −y^e y_P/[2√2 G_F m_e (q² − m²)]; Eq. (12) misses the i.
    For Majorana neutrinos the interaction carries a factor 1/2, as the moments' does.

    Parameters
    ----------
    mass
        m, eV.
    electron
        y^e, the pseudoscalar coupling of the electron.
    scalar, pseudoscalar
        y_S and y_P: dicts {(i, j): value} with i, j from 1 to 3, or 3×3 matrices; hermitian.
    basis
        "mass" or "flavour": the basis of ``scalar`` and ``pseudoscalar``.
    width
        Γ, eV; regulates the pole at q² = m².

    Raises
    ------
    InputError
        For a negative mass or width, or a matrix that is not hermitian.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> light = ScalarMediator(1e-3, 1e-5, scalar={(1, 1): 1e-5})
    >>> light.couplings(Neutrinos(0.01), 0.01).s[0, 0].real
    Array(-0., dtype=float64)
    """

    kind: ClassVar[str] = "scalar-mediator"
    cites: ClassVar[tuple[str, ...]] = ("ge-2022-mediators", "ge-2023-proceeding")

    scalar: Elements
    pseudoscalar: Elements

    def __init__(
        self,
        mass: Any,
        electron: Any,
        scalar: Any = None,
        pseudoscalar: Any = None,
        basis: Literal["mass", "flavour"] | str = "mass",
        width: Any = 0.0,
    ) -> None:
        super().__init__(mass, electron, basis, width)
        self.scalar = hermitian("scalar", scalar)
        self.pseudoscalar = hermitian("pseudoscalar", pseudoscalar)

    def electron_coupling(self) -> ElectronCoupling:
        """Return y^e."""
        return ElectronCoupling("pseudoscalar", self.electron, self.mass)

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return s and p."""
        y_S, y_P = self.scalar, self.pseudoscalar
        if self.basis == "flavour":
            # ν̄ (y_S + iγ5 y_P) ν = ν̄_R Y ν_L + h.c. with Y = y_S − i y_P
            Y = to_mass_basis(y_S - 1j * y_P, neutrinos, "right", "left")
            y_S, y_P = (Y + Y.conj().T) / 2, 1j * (Y - Y.conj().T) / 2
        strength = self.electron / (2 * 2**0.5 * FERMI_CONSTANT * ELECTRON_MASS)
        kappa = strength * self.propagator(q2)
        result = Couplings(s=1j * kappa * y_S, p=-kappa * y_P)
        return result.majorana(factor=0.5) if neutrinos.nature == "majorana" else result
