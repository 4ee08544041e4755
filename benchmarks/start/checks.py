"""Whether a training did what it was timed for: each check returns what is wrong, or ""."""

import math

import numpy as np

from benchmarks.configurations import Configuration
from benchmarks.start.process import Run
from benchmarks.start.reference import cost_and_accuracy

ROUNDING = 0.003  # of the accuracy: images whose two best classes are equal but for rounding
FALL = 0.01  # of the cost in the first epoch, relative, at the least
SIMILAR = 0.001  # of the cost, relative to ours after the same mini-batches in the same order
Pair = tuple[np.ndarray, np.ndarray]


def costs(config: Configuration, run: Run, training: Pair, seed: int = 0) -> tuple[float, float]:
    """Return the mean cost over the training data before and after a training, computed from its weights."""
    before, after = config.weights(seed), run.weights
    return cost_and_accuracy(config, before, *training)[0], cost_and_accuracy(config, after, *training)[0]


def evaluation(config: Configuration, run: Run, test: Pair) -> str:
    """Compare the last reported accuracy with that of the weights."""
    expected, told = cost_and_accuracy(config, run.weights, *test)[1], run.accuracies[-1]
    if math.isfinite(told) and abs(told - expected) <= ROUNDING:
        return ""
    return f"it reported an accuracy of {told:.2%}, its weights have {expected:.2%}"


def learning(before: float, after: float, ours: float) -> str:
    """Compare the cost after an epoch with that before it, and with ours."""
    if not (math.isfinite(after) and after < (1 - FALL) * before):
        return f"the cost was {before:.4g} before the epoch and {after:.4g} after it"
    if abs(after - ours) > SIMILAR * ours:
        return f"the cost after the epoch was {after:.4g}, with network3 {ours:.4g}"
    return ""
