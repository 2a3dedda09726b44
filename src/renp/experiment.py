"""From the spectral function to expected counts: N(ω) = T (ε Γ_0 I(ω) + background)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp.atoms.atom import Atom
from renp.atoms.lights import Lights
from renp.atoms.spin import HELICITIES
from renp.atoms.width import PUBLISHED_WIDTH, reference_width
from renp.border import checked
from renp.compiled import compiled
from renp.errors import InputError
from renp.formula.line import line_spectrum
from renp.interactions.couplings import Interaction
from renp.laser import SHARP, Laser
from renp.neutrinos import Neutrinos
from renp.printed import printed
from renp.references import references_of
from renp.runs import Runs, Values
from renp.target.preparation import Preparation, cycle_of
from renp.validation import Scalar, finite, instance, is_traced, number, reals

UNCERTAIN = ("background_error", "efficiency_error", "control_ratio")
"""Columns of runs that make parameters of a likelihood."""

Reals: TypeAlias = Float[Array, "n"]


GOLDEN = "golden-rule"

WIDTHS = {"published": PUBLISHED_WIDTH, GOLDEN: np.nan}
"""Words for widths."""


class Target(eqx.Module):
    """A coherent target and its trigger field; immutable, a JAX pytree.

    Parameters
    ----------
    density
        Number density n_a of the coherent atoms, 1/cm³.
    photon_density
        Number density n_γ of the photons, 1/cm³.
    volume
        V, cm³.
    dynamical_factor
        η, what of the target's coherence and field is there on average (`mean_dynamical_factor`); 1 in the
        papers.
    width
        Γ_0 at n_a = n_γ = 10²¹/cm³ and V = 100 cm³, 1/s. It belongs to the atom: left out, it is the value
        published for ytterbium, 0.002, which is some 60 times strontium's own. "golden-rule" stands for that
        of the experiment's atom at each photon energy, n_γ being what it is; any other is the same at all, as
        it is where the field is held fixed. Results say which width they used.

    `from_preparation` computes η; the target then has its ``preparation``.

    Raises
    ------
    InputError
        If a value is not finite and above 0.

    Examples
    --------
    >>> round(Target().reference_width * 86400, 1)  # events a day at I = 1
    172.8
    """

    density: Scalar
    photon_density: Scalar
    volume: Scalar
    dynamical_factor: Scalar
    width: Scalar
    """NaN for "golden-rule", until an experiment says of which atom."""
    width_at: Scalar | None
    """Photon energy of the width, eV, to which it is proportional; None for one at all photon energies."""
    preparation: Preparation | None = eqx.field(static=True)
    """Whose mean the dynamical factor is, if it was computed."""

    def __init__(
        self,
        density: Any = 1e21,
        photon_density: Any = 1e21,
        volume: Any = 100.0,
        dynamical_factor: Any = 1.0,
        width: Any = PUBLISHED_WIDTH,
    ) -> None:
        within: Any = {"low": 0.0, "high": 1e50, "open_low": True}
        per_volume = "a number density in 1/cm³ above 0 and at most 10⁵⁰"
        self.density = number("density", density, per_volume, unit="1/cm**3", **within)
        self.photon_density = number("photon_density", photon_density, per_volume, unit="1/cm**3", **within)
        self.volume = number(
            "volume", volume, "a volume in cm³ above 0 and at most 10⁵⁰", unit="cm**3", **within
        )
        factor = "a finite factor, at least 0"
        self.dynamical_factor = number("dynamical_factor", dynamical_factor, factor, low=0)
        self.width_at = np.nan if isinstance(width, str) and width == GOLDEN else None
        if isinstance(width, str) and width in WIDTHS:
            self.width = WIDTHS[width]
        else:
            allowed = "a finite width in 1/s, at least 0, 'published' or 'golden-rule'"
            self.width = number("width", width, allowed, low=0, unit="1/s")
        self.preparation = None

    def __repr__(self) -> str:
        return printed(self)

    @classmethod
    def from_preparation(
        cls,
        preparation: Preparation,
        atom: Atom,
        *,
        density: Any = 1e21,
        photon_density: Any = 1e21,
        volume: Any = 100.0,
        width: Any = PUBLISHED_WIDTH,
    ) -> "Target":
        """Return the target whose η is the mean of a preparation over its cycles.

        Parameters
        ----------
        preparation, atom
            What is done to which atoms.
        density, photon_density, volume, width
            As for `Target`.

        Raises
        ------
        InputError
            If something is out of range, or the pulses cannot be followed.

        Examples
        --------
        >>> import renp
        >>> ready = renp.Preparation(length=1.0, repetition=10.0, coherence=0.5, dephasing_time=1e-3)
        >>> round(Target.from_preparation(ready, Atom.named("Yb")).dynamical_factor, 6)
        0.005
        """
        target = cls(density, photon_density, volume, width=width)
        known = {name: getattr(target, name) for name in ("density", "photon_density", "volume")}
        mean = cycle_of(preparation, atom, **known).mean
        found: Target = eqx.tree_at(lambda one: one.dynamical_factor, target, mean)
        object.__setattr__(found, "preparation", preparation)
        return found

    def of_atom(self, atom: Atom) -> "Target":
        """Return the target with the width of an atom, if it is to be that of the golden rule."""
        if self.width_at is None or is_traced(self.width_at) or not np.isnan(self.width_at):
            return self
        width = reference_width(atom, GOLDEN)
        known: Target = eqx.tree_at(
            lambda one: (one.width, one.width_at), self, (width, float(atom.E_eg) / 2)
        )
        return known

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the published width, or of the formula for any other."""
        published = self.width_at is None and (is_traced(self.width) or self.width == PUBLISHED_WIDTH)
        return ("ge-2023-proceeding", "ge-2023-letter") if published else ("ge-2023-letter",)

    @property
    def reference_width(self) -> Scalar:
        """η Γ_0 in 1/s: the width scaled with n_a² n_γ V."""
        densities = (self.density / 1e21) ** 2 * (self.photon_density / 1e21)
        return self.dynamical_factor * (self.width * densities * (self.volume / 100.0))


