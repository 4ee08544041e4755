"""The page in one file: everything is inside, nothing outside is named, and names cannot end an element."""

import json
import re

import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.experiments.catalogue.chapter6 import RUNS
from network3.serve.description import describe
from network3.serve.page import STATIC, page_text, write_page


def shallow(values=784):
    return Network([FullyConnectedLayer(values, 12), SoftmaxLayer(12, 10)], 10)


def given(text):
    """Return the data that the page holds."""
    return json.loads(re.search(r'<script type="application/json" id="given">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_holds_all_that_it_uses(tmp_path):
    path = write_page(tmp_path / "page.html", shallow(), names=["mine"])
    text = path.read_text(encoding="utf-8")
    assert (STATIC / "style.css").read_text(encoding="utf-8") in text
    assert "<title>mine</title>" in text
    assert not re.search(r'(?:src|href)="(?!data:|#)|@import|url\(|https?:|\bimport\b.*\bfrom\b|fetch\(|\{\{', text)
    assert [network["name"] for network in given(text)["networks"]] == ["mine"]
    assert [example["label"] for example in given(text)["examples"]] == list("0123456789")


def test_several_networks_are_numbered(tmp_path):
    path = write_page(tmp_path / "page.html", shallow(), shallow())
    assert "<title>network 1, network 2</title>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_network_of_chapter_6_has_a_page(run):
    layers = run.layers(10)
    text = page_text([describe(Network(layers, 10), run.name)])
    assert len(given(text)["networks"][0]["layers"]) == len(layers)
    if run.name == "dbl_conv":
        assert len(text.encode()) < 1_500_000


def test_names_cannot_end_an_element():
    name = '</script><!--<script>"{{style}}'
    text = page_text([describe(shallow(), name)])
    assert given(text)["networks"][0]["name"] == name
    assert text.count("</script>") == 2
    assert "<title>&lt;/script&gt;&lt;!--&lt;script&gt;&quot;{{style}}</title>" in text


def test_another_input_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"page: network: expected .* 28 x 28 pixels; got \[1, 10, 10\]\."):
        write_page(tmp_path / "page.html", shallow(100))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "names"), [(0, []), (2, ["one"])])
def test_each_name_belongs_to_a_network(tmp_path, count, names):
    with pytest.raises(ValueError, match=f"write_page: expected .*; got {count} networks"):
        write_page(tmp_path / "page.html", *[shallow() for _ in range(count)], names=names)
