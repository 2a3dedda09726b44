"""Upper limits on the elements of the coupling matrices."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renp.results.base import Result, Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

SIGNS = ("either", "positive", "negative")
"""Of a coupling that interferes: limits are for one sign, or the weaker of the two."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits(Result):
    """Upper limits on the size of couplings, infinite where nothing is sensitive; what they mean is said."""

    confidence_level: float
    """Of the limits."""
    kind: str
    """"expected" (the data are the standard model's expectation) or "observed"."""
    method: str
    """How they are defined: see `renp.inference.upper_limits`."""
    profiled: bool
    """Whether all other couplings were free; otherwise they were 0."""
    units: dict[str, str]
    """Unit of each kind of coupling."""
    limits: dict[str, dict[str, float]]
    """``limits["magnetic-moment"]["11"]``; NaN where no search converged."""
    expected: dict[str, dict[str, float]]
    """What the standard model's expectation would give."""
    ends: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """For couplings that have a sign, both ends of the interval; the limit is the one further from 0."""
    bands: dict[str, dict[str, tuple[float, ...]]] | None = None
    """What the standard model would give within −2, −1, 0, 1, 2 standard deviations."""
    failed: tuple[str, ...] = ()
    """Couplings for which a search did not converge."""
    p_values: dict[str, dict[str, float]] | None = None
    """Of the best fit of each coupling to observed counts, as `renp.fit` has it: where it is tiny, the
    coupling does not describe the counts, and its limit says little. None for expected limits."""

    def limit(self, kind: str, label: str, sign: str = "either") -> float:
        """Return one limit; for a coupling that has a sign, that for one of the signs if asked for.

        With counts the whole interval may lie on one side of 0: the limit for the other sign is then below 0.
        """
        ends = self.ends.get(kind, {}).get(label)
        if ends is None or sign == "either":
            return self.limits[kind][label]
        return ends[1] if sign == "positive" else -ends[0]

    def table(self) -> Table:
        """Return one row for each element and one column for each kind; with more to show, a row for each."""
        others = "all couplings profiled" if self.profiled else "one coupling at a time"
        level = f"{100 * self.confidence_level:g} % C.L."
        title = f"{self.kind} upper limits at {level} ({self.method}), {others} beside the standard model"
        if any(math.isinf(x) for of_kind in self.limits.values() for x in of_kind.values()):
            title += "; none: no run is sensitive to it"
        labels = {tuple(of_kind) for of_kind in self.limits.values()}
        if self.kind == "expected" and self.bands is None and not self.ends and len(labels) == 1:
            columns = tuple(f"{kind} ({self.units[kind]})" for kind in self.limits)
            rows: tuple[tuple[str | float, ...], ...] = tuple(
                (e, *(x[e] for x in self.limits.values())) for e in labels.pop()
            )
            return Table(title, ("element", *columns), rows)
        signs = "; from, to: where a coupling has a sign, both ends" if self.ends else ""
        return Table(title + signs, *self._long())

    def _long(self) -> tuple[tuple[str, ...], tuple[tuple[str | float, ...], ...]]:
        columns = ["coupling", "unit", self.kind, *(("from", "to") if self.ends else ())]
        if self.kind == "observed":
            columns.append("expected")
        if self.bands is not None:
            columns += ["−2σ", "−1σ", "median", "+1σ", "+2σ"]
        if self.p_values is not None:
            columns.append("p of the fit")
        rows = []
        for kind, of_kind in self.limits.items():
            for label, limit in of_kind.items():
                row: list[str | float] = [f"{kind} {label}", self.units[kind] or "as given", limit]
                if self.ends:
                    row += self.ends.get(kind, {}).get(label, ("", ""))
                if self.kind == "observed":
                    row.append(self.expected[kind][label])
                if self.bands is not None:
                    row += self.bands[kind][label]
                if self.p_values is not None:
                    row.append(self.p_values[kind][label])
                rows.append(tuple(row))
        return tuple(columns), tuple(rows)

    def json(self) -> dict[str, Any]:
        """Return the limits; null where nothing is sensitive."""
        content: dict[str, Any] = {
            "confidence_level": self.confidence_level,
            "kind": self.kind,
            "method": self.method,
            "profiled": self.profiled,
            "units": self.units,
            "limits": _nested(self.limits),
            "expected": _nested(self.expected),
            "ends": _nested(self.ends),
            "failed": list(self.failed),
        }
        if self.bands is not None:
            content["bands"] = _nested(self.bands)
        if self.p_values is not None:
            content["p_values"] = _nested(self.p_values)
        return content

    def dataset(self) -> "xr.Dataset":
        """Return one variable for each kind over the dimension element."""
        import xarray as xr

        variables = {}
        for kind, of_kind in self.limits.items():
            unit, axis = {"units": self.units[kind]}, ("element", list(of_kind))
            variables[kind] = xr.DataArray(list(of_kind.values()), coords=[axis], attrs=unit)
            expected = list(self.expected[kind].values())
            variables[f"{kind} expected"] = xr.DataArray(expected, coords=[axis], attrs=unit)
            if kind in self.ends:
                end = ("end", ["from", "to"])
                values = [self.ends[kind].get(label, (math.nan, math.nan)) for label in of_kind]
                variables[f"{kind} ends"] = xr.DataArray(values, coords=[axis, end], attrs=unit)
            if self.p_values is not None:
                fits = list(self.p_values[kind].values())
                variables[f"{kind} p-value"] = xr.DataArray(fits, coords=[axis])
            if self.bands is not None:
                band = ("deviation", [-2, -1, 0, 1, 2])
                quantiles = list(self.bands[kind].values())
                variables[f"{kind} band"] = xr.DataArray(quantiles, coords=[axis, band], attrs=unit)
        meaning = {"method": self.method, "profiled": int(self.profiled)}
        attrs = {"confidence_level": self.confidence_level, "kind": self.kind} | meaning
        return xr.Dataset(variables, attrs=attrs)

    def plot(self) -> "Figure":
        """Return a figure of the limits, element by element."""
        from renp.figures.limits import draw_limits

        return draw_limits(self)


def _nested(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _nested(value) for key, value in values.items()}
    if isinstance(values, tuple):
        return [_nested(value) for value in values]
    return values if math.isfinite(values) else None
