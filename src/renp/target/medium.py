"""The medium in the units of the equations, its pulses, and its two-photon coupling from an atom's levels."""

from math import log, pi, sqrt
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfc
from jaxtyping import Array, Float
from numpy.polynomial.hermite_e import hermegauss

from renp.atoms.atom import Atom
from renp.atoms.width import spin_sum
from renp.constants import BOHR_MAGNETON, ELECTRON_CHARGE_SI, ELECTRON_MASS, FINE_STRUCTURE, HBAR, HBAR_C
from renp.errors import InputError
from renp.target.bloch import System
from renp.validation import Scalar

LIGHT = HBAR_C / HBAR
"""c, cm/s."""

ATOMIC_POLARISABILITY = 4 * pi / (FINE_STRUCTURE * ELECTRON_MASS) ** 3
"""The atomic unit of polarisability, e²a₀²/E_h = 4πa₀³, 1/eV³."""

ACROSS = {0: 2 / sqrt(3), 2: 1 / sqrt(3)}
"""Crossed linear light against the tensor of unit norm that leads to |e, M = 0⟩: (xx + yy)·T, whose T is
δ/√3 for J = 0 and diag(−1, −1, 2)/√6 for J = 2; the fields give E_R B_L + B_R E_L = xx + yy."""


class Medium(eqx.Module):
    """Atoms of one density along a length, with a two-photon transition between |g⟩ and |e⟩."""

    E_eg: Scalar
    """eV; each of the two fields has half of it, less half of the detuning."""
    density: Scalar
    """1/cm³."""
    length: Scalar
    """cm."""
    polarisability: Scalar
    """α_eg, atomic units."""
    polarisability_g: Scalar = 0.0
    polarisability_e: Scalar = 0.0
    """α_gg and α_ee, atomic units."""
    decay_time: Scalar = jnp.inf
    """T₁, s."""
    dephasing_time: Scalar = jnp.inf
    """T₂, s."""
    detuning: Scalar = 0.0
    """E_eg less the energy of two photons, eV."""
    inhomogeneous_width: Scalar = 0.0
    """Of E_eg among the atoms, full width at half maximum, eV."""
    classes: int = eqx.field(static=True, default=1)

    @property
    def crossing(self) -> Scalar:
        """Time in which light crosses the medium, s."""
        return self.length / LIGHT

    @property
    def spread(self) -> Scalar:
        """Standard deviation of the angular frequency of |e⟩ among the atoms, 1/s."""
        return self.inhomogeneous_width / (sqrt(8 * log(2)) * HBAR)

    @property
    def gain(self) -> Scalar:
        """G = ωnα_eg L/2: κL where |ρ_eg| = 1; the target empties itself where ∫κ dz is above π/2."""
        return self.per_length(self.polarisability)

    def per_length(self, polarisability: Scalar) -> Scalar:
        """Return ωnαL/2, whose atomic units are put together first: floats are few otherwise."""
        return (
            (0.25 * ATOMIC_POLARISABILITY * HBAR_C**2)
            * self.E_eg
            * (self.density * polarisability)
            * self.length
        )

    @property
    def system(self) -> System:
        """Coefficients of the equations."""
        nodes, share = normal_nodes(self.classes)
        crossing = self.crossing
        return System(
            self.gain,
            self.per_length(self.polarisability_g),
            self.per_length(self.polarisability_e),
            crossing * (self.detuning / HBAR + self.spread * jnp.asarray(nodes)),
            jnp.asarray(share),
            crossing / self.decay_time,
            crossing / self.dephasing_time,
        )


