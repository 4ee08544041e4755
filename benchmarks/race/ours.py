"""The race with network3: one call of ``SGD``, with a callback that sets the learning rate."""

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.start import Pair
from network3 import ConvPoolLayer, Layer, Network, Progress, ReLU, SoftmaxLayer
from network3.layers.costs import LogLikelihood
from network3.optim import MovingAverage, Nesterov
from network3.training.callbacks import Callback

from .recipe import CLASSES, POOL, Recipe


def layers(recipe: Recipe) -> list[Layer]:
    """Return the layers of the network."""
    size = (recipe.filter, recipe.filter)
    stack: list[Layer] = [
        ConvPoolLayer((maps, before[0], *size), before, (POOL, POOL), ReLU, batch_norm=True)
        for maps, before in zip(recipe.maps, recipe.image_shapes, strict=False)
    ]
    return [*stack, SoftmaxLayer(recipe.features, CLASSES)]


class Cycle(Callback):
    """Sets the learning rate of each chunk of steps, and reports the accuracy after each epoch."""

    def __init__(self, recipe: Recipe, images: int, on_epoch_end: Callable[[float], bool]) -> None:
        self.recipe, self.images, self.on_epoch_end = recipe, images, on_epoch_end
        self.step, self.stop = 0, False

    def before_chunk(self, progress: Progress) -> None:
        """Record where the training is."""
        self.step = progress.iteration

    def adjust(self, eta: float, lmbda: float) -> tuple[float, float]:
        """Return the rate of the next chunk."""
        return self.recipe.rate(self.step, self.images), lmbda

    def on_epoch(self, progress: Progress) -> None:
        """Report the accuracy."""
        self.stop = self.on_epoch_end(progress.history.validation_accuracy[-1])


def train(
    recipe: Recipe,
    weights: Sequence[np.ndarray],
    training: Pair,
    test: Pair,
    on_epoch_end: Callable[[float], bool],
    *,
    epochs: int,
    seed: int,
) -> list[np.ndarray]:
    """Train, call `on_epoch_end` with the accuracy after each epoch, and return the averaged parameters and buffers."""
    net = Network(layers(recipe), recipe.batch)
    net.set_weights([*weights, *(buffer.get_value() for buffer in net.buffers)])
    cycle = Cycle(recipe, len(training[0]), on_epoch_end)
    net.SGD(
        training,
        epochs,
        recipe.batch,
        recipe.eta,
        test,
        cost=LogLikelihood(smoothing=recipe.smoothing),
        rule=MovingAverage(Nesterov(recipe.momentum), recipe.decay),
        shuffle=True,
        seed=seed,
        callbacks=[cycle],
        stopping=lambda history: cycle.stop,
        verbose=False,
    )
    return net.get_weights()
