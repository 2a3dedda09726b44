"""What the papers' simple atom costs: counts, limits and contrasts with it and with the full one."""

from dataclasses import dataclass

import equinox as eqx
import numpy as np

from renp.atoms.atom import Atom
from renp.atoms.effects import APPROXIMATIONS, EFFECTS
from renp.constants import DAY
from renp.experiment import Experiment, Target, expected_counts
from renp.inference.upper_limits import upper_limits
from renp.interactions import ScalarMediator, VectorMediator
from renp.interactions.couplings import Interaction
from renp.interactions.dipole import moment_couplings
from renp.neutrinos import Neutrinos
from renp.papers import letter, proceeding
from renp.spectrum import thresholds

_BELOW = (1.2e-3, 3e-4)
"""How far the first two runs lie below the lowest threshold, relative, as in the letter."""

MEDIATORS: dict[str, dict[str, Interaction]] = {
    "vector mediator": {"11": VectorMediator(1e4, 1.0, left={(1, 1): 1.0})},
    "scalar mediator": {"11": ScalarMediator(1e4, 1.0, scalar={(1, 1): 1.0})},
}
"""Heavy ones, whose limits are on g/m²: at 10 keV, on the product of couplings."""


@dataclass(frozen=True)
class AtomRow:
    """One atom in one approximation."""

    atom: str
    approximation: str
    counts: float
    """Of the standard model, all runs together."""
    worst: dict[str, float]
    """The worst limit of each kind of coupling, infinite where nothing is seen."""
    contrast: float
    """Largest |Γ_Majorana/Γ_Dirac − 1| of the runs."""


def letters_runs(atom: Atom, neutrinos: Neutrinos, days: float = 10.0) -> Experiment:
    """Return runs placed as the letter's: two below all thresholds, one between each two.

    Examples
    --------
    >>> len(letters_runs(Atom.named("Yb"), Neutrinos(0.01)).photon_energy)
    7
    """
    edges = np.unique(np.asarray(thresholds(atom, neutrinos)).round(12))
    energies = [*(edges[0] * (1 - np.array(_BELOW))), *(edges[:-1] + edges[1:]) / 2]
    return Experiment(atom, Target(), energies, days * DAY)


def atom_row(name: str, approximation: str) -> AtomRow:
    """Return counts, limits and contrast of an atom with runs placed as the letter's, 10 days each.

    Examples
    --------
    >>> round(atom_row("Yb", "full").counts, 1)  # 502 with the papers' atom
    1.8
    """
    nu = Neutrinos(0.01)
    runs = letters_runs(Atom.named(name, approximation), nu)
    dirac = np.asarray(expected_counts(runs, nu))
    other = Neutrinos(float(nu.lightest_mass), nu.ordering, "majorana", nu.release)
    majorana = np.asarray(expected_counts(runs, other))
    limits = upper_limits(runs, nu).limits
    return AtomRow(
        atom=name,
        approximation=approximation,
        counts=float(dirac.sum()),
        worst={kind: max(of.values()) for kind, of in limits.items()},
        contrast=float(np.max(np.abs(majorana / dirac - 1))),
    )


CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("papers", ()),
    *((effect.label, (name,)) for name, effect in EFFECTS.items()),
    ("both orders, orbital current", ("orders", "orbit")),
    ("full", tuple(EFFECTS)),
)
"""Each effect alone, the two that cancel, and all together."""


_SHOWN = ("magnetic-moment 11", "magnetic-moment 33")


@dataclass(frozen=True)
class EffectRow:
    """Ytterbium with some effects, and both papers' set-ups."""

    effects: str
    counts: float
    """Of the standard model in the letter's runs."""
    mu_11: float
    mu_33: float
    """Limits with the letter's runs, μ_B."""
    vector: float
    scalar: float
    """Limits on the product of a 10 keV mediator's couplings with the proceeding's runs."""
    contrast: float
    """Largest |Γ_Majorana/Γ_Dirac − 1| of the letter's runs."""


def effect_row(label: str, effects: tuple[str, ...]) -> EffectRow:
    """Return what effects make of both papers' set-ups, with the catalogue's energies and NuFIT 6.0.

    Examples
    --------
    >>> one = effect_row("papers", ())
    >>> round(1e11 * one.mu_11, 3), round(1e11 * one.mu_33, 3)
    (1.757, 3.461)
    """
    nu = Neutrinos(0.01)

    def with_effects(runs: Experiment) -> Experiment:
        refined: Experiment = eqx.tree_at(lambda one: one.atom, runs, Atom.named("Yb", effects))
        return refined

    runs = with_effects(letter.setup().experiment)
    dirac = np.asarray(expected_counts(runs, nu))
    other = Neutrinos(float(nu.lightest_mass), nu.ordering, "majorana", nu.release)
    magnetic = [one for one in moment_couplings("dirac") if one.name in _SHOWN]
    found = upper_limits(runs, nu, couplings=magnetic).limits["magnetic-moment"]
    heavy = upper_limits(with_effects(proceeding.setup().experiment), nu, couplings=MEDIATORS).limits
    return EffectRow(
        effects=label,
        counts=float(dirac.sum()),
        mu_11=found["11"],
        mu_33=found["33"],
        vector=heavy["vector mediator"]["11"],
        scalar=heavy["scalar mediator"]["11"],
        contrast=float(np.max(np.abs(np.asarray(expected_counts(runs, other)) / dirac - 1))),
    )


def effect_rows() -> list[EffectRow]:
    """Return a row for each of `CHOICES`."""
    return [effect_row(*choice) for choice in CHOICES]


def rows() -> list[AtomRow]:
    """Return ytterbium and xenon in both approximations."""
    return [atom_row(name, which) for name in ("Yb", "Xe") for which in APPROXIMATIONS]


def mediator_limits(name: str, approximation: str) -> dict[str, float]:
    """Return the limits on the couplings of `MEDIATORS` for the same runs.

    Examples
    --------
    >>> mediator_limits("Yb", "full")["scalar mediator"]  # without a longitudinal part nothing is seen of it
    inf
    """
    nu = Neutrinos(0.01)
    runs = letters_runs(Atom.named(name, approximation), nu)
    limits = upper_limits(runs, nu, couplings=MEDIATORS).limits
    return {kind: max(of_kind.values()) for kind, of_kind in limits.items()}
