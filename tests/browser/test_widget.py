"""The widget of notebooks in a page with a notebook's colours and keys, as Jupyter has them."""

import base64
import json

import pytest

import network3

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

# Jupyter's theme is a light one here, its text is brown, and its keys count what reaches the document.
NOTEBOOK = """<!doctype html>
<body data-jp-theme-light="true" style="color: rgb(90, 60, 30); font: 9px serif">
<style>{style}</style><div id="cell"></div>
<script type="module">
globalThis.keys = [];
addEventListener("keydown", (event) => keys.push(event.key));
const {{ default: {{ render }} }} = await import("data:text/javascript;base64,{module}");
const traits = {{ network: {network}, examples: [] }};
const model = {{ get: (name) => traits[name], on() {{}}, off() {{}} }};
globalThis.cleanUp = render({{ model, el: document.getElementById("cell") }});
</script>"""
LOOK = """() => [getComputedStyle(document.querySelector(".network3-page")).backgroundColor,
  getComputedStyle(document.querySelector(".digit")).color,
  getComputedStyle(document.querySelector(".lead")).fontSize]"""
LIGHT = ["rgb(251, 250, 247)", "rgb(22, 40, 58)", "16px"]
DARK = ["rgb(18, 23, 29)", "rgb(238, 242, 246)", "16px"]


@pytest.fixture
def notebook(opened, trained, tmp_path):
    view = network3.widget(trained)
    module = base64.b64encode(view._esm.encode()).decode()
    path = tmp_path / "notebook.html"
    path.write_text(NOTEBOOK.format(style=view._css, module=module, network=json.dumps(view.network)), encoding="utf-8")
    page = opened(path, color_scheme="dark")
    page.wait_for_selector("canvas.pad")
    return page


def test_its_colours_are_of_the_notebook_s_theme_and_legible(notebook):
    assert notebook.evaluate(LOOK) == LIGHT  # on a system with a dark theme
    notebook.evaluate("document.body.dataset.jpThemeLight = 'false'")
    notebook.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert notebook.evaluate(LOOK) == DARK
    notebook.evaluate("cleanUp(); document.body.dataset.jpThemeLight = 'true'")
    notebook.wait_for_timeout(50)
    assert notebook.evaluate(LOOK) == DARK


def test_keys_in_it_are_not_the_notebook_s(notebook):
    notebook.locator("canvas.pad").focus()
    for key in ("ArrowRight", "a", "d", "Control+s"):
        notebook.keyboard.press(key)
    assert notebook.evaluate("keys") == ["Control", "s"]
