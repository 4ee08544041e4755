"""The chain of a network: every layer and activation of network3 is in it, with the shapes between them."""

import numpy as np

from network3 import ConvPoolLayer, DropoutLayer, FullyConnectedLayer, GlobalPoolLayer, Network, SoftmaxLayer, step
from network3.exchange import chain
from network3.exchange.from_network import FUNCTIONS, PARTS
from network3.exchange.operations import Convolve, Drop, Multiply, Pool, Reshape, array_of
from network3.layers import ACTIVATIONS
from network3.storage.architecture import LAYER_TYPES


def test_every_layer_and_activation_has_operations():
    assert set(PARTS) == set(LAYER_TYPES.values())
    assert set(FUNCTIONS) == set(ACTIVATIONS)


def test_the_operations_stand_in_order_with_their_options():
    layers = [
        FullyConnectedLayer(4, 2 * 6 * 5, step),
        DropoutLayer((2, 6, 5), 0.25),
        ConvPoolLayer((3, 2, 3, 2), (2, 6, 5), 2, pool="l2", padding="same", stride=2, pool_padding=((1, 0), (0, 0))),
        GlobalPoolLayer((3, 2, 1)),
        SoftmaxLayer(3, 2, 0.5),
    ]
    operations = chain("here", Network(layers, 10))
    assert [type(operation).__name__ for operation in operations] == [
        *["Multiply", "Bias", "Activate", "Activate", "Reshape", "Drop", "Convolve", "Pool", "Bias", "Activate"],
        *["PoolAll", "Drop", "Multiply", "Bias", "Activate"],
    ]
    found = {type(operation): operation for operation in reversed(operations)}
    assert found[Reshape].shape == (2, 6, 5)
    assert (found[Drop].where, found[Drop].p, found[Drop].scale) == ("layer 1 (DropoutLayer)", 0.25, 0.75)
    convolution = found[Convolve]
    assert (convolution.padding, convolution.stride, convolution.image) == (((0, 1), (0, 1)), (2, 2), (6, 5))
    assert (found[Pool].mode, found[Pool].size, found[Pool].padding) == ("l2", (2, 2), ((1, 0), (0, 0)))
    np.testing.assert_array_equal(array_of(found[Multiply].w), layers[0].w.get_value())
    assert [operations[2].function, operations[3].function] == ["ReLU", "sign"]
