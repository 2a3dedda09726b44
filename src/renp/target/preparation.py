"""How a target is prepared, as users say it: pulses, relaxation, repetition. The border of `renp.target`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, pi
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.errors import InputError
from renp.target.bloch import State
from renp.target.cycle import Light, Plan, Pulses, Record, begin_of, planned
from renp.target.grid import CELLS, cells_of, classes_of, rings_of
from renp.target.medium import Medium, two_photon_polarisability
from renp.validation import choice, instance, is_traced, number, reals

Direction: TypeAlias = Literal["right", "left"]

RINGS = 4
"""Of a target's cross-section."""

LIT, TRIGGERED = 1.5, 2.0
"""Waists from the axis up to which pumps and triggers are followed: their intensity outside is about 1 % and
less than 0.1 % of that on it."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """A Gaussian pulse of light.

    Parameters
    ----------
    energy
        J.
    duration
        Full width at half maximum of its power, s.
    waist
        Radius at which the intensity is 1/e² of that on the axis, cm.
    delay
        Time at which its maximum enters the target, s.
    direction
        "right" or "left".

    Raises
    ------
    InputError
        If a number is not finite and above 0, or there is no such direction.

    Examples
    --------
    >>> Pulse(energy=5e-3, duration=5e-9, waist=0.1).direction
    'right'
    """

    energy: float
    duration: float
    waist: float
    delay: float = 0.0
    direction: str = "right"

    def __post_init__(self) -> None:
        for name, unit, what in (
            ("energy", "J", "an energy"),
            ("duration", "s", "a time"),
            ("waist", "cm", "a radius"),
        ):
            allowed = f"{what} in {unit} above 0"
            value = number(name, getattr(self, name), allowed, low=0.0, open_low=True, unit=unit)
            object.__setattr__(self, name, float(value))
        object.__setattr__(self, "delay", float(number("delay", self.delay, "a time in s", unit="s")))
        choice("direction", self.direction, ("right", "left"))


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How the coherence of a target is made, again and again, and what becomes of it.

    Parameters
    ----------
    length
        Of the target along the beams, cm.
    repetition
        Cycles in a second.
    pulses
        Of pumps, each with half of E_eg; pairs of both directions excite, and later ones trigger.
    coherence
        ρ_eg at the beginning, from 0 to 1/2: one number, or one for each of equal parts of the length. For
        other ways to prepare it than by pulses.
    decay_time, dephasing_time
        T₁ and T₂, s; without end if left out.
    inhomogeneous_width
        Of E_eg among the atoms, full width at half maximum, eV.
    detuning
        E_eg less the energy of two pump photons, eV.
    polarisability
        α_eg in atomic units; that of the atom's levels if left out (`two_photon_polarisability`).
    polarisability_g, polarisability_e
        α_gg and α_ee, atomic units: they shift the levels by the light. At 0 that is compensated, as by a
        further field, which is not for nothing.
    trigger
        Pulses of the neutrino pairs' trigger; left out, n_γ is there at all times.
    gate
        From when to when in each cycle photons are counted, s after the first pulse begins; left out, at all
        times.
    seed_photons
        Photons in each mode from which the target empties itself: a quarter for vacuum.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> ready = Preparation(length=1.0, repetition=10.0, coherence=0.5, dephasing_time=1e-3)
    >>> ready.open_share
    1.0
    """

    length: float
    repetition: float
    pulses: tuple[Pulse, ...] = ()
    coherence: float | tuple[float, ...] = 0.0
    decay_time: float = inf
    dephasing_time: float = inf
    inhomogeneous_width: float = 0.0
    detuning: float = 0.0
    polarisability: float | None = None
    polarisability_g: float = 0.0
    polarisability_e: float = 0.0
    trigger: tuple[Pulse, ...] = ()
    gate: tuple[float, float] | None = None
    seed_photons: float = 0.25

    def __post_init__(self) -> None:
        self._check("length", "cm", "a length in cm above 0", low=0.0, open_low=True)
        self._check("repetition", "1/s", "a rate in 1/s above 0", low=0.0, open_low=True)
        for name in ("decay_time", "dephasing_time"):
            if type(given := getattr(self, name)) is not float or given != inf:
                self._check(name, "s", "a time in s above 0, or left out", low=0.0, open_low=True)
        self._check("inhomogeneous_width", "eV", "an energy in eV from 0 to 0.01", low=0.0, high=0.01)
        self._check("detuning", "eV", "an energy in eV, at most 0.01 in size", low=-0.01, high=0.01)
        if self.polarisability is not None:
            self._check("polarisability", "", "above 0, in atomic units", low=0.0, open_low=True)
        for name in ("polarisability_g", "polarisability_e"):
            self._check(name, "", "a finite number of atomic units")
        self._check("seed_photons", "", "a number of photons above 0", low=0.0, open_low=True)
        for name in ("pulses", "trigger"):
            given = getattr(self, name)
            several = tuple(given) if isinstance(given, (list, tuple)) else (given,)
            for one in several:
                instance(name, one, Pulse)
            object.__setattr__(self, name, several)
        if any(one.direction != "right" for one in self.trigger):
            raise InputError("trigger", "a pulse of direction 'left'", "pulses that all run to the right")
        values = reals("coherence", self.coherence, "ρ_eg from 0 to 1/2")
        if values.ndim > 1 or not np.all((values >= 0) & (values <= 0.5)) or not values.size:
            raise InputError("coherence", self.coherence, "from 0 to 1/2: one number, or one for each part")
        found = float(values) if values.ndim == 0 else tuple(values.tolist())
        object.__setattr__(self, "coherence", found)
        if self.gate is not None:
            times = reals("gate", self.gate, "two times in s", "s")
            if times.shape != (2,) or not 0 <= times[0] < times[1] <= self.period * (1 + 1e-12):
                allowed = f"two times in s, the later one at most {self.period:g}, when the next cycle begins"
                raise InputError("gate", self.gate, allowed)
            object.__setattr__(self, "gate", tuple(times.tolist()))

    def _check(self, name: str, unit: str, allowed: str, **limits: Any) -> None:
        object.__setattr__(self, name, float(number(name, getattr(self, name), allowed, unit=unit, **limits)))

    @property
    def period(self) -> float:
        """Of a cycle, s."""
        return 1.0 / self.repetition

    @property
    def shifted(self) -> bool:
        """Whether the pumps' light shifts the levels against each other."""
        return self.polarisability_g != self.polarisability_e

    @property
    def open_share(self) -> float:
        """Share of the time in which photons are counted."""
        return 1.0 if self.gate is None else (self.gate[1] - self.gate[0]) / self.period


