"""The explorer without a browser: state, link, file and code say the same; controls; numbers; the server."""

import ast
import asyncio
import gc
import json
import logging
import socket
import sys
import threading
import time
import tomllib
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from math import pi
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import panel as pn
import pytest
from bokeh.client import pull_session
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.models import ImportedStyleSheet, UIElement
from panel.io.notebook import patch_inline_stylesheets
from panel.io.resources import set_resource_mode
from panel.io.state import set_curdoc, state
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

import renp.explorer
from cases import HEAD
from relative import relative
from renp.atoms.effects import EFFECTS
from renp.errors import InputError, ScenarioError
from renp.explorer import explore, require_panel
from renp.explorer.exchange import LINKED, from_query, from_text, start_state, to_python, to_query
from renp.explorer.fields import file_of, in_background
from renp.explorer.front import names_of, serve
from renp.explorer.guard import Turns, say_nothing_of_closed_pages
from renp.explorer.interaction_controls import BEGIN, beginning
from renp.explorer.live import (
    POINTS,
    compile_view,
    curves,
    expected,
    is_compiled,
    limits,
    usual_window,
)
from renp.explorer.page import Explorer
from renp.explorer.server import linked_state, served
from renp.explorer.setup import StateError, build
from renp.explorer.share_tab import RESULTS
from renp.explorer.state import State, new_run
from renp.explorer.theme import LOOKS
from renp.results import Bounds, Counts, Spectrum
from renp.scenario import Scenario, preset_names, preset_text
from renp.scenario.interactions import kinds
from renp.scenario.write import to_text

DAY = 86400.0

FULL = State.of(
    atom="Sr",
    E_eg=1.7751,
    E_vg=1.7983,
    effects=["spin", "orbit"],
    polarisation="right",
    boost=1e-3,
    lightest_mass=0.0123,
    ordering="inverted",
    nature="majorana",
    release="nufit-5.2",
    majorana_phases=[0.5, 1.25],
    sin2_theta12=0.31,
    delta_cp=3.0,
    dm2_32=-2.45e-3,
    interactions=(
        {"kind": "magnetic-moment", "elements": {"12": "1e-11+2e-11j"}},
        {
            "kind": "vector-mediator",
            "mass": "1 keV",
            "electron": 1e-8,
            "left": {"11": 1e-9},
            "longitudinal": True,
        },
    ),
    runs=(new_run(0.88), new_run(0.885, 3.3 * DAY, background=1e-5, efficiency=0.5)),
    target={"volume": 50.0, "dynamical_factor": 0.7},
    laser={"gaussian": 1e-6},
    confidence_level=0.95,
    uncertain={"normalisation_error": 0.05},
)
VIEWED = FULL.changed(
    tab="counts",
    parts="pairs",
    ratio=True,
    window=(0.87, 0.89),
    aim="ordering",
    total=7.0 * DAY,
    theme="dark",
)


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    """Return the letter's explorer with all its controls unfolded."""
    made = explore()
    for part in made.controls.more:
        part.collapsed = False
    return made


@pytest.fixture
def page(explorer: Explorer) -> Explorer:
    """Return the page of the letter, as at the start."""
    explorer.state, explorer.setup = start_state(), build(start_state())
    explorer.show()
    return explorer


def field(page: Explorer, key: str, k: int = 0) -> Any:
    return [one for one in page.fields if one.key == key][k]


@pytest.mark.parametrize("state", [State(), FULL, VIEWED, State.of(atom="mine", E_eg=1.0, E_vg=2.0)])
def test_a_link_reproduces_the_state(state: State) -> None:
    assert from_query("?" + to_query(state)) == state


@pytest.mark.parametrize("state", [State(), FULL, start_state()])
def test_a_scenario_file_reproduces_the_state(state: State) -> None:
    text = to_text(state.scenario)
    assert from_text(text) == state
    assert tomllib.loads(text)["atom"]["name"] == state["atom"]


@pytest.mark.parametrize("preset", preset_names())
def test_presets_survive_the_way_to_and_fro(preset: str) -> None:
    before = Scenario.from_text(preset_text(preset))
    after = Scenario.from_text(to_text(start_state(before).scenario))
    assert repr(after.model) == repr(before.model)
    assert np.array_equal(after.experiment.photon_energy, before.experiment.photon_energy)
    assert np.array_equal(after.experiment.duration, before.experiment.duration)
    assert (after.atom, after.neutrinos) == (before.atom, before.neutrinos)


@pytest.mark.parametrize(
    "query",
    [
        "lightest_mass=heavy",
        "lightest_mass=NaN",
        "lightest_mass=true",
        "runs=[1]",
        "runs=[[1,2,3,4,5]]",
        "window=[2,1]",
        "atom=Yb&theme=pink",
        "interactions=[1]",
        "interactions=" + "[" * 5000,
        'laser={"colour":1}',
        "whatever=1",
        "atom=" + "x" * 30_000,
    ],
)
def test_wrong_links_are_answered(query: str) -> None:
    state, wrong = linked_state("?" + query, State())
    assert state == State()
    assert wrong.startswith("The link: ")


