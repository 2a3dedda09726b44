"""The limits of other experiments, and where a model stands among them."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renp.bounds.catalogue import Bound, ModelComparison, catalogue, limit_in_words
from renp.bounds.electron_moment import moment_bounds
from renp.errors import InputError
from renp.interactions.contract import check_model
from renp.interactions.couplings import Interaction
from renp.neutrinos import Neutrinos
from renp.references import references_of
from renp.results.base import Result, provenance
from renp.results.columns import Column, Declared, Rows
from renp.results.table import Table
from renp.validation import choice, instance

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Bounds(Result):
    """Every limit of the catalogue; with a model, its effective moments beside them."""

    comparisons: tuple[ModelComparison, ...]
    """Each entry, with the model's value where there is one."""
    with_model: bool
    """Whether a model was given."""

    @property
    def columns(self) -> Declared:
        """What it consists of: with a model, its values too."""
        entries = (*_ENTRY, *_MODEL, *_SOURCE) if self.with_model else (*_ENTRY, *_SOURCE)
        units = "of limit, low, high and effective: see the variable unit"
        return (
            Column("with_model", json="model", name=""),
            Rows("comparisons", "entry", entries, json="bounds"),
            Column(lambda _: units, name="units"),
        )

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
            For a model without neutrinos, or with a fourth one, or one that these neutrinos cannot have.

        Examples
        --------
        >>> import renp
        >>> all_bounds = Bounds.compute(renp.Neutrinos(0.01), renp.MagneticMoment({(1, 1): 3e-11}))
        >>> [c.verdict for c in all_bounds.comparisons if c.bound.key == "borexino-2017"]
        ['allowed']
        """
        entries = catalogue() + moment_bounds()
        if model is None:
            rows = tuple(ModelComparison(entry) for entry in entries)
        elif neutrinos is None:
            raise InputError("neutrinos", None, "given with a model, whose moments they mix")
        else:
            instance("model", model, Interaction)
            instance("neutrinos", neutrinos, Neutrinos)
            if neutrinos.states > 3:
                few = "three: others' limits are for those"
                raise InputError("neutrinos", f"{neutrinos.states} states", few)
            check_model(model, neutrinos)
            rows = _compare(entries, neutrinos, model)
        inputs = {} if model is None else {"neutrinos": neutrinos, "model": model}
        return cls(
            comparisons=rows,
            with_model=model is not None,
            made_by=provenance(references_of([row.bound for row in rows]), **inputs),
        )

    @property
    def title(self) -> str:
        """Whether a model is among them."""
        return "Limits from elsewhere" + (", and the model" if self.with_model else "")

    def table(self) -> Table:
        """Return one row for each entry; with a model, its value, the ratio to the limit and the verdict."""
        full = self.full_table()
        if not self.with_model:
            return full
        table = full.only((*full.columns[:2], *full.columns[3:9]))
        remarks = [f": {comparison.remark}" if comparison.remark else "" for comparison in self.comparisons]
        rows = [(*row[:-1], f"{row[-1]}{remark}") for row, remark in zip(table.rows, remarks, strict=True)]
        return Table(table.title, table.columns, tuple(rows))

    def _draw(self) -> "Figure":
        """Return a figure of the limits, one panel for each unit, with the model's values."""
        from renp.results.bounds_plot import draw_bounds

        return draw_bounds(self)


def _number(value: float | None) -> str | float:
    if value is None:
        return ""
    return value if math.isfinite(value) else "unbounded"


_ENTRY = (
    Column("bound.key", name="entry"),
    Column("bound.experiment", heading="experiment"),
    Column("bound.year", heading="year", name=""),
    Column("bound.observable", heading="quantity"),
    Column("bound.kind"),
    Column("bound.limit"),
    Column(lambda c: limit_in_words(c.bound), heading="limit"),
    Column("bound.unit", heading="unit"),
    Column("bound.interval", name=""),
    Column(lambda c: (c.bound.interval or (math.nan, math.nan))[0], name="low"),
    Column(lambda c: (c.bound.interval or (math.nan, math.nan))[1], name="high"),
    Column(lambda c: c.bound.interval_meaning or None, json="interval_meaning"),
    Column(lambda c: c.bound.elements or None, json="elements"),
    Column("bound.confidence_level"),
    Column(lambda c: f"{100 * c.bound.confidence_level:g} %", heading="C.L."),
    Column("bound.reference"),
    Column(lambda c: c.bound.arxiv or None, json="arxiv"),
    Column("bound.note", name=""),
)
_MODEL = (
    Column("effective"),
    Column(lambda c: _number(c.effective), heading="model"),
    Column("ratio"),
    Column(lambda c: _number(c.ratio), heading="model/limit"),
    Column("excluded", name=""),
    Column("verdict", heading="verdict", name=""),
    Column("remark", heading="remark", name=""),
)
_SOURCE = (
    Column(lambda c: f"arXiv:{c.bound.arxiv}" if c.bound.arxiv else c.bound.reference, heading="source"),
    Column("bound.verified", heading="verified", name=""),
)


def _compare(
    entries: tuple[Bound, ...], neutrinos: "Neutrinos", model: "Interaction"
) -> tuple[ModelComparison, ...]:
    from renp.bounds.model import effective_value, electromagnetic_properties
    from renp.bounds.recast import recast_bounds

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
    rows += [
        ModelComparison(*row, compared=True)
        for term in _terms(model)
        for row in recast_bounds(term, neutrinos)
    ]
    return tuple(rows)


def _terms(model: "Interaction") -> "tuple[Interaction, ...]":
    from renp.interactions.couplings import Model

    return model.interactions if isinstance(model, Model) else (model,)


def _electron_values(model: "Interaction") -> dict[str, float | None]:
    """Return what is exchanged does to electrons: the largest g_ae that it amounts to, its shift of a_e."""
    import jax.numpy as jnp

    from renp.bounds.electron_moment import axial_shift, pseudoscalar_shift
    from renp.bounds.light_mediators import CORE_TEMPERATURE, pseudoscalar_equivalent

    emitted, shifts = [], []
    for term in _terms(model):
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
