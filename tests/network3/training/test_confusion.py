"""Confusion matrices and accuracies of classes, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics

from network3 import class_accuracy, confusion_matrix


@pytest.mark.parametrize("classes", [2, 5, 300])
def test_it_is_that_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    labels, predictions = rng.integers(0, classes, (2, 1000))
    expected = metrics.confusion_matrix(labels, predictions, labels=range(classes))
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, classes), expected)
    np.testing.assert_array_equal(
        confusion_matrix(labels.astype("int8" if classes < 99 else "int32"), predictions, classes), expected
    )
    recall = metrics.recall_score(labels, predictions, average=None, labels=range(classes), zero_division=np.nan)
    np.testing.assert_allclose(class_accuracy(expected), recall)


def test_rows_are_labels_and_columns_predictions():
    assert confusion_matrix([0, 0, 2], [2, 0, 0]).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 0]]
    np.testing.assert_array_equal(class_accuracy([[1, 0, 1], [0, 0, 0], [1, 0, 0]]), [0.5, np.nan, 0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0, 1], [0]), r"expected as many predictions as labels; got 2 labels and 1 predictions"),
        (([0, 3], [0, 1], 3), r"expected numbers below 3, the classes; got 3\. Write classes=4"),
        (([0.5], [0]), "labels must be class numbers"),
        (([0], [-1]), "labels must lie between 0"),
        (([0], [0], 0), "confusion_matrix: classes: expected a whole number"),
    ],
)
def test_other_numbers_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        confusion_matrix(*arguments)


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match=r"class_accuracy: expected a square matrix; got shape \(2, 3\)"):
        class_accuracy(np.ones((2, 3)))
