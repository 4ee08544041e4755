"""Chapter 3, "How to choose a neural network's hyper-parameters?": from settings that learn nothing to good ones.

The broad strategy: make the problem so small that a trial takes a second, find settings that learn anything at all,
then improve one setting at a time. The learning rate comes first, by the cost on the training data; then the
regularization, by the validation accuracy; finally the full problem.
"""

from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from network3 import DivergenceError, FullyConnectedLayer, History, Network, load_data_shared
from network3.layers.costs import cross_entropy
from network3.layers.initializers import normalized
from network3.optim import HalveOnPlateau

BATCH = 10
Pair: TypeAlias = tuple[np.ndarray, np.ndarray]


def build(*sizes: int) -> Network:
    """Return layers of sigmoid neurons, with the same initial weights each time."""
    np.random.seed(0)
    return Network([FullyConnectedLayer(a, b, initializer=normalized) for a, b in pairwise(sizes)], BATCH)


def train(net: Network, data: tuple[Pair, Pair], epochs: int, eta: float, lmbda: float, **options: Any) -> History:
    """Train without output, with chapter 3's cost and lambda; return the record, up to the point of divergence."""
    training, validation = data
    settings: dict[str, Any] = {
        "lmbda": lmbda,
        "lmbda_over": "examples",
        "cost": cross_entropy,
        "shuffle": True,
        "seed": 0,
    }
    try:
        return net.SGD(training, epochs, BATCH, eta, validation, **settings, **options, verbose=False)
    except DivergenceError as error:
        return error.history


def accuracy(record: History) -> float:
    """Return the best validation accuracy of a record; 0 if the cost diverged in the first epoch."""
    return record.best_validation_accuracy or 0.0


def main(epochs: int = 10, images: int = 50_000) -> tuple[float, float, float]:
    """Print each step, and return the validation accuracies: at first, of the small problem, and at the end."""
    training, validation, _ = (tuple(part.get_value() for part in pair) for pair in load_data_shared())
    small = tuple(part[:1000] for part in training), tuple(part[:1000] for part in validation)

    # A first guess, on the small problem and without a hidden layer: a trial takes less than a second.
    first = accuracy(train(build(784, 10), small, epochs, eta=10.0, lmbda=1000.0))
    print(f"eta 10, lambda 1000: {f'{first:.1%}' if first else 'the cost diverges'}")

    # That lambda was for 50,000 images: for 1,000 a fiftieth keeps the weight decay the same.
    print(f"eta 10, lambda 20: {accuracy(train(build(784, 10), small, epochs, 10.0, 20.0)):.1%}")

    # The threshold of eta: the largest for which the cost falls in each epoch, from the untrained network on. Without
    # regularization, because eta is chosen by the cost on the training data alone.
    untrained = train(build(784, 10), small, 1, 0.0, 0.0).cost
    threshold = max(
        eta
        for eta in (0.01, 0.1, 1.0, 10.0, 100.0)
        if np.all(np.diff(untrained + train(build(784, 10), small, 3, eta, 0.0).cost) < 0)
    )
    eta = threshold / 2  # a factor of two below the threshold, as in the book
    print(f"the cost falls at once up to eta {threshold:g}: use {eta:g}")

    # Then lambda, in powers of ten, by the validation accuracy.
    tried = {lmbda: accuracy(train(build(784, 10), small, epochs, eta, lmbda)) for lmbda in (0.01, 0.1, 1.0, 10.0)}
    lmbda = max(tried, key=lambda value: tried[value])
    print(f"lambda {lmbda:g} is the best of {', '.join(f'{value:g}' for value in tried)}: {tried[lmbda]:.1%}")

    # All images, lambda for their number, a hidden layer, and a rate that is halved when the accuracy stops improving.
    data = tuple(part[:images] for part in training), validation
    net = build(784, 30, 10)
    last = train(net, data, epochs, eta, lmbda * images / 1000, schedule=HalveOnPlateau(patience=2))
    print(f"{images:,} images, 30 hidden neurons, lambda {lmbda * images / 1000:g}: {accuracy(last):.2%}")
    return first, tried[lmbda], accuracy(last)


if __name__ == "__main__":
    main()
