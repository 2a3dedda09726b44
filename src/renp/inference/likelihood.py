"""The likelihood of the counts: one density, differentiable and batched, used by every inference.

    −2 ln L = 2 Σ_r [N_r − n_r + n_r ln(n_r/N_r)] + Σ_c (x_c − a_c)²

with N_r the expected and n_r the observed counts of run r, x_c the pulls of the constrained parameters
and a_c what was measured of them elsewhere (0 in data).

Couplings enter the amplitude linearly, so that counts are a quadratic form in them. As long as neither
masses, mixing nor the calibration vary, its coefficients are computed once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from renp.atoms.atom import Atom
from renp.errors import InputError
from renp.experiment import Experiment, counts_of, expected_counts
from renp.formula.line import line_spectrum, line_spectrum_of_runs
from renp.inference.nuisances import (
    BACKGROUND,
    CALIBRATION,
    EFFICIENCY,
    NORMALISATION,
    RATES,
    Nuisances,
    nuisance_parameters,
    value_of,
    with_values,
)
from renp.inference.parameters import CONSTRAINED, Parameter, coordinate, coupling, physical
from renp.inference.poisson import chi2
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction, Model, Scaled
from renp.interactions.given import GivenCouplings, given_couplings
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.references import references_of
from renp.validation import Scalar, choice, instance

Point: TypeAlias = Float[Array, "p"]
Counts: TypeAlias = Float[Array, "n"]
_Runs: TypeAlias = tuple[Array, Laser, Atom, Neutrinos, Interaction, tuple[Interaction, ...]]

_NO_INTERFERENCE = 1e-10
"""Rounding of an interference that vanishes, relative to the geometric mean of both parts."""

_ROUNDING = 1e-13
"""The same relative to the largest part of a run, from which it is a difference."""

_MANY = 1e6
"""Expected counts from which the distribution of Poisson is expanded around the normal one."""

_AT_ZERO = 1e-30
"""Keeps the slope of √x finite at a magnitude of 0; far below the rounding of the counts."""


class Data(NamedTuple):
    """What was observed: counts of the runs, and the external measurements as pulls (0 in data)."""

    counts: Float[Array, "*batch n"]
    pulls: Float[Array, "*batch c"]


class Likelihood(eqx.Module):
    """Poisson counts of runs as a function of couplings, neutrino parameters and rates.

    Immutable, a JAX pytree. A point is an array of coordinates, one for each parameter, of order one
    (`renp.inference.parameters`); `point` and `values` go to physical values and back.

    Parameters
    ----------
    experiment
        Runs, with observed counts or without.
    neutrinos
        What is emitted; the values of what is not fitted.
    couplings
        Interactions by name, or by kind and label, or a list of `renp.Coupling`; the parameter of this name
        is a real number that multiplies the interaction. ``{"mu_11": MagneticMoment({(1, 1): 1.0})}`` has the
        parameter mu_11 in μ_B.
    model
        What there is besides; the standard model `Weak()` if left out.
    nuisances
        Which neutrino parameters and rates are uncertain, besides each run's own rates; none if left out.

    Raises
    ------
    InputError
        For a coupling that these neutrinos cannot have, a name used twice, or unknown parameters.

    Examples
    --------
    >>> import renp
    >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.0712], 10 * 86400.0)
    >>> unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
    >>> rate = renp.Nuisances(normalisation_error=0.05)
    >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), unit, nuisances=rate)
    >>> likelihood.names
    ('mu_11', 'normalisation')
    >>> likelihood.expected(likelihood.point(mu_11=3e-11)).round(1)
    Array([125.7,  87.1], dtype=float64)
    """

    experiment: Experiment
    neutrinos: Neutrinos
    model: Interaction
    couplings: tuple[Coupling, ...]
    parameters: tuple[Parameter, ...]
    response: Float[Array, "n k k"] | None
    """Quadratic form of I(ω) in (1, coordinates of the couplings); None where the kinematics vary."""

    def __init__(
        self,
        experiment: Experiment,
        neutrinos: Neutrinos,
        couplings: GivenCouplings = (),
        model: Interaction | None = None,
        nuisances: Nuisances | None = None,
    ) -> None:
        self.couplings = given_couplings(couplings)
        model = Weak() if model is None else model
        expected_counts(experiment, neutrinos, model)
        for one in self.couplings:
            if one.name.startswith((CALIBRATION, *RATES)):
                raise InputError("couplings", repr(one.name), "a name that no rate or calibration has")
            expected_counts(experiment, neutrinos, one.interaction)
        scales, response = _scaled_response(_runs(experiment, neutrinos, model, self.couplings), experiment)
        others = nuisance_parameters(Nuisances() if nuisances is None else nuisances, experiment, neutrinos)
        seen = _interferes(response)
        if phases := {p.name: value_of(neutrinos, p.name) + 1.0 for p in others if p.unit == "rad"}:
            turned = with_values(neutrinos, {name: jnp.array(value) for name, value in phases.items()})
            seen = seen | _interferes(_form(scales, *_runs(experiment, turned, model, self.couplings)))
        fitted = [
            coupling(one.name, float(scale), one.unit, interferes=bool(signed))
            for one, scale, signed in zip(self.couplings, scales, seen, strict=True)
        ]
        self.experiment, self.neutrinos, self.model = experiment, neutrinos, model
        self.parameters = (*fitted, *others)
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise InputError("couplings", repr(twice), "a name that no other parameter has")
        self.response = None if self._kinematic else response

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the runs, the neutrinos and every interaction."""
        return references_of([self.experiment, self.neutrinos, self.model, self.couplings])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: couplings, neutrinos, calibration, factors on rates."""
        return tuple(p.name for p in self.parameters)

    @property
    def constrained(self) -> tuple[int, ...]:
        """Places of the parameters with a pull."""
        return tuple(k for k, p in enumerate(self.parameters) if p.kind in CONSTRAINED)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """Lower and upper end of each coordinate."""
        low, high = ([getattr(p, end) for p in self.parameters] for end in ("low", "high"))
        return jnp.array(low, dtype=float), jnp.array(high, dtype=float)

    @property
    def data(self) -> Data:
        """The observed counts.

        Raises
        ------
        InputError
            If the runs have none.
        """
        if self.experiment.counts is None:
            raise InputError("counts", None, "given for every run of the experiment")
        return Data(jnp.asarray(self.experiment.counts), jnp.zeros(len(self.constrained)))

    def index(self, name: str) -> int:
        """Return the place of a parameter, or raise `InputError`."""
        return self.names.index(choice("parameter", name, self.names))

    def point(self, **values: float) -> Point:
        """Return the coordinates of physical values; couplings left out are 0, others as measured.

        Raises
        ------
        InputError
            For an unknown name, or a value that the parameter cannot have.
        """
        for name in values:
            self.index(name)
        return jnp.array([coordinate(p, values.get(p.name, self._nominal(p))) for p in self.parameters])

    def truth(self, values: Mapping[str, float] | None) -> Point:
        """Return the point of physical values by name, as `point` does; without any of none.

        Raises
        ------
        InputError
            For anything but values by the names of parameters.
        """
        if values is None:
            return self.point()
        instance("truth", values, Mapping, "values by the names of parameters, such as {'mu_11': 3e-11}")
        for name in values:
            self.index(name)
        return self.point(**values)

    @property
    def nominal(self) -> Point:
        """The point without couplings, all others as measured, as `point` returns it; jax-traceable."""
        values = [
            value_of(self.neutrinos, p.name) / p.plus if p.kind == "free" else 0.0 for p in self.parameters
        ]
        return jnp.stack([jnp.asarray(x, dtype=float) for x in values]) if values else jnp.zeros(0)

    @property
    def start(self) -> Point:
        """Where a fit may start: off the point without couplings, at which counts may be flat or zero."""
        away = {"magnitude": 1.0, "coupling": 0.5}
        return self.nominal + jnp.array([away.get(p.kind, 0.0) for p in self.parameters])

    def values(self, x: Float[Array, "*batch p"]) -> dict[str, Float[Array, "*batch"]]:
        """Return the physical value of each parameter at a point."""
        return {p.name: physical(p, x[..., k]) for k, p in enumerate(self.parameters)}

    def expected(self, x: Point) -> Counts:
        """Return the expected counts N of each run, backgrounds included."""
        values = self.values(x)
        signal, background = self._factor(values, NORMALISATION, EFFICIENCY), self._factor(values, BACKGROUND)
        return counts_of(self.experiment, self._spectral_function(x, values), signal, background)

    def chi2(self, x: Point, data: Data) -> Float[Array, ""]:
        """Return −2 ln L, relative to a perfect description of the counts."""
        pulls = x[jnp.array(self.constrained, dtype=int)] - data.pulls
        return chi2(self.expected(x), data.counts) + jnp.sum(pulls**2)

    def log_density(self, x: Point, data: Data) -> Float[Array, ""]:
        """Return ln L, up to a constant of the data.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[15])
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
        >>> slope = jax.grad(likelihood.log_density)(likelihood.point(), likelihood.data)
        >>> bool(slope[0] > 0)  # 12 are expected: a stronger interaction would fit better
        True
        """
        return -self.chi2(x, data) / 2

    def asimov(self, x: Point) -> Data:
        """Return data without fluctuations: the expectation at a point."""
        return Data(self.expected(x), x[jnp.array(self.constrained, dtype=int)])

    def toys(self, x: Point, key: Array, number: int) -> Data:
        """Return data drawn at a point: Poisson counts, and external measurements with their errors."""
        for_counts, for_pulls = jax.random.split(key)
        truth = self.asimov(x)
        counts = _poisson(for_counts, truth.counts, number)
        noise = jax.random.normal(for_pulls, (number, *truth.pulls.shape))
        return Data(counts, truth.pulls + noise)

    def with_exposure(self, factor: Scalar) -> "Likelihood":
        """Return the likelihood of runs that last longer by a factor."""
        longer: Likelihood = eqx.tree_at(
            lambda one: one.experiment.runs.duration, self, factor * self.experiment.runs.duration
        )
        return longer

    def with_runs(self, experiment: Experiment) -> "Likelihood":
        """Return the likelihood of other runs, with the same parameters in the same units.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
        >>> unit = {"mu_11": renp.MagneticMoment({(1, 1): 1.0})}
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), unit)
        >>> more = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068, 1.07], 864000.0)
        >>> likelihood.with_runs(more).expected(likelihood.point()).round(1)
        Array([117.1,  84.4], dtype=float64)
        """
        return self._with(experiment, self.neutrinos)

    def with_neutrinos(self, neutrinos: Neutrinos) -> "Likelihood":
        """Return the likelihood for another lightest mass, with the same parameters in the same units."""
        return self._with(self.experiment, neutrinos)

    def at(
        self,
        experiment: Experiment,
        neutrinos: Neutrinos,
        interactions: Sequence[Interaction],
        nuisances: Nuisances,
    ) -> "Likelihood":
        """Return the likelihood at another point of a scan: the same parameters in the units they have there.

        Equal to a new likelihood, but jax-traceable: which couplings interfere is known already.

        Parameters
        ----------
        experiment, neutrinos
            As many runs, and neutrinos of the same ordering and nature.
        interactions
            Those of this likelihood's couplings, in their order.
        nuisances
            With the same parameters.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0)
        >>> unit = renp.MagneticMoment({(1, 1): 1.0})
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"mu": unit})
        >>> there = likelihood.at(runs, renp.Neutrinos(0.02), [unit], renp.Nuisances())
        >>> there.expected(there.point(mu=3e-11)).round(1)
        Array([123.2], dtype=float64)
        """
        couplings = tuple(
            Coupling(c.kind, c.label, unit) for c, unit in zip(self.couplings, interactions, strict=True)
        )
        scales, response = _scaled_response(_runs(experiment, neutrinos, self.model, couplings), experiment)
        others = nuisance_parameters(nuisances, experiment, neutrinos)
        fitted = [replace(p, plus=s, minus=s) for p, s in zip(self.parameters, scales, strict=False)]
        new = (
            experiment,
            neutrinos,
            couplings,
            (*fitted, *others),
            None if self._kinematic else response,
        )
        there: Likelihood = eqx.tree_at(
            lambda one: (one.experiment, one.neutrinos, one.couplings, one.parameters, one.response),
            self,
            new,
            is_leaf=lambda x: x is None,
        )
        return there

    def _with(self, experiment: Experiment, neutrinos: Neutrinos) -> "Likelihood":
        response = self.response
        if response is not None:
            units = np.array([p.plus for p in self.parameters[: len(self.couplings)]], dtype=float)
            response = _form(units, *_runs(experiment, neutrinos, self.model, self.couplings))
        other: Likelihood = eqx.tree_at(
            lambda one: (one.experiment, one.neutrinos, one.response),
            self,
            (experiment, neutrinos, response),
            is_leaf=lambda x: x is None,
        )
        return other

    @property
    def _kinematic(self) -> bool:
        """Whether a parameter changes masses, mixing or photon energies."""
        return any(not p.name.startswith(RATES) for p in self.parameters[len(self.couplings) :])

    def _nominal(self, parameter: Parameter) -> float:
        if parameter.kind == "free":
            return float(value_of(self.neutrinos, parameter.name))
        return float(parameter.centre)

    def _spectral_function(self, x: Point, values: dict[str, Array]) -> Counts:
        fitted = self.parameters[: len(self.couplings)]
        if self.response is not None:
            return _quadratic(self.response, x, [p.kind == "magnitude" for p in fitted])
        others = {p.name for p in self.parameters[len(self.couplings) :]}
        offset = values.get(CALIBRATION, jnp.array(0.0))
        changed = {n: values[n] for n in others if not n.startswith((CALIBRATION, *RATES))}
        amplitudes = [
            p.plus * (jnp.sqrt(x[k] + _AT_ZERO) if p.kind == "magnitude" else x[k])
            for k, p in enumerate(fitted)
        ]
        interactions = tuple(c.interaction for c in self.couplings)
        model = _superposed(self.model, interactions, amplitudes)
        photons, neutrinos = self.experiment.photon_energy + offset, with_values(self.neutrinos, changed)
        rate: Counts = line_spectrum_of_runs(
            photons, self.experiment.laser, self.experiment.atom, neutrinos, model
        )
        return rate

    def _factor(self, values: dict[str, Array], *names: str) -> Scalar | Counts:
        """Return the product of factors on a rate, common to all runs or with a number of each run's own."""
        factor: Scalar | Counts = 1.0
        one = jnp.array(1.0)
        for name in names:
            own = [values.get(f"{name}_{k + 1}") for k in range(len(self.experiment.runs))]
            factor = factor * values.get(name, 1.0)
            if any(value is not None for value in own):
                factor = factor * jnp.stack([one if value is None else value for value in own])
        return factor


