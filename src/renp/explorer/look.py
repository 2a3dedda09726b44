"""Colours and lines of the explorer: those of the package's figures, on light and on dark ground."""

from dataclasses import dataclass
from typing import Any

from bokeh import plotting

from renp.results.style import COLOURS, DASHES

MODEL = COLOURS["22"]
PLAN = COLOURS["11"]
OWN = COLOURS["33"]


@dataclass(frozen=True)
class Look:
    """Ground, ink and faint lines of one theme."""

    name: str
    ground: str
    ink: str
    faint: str
    bar: str
    wrong: str


LOOKS = {
    "light": Look("light", "#ffffff", "#1b1e23", "#c9ced6", "#d9dde3", "#b00020"),
    "dark": Look("dark", "#16191d", "#eceff3", "#464c55", "#3a4049", "#ff8a95"),
}


def dashes(pair: str) -> Any:
    """Return the dashes of a pair in Bokeh's units.

    Examples
    --------
    >>> dashes("11"), dashes("33")
    ([], [2, 2])
    """
    known = DASHES[pair]
    return [] if known == "solid" else [round(2 * length) for length in known[1]]


def part_styles(number: int) -> list[dict[str, Any]]:
    """Return colour and dashes of the parts of a spectrum, in the order of pairs."""
    names = list(COLOURS)
    return [
        {"line_color": COLOURS[names[k % 6]], "line_dash": dashes(names[(k + k // 6) % 6])}
        for k in range(number)
    ]


def paint(figure: plotting.figure, look: Look) -> None:
    """Give a figure the colours of a theme, and text that is read on a projector."""
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


CSS = """
:root { color-scheme: %(name)s; }
html, body { background: %(ground)s; color: %(ink)s; margin: 0; height: auto;
  font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif; }
*:focus-visible { outline: 2px solid #56B4E9; outline-offset: 1px; }
"""


def page_css(look: Look) -> str:
    """Return the style sheet of the page itself."""
    return CSS % vars(look)
