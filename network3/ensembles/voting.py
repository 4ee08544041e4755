"""Networks that vote (book, chapter 6)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from network3.data import Data, examples
from network3.datasets import load_mnist
from network3.layers.calls import keywords_checked
from network3.layers.checks import as_list, error_message, flag
from network3.network import Network


@keywords_checked("ensemble")
def ensemble(
    nets: Iterable[Network], test_data: Data | None = None, *, verbose: bool = True
) -> tuple[list[int], list[int]]:
    """Let `nets` vote on each image, and print the accuracy of the majority as the book's program does.

    Parameters
    ----------
    nets : sequence of Network
        If votes are equal, the first network in this order decides.
    test_data : pair (x, y), default MNIST's test images
        As in `Network.SGD`.
    verbose : bool, default True
        Whether to print.

    Returns
    -------
    error_locations : list of int
        Rows of the images for which the majority is wrong.
    erroneous_predictions : list of int
        The majority's label of each.

    Raises
    ------
    ValueError
        No networks, one that does not classify, or data that do not fit them.

    Notes
    -----
    Source: book, chapter 6, ``conv.ensemble``. Each network gets ``test_predictions``, its own votes, an integer
    array of shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from network3 import SoftmaxLayer
    >>> nets = [Network([SoftmaxLayer(n_in=2, n_out=2)], 10) for _ in range(3)]
    >>> for net in nets:
    ...     net.set_weights([np.eye(2), np.zeros(2)])
    >>> ensemble(nets, ([[0.0, 1.0], [1.0, 0.0]], [1, 1]))
    Accuracy is 50.00%
    ([1], [0])
    """
    listed = as_list(nets)
    voters: list[Any] = listed or []
    got = f"a {type(nets).__name__}" if listed is None else "none"
    if not voters:
        raise ValueError(error_message("ensemble", "expected a list of networks", got, "Pass at least one, [net]."))
    for number, net in enumerate(voters):
        if not _classifies(net):
            expected, got = f"entry {number} must be a network that predicts labels", f"a {type(net).__name__}"
            hint = "Pass networks that end e.g. with a SoftmaxLayer."
            raise ValueError(error_message("ensemble", expected, got, hint))
    pair: Data = load_mnist()[2] if test_data is None else test_data
    data = [examples("ensemble: test data", pair, net) for net in voters]
    for net, own in zip(voters, data, strict=True):
        net.test_predictions = net.predict(own.images)
    winners = plurality(np.stack([net.test_predictions for net in voters]))
    errors = np.flatnonzero(winners != data[0].targets)
    if flag("ensemble: verbose", verbose):
        print(f"Accuracy is {1 - len(errors) / len(winners):.2%}")
    return errors.tolist(), winners[errors].tolist()


def plurality(votes: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the label with the most of `votes`, an array (voters, n); of equal ones, that of the first voter."""
    shared = (votes[:, None] == votes).sum(axis=1)  # for each vote, how many are equal to it
    return votes[shared.argmax(axis=0), np.arange(votes.shape[1])]


def _classifies(net: Any) -> bool:
    """Whether `net` is a network with one label for each example."""
    y = getattr(net, "y", None)
    return y is not None and y.dtype.startswith("int") and y.ndim == 1 and hasattr(net.layers[-1], "y_out")
