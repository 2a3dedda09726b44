"""What a light particle does to the electron's anomalous magnetic moment, and what is left for it.

Both couplings of the papers' mediators, axial g ē γ^μ γ5 e Z'_μ and pseudoscalar i y ē γ5 e φ, lower a_e.

Source of the formulas: J. P. Leveille, Nucl. Phys. B 137 (1978) 63, Eqs. for neutral bosons, quoted from
memory and derived again in the tests from the vertex itself, with explicit Dirac matrices. The axial one is
the part from g_μν, plus that of the longitudinal mode: by k̸γ5 = 2m_e γ5 between the electrons, whose contact
terms give no moment, that is a pseudoscalar of the same mass with y = 2 m_e g/m.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtri

from renp.bounds.catalogue import Bound
from renp.constants import ELECTRON_MASS
from renp.datafiles import read_toml
from renp.validation import Scalar, choice, confidence

ALPHAS = ("cs", "rb")
"""Measurements of the fine-structure constant that do not use a_e: recoil of caesium and of rubidium."""

# Double-exponential nodes t: x = 1/(1 + exp(−π sinh t)) comes within 10⁻³³ of both ends, where integrands
# have structure of width m/m_e (light) or (m_e/m)² (heavy); 1 − x is x at −t, with all its digits.
_NODES = np.linspace(-3.9, 3.9, 261)
_X = 1 / (1 + np.exp(-np.pi * np.sinh(_NODES)))
_ONE_MINUS_X = _X[::-1]
_WEIGHTS = (_NODES[1] - _NODES[0]) * np.pi * np.cosh(_NODES) * _X * _ONE_MINUS_X


@dataclass(frozen=True)
class MomentDifference:
    """Measured minus predicted anomalous moment of the electron."""

    value: float
    uncertainty: float
    """One standard deviation."""
    verified: bool
    """Whether all numbers that enter have been read in a source."""


def moment_difference(alpha: str = "cs") -> MomentDifference:
    """Return a_e measured minus that of the standard model, for one measurement of α.

    Source: X. Fan et al., Phys. Rev. Lett. 130 (2023) 071801, arXiv:2209.13084, who give the measured a_e and
    the constant for which the standard model agrees with it. Since a_e ∝ α to 0.2 %, the difference for
    another value of α is a_e (1/α − 1/α(a_e)) α.

    Parameters
    ----------
    alpha
        "cs": R. H. Parker et al. 2018; "rb": L. Morel et al. 2020. They differ by 5.5 standard deviations.

    Examples
    --------
    >>> cs = moment_difference("cs")
    >>> f"{cs.value:.2e} +- {cs.uncertainty:.1e}"
    '-1.02e-12 +- 2.6e-13'
    """
    data: dict[str, Any] = read_toml("bounds.toml")["electron_moment"]
    agrees, other = data["inverse_alpha_from_moment"], data["inverse_alpha"][choice("alpha", alpha, ALPHAS)]
    slope = data["measured"]["value"] / other["value"]
    spread = float(np.hypot(agrees["uncertainty"], other["uncertainty"]))
    verified = all(entry["verified"] for entry in (data["measured"], agrees, other))
    return MomentDifference(slope * (other["value"] - agrees["value"]), slope * spread, verified)


def largest_shift(alpha: str = "cs", confidence_level: float = 0.90) -> float:
    """Return the largest |shift| of a_e granted to new particles: |difference| + z standard deviations.

    The two values of α contradict each other, and the difference is negative for caesium and positive for
    rubidium: a shift as large as the difference itself is therefore always granted, whatever its sign.

    Examples
    --------
    >>> f"{largest_shift('cs'):.2e} {largest_shift('rb'):.2e}"
    '1.45e-12 5.96e-13'
    """
    level = confidence(confidence_level)
    difference = moment_difference(alpha)
    z = float(ndtri((1 + float(level)) / 2))
    return abs(difference.value) + z * difference.uncertainty


def moment_bounds(confidence_level: float = 0.90) -> tuple[Bound, ...]:
    """Return the limits on shifts of a_e as entries of the catalogue."""
    data: dict[str, Any] = read_toml("bounds.toml")["electron_moment"]
    measured = data["measured"]
    return tuple(
        Bound(
            key=f"electron-moment-{alpha}",
            experiment=f"electron magnetic moment, α from {atom}",
            year=measured["year"],
            observable="shift of the electron's anomalous moment by new particles",
            kind="a_e",
            confidence_level=confidence_level,
            reference=f"{measured['reference']}; α: {data['inverse_alpha'][alpha]['reference']}",
            arxiv=measured["arxiv"],
            references=(*measured["references"], *data["inverse_alpha"][alpha]["references"]),
            verified=moment_difference(alpha).verified,
            note="|difference| from the standard model plus its uncertainty, computed from the two sources.",
            limit=largest_shift(alpha, confidence_level),
        )
        for alpha, atom in (("cs", "caesium"), ("rb", "rubidium"))
    )


def pseudoscalar_shift(coupling: Scalar, mass: Scalar) -> Float[Array, ""]:
    """Return the shift of a_e by a pseudoscalar: −y²/8π² ∫ x³/[x² + (1 − x) r²] dx, r = m/m_e.

    It tends to −y²/16π² for a light one, and to −y²/(8π² r²) (ln r² − 11/6) for a heavy one.

    Parameters
    ----------
    coupling
        y of i y ē γ5 e φ.
    mass
        m, eV.

    Examples
    --------
    >>> f"{pseudoscalar_shift(1e-5, 1.0):.4e}"
    '-6.3326e-13'
    """
    r2 = jnp.square(mass / ELECTRON_MASS)
    integral = jnp.sum(_WEIGHTS * _X**3 / (_X**2 + _ONE_MINUS_X * r2))
    return -jnp.square(coupling) / (8 * jnp.pi**2) * integral


def axial_shift(coupling: Scalar, mass: Scalar) -> Float[Array, ""]:
    """Return the shift of a_e by an axial vector, with its longitudinal mode.

    g²/8π² ∫ [2x(1 − x)(x − 4) − 4x³/r²]/[x² + (1 − x) r²] dx, r = m/m_e. It tends to −g²/(4π² r²) for a light
    one, all from the longitudinal mode, and to −5g²/(12π² r²) for a heavy one.

    Parameters
    ----------
    coupling
        g of g ē γ^μ γ5 e Z'_μ.
    mass
        m, eV, above 0.

    Examples
    --------
    >>> f"{axial_shift(1e-12, 0.1):.3e}"
    '-6.614e-13'
    """
    r2 = jnp.square(mass / ELECTRON_MASS)
    numerator = 2 * _X * _ONE_MINUS_X * (_X - 4)
    transverse = jnp.sum(_WEIGHTS * numerator / (_X**2 + _ONE_MINUS_X * r2))
    longitudinal = pseudoscalar_shift(2 * coupling * ELECTRON_MASS / jnp.asarray(mass), mass)
    return jnp.square(coupling) / (8 * jnp.pi**2) * transverse + longitudinal
