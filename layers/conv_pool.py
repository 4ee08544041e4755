"""A convolutional layer and the pooling layer after it, as one layer (book, chapter 6)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.tensor.variable import TensorVariable

from .activations import Activation, check_activation, sigmoid
from .base import Layer, Shape, ShapeError, flat_size, product
from .calls import keywords_checked
from .checks import entries_of, error_message, one_of, sizes
from .initializers import Initializer, book_normal
from .ops import conv2d, pool2d
from .ops.conv_shapes import border, canonical_padding, output_length


class ConvPoolLayer(Layer):
    r"""Feature maps that each detect one pattern anywhere in the image, reduced by pooling.

    .. math:: a = f(\operatorname{pool}(x * w) + b)

    Parameters
    ----------
    filter_shape : (filters, maps, filter rows, filter columns)
        `maps` is the number of the input's feature maps.
    image_shape : (batch, maps, rows, columns), or (maps, rows, columns)
        Shape of the input. The batch is documentation only; networks accept any batch size.
    poolsize : int or (int, int), default (2, 2)
        Rows and columns of a pooling window; (1, 1) for none. Trailing rows and columns that do not fill a window are
        dropped.
    activation_fn : callable, default sigmoid
        :math:`f`; the bias is added after pooling, as in the original.
    pool : "max" or "l2", default "max"
        The maximum of a window, or the square root of its sum of squares.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : "valid", "half", "full", int >= 0 or (int, int), default "valid"
        Zeros around the image, see `network3.layers.ops.conv2d`.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None
        Source of the initial values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape `filter_shape`, float32 or float64
        The filters; they are flipped when applied (true convolution), as in Theano.
    b : shared variable of shape (filters,), of the same type

    Raises
    ------
    ValueError
        Shapes that do not match, a filter or window larger than its image, or an unknown name.

    Examples
    --------
    >>> layer = ConvPoolLayer(image_shape=(10, 1, 28, 28), filter_shape=(20, 1, 5, 5), poolsize=(2, 2))
    >>> layer.output_shape((None, 784))
    (None, 20, 12, 12)
    """

    @keywords_checked("ConvPoolLayer")
    def __init__(
        self,
        filter_shape: Sequence[int],
        image_shape: Sequence[int],
        poolsize: int | Sequence[int] = (2, 2),
        activation_fn: Activation = sigmoid,
        *,
        pool: str = "max",
        stride: int | Sequence[int] = (1, 1),
        padding: str | int | Sequence[int] = "valid",
        initializer: Initializer = book_normal,
        rng: np.random.Generator | None = None,
    ):
        name = type(self).__name__
        self.filter_shape = sizes(f"{name}: filter_shape", filter_shape, 4)
        self.image_shape = sizes(f"{name}: image_shape", image_shape, 3 if len(entries_of(image_shape)) == 3 else 4)
        self.poolsize = sizes(f"{name}: poolsize", poolsize, 2)
        self.pool = one_of(f"{name}: pool", pool, ("max", "l2"))
        self.stride = sizes(f"{name}: stride", stride, 2)
        self.padding = canonical_padding(name, padding)
        self.input_shape = self.image_shape[-3:]
        self._maps = self._map_size()
        pooled = [length // window for length, window in zip(self._maps, self.poolsize, strict=True)]
        self.activation_fn = check_activation(name, activation_fn, (self.filter_shape[0], *pooled))
        filters, maps, *area = self.filter_shape
        # Floor division, as in Python 2: the standard deviation of the original's weights depends on it.
        n_out = filters * math.prod(area) // math.prod(self.poolsize)
        self._initialize(initializer, rng, self.filter_shape, (filters,), maps * math.prod(area), n_out)

    def _map_size(self) -> tuple[int, int]:
        """Return rows and columns of a feature map after convolution.

        Raises
        ------
        ValueError
            Maps that differ, or a filter or window that does not fit.
        """
        name, (maps, *image), (_, expected, *area) = type(self).__name__, self.input_shape, self.filter_shape
        if maps != expected:
            raise ValueError(
                error_message(
                    name,
                    f"filter_shape must have {maps} as its second entry, the maps of image_shape={self.image_shape}",
                    str(expected),
                    self._order_of_axes(),
                )
            )
        pads = border(self.padding, area)
        convolved = [
            output_length(length, k, pad, stride)
            for length, k, pad, stride in zip(image, area, pads, self.stride, strict=True)
        ]
        if min(convolved) < 1:
            raise ValueError(
                error_message(
                    name,
                    f"a filter must fit into its image of {tuple(image)} pixels",
                    f"filters of {tuple(area)}",
                    "Use smaller filters, or padding='half'.",
                )
            )
        if any(window > length for window, length in zip(self.poolsize, convolved, strict=True)):
            raise ValueError(
                error_message(
                    name,
                    f"a pooling window must fit into a convolved map of {tuple(convolved)} values",
                    f"poolsize={self.poolsize}",
                    "Use a smaller poolsize; (1, 1) pools nothing.",
                )
            )
        return convolved[0], convolved[1]

    def _order_of_axes(self) -> str:
        """Return the hint for numbers of maps that differ; a shape with its axes in another order is reordered."""
        *batch, maps, height, width = self.image_shape
        filters, expected, rows, columns = self.filter_shape
        image = filters_ = None
        # Other libraries: images (rows, columns, maps), filters (rows, columns, maps, filters).
        if rows == width:
            image, filters_ = (*batch, width, maps, height), (columns, rows, filters, expected)
        elif expected == width:
            image = (*batch, width, maps, height)
        elif rows == maps:
            filters_ = (columns, rows, filters, expected)
        elif filters == maps:
            filters_ = (expected, filters, rows, columns)
        order = (
            "The order of axes is image_shape=(batch, maps, rows, columns), filter_shape=(filters, maps, rows, columns)"
        )
        shapes = [f"image_shape={image}"] * (image is not None) + [f"filter_shape={filters_}"] * (filters_ is not None)
        if not shapes:
            shapes = [f"filter_shape={(filters, maps, rows, columns)}"]
        return f"{order}. Write {', '.join(shapes)}."

    def output_shape(self, input_shape: Shape) -> Shape:
        example = input_shape[1:]
        # For a flat input, such as the network's data, only the number of values must match.
        if example != self.input_shape and (len(example) == 3 or flat_size(input_shape) != math.prod(self.input_shape)):
            raise ShapeError(
                type(self).__name__,
                "image_shape must be (batch, maps, rows, columns) "
                f"of the {product(input_shape)} values of each example",
                str(self.image_shape),
                f"Let image_shape end in {', '.join(map(str, example))}."
                if len(example) == 3
                else "Let its last three entries have that product.",
            )
        rows, columns = (length // window for length, window in zip(self._maps, self.poolsize, strict=True))
        return (input_shape[0], self.filter_shape[0], rows, columns)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        maps = conv2d(x, self.w, stride=self.stride, padding=self.padding)
        if (self.poolsize, self.pool) != ((1, 1), "max"):  # the maximum of one value is that value
            maps = pool2d(maps, self.poolsize, mode=self.pool)
        return self.activation_fn(maps + self.b[None, :, None, None])

    def config(self) -> dict[str, Any]:
        return {
            "filter_shape": self.filter_shape,
            "image_shape": self.image_shape,
            "poolsize": self.poolsize,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "pool": self.pool,
            "stride": self.stride,
            "padding": self.padding,
        }
