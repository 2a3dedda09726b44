"""What light mediators share: mass, width, propagator and coupling matrices in either basis."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex

from renp.interactions.completion import complete, independent_elements, violations
from renp.interactions.couplings import Interaction
from renp.interactions.rotation import BASES
from renp.validation import Elements, Scalar, choice, is_traced, number


def hermitian(name: str, value: Any) -> Elements:
    """Return a hermitian matrix from the elements that a user gave.

    Examples
    --------
    >>> complex(hermitian("left", {(1, 2): 2.0})[1, 0])
    (2+0j)
    """
    violations(name, value, ("hermitian",))
    return complete(independent_elements(name, value), "hermitian")


class Mediator(Interaction):
    """A particle of mass m exchanged between electron and neutrinos."""

    units: ClassVar[Mapping[str, str]] = {"mass": "eV", "width": "eV"}

    mass: Scalar
    electron: Scalar
    width: Scalar
    basis: str = eqx.field(static=True)

    def __init__(self, mass: Any, electron: Any, basis: str, width: Any) -> None:
        self.mass = number(
            "mass", mass, "a mass in eV, at least 0 and at most 10³⁰", low=0, high=1e30, unit="eV"
        )
        self.electron = number("electron", electron, "a finite coupling")
        self.width = number("width", width, "a width in eV, at least 0", low=0, unit="eV")
        self.basis = choice("basis", basis, BASES)

    def propagator(self, q2: Scalar) -> Complex[Array, ""]:
        """Return 1/(q² − m² + i m Γ), 1/eV²."""
        return 1 / (jnp.asarray(q2) - jnp.square(self.mass) + 1j * self.mass * self.width)

    def poles(self) -> list[float]:
        """Return m² if it is a pole on the real axis."""
        if is_traced(self.mass, self.width) or self.width > 0:
            return []
        return [float(self.mass) ** 2]
