"""Atoms: the levels |e⟩ and |v⟩ above the ground state |g⟩, and how the atom passes the pair's current on.

The papers simplify the atom in ways that `renp.atoms.effects` lists; `Atom.refined` undoes each by itself.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import equinox as eqx

from renp.atoms.effects import EFFECTS, check_light, effects_of
from renp.atoms.level import Level, check_keys, levels_of
from renp.atoms.spin import AVERAGED, SpinWeights, Wave, spin_weights, waves
from renp.datafiles import given_text, given_toml, read_toml
from renp.errors import InputError
from renp.printed import printed
from renp.references import references_of
from renp.validation import Scalar, choice, instance, is_traced, listed, number

Approximation: TypeAlias = Literal["papers", "full"]


class Atom(eqx.Module):
    """An atom for RENP: |e⟩ → |v⟩ + ν ν̄, |v⟩ → |g⟩ + γ; immutable, a JAX pytree.

    Parameters
    ----------
    name
        Any label.
    E_eg, E_vg
        Energies of |e⟩ and of the virtual level |v⟩ above |g⟩, eV; E_vg > E_eg > 0.
    levels
        Where the energies come from: |e⟩, |v⟩ and further intermediate levels.
    spin_weights
        w_T and w_L, weights of the pair's current across and along the photon's direction.
    states
        Energy above |g⟩ (eV) and relative amplitude c of each further intermediate state.
    orbit
        Factor on the amplitude of couplings by the photon.
    boost
        Momentum p_eg along the photon's direction that an imprinted phase gives the atoms, eV; 0 in the
        papers. It moves the thresholds apart: ω_ij^max = [E_eg + p_eg − (m_i + m_j)²/(E_eg − p_eg)]/2.
    waves
        Components of the pair's current with both orders of the two steps, or for light of one helicity, as
        `renp.atoms.spin.waves` returns them; empty, the first order with ``spin_weights``.
    polarisation, M
        Of the light, and of |e⟩, of which these are: `in_light` and `prepared` set them.
    index
        Refractive index of the medium at the trigger, whose photon has |k| = nω; None for a vacuum.

    Raises
    ------
    InputError
        If an energy is not above 0 or is above 1 keV, as a wavenumber is, or |v⟩ is not above |e⟩.

    Examples
    --------
    >>> yb = Atom.named("Yb")
    >>> round(yb.E_eg, 6), round(yb.E_vg, 6)
    (2.143493, 2.230725)
    >>> Atom("Yb, as published", E_eg=2.14349, E_vg=2.23072).E_vg
    2.23072
    """

    E_eg: Scalar
    E_vg: Scalar
    name: str = eqx.field(static=True)
    levels: tuple[Level, ...] = eqx.field(static=True)
    spin_weights: tuple[Scalar, Scalar]
    states: tuple[tuple[Scalar, Scalar], ...]
    orbit: Scalar
    boost: Scalar
    waves: tuple[Wave, ...]
    polarisation: str = eqx.field(static=True)
    M: int | None = eqx.field(static=True)
    index: Scalar | None

    def __init__(
        self,
        name: str,
        E_eg: Any,
        E_vg: Any,
        levels: tuple[Level, ...] = (),
        spin_weights: tuple[Any, Any] = AVERAGED,
        states: Sequence[tuple[Any, Any]] = (),
        orbit: Any = 1.0,
        boost: Any = 0.0,
        waves: Sequence[Wave] = (),
        polarisation: str = "linear",
        M: int | None = None,
        index: Any = None,
    ) -> None:
        allowed = "a finite energy in eV above 0 and at most 1000 (8065.54/cm are 1 eV)"
        weight = "two finite weights, at least 0"
        given = listed("spin_weights", spin_weights, weight, 2)
        self.spin_weights = SpinWeights(*(number("spin_weights", w, weight, low=0) for w in given))
        pairs = "pairs of an energy and an amplitude"
        both = [listed("states", one, pairs, 2) for one in listed("states", states, pairs)]
        self.states = tuple(
            (_energy("states", E, allowed), number("states", c, "a finite amplitude")) for E, c in both
        )
        self.orbit = number("orbit", orbit, "a finite factor")
        self.boost = number("boost", boost, "a momentum in eV", unit="eV")
        for argument, values, kind in (("waves", waves, Wave), ("levels", levels, Level)):
            for one in listed(argument, values, f"a list of {kind.__name__}"):
                instance(argument, one, kind)
        instance("name", name, str)
        self.waves = tuple(waves)
        self.polarisation, self.M = polarisation, M
        self.index = None if index is None else _index(index)
        self.name = name
        self.E_eg = _energy("E_eg", E_eg, allowed)
        self.E_vg = _energy("E_vg", E_vg, allowed)
        self.levels = tuple(levels)
        if not is_traced(self.E_eg, self.E_vg) and self.E_vg <= self.E_eg:
            raise InputError("E_vg", self.E_vg, f"above E_eg = {self.E_eg} eV")
        if not is_traced(self.E_eg, self.boost) and not -self.E_eg < self.boost < self.E_eg:
            raise InputError("boost", self.boost, f"below E_eg = {self.E_eg} eV in size")

    def __repr__(self) -> str:
        return printed(self, levels=None, waves=None)  # which are long, and told by the rest

    @property
    def amplitude_errors(self) -> dict[int, float]:
        """Standard errors of the further states' amplitudes, by their places, where levels have some.

        Examples
        --------
        >>> Atom.named("Yb", "full").amplitude_errors
        {0: 0.05}
        """
        known = [level.amplitude_error for level in self.levels[2:] if level.amplitude is not None]
        return {k: error for k, (_, error) in enumerate(zip(self.states, known, strict=False)) if error}

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the levels."""
        return references_of(self.levels)

    def refined(self, *, polarisation: str = "linear", **effects: bool) -> "Atom":
        """Return the atom with what the papers leave out; levels say J and amplitudes.

        Parameters
        ----------
        polarisation
            Of the trigger: "linear", or "left" or "right", the helicities −1 and +1.
        **effects
            False for an effect of `renp.atoms.effects` that is left out: ``spin``, weights of the spin sums;
            ``states``, the further intermediate states that have an amplitude; ``orbit``, half of the
            papers' coupling to the photon: ⟨L⟩ = −⟨S⟩ between different levels, since J = L + S has no matrix
            elements there; ``orders``, the trigger first by its magnetic field and then what the photon
            carries by its electric one.

        Raises
        ------
        InputError
            If the atom has no levels, there is no such effect, or light has a helicity without sums over
            spins, which alone see it.

        Examples
        --------
        >>> full = Atom.named("Yb").refined()
        >>> full.spin_weights, full.orbit
        (SpinWeights(transverse=1.5, longitudinal=0.0), 0.5)
        >>> Atom.named("Yb").refined(spin=False).spin_weights
        SpinWeights(transverse=1.0, longitudinal=1.0)
        """
        if len(self.levels) < 2:
            raise InputError("atom", self.name, "one with levels, whose J decide what is refined")
        for name, chosen in effects.items():
            instance(choice("effect", name, tuple(EFFECTS)), chosen, bool, "True or False")
        values: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("spin_weights", "states", "orbit", "boost", "waves", "index")
        }
        kept = [name for name in EFFECTS if effects.get(name, True)]
        check_light(polarisation, kept)
        for name in kept:
            values |= EFFECTS[name].refine(self.levels, polarisation, values)
        return Atom(self.name, self.E_eg, self.E_vg, self.levels, **values, polarisation=polarisation)

    def boosted(self, momentum: Any) -> "Atom":
        """Return the atom with a momentum p_eg along the photon's direction, eV.

        Raises
        ------
        InputError
            If the momentum is not finite, or not below E_eg in size.
        """
        same = (self.name, self.E_eg, self.E_vg, self.levels, self.spin_weights, self.states, self.orbit)
        return Atom(*same, momentum, self.waves, self.polarisation, self.M, self.index)

    def in_medium(self, refractive_index: Any) -> "Atom":
        """Return the atom in a medium of a refractive index n at the trigger, whose photon has |k| = nω.

        q² = (E_eg − ω)² − (nω − p_eg)² moves the thresholds down by (n − 1)E_eg/4. The pair's own photon, of
        couplings through one, propagates as in a vacuum.

        Raises
        ------
        InputError
            If n is not above 0.5 and below 2.

        Examples
        --------
        >>> import renp
        >>> yb, nu = Atom.named("Yb"), renp.Neutrinos(0.01)
        >>> shift = renp.thresholds(yb.in_medium(1 + 1e-5), nu) - renp.thresholds(yb, nu)
        >>> f"{float(shift[0, 0]):.1e}"
        '-5.4e-06'
        """
        same = (self.name, self.E_eg, self.E_vg, self.levels, self.spin_weights, self.states, self.orbit)
        return Atom(*same, self.boost, self.waves, self.polarisation, self.M, refractive_index)

    @property
    def frame(self) -> tuple[Scalar, Scalar, Scalar | None]:
        """E_eg, boost and refractive index: what kinematics depend on."""
        return self.E_eg, self.boost, self.index

    @property
    def end(self) -> Scalar:
        """Photon energy at which q² = 0, which massless neutrinos reach, eV."""
        return (self.E_eg + self.boost) / (2 if self.index is None else 1 + self.index)

    def momentum(self, omega: Any) -> Any:
        """Return nω − p_eg, the pair's momentum against the photon's direction, eV."""
        return (omega if self.index is None else self.index * omega) - self.boost

    def prepared(self, M: int) -> "Atom":
        """Return the atom whose |e⟩ is in one state, instead of all equally.

        Parameters
        ----------
        M
            Component of the angular momentum along the photon's direction, from −J to J.

        Raises
        ------
        InputError
            If there is no such state, or spins are averaged (without the effect ``spin``).

        Examples
        --------
        >>> xe = Atom.named("Xe", "full")
        >>> [tuple(round(w, 12) for w in xe.prepared(M).spin_weights) for M in (0, 1, 2)]
        [(0.75, 0.0), (0.0, 2.25), (2.25, 0.0)]
        """
        J = self.levels[0].J if self.levels else 0
        instance("M", M, int)
        choice("M", str(M), [str(known) for known in range(-J, J + 1)])
        if len(self.levels) < 2 or self.spin_weights == AVERAGED:
            raise InputError("M", M, "left out where spins are averaged, without the effect spin")
        return self._seen(self.polarisation, M)

    def in_light(self, polarisation: str) -> "Atom":
        """Return the atom in light of another polarisation.

        Raises
        ------
        InputError
            For light of one helicity where spins are averaged (without the effect ``spin``).

        Examples
        --------
        >>> Atom.named("Yb", "full").in_light("left").waves[0].helicity
        -1
        """
        averaged = len(self.levels) < 2 or self.spin_weights == AVERAGED
        check_light(polarisation, () if averaged else ("spin",))
        return self if polarisation == self.polarisation else self._seen(polarisation, self.M)

    def _seen(self, polarisation: str, M: int | None) -> "Atom":
        """Return the atom with the waves and weights of a light and of a state of |e⟩."""
        orders = any(bool(wave.second) for wave in self.waves)
        J_e, J_v = (level.J for level in self.levels[:2])
        found = waves(J_e, J_v, polarisation, both_orders=orders, prepared=M)
        weights = spin_weights(J_e, J_v)
        if M is not None:
            across = sum(wave.weight for wave in found if wave.direction) / 2
            weights = SpinWeights(across, sum(wave.weight for wave in found if not wave.direction))
        same = (self.name, self.E_eg, self.E_vg, self.levels)
        return Atom(*same, weights, self.states, self.orbit, self.boost, found, polarisation, M, self.index)

    @classmethod
    def named(cls, name: str, approximation: str | Sequence[str] = "papers") -> "Atom":
        """Return an atom of the catalogue by its symbol.

        Parameters
        ----------
        name
            Symbol.
        approximation
            "papers", "full" for all that `refined` knows, or a list of its effects.

        Raises
        ------
        InputError
            If the symbol is not in the catalogue.

        Examples
        --------
        >>> Atom.named("Xe").levels[0].label
        '6s 2[3/2]2'
        """
        entry = read_toml("atoms.toml")[choice("name", name, symbols())]
        return cls._of_table(name, entry, approximation)

    @classmethod
    def read(cls, path: str | Path, approximation: str | Sequence[str] = "papers") -> "Atom":
        """Return one's own atom from a TOML file with tables [e], [v] and [[further]], as in the catalogue.

        Each level has label, wavenumber (1/cm), J, source and verified, and may have A (1/s) and, if it is a
        further one, its amplitude relative to |v⟩, with an amplitude_error.

        Raises
        ------
        InputError
            If the file cannot be read, or naming the table and key of what it cannot say.
        """
        instance("path", path, (str, Path), "the path of a file")
        path = Path(path)
        try:
            entry = given_toml(given_text(path))
        except ValueError as error:
            raise InputError("atom", repr(str(path)), f"a TOML file that can be read ({error})") from None
        try:
            check_keys(entry)
            instance("name", name := entry.get("name", path.stem), str, "text")
            return cls._of_table(name, entry, approximation)
        except InputError as error:
            raise InputError(f"{path.name}: {error.argument}", error.value, error.allowed) from None

    @classmethod
    def _of_table(cls, name: str, entry: dict[str, Any], approximation: str | Sequence[str]) -> "Atom":
        levels = levels_of(entry)
        atom = cls(name, levels[0].energy, levels[1].energy, levels)
        effects = effects_of(approximation)
        chosen: dict[str, Any] = {name: name in effects for name in EFFECTS}
        return atom.refined(**chosen) if effects else atom


def _index(value: Any) -> Scalar:
    return number("refractive_index", value, "a refractive index, above 0.5 and below 2", low=0.5, high=2)


def _energy(name: str, value: Any, allowed: str) -> Scalar:
    return number(name, value, allowed, low=0, high=1000, open_low=True, unit="eV", photon=True)


def symbols() -> tuple[str, ...]:
    """Return the symbols of the catalogued atoms.

    Examples
    --------
    >>> "Yb" in symbols()
    True
    """
    return tuple(read_toml("atoms.toml"))
