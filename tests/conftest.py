"""Array shapes in the annotations of the pure code are checked at run time in all tests.

The border is left out: wrong types are what its own checks answer.
"""

import os
from pathlib import Path

import matplotlib as mpl
from jaxtyping import install_import_hook

mpl.use("agg")

# Compiled once for all workers, and for the commands that they run.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

PURE = [
    "bounds.effective",
    "bounds.moment_elements",
    "bounds.electron_moment",
    "bounds.light_mediators",
    "bounds.model",
    "compensated",
    "formula",
    "inference.poisson",
    "inference.quadratic_set",
    "interactions",
]

hook = install_import_hook([f"renp.{name}" for name in PURE], "typecheck.check")
