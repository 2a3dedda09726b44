"""Results: how they print, what their data sets and files say, and what their figures show."""

import csv
import json
import math
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from PIL import Image

import pictures
import renp
import renp.results
from cases import DAY, YB
from pictures import PICTURES
from relative import relative
from renp.errors import InputError
from renp.neutrinos import release_errors, release_values
from renp.results import Catalogue, Counts, Limits, Result, Spectrum, Table
from renp.results.comparison import Comparison, Number
from renp.results.moments import LimitCurves, MomentSpectra
from renp.results.style import style

DIRAC = renp.Neutrinos(0.01)
ENERGIES = [1.068, 1.0708]
MODEL = renp.Weak() + renp.MagneticMoment({(1, 2): 3e-11})


@pytest.fixture(autouse=True)
def without_windows() -> Iterator[None]:
    """Draw without a screen, and leave no figure open."""
    backend = mpl.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def runs(energies: Any = tuple(ENERGIES), counts: Any = None, atom: renp.Atom = YB) -> renp.Experiment:
    return renp.Experiment(atom, renp.Target(), energies, [10 * DAY, 5 * DAY], 0.1 / DAY, counts=counts)


def moment_curves() -> dict[str, dict[str, np.ndarray]]:
    curve = np.array([3e-11, 2e-11])
    return {kind: {"11": curve, "12": curve / 2} for kind in ("magnetic-moment", "electric-moment")}


BUILD: dict[str, Callable[[], Result]] = {
    "spectrum": lambda: Spectrum.compute(YB, DIRAC, MODEL, ENERGIES),
    "counts": lambda: Counts.compute(runs(counts=[130, 40]), DIRAC, MODEL),
    "limits": lambda: renp.upper_limits(runs(), DIRAC),
    "catalogue": Catalogue.compute,
    "comparison": lambda: Comparison(
        numbers=(Number("a", "first", 2.0, "letter", 2.1), Number("b", "second", 1e-11, "letter", 2e-11)),
        made_by={"renp": renp.__version__},
    ),
    "moment-spectra": lambda: MomentSpectra(
        photon_energy=np.array(ENERGIES),
        standard_model=np.array([0.07, 0.04]),
        by_element=moment_curves(),
        moment=3e-11,
        thresholds={"11": 1.07165, "12": 1.0716},
        threshold_values={"11": 0.0, "12": 0.01},
        made_by={"renp": renp.__version__},
    ),
    "limit-curves": lambda: LimitCurves(
        exposure=np.array([1.0, 10.0]),
        confidence_level=0.9,
        by_element=moment_curves(),
        made_by={"renp": renp.__version__},
    ),
}
_built: dict[str, Result] = {}


def result(name: str) -> Any:
    if name not in _built:
        _built[name] = BUILD[name]()
    return _built[name]


every_result = pytest.mark.parametrize("name", list(BUILD))


# Printed


@pytest.mark.sampled
@every_result
def test_str_is_the_table_with_a_title(name: str) -> None:
    title, heads, *rows = str(result(name)).splitlines()
    said = [*(getattr(result(name), "diagnosis", None) or ())]
    # Whose width was used is said last.
    said += result(name).made_by.get("reference_width", "").splitlines()
    assert rows[len(rows) - len(said) :] == [f"• {sentence}" for sentence in said]
    rows = rows[: len(rows) - len(said)]
    table = result(name).table()
    assert title == table.title
    assert all(column in heads for column in table.columns)
    assert len(rows) == len(table.rows) > 0


@every_result
def test_columns_are_aligned(name: str) -> None:
    table = result(name).table()
    lines = [line for line in str(result(name)).splitlines()[1:] if not line.startswith("• ")]
    rows = [table.columns, *table.cells()]
    start = 0
    for k in range(len(table.columns)):
        end = start + max(len(row[k]) for row in rows)
        assert [line[start:end].strip() for line in lines] == [row[k] for row in rows]
        start = end + 2
    assert all(len(line) <= start - 2 for line in lines)


@every_result
def test_repr_names_the_class(name: str) -> None:
    assert repr(result(name)).startswith(f"{type(result(name)).__name__}(")


