"""Every picture: what can be measured of how it looks."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from pictures import PICTURES
from renp.errors import InputError
from renp.results.style import WIDTHS, looks, style

BARE = re.compile(r"[σχΔηωΓε]|μ(?!m)|_|\^|²|³|\*")
"""What is mathematics, and has to be set as such."""


@pytest.fixture(autouse=True)
def without_windows() -> Iterator[None]:
    backend = mpl.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def panels(figure: Figure) -> list[Axes]:
    """Return all axes, colour bars beside squares too."""
    found: list[Any] = figure.findobj(Axes)
    return found


def written(figure: Figure) -> list[Text]:
    """Return what is written; labels of ticks those that are words."""
    ticks = {
        id(label)
        for axes in panels(figure)
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not re.search("[A-Za-z]{3}", label.get_text().replace("mathdefault", "").replace("times", ""))
    }
    off = {id(text) for axes in panels(figure) if not axes.axison for text in axes.findobj(Text)}
    every = figure.findobj(lambda one: isinstance(one, Text) and id(one) not in ticks | off)
    return [text for text in every if text.get_text().strip() and text.get_visible()]  # type: ignore[attr-defined]


def boxes(figure: Figure, parts: Any) -> list[Any]:
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [part.get_window_extent(renderer) for part in parts]


def legends(figure: Figure) -> list[Any]:
    parts = [figure, *figure.subfigs]
    return [
        *(one for part in parts for one in part.legends),
        *(a.get_legend() for a in figure.axes if a.get_legend()),
    ]


def overlaps(figure: Figure) -> list[str]:
    """Return words that lie on others: upright text, numbers of ticks too."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [
        text
        for axes in panels(figure)
        if axes.axison and axes.get_visible()
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis._update_ticks()  # type: ignore[attr-defined]
        for text in (tick.label1, tick.label2)
    ]
    texts += [axis.offsetText for axes in panels(figure) for axis in (axes.xaxis, axes.yaxis)]
    known = {id(text) for text in texts}
    texts += [text for text in written(figure) if id(text) not in known]
    texts = [t for t in texts if t.get_visible() and t.get_text().strip() and t.get_rotation() % 90 == 0]
    each = [(text.get_text(), Text.get_window_extent(text, renderer).shrunk(0.9, 0.7)) for text in texts]
    return [
        f"{a!r} lies on {b!r}"
        for (a, one), (b, other) in combinations(each, 2)
        if a != b and one.overlaps(other)  # axes that are twins write the same twice
    ]


def check(figure: Figure) -> None:
    figure.canvas.draw()
    assert overlaps(figure) == []
    page = figure.bbox
    for text, box in zip(written(figure), boxes(figure, written(figure)), strict=True):
        inside = (
            page.x0 - 1 <= box.x0
            and box.x1 <= page.x1 + 1
            and page.y0 - 1 <= box.y0
            and box.y1 <= page.y1 + 1
        )
        assert inside, f"{text.get_text()!r} is cut off"
    for box in boxes(figure, legends(figure)):
        for axes in figure.axes:
            over = axes.get_window_extent()
            apart = box.x1 <= over.x0 or over.x1 <= box.x0 or box.y1 <= over.y0 or over.y1 <= box.y0
            assert apart or not axes.has_data() or not axes.axison, "a legend is over data"
    for text in written(figure):
        bare = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", text.get_text())
        assert not BARE.search(bare), f"{text.get_text()!r} is not set as mathematics"
    for axes in figure.axes:
        shown = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
        kinds = [
            (
                to_hex(line.get_color()),
                str(line.get_linestyle()),
                str(line._dash_pattern),
                str(line.get_marker()),
            )  # type: ignore[attr-defined]
            for line in shown
        ]
        each = {(str(line.get_label()), *kind) for line, kind in zip(shown, kinds, strict=True)}
        same = [a[0] for a, b in combinations(each, 2) if a[1:] == b[1:]]
        assert not same, f"{same} look like others"
    for legend in legends(figure):
        labels = [text.get_text() for text in legend.get_texts()]
        assert len(set(labels)) == len(labels)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_cut_off_covered_or_drawn_alike(name: str) -> None:
    check(PICTURES[name]().plot())


SEVERAL = ("correlations-12", "scan-maps-12", "toys-9", "reach-curves", "limits-long", "atom-Yb")


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "name",
    [
        *SEVERAL,
        *("spectrum", "limits-bands", "scan-limits-12", "fit", "profile", "coverage-2", "bounds"),
        *("sensitivity-12", "correlations-8", "hypotheses-5", "ranking", "target-light", "comparison"),
        *("reach-curves", "fit-long"),
    ],
)
def test_pictures_fit_the_columns_of_journals(name: str, width: str) -> None:
    figure = PICTURES[name]().plot(column=width)
    check(figure)
    assert 25.4 * figure.get_figwidth() == pytest.approx(WIDTHS[width], abs=1e-9)
    sizes = [text.get_size() for text in written(figure)]
    assert min(sizes) > 5.5
    assert max(sizes) < 8.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *SEVERAL,
        "fit",
        "fit-12",
        "fit-long",
        "spectrum-12",
        "moment-spectra",
        "sensitivity-12",
        "plan-limits-12",
    ],
)
def test_pictures_fill_a_slide(name: str) -> None:
    figure = PICTURES[name]().plot(column="slide")
    check(figure)
    assert figure.get_size_inches() == pytest.approx((13.3333, 7.5), abs=1e-3)
    assert min(text.get_size() for text in written(figure)) > 5.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scan-maps-12", "toys-9", "reach-curves"])
