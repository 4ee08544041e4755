"""Whether a training of the race was correct: each check returns an error message, or ""."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.start import Pair
from benchmarks.start.process import Run
from benchmarks.start.reference import convolved, pooled, scores
from network3.data import scaled

from . import EPSILON, GOAL
from .recipe import SIDE, Recipe

ACCURACY_TOLERANCE = 0.0005  # absolute: rounding decides between two nearly equal classes
WEIGHT_TOLERANCE = 0.01  # relative: rounding decides which of two nearly equal values of a window is the maximum
SMALLEST = 1e-3  # arrays whose largest value is below are compared as if it were this


def logits(recipe: Recipe, arrays: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the weighted inputs of the softmax, (n, 10), in NumPy; `arrays` are parameters, then running averages."""
    a = x.reshape(-1, 1, SIDE, SIDE)
    averages = 3 * len(recipe.maps) + 2
    for layer in range(len(recipe.maps)):
        filters, gamma, beta = arrays[3 * layer : 3 * layer + 3]
        mean, variance = arrays[averages + 2 * layer : averages + 2 * layer + 2]
        maps: tuple[Any, ...] = (slice(None), None, None)
        a = (pooled(convolved(a, filters)) - mean[maps]) / np.sqrt(variance + EPSILON)[maps]
        a = np.maximum(gamma[maps] * a + beta[maps], 0)
    w, b = arrays[averages - 2 : averages]
    return a.reshape(len(a), -1) @ w + b


def goal(run: Run) -> str:
    """Compare the last accuracy with the goal."""
    if run.accuracies[-1] >= GOAL:
        return ""
    return f"after {len(run.accuracies)} epochs the test accuracy was {run.accuracies[-1]:.2%}, less than {GOAL:.1%}"


def evaluation(recipe: Recipe, run: Run, test: Pair) -> str:
    """Compare the last reported accuracy with the accuracy of the weights."""
    images = scaled(test[0], "float32")
    expected, reported = scores(lambda x: logits(recipe, run.weights, x), images, test[1])[1], run.accuracies[-1]
    if abs(reported - expected) <= ACCURACY_TOLERANCE:
        return ""
    return f"the reported accuracy is {reported:.2%}, that of the weights {expected:.2%}"


def difference(run: Run, ours: Run) -> float:
    """Return the largest difference from our arrays, each relative to the largest value of the array."""
    pairs = zip(run.weights, ours.weights, strict=True)
    return max(float(np.abs(mine - other).max() / max(np.abs(other).max(), SMALLEST)) for mine, other in pairs)


def agreement(run: Run, ours: Run) -> str:
    """Compare the arrays after the same mini-batches with ours."""
    found = difference(run, ours)
    return "" if found <= WEIGHT_TOLERANCE else f"its weights differ from those of network3 by {found:.2g}"
