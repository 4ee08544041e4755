"""Which classes a network takes for which: the confusion matrix, and the accuracy of each class."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from network3.datasets.arrays import to_array
from network3.datasets.checks import to_class_numbers
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, integer


@keywords_checked("confusion_matrix")
def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, classes: int | None = None) -> NDArray[np.int64]:
    r"""Return how many examples of each class are classified as each class.

    .. math:: M_{jk} = |\{i : y_i = j, \hat y_i = k\}|

    Parameters
    ----------
    labels, predictions : integer arrays of shape (n,)
        Class numbers from 0; predictions such as those of `Network.predict`.
    classes : int, >= 1, optional
        By default the largest number plus one.

    Returns
    -------
    int64 array of shape (classes, classes)
        A row for each label, a column for each prediction.

    Raises
    ------
    TypeError, ValueError
        No class numbers, arrays of different lengths, or a number that is no class.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2])
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    who = "confusion_matrix"
    given = {"labels": labels, "predictions": predictions}
    y, found = (to_class_numbers(f"{who}: {name}", to_array(who, name, values)) for name, values in given.items())
    if len(y) != len(found):
        got, hint = f"{len(y)} labels and {len(found)} predictions", "Pass those of the same examples."
        raise ValueError(error_message(who, "expected as many predictions as labels", got, hint))
    largest = max((int(part.max()) for part in (y, found) if len(part)), default=0)
    count = largest + 1 if classes is None else integer(f"{who}: classes", classes)
    if largest >= count:
        hint = f"Write classes={largest + 1}."
        raise ValueError(error_message(who, f"expected numbers below {count}, the classes", largest, hint))
    pairs = y.astype(np.int64) * count + found
    return np.bincount(pairs, minlength=count**2).reshape(count, count)


@keywords_checked("class_accuracy")
def class_accuracy(matrix: ArrayLike) -> NDArray[np.float64]:
    """Return the share of each class that is classified right, in [0, 1]; NaN for a class without examples.

    Parameters
    ----------
    matrix : array of shape (classes, classes)
        Of `confusion_matrix`.

    Returns
    -------
    float64 array of shape (classes,)

    Raises
    ------
    ValueError
        No square matrix.

    Examples
    --------
    >>> class_accuracy([[3, 1], [0, 2]])
    array([0.75, 1.  ])
    """
    counts = to_array("class_accuracy", "the matrix", matrix).astype(np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        hint = "Pass what confusion_matrix returns."
        raise ValueError(error_message("class_accuracy", "expected a square matrix", f"shape {counts.shape}", hint))
    totals = counts.sum(axis=1)
    return np.divide(np.diag(counts), totals, out=np.full(len(counts), np.nan), where=totals > 0)
