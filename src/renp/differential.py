"""The spectrum in the energy, or the angle, of one neutrino at fixed photon energy."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from renp._types import Values
from renp.atoms.atom import Atom
from renp.border import checked, total
from renp.compensated import array_module
from renp.compiled import compiled
from renp.errors import InputError
from renp.formula.differential_formula import angular_components, energy_components
from renp.formula.kinematics import pair_kinematics
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.validation import is_traced, photon_energies, within


def differential_spectrum(
    energy: ArrayLike,
    omega: ArrayLike,
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction | None = None,
    *,
    by_pair: bool = False,
) -> Float[Array, "..."]:
    """Return dI/dE_ν, the spectrum in the energy of a neutrino at given photon energy, 1/eV.

    Its integral over the energy is I(ω), pair by pair: one neutrino is counted for each photon. Of the
    ordered pair (i, j) it is ν_i; of a Dirac pair, that is the neutrino and not the antineutrino.

    Source: PLB 841 137911, Eqs. (12)-(14), with every coupling and interference.

    Parameters
    ----------
    energy
        Neutrino energies, eV, of any shape; the result is 0 outside |E_i − Ē| ≤ |ω − p_eg|Δ_ij/2.
    omega
        Trigger photon energy, eV, or several that broadcast against ``energy``; 0 ≤ ω < E_vg, but not the
        boost p_eg, which is 0 without one.
    atom, neutrinos
        What emits and what is emitted.
    model
        Interactions; the standard model `Weak()` if left out.
    by_pair
        Whether to return each ordered pair's part.

    Returns
    -------
    Array
        dI/dE_ν of the broadcast shape; by pair, with two leading axes (3, 3) that sum to the total.

    Raises
    ------
    InputError
        For energies that are not finite, photon energies out of range, or a model that these
        neutrinos cannot have.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> renp.differential_spectrum([0.3, 0.5, 1.2], 1.06, yb, nu).round(4)
    Array([0.0851, 0.1046, 0.    ], dtype=float64)
    """
    photons, model = checked(omega, atom, neutrinos, model)
    _refuse_rest(photons, atom)
    energies = within("energy", energy, "finite neutrino energies in eV", unit="eV")
    energies, photons = _broadcast("energy", energies, photons)
    parts = energy_components(energies.ravel(), photons.ravel(), atom, neutrinos, model)
    return total(parts, energies.shape, by_pair)


def angular_spectrum(
    cosine: ArrayLike,
    omega: ArrayLike,
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction | None = None,
    *,
    by_pair: bool = False,
) -> Float[Array, "..."]:
    """Return dI/dcos θ, θ the angle between the photon and a neutrino, at given photon energy.

    Its integral over cos θ is I(ω), pair by pair, with neutrinos counted as in `differential_spectrum`. Where
    the pair's frame moves faster than ν_i does in it, q²Δ_ij/2 < |ω − p_eg| m_i, the neutrino stays within a
    cone about q, and two energies belong to each angle: both are included. At the edge of the cone, where
    they meet, dI/dcos θ diverges like one over the root of the distance, and so do its derivatives.

    Source: PLB 841 137911, Eqs. (12)-(14), and q = p_i + p_j.

    Parameters
    ----------
    cosine
        cos θ, of any shape, from −1 to 1; most neutrinos are near −1.
    omega
        Trigger photon energy, eV, or several that broadcast against ``cosine``; 0 ≤ ω < E_vg.
    atom, neutrinos
        What emits and what is emitted.
    model
        Interactions; the standard model `Weak()` if left out.
    by_pair
        Whether to return each ordered pair's part.

    Returns
    -------
    Array
        dI/dcos θ, without dimension, of the broadcast shape; by pair, with two leading axes (3, 3) that sum
        to the total.

    Raises
    ------
    InputError
        For cosines or photon energies out of range, or a model that these neutrinos cannot have.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> renp.angular_spectrum([-0.999, -0.99, -0.9], 1.06, yb, nu).round(3)
    Array([1.389, 2.172, 0.075], dtype=float64)
    """
    photons, model = checked(omega, atom, neutrinos, model)
    cosines = within("cosine", cosine, "the cosine of an angle, between -1 and 1", -1.0, 1.0)
    cosines, photons = _broadcast("cosine", cosines, photons)
    parts = angular_components(cosines.ravel(), photons.ravel(), atom, neutrinos, model)
    return total(parts, cosines.shape, by_pair)


def energy_interval(
    omega: ArrayLike, atom: Atom, neutrinos: Neutrinos
) -> tuple[Float[Array, "states states ..."], Float[Array, "states states ..."]]:
    """Return Ē and |ω − p_eg|Δ_ij/2, centre and half width of the energies of ν_i in each pair, eV.

    Source: PLB 841 137911, below Eqs. (13) and (15).

    Parameters
    ----------
    omega
        Trigger photon energies, eV, of any shape.
    atom, neutrinos
        What emits and what is emitted.

    Returns
    -------
    tuple of Array
        Of shape (3, 3) and that of ``omega``; both 0 where a pair is closed.

    Examples
    --------
    >>> import renp
    >>> yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(lightest_mass=0.01)
    >>> centre, half_width = energy_interval(1.06, yb, nu)
    >>> centre[2, 2].round(4), half_width[2, 2].round(4)
    (Array(0.5417, dtype=float64), Array(0.4718, dtype=float64))
    """
    photons = photon_energies(omega, atom.E_vg, copy=False)
    middle, half_width = (
        x.reshape(*x.shape[:2], *photons.shape) for x in _interval(photons.ravel(), atom, neutrinos)
    )
    return middle, half_width


@compiled
def _interval(
    omega: Float[Array, "n"], atom: Atom, neutrinos: Neutrinos
) -> tuple[Float[Array, "states states n"], Float[Array, "states states n"]]:
    pair = pair_kinematics(omega, neutrinos.masses, *atom.frame)
    centre = (atom.E_eg - omega) / 2 * (1 + pair.mass_sum * pair.mass_difference / pair.q2)
    half_width = jnp.abs(atom.momentum(omega)) * pair.delta / 2
    return jnp.where(pair.is_open, centre, 0.0), jnp.where(pair.is_open, half_width, 0.0)


def _broadcast(name: str, values: Values, omega: Values) -> tuple[Values, Values]:
    try:
        shape = np.broadcast_shapes(values.shape, omega.shape)
    except ValueError:
        allowed = f"of a shape that broadcasts against omega's, {omega.shape}"
        raise InputError(name, f"an array of shape {values.shape}", allowed) from None
    xp = array_module(values, omega)
    return xp.broadcast_to(values, shape), xp.broadcast_to(omega, shape)


def _refuse_rest(omega: Values, atom: Atom) -> None:
    if not is_traced(omega, atom.boost, atom.index) and np.any(atom.momentum(np.asarray(omega)) == 0):
        allowed = "another than the boost, 0 without one: a pair without momentum has a single energy"
        raise InputError("omega", float(atom.boost) / float(atom.index or 1), allowed)
