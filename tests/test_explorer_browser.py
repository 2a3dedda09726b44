"""The explorer in a real browser: what controls do, what a link restores, how soon it is on screen."""

import re
import statistics
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from renp.constants import DAY
from renp.explorer.exchange import from_text, start_state
from renp.explorer.live import edges
from renp.explorer.setup import build
from renp.explorer.theme import LOOKS
from renp.results import Counts

pytest.importorskip("playwright", reason='needs the extra "test": pip install "renp[test]"')
from explorer_browser import CHROMIUM, PATIENCE, Page, chromium, process, served
from relative import relative

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Page]:
    one = Page(browser, url)
    yield one
    assert one.errors == []
    outside = [r for r in one.requests if not r.startswith((url, "blob:" + url, "data:"))]
    assert outside == []
    one.context.close()


def scenario(page: Page) -> str:
    """Return the scenario file that the page shows."""
    page.press("Share")
    field = page.page.get_by_label("Scenario file (TOML)")
    field.wait_for()
    return str(field.input_value())


def test_a_slider_moves_the_thresholds_without_a_mouse(page: Page) -> None:
    before = page.data("thresholds", "x")
    slider = page.page.get_by_role("slider").first
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    page.wait_changed("thresholds", "x", before)
    assert max(page.data("thresholds", "x")) < max(before)
    page.until("() => location.search.includes('lightest_mass=0.011')")


@pytest.mark.parametrize(
    ("press", "key"),
    [("inverted ordering", "ordering=inverted"), ("Majorana", "nature=majorana"), ("by pair", "parts=pairs")],
)
def test_buttons_change_the_curves_and_the_link(page: Page, press: str, key: str) -> None:
    before = page.data("curves", "model")
    page.press(press)
    page.until("key => location.search.includes(key)", key)
    if press != "by pair":
        assert page.data("curves", "model") != before


CARDS = (
    "Oscillation parameters",
    "Laser",
    "What is uncertain",
    "Single effects of the atom",
    "Atom of one's own",
)
TEXTS = {
    "Lightest mass, exactly (eV)": ("20 meV", lambda s: s["lightest_mass"] == 0.02),
    "sin²θ₁₂": ("0.31", lambda s: s["sin2_theta12"] == 0.31),
    "Δm²₂₁ (eV²)": ("7.4e-5", lambda s: s["dm2_21"] == 7.4e-5),
    "Atoms per cm³": ("2e21", lambda s: s["target.density"] == 2e21),
    "Volume (cm³)": ("50", lambda s: s["target.volume"] == 50),
    "Dynamical factor η": ("0.5", lambda s: s["target.dynamical_factor"] == 0.5),
    "Gaussian width, FWHM (eV)": ("1e-6", lambda s: s["laser.gaussian"] == 1e-6),
    "Error of all rates": ("5 %", lambda s: s["normalisation_error"] == 0.05),
    "Boost p_eg (eV)": ("1e-4", lambda s: s["boost"] == 1e-4),
    "E_vg (eV)": ("2.25", lambda s: s["E_vg"] == 2.25),
    "from ω (eV)": ("1.06", lambda s: s.window[0] == 1.06),
    "to ω (eV)": ("1.073", lambda s: s.window[1] == 1.073),
}
CHOICES = {
    "Atom": ("Sr", lambda s: (s["atom"], s["E_eg"]) == ("Sr", None)),
    "Global fit": ("nufit-5.2", lambda s: s["release"] == "nufit-5.2"),
}
BOXES = {
    "spin sums": lambda s: s["effects"] == ["spin"],
    "orbital current": lambda s: s["effects"] == ["spin", "orbit"],
    "ratio to the standard model": lambda s: s.ratio,
}


def test_each_control_changes_its_part_of_the_link(page: Page) -> None:
    for card in CARDS:
        page.press(card)
    page.page.get_by_role("button", name="Target", exact=True).nth(1).click()  # the first is the view
    for label, (text, _) in TEXTS.items():
        page.set(label, text)
        page.wait_state(TEXTS[label][1])
    for label, check in BOXES.items():
        page.page.get_by_label(label, exact=True).check()
        page.wait_state(check)
    page.page.get_by_label("Polarisation of the trigger").select_option("right")
    page.wait_state(lambda s: s["polarisation"] == "right")
    for label, (option, check) in CHOICES.items():
        page.page.get_by_label(label, exact=True).select_option(option)
        page.wait_state(check)
    page.press("Majorana")  # which has no diagonal moment
    page.wait_state(lambda s: s.scenario.interaction[0]["elements"] == {})
    page.page.get_by_role("slider").nth(2).press("ArrowRight")
    page.wait_state(lambda s: s["majorana_phases"][1] > 0)
    for check in [check for _, check in TEXTS.values()][:7]:  # none of them has undone another
        page.wait_state(check)


