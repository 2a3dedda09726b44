"""Expected counts of each run, and how well they describe observed ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.constants import DAY
from renp.experiment import Experiment, expected_counts
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.results.base import Control, Result, provenance
from renp.results.columns import Column
from renp.results.goodness import Goodness
from renp.validation import instance

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _of_each(number: str, json: str | None = None) -> Column:
    """Return the column of a number of the goodness of each hypothesis."""

    def of_each(counts: "Counts") -> dict[str, Any] | None:
        return {of: getattr(one, number) for of, one in counts.goodness.items()} or None

    return Column(of_each, ("hypothesis",), json=json or number, name=number, optional=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Counts(Result):
    """Expected counts; arrays of shape (n,) in the order of the runs, backgrounds included."""

    photon_energy: Reals
    """eV."""
    duration: Reals
    """s."""
    expected: Reals
    """Of the model."""
    standard_model: Reals
    """Of the standard model."""
    background: Reals
    """Part of both that is background."""
    observed: Reals | None
    """Counts, or None."""
    atom: str
    """Name."""
    polarisation: tuple[str, ...] | None = None
    """Of each run's light; None where it is the atom's."""

    columns = (
        Column("photon_energy", ("run",), "photon energy", "eV"),
        Column("polarisation", ("run",), "polarisation", optional=True),
        Column("duration", ("run",), "duration", "s", shown="day", per=DAY, json="duration_days"),
        Column("expected", ("run",), "expected"),
        Column("standard_model", ("run",), "standard model"),
        Column("background", ("run",), "background"),
        Column("observed", ("run",), "observed", optional=True),
        Column("pulls", ("hypothesis", "run"), "pull from {key}", optional=True),
        _of_each("chi2"),
        _of_each("degrees_of_freedom"),
        _of_each("p_value"),
        _of_each("distribution", "distributions"),
        Column("diagnosis", optional=True),
    )
    controls = (Control("per_day", "per day"),)

    @classmethod
    def compute(
        cls, experiment: Experiment, neutrinos: Neutrinos, model: Interaction | None = None
    ) -> "Counts":
        """Return the expected counts of each run for a model and for the standard model.

        Examples
        --------
        >>> import renp
        >>> runs = renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * DAY)
        >>> Counts.compute(runs, renp.Neutrinos(0.01)).expected.round(1)
        array([117.1])
        """
        instance("experiment", experiment, Experiment)
        model = Weak() if model is None else model
        observed = experiment.counts
        return cls(
            photon_energy=np.asarray(experiment.photon_energy),
            duration=np.asarray(experiment.duration),
            expected=np.asarray(expected_counts(experiment, neutrinos, model)),
            standard_model=np.asarray(expected_counts(experiment, neutrinos)),
            background=np.asarray(experiment.background_counts),
            observed=None if observed is None else np.asarray(observed),
            atom=experiment.atom.name,
            polarisation=experiment.runs.lights,
            made_by=provenance(experiment=experiment, neutrinos=neutrinos, model=model),
        )

    @cached_property
    def goodness(self) -> dict[str, Goodness]:
        """How well "model", where it is another one, and "standard model" describe what was observed.

        Nothing is fitted: couplings and all that is uncertain are as given. Empty without counts.
        """
        if self.observed is None:
            return {}
        expected = {"model": self.expected, "standard model": self.standard_model}
        if np.array_equal(self.expected, self.standard_model):
            del expected["model"]
        return {name: Goodness.of(counts, self.observed) for name, counts in expected.items()}

    @property
    def pulls(self) -> dict[str, Reals] | None:
        """Of each run from each hypothesis: their squares add up to χ²."""
        return {name: one.pulls for name, one in self.goodness.items()} or None

    @property
    def diagnosis(self) -> tuple[str, ...] | None:
        """Whether the counts are at odds with model and standard model, in sentences."""
        return tuple(one.sentence(f"the {name}") for name, one in self.goodness.items()) or None

    @property
    def title(self) -> str:
        """The atom, and what the counts are."""
        return f"{self.atom}: expected counts, background included"

    @property
    def days(self) -> Reals:
        """Duration in days; 1 where it is 0."""
        return np.where(self.duration > 0, self.duration / DAY, 1.0)

    def _draw(self, per_day: bool = False) -> "Figure":
        """Return a figure of the counts of each run, or of their rates, with their Poisson errors."""
        from renp.results.style import entitle, legend, name_places, plain, subplots

        figure, ((axes,),) = subplots((6.4, 4.4))
        place = np.arange(self.expected.size)
        said = {
            name: f"{name}, $p$ = {one.p_value:.2g}"
            for name, one in self.goodness.items()
            if np.isfinite(one.p_value)
        }
        name = said.get("standard model", "standard model")
        standard: dict[str, Any] = {"color": "0.85", "edgecolor": "0.5", "label": name}
        days = self.days if per_day else np.ones(place.size)
        axes.bar(place, self.standard_model / days, width=0.7, **standard)
        if self.observed is None:
            shown, colour, label = self.expected, "#D55E00", r"model, with $\sqrt{N}$"
        else:
            shown, colour, label = self.observed, "black", r"observed, with $\sqrt{n}$"
        error = np.sqrt(shown) / days
        axes.errorbar(place, shown / days, yerr=error, fmt="o", color=colour, capsize=3, label=label)
        if self.observed is not None:
            name = said.get("model", "model")
            line: dict[str, Any] = {"color": "#D55E00", "linewidth": 2, "label": name, "zorder": 3}
            axes.hlines(self.expected / days, place - 0.35, place + 0.35, **line)
        name_places(axes, [f"{w:.6g}" for w in self.photon_energy])
        axes.set_xlim(-0.7, place.size - 0.3)
        axes.set_ylim(0, None if np.any(shown) or np.any(self.standard_model) else 1.0)
        axes.set_xlabel(r"trigger photon energy $\omega$ (eV)")
        axes.set_ylabel("counts per day" if per_day else "counts")
        entitle(axes, plain(self.title))
        legend(figure)
        return figure
