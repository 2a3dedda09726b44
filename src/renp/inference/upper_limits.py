"""Upper limits on couplings, one at a time or with all others profiled.

What a limit means depends on the method, see `renp.inference.methods`, and every result says which it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from scipy.special import erfinv

from renp.errors import InputError
from renp.experiment import Experiment, expected_counts, signal_counts
from renp.inference.goodness import null_p_value
from renp.inference.likelihood import Likelihood
from renp.inference.limit_search import CouplingLimit, LimitSearch
from renp.inference.methods import METHODS
from renp.inference.nuisances import Nuisances, relevant
from renp.inference.part import experiments_of, nuisances_of
from renp.inference.starts import BELIEVED, MASS
from renp.interactions.couplings import Coupling
from renp.interactions.dipole import MOMENTS, moment_couplings, moment_elements
from renp.interactions.given import GivenCouplings, given_couplings
from renp.neutrinos import Neutrinos, with_values
from renp.progress import signs_of_life
from renp.references import PAPERS, merged, references_of
from renp.results.base import provenance
from renp.results.limits import Limits
from renp.validation import Scalar, choice, confidence, instance, is_traced, random_seed


@overload
def delta_chi2(confidence_level: float) -> float: ...
@overload
def delta_chi2(confidence_level: Array) -> Array: ...
def delta_chi2(confidence_level: Scalar) -> Scalar:
    """Return the quantile of χ² with one degree of freedom.

    Examples
    --------
    >>> round(delta_chi2(0.90), 4)
    2.7055
    """
    level = confidence(confidence_level)
    if is_traced(level):
        return 2 * jax.scipy.special.erfinv(level) ** 2
    return float(2 * erfinv(level) ** 2)


def upper_limits(
    experiment: Experiment | Mapping[str, Experiment],
    neutrinos: Neutrinos,
    confidence_level: float = 0.90,
    *,
    couplings: GivenCouplings | None = None,
    method: str = "delta-chi2",
    profiled: bool = False,
    nuisances: Nuisances | Mapping[str, Nuisances] | None = None,
    bands: bool = False,
    lengthened: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Limits:
    """Return upper limits on the size of couplings beside the standard model.

    Source: PLB 841 137911, Fig. 3, for the default: 2 Σ [N − N_SM + N_SM ln(N_SM/N)] with Δχ² = 2.71
    for 90 %, all others zero. `renp.inference.methods` says what the other methods mean.

    Parameters
    ----------
    experiment
        Runs; with observed counts the limits are observed, otherwise expected for the standard model.
        Several by name for their joint limits, as in `renp.Likelihood`.
    neutrinos
        What is emitted; Majorana neutrinos have no diagonal moments.
    confidence_level
        Between 0 and 1.
    couplings
        What is limited, by kind and label the interaction that the coupling multiplies, or in any other form
        that `Likelihood` takes; every element of the magnetic and electric moments if left out.
    method
        "delta-chi2", "asymptotic", "cls" or "feldman-cousins".
    profiled
        Whether all other couplings are free; otherwise they are 0.
    nuisances
        What else is uncertain, and profiled; nothing if left out. Of several experiments by their names.
    bands
        Whether to add what the standard model would give within ±1 and ±2 standard deviations: from toys for
        "delta-chi2", by the asymptotic formulae for "asymptotic" and "cls".
    lengthened
        Whether upper ends of "feldman-cousins" are lengthened so that, for given counts, they never grow with
        the background (Phys. Rev. D 57 (1998) 3873, Sec. IV C): for one run, where counts are few.
    seed
        Of the toys.
    progress
        Called with the name of each coupling, and which of how many it is, when its turn comes.

    Returns
    -------
    Limits
        ``.limits["magnetic-moment"]["11"]`` in μ_B; infinite where no run is sensitive. ``.accepted`` has
        all that the coupling may be, as intervals, the best fit's first, and a limit is the end furthest
        from 0. For a coupling with interference, which has a sign, ``.ends`` has the furthest on both sides,
        and who knows the sign takes the end that has it; so it does for "feldman-cousins". It may have a
        second solution further away, where the square outweighs the interference and the counts return to
        those without it: ``.second_solutions`` says by how much its χ² is larger. ``.distributions`` says
        what p-values come from.

    Raises
    ------
    InputError
        For a confidence level that is not between 0 and 1, an unknown method, or ``bands`` or ``lengthened``
        where the method does not have them.

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
    choice("method", method, tuple(METHODS))
    experiments = experiments_of(experiment)
    uncertain = nuisances_of(nuisances, tuple(experiments))
    observed = all(one.counts is not None for one in experiments.values())
    given = moment_couplings(neutrinos.nature) if couplings is None else given_couplings(couplings)
    search = LimitSearch(method, confidence_level, rise, profiled, bands, random_seed(seed), lengthened)
    by_name: dict[str, CouplingLimit] = {}
    likelihoods = list(likelihoods_of(experiment, neutrinos, given, uncertain, profiled=profiled))
    check_counts(experiments, neutrinos, uncertain)
    with signs_of_life("limits", progress) as progress:
        for likelihood, places in likelihoods:
            for k in places:
                name = likelihood.names[k]
                progress(f"{name}, {len(by_name) + 1} of {len(given)}")
                by_name[name] = search.limit(likelihood, k)
    found: dict[str, dict[str, CouplingLimit]] = {}
    for coupling in given:
        found.setdefault(coupling.family, {})[coupling.label] = by_name[coupling.name]
    return Limits(
        confidence_level=float(confidence_level),
        kind="observed" if observed else "expected",
        method=method,
        profiled=profiled,
        lengthened=lengthened,
        units={coupling.family: coupling.unit for coupling in given},
        limits=_each(found, "limit"),
        expected=_each(found, "expected"),
        neutrinos=neutrinos,
        accepted=_each(found, "accepted"),
        ends=_some(found, lambda x: x.ends if x.signed or method == "feldman-cousins" else None),
        second_solutions=_some(found, lambda x: x.second if x.signed else None),
        bands=_each(found, "band") if bands else None,
        distributions=_each(found, "distribution"),
        failed_toys=_some(found, lambda x: x.failed_toys or None),
        failed=tuple(
            f"{k} {e}" for k, of_kind in found.items() for e, x in of_kind.items() if not x.converged
        ),
        p_values=_each(found, "p_value") if observed else None,
        standard_model_p_value=null_p_value(likelihood) if observed and given else None,
        made_by=provenance(
            merged(PAPERS, references_of(given), METHODS[method].cites),
            experiment=list(experiments.values()),
            neutrinos=neutrinos,
            couplings=[coupling.name for coupling in given],
            confidence_level=confidence_level,
            method=f"{method}, {'all couplings profiled' if profiled else 'one coupling at a time'}",
            nuisances=uncertain if isinstance(experiment, Mapping) else uncertain[""],
            seed=seed,
        ),
    )


