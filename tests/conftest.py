"""Array shapes in the annotations of the pure code are checked at run time in all tests.

The border is left out: wrong types are what its own checks answer.
"""

from jaxtyping import install_import_hook

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
    "inference.poisson",
    "interactions",
    "kinematics",
    "master_formula",
]

hook = install_import_hook([f"renp.{name}" for name in PURE], "typecheck.check")
