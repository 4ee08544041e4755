"""Chapter 5: deep networks of sigmoid neurons, whose first layers learn slowly."""

from network3.layers.costs import cross_entropy

from .gradients import LAST, START, DepthNorms, published_norm
from .measurement import Measurement
from .published import TEST_ACCURACY, VALIDATION_ACCURACY, PublishedValue
from .run import Run
from .sigmoid import narrow

TRAINING = {
    "epochs": 30,
    "mini_batch_size": 10,
    "eta": 0.1,
    "lmbda": 5.0,
    "lmbda_over": "examples",
    "shuffle": True,
    "monitor": [TEST_ACCURACY.key],
}

RUNS = [
    Run(
        f"depth_{depth}",
        f"5.{depth}",
        f"hidden layers of 30: {depth}",
        (PublishedValue(accuracy, VALIDATION_ACCURACY),),
        narrow(784, *[30] * depth, 10),
        TRAINING,
        cost=cross_entropy,
    )
    for depth, accuracy in enumerate((0.9648, 0.9690, 0.9657, 0.9653), start=1)
]

# Of each hidden layer: at the start, and after 500 epochs.
NORMS = {
    2: ((0.06574, 0.00343), (0.30922, 0.00963)),
    3: ((0.01184, 8.56e-5), (0.05997, 2.18e-4), (0.28314, 1.26e-3)),
    4: ((0.00298, 8.2e-6), (0.01708, 2.6e-5), (0.06954, 1.8e-4), (0.28514, 9.2e-4)),
}

MEASUREMENTS = [
    Measurement(
        f"gradients_{depth}",
        f"5.{depth + 3}",
        f"{depth} hidden layers: the norms of their biases' gradients",
        tuple(
            published_norm(k, when, value)
            for k, values in enumerate(norms, start=1)
            for when, value in zip((START, LAST), values, strict=True)
        ),
        DepthNorms(depth),
        trains=True,
        note="the book's seed is not known: only the order and the ratios can be compared",
    )
    for depth, norms in NORMS.items()
]
