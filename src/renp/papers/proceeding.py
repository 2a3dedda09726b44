"""The proceeding: S.-F. Ge and P. Pasquini, Phys. Sci. Forum 8 (2023) 51."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from scipy import optimize

from renp._types import Reals
from renp.atoms.atom import Atom
from renp.bounds import (
    moment_axial_limit,
    moment_pseudoscalar_limit,
    recast_limit,
    recoil_experiments,
    stellar_axial_limit,
    stellar_pseudoscalar_limit,
)
from renp.experiment import Experiment
from renp.inference.reach import mass_grid, pole_masses, reach
from renp.interactions import ScalarMediator, VectorMediator, Weak
from renp.interactions.couplings import Interaction
from renp.interactions.dipole import moment_elements
from renp.neutrinos import Neutrinos
from renp.references import merged
from renp.results.advantage import Advantage
from renp.results.base import provenance
from renp.results.comparison import Comparison, Number
from renp.results.mediators import MediatorSpectra, MediatorSpectrum, ReachCurves
from renp.results.spectrum import threshold_grid
from renp.scenario import Scenario, preset_text
from renp.spectrum import spectral_function, thresholds

COUPLINGS = (("vector", 1e-16), ("vector", 1e-15), ("scalar", 1e-9))
"""Sizes that the text quotes as visible in the left panel of figure 1."""

EFFECTS = {"10 %": 0.1, "50 %": 0.5, "100 %": 1.0}

REFERENCE_ENERGY = 1.068
"""eV; below every threshold."""


@cache
def setup() -> Scenario:
    """Return the proceeding's set-up, that of the preset "vector-mediator".

    Examples
    --------
    >>> setup().experiment.photon_energy
    Array([1.0688, 1.0699, 1.0711], dtype=float64)
    """
    return Scenario.from_text(preset_text("vector-mediator"), "vector-mediator")


def figure_1_spectra() -> MediatorSpectra:
    """Return the left panel of figure 1, with the masses that give the couplings a visible effect.

    The proceeding does not print the mediators' mass. The couplings of its text, taken diagonal as in
    its Eq. (7), raise I by half at the masses found here.
    """
    scenario = setup()
    atom, neutrinos = scenario.atom, scenario.neutrinos
    omega = threshold_grid(atom, neutrinos)
    masses = {
        f"{kind} {size:g}": {name: _mass_for(kind, size, effect) for name, effect in EFFECTS.items()}
        for kind, size in COUPLINGS
    }
    edges = np.asarray(thresholds(atom, neutrinos))
    return MediatorSpectra(
        photon_energy=omega,
        standard_model=np.asarray(spectral_function(omega, atom, neutrinos)),
        reference_energy=REFERENCE_ENERGY,
        spectra=tuple(
            MediatorSpectrum(
                kind,
                size,
                mass,
                np.asarray(spectral_function(omega, atom, neutrinos, _with(kind, size, mass))),
            )
            for kind, size in COUPLINGS
            for mass in [masses[f"{kind} {size:g}"]["50 %"]]
        ),
        masses=masses,
        thresholds={f"{i}{j}": float(edges[i - 1, j - 1]) for i, j in moment_elements("dirac")},
        made_by=provenance(scenario.references, scenario=scenario.text),
    )


def figure_1_reach() -> ReachCurves:
    """Return the middle and right panels of figure 1, for every chirality and both natures."""
    scenario = setup()
    masses = mass_grid(scenario.experiment)
    curves = {
        nature: {kind: _reach(kind, _neutrinos(nature), masses) for kind in _AT_MASS}
        for nature in ("dirac", "majorana")
    }
    return ReachCurves(
        mass=masses,
        curves=curves,
        poles=pole_masses(scenario.experiment),
        confidence_level=scenario.confidence_level,
        made_by=provenance(scenario.references, scenario=scenario.text),
    )


def advantage(curves: ReachCurves) -> Advantage:
    """Return existing limits beside the reach in element 11, for the papers' atom and the whole one.

    Existing: recasts of scattering, which limit the product of couplings themselves; and, with a coupling of
    neutrinos of 1, what red giants and the electron's moment say on the electron's.
    """
    scenario, nu = setup(), _neutrinos("dirac")
    coarse, pattern = np.geomspace(curves.mass[0], curves.mass[-1], 49), np.diag([1.0, 0.0, 0.0])
    log = np.log(curves.mass)
    given = scenario.experiment
    whole = Experiment(
        Atom.named("Yb", "full"), given.target, np.asarray(given.photon_energy), np.asarray(given.duration)
    )
    existing, found = {}, {}
    for mediator, (kind, exchange, stars, moment) in _ELECTRONS.items():
        existing[mediator] = {
            of.name: np.exp(
                np.interp(
                    log,
                    np.log(coarse),
                    np.log(recast_limit(of.key, exchange, coarse, nu, pattern=pattern).limit),
                )
            )
            for of in recoil_experiments()
        } | {
            "red giants": np.asarray(stars(curves.mass)),
            "electron's moment": np.asarray(moment(curves.mass)),
        }
        found[mediator] = {
            "papers": curves.curves["dirac"][kind]["11"],
            "full": _reach(kind, nu, curves.mass, whole, elements=((1, 1),))["11"],
        }
    cites = merged(scenario.references, *(of.references for of in recoil_experiments()))
    return Advantage(
        mass=curves.mass, existing=existing, reach=found, made_by=provenance(cites, scenario=scenario.text)
    )


_ELECTRONS: dict[str, tuple[str, str, Callable[..., Any], Callable[..., Any]]] = {
    "vector": ("left", "axial", stellar_axial_limit, moment_axial_limit),
    "scalar": ("scalar", "pseudoscalar", stellar_pseudoscalar_limit, moment_pseudoscalar_limit),
}
"""The neutrinos' coupling, the electron's, and the limits on the latter."""


def numbers(curves: ReachCurves, spectra: MediatorSpectra) -> Comparison:
    """Return the reach that the papers quote beside the computed one."""
    dirac = curves.curves["dirac"]

    def best(kind: str, mass: float) -> float:
        k = int(np.argmin(np.abs(np.log(curves.mass / mass))))
        return min(float(curve[k]) for curve in dirac[kind].values())

    computed = {
        "vector-low": best("left", 1e-3),
        "vector-high": best("left", 1e4),
        "scalar-low": best("scalar", 1e-3),
        "scalar-high": best("scalar", 1e4),
        "scalar-over-vector": best("scalar", 1e3) / best("left", 1e3),
        "similar-change": _similar_change(spectra),
    }
    rows = Number.read("proceeding.toml", computed)
    return Comparison(numbers=rows, made_by=provenance(setup().references, scenario=setup().text))


_AT_MASS: dict[str, Callable[[Any, Any], Interaction]] = {
    "left": lambda pattern, mass: VectorMediator(mass, 1.0, left=pattern),
    "right": lambda pattern, mass: VectorMediator(mass, 1.0, right=pattern),
    "scalar": lambda pattern, mass: ScalarMediator(mass, 1.0, scalar=pattern),
    "pseudoscalar": lambda pattern, mass: ScalarMediator(mass, 1.0, pseudoscalar=pattern),
}


def _reach(
    kind: str,
    neutrinos: Neutrinos,
    masses: Any,
    runs: Experiment | None = None,
    elements: tuple[tuple[int, int], ...] = moment_elements("dirac"),
) -> dict[str, Reals]:
    """Return the reach in each element of one kind of coupling."""
    scenario = setup()
    given = scenario.experiment if runs is None else runs
    found = {}
    for i, j in elements:
        mediator_of_mass = partial(_AT_MASS[kind], {(i, j): 1.0})
        limit = reach(given, neutrinos, mediator_of_mass, masses, scenario.confidence_level)
        found[f"{i}{j}"] = np.asarray(limit)
    return found


def _neutrinos(nature: str) -> Neutrinos:
    given = setup().neutrinos
    return Neutrinos(given.lightest_mass, given.ordering, nature, given.release)


def _with(kind: str, size: float, mass: float) -> Interaction:
    diagonal = {(k, k): size for k in (1, 2, 3)}
    if kind == "vector":
        return Weak() + VectorMediator(mass, 1.0, left=diagonal)
    return Weak() + ScalarMediator(mass, 1.0, scalar=diagonal)


def _mass_for(kind: str, size: float, effect: float) -> float:
    """Return the mass at which a mediator raises I at the reference energy by a given part."""
    scenario = setup()

    def raised(log_mass: float) -> float:
        model = _with(kind, size, 10.0**log_mass)
        parts = [
            float(spectral_function(REFERENCE_ENERGY, scenario.atom, scenario.neutrinos, m))
            for m in (model, None)
        ]
        return parts[0] / parts[1] - 1 - effect

    return float(10 ** optimize.brentq(raised, 2, 6, xtol=1e-10))


def _similar_change(spectra: MediatorSpectra) -> float:
    """Return which scalar coupling changes I as much as the vector's 10⁻¹⁵ at the same mass."""
    mass = spectra.masses["vector 1e-15"]["50 %"]
    # The scalar's effect goes as (coupling/mass²)², so its coupling for one effect as the mass squared.
    return 1e-9 * (mass / spectra.masses["scalar 1e-09"]["50 %"]) ** 2
