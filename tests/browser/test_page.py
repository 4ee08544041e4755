"""The page in a browser: drawn digits are recognized as in Python, and every value is explained."""

import re

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.datasets.photos.own_images import preprocess_digit
from network3.serve.description import describe
from network3.serve.page import page_text, write_page
from tests.network3.serve.static.drawn_strokes import drawn

pytestmark = pytest.mark.browser
STATE = """() => {
  const { pad, views } = document.getElementById("network3").page;
  return { levels: Array.from(pad.drawing.levels), outputs: views.map((view) => Array.from(view.trace.output)) };
}"""


def draw(page, strokes):
    """Draw strokes, lists of points (x, y) from 0 to 1, with the mouse, on an empty pad."""
    page.get_by_role("button", name="Clear").click()
    box = page.locator("canvas.pad").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()
    settle(page)


def settle(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def table(page):
    """Return the rows of the table of products, as lists of numbers."""
    rows = [row.split("\t") for row in page.locator(".terms tbody").inner_text().splitlines()]
    return [[number(cell) for cell in row[1:]] for row in rows]


def number(text):
    """Return a number as it is shown; 0 for an empty cell and for a tiny number, shown with a power of 10."""
    return 0.0 if text == "" or "·" in text else float(text.replace("\u2212", "-"))


def test_ten_digits_are_drawn_and_recognized(opened, page_file, trained):
    page = opened(page_file)
    right = 0
    for digit in range(10):
        draw(page, drawn(digit, seed=1))
        state = page.evaluate(STATE)
        prepared = preprocess_digit(np.array(state["levels"], np.uint8).reshape(280, 280))
        expected = trained.predict_proba(prepared.reshape(1, 784))[0]
        np.testing.assert_allclose(state["outputs"][0], expected, rtol=0, atol=1e-5)
        assert page.locator(".digit").inner_text() == str(expected.argmax())
        assert page.locator(".bars .best .number").inner_text() == f"{100 * expected.max():.1f} %"
        right += int(expected.argmax() == digit)
    assert right >= 8


def test_a_test_image_is_predicted_as_in_python(opened, page_file, trained, mnist):
    page = opened(page_file)
    images, labels = mnist[2]
    for digit in (3, 8):
        page.get_by_role("button", name=f"A test image of a {digit}").click()
        expected = trained.predict_proba(images[np.flatnonzero(labels == digit)[:1]])[0]
        np.testing.assert_allclose(page.evaluate(STATE)["outputs"][0], expected, rtol=0, atol=1e-5)


def test_undo_and_clear(opened, page_file):
    page = opened(page_file)
    draw(page, [[(0.5, 0.2), (0.5, 0.8)]])
    before = page.evaluate(STATE)
    box = page.locator("canvas.pad").bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 30)
    settle(page)
    assert page.evaluate(STATE) != before
    page.get_by_role("button", name="Undo").click()
    settle(page)
    assert page.evaluate(STATE) == before
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert page.locator(".digit").inner_text() == "\u2013"


def test_a_place_of_a_map_is_explained(opened, page_file):
    page = opened(page_file)
    page.get_by_role("button", name="A test image of a 5").click()
    tile = page.locator(".layer").nth(0).locator(".tile").nth(3)
    box = tile.bounding_box()
    tile.click(position={"x": box["width"] * 6.5 / 12, "y": box["height"] * 4.5 / 12})
    explained = page.locator(".inspector")
    assert "Map 4, row 5, column 7" in explained.inner_text()
    assert "Sum of 25 products" in explained.inner_text()
    places = explained.locator(".window button")
    assert places.count() == 4
    sums = [number(text) for text in places.all_inner_texts()]
    rows = table(page)
    assert rows[-1][-1] == pytest.approx(max(sums), abs=2e-3)
    np.testing.assert_allclose(np.cumsum([row[2] for row in rows]), [row[3] for row in rows], atol=0.02)
    other = sums.index(min(sums))
    places.nth(other).click()
    assert table(page)[-1][-1] == pytest.approx(min(sums), abs=2e-3)
    assert explained.locator(".window button").nth(other).get_attribute("aria-pressed") == "true"
    explained.get_by_role("button", name="Close").click()
    assert not page.locator(".inspector .step").count()


def test_a_neuron_is_explained_by_its_strongest_inputs_or_by_all(opened, page_file):
    page = opened(page_file)
    page.get_by_role("button", name="A test image of a 5").click()
    page.locator("canvas.neurons").last.click(position={"x": 5 * 27 + 10, "y": 10})
    assert "Neuron of the digit 5" in page.locator(".inspector").inner_text()
    few = table(page)
    assert len(few) == 26  # and the others together
    products = np.abs([row[2] for row in few[:25]])
    assert (np.diff(products) <= 0).all()
    page.get_by_role("button", name="Show all 60 in order").click()
    assert len(table(page)) == 60
    assert table(page)[-1][-1] == few[-1][-1]


