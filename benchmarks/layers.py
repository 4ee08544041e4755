"""A configuration as layers of network3."""

from network3 import ConvPoolLayer, FullyConnectedLayer, Layer, ReLU, SoftmaxLayer, sigmoid

from .configurations import Configuration, ResidualConfiguration
from .residual import residual_layers


def layers(config: Configuration, batch: int) -> list[Layer]:
    """Return the layers of a network, for mini-batches of `batch`."""
    if isinstance(config, ResidualConfiguration):
        return residual_layers(config)
    f = {"sigmoid": sigmoid, "relu": ReLU}[config.activation]
    filter_size = (config.filter, config.filter)
    stack: list[Layer] = [
        ConvPoolLayer((maps, shape[0], *filter_size), (batch, *shape), (pool, pool), f, padding=config.padding)
        for maps, shape, pool in zip(config.maps, config.image_shapes, config.poolings, strict=False)
    ]
    widths, p = config.widths, config.p_dropout
    for n_in, n_out in zip(widths, config.hidden, strict=False):
        stack.append(FullyConnectedLayer(n_in, n_out, f, p))
    return [*stack, SoftmaxLayer(widths[-2], widths[-1], p)]
