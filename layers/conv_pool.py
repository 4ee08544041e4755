"""A convolutional layer and the pooling layer after it, as one layer (book, chapter 6)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pytensor.tensor.variable import TensorVariable

from .activations import Activation, check_activation, sigmoid
from .base import Shape, ShapeError, flat_size, product
from .calls import keywords_checked
from .checks import entries_of, flag, one_of, sizes
from .conv_pool_shapes import check_maps, convolved_size, pooled_size
from .initializers import Initializer, book_normal
from .normalization import BatchNormalized
from .ops import conv2d, pool2d
from .ops.conv_shapes import canonical_padding
from .ops.pool_shapes import canonical_windows


class ConvPoolLayer(BatchNormalized):
    r"""Feature maps that each detect one pattern anywhere in the image, reduced by pooling.

    .. math:: a = f(\operatorname{pool}(x * w) + b)

    Parameters
    ----------
    filter_shape : (filters, maps, filter rows, filter columns)
        `maps` is the number of the input's feature maps, divided by `groups`.
    image_shape : (batch, maps, rows, columns), or (maps, rows, columns)
        Shape of the input. The batch is documentation only; networks accept any batch size.
    poolsize : int or (int, int), default (2, 2)
        Rows and columns of a pooling window; (1, 1) for none. Trailing rows and columns that do not fill a window are
        dropped.
    activation_fn : callable, default sigmoid
        :math:`f`; the bias is added after pooling, as in the original.
    pool : "max", "l2" or "average", default "max"
        The maximum of a window, the square root of its sum of squares, or its mean.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : "valid", "half", "full", "same", int >= 0, (int, int) or ((int, int), (int, int)), default "valid"
        Zeros around the image, see `network3.layers.ops.conv2d`.
    pool_stride : int or (int, int), default `poolsize`
        Rows and columns from one window to the next; smaller than `poolsize`, windows overlap.
    pool_padding : int, (int, int) or ((int, int), (int, int)), default 0
        Values around each map, less than a window; never the maximum, 0 in a mean, in which they count.
    dilation : int or (int, int), default 1
        Rows and columns from one weight of a filter to the next, see `network3.layers.ops.conv2d`.
    groups : int, default 1
        In how many groups maps and filters are divided; each filter sees the maps of its group only.
    batch_norm : bool, default False
        Whether maps are normalized after pooling, as a `BatchNormLayer` does: :math:`a = f(BN(\operatorname{pool}(x *
        w)))`. Its :math:`\beta` takes the place of the bias.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`. With `batch_norm`, the biases that it draws are not used.
    rng : numpy.random.Generator or None
        Source of the initial values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape `filter_shape`, float32 or float64
        The filters; they are flipped when applied (true convolution), as in Theano.
    b : shared variable of shape (filters,), of the same type
    gamma, mean, variance : shared variables of shape (filters,), of the same type
        With `batch_norm` only, see `BatchNormLayer`.

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
        padding: str | int | Sequence[Any] = "valid",
        pool_stride: int | Sequence[int] | None = None,
        pool_padding: int | Sequence[Any] = 0,
        dilation: int | Sequence[int] = (1, 1),
        groups: int = 1,
        batch_norm: bool = False,
        initializer: Initializer = book_normal,
        rng: np.random.Generator | None = None,
    ):
        name = type(self).__name__
        self.filter_shape = sizes(f"{name}: filter_shape", filter_shape, 4)
        self.image_shape = sizes(f"{name}: image_shape", image_shape, 3 if len(entries_of(image_shape)) == 3 else 4)
        self.poolsize = sizes(f"{name}: poolsize", poolsize, 2)
        self.pool = one_of(f"{name}: pool", pool, ("max", "l2", "average"))
        self.stride = sizes(f"{name}: stride", stride, 2)
        self.padding = canonical_padding(name, padding)
        self.pool_stride = sizes(f"{name}: pool_stride", self.poolsize if pool_stride is None else pool_stride, 2)
        windows = canonical_windows(f"{name}: pool_padding", self.poolsize, self.pool_stride, pool_padding)
        self.pool_padding: Any = canonical_padding(name, windows.padding)
        self.dilation = sizes(f"{name}: dilation", dilation, 2)
        self.groups = check_maps(name, self.image_shape, self.filter_shape, groups)
        self.batch_norm = flag(f"{name}: batch_norm", batch_norm)
        self.input_shape = self.image_shape[-3:]
        filters, maps, *area = self.filter_shape
        image, options = self.input_shape[1:], (self.padding, self.stride, self.dilation)
        self._pooled = pooled_size(name, convolved_size(name, image, tuple(area), *options), windows)
        self.activation_fn = check_activation(name, activation_fn, (filters, *self._pooled))
        # Floor division, as in Python 2: the standard deviation of the original's weights depends on it.
        n_out = filters * math.prod(area) // math.prod(self.poolsize)
        self._initialize(initializer, rng, self.filter_shape, (filters,), maps * math.prod(area), n_out)
        if self.batch_norm:
            self._add_normalization(filters)
            self.params = [self.w, *self.params]
            self.min_batch = 1 if math.prod(self._pooled) > 1 else 2

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
        return (input_shape[0], self.filter_shape[0], *self._pooled)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        options: dict[str, Any] = {"dilation": self.dilation, "groups": self.groups}
        maps = conv2d(x, self.w, stride=self.stride, padding=self.padding, **options)
        # The maximum and the mean of one value are that value.
        if (self.poolsize, self.pool_stride) != ((1, 1), (1, 1)) or self.pool == "l2":
            maps = pool2d(maps, self.poolsize, mode=self.pool, stride=self.pool_stride, padding=self.pool_padding)
        if self.batch_norm:
            return self.activation_fn(self._normalized(maps, training=training))
        return self.activation_fn(maps + self.b[None, :, None, None])

    def config(self) -> dict[str, Any]:
        config = {
            "filter_shape": self.filter_shape,
            "image_shape": self.image_shape,
            "poolsize": self.poolsize,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "pool": self.pool,
            "stride": self.stride,
            "padding": self.padding,
        }
        # Options that are younger than the format of saved networks appear where they are used.
        options = {
            "pool_stride": (self.pool_stride, self.poolsize),
            "pool_padding": (self.pool_padding, (0, 0)),
            "dilation": (self.dilation, (1, 1)),
            "groups": (self.groups, 1),
            "batch_norm": (self.batch_norm, False),
        }
        return config | {name: value for name, (value, default) in options.items() if value != default}
