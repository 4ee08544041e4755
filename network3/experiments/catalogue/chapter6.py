"""Chapter 6: from a shallow network to an ensemble of convolutional networks with dropout.

The architectures are functions of the mini-batch's size, named as the original's program names them; the runs are
the rows of the chapter, with its accuracy on the test images at the best validation epoch.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pytensor.tensor.variable import TensorVariable

from network3.layers import ConvPoolLayer, FullyConnectedLayer, Layer, ReLU, SoftmaxLayer, sigmoid, tanh

from .published import BEST_VALIDATION, TEST_ACCURACY, PublishedValue
from .run import Run

Activation = Callable[[TensorVariable], TensorVariable]

PIXELS = 28 * 28  # of MNIST


def shallow(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """A hidden layer of 100 sigmoid neurons, and a softmax."""
    return [FullyConnectedLayer(n_in=n_in, n_out=100), SoftmaxLayer(n_in=100, n_out=n_out)]


def basic_conv(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """One convolutional and pooling layer before the hidden layer."""
    side = math.isqrt(n_in)
    return [
        _first_layer(mini_batch_size, side, sigmoid),
        FullyConnectedLayer(n_in=20 * _pooled(side) ** 2, n_out=100),
        SoftmaxLayer(n_in=100, n_out=n_out),
    ]


def omit_FC(mini_batch_size: int, n_in: int = PIXELS, n_out: int = 10) -> list[Layer]:
    """One convolutional and pooling layer and a softmax, without a hidden layer."""
    side = math.isqrt(n_in)
    return [_first_layer(mini_batch_size, side, sigmoid), SoftmaxLayer(n_in=20 * _pooled(side) ** 2, n_out=n_out)]


def dbl_conv(
    mini_batch_size: int,
    n_in: int = PIXELS,
    n_out: int = 10,
    activation_fn: Activation = sigmoid,
    hidden: tuple[int, ...] = (100,),
    p_dropout: float = 0.0,
) -> list[Layer]:
    """Two convolutional and pooling layers, then fully connected layers of `hidden` neurons and a softmax.

    `p_dropout` is that of the fully connected layers and of the softmax.
    """
    side = math.isqrt(n_in)
    once = _pooled(side)
    widths = [40 * _pooled(once) ** 2, *hidden]
    return [
        _first_layer(mini_batch_size, side, activation_fn),
        ConvPoolLayer(
            image_shape=(mini_batch_size, 20, once, once),
            filter_shape=(40, 20, 5, 5),
            poolsize=(2, 2),
            activation_fn=activation_fn,
        ),
        *(
            FullyConnectedLayer(n_in=before, n_out=after, activation_fn=activation_fn, p_dropout=p_dropout)
            for before, after in zip(widths, hidden, strict=False)
        ),
        SoftmaxLayer(n_in=widths[-1], n_out=n_out, p_dropout=p_dropout),
    ]


def _first_layer(mini_batch_size: int, side: int, activation_fn: Activation) -> Layer:
    """Return the first layer of all networks: 20 maps of 5 x 5 filters over the image, pooled 2 x 2."""
    return ConvPoolLayer(
        image_shape=(mini_batch_size, 1, side, side),
        filter_shape=(20, 1, 5, 5),
        poolsize=(2, 2),
        activation_fn=activation_fn,
    )


def _pooled(side: int) -> int:
    """Return the side of maps of `side` x `side` after 5 x 5 filters and pooling 2 x 2: 12 of MNIST's 28, then 4."""
    return (side - 4) // 2


def _published(accuracy: float | None = None) -> tuple[PublishedValue]:
    """Return what the chapter publishes of a run: the test accuracy at the best validation epoch."""
    return (PublishedValue(accuracy, TEST_ACCURACY, BEST_VALIDATION),)


def relu(*hidden: int, p_dropout: float = 0.0) -> Callable[..., list[Layer]]:
    """Return `dbl_conv` with rectified linear neurons."""
    return partial(dbl_conv, activation_fn=ReLU, hidden=hidden, p_dropout=p_dropout)


SIGMOID = {"epochs": 60, "mini_batch_size": 10, "eta": 0.1}
RELU = {"epochs": 60, "mini_batch_size": 10, "eta": 0.03, "lmbda": 0.1}
DROPOUT = {"epochs": 40, "mini_batch_size": 10, "eta": 0.03}
LMBDAS = (0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
TWO = "two conv-pool layers"

DROPPED_OUT = Run(
    "double_fc_dropout",
    "6.14",
    "6.13 with half of the neurons dropped out",
    _published(0.9960),
    relu(1000, 1000, p_dropout=0.5),
    DROPOUT,
    data="expanded",
)

RUNS = [
    Run("shallow", "6.1", "100 sigmoid neurons, softmax", _published(0.9780), shallow, SIGMOID),
    Run(
        "basic_conv",
        "6.2",
        "one conv-pool layer, 100 sigmoid neurons, softmax",
        _published(0.9878),
        basic_conv,
        SIGMOID,
    ),
    Run(
        "omit_FC", "6.3", "one conv-pool layer, softmax", _published(), omit_FC, SIGMOID, note="an exercise of the book"
    ),
    Run("dbl_conv", "6.4", f"{TWO}, 100 sigmoid neurons, softmax", _published(0.9906), dbl_conv, SIGMOID),
    Run(
        "dbl_conv_tanh",
        "6.5",
        f"{TWO}, 100 tanh neurons, softmax",
        _published(),
        partial(dbl_conv, activation_fn=tanh),
        SIGMOID,
        note="a problem of the book: 20 epochs, then 60; a little faster than 6.4, the final accuracy very similar",
    ),
    Run(
        "regularized_dbl_conv",
        "6.6",
        "6.4 with L2 regularization",
        _published(),
        dbl_conv,
        SIGMOID | {"lmbda": 0.1},
        scan={"lmbda": LMBDAS},
        note="not in the book's text; according to the original's program it did not help much",
    ),
    Run("dbl_conv_relu", "6.7", f"{TWO}, 100 ReLU neurons, softmax", _published(0.9923), relu(100), RELU),
    Run("expanded_data_100", "6.8", "6.7 on expanded data", _published(0.9937), relu(100), RELU, data="expanded"),
    Run("expanded_data_300", "6.9", "6.8 with 300 neurons", _published(0.9946), relu(300), RELU, data="expanded"),
    Run("expanded_data_1000", "6.10", "6.8 with 1000 neurons", _published(0.9943), relu(1000), RELU, data="expanded"),
    Run(
        "expanded_data_double_fc_100",
        "6.11",
        "6.8 with 100 + 100 neurons",
        _published(0.9943),
        relu(100, 100),
        RELU,
        data="expanded",
    ),
    Run(
        "expanded_data_double_fc_300",
        "6.12",
        "6.8 with 300 + 300 neurons",
        _published(0.9948),
        relu(300, 300),
        RELU,
        data="expanded",
    ),
    Run(
        "expanded_data_double_fc_1000",
        "6.13",
        "6.8 with 1000 + 1000 neurons",
        _published(0.9947),
        relu(1000, 1000),
        RELU,
        data="expanded",
    ),
    DROPPED_OUT,
    replace(
        DROPPED_OUT,
        name="ensemble",
        row="6.15",
        description="five networks like 6.14 that vote",
        published_values=_published(0.9967),
        nets=5,
        voters_of=(DROPPED_OUT.name,),
    ),
]
