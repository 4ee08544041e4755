"""What needs no network: the baselines of chapters 1 and 3 that the networks are compared with."""

import numpy as np

from network3 import datasets
from network3.layers.checks import error_message


def random_guess(seed):
    """Return the accuracy of guesses that each digit is as likely for (book, chapter 1)."""
    labels = datasets.load_mnist()[2][1]
    guesses = np.random.default_rng(seed).integers(0, 10, size=len(labels))
    return {"test accuracy": float((guesses == labels).mean())}


def average_darkness(seed):
    """Return the accuracy of the digit whose training images have, on average, the nearest darkness (chapter 1)."""
    (images, labels), _, (test_images, test_labels) = datasets.load_mnist()
    darkness = images.sum(axis=1, dtype=np.int64)
    averages = np.array([darkness[labels == digit].mean() for digit in range(10)])
    guesses = np.abs(test_images.sum(axis=1, dtype=np.int64)[:, None] - averages).argmin(axis=1)
    return {"test accuracy": float((guesses == test_labels).mean())}


class SVM:
    """A support vector machine with scikit-learn's settings of the book's time, ``SVC(C=1, gamma=1/784)``.

    Parameters
    ----------
    size : int
        The first so many training images.
    """

    def __init__(self, size: int):
        self.size = size

    def __call__(self, seed):
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
            (images.astype(np.float64) / 256, labels) for images, labels in datasets.load_mnist()
        )
        machine = SVC(C=1.0, kernel="rbf", gamma="auto", cache_size=1000)
        machine.fit(images[: self.size], labels[: self.size])
        sets = {"test accuracy": test, "validation accuracy": validation}
        return {name: float((machine.predict(x) == y).mean()) for name, (x, y) in sets.items()}
