"""All votes of the networks whose misclassified test images are recorded."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from network3.ensembles.voting import plurality

from .records import Record


def recorded_predictions(record: Record, labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the digits that the network of `record` predicts for the test images, which have `labels`, both (n,)."""
    predictions = labels.copy()
    for image, digit in record.errors or ():
        predictions[image] = digit
    return predictions


def vote_accuracies(records: Sequence[Record], voters: int, labels: NDArray[np.integer]) -> tuple[float, ...]:
    """Return the test accuracies of all votes of so many of the recorded networks, in the order of their seeds.

    Parameters
    ----------
    records : sequence of Record
        Of m networks, with their errors.
    voters : int
        How many vote: ten networks have 252 votes of five.
    labels : array (n,) of int
        Of the test images.
    """
    in_order = sorted(records, key=lambda record: record.seed)
    predictions = np.array([recorded_predictions(record, labels) for record in in_order])
    disputed = (predictions != labels).any(axis=0)  # all networks are right about the others, and so is any vote
    votes, right = predictions[:, disputed], labels[disputed]
    return tuple(
        1 - np.count_nonzero(plurality(votes[list(some)]) != right) / len(labels)
        for some in combinations(range(len(in_order)), voters)
    )