def test_many_panels_fit_a_page(name: str) -> None:
    assert PICTURES[name]().plot(column="single").get_figheight() < 9.5


@pytest.mark.slow
def test_maps_can_be_given_the_size_of_a_slide_later() -> None:
    figure = PICTURES["scan-maps-12"]().plot()
    figure.set_size_inches(13.3, 7.5)
    check(figure)


@pytest.mark.parametrize("name", ["fit", "correlations-12"])
def test_correlations_in_print_have_their_numbers(name: str) -> None:
    figure = PICTURES[name]().plot(column="single")
    figure.canvas.draw()
    assert sum(text.get_text() == "100" for text in written(figure)) >= 10


@pytest.mark.parametrize("name", ["correlations-8", "hypotheses-5"])
def test_a_square_has_no_empty_space_above_and_below(name: str) -> None:
    figure = PICTURES[name]().plot(column="single")
    figure.canvas.draw()
    assert figure.get_tightbbox().height > figure.get_figheight() - 0.3


def test_a_map_shows_every_value_of_an_axis() -> None:
    for name in ("scan-map-one", "scan-map-decades"):
        axes = PICTURES[name]().plot().axes[0]
        (low, high), (mesh,) = axes.get_xlim(), [one for one in axes.collections if hasattr(one, "cmap")][:1]
        edges = np.unique(mesh.get_coordinates()[..., 0])  # type: ignore[attr-defined]
        assert low <= edges.min() < edges.max() <= high
        assert edges.min() > 0


def test_one_energy_is_shown_among_the_thresholds() -> None:
    result: Any = PICTURES["spectrum-one"]()
    low, high = result.plot().axes[0].get_xlim()
    assert all(low < place < high for place in [*result.photon_energy, *result.thresholds.values()])


def test_other_widths_are_refused() -> None:
    with pytest.raises(InputError, match="'single' or 'double' or 'slide'"):
        PICTURES["profile"]().plot(column="86 mm")


def test_fonts_are_embedded_as_outlines_that_can_be_searched(tmp_path: Any) -> None:
    for width in (None, "single"):
        content = PICTURES["profile"]().save(tmp_path / "profile.pdf", column=width).read_bytes()
        assert b"/FontFile2" in content or b"/Type42" in content or b"/CIDFontType2" in content
        assert b"/Type3" not in content


def test_lines_differ_without_colour() -> None:
    """Neighbours of one shade have different dashes, and of all lines no two have both alike."""
    found = looks(18)
    assert len({look["color"] for look in found}) == 18
    for turn in (found[:6], found[6:12], found[12:]):
        assert len({str(look["linestyle"]) for look in turn}) == 6


def test_the_style_leaves_settings_as_they_were() -> None:
    before = dict(mpl.rcParams)
    with style("double"):
        assert mpl.rcParams["font.size"] == 8
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("name", "axes", "scales"),
    [
        ("scan-limits-12", 0, ("log", "linear")),
        ("scan-limits-1", 0, ("linear", "linear")),
        ("scan-map", 0, ("linear", "log")),
        ("scan-map-three", 0, ("linear", "log")),
    ],
)
def test_axes_are_spaced_as_their_grids(name: str, axes: int, scales: tuple[str, str]) -> None:
    panel = PICTURES[name]().plot().axes[axes]
    assert (panel.get_xscale(), panel.get_yscale()) == scales


def test_three_values_have_no_contours_and_others_have_round_ones() -> None:
    contours = {}
    for name in ("scan-map-three", "scan-map"):
        axes = PICTURES[name]().plot().axes[0]
        contours[name] = [one for one in axes.collections if hasattr(one, "levels")]
    assert not contours["scan-map-three"]
    (lines,) = contours["scan-map"]
    assert np.all(np.asarray(lines.levels) * 2 % 1 == 0)


def test_maps_say_atom_level_units_and_couplings() -> None:
    figure = PICTURES["scan-maps-12"]().plot()
    said = {text.get_text() for text in figure.findobj(Text)}
    assert r"Yb: upper limit at 90 % C.L. ($\mu_B$)" in said
    assert {"lightest mass (meV)", "duration of each run (day)", r"$\mu_{11}$", r"$\epsilon_{33}$"} <= said


def test_a_line_at_the_end_of_an_axis_is_within_the_frame() -> None:
    axes = PICTURES["discovery-0"]().plot().axes[0]
    low, high = axes.get_xlim()
    marked = [line.get_xdata()[0] for line in axes.get_lines() if "observed" in str(line.get_label())]  # type: ignore[index]
    assert low < marked[0] < high
    low, _ = PICTURES["profile-edge"]().plot().axes[0].get_xlim()
    assert low < 0


def test_limits_of_others_stand_beside_those_of_the_moments() -> None:
    figure = PICTURES["limits-12"]().plot()
    lines = {str(line.get_label()): line for line in figure.axes[0].get_lines()}
    assert {"Borexino", "XENONnT"} <= set(lines)
    known = PICTURES["limits-12"]().existing["magnetic-moment"]  # type: ignore[attr-defined]
    assert list(lines["Borexino"].get_ydata())[:6] == [known[e]["Borexino"] for e in known]


def test_a_notebook_shows_what_a_plan_reaches() -> None:
    plan: Any = PICTURES["plan-limits-12"]()
    assert plan._repr_html_().count("<table>") == 2
    assert "<td style='text-align:left'>electric-moment 33</td>" in plan._repr_html_()
    assert "plan (μ<sub>B</sub>)" in plan._repr_html_()
