"""The live page: a training is started, paused, changed, saved and resumed; chapters 4 and 5; wrong entries."""

import json
import re
import threading
import time
import urllib.request

import numpy as np
import pytest

import network3
from network3.cli.serve import SERVED, load_data
from network3.serve import server
from network3.serve.plans import Catalogue

from .test_page import CONTRAST, draw

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server in a thread: its address, its session, and the folder in which it saves."""
    ready, made, make = threading.Event(), {}, server.server_of

    def remembered(app, session):
        made["session"], made["server"] = session, make(app, session)
        return made["server"]

    def announce(address):
        made["address"] = address
        ready.set()

    monkeypatch.setattr(server, "server_of", remembered)
    arguments = {"root": tmp_path / "runs", "announce": announce}
    thread = threading.Thread(target=server.serve, args=[Catalogue(SERVED, load_data)], kwargs=arguments)
    thread.start()
    assert ready.wait(30)
    yield made | {"root": tmp_path / "runs"}
    made["server"].should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def live(browser, served):
    """A function that opens the server's page; at the end, no request has left, and no error has been logged."""
    contexts, requested, errors = [], [], []

    def opened(**options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None
        )
        page.goto(served["address"])
        page.get_by_role("button", name="Start", exact=True).wait_for()
        return page

    opened.errors = errors
    yield opened
    for context in contexts:
        context.close()
    own = served["address"]
    assert [url for url in requested if not url.startswith((own, "data:", f"blob:{own}"))] == []
    assert errors == []


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def fact(page, name):
    return page.locator(".facts div", has=page.get_by_text(name, exact=True)).locator("dd")


def status(page, text):
    page.locator(".status", has_text=text).wait_for(timeout=60_000)


