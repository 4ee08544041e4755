"""The rows of chapters 1, 3 and 5, compared with the settings and numbers in the book and its result files."""

import numpy as np
import pytest

from network3.experiments.catalogue import (
    ENTRIES,
    MEASUREMENTS,
    QUOTED,
    RUNS,
    PublishedValue,
    chapter1,
    chapter3,
    chapter5,
)
from network3.experiments.catalogue.published import (
    BEST_VALIDATION,
    LAST,
    TEST_ACCURACY,
    TEST_COST,
    TRAINING_COST,
    VALIDATION_ACCURACY,
)
from network3.experiments.formats import format_difference, format_number
from network3.layers.costs import cross_entropy, quadratic
from network3.training.history import History

# name: row, sizes, initial weights, epochs, eta, lmbda, first published value in per cent and its label
BOOK = {
    "sigmoid_30": ("1.1", (784, 30, 10), "large", 30, 3.0, 0, 95.42, "best test accuracy"),
    "sigmoid_100": ("1.2", (784, 100, 10), "large", 30, 3.0, 0, 96.59, "best test accuracy"),
    "eta_too_small": ("1.3", (784, 100, 10), "large", 30, 0.001, 0, 21.42, "best test accuracy"),
    "eta_too_large": ("1.4", (784, 30, 10), "large", 30, 100.0, 0, 10.09, "best test accuracy"),
    "no_hidden": ("1.5", (784, 10), "large", 30, 3.0, 0, None, "best test accuracy"),
    "cross_entropy_30": ("3.1", (784, 30, 10), "large", 30, 0.5, 0, 95.49, "best test accuracy"),
    "cross_entropy_100": ("3.2", (784, 100, 10), "large", 30, 0.5, 0, 96.82, "best test accuracy"),
    "overfitting": ("3.3", (784, 30, 10), "large", 400, 0.5, 0, 82.27, "best test accuracy"),
    "overfitting_full": ("3.4", (784, 30, 10), "large", 30, 0.5, 0, 95.33, "best test accuracy"),
    "regularized": ("3.5", (784, 30, 10), "large", 400, 0.5, 0.1, 87.10, "best test accuracy"),
    "regularized_full": ("3.6", (784, 30, 10), "large", 30, 0.5, 5.0, 96.49, "best test accuracy"),
    "regularized_100": ("3.7", (784, 100, 10), "large", 30, 0.5, 5.0, 97.92, "best validation accuracy"),
    "regularized_100_60": ("3.8", (784, 100, 10), "large", 60, 0.1, 5.0, 98.04, "best validation accuracy"),
    "weight_init_30_large": ("3.9", (784, 30, 10), "large", 30, 0.1, 5.0, 96.48, "best validation accuracy"),
    "weight_init_30": ("3.9", (784, 30, 10), "normalized", 30, 0.1, 5.0, 96.53, "best validation accuracy"),
    "weight_init_100_large": ("3.10", (784, 100, 10), "large", 30, 0.1, 5.0, 97.55, "best validation accuracy"),
    "weight_init_100": ("3.10", (784, 100, 10), "normalized", 30, 0.1, 5.0, 97.81, "best validation accuracy"),
    "strategy_full": ("3.13", (784, 30, 10), "normalized", 30, 10.0, 1000, 10.30, "validation accuracy, epoch 0"),
    "strategy_1000": ("3.14", (784, 10), "normalized", 30, 10.0, 1000, 10.0, "validation accuracy, epoch 0"),
    "strategy_lmbda_20": ("3.15", (784, 10), "normalized", 30, 10.0, 20, 12.0, "validation accuracy, epoch 0"),
    "strategy_eta_100": ("3.16", (784, 10), "normalized", 30, 100.0, 20, 10.0, "validation accuracy, epoch 0"),
    "strategy_eta_1": ("3.17", (784, 10), "normalized", 30, 1.0, 20, 62.0, "validation accuracy, epoch 0"),
    "multiple_eta_0.025": ("3.18", (784, 30, 10), "normalized", 30, 0.025, 5.0, 33.92, "lowest training cost"),
    "multiple_eta_0.25": ("3.18", (784, 30, 10), "normalized", 30, 0.25, 5.0, 32.00, "lowest training cost"),
    "multiple_eta_2.5": ("3.18", (784, 30, 10), "normalized", 30, 2.5, 5.0, 72.49, "lowest training cost"),
    "depth_1": ("5.1", (784, 30, 10), "normalized", 30, 0.1, 5.0, 96.48, "best validation accuracy"),
    "depth_2": ("5.2", (784, 30, 30, 10), "normalized", 30, 0.1, 5.0, 96.90, "best validation accuracy"),
    "depth_3": ("5.3", (784, 30, 30, 30, 10), "normalized", 30, 0.1, 5.0, 96.57, "best validation accuracy"),
    "depth_4": ("5.4", (784, 30, 30, 30, 30, 10), "normalized", 30, 0.1, 5.0, 96.53, "best validation accuracy"),
}
IMAGE_COUNTS: dict[str, tuple[int, int | None]] = {"overfitting": (1000, None), "regularized": (1000, None)}
IMAGE_COUNTS |= {
    name: (1000, 100) for name in ("strategy_1000", "strategy_lmbda_20", "strategy_eta_100", "strategy_eta_1")
}


def test_the_rows_are_the_books():
    assert [run.name for chapter in (chapter1, chapter3, chapter5) for run in chapter.RUNS] == list(BOOK)


