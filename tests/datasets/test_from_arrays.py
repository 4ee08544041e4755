"""Data sets from arrays: labels of any kind are numbered, and parts are split off by class."""

import pickle

import numpy as np
import pytest

from network3.datasets import DataSet, from_arrays

NAMES = np.array(["dog", "cat", "cow"] * 20)
IMAGES = np.arange(60.0)[:, None] + np.zeros((60, 4))


def test_names_are_numbered_in_their_order_and_given_back():
    data = from_arrays(IMAGES, NAMES)
    assert data.class_names == ("cat", "cow", "dog")
    for images, labels in data:
        np.testing.assert_array_equal(data.names(labels), NAMES[images[:, 0].astype(int)])
        assert labels.dtype == np.int32


def test_each_example_is_in_one_part_and_each_class_in_all():
    data = from_arrays(IMAGES, NAMES)
    rows = [images[:, 0].astype(int).tolist() for images, _ in data]
    assert sorted(row for part in rows for row in part) == list(range(60))
    assert [np.bincount(labels).tolist() for _, labels in data] == [[15] * 3, [2] * 3, [3] * 3]
    assert rows[0] != sorted(rows[0])
    again, other = from_arrays(IMAGES, NAMES), from_arrays(IMAGES, NAMES, seed=1)
    np.testing.assert_array_equal(again[0][0], data[0][0])
    assert not np.array_equal(other[0][0], data[0][0])


def test_parts_that_are_given_stay_as_they_are():
    data = from_arrays(IMAGES, NAMES, validation=(IMAGES[:6], NAMES[:6]), test=(IMAGES[6:9], NAMES[6:9]))
    np.testing.assert_array_equal(data[0][0], IMAGES)
    np.testing.assert_array_equal(data[1][0], IMAGES[:6])
    assert data[2][1].tolist() == [2, 0, 1]


def test_numbers_that_leave_gaps_are_numbered_anew():
    data = from_arrays(IMAGES, np.array([7, 1, 30] * 20))
    assert data.class_names == ("1", "7", "30")
    assert set(data[0][1].tolist()) == {0, 1, 2}


def test_class_names_may_be_given_in_another_order_and_for_numbers():
    by_name = from_arrays(IMAGES, NAMES, class_names=["dog", "cat", "cow", "pig"])
    by_number = from_arrays(IMAGES, np.array([0, 1, 2] * 20), class_names=["dog", "cat", "cow", "pig"])
    for one, other in zip(by_name, by_number, strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    assert by_name.class_names == ("dog", "cat", "cow", "pig")


def test_a_label_of_no_class_is_refused():
    with pytest.raises(ValueError, match=r"test data: expected labels among the 3 classes cat, cow, dog; got pig\."):
        from_arrays(IMAGES, NAMES, test=(IMAGES[:2], np.array(["dog", "pig"])))
    with pytest.raises(ValueError, match=r"expected labels from 0 to 1, for the class_names; got 2"):
        from_arrays(IMAGES, np.array([0, 1, 2] * 20), class_names=["a", "b"])


def test_too_few_examples_to_split_are_refused():
    with pytest.raises(ValueError, match=r"test data: expected a class of 3 examples or more.*got at most 2\."):
        from_arrays(IMAGES[:6], NAMES[:6])


def test_another_number_of_labels_is_refused():
    with pytest.raises(ValueError, match="from_arrays: training data"):
        from_arrays(IMAGES, NAMES[:-1])


def test_a_data_set_is_a_list_of_pairs_and_is_pickled():
    data = pickle.loads(pickle.dumps(from_arrays(IMAGES, NAMES)))
    training, _, _ = data
    assert isinstance(data, DataSet)
    assert data.class_names == ("cat", "cow", "dog")
    with pytest.raises(TypeError, match="slice the examples"):
        training[:10]


@pytest.mark.parametrize("labels", [[0, 3], [-1], [0.5]])
def test_names_of_no_class_are_refused(labels):
    with pytest.raises(ValueError, match=r"DataSet.names: expected class numbers from 0 to 2; got"):
        from_arrays(IMAGES, NAMES).names(labels)
