"""Chapter 3, "How to choose a neural network's hyper-parameters?": the broad strategy, and three learning rates."""

from .cross_entropy_run import cross_entropy_run
from .published import TRAINING_COST, VALIDATION_ACCURACY, PublishedValue
from .run import Run
from .sigmoid import narrow

SMALL = (784, 30, 10)


def _strategy(
    name: str,
    row: str,
    description: str,
    sizes: tuple[int, ...],
    eta: float,
    lmbda: float,
    counts: dict[int, int],
    images: int,
    image_counts: tuple[int | None, int | None] = (1000, 100),
    note: str = "a step on the book's way to good hyper-parameters",
) -> Run:
    """Return a step of the broad strategy, of which the book shows the first or last epochs."""
    points = {epoch: count / images for epoch, count in counts.items()}
    return cross_entropy_run(
        name,
        row,
        description,
        narrow(*sizes),
        [PublishedValue(points[0], VALIDATION_ACCURACY, at=0), PublishedValue(None, VALIDATION_ACCURACY)],
        eta=eta,
        lmbda=lmbda,
        image_counts=image_counts,
        points={VALIDATION_ACCURACY.key: points},
        note=note,
    )


def _rate(eta: float, first: float, tenth: float, last: float, lowest: float) -> Run:
    """Return one of the three learning rates whose costs on the training data are compared."""
    return cross_entropy_run(
        f"multiple_eta_{eta:g}",
        "3.18",
        f"30 neurons, eta {eta:g}: the cost on the training data",
        narrow(*SMALL),
        [PublishedValue(lowest, TRAINING_COST)],
        eta=eta,
        lmbda=5.0,
        monitor=[TRAINING_COST.key],
        points={TRAINING_COST.key: {0: first, 9: tenth, 29: last}},
        note="a curve in the book: falls smoothly at 0.025, settles from epoch 20 at 0.25, oscillates at 2.5",
    )


RUNS = [
    _strategy(
        "strategy_full",
        "3.13",
        "eta 10, lambda 1000: no better than chance",
        SMALL,
        10.0,
        1000.0,
        {0: 1030, 1: 990, 2: 1009, 27: 1009, 28: 983, 29: 967},
        10_000,
        image_counts=(None, None),
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
        note="weight decay multiplies the weights by 1 - eta lambda / n = -9 in each step, until they are infinite; "
        "the original goes on and guesses",
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
