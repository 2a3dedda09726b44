"""Results with short controls: what to show of them, and on which scale; nothing is computed anew."""

from typing import Any

import numpy as np

from renp.constants import DAY
from renp.results.base import Result
from renp.results.counts import Counts
from renp.results.limits import Limits
from renp.results.spectrum import Spectrum


def interactive(result: Result, theme: str) -> Any:
    """Return a Panel object that shows a result: a figure to zoom into, controls, and the table.

    Examples
    --------
    >>> import renp
    >>> spectrum = Spectrum.compute(renp.Atom.named("Yb"), renp.Neutrinos(0.01))
    >>> [widget.label for widget in renp.explore(spectrum)[0]]
    ['Parts', 'ratio to the standard model']
    """
    if isinstance(result, Spectrum):
        return _spectrum(result, theme)
    if isinstance(result, Counts):
        return _counts(result, theme)
    if isinstance(result, Limits):
        return _limits(result, theme)
    return _any(result)


def _spectrum(result: Spectrum, theme: str) -> Any:
    import panel as pn

    from renp.explorer.live import Curves
    from renp.explorer.look import LOOKS
    from renp.explorer.spectrum_plot import SpectrumPlot

    known = {"total": {}, "by pair": result.pairs, "by interaction": result.interactions}
    parts = pn.widgets.Select(
        label="Parts", options=[name for name, x in known.items() if x or name == "total"]
    )
    ratio = pn.widgets.Checkbox(label="ratio to the standard model")
    omega = result.photon_energy
    view = {
        "window": (float(omega.min()), float(omega.max()) if omega.size > 1 else float(omega.min()) + 1e-6)
    }

    def show(*_: Any) -> None:
        lines = Curves(
            omega, result.spectral_function, result.standard_model, known[parts.value], result.thresholds
        )
        plot.show(lines, view["window"], ratio=ratio.value)

    def zoomed(window: tuple[float, float] | None) -> None:
        view["window"] = window or (float(omega.min()), float(omega.max()))
        show()

    plot = SpectrumPlot("spectrum", LOOKS[theme], zoomed)
    for control in (parts, ratio):
        control.param.watch(show, "value")
    show()
    return pn.Column(pn.Row(parts, ratio), plot.figure, sizing_mode="stretch_width")


def _counts(result: Counts, theme: str) -> Any:
    import panel as pn

    from renp.explorer.charts import CountsChart
    from renp.explorer.look import LOOKS

    chart = CountsChart(LOOKS[theme])
    rate = pn.widgets.Checkbox(label="per day")

    def show(*_: Any) -> None:
        days = np.where(result.duration > 0, result.duration / DAY, 1.0) if rate.value else np.array(1.0)
        chart.show(result.photon_energy.tolist(), result.expected / days, result.standard_model / days)

    rate.param.watch(show, "value")
    show()
    return pn.Column(pn.Row(rate), chart.figure, _table(result), sizing_mode="stretch_width")


def _limits(result: Limits, theme: str) -> Any:
    import panel as pn

    from renp.explorer.charts import LimitsChart
    from renp.explorer.look import LOOKS

    chart = LimitsChart(LOOKS[theme], quantity=f"{result.kind} upper limit")
    kind = pn.widgets.Select(label="Couplings", options=list(result.limits))

    def show(*_: Any) -> None:
        names = {f"{kind.value} {label}": limit for label, limit in result.limits[kind.value].items()}
        before = {f"{kind.value} {label}": limit for label, limit in result.expected[kind.value].items()}
        chart.show(names, result.units[kind.value], before if result.kind == "observed" else None)

    kind.param.watch(show, "value")
    show()
    return pn.Column(pn.Row(kind), chart.figure, _table(result), sizing_mode="stretch_width")


def _any(result: Result) -> Any:
    """Return picture and table of a result, one of them at a time."""
    import matplotlib.pyplot as plt
    import panel as pn

    figure = result.plot()
    picture = pn.pane.Matplotlib(figure, format="svg", tight=False, sizing_mode="scale_width", max_width=900)
    plt.close(figure)
    table = _table(result)
    shown = pn.widgets.RadioButtonGroup(label="Show", options={"picture": picture, "table": table})
    body = pn.Column(picture, sizing_mode="stretch_width")
    shown.param.watch(lambda event: setattr(body, "objects", [event.new]), "value")
    return pn.Column(pn.Row(shown), body, sizing_mode="stretch_width")


def _table(result: Result) -> Any:
    import panel as pn

    return pn.pane.HTML(result._repr_html_(), sizing_mode="stretch_width")
