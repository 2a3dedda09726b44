"""Shapes and types that many floors annotate with."""

from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Array, Bool, Complex, Float
from numpy.typing import NDArray

Values: TypeAlias = Float[Array | np.ndarray[Any, Any], "..."]
"""Numbers of NumPy, unless they are traced."""

Reals: TypeAlias = NDArray[np.float64]
"""Numbers outside compiled code."""

Flags: TypeAlias = NDArray[np.bool_]
"""Truth of each of some numbers, outside compiled code."""

Matrix: TypeAlias = Complex[Array, "states states"]
"""A coupling matrix in the mass basis."""

Mask: TypeAlias = Bool[Array | np.ndarray[Any, Any], "p"]
"""Which parameters of a likelihood move."""
