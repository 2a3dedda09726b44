"""The moments that remain when several limits hold together."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
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

    def table(self) -> Table:
        """Return one row for each element."""
        rows = tuple((name, self.renp[name], self.world[name], self.together[name]) for name in self.renp)
        title = (
            f"largest moments (μ_B) with all others free; world: {', '.join(self.world_keys) or 'nothing'}"
        )
        return Table(title, ("element", "RENP", "world", "together"), rows)

    def json(self) -> dict[str, Any]:
        """Return the largest elements; null where there is no limit."""
        kinds = {"renp": self.renp, "world": self.world, "together": self.together}
        return {
            "confidence_level": self.confidence_level,
            "world_keys": list(self.world_keys),
        } | {
            kind: {name: x if math.isfinite(x) else None for name, x in values.items()}
            for kind, values in kinds.items()
        }

    def dataset(self) -> "xr.Dataset":
        """Return one variable for each set of limits over the elements."""
        import xarray as xr

        kinds = {"renp": self.renp, "world": self.world, "together": self.together}
        return xr.Dataset(
            {kind: ("element", list(values.values()), {"units": "μ_B"}) for kind, values in kinds.items()},
            coords={"element": list(self.renp)},
        )

    def plot(self) -> "Figure":
        """Return a figure of the largest elements, by set of limits."""
        from renp.figures.region import draw_region

        return draw_region(self)
