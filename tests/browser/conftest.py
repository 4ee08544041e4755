"""Pages in Debian's Chromium, driven by Playwright: no request leaves, and no error is logged."""

import shutil

import numpy as np
import pytest

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer
from network3.layers.initializers import he
from network3.serve.page import write_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser(request):
    """Chromium. Without it the tests fail if they were asked for, as by `make test-browser`, and are skipped else."""
    if CHROMIUM is None:
        asked = request.config.option.markexpr == "browser"
        (pytest.fail if asked else pytest.skip)("needs Chromium: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """A function that opens a file; at the end, nothing else may have been requested, and no error logged."""
    contexts, requested, errors = [], [], []

    def logged(kind, text):
        if kind in ("error", "warning"):
            errors.append(text)

    def opened(path, **options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: logged(message.type, message.text))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
    assert errors == []


@pytest.fixture(scope="session")
def trained(mnist):
    """A network of two convolutions after ten epochs, small enough to be trained here."""
    np.random.seed(0)
    net = Network(
        [
            ConvPoolLayer((8, 1, 5, 5), (10, 1, 28, 28), activation_fn=ReLU, initializer=he),
            ConvPoolLayer((16, 8, 5, 5), (10, 8, 12, 12), activation_fn=ReLU, initializer=he),
            FullyConnectedLayer(256, 60, activation_fn=ReLU, initializer=he),
            SoftmaxLayer(60, 10),
        ],
        10,
    )
    images, labels = mnist[0]
    net.SGD((images[:15000], labels[:15000]), 10, 10, 0.02, verbose=False)
    return net


@pytest.fixture(scope="session")
def page_file(trained, tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page") / "page.html", trained, names=["two convolutions"])


@pytest.fixture(scope="session")
def mnist():
    from network3.datasets import load_mnist

    return load_mnist()