@dataclass(frozen=True, eq=False)
class Cycle:
    """One cycle of a prepared target, computed."""

    preparation: Preparation
    medium: Medium
    light: Light
    plan: Plan
    records: tuple[Record, ...]
    end: State
    """The atoms, before the next cycle."""

    @property
    def time(self) -> Reals:
        """Of all records, s from the beginning of the first pulse."""
        return np.concatenate([record.time for record in self.records]) - self.begin

    @property
    def factor(self) -> Reals:
        """η at these times."""
        return np.concatenate([record.factor for record in self.records])

    @property
    def gain_length(self) -> Reals:
        """The largest ∫κ dz of any ring at these times; above π/2 the target empties itself."""
        return np.concatenate([record.gain_length for record in self.records])

    @property
    def integral(self) -> float:
        """∫η dt over the whole cycle, s."""
        return float(sum(np.sum(np.asarray(one.factor) * np.asarray(one.weight)) for one in self.records))

    @property
    def begin(self) -> float:
        """When the first pulse begins, on the pulses' clock, s."""
        return self.plan.stretches[0].start

    @property
    def excited(self) -> float:
        """The largest share of atoms anywhere that is still in |e⟩ when the next cycle begins."""
        return float(jnp.max(self.end.inversion) + 1) / 2

    @property
    def mean(self) -> float:
        """η averaged over all time, while the gate is open: what `Target` takes."""
        parts = [[np.asarray(x) for x in (one.factor, one.weight, one.counted)] for one in self.records]
        return float(sum(np.sum(a * b * c) for a, b, c in parts)) * self.preparation.repetition