class Cells(HTMLParser):
    """Gathers the cells of a table and checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] == "td":
            self.cells.append(data)


@every_result
def test_html_has_the_cells_of_the_table(name: str) -> None:
    html = Cells(result(name)._repr_html_())
    assert html.open == []
    assert html.cells == [cell for row in result(name).table().cells() for cell in row if cell]


def test_a_table_alone_is_one_in_a_notebook() -> None:
    html = Cells(Table("t", ("a",), ((1,), ("<b>",)))._repr_html_())
    assert html.open == []
    assert html.cells == ["1", "<b>"]


def test_html_escapes_what_users_name() -> None:
    atom = renp.Atom("<b>Yb & co", 2.14349, 2.23072)
    html = Spectrum.compute(atom, DIRAC, MODEL, ENERGIES)._repr_html_()
    assert "&lt;b&gt;Yb &amp; co" in html


def test_counts_are_printed_in_days_with_what_was_observed() -> None:
    lines = str(result("counts")).splitlines()
    end = lines[1].index("observed") + len("observed")
    assert lines[2].split()[:2] == ["1.068", "10"]
    assert lines[2][:end].split()[-1] == "130"


def test_energies_are_printed_to_nine_digits() -> None:
    close = Spectrum.compute(YB, DIRAC, MODEL, [1.07164321, 1.07164322])
    assert [line.split()[0] for line in str(close).splitlines()[2:]] == ["1.07164321", "1.07164322"]


@pytest.mark.slow
def test_a_long_table_prints_head_and_tail_and_files_have_all(tmp_path: Path) -> None:
    long = Spectrum.compute(YB, DIRAC, MODEL, np.linspace(1.06, 1.0717, 2000))
    lines = str(long).splitlines()[2:]
    assert lines[20] == "… 1960 rows more …"
    assert len(lines) == 41
    assert long.brief() == long.title  # what is printed beside a file
    rows = long.table().rows
    assert [line.split()[0] for line in lines[:20] + lines[21:]] == [
        f"{r[0]:.9g}" for r in rows[:20] + rows[-20:]
    ]
    html = Cells(long._repr_html_())
    assert html.open == []
    assert len(html.cells) == 40 * len(rows[0]) + 1
    written = long.save(tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    assert len([line for line in written if not line.startswith("#")]) == 1 + 2000


@pytest.mark.parametrize(("rows", "lines"), [(60, 62), (61, 43)])
def test_where_a_table_is_long(rows: int, lines: int) -> None:
    assert len(str(Table("t", ("a",), tuple((k,) for k in range(rows)))).splitlines()) == lines


# Values


def test_pairs_of_a_spectrum_add_up() -> None:
    spectrum = result("spectrum")
    np.testing.assert_allclose(sum(spectrum.pairs.values()), spectrum.spectral_function, rtol=1e-14)


def test_spectrum_marks_the_thresholds() -> None:
    edges = renp.thresholds(YB, DIRAC)
    assert result("spectrum").thresholds["23"] == float(edges[1, 2])


def test_signal_and_background_are_in_the_counts() -> None:
    counts = result("counts")
    assert counts.background.tolist() == relative([1.0, 0.5], rel=1e-12)
    assert np.all(counts.expected > counts.standard_model)
    assert np.all(counts.standard_model > counts.background)


def test_ratio_is_computed_over_published() -> None:
    assert [n.ratio for n in result("comparison").numbers] == relative([1.05, 2.0], rel=1e-12)


# Infinite limits


@pytest.fixture(scope="module")
def insensitive() -> Limits:
    return renp.upper_limits(runs([1.08, 1.09]), DIRAC)


def test_infinite_limits_are_infinite_in_python(insensitive: Limits) -> None:
    assert insensitive.limits["magnetic-moment"]["11"] == math.inf


def test_infinite_limits_are_printed_as_none(insensitive: Limits) -> None:
    assert str(insensitive).splitlines()[2].split() == ["11", "none", "none"]
    assert ">none</td>" in insensitive._repr_html_()


def test_infinite_limits_are_null_in_json(insensitive: Limits, tmp_path: Path) -> None:
    assert set(insensitive.json()["limits"]["magnetic-moment"].values()) == {None}
    assert "Infinity" not in insensitive.save(tmp_path / "a.json").read_text(encoding="utf-8")


def test_infinite_curves_are_null_in_json() -> None:
    curves = replace(
        result("limit-curves"), by_element={"magnetic-moment": {"11": np.array([np.inf, 1e-11])}}
    )
    assert json.loads(json.dumps(curves.json(), allow_nan=False))["magnetic-moment"] == {"11": [None, 1e-11]}


def test_infinite_limits_can_be_drawn(insensitive: Limits, tmp_path: Path) -> None:
    assert insensitive.save(tmp_path / "a.png").stat().st_size > 1000


# Data sets


UNITS = [
    ("spectrum", "photon_energy", "eV"),
    ("spectrum", "threshold", "eV"),
    ("counts", "photon_energy", "eV"),
    ("counts", "duration", "s"),
    ("limits", "magnetic-moment", "μ_B"),
    ("limits", "electric-moment", "μ_B"),
    ("catalogue", "E_eg", "eV"),
    ("catalogue", "E_vg", "eV"),
    ("moment-spectra", "photon_energy", "eV"),
    ("limit-curves", "exposure", "day * 100 cm^3"),
    ("limit-curves", "magnetic-moment", "μ_B"),
]


@pytest.mark.parametrize(("name", "variable", "units"), UNITS)
def test_units_of_data_sets(name: str, variable: str, units: str) -> None:
    assert result(name).dataset()[variable].attrs["units"] == units


@pytest.mark.parametrize(
    ("name", "variable", "dimensions"),
    [
        ("spectrum", "pairs", ("pair", "photon_energy")),
        ("counts", "observed", ("run",)),
        ("limits", "magnetic-moment", ("element",)),
        ("catalogue", "E_eg", ("atom",)),
        ("comparison", "ratio", ("quantity",)),
        ("moment-spectra", "electric-moment", ("element", "photon_energy")),
        ("limit-curves", "electric-moment", ("element", "exposure")),
    ],
)
def test_dimensions_of_data_sets(name: str, variable: str, dimensions: tuple[str, ...]) -> None:
    assert result(name).dataset()[variable].dims == dimensions


def test_data_sets_are_labelled() -> None:
    data = result("spectrum").dataset()
    assert data["pairs"].sel(pair="13").to_numpy().tolist() == result("spectrum").pairs["13"].tolist()


def test_counts_not_observed_are_left_out() -> None:
    assert "observed" not in Counts.compute(runs(), DIRAC, MODEL).dataset()


# Provenance


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("spectrum", {"atom", "neutrinos", "model"}),
        ("counts", {"experiment", "neutrinos", "model", "reference_width"}),
        (
            "limits",
            {"experiment", "neutrinos", "couplings", "confidence_level", "method", "nuisances", "seed"}
            | {"reference_width"},
        ),
    ],
)
def test_results_know_their_version_and_inputs(name: str, inputs: set[str]) -> None:
    made_by = result(name).made_by
    assert made_by["renp"] == renp.__version__
    assert set(made_by) == {"renp", "references"} | inputs


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("spectrum", "atom", r"2\.14349"),
        ("spectrum", "neutrinos", r"nufit-6\.0"),
        ("spectrum", "model", r"\b3(\.0*)?e-11"),
        ("counts", "experiment", r"1\.0708"),
        ("counts", "experiment", r"432000|4\.32e\+?0?5"),
        ("counts", "experiment", r"\b130\b"),
        ("limits", "confidence_level", r"0\.9"),
    ],
)
def test_provenance_has_the_values(name: str, key: str, value: str) -> None:
    assert re.search(value, result(name).made_by[key])


# Files


@pytest.mark.sampled
@every_result
@pytest.mark.parametrize("ending", [".png", ".nc", ".csv", ".json"])
def test_save_returns_the_path(name: str, ending: str, tmp_path: Path) -> None:
    path = result(name).save(tmp_path / f"a{ending}")
    assert path == tmp_path / f"a{ending}"
    assert path.stat().st_size > 100


@every_result
def test_netcdf_holds_the_data_set(name: str, tmp_path: Path) -> None:
    path = result(name).save(str(tmp_path / "a.nc"))
    with xr.open_dataset(path, engine="h5netcdf") as data:
        xr.testing.assert_equal(data, result(name).dataset())
        assert {key: data.attrs[key] for key in result(name).made_by} == result(name).made_by


@every_result
def test_csv_holds_the_table(name: str, tmp_path: Path) -> None:
    lines = result(name).save(tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    head, *rows = csv.reader(lines[len(comments) :])
    table = result(name).full_table()
    assert comments[0] == f"# renp: {renp.__version__}"
    assert tuple(head) == table.columns
    assert rows == [[str(cell) for cell in row] for row in table.rows]


@every_result
def test_json_holds_the_same_and_its_provenance(name: str, tmp_path: Path) -> None:
    content = json.loads(result(name).save(tmp_path / "a.json").read_text(encoding="utf-8"))
    assert content.pop("made_by") == result(name).made_by
    assert content == json.loads(json.dumps(result(name).json()))


def test_pictures_carry_their_provenance(tmp_path: Path) -> None:
    with Image.open(result("counts").save(tmp_path / "a.png")) as picture:
        assert f"renp: {renp.__version__}" in picture.info["Comment"]
    svg = result("counts").save(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert f"renp: {renp.__version__}" in svg
    pdf = result("counts").save(tmp_path / "a.pdf").read_bytes()
    assert f"renp: {renp.__version__}".encode("utf-16-be") in pdf  # as PDF has text with Greek letters


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("a.xls", "a file ending in .png, .pdf, .svg, .nc, .csv, .json, .yaml"),
        ("a", "a file ending in .png, .pdf, .svg, .nc, .csv, .json, .yaml"),
        ("nowhere/a.csv", "in a folder that exists"),
    ],
)
def test_where_results_cannot_be_saved(path: str, allowed: str, tmp_path: Path) -> None:
    with pytest.raises(renp.InputError) as caught:
        result("counts").save(tmp_path / path)
    assert str(caught.value) == f"output = {tmp_path / path}: must be {allowed}"
    assert list(tmp_path.iterdir()) == []


# Figures


def test_results_come_without_matplotlib() -> None:
    names = [module.name for module in pkgutil.iter_modules(renp.results.__path__, "renp.results.")]
    kept = [name for name in names if not name.endswith(("_plot", ".style"))]
    assert len(kept) < len(names)
    code = "import importlib, sys\n"
    code += f"for name in {kept}: importlib.import_module(name)\nprint('matplotlib' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("spectrum", "(eV)", r"I(\omega)"),
        ("counts", "(eV)", "counts"),
        ("limits", "element", r"90 % C.L. ($\mu_B$)"),
        ("catalogue", "", "(eV)"),
        ("comparison", "computed / published", ""),
        ("moment-spectra", "(eV)", r"I(\omega)"),
        ("limit-curves", r"(day $\times$ 100 cm$^3$)", r"($\mu_B$)"),
    ],
)
def test_axes_are_labelled_with_units(name: str, x: str, y: str) -> None:
    figure = result(name).plot()
    below = [axes.get_xlabel() for axes in figure.axes if axes.get_subplotspec().is_last_row()]
    left = [axes.get_ylabel() for axes in figure.axes if axes.get_subplotspec().is_first_col()]
    assert len(below) >= 1
    assert all(x in label for label in below)
    assert all(y in label for label in left)


@pytest.mark.parametrize(
    "name", ["spectrum", "counts", "limits", "catalogue", "moment-spectra", "limit-curves"]
)
def test_curves_have_a_legend(name: str) -> None:
    figure = result(name).plot()
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    assert len(legends) == 1
    texts = [text.get_text() for text in legends[0].get_texts()]
    assert len(texts) == len(set(texts)) >= 2


@pytest.mark.slow
def test_axes_of_profiles_and_contours_name_the_parameters() -> None:
    """Bars where only the size is seen, units where there are any; both pictures name every level."""
    runs = renp.Experiment(YB, renp.Target(), [1.068, 1.07], 10 * DAY, counts=[117, 84])
    (axes,) = renp.profile(renp.Likelihood(runs, DIRAC, {"weak": renp.Weak()}), "weak").plot().axes
    assert axes.get_xlabel() == "weak"
    assert axes.get_ylabel() == r"$\Delta\chi^2$, least in all other parameters"
    moments = {f"mu_1{j}": renp.MagneticMoment({(1, j): 1.0}) for j in (1, 2)}
    likelihood = renp.Likelihood(runs, DIRAC, moments)
    (axes,) = renp.profile(likelihood, "mu_11").plot().axes
    assert axes.get_xlabel() == r"|$\mu_{11}$| ($\mu_B$)"
    figure = renp.contour(likelihood, ("mu_11", "mu_12")).plot()
    assert figure.axes[0].get_xlabel() == r"|$\mu_{11}$| ($\mu_B$)"
    assert figure.axes[0].get_ylabel() == r"|$\mu_{12}$| ($\mu_B$)"
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said == ["68.27 % C.L.", "90 % C.L.", "95.45 % C.L.", "best fit"]


def test_spectrum_draws_its_values() -> None:
    (axes,) = result("spectrum").plot().axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert lines["model"].get_ydata().tolist() == result("spectrum").spectral_function.tolist()
    assert lines["standard model"].get_ydata().tolist() == result("spectrum").standard_model.tolist()


def test_limits_draw_their_values() -> None:
    (axes,) = result("limits").plot().axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    drawn = lines["electric moment"].get_ydata().tolist()
    assert drawn == list(result("limits").limits["electric-moment"].values())
    assert [tick.get_text() for tick in axes.get_xticklabels()] == 2 * ["11", "12", "13", "22", "23", "33"]


@every_result
def test_saving_pictures_leaves_no_figure_open(name: str, tmp_path: Path) -> None:
    before = plt.get_fignums()
    result(name).save(tmp_path / "a.png")
    assert plt.get_fignums() == before


def test_a_picture_that_cannot_be_written_leaves_no_figure_open(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises((OSError, renp.InputError)):
        result("counts").save(tmp_path / "a.png")
    assert plt.get_fignums() == []


def test_drawing_keeps_what_a_backend_sets() -> None:
    """A notebook's backend is loaded by the first picture and turns interactive; later ones need that."""
    before = mpl.is_interactive()
    try:
        with style():
            mpl.interactive(not before)
        assert mpl.is_interactive() is not before
    finally:
        mpl.interactive(before)


