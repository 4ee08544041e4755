"""What every layer shares: how it is wired into a network, and how shapes are followed from layer to layer."""

import math
from abc import ABC, abstractmethod

import numpy as np
from pytensor import shared

from .checks import error_message
from .dropout import dropout_layer
from .precision import floatX

MOST_WEIGHTS = 2**36


class ShapeError(ValueError):
    """A shape that does not follow from the layer before; a Network adds which layers those are."""

    def __init__(self, who: str, expected: str, got: str, hint: str):
        super().__init__(error_message(who, expected, got, hint))
        self.expected, self.got, self.hint = expected, got, hint


class Layer(ABC):
    """The book's protocol for layers, on top of two methods that each layer writes.

    A layer has ``params`` (a list of shared variables, ``[w, b]``), ``w`` (subject to weight decay; a layer without
    it is left out), and, once `set_inpt` has wired it, the expressions ``inpt``, ``output`` (for evaluation),
    ``inpt_dropout`` and ``output_dropout`` (for training). An output layer adds ``cost(net)`` and ``accuracy(y)``,
    scalar expressions that are means over the examples of a batch, and ``y_out``, one prediction for each example.

    A layer of your own need not inherit from this class: ``params``, ``set_inpt``, ``output`` and
    ``output_dropout`` are enough. If it compares with something other than labels, it says so:
    ``target_dtype = "float32"`` and ``target_ndim = 2`` make ``net.y`` a matrix of values.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one example: (n_in,), or (maps, rows, columns).
    p_dropout : float in [0, 1)
        Share of the input that is hidden while training.
    """

    input_shape: tuple[int, ...]
    p_dropout: float = 0.0
    target_dtype: str = "int32"
    target_ndim: int = 1

    @abstractmethod
    def output_shape(self, input_shape):
        """Return the shape that the layer gives for `input_shape`; the batch may be None.

        Raises
        ------
        ShapeError
            The layer does not take this shape.
        """

    @abstractmethod
    def expression(self, x, *, training):
        """Return the layer's formula applied to `x`, of shape (batch, ...) with `input_shape` for the dots."""

    @abstractmethod
    def config(self) -> dict:
        """Return the arguments that build this layer again, as plain values."""

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        """Wire the layer: `inpt` and `inpt_dropout` are the outputs of the layer before.

        `mini_batch_size` belongs to the book's protocol; the batch is read off `inpt`, where it may be open.
        """
        self.inpt = self._shaped(inpt)
        self.inpt_dropout = dropout_layer(self._shaped(inpt_dropout), self.p_dropout)
        self.output = self.expression(self.inpt, training=False)
        self.output_dropout = self.expression(self.inpt_dropout, training=True)

    def _shaped(self, x):
        """Give `x` the shape (batch, *input_shape)."""
        batch = x.type.shape[0]
        if x.type.shape[1:] == self.input_shape:
            return x
        return x.reshape((x.shape[0] if batch is None else batch, *self.input_shape))

    def _draw(self, initializer, rng, w_shape, b_shape, n_in, n_out):
        """Set ``w``, ``b`` and ``params`` to first values; drawn in float64 and then rounded, as the original did."""
        if math.prod(w_shape) > MOST_WEIGHTS:
            got = f"{' x '.join(map(str, w_shape))} of them"
            hint = "Check the sizes; images are shrunk first, by convolution and pooling."
            expected = f"expected at most {MOST_WEIGHTS:,} weights, which fill the memory of a large machine"
            raise ValueError(error_message(type(self).__name__, expected, got, hint))
        rng = np.random if rng is None else rng
        w, b = initializer(rng, w_shape, b_shape, n_in, n_out)
        self.w = shared(np.array(w, dtype=floatX()), name="w", borrow=True, shape=w_shape)
        self.b = shared(np.array(b, dtype=floatX()), name="b", borrow=True, shape=b_shape)
        self.params = [self.w, self.b]

    def __repr__(self):
        arguments = ", ".join(f"{name}={value}" for name, value in self.config().items())
        return f"{type(self).__name__}({arguments})"


def flat_size(shape) -> int:
    """Number of values of one example whose shape, batch included, is `shape`."""
    return math.prod(shape[1:])


def product(shape) -> str:
    """Write the sizes of one example as a product, for messages: (None, 20, 12, 12) -> "20*12*12"."""
    return "*".join(str(size) for size in shape[1:])


def keep_share(p_dropout, dtype):
    """Return ``1 - p_dropout`` as a scalar of type `dtype`, so that it widens nothing."""
    return np.asarray(1.0 - p_dropout, dtype=dtype)
