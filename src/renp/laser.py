"""The trigger laser's line: how wide it is, and by how much its calibration is off.

Counts at a nominal photon energy ω are an average, I(ω) → ∫ I(ω + δ + x) f(x) dx, over the line f with the
offset δ. The spectrum has corners at the thresholds, where it falls as a square root: the integral is done
piece by piece between them, with more pieces around the line.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import wofz
from jaxtyping import Array, Float

from renp.atoms import Atom
from renp.compiled import compiled
from renp.couplings import Interaction
from renp.kinematics import FIRST, SECOND, threshold_energies
from renp.master_formula import spectrum_of_runs, total_spectrum
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, is_traced, number

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_STEPS = np.concatenate([0.25 * 1.5 ** np.arange(9), 4.0 ** np.arange(2, 14)])
"""Ends of the pieces around the line, in units of its width."""


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
        self.gaussian = number("gaussian", gaussian, width, low=0)
        self.lorentzian = number("lorentzian", lorentzian, width, low=0)
        self.offset = number("offset", offset, "a finite photon energy in eV")
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
        voigt: Array = wofz((x + 1j * half) / (sigma * np.sqrt(2))).real / (sigma * np.sqrt(2 * np.pi))
        return voigt


SHARP = Laser()
"""The papers' line."""


@compiled
def line_spectrum(
    omega: Float[Array, "n"], laser: Laser, atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "n"]:
    """Return I(ω) averaged over the laser's line. Nothing is checked.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> wide = Laser(gaussian=1e-5)
    >>> line_spectrum(jnp.array([1.06, 1.07165]), wide, yb, nu, renp.Weak()).round(5)
    Array([0.07658, 0.00071], dtype=float64)
    """
    centre = omega + laser.offset
    if laser.shape == "sharp":
        sharp: Array = total_spectrum(centre, atom, neutrinos, model)
        return sharp
    energies, weights = _nodes(centre, laser, atom, neutrinos)
    spectrum = total_spectrum(energies.ravel(), atom, neutrinos, model).reshape(energies.shape)
    average: Array = jnp.sum(weights * laser.profile(energies - centre[:, None]) * spectrum, axis=1)
    return average


def line_spectrum_of_runs(
    omega: Float[Array, "n"], laser: Laser, atom: Atom, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "n"]:
    """Return the same at few photon energies, faster for a batch of models. Nothing is checked.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> line_spectrum_of_runs(jnp.array([1.06]), SHARP, yb, nu, renp.Weak()).round(4)
    Array([0.0766], dtype=float64)
    """
    if laser.shape == "sharp":
        return spectrum_of_runs(omega + laser.offset, atom, neutrinos, model)
    average: Array = line_spectrum(omega, laser, atom, neutrinos, model)
    return average


def _nodes(
    centre: Float[Array, "n"], laser: Laser, atom: Atom, neutrinos: Neutrinos
) -> tuple[Float[Array, "n m"], Float[Array, "n m"]]:
    """Return photon energies and weights of an integral from 0 to the highest threshold."""
    edges = threshold_energies(neutrinos.masses, atom.E_eg, atom.boost)[FIRST, SECOND]
    around = laser.width * np.concatenate([-_STEPS, [0.0], _STEPS])
    ends = jnp.concatenate(
        [
            jnp.broadcast_to(jnp.append(edges, 0.0), (centre.size, edges.size + 1)),
            centre[:, None] + around,
        ],
        axis=1,
    )
    ends = jnp.sort(jnp.clip(ends, 0.0, jnp.max(edges)), axis=1)
    low, length = ends[:, :-1, None], jnp.diff(ends, axis=1)[:, :, None]
    # x = sin²(πu/2): square roots at either end of a piece become smooth.
    u = np.pi / 4 * (1 + _NODES)
    energies = low + length * np.sin(u) ** 2
    weights = length * (np.pi / 4 * _WEIGHTS * np.sin(2 * u))
    flat = (centre.size, -1)
    return energies.reshape(flat), weights.reshape(flat)
