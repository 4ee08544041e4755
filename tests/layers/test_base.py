"""What a layer of one's own gets from `Layer`, and how an error of shapes carries its parts."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3 import Network, SoftmaxLayer
from network3.layers import Layer, ShapeError, dropout_states
from network3.layers.base import flat_size, keep_share, product


class Halve(Layer):
    """Every value halved; the two methods and `config` are all that it writes."""

    def __init__(self, n_in, p_dropout=0.0):
        self.input_shape, self.p_dropout, self.params = (n_in,), p_dropout, []

    def output_shape(self, input_shape):
        return input_shape

    def expression(self, x, *, training):
        return x / (1 if training else 2)

    def config(self):
        return {"n_in": self.input_shape[0]}


def test_wiring_gives_the_protocols_expressions(compute):
    layer = Halve(3, p_dropout=0.5)
    x, hidden = (pt.tensor(shape=(None, 3), dtype="float32") for _ in range(2))
    layer.set_inpt(x, hidden, 2)
    assert layer.inpt is x
    assert len(dropout_states(layer.output_dropout)) == 1
    values = np.arange(1, 13, dtype="float32").reshape(4, 3)
    asked = [layer.output, layer.output_dropout, layer.inpt_dropout]
    out, trained, masked = compute(asked, {x: values, hidden: -values})
    np.testing.assert_array_equal(out, values / 2)
    np.testing.assert_array_equal(trained, masked)
    np.testing.assert_array_equal(masked, np.where(masked == 0, 0, -values))


@pytest.mark.parametrize(
    ("given", "expected"), [((None, 2, 3), (6,)), ((None, 6), (2, 3)), ((5, 6), (3, 2, 1)), ((5, 2, 3), (2, 3))]
)
def test_the_input_takes_the_shape_of_an_example(compute, given, expected):
    layer = Halve(6)
    layer.input_shape = expected
    x = pt.tensor("x", shape=given, dtype="float32")
    layer.set_inpt(x, x, 5)
    assert layer.inpt.type.shape == (given[0], *expected)
    values = np.arange(30, dtype="float32").reshape((5, *given[1:]))
    np.testing.assert_array_equal(compute(layer.inpt, {x: values}), values.reshape((5, *expected)))


def test_a_layer_of_ones_own_joins_a_network():
    net = Network([Halve(3), SoftmaxLayer(3, 2)], mini_batch_size=4)
    assert [tuple(shape) for shape in net.shapes] == [(None, 3), (None, 2)]
    assert len(net.params) == 2


def test_what_a_layer_must_write_is_asked_for():
    with pytest.raises(TypeError, match=r"config.*expression.*output_shape"):
        Layer()


def test_repr_shows_the_arguments_of_config():
    assert repr(Halve(3)) == "Halve(n_in=3)"


def test_a_shape_error_carries_its_parts():
    error = ShapeError("DenseLayer", "n_in must be 6", "7", "Write n_in=6.")
    assert isinstance(error, ValueError)
    assert str(error) == "DenseLayer: n_in must be 6; got 7. Write n_in=6."
    assert (error.expected, error.got, error.hint) == ("n_in must be 6", "7", "Write n_in=6.")


def test_sizes_of_an_example_leave_the_batch_out():
    assert flat_size((None, 20, 12, 11)) == 2640
    assert product((None, 20, 12, 11)) == "20*12*11"
    assert (flat_size((5, 7)), product((5, 7))) == (7, "7")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_share_kept_has_the_type_asked_for(dtype):
    share = keep_share(0.3, dtype)
    assert share.dtype == dtype
    assert share == np.dtype(dtype).type(0.7)
