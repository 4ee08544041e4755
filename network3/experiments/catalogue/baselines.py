"""The baselines of chapters 1 and 3 that the networks are compared with; they need no network."""

import numpy as np

from network3.datasets import load_mnist
from network3.layers.checks import error_message

from .published import TEST_ACCURACY, VALIDATION_ACCURACY


def random_guess(seed: int) -> dict[str, float]:
    """Return the test accuracy of guesses in which each digit is as likely (book, chapter 1)."""
    labels = load_mnist()[2][1]
    guesses = np.random.default_rng(seed).integers(0, 10, size=len(labels))
    return {TEST_ACCURACY.name: float((guesses == labels).mean())}


def average_darkness(seed: int) -> dict[str, float]:
    """Return the test accuracy of the digit whose training images have the nearest mean darkness (chapter 1)."""
    (images, labels), _, (test_images, test_labels) = load_mnist()
    darkness = images.sum(axis=1, dtype=np.int64)
    averages = np.array([darkness[labels == digit].mean() for digit in range(10)])
    guesses = np.abs(test_images.sum(axis=1, dtype=np.int64)[:, None] - averages).argmin(axis=1)
    return {TEST_ACCURACY.name: float((guesses == test_labels).mean())}


class SVM:
    """A support vector machine with scikit-learn's settings of the book's time, ``SVC(C=1, gamma=1/784)``.

    Parameters
    ----------
    size : int
        How many training images, the first ones.
    """

    def __init__(self, size: int):
        self.size = size

    def __call__(self, seed: int) -> dict[str, float]:
        """Return its accuracies.

        Raises
        ------
        ImportError
            scikit-learn is not installed.
        """
        try:
            from sklearn.svm import SVC
        except ImportError:
            hint = "Install it: pip install 'network3[baselines]'."
            raise ImportError(
                error_message("the SVM baseline", "expected scikit-learn", "no such package", hint)
            ) from None
        (images, labels), validation, test = (
            (images.astype(np.float64) / 256, labels) for images, labels in load_mnist()
        )
        machine = SVC(C=1.0, kernel="rbf", gamma="auto", cache_size=1000)
        machine.fit(images[: self.size], labels[: self.size])
        sets = {TEST_ACCURACY: test, VALIDATION_ACCURACY: validation}
        return {quantity.name: float((machine.predict(x) == y).mean()) for quantity, (x, y) in sets.items()}
