"""The limits of other experiments, and where a model stands among them."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renp.bounds.catalogue import Bound, catalogue
from renp.bounds.comparison import ModelComparison, limit_in_words
from renp.bounds.electron_moment import moment_bounds
from renp.errors import InputError
from renp.interactions.contract import check_model
from renp.references import references_of
from renp.results.base import Result, Table, provenance
from renp.validation import choice

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from renp.interactions.couplings import Interaction
    from renp.neutrinos import Neutrinos


@dataclass(frozen=True, eq=False, kw_only=True)
class Bounds(Result):
    """Every limit of the catalogue; with a model, its effective moments beside them."""

    comparisons: tuple[ModelComparison, ...]
    """Each entry, with the model's value where there is one."""
    with_model: bool
    """Whether a model was given."""

    @classmethod
    def compute(cls, neutrinos: "Neutrinos | None" = None, model: "Interaction | None" = None) -> "Bounds":
        """Return the catalogue, compared with a model if one is given.

        Moments, charges and radii are taken from the couplings at q² → 0, couplings of electrons from the
        mediators; solar neutrinos have vacuum-averaged weights, and Majorana pairs in stars count once.

        Parameters
        ----------
        neutrinos
            Give mixing and nature; needed with a model.
        model
            Any interaction, or None for the catalogue alone.

        Raises
        ------
        InputError
            For a model without neutrinos, or one that these neutrinos cannot have.

        Examples
        --------
        >>> import renp
        >>> found = Bounds.compute(renp.Neutrinos(0.01), renp.MagneticMoment({(1, 1): 3e-11}))
        >>> [c.verdict for c in found.comparisons if c.bound.key == "borexino-2017"]
        ['allowed']
        """
        entries = catalogue() + moment_bounds()
        if model is None:
            rows = tuple(ModelComparison(entry) for entry in entries)
        elif neutrinos is None:
            raise InputError("neutrinos", None, "given with a model, whose moments they mix")
        else:
            check_model(model, neutrinos)
            rows = _compare(entries, neutrinos, model)
        inputs = {} if model is None else {"neutrinos": neutrinos, "model": model}
        return cls(
            comparisons=rows,
            with_model=model is not None,
            made_by=provenance(references_of(entries), **inputs),
        )

    def table(self) -> Table:
        """Return one row for each entry; with a model, its value, the ratio to the limit and the verdict."""
        full = self.full_table()
        if not self.with_model:
            return full
        rows = []
        for row, comparison in zip(full.rows, self.comparisons, strict=True):
            verdict = (
                f"{comparison.verdict}: {comparison.remark}" if comparison.remark else comparison.verdict
            )
            rows.append((*row[:2], *row[3:8], verdict))
        return Table(full.title, (*full.columns[:2], *full.columns[3:9]), tuple(rows))

    def full_table(self) -> Table:
        """Return the table with the quantities that are limited, remarks and sources."""
        columns: tuple[str, ...] = ("experiment", "year", "quantity", "limit", "unit", "C.L.")
        if self.with_model:
            columns += ("model", "model/limit", "verdict", "remark")
        columns += ("source", "verified")
        rows = tuple(self._row(comparison) for comparison in self.comparisons)
        title = "Limits from elsewhere" + (", and the model" if self.with_model else "")
        return Table(title, columns, rows)

    def _row(self, comparison: ModelComparison) -> tuple[str | float | int, ...]:
        entry = comparison.bound
        cells: tuple[str | float | int, ...] = (
            entry.experiment,
            entry.year,
            entry.observable,
            limit_in_words(entry),
            entry.unit,
            f"{100 * entry.confidence_level:g} %",
        )
        if self.with_model:
            cells += (_number(comparison.effective), _number(comparison.ratio), comparison.verdict)
            cells += (comparison.remark,)
        source = f"arXiv:{entry.arxiv}" if entry.arxiv else entry.reference
        return (*cells, source, "yes" if entry.verified else "no")

    def json(self) -> dict[str, Any]:
        """Return the entries, each with its unit; moments in μ_B."""
        return {"model": self.with_model, "bounds": [self._entry(c) for c in self.comparisons]}

    def _entry(self, comparison: ModelComparison) -> dict[str, Any]:
        entry = comparison.bound
        content: dict[str, Any] = {
            "key": entry.key,
            "experiment": entry.experiment,
            "year": entry.year,
            "observable": entry.observable,
            "kind": entry.kind,
            "unit": entry.unit,
            "limit": entry.limit,
            "interval": None if entry.interval is None else list(entry.interval),
            "interval_meaning": entry.interval_meaning or None,
            "elements": entry.elements or None,
            "confidence_level": entry.confidence_level,
            "reference": entry.reference,
            "arxiv": entry.arxiv or None,
            "verified": entry.verified,
            "note": entry.note,
        }
        if self.with_model:
            content |= {
                "effective": _finite(comparison.effective),
                "ratio": _finite(comparison.ratio),
                "excluded": comparison.excluded,
                "verdict": comparison.verdict,
                "remark": comparison.remark,
            }
        return content

    def dataset(self) -> "xr.Dataset":
        """Return limits over the dimension entry, NaN where there is none; the model's values beside them.

        ``low`` and ``high`` are the ends of intervals; limits by element are in the JSON only.
        """
        import xarray as xr

        bounds = [comparison.bound for comparison in self.comparisons]
        intervals = [bound.interval or (math.nan, math.nan) for bound in bounds]
        numbers: dict[str, list[float]] = {
            "limit": [_or_nan(bound.limit) for bound in bounds],
            "low": [low for low, _ in intervals],
            "high": [high for _, high in intervals],
            "confidence_level": [bound.confidence_level for bound in bounds],
        }
        if self.with_model:
            numbers["effective"] = [_or_nan(c.effective) for c in self.comparisons]
            numbers["ratio"] = [_or_nan(c.ratio) for c in self.comparisons]
        texts = {
            name: [getattr(bound, name) for bound in bounds]
            for name in ("experiment", "observable", "kind", "unit", "reference")
        }
        return xr.Dataset(
            {name: ("entry", values) for name, values in (numbers | texts).items()},
            coords={"entry": [bound.key for bound in bounds]},
            attrs={"units": "of limit, low, high and effective: see the variable unit"},
        )

    def plot(self) -> "Figure":
        """Return a figure of the limits, one panel for each unit, with the model's values."""
        from renp.figures.bounds import draw_bounds

        return draw_bounds(self)


