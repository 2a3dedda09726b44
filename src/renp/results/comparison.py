"""Published numbers beside computed ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Number:
    """One published number."""

    key: str
    quantity: str
    published: float
    source: str
    computed: float
    remark: str = ""

    @property
    def ratio(self) -> float:
        """Computed over published."""
        return self.computed / self.published


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Result):
    """Published numbers, what was computed, and their ratio."""

    numbers: tuple[Number, ...]
    """In the order of the papers."""

    def table(self) -> Table:
        """Return quantity, published, computed, ratio and source."""
        rows = tuple(
            (n.quantity, f"{n.published:g}", f"{n.computed:.4g}", f"{n.ratio:.3g}", n.source)
            for n in self.numbers
        )
        columns = ("quantity", "published", "computed", "ratio", "source")
        return Table("Published and computed", columns, rows)

    def json(self) -> dict[str, Any]:
        """Return the numbers with their remarks."""
        return {
            "numbers": [
                {
                    "key": n.key,
                    "quantity": n.quantity,
                    "published": n.published,
                    "computed": n.computed,
                    "ratio": n.ratio,
                    "source": n.source,
                    "remark": n.remark,
                }
                for n in self.numbers
            ]
        }

    def dataset(self) -> "xr.Dataset":
        """Return published, computed and ratio over the dimension quantity."""
        import xarray as xr

        return xr.Dataset(
            {
                "published": ("quantity", [n.published for n in self.numbers]),
                "computed": ("quantity", [n.computed for n in self.numbers]),
                "ratio": ("quantity", [n.ratio for n in self.numbers]),
            },
            coords={"quantity": [n.key for n in self.numbers]},
        )

    def plot(self) -> "Figure":
        """Return a figure of the ratios."""
        from renp.figures.comparison import draw_comparison

        return draw_comparison(self)
