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


_LONG = 28
"""Letters of a line of a parameter's name."""
_MANY = 8
"""Parameters above which columns have numbers, and names stand beside the rows alone."""


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
    from renp.results.style import subplots, trim

    size = max(3.2, 0.52 * len(names) + 1.6 + 0.07 * min(max(map(len, names)), _LONG))
    figure, ((axes,),) = subplots((size + 0.8, size))
    draw_matrix(axes, names, correlation, numbered=len(names) > _MANY)
    trim(figure)
    write_numbers(axes, correlation)
    return figure


def draw_matrix(axes: "Axes", names: tuple[str, ...], correlation: Reals, *, numbered: bool) -> None:
    """Draw a matrix of correlations into a panel, without the numbers in it.

    Its columns have the names of its rows, or are ``numbered``.
    """
    from renp.results.style import colour_bar, folded, letters, symbols

    labels = [folded(symbols(name), min(_LONG, letters(axes, 0.4))) for name in names]
    image = axes.imshow(100 * correlation, vmin=-100, vmax=100, cmap="PuOr")
    if numbered:
        labels = [f"{label}  {k + 1}" for k, label in enumerate(labels)]
        axes.set_xticks(range(len(labels)), [f"{k + 1}" for k in range(len(labels))])
    else:
        axes.set_xticks(range(len(labels)), labels, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    below = len(labels) if numbered else 0
    colour_bar(axes, image, below=below, label="correlation (%)", ticks=[-100, -50, 0, 50, 100])


def write_numbers(axes: "Axes", correlation: Reals) -> None:
    """Write the numbers into a matrix whose layout is done, as large as its cells, if they can be read."""
    from renp.results.style import size_in_cells

    size = size_in_cells(axes, len(correlation), len("+00"))
    for (i, j), value in np.ndenumerate(correlation if size else np.zeros((0, 0))):
        colour = "white" if abs(value) > 0.55 else "black"
        text = f"{100 * value:+.0f}".replace("-", "−") if i != j else "100"
        axes.text(j, i, text, ha="center", va="center", fontsize=size, color=colour)
