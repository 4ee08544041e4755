"""A configuration as layers of network3."""

from network3 import ConvPoolLayer, FullyConnectedLayer, Layer, ReLU, SoftmaxLayer, sigmoid

from .configurations import FILTER, POOL, Configuration


def layers(config: Configuration, batch: int) -> list[Layer]:
    """Return the layers of a network of chapter 6, for mini-batches of `batch`."""
    f = {"sigmoid": sigmoid, "relu": ReLU}[config.activation]
    stack: list[Layer] = [
        ConvPoolLayer((maps, shape[0], FILTER, FILTER), (batch, *shape), (POOL, POOL), f)
        for maps, shape in zip(config.maps, config.image_shapes, strict=False)
    ]
    widths, p = config.widths, config.p_dropout
    for n_in, n_out in zip(widths, config.hidden, strict=False):
        stack.append(FullyConnectedLayer(n_in, n_out, f, p))
    return [*stack, SoftmaxLayer(widths[-2], widths[-1], p)]
