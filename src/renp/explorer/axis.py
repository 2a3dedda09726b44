"""An axis of photon energies that stays readable from electronvolts down to 10⁻⁵ eV at a threshold.

In a narrow window the axis shows the distance from a threshold in meV or μeV; its label says which.
"""

from typing import NamedTuple

from bokeh.models import CustomJSTicker, CustomJSTickFormatter
from bokeh.models.axes import LinearAxis

TICKS = 6

_NARROW = 2e-3
"""Windows narrower than this, eV, show distances."""

_TICKS_JS = """
const low = (cb_data.range.start - reference) / unit, high = (cb_data.range.end - reference) / unit
const rough = Math.max((high - low) / %d, 1e-9)
const power = Math.pow(10, Math.floor(Math.log10(rough)))
const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999)
const ticks = []
for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(reference + unit * k * step)
return ticks
"""

_LABEL_JS = """
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
    """Ticks and labels of a figure's horizontal axis, as its window moves."""

    def __init__(self, axis: LinearAxis) -> None:
        self._axis = axis
        arguments = {"reference": 0.0, "unit": 1.0}
        self._ticker = CustomJSTicker(args=dict(arguments), major_code=_TICKS_JS % TICKS)
        self._formatter = CustomJSTickFormatter(args=dict(arguments), code=_LABEL_JS)
        axis.ticker, axis.formatter = self._ticker, self._formatter

    def show(self, window: tuple[float, float], thresholds: dict[str, float]) -> None:
        """Count from where the window asks for."""
        found = origin(window, thresholds)
        arguments = {"reference": found.reference, "unit": found.unit}
        if self._ticker.args != arguments:
            self._ticker.args = dict(arguments)
            self._formatter.args = dict(arguments)
        self._axis.axis_label = found.label
