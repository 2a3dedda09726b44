"""Published numbers beside computed ones."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renp.datafiles import read_toml
from renp.results.base import Result
from renp.results.columns import Column, Rows

if TYPE_CHECKING:
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
    within: tuple[float, float] = (0.95, 1.05)
    """Ratios that the sentence allows; by default those of a number given to two digits."""
    command: str = ""
    """What shows it, besides `renp reproduce`."""

    @classmethod
    def read(cls, file: str, computed: Mapping[str, float]) -> "tuple[Number, ...]":
        """Return the numbers of a data file beside those computed, by their keys."""
        return tuple(
            cls(computed=computed[entry["key"]], **entry | {"within": tuple(entry.get("within", cls.within))})
            for entry in read_toml(file)["number"]
        )

    @property
    def ratio(self) -> float:
        """Computed over published; 0 where both vanish."""
        return self.computed / self.published if self.published else self.computed

    @property
    def verdict(self) -> str:
        """Whether the ratio is one that the sentence allows."""
        return "holds" if self.within[0] <= self.ratio <= self.within[1] else "differs"


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Result):
    """Published numbers, what was computed, and their ratio."""

    numbers: tuple[Number, ...]
    """In the order of the papers."""

    title = "Published and computed"
    columns = (
        Rows(
            "numbers",
            "quantity",
            (
                Column("key", name="quantity"),
                Column("quantity", heading="quantity", name=""),
                Column("published"),
                Column("computed"),
                Column("ratio"),
                Column(lambda n: f"{n.published:g}", heading="published"),
                Column(lambda n: f"{n.computed:.4g}", heading="computed"),
                Column(lambda n: f"{n.ratio:.3g}", heading="ratio"),
                Column("verdict", heading="verdict", name=""),
                Column("source", heading="source", name=""),
                Column("command", name=""),
                Column("remark", name=""),
            ),
        ),
    )

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """The remarks."""
        return tuple(f"{n.quantity}: {n.remark}" for n in self.numbers if n.remark)

    def _draw(self) -> "Figure":
        """Return a figure of computed over published for every number."""
        from matplotlib.ticker import NullFormatter

        from renp.results.style import enlarged, folded, sized, subplots, symbols

        letters = round(56 * min(1.0, sized((7.8, 1.0))[0] / 7.8))
        names = [folded(symbols(number.quantity), letters) for number in self.numbers]
        height = 0.28 * sum(1 + name.count("\n") / 2 for name in names) + 1.2
        figure, ((axes,),) = subplots((7.8, height))
        places = range(len(self.numbers))
        axes.axvspan(0.95, 1.05, color="0.9")
        axes.axvline(1, color="0.5", linewidth=0.8)
        axes.plot([n.ratio if n.ratio > 0 else math.nan for n in self.numbers], places, "o", color="#0072B2")
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.08), max(high, 12))  # a label on either side, at least
        axes.set_yticks(places, names, fontsize=enlarged(8))
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        axes.invert_yaxis()
        axes.set_xlabel(folded("computed / published (band: 5 %)", letters))
        return figure
