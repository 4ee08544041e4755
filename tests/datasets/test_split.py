"""The last sixth of a training set is its validation set."""

import numpy as np
import pytest

from network3.datasets.split import split_validation


@pytest.mark.parametrize(("n", "validation"), [(60_000, 10_000), (6, 1), (11, 1), (12, 2), (7, 1)])
def test_the_last_sixth_as_views(n, validation):
    images, labels = np.arange(2 * n).reshape(n, 2), np.arange(n)
    training, rest = split_validation("data", (images, labels))
    assert len(rest[0]) == len(rest[1]) == validation
    np.testing.assert_array_equal(np.concatenate([training[0], rest[0]]), images)
    np.testing.assert_array_equal(np.concatenate([training[1], rest[1]]), labels)
    assert np.shares_memory(training[0], images)
    assert np.shares_memory(rest[0], images)


def test_too_few_examples():
    with pytest.raises(ValueError, match=r"data: expected at least 6 examples.*got 5\. Provide more"):
        split_validation("data", (np.zeros((5, 2)), np.zeros(5)))
