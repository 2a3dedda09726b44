"""Draws the explorer's pictures for README and documentation, from the explorer itself: `make pictures`."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from explorer_browser import Page, chromium, served
from renp.explorer.look import MODEL, OWN, PLAN
from renp.explorer.theme import LOOKS

SIZE = {"width": 1000, "height": 640}
MOST_BYTES = 300_000
MASSES = [0.003 * k for k in range(4, 21)]
PARTS = (1.0, 0.8, 0.6, 0.45, 0.3, 0.18, 0.08)
STEPS = 11
"""Positions of a run while it is dragged."""


def still(page: Page) -> Image.Image:
    """Return the page as it is seen, when all has been drawn."""
    page.page.wait_for_timeout(400)
    return Image.open(BytesIO(page.page.screenshot())).convert("RGB")


def walking_thresholds(page: Page) -> list[Image.Image]:
    """Pull at the lightest mass."""
    slider = page.page.get_by_role("slider").first
    frames = []
    for mass in MASSES:
        page.set("Lightest mass, exactly (eV)", f"{mass:.4g}")
        page.until("mass => location.search.includes(`lightest_mass=${mass}`)", f"{mass:.4g}")
        frames.append(still(page))
    slider.blur()
    return frames


def dragged_run(page: Page) -> list[Image.Image]:
    """Drag a run below the thresholds, and watch counts and limits."""
    page.set("Lightest mass, exactly (eV)", "0.01")
    page.press("Counts, limits")
    page.until("() => Bokeh.documents[0].get_model_by_name('counts').data.run.length == 7")
    x, y, width = page.place_of_run(3)
    mouse = page.page.mouse
    frames = [still(page)]
    mouse.move(x, y)
    mouse.down()
    for step in range(1, STEPS + 1):
        mouse.move(x - step * width / 3 / STEPS, y)
        frames.append(still(page))
    mouse.up()
    return frames


def palette() -> Image.Image:
    """Return the colours of the page with their tints: chosen by area, all would be greys."""
    names = [MODEL, OWN, PLAN, LOOKS["light"].ink, "#000000"]
    colours = [tuple(int(name[k : k + 2], 16) for k in (1, 3, 5)) for name in names]
    tints = [round(255 + part * (c - 255)) for colour in colours for part in PARTS for c in colour]
    image = Image.new("P", (1, 1))
    image.putpalette([255, 255, 255, *tints])
    return image


def animation(frames: list[Image.Image]) -> bytes:
    """Return frames as a GIF with one palette, so that only what moves is kept of each."""
    colours = palette()
    flat: list[Any] = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames]
    file = BytesIO()
    flat[0].save(file, "gif", save_all=True, append_images=flat[1:], duration=200, loop=0, optimize=True)
    return file.getvalue()


def main(folder: Path) -> None:
    """Write explorer.png and explorer.gif."""
    with served() as url, chromium() as browser:
        page = Page(browser, url, viewport=SIZE)
        frames = walking_thresholds(page) + dragged_run(page)
        moving = animation(frames)
        frames[-1].quantize(128).save(folder / "explorer.png", optimize=True)
    assert len(moving) < MOST_BYTES, f"{len(moving)} bytes: too large for the repository"
    (folder / "explorer.gif").write_bytes(moving)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
