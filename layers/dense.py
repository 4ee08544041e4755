"""What layers in which every neuron sees the whole input have in common (book, chapters 1 and 6)."""

import pytensor.tensor as pt

from .base import Layer, ShapeError, flat_size, keep_share, product
from .checks import error_message, integer, real


def callable_activation(who, activation_fn):
    """Return `activation_fn` if it can be called; say what is expected if not."""
    if callable(activation_fn):
        return activation_fn
    raise ValueError(
        error_message(
            f"{who}: activation_fn",
            "expected a function such as sigmoid, tanh, ReLU, linear or softmax",
            repr(activation_fn),
            "Write activation_fn=ReLU, without quotes.",
        )
    )


class Dense(Layer):
    r"""Neurons that each weigh every input.

    .. math:: a = f(x w + b), \qquad \text{evaluation: } a = f((1 - p)\, x w + b)
    """

    def __init__(self, n_in, n_out, activation_fn, p_dropout, initializer, rng):
        name = type(self).__name__
        self.n_in, self.n_out = integer(f"{name}: n_in", n_in), integer(f"{name}: n_out", n_out)
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

    def config(self):
        return {
            "n_in": self.n_in,
            "n_out": self.n_out,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "p_dropout": self.p_dropout,
        }
