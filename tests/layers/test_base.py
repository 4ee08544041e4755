"""What a custom layer inherits from `Layer`, and the parts of a ShapeError."""

import numpy as np
import pytensor.tensor as pt
import pytest

from network3 import Network, SoftmaxLayer
from network3.layers import Layer, ShapeError, dropout_states
from network3.layers.base import flat_size, keep_probability, product


class Halve(Layer):
    """Every value halved; implements the three abstract methods only."""

    def __init__(self, n_in, p_dropout=0.0):
        self.input_shape, self.p_dropout, self.params = (n_in,), p_dropout, []

    def output_shape(self, input_shape):
        return input_shape

    def expression(self, x, *, training):
        return x / (1 if training else 2)

    def config(self):
        return {"n_in": self.input_shape[0]}


def test_set_inpt_sets_the_expressions_of_the_protocol(compute):
    layer = Halve(3, p_dropout=0.5)
    x, masked_input = (pt.tensor(shape=(None, 3), dtype="float32") for _ in range(2))
    layer.set_inpt(x, masked_input, 2)
    assert layer.inpt is x
    assert len(dropout_states(layer.output_dropout)) == 1
    values = np.arange(1, 13, dtype="float32").reshape(4, 3)
    expressions = [layer.output, layer.output_dropout, layer.inpt_dropout]
    out, trained, masked = compute(expressions, {x: values, masked_input: -values})
    np.testing.assert_array_equal(out, values / 2)
    np.testing.assert_array_equal(trained, masked)
    np.testing.assert_array_equal(masked, np.where(masked == 0, 0, -values))


@pytest.mark.parametrize(
    ("shape", "expected"), [((None, 2, 3), (6,)), ((None, 6), (2, 3)), ((5, 6), (3, 2, 1)), ((5, 2, 3), (2, 3))]
)
def test_the_input_is_reshaped_to_the_shape_of_an_example(compute, shape, expected):
    layer = Halve(6)
    layer.input_shape = expected
    x = pt.tensor("x", shape=shape, dtype="float32")
    layer.set_inpt(x, x, 5)
    assert layer.inpt.type.shape == (shape[0], *expected)
    values = np.arange(30, dtype="float32").reshape((5, *shape[1:]))
    np.testing.assert_array_equal(compute(layer.inpt, {x: values}), values.reshape((5, *expected)))


def test_a_custom_layer_works_in_a_network():
    net = Network([Halve(3), SoftmaxLayer(3, 2)], mini_batch_size=4)
    assert [tuple(shape) for shape in net.shapes] == [(None, 3), (None, 2)]
    assert len(net.params) == 2


def test_abstract_methods_are_required():
    with pytest.raises(TypeError, match=r"config.*expression.*output_shape"):
        Layer()


def test_repr_shows_the_arguments_of_config():
    assert repr(Halve(3)) == "Halve(n_in=3)"


def test_a_shape_error_has_the_parts_of_its_message():
    error = ShapeError("DenseLayer", "n_in must be 6", "7", "Write n_in=6.")
    assert isinstance(error, ValueError)
    assert str(error) == "DenseLayer: n_in must be 6; got 7. Write n_in=6."
    assert (error.expected, error.got, error.hint) == ("n_in must be 6", "7", "Write n_in=6.")


def test_sizes_of_an_example_exclude_the_batch():
    assert flat_size((None, 20, 12, 11)) == 2640
    assert product((None, 20, 12, 11)) == "20*12*11"
    assert (flat_size((5, 7)), product((5, 7))) == (7, "7")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_keep_probability_has_the_requested_type(dtype):
    probability = keep_probability(0.3, dtype)
    assert probability.dtype == dtype
    assert probability == np.dtype(dtype).type(0.7)
