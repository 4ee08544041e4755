"""Beyond the book: what its closing problems propose, all together, with the test images evaluated once.

The proposals are larger networks, more transformations of the data, better initialization, schedules, momentum and
ensembles (chapters 3 and 6). Nothing was chosen by the test images: two short trials, compared by their validation
accuracy, fixed the strength of the deformations; the rest was set beforehand.
"""

import math
from dataclasses import replace

from network3.layers import ConvPoolLayer, FullyConnectedLayer, Layer, ReLU, SoftmaxLayer
from network3.layers.initializers import he
from network3.optim import Deformation, ExponentialDecay, Momentum

from .published import BEST_VALIDATION, TEST_ACCURACY, PublishedValue
from .run import Run

MAPS = (1, 32, 64, 128)
NEURONS = 256


def wider(mini_batch_size: int, n_in: int = 28 * 28, n_out: int = 10) -> list[Layer]:
    """Three convolutional layers of 32, 64 and 128 maps, two of them pooled, and 256 neurons: 620,298 parameters."""

    def convolution(k: int, size: int, filter_size: int, pool: int) -> Layer:
        return ConvPoolLayer(
            image_shape=(mini_batch_size, MAPS[k], size, size),
            filter_shape=(MAPS[k + 1], MAPS[k], filter_size, filter_size),
            poolsize=(pool, pool),
            activation_fn=ReLU,
            initializer=he,
        )

    side = math.isqrt(n_in)
    pooled = (side - 4) // 2  # 12 of MNIST's 28
    last = (pooled - 4) // 2
    return [
        convolution(0, side, 5, 2),
        convolution(1, pooled, 3, 1),
        convolution(2, pooled - 2, 3, 2),
        FullyConnectedLayer(MAPS[-1] * last**2, NEURONS, ReLU, p_dropout=0.5, initializer=he),
        SoftmaxLayer(NEURONS, n_out, p_dropout=0.5),
    ]


SINGLE = Run(
    "beyond_single",
    "7.1",
    "wider convolutions, images deformed anew each epoch",
    (PublishedValue(None, TEST_ACCURACY, BEST_VALIDATION),),
    wider,
    {"epochs": 35, "mini_batch_size": 32, "eta": 0.02, "shuffle": True},
    methods={
        "rule": Momentum(0.9),
        "schedule": ExponentialDecay(0.1),
        "augment": Deformation(rotation=10, scaling=0.1, elastic=20, smoothness=5, shift=1),
    },
    test_in_training=False,
    note="620,298 parameters; nothing was chosen by the test images, which were evaluated once, after the training",
)

RUNS = [
    SINGLE,
    replace(
        SINGLE,
        name="beyond_ensemble",
        row="7.2",
        description="five networks like 7.1 that vote",
        published_values=(PublishedValue(0.9979, TEST_ACCURACY, BEST_VALIDATION),),
        nets=5,
        voters_of=SINGLE.name,
        note="beside it the record of 2013 that the book quotes, of L. Wan et al.",
    ),
]
