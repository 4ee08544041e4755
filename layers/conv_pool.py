"""A convolutional layer and the pooling layer that follows it, in one (book, chapter 6)."""

import math

from .activations import sigmoid
from .base import Layer, ShapeError, flat_size, product
from .checks import error_message, keywords_checked, one_of, sizes
from .dense import callable_activation
from .initializers import book_normal
from .ops import conv2d, pool2d
from .ops.conv import border, canonical_padding, output_length


class ConvPoolLayer(Layer):
    r"""Feature maps that each look for one pattern everywhere in the image, condensed by pooling.

    .. math:: a = f(\operatorname{pool}(x * w) + b)

    Parameters
    ----------
    filter_shape : (filters, maps, filter rows, filter columns)
        `maps` are the input's feature maps.
    image_shape : (batch, maps, rows, columns), or (maps, rows, columns)
        Shape of the input. The batch is for the reader; networks run at any.
    poolsize : int or (int, int), default (2, 2)
        Rows and columns of a pooling window; (1, 1) for none. Trailing rows and columns that fill none are dropped.
    activation_fn : callable, default sigmoid
        :math:`f`; the bias is added after pooling, as in the original.
    pool : "max" or "l2", default "max"
        The largest value of a window, or the root of its sum of squares.
    stride : int or (int, int), default 1
        Rows and columns from one position of a filter to the next.
    padding : "valid", "half", "full", int >= 0 or (int, int), default "valid"
        Zeros around the image, see `network3.layers.ops.conv2d`.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None
        Source of the first values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape `filter_shape`
        The filters; they are flipped when applied (true convolution), as Theano's were.
    b : shared variable of shape (filters,)

    Raises
    ------
    ValueError
        Shapes that do not belong together, a filter or window larger than its image, or an unknown name.

    Examples
    --------
    >>> layer = ConvPoolLayer(image_shape=(10, 1, 28, 28), filter_shape=(20, 1, 5, 5), poolsize=(2, 2))
    >>> layer.output_shape((None, 784))
    (None, 20, 12, 12)
    """

    @keywords_checked("ConvPoolLayer")
    def __init__(
        self,
        filter_shape,
        image_shape,
        poolsize=(2, 2),
        activation_fn=sigmoid,
        *,
        pool="max",
        stride=(1, 1),
        padding="valid",
        initializer=book_normal,
        rng=None,
    ):
        name = type(self).__name__
        self.filter_shape = sizes(f"{name}: filter_shape", filter_shape, 4)
        entries = len(image_shape) if isinstance(image_shape, tuple | list) else 4
        self.image_shape = sizes(f"{name}: image_shape", image_shape, 3 if entries == 3 else 4)
        self.poolsize = sizes(f"{name}: poolsize", poolsize, 2)
        self.activation_fn = callable_activation(name, activation_fn)
        self.pool = one_of(f"{name}: pool", pool, ("max", "l2"))
        self.stride = sizes(f"{name}: stride", stride, 2)
        self.padding = canonical_padding(name, padding)
        self.input_shape = self.image_shape[-3:]
        self._maps = self._map_size()
        filters, maps, *area = self.filter_shape
        # Floor division, as Python 2 did it: the scale of the original's draws depends on it.
        n_out = filters * math.prod(area) // math.prod(self.poolsize)
        self._draw(initializer, rng, self.filter_shape, (filters,), maps * math.prod(area), n_out)

    def _map_size(self) -> tuple[int, int]:
        """Return rows and columns of a feature map after convolution, once everything fits."""
        name, (maps, *image), (_, expected, *area) = type(self).__name__, self.input_shape, self.filter_shape
        if maps != expected:
            raise ValueError(
                error_message(
                    name,
                    f"filter_shape must have {maps} as its second entry, the maps of image_shape={self.image_shape}",
                    str(expected),
                    f"Write filter_shape={(self.filter_shape[0], maps, *area)}.",
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

    def output_shape(self, input_shape):
        given = input_shape[1:]
        # A flat input, such as the network's data, needs the right number of values only.
        if given != self.input_shape and (len(given) == 3 or flat_size(input_shape) != math.prod(self.input_shape)):
            raise ShapeError(
                type(self).__name__,
                f"image_shape must be (batch, maps, rows, columns) of the {product(input_shape)} values "
                "that it is given for each example",
                str(self.image_shape),
                f"Let image_shape end in {', '.join(map(str, given))}."
                if len(given) == 3
                else "Let its last three entries have that product.",
            )
        rows, columns = (length // window for length, window in zip(self._maps, self.poolsize, strict=True))
        return (input_shape[0], self.filter_shape[0], rows, columns)

    def expression(self, x, *, training):
        maps = conv2d(x, self.w, stride=self.stride, padding=self.padding)
        if (self.poolsize, self.pool) != ((1, 1), "max"):  # the largest of one value is that value
            maps = pool2d(maps, self.poolsize, mode=self.pool)
        return self.activation_fn(maps + self.b[None, :, None, None])

    def config(self):
        return {
            "filter_shape": self.filter_shape,
            "image_shape": self.image_shape,
            "poolsize": self.poolsize,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "pool": self.pool,
            "stride": self.stride,
            "padding": self.padding,
        }
