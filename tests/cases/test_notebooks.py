"""What a notebook shows: figures, tables, and a training as a bar with a few lines."""

import pickle
import sys

import numpy as np
import pytest

from network3 import ConvPoolLayer, GradientNorms, History, Network, SoftmaxLayer, plotting, train_many
from tests.cases.entries import case

IMAGES = np.random.default_rng(3).random((400, 36))
LABELS = IMAGES[:, :3].argmax(axis=1)
DATA = (IMAGES, LABELS)


def small():
    return Network([ConvPoolLayer((2, 1, 3, 3), (4, 1, 6, 6), (2, 2)), SoftmaxLayer(8, 3)], 4)


def trained(epochs=2, **options):
    net = small()
    return net, net.SGD(DATA, epochs, 4, 0.1, DATA, DATA, **options)


def shown(value):
    """Return what IPython sends to a notebook for the last value of a cell, by its method."""
    names = ("_repr_html_", "_repr_png_")
    return {name: getattr(value, name)() for name in names if callable(getattr(value, name, None))}


def screen(text):
    """Return the lines that a notebook shows for `text`: what follows a carriage return overwrites the line."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


@pytest.fixture
def kernel(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", object())


FIGURES = {
    "learning curve": lambda net, history, norms: plotting.draw_learning_curve(history),
    "filters": lambda net, history, norms: plotting.draw_filters(net, 0),
    "feature maps": lambda net, history, norms: plotting.draw_feature_maps(net, 0, IMAGES[0]),
    "gradient norms": lambda net, history, norms: plotting.draw_gradient_norms(norms),
}


@pytest.fixture(scope="module")
def result():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWORK3_DEVICE", "cpu")
        net = small()
        norms = GradientNorms(net, DATA)
        return net, net.SGD(DATA, 2, 4, 0.1, DATA, verbose=False, callbacks=[norms]), norms


@case("N04")
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_n04_a_figure_shows_itself(result, draw):
    figure = draw(*result)
    png = shown(figure)["_repr_png_"]
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(png[k : k + 4], "big") for k in (16, 20))
    assert min(width, height) > 50
    again = pickle.loads(pickle.dumps(figure))
    assert len(again.axes) == len(figure.axes)


@case("N04")
def test_n04_a_network_shows_its_table():
    net = small()
    html = shown(net)["_repr_html_"]
    assert html.count("<tr>") == 4
    for cell in ("0 ConvPoolLayer", "2 x 2 x 2", "1 SoftmaxLayer", "total, float32", "47"):
        assert f">{cell}</td>" in html
    assert repr([net]) == "[<Network of 2 layers, 47 parameters, float32>]"  # in other values it is a line


@case("N04")
def test_n04_a_history_shows_its_epochs():
    _, history = trained(3, verbose=False, monitor="training_cost")
    html = shown(history)["_repr_html_"]
    assert html.count("<tr>") == 4
    assert ">training cost</th>" in html
    assert f">{history.validation_accuracy[1]:.2%}</td>" in html
    assert shown(History())["_repr_html_"] == "<p>History(0 epochs)</p>"


@case("N04")
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("epochs", "lines"), [(1, [0]), (12, range(12)), (30, [4, 9, 14, 19, 24, 29])])
def test_n04_a_training_is_a_bar_and_a_few_lines(capsys, epochs, lines):
    _, history = trained(epochs)
    text = capsys.readouterr().out
    assert f"/{epochs}" not in text
    assert " left, cost " in text
    *shown_lines, end = screen(text)
    best = history.best_validation_accuracy
    assert end == ""
    assert [line.split(":")[0] for line in shown_lines[:-3]] == [f"Epoch {epoch}" for epoch in lines]
    assert f"validation accuracy {history.validation_accuracy[lines[0]]:.2%} (" in shown_lines[0]
    assert shown_lines[-3:] == [
        "Finished training network.",
        f"Best validation accuracy of {best:.2%} obtained at iteration {history.best_iteration}",
        f"Corresponding test accuracy of {history.corresponding_test_accuracy:.2%}",
    ]


@case("N04")
@pytest.mark.usefixtures("kernel")
def test_n04_it_can_be_silent(capsys):
    trained(verbose=False)
    assert capsys.readouterr() == ("", "")


@case("N04")
def test_n04_outside_of_a_notebook_there_is_no_bar(capsys):
    trained()
    assert "\r" not in capsys.readouterr().out


@case("N04")
@pytest.mark.usefixtures("kernel")
def test_n04_several_networks_have_a_line_for_each_epoch(capsys):
    train_many(small, DATA, 2, 4, 0.1, DATA, seeds=[0, 1])
    assert [line.split(":")[0] for line in screen(capsys.readouterr().out)[:2]] == ["Epoch 0", "Epoch 1"]


@case("N05")
def test_n05_a_history_prints_epoch_by_epoch():
    _, history = trained(3, verbose=False, schedule=lambda eta, history: eta / (1 + history.epochs))
    heading, *lines, last = str(history).splitlines()
    assert heading.split("  ")[0] == "epoch"
    assert [name.strip() for name in heading.split("  ") if name] == [
        "epoch",
        "cost",
        "validation accuracy",
        "test accuracy",
        "eta",
        "seconds",
    ]
    assert [line.split()[0] for line in lines] == ["0", "1", "2"]
    assert [line.split()[-2] for line in lines] == ["0.1", "0.05", "0.03333"]
    assert last == repr(history)


@case("N05")
@pytest.mark.parametrize(("history", "lines"), [(History(), 1), (History(cost=[0.5], seconds=[1.0]), 3)])
def test_n05_a_history_without_validation_data_or_epochs(history, lines):
    assert len(str(history).splitlines()) == lines
    assert "validation" not in str(history)