def test_elements_of_a_moment_and_a_mediator_can_be_set(page: Page) -> None:
    before = page.data("curves", "model")
    page.set("33", "8e-11")
    page.wait_changed("curves", "model", before)
    page.page.get_by_label("Interaction", exact=True).select_option("vector-mediator")
    page.press("Add")
    page.until("() => location.search.includes('vector-mediator')")
    state = from_text(scenario(page))
    assert state.scenario.interaction[0]["elements"] == {"11": 3e-11, "33": 8e-11}
    assert state.scenario.interaction[1]["kind"] == "vector-mediator"


def test_wrong_entries_are_answered_beside_the_field(page: Page) -> None:
    for label, text, words in [
        ("Lightest mass, exactly (eV)", "-1", "at least 0"),
        ("Lightest mass, exactly (eV)", "heavy", "cannot be read"),
        ("12", "many", "must be a number"),
        ("from ω (eV)", "9", "positive width"),
    ]:
        before = page.data("curves", "model")
        page.set(label, text)
        alert = page.page.get_by_role("alert").filter(has_text=words)
        alert.wait_for()
        field = page.page.get_by_label(label, exact=True).first.bounding_box()
        beside = alert.bounding_box()
        assert field is not None
        assert beside is not None
        assert 0 <= beside["y"] - field["y"] < 80
        assert page.data("curves", "model") == before
        page.set(label, "0.01" if "mass" in label else "1.066" if "from" in label else "")
        alert.wait_for(state="detached")


