"""A server of the explorer in a process of its own, and pages in a headless Chromium."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from renp.explorer.exchange import from_query
from renp.explorer.state import State

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)

PATIENCE = 120_000
"""Milliseconds until something is taken not to happen at all: other work may keep the machine busy."""


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Run `renp explore` on a free port, and give the address of its page."""
    with process(*arguments) as (_, url):
        end = time.monotonic() + PATIENCE / 1000
        while not ready(url):
            assert time.monotonic() < end, "the explorer does not answer"
            time.sleep(0.1)
        yield url


def ready(url: str) -> bool:
    """Return whether the page is the explorer: before, another server says that it is starting."""
    try:
        return bool(urlopen(f"{url}/ready").status == 200)
    except OSError:  # between the two
        return False


@contextmanager
def process(*arguments: str) -> Iterator[tuple[int, str]]:
    """Run `renp explore` on a free port, and give its process and address."""
    code = "from renp.cli import main; main()"
    command = [sys.executable, "-c", code, "explore", *arguments, "--port", "0", "--no-browser", "--json"]
    source = str(Path(__file__).parents[1] / "src")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.pid, json.loads(server.stdout.readline())["url"]
        finally:
            server.terminate()
            try:
                server.wait(60)  # it may be compiling
            except subprocess.TimeoutExpired:
                server.kill()
                raise


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; not its sandbox, which containers do not let it have."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Page:
    """A page of the explorer, its models by name, and what it asked the network for."""

    def __init__(self, browser: Any, url: str, query: str = "", **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(url + query)
        self.page.wait_for_function("window.Bokeh?.documents[0]?.roots().length > 0")
        if not query.partition("?")[2].replace("theme=dark", ""):  # without a file it begins with words
            self.press("Spectrum")
        self.page.get_by_label("Lightest mass, exactly (eV)").wait_for()
        self.page.get_by_text("Getting ready").wait_for(state="hidden")

    def data(self, model: str, column: str, k: int = 0) -> list[Any]:
        """Return a column of the k-th data source of a name."""
        code = """([name, column, k]) => {
            const models = [...Bokeh.documents[0]._all_models.values()]
            return Array.from(models.filter(model => model.name == name)[k].data[column])
        }"""
        return list(self.page.evaluate(code, [model, column, k]))

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a function in the page says yes; it may fail as long as its view is not there."""
        code = f"x => {{ try {{ return ({condition})(x) }} catch {{ return false }} }}"
        self.page.wait_for_function(code, arg=argument)

    def wait_state(self, check: Callable[[State], bool]) -> None:
        """Wait until the link says what is expected."""
        for _ in range(PATIENCE // 50):
            state = from_query(self.page.evaluate("location.search"))
            with suppress(KeyError, TypeError):  # as long as there is no such part
                if check(state):
                    return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the link says {state}")

    def set(self, label: str, text: str, k: int = 0) -> None:
        """Write into a field, and leave it."""
        field = self.page.get_by_label(label, exact=True).nth(k)
        field.fill(text)
        field.press("Tab")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def wait_changed(self, model: str, column: str, before: list[Any]) -> None:
        """Wait until a column differs."""
        for _ in range(PATIENCE // 50):
            if self.data(model, column) != before:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{model}.{column} has not changed")

    def frame(self, figure: str) -> dict[str, float]:
        """Return where the frame of a figure is on the page, pixels."""
        code = """name => {
            const model = Bokeh.documents[0].get_model_by_name(name)
            const view = [...Bokeh.index.all_views()].find(one => one.model === model && one.frame)
            const place = view.el.getBoundingClientRect(), box = view.frame.bbox
            return {x: place.left + box.left, y: place.top + box.top, width: box.width, height: box.height}
        }"""
        found: dict[str, float] = self.page.evaluate(code, figure)
        return found

    def place_of_run(self, k: int) -> tuple[float, float, float]:
        """Return where the handle of a run is, and the width of the frame, pixels."""
        box = self.frame("runs-figure")
        code = """() => { const r = Bokeh.documents[0].get_model_by_name("runs-figure").x_range
            return [r.start, r.end] }"""
        low, high = self.page.evaluate(code)
        part = (self.data("handles", "x")[k] - low) / (high - low)
        return box["x"] + part * box["width"], box["y"] + 0.95 * box["height"], box["width"]
