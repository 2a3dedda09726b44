"""Sensitivity: expected limits and their bands over exposure, a mass or a sterile splitting."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from scipy import stats

from renp._types import Reals
from renp.bounds.elsewhere import existing_limits
from renp.constants import DAY
from renp.errors import InputError
from renp.experiment import Experiment, check_certain
from renp.inference.accepted import exact_sets
from renp.inference.quadratic_set import Along
from renp.inference.reach import mass_grid, pole_masses, strength_counts
from renp.inference.squares import furthest_square
from renp.inference.sterile import largest_mixing, sterile_counts
from renp.inference.upper_limits import delta_chi2
from renp.interactions.contract import check_model
from renp.interactions.couplings import Interaction
from renp.interactions.dipole import moment_couplings
from renp.interactions.given import GivenCouplings, given_couplings
from renp.interactions.mediator import Mediator
from renp.neutrinos import Neutrinos, with_values
from renp.progress import signs_of_life
from renp.references import PAPERS, merged, references_of
from renp.results.base import provenance
from renp.results.sensitivity import AXES, QUANTILES, STERILE, Sensitivity
from renp.validation import choice, instance, random_seed, whole, within

_ROUNDING = 1e-9
"""Interference that is none, relative to the geometric mean of both squares."""


def sensitivity(
    experiment: Experiment,
    neutrinos: Neutrinos,
    over: Literal["exposure", "lightest-mass", "mediator-mass", "sterile-splitting"] | str,
    values: ArrayLike | None = None,
    *,
    confidence_level: float = 0.90,
    couplings: GivenCouplings | None = None,
    toys: int = 200,
    seed: int = 0,
) -> Sensitivity:
    """Return expected limits over one quantity, one coupling at a time, beside those of other experiments.

    The limit is that of `upper_limits` with its method "delta-chi2", of either sign. A mediator's is on the
    product of its largest couplings; over "sterile-splitting" it is on |U_e4|² of a fourth neutrino. Bands
    are quantiles of the limits of counts drawn from the standard model, with the same random numbers at every
    point. Nothing but the coupling is free.

    Parameters
    ----------
    experiment
        Runs without counts.
    neutrinos
        What is emitted.
    over
        "exposure" (of the mean run, day × 100 cm³), "lightest-mass" or "mediator-mass" (eV), or
        "sterile-splitting" (Δm²_41, eV²).
    values
        At which, increasing, shape (n,); if left out 1 to 1000, 10⁻⁴ to 0.1 eV, 10⁻³ to 10⁵ eV with the poles
        resolved, or 10⁻³ eV² up to E_eg².
    confidence_level
        Between 0 and 1.
    couplings
        As in `upper_limits`; mediators where their mass varies.
    toys
        How many data sets the bands are from; 0 for none.
    seed
        Of the random numbers.

    Returns
    -------
    Sensitivity
        ``.limits["magnetic-moment"]["11"]`` in μ_B, shape (n,), with ``.bands`` and ``.existing`` beside it.

    Raises
    ------
    InputError
        For an unknown quantity, values that do not increase, a coupling that these neutrinos cannot have or
        without a mediator whose mass could vary, or an experiment with counts.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * 86400.0)
    >>> moment = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}
    >>> found = renp.sensitivity(runs, renp.Neutrinos(0.01), "exposure", [1, 10], couplings=moment, toys=0)
    >>> [f"{limit:.1e}" for limit in found.limits["magnetic-moment"]["11"]]
    ['6.2e-11', '3.3e-11']
    """
    instance("experiment", experiment, Experiment)
    check_certain(experiment)
    instance("neutrinos", neutrinos, Neutrinos)
    choice("over", over, tuple(AXES))
    if experiment.counts is not None:
        raise InputError("counts", np.asarray(experiment.counts), "left out: sensitivity is expected")
    sterile = over == "sterile-splitting"
    if sterile and (couplings is not None or neutrinos.states > 3):
        raise InputError("over", repr(over), "for three neutrinos, and without couplings")
    usual = () if sterile else moment_couplings(neutrinos.nature)
    given = usual if couplings is None else given_couplings(couplings)
    for one in given:
        check_model(one.interaction, neutrinos)
    at = _values(over, values, experiment)
    rise, number = delta_chi2(confidence_level), whole("toys", toys)
    uniform = np.random.default_rng(random_seed(seed)).random((number, len(experiment.photon_energy)))
    limits: dict[str, dict[str, Reals]] = {}
    bands: dict[str, dict[str, Reals]] = {}
    existing: dict[str, dict[str, dict[str, Reals]]] = {}
    with signs_of_life("sensitivity", None) as progress:
        for k, one in enumerate(given):
            if over == "mediator-mass" and not isinstance(one.interaction, Mediator):
                raise InputError("couplings", repr(one.name), "those of mediators, whose mass varies")
            progress(f"{one.name}, {k + 1} of {len(given)}")
            size = _product(one.interaction)
            curve, band = _curves(_alongs(experiment, neutrinos, one.interaction, over, at), rise, uniform)
            limits.setdefault(one.family, {})[one.label] = size * curve
            bands.setdefault(one.family, {})[one.label] = size * band
            masses = at if over == "mediator-mass" else np.full(len(at), _mass(one.interaction))
            existing.setdefault(one.family, {})[one.label] = existing_limits(one, neutrinos, masses)
    if sterile:
        null, linear, square = (np.asarray(x) for x in sterile_counts(experiment, neutrinos, jnp.asarray(at)))
        curve, band = _quantiles(null, linear, square, uniform, partial(largest_mixing, rise=rise))
        limits, bands = {STERILE: {"e4": curve}}, {STERILE: {"e4": band}}
        existing = {STERILE: {"e4": {}}}
    return Sensitivity(
        over=str(over),
        values=at,
        limits=limits,
        bands=bands if number else None,
        existing=existing,
        units={STERILE: ""} if sterile else {one.family: one.unit for one in given},
        poles=pole_masses(experiment) if over == "mediator-mass" else np.zeros(0),
        confidence_level=float(confidence_level),
        made_by=provenance(
            merged(PAPERS, references_of(given)),
            experiment=experiment,
            neutrinos=neutrinos,
            over=over,
            couplings=[coupling.name for coupling in given],
            confidence_level=confidence_level,
            toys=toys,
            seed=seed,
        ),
    )


def _values(over: str, values: ArrayLike | None, experiment: Experiment) -> Reals:
    if values is None:
        if over == "mediator-mass":
            return mass_grid(experiment, points=120)
        if over == "sterile-splitting":
            return np.geomspace(1e-3, float(experiment.atom.E_eg) ** 2, 121)
        return np.geomspace(1, 1e3, 31) if over == "exposure" else np.geomspace(1e-4, 0.1, 121)
    found = increasing("values", values, "at least two increasing values above 0", AXES[over][1])
    poles = pole_masses(experiment)
    if over == "mediator-mass" and np.any(np.isclose(found[:, None], poles, rtol=1e-12, atol=0)):
        raise InputError("values", values, "away from the poles, see pole_masses")
    return found


def increasing(name: str, values: ArrayLike, allowed: str, unit: str) -> Reals:
    """Return at least two increasing numbers above 0, or raise.

    Examples
    --------
    >>> increasing("values", [1, 2], "increasing", "eV")
    array([1., 2.])
    """
    found = np.atleast_1d(np.asarray(within(name, values, allowed, low=0.0, unit=unit), dtype=float))
    if found.ndim != 1 or found.size < 2 or found[0] == 0 or np.any(np.diff(found) <= 0):
        raise InputError(name, values, allowed)
    return found


def expected_limit(
    experiment: Experiment, neutrinos: Neutrinos, interaction: Interaction, over: str, at: Reals, rise: float
) -> Reals:
    """Return the expected limit on the strength of an interaction over one quantity, shape (n,)."""
    null, linear, square, unit = _alongs(experiment, neutrinos, interaction, over, at)
    return unit * _furthest(null, linear, square, null, rise)


def _product(interaction: Interaction) -> float:
    """Return the largest product of couplings of a mediator at strength 1; 1 for anything else."""
    if not isinstance(interaction, Mediator):
        return 1.0
    electron = max(abs(float(getattr(interaction, name, 0.0))) for name in ("electron", "electron_vector"))
    names = ("left", "right", "scalar", "pseudoscalar")
    return electron * max(float(np.max(np.abs(getattr(interaction, name, 0.0)))) for name in names)


def _mass(interaction: Interaction) -> float:
    return float(interaction.mass) if isinstance(interaction, Mediator) else 0.0


def _alongs(
    experiment: Experiment, neutrinos: Neutrinos, interaction: Interaction, over: str, at: Reals
) -> tuple[Reals, Reals, Reals, Reals]:
    """Return counts along the strength at each value, shape (n, runs), and the unit of the strength (n,)."""
    if over == "exposure":
        along, unit = _points(experiment, neutrinos, interaction, np.ones(1), over)
        time = float(jnp.mean(experiment.duration)) / DAY * float(experiment.target.volume) / 100.0
        if time == 0:
            raise InputError("duration", time, "above 0 in at least one run")
        factors = (at / time)[:, None]
        unit = jnp.broadcast_to(unit, at.shape)
    else:
        along, unit = _points(experiment, neutrinos, interaction, at, over)
        factors = np.ones((len(at), 1))
    null, linear, square = (factors * np.asarray(counts) for counts in along)
    return null, linear, square, np.asarray(unit)


@partial(jax.jit, static_argnames="over")
def _points(
    experiment: Experiment, neutrinos: Neutrinos, interaction: Interaction, at: Float[Array, "n"], over: str
) -> tuple[Along, Float[Array, "n"]]:
    def one(value: Array) -> tuple[Along, Array]:
        nu, term = neutrinos, interaction
        if over == "lightest-mass":
            nu = with_values(neutrinos, {"lightest_mass": value})
        elif over == "mediator-mass":
            term = eqx.tree_at(lambda mediator: mediator.mass, interaction, value)
        return strength_counts(experiment, nu, term)

    found: tuple[Along, Array] = jax.vmap(one)(jnp.asarray(at))
    return found


def _curves(alongs: tuple[Reals, Reals, Reals, Reals], rise: float, uniform: Reals) -> tuple[Reals, Reals]:
    """Return the expected limit at each point, shape (n,), and quantiles of it over toys, shape (5, n)."""
    null, linear, square, unit = alongs
    curve, band = _quantiles(null, linear, square, uniform, partial(_furthest, rise=rise))
    return unit * curve, unit * band


def _quantiles(
    null: Reals, linear: Reals, square: Reals, uniform: Reals, limit: Callable[..., Reals]
) -> tuple[Reals, Reals]:
    """Return what a function of counts gives of those expected, and its quantiles over toys."""
    toys = np.asarray(stats.poisson.ppf(uniform[:, None, :], null))
    counts = np.concatenate([null[None], toys])  # (1 + toys, n, runs)
    n, a, b, seen = (
        np.broadcast_to(x, counts.shape).reshape(-1, null.shape[1]) for x in (null, linear, square, counts)
    )
    limits = limit(n, a, b, seen).reshape(counts.shape[:2])
    if not len(toys):
        return limits[0], np.zeros((5, len(null)))
    return limits[0], np.quantile(limits[1:], QUANTILES, axis=0, method="inverted_cdf")


def _furthest(null: Reals, linear: Reals, square: Reals, counts: Reals, rise: float) -> Reals:
    """Return the size of the furthest strength that each row of counts accepts."""
    if np.all(np.abs(linear) <= _ROUNDING * np.sqrt(null * square)):
        return furthest_square(null, square, counts, rise)
    furthest: Reals = np.max(np.abs(exact_sets(Along(null, linear, square), counts, rise).ends), axis=1)
    return furthest
