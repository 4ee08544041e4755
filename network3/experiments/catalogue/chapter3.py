"""Chapter 3: the cross-entropy, overfitting, L2 regularization, first weights, and choosing hyper-parameters.

The points are those of the result files that the book's programs wrote, where a figure of the text is drawn from one.
"""

from network3.layers.costs import cross_entropy

from . import toy_neuron
from .baselines import SVM
from .measurement import Measurement
from .more_data import MoreData
from .run import Figure, Run
from .sigmoid import narrow, wide

ALL = ["training_cost", "training_accuracy", "test_cost", "test_accuracy"]
TEST, VALIDATION = "test_accuracy", "validation_accuracy"
SMALL, LARGE = (784, 30, 10), (784, 100, 10)


def _run(name, row, says, layers, figures, *, epochs=30, eta=0.5, lmbda=0.0, monitor=(TEST,), **more):
    training = {"epochs": epochs, "mini_batch_size": 10, "eta": eta, "shuffle": True, "monitor": list(monitor)}
    if lmbda:
        training |= {"lmbda": lmbda, "lmbda_over": "examples"}
    return Run(name, row, says, layers, training, tuple(figures), cost=cross_entropy, **more)


def _weights(name, row, sizes, layers, first, best, tenth):
    """Return a run of "Weight initialization", eta 0.1 and lambda 5."""
    figures = [Figure(best, VALIDATION), Figure(first, VALIDATION, 0)]
    points = {VALIDATION: {0: first, 9: tenth[0], 29: tenth[1]}}
    says = f"{sizes[1]} neurons, {'large first weights' if layers is wide else 'first weights by 1/sqrt(n_in)'}"
    return _run(name, row, says, layers(*sizes), figures, eta=0.1, lmbda=5.0, points=points)


def _strategy(name, row, says, sizes, eta, lmbda, counts, images, first=(1000, 100)):
    """Return a step of the broad strategy, of which the book shows the first or last epochs."""
    points = {epoch: count / images for epoch, count in counts.items()}
    figures = [Figure(points[0], VALIDATION, 0), Figure(None, VALIDATION)]
    more = {"first": first, "points": {VALIDATION: points}, "note": "a step on the book's way to good hyper-parameters"}
    return _run(name, row, says, narrow(*sizes), figures, eta=eta, lmbda=lmbda, **more)


def _rate(eta, first, tenth, last, lowest):
    """Return one of the three learning rates whose costs on the training data are compared."""
    return _run(
        f"multiple_eta_{eta:g}",
        "3.18",
        f"30 neurons, eta {eta:g}: the cost on the training data",
        narrow(*SMALL),
        [Figure(lowest, "training_cost")],
        eta=eta,
        lmbda=5.0,
        monitor=["training_cost"],
        points={"training_cost": {0: first, 9: tenth, 29: last}},
        note="a curve in the book: falls smoothly at 0.025, settles from epoch 20 at 0.25, oscillates at 2.5",
    )


