"""Chapter 3: the cross-entropy, overfitting, L2 regularization, initial weights, more data, and a toy neuron.

The points are those of the result files of the book's programs, for curves that the text draws from them.
"""

from . import hyper_parameters, toy_neuron
from .baselines import SVM
from .cross_entropy_run import cross_entropy_run
from .measurement import Measurement
from .more_data import MoreData
from .published import (
    TEST_ACCURACY,
    TEST_COST,
    TRAINING_ACCURACY,
    TRAINING_COST,
    VALIDATION_ACCURACY,
    PublishedValue,
)
from .run import Run
from .sigmoid import Sigmoid, narrow, wide

ALL = [quantity.key for quantity in (TRAINING_COST, TRAINING_ACCURACY, TEST_COST, TEST_ACCURACY)]
SMALL, LARGE = (784, 30, 10), (784, 100, 10)
LARGE_WEIGHTS, SMALL_WEIGHTS = "large initial weights", "initial weights by 1/sqrt(n_in)"


def _weights(
    name: str, row: str, layers: Sigmoid, weights: str, first: float, best: float, tenth: float, last: float
) -> Run:
    """Return a run of "Weight initialization", eta 0.1 and lambda 5: validation accuracies at four epochs."""
    published = [PublishedValue(best, VALIDATION_ACCURACY), PublishedValue(first, VALIDATION_ACCURACY, at=0)]
    points = {VALIDATION_ACCURACY.key: {0: first, 9: tenth, 29: last}}
    description = f"{layers.sizes[1]} neurons, {weights}"
    return cross_entropy_run(name, row, description, layers, published, eta=0.1, lmbda=5.0, points=points)