@pytest.mark.parametrize("key", [*LINKED, "oscillation"])
def test_no_value_of_a_link_is_a_failure_of_ours(key: str) -> None:
    """Values of any type and size are taken or answered: nothing is raised."""
    odd = ["null", "true", "-1", "0", "1e-320", "1e400", "[]", "{}", "[null]", "[[1.07,1,1,1,1]]", "é<b>"]
    odd += ['{"a":{"b":[1]}}', '[{"kind":["a"]}]', '[{"kind":"magnetic-moment"}]', '["spin","spin"]']
    for value in odd:
        state, _ = linked_state(f"?{key}={quote(value)}", State())
        assert isinstance(state, State)


def test_a_link_with_a_theme_alone_is_the_start() -> None:
    start = start_state()
    assert linked_state("?theme=dark", start) == (start.changed(theme="dark"), "")


@pytest.mark.slow
def test_the_code_computes_what_is_shown(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(to_python(FULL), found)  # ours: written by the package from checked values
    setup = build(FULL)
    counts = Counts.compute(setup.experiment, setup.neutrinos, setup.model)
    assert np.array_equal(found["counts"].expected, counts.expected)
    assert (tmp_path / "spectrum.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"lightest_mass": -1.0}, "lightest_mass", "at least 0"),
        ({"atom": "Ybb"}, "atom", "did you mean 'Yb'"),
        ({"E_eg": 3.0, "E_vg": 2.0}, "E_vg", "above E_eg"),
        ({"runs": (new_run(1.0), new_run(9.0))}, "runs.1.photon_energy", "below the atom's E_vg"),
        ({"runs": (new_run(1.0, -1.0),)}, "runs.0.duration", "at least 0"),
        ({"runs": (new_run(1.0),) * 65}, "runs", "64 at most"),
        ({"target": {"volume": 0.0}}, "target.volume", "above 0"),
        ({"confidence_level": 1.5}, "confidence_level", "probability"),
        ({"interactions": ({"kind": "photon"},)}, "interactions.0.kind", "'magnetic-moment'"),
        (
            {"interactions": ({"kind": "charge", "elements": {"45": 1}},)},
            "interactions.0.elements",
            "indices",
        ),
        (
            {"interactions": ({"kind": "vector-mediator", "mass": "-1 eV", "electron": 1},)},
            "interactions.0.mass",
            "at",
        ),
        ({"dm2_32": -2e-3}, "dm2_32", "left out"),
    ],
)
def test_what_is_wrong_is_said_of_the_field(change: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(StateError) as caught:
        build(State().changed(**change))
    assert list(caught.value.problems) == [key]
    assert words in caught.value.problems[key]


@pytest.mark.slow
def test_counts_and_limits_are_those_of_the_package() -> None:
    state = start_state().changed(interactions=(beginning("magnetic-moment"), beginning("vector-mediator")))
    setup = build(state)
    found, known = expected(setup), limits(setup)
    counts = Counts.compute(setup.experiment, setup.neutrinos, setup.model)
    assert found.model == relative(counts.expected, rel=1e-13)
    assert found.standard == relative(counts.standard_model, rel=1e-13)
    for kind, of_kind in renp.upper_limits(setup.experiment, setup.neutrinos).limits.items():
        assert known.limits[kind] == relative(of_kind, rel=1e-10)
    unit = {"vector-mediator": {"strength": setup.terms[1]}}
    other = renp.upper_limits(setup.experiment, setup.neutrinos, couplings=unit).limits
    assert known.limits["vector-mediator"]["strength"] == relative(
        other["vector-mediator"]["strength"], rel=1e-9
    )


@pytest.mark.slow
def test_limits_are_announced_while_they_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    from renp.explorer import counts_tab

    waiting: list[Any] = []
    monkeypatch.setattr(counts_tab, "in_background", waiting.append)
    title = Explorer(State.of(runs=[[1.068]], tab="counts")).panes["counts"].limits.figure.title
    assert "computing" in title.text
    waiting.pop()()()
    assert title.text == "expected upper limits, 90 % C.L."


@pytest.mark.sampled
@pytest.mark.parametrize("parts", ["total", "pairs", "interactions"])
def test_curves_are_those_of_the_package(parts: str) -> None:
    setup = build(start_state())
    found = curves(setup, usual_window(setup), parts)
    spectrum = Spectrum.compute(setup.atom, setup.neutrinos, setup.model, found.omega)
    assert found.omega.shape == (POINTS,)
    assert found.model == relative(spectrum.spectral_function, rel=1e-12)
    assert found.standard == relative(spectrum.standard_model, rel=1e-12)
    known = {"total": {}, "pairs": spectrum.pairs, "interactions": spectrum.interactions}[parts]
    assert found.parts.keys() == known.keys()
    for name, part in known.items():
        assert found.parts[name] == pytest.approx(part, rel=1e-9, abs=1e-16)


def test_no_slider_compiles_anew() -> None:
    from renp.explorer import live

    state = start_state()
    setup = build(state)
    curves(setup, usual_window(setup), "total")
    expected(setup)
    before = live._curves._cache_size(), live._expected._cache_size()
    for k in range(3):
        table = {"kind": "magnetic-moment", "elements": {f"{k + 1}{k + 1}": 1e-11 * (k + 1)}}
        runs = tuple(new_run(1.06 + 1e-3 * j) for j in range(k + 1))
        moved = state.changed(lightest_mass=0.01 * k, interactions=(table,), runs=runs)
        setup = build(moved)
        curves(setup, (1.05, 1.07), "total")
        expected(setup)
    assert (live._curves._cache_size(), live._expected._cache_size()) == before


def test_every_kind_of_interaction_has_controls(page: Explorer) -> None:
    for kind in [kind for kind, cls in kinds().items() if cls.__module__.startswith("renp.")]:
        state = State().changed(interactions=(beginning(kind),))
        assert len(build(state).terms) == 1
        page.interactions.show(state)
        assert page.interactions.fields
    assert set(BEGIN) <= set(kinds())


@pytest.mark.parametrize("kind", ["magnetic-moment", "charge", "scalar-mediator"])
def test_a_kind_without_a_beginning_of_its_own_can_be_added(
    kind: str, page: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(BEGIN, kind)
    state = State().changed(interactions=(beginning(kind),))
    assert len(build(state).terms) == 1
    page.interactions.show(state)
    assert page.interactions.fields


def test_an_element_is_set_by_its_field(page: Explorer) -> None:
    first = field(page, "interactions.0.elements.11")
    first.widget.value = "5e-11"
    assert page.state.scenario.interaction[0]["elements"] == {"11": 5e-11}
    first.widget.value = "many"
    assert "must be a number" in first.words.object
    assert page.state.scenario.interaction[0]["elements"] == {"11": 5e-11}
    slider = field(page, "interactions.0.elements")
    slider.widget.value = -10.0
    assert page.state.scenario.interaction[0]["elements"] == {"11": 1e-10}
    assert first.widget.value == "1e-10"
    assert "alert" not in first.words.object


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("key", "k", "value", "read"),
    [
        ("atom", 0, "Xe", lambda s: s["atom"] == "Xe" and s["E_eg"] is None),
        ("effects", 0, ["orbit", "spin"], lambda s: s["effects"] == ["spin", "orbit"]),
        ("ordering", 0, "inverted", lambda s: s["ordering"] == "inverted"),
        ("nature", 0, "majorana", lambda s: s.scenario.interaction[0]["elements"] == {}),
        ("lightest_mass", 0, 0.02, lambda s: s["lightest_mass"] == 0.02),
        ("lightest_mass", 1, "30 meV", lambda s: abs(s["lightest_mass"] - 0.03) < 1e-15),
        ("majorana_phases", 1, 0.5, lambda s: s["majorana_phases"] == [0.0, 0.5 * pi]),
        ("release", 0, "nufit-6.0", lambda s: s["release"] == "nufit-6.0"),
        ("delta_cp", 0, 1.0, lambda s: s["delta_cp"] == pi),
        ("sin2_theta12", 0, "0.3", lambda s: s["sin2_theta12"] == 0.3),
        ("target.volume", 0, "1 l", lambda s: s["target.volume"] == relative(1000.0, rel=1e-12)),
        ("laser.gaussian", 0, "1e-6", lambda s: s["laser.gaussian"] == 1e-6),
        ("E_eg", 0, "2.0", lambda s: (s["E_eg"], s["E_vg"]) == (2.0, 2.23072)),
        ("boost", 0, "1e-3", lambda s: s["boost"] == 1e-3),
        ("parts", 0, "pairs", lambda s: s.parts == "pairs"),
        ("ratio", 0, [True], lambda s: s.ratio),
        ("window", 0, "1.07", lambda s: s.window[0] == 1.07),
        ("confidence_level", 0, "0.95", lambda s: s["confidence_level"] == 0.95),
        ("aim", 0, "ordering", lambda s: s.aim == "ordering"),
        ("total", 0, "5 day", lambda s: s.total == 5 * DAY),
        ("effects.whole", 0, "full", lambda s: len(s["effects"]) == len(EFFECTS)),
        ("normalisation_error", 0, "5 %", lambda s: s["normalisation_error"] == 0.05),
        ("oscillation", 0, "all", lambda s: s["oscillation"] == "all"),
        ("counts", 0, "1 2, 3 4 5 6 7", lambda s: [r.counts for r in s.scenario.run] == [*range(1, 8)]),
    ],
)
def test_each_control_sets_its_field(page: Explorer, key: str, k: int, value: Any, read: Any) -> None:
    if key == "majorana_phases":  # Dirac neutrinos have none
        field(page, "nature").widget.value = "majorana"
    if key == "oscillation":  # the release of the letter has no errors
        field(page, "release").widget.value = "nufit-6.0"
    control = field(page, key, k)
    page.panes["counts"].controls.show(page.state)
    page.panes["plan"].show(page.state, page.setup)
    control.widget.value = value
    assert page.problems == {}
    assert read(page.state), page.state


def test_what_is_unfolded_shows_the_state() -> None:
    page = explore()
    page.change(**{"target.volume": 50.0})
    assert "target.volume" not in [one.key for one in page.fields]
    (target,) = [part for part in page.controls.more if part.title == "Target"]
    target.collapsed = False
    assert field(page, "target.volume").widget.value == "50"
    target.collapsed = True
    target.collapsed = False
    assert [one.key for one in page.fields].count("target.volume") == 1


@pytest.mark.parametrize("atom", ["Xe", "Sr"])
def test_runs_follow_to_the_same_places_beside_the_thresholds(page: Explorer, atom: str) -> None:
    before = page.setup
    field(page, "atom").widget.value = atom
    assert page.problems == {}
    assert "same places" in page.message.object
    masses = [  # of the pair at rest, squared: a threshold is where it is (mᵢ + mⱼ)²
        one.atom.E_eg * (one.atom.E_eg - 2 * np.asarray(one.experiment.photon_energy))
        for one in (before, page.setup)
    ]
    assert masses[1] == pytest.approx(masses[0], abs=1e-8)


@pytest.mark.slow
def test_counts_are_of_all_runs_or_of_none(page: Explorer) -> None:
    page.change(tab="counts")
    control = field(page, "counts")
    control.widget.value = "118 105"
    assert "each of 7 runs" in control.words.object
    control.widget.value = "118 105 85 80 77 39 3"
    assert page.setup.experiment.counts.tolist() == [118, 105, 85, 80, 77, 39, 3]
    assert list(page.panes["counts"].counts.source.data["observed"]) == [118, 105, 85, 80, 77, 39, 3]
    assert page.panes["counts"].limits.figure.title.text == "observed upper limits, 90 % C.L."
    known = renp.upper_limits(page.setup.experiment, page.setup.neutrinos)
    drawn = page.panes["counts"].limits.source.data
    shown = dict(zip(drawn["name"], drawn["limit"], strict=True))
    assert shown["μ 12"] == relative(known.limits["magnetic-moment"]["12"], rel=1e-10)
    assert "agree with the standard model" in page.panes["counts"].table.object
    field(page, "runs.0.duration").widget.value = "20"
    assert page.setup.experiment.counts is None


@pytest.mark.slow
def test_the_light_of_a_run_is_set_where_it_is_seen(page: Explorer) -> None:
    page.change(tab="counts", effects=["spin"])
    field(page, "runs.1.polarisation").widget.value = "left"
    assert [run.polarisation for run in page.state.scenario.run][:3] == [None, "left", None]
    assert page.problems == {}
    field(page, "effects.whole").widget.value = "papers"
    assert page.problems == {}
    assert "runs.1.polarisation" not in [one.key for one in page.fields]


def test_the_theme_turns_all_figures(page: Explorer) -> None:
    figure = page.plots["spectrum"].figure
    page.change(theme="dark")
    inks = (
        figure.xaxis[0].axis_label_text_color,
        figure.background_fill_color,
        figure.legend[0].label_text_color,
    )
    assert inks == (LOOKS["dark"].ink, LOOKS["dark"].ground, LOOKS["dark"].ink)
    page.change(theme="light")
    assert figure.background_fill_color == LOOKS["light"].ground


@pytest.mark.slow
def test_no_control_asks_for_a_change_by_itself(page: Explorer) -> None:
    for tab in ("start", "counts", "plan", "bounds", "target", "share", "spectrum"):
        page.change(tab=tab)
        assert page.problems == {}
        assert page.state == start_state().changed(tab=tab)
        assert page.panes["plan"].fields[0].widget.value == "limits"


def test_a_walk_leads_through_four_views(page: Explorer) -> None:
    page.change(tab="start")
    page.walk.begin.clicks += 1
    seen = []
    while page.walk.next.visible:
        seen.append(page.state.tab)
        assert page.walk.strip.visible
        page.walk.next.clicks += 1
    assert [*seen, page.state.tab] == ["spectrum", "counts", "plan", "bounds"]
    page.walk.end.clicks += 1
    assert not page.walk.strip.visible


def test_the_page_is_there_before_its_first_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[Any] = []
    monkeypatch.setattr("renp.explorer.page.in_background", waiting.append)
    ready = threading.Event()
    page = Explorer(start_state(), ready)
    assert len(page.plots["spectrum"].curves.data["x"]) == 0
    field(page, "lightest_mass").widget.value = 0.02
    assert page.state["lightest_mass"] == 0.02
    ready.set()
    waiting.pop()()()
    assert len(page.plots["spectrum"].curves.data["x"]) == POINTS
    assert field(page, "lightest_mass").widget.value == 0.02


def test_the_cycle_of_a_target_is_computed_beside_the_page(
    page: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Any] = []
    monkeypatch.setattr("renp.explorer.page.in_background", waiting.append)
    ready = {"length": 1.0, "repetition": 100.0, "coherence": 0.5, "dephasing_time": 0.02}
    page.change(**{"target.preparation": ready | {"polarisability": 1e-6}, "tab": "target"})
    assert page.state["target.preparation"] is None
    waiting.pop()()()
    assert page.problems == {}
    assert page.state["target.preparation"].repetition == 100.0
    shown = page.panes["target"]
    eta = float(page.setup.experiment.target.dynamical_factor)
    assert shown.mean.data["mean"] == [eta]
    assert eta == relative(1 - np.exp(-1.0), rel=1e-6)
    field(page, "target.preparation.length").widget.value = "-1"
    waiting.pop()()()
    assert "above 0" in field(page, "target.preparation.length").words.object
    field(page, "target.preparation.length").widget.value = "0.5"
    waiting.pop()()()
    assert page.setup.experiment.target.preparation.length == 0.5


@pytest.mark.slow
def test_runs_are_moved_added_and_removed(page: Explorer) -> None:
    page.change(tab="counts")
    plot = page.plots["counts"]
    before = list(page.panes["counts"].counts.source.data["expected"])
    plot.handles.data = {"x": [1.06, *plot.handles.data["x"][1:], 1.065], "run": [*range(1, 8), 0]}
    assert [run.photon_energy for run in page.state.scenario.run][::7] == [1.06, 1.065]
    after = list(page.panes["counts"].counts.source.data["expected"])
    assert after[0] > before[0]
    assert after[1:7] == before[1:]
    assert list(plot.handles.data["run"]) == [*range(1, 9)]
    plot.handles.data = {"x": [1.06], "run": [1]}
    assert len(page.state.scenario.run) == 1
    field(page, "runs.0.duration").widget.value = "20"
    assert page.state.scenario.run[0].duration == 20 * DAY
    plot.handles.data = {"x": [9.0], "run": [1]}  # above E_vg: refused, and the line goes back
    assert "below the atom's E_vg" in page.problems["runs.0.photon_energy"]
    assert list(plot.handles.data["x"]) == [1.06]


def test_a_file_in_the_page_is_used_or_answered(page: Explorer) -> None:
    page.change(tab="share")
    text = page.panes["share"].scenario.value.replace('"0.01 eV"', '"0.04 eV"')
    page.panes["share"].scenario.value = text
    assert page.state["lightest_mass"] == 0.04
    page.panes["share"].scenario.value = text.replace('"Yb"', '"Yc"').replace("E_eg", "E_e")
    assert "atom" in page.panes["share"].field.words.object
    assert page.state["lightest_mass"] == 0.04


@pytest.mark.parametrize("table", ['[atom]\nfile = "/etc/passwd"', '[runs]\nfile = "/etc/passwd"'])
def test_a_file_in_the_page_reads_no_other(page: Explorer, table: str) -> None:
    page.change(tab="share")
    page.panes["share"].scenario.value = table
    assert "a page reads no files" in page.panes["share"].field.words.object


def test_no_text_is_run() -> None:
    """No module of the explorer evaluates text, and what runs in the browser is fixed when it is written."""
    for path in Path(renp.explorer.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else ""
            assert name not in ("eval", "exec", "compile", "__import__"), path.name
            if name.startswith("CustomJS"):
                (code,) = [k.value for k in node.keywords if k.arg in ("code", "major_code")]
                constant = code.left if isinstance(code, ast.BinOp) else code
                assert isinstance(constant, ast.Name), path.name
                assert constant.id.endswith("_JS"), path.name


@pytest.mark.slow
@pytest.mark.parametrize("what", list(RESULTS))
def test_pictures_and_data_are_saved(what: str) -> None:
    result = RESULTS[what](start_state())
    assert file_of(result, "png").read().startswith(b"\x89PNG")
    assert b"<svg" in file_of(result, "svg").read()
    assert b"# renp" in file_of(result, "csv").read()


def test_fewer_runs_and_interactions_can_come_from_elsewhere(page: Explorer) -> None:
    """Controls of runs are made anew only where they are seen."""
    page.change(tab="counts")
    page.change(tab="share")
    page.panes["share"].scenario.value = HEAD
    assert (page.state.scenario.run, page.state.scenario.interaction, page.problems) == ((), (), {})
    page.change(tab="counts")
    assert page.panes["counts"].controls.fields == []


def test_a_newer_value_is_not_shown_away(page: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of values that come while the page is busy the last counts, and no older one replaces it."""
    waiting: list[Any] = []
    monkeypatch.setattr("renp.explorer.page.with_lock", waiting.append)
    slider = field(page, "lightest_mass", 0).widget
    page.tabs.widget.value = "counts"
    for mass in (0.02, 0.03, 0.04):
        slider.value = mass
    assert len(waiting) == 2
    waiting.pop(0)()
    assert (page.state.tab, page.state["lightest_mass"], slider.value) == ("counts", 0.01, 0.04)
    waiting.pop(0)()
    assert page.state["lightest_mass"] == 0.04
    assert waiting == []


def test_html_in_names_is_text(page: Explorer) -> None:
    page.change(atom="<img src=x onerror=alert(1)>", E_eg=None, E_vg=None)
    assert page.problems
    assert "<img" not in field(page, "atom").words.object


def test_only_this_machine_is_listened_to() -> None:
    with served(State()) as (server, url):
        assert url.startswith("http://localhost:")
        sockets = server._http._sockets.values()
        assert all(one.getsockname()[0] in ("127.0.0.1", "::1") for one in sockets)
        allowed = server._tornado.websocket_origins
        port = int(url.rsplit(":", 1)[1])
        assert allowed == {f"localhost:{port}", f"127.0.0.1:{port}"}


def test_the_server_has_an_event_loop_of_its_own() -> None:
    """It answers in a thread that has no event loop, as from Python 3.14 on the main one has none."""

    def ask() -> tuple[int, Any]:
        with served(State()) as (server, url):
            loop = server.io_loop
            client = loop.run_in_executor(None, urlopen, f"{url}/static/js/bokeh.min.js")
            client.add_done_callback(lambda _: loop.stop())
            loop.start()
            with pytest.raises(RuntimeError, match="no current event loop"):
                asyncio.get_event_loop()
            return client.result().status, loop

    with ThreadPoolExecutor(1) as thread:
        status, loop = thread.submit(ask).result()
    assert status == 200
    assert loop.asyncio_loop.is_closed()


ODD = {
    "a page": ("GET /static/js/bokeh.min.js", 200),
    "another method": ("POST /", 405),
    "another path": ("GET /rest/session_info", 404),
    "a path of zero characters": ("GET /static/js/%00x", 404),
    "a path above": ("GET /static/../../../etc/passwd", 403),
    "a session of others": ("GET /?bokeh-session-id=%00", 404),
    "two question marks": ("GET /??lightest_mass=0.02", 404),
    "a long link": (f"GET /?lightest_mass={30_000 * '9'}", 414),
    "a number of many digits": (f"GET /?={5000 * '9'}", 400),
    "digits that are no number": ("GET /?lightest_mass=%C2%B2", 400),
    "a websocket that is none": ("GET /ws", 400),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """Return a server that runs in a thread."""
    ready, found = threading.Event(), list[Any]()

    def run() -> None:
        with served(State()) as (server, _):
            found.append(server)
            ready.set()
            server.io_loop.start()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(120)
    yield found[0]
    found[0].io_loop.add_callback(found[0].io_loop.stop)
    thread.join()


@pytest.fixture(scope="module")
def port(server: Any) -> int:
    """Return the port of a server that runs in a thread."""
    return int(server.port)


def answer(port: int, request: str, host: str = "") -> tuple[int, dict[str, str]]:
    """Return status and headers of the answer to a request."""
    connection = HTTPConnection("localhost", port, timeout=120)
    method, path = request.split(" ", 1)
    connection.request(method, path, headers={"Host": host or f"localhost:{port}"})
    found = connection.getresponse()
    found.read()
    connection.close()
    return found.status, {name.lower(): value for name, value in found.getheaders()}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_request_is_no_failure(name: str, port: int) -> None:
    request, expected = ODD[name]
    status, headers = answer(port, request)
    assert status == expected
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert f"ws://localhost:{port}" in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("host", ["evil.example", "localhost", "evil.example:5006", "[::1]:1"])
def test_pages_and_files_are_for_the_explorers_own_addresses(host: str, port: int) -> None:
    for request in ("GET /", "GET /static/js/bokeh.min.js", "GET /ws"):
        assert answer(port, request, host)[0] == 403


@pytest.mark.parametrize("bound", ["MOST_SESSIONS", "MOST_WAITING"])
def test_no_more_pages_than_there_is_room_for(bound: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"renp.explorer.guard.{bound}", 0)
    assert answer(port, "GET /")[0] == 503
    assert answer(port, "GET /static/js/bokeh.min.js")[0] == 200


def test_what_has_to_be_compiled_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is another one for other parts and neutrinos of another nature, not for another mass."""
    monkeypatch.setattr("renp.explorer.live._compiled", set())
    state = State.of(tab="spectrum", parts="interactions", nature="majorana")
    lighter, setup = state.changed(lightest_mass=0.0), build(state)
    assert not is_compiled(state, setup)
    compile_view(state, setup)
    assert is_compiled(state, setup)
    assert is_compiled(lighter, build(lighter))
    for other in (state.changed(nature="dirac"), state.changed(effects="full")):
        assert not is_compiled(other, build(other))
    assert is_compiled(state.changed(tab="share"), setup)  # has no numbers


def test_between_two_pages_others_have_their_turn() -> None:
    """Twice as long as a page took to make; who has gone does not hold up who comes after."""
    took, order = 0.1, list[str]()

    async def page(turns: Turns, name: str) -> None:
        await turns.on_session_created(None)
        order.append(name)
        time.sleep(took)  # as making a page does

    async def others(seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append("others")

    async def all_of_them() -> None:
        turns = Turns()
        pages = [asyncio.create_task(page(turns, name)) for name in ("one", "gone", "two")]
        await asyncio.sleep(0)
        assert turns.waiting == 2
        pages[1].cancel()
        await asyncio.gather(pages[0], pages[2], others(1.2 * took))
        assert turns.waiting == 0

    asyncio.run(all_of_them())
    assert order == ["one", "others", "two"]


@pytest.mark.usefixtures("port")
def test_warnings_of_panel_are_not_among_the_answers() -> None:
    log = logging.getLogger("panel")
    assert log.handlers == []
    assert log.propagate


def test_a_view_reaches_the_browser_before_its_data(
    server: Any, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the connection is busy when the view is opened: what is not known cannot be changed."""
    sent: list[str] = []
    write = WebSocketHandler.write_message

    def noted(self: Any, message: Any, binary: bool = False) -> Any:
        sent.append(str(message))
        return write(self, message, binary)

    client = pull_session(url=f"http://localhost:{port}")
    (session,) = [one for one in server.get_sessions("/") if one.id == client.id]
    (connection,) = session._subscribed_connections
    busy, tell = threading.Event(), session.document.callbacks.trigger_event

    async def keep_busy() -> None:
        await session.with_document_locked(lambda: tell(DocumentReady()))
        await asyncio.sleep(0.2)
        with await connection._socket.write_lock.acquire():
            busy.set()
            await asyncio.sleep(1.0)

    server.io_loop.add_callback(keep_busy)
    assert busy.wait(60)
    monkeypatch.setattr(WebSocketHandler, "write_message", noted)
    (tabs,) = [one for one in client.document.models if "Counts, limits" in getattr(one, "labels", ())]
    tabs.active = 3
    client.force_roundtrip()  # which sends it, and waits
    time.sleep(0.5)
    (figure,) = session.document.select({"name": "plan-figure"})
    ids = [one.data_source.id for one in figure.renderers if one.data_source.name == "curves"]
    first = next(message for message in sent if ids[0] in message)
    assert f'"{figure.id}"' in first
    assert '"plan-figure"' in first
    client.close()


def test_a_page_that_was_closed_is_let_go_and_most_of_it_without_a_search() -> None:
    async def close(document: Document) -> None:
        document.models.destroy()
        for callback in document.session_destroyed_callbacks:
            callback(SimpleNamespace(_document=document, id="closed"))
        await asyncio.sleep(0)

    def objects() -> tuple[int, set[weakref.ref[Explorer]]]:
        every = gc.get_objects()
        return len(every), {weakref.ref(one) for one in every if isinstance(one, Explorer)}

    def made_and_left() -> tuple[int, int, set[weakref.ref[Explorer]]]:
        document, (before, known) = Document(), objects()
        with set_curdoc(document):
            renp.explorer.server.page(State())().server_doc(document)
        full, open_ = objects()
        asyncio.run(close(document))
        del document
        return full - before, objects()[0] - before, open_ - known

    made_and_left()  # What is made once and kept is made now.
    gc.collect()
    gc.disable()
    try:
        made, left, explorers = made_and_left()
    finally:
        gc.enable()
    assert left < 0.4 * made
    gc.collect()
    assert [one() for one in explorers] == [None]


def test_work_that_outlives_its_page_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    done, closed = threading.Event(), SimpleNamespace(session_context=None)  # it has nothing to call any more
    failures: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    monkeypatch.setattr("renp.explorer.fields._served_document", lambda: closed)
    in_background(lambda: done.set() or (lambda: None))
    assert done.wait(5)
    for thread in threading.enumerate():
        if thread.name == "renp work of a page":
            thread.join(5)
    assert failures == []


def test_a_state_has_a_bound_on_its_interactions() -> None:
    link = f"interactions={quote(json.dumps(17 * [{'kind': 'magnetic-moment', 'elements': {'11': 1e-11}}]))}"
    assert linked_state(link, State())[1] == "The link: interactions: 17 interactions: must be 16 at most"


@pytest.mark.parametrize("quantity", ["10^99999999 day", "1e999999999 day", "1 day^99999999", 9999 * "9"])
def test_a_link_is_no_time_bomb(quantity: str) -> None:
    def seconds(quantity: str, *, wrong: bool) -> float:
        begin = time.process_time()
        for key in ("runs", "target", "interactions"):
            table = {"photon_energy": 1.0, "duration": quantity, "density": quantity, "mass": quantity}
            content = [table | {"kind": "vector-mediator"}] if key != "target" else table
            said = linked_state(f"?{key}={quote(json.dumps(content))}", State())[1]
            assert said or not wrong
        return time.process_time() - begin

    seconds("10 day", wrong=False)  # which loads what knows units
    usual = seconds("10 day", wrong=False)
    assert seconds(quantity, wrong=True) < 100 * usual


def test_at_every_address_a_browser_may_name_the_machine() -> None:
    host = socket.gethostname()
    assert names_of("0.0.0.0")[0] == host
    assert {host, "localhost", "127.0.0.1"} <= set(names_of("0.0.0.0"))


def test_what_ends_the_start_ends_the_server() -> None:
    told: list[str] = []

    def begin() -> State:
        asked.append(urlopen(told[0]).read().decode())
        asked.append(urlopen(f"{told[0]}/ready").status)
        raise ScenarioError("run.toml", ["atom: is missing"])

    asked: list[Any] = []
    with pytest.raises(ScenarioError, match="atom: is missing"):
        serve(begin, file="run <1>.toml", port=0, browser=False, tell=told.append)
    assert "starting</b> with run &lt;1&gt;.toml" in asked[0]
    assert asked[1] == 204


def test_a_port_in_use_is_the_users_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="free"), served(State(), port=port, address="127.0.0.1"):
            pass


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renp.explorer.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "renp\[explorer\]"'):
        require_panel()


def test_a_wrong_file_is_answered() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        explore("no-such-file.toml")


def test_links_of_earlier_versions_still_open() -> None:
    """Parameters that differ from the release's once were a table."""
    query = (
        'atom=Yb&lightest_mass=0.02&oscillation={"sin2_theta12":0.31,"delta_cp":3.0}&runs=[[1.068,864000.0]]'
    )
    state = from_query(query)
    assert state == State.of(lightest_mass=0.02, sin2_theta12=0.31, delta_cp=3.0, runs=[[1.068]])
    assert build(state).neutrinos == renp.Neutrinos(0.02, sin2_theta12=0.31, delta_cp=3.0)


def test_what_files_say_is_shown_in_place_of_their_names(tmp_path: Path) -> None:
    level = 'label = "{}"\nwavenumber = {}\nJ = {}\nsource = "mine"\nverified = true\n'
    atom = 'name = "mine"\n[e]\n' + level.format("e", 14317.5, 0) + "[v]\n" + level.format("v", 14504.3, 1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.toml").write_text(atom)
    (tmp_path / "other" / "runs.csv").write_text(
        "photon_energy [eV], duration [day], background [1/day], efficiency\n0.88, 10, 2, 0.5\n"
    )
    file = tmp_path / "run.toml"
    names = '[atom]\nfile = "other/mine.toml"\n[runs]\nfile = "other/runs.csv"\n'
    file.write_text(names + '[neutrinos]\nlightest_mass = "0.01 eV"\n')
    read, state = Scenario.read(file), start_state(file)
    alone = Scenario.from_text(to_text(state.scenario))
    assert "file" not in alone.text
    for one in (build(state), alone):
        assert (one.atom.name, one.atom.E_eg, one.atom.E_vg) == ("mine", read.atom.E_eg, read.atom.E_vg)
        assert repr(one.experiment.runs) == repr(read.experiment.runs)
    assert [run.efficiency for run in state.scenario.run] == [0.5]


def test_levels_of_an_atom_file_are_answered(tmp_path: Path) -> None:
    """The page has no controls for them, and would lose them."""
    level = 'label = "{}"\nwavenumber = {}\nJ = {}\nsource = "mine"\nverified = true\n'
    atom = 'name = "mine"\n[e]\n' + level.format("e", 14317.5, 0) + "[v]\n" + level.format("v", 14504.3, 1)
    (tmp_path / "mine.toml").write_text(atom)
    run = '[atom]\nfile = "mine.toml"\n{}\n[neutrinos]\nlightest_mass = "0.01 eV"\n'
    file = tmp_path / "run.toml"
    file.write_text(run.format(""))
    assert explore(file).state["E_eg"] == relative(1.77514, rel=1e-5)
    file.write_text(run.format('approximation = "full"'))
    with pytest.raises(ScenarioError, match="the explorer: 1 problem\n  atom: mine: must be one with levels"):
        explore(file)


def test_the_command_line_does_not_load_panel() -> None:
    import subprocess

    code = "import sys, renp.cli.commands; sys.exit('panel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow  # a machine that does other things besides is no measure
def test_a_slider_is_followed_within_16_ms(page: Explorer) -> None:
    """From a new value to the data of 2000 points: the least of several, since others compute too."""
    import time

    slider = field(page, "lightest_mass", 0).widget
    took = []
    for k in range(20):
        start = time.perf_counter()
        slider.value = 0.012 + 0.001 * k
        took.append(time.perf_counter() - start)
    assert len(page.plots["spectrum"].curves.data["x"]) == 2000
    print(f"median {1e3 * sorted(took)[10]:.1f} ms, least {1e3 * min(took):.1f} ms")
    assert min(took) <= 0.016


def test_results_have_short_controls() -> None:
    setup = build(start_state())
    counts = Counts.compute(setup.experiment, setup.neutrinos, setup.model)
    view = renp.explore(counts)
    view[0][0].value = True  # per day
    source = view[1].object.renderers[0].data_source
    assert source.data["expected"] == relative(counts.expected / 10, rel=1e-12)
    spectrum = Spectrum.compute(setup.atom, setup.neutrinos, setup.model, [1.06, 1.07])
    view = renp.explore(spectrum)
    view[0][0].value, view[0][1].value = "by pair", True
    source = view[1].object.renderers[4].data_source
    assert list(source.data["model"]) == relative(
        spectrum.spectral_function / spectrum.standard_model, rel=1e-12
    )
    assert len(renp.explore(Bounds.compute())) == 2


def test_a_notebook_is_shown_the_page(page: Explorer) -> None:
    assert page.__panel__() is page.view


def test_a_page_that_is_closed_while_it_is_written_to_is_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.new_event_loop()
    say_nothing_of_closed_pages(loop)
    for error in (WebSocketClosedError(), StreamClosedError(), ValueError("other")):
        loop.call_exception_handler({"message": "never retrieved", "exception": error})
    logging.getLogger("bokeh.server.views.ws").warning("Failed sending message as connection was closed")
    loop.close()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError]
    assert len(caplog.records) == 1


@pytest.mark.slow
def test_a_notebook_asks_nobody_for_style_sheets() -> None:
    explorer, document, comm = renp.explore(), Document(), state._comm_manager.get_server_comm()
    with pn.config.set(inline=True):
        with set_resource_mode("inline"):
            root = explorer.view._render_model(document, comm)
        for model in root.select({"type": UIElement}):
            patch_inline_stylesheets(model)
        for tab in ("bounds", "share"):
            explorer.change(tab=tab)
            assert not [one for one in root.references() if isinstance(one, ImportedStyleSheet)]
