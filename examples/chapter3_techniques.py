"""Chapter 3: its other techniques, each applied to the same small network and the first 5,000 images.

Each technique changes one setting of plain gradient descent: the update rule, the regularization, the schedule ...
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pytensor.tensor.variable import TensorVariable

from network3 import FullyConnectedLayer, History, Network, SoftmaxLayer, load_data_shared, sigmoid, tanh
from network3.layers.initializers import normalized
from network3.optim import (
    ElasticNet,
    ExponentialDecay,
    HalveOnPlateau,
    Hessian,
    MaxNorm,
    Momentum,
    Nesterov,
    NoImprovementIn,
    StepDecay,
    l1,
)

EPOCHS, BATCH = 20, 10
TECHNIQUES: dict[str, dict[str, Any]] = {
    "gradient descent": {"eta": 0.1},
    "momentum": {"eta": 0.02, "rule": Momentum(0.8)},
    "Nesterov's momentum": {"eta": 0.02, "rule": Nesterov(0.8)},
    "Hessian technique": {"eta": 1.0, "rule": Hessian(), "mini_batch_size": 500},
    "max-norm": {"eta": 0.1, "rule": MaxNorm(3.0)},
    "L2": {"eta": 0.1, "lmbda": 0.1},
    "L1": {"eta": 0.1, "lmbda": 0.05, "regularizer": l1},
    "L1 and L2": {"eta": 0.1, "lmbda": 0.1, "regularizer": ElasticNet(0.5)},
    "steps down": {"eta": 0.3, "schedule": StepDecay(every=5, factor=0.5)},
    "exponential decay": {"eta": 0.3, "schedule": ExponentialDecay(0.1)},
    "halved on plateaus": {"eta": 0.3, "schedule": HalveOnPlateau(patience=2)},
    "early stopping": {"eta": 1.0, "stopping": NoImprovementIn(3)},
    "tanh neurons": {"eta": 0.05, "neurons": tanh},
    "dropout": {"eta": 0.1, "p_dropout": 0.2},
}


def build(neurons: Callable[[TensorVariable], TensorVariable] = sigmoid, p_dropout: float = 0.0) -> Network:
    """Return a hidden layer of 30 neurons with the same initial weights each time."""
    np.random.seed(0)
    return Network(
        [
            FullyConnectedLayer(n_in=784, n_out=30, activation_fn=neurons, initializer=normalized),
            SoftmaxLayer(n_in=30, n_out=10, p_dropout=p_dropout),
        ],
        BATCH,
    )


def main(techniques: Mapping[str, dict[str, Any]] = TECHNIQUES, images: int = 5000) -> dict[str, History]:
    """Print the best validation accuracy with each technique, and return the records by technique."""
    (x, y), validation, _ = load_data_shared()
    training = x.get_value()[:images], y.get_value()[:images]
    records = {}
    for name, technique in techniques.items():
        settings = {"mini_batch_size": BATCH, "shuffle": True, "seed": 0} | technique
        net = build(settings.pop("neurons", sigmoid), settings.pop("p_dropout", 0.0))
        records[name] = net.SGD(training, EPOCHS, validation_data=validation, **settings, verbose=False)
        best, count = records[name].best_validation_accuracy, records[name].epochs
        print(f"{name:<20} {best:7.2%} in {count} epochs")
    return records


if __name__ == "__main__":
    main()
