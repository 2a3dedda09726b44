"""The likelihood of the counts: one density, differentiable and batched, used by every inference.

    −2 ln L = 2 Σ_r [N_r − n_r + n_r ln(n_r/N_r)] + Σ_c (x_c − a_c)²

with N_r the expected and n_r the observed counts of run r, x_c the pulls of the constrained parameters
and a_c what was measured of them elsewhere (0 in data); of measured masses both are in units of their errors.
A control measurement of the background is one more count, whose mean is that background times its ratio.

Couplings enter the amplitude linearly, so that counts are a quadratic form in them. As long as neither
masses, mixing nor the calibration vary, its coefficients are computed once. Several experiments have
their counts one after the other, and share the parameters of nature.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from numpy.typing import NDArray

from renp._types import Reals
from renp.border import checked
from renp.compensated import concatenated, vector
from renp.compiled import compiled
from renp.errors import InputError, PoleWarning
from renp.experiment import Experiment
from renp.inference.measured_masses import measured_masses
from renp.inference.nature import given_value, nature_parameters, with_numbers
from renp.inference.nuisances import AMPLITUDE, CALIBRATION, LINEWIDTH, RATES, Nuisances, nuisance_parameters
from renp.inference.parameters import CONSTRAINED, Parameter, coordinate, coupling, inverse, physical
from renp.inference.part import Part, experiments_of, nuisances_of, parameters_of_runs, part
from renp.inference.poisson import chi2
from renp.inference.response import (
    Form,
    Runs,
    form_of,
    interferes,
    runs_of,
    spectrum_of,
    superposed,
    typical_sizes,
)
from renp.inference.wide_response import WideResponse, wide_response
from renp.interactions import Weak
from renp.interactions.couplings import Coupling, Interaction, Model
from renp.interactions.given import GivenCouplings, given_couplings
from renp.neutrinos import Neutrinos, neutrino_names, observable_masses, value_of, with_values
from renp.poles import check_poles
from renp.references import references_of
from renp.validation import Scalar, choice, instance, is_traced, number

Point: TypeAlias = Float[Array, "p"]
Counts: TypeAlias = Float[Array, "n"]

_MANY = 1e15
"""Expected counts from which normal numbers are drawn: their skewness is 3·10⁻⁸, and Poisson ones end."""


class Data(NamedTuple):
    """What was observed: counts of the runs, and the external measurements, see `Likelihood.external`."""

    counts: Float[Array, "*batch n"]
    pulls: Float[Array, "*batch c"]


class Likelihood(eqx.Module):
    """Poisson counts of runs as a function of couplings, neutrino parameters and rates.

    Immutable, a JAX pytree. A point is an array of coordinates, one for each parameter, of order one
    (`renp.inference.parameters`); `point` and `values` go to physical values and back.

    Parameters
    ----------
    experiment
        Runs, with observed counts or without; several by name, {"Yb": ..., "Xe": ...}, for a joint
        likelihood. Experiments share couplings and neutrinos; what is uncertain of an experiment's runs is
        its own, with its name at the end as in "normalisation Xe", unless the nuisances say it is common.
    neutrinos
        What is emitted; the values of what is not fitted.
    couplings
        Interactions by name, or by kind and label, or a list of `renp.Coupling`; the parameter of this name
        is a real number that multiplies the interaction. ``{"mu_11": MagneticMoment({(1, 1): 1.0})}`` has the
        parameter mu_11 in μ_B.
    model
        What there is besides; the standard model `Weak()` if left out.
    nuisances
        Which neutrino parameters and rates are uncertain, besides each run's own rates; none if left out. Of
        several experiments the same for all, or by the experiments' names.

    Raises
    ------
    InputError
        For a coupling that these neutrinos cannot have, a name used twice, or unknown parameters.

    Warns
    -----
    PoleWarning
        If the mass of a mediator without a width is free: it can meet the q² of a run.

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

    parts: tuple[Part, ...]
    """One for each experiment."""
    neutrinos: Neutrinos
    model: Interaction
    couplings: tuple[Coupling, ...]
    parameters: tuple[Parameter, ...]
    masses: dict[str, tuple[Scalar, Scalar]]
    """Values and errors (eV) of masses that others measured, in the order of their names."""

    def __init__(
        self,
        experiment: Experiment | Mapping[str, Experiment],
        neutrinos: Neutrinos,
        couplings: GivenCouplings = (),
        model: Interaction | None = None,
        nuisances: Nuisances | Mapping[str, Nuisances] | None = None,
    ) -> None:
        self.couplings = given_couplings(couplings)
        self.neutrinos, self.model = neutrinos, Weak() if model is None else model
        experiments = experiments_of(experiment)
        self._check(experiments)
        every = tuple(experiments.values())
        scales = typical_sizes([self._runs(one, neutrinos) for one in every], every)
        by_name = nuisances_of(nuisances, tuple(experiments))
        others, names = self._others(experiments, by_name)
        measured = measured_masses(
            (one.measured_masses for one in by_name.values()), [p.name for p in others], neutrinos
        )
        self.masses = {name: (one.centre, one.width) for name, one in sorted(measured.items())}
        forms = [form_of(scales, *self._runs(one, neutrinos)) for one in every]
        seen = np.any([interferes(form) for form in forms], axis=0)
        if phases := {p.name: value_of(neutrinos, p.name) + 1.0 for p in others if p.unit == "rad"}:
            shifted: dict[str, Any] = {name: np.array(value) for name, value in phases.items()}
            turned = with_values(neutrinos, shifted)
            for one in every:
                seen = seen | interferes(form_of(scales, *self._runs(one, turned)))
        fitted = [
            coupling(one.name, float(scale), one.unit, interferes=bool(signed))
            for one, scale, signed in zip(self.couplings, scales, seen, strict=True)
        ]
        self.parameters = (*fitted, *others)
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise InputError("couplings", repr(twice), "a name that no other parameter has")
        self.parts = tuple(
            part(one, self._response(one, neutrinos, own, form), own)
            for one, own, form in zip(every, names, forms, strict=True)
        )
        self._warn_of_poles()

    def __repr__(self) -> str:
        runs = ", ".join(map(repr, self.experiments))
        return f"{type(self).__name__}({runs}, parameters={list(self.names)})"

    @property
    def experiment(self) -> Experiment:
        """Runs of the only experiment.

        Raises
        ------
        InputError
            If there are several.
        """
        return self._part.experiment

    @property
    def response(self) -> Form | WideResponse | None:
        """Of the only experiment: `Part.response`."""
        return self._part.response

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Of each part."""
        return tuple(one.experiment for one in self.parts)

    @property
    def observed(self) -> bool:
        """Whether the runs have counts."""
        return all(one.counts is not None for one in self.experiments)

    @property
    def size(self) -> int:
        """How many counts there are: of all runs and control measurements."""
        return sum(one.size for one in self.parts)

    @property
    def runs(self) -> NDArray[np.int_]:
        """Places of the runs among all counts."""
        starts = np.cumsum([0, *(one.size for one in self.parts)])
        pairs = zip(starts, self.experiments, strict=False)
        return np.concatenate([start + np.arange(len(one.runs)) for start, one in pairs])

    @property
    def photon_energy(self) -> Counts:
        """Of each run of all experiments, eV."""
        return concatenated([one.runs.photon_energy for one in self.experiments])

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the references behind the runs, the neutrinos and every interaction."""
        return references_of([*self.experiments, self.neutrinos, self.model, self.couplings])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: couplings, neutrinos, calibration, factors on rates."""
        return tuple(p.name for p in self.parameters)

    @property
    def constrained(self) -> tuple[int, ...]:
        """Places of the parameters with a pull."""
        return tuple(k for k, p in enumerate(self.parameters) if p.kind in CONSTRAINED)

    @property
    def external_names(self) -> tuple[str, ...]:
        """Names of the external measurements: constrained parameters, and masses."""
        return (*(self.names[k] for k in self.constrained), *self.masses)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """Lower and upper end of each coordinate."""
        low, high = ([getattr(p, end) for p in self.parameters] for end in ("low", "high"))
        return vector(low), vector(high)

    @property
    def data(self) -> Data:
        """The observed counts.

        Raises
        ------
        InputError
            If the runs have none.
        """
        counts = concatenated([one.counts for one in self.parts])
        return Data(
            counts, vector([0.0] * len(self.constrained) + [m / error for m, error in self.masses.values()])
        )

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
        every = {p.name: self._nominal(p) for p in self.parameters} | values
        return vector([self.coordinate(name, value) for name, value in every.items()])

    def coordinate(self, name: str, value: Any) -> float:
        """Return the coordinate of a physical value.

        Raises
        ------
        InputError
            For a value that the parameter cannot have: a mediator's mass, for one, at the q² of a run.
        """
        parameter = self.parameters[self.index(name)]
        found = coordinate(parameter, value)
        if "." in name:
            here = jnp.asarray(physical(parameter, np.float64(found)))
            there = Model(with_numbers(self.couplings, {name: here}))
            for one in self.experiments:
                for omega in np.asarray(one.line_centre)[:, None]:
                    check_poles(there, omega, one.atom, self.neutrinos)
        return found

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
        values = [self._nominal(p) / p.plus if p.kind in ("free", "rate") else 0.0 for p in self.parameters]
        return vector(values)

    @property
    def start(self) -> Point:
        """Where a fit may start: off the point without couplings, at which counts may be flat or zero."""
        away = {"magnitude": 1.0, "coupling": 0.5, "rate": 1.0}
        shift = np.array([away.get(p.kind, 0.0) for p in self.parameters])
        return jnp.asarray((nominal if is_traced(nominal := self.nominal) else np.asarray(nominal)) + shift)

    def values(self, x: Float[Array, "*batch p"] | Reals) -> dict[str, Float[Array, "*batch"]]:
        """Return the physical value of each parameter at a point."""
        x = x if is_traced(x) else np.asarray(x)  # each operation of JAX would be a program
        return {p.name: jnp.asarray(physical(p, x[..., k])) for k, p in enumerate(self.parameters)}

    def expected(self, x: Point | Reals) -> Counts:
        """Return the expected counts N of each run, backgrounds included, and of each control measurement."""
        allowed = "a point, as Likelihood.point returns it"
        instance("x", x, (jax.Array, np.ndarray), allowed)
        if x.shape[-1:] != (len(self.parameters),) or x.dtype != float:
            raise InputError("x", f"an array of shape {x.shape} and type {x.dtype}", allowed)
        if not is_traced(x):
            found: Counts = _expected(self, x)
            return found
        values = self.values(x)
        return jnp.concatenate([one.expected(self._spectrum(one, x, values), values) for one in self.parts])

    def external(self, x: Point | Reals) -> Float[Array, "c"]:
        """Return what external measurements are expected to give: pulls, and masses over their errors."""
        pulls = x[np.array(self.constrained, dtype=int)]
        if not self.masses:
            return jnp.asarray(pulls)
        nu = self._neutrinos(self.values(x))
        found = observable_masses(nu.masses, nu.mixing_matrix[0])
        return jnp.concatenate(
            [pulls, jnp.stack([found[name] / error for name, (_, error) in self.masses.items()])]
        )

    def chi2(self, x: Point | Reals, data: Data) -> Float[Array, ""]:
        """Return −2 ln L, relative to a perfect description of the counts."""
        if not is_traced(x, *data):
            found: Array = _chi2(self, x, data)
            return found
        return chi2(self.expected(x), data.counts) + jnp.sum((self.external(x) - data.pulls) ** 2)

    def log_density(self, x: Point, data: Data) -> Float[Array, ""]:
        """Return ln L, up to a constant of the data.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 86400.0, counts=[15])
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
        >>> slope = jax.jit(jax.grad(likelihood.log_density))(likelihood.point(), likelihood.data)
        >>> bool(slope[0] > 0)  # 12 are expected: a stronger interaction would fit better
        True
        """
        return -self.chi2(x, data) / 2

    def log_likelihood(
        self, values: ArrayLike, data: Data | None = None, *, constrained: bool = True
    ) -> Float[NDArray[np.float64], "*batch"]:
        """Return ln L of physical values, as samplers and minimisers of others ask for it.

        Parameters
        ----------
        values
            In the order of `names` and in the parameters' units, along the last axis; any axes before it are
            a batch.
        data
            Counts and pulls; the observed ones if left out.
        constrained
            Whether external measurements of parameters are in it; False where priors hold them, as those of
            `renp.prior_transform` do. Measured masses always are.

        Returns
        -------
        numpy.ndarray
            Relative to a perfect description of the counts, −inf where a parameter cannot have its value or
            the counts are impossible. Of JAX, and differentiable, where values or data are traced.

        Raises
        ------
        InputError
            For another number of values, or without data.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[120])
        >>> moment = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), moment)
        >>> likelihood.log_likelihood([[0.0], [3e-11], [-3e-11]]).round(3)
        array([-0.035, -0.13 ,   -inf])
        """
        found: NDArray[np.float64] = self._on_values(_log_likelihood, values, data, constrained)
        return found

    def log_likelihood_and_gradient(
        self, values: ArrayLike, data: Data | None = None, *, constrained: bool = True
    ) -> tuple[Float[NDArray[np.float64], "*batch"], Float[NDArray[np.float64], "*batch p"]]:
        """Return `log_likelihood` and its derivative with respect to each value, exact; 0 outside.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 864000.0, counts=[120])
        >>> likelihood = renp.Likelihood(runs, renp.Neutrinos(0.01), {"weak": renp.Weak()})
        >>> value, gradient = likelihood.log_likelihood_and_gradient([0.0])
        >>> gradient.shape
        (1,)
        """
        found: tuple[Any, Any] = self._on_values(_log_likelihood_and_gradient, values, data, constrained)
        return found

    def _on_values(self, compiled: Any, values: ArrayLike, data: Data | None, constrained: bool) -> Any:
        """Return what a compiled function says of physical values, in NumPy unless something is traced."""
        rows: Any = values if is_traced(values) else np.asarray(values, dtype=float)
        if np.shape(rows)[-1:] != (len(self.parameters),):
            allowed = f"of {', '.join(self.names)}, along the last axis"
            raise InputError("values", f"an array of shape {np.shape(rows)}", allowed)
        found = compiled(self, rows, data, constrained)
        return found if is_traced(*jax.tree.leaves(found)) else jax.tree.map(np.asarray, found)

    def asimov(self, x: Point | Reals) -> Data:
        """Return data without fluctuations: the expectation at a point."""
        x = x if is_traced(x) else np.asarray(x)
        return Data(self.expected(x), self.external(x))

    def toys(self, x: Point | Reals, key: Array, number: int) -> Data:
        """Return data drawn at a point: Poisson counts, and external measurements with their errors."""
        truth = jax.tree.map(np.asarray, self.asimov(x))
        # NumPy's numbers: JAX draws Poisson ones in single precision, and compiles for each number of toys.
        generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        counts: Any = _poisson(generator, truth.counts, number)
        return Data(counts, truth.pulls + generator.standard_normal((number, *truth.pulls.shape)))

    def with_exposure(self, factor: Scalar) -> "Likelihood":
        """Return the likelihood of runs that last longer by a factor."""
        factor = number("factor", factor, "a finite factor, at least 0", low=0.0)
        longer: Likelihood = eqx.tree_at(
            lambda one: [e.runs.duration for e in one.experiments],
            self,
            [factor * e.runs.duration for e in self.experiments],
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
        new = self._renewed(self._part, experiment, self.neutrinos)
        other: Likelihood = eqx.tree_at(lambda one: one.parts, self, (new,))
        return other

    def with_neutrinos(self, neutrinos: Neutrinos) -> "Likelihood":
        """Return the likelihood for another lightest mass, with the same parameters in the same units."""
        parts = [self._renewed(one, one.experiment, neutrinos) for one in self.parts]
        other: Likelihood = eqx.tree_at(
            lambda one: (one.parts, one.neutrinos), self, (tuple(parts), neutrinos)
        )
        return other

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
        runs = runs_of(experiment, neutrinos, self.model, couplings)
        scales = typical_sizes([runs], (experiment,))
        others = nuisance_parameters(nuisances, experiment, neutrinos, couplings)
        _, (names,) = parameters_of_runs({"": experiment}, {"": nuisances})
        fitted = [replace(p, plus=s, minus=s) for p, s in zip(self.parameters, scales, strict=False)]
        new = part(experiment, None if self._moving else form_of(scales, *runs), names)
        there: Likelihood = eqx.tree_at(
            lambda one: (one.parts, one.neutrinos, one.couplings, one.parameters),
            self,
            ((new,), neutrinos, couplings, (*fitted, *others)),
        )
        return there

    @property
    def _part(self) -> Part:
        if len(self.parts) > 1:
            raise InputError("likelihood", f"of {len(self.parts)} experiments", "of one experiment here")
        return self.parts[0]

    def _check(self, experiments: Mapping[str, Experiment]) -> None:
        """Raise `InputError` for couplings that there cannot be."""
        for one in self.couplings:
            if one.name.startswith((AMPLITUDE, CALIBRATION, LINEWIDTH, *RATES)):
                raise InputError("couplings", repr(one.name), "a name that no rate or calibration has")
        for experiment in experiments.values():
            for model in (self.model, *(one.interaction for one in self.couplings)):
                checked(
                    experiment.runs.photon_energy, experiment.atom, self.neutrinos, model, experiment.laser
                )

    def _others(
        self, experiments: Mapping[str, Experiment], by_name: Mapping[str, Nuisances]
    ) -> tuple[list[Parameter], Any]:
        """Return all parameters but the couplings, and the experiments' names of theirs."""
        nature = [
            nature_parameters(one.oscillation, one.free, self.neutrinos, self.couplings)
            for one in by_name.values()
        ]
        shared = {p.name: p for parameters in nature for p in parameters}
        of_runs, names = parameters_of_runs(experiments, by_name)
        return [*shared.values(), *of_runs], names

    def _warn_of_poles(self) -> None:
        free = {p.name for p in self.parameters if "." in p.name}
        for one in self.couplings:
            if f"{one.name}.mass" in free and one.interaction.poles():
                warnings.warn(
                    f"{one.name}.mass is free: at the q² of a run the rate diverges, and minima on either "
                    "side of it are apart; give the mediator a width",
                    PoleWarning,
                    stacklevel=3,
                )

    def _runs(self, experiment: Experiment, neutrinos: Neutrinos) -> Runs:
        return runs_of(experiment, neutrinos, self.model, self.couplings)

    def _renewed(self, old: Part, experiment: Experiment, neutrinos: Neutrinos) -> Part:
        """Return a part with other runs or neutrinos, in the same units."""
        if old.response is None:
            return replace(old, experiment=experiment)
        response = self._response(experiment, neutrinos, old.names)
        return replace(old, experiment=experiment, response=response)

    def _response(
        self,
        experiment: Experiment,
        neutrinos: Neutrinos,
        names: tuple[tuple[str, str], ...],
        form: Form | None = None,
    ) -> Form | WideResponse | None:
        """Return how spectra of runs depend on the couplings, whose form at fixed kinematics may be known."""
        if any(not name.startswith((CALIBRATION, LINEWIDTH, AMPLITUDE)) for name in self._moving):
            return None
        units = np.array([p.plus for p in self.parameters[: len(self.couplings)]], dtype=float)
        runs = self._runs(experiment, neutrinos)
        own = {alone: self.parameters[self.index(name)] for alone, name in names if name in self._moving}
        if not own:
            return form_of(units, *runs) if form is None else form
        if not own.keys() <= {CALIBRATION, LINEWIDTH}:
            return None
        errors = [own[name].plus if name in own else 0.0 for name in (CALIBRATION, LINEWIDTH)]
        signed = [p.kind == "coupling" for p in self.parameters[: len(self.couplings)]]
        return wide_response(units, runs, signed, *errors)

    @property
    def _moving(self) -> list[str]:
        """Names of parameters that change masses, mixing, photon energies, the line or an interaction."""
        others = self.parameters[len(self.couplings) :]
        return [p.name for p in others if not p.name.startswith(RATES)]

    def _nominal(self, parameter: Parameter) -> Scalar:
        if parameter.kind == "free":
            return given_value(self.neutrinos, self.couplings, parameter.name)
        return parameter.centre

    def _spectrum(self, one: Part, x: Any, values: dict[str, Array]) -> Counts:
        fitted = self.parameters[: len(self.couplings)]
        form = one.form(values)
        if form is not None:
            return spectrum_of(form, x, [p.kind == "magnitude" for p in fitted])
        model = superposed(self.model, with_numbers(self.couplings, values), fitted, x)
        return one.spectrum(self._neutrinos(values), model, values)

    def _neutrinos(self, values: dict[str, Array]) -> Neutrinos:
        known = neutrino_names(self.neutrinos)
        return with_values(self.neutrinos, {name: v for name, v in values.items() if name in known})


