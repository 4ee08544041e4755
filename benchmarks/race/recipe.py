"""The network of the race and how it is trained, as data that both libraries read: this module imports NumPy only.

It was chosen on the validation images, for the least processor time of network3 among the trials whose every seed had
99.0 % there. The trials nearest to it, each of two epochs in mini-batches of 10 unless a row names others:

==================================== ===== ====== ====== =====
maps                                 seeds   mean lowest CPU s
==================================== ===== ====== ====== =====
8, 24                                    6 99.02%  98.92%  3.59
8, 32                                    7 99.09%  99.03%  4.27
8, 32, mini-batches of 64, eta 0.3       3 99.07%  99.06%  4.50
16, 48, one epoch                        3 99.10%  99.07%  4.68
12, 24                                   4 99.08%  99.01%  4.99
12, 32                                   3 99.14%  99.12%  5.88
8, 32, three epochs                      3 99.15%  99.05%  6.00
8, 32, labels not smoothed               3 98.95%  98.93%  4.27
==================================== ===== ====== ====== =====

``benchmarks/results/race_trials.md`` has all of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

SIDE, CLASSES, POOL = 28, 10, 2
CHUNK = 250  # steps at one rate; network3 lets a callback change it as often


@dataclass(frozen=True)
class Recipe:
    """Two convolutional layers with max-pooling, batch normalization and rectification, and a softmax.

    Trained on smoothed labels by Nesterov's momentum, along one cycle of the learning rate; an exponential moving
    average of the parameters is evaluated.

    Parameters
    ----------
    maps : (int, int)
        Feature maps of the convolutional layers.
    filter : int
        Rows and columns of every filter.
    batch : int
        Images in a mini-batch.
    epochs : int
        Length of the cycle; later epochs repeat the last one of it.
    eta : float
        The highest learning rate.
    rise : float in (0, 1)
        Share of the cycle in which the rate rises.
    start, final : float in [0, 1]
        First and last rate, as shares of `eta`.
    momentum : float in [0, 1)
    decay : float in [0, 1)
        Of the moving average.
    smoothing : float in [0, 1)
        Share of the labels that is spread over all classes.
    """

    maps: tuple[int, int]
    filter: int
    batch: int
    epochs: int
    eta: float
    rise: float
    start: float
    final: float
    momentum: float
    decay: float
    smoothing: float

    @property
    def image_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """Input shape of each convolutional layer, then the output shape of the last: (maps, rows, columns)."""
        shapes = [(1, SIDE, SIDE)]
        for maps in self.maps:
            side = (shapes[-1][1] - self.filter + 1) // POOL
            shapes.append((maps, side, side))
        return tuple(shapes)

    @property
    def features(self) -> int:
        """Inputs of the softmax."""
        return math.prod(self.image_shapes[-1])

    def weights(self, seed: int) -> list[np.ndarray]:
        """Return filters, gamma and beta of each convolutional layer, then ``[w, b]`` of the softmax; float32.

        Filters, (maps, input maps, rows, columns) for a convolution, have He initialization; the softmax starts at 0.
        """
        rng = np.random.default_rng(seed)
        arrays: list[np.ndarray] = []
        for maps, (before, *_) in zip(self.maps, self.image_shapes, strict=False):
            shape = (maps, before, self.filter, self.filter)
            arrays += [rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape), np.ones(maps), np.zeros(maps)]
        arrays += [np.zeros((self.features, CLASSES)), np.zeros(CLASSES)]
        return [array.astype(np.float32) for array in arrays]

    def rate(self, step: int, images: int) -> float:
        """Return the learning rate of the chunk that begins at `step`, with so many images in an epoch."""
        steps = images // self.batch
        if step >= self.epochs * steps:
            step = (self.epochs - 1) * steps + step % steps
        position = min((step + CHUNK / 2) / (self.epochs * steps), 1.0)
        if position < self.rise:
            return self.eta * _between(self.start, 1.0, position / self.rise)
        return self.eta * _between(1.0, self.final, (position - self.rise) / (1 - self.rise))


def _between(first: float, last: float, share: float) -> float:
    """Return a point of half a cosine from `first` to `last`."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def order(seed: int, epoch: int, images: int) -> np.ndarray:
    """Return the order of the images in an epoch of ``Network.SGD`` with ``shuffle=True`` and this `seed`."""
    shuffle = np.random.SeedSequence(seed, spawn_key=(epoch,)).spawn(3)[0]
    return np.random.default_rng(shuffle).permutation(images)


RECIPE = Recipe(
    maps=(8, 32),
    filter=5,
    batch=10,
    epochs=2,
    eta=0.05,
    rise=0.2,
    start=0.1,
    final=0.005,
    momentum=0.9,
    decay=0.99,
    smoothing=0.1,
)


def changed(changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe of the race with some of its fields changed."""
    return replace(RECIPE, **changes)
