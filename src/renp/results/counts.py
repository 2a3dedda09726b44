"""Expected counts of each run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.constants import DAY
from renp.experiment import Experiment, expected_counts
from renp.interactions import Weak
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.results.base import Result, Table, provenance

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


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
            made_by=provenance(experiment=experiment, neutrinos=neutrinos, model=model),
        )

    def table(self) -> Table:
        """Return one row for each run."""
        columns = [
            "photon energy (eV)",
            "duration (day)",
            "expected",
            "standard model",
            "background",
        ]
        data = [
            self.photon_energy,
            self.duration / DAY,
            self.expected,
            self.standard_model,
            self.background,
        ]
        if self.observed is not None:
            columns.append("observed")
            data.append(self.observed)
        rows = tuple(tuple(float(x) for x in row) for row in zip(*data, strict=True))
        return Table(f"{self.atom}: expected counts, background included", tuple(columns), rows)

    def json(self) -> dict[str, Any]:
        """Return the arrays in the order of the runs."""
        content = {
            "photon_energy": self.photon_energy.tolist(),
            "duration_days": (self.duration / DAY).tolist(),
            "expected": self.expected.tolist(),
            "standard_model": self.standard_model.tolist(),
            "background": self.background.tolist(),
        }
        return content if self.observed is None else content | {"observed": self.observed.tolist()}

    def dataset(self) -> "xr.Dataset":
        """Return the arrays over the dimension run."""
        import xarray as xr

        data = xr.Dataset(
            {
                "photon_energy": ("run", self.photon_energy, {"units": "eV"}),
                "duration": ("run", self.duration, {"units": "s"}),
                "expected": ("run", self.expected),
                "standard_model": ("run", self.standard_model),
                "background": ("run", self.background),
            }
        )
        return data if self.observed is None else data.assign(observed=("run", self.observed))

    def plot(self) -> "Figure":
        """Return a figure of the counts of each run, with their statistical errors."""
        from renp.figures.counts import draw_counts

        return draw_counts(self)