RUNS = [
    _run("cross_entropy_30", "3.1", "30 neurons, cross-entropy", wide(*SMALL), [Figure(0.9549, TEST)]),
    _run("cross_entropy_100", "3.2", "100 neurons, cross-entropy", wide(*LARGE), [Figure(0.9682, TEST)]),
    _run(
        "overfitting",
        "3.3",
        "1,000 images for 400 epochs",
        wide(*SMALL),
        [Figure(0.8227, TEST), Figure(1.0, "training_accuracy"), Figure(1.2028, "test_cost")],
        epochs=400,
        monitor=ALL,
        first=(1000, None),
        points={
            TEST: {0: 0.5887, 9: 0.7899, 29: 0.8126, 199: 0.8190, 280: 0.8221, 374: 0.8227, 399: 0.8223},
            "training_accuracy": {0: 0.690, 67: 1.0},
            "training_cost": {0: 1.8434, 399: 0.0042},
            "test_cost": {0: 2.0763, 14: 1.2028, 399: 1.7731},
        },
    ),
    _run(
        "overfitting_full",
        "3.4",
        "all 50,000 images: less overfitting",
        wide(*SMALL),
        [Figure(0.9533, TEST), Figure(0.9786, "training_accuracy"), Figure(0.3551, "test_cost")],
        monitor=ALL,
        points={
            TEST: {0: 0.9136, 9: 0.9424, 19: 0.9524, 24: 0.9533, 29: 0.9531},
            "training_accuracy": {0: 0.91416, 29: 0.97864},
            "training_cost": {0: 0.5599},
            "test_cost": {0: 0.5614, 19: 0.3551},
        },
    ),
    _run(
        "regularized",
        "3.5",
        "row 3.3 with L2, lambda 0.1",
        wide(*SMALL),
        [Figure(0.8710, TEST)],
        epochs=400,
        lmbda=0.1,
        monitor=ALL,
        first=(1000, None),
        points={
            TEST: {0: 0.5898, 9: 0.7942, 99: 0.8409, 199: 0.8558, 280: 0.8645, 383: 0.8710, 399: 0.8695},
            "training_accuracy": {0: 0.690},
            "training_cost": {0: 3.0055, 399: 0.1154},
        },
    ),
    _run(
        "regularized_full",
        "3.6",
        "row 3.4 with L2, lambda 5",
        wide(*SMALL),
        [Figure(0.9649, TEST), Figure(0.97122, "training_accuracy")],
        lmbda=5.0,
        monitor=ALL,
        points={
            TEST: {0: 0.9212, 9: 0.9538, 19: 0.9634, 28: 0.9649, 29: 0.9561},
            "training_accuracy": {0: 0.91838, 28: 0.97122, 29: 0.9647},
            "training_cost": {0: 1.2925},
        },
    ),
    _run("regularized_100", "3.7", "100 neurons, lambda 5", wide(*LARGE), [Figure(0.9792, VALIDATION)], lmbda=5.0),
    _run(
        "regularized_100_60",
        "3.8",
        "100 neurons, lambda 5, eta 0.1, 60 epochs",
        wide(*LARGE),
        [Figure(0.9804, VALIDATION)],
        epochs=60,
        eta=0.1,
        lmbda=5.0,
    ),
    _weights("weight_init_30_large", "3.9", SMALL, wide, 0.8643, 0.9648, (0.9449, 0.9637)),
    _weights("weight_init_30", "3.9", SMALL, narrow, 0.9270, 0.9653, (0.9594, 0.9650)),
    _weights("weight_init_100_large", "3.10", LARGE, wide, 0.8994, 0.9755, (0.9578, 0.9742)),
    _weights("weight_init_100", "3.10", LARGE, narrow, 0.9295, 0.9781, (0.9726, 0.9781)),
    _strategy(
        "strategy_full",
        "3.13",
        "eta 10, lambda 1000: no better than chance",
        SMALL,
        10.0,
        1000.0,
        {0: 1030, 1: 990, 2: 1009, 27: 1009, 28: 983, 29: 967},
        10_000,
        first=(None, None),
    ),
    _strategy(
        "strategy_1000",
        "3.14",
        "no hidden layer, 1,000 images: as bad, but quick",
        (784, 10),
        10.0,
        1000.0,
        {0: 10, 1: 10, 2: 10},
        100,
    ),
    _strategy(
        "strategy_lmbda_20",
        "3.15",
        "lambda 20: a sign of life",
        (784, 10),
        10.0,
        20.0,
        {0: 12, 1: 14, 2: 25, 3: 18},
        100,
    ),
    _strategy(
        "strategy_eta_100",
        "3.16",
        "eta 100: the wrong way",
        (784, 10),
        100.0,
        20.0,
        {0: 10, 1: 10, 2: 10, 3: 10},
        100,
    ),
    _strategy(
        "strategy_eta_1",
        "3.17",
        "eta 1: it learns",
        (784, 10),
        1.0,
        20.0,
        {0: 62, 1: 42, 2: 43, 3: 61},
        100,
    ),
    _rate(0.025, 0.8781, 0.4310, 0.3392, 0.3392),
    _rate(0.25, 0.4950, 0.3434, 0.3388, 0.3200),
    _rate(2.5, 0.9249, 0.8013, 0.8607, 0.7249),
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
            MoreData(size),
            {"validation accuracy": accuracy},
            trains=True,
        )
        for size, accuracy in zip(SIZES, NETWORKS, strict=True)
    ),
    # The last of them is chapter 1's, on all images.
    *(
        Measurement(
            f"svm_{size}",
            "3.12",
            f"a support vector machine, the first {size:,} images",
            SVM(size),
            {"validation accuracy": accuracy, "test accuracy": None},
            random=False,
        )
        for size, accuracy in zip(SIZES, MACHINES, strict=False)
    ),
    Measurement(
        "toy_neuron",
        "3.19",
        "one neuron that unlearns to give 1, by two costs",
        toy_neuron.measure,
        {
            "quadratic, from w = 0.6, b = 0.9: first output": 0.82,
            "quadratic, from w = 0.6, b = 0.9: last output": 0.09,
            "quadratic, from w = b = 2: first output": 0.98,
            "quadratic, from w = b = 2: output after 150 epochs": None,
            "cross-entropy, from w = b = 2: output after 150 epochs": None,
        },
        random=False,
        trains=True,
        note="the book: from w = b = 2 the quadratic cost hardly falls in the first 150 epochs",
    ),
]