def test_dragging_a_line_changes_the_counts_to_those_of_the_command_line(page: Page) -> None:
    page.press("Counts, limits")
    page.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 7")
    before, limits = page.data("counts", "expected"), page.data("limits", "limit")
    x, y, width = page.place_of_run(0)
    mouse = page.page.mouse
    mouse.move(x, y)
    mouse.down()
    for step in range(1, 11):
        mouse.move(x - step * width / 100, y)
        page.page.wait_for_timeout(40)
    page.wait_changed("counts", "expected", before)  # while the line is still held
    mouse.up()
    page.page.wait_for_timeout(1500)
    energies, after = page.data("counts", "energy"), page.data("counts", "expected")
    assert energies[0] < 1.0679
    assert energies[1:] == [1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
    assert after[1:] == before[1:]
    assert page.data("limits", "limit") != limits
    setup = build(from_text(scenario(page)))
    counts = Counts.compute(setup.experiment, setup.neutrinos, setup.model)
    assert counts.photon_energy[0] == energies[0]
    assert counts.expected == relative(after, rel=1e-12)


def test_a_tap_adds_a_run_and_a_button_removes_it(page: Page) -> None:
    page.press("Counts, limits")
    page.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 7")
    x, y, width = page.place_of_run(0)
    page.page.mouse.click(x + 0.06 * width, y - 60)
    page.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 8")
    page.page.get_by_role("button", name="✕").last.click()
    page.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 7")
    page.set("1: ω (eV)", "1160 nm")
    page.until(
        "() => Math.abs(Bokeh.documents[0].get_model_by_name('counts')?.data.energy[0] - 1.06883) < 1e-4"
    )


def test_zooming_resamples_down_to_ten_microelectronvolts(page: Page) -> None:
    before = page.data("curves", "x")
    page.page.get_by_label("Window", exact=True).select_option("10⁻⁵ eV")
    page.press("Zoom")
    page.wait_changed("curves", "x", before)
    omega, model = page.data("curves", "x"), page.data("curves", "model")
    assert max(omega) - min(omega) == relative(1e-5, rel=1e-6)
    assert len(set(model)) > 1000
    label = page.page.evaluate("Bokeh.documents[0].get_model_by_name('spectrum-figure').below[0].axis_label")
    assert label.startswith("ω − ω₁₁ (μeV)")
    box = page.frame("spectrum-figure")
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.wheel(0, 600)
    page.wait_changed("curves", "x", omega)


def test_a_link_restores_the_state(page: Page, browser: Any, url: str) -> None:
    page.press("inverted ordering")
    page.set("Lightest mass, exactly (eV)", "0.037")
    page.press("Counts, limits")
    page.until("() => location.search.includes('tab=counts') && location.search.includes('0.037')")
    query = page.page.evaluate("location.search")
    other = Page(browser, url, "/" + query)
    other.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 7")
    assert other.data("counts", "expected") == page.data("counts", "expected")
    # A link leaves out what has its usual value, which the file may state: both say the same.
    assert from_text(scenario(other)).scenario == from_text(scenario(page)).scenario
    other.context.close()


def test_a_wrong_link_is_answered(browser: Any, url: str) -> None:
    page = Page(browser, url, "/?lightest_mass=__import__('os')")
    page.page.get_by_role("status").filter(has_text="cannot be read").wait_for()
    assert page.page.get_by_label("Lightest mass, exactly (eV)").input_value() == "0.01"
    page.context.close()


def test_pages_of_others_cannot_talk_to_the_server(url: str) -> None:
    """A page of another site that the same browser shows has its own origin, and is refused."""
    assert _upgrade(url, origin="http://elsewhere.example") == 403
    assert _upgrade(url, origin="http://localhost:1") == 403
    assert _upgrade(url, origin=url) == 101


def _upgrade(url: str, origin: str) -> int:
    """Return the status with which the server answers who asks for a websocket."""
    session = urlopen(url).read().decode()
    (token,) = re.findall(r'"token":"([^"]+)"', session)
    connection = HTTPConnection(url.removeprefix("http://"))
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Origin": origin,
        "Sec-WebSocket-Key": "cmVucCBleHBsb3JlciBrZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
    }
    connection.request("GET", "/ws", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_redraw_is_on_screen_within_a_tenth_of_a_second(page: Page) -> None:
    page.page.wait_for_timeout(3000)
    took = page.page.evaluate(_LATENCY_JS)
    median = statistics.median(took)
    print(f"from slider to screen: median {median:.0f} ms of {[round(t) for t in took]}")
    assert median <= 100


_LATENCY_JS = """async () => {
  const doc = Bokeh.documents[0], models = [...doc._all_models.values()]
  const slider = models.find(m => (m.title ?? "").startsWith("Lightest mass (eV)"))
  const curves = doc.get_model_by_name("spectrum-figure").renderers.map(r => r.data_source)
    .find(s => s.name == "curves")
  const took = []
  for (let k = 0; k < 15; k++) {
    const from = performance.now()
    const drawn = new Promise(done => {
      const listen = () => { curves.properties.data.change.disconnect(listen)
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from))) }
      curves.properties.data.change.connect(listen)
    })
    slider.value = 0.012 + 0.0004 * k
    took.push(await drawn)
    await new Promise(done => setTimeout(done, 100))
  }
  return took.slice(3)
}"""
"""From a slider's new value to the second frame after its curves: the first has painted them."""


def test_ten_browsers_at_once_keep_working(browser: Any, url: str) -> None:
    pages = [Page(browser, url) for _ in range(10)]
    masses = [f"0.0{k}3" for k in range(1, 6)] + [f"0.0{k}7" for k in range(1, 6)]
    start = time.perf_counter()
    for page, mass in zip(pages, masses, strict=True):
        page.set("Lightest mass, exactly (eV)", mass)
    for page, mass in zip(pages, masses, strict=True):
        page.until("text => location.search.includes(text)", f"lightest_mass={mass}&")
    print(f"ten pages follow within {time.perf_counter() - start:.1f} s")
    tops = [max(page.data("thresholds", "x")) for page in pages]
    begin = start_state()
    expected = [max(edges(build(begin.changed(lightest_mass=float(mass)))).values()) for mass in masses]
    assert tops == relative(expected, rel=1e-13)
    for page in pages:
        assert page.errors == []
        page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800), (390, 844)])
def test_nothing_is_wider_than_the_screen(browser: Any, url: str, size: tuple[int, int], theme: str) -> None:
    options = {"viewport": dict(zip(("width", "height"), size, strict=True)), "color_scheme": theme}
    page = Page(browser, url, **options)
    for view in ("Counts, limits", "Bounds", "Spectrum"):
        page.press(view)
        page.page.wait_for_timeout(1000)
        assert page.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    ground = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(ground.split("(")[1].split(",")[0])
    assert (red < 60) == (theme == "dark")
    page.context.close()


