"""Radiative emission of neutrino pairs (RENP): spectra, rates, limits and figures.

Importing `renp` switches JAX to double precision: at the thresholds single precision is wrong by 10⁻³.
"""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from renp._version import __version__ as __version__

if TYPE_CHECKING:
    from renp.atoms.atom import Atom
    from renp.atoms.width import reference_width
    from renp.compilations import cache
    from renp.differential import angular_spectrum, differential_spectrum
    from renp.errors import InputError, PoleWarning
    from renp.experiment import Experiment, Target, expected_counts
    from renp.explorer import explore
    from renp.inference.estimates import fit
    from renp.inference.hypotheses import compare, discovery, required_exposure
    from renp.inference.information import information
    from renp.inference.likelihood import Likelihood
    from renp.inference.limit_curves import limit_curves
    from renp.inference.measured_masses import MeasuredMass
    from renp.inference.minuit import minuit
    from renp.inference.nuisances import Nuisances
    from renp.inference.posterior import posterior
    from renp.inference.priors import prior_transform
    from renp.inference.profiles import contour, profile
    from renp.inference.ranking import ranking
    from renp.inference.reach import mass_grid, reach
    from renp.inference.region import allowed_region
    from renp.inference.sensitivity import sensitivity
    from renp.inference.toys import measure_coverage, throw_toys
    from renp.inference.upper_limits import upper_limits
    from renp.inference.workspace import pyhf_workspace
    from renp.interactions import (
        Anapole,
        Charge,
        ChargeRadius,
        ElectricMoment,
        MagneticMoment,
        ScalarMediator,
        VectorMediator,
        Weak,
    )
    from renp.interactions.contract import check_interaction
    from renp.interactions.couplings import Coupling, Couplings, Interaction, Model
    from renp.laser import Laser
    from renp.neutrinos import Neutrinos
    from renp.planning.plan import Constraints, plan
    from renp.references import citations
    from renp.scans.scan import scan
    from renp.scenario import Scenario
    from renp.spectrum import spectral_function, thresholds
    from renp.target.preparation import Preparation, Pulse

__all__ = [
    "Anapole",
    "Atom",
    "Charge",
    "ChargeRadius",
    "Constraints",
    "Coupling",
    "Couplings",
    "ElectricMoment",
    "Experiment",
    "InputError",
    "Interaction",
    "Laser",
    "Likelihood",
    "MagneticMoment",
    "MeasuredMass",
    "Model",
    "Neutrinos",
    "Nuisances",
    "PoleWarning",
    "Preparation",
    "Pulse",
    "ScalarMediator",
    "Scenario",
    "Target",
    "VectorMediator",
    "Weak",
    "allowed_region",
    "angular_spectrum",
    "cache",
    "check_interaction",
    "citations",
    "compare",
    "contour",
    "differential_spectrum",
    "discovery",
    "expected_counts",
    "explore",
    "fit",
    "information",
    "limit_curves",
    "mass_grid",
    "measure_coverage",
    "minuit",
    "plan",
    "posterior",
    "prior_transform",
    "profile",
    "pyhf_workspace",
    "ranking",
    "reach",
    "reference_width",
    "required_exposure",
    "scan",
    "sensitivity",
    "spectral_function",
    "thresholds",
    "throw_toys",
    "upper_limits",
]

_HOME = {
    "renp.atoms.atom": ["Atom"],
    "renp.atoms.width": ["reference_width"],
    "renp.interactions.contract": ["check_interaction"],
    "renp.interactions.couplings": ["Coupling", "Couplings", "Interaction", "Model"],
    "renp.compilations": ["cache"],
    "renp.differential": ["angular_spectrum", "differential_spectrum"],
    "renp.errors": ["InputError", "PoleWarning"],
    "renp.experiment": ["Experiment", "Target", "expected_counts"],
    "renp.explorer": ["explore"],
    "renp.inference.estimates": ["fit"],
    "renp.inference.hypotheses": ["compare", "discovery", "required_exposure"],
    "renp.inference.information": ["information"],
    "renp.inference.likelihood": ["Likelihood"],
    "renp.inference.measured_masses": ["MeasuredMass"],
    "renp.inference.minuit": ["minuit"],
    "renp.inference.nuisances": ["Nuisances"],
    "renp.inference.posterior": ["posterior"],
    "renp.inference.priors": ["prior_transform"],
    "renp.inference.profiles": ["contour", "profile"],
    "renp.inference.region": ["allowed_region"],
    "renp.inference.toys": ["measure_coverage", "throw_toys"],
    "renp.inference.workspace": ["pyhf_workspace"],
    "renp.inference.limit_curves": ["limit_curves"],
    "renp.inference.upper_limits": ["upper_limits"],
    "renp.inference.ranking": ["ranking"],
    "renp.inference.reach": ["mass_grid", "reach"],
    "renp.inference.sensitivity": ["sensitivity"],
    "renp.interactions": [
        "Anapole",
        "Charge",
        "ChargeRadius",
        "ElectricMoment",
        "MagneticMoment",
        "ScalarMediator",
        "VectorMediator",
        "Weak",
    ],
    "renp.laser": ["Laser"],
    "renp.neutrinos": ["Neutrinos"],
    "renp.planning.plan": ["Constraints", "plan"],
    "renp.scans.scan": ["scan"],
    "renp.references": ["citations"],
    "renp.scenario": ["Scenario"],
    "renp.spectrum": ["spectral_function", "thresholds"],
    "renp.target.preparation": ["Preparation", "Pulse"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def _use_double_precision() -> None:
    os.environ["JAX_ENABLE_X64"] = "1"
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", True)


_use_double_precision()


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that the command line starts without JAX."""
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'renp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