class Experiment(eqx.Module):
    """Runs of one target at chosen photon energies; immutable, a JAX pytree.

    Parameters
    ----------
    atom, target
        What is excited.
    photon_energy
        Trigger photon energy of each run, eV.
    duration
        Duration of each run, s (a day is 86400); one number serves for all.
    background
        Rate of background counts in each run, 1/s; one number serves for all. Of a target whose preparation
        has a gate, the rate while it is open.
    counts
        What was observed in each run, or None.
    laser
        The trigger's line; sharp if left out.
    efficiency
        Part of the signal's photons that are counted, from 0 to 1, in each run; one number serves for all.
    background_error, efficiency_error
        Relative errors of these, each run's its own and independent of all others: 0.05 for 5 %, at most 1;
        one number serves for all. They make the parameters "background_1", "efficiency_1", … of a
        likelihood, log-normal factors on the rates. What all runs have in common is of `renp.Nuisances`.
    control_ratio
        Background that a control measurement beside each run expects, relative to that run's: its time,
        volume and efficiency over the run's (1/α of Li and Ma). 0 for no control measurement. The background
        of a run that has one is a parameter "background_rate_1", … of a likelihood, in 1/s, which counts and
        control counts decide; with control counts given, ``background`` may be left out.
    control_counts
        What was observed in each control measurement, or None: what ``background`` makes expected.
    polarisation
        Of the light in each run, "linear", "left" or "right" (helicity −1 and +1), or how much more of it is
        right than left, from −1 to 1; one serves for all. Left out, or None for a run, it is the atom's.

    Raises
    ------
    InputError
        For photon energies out of range, negative durations, backgrounds, ratios or counts, efficiencies or
        errors above 1, control counts of no control measurement, or unequal lengths; for light of a helicity
        that the atom does not see.

    Examples
    --------
    >>> runs = Experiment(Atom.named("Yb"), Target(), [1.068, 1.069], 10 * 86400.0)
    >>> runs.duration
    Array([864000., 864000.], dtype=float64)
    """

    atom: Atom
    target: Target
    runs: Runs
    laser: Laser
    sides: tuple[Atom, Atom] | None
    """The atom in left and in right light, where runs have a polarisation of their own."""

    def __init__(
        self,
        atom: Atom,
        target: Target,
        photon_energy: Any,
        duration: Any,
        background: Any = 0.0,
        *,
        counts: Any = None,
        laser: Laser = SHARP,
        efficiency: Any = 1.0,
        background_error: Any = 0.0,
        efficiency_error: Any = 0.0,
        control_ratio: Any = 0.0,
        control_counts: Any = None,
        polarisation: Any = None,
    ) -> None:
        instance("laser", laser, Laser)
        instance("atom", atom, Atom)
        instance("target", target, Target)
        if target.preparation is not None and target.preparation.gate is not None:
            if not is_traced(background):
                background = reals("background", background, "rates in 1/s", "1/s")
            background = background * target.preparation.open_share
        self.atom, self.target, self.laser = atom, target.of_atom(atom), laser
        if isinstance(polarisation, Sequence) and not isinstance(polarisation, str):
            each = [atom.polarisation if one is None else one for one in polarisation]
            polarisation = None if all(one is None for one in polarisation) else each
        runs = Runs.checked(
            atom.E_vg,
            photon_energy=photon_energy,
            duration=duration,
            background=background,
            efficiency=efficiency,
            background_error=background_error,
            efficiency_error=efficiency_error,
            counts=counts,
            control_ratio=control_ratio,
            control_counts=control_counts,
            polarisation=polarisation,
        )
        self.runs, self.sides = runs, _sides(atom, runs)

    def __repr__(self) -> str:
        return printed(self, **vars(self.runs))

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the atom and the target."""
        return references_of([self.atom, self.target])

    @property
    def photon_energy(self) -> Reals:
        """Of each run, eV."""
        return jnp.asarray(self.runs.photon_energy)

    @property
    def line_centre(self) -> Values:
        """True photon energy of each run, eV: the nominal one and the laser's offset."""
        centre: Values = self.runs.photon_energy + self.laser.offset
        return centre

    @property
    def duration(self) -> Reals:
        """Of each run, s."""
        return jnp.asarray(self.runs.duration)

    @property
    def background(self) -> Reals:
        """Rate of each run, 1/s."""
        return jnp.asarray(self.runs.background)

    @property
    def efficiency(self) -> Reals:
        """Of each run, from 0 to 1."""
        return jnp.asarray(self.runs.efficiency)

    @property
    def background_error(self) -> Reals:
        """Relative error of each run's background."""
        return jnp.asarray(self.runs.background_error)

    @property
    def efficiency_error(self) -> Reals:
        """Relative error of each run's efficiency."""
        return jnp.asarray(self.runs.efficiency_error)

    @property
    def counts(self) -> Reals | None:
        """Observed in each run, or None."""
        return None if self.runs.counts is None else jnp.asarray(self.runs.counts)

    @property
    def control_ratio(self) -> Reals:
        """Background of each run's control measurement relative to the run's own; 0 without one."""
        return jnp.asarray(self.runs.control_ratio)

    @property
    def control_counts(self) -> Reals | None:
        """Observed in each run's control measurement, or None."""
        return None if self.runs.control_counts is None else jnp.asarray(self.runs.control_counts)

    @property
    def polarisation(self) -> Reals | None:
        """How much more of each run's light is right than left; None where it is the atom's."""
        return None if self.runs.polarisation is None else jnp.asarray(self.runs.polarisation)

    @property
    def lit_atom(self) -> Atom | Lights:
        """The atom, or both that it is in the light of the runs."""
        share = self.runs.polarisation
        return self.atom if share is None or self.sides is None else Lights(*self.sides, share)

    @property
    def exposure(self) -> Values:
        """Signal counts of each run where I = 1: T ε η Γ_0."""
        alike = self.runs.duration * self.runs.efficiency * self.target.reference_width
        at = self.target.width_at
        return alike if at is None else alike * (self.runs.photon_energy / at)

    @property
    def width_said(self) -> str:
        """Which width the counts are of, in words."""
        target, name = self.target, self.atom.name
        if is_traced(target.width, target.width_at):
            return "Γ_0 as given"
        size = f"Γ_0 = {float(target.width):.3g}/s"
        if target.width_at is not None:
            at = f"{float(target.width_at):.4g} eV, proportional to the photon energy"
            return f"{size} at {at}: the golden rule for {name}, |ρ_eg| = η/2"
        if target.width != PUBLISHED_WIDTH:
            return f"{size} at all photon energies, as given"
        other = "" if name.startswith("Yb") else f", not {name}'s own (width = 'golden-rule')"
        return f"{size} at all photon energies: published for Yb{other}"

    @property
    def background_counts(self) -> Values:
        """Expected background counts of each run."""
        return self.runs.duration * self.runs.background

    def with_runs(self, runs: Runs) -> "Experiment":
        """Return other runs with the same atom, target and laser; nothing is checked.

        Examples
        --------
        >>> both = Experiment(Atom.named("Yb"), Target(), [1.068, 1.069], 86400.0)
        >>> both.with_runs(both.runs.rows([1])).photon_energy
        Array([1.069], dtype=float64)
        """
        sides = self.sides or _sides(self.atom, runs)
        other: Experiment = eqx.tree_at(
            lambda one: (one.runs, one.sides), self, (runs, sides), is_leaf=lambda x: x is None
        )
        return other

    def lit(self) -> "Experiment":
        """Return the same with a polarisation of each run: the atom's, if they have none of their own.

        Examples
        --------
        >>> Experiment(Atom.named("Yb", "full"), Target(), [1.068], 86400.0).lit().polarisation
        Array([0.], dtype=float64)
        """
        if self.runs.polarisation is not None:
            return self
        own = np.full(len(self.runs), float(HELICITIES.get(self.atom.polarisation, 0)))
        return self.with_runs(replace(self.runs, polarisation=own))


