"""Take the pictures of docs/serve.md: ``python docs/screenshots_live.py``, with Chromium; it trains for 30 seconds."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright
from screenshots import IMAGES, save

COMMAND = [sys.executable, "-m", "network3", "serve", "dbl_conv_relu"]
EPOCH = "3 of 60"  # of the pause
WAIT = 600  # seconds at most, until then


def main() -> None:
    """Train a network of the book, pause, and save what the pages show."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = opened(browser, address, 1440, 1500)
        page.get_by_role("button", name="Start", exact=True).click()
        epoch = page.locator(".facts div", has=page.get_by_text("Epoch", exact=True)).locator("dd")
        epoch.filter(has_text=EPOCH).wait_for(timeout=1000 * WAIT)
        page.wait_for_timeout(2000)
        page.get_by_role("button", name="Pause", exact=True).click()
        page.locator(".status", has_text="Paused.").wait_for()
        page.get_by_role("button", name="A test image of a 5").click()
        taken(page, "watch_it_learn")
        taken(opened(browser, address, 360, 1750), "watch_it_learn_360")
        page = opened(browser, address, 768, 1000, dark=True)
        page.get_by_role("tab", name="Any function").click()
        taken(page, "watch_it_learn_768")
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """Serve the page in an empty folder, and give its address."""
    with TemporaryDirectory() as folder:
        server = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait()


def opened(browser: Browser, address: str, width: int, height: int, dark: bool = False) -> Page:
    """Open the page in a window of `width` and `height` pixels."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    page.goto(address)
    return page


def taken(page: Page, name: str) -> None:
    """Save the upper part of the page."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)
    save(page, IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
