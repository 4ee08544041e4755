"""Networks that vote (book, chapter 6)."""

import numpy as np

from network3 import datasets
from network3.layers.checks import complaint

from .data import examples


def ensemble(nets, test_data=None):
    """Let `nets` vote on each image, and print the accuracy of the majority as the book's program does.

    Parameters
    ----------
    nets : list of Network
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
        No networks, or data that do not fit them.

    Notes
    -----
    Each network is given ``test_predictions``, its own votes, an integer array of shape (n,).
    """
    nets = list(nets)
    if not nets:
        raise ValueError(complaint("ensemble", "wanted a list of networks", "none", "Pass at least one, [net]."))
    data = [
        examples("ensemble: test data", datasets.load_mnist()[2] if test_data is None else test_data, net)
        for net in nets
    ]
    for net, own in zip(nets, data, strict=True):
        net.test_predictions = net.predict(own.images)
    votes = np.stack([net.test_predictions for net in nets])
    # For each vote, how many share it: the first of those with the most wins.
    winners = (votes[:, None] == votes).sum(axis=1).argmax(axis=0)
    plurality = votes[winners, np.arange(votes.shape[1])]
    errors = np.flatnonzero(plurality != data[0].targets)
    print(f"Accuracy is {1 - len(errors) / len(plurality):.2%}")
    return errors.tolist(), plurality[errors].tolist()
