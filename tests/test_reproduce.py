"""The papers, reproduced by a command."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import pytest

import renp
from cases import Answer, Command, written
from relative import relative
from renp.cli import main
from renp.scenario import preset_text

pytestmark = pytest.mark.slow


class Report(NamedTuple):
    """One run of `renp reproduce`."""

    folder: Path
    answer: Answer


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    folder = tmp_path_factory.mktemp("reproduce") / "report"
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as caught:
        main(["reproduce", "--output", str(folder), "--json"])
    return Report(folder, Answer(int(caught.value.code or 0), out.getvalue(), err.getvalue()))


FIGURES = (
    "letter-figure-2",
    "letter-figure-3",
    "mediator-reach",
    "proceeding-figure-1",
    "proceeding-figure-2",
    "plan",
    "contrast",
    "helicity-asymmetry",
    "advantage",
    "companion",
)


def test_reproduce_writes_page_figures_and_numbers(report: Report) -> None:
    assert report.answer.status == 0
    names = {path.name for path in report.folder.iterdir()}
    assert names >= {"report.html", "numbers.json", *(f"{name}.pdf" for name in FIGURES)}
    assert all(path.read_bytes().startswith(b"%PDF-") for path in report.folder.glob("*.pdf"))
    assert plt.get_fignums() == []


def test_reproduce_tells_the_numbers_as_json(report: Report) -> None:
    written_numbers = json.loads((report.folder / "numbers.json").read_text(encoding="utf-8"))
    assert report.answer.json()["numbers"] == written_numbers["numbers"]
    assert {key: written_numbers["made_by"][key] for key in ("renp", "scenario")} == {
        "renp": renp.__version__,
        "scenario": preset_text("letter"),
    }


def test_reproduce_shows_progress_on_stderr(report: Report) -> None:
    assert "13/13" in report.answer.err


def test_reproduce_tells_each_step_where_stderr_is_no_terminal(report: Report) -> None:
    lines = report.answer.err.splitlines()
    assert (
        lines.index("1/13 letter: spectra") < lines.index("2/13 letter: limits") < lines.index("13/13 page")
    )


def test_reproduce_writes_each_figure_as_soon_as_it_is_made(report: Report) -> None:
    first, last = (report.folder / name for name in ("letter-figure-2.pdf", "plan.pdf"))
    assert first.stat().st_mtime < last.stat().st_mtime - 1


def test_page_is_self_contained(report: Report) -> None:
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)""", page)
    assert len(sources) >= 4
    for source in sources:
        assert source.startswith("data:image/png;base64,") or (report.folder / source).is_file()
    assert not re.search(r"<script|<link|@import|url\(", page)
    assert not re.search(r"https?://", page)


def test_page_has_figures_table_and_input(report: Report) -> None:
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<img ") == len(FIGURES)
    for number in report.answer.json()["numbers"]:
        assert f"<td>{number['published']:g}</td><td>{number['computed']:.4g}</td>" in page
    assert "density = &#34;1e21 / cm^3&#34;" in page
    assert f"renp {renp.__version__}" in page


@pytest.mark.parametrize(
    ("key", "published", "computed"),
    [
        ("events-per-day", 173, 172.8),
        ("counts-1.068", 120, 117.1),
        ("magnetic-worst-10", 3.5e-11, 3.46e-11),
        ("ratio-33", 2.75, 2.84),
    ],
)
def test_published_beside_computed(report: Report, key: str, published: float, computed: float) -> None:
    (number,) = [n for n in report.answer.json()["numbers"] if n["key"] == key]
    assert number["published"] == published
    assert number["computed"] == relative(computed, rel=2e-3)
    assert number["ratio"] == relative(number["computed"] / published, rel=1e-12)


def test_numbers_that_differ_have_a_remark(report: Report) -> None:
    numbers = report.answer.json()["numbers"]
    silent = [n["key"] for n in numbers if abs(n["ratio"] - 1) > 0.05 and not n["remark"]]
    assert silent == []


def test_limits_equal_those_of_the_command(report: Report, command: Command, tmp_path: Path) -> None:
    answer = command("limits", written(tmp_path, preset_text("letter")), "--json").json()
    numbers = {n["key"]: n["computed"] for n in report.answer.json()["numbers"]}
    magnetic = answer["limits"]["magnetic-moment"].values()
    assert numbers["magnetic-best-10"] == relative(min(magnetic), rel=1e-12)
    assert numbers["magnetic-worst-10"] == relative(max(magnetic), rel=1e-12)
