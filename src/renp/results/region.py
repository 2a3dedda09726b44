"""The moments that remain when several limits hold together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp.results.base import Result
from renp.results.columns import Column

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Region(Result):
    """How large each element may be while all others are free; μ_B, infinite where nothing limits it."""

    confidence_level: float
    """Of the region."""
    world_keys: tuple[str, ...]
    """Entries of the catalogue of limits that hold."""
    renp: dict[str, float]
    """Within the limits of RENP alone."""
    world: dict[str, float]
    """Within the others' alone."""
    together: dict[str, float]
    """Within both."""

    columns = (
        Column("confidence_level"),
        Column("world_keys"),
        Column(lambda region: list(region.renp), ("element",), "element"),
        Column("renp", ("element",), "RENP", "μ_B", shown=""),
        Column("world", ("element",), "world", "μ_B", shown=""),
        Column("together", ("element",), "together", "μ_B", shown=""),
    )

    @property
    def title(self) -> str:
        """What is shown, and which limits of the world hold."""
        return f"largest moments (μ_B) with all others free; world: {', '.join(self.world_keys) or 'nothing'}"

    def _draw(self) -> "Figure":
        """Return a figure of the largest elements, by set of limits."""
        from renp.results.style import decades, legend, name_places, subplots

        shown = (
            ("RENP", self.renp, "#0072B2", "o"),
            ("world", self.world, "#D55E00", "s"),
            ("together", self.together, "black", "_"),
        )
        figure, ((axes,),) = subplots((0.5 * len(self.renp) + 2.2, 4.6))
        for label, values, colour, marker in shown:
            heights = np.array([x if np.isfinite(x) else np.nan for x in values.values()])
            axes.plot(np.arange(len(values)), heights, marker, color=colour, label=label, markersize=9)
        decades(axes, "y", *(list(of.values()) for of in (self.renp, self.world, self.together)))
        name_places(axes, self.renp)
        axes.set_ylabel(r"largest element, all others free ($\mu_B$)")
        legend(figure)
        return figure
