"""The spectrum averaged over the trigger laser's line.

Counts at a nominal photon energy ω are an average, I(ω) → ∫ I(ω + δ + x) f(x) dx, over the line f with the
offset δ. The spectrum has corners at the thresholds, where it falls as a square root: the integral is done
piece by piece between them, with more pieces around the line.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from renp.atoms.atom import Atom
from renp.atoms.lights import Lights, mixed
from renp.compiled import compiled
from renp.formula.kinematics import FIRST, SECOND, threshold_energies
from renp.formula.master_formula import spectrum_of_runs, total_spectrum
from renp.interactions.couplings import Interaction
from renp.laser import Laser
from renp.neutrinos import Neutrinos

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_STEPS = np.concatenate([0.25 * 1.5 ** np.arange(10), 9.6 * 2.0 ** np.arange(1, 4), 4.0 ** np.arange(4, 14)])
"""Ends of the pieces around the line, in units of its width."""

_BESIDE = 0.3
"""Within which part of a piece's length a threshold is beside its end."""


@partial(compiled, fast=True)
def line_spectrum(
    omega: Float[Array, "n"], laser: Laser, atom: Atom | Lights, neutrinos: Neutrinos, model: Interaction
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
    if isinstance(atom, Lights):
        return mixed(lambda one: line_spectrum(omega, laser, one, neutrinos, model), atom)
    centre = omega + laser.offset
    if laser.shape == "sharp":
        sharp: Array = total_spectrum(centre, atom, neutrinos, model)
        return sharp
    around = laser.width * np.concatenate([-_STEPS, [0.0], _STEPS])
    # Where the integrand is known is held: the slope in the line's place and width is that of its profile.
    energies, weights = nodes_around(*lax.stop_gradient((centre, around)), atom, neutrinos)
    spectrum = total_spectrum(energies.ravel(), atom, neutrinos, model).reshape(energies.shape)
    average: Array = jnp.sum(weights * laser.profile(energies - centre[:, None]) * spectrum, axis=1)
    return average


def line_spectrum_of_runs(
    omega: Float[Array, "n"], laser: Laser, atom: Atom | Lights, neutrinos: Neutrinos, model: Interaction
) -> Float[Array, "n"]:
    """Return the same at few photon energies, faster for a batch of models. Nothing is checked.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> line_spectrum_of_runs(jnp.array([1.06]), Laser(), yb, nu, renp.Weak()).round(4)
    Array([0.0766], dtype=float64)
    """
    if isinstance(atom, Lights):
        return mixed(lambda one: line_spectrum_of_runs(omega, laser, one, neutrinos, model), atom)
    if laser.shape == "sharp":
        return spectrum_of_runs(omega + laser.offset, atom, neutrinos, model)
    average: Array = line_spectrum(omega, laser, atom, neutrinos, model)
    return average


@compiled
def nodes_around(
    centre: Float[Array, "n"], around: Float[Array | np.ndarray, "p"], atom: Atom, neutrinos: Neutrinos
) -> tuple[Float[Array, "n m"], Float[Array, "n m"]]:
    """Return photon energies and weights of an integral from 0 to the highest threshold.

    Parameters
    ----------
    centre
        Of the line.
    around
        Where pieces of the integral end besides, relative to the centre, eV; pieces end at thresholds too.
    atom, neutrinos
        What is integrated is their spectrum.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> energies, weights = nodes_around(jnp.array([1.06]), jnp.array([-1e-5, 1e-5]), yb, nu)
    >>> energies.shape, bool(abs(weights.sum() - renp.thresholds(yb, nu).max()) < 1e-14)
    ((1, 128), True)
    """
    edges = threshold_energies(neutrinos.masses, *atom.frame)[FIRST, SECOND]
    own = jnp.broadcast_to(jnp.append(edges, 0.0), (centre.size, edges.size + 1))
    # An end beside a threshold moves there, where the square root is smooth on either side.
    line = centre[:, None] + around
    apart = jnp.diff(around, prepend=-jnp.inf, append=jnp.inf)
    near = _BESIDE * jnp.minimum(apart[:-1], apart[1:])
    for edge in edges:
        line = jnp.where(jnp.abs(line - edge) < near, edge, line)
    ends = jnp.sort(jnp.clip(jnp.concatenate([own, line], axis=1), 0.0, jnp.max(edges)), axis=1)
    low, length = ends[:, :-1, None], jnp.diff(ends, axis=1)[:, :, None]
    # x = sin²(πu/2): square roots at either end of a piece become smooth.
    u = np.pi / 4 * (1 + _NODES)
    energies = low + length * np.sin(u) ** 2
    weights = length * (np.pi / 4 * _WEIGHTS * np.sin(2 * u))
    flat = (centre.size, -1)
    return energies.reshape(flat), weights.reshape(flat)
