"""Upper limits on the moments, one element at a time: the letter's method.

All other couplings are zero, mixing and masses are known, and a moment is excluded where the Poisson χ²
of the counts rises above its minimum by the quantile of χ² with one degree of freedom. Without observed
counts the data are the expectation of the standard model (Asimov data).
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float
from scipy.special import erfinv

from renp.errors import InputError
from renp.experiment import Experiment, expected_counts, signal_counts
from renp.inference.poisson import signal_limit
from renp.interactions import ElectricMoment, MagneticMoment
from renp.interactions.photon import PhotonCoupling
from renp.neutrinos import Neutrinos
from renp.results.base import provenance
from renp.results.limits import Limits
from renp.validation import instance, number

MOMENTS: tuple[type[PhotonCoupling], ...] = (MagneticMoment, ElectricMoment)


def delta_chi2(confidence_level: float) -> float:
    """Return the quantile of χ² with one degree of freedom.

    Examples
    --------
    >>> round(delta_chi2(0.90), 4)
    2.7055
    """
    allowed = "a probability above 0 and below 1"
    level = number("confidence_level", confidence_level, allowed, low=0, high=1, open_low=True)
    if level == 1:
        raise InputError("confidence_level", level, allowed)
    return float(2 * erfinv(level) ** 2)


def moment_elements(nature: str) -> tuple[tuple[int, int], ...]:
    """Return the independent elements of a matrix of moments.

    Examples
    --------
    >>> moment_elements("majorana")
    ((1, 2), (1, 3), (2, 3))
    """
    first = 1 if nature == "majorana" else 0
    return tuple((i + 1, j + 1) for i in range(3) for j in range(i + first, 3))


def upper_limits(
    experiment: Experiment,
    neutrinos: Neutrinos,
    confidence_level: float = 0.90,
) -> Limits:
    """Return the limit on each |(μ_ν)_ij| and |(ε_ν)_ij|, all others being zero.

    Source: PLB 841 137911, Fig. 3: 2 Σ [N − N_SM + N_SM ln(N_SM/N)] with Δχ² = 2.71 for 90 %.

    Parameters
    ----------
    experiment
        Runs; with observed counts the limits are observed, otherwise expected for the standard model.
    neutrinos
        What is emitted; Majorana neutrinos have no diagonal moments.
    confidence_level
        Between 0 and 1.

    Returns
    -------
    Limits
        ``.limits["magnetic-moment"]["11"]`` in μ_B; infinite where no run is sensitive.

    Raises
    ------
    InputError
        If the confidence level is not between 0 and 1.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0)
    >>> result = renp.upper_limits(runs, renp.Neutrinos(0.01))
    >>> f"{result.limits['magnetic-moment']['11']:.2e}"
    '4.43e-11'
    """
    rise = delta_chi2(confidence_level)
    instance("neutrinos", neutrinos, Neutrinos)
    background = expected_counts(experiment, neutrinos)
    check_possible(experiment, background)
    counts = background if experiment.counts is None else experiment.counts
    names = [f"{i}{j}" for i, j in moment_elements(neutrinos.nature)]
    limits = {}
    for kind, signals in moment_signals(experiment, neutrinos).items():
        found = jnp.sqrt(jax.vmap(lambda s: signal_limit(s, background, counts, rise))(signals))
        limits[kind] = {name: float(x) for name, x in zip(names, found, strict=True)}
    return Limits(
        confidence_level=float(confidence_level),
        kind="expected" if experiment.counts is None else "observed",
        limits=limits,
        made_by=provenance(
            experiment=experiment,
            neutrinos=neutrinos,
            confidence_level=confidence_level,
            method="Poisson chi-square, one element at a time",
        ),
    )


def moment_signals(experiment: Experiment, neutrinos: Neutrinos) -> dict[str, Float[Array, "elements n"]]:
    """Return the counts of each run from each element of each kind of moment at 1 μ_B.

    Counts are proportional to the moment squared: the moments do not interfere with the weak amplitude.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> moment_signals(runs, renp.Neutrinos(0.01))["magnetic-moment"].shape
    (6, 1)
    """
    units = jnp.stack([_unit(i, j) for i, j in moment_elements(neutrinos.nature)])
    return {
        moment.kind: jax.vmap(lambda u, m=moment: signal_counts(experiment, neutrinos, m(u)))(units)
        for moment in MOMENTS
    }


def check_possible(experiment: Experiment, background: Any) -> None:
    """Raise `InputError` if counts were observed in a run where none of any kind can be expected."""
    if experiment.counts is None:
        return
    for k, (observed, expected) in enumerate(zip(experiment.counts, background, strict=True)):
        if observed > 0 and expected == 0:
            energy = float(experiment.photon_energy[k])
            reason = f"at {energy} eV no pair can be emitted and no background is expected"
            if experiment.duration[k] == 0:
                reason = "the duration of the run is 0"
            raise InputError(f"counts[{k}]", float(observed), f"0, since {reason}")


def _unit(i: int, j: int) -> Complex[Array, "3 3"]:
    """Return the upper-triangular matrix with one element, which the moments complete."""
    return jnp.zeros((3, 3), dtype=complex).at[i - 1, j - 1].set(1.0)
