"""static/network.js computes what `predict_proba` does, for every kind of layer and option."""

import numpy as np
import pytest

import network3
from network3 import (
    BatchNormLayer,
    ConvPoolLayer,
    DropoutLayer,
    FullyConnectedLayer,
    GlobalPoolLayer,
    Network,
    RegressionLayer,
    SoftmaxLayer,
)
from network3.layers import ACTIVATIONS
from network3.serve.description import KINDS, describe
from network3.storage.architecture import LAYER_TYPES

PREDICT = """
const { Network } = await use("network.js");
const net = new Network(data.network);
result = data.images.map((image) => net.predictProba(image));
"""
SHAPE = (2, 11, 9)  # no two axes alike

CONVOLUTIONS = {
    "plain": {},
    "max windows overlap": {"poolsize": (3, 2), "pool_stride": (2, 1)},
    "max padded": {"poolsize": (3, 3), "pool_padding": ((1, 2), (0, 1)), "pool_stride": 2},
    "average": {"pool": "average"},
    "average padded": {"pool": "average", "poolsize": (3, 3), "pool_padding": 1, "pool_stride": (1, 2)},
    "l2": {"pool": "l2", "poolsize": (2, 3)},
    "l2 of one": {"pool": "l2", "poolsize": (1, 1)},
    "l2 padded": {"pool": "l2", "poolsize": 2, "pool_padding": 1},
    "stride": {"stride": (2, 1)},
    "half": {"padding": "half", "poolsize": (1, 1)},
    "same with stride": {"padding": "same", "stride": (2, 3), "poolsize": (1, 1)},
    "full": {"padding": "full"},
    "sides": {"padding": ((0, 2), (1, 0))},
    "dilation": {"dilation": (2, 1), "padding": "half"},
    "groups": {"filter_shape": (4, 1, 3, 2), "groups": 2},
    "batch norm": {"batch_norm": True},
    "all": {
        "filter_shape": (4, 1, 3, 2),
        "groups": 2,
        "dilation": (1, 2),
        "padding": "same",
        "stride": (1, 2),
        "pool": "average",
        "poolsize": (3, 2),
        "pool_stride": (2, 1),
        "pool_padding": 1,
        "batch_norm": True,
    },
}


def randomized(net, seed=0):
    """Set all weights and buffers to random values, variances positive."""
    rng = np.random.default_rng(seed)
    for variable in net.variables:
        values = rng.normal(0, 0.4, variable.get_value().shape)
        values = np.abs(values) + 0.1 if variable.name == "variance" else values
        variable.set_value(values.astype(net.floatX))
    return net


def check(javascript, net, count=20, atol=1e-5):
    width = net.input_width
    images = np.random.default_rng(1).random((count, width)).astype(net.floatX)
    found = javascript.run(PREDICT, {"network": describe(net), "images": images.tolist()})
    np.testing.assert_allclose(np.array(found), net.predict_proba(images), rtol=0, atol=atol)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(javascript, name):
    options = {"filter_shape": (3, 2, 3, 2), "activation_fn": network3.tanh, **CONVOLUTIONS[name]}
    first = ConvPoolLayer(image_shape=SHAPE, **options)
    values = int(np.prod(first.output_shape((None, *SHAPE))[1:]))
    check(javascript, randomized(Network([first, SoftmaxLayer(values, 5)], 10)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(javascript, activation):
    hidden = FullyConnectedLayer(30, 12, activation_fn=ACTIVATIONS[activation])
    maps = ConvPoolLayer((3, 1, 2, 2), (1, 4, 4), (1, 1), activation_fn=ACTIVATIONS[activation])
    check(javascript, randomized(Network([hidden, SoftmaxLayer(12, 4)], 10)))
    check(javascript, randomized(Network([maps, SoftmaxLayer(27, 4)], 10)))


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [FullyConnectedLayer(30, 9, p_dropout=0.4), SoftmaxLayer(9, 3, p_dropout=0.2)],
        lambda: [FullyConnectedLayer(30, 9), BatchNormLayer(9, network3.ReLU, epsilon=0.01), SoftmaxLayer(9, 3)],
        lambda: [BatchNormLayer((2, 5, 3), network3.sigmoid), DropoutLayer((2, 5, 3), 0.3), SoftmaxLayer(30, 3)],
        lambda: [GlobalPoolLayer((3, 5, 2)), SoftmaxLayer(3, 3)],
        lambda: [GlobalPoolLayer((3, 5, 2), "max"), SoftmaxLayer(3, 3)],
        lambda: [FullyConnectedLayer(30, 9), RegressionLayer(9, 4, p_dropout=0.5)],
    ],
    ids=["dropout", "batch norm", "batch norm of maps, dropout", "global average", "global maximum", "regression"],
)
def test_layers(javascript, layers):
    check(javascript, randomized(Network(layers(), 10)))


