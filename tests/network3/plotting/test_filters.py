"""Plots of filters show exactly the weights."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer, plot_filters
from network3.plotting import draw_filters
from tests.network3.plotting.contents import FOUR_PARTS, shown, texts


def test_each_filter_is_shown_for_the_first_input_map(net):
    figure = draw_filters(net, 0)
    weights = net.layers[0].w.get_value()
    assert len(shown(figure)) == 3
    np.testing.assert_array_equal(np.stack(shown(figure)), weights[:, 0])
    assert texts(figure) == "layer 0: 3 filters of 3 x 2, for the first input map"
    assert len({image.get_clim() for ax in figure.axes for image in ax.images}) == 1  # shades compare


def test_a_first_layer_connected_to_square_images_has_filters_too():
    net = Network([FullyConnectedLayer(49, 103), SoftmaxLayer(103, 4)], 5)
    figure = draw_filters(net, 0)
    weights = net.layers[0].w.get_value()
    assert len(shown(figure)) == 100
    np.testing.assert_array_equal(shown(figure)[7], weights[:, 7].reshape(7, 7))
    assert texts(figure) == "layer 0: the first 100 of 103 filters of 7 x 7"


def test_the_books_function_takes_columns_and_rows_and_returns_pyplot(net, tmp_path):
    assert plot_filters(net, 0, 1, 2) is plt
    figure = plt.gcf()
    np.testing.assert_array_equal(np.stack(shown(figure)), net.layers[0].w.get_value()[:2, 0])
    places = [ax.get_subplotspec().get_geometry()[:2] for ax in figure.axes]
    assert set(places) == {(2, 1)}
    plt.savefig(tmp_path / "filters.png")
    assert (tmp_path / "filters.png").stat().st_size > 1000


def test_a_blank_filter_can_be_drawn(net):
    net.layers[0].w.set_value(np.zeros((3, 2, 3, 2)))
    assert not np.any(shown(draw_filters(net, 0)))


def test_a_given_figure_is_used(net):
    figure = plt.figure()
    assert draw_filters(net, 0, columns=3, figure=figure) is figure


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 1, 1), r"filters: expected one of the network's layers, 0 to 2; got 5\. Layers are counted from 0\."),
        ((-1, 1, 1), "filters: expected one of the network's layers, 0 to 2; got -1"),
        (("0", 1, 1), "filters: expected one of the network's layers, 0 to 2; got '0'"),
        ((1, 1, 1), r"filters: expected a ConvPoolLayer, or .*; got layer 1, FullyConnectedLayer\. Choose another"),
        ((0, 2, 2), r"plot_filters: expected at most the 3 filters of layer 0; got 2 x 2\. Write e\.g\. x=2, y=1\."),
        ((0, 0, 2), "plot_filters: x: expected a whole number, 1 or more; got 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(net, arguments, message):
    with pytest.raises(ValueError, match=f"^{message}") as raised:
        plot_filters(net, *arguments)
    assert FOUR_PARTS.match(str(raised.value))


def test_a_first_layer_whose_images_are_not_square_is_refused():
    net = Network([SoftmaxLayer(50, 4)], 5)
    with pytest.raises(ValueError, match=r"^filters: expected a ConvPoolLayer, or .*; got layer 0, SoftmaxLayer\. "):
        draw_filters(net, 0)
