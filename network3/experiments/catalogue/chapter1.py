"""Chapter 1: one hidden layer of sigmoid neurons, the quadratic cost, and the baselines."""

from network3.layers.costs import quadratic

from .baselines import SVM, average_darkness, random_guess
from .measurement import Measurement
from .published import TEST_ACCURACY, VALIDATION_ACCURACY, PublishedValue
from .run import Run
from .sigmoid import wide

TRAINING = {"epochs": 30, "mini_batch_size": 10, "shuffle": True, "monitor": [TEST_ACCURACY.key]}


def _run(
    name: str,
    row: str,
    description: str,
    sizes: tuple[int, ...],
    eta: float,
    accuracy: float | None,
    points: dict[int, float] | None = None,
    note: str = "",
) -> Run:
    return Run(
        name,
        row,
        description,
        (PublishedValue(accuracy, TEST_ACCURACY),),
        wide(*sizes),
        TRAINING | {"eta": eta},
        cost=quadratic,
        points={} if points is None else {TEST_ACCURACY.key: points},
        note=note,
    )


RUNS = [
    _run(
        "sigmoid_30",
        "1.1",
        "30 hidden neurons, eta 3",
        (784, 30, 10),
        3.0,
        0.9542,
        {0: 0.9129, 1: 0.9295, 2: 0.9348, 27: 0.9528, 28: 0.9542, 29: 0.9534},
    ),
    _run(
        "sigmoid_100",
        "1.2",
        "100 hidden neurons, eta 3",
        (784, 100, 10),
        3.0,
        0.9659,
        note="the book's footnote: readers' results vary much, some are clearly worse",
    ),
    _run(
        "eta_too_small",
        "1.3",
        "100 hidden neurons, eta 0.001",
        (784, 100, 10),
        0.001,
        0.2142,
        {0: 0.1139, 1: 0.1136, 2: 0.1135, 27: 0.2101, 28: 0.2123, 29: 0.2142},
        note="how far it comes depends on the initial weights",
    ),
    _run(
        "eta_too_large",
        "1.4",
        "30 hidden neurons, eta 100",
        (784, 30, 10),
        100.0,
        0.1009,
        {0: 0.1009, 1: 0.1009, 2: 0.1009, 3: 0.1009, 27: 0.0982, 28: 0.0982, 29: 0.0982},
        note="does not learn; which digit it always predicts depends on the initial weights",
    ),
    _run("no_hidden", "1.5", "no hidden layer, eta 3", (784, 10), 3.0, None, note="an exercise of the book"),
]

MEASUREMENTS = [
    Measurement(
        "random_guess",
        "1.6",
        "a guess, each digit as likely",
        (PublishedValue(0.10, TEST_ACCURACY, at=None),),
        random_guess,
        note="about ten per cent",
    ),
    Measurement(
        "average_darkness",
        "1.7",
        "the digit that is about as dark, on average",
        (PublishedValue(0.2225, TEST_ACCURACY, at=None),),
        average_darkness,
        random=False,
    ),
    Measurement(
        "svm",
        "1.8",
        "a support vector machine, all 50,000 images",
        (
            PublishedValue(0.9435, TEST_ACCURACY, at=None),
            PublishedValue(0.9448, VALIDATION_ACCURACY, at=None),
        ),
        SVM(50_000),
        random=False,
        series="support vector machine",
        images=50_000,
        note="scikit-learn's settings of its time; the validation accuracy is row 3.12's last",
    ),
]
