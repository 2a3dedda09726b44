"""The report of a reproduction: one self-contained page, figures as PDF, numbers as JSON."""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import matplotlib.pyplot as plt

from renp.bounds import borexino_table
from renp.datafiles import read_text
from renp.papers import letter, proceeding, real_atoms
from renp.papers.errata import errata
from renp.results.comparison import Comparison
from renp.results.mediators import draw_proceeding_figure_1
from renp.results.moments_plot import draw_proceeding_figure_2
from renp.results.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
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
    """Write report.html, the figures as PDF and numbers.json into a folder, figures as they are made.

    Parameters
    ----------
    folder
        An existing folder.
    progress
        Display that is told of each step.

    Returns
    -------
    Comparison
        The published and computed numbers of both papers.
    """
    step = _steps(progress)
    pictures: dict[str, Picture] = {}

    def draw(name: str, title: str, caption: str, figure: "Figure") -> None:
        pictures[name] = _picture(folder / f"{name}.pdf", title, caption, figure)

    step("letter: spectra")
    moments = letter.figure_2()
    draw("letter-figure-2", "Letter, figure 2", _MOMENTS, moments.plot())
    step("letter: limits")
    exposures = letter.figure_3()
    draw("letter-figure-3", "Letter, figure 3", _LIMITS, exposures.plot())
    proceeding_2 = draw_proceeding_figure_2(moments, exposures)
    draw("proceeding-figure-2", "Proceeding, figure 2", _PROCEEDING_2, proceeding_2)
    step("letter: numbers")
    printed = letter.numbers()
    tables = [letter.limits(10), letter.limits(100)]
    step("proceeding: spectra")
    mediators = proceeding.figure_1_spectra()
    step("proceeding: reach")
    masses = proceeding.figure_1_reach()
    proceeding_1 = draw_proceeding_figure_1(mediators, masses)
    draw("proceeding-figure-1", "Proceeding, figure 1", _MEDIATORS, proceeding_1)
    draw("mediator-reach", "Reach for every chirality and both natures", _REACH, masses.plot())
    step("plans")
    best = letter.plans()
    draw("plan", "Beyond the papers: the best plan", _PLAN, best["both"].plot())
    step("real atoms")
    atoms = real_atoms.rows()
    step("numbers")
    numbers = printed.numbers + proceeding.numbers(masses, mediators).numbers
    comparison = Comparison(numbers=numbers, made_by=printed.made_by)
    comparison.save(folder / "numbers.json")
    step("page")
    page = _render(
        comparison=comparison,
        pictures=[pictures[name] for name in _ORDER],
        limits=tables,
        plans=best,
        atoms=atoms,
        thresholds=moments.thresholds,
        mediator_masses=mediators.table(),
        borexino=borexino_table(letter.setup().neutrinos),
        errata=[(erratum, *erratum.values()) for erratum in errata()],
        scenarios={"letter": letter.setup().text, "vector-mediator": proceeding.setup().text},
        version=printed.made_by["renp"],
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    step("done")
    return comparison


def _steps(progress: "Progress") -> Callable[[str], None]:
    """Return what tells of each step as it begins: a bar at a terminal, a line where stderr is none."""
    task = progress.add_task("", total=_STEPS)
    begun = 0

    def step(what: str) -> None:
        nonlocal begun
        progress.update(task, completed=begun, description=what)
        begun += 1
        if not progress.console.is_terminal and not progress.disable and begun <= _STEPS:
            print(f"{begun}/{_STEPS} {what}", file=sys.stderr, flush=True)

    return step


def _render(**content: object) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(read_text("report.html.j2")).render(**content)


_STEPS = 9
_ORDER = (
    "letter-figure-2",
    "letter-figure-3",
    "proceeding-figure-1",
    "mediator-reach",
    "proceeding-figure-2",
    "plan",
)
"""Of the figures on the page."""

_MEDIATORS = (
    "Left: spectral function with a mediator whose couplings, diagonal and of the sizes that the text "
    "quotes, raise I(1.068 eV) by half; the mass that does so is found here, since the proceeding "
    "prints none (the two vector curves coincide, as only coupling over mass squared matters). Middle "
    "and right: expected limits at 90 % C.L. on the product of couplings, one element at a time, over "
    "the mass; where a mediator is on shell at one of the three photon energies, m² = q², the rate "
    "has a pole that only the mediator's width would cut off."
)
_REACH = (
    "As above for left- and right-handed vector, scalar and pseudoscalar couplings of Dirac and "
    "Majorana neutrinos. Limits are the larger of those for either sign of the product."
)
_PROCEEDING_2 = (
    "Spectral functions with one element of the electric (left) and magnetic (middle) moments, and "
    "the expected limits on both over the exposure (right: thick lines magnetic, thin lines "
    "electric)."
)
_PLAN = (
    "The photon energy and time that make the worst of the twelve limits smallest with the letter's target "
    "and 70 days. Middle: what time at each photon energy is worth by the prices that prove the optimum; "
    "it is largest where the plan runs, and nowhere larger."
)
_MOMENTS = (
    "Spectral function of Yb with one element of the magnetic (left) or electric (right) moments at a "
    "time, and without (black). Dots and grey lines mark the thresholds of the pairs of neutrinos; "
    "the lower row enlarges those of the two lighter ones. An off-diagonal element counts twice, as "
    "its mirror image is there too."
)
_LIMITS = (
    "Expected upper limits on the magnetic (left) and electric (right) moments, one element at a "
    "time, over the time at each of the seven photon energies. Green: Borexino's limits on the "
    "elements of the magnetic moments (arXiv:1707.09355). Grey band: the excess of XENON1T as the "
    "letter draws it (0.9 to 3.5; the collaboration's abstract has 1.4 to 2.9, in units of 10⁻¹¹ "
    "μ_B). White dwarfs and red giants bound the sum of squares of all moments."
)


def _picture(path: Path, title: str, caption: str, figure: "Figure") -> Picture:
    """Save a figure as PDF, and return it for the page."""
    buffer = BytesIO()
    with style():
        figure.savefig(path)
        figure.savefig(buffer, format="png", dpi=130)
    plt.close(figure)
    return Picture(title, caption, path.name, base64.b64encode(buffer.getvalue()).decode("ascii"))
