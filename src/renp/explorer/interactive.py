"""Results with the controls that they declare; nothing is computed anew."""

from collections.abc import Callable
from typing import Any, TypeAlias

import matplotlib.pyplot as plt
import numpy as np
import panel as pn

from renp.explorer.charts import CountsChart, LimitsChart
from renp.explorer.fields import WIDE, Picture, html
from renp.explorer.live import Curves
from renp.explorer.spectrum_plot import SpectrumPlot
from renp.explorer.theme import LOOKS
from renp.results.base import Control, Result
from renp.results.counts import Counts
from renp.results.limits import Limits
from renp.results.spectrum import Spectrum

Shown: TypeAlias = tuple[list[Any], Callable[..., None]]
"""What stands below the controls, and how it is drawn with their values."""

_CHOSEN = ".bk-tab.bk-active { color: inherit; background: none; }"
"""Panel's is as black as a dark notebook."""


def interactive(result: Result, theme: str) -> Any:
    """Return a Panel object that shows a result: its controls, its picture, and the table.

    Examples
    --------
    >>> import renp
    >>> spectrum = Spectrum.compute(renp.Atom.named("Yb"), renp.Neutrinos(0.01))
    >>> [widget.label for widget in renp.explore(spectrum)[0]]
    ['Parts', 'ratio to the standard model']
    """
    if isinstance(result, Spectrum):
        shown, draw = _spectrum(result, theme)
    elif isinstance(result, Counts):
        shown, draw = _counts(result, theme)
    elif isinstance(result, Limits):
        shown, draw = _limits(result, theme)
    else:
        shown, draw = _picture(result)
    widgets = {control.name: _widget(control, result) for control in result.controls}

    def redraw(*_: Any) -> None:
        draw(**{name: widget.value for name, widget in widgets.items()})

    for widget in widgets.values():
        widget.param.watch(redraw, "value")
    redraw()
    return pn.Column(pn.Row(*widgets.values()), *shown, **WIDE)


def _widget(control: Control, result: Result) -> Any:
    if control.options is None:
        return pn.widgets.Checkbox(label=control.label)
    return pn.widgets.Select(label=control.label, options=list(control.options(result)))


def _spectrum(result: Spectrum, theme: str) -> Shown:
    omega, standard = result.photon_energy, result.standard_model
    low, high = float(omega.min()), float(omega.max())
    usual = (low, high if omega.size > 1 else low + 1e-6)
    view: dict[str, Any] = {"window": usual}

    def draw(parts: str, ratio: bool) -> None:
        view["chosen"] = (parts, ratio)
        lines = Curves(omega, result.spectral_function, standard, result.parts()[parts], result.thresholds)
        plot.show(lines, view["window"], ratio=ratio)

    def zoomed(window: tuple[float, float] | None) -> None:
        view["window"] = window or usual
        draw(*view["chosen"])

    plot = SpectrumPlot("spectrum", LOOKS[theme], zoomed)
    return [plot.figure], draw


def _counts(result: Counts, theme: str) -> Shown:

    chart = CountsChart(LOOKS[theme])

    def draw(per_day: bool) -> None:
        days = result.days if per_day else np.array(1.0)
        chart.show(result.photon_energy.tolist(), result.expected, result.standard_model, days)

    return [chart.figure, _table(result)], draw


def _limits(result: Limits, theme: str) -> Shown:

    chart = LimitsChart(LOOKS[theme], quantity=f"{result.kind} upper limit")

    def draw(couplings: str) -> None:
        limits, expected = (
            {f"{couplings} {label}": limit for label, limit in of[couplings].items()}
            for of in (result.limits, result.expected)
        )
        beside = expected if result.kind == "observed" else None
        chart.show(limits, result.units[couplings], beside, words=(result.kind, "expected"))

    return [chart.figure, _table(result)], draw


def _picture(result: Result) -> Shown:
    """Return picture and table of any other result, one of them at a time."""
    picture = Picture(None, format="svg", tight=False, sizing_mode="scale_width", max_width=900)

    def draw(**chosen: Any) -> None:
        picture.object = result.plot(**chosen)
        plt.close(picture.object)

    return [pn.Tabs(("picture", picture), ("table", _table(result)), stylesheets=[_CHOSEN])], draw


def _table(result: Result) -> Any:
    return html(result._repr_html_())
