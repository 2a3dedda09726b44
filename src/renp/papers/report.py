"""The report of a reproduction: one self-contained page, figures as PDF, numbers as JSON."""

import base64
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import matplotlib.pyplot as plt

from renp.bounds import borexino_table
from renp.datafiles import read_text, write
from renp.papers import circular_light, claims, companion, letter, proceeding, real_atoms
from renp.papers.errata import ERRATA
from renp.results.comparison import Comparison
from renp.results.mediators import draw_proceeding_figure_1
from renp.results.moments import draw_contrast, draw_proceeding_figure_2
from renp.results.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.progress import Progress

_STEPS = 13


def write_report(folder: Path, progress: "Progress") -> Comparison:
    """Write report.html, figures as PDF and numbers.json into a folder; return the numbers of both papers."""
    step = _steps(progress)
    pictures: dict[str, str] = {}

    def draw(name: str, figure: "Figure") -> None:
        pictures[name] = _picture(folder / f"{name}.pdf", figure)

    step("letter: spectra")
    moments = letter.figure_2()
    draw("letter-figure-2", moments.plot())
    draw("contrast", draw_contrast(moments))
    step("letter: limits")
    exposures = letter.figure_3()
    draw("letter-figure-3", exposures.plot())
    draw("proceeding-figure-2", draw_proceeding_figure_2(moments, exposures))
    step("letter: numbers")
    printed = letter.numbers()
    tables = [letter.limits(10), letter.limits(100)]
    step("proceeding: spectra")
    mediators = proceeding.figure_1_spectra()
    step("proceeding: reach")
    masses = proceeding.figure_1_reach()
    draw("proceeding-figure-1", draw_proceeding_figure_1(mediators, masses))
    draw("mediator-reach", masses.plot())
    step("proceeding: existing limits")
    advantage = proceeding.advantage(masses)
    draw("advantage", advantage.plot())
    step("plans")
    best = letter.plans()
    draw("plan", best["both"].plot())
    step("real atoms")
    atoms, effects = real_atoms.rows(), real_atoms.effect_rows()
    step("circular light")
    draw("helicity-asymmetry", _styled(circular_light.draw))
    lights = circular_light.light_rows()
    step("claims")
    said = claims.claims(advantage)
    step("companion")
    draw("companion", _styled(companion.draw))
    told = {element: companion.identification(element) for element in ("33", "11")}
    step("numbers")
    numbers = printed.numbers + proceeding.numbers(masses, mediators).numbers + said.numbers
    comparison = Comparison(numbers=numbers, made_by=printed.made_by)
    comparison.save(folder / "numbers.json")
    step("page")
    page = _render(
        comparison=comparison,
        pictures=pictures,
        limits=tables,
        plans=best,
        atoms=atoms,
        verdicts=advantage.diagnosis,
        identification=claims.identification(),
        effects=effects,
        types=companion.limits(),
        others=companion.existing(),
        told=told,
        lights=lights,
        thresholds=moments.thresholds,
        mediator_masses=mediators.table(),
        borexino=borexino_table(letter.setup().neutrinos),
        errata=[(erratum, *erratum.values()) for erratum in ERRATA],
        scenarios={"letter": letter.setup().text, "vector-mediator": proceeding.setup().text},
        version=printed.made_by["renp"],
    )
    write(folder / "report.html", page)
    step("done")
    return comparison


def _steps(progress: "Progress") -> Callable[[str], None]:
    """Return what tells of each step as it begins: a bar at a terminal, a line where stderr is none."""
    task = progress.add_task("", total=_STEPS, count="")
    begun = 0

    def step(what: str) -> None:
        nonlocal begun
        progress.update(task, completed=begun, description=what, count=f"{begun}/{_STEPS}")
        begun += 1
        if not (progress.console.is_terminal or progress.console.quiet) and begun <= _STEPS:
            print(f"{begun}/{_STEPS} {what}", file=sys.stderr, flush=True)

    return step


def _styled(draw: "Callable[[], Figure]") -> "Figure":
    with style():
        return draw()


def _render(**content: object) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(read_text("report.html.j2")).render(**content)


def _picture(path: Path, figure: "Figure") -> str:
    """Save a figure as PDF, and return it for the page: PNG in base64."""
    pdf, png = BytesIO(), BytesIO()
    with style():
        figure.savefig(pdf, format="pdf")
        figure.savefig(png, format="png", dpi=130)
    plt.close(figure)
    write(path, pdf.getvalue())
    return base64.b64encode(png.getvalue()).decode("ascii")