def _compare(
    entries: tuple[Bound, ...], neutrinos: "Neutrinos", model: "Interaction"
) -> tuple[ModelComparison, ...]:
    from renp.bounds.model import effective_value, electromagnetic_properties

    properties = electromagnetic_properties(model, neutrinos)
    of_electron = _electron_values(model)
    rows = []
    for entry in entries:
        if entry.kind in of_electron:
            value = of_electron[entry.kind]
            rows.append(ModelComparison(entry, value, compared=value is not None))
        else:
            value = effective_value(entry, properties, neutrinos)
            rows.append(ModelComparison(entry, value, value is not None and entry.kind != "charge-radius"))
    return tuple(rows)


def _electron_values(model: "Interaction") -> dict[str, float | None]:
    """Return what is exchanged does to electrons: the largest g_ae that it amounts to, its shift of a_e."""
    import jax.numpy as jnp

    from renp.bounds.electron_moment import axial_shift, pseudoscalar_shift
    from renp.bounds.light_mediators import CORE_TEMPERATURE, pseudoscalar_equivalent
    from renp.interactions.couplings import Model

    emitted, shifts = [], []
    for term in model.interactions if isinstance(model, Model) else (model,):
        electron = term.electron_coupling()
        if electron is None:
            continue
        kind, value, mass = electron
        axial = choice("kind of the electron's coupling", kind, ("axial", "pseudoscalar")) == "axial"
        coupling = pseudoscalar_equivalent(value, mass) if axial else jnp.abs(value)
        shifts.append(abs(float((axial_shift if axial else pseudoscalar_shift)(value, mass))))
        if mass < CORE_TEMPERATURE:
            emitted.append(float(coupling))
    return {"g_ae": max(emitted, default=None), "a_e": sum(shifts) if shifts else None}


def _number(value: float | None) -> str | float:
    if value is None:
        return ""
    return value if math.isfinite(value) else "unbounded"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
