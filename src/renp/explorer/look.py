"""How the explorer looks: colours on light and dark ground, axes that stay readable, and tables."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

from bokeh import plotting
from bokeh.models import CustomJS, CustomJSTicker, CustomJSTickFormatter, Legend
from bokeh.models.axes import LinearAxis, LogAxis

from renp.explorer.theme import Look
from renp.results.style import COLOURS, DASHES

MODEL = COLOURS["22"]
PLAN = COLOURS["11"]
OWN = COLOURS["33"]


TABLE_CSS = """
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
td, th { padding: 3px 12px 3px 0; text-align: right; }
td { white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid currentColor; }
td.words, th.words { text-align: left; white-space: normal; }
td.long { min-width: 9em; }
.number { white-space: nowrap; }
tr.excluded td.verdict { font-weight: 700; }
:host { overflow-x: auto; }
"""


def symbol(unit: str) -> str:
    """Return a unit, or words, as they are set: μʙ and Γ₀ have their index."""
    return unit.replace("μ_B", "μʙ").replace("Γ_0", "Γ₀")


def html_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return an HTML table of text."""
    first = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"


def part_styles(number: int) -> list[dict[str, Any]]:
    """Return colour and dashes, in Bokeh's units, of the parts of a spectrum, in the order of pairs."""
    dashes: list[Any] = [
        [] if d == "solid" else [round(2 * length) for length in d[1]] for d in DASHES.values()
    ]
    colours = list(COLOURS.values())
    return [{"line_color": colours[k % 6], "line_dash": dashes[(k + k // 6) % 6]} for k in range(number)]


def paint(figure: plotting.figure, look: Look) -> None:
    """Give a figure the colours of a theme, and text that is read on a projector."""
    figure.toolbar.logo = None
    figure.background_fill_color = figure.border_fill_color = look.ground
    figure.outline_line_color = look.faint
    figure.title.text_color = look.ink
    figure.min_border_right = 16
    for axis in figure.axis:
        axis.axis_label_text_color = axis.major_label_text_color = look.ink
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = look.ink
        axis.axis_label_text_font_size, axis.major_label_text_font_size = "15px", "13px"
        axis.axis_label_text_font_style = "normal"
    for grid in figure.grid:
        grid.grid_line_color, grid.grid_line_alpha = look.faint, 0.4
    for legend in figure.legend:
        legend.background_fill_color, legend.border_line_color = look.ground, None
        legend.label_text_color, legend.label_text_font_size = look.ink, "13px"


_FOLD_JS = """
const labels = of_column.length ? of_column : legend.items.map(item => item.label.value)
const wide = labels.map(label => 34 + 7.5 * label.length), room = figure.inner_width + 40
const sum = wide.reduce((a, b) => a + b, 0), most = Math.max(...wide)
const columns = sum < room ? wide.length : Math.max(1, Math.min(wide.length, Math.floor(room / most)))
if (columns > 0) legend.setv({ncols: columns, spacing: columns < wide.length ? 4 : 14})
"""
"""A legend wider than its figure, as on a phone, would be cut."""


def fold(figure: plotting.figure, legend: Legend, of_column: Sequence[str] = ()) -> None:
    """Put a legend above its figure, in as many rows as it takes; labels that a column has are given."""
    legend.update(orientation="horizontal", margin=2, padding=2, spacing=14)
    if legend not in figure.above:
        figure.add_layout(legend, "above")
    args = {"legend": legend, "figure": figure, "of_column": list(of_column)}
    again = CustomJS(args=args, code=_FOLD_JS)
    figure.js_on_change("inner_width", again)
    legend.js_on_change("items", again)


def repaint(figure: plotting.figure, before: Look, after: Look) -> None:
    """Turn a figure's colours of one theme into those of another."""
    other = {value: getattr(after, name) for name, value in vars(before).items()}
    for model in figure.references():
        for name in model.properties():
            if name.endswith("color") and isinstance(value := getattr(model, name), str) and value in other:
                setattr(model, name, other[value])


_LOG_TICKS_JS = """
if (!(cb_data.range.start > 0 && cb_data.range.end < Infinity)) return []
const low = Math.floor(Math.log10(cb_data.range.start)), high = Math.ceil(Math.log10(cb_data.range.end))
const factors = high - low <= 2 ? [1, 2, 3, 5] : high - low <= 4 ? [1, 3] : [1]
const ticks = []
for (let power = low; power <= high; power++)
  for (const factor of factors) ticks.push(factor * Math.pow(10, power))
return ticks.filter(tick => cb_data.range.start <= tick && tick <= cb_data.range.end)
"""
"""Writes numbers also where less than a decade is shown."""

_POWERS_JS = """
const power = Math.floor(Math.log10(tick) + 1e-9)
if (power >= -2 && power <= 3) return String(Number(tick.toPrecision(3)))
const mantissa = Number((tick / Math.pow(10, power)).toPrecision(3))
const raised = Array.from(String(power)).map(c => c == "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("")
return (mantissa == 1 ? "10" : mantissa + "·10") + raised
"""
"""Writes 2·10⁻¹¹ below a logarithmic axis."""

_SIZE_JS = "tick = Math.pow(10, tick)" + _POWERS_JS
"""The same for a slider that has the logarithm."""


def size_formatter() -> CustomJSTickFormatter:
    """Return what writes the values of a slider of logarithms."""
    return CustomJSTickFormatter(code=_SIZE_JS)


def write_powers(axis: LogAxis, *, between: bool = False) -> None:
    """Label a logarithmic axis with powers of ten, and between them where less than a few are shown."""
    if between:
        axis.ticker = CustomJSTicker(major_code=_LOG_TICKS_JS)
    axis.formatter = CustomJSTickFormatter(code=_POWERS_JS)


_NARROW = 2e-3
"""Windows narrower than this, eV, show distances from a threshold."""

_ENERGY_TICKS_JS = """
const low = (cb_data.range.start - reference) / unit, high = (cb_data.range.end - reference) / unit
const rough = Math.max((high - low) / 6, 1e-9)
const power = Math.pow(10, Math.floor(Math.log10(rough)))
const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999)
const ticks = []
for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(reference + unit * k * step)
return ticks
"""

_ENERGY_LABEL_JS = """
const values = ticks.map(one => (one - reference) / unit)
const gap = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(values[0]) || 1
const digits = Math.max(0, Math.min(12, -Math.floor(Math.log10(gap * 1.001))))
const shown = values[index].toFixed(digits)
return (Number(shown) === 0 ? (0).toFixed(digits) : shown).replace("-", "−")
"""


class Origin(NamedTuple):
    """Where an axis counts from, in which unit, and how that is said."""

    reference: float
    unit: float
    label: str


def origin(window: tuple[float, float], thresholds: dict[str, float]) -> Origin:
    """Return where the axis of a window counts from: from a threshold in it or nearest to it if it is narrow.

    Examples
    --------
    >>> origin((1.06, 1.07), {"33": 1.0693}).label
    'trigger photon energy ω (eV)'
    >>> origin((1.06929, 1.06931), {"33": 1.0693}).label
    'ω − ω₃₃ (μeV),  ω₃₃ = 1.069300000 eV'
    """
    low, high = window
    if high - low >= _NARROW or not thresholds:
        return Origin(0.0, 1.0, "trigger photon energy ω (eV)")
    middle = (low + high) / 2
    pair, edge = min(thresholds.items(), key=lambda item: abs(item[1] - middle))
    name = "ω" + pair.translate(str.maketrans("123", "₁₂₃"))
    unit, words = (1e-3, "meV") if high - low > 2e-4 else (1e-6, "μeV")
    return Origin(edge, unit, f"ω − {name} ({words}),  {name} = {edge:.9f} eV")


class EnergyAxis:
    """An axis of photon energies, readable from electronvolts down to 10⁻⁵ eV at a threshold.

    In a narrow window it shows the distance from a threshold in meV or μeV; its label says which.
    """

    def __init__(self, axis: LinearAxis) -> None:
        self._axis = axis
        arguments = {"reference": 0.0, "unit": 1.0}
        axis.ticker = CustomJSTicker(args=dict(arguments), major_code=_ENERGY_TICKS_JS)
        axis.formatter = CustomJSTickFormatter(args=dict(arguments), code=_ENERGY_LABEL_JS)

    def show(self, window: tuple[float, float], thresholds: dict[str, float]) -> None:
        """Count from where the window asks for."""
        found = origin(window, thresholds)
        arguments = {"reference": found.reference, "unit": found.unit}
        if self._axis.ticker.args != arguments:
            self._axis.ticker.args = dict(arguments)
            self._axis.formatter.args = dict(arguments)
        self._axis.axis_label = found.label