def test_networks_of_float64(javascript):
    network3.use(floatX="float64")
    check(javascript, randomized(Network([FullyConnectedLayer(30, 9), SoftmaxLayer(9, 3)], 10)))


def test_a_thousand_digits(javascript):
    net = Network(
        [
            ConvPoolLayer((8, 1, 5, 5), (10, 1, 28, 28), activation_fn=network3.ReLU),
            ConvPoolLayer((12, 8, 5, 5), (10, 8, 12, 12), activation_fn=network3.ReLU),
            FullyConnectedLayer(192, 50, activation_fn=network3.ReLU),
            SoftmaxLayer(50, 10),
        ],
        10,
    )
    training, _, test = network3.datasets.load_mnist()
    net.SGD((training[0][:2000], training[1][:2000]), 2, 10, 0.03, verbose=False)
    images = test[0][:1000]
    source = PREDICT.replace("net.predictProba(image)", "net.predictProba(fromLevels(image))")
    source = source.replace("{ Network }", "{ Network, fromLevels }")
    found = np.array(javascript.run(source, {"network": describe(net), "images": images.tolist()}))
    assert (found.argmax(axis=1) == test[1][:1000]).mean() > 0.8
    np.testing.assert_allclose(found, net.predict_proba(images), rtol=0, atol=1e-5)


def test_weights_are_replaced(javascript):
    source = """
    const { Network } = await use("network.js");
    const net = new Network(data.old);
    net.setWeights(data.new.layers.map((layer) => layer.weights));
    result = net.predictProba(data.image);
    """
    old, new = (randomized(Network([FullyConnectedLayer(6, 4), SoftmaxLayer(4, 3)], 10), seed) for seed in (1, 2))
    image = np.linspace(0, 1, 6, dtype="float32")
    found = javascript.run(source, {"old": describe(old), "new": describe(new), "image": image.tolist()})
    np.testing.assert_allclose(found, new.predict_proba(image[None])[0], rtol=0, atol=1e-6)


def test_an_unknown_kind_is_named(javascript):
    source = """
    const { Network, UnknownKindError } = await use("network.js");
    result = data.map((network) => {
      try {
        new Network(network);
      } catch (error) {
        return [error instanceof UnknownKindError, error.index, error.kind];
      }
    });
    """
    layer, activation = (describe(Network([FullyConnectedLayer(4, 3), SoftmaxLayer(3, 2)], 10)) for _ in range(2))
    layer["layers"][1]["kind"] = "toString"  # which every object of JavaScript has
    activation["layers"][0]["config"]["activation_fn"] = "leaky"
    assert javascript.run(source, [layer, activation]) == [[True, 1, "toString"], [True, 0, "leaky"]]


def test_every_kind_of_layer_is_computed(javascript):
    found = javascript.run('result = Object.keys((await use("layers.js")).LAYERS)')
    assert sorted(found) == sorted(KINDS) == sorted(LAYER_TYPES)
    found = javascript.run('result = Object.keys((await use("activations.js")).ACTIVATIONS)')
    assert sorted([*found, "softmax"]) == sorted(ACTIVATIONS)
