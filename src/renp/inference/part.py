"""One experiment of a likelihood: from the spectrum of its runs to the counts that are expected."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from renp.atoms.atom import Atom
from renp.atoms.lights import Lights
from renp.compensated import concatenated
from renp.errors import InputError
from renp.experiment import Experiment, counts_of
from renp.formula.line import line_spectrum_of_runs
from renp.inference.backgrounds import background_rates, controlled, span_of
from renp.inference.nuisances import (
    AMPLITUDE,
    BACKGROUND,
    CALIBRATION,
    EFFICIENCY,
    LINEWIDTH,
    NORMALISATION,
    Nuisances,
    experiment_parameters,
    is_common,
)
from renp.inference.parameters import Parameter
from renp.inference.response import Form
from renp.inference.wide_response import WideResponse
from renp.interactions.couplings import Interaction
from renp.laser import Laser
from renp.neutrinos import Neutrinos
from renp.validation import Scalar, choice, instance


class Part(eqx.Module):
    """Runs of one experiment, and how their counts depend on parameters; immutable, a pytree."""

    experiment: Experiment
    response: Form | WideResponse | None
    """Quadratic form of I(ω) in (1, coordinates of the couplings), of a wide line that moves at many photon
    energies; None where the kinematics vary otherwise."""
    span: tuple[Scalar, Scalar]
    """Photon energies between which a polynomial background lies, eV."""
    controls: tuple[int, ...] = eqx.field(static=True)
    """Places of the runs with a control measurement, whose counts follow those of the runs."""
    names: tuple[tuple[str, str], ...] = eqx.field(static=True)
    """Of each of its parameters: the name that a single experiment has for it, and the likelihood's."""

    @property
    def size(self) -> int:
        """How many counts there are."""
        return len(self.experiment.runs) + len(self.controls)

    @property
    def counts(self) -> Float[Array, "n"]:
        """The observed counts of the runs, and of their control measurements.

        Raises
        ------
        InputError
            If there are none.
        """
        runs = self.experiment.runs
        if runs.counts is None:
            raise InputError("counts", None, "given for every run of the experiment")
        if not self.controls:
            return concatenated([runs.counts])
        if runs.control_counts is None:
            raise InputError("control_counts", None, "given for every run with a control_ratio")
        return concatenated([runs.counts, runs.control_counts[np.array(self.controls)]])

    def expected(
        self, spectrum: Float[Array, "n"], values: Mapping[str, Float[Array, ""]]
    ) -> Float[Array, "n"]:
        """Return the counts expected of the runs, and of their control measurements, at I(ω)."""
        runs, own = self.experiment.runs, self._own(values)
        signal = self._factor(own, NORMALISATION) * self._factor(own, EFFICIENCY)
        rates = background_rates(self.experiment, self.span, own, self._factor(own, BACKGROUND))
        counts = counts_of(self.experiment, spectrum, signal, 0.0) + runs.duration * rates
        if not self.controls:
            return counts
        control = runs.control_ratio * runs.duration * rates
        return jnp.concatenate([counts, control[jnp.array(self.controls)]])

    def form(self, values: Mapping[str, Float[Array, ""]]) -> Form | None:
        """Return the form at the values of calibration and linewidth; None where there is none."""
        if isinstance(self.response, WideResponse):
            return self.response.form(self._line(values), self.photon_energy(values))
        return self.response

    def spectrum(
        self, neutrinos: Neutrinos, model: Interaction, values: Mapping[str, Float[Array, ""]]
    ) -> Float[Array, "n"]:
        """Return I(ω) of each run, at the values of calibration and linewidth."""
        own, photons = self._own(values), self.photon_energy(values)
        errors = self.experiment.atom.amplitude_errors
        amplitudes = {k: own[name] for k in errors if (name := f"{AMPLITUDE}_{k + 1}") in own}
        atom = self.experiment.lit_atom
        if isinstance(atom, Lights):
            atom = Lights(_with(amplitudes, atom.left), _with(amplitudes, atom.right), atom.share)
        else:
            atom = _with(amplitudes, atom)
        rate: Array = line_spectrum_of_runs(jnp.asarray(photons), self._line(values), atom, neutrinos, model)
        return rate

    def photon_energy(self, values: Mapping[str, Float[Array, ""]]) -> Float[Array, "n"]:
        """Return the photon energy of each run at the value of the calibration, eV."""
        shift: Any = self._own(values).get(CALIBRATION, 0.0)
        shifted: Array = self.experiment.runs.photon_energy + shift
        return shifted

    def _line(self, values: Mapping[str, Float[Array, ""]]) -> Laser:
        """Return the laser's line at the value of the linewidth."""
        own, laser = self._own(values), self.experiment.laser
        return widened(laser, own[LINEWIDTH]) if LINEWIDTH in own else laser

    def _own(self, values: Mapping[str, Float[Array, ""]]) -> dict[str, Array]:
        """Return values by the names that a single experiment has for them."""
        return {name: values[full] for name, full in self.names if full in values}

    def _factor(self, own: Mapping[str, Array], name: str) -> Any:
        """Return a factor on a rate: what is common to all runs times what is each run's own."""
        common: Any = own.get(name, 1.0)
        each = [own.get(f"{name}_{k + 1}") for k in range(len(self.experiment.runs))]
        if all(value is None for value in each):
            return common
        one = jnp.array(1.0)
        return common * jnp.stack([one if value is None else value for value in each])