@pytest.mark.slow
def test_scaled_interactions_keep_their_names() -> None:
    model = renp.Weak() + 3e-11 * renp.MagneticMoment({(1, 1): 1.0})
    parts = Spectrum.compute(YB, DIRAC, model).interactions
    assert list(parts) == ["weak", "magnetic-moment", "interference"]
    more = Spectrum.compute(YB, DIRAC, model + renp.MagneticMoment({(1, 2): 3e-11}), [1.06]).interactions
    assert list(more) == ["weak", "magnetic-moment 11", "magnetic-moment 12", "interference"]


@every_result
def test_drawing_keeps_the_users_settings(name: str) -> None:
    before = dict(mpl.rcParams)
    result(name).plot()
    assert dict(mpl.rcParams) == before


def test_the_band_of_a_spectrum_is_that_of_the_oscillation_errors() -> None:
    yb, nu, omega = renp.Atom.named("Yb"), renp.Neutrinos(0.01), [1.068, 1.0702]
    found = Spectrum.compute(yb, nu, omega=omega, oscillation_errors=True)
    changes = []
    for name in ("sin2_theta12", "sin2_theta13", "dm2_21", "dm2_31"):
        value = release_values("nufit-6.0", "normal")[name]
        plus, minus = release_errors("nufit-6.0", "normal")[name]
        ends = [renp.Neutrinos(0.01, **{name: value + d}) for d in (plus, -minus)]
        each = [np.asarray(renp.spectral_function(omega, yb, one)) for one in ends]
        changes.append(np.array(each) - found.spectral_function)
    up, down = (np.sqrt(np.sum(np.square(of), axis=0)) for of in (np.max(changes, 1), np.min(changes, 1)))
    assert found.oscillation_band is not None
    assert found.oscillation_band["highest"] - found.spectral_function == relative(up, rel=1e-6)
    assert found.spectral_function - found.oscillation_band["lowest"] == relative(down, rel=1e-6)
    assert set(found.json()["oscillation_band"]) == {"lowest", "highest"}
    assert "highest I(ω)" in str(found)


