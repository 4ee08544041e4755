"""The plot of speeds of learning: each layer's norms by epoch."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from network3 import GradientNorms, gradient_norms
from network3.plotting import draw_gradient_norms
from tests.network3.execution import two_layers
from tests.network3.plotting.contents import texts

NORMS = np.array([[0.02, 0.1, 0.5], [0.001, 0.0, 0.25], [0.04, 0.2, 0.75], [0.03, 0.3, 1.5]])


@pytest.fixture
def recorded(net):
    """Norms as recorded in a training of 3 epochs, one of them 0."""
    return SimpleNamespace(net=net, layers=[0, 1, 2], norms=NORMS.copy(), of="biases")


def heights(figure):
    (ax,) = figure.axes
    return {line.get_label(): line.get_ydata() for line in ax.lines}


def test_each_layer_has_a_curve_of_its_norms_by_epoch(recorded):
    figure = draw_gradient_norms(recorded)
    (ax,) = figure.axes
    assert list(heights(figure)) == ["layer 0, ConvPoolLayer", "layer 1, FullyConnectedLayer", "layer 2, SoftmaxLayer"]
    for line, norms in zip(ax.lines, NORMS.T, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), np.where(norms == 0, np.nan, norms))
    np.testing.assert_array_equal(recorded.norms, NORMS)


def test_the_scale_is_logarithmic_and_named(recorded):
    recorded.of = "weights"
    figure = draw_gradient_norms(recorded)
    (ax,) = figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epochs of training", "norm of the gradient of weights")
    assert 0 < ax.get_ylim()[0] < 0.001 < 1.5 < ax.get_ylim()[1]
    assert all(label in texts(figure) for label in heights(figure))


def test_layers_without_the_measured_parameters_do_not_change_the_labels_of_others(recorded):
    recorded.layers, recorded.norms = [0, 2], NORMS[:, [0, 2]]
    assert list(heights(draw_gradient_norms(recorded))) == ["layer 0, ConvPoolLayer", "layer 2, SoftmaxLayer"]


def test_the_first_layers_are_the_dark_ones(recorded):
    figure = draw_gradient_norms(recorded)
    brightness = [sum(line.get_color()[:3]) for line in figure.axes[0].lines]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 3


def test_epochs_are_whole_numbers(recorded):
    figure = draw_gradient_norms(recorded)
    figure.draw_without_rendering()
    labels = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert {"0", "1", "2", "3"} <= set(labels)
    assert not any("." in label for label in labels)


@pytest.mark.parametrize(("epochs", "marked"), [(0, True), (28, True), (29, False), (300, False)])
def test_few_points_are_marked(recorded, epochs, marked):
    """A single row, of an untrained network, would be invisible without markers."""
    recorded.norms = np.geomspace(1, 0.01, 3 * (epochs + 1)).reshape(-1, 3)
    figure = draw_gradient_norms(recorded)
    figure.draw_without_rendering()
    assert {line.get_marker() for line in figure.axes[0].lines} == {"." if marked else "None"}


@pytest.mark.parametrize("norms", [np.zeros((3, 3)), np.array([[0.0, 0.1, 0.2]])], ids=["all", "one"])
def test_layers_that_do_not_learn_at_all_can_be_drawn(recorded, norms):
    recorded.norms = norms
    figure = draw_gradient_norms(recorded)
    figure.draw_without_rendering()
    for line, column in zip(figure.axes[0].lines, norms.T, strict=True):
        np.testing.assert_array_equal(np.isnan(line.get_ydata()), column == 0)


def test_the_legend_is_beside_the_curves_and_not_cut_off(recorded):
    figure = draw_gradient_norms(recorded)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    box = ax.get_legend().get_window_extent()
    assert not box.overlaps(ax.get_window_extent())
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_a_given_figure_is_used(recorded):
    figure = plt.figure()
    assert draw_gradient_norms(recorded, figure=figure) is figure


def test_what_a_training_recorded_can_be_drawn_and_saved(tmp_path):
    net, data = two_layers.build(), two_layers.data()
    norms = GradientNorms(net, data)
    first = gradient_norms(net, data)
    net.SGD(data, 2, 5, 0.3, callbacks=[norms])
    figure = draw_gradient_norms(norms)
    curves = heights(figure)
    assert list(curves) == ["layer 0, FullyConnectedLayer", "layer 1, SoftmaxLayer"]
    np.testing.assert_array_equal([curve[0] for curve in curves.values()], first)
    np.testing.assert_array_equal([curve[-1] for curve in curves.values()], gradient_norms(net, data))
    assert [len(curve) for curve in curves.values()] == [3, 3]
    figure.savefig(tmp_path / "norms.png")
    assert (tmp_path / "norms.png").stat().st_size > 5000