def likelihoods_of(
    experiment: Experiment | Mapping[str, Experiment],
    neutrinos: Neutrinos,
    couplings: tuple[Coupling, ...],
    nuisances: Mapping[str, Nuisances] | None,
    *,
    profiled: bool,
) -> Iterator[tuple[Likelihood, list[int]]]:
    """Yield likelihoods, and the places of the couplings that are limited with each.

    All share one if profiled, and else those moments that interfere with nothing, as the counts say.
    """

    def of(some: Sequence[Coupling]) -> Likelihood:
        own = {name: relevant(one, tuple(some)) for name, one in (nuisances or {}).items()}
        return Likelihood(experiment, neutrinos, some, nuisances=own or None)

    alone = list(couplings)
    kinds = {moment.kind for moment in MOMENTS}
    together = [one for one in couplings if profiled or one.family in kinds]
    if together:
        likelihood = of(together)
        fitted = likelihood.parameters[: len(together)]
        places = [k for k, p in enumerate(fitted) if profiled or p.kind == "magnitude"]
        yield likelihood, places
        names = {together[k].name for k in places}
        alone = [one for one in couplings if one.name not in names]
    for one in alone:
        yield of([one]), [0]


def _each(found: dict[str, dict[str, CouplingLimit]], field: str) -> dict[str, dict[str, Any]]:
    return {kind: {e: getattr(x, field) for e, x in of_kind.items()} for kind, of_kind in found.items()}


