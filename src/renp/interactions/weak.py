"""The weak interaction of the standard model."""

from typing import ClassVar

from renp.interactions.couplings import Couplings, Interaction
from renp.neutrinos import Neutrinos
from renp.references import PAPERS
from renp.validation import Scalar


class Weak(Interaction):
    """Charged and neutral current: a_ij = U_ei U_ej* − δ_ij/2, left-handed; L(7), P(2).

    Source: S.-F. Ge and P. Pasquini, PLB 841 137911, Eq. (7); Phys. Sci. Forum 8, 51, Eqs. (2)-(5).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from renp import Neutrinos
    >>> c = Weak().couplings(Neutrinos(0.01), 1.0)
    >>> jnp.sum(jnp.abs(c.V - c.A) ** 2).round(12)  # Σ|a_ij|² = 3/4
    Array(0.75, dtype=float64)
    """

    cites: ClassVar[tuple[str, ...]] = PAPERS

    def couplings(self, neutrinos: Neutrinos, q2: Scalar) -> Couplings:
        """Return V = a/2 and A = −a/2."""
        del q2
        electron = neutrinos.mixing_matrix[0]
        a = electron[:, None] * electron.conj() - neutrinos.neutral_current / 2
        effective = Couplings(V=a / 2, A=-a / 2)
        return effective.majorana() if neutrinos.nature == "majorana" else effective
