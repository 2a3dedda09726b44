"""The report of a reproduction: one self-contained page, figures as PDF, numbers as JSON."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import matplotlib.pyplot as plt

from renp.datafiles import read_text
from renp.papers import letter
from renp.results import Result
from renp.results.comparison import Comparison

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass(frozen=True)
class Picture:
    """A figure on the page."""

    title: str
    caption: str
    file: str
    data: str
    """PNG in base64."""


def write_report(folder: Path, progress: "Progress") -> Comparison:
    """Write report.html, figure-2.pdf, figure-3.pdf and numbers.json into a folder.

    Parameters
    ----------
    folder
        An existing folder.
    progress
        Display that is told of each step.

    Returns
    -------
    Comparison
        The published and computed numbers.
    """
    task = progress.add_task("reproducing the letter", total=6)

    def step(what: str) -> None:
        progress.update(task, advance=1, description=what)

    spectra = letter.figure_2()
    step("figure 2")
    first = _picture(folder, "figure-2", spectra, "Figure 2", _CAPTION_2)
    step("limits")
    curves = letter.figure_3()
    step("figure 3")
    second = _picture(folder, "figure-3", curves, "Figure 3", _CAPTION_3)
    step("numbers")
    comparison = letter.numbers()
    comparison.save(folder / "numbers.json")
    step("page")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(read_text("report.html.j2")).render(
        comparison=comparison,
        pictures=[first, second],
        limits=[letter.limits(10), letter.limits(100)],
        thresholds=spectra.thresholds,
        scenario=letter.setup().text,
        version=comparison.made_by["renp"],
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    step("done")
    return comparison


_CAPTION_2 = (
    "Spectral function of Yb with one element of the magnetic (left) or electric (right) moments at a time, "
    "and without (black). Dots and grey lines mark the thresholds of the pairs of neutrinos; the lower row "
    "enlarges those of the two lighter ones. An off-diagonal element counts twice, as its mirror image is "
    "there too."
)
_CAPTION_3 = (
    "Expected upper limits on the magnetic (left) and electric (right) moments, one element at a time, over "
    "the time at each of the seven photon energies. Green: Borexino's limits on the elements of the magnetic "
    "moments (arXiv:1707.09355). Grey band: the excess of XENON1T as the letter draws it (0.9 to 3.5; the "
    "collaboration's abstract has 1.4 to 2.9, in units of 10⁻¹¹ μ_B). White dwarfs and red giants bound the "
    "sum of squares of all moments."
)


def _picture(folder: Path, name: str, result: Result, title: str, caption: str) -> Picture:
    result.save(folder / f"{name}.pdf")
    figure = result.plot()
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(title, caption, f"{name}.pdf", data)
