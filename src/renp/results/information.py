"""What runs can tell apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from renp._types import Reals
from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class UnseenDirection:
    """A change of the coordinates that leaves the counts of every run as they are."""

    coefficients: dict[str, float]

    def __str__(self) -> str:
        shown = [(name, value) for name, value in self.coefficients.items() if abs(value) > 1e-6]
        text = " ".join(f"{'-' if value < 0 else '+'} {abs(value):.3g} {name}" for name, value in shown)
        return text.removeprefix("+ ")


@dataclass(frozen=True, eq=False, kw_only=True)
class Information(Result):
    """Fisher information in the coordinates of a likelihood, and what follows from it."""

    names: tuple[str, ...]
    """Of the parameters."""
    matrix: Reals
    """Fisher information, constraints included; shape (p, p)."""
    errors: Reals
    """Standard errors with all others free; infinite for parameters in a direction that is not seen."""
    correlation: Reals
    """Within the directions that are seen."""
    unseen: tuple[UnseenDirection, ...]
    """Combinations of parameters that no run sees."""

    @property
    def rank(self) -> int:
        """Number of combinations of parameters that the data determine."""
        return len(self.names) - len(self.unseen)

    def table(self) -> Table:
        """Return error alone, error with all others free, and the strongest correlation of each parameter."""
        with np.errstate(divide="ignore"):
            alone = 1 / np.sqrt(np.diag(self.matrix))
        rows = []
        for k, name in enumerate(self.names):
            others = np.abs(np.where(np.arange(len(self.names)) == k, 0.0, self.correlation[k]))
            most = int(np.argmax(others))
            with_ = f"{self.names[most]} ({self.correlation[k, most]:+.3f})" if others[most] > 0 else ""
            rows.append((name, float(alone[k]), float(self.errors[k]), with_))
        title = f"Fisher information: {self.rank} of {len(self.names)} directions are seen"
        columns = ("parameter", "error alone", "error with all others", "strongest correlation")
        return Table(title, columns, tuple(rows))

    def json(self) -> dict[str, Any]:
        """Return the matrices and the directions that are not seen; null for an infinite error."""
        return {
            "names": list(self.names),
            "information": self.matrix.tolist(),
            "errors": [float(e) if np.isfinite(e) else None for e in self.errors],
            "correlation": self.correlation.tolist(),
            "unseen": [direction.coefficients for direction in self.unseen],
        }

    def dataset(self) -> "xr.Dataset":
        """Return the matrices over the parameters."""
        import xarray as xr

        both = ("parameter", "other")
        return xr.Dataset(
            {
                "information": (both, self.matrix),
                "correlation": (both, self.correlation),
                "error": ("parameter", self.errors),
            },
            coords={"parameter": list(self.names), "other": list(self.names)},
        )

    def plot(self) -> "Figure":
        """Return a figure of the correlations."""
        from renp.figures.information import draw_information

        return draw_information(self)
