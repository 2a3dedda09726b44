"""The tolerance of a comparison is a share of the number, whatever its size.

`pytest.approx` and `np.allclose` also accept whatever is within 1e-12 or 1e-8: for a moment, any number.
`np.testing.assert_allclose` has no such absolute tolerance; where one is meant, `abs` and `atol` say it.
"""

from typing import Any

import jax
import numpy as np
import pytest


def relative(expected: Any, rel: float) -> Any:
    """Equal to `expected`, a number, an array or a dictionary, up to a share `rel` of it: only 0 equals 0.

    The share has no default, since it is what the test claims.
    """
    if isinstance(expected, jax.Array):  # which lacks what pytest asks of arrays
        expected = np.asarray(expected)
    return pytest.approx(expected, rel=rel, abs=0)
