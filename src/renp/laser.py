"""The trigger laser's line: how wide it is, and by how much its calibration is off."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import wofz
from jaxtyping import Array, Complex, Float

from renp.validation import Scalar, is_traced, number

_TAIL, _TERMS = 8.0, 20
"""Where the slope of a Voigt profile is its asymptotic series, and of how many terms: to 10⁻¹⁵."""


class Laser(eqx.Module):
    """Line shape of the trigger laser; immutable, a JAX pytree.

    Both widths make a Voigt profile; without any the line is sharp, as the papers have it.

    Parameters
    ----------
    gaussian, lorentzian
        Full widths at half maximum, eV.
    offset
        True minus nominal photon energy, eV.

    Raises
    ------
    InputError
        If a width is negative or not finite.

    Examples
    --------
    >>> centre, half = Laser(gaussian=2.0).profile(jnp.array([0.0, 1.0]))
    >>> round(float(half / centre), 12)
    0.5
    """

    gaussian: Scalar
    lorentzian: Scalar
    offset: Scalar
    shape: str = eqx.field(static=True)
    """"sharp", "gaussian", "lorentzian" or "voigt"."""

    def __init__(self, gaussian: Any = 0.0, lorentzian: Any = 0.0, offset: Any = 0.0) -> None:
        width = "a full width at half maximum in eV, at least 0"
        self.gaussian = number("gaussian", gaussian, width, low=0, unit="eV")
        self.lorentzian = number("lorentzian", lorentzian, width, low=0, unit="eV")
        self.offset = number("offset", offset, "a finite photon energy in eV", unit="eV")
        shapes = {(False, False): "sharp", (True, False): "gaussian", (False, True): "lorentzian"}
        wide = tuple(is_traced(w) or bool(w > 0) for w in (self.gaussian, self.lorentzian))
        self.shape = shapes.get((wide[0], wide[1]), "voigt")

    @property
    def width(self) -> Scalar:
        """A width of the whole line, eV."""
        return self.gaussian + self.lorentzian

    def profile(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the density f of photon energies at a distance x from the centre, 1/eV."""
        sigma, half = self.gaussian / np.sqrt(8 * np.log(2)), self.lorentzian / 2
        if self.shape == "lorentzian":
            peak: Array = half / jnp.pi / (x**2 + half**2)
            return peak
        if self.shape == "gaussian":
            bell: Array = jnp.exp(-((x / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
            return bell
        voigt: Array = _faddeeva((x + 1j * half) / (sigma * np.sqrt(2))).real / (sigma * np.sqrt(2 * np.pi))
        return voigt


@jax.custom_jvp
def _faddeeva(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """Return w(z) = exp(−z²) erfc(−iz), whose slope −2zw + 2i/√π keeps its digits in the tails."""
    found: Array = wofz(z)
    return found


@_faddeeva.defjvp
def _faddeeva_slope(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (dz,) = primals, tangents
    w = _faddeeva(z)
    near = jnp.abs(z) < _TAIL
    far = jnp.where(near, _TAIL, z)
    series = jnp.zeros_like(far)
    for n in range(_TERMS, 0, -1):  # Σ (2n + 1)!!/(2z²)ⁿ by Horner's rule
        series = (1 + series) * (2 * n + 1) / (2 * far**2)
    slope = jnp.where(near, -2 * z * w + 2j / np.sqrt(np.pi), -1j / (np.sqrt(np.pi) * far**2) * (1 + series))
    return w, slope * dz


SHARP = Laser()
"""The papers' line."""
