"""The record of a training: derived values, and saving and loading."""

import json
import math
import sys

import pytest

from network3 import History


@pytest.fixture
def history():
    return History(
        cost=[0.5, 0.1 + 0.2, 0.25],
        validation_accuracy=[0.9, 0.95, 0.95],
        test_accuracy=[0.89, 0.94, 0.93],
        monitors={"training_cost": [0.4, 0.3, 0.2]},
        seconds=[1.5, 1.25, 1.0],
        batches=40,
    )


def test_the_best_epoch_is_the_last_of_several(history):
    assert (history.best_epoch, history.best_iteration) == (2, 119)
    assert (history.best_validation_accuracy, history.corresponding_test_accuracy) == (0.95, 0.93)


def test_without_validation_there_is_no_best():
    history = History(cost=[1.0], seconds=[1.0], batches=3)
    assert history.best_epoch is history.best_iteration is history.best_validation_accuracy is None
    assert history.rows() == [{"epoch": 0, "iteration": 2, "cost": 1.0, "seconds": 1.0, "monitors": {}}]


def test_without_validation_the_test_accuracy_is_that_of_the_last_epoch():
    history = History(cost=[1.0, 0.5], test_accuracy=[None, 0.9], seconds=[1.0, 1.0], batches=3)
    assert history.corresponding_test_accuracy == 0.9
    assert (history.best_epoch, repr(history)) == (None, "History(2 epochs, cost 0.5, test 90.00%)")


@pytest.fixture
def fitted():
    return History(
        cost=[0.5, 0.4, 0.3, 0.2],
        validation_cost=[0.9, 0.25, 0.25, 0.5],
        test_cost=[0.8, 0.3, None, None],
        seconds=[1.0] * 4,
        batches=10,
    )


def test_without_accuracies_the_lowest_cost_is_the_best_and_the_first_of_several(fitted):
    assert (fitted.measure, fitted.best_epoch, fitted.best_iteration) == ("cost", 1, 19)
    assert (fitted.best_validation_cost, fitted.corresponding_test_cost) == (0.25, 0.3)
    assert fitted.best_validation_accuracy is fitted.corresponding_test_accuracy is None
    assert repr(fitted) == "History(4 epochs, cost 0.2, best validation cost 0.25, test cost 0.3)"


def test_with_accuracies_there_is_no_best_cost(history):
    assert history.measure == "accuracy"
    assert history.best_validation_cost is history.corresponding_test_cost is None


@pytest.mark.parametrize(
    ("costs", "best"),
    [([math.nan, 0.5], 1), ([0.5, math.nan, -1.0], 2), ([math.inf, math.nan], None), ([-math.inf, 2.0], 1)],
)
def test_a_cost_that_is_not_finite_is_never_the_best(costs, best):
    history = History(cost=[1.0] * len(costs), validation_cost=costs, test_cost=[None] * len(costs), batches=1)
    assert history.best_epoch == best
    assert history.best_validation_cost == (None if best is None else costs[best])


def test_costs_are_in_the_rows_and_read_back(fitted, tmp_path):
    assert [row["validation_cost"] for row in fitted.rows()] == fitted.validation_cost
    assert not any("validation_accuracy" in row for row in fitted.rows())
    fitted.save(tmp_path / "h")
    assert History.load(tmp_path / "h") == fitted


def test_a_value_is_recorded_with_whether_it_is_the_best():
    history = History(cost=[1.0, 1.0])  # of a checkpoint that an older network3 wrote, which has no validation costs
    assert history.record_validation("cost", 0.5)
    history.cost.append(1.0)
    assert not history.record_validation("cost", 0.5)
    assert [math.isnan(cost) for cost in history.validation_cost] == [True, True, False, False]
    assert (history.best_epoch, history.test_cost) == (2, [None] * 4)


