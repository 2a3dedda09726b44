"""What runs can tell apart, and how the parameters of a fit are correlated."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp._types import Reals
from renp.results.base import Result
from renp.results.columns import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_CELL = 0.33
"""Inches that a correlation's digits take."""


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

    columns = (
        Column("names", ("parameter",), "parameter", name="parameter"),
        Column("names", ("other",), json="", name="other"),
        Column("alone", ("parameter",), "error alone", json="", name=""),
        Column("errors", ("parameter",), "error with all others", name="error"),
        Column("strongest", ("parameter",), "strongest correlation", json="", name=""),
        Column("matrix", ("parameter", "other"), json="information", name="information"),
        Column("correlation", ("parameter", "other")),
        Column(lambda of: [direction.coefficients for direction in of.unseen], json="unseen"),
    )

    @property
    def rank(self) -> int:
        """Number of combinations of parameters that the data determine."""
        return len(self.names) - len(self.unseen)

    @property
    def alone(self) -> Reals:
        """Standard errors with all others known."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.sqrt(np.diag(self.matrix)))

    @property
    def strongest(self) -> list[str]:
        """The strongest correlation of each parameter, in words."""
        words = []
        for k in range(len(self.names)):
            others = np.abs(np.where(np.arange(len(self.names)) == k, 0.0, self.correlation[k]))
            most = int(np.argmax(others))
            words.append(f"{self.names[most]} ({self.correlation[k, most]:+.3f})" if others[most] > 0 else "")
        return words

    @property
    def title(self) -> str:
        """How many directions are seen."""
        return f"Fisher information: {self.rank} of {len(self.names)} directions are seen"

    def _draw(self) -> "Figure":
        """Return a figure of the correlations, with their numbers."""
        return draw_correlations(self.names, self.correlation)


@dataclass(frozen=True, eq=False, kw_only=True)
class Correlations(Result):
    """How the parameters of a fit are correlated."""

    names: tuple[str, ...]
    """Of the parameters that have a symmetric error: not those that are fixed, undetermined or at an end."""
    correlation: Reals
    """Of their coordinates, shape (p, p)."""

    columns = (
        Column("names", ("parameter",), "parameter", name="parameter"),
        Column("names", ("other",), json="", name="other"),
        Column("by_other", ("other", "parameter"), "{key}", json="", name=""),
        Column("correlation", ("parameter", "other")),
    )

    @property
    def by_other(self) -> dict[str, Reals]:
        """Correlations with each parameter by its name."""
        return dict(zip(self.names, self.correlation, strict=True))

    @property
    def title(self) -> str:
        """Of how many parameters they are."""
        return f"correlations of {len(self.names)} fitted parameters"

    def _draw(self) -> "Figure":
        """Return a figure of the correlations, with their numbers."""
        return draw_correlations(self.names, self.correlation)


def draw_correlations(names: tuple[str, ...], correlation: Reals) -> "Figure":
    """Return a figure of a matrix: its depth of colour is the strength, and numbers have the sign."""
    from renp.results.style import subplots

    size = max(3.2, 0.52 * len(names) + 2.2)
    figure, ((axes,),) = subplots((size + 0.8, size))
    draw_matrix(axes, names, correlation)
    return figure


def draw_matrix(axes: "Axes", names: tuple[str, ...], correlation: Reals) -> None:
    """Draw a matrix of correlations into a panel."""
    from renp.results.style import symbols

    labels = [symbols(name) for name in names]
    box = axes.get_window_extent()
    cell = min(box.width, box.height) / axes.figure.dpi / max(len(names), 1)
    image = axes.imshow(correlation, vmin=-1, vmax=1, cmap="PuOr")
    for (i, j), value in np.ndenumerate(correlation if cell > _CELL else np.zeros((0, 0))):
        colour = "white" if abs(value) > 0.55 else "black"
        text = f"{value:+.2f}".replace("-", "−") if i != j else "1"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(labels)), labels, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    axes.figure.colorbar(image, ax=axes, label="correlation", shrink=0.8, ticks=[-1, -0.5, 0, 0.5, 1])