def test_on_a_phone_the_plot_stays_in_view_while_a_slider_below_it_moves(browser: Any, url: str) -> None:
    page = Page(browser, url, viewport={"width": 390, "height": 844})
    slider = page.page.get_by_role("slider").nth(1)
    slider.scroll_into_view_if_needed()
    before = page.data("curves", "model")
    slider.press("ArrowRight")
    page.wait_changed("curves", "model", before)
    plot, handle = page.frame("spectrum-figure"), slider.bounding_box()
    assert handle is not None
    assert 0 <= plot["y"] < plot["y"] + 0.6 * plot["height"] < handle["y"] < 844
    page.context.close()


def test_dark_and_light_without_loading_the_page_again(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    inside = """Bokeh.documents[0].get_model_by_name('spectrum-figure').background_fill_color"""
    page.page.evaluate("window.mark = 1")
    seen = {page.page.evaluate(ground)}
    page.press("Dark")
    page.until("() => location.search.includes('theme=dark')")
    seen.add(page.page.evaluate(ground))
    assert page.page.evaluate(inside) == LOOKS["dark"].ground
    page.press("Light")
    page.until("() => location.search.includes('theme=light')")
    assert seen == {"rgb(255, 255, 255)", "rgb(22, 25, 29)"}
    assert page.page.evaluate(inside) == LOOKS["light"].ground
    assert page.page.evaluate("window.mark") == 1


def test_each_control_is_explained_on_demand(page: Page) -> None:
    words = page.page.get_by_text("the lightest is not").first
    assert not words.is_visible()
    page.press("Explain")
    words.wait_for()
    page.press("Explain")
    words.wait_for(state="hidden")


def test_a_page_is_there_while_the_explorer_is_loaded(browser: Any) -> None:
    context = browser.new_context()
    one = context.new_page()
    with process() as (_, address):
        one.goto(address, wait_until="commit")
        one.get_by_text("The explorer is starting").wait_for(timeout=PATIENCE)
        one.get_by_role("button", name="Walk through four views").click(timeout=PATIENCE)
        for title in ("1 of 4: Spectrum", "2 of 4: Counts, limits", "3 of 4: Plan", "4 of 4: Bounds"):
            one.get_by_text(title).wait_for(timeout=PATIENCE)
            if not title.startswith("4"):
                one.get_by_role("button", name="Next").click()
        context.close()


def test_the_cycle_of_a_target_is_played(page: Page) -> None:
    page.page.get_by_role("button", name="Target", exact=True).first.click()
    page.press("Prepare by pulses")
    page.until("() => Bokeh.documents[0].get_model_by_name('frames')?.data.coherence.length > 1000")
    figure = "Bokeh.documents[0].get_model_by_name('moment-figure').title.text"
    before = page.page.evaluate(figure)
    models = "[...Bokeh.documents[0]._all_models.values()]"
    page.page.evaluate(f"() => {{ {models}.find(m => m.type.endsWith('Player')).value = 60 }}")
    page.until(f"before => {figure} != before", before)
    assert "ns after the first pulse" in page.page.evaluate(figure)
    page.wait_state(lambda s: s["target.preparation"] is not None)


def test_a_file_is_where_it_begins(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('[atom]\nname = "Sr"\n[neutrinos]\nlightest_mass = "0.03 eV"\n')
    with served(str(file)) as address:
        page = Page(browser, address)
        mass = float(page.page.get_by_label("Lightest mass, exactly (eV)").input_value())
        assert mass == relative(0.03, rel=1e-12)
        page.context.close()


def test_a_plan_appears_and_can_be_taken(page: Page) -> None:
    page.press("Plan")
    page.press("Find the best runs")
    page.page.get_by_text("The plan:").wait_for(timeout=120_000)
    with page.page.expect_download() as saved:
        page.press("Save as CSV")
    assert saved.value.suggested_filename == "plan.csv"
    assert "photon_energy" in Path(saved.value.path()).read_text(encoding="utf-8")
    page.press("Take these runs")
    page.until("() => Bokeh.documents[0].get_model_by_name('counts')?.data.run.length == 3")
    page.press("Counts, limits")
    state = from_text(scenario(page))
    assert [run.photon_energy for run in state.scenario.run] == page.data("counts", "energy")
    assert sum(run.duration for run in state.scenario.run) == relative(7 * 10 * DAY, rel=1e-6)