RUNS = [
    cross_entropy_run(
        "cross_entropy_30", "3.1", "30 neurons, cross-entropy", wide(*SMALL), [PublishedValue(0.9549, TEST_ACCURACY)]
    ),
    cross_entropy_run(
        "cross_entropy_100", "3.2", "100 neurons, cross-entropy", wide(*LARGE), [PublishedValue(0.9682, TEST_ACCURACY)]
    ),
    cross_entropy_run(
        "overfitting",
        "3.3",
        "1,000 images for 400 epochs",
        wide(*SMALL),
        [
            PublishedValue(0.8227, TEST_ACCURACY),
            PublishedValue(1.0, TRAINING_ACCURACY),
            PublishedValue(1.2028, TEST_COST),
        ],
        epochs=400,
        monitor=ALL,
        image_counts=(1000, None),
        points={
            TEST_ACCURACY.key: {0: 0.5887, 9: 0.7899, 29: 0.8126, 199: 0.8190, 280: 0.8221, 374: 0.8227, 399: 0.8223},
            TRAINING_ACCURACY.key: {0: 0.690, 67: 1.0},
            TRAINING_COST.key: {0: 1.8434, 399: 0.0042},
            TEST_COST.key: {0: 2.0763, 14: 1.2028, 399: 1.7731},
        },
    ),
    cross_entropy_run(
        "overfitting_full",
        "3.4",
        "all 50,000 images: less overfitting",
        wide(*SMALL),
        [
            PublishedValue(0.9533, TEST_ACCURACY),
            PublishedValue(0.9786, TRAINING_ACCURACY),
            PublishedValue(0.3551, TEST_COST),
        ],
        monitor=ALL,
        points={
            TEST_ACCURACY.key: {0: 0.9136, 9: 0.9424, 19: 0.9524, 24: 0.9533, 29: 0.9531},
            TRAINING_ACCURACY.key: {0: 0.91416, 29: 0.97864},
            TRAINING_COST.key: {0: 0.5599},
            TEST_COST.key: {0: 0.5614, 19: 0.3551},
        },
    ),
    cross_entropy_run(
        "regularized",
        "3.5",
        "row 3.3 with L2, lambda 0.1",
        wide(*SMALL),
        [PublishedValue(0.8710, TEST_ACCURACY)],
        epochs=400,
        lmbda=0.1,
        monitor=ALL,
        image_counts=(1000, None),
        points={
            TEST_ACCURACY.key: {0: 0.5898, 9: 0.7942, 99: 0.8409, 199: 0.8558, 280: 0.8645, 383: 0.8710, 399: 0.8695},
            TRAINING_ACCURACY.key: {0: 0.690},
            TRAINING_COST.key: {0: 3.0055, 399: 0.1154},
        },
    ),
    cross_entropy_run(
        "regularized_full",
        "3.6",
        "row 3.4 with L2, lambda 5",
        wide(*SMALL),
        [PublishedValue(0.9649, TEST_ACCURACY), PublishedValue(0.97122, TRAINING_ACCURACY)],
        lmbda=5.0,
        monitor=ALL,
        points={
            TEST_ACCURACY.key: {0: 0.9212, 9: 0.9538, 19: 0.9634, 28: 0.9649, 29: 0.9561},
            TRAINING_ACCURACY.key: {0: 0.91838, 28: 0.97122, 29: 0.9647},
            TRAINING_COST.key: {0: 1.2925},
        },
    ),
    cross_entropy_run(
        "regularized_100",
        "3.7",
        "100 neurons, lambda 5",
        wide(*LARGE),
        [PublishedValue(0.9792, VALIDATION_ACCURACY)],
        lmbda=5.0,
    ),
    cross_entropy_run(
        "regularized_100_60",
        "3.8",
        "100 neurons, lambda 5, eta 0.1, 60 epochs",
        wide(*LARGE),
        [PublishedValue(0.9804, VALIDATION_ACCURACY)],
        epochs=60,
        eta=0.1,
        lmbda=5.0,
    ),
    _weights("weight_init_30_large", "3.9", wide(*SMALL), LARGE_WEIGHTS, 0.8643, 0.9648, 0.9449, 0.9637),
    _weights("weight_init_30", "3.9", narrow(*SMALL), SMALL_WEIGHTS, 0.9270, 0.9653, 0.9594, 0.9650),
    _weights("weight_init_100_large", "3.10", wide(*LARGE), LARGE_WEIGHTS, 0.8994, 0.9755, 0.9578, 0.9742),
    _weights("weight_init_100", "3.10", narrow(*LARGE), SMALL_WEIGHTS, 0.9295, 0.9781, 0.9726, 0.9781),
    *hyper_parameters.RUNS,
]

SIZES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
NETWORKS = (0.6909, 0.7637, 0.8529, 0.8885, 0.9127, 0.9324, 0.9489, 0.9585, 0.9597)
MACHINES = (0.2507, 0.4893, 0.7513, 0.8387, 0.8849, 0.9146, 0.9245, 0.9347)

MEASUREMENTS = [
    *(
        Measurement(
            f"more_data_{size}",
            "3.11",
            f"30 neurons, {size:,} images, as many steps for any",
            (PublishedValue(accuracy, VALIDATION_ACCURACY, at=None),),
            MoreData(size),
            trains=True,
            series="network",
            images=size,
        )
        for size, accuracy in zip(SIZES, NETWORKS, strict=True)
    ),
    # The last of them is chapter 1's, on all images.
    *(
        Measurement(
            f"svm_{size}",
            "3.12",
            f"a support vector machine, the first {size:,} images",
            (
                PublishedValue(accuracy, VALIDATION_ACCURACY, at=None),
                PublishedValue(None, TEST_ACCURACY, at=None),
            ),
            SVM(size),
            random=False,
            series="support vector machine",
            images=size,
        )
        for size, accuracy in zip(SIZES, MACHINES, strict=False)
    ),
    Measurement(
        "toy_neuron",
        "3.19",
        "one neuron that unlearns to give 1, by two costs",
        toy_neuron.PUBLISHED,
        toy_neuron.measure,
        random=False,
        trains=True,
        note="the book: from w = b = 2 the quadratic cost hardly falls in the first 150 epochs",
    ),
]