def test_a_file_has_one_object_per_epoch_and_is_read_back_unchanged(history, tmp_path):
    history.test_accuracy[1] = None
    history.save(tmp_path / "history.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[1] == {
        "epoch": 1,
        "iteration": 79,
        "cost": 0.1 + 0.2,
        "seconds": 1.25,
        "validation_accuracy": 0.95,
        "test_accuracy": None,
        "monitors": {"training_cost": 0.3},
    }
    assert History.load(tmp_path / "history.jsonl") == history


def test_a_record_without_epochs_is_an_empty_file(tmp_path):
    History(batches=7).save(tmp_path / "h")
    assert (tmp_path / "h").read_bytes() == b""
    assert History.load(tmp_path / "h") == History()


@pytest.mark.parametrize("text", ["no json", "[1, 2]", '{"epoch": 0}', "7"])
def test_other_files_are_rejected(tmp_path, text):
    (tmp_path / "h").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"History\.load: .*h: expected a file that History\.save wrote; got"):
        History.load(tmp_path / "h")


def test_a_name_has_the_values_of_all_epochs_and_a_number_those_of_one(history):
    assert history["cost"] == history.cost
    assert history["training_cost"] == [0.4, 0.3, 0.2]
    assert history["iteration"] == [39, 79, 119]
    assert history[-1] == {
        "epoch": 2,
        "iteration": 119,
        "cost": 0.25,
        "seconds": 1.0,
        "validation_accuracy": 0.95,
        "test_accuracy": 0.93,
        "training_cost": 0.2,
    }
    assert [row["epoch"] for row in history] == [0, 1, 2]
    assert history[1:] == [history[1], history[2]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("loss", r'expected one of epoch, iteration, cost, .*; got loss\. Write history\["cost"\]'),
        ("val_accuracy", r'Write history\["validation_accuracy"\]'),
        ("trainingcost", r'Write history\["training_cost"\]'),
        ("accuracy", r"got accuracy\. (Write|Record)"),
        ("xyzzy", r"Record it with SGD\(monitor="),
    ],
)
def test_a_name_that_was_not_recorded_is_refused_with_the_nearest(history, name, words):
    with pytest.raises(KeyError, match=words):
        history[name]


def test_an_epoch_that_there_is_not_is_an_index_error(history):
    with pytest.raises(IndexError):
        history[3]
    with pytest.raises(KeyError, match="expected a history of 1 epoch or more"):
        History()["cost"]


def test_a_monitored_cost_beside_the_records_own_has_another_name(fitted):
    fitted.monitors = {"validation_cost": [1.0, 2.0, 3.0, 4.0], "training_cost": [5.0, 6.0, 7.0, 8.0]}
    assert fitted["validation_cost"] == [0.9, 0.25, 0.25, 0.5]
    assert fitted["monitored_validation_cost"] == [1.0, 2.0, 3.0, 4.0]
    assert fitted["training_cost"] == [5.0, 6.0, 7.0, 8.0]


def test_a_monitored_accuracy_fills_the_gaps_of_the_record(history):
    history.test_accuracy[1] = None
    history.monitors = {"test_accuracy": [0.89, 0.91, 0.93]}
    assert history["test_accuracy"] == [0.89, 0.91, 0.93]


def test_a_data_frame_has_a_row_for_each_epoch(history):
    frame = history.to_frame()
    assert frame.index.name == "epoch"
    assert list(frame.columns) == [name for name in history[0] if name != "epoch"]
    assert frame["cost"].tolist() == history.cost
    assert frame.loc[1, "test_accuracy"] == 0.94
    assert History().to_frame().empty


def test_without_pandas_a_data_frame_is_refused(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"History.to_frame: expected pandas; got none\. Install it"):
        history.to_frame()


def test_it_plots_itself(history):
    figure = history.plot(published=0.9)
    lines = {line.get_label(): line for ax in figure.axes for line in ax.lines}
    assert lines["while training"].get_ydata().tolist() == history.cost
    assert "book 90.00" in lines