@pytest.mark.slow
def test_spectrum_by_interaction_adds_up() -> None:
    """Each interaction alone, and their interference; moments do not interfere with the weak one."""
    yb, nu = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
    moment, mediator = (
        renp.MagneticMoment({(1, 1): 3e-11}),
        renp.VectorMediator(1e3, 1e-8, left={(1, 1): 1e-9}),
    )
    found = Spectrum.compute(yb, nu, renp.Weak() + moment + mediator, [1.05, 1.068])
    assert list(found.interactions) == ["weak", "magnetic-moment", "vector-mediator", "interference"]
    assert sum(found.interactions.values()) == relative(found.spectral_function, rel=1e-14)
    assert np.all(np.abs(found.interactions["interference"]) > 1e-3)
    without = Spectrum.compute(yb, nu, renp.Weak() + moment, [1.05, 1.068])
    assert without.interactions["interference"] == pytest.approx(np.zeros(2), abs=1e-15)
    assert Spectrum.compute(yb, nu, None, [1.05]).interactions == {}


@pytest.mark.slow
def test_limits_of_different_units_have_panels_of_their_own() -> None:
    """A strength has no unit: it is neither on the axis of the moments nor in their range."""
    heavy = renp.VectorMediator(1e3, 1e-8, left={(1, 1): 1e-8})
    moment = {"33": renp.MagneticMoment({(3, 3): 1.0})}
    couplings = {"magnetic-moment": moment, "vector-mediator": {"strength": heavy}}
    figure = renp.upper_limits(runs(), DIRAC, couplings=couplings).plot()
    moments, strengths = figure.axes
    assert moments.get_ylabel() == "expected upper limit at 90 % C.L.\n($\\mu_B$)"
    assert strengths.get_ylabel() == "upper limit\n(times the interaction as given)"
    ticks = [[label.get_text() for label in axes.get_xticklabels()] for axes in figure.axes]
    assert ticks == [["33"], ["strength"]]
    assert moments.get_ylim()[1] < 1e-8 < strengths.get_ylim()[0]
    plt.close(figure)