@compiled
def _expected(likelihood: Likelihood, x: Point) -> Counts:
    return likelihood.expected(x)


@compiled
def _chi2(likelihood: Likelihood, x: Point, data: Data) -> Float[Array, ""]:
    return likelihood.chi2(x, data)


@compiled
def asimov_of_each(likelihood: Likelihood, points: Float[Array, "m p"]) -> Data:
    """Return data without fluctuations at each point."""
    found: Data = jax.vmap(likelihood.asimov)(points)
    return found


@partial(jax.jit, static_argnums=3)
def _log_likelihood(likelihood: Likelihood, values: Any, data: Data | None, constrained: bool) -> Array:
    at = partial(_log_likelihood_at, likelihood, data, constrained)
    found: Array = jnp.vectorize(at, signature="(p)->()")(values)
    return found


@partial(jax.jit, static_argnums=3)
def _log_likelihood_and_gradient(
    likelihood: Likelihood, values: Any, data: Data | None, constrained: bool
) -> Any:
    at = jax.value_and_grad(partial(_log_likelihood_at, likelihood, data, constrained))
    value, slope = jnp.vectorize(at, signature="(p)->(),(p)")(values)
    return value, jnp.where(jnp.isfinite(value)[..., None], slope, 0.0)


def _log_likelihood_at(likelihood: Likelihood, data: Data | None, constrained: bool, values: Point) -> Array:
    """Return ln L of physical values; those that are not allowed are replaced before they meet a slope."""
    data = likelihood.data if data is None else data
    given = vector([inverse(p, values[k]) for k, p in enumerate(likelihood.parameters)])
    low, high = likelihood.bounds
    inside = (low <= given) & (given <= high)
    x = jnp.where(inside, given, likelihood.nominal)
    missed = (likelihood.external(x) - data.pulls)[0 if constrained else len(likelihood.constrained) :]
    rise = chi2(likelihood.expected(x), data.counts) + jnp.sum(missed**2)
    return jnp.where(jnp.all(inside) & ~jnp.isnan(rise), -rise / 2, -jnp.inf)


def _poisson(generator: np.random.Generator, mean: Reals, number: int) -> Reals:
    """Return Poisson numbers of each mean, shape (number, n); normal ones where whole numbers have an end."""
    shape = (number, *mean.shape)
    drawn = generator.poisson(np.minimum(mean, _MANY), shape).astype(float)
    many = np.round(mean + np.sqrt(mean) * generator.standard_normal(shape))
    return np.where(mean < _MANY, drawn, many)
