"""What counts say on the mixing of a fourth, sterile neutrino, |U_e4|² = sin²θ_14 = S.

With U = (PMNS ⊕ 1) rotated by θ_14, pairs couple with a_ij = (1 − S/2) U_ei U_ej* − δ_ij/2 of the three,
|a_i4|² = S (1 − S) |U_ei|²/4 and a_44 = S/2: counts are quadratic in S, and known from three values of it.
"""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from renp._types import Reals
from renp.compiled import compiled
from renp.experiment import Experiment, expected_counts
from renp.inference.squares import chi2_of_rows
from renp.neutrinos import Neutrinos

_GRID = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, 400)])
"""Mixings at which χ² is looked at."""
_BISECTIONS = 40


@compiled
def sterile_counts(
    experiment: Experiment, neutrinos: Neutrinos, splitting: Float[Array, "m"]
) -> tuple[Float[Array, "m n"], Float[Array, "m n"], Float[Array, "m n"]]:
    """Return counts at S = 0, and what is linear and quadratic in S, for each Δm²_41 (eV²).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [0.9], 86400.0)
    >>> null, linear, square = sterile_counts(runs, renp.Neutrinos(0.01), jnp.array([0.5]))
    >>> bool(linear[0, 0] < 0)  # the share of ν_e that is sterile is missing
    True
    """

    def at(dm2: Any, mixing: float) -> Array:
        four: Neutrinos = eqx.tree_at(
            lambda nu: (nu.dm2_41, nu.sin2_theta14), neutrinos, (dm2, mixing), is_leaf=lambda x: x is None
        )
        return expected_counts(experiment, four)

    null, half, full = (jax.vmap(lambda dm2, s=s: at(dm2, s))(splitting) for s in (0.0, 0.5, 1.0))
    return null, 4 * half - 3 * null - full, 2 * (full + null - 2 * half)


def largest_mixing(null: Reals, linear: Reals, square: Reals, counts: Reals, rise: float) -> Reals:
    """Return the largest S from 0 to 1 that each row of counts accepts, shape (m,); infinite where 1 is.

    Examples
    --------
    >>> rows = (np.full((1, 1), x) for x in (1e4, -1e4, 0.0, 1e4))
    >>> largest_mixing(*rows, rise=2.71).round(4)
    array([0.0165])
    """

    def chi2(s: Reals) -> Reals:
        return chi2_of_rows(null + s[:, None] * (linear + s[:, None] * square), counts)

    every = np.stack([chi2(np.full(len(null), s)) for s in _GRID], axis=1)
    top = every.min(axis=1) + rise
    last = _GRID.size - 1 - np.argmax(every[:, ::-1] < top[:, None], axis=1)
    low, high = _GRID[last], _GRID[np.minimum(last + 1, _GRID.size - 1)]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = chi2(middle) < top
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(last == _GRID.size - 1, np.inf, low)
