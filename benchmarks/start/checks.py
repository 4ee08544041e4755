"""Whether a timed training was correct: each check returns an error message, or ""."""

import math

from benchmarks.configurations import Configuration

from . import Pair
from .process import Run
from .reference import cost_and_accuracy

ACCURACY_TOLERANCE = 0.003  # absolute: rounding decides between two nearly equal classes
MIN_DECREASE = 0.01  # of the cost in the first epoch, relative
COST_TOLERANCE = 0.001  # relative to ours after the same mini-batches in the same order


def costs(config: Configuration, run: Run, training: Pair, seed: int = 0) -> tuple[float, float]:
    """Return the mean cost over the training data before and after a training, computed from the weights."""
    before, after = config.weights(seed), run.weights
    return cost_and_accuracy(config, before, *training)[0], cost_and_accuracy(config, after, *training)[0]


def evaluation(config: Configuration, run: Run, test: Pair) -> str:
    """Compare the last reported accuracy with the accuracy of the weights."""
    expected, reported = cost_and_accuracy(config, run.weights, *test)[1], run.accuracies[-1]
    if math.isfinite(reported) and abs(reported - expected) <= ACCURACY_TOLERANCE:
        return ""
    return f"the reported accuracy is {reported:.2%}, that of the weights {expected:.2%}"


def learning(before: float, after: float, ours: float) -> str:
    """Compare the cost after an epoch with the cost before it, and with ours after it."""
    if not (math.isfinite(after) and after < (1 - MIN_DECREASE) * before):
        return f"the cost was {before:.4g} before the epoch and {after:.4g} after it"
    if abs(after - ours) > COST_TOLERANCE * ours:
        return f"the cost after the epoch was {after:.4g}, with network3 {ours:.4g}"
    return ""