def cycle_of(
    preparation: Preparation,
    atom: Atom,
    *,
    density: float = 1e21,
    photon_density: float = 1e21,
    volume: float = 100.0,
    cells: int = CELLS,
    rings: int = RINGS,
) -> Cycle:
    """Compute one cycle of a target.

    Parameters
    ----------
    preparation, atom
        What is done to which atoms.
    density, photon_density, volume
        Of `Target`: 1/cm³, 1/cm³, cm³. The cross-section is the volume over the length.
    cells, rings
        Into which length and cross-section are divided; more where pulses or atoms need them.

    Raises
    ------
    InputError
        If pulses are too short or too long to be followed, or longer than a cycle, or come outside of it; if
        anything else changes faster than cells can be small; if α_eg has to be given.

    Examples
    --------
    >>> ready = Preparation(length=1.0, repetition=10.0, coherence=0.5, dephasing_time=1e-3)
    >>> cycle = cycle_of(ready, Atom.named("Yb"))
    >>> round(cycle.mean / (10.0 * 1e-3 / 2), 6)  # 4|ρ_eg|² falls with T₂/2
    1.0
    """
    instance("preparation", preparation, Preparation)
    instance("atom", atom, Atom)
    if is_traced(atom.E_eg, atom.E_vg, density, photon_density, volume):
        raise InputError("preparation", "with traced numbers of atom or target", "of numbers that are known")
    medium = medium_of(preparation, atom, float(density))
    numbers = float(medium.E_eg), float(medium.polarisability), float(density), float(photon_density)
    with jax.ensure_compile_time_eval():  # also where other numbers of an experiment are traced
        return _cycle(preparation, *numbers, float(volume), cells, rings)


@lru_cache(16)
def _cycle(
    preparation: Preparation,
    E_eg: float,
    polarisability: float,
    density: float,
    photon_density: float,
    volume: float,
    cells: int,
    rings: int,
) -> Cycle:
    medium = _medium(preparation, E_eg, polarisability, density)
    waist = max((one.waist for one in preparation.pulses), default=inf)
    radius, cover = lit(preparation, preparation.length, waist, volume)
    light = Light(
        pulses_of([one for one in preparation.pulses if one.direction == "right"]),
        pulses_of([one for one in preparation.pulses if one.direction == "left"]),
        pulses_of([one for one in preparation.trigger if one.direction == "right"]),
        photon_density,
        radius,
        cover,
        preparation.seed_photons,
        trigger_left=pulses_of([one for one in preparation.trigger if one.direction == "left"]),
    )
    begin = begin_of(light)
    if preparation.gate is not None:
        low, high = preparation.gate
        light = replace(light, gate=(begin + low, begin + high))
    medium = replace(medium, classes=classes_of(medium, light))
    cells, rings = cells_of(medium, light, cells), rings_of(medium, light, rings)
    coherence: Any = preparation.coherence
    if isinstance(coherence, tuple):
        coherence = np.asarray(coherence)[np.arange(cells) * len(coherence) // cells]
    plan, records, end = planned(medium, light, preparation.period, coherence, cells, rings)
    return Cycle(preparation, medium, light, plan, tuple(records), end)


def lit(preparation: Preparation, length: Any, waist: Any, volume: float) -> tuple[Any, Any]:
    """Return radius and share of the cross-section that has light or coherence at all; jax-traceable."""
    whole = jnp.sqrt(volume / length / pi)
    radius = whole if preparation.coherence else jnp.minimum(whole, LIT * waist)
    if preparation.trigger:
        radius = jnp.minimum(radius, TRIGGERED * max(one.waist for one in preparation.trigger))
    return radius, (radius / whole) ** 2


def medium_of(preparation: Preparation, atom: Atom, density: Any) -> Medium:
    """Return the medium of an atom that is prepared."""
    given = preparation.polarisability
    return _medium(
        preparation, atom.E_eg, two_photon_polarisability(atom) if given is None else given, density
    )


def _medium(preparation: Preparation, E_eg: Any, polarisability: Any, density: Any) -> Medium:
    same = (
        "length", "polarisability_g", "polarisability_e", "decay_time", "dephasing_time", "detuning",
        "inhomogeneous_width",
    )  # fmt: skip
    return Medium(
        E_eg=E_eg,
        density=density,
        polarisability=polarisability,
        **{name: getattr(preparation, name) for name in same},
    )


def pulses_of(pulses: Sequence[Pulse]) -> Pulses:
    """Return the numbers of pulses in columns."""
    names = ("energy", "duration", "waist", "delay")
    return Pulses(*(jnp.array([getattr(one, name) for one in pulses], dtype=float) for name in names))
