"""How the times of two libraries compare, each at its best number of threads."""

import statistics
from collections.abc import Sequence

from .records import SIDES, Record


def compare_times(times: Sequence[Sequence[float]], threads: Sequence[int], unit: str) -> Record:
    """Compare our times at our best number of threads with the peer's at its best.

    Parameters
    ----------
    times : sequence of (rounds,) sequences
        Ours and the peer's alternately, one pair for each of `threads`.
    threads : sequence of int
    unit : str
        Prefix of the fields, see `benchmarks.records.UNITS`.

    Returns
    -------
    dict
        ``ratio`` (ours / peer, the median over the rounds), ``ratio_min``, ``ratio_max``, and for "ours" and "theirs"
        the median and the extremes, the best number of threads, and all times by the number of threads.
    """
    record: Record = {}
    best = []
    for side, by_threads in zip(SIDES, (times[::2], times[1::2]), strict=True):
        medians = [statistics.median(rounds) for rounds in by_threads]
        index = medians.index(min(medians))
        best.append(by_threads[index])
        record[side] = {
            f"{unit}_median": medians[index],
            f"{unit}_min": min(by_threads[index]),
            f"{unit}_max": max(by_threads[index]),
            "threads": threads[index],
            f"{unit}_by_threads": {str(n): list(rounds) for n, rounds in zip(threads, by_threads, strict=True)},
        }
    ratios = [ours / theirs for ours, theirs in zip(*best, strict=True)]
    return {"ratio": statistics.median(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios), **record}
