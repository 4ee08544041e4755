"""The output layer of chapter 6: a softmax over classes, with the log-likelihood as its cost (book, chapter 3)."""

# Not named softmax.py: `network3.layers.softmax` is the activation function.

from typing import Any

import numpy as np
from pytensor.tensor.variable import TensorVariable

from .activations import softmax
from .base import HasTarget
from .calls import keywords_checked
from .costs import log_likelihood
from .fully_connected import FullyConnectedLayer
from .initializers import Initializer, zeros


class SoftmaxLayer(FullyConnectedLayer):
    r"""One neuron for each class, whose activations are a probability distribution.

    .. math:: a_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \quad z = x w + b, \qquad C = -\ln a_y

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Number of values of one example, and number of classes.
    p_dropout : float in [0, 1), default 0
        Fraction of the *inputs* that is masked during training.
    initializer : callable, default `zeros`
        The first cost is then ``ln(n_out)``, whatever the layers below.
    rng : numpy.random.Generator or None
        Source of the initial values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), float32 or float64, initially 0
    b : shared variable of shape (n_out,), of the same type, initially 0

    Raises
    ------
    ValueError
        A size below 1, or `p_dropout` outside [0, 1).

    Examples
    --------
    >>> SoftmaxLayer(n_in=100, n_out=10).output_shape((None, 100))
    (None, 10)
    """

    @keywords_checked("SoftmaxLayer")
    def __init__(
        self,
        n_in: int,
        n_out: int,
        p_dropout: float = 0.0,
        *,
        initializer: Initializer = zeros,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(n_in, n_out, softmax, p_dropout, initializer=initializer, rng=rng)

    def cost(self, net: HasTarget) -> TensorVariable:
        """Return the mean log-likelihood cost of ``net.y``, a scalar >= 0."""
        return log_likelihood(self.output_dropout, net.y)

    def config(self) -> dict[str, Any]:
        return {"n_in": self.n_in, "n_out": self.n_out, "p_dropout": self.p_dropout}