def _poisson(key: Array, mean: Counts, number: int) -> Float[Array, "toys n"]:
    """Return Poisson numbers, large ones by the Cornish–Fisher expansion: JAX draws in single precision."""
    shape = (number, *mean.shape)
    few = jax.random.poisson(key, jnp.minimum(mean, _MANY), shape).astype(float)
    z = jax.random.normal(key, shape)
    many = jnp.round(mean + jnp.sqrt(mean) * z + (z**2 - 1) / 6)
    return jnp.where(mean < _MANY, few, many)


def _superposed(
    model: Interaction, couplings: tuple[Interaction, ...], amplitudes: list[Array]
) -> Interaction:
    return Model((model, *(Scaled(g, c) for g, c in zip(amplitudes, couplings, strict=True))))


def _quadratic(form: Float[Array, "n k k"], x: Point, magnitude: list[bool]) -> Counts:
    """Return the form at (1, x), where the coordinate of a magnitude is the square already."""
    own = x[: len(magnitude)]
    squares = jnp.einsum("nkk->nk", form)[:, 1:] * np.array(magnitude, dtype=float)
    total: Counts = form[:, 0, 0] + squares @ own
    signed = np.flatnonzero(~np.array(magnitude, dtype=bool))
    if not signed.size:
        return total
    amplitude, inner = own[signed], form[:, 1 + signed[:, None], 1 + signed]
    return total + 2 * form[:, 0, 1 + signed] @ amplitude + (inner @ amplitude) @ amplitude


