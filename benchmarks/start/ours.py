"""network3 as its users train with it: one call of ``SGD``."""

from collections.abc import Callable, Sequence

import numpy as np

import network3
from benchmarks.configurations import Configuration
from benchmarks.layers import layers

from . import Pair


def train(
    config: Configuration,
    weights: Sequence[np.ndarray],
    training: Pair,
    test: Pair,
    on_epoch_end: Callable[[float], bool],
    *,
    batch: int,
    epochs: int,
    shuffle: bool,
    seed: int,
) -> list[np.ndarray]:
    """Train, call `on_epoch_end` with the accuracy after each epoch, and return the weights; see `training_with`."""
    net = network3.Network(layers(config, batch), batch)
    net.set_weights(weights)
    stop = False

    def callback(progress: network3.Progress) -> None:
        nonlocal stop
        if progress.epoch_done and on_epoch_end(progress.history.validation_accuracy[-1]):
            stop = True

    net.SGD(
        training,
        epochs,
        batch,
        config.eta,
        test,
        lmbda=config.lmbda,
        shuffle=shuffle,
        seed=seed,
        callbacks=[callback],
        stopping=lambda history: stop,
    )
    return net.get_weights()
