"""A layer in which every neuron sees the whole input (book, chapters 1 and 6)."""

import pytensor.tensor as pt

from .activations import sigmoid
from .checks import keywords_checked
from .dense import Dense
from .initializers import book_normal


class FullyConnectedLayer(Dense):
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
        super().__init__(n_in, n_out, activation_fn, p_dropout, initializer, rng)

    def set_inpt(self, inpt, inpt_dropout, mini_batch_size):
        super().set_inpt(inpt, inpt_dropout, mini_batch_size)
        self.y_out = pt.argmax(self.output, axis=1)

    def accuracy(self, y):
        """Return the share of the labels `y`, int32 of shape (batch,), that equal ``y_out``; a scalar in [0, 1]."""
        dtype = self.output.dtype
        return pt.cast(pt.eq(y, self.y_out), dtype).mean(acc_dtype=dtype)
