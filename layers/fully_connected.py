"""Layers in which every neuron is connected to all inputs (book, chapters 1 and 6)."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from .activations import Activation, check_activation, sigmoid
from .base import Layer, Shape, ShapeError, flat_size, keep_probability, product
from .calls import keywords_checked
from .checks import integer, real
from .initializers import Initializer, book_normal


class Dense(Layer):
    r"""Base class of layers whose neurons are connected to all inputs.

    .. math:: a = f(x w + b), \qquad \text{evaluation: } a = f((1 - p)\, x w + b)
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation_fn: Activation,
        p_dropout: float,
        initializer: Initializer,
        rng: np.random.Generator | None,
    ):
        name = type(self).__name__
        self.n_in, self.n_out = integer(f"{name}: n_in", n_in), integer(f"{name}: n_out", n_out)
        self.activation_fn = check_activation(name, activation_fn, (self.n_out,))
        self.p_dropout = real(f"{name}: p_dropout", p_dropout, least=0.0, below=1.0)
        self.input_shape = (self.n_in,)
        self._initialize(initializer, rng, (self.n_in, self.n_out), (self.n_out,), self.n_in, self.n_out)

    def output_shape(self, input_shape: Shape) -> Shape:
        size = flat_size(input_shape)
        if size != self.n_in:
            raise ShapeError(
                type(self).__name__,
                f"n_in must be {size}, the {product(input_shape)} values of each example",
                str(self.n_in),
                f"Write n_in={size}.",
            )
        return (input_shape[0], self.n_out)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        z = pt.dot(x, self.w)
        if not training and self.p_dropout > 0:
            z = keep_probability(self.p_dropout, z.dtype) * z
        return self.activation_fn(z + self.b)

    def config(self) -> dict[str, Any]:
        return {
            "n_in": self.n_in,
            "n_out": self.n_out,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "p_dropout": self.p_dropout,
        }


class FullyConnectedLayer(Dense):
    r"""Neurons that are each connected to all inputs.

    .. math:: a = f(x w + b), \qquad \text{evaluation: } a = f((1 - p)\, x w + b)

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Number of values of one example, and number of neurons.
    activation_fn : callable, default sigmoid
        :math:`f`, from an expression to an expression of the same shape.
    p_dropout : float in [0, 1), default 0
        :math:`p`, the fraction of the *inputs* that is masked during training.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None
        Source of the initial values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), float32 or float64
    b : shared variable of shape (n_out,), of the same type
    y_out : int vector of shape (batch,), once connected
        The most active neuron for each example.

    Raises
    ------
    ValueError
        A size below 1, `p_dropout` outside [0, 1), or an `activation_fn` that is not callable.

    Examples
    --------
    >>> FullyConnectedLayer(n_in=784, n_out=100).output_shape((None, 784))
    (None, 100)
    """

    y_out: TensorVariable

    @keywords_checked("FullyConnectedLayer")
    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation_fn: Activation = sigmoid,
        p_dropout: float = 0.0,
        *,
        initializer: Initializer = book_normal,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(n_in, n_out, activation_fn, p_dropout, initializer, rng)

    def set_inpt(self, inpt: TensorVariable, inpt_dropout: TensorVariable, mini_batch_size: int) -> None:
        super().set_inpt(inpt, inpt_dropout, mini_batch_size)
        self.y_out = pt.argmax(self.output, axis=1)

    def accuracy(self, y: TensorVariable) -> TensorVariable:
        """Return the fraction of the labels `y`, int32 of shape (batch,), that equal ``y_out``; a scalar in [0, 1]."""
        dtype = self.output.dtype
        return pt.cast(pt.eq(y, self.y_out), dtype).mean(acc_dtype=dtype)
