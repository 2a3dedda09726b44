"""Light that the target emits besides neutrino pairs: orders of magnitude, with what they assume.

Two photons. A trigger photon ω makes a partner E_eg − ω that runs against it, by the same α_eg ρ_eg as pumps
do, with the mismatch Δk = E_eg − 2ω of the wave numbers. With a uniform coherence that has sharp ends

    P = κ² sin²(qL)/[q² cos²(qL) + (Δk/2)² sin²(qL)],   q² = κ² + (Δk/2)²,   κ = ωnα_eg|ρ_eg|/2

pairs are made for each trigger photon that passes, each with a photon just like the trigger's: tan²(κL) at
E_eg/2, and above it, averaged over the length's phase, κ²/[(q + Δk/2)Δk/2], far from it 2κ²/Δk²: the wing of
the two-photon line through a finite length. Ends that are smooth over ℓ (a normal distribution's standard
deviation) take exp(−Δk²ℓ²) from it. The wing through a finite coherence time is L/cT₂ of that of sharp ends,
whatever the ends.

Three photons. |e⟩ → |v⟩ is also open to two photons of any energies with q = p₁ + p₂, with the kinematics of
massless neutrinos. With a polarisability α between |e⟩ and |v⟩ they stand to the pairs of neutrinos as

    Γ_3γ/Γ_νν ~ (α ω₁ω₂)²/(G_F² q²),   ω₁ω₂ ~ (E_eg − ω)²/4,

from the phase space of two massless particles, 1/8π, times the squares of the vertices summed over spins,
about 1 and q². A waveguide gives every guided photon a mass ω_c: with the trigger in its lowest mode, too,
nothing is open where q² + ω_c² < 4ω_c².
"""

from math import exp, pi, sqrt
from typing import Any, NamedTuple

import numpy as np

from renp.atoms.atom import Atom
from renp.constants import FERMI_CONSTANT, HBAR_C
from renp.target.medium import ATOMIC_POLARISABILITY, LIGHT

TYPICAL_POLARISABILITY = 10.0
"""Between |e⟩ and |v⟩, atomic units: a hundred, as of such levels, and a tenth for the change of spin."""


class Channel(NamedTuple):
    """Whether |e⟩ → |g⟩ may emit some photons in phase, and why."""

    photons: str
    """Such as "E1 E1 E1"."""
    open: bool
    reason: str


def channels(J_e: int, *, parity_changes: bool = True) -> tuple[Channel, ...]:
    """Return which emissions are open to |e⟩ with J_e, for |g⟩ with J = 0.

    Each electric dipole changes the parity, a magnetic one does not; k dipoles reach J_e ≤ k. In phase,
    momenta have to add up to that of the preparation, 0: a single photon cannot have it.

    Examples
    --------
    >>> [one.photons for one in channels(0) if one.open]
    ['E1 M1', 'E1 E1 E1', 'E1 M1 M1']
    """

    def odd(photons: str) -> bool:
        return photons.count("E1") % 2 == 1

    found = [Channel("one photon", False, "momentum: it cannot be 0 for a photon")]
    for photons in ("E1 E1", "E1 M1", "E1 E1 E1", "E1 E1 M1", "E1 M1 M1"):
        number = len(photons.split())
        if odd(photons) != parity_changes:
            found.append(Channel(photons, False, "parity"))
        elif J_e > number:
            found.append(Channel(photons, False, "angular momentum"))
        elif number == 2:
            found.append(Channel(photons, True, "back to back: a line at E_eg/2, and its wing"))
        elif J_e == 0 and photons == "E1 E1 E1":
            found.append(Channel(photons, True, "as ε₁·(ε₂×ε₃), which vanishes for equal energies"))
        else:
            found.append(Channel(photons, True, "with any energies up to E_eg/2"))
    return tuple(found)


def pairs_per_photon(kappa: Any, mismatch: Any, length: Any) -> Any:
    """Return the photon pairs made for each trigger photon that passes; κ and Δk in the length's inverse.

    Examples
    --------
    >>> f"{pairs_per_photon(1.0, 0.0, 0.5):.6f}"  # tan²(κL)
    '0.298446'
    >>> f"{pairs_per_photon(0.5, 400.0, 10.0):.1e}"  # 4κ² sin²(ΔkL/2)/Δk²
    '5.4e-06'
    """
    q = np.sqrt(kappa**2 + (mismatch / 2) ** 2)
    sine, cosine = np.sin(q * length), np.cos(q * length)
    return (kappa * sine) ** 2 / ((q * cosine) ** 2 + (mismatch / 2 * sine) ** 2)


class Light(NamedTuple):
    """Estimates for one photon energy of the trigger."""

    photon_energy: float
    """ω, eV."""
    mismatch: float
    """Δk, 1/cm."""
    wing: float
    """Photon pairs for each trigger photon that passes, with sharp ends; averaged over the length's phase."""
    smooth_end: float
    """ℓ of ends that leave one photon in a day, cm."""
    two_photon_rate: float
    """1/s, for ends that are smooth over the length given."""
    time_wing_rate: float
    """1/s, through the finite coherence time."""
    three_photon_ratio: float
    """Rate of three photons over that of neutrino pairs."""
    guide_width: float
    """Of a waveguide that closes every channel, cm; infinite where none is open anyway."""


def light(
    atom: Atom,
    photon_energy: float,
    *,
    kappa: float,
    length: float,
    dephasing_time: float,
    photon_rate: float,
    factor: float = 1.0,
    end: float = 0.0,
    polarisability: float = TYPICAL_POLARISABILITY,
) -> Light:
    """Estimate the light beside a trigger.

    Parameters
    ----------
    atom, photon_energy
        Whose |e⟩, and ω in eV.
    kappa, length, end
        κ in 1/cm where η = 1, L in cm, and ℓ in cm over which the coherence ends.
    dephasing_time
        T₂, s.
    photon_rate
        Trigger photons that pass in a second.
    factor
        η, on average over the time.
    polarisability
        Between |e⟩ and |v⟩, atomic units.

    Examples
    --------
    >>> given = {"kappa": 0.47, "length": 3.0, "dephasing_time": 1e-6, "photon_rate": 1e30}
    >>> one = light(Atom.named("Yb"), 1.068, **given)
    >>> f"{one.mismatch:.0f} {one.wing:.1e} {one.three_photon_ratio:.0e} {1e4 * one.guide_width:.0f} μm"
    '380 3.1e-06 2e+29 8 μm'
    """
    E_eg = float(atom.E_eg)
    mismatch = (E_eg - 2 * photon_energy) / HBAR_C
    half = abs(mismatch) / 2
    wing = kappa**2 / (half * (half + sqrt(kappa**2 + half**2))) if half else np.inf
    if kappa * length < pi / 2:  # beyond, the line has no height: the target empties itself
        wing = min(wing, float(pairs_per_photon(kappa, 0.0, length)))
    sharp = photon_rate * factor * wing
    day = sharp * 86400
    smooth = sqrt(np.log(day)) / abs(mismatch) if day > 1 and mismatch else 0.0
    q2 = E_eg * (E_eg - 2 * photon_energy)
    product = ((E_eg - photon_energy) / 2) ** 2
    vertex = polarisability * ATOMIC_POLARISABILITY * product
    return Light(
        photon_energy,
        mismatch,
        wing,
        smooth,
        sharp * exp(-((mismatch * end) ** 2)),
        sharp * length / (LIGHT * dephasing_time),
        (vertex / FERMI_CONSTANT) ** 2 / q2 if q2 > 0 else 0.0,
        pi * HBAR_C / sqrt(q2 / 3) if q2 > 0 else np.inf,
    )