def _runs(
    experiment: Experiment, neutrinos: Neutrinos, model: Interaction, couplings: tuple[Coupling, ...]
) -> _Runs:
    line = experiment.photon_energy, experiment.laser, experiment.atom
    return *line, neutrinos, model, tuple(coupling.interaction for coupling in couplings)


def _scaled_response(runs: _Runs, experiment: Experiment) -> tuple[Float[Array, "k"], Float[Array, "n k k"]]:
    """Return units in which the couplings matter, and the quadratic form of I(ω) in these units."""
    spectra = jnp.einsum("nkk->kn", _form(jnp.ones(len(runs[-1])), *runs))
    alone = jnp.sum(counts_of(experiment, spectra, background=0.0), axis=1)
    null = alone[0] + jnp.sum(experiment.background_counts)
    signal = alone[1:]
    scale = jnp.sqrt((jnp.sqrt(null) + 1) / jnp.where(signal > 0, signal, 1.0))
    return scale, _form(scale, *runs)


@jax.jit
def _form(
    units: Float[Array, "k"],
    photons: Counts,
    laser: Laser,
    atom: Atom,
    neutrinos: Neutrinos,
    model: Interaction,
    couplings: tuple[Interaction, ...],
) -> Float[Array, "n k k"]:
    """Return the quadratic form of I(ω) in the strength of the model and the couplings in their units."""

    def strength(factors: Float[Array, "k"]) -> Counts:
        scaled = Model((Scaled(factors[0], model),))
        superposed = _superposed(scaled, couplings, list(factors[1:] * units))
        rate: Counts = line_spectrum(photons, laser, atom, neutrinos, superposed)
        return rate

    basis = jnp.eye(len(couplings) + 1)
    together = jax.vmap(jax.vmap(strength))(basis[:, None, :] + basis[None, :, :])
    apart = jax.vmap(jax.vmap(strength))(basis[:, None, :] - basis[None, :, :])
    return jnp.moveaxis((together - apart) / 4, -1, 0)


def _interferes(response: Float[Array, "n k k"]) -> NDArray[np.bool_]:
    """Return for each coupling whether it interferes with the model or with another one."""
    form = np.asarray(response)
    own = np.sqrt(np.einsum("nkk->nk", form))
    allowed = _NO_INTERFERENCE * own[:, :, None] * own[:, None, :]
    allowed += _ROUNDING * np.max(own, axis=1)[:, None, None] ** 2
    seen = np.abs(form) > allowed
    off_diagonal = ~np.eye(form.shape[1], dtype=bool)
    interferes: NDArray[np.bool_] = np.any(seen & off_diagonal, axis=(0, 1))[1:]
    return interferes
