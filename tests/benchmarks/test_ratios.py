"""The comparison of the times of two libraries."""

from benchmarks.ratios import compare_times


def test_each_side_counts_at_its_best_number_of_threads_round_by_round():
    times = [[4.0, 4.0, 4.0], [9.0, 9.0, 9.0], [2.0, 1.0, 3.0], [4.0, 4.0, 4.0]]
    record = compare_times(times, (1, 2), "us")
    assert (record["ours"]["threads"], record["theirs"]["threads"]) == (2, 2)
    assert (record["ratio"], record["ratio_min"], record["ratio_max"]) == (0.5, 0.25, 0.75)
    assert record["ours"]["us_by_threads"] == {"1": [4.0, 4.0, 4.0], "2": [2.0, 1.0, 3.0]}
