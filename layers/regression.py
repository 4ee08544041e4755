"""An output layer that predicts values instead of a class (book, chapters 1 and 3)."""

import numpy as np
from pytensor.tensor.variable import TensorVariable

from .activations import Activation, linear
from .base import HasTarget
from .calls import keywords_checked
from .costs import quadratic
from .fully_connected import Dense
from .initializers import Initializer, book_normal


class RegressionLayer(Dense):
    r"""Output neurons whose targets are desired activations, a matrix `y`, instead of labels.

    .. math:: a = f(x w + b), \qquad C = \frac12 \|a - y\|^2, \qquad \delta = (a - y)\, f'(z)

    With linear neurons :math:`\delta = a - y`: the quadratic cost does not slow learning down (chapter 3). With sigmoid
    neurons ``SGD(cost=cross_entropy)`` gives the same :math:`\delta`.

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Number of values of one example, and number of neurons.
    activation_fn : callable, default linear
        :math:`f`, from an expression to an expression of the same shape.
    p_dropout : float in [0, 1), default 0
        Fraction of the *inputs* that is masked during training.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None
        Source of the initial values; None for NumPy's global state, which ``numpy.random.seed`` fixes.

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), float32 or float64
    b : shared variable of shape (n_out,), of the same type

    Raises
    ------
    ValueError
        A size below 1, `p_dropout` outside [0, 1), or an `activation_fn` that is not callable.

    Examples
    --------
    >>> RegressionLayer(n_in=20, n_out=1).output_shape((None, 20))
    (None, 1)
    """

    target_ndim = 2

    @keywords_checked("RegressionLayer")
    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation_fn: Activation = linear,
        p_dropout: float = 0.0,
        *,
        initializer: Initializer = book_normal,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(n_in, n_out, activation_fn, p_dropout, initializer, rng)
        self.target_dtype = self.w.dtype

    def cost(self, net: HasTarget) -> TensorVariable:
        """Return the mean quadratic cost of ``net.y``, of shape (batch, n_out); a scalar >= 0."""
        return quadratic(self.output_dropout, net.y)
