"""How fast each layer of a network learns: the norms of its gradients (book, chapter 5)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.data import examples, scaled
from network3.execution.backends import execution_context
from network3.execution.compile import compile_gradients, compiled
from network3.execution.device import chosen_backend
from network3.graph import NetworkLike
from network3.layer_protocol import check_network
from network3.layers.calls import function_of, keywords_checked
from network3.layers.checks import error_message, one_of

from .callbacks import Callback, Progress

CHUNK = 250
OF = {"biases": "b", "weights": "w"}


@keywords_checked("gradient_norms")
def gradient_norms(
    net: NetworkLike, data: Any, *, cost: Callable | None = None, of: str = "biases"
) -> NDArray[np.float64]:
    r"""Return :math:`\|\partial C / \partial b\|` of each layer, over all of `data` at once: its speed of learning.

    Parameters
    ----------
    net : Network
    data : pair (x, y), or list of pairs, as in `Network.SGD`
    cost : callable, optional
        As in `Network.SGD`; default the last layer's own. Regularization is left out, and dropout.
    of : "biases" or "weights"

    Returns
    -------
    array of shape (layers,), float64
        From the first layer to the last; layers without biases (or weights) are left out, see `layers_with`.

    Raises
    ------
    TypeError, ValueError
        Data that do not fit, or a last layer without a cost.

    Notes
    -----
    Source: book, chapter 5, "What's causing the vanishing gradient problem?".

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=3), SoftmaxLayer(n_in=3, n_out=2)], 1)
    >>> gradient_norms(net, ([[0, 1], [1, 0]], [1, 0])).shape
    (2,)
    """
    check_network("gradient_norms: net", net)
    one_of("gradient_norms: of", of, OF)
    if cost is not None:
        function_of("gradient_norms: cost", cost, ["a", "y"], "cost=network3.layers.costs.cross_entropy")
    if cost is None and not hasattr(net.layers[-1], "cost"):
        hint = "Pass cost=network3.layers.costs.cross_entropy, say."
        raise ValueError(error_message("gradient_norms", "the last layer must have a cost", "one without", hint))
    given = examples("gradient_norms: data", data, net, cost)
    total: list[np.ndarray] = []
    with execution_context(chosen_backend(), net.floatX):
        for start in range(0, len(given), CHUNK):
            images, targets = given.images[start : start + CHUNK], given.targets[start : start + CHUNK]
            shape = (len(images), images.shape[1], targets.shape[1:])
            gradients = compiled(net, compile_gradients, *shape, cost, OF[of])
            share = len(images) / len(given)
            parts = [share * np.asarray(g, np.float64) for g in gradients(scaled(images, net.floatX), targets)]
            total = [a + b for a, b in zip(total, parts, strict=True)] if total else parts
    return np.array([np.linalg.norm(gradient) for gradient in total])


def layers_with(net: NetworkLike, of: str = "biases") -> list[int]:
    """Return which layers of `net`, from 0, the entries of `gradient_norms` belong to."""
    return [k for k, layer in enumerate(net.layers) if hasattr(layer, OF[of])]


class GradientNorms(Callback):
    """The norms along a training: pass it to ``SGD(callbacks=[...])``.

    Parameters
    ----------
    net, data, cost, of
        As in `gradient_norms`. The first norms are taken at once, before the training.

    Attributes
    ----------
    layers : list of int
        Which layers the columns of `norms` belong to, from 0.
    norms : array of shape (1 + epochs, layers), float64
        At the start, then after each epoch.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, Network, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=2, n_out=3), SoftmaxLayer(n_in=3, n_out=2)], 1)
    >>> data = [[0, 1], [1, 0]], [1, 0]
    >>> norms = GradientNorms(net, data)
    >>> history = net.SGD(data, 5, 2, 0.1, verbose=False, callbacks=[norms])
    >>> norms.norms.shape
    (6, 2)

    Then ``network3.plotting.draw_gradient_norms(norms)`` draws them.
    """

    @keywords_checked("GradientNorms")
    def __init__(self, net: NetworkLike, data: Any, *, cost: Callable | None = None, of: str = "biases"):
        check_network("GradientNorms: net", net)
        self.net, self.cost, self.of = net, cost, one_of("GradientNorms: of", of, OF)
        self.data = examples("GradientNorms: data", data, net, cost)
        self.layers = layers_with(net, of)
        self._rows = [self._measure()]

    @property
    def norms(self) -> NDArray[np.float64]:
        """The norms, one row an epoch."""
        return np.array(self._rows)

    def on_epoch(self, progress: Progress) -> None:
        """Record the norms after an epoch."""
        self._rows.append(self._measure())

    def _measure(self) -> NDArray[np.float64]:
        pair = (self.data.images, self.data.targets)
        return gradient_norms(self.net, pair, cost=self.cost, of=self.of)
