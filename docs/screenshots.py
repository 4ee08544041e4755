"""Take the pictures of docs/page.md: ``python docs/screenshots.py network3-runs/dbl_conv_relu``, with Chromium."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from scipy.interpolate import make_interp_spline

from network3 import load
from network3.serve.page import write_page

IMAGES = Path(__file__).parent / "images"
# Width and height in pixels, the colour scheme, and whether a value is explained.
SCREENS: dict[str, tuple[int, int, Literal["light", "dark"], bool]] = {
    "see_it_think": (1440, 1160, "light", True),
    "see_it_think_768": (768, 1200, "dark", True),
    "see_it_think_360": (360, 1100, "light", False),
}
TWO = [(0.28, 0.32), (0.33, 0.2), (0.47, 0.14), (0.62, 0.2), (0.64, 0.36), (0.5, 0.58), (0.3, 0.8)]
TAIL = [(0.3, 0.8), (0.42, 0.78), (0.55, 0.8), (0.72, 0.81)]


def main(model: Path) -> None:
    """Draw a 2, choose a place of a map, and save what the screen shows."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_page(Path(folder) / "page.html", load(model / "model.safetensors"), names=[model.name])
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (width, height, scheme, explained) in SCREENS.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(path.as_uri())
            _draw(page)
            if explained:
                _explain(page)
            if width == 1440:
                page.evaluate("scrollTo(0, 0)")
            page.wait_for_timeout(300)
            save(page, IMAGES / f"{name}.png")
        browser.close()


def save(page: Page, target: Path) -> None:
    """Save what the screen shows, in its 256 most frequent colours."""
    page.screenshot(path=target)
    picture, palette = Image.open(target).convert("RGB"), Image.new("P", (1, 1))
    frequent = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)[:256]
    palette.putpalette([part for _, colour in frequent for part in colour])
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(target, optimize=True)


def _explain(page: Page) -> None:
    """Choose a place of the second layer whose value is not 0."""
    for tile in page.locator(".layer").nth(1).locator(".tile").all():
        tile.click(position={"x": 35, "y": 35})
        if "Value 0\n" not in page.locator(".inspector").inner_text():
            return


def _draw(page: Page) -> None:
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    for stroke in (TWO, TAIL):
        path = make_interp_spline(range(len(stroke)), np.array(stroke), k=3)
        points = path(np.linspace(0, len(stroke) - 1, 40)) * [box["width"], box["height"]] + [box["x"], box["y"]]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