def _sides(atom: Atom, runs: Runs) -> tuple[Atom, Atom] | None:
    """Return the atom in left and in right light if runs need both."""
    share = runs.polarisation
    if share is None or (not is_traced(share) and not np.any(share) and atom.polarisation == "linear"):
        return None
    return atom.in_light("left"), atom.in_light("right")


def check_certain(experiment: Experiment) -> None:
    """Raise `InputError` if a run has an error, for results that take everything else as known."""
    for name in UNCERTAIN:
        errors = getattr(experiment.runs, name)
        if not is_traced(errors) and np.any(errors):
            allowed = "left out: nothing is uncertain here, as it is in renp.upper_limits"
            raise InputError(name, float(np.max(errors)), allowed)


def counts_of(
    experiment: Experiment,
    spectrum: Float[Array | np.ndarray[Any, Any], "*batch n"],
    signal: Scalar | Values = 1.0,
    background: Scalar | Values = 1.0,
) -> Float[Array, "*batch n"]:
    """Return T (ε η Γ_0 I + b) of each run, signal and background times factors. Nothing is checked.

    Source: PLB 841 137911, Eq. (17).

    Examples
    --------
    >>> runs = Experiment(Atom.named("Yb"), Target(), [1.068], 86400.0, 1e-4, efficiency=0.5)
    >>> counts_of(runs, jnp.array([1.0])).round(2)
    Array([95.04], dtype=float64)
    """
    emitted: Any = signal * (experiment.exposure * spectrum)
    counts: Array = emitted + background * experiment.background_counts
    return counts