def test_the_keyboard_draws_and_explores(opened, page_file):
    page = opened(page_file)
    page.locator("canvas.pad").focus()
    for key in ["ArrowUp"] * 14 + [" "] + ["ArrowDown"] * 28 + [" "]:
        page.keyboard.press(key)
    settle(page)
    assert page.locator(".digit").inner_text() == "1"
    maps = page.get_by_role("application", name="Layer 1")
    maps.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "PageDown"):
        page.keyboard.press(key)
    assert "Map 2, row 2, column 2" in page.locator(".inspector").inner_text()
    api = pytest.importorskip("playwright.sync_api")
    api.expect(page.locator("[aria-live]")).to_contain_text("Map 2, row 2, column 2")
    page.get_by_role("button", name="To the right").click()
    assert "Map 2, row 2, column 3" in page.locator(".inspector").inner_text()
    assert page.evaluate("document.activeElement.ariaLabel") == "To the right"
    page.keyboard.press("Escape")
    assert not page.locator(".inspector .step").count()


def test_everything_that_can_be_used_is_named_and_reached_by_the_tab_key(opened, page_file):
    page = opened(page_file)
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, select, [tabindex='0'], [role='img']")]
      .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.closest("label"))).map((e) => e.outerHTML)""")
    assert unnamed == []
    names = []
    for _ in range(30):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent"))
    reached = " ".join(names)
    for name in (
        "Skip to the layers",
        "Dark or light",
        "Drawing area",
        "Undo",
        "test image of a 9",
        "Layer 3, Softmax",
    ):
        assert name in reached


def test_two_networks_side_by_side(opened, trained, tmp_path):
    early = Network([FullyConnectedLayer(784, 20), SoftmaxLayer(20, 10)], 10)
    page = opened(write_page(tmp_path / "two.html", early, trained, names=["early", "late"]))
    page.get_by_role("button", name="A test image of a 7").click()
    assert page.locator(".answer h3").all_inner_texts() == ["early", "late"]
    outputs = page.evaluate(STATE)["outputs"]
    assert max(outputs[0]) == pytest.approx(0.1)
    assert np.argmax(outputs[1]) == 7
    page.get_by_label("Compare with").select_option("nothing")
    assert page.locator(".answer").count() == 1
    page.locator(".choices select").first.select_option("late")
    assert len(page.evaluate(STATE)["outputs"][0]) == 10
    assert page.locator(".layer").count() == 4


def test_an_unknown_layer_is_named(opened, tmp_path):
    described = describe(Network([FullyConnectedLayer(784, 20), SoftmaxLayer(20, 10)], 10), "odd")
    described["layers"][0]["kind"] = "ResidualLayer"
    path = tmp_path / "page.html"
    path.write_text(page_text([described]), encoding="utf-8")
    page = opened(path)
    assert "layer 0, of the kind “ResidualLayer”" in page.get_by_role("alert").inner_text()


def test_names_are_text_only(opened, tmp_path):
    name = '</script><script>document.title = "taken"</script><img src=x onerror="document.title=1">'
    net = Network([FullyConnectedLayer(784, 20), SoftmaxLayer(20, 10)], 10)
    page = opened(write_page(tmp_path / "page.html", net, net, names=[name, "b"]))
    assert page.title() == f"{name}, b"
    assert page.locator(".answer h3").first.inner_text() == name


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_or_hard_to_read(opened, page_file, width, scheme):
    page = opened(page_file, viewport={"width": width, "height": 740}, color_scheme=scheme)
    page.get_by_role("button", name="A test image of a 5").click()
    page.locator(".tile").nth(4).click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    faint = page.evaluate(CONTRAST)
    assert faint == []


def test_a_finger_draws(opened, page_file):
    page = opened(page_file, viewport={"width": 360, "height": 740}, has_touch=True)
    box = page.locator("canvas.pad").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settle(page)
    assert re.fullmatch(r"\d", page.locator(".digit").inner_text())
    assert page.evaluate("getComputedStyle(document.querySelector('canvas.pad')).touchAction") == "none"


# Texts whose contrast with their background is below 4.5, as WCAG 2 defines it.
CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => channels(colour).slice(0, 3)
    .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + [0.2126, 0.7152, 0.0722][k] * c, 0);
  const background = (e) => {
    const colour = getComputedStyle(e).backgroundColor;
    const [, , , alpha = 1] = channels(colour);
    return alpha === 1 || !e.parentElement ? colour : background(e.parentElement);
  };
  const texts = [...document.querySelectorAll("#network3 *")].filter((e) =>
    [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) && e.getClientRects().length);
  return texts.map((e) => {
    const [one, other] = [getComputedStyle(e).color, background(e)].map(luminance);
    return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), e.outerHTML.slice(0, 80)];
  }).filter(([ratio]) => ratio < 4.5);
}"""
