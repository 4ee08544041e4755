"""The base class of layers: how a layer is connected in a network, and how shapes are followed from layer to layer."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from .checks import error_message, shown
from .dropout import dropout_layer
from .initializers import Initializer, check_initializer, initial_values
from .precision import floatX

MAX_WEIGHTS = 2**36

Shape: TypeAlias = tuple[int | None, *tuple[int, ...]]  # the batch size, which may be open, comes first


class ShapeError(ValueError):
    """A shape that does not match the layer before; a Network adds the names of the two layers.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer
    >>> FullyConnectedLayer(n_in=784, n_out=30).output_shape((None, 100))
    Traceback (most recent call last):
    ...
    network3.layers.base.ShapeError: ...
    """

    def __init__(self, who: str, expected: str, got: str, hint: str):
        super().__init__(error_message(who, expected, got, hint))
        self.expected, self.got, self.hint = expected, got, hint


class HasTarget(Protocol):
    """What ``cost(net)`` uses of a Network: the variable `y` of the desired outputs."""

    y: TensorVariable


class Layer(ABC):
    """The book's protocol for layers, based on three methods that each subclass implements.

    A layer has ``params`` (a list of shared variables, ``[w, b]``) and ``w`` (subject to weight decay; optional).
    One that keeps values which no gradient trains has ``buffers`` and, after `set_inpt`, ``updates``.
    After `set_inpt` it also has the expressions ``inpt``, ``output`` (for evaluation), ``inpt_dropout`` and
    ``output_dropout`` (for training). An output layer adds ``cost(net)`` and ``accuracy(y)``, scalar expressions that
    are means over the examples of a batch, and ``y_out``, one prediction for each example.

    A custom layer need not inherit from this class: ``params``, ``set_inpt``, ``output`` and ``output_dropout``
    suffice. If its targets are values instead of labels, it sets ``target_dtype`` and ``target_ndim``: with
    ``target_dtype = "float32"`` and ``target_ndim = 2``, ``net.y`` is a matrix of values.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one example: (n_in,), or (maps, rows, columns).
    p_dropout : float in [0, 1)
        Fraction of the input that is masked during training.
    trainable : bool
        Whether `SGD` changes the parameters and buffers; False freezes the layer.
    buffers : sequence of shared variables
        What the layer keeps besides its parameters, such as running averages.
    updates : sequence of pairs (buffer, next value)
        What a step of training sets them to: expressions of the training pass, once connected.
    min_batch : int
        The fewest examples of a mini-batch that the layer can be trained on.

    Examples
    --------
    >>> class Negative(Layer):
    ...     def __init__(self, n_in):
    ...         self.input_shape, self.params = (n_in,), []
    ...
    ...     def output_shape(self, input_shape):
    ...         return input_shape
    ...
    ...     def expression(self, x, *, training):
    ...         return -x
    ...
    ...     def config(self):
    ...         return {"n_in": self.input_shape[0]}
    >>> from network3 import Network, SoftmaxLayer
    >>> Network([Negative(n_in=4), SoftmaxLayer(n_in=4, n_out=2)], 10).shapes
    [(None, 4), (None, 2)]
    """

    input_shape: tuple[int, ...]
    p_dropout: float = 0.0
    trainable: bool = True
    target_dtype: str = "int32"
    target_ndim: int = 1
    min_batch: int = 1

    params: list[SharedVariable]
    buffers: Sequence[SharedVariable] = ()
    updates: Sequence[tuple[SharedVariable, TensorVariable]] = ()
    w: TensorSharedVariable
    b: TensorSharedVariable
    inpt: TensorVariable
    inpt_dropout: TensorVariable
    output: TensorVariable
    output_dropout: TensorVariable

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape for `input_shape`, both with the batch size first, which may be None.

        Raises
        ------
        ShapeError
            The layer does not support this shape.
        """

    @abstractmethod
    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        """Return the layer's formula applied to `x`, of shape ``(batch, *input_shape)``."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this layer, as plain values."""

    def set_inpt(self, inpt: TensorVariable, inpt_dropout: TensorVariable, mini_batch_size: int) -> None:
        """Connect the layer: `inpt` and `inpt_dropout` are the outputs of the layer before.

        `mini_batch_size` belongs to the book's protocol; the batch size is taken from `inpt`, where it may be open.
        """
        self.inpt = self._reshaped(inpt)
        self.inpt_dropout = dropout_layer(self._reshaped(inpt_dropout), self.p_dropout)
        self.updates = ()
        self.output = self.expression(self.inpt, training=False)
        self.output_dropout = self.expression(self.inpt_dropout, training=True)

    def _reshaped(self, x: TensorVariable) -> TensorVariable:
        """Return `x` with the shape (batch, *input_shape)."""
        batch = x.type.shape[0]
        if x.type.shape[1:] == self.input_shape:
            return x
        return x.reshape((x.shape[0] if batch is None else batch, *self.input_shape))

    def _initialize(
        self,
        initializer: Initializer,
        rng: np.random.Generator | None,
        w_shape: tuple[int, ...],
        b_shape: tuple[int, ...],
        n_in: int,
        n_out: int,
    ) -> None:
        """Set ``w``, ``b`` and ``params``: drawn in float64 and then rounded, as in the original."""
        who = type(self).__name__
        check_initializer(who, initializer, rng)
        check_count(who, w_shape)
        w, b = initial_values(who, initializer, rng, w_shape, b_shape, n_in, n_out)
        self.w = shared(np.array(w, dtype=floatX()), name="w", borrow=True, shape=w_shape)
        self.b = shared(np.array(b, dtype=floatX()), name="b", borrow=True, shape=b_shape)
        self.params = [self.w, self.b]

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value}" for name, value in self.config().items())
        return f"{type(self).__name__}({arguments})"


def check_count(who: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError if parameters of `shape` would not fit into memory."""
    if math.prod(shape) > MAX_WEIGHTS:
        got = f"{' x '.join(map(shown, shape))} of them"
        hint = "Check the sizes; convolution and pooling make images smaller."
        expected = f"expected at most {MAX_WEIGHTS:,} weights, which fill the memory of a large machine"
        raise ValueError(error_message(who, expected, got, hint))


def check_example(who: str, argument: str, own: tuple[int, ...], input_shape: Shape) -> None:
    """Raise ShapeError unless `input_shape` has examples of the shape `own`, or flat ones of as many values.

    `argument` is the name of the layer's argument for its shape.
    """
    example = input_shape[1:]
    if example != own and (len(example) > 1 or flat_size(input_shape) != math.prod(own)):
        expected = f"{argument} must be {example}, the {product(input_shape)} values of each example"
        raise ShapeError(who, expected, str(own), f"Write {example}.")


def flat_size(shape: Shape) -> int:
    """Return the number of values of one example whose shape, batch included, is `shape`."""
    return math.prod(shape[1:])


def product(shape: Shape) -> str:
    """Return the sizes of one example as a product, for messages: (None, 20, 12, 12) -> "20*12*12"."""
    return "*".join(str(size) for size in shape[1:])


def keep_probability(p_dropout: float, dtype: str) -> np.ndarray:
    """Return ``1 - p_dropout`` as a scalar of type `dtype`, so that it does not change the type of a product."""
    return np.asarray(1.0 - p_dropout, dtype=dtype)
