"""Whether two libraries trained the same network, and how their times compare."""

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

RELATIVE = 1e-4  # to which costs must be the same
SAME_LABELS = 0.99
Record = dict[str, Any]


def disagreement(opened: Sequence[Record]) -> str:
    """Say how what the workers opened is not the same network; "" if it is."""
    first = opened[0]
    for other in opened[1:]:
        if len(first["costs"]) != len(other["costs"]) or not np.allclose(
            first["costs"], other["costs"], rtol=RELATIVE, atol=0
        ):
            return f"costs before and after a step: ours {first['costs']}, its {other['costs']}"
        if len(first["labels"]) != len(other["labels"]):
            return f"ours predicted {len(first['labels'])} labels, it {len(other['labels'])}"
        same = np.mean(np.equal(first["labels"], other["labels"])) if first["labels"] else 1.0
        if same < SAME_LABELS:
            return f"only {same:.1%} of the predicted labels are ours"
    return ""


def ratios(times: Sequence[Sequence[float]], threads: Sequence[int], unit: str) -> Record:
    """Compare the best number of threads of ours with the best of the peer's.

    Parameters
    ----------
    times : list of (rounds,) lists
        Ours and the peer's in turn, a pair for each of `threads`.
    threads : sequence of int
    unit : str
        Part of the names in the record.

    Returns
    -------
    dict
        ``ratio`` (ours / peer, the median over the rounds), ``ratio_min``, ``ratio_max``, and for "ours" and "theirs"
        the median and the extremes, the threads that were best, and all times by threads.
    """
    record: Record = {}
    best = []
    for side, some in (("ours", times[::2]), ("theirs", times[1::2])):
        medians = [statistics.median(t) for t in some]
        index = medians.index(min(medians))
        best.append(some[index])
        record[side] = {
            f"{unit}_median": medians[index],
            f"{unit}_min": min(some[index]),
            f"{unit}_max": max(some[index]),
            "threads": threads[index],
            f"{unit}_by_threads": {str(n): list(t) for n, t in zip(threads, some, strict=True)},
        }
    rounds = [a / b for a, b in zip(*best, strict=True)]
    return {"ratio": statistics.median(rounds), "ratio_min": min(rounds), "ratio_max": max(rounds), **record}
