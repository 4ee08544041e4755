"""The output layer of chapter 6: a softmax over classes, with the log-likelihood as its cost (book, chapter 3)."""

from .activations import softmax
from .checks import keywords_checked
from .costs import log_likelihood
from .fully_connected import FullyConnectedLayer
from .initializers import zeros


class SoftmaxLayer(FullyConnectedLayer):
    r"""One neuron for each class, whose activations are a probability distribution.

    .. math:: a_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \quad z = x w + b, \qquad C = -\ln a_y

    Parameters
    ----------
    n_in, n_out : int, >= 1
        Values of one example, and classes.
    p_dropout : float in [0, 1), default 0
        Share of the inputs that is hidden while training.
    initializer : callable, default `zeros`
        The first cost is then ``ln(n_out)``, whatever lies below.
    rng : numpy.random.Generator or None

    Attributes
    ----------
    w : shared variable of shape (n_in, n_out), 0 at first
    b : shared variable of shape (n_out,), 0 at first

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
    def __init__(self, n_in, n_out, p_dropout=0.0, *, initializer=zeros, rng=None):
        super().__init__(n_in, n_out, softmax, p_dropout, initializer=initializer, rng=rng)

    def cost(self, net):
        """Return the mean log-likelihood cost of ``net.y``, a scalar >= 0."""
        return log_likelihood(self.output_dropout, net.y)

    def config(self):
        return {"n_in": self.n_in, "n_out": self.n_out, "p_dropout": self.p_dropout}
