"""A layer that normalizes what it gets over each mini-batch (Ioffe and Szegedy 2015)."""

import math
from collections.abc import Sequence
from typing import Any

from pytensor.tensor.variable import TensorVariable

from .activations import Activation, check_activation, linear
from .base import Shape, check_example
from .calls import keywords_checked
from .checks import example_shape
from .normalization import BatchNormalized


class BatchNormLayer(BatchNormalized):
    r"""Values shifted and scaled to mean 0 and variance 1 over a mini-batch, then by two learned parameters.

    .. math:: a = f\left(\gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta\right)

    While training, :math:`\mu` and :math:`\sigma^2` are the mean and the biased variance of each value over the
    mini-batch, for images of each map over the mini-batch and all pixels. In evaluation they are running averages,
    so that an image gives the same alone as among others. So they are while training if the layer is frozen.

    Parameters
    ----------
    shape : int, (n,), or (maps, rows, columns)
        Of one example.
    activation_fn : callable, default linear
        :math:`f`, from an expression to an expression of the same shape.
    momentum : float in [0, 1), default 0.9
        Share of the running averages that each step of training keeps. PyTorch's momentum is 1 minus this one.
    epsilon : float, > 0, default 1e-5
        :math:`\epsilon`.

    Attributes
    ----------
    gamma, b : shared variables of shape (n,) or (maps,), float32 or float64, initially 1 and 0
        :math:`\gamma` and :math:`\beta`, which is also called ``beta``. Neither is regularized.
    mean, variance : shared variables of the same shape, initially 0 and 1
        The running averages. That of the variance is of the unbiased one, as in the paper and in PyTorch.

    Raises
    ------
    ValueError
        A size below 1, `momentum` outside [0, 1), or `epsilon` not above 0. `SGD` raises it for mini-batches with one
        value of each feature, whose variance would be 0.

    Notes
    -----
    The layer before needs no bias: the mean is subtracted. Source: S. Ioffe and C. Szegedy, "Batch normalization",
    ICML 2015, algorithms 1 and 2.

    Examples
    --------
    >>> BatchNormLayer((20, 12, 12)).output_shape((None, 20, 12, 12))
    (None, 20, 12, 12)
    """

    @keywords_checked("BatchNormLayer")
    def __init__(
        self,
        shape: int | Sequence[int],
        activation_fn: Activation = linear,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
    ):
        self.input_shape = example_shape("BatchNormLayer: shape", shape)
        self.activation_fn = check_activation("BatchNormLayer", activation_fn, self.input_shape)
        self.min_batch = 1 if math.prod(self.input_shape[1:]) > 1 else 2
        self._add_normalization(self.input_shape[0], momentum, epsilon)

    def output_shape(self, input_shape: Shape) -> Shape:
        check_example("BatchNormLayer", "shape", self.input_shape, input_shape)
        return (input_shape[0], *self.input_shape)

    def expression(self, x: TensorVariable, *, training: bool) -> TensorVariable:
        return self.activation_fn(self._normalized(x, training=training))

    def config(self) -> dict[str, Any]:
        return {
            "shape": self.input_shape,
            "activation_fn": getattr(self.activation_fn, "__name__", repr(self.activation_fn)),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
