"""The networks of the runs beyond the book, as functions of the mini-batch's size like those of chapter 6."""

import math
from collections.abc import Sequence

from network3.layers import ConvPoolLayer, DropoutLayer, FullyConnectedLayer, Layer, ReLU, SoftmaxLayer
from network3.layers.initializers import he

PIXELS = 28 * 28  # of MNIST
DROPPED = 0.2  # share of the neurons, in the networks with batch normalization


def wider(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """Three convolutional layers of 32, 64 and 128 maps, two of them pooled, and 256 neurons: 620,298 parameters."""
    layers: list[Layer] = []
    maps, side = 1, math.isqrt(n_in)
    for filters, filter_size, pool in ((32, 5, 2), (64, 3, 1), (128, 3, 2)):
        shape = (filters, maps, filter_size, filter_size)
        image_shape = (mini_batch_size, maps, side, side)
        layers.append(ConvPoolLayer(shape, image_shape, (pool, pool), ReLU, initializer=he))
        maps, side = filters, (side - filter_size + 1) // pool
    neurons = 256
    return [
        *layers,
        FullyConnectedLayer(maps * side**2, neurons, ReLU, p_dropout=0.5, initializer=he),
        SoftmaxLayer(neurons, n_out, p_dropout=0.5),
    ]


def strided(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """Filters of 3 x 3, 3 x 3 and 5 x 5 with stride 2, twice, then 128 over all that is left: 325,994 parameters.

    Each layer is normalized. Before the second three, the last filters and the softmax, a fifth is dropped out.
    """
    layers: list[Layer] = []
    maps, side = 1, math.isqrt(n_in)
    for filters in (32, 64):
        for filter_size, stride, padding in ((3, 1, 0), (3, 1, 0), (5, 2, 2)):
            layers.append(_normalized(mini_batch_size, filters, maps, side, filter_size, stride, padding))
            maps, side = filters, (side + 2 * padding - filter_size) // stride + 1
        layers.append(DropoutLayer((maps, side, side), DROPPED))
    last = _normalized(mini_batch_size, 128, maps, side, side)
    return [*layers, last, DropoutLayer((128, 1, 1), DROPPED), SoftmaxLayer(128, n_out)]


def unpadded_5(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """Filters of 5 x 5 four times, 32 to 128 of them, each normalized: 518,570 parameters."""
    return _unpadded(mini_batch_size, n_in, n_out, 5, (32, 64, 96, 128))


def unpadded_7(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """Filters of 7 x 7 three times, 32 to 128 of them, each normalized: 508,906 parameters."""
    return _unpadded(mini_batch_size, n_in, n_out, 7, (32, 64, 128))


def _unpadded(batch: int, n_in: int, n_out: int, filter_size: int, widths: Sequence[int]) -> list[Layer]:
    """Return layers without borders, the second of which has stride 2, and dropout before the softmax."""
    layers: list[Layer] = []
    maps, side = 1, math.isqrt(n_in)
    for number, filters in enumerate(widths):
        stride = 2 if number == 1 else 1
        layers.append(_normalized(batch, filters, maps, side, filter_size, stride))
        maps, side = filters, (side - filter_size) // stride + 1
    return [*layers, DropoutLayer((maps, side, side), DROPPED), SoftmaxLayer(maps * side**2, n_out)]


def _normalized(
    batch: int, filters: int, maps: int, side: int, filter_size: int, stride: int = 1, padding: int = 0
) -> Layer:
    """Return a layer of convolutions and rectified linear neurons, with batch normalization and without pooling."""
    return ConvPoolLayer(
        (filters, maps, filter_size, filter_size),
        (batch, maps, side, side),
        (1, 1),
        ReLU,
        stride=stride,
        padding=padding,
        batch_norm=True,
        initializer=he,
    )