def _some(
    found: dict[str, dict[str, CouplingLimit]], value: Callable[[CouplingLimit], Any]
) -> dict[str, dict[str, Any]]:
    """Return values by kind and label, without those that are None."""
    every = {
        kind: {e: x for e, one in of_kind.items() if (x := value(one)) is not None}
        for kind, of_kind in found.items()
    }
    return {kind: of_kind for kind, of_kind in every.items() if of_kind}


def moment_signals(experiment: Experiment, neutrinos: Neutrinos) -> dict[str, Float[Array, "elements n"]]:
    """Return the counts of each run from each element of each kind of moment at 1 μ_B.

    These are the counts of the moment alone, proportional to its square: where it interferes with the weak
    amplitude, there are others.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0)
    >>> moment_signals(runs, renp.Neutrinos(0.01))["magnetic-moment"].shape
    (6, 1)
    """
    elements = moment_elements(neutrinos.nature)
    units = np.zeros((len(elements), 3, 3), dtype=complex)
    units[range(len(elements)), *(np.array(elements).T - 1)] = 1.0  # upper triangles, which moments complete
    return {
        moment.kind: jax.vmap(lambda u, m=moment: signal_counts(experiment, neutrinos, m(u)))(units)
        for moment in MOMENTS
    }


def check_counts(
    experiments: Mapping[str, Experiment], neutrinos: Neutrinos, nuisances: Mapping[str, Nuisances]
) -> None:
    """Raise `InputError` if counts were observed in a run where none can be, whatever is uncertain."""
    for name, one in experiments.items():
        if one.counts is not None and nuisances[name].background_degree is None:
            check_possible(one, expected_counts(*_opened(one, neutrinos, nuisances[name])))


def check_possible(experiment: Experiment, background: Any) -> None:
    """Raise `InputError` if counts were observed in a run where none of any kind can be expected."""
    if experiment.counts is None:
        return
    both = np.asarray(experiment.counts), np.asarray(background)
    for k, (observed, expected) in enumerate(zip(*both, strict=True)):
        if observed > 0 and expected == 0 and not experiment.control_ratio[k] > 0:
            energy = float(experiment.photon_energy[k])
            reason = f"at {energy} eV no pair can be emitted and no background is expected"
            if experiment.duration[k] == 0:
                reason = "the duration of the run is 0"
            raise InputError(f"counts[{k}]", float(observed), f"0, since {reason}")


def _opened(
    experiment: Experiment, neutrinos: Neutrinos, nuisances: Nuisances
) -> tuple[Experiment, Neutrinos]:
    """Return runs and neutrinos for which most runs emit pairs, of those that what is uncertain allows."""
    if MASS in nuisances.free:
        neutrinos = with_values(neutrinos, {MASS: jnp.zeros(())})
    if not (error := nuisances.calibration_error):
        return experiment, neutrinos
    energy = np.asarray(experiment.photon_energy)
    lower = np.maximum(energy - BELIEVED * float(error), energy / 2)
    return experiment.with_runs(replace(experiment.runs, photon_energy=lower)), neutrinos


def _unit(i: int, j: int) -> Complex[Array, "3 3"]:
    """Return the upper-triangular matrix with one element, which the moments complete."""
    return jnp.zeros((3, 3), dtype=complex).at[i - 1, j - 1].set(1.0)
