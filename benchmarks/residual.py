"""The residual network of `ResidualConfiguration` as layers of network3."""

from typing import Any

from pytensor.tensor.variable import TensorVariable

from network3 import ConvPoolLayer, GlobalPoolLayer, Layer, ReLU, SoftmaxLayer, linear
from network3.layers.activations import Activation
from network3.layers.base import Shape

from .configurations import ResidualConfiguration

FILTER = 3


class ResidualBlock(Layer):
    """Two convolutions with batch normalization, and a shortcut, which is a convolution where the shape changes."""

    def __init__(self, input_shape: tuple[int, int, int], maps: int, stride: int) -> None:
        before, side, _ = input_shape
        self.input_shape, self.output_side = input_shape, side // stride
        first = normalized(input_shape, maps, FILTER, stride, ReLU)
        second = normalized((maps, self.output_side, self.output_side), maps, FILTER, 1, linear)
        changes = stride > 1 or before != maps
        self.path = [first, second]
        self.shortcut = [normalized(input_shape, maps, 1, stride, linear)] if changes else []
        parts = [*self.path, *self.shortcut]
        self.params = [param for part in parts for param in part.params]
        self.buffers = [buffer for part in parts for buffer in part.buffers]

    def output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.path[1].filter_shape[0], self.output_side, self.output_side)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        direct = through(self.shortcut, x, training=training)
        summed = ReLU(through(self.path, x, training=training) + direct)
        if training:
            self.updates = [pair for part in (*self.path, *self.shortcut) for pair in part.updates]
        return summed

    def config(self) -> dict[str, Any]:
        return {"input_shape": self.input_shape, "maps": self.path[1].filter_shape[0]}


def normalized(shape: tuple[int, int, int], maps: int, side: int, stride: int, f: Activation) -> ConvPoolLayer:
    """Return a convolution with filters of `side` x `side` and batch normalization, without pooling."""
    filters, options = (maps, shape[0], side, side), {"stride": stride, "padding": side // 2}
    return ConvPoolLayer(filters, shape, 1, f, batch_norm=True, **options)  # type: ignore[arg-type]  # a dict of ints


def through(layers: list[ConvPoolLayer], x: TensorVariable, *, training: bool) -> TensorVariable:
    """Return `x` after all layers."""
    for layer in layers:
        x = layer.expression(x, training=training)
    return x


def residual_layers(config: ResidualConfiguration) -> list[Layer]:
    """Return the layers of a residual network."""
    stack: list[Layer] = [normalized(config.image, config.stages[0], FILTER, 1, ReLU)]
    side = config.image[1]
    for before, maps, stride in config.blocks:
        stack.append(ResidualBlock((before, side, side), maps, stride))
        side //= stride
    n_in, n_out = config.widths
    return [*stack, GlobalPoolLayer((n_in, side, side)), SoftmaxLayer(n_in, n_out)]
