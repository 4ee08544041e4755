"""A network as plain values: shapes, options, weights; layers that JavaScript cannot compute are refused."""

import base64
import json

import numpy as np
import pytensor.tensor as pt
import pytest

from network3 import ConvPoolLayer, FullyConnectedLayer, Layer, Network, SoftmaxLayer
from network3.serve.description import describe, network_weights


def small():
    conv = ConvPoolLayer((3, 1, 5, 5), (10, 1, 28, 28), padding="half", pool_padding=((0, 1), (1, 0)))
    values = int(np.prod(conv.output_shape((None, 1, 28, 28))[1:]))
    return Network([conv, SoftmaxLayer(values, 10)], 10)


def test_shapes_and_options_are_complete():
    described = json.loads(json.dumps(describe(small(), "mine", {"epochs": "3"})))
    assert (described["name"], described["facts"], described["input_shape"]) == ("mine", {"epochs": "3"}, [1, 28, 28])
    assert described["labels"] == list("0123456789")
    conv, softmax = described["layers"]
    assert (conv["kind"], conv["input_shape"], conv["output_shape"]) == ("ConvPoolLayer", [1, 28, 28], [3, 14, 14])
    assert conv["config"]["padding"] == [[2, 2], [2, 2]]
    assert conv["config"]["pool_padding"] == [[0, 1], [1, 0]]
    assert conv["config"]["pool_stride"] == [2, 2]
    assert softmax["config"]["activation_fn"] == "softmax"


def test_weights_are_float32():
    net = small()
    described = describe(net)
    assert [layer["weights"] for layer in described["layers"]] == network_weights(net)
    entry = described["layers"][0]["weights"]["w"]
    values = np.frombuffer(base64.b64decode(entry["data"]), "<f4").reshape(entry["shape"])
    np.testing.assert_array_equal(values, net.layers[0].w.get_value())


@pytest.mark.parametrize(("values", "shape"), [(784, [1, 28, 28]), (9, [1, 3, 3]), (10, [10]), (1, [1])])
def test_a_flat_input_of_square_size_is_an_image(values, shape):
    assert describe(Network([SoftmaxLayer(values, 2)], 10))["input_shape"] == shape


def leaky(z):
    return pt.switch(z > 0, z, 0.1 * z)


class Doubled(Layer):
    input_shape = (30,)
    params = []  # noqa: RUF012

    def output_shape(self, input_shape):
        return input_shape

    def expression(self, x, *, training):
        return 2 * x

    def config(self):
        return {}


@pytest.mark.parametrize(
    ("layer", "got"),
    [
        (lambda: FullyConnectedLayer(30, 30, activation_fn=leaky), r"page: layer 0 .*got the activation 'leaky'\."),
        (Doubled, r"page: layer 0 \(Doubled\): .*got a layer of the kind Doubled\."),
    ],
    ids=["activation", "layer"],
)
def test_code_of_the_users_own_is_named(layer, got):
    with pytest.raises(ValueError, match=got):
        describe(Network([layer(), SoftmaxLayer(30, 10)], 10))
