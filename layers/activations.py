"""Activation functions: elementwise maps (softmax: row by row) from the weighted input z to the activation.

All of them propagate NaN, so that training that diverged is noticed.
"""

from collections.abc import Callable
from typing import TypeAlias

import pytensor.tensor as pt
from pytensor.tensor.special import softmax as _softmax
from pytensor.tensor.variable import TensorVariable

Activation: TypeAlias = Callable[[TensorVariable], TensorVariable]


def linear(z: TensorVariable) -> TensorVariable:
    r"""Return the weighted input itself, :math:`f(z) = z` (book, chapter 3)."""
    return z


def step(z: TensorVariable) -> TensorVariable:
    r"""Return 1 for :math:`z > 0` and 0 otherwise, with derivative 0: the perceptron's (book, chapter 1)."""
    return pt.switch(z <= 0, 0, pt.switch(z > 0, 1, z))


def sigmoid(z: TensorVariable) -> TensorVariable:
    r"""Return the logistic function :math:`f(z) = 1 / (1 + e^{-z})`, in (0, 1) (book, chapter 1)."""
    return pt.sigmoid(z)


def tanh(z: TensorVariable) -> TensorVariable:
    r"""Return the hyperbolic tangent :math:`f(z) = (e^z - e^{-z}) / (e^z + e^{-z})`, in (-1, 1) (book, chapter 3)."""
    return pt.tanh(z)


def ReLU(z: TensorVariable) -> TensorVariable:
    r"""Return the rectified linear :math:`f(z) = \max(0, z)`, with derivative 0 at 0 (book, chapters 3 and 6)."""
    # Not switch(z > 0, z, 0): that would turn NaN into 0.
    return pt.switch(z <= 0, 0, z)


def softmax(z: TensorVariable) -> TensorVariable:
    r"""Return :math:`f(z)_j = e^{z_j} / \sum_k e^{z_k}`, a distribution for each row of `z` (book, chapter 3)."""
    return _softmax(z, axis=-1)


ACTIVATIONS: dict[str, Activation] = {f.__name__: f for f in (linear, step, sigmoid, tanh, ReLU, softmax)}
