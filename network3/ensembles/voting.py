"""Networks that vote (book, chapter 6)."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from network3 import datasets
from network3.data import examples
from network3.layers.checks import error_message


def ensemble(nets, test_data=None):
    """Let `nets` vote on each image, and print the accuracy of the majority as the book's program does.

    Parameters
    ----------
    nets : sequence of Network
        Of equal votes, the one that comes first in this order counts.
    test_data : pair (x, y), optional
        As in `Network.SGD`; MNIST's test images if left out.

    Returns
    -------
    error_locations : list of int
        Rows of the images for which the majority is wrong.
    erroneous_predictions : list of int
        What it takes them for.

    Raises
    ------
    ValueError
        No networks, one that does not classify, or data that do not fit them.

    Notes
    -----
    Source: book, chapter 6, ``conv.ensemble``. Each network is given ``test_predictions``, its own votes, an
    integer array of shape (n,).
    """
    got = "none" if isinstance(nets, Iterable) else f"a {type(nets).__name__}"
    nets = list(nets) if isinstance(nets, Iterable) else []
    if not nets:
        raise ValueError(error_message("ensemble", "expected a list of networks", got, "Pass at least one, [net]."))
    for number, net in enumerate(nets):
        if not _classifies(net):
            expected, got = f"entry {number} must be a network that gives labels", f"a {type(net).__name__}"
            raise ValueError(
                error_message("ensemble", expected, got, "Pass networks that end e.g. with a SoftmaxLayer.")
            )
    data = [
        examples("ensemble: test data", datasets.load_mnist()[2] if test_data is None else test_data, net)
        for net in nets
    ]
    for net, own in zip(nets, data, strict=True):
        net.test_predictions = net.predict(own.images)
    winners = plurality(np.stack([net.test_predictions for net in nets]))
    errors = np.flatnonzero(winners != data[0].targets)
    print(f"Accuracy is {1 - len(errors) / len(winners):.2%}")
    return errors.tolist(), winners[errors].tolist()


def plurality(votes: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the label with the most of `votes`, an array (voters, n); of equal ones, that of the first voter."""
    shared = (votes[:, None] == votes).sum(axis=1)  # for each vote, how many have it too
    return votes[shared.argmax(axis=0), np.arange(votes.shape[1])]


def _classifies(net) -> bool:
    """Whether `net` is a network with one label for each example."""
    y = getattr(net, "y", None)
    return y is not None and y.dtype.startswith("int") and y.ndim == 1 and hasattr(net.layers[-1], "y_out")
