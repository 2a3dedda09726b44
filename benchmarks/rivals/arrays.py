"""The spectrum of Dirac neutrinos in optimised NumPy and in numba: what somebody writes who needs it fast."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

FIRST, SECOND = np.triu_indices(3)


def pairs(E_eg: float, m: Reals, U2: Reals, mu2: Reals) -> Reals:
    """Return the rows that C takes: thresholds, masses and couplings of the unordered pairs, shape (..., 6, 9).

    Thresholds are rounded to a double here: near them the last digits are lost.
    """
    total, difference = m[..., FIRST] + m[..., SECOND], m[..., FIRST] - m[..., SECOND]
    same = FIRST == SECOND
    weak = np.where(same, (U2[..., FIRST] - 0.5) ** 2, 2 * U2[..., FIRST] * U2[..., SECOND]) / 4
    zero = np.zeros_like(weak)
    columns = [
        (E_eg - total**2 / E_eg) / 2,
        zero,
        4 * m[..., FIRST] * m[..., SECOND],
        total**2,
        difference**2,
        weak,
        weak,
        mu2 + zero,
        zero,
    ]
    return np.stack(columns, axis=-1)


def numpy_spectrum(omega: Reals, E_eg: float, E_vg: float, photon: float, rows: Reals) -> Reals:
    """Return I with six pairs, what they share computed once, and no division in the loop.

    ``rows`` of shape (..., 6, 9) are broadcast against photon energies of shape (n,): (..., n).
    """
    q2 = E_eg * (E_eg - 2 * omega)
    inverse, omega2 = 1 / np.where(q2 > 0, q2, 1.0), omega**2
    current = density = dipole = np.zeros(1)
    for pair in range(6):
        high, low, product, total2, difference2, V, A, mu, eps = (rows[..., pair, k, None] for k in range(9))
        a = np.maximum(2 * E_eg * ((high - omega) + low), 0.0)
        b = a + product
        near, far, x_plus, x_minus = a * inverse, b * inverse, total2 * inverse, difference2 * inverse
        delta = np.sqrt(a * b) * inverse
        current = current + delta * (V * far * (2 + x_plus) + A * near * (2 + x_minus))
        density = density + delta * (V * near * x_minus + A * far * x_plus)
        dipole = dipole + delta * (mu * far * (1 + 2 * x_plus) + eps * near * (1 + 2 * x_minus))
    rate = (3 * q2 + omega2) / 9 * current + omega2 / 3 * density + photon * omega2 * dipole
    result: Reals = rate / (E_vg - omega) ** 2
    return result


@cache
def numba_spectrum() -> Callable[..., Reals]:
    """Return the same as a loop compiled by numba for all cores."""
    import numba

    @numba.njit(parallel=True, error_model="numpy")
    def spectrum(omega: Any, E_eg: Any, E_vg: Any, photon: Any, rows: Any) -> Any:
        out = np.empty_like(omega)
        for k in numba.prange(omega.size):
            w = omega[k]
            q2, w2 = E_eg * (E_eg - 2 * w), w * w
            inverse = 1 / q2 if q2 > 0 else 1.0
            current = density = dipole = 0.0
            for pair in range(6):
                a = max(2 * E_eg * ((rows[pair, 0] - w) + rows[pair, 1]), 0.0)
                b = a + rows[pair, 2]
                near, far = a * inverse, b * inverse
                x_plus, x_minus = rows[pair, 3] * inverse, rows[pair, 4] * inverse
                delta = np.sqrt(a * b) * inverse
                V, A, mu, eps = rows[pair, 5], rows[pair, 6], rows[pair, 7], rows[pair, 8]
                current += delta * (V * far * (2 + x_plus) + A * near * (2 + x_minus))
                density += delta * (V * near * x_minus + A * far * x_plus)
                dipole += delta * (mu * far * (1 + 2 * x_plus) + eps * near * (1 + 2 * x_minus))
            rate = (3 * q2 + w2) / 9 * current + w2 / 3 * density + photon * w2 * dipole
            out[k] = rate / (E_vg - w) ** 2
        return out

    compiled: Callable[..., Reals] = spectrum
    return compiled
