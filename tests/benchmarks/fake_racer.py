"""A training of the race for the tests: "weights" that record how it was called, and an invented accuracy a epoch."""

import numpy as np

ACCURACIES = 0.98, 0.991, 0.995


def train(recipe, weights, training, test, on_epoch_end, *, epochs, seed):
    for accuracy in ACCURACIES[:epochs]:
        if on_epoch_end(accuracy):
            break
    return [*weights, np.array([recipe.batch, seed, len(training[0]), len(test[1])])]
