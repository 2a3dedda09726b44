"""Array shapes in the annotations of the pure code are checked at run time in all tests.

The border is left out: wrong types are what its own checks answer.
"""

from jaxtyping import install_import_hook

PURE = ["compensated", "couplings", "interactions", "kinematics", "master_formula", "inference.poisson"]

hook = install_import_hook([f"renp.{name}" for name in PURE], "typecheck.check")
