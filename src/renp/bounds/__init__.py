"""What other experiments say."""

from renp.bounds.catalogue import UNITS, Bound, bound, catalogue
from renp.bounds.effective import (
    coherent_notes_moment,
    flavour_moment,
    flavour_square,
    solar_moment,
    solar_square,
    stellar_moment,
    stellar_square,
    transition_moments,
    xenonnt_notes_moment,
)
from renp.bounds.electron_moment import axial_shift, moment_difference, pseudoscalar_shift
from renp.bounds.light_mediators import (
    moment_axial_limit,
    moment_pseudoscalar_limit,
    pseudoscalar_equivalent,
    stellar_axial_limit,
    stellar_pseudoscalar_limit,
)
from renp.bounds.model import solar_weights
from renp.bounds.moment_elements import (
    BlindDirection,
    ElementLimit,
    blind_directions,
    borexino_table,
    element_limits,
    moment_basis,
    quadratic_form,
)
from renp.bounds.recast import RecastLimit, Recoils, recast_limit, recoil_experiments

__all__ = [
    "UNITS",
    "BlindDirection",
    "Bound",
    "ElementLimit",
    "RecastLimit",
    "Recoils",
    "axial_shift",
    "blind_directions",
    "borexino_table",
    "bound",
    "catalogue",
    "coherent_notes_moment",
    "element_limits",
    "flavour_moment",
    "flavour_square",
    "moment_axial_limit",
    "moment_basis",
    "moment_difference",
    "moment_pseudoscalar_limit",
    "pseudoscalar_equivalent",
    "pseudoscalar_shift",
    "quadratic_form",
    "recast_limit",
    "recoil_experiments",
    "solar_moment",
    "solar_square",
    "solar_weights",
    "stellar_axial_limit",
    "stellar_moment",
    "stellar_pseudoscalar_limit",
    "stellar_square",
    "transition_moments",
    "xenonnt_notes_moment",
]