def normal_nodes(classes: int) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Return nodes and weights of a standard normal distribution.

    Examples
    --------
    >>> nodes, share = normal_nodes(3)
    >>> nodes.round(3).tolist(), share.round(3).tolist()
    ([-1.732, 0.0, 1.732], [0.167, 0.667, 0.167])
    """
    nodes, weights = hermegauss(classes)
    return nodes + 0.0, weights / weights.sum()


def two_photon_polarisability(atom: Atom) -> float:
    """Return α_eg in atomic units for crossed linear light from both sides, both photons of E_eg/2.

    |g⟩ → |v⟩ by the electric field of one photon and |v⟩ → |e⟩ by the magnetic one of the other, in both
    orders, α_eg = D m Σ_v c_v/(E_vg − ω): D from the decay rate of |v⟩, and m = μ_B √s times that of crossed
    light, since L + 2S = J + S and J leads to no other level. Further levels have their amplitudes, as in
    the atom's rates.

    Raises
    ------
    InputError
        If the levels do not say it: give the polarisability.

    Examples
    --------
    >>> round(two_photon_polarisability(Atom.named("Yb")), 4)
    0.0186
    """
    e, v = atom.levels[:2] if len(atom.levels) > 1 else (None, None)
    if e is None or v is None or v.A is None or e.J not in ACROSS or v.J != 1:
        allowed = "given, unless the atom's |v⟩ has J = 1 and a decay rate, and |e⟩ J = 0 or 2"
        if not atom.levels:
            allowed += "; an atom with energies of one's own, as in a file with E_eg and E_vg, has no levels"
        raise InputError("polarisability", None, allowed)
    dipole = sqrt(3 * pi * v.A * HBAR / float(atom.E_vg) ** 3)
    moment = BOHR_MAGNETON * sqrt(spin_sum(atom)) * ACROSS[e.J]
    omega = float(atom.E_eg) / 2
    further = ((one.energy, one.amplitude) for one in atom.levels[2:] if one.amplitude is not None)
    amplitude = sum(c / (E - omega) for E, c in ((float(atom.E_vg), 1.0), *further))
    return abs(dipole * moment * amplitude) / ATOMIC_POLARISABILITY


Shape: TypeAlias = Float[Array | np.ndarray, "..."]


def amplitude(
    pulse: tuple[Scalar, Scalar, Scalar, Scalar], time: Shape, radius: Shape, medium: Medium
) -> Shape:
    """Return a of a Gaussian pulse at the face where it enters.

    Parameters
    ----------
    pulse
        Energy in J, duration (full width at half maximum of the power) in s, waist (radius where the
        intensity is 1/e² of that on the axis) in cm, and time of the maximum in s.
    time, radius
        In s and cm.

    Examples
    --------
    >>> h2 = Medium(E_eg=0.516, density=5e20, length=15.0, polarisability=0.7)
    >>> float(amplitude((5e-3, 5e-9, 0.1, 0.0), 0.0, 0.0, h2)).__round__(4)
    0.0098
    """
    energy, duration, waist, delay = pulse
    photon = medium.E_eg / 2 * ELECTRON_CHARGE_SI
    peak = 2 * energy / (pi * waist**2) * (sqrt(4 * log(2) / pi) / duration) / (LIGHT * photon)
    shape = jnp.exp(-2 * log(2) * ((time - delay) / duration) ** 2 - (radius / waist) ** 2)
    return jnp.sqrt(peak / medium.density) * shape


def mean_power(pulse: tuple[Scalar, Scalar, Scalar, Scalar], start: Shape, end: Shape) -> Shape:
    """Return a pulse's power averaged from start to end, in units of its maximum.

    Examples
    --------
    >>> round(float(mean_power((1.0, 2.0, 1.0, 0.0), -50.0, 50.0)), 6)  # √(π/4 ln 2) times 2 in 100
    0.021289
    """
    _, duration, _, delay = pulse
    rate = sqrt(4 * log(2)) / duration
    first, last = rate * (start - delay), rate * (end - delay)
    # On the side where erf has its digits.
    both = jnp.where(first > 0, erfc(first) - erfc(last), erf(last) - erf(first))
    return jnp.asarray(sqrt(pi) / 2 * both / (last - first))
