"""Past the book: what its closing problems propose, together, with the test images looked at once.

Those are larger networks, more transformations of the data, better initialization, schedules, momentum and ensembles
(chapters 3 and 6). Nothing was chosen by the test images: two short trials, by their validation accuracy, fixed how
strong the deformations are; the rest was set beforehand.
"""

from dataclasses import replace

from network3.layers import ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer
from network3.layers.initializers import he
from network3.optim import Deformation, ExponentialDecay, Momentum

from .run import BEST_VALIDATION, Figure, Run

MAPS = (1, 32, 64, 128)
NEURONS = 256


def wider(mini_batch_size):
    """Three convolutional layers of 32, 64 and 128 maps, two of them pooled, and 256 neurons: 620,298 parameters."""

    def convolution(k, size, filter_size, pool):
        return ConvPoolLayer(
            image_shape=(mini_batch_size, MAPS[k], size, size),
            filter_shape=(MAPS[k + 1], MAPS[k], filter_size, filter_size),
            poolsize=(pool, pool),
            activation_fn=ReLU,
            initializer=he,
        )

    return [
        convolution(0, 28, 5, 2),
        convolution(1, 12, 3, 1),
        convolution(2, 10, 3, 2),
        FullyConnectedLayer(MAPS[-1] * 4 * 4, NEURONS, ReLU, p_dropout=0.5, initializer=he),
        SoftmaxLayer(NEURONS, 10, p_dropout=0.5),
    ]


SINGLE = Run(
    "beyond_single",
    "7.1",
    "wider convolutions, images deformed anew each epoch",
    wider,
    {"epochs": 35, "mini_batch_size": 32, "eta": 0.02, "shuffle": True},
    (Figure(None, "test_accuracy", BEST_VALIDATION),),
    methods={
        "rule": Momentum(0.9),
        "schedule": ExponentialDecay(0.1),
        "augment": Deformation(rotation=10, scaling=0.1, elastic=20, smoothness=5, shift=1),
    },
    test_in_training=False,
    note="620,298 parameters; nothing was chosen by the test images, which were looked at once, at the end",
)

RUNS = [
    SINGLE,
    replace(
        SINGLE,
        name="beyond_ensemble",
        row="7.2",
        says="five networks like 7.1 that vote",
        figures=(Figure(0.9979, "test_accuracy", BEST_VALIDATION),),
        nets=5,
        of=SINGLE.name,
        note="beside it the record of 2013 that the book quotes, of L. Wan et al.",
    ),
]
