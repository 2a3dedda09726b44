"""Array shapes in the annotations of the pure code are checked at run time in all tests.

The border is left out: wrong types are what its own checks answer.
"""

import matplotlib as mpl
from jaxtyping import install_import_hook

mpl.use("agg")

PURE = [
    "bounds.blind",
    "bounds.effective",
    "bounds.elements",
    "bounds.electron_moment",
    "bounds.light_mediators",
    "bounds.model",
    "bounds.proceeding_notes",
    "bounds.solar",
    "compensated",
    "couplings",
    "differential_formula",
    "inference.poisson",
    "inference.strength",
    "interactions",
    "kinematics",
    "master_formula",
]

hook = install_import_hook([f"renp.{name}" for name in PURE], "typecheck.check")
