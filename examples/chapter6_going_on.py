"""Chapter 6 and beyond: rotated, scaled and bent images, L2 pooling, another initializer, momentum, dropout.

Trained on the first 1,000 images: additional data help most if there are few.
"""

from typing import Literal, TypeAlias

import numpy as np

from network3 import ConvPoolLayer, FullyConnectedLayer, Network, ReLU, SoftmaxLayer, load_data_shared
from network3.datasets import deform, expand
from network3.layers.initializers import he
from network3.optim import Momentum

BATCH = 10
Pool: TypeAlias = Literal["max", "l2"]


def build(pool: Pool = "max") -> Network:
    """Return two convolutional and pooling layers, 100 rectified linear neurons and a softmax layer with dropout."""
    np.random.seed(0)
    return Network(
        [
            ConvPoolLayer((20, 1, 5, 5), (BATCH, 1, 28, 28), activation_fn=ReLU, pool=pool, initializer=he),
            ConvPoolLayer((40, 20, 5, 5), (BATCH, 20, 12, 12), activation_fn=ReLU, pool=pool, initializer=he),
            FullyConnectedLayer(40 * 4 * 4, 100, activation_fn=ReLU, initializer=he),
            SoftmaxLayer(100, 10, p_dropout=0.3),
        ],
        BATCH,
    )


def main(images: int = 1000, copies: int = 4, epochs: int = 10) -> dict[tuple[str, str], float | None]:
    """Print the validation accuracy with each set of images and kind of pooling, and return them."""
    (x, y), validation, _ = (tuple(part.get_value() for part in pair) for pair in load_data_shared(storage="uint8"))
    x, y = x[:images], y[:images]
    bent = [deform(x, rotation=12, scaling=0.12, elastic=30, seed=k) for k in range(copies)]
    sets = {
        "as they are": (x, y),
        "moved by a pixel": expand(x, y),
        "rotated, scaled, bent": (np.concatenate([x, *bent]), np.tile(y, 1 + copies)),
    }
    trainings: list[tuple[str, Pool]] = [*((name, "max") for name in sets), ("as they are", "l2")]
    found: dict[tuple[str, str], float | None] = {}
    for name, pool in trainings:
        data = sets[name]
        net, passes = build(pool), epochs * (1 + copies) * images // len(data[1])  # as many steps for each
        rule = Momentum(0.9)
        record = net.SGD(data, passes, BATCH, 0.003, validation, rule=rule, shuffle=True, seed=0, verbose=False)
        found[name, pool] = record.best_validation_accuracy
        print(f"{images:,} images {name}, {pool} pooling: {record.best_validation_accuracy:.2%} in {passes} epochs")
    return found


if __name__ == "__main__":
    main()
