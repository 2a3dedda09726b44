"""What it would take to have some η on average: closed forms, for pulses that are short beside T₂."""

from math import pi
from typing import NamedTuple

from renp.atoms.atom import Atom
from renp.constants import ELECTRON_CHARGE_SI, HBAR_C
from renp.target.medium import ATOMIC_POLARISABILITY, LIGHT, Medium, two_photon_polarisability
from renp.validation import number

AT_HAND = {"pump energy": 1e3, "repetition": 10.0, "trigger power": 1e12}
"""A kilojoule, ten times in a second, a terawatt: about what large lasers have; from memory."""


class Requirements(NamedTuple):
    """What a target needs; energies in J, lengths in cm."""

    repetition: float
    """Cycles in a second so that 4|ρ_eg|² T₂/2 is there often enough: the duty cycle's part."""
    coherence: float
    """ρ_eg after each preparation."""
    polarisability: float
    """α_eg, atomic units."""
    length: float
    """The longest at which the target does not empty itself, or that of the volume's cube."""
    fluence: float
    """Of each pump for a quarter of a turn at ρ_eg = 1/2, J/cm²."""
    pump_energy: float
    """Of both pumps in each cycle, with what the atoms keep."""
    pump_power: float
    """The same on average, W."""
    trigger_power: float
    """Of n_γ photons while they are there, W."""
    limits: str
    """What is beyond `AT_HAND`, and by how much."""


def requirements(
    atom: Atom,
    factor: float,
    dephasing_time: float,
    *,
    density: float = 1e21,
    photon_density: float = 1e21,
    volume: float = 100.0,
) -> Requirements:
    """Return what an average η needs; the light shifts of the levels are not counted.

    Parameters
    ----------
    atom, factor
        Whose |e⟩, and η.
    dephasing_time
        T₂, s.
    density, photon_density, volume
        Of `renp.Target`.

    Raises
    ------
    InputError
        If η or T₂ is not above 0, or the levels do not say α_eg.

    Examples
    --------
    >>> need = requirements(Atom.named("Yb"), 1e-6, 1e-6)
    >>> f"{need.repetition:.3g}/s, {need.length:.2g} cm, {need.fluence:.3g} J/cm², {need.pump_energy:.2g} J"
    '2/s, 3.3 cm, 143 J/cm², 2.6e+04 J'
    """
    factor = float(number("factor", factor, "a number above 0, at most 1", low=0, high=1, open_low=True))
    allowed = "a time in s above 0"
    dephasing_time = float(number("dephasing_time", dephasing_time, allowed, low=0, open_low=True, unit="s"))
    alpha = two_photon_polarisability(atom)
    per_length = float(Medium(atom.E_eg, density, 1.0, alpha).gain) / 2
    length = min(pi / 2 / per_length, volume ** (1 / 3))
    in_joule = ELECTRON_CHARGE_SI / HBAR_C**2
    fluence = pi / 2 / (alpha * ATOMIC_POLARISABILITY) * in_joule
    stored = density * volume * float(atom.E_eg) / 2 * ELECTRON_CHARGE_SI
    energy = 2 * fluence * volume / length + stored
    repetition = 2 * factor / dephasing_time
    photon = float(atom.E_eg) / 2 * ELECTRON_CHARGE_SI
    trigger = photon_density * photon * LIGHT * volume / length
    needed = {"pump energy": energy, "repetition": repetition, "trigger power": trigger}
    beyond = {name: value / AT_HAND[name] for name, value in needed.items() if value > AT_HAND[name]}
    said = [f"{name} × {value:.1g}" for name, value in sorted(beyond.items(), key=lambda item: -item[1])]
    if length < volume ** (1 / 3):
        said.append(f"self-emptying beyond {length:.2g} cm")
    return Requirements(
        repetition, 0.5, alpha, length, fluence, energy, energy * repetition, trigger, ", ".join(said)
    )
