"""Random networks of all kinds of layers and options, and the networks of the catalogue, with weights other than 0."""

import math

import numpy as np

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
from network3.experiments.catalogue import RUNS
from network3.layers import ACTIVATIONS

ELEMENTWISE = [function for name, function in ACTIVATIONS.items() if name != "softmax"]
# Networks of the catalogue, each of several runs once.
CATALOGUE = {repr(run.layers(10)): name for name, run in reversed(RUNS.items())}.values()


def drawn_network(seed, dtype="float32"):
    """Return a random network whose layers fit together, with random weights."""
    network3.use("cpu", dtype)
    rng = np.random.default_rng(seed)
    shape = (int(rng.choice([2, 4])), *rng.integers(9, 14, 2).tolist())
    layers = []
    for _ in range(rng.integers(0, 3)):
        if rng.random() < 0.3:
            layers.append(DropoutLayer(shape, 0.25))
        layers.append(drawn_convolution(rng, shape))
        shape = layers[-1].output_shape((None, *shape))[1:]
        if rng.random() < 0.3:
            layers.append(BatchNormLayer(shape, rng.choice(ELEMENTWISE), epsilon=0.01))
    if layers and rng.random() < 0.4:
        layers.append(GlobalPoolLayer(shape, rng.choice(["max", "average"])))
        shape = shape[:1]
    width = math.prod(shape)
    for _ in range(rng.integers(0, 3)):
        n_out = int(rng.integers(1, 30))
        layers.append(FullyConnectedLayer(width, n_out, rng.choice(list(ACTIVATIONS.values())), rng.choice([0.0, 0.5])))
        width = n_out
        if rng.random() < 0.3:
            layers.append(BatchNormLayer(width))
    last = RegressionLayer if rng.random() < 0.3 else SoftmaxLayer
    net = Network([*layers, last(width, 5, p_dropout=rng.choice([0.0, 0.25]))], 10)
    fill(net, rng)
    return net


def drawn_convolution(rng, shape):
    """Return a layer with random options for images of this shape; options that do not fit are drawn again."""
    groups = int(rng.choice([1, 2]))
    while True:
        size = rng.integers(1, 4, 2).tolist()
        sides = [tuple(rng.integers(0, 3, 2).tolist()) for _ in range(2)]
        try:
            return ConvPoolLayer(
                (4, shape[0] // groups, *rng.integers(1, 5, 2).tolist()),
                shape,
                size,
                rng.choice(ELEMENTWISE),
                pool=rng.choice(["max", "l2", "average"]),
                stride=rng.integers(1, 3, 2).tolist(),
                padding=[*["valid", "same", "half", "full", 1, (2, 0)], tuple(sides)][rng.integers(7)],
                pool_stride=None if rng.random() < 0.5 else rng.integers(1, 3, 2).tolist(),
                pool_padding=0 if rng.random() < 0.5 else [rng.integers(0, length, 2).tolist() for length in size],
                dilation=rng.integers(1, 3, 2).tolist(),
                groups=groups,
                batch_norm=bool(rng.random() < 0.4),
            )
        except ValueError:
            continue


def fill(net, rng):
    """Give all variables of a network random values, of which none is special."""
    for variable in net.variables:
        values = rng.normal(0, 0.5, variable.get_value(borrow=True).shape)
        values = np.exp(values) if variable.name == "variance" else values
        variable.set_value(values.astype(variable.dtype))


def images_for(net, count=3):
    """Return random images in the shape of the first layer's input."""
    shape = (count, *net.layers[0].input_shape)
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(net.floatX)


def outputs_of(net, images):
    """Return what the network computes for them, in evaluation."""
    return net.predict_proba(images.reshape(len(images), -1))