@pytest.mark.slow
def test_interference_stands_in_the_table_and_the_figure_of_a_spectrum() -> None:
    heavy = renp.Weak() + renp.VectorMediator(1e3, 1e-8, left={(1, 1): -1e-8})
    result = Spectrum.compute(YB, DIRAC, heavy, [1.05, 1.06])
    table = result.table()
    assert table.columns[3:] == ("vector-mediator", "interference")
    for row in table.rows:
        assert row[1] == relative(row[2] + row[3] + row[4], rel=1e-12)
        assert abs(row[4]) > 1e-3 * row[1]
    figure = result.plot()
    assert "interference" in figure.axes[0].get_legend_handles_labels()[1]
    plt.close(figure)
    moment = Spectrum.compute(YB, DIRAC, renp.Weak() + renp.MagneticMoment({(1, 1): 3e-11}), [1.05])
    assert moment.table().columns[3:] == ("magnetic-moment",)  # it does not interfere


def test_data_have_no_width_of_a_column(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"column = 'single': must be left out without a picture"):
        pictures.PICTURES["limits-1"]().save(tmp_path / "limits.csv", column="single")


def test_a_notebook_shows_a_figure_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=shown.append))
    figure: Any = pictures.PICTURES["limits-1"]().plot()
    assert plt.fignum_exists(figure.number)
    figure._ipython_display_()
    assert shown == [figure]
    assert not plt.fignum_exists(figure.number)  # at the end of a cell all that exist are shown
    assert not hasattr(figure, "_ipython_display_")


def test_what_is_not_known_is_shown_as_nothing() -> None:
    text = str(pictures.PICTURES["ranking"]())
    assert "nan" not in text.split()
    assert "nan" not in pictures.PICTURES["counts-0"]()._repr_html_()


def test_tables_of_words_have_something_that_depends() -> None:
    table = Table("t", ("key", "remark"), (("a", "so"), ("b", "not so")))
    assert '"dependent_variables": [{"header": {"name": "remark"}' in table.hepdata({})
    table = Table("t", ("key", "source", "ratio"), (("a", "letter", "1.25"),))
    assert (
        '"dependent_variables": [{"header": {"name": "ratio"}, "values": [{"value": 1.25}]}]'
        in table.hepdata({})
    )


def test_toys_of_which_none_is_good_can_be_read() -> None:
    assert "400 failed" in str(PICTURES["toys-failed"]())
