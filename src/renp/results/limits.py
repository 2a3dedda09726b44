"""Upper limits on the elements of the coupling matrices."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits(Result):
    """Upper limits, one element at a time; moments in μ_B, infinite where nothing is sensitive."""

    confidence_level: float
    kind: str
    """"expected" (the data are the standard model's expectation) or "observed"."""
    limits: dict[str, dict[str, float]]
    """``limits["magnetic-moment"]["11"]``."""

    def table(self) -> Table:
        """Return one row for each element, one column for each kind of coupling."""
        kinds = tuple(self.limits)
        elements = tuple(self.limits[kinds[0]])
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (e, *(self.limits[kind][e] for kind in kinds)) for e in elements
        )
        columns = tuple(f"{kind} (μ_B)" for kind in kinds)
        level = f"{100 * self.confidence_level:g} % C.L."
        title = f"{self.kind} upper limits at {level}, one element at a time beside the standard model"
        return Table(title, ("element", *columns), rows)

    def json(self) -> dict[str, Any]:
        """Return the limits; null where nothing is sensitive."""
        finite = {
            kind: {e: x if math.isfinite(x) else None for e, x in of_kind.items()}
            for kind, of_kind in self.limits.items()
        }
        return {"confidence_level": self.confidence_level, "kind": self.kind, "limits": finite}

    def dataset(self) -> "xr.Dataset":
        """Return one variable for each kind over the dimension element."""
        import xarray as xr

        return xr.Dataset(
            {
                kind: ("element", list(of_kind.values()), {"units": "μ_B"})
                for kind, of_kind in self.limits.items()
            },
            coords={"element": list(next(iter(self.limits.values())))},
            attrs={"confidence_level": self.confidence_level, "kind": self.kind},
        )

    def plot(self) -> "Figure":
        """Return a figure of the limits, element by element."""
        from renp.figures.limits import draw_limits

        return draw_limits(self)
