"""Activation functions: each takes the weighted input z of a layer, element by element, to its activation.

All let NaN through, so a network that has gone wrong says so.
"""

import pytensor.tensor as pt
from pytensor.tensor.special import softmax as _softmax


def linear(z):
    r"""Return the weighted input itself, :math:`f(z) = z` (book, chapter 3)."""
    return z


def step(z):
    r"""Return 1 for :math:`z > 0` and 0 otherwise: the perceptron's, whose derivative is 0 (book, chapter 1)."""
    return pt.switch(z <= 0, 0, pt.switch(z > 0, 1, z))


def sigmoid(z):
    r"""Return the logistic function :math:`f(z) = 1 / (1 + e^{-z})`, in (0, 1) (book, chapter 1)."""
    return pt.sigmoid(z)


def tanh(z):
    r"""Return the hyperbolic tangent :math:`f(z) = (e^z - e^{-z}) / (e^z + e^{-z})`, in (-1, 1) (book, chapter 3)."""
    return pt.tanh(z)


def ReLU(z):
    r"""Return the rectified linear :math:`f(z) = \max(0, z)`, with derivative 0 at 0 (book, chapters 3 and 6)."""
    # Not switch(z > 0, z, 0): that would turn NaN into 0.
    return pt.switch(z <= 0, 0, z)


def softmax(z):
    r"""Return :math:`f(z)_j = e^{z_j} / \sum_k e^{z_k}`, a distribution for each row of `z` (book, chapter 3)."""
    return _softmax(z, axis=-1)


ACTIVATIONS = {f.__name__: f for f in (linear, step, sigmoid, tanh, ReLU, softmax)}