def part(
    experiment: Experiment, response: Form | WideResponse | None, names: tuple[tuple[str, str], ...]
) -> Part:
    """Return the part of a likelihood that is of one experiment."""
    return Part(experiment, response, span_of(experiment), controlled(experiment), names)


def experiments_of(experiment: Experiment | Mapping[str, Experiment]) -> dict[str, Experiment]:
    """Return experiments by name; a single one has none.

    Raises
    ------
    InputError
        For anything else, one without runs, or counts of some experiments alone.
    """
    if not isinstance(experiment, Mapping):
        _with_runs("experiment", experiment)
        return {"": experiment}
    if not experiment:
        raise InputError("experiment", experiment, "one Experiment, or at least one by name")
    for name, one in experiment.items():
        if not isinstance(name, str) or not name:
            raise InputError("a name of an experiment", repr(name), "text")
        _with_runs(f"experiment[{name!r}]", one)
    if len({one.runs.counts is None for one in experiment.values()}) > 1:
        raise InputError("counts", None, "given for all experiments, or for none")
    return dict(experiment)


def _with_runs(name: str, experiment: Experiment) -> None:
    instance(name, experiment, Experiment)
    if not len(experiment.runs):
        raise InputError(name, "of no runs", "of at least one photon energy here")


def nuisances_of(
    nuisances: Nuisances | Mapping[str, Nuisances] | None, names: tuple[str, ...]
) -> dict[str, Nuisances]:
    """Return the nuisances of each experiment by name: the same for all, unless each has its own."""
    if not isinstance(nuisances, Mapping):
        same = Nuisances() if nuisances is None else nuisances
        instance("nuisances", same, Nuisances)
        return dict.fromkeys(names, same)
    for name, one in nuisances.items():
        choice("a name in nuisances", name, names)
        instance(f"nuisances[{name!r}]", one, Nuisances)
    return {name: nuisances.get(name, Nuisances()) for name in names}


def parameters_of_runs(
    experiments: Mapping[str, Experiment], nuisances: Mapping[str, Nuisances]
) -> tuple[list[Parameter], list[tuple[tuple[str, str], ...]]]:
    """Return the parameters of the experiments' runs, and each one's names of them (`Part.names`).

    Each experiment has its own, but for those that are common.

    Raises
    ------
    InputError
        For a common parameter that experiments disagree about.
    """
    found: dict[str, Parameter] = {}
    names = []
    for name, experiment in experiments.items():
        own = {}
        for one in experiment_parameters(nuisances[name], experiment):
            alone = not name or is_common(one.name, nuisances[name].common)
            own[one.name] = full = one.name if alone else f"{one.name} {name}"
            if full in found and _numbers(one) != _numbers(found[full]):
                raise InputError("common", repr(full), "with the same error in all experiments")
            found[full] = replace(one, name=full)
        names.append(tuple(own.items()))
    return list(found.values()), names


def _with(amplitudes: Mapping[int, Scalar], atom: Atom) -> Atom:
    """Return the atom with other amplitudes of its further states."""
    if not amplitudes:
        return atom
    other: Atom = eqx.tree_at(
        lambda one: [one.states[k][1] for k in amplitudes], atom, list(amplitudes.values())
    )
    return other


def widened(laser: Laser, factor: Scalar) -> Laser:
    """Return a line of the same shape whose width is multiplied by a factor."""
    wider: Laser = eqx.tree_at(
        lambda one: (one.gaussian, one.lorentzian),
        laser,
        (factor * laser.gaussian, factor * laser.lorentzian),
    )
    return wider


def _numbers(one: Parameter) -> tuple[Scalar, ...]:
    return one.centre, one.plus, one.minus, one.low, one.high
