"""An output layer that is to give values, not to choose a class (book, chapters 1 and 3)."""

from .activations import linear
from .checks import keywords_checked
from .costs import quadratic
from .dense import Dense
from .initializers import book_normal


class RegressionLayer(Dense):
    r"""Output neurons that are compared with desired activations, a matrix `y`, instead of labels.

    .. math:: a = f(x w + b), \qquad C = \frac12 \|a - y\|^2, \qquad \delta = (a - y)\, f'(z)

    With linear neurons :math:`\delta = a - y`: the quadratic cost does not slow them down (chapter 3). With sigmoid
    neurons ``SGD(cost=cross_entropy)`` has the same :math:`\delta`.

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Values of one example, and neurons.
    activation_fn : callable, default linear
        :math:`f`, from an expression to an expression of the same shape.
    p_dropout : float in [0, 1), default 0
        Share of the *inputs* that is hidden while training.
    initializer : callable, default `book_normal`
        See `network3.layers.initializers`.
    rng : numpy.random.Generator or None

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), float32 or float64
    b : shared variable of shape (n_out,)

    Raises
    ------
    ValueError
        A size below 1, `p_dropout` outside [0, 1), or an `activation_fn` that cannot be called.

    Examples
    --------
    >>> RegressionLayer(n_in=20, n_out=1).output_shape((None, 20))
    (None, 1)
    """

    target_ndim = 2

    @keywords_checked("RegressionLayer")
    def __init__(self, n_in, n_out, activation_fn=linear, p_dropout=0.0, *, initializer=book_normal, rng=None):
        super().__init__(n_in, n_out, activation_fn, p_dropout, initializer, rng)
        self.target_dtype = self.w.dtype

    def cost(self, net):
        """Return the mean quadratic cost of ``net.y``, of shape (batch, n_out); a scalar >= 0."""
        return quadratic(self.output_dropout, net.y)