def expected_counts(experiment: Experiment, neutrinos: Neutrinos, model: Interaction | None = None) -> Reals:
    """Return the expected counts of each run, background included: T (ε η Γ_0 I(ω) + background).

    Source: PLB 841 137911, Eq. (17).

    Parameters
    ----------
    experiment
        Atom, target and runs.
    neutrinos
        What is emitted.
    model
        Interactions; the standard model `Weak()` if left out. A model without `Weak()` counts no
        standard-model pairs.

    Returns
    -------
    Array
        Shape (n,), in the order of the runs.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0)
    >>> renp.expected_counts(runs, renp.Neutrinos(0.01)).round(1)
    Array([117.1], dtype=float64)
    """
    return _counts(experiment, neutrinos, model, background=1.0)


def signal_counts(experiment: Experiment, neutrinos: Neutrinos, model: Interaction | None = None) -> Reals:
    """Return the expected counts of each run without background.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.072], 86400.0, 1.0)
    >>> signal_counts(runs, renp.Neutrinos(0.01))
    Array([0.], dtype=float64)
    """
    return _counts(experiment, neutrinos, model, background=0.0)


def _counts(
    experiment: Experiment, neutrinos: Neutrinos, model: Interaction | None, background: float
) -> Reals:
    instance("experiment", experiment, Experiment)
    runs, laser = experiment.runs, experiment.laser
    _, model = checked(runs.photon_energy, experiment.atom, neutrinos, model, laser)
    return finite(_counts_of_runs(experiment, neutrinos, model, background), "the expected counts")


@compiled
def _counts_of_runs(
    experiment: Experiment, neutrinos: Neutrinos, model: Interaction, background: Scalar
) -> Reals:
    line = experiment.runs.photon_energy, experiment.laser, experiment.lit_atom
    return counts_of(experiment, line_spectrum(*line, neutrinos, model), background=background)


def mean_dynamical_factor(factor: Callable[[float], float], duration: float) -> float:
    """Return the average of η(t) over a run, for `Target`.

    Parameters
    ----------
    factor
        η as a function of the time since the run began, s.
    duration
        Of the run, s.

    Examples
    --------
    >>> round(mean_dynamical_factor(lambda t: 0.5 * np.exp(-t / 100.0), 100.0), 6)
    0.31606
    """
    from scipy.integrate import quad

    time = float(number("duration", duration, "a time in s above 0", low=0.0, open_low=True, unit="s"))
    total, _ = quad(factor, 0.0, time, limit=200)
    return float(number("factor", total / time, "a finite factor, at least 0", low=0.0))