@pytest.mark.parametrize("name", BOOK)
def test_each_row_is_as_in_the_book(name):
    run = RUNS[name]
    row, sizes, weights, epochs, eta, lmbda, published, label = BOOK[name]
    layers = run.layers(10)
    assert (layers[0].n_in, *(layer.n_out for layer in layers)) == sizes
    assert {layer.activation_fn.__name__ for layer in layers} == {"sigmoid"}
    assert run.layers.initializer.__name__ == weights
    assert run.row == row
    assert (run.result.label, run.result.value) == (
        label,
        None if published is None else pytest.approx(published / 100),
    )
    training = {"lmbda": 0} | run.training
    assert {key: training[key] for key in ("epochs", "mini_batch_size", "eta", "lmbda", "shuffle")} == {
        "epochs": epochs,
        "mini_batch_size": 10,
        "eta": eta,
        "lmbda": lmbda,
        "shuffle": True,
    }
    # Chapter 3's lambda is divided by the number of examples; without one nothing is.
    assert training.get("lmbda_over", "none") == ("examples" if lmbda else "none")
    assert run.cost is (quadratic if run.chapter == 1 else cross_entropy)
    assert run.image_counts == IMAGE_COUNTS.get(name, (None, None))


def test_every_published_value_has_a_recorded_counterpart():
    for run in RUNS.values():
        recorded = {"validation_accuracy", *run.training.get("monitor", [])}
        published = [value.quantity.key for value in run.published_values if value.at not in (BEST_VALIDATION, LAST)]
        for name in [*published, *run.points]:
            assert name in recorded, (run.name, name)
        assert all(0 <= epoch < run.training["epochs"] for points in run.points.values() for epoch in points)


def test_all_sizes_of_row_3_11_have_equally_many_steps():
    sizes = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
    networks = (69.09, 76.37, 85.29, 88.85, 91.27, 93.24, 94.89, 95.85, 95.97)
    machines = (25.07, 48.93, 75.13, 83.87, 88.49, 91.46, 92.45, 93.47, 94.48)
    for size, network, machine in zip(sizes, networks, machines, strict=True):
        one, other = MEASUREMENTS[f"more_data_{size}"], MEASUREMENTS["svm" if size == 50_000 else f"svm_{size}"]
        assert one.published["validation accuracy"] == pytest.approx(network / 100)
        assert other.published["validation accuracy"] == pytest.approx(machine / 100)
        assert (one.measure.size, other.measure.size, one.images, other.images) == (size,) * 4
        assert (one.series, other.series) == ("network", "support vector machine")
        assert 1_500_000 // size * size == 1_500_000


def test_the_norms_of_chapter_5_are_the_result_files():
    for depth, first in ((2, 0.06574), (3, 0.01184), (4, 0.00298)):
        published = MEASUREMENTS[f"gradients_{depth}"].published
        assert len(published) == 2 * depth
        assert published["hidden layer 1, at the start"] == first
    ratios = [
        published[f"hidden layer {depth}, at the start"] / published["hidden layer 1, at the start"]
        for depth, published in ((depth, MEASUREMENTS[f"gradients_{depth}"].published) for depth in (2, 3, 4))
    ]
    np.testing.assert_allclose(ratios, (4.7, 23.9, 95.8), rtol=0.01)


def test_entries_have_the_order_of_the_book_and_unique_names():
    assert len(ENTRIES) == len(RUNS) + len(MEASUREMENTS)
    rows = [tuple(map(int, entry.row.split("."))) for entry in ENTRIES.values()]
    assert rows == sorted(rows)
    assert {quoted.chapter for quoted in QUOTED} == {1, 3, 6}
    assert all(0.9 < quoted.accuracy < 1 for quoted in QUOTED)


def test_published_values_have_their_counterpart_in_a_history():
    history = History(
        cost=[0.5, 0.4, 0.3],
        validation_accuracy=[0.7, 0.9, 0.8],
        test_accuracy=[0.71, 0.88, None],
        monitors={"test_accuracy": [0.71, 0.88, 0.89], "training_cost": [0.6, 0.2, 0.4]},
    )
    assert PublishedValue(None, TEST_ACCURACY, BEST_VALIDATION).measured(history) == 0.88
    assert PublishedValue(None, TEST_ACCURACY).measured(history) == 0.89
    assert PublishedValue(None, TRAINING_COST).measured(history) == 0.2
    assert PublishedValue(None, VALIDATION_ACCURACY, 0).measured(history) == 0.7
    assert PublishedValue(None, VALIDATION_ACCURACY, 3).measured(history) is None
    assert PublishedValue(None, TEST_COST).measured(history) is None


def test_published_values_are_formatted_by_their_unit():
    assert PublishedValue(0.978, TEST_ACCURACY, BEST_VALIDATION).formatted == "test 97.80%"
    assert PublishedValue(0.3392, TRAINING_COST).formatted == "training cost 0.3392"
    assert PublishedValue(None, TEST_ACCURACY).formatted == "-"
    values = {unit: format_number(unit, 0.06574) for unit in ("accuracy", "cost", "output", "gradient norm")}
    assert values == {"accuracy": "6.57%", "cost": "0.06574", "output": "0.06574", "gradient norm": "0.06574"}
    differences = {unit: format_difference(unit, -0.0014) for unit in ("accuracy", "cost")}
    assert differences == {"accuracy": "-0.14", "cost": "-0.0014"}


def test_all_entries_have_the_same_interface():
    for entry in ENTRIES.values():
        assert entry.kind == (
            "measurement" if entry.name in MEASUREMENTS else "vote" if entry.voters_of else "training"
        )
        assert (entry.epochs is None) == (entry.settings == {}) == (entry.name in MEASUREMENTS)
        assert list(entry.published) == [value.label for value in entry.published_values]
        assert len(entry.published) == len(entry.published_values)
        assert entry.as_dict()["published"] == entry.published
        assert all(variant.row == entry.row for variant in entry.variants())
