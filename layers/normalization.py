r"""Batch normalization, as expressions and as a base class of the layers that apply it.

.. math::
    \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \gamma \hat x + \beta

with the mean :math:`\mu` and the variance :math:`\sigma^2` of each feature (S. Ioffe and C. Szegedy, ICML 2015).
"""

import math
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor import shared
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from .base import Layer, check_count
from .checks import real
from .ops.batch_norm import BatchNormalize, apply, per_feature
from .precision import floatX


def normalize_batch(
    x: TensorVariable, gamma: TensorVariable, beta: TensorVariable, epsilon: float
) -> tuple[TensorVariable, TensorVariable, TensorVariable]:
    """Return `x` normalized by the statistics of the batch, and these.

    Parameters
    ----------
    x : tensor of shape (batch, features) or (batch, features, rows, columns), float32 or float64
    gamma, beta : vectors of shape (features,), of the same type
    epsilon : float, > 0

    Returns
    -------
    y : tensor of the shape and type of `x`
    mean, variance : vectors of shape (features,)
        Over all axes but the second. The variance is the biased one, the mean of the squared deviations.
    """
    y, mean, variance = apply(BatchNormalize, epsilon, x, gamma, beta)
    return y, mean, variance


def normalize(
    x: TensorVariable,
    gamma: TensorVariable,
    beta: TensorVariable,
    mean: TensorVariable,
    variance: TensorVariable,
    epsilon: float,
) -> TensorVariable:
    """Return `x` normalized by statistics that are given, vectors of shape (features,); see `normalize_batch`."""
    factor = gamma / pt.sqrt(variance + np.asarray(epsilon, x.dtype))
    return x * per_feature(factor, x.ndim) + per_feature(beta - mean * factor, x.ndim)


class BatchNormalized(Layer):
    r"""Base class of the layers with batch normalization: its parameters and buffers, and both of its expressions.

    Attributes
    ----------
    gamma, b : shared variables of shape (features,), initially 1 and 0
        :math:`\gamma`, and :math:`\beta`, which takes the place of a bias. Neither is regularized.
    mean, variance : shared variables of shape (features,), initially 0 and 1
        The running averages that evaluation uses. A step of training sets each to ``momentum`` times itself plus
        ``1 - momentum`` times the value of the mini-batch. The variance that it averages is the unbiased one,
        :math:`\frac{m}{m - 1} \sigma^2` for :math:`m` values of each feature, as in the paper.
    """

    gamma: TensorSharedVariable
    mean: TensorSharedVariable
    variance: TensorSharedVariable
    momentum: float
    epsilon: float

    @property
    def beta(self) -> TensorSharedVariable:
        """The attribute ``b`` under its name in the paper."""
        return self.b

    def _add_normalization(self, features: int, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        """Set ``gamma`` and ``b``, which become ``params``, and the buffers."""
        name = type(self).__name__
        self.momentum = real(f"{name}: momentum", momentum, least=0.0, below=1.0)
        self.epsilon = real(f"{name}: epsilon", epsilon, above=0.0)
        check_count(name, (features,))
        initial = {"gamma": np.ones, "b": np.zeros, "mean": np.zeros, "variance": np.ones}
        for attribute, values in initial.items():
            array = values(features, floatX())
            setattr(self, attribute, shared(array, name=attribute, borrow=True, shape=(features,)))
        self.params = [self.gamma, self.b]
        self.buffers = [self.mean, self.variance]

    def _normalized(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        """Return `x` normalized: by the mini-batch while training, unless the layer is frozen; else by the averages."""
        if not training or not self.trainable:
            return normalize(x, self.gamma, self.b, self.mean, self.variance, self.epsilon)
        y, mean, variance = normalize_batch(x, self.gamma, self.b, self.epsilon)
        found = {self.mean: mean, self.variance: _unbiased(x, variance)}
        kept, new = (np.asarray(share, x.dtype) for share in (self.momentum, 1 - self.momentum))
        self.updates = [(buffer, kept * buffer + new * value) for buffer, value in found.items()]
        return y


def _unbiased(x: TensorVariable, variance: TensorVariable) -> TensorVariable:
    """Return the unbiased variance; with one value of each feature, where there is none, 0."""
    sizes: list[Any] = [x.type.shape[axis] for axis in range(x.ndim) if axis != 1]
    if None in sizes:
        count = pt.prod(pt.stack([x.shape[axis] for axis in range(x.ndim) if axis != 1]))
        return variance * (pt.cast(count, x.dtype) / pt.cast(pt.maximum(count - 1, 1), x.dtype))
    known = math.prod(sizes)
    return variance * np.asarray(known / max(known - 1, 1), x.dtype)