def until(page, condition, seconds=60):
    """Wait for a condition in JavaScript; the page's CSP forbids Playwright's own wait, which evaluates text."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def post(served, path, values):
    request = urllib.request.Request(
        served["address"] + path, json.dumps(values).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def test_a_training_is_started_paused_changed_saved_and_resumed(live, served):
    page, session = live(), served["session"]
    page.get_by_label("Epochs").fill("50")
    press(page, "Start")
    status(page, "Training.")
    until(page, "document.querySelectorAll('.errors canvas').length > 0")
    press(page, "Pause")
    status(page, "Paused.")
    lines = page.get_by_role("figure").filter(has_text="Gradient norms").locator("li").all_inner_texts()
    assert [line.partition(",")[0] for line in lines] == [f"layer {k}" for k in range(3)]  # as print(net) has them
    before = session.between_chunks(lambda net: net.get_weights())
    page.get_by_label("Learning rate η").last.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.get_by_label("Regularization λ").last.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.get_by_label("Name of the folder").fill("mine")
    press(page, "Save")
    status(page, "Saved model.safetensors")
    saved = network3.load(served["root"] / "mine" / "model.safetensors")
    for one, two in zip(before, saved.get_weights(), strict=True):
        np.testing.assert_array_equal(two, one)
    press(page, "Resume")
    status(page, "Training.")
    rates = session.state()["settings"]
    assert 0.04 < rates["eta"] < 0.1
    assert rates["lmbda"] > 0
    until(page, "Number(document.querySelectorAll('.facts dd')[1].textContent.replace(',', '')) > 0")
    assert any(not np.array_equal(a, b) for a, b in zip(before, session.net.get_weights(), strict=True))
    press(page, "Stop")
    status(page, "Stopped.")
    page.get_by_label("Network", exact=True).select_option("again")
    page.get_by_label("Epochs").fill("1")
    page.get_by_label("Training images").fill("1000")
    press(page, "Start")
    status(page, "Finished.")


def test_a_drawing_is_recognized_better_as_the_network_learns(live, served):
    page = live()
    page.get_by_label("Epochs").fill("3")
    press(page, "Start")
    status(page, "Training.")
    page.locator("canvas.pad").wait_for()
    draw(page, [[(0.5, 0.15), (0.5, 0.85)]])
    status(page, "Finished.")
    until(page, "document.querySelector('.digit').textContent === '1'")
    assert float(page.locator(".bars .best .number").inner_text().split()[0]) > 50
    assert float(fact(page, "Validation accuracy").inner_text().split()[0]) > 90


def test_two_pages_show_one_training_and_a_reload_loses_nothing(live, served):
    one, two = live(), live()
    one.get_by_label("Epochs").fill("50")
    press(one, "Start")
    status(two, "Training.")
    press(two, "Pause")
    status(one, "Paused.")
    accuracy = one.locator(".facts dd").nth(3).inner_text()
    one.reload()
    status(one, "Paused.")
    until(one, f"document.querySelectorAll('.facts dd')[3].textContent === '{accuracy}'")
    press(one, "Stop")
    status(two, "Stopped.")


def test_a_run_of_the_catalogue_has_its_settings(live, served):
    page = live()
    page.get_by_label("Network", exact=True).select_option("dbl_conv_relu")
    assert page.get_by_label("Learning rate η").first.input_value() == "0.03"
    assert page.get_by_label("Regularization λ").first.input_value() == "0.1"
    assert not page.locator(".composer").is_visible()


def test_shapes_follow_and_what_does_not_fit_is_named(live):
    page = live()
    rows = page.locator(".composed li")
    rows.nth(0).get_by_label("size").fill("9")
    rows.nth(0).get_by_text(re.compile("8 . 10 . 10")).wait_for()
    page.get_by_label("Add a layer").select_option("ConvPoolLayer")
    assert rows.count() == 4
    problem = page.locator(".composer .problem")
    problem.wait_for()
    assert "layer 2 (ConvPoolLayer): expected maps of rows and columns; got 30 values." in problem.inner_text()
    press(page, "Move layer 2 up")
    until(page, "document.querySelector('.composer .problem').hidden")
    press(page, "Remove layer 3")
    problem.wait_for()
    assert "End with a SoftmaxLayer" in problem.inner_text()
    live.errors[:] = [text for text in live.errors if "400 (Bad Request)" not in text]  # logged by the browser


def test_names_of_folders_are_checked(live, served):
    page = live()
    page.get_by_label("Epochs").fill("1")
    page.get_by_label("Training images").fill("500")
    press(page, "Start")
    status(page, "Finished.")
    for name in ("../mine", "<script>document.title = 1</script>"):
        page.get_by_label("Name of the folder").fill(name)
        press(page, "Save")
        page.locator(".controls > .problem", has_text="save: name: expected a name").wait_for()
    assert not served["root"].exists()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as a page").click()
    assert download.value.suggested_filename == "own.html"
    live.errors[:] = [text for text in live.errors if "400 (Bad Request)" not in text]


def test_chapter_4_bumps_follow_the_sliders_and_a_layer_learns(live):
    page = live()
    page.get_by_role("tab", name="Any function").click()
    card = page.locator(".chapter:visible .card")
    distance = re.compile(r"Mean distance from the function: ([\d.]+)")
    result = card.nth(0).locator(".result")
    result.filter(has_text=distance).wait_for()
    before = float(distance.search(result.inner_text())[1])
    press(page, "Set the heights for me")
    result.filter(has_not_text=f"{before:.3f}").wait_for()
    assert float(distance.search(result.inner_text())[1]) < 0.1 < before
    card.nth(1).locator(".result", has_text="after 150 epochs").wait_for(timeout=60_000)
    assert float(distance.search(card.nth(1).locator(".result").inner_text())[1]) < 0.03


def test_chapter_5_gradients_vanish(live):
    page = live()
    page.get_by_role("tab", name="Vanishing gradients").click()
    page.get_by_text(re.compile(r"the last hidden layer learns \d+\.\d times as fast")).wait_for(timeout=60_000)
    assert page.locator(".chapter:visible .plot").first.locator("polyline").count() == 5
    page.get_by_label("Weight w").focus()
    page.keyboard.press("End")
    page.get_by_text("w/4 = 25.0").wait_for()


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_or_hard_to_read(live, served, width, scheme):
    post(served, "start", {"layers": [{"kind": "SoftmaxLayer"}], "settings": {"epochs": 2, "images": 2000}})
    page = live(viewport={"width": width, "height": 740}, color_scheme=scheme)
    status(page, "Finished.")
    for name in ("Training", "Any function", "Vanishing gradients"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        faint = page.evaluate(CONTRAST.replace("#network3 *", "#live *"))
        assert faint == []
        unnamed = page.evaluate("""() => [...document.querySelectorAll("button, select, input, [role='img']")]
          .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.closest("label"))).map((e) => e.outerHTML)""")
        assert unnamed == []
