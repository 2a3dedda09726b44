"""A vector mediator (Z′) with an axial coupling to the electron."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex

from renp.constants import ELECTRON_CHARGE, FERMI_CONSTANT
from renp.errors import InputError, shown
from renp.interactions.couplings import Couplings, ElectronCoupling
from renp.interactions.mediator import Mediator, hermitian
from renp.interactions.rotation import to_mass_basis
from renp.neutrinos import Neutrinos
from renp.validation import Elements, Scalar, is_traced, number


class VectorMediator(Mediator):
    """Exchange of a vector particle: a^L = a + κ g_L, a^R = κ g_R, κ = g^e/[√2 G_F (q² − m²)].

    Source: Phys. Sci. Forum 8, 51, Eqs. (6)-(8), with g_L and g_R any hermitian matrices. For Majorana
    neutrinos the interaction is written without a factor 1/2, as Eq. (8) is.

    Parameters
    ----------
    mass
        m, eV.
    electron
        g^e, the axial coupling of the electron, to its spin.
    left, right
        g_L and g_R: dicts {(i, j): value} with i, j from 1 to 3, or 3×3 matrices; hermitian.
    basis
        "mass" or "flavour": the basis of ``left`` and ``right``.
    width
        Γ, eV; regulates the pole at q² = m².
    longitudinal
        Whether to add the part q_μ q_ν/m² of a massive vector's propagator, which the papers leave out: it
        couples the divergences of the currents, s = −V (m_i − m_j)/m² and p = −A (m_i + m_j)/m².
    electron_vector
        g_V^e of ē γ^μ e, as of B − L or a dark photon: the magnetisation that meets the photon,
        F = −(g_V^e/e) (g_L + g_R)/2 · q²/(q² − m²) and G likewise, weaker by ω/2m_e ≈ 10⁻⁶.

    Raises
    ------
    InputError
        For a negative mass or width, or a matrix that is not hermitian.

    Examples
    --------
    >>> from renp import Neutrinos
    >>> light = VectorMediator(1e-3, 1e-8, left={(1, 1): 1e-8})
    >>> bool(abs(light.couplings(Neutrinos(0.01), 0.01).V[0, 0]) > 1)
    True
    """

    kind: ClassVar[str] = "vector-mediator"
    cites: ClassVar[tuple[str, ...]] = ("ge-2022-mediators", "ge-2023-proceeding")

    left: Elements
    right: Elements
    longitudinal: bool = eqx.field(static=True)
    electron_vector: Scalar

    def __init__(
        self,
        mass: Any,
        electron: Any,
        left: Any = None,
        right: Any = None,
        basis: Literal["mass", "flavour"] | str = "mass",
        width: Any = 0.0,
        longitudinal: bool = False,
        electron_vector: Any = 0.0,
    ) -> None:
        super().__init__(mass, electron, basis, width)
        if not isinstance(longitudinal, bool):
            raise InputError("longitudinal", shown(longitudinal), "True or False")
        self.longitudinal = longitudinal
        self.electron_vector = number("electron_vector", electron_vector, "a finite coupling")
        if longitudinal and not is_traced(self.mass) and self.mass == 0:
            raise InputError("mass", self.mass, "above 0 for a longitudinal part")
        self.left = hermitian("left", left)
        self.right = hermitian("right", right)

    def electron_coupling(self) -> ElectronCoupling:
        """Return g^e."""
        return ElectronCoupling("axial", self.electron, self.mass)

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return V = κ (g_L + g_R)/2 and A = κ (g_R − g_L)/2; with g_V^e also F and G."""
        g_L, g_R = self.left, self.right
        if self.basis == "flavour":
            g_L = to_mass_basis(g_L, neutrinos, "left", "left")
            g_R = to_mass_basis(g_R, neutrinos, "right", "right")
        vector, axial, kappa = (g_L + g_R) / 2, (g_R - g_L) / 2, self._kappa(q2)
        V, A = kappa * vector, kappa * axial
        result = Couplings(V=V, A=A)
        if self.longitudinal:
            m = neutrinos.masses
            s = -V * (m[:, None] - m[None, :]) / jnp.square(self.mass)
            p = -A * (m[:, None] + m[None, :]) / jnp.square(self.mass)
            result = Couplings(V=V, A=A, s=s, p=p)
        if is_traced(self.electron_vector) or np.any(self.electron_vector):
            photon = -self.electron_vector / ELECTRON_CHARGE * q2 * self.propagator(q2)
            result = result.plus(Couplings(F=photon * vector, G=photon * axial))
        return result.majorana() if neutrinos.nature == "majorana" else result

    def _kappa(self, q2: Scalar) -> Complex[Array, ""]:
        return self.electron / (2**0.5 * FERMI_CONSTANT) * self.propagator(q2)
