"""Whether two libraries trained the same network; checked before anything is timed."""

from collections.abc import Sequence

import numpy as np

from .records import Record

COST_TOLERANCE = 1e-4  # relative
MIN_EQUAL_LABELS = 0.99  # share of the predicted labels


def disagreement(opened: Sequence[Record], equal_labels: float = MIN_EQUAL_LABELS) -> str:
    """Describe how the networks of several workers differ from the first one; "" if they are the same.

    Parameters
    ----------
    opened : sequence of dict
        Responses of `benchmarks.worker_program.Server.open_network`; the first is ours.
    equal_labels : float
        Smallest share of the predicted labels that must be the same.
    """
    ours = opened[0]
    for other in opened[1:]:
        same_length = len(ours["costs"]) == len(other["costs"])
        if not (same_length and np.allclose(ours["costs"], other["costs"], rtol=COST_TOLERANCE, atol=0)):
            return f"costs before and after a step: ours {ours['costs']}, the peer's {other['costs']}"
        if len(ours["labels"]) != len(other["labels"]):
            return f"predicted labels: ours {len(ours['labels'])}, the peer's {len(other['labels'])}"
        equal = np.mean(np.equal(ours["labels"], other["labels"])) if ours["labels"] else 1.0
        if equal < equal_labels:
            return f"only {equal:.1%} of the predicted labels are equal to ours"
    return ""
