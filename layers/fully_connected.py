"""A layer in which every neuron sees the whole input (book, chapters 1 and 6)."""

import pytensor.tensor as pt

from .activations import sigmoid
from .base import Layer, ShapeError, flat_size, keep_share, product
from .checks import complaint, keywords_checked, real, whole
from .initializers import book_normal


def callable_activation(who, activation_fn):
    """Return `activation_fn` if it can be called; say what is wanted if not."""
    if callable(activation_fn):
        return activation_fn
    raise ValueError(
        complaint(
            f"{who}: activation_fn",
            "wanted a function such as sigmoid, tanh, ReLU, linear or softmax",
            repr(activation_fn),
            "Write activation_fn=ReLU, without quotes.",
        )
    )


class FullyConnectedLayer(Layer):
    r"""Neurons that each weigh every input.

    .. math:: a = f(x w + b), \qquad \text{evaluation: } a = f((1 - p)\, x w + b)

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Values of one example, and neurons.
    activation_fn : callable, default sigmoid
        :math:`f`, from an expression to an expression of the same shape.
    p_dropout : float in [0, 1), default 0
        :math:`p`, the share of the *inputs* that is hidden while training.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None
        Source of the first values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), float32 or float64
    b : shared variable of shape (n_out,)
    y_out : int vector of shape (batch,), once wired
        The most active neuron for each example.

    Raises
    ------
    ValueError
        A size below 1, `p_dropout` outside [0, 1), or an `activation_fn` that cannot be called.

    Examples
    --------
    >>> FullyConnectedLayer(n_in=784, n_out=100).output_shape((None, 784))
    (None, 100)
    """

    @keywords_checked("FullyConnectedLayer")
    def __init__(self, n_in, n_out, activation_fn=sigmoid, p_dropout=0.0, *, initializer=book_normal, rng=None):
        name = type(self).__name__
        self.n_in, self.n_out = whole(f"{name}: n_in", n_in), whole(f"{name}: n_out", n_out)
        self.activation_fn = callable_activation(name, activation_fn)
        self.p_dropout = real(f"{name}: p_dropout", p_dropout, least=0.0, below=1.0)
        self.input_shape = (self.n_in,)
        self._draw(initializer, rng, (self.n_in, self.n_out), (self.n_out,), self.n_in, self.n_out)

    def output_shape(self, input_shape):
        size = flat_size(input_shape)
        if size != self.n_in:
            raise ShapeError(
                type(self).__name__,
                f"n_in must be {size}, the {product(input_shape)} values that it is given for each example",
                str(self.n_in),
                f"Write n_in={size}.",
            )
        return (input_shape[0], self.n_out)

    def expression(self, x, *, training):
        z = pt.dot(x, self.w)
        if not training and self.p_dropout > 0:
            z = keep_share(self.p_dropout, z.dtype) * z
        return self.activation_fn(z + self.b)

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        super().set_inpt(inpt, inpt_dropout, mini_batch_size)
        self.y_out = pt.argmax(self.output, axis=1)

    def accuracy(self, y):
        """Return the share of the labels `y`, int32 of shape (batch,), that equal ``y_out``; a scalar in [0, 1]."""
        dtype = self.output.dtype
        return pt.cast(pt.eq(y, self.y_out), dtype).mean(acc_dtype=dtype)

    def config(self):
        return {
            "n_in": self.n_in,
            "n_out": self.n_out,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "p_dropout": self.p_dropout,
        }
