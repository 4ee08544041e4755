"""The widget of notebooks: the page's modules, the network as a trait, and updates."""

import json
import subprocess

import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.serve import widget as module
from network3.serve.description import describe

pytest.importorskip("anywidget")


@pytest.fixture
def net():
    return Network([FullyConnectedLayer(784, 5), SoftmaxLayer(5, 10)], 10)


def test_it_has_the_network_and_test_images(net):
    view = network3.widget(net, "small")
    assert view.network == describe(net, "small")
    assert [example["label"] for example in view.examples] == [str(digit) for digit in range(10)]
    json.dumps(view.network)


def test_an_update_has_the_current_weights(net):
    view = network3.widget(net)
    before = view.network
    net.layers[1].w.set_value(net.layers[1].w.get_value() + 1)
    assert view.network == before
    view.update()
    assert view.network == describe(net, "network") != before


def test_its_module_is_one_file_that_node_reads(net, tmp_path):
    path = tmp_path / "widget.mjs"
    path.write_text(network3.widget(net)._esm, encoding="utf-8")
    program = f"import('file://{path}').then((m) => console.log(typeof m.default.render))"
    environment_free = "globalThis.matchMedia = () => ({ matches: false, addEventListener() {} });"
    done = subprocess.run(["node", "-e", environment_free + program], capture_output=True, text=True, check=True)
    assert done.stdout == "function\n"


def test_its_style_leaves_the_notebook_alone(net):
    rules = [line for line in network3.widget(net)._css.splitlines() if line and line[0] not in " @}/"]
    assert [rule for rule in rules if rule.startswith(("body", "*"))] == []


def test_what_is_no_network_of_ours_is_refused(net):
    with pytest.raises(TypeError, match="widget: net: expected"):
        network3.widget([1])
    with pytest.raises(TypeError, match="widget: expected arguments among net, name"):
        network3.widget(net, title="x")


def test_a_missing_anywidget_is_named(net, monkeypatch):
    monkeypatch.setattr("network3.serve.extras.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"notebook: expected anywidget; got no anywidget\. Install it with"):
        module.widget(net)
