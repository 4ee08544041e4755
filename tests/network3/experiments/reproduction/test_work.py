"""One task in this process: its record, its continuation after an interruption, divergence, and votes."""

import json
import signal
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock

import network3
from network3 import History, datasets
from network3.experiments.catalogue import RUNS
from network3.experiments.reproduction import work
from network3.experiments.reproduction.records import append, read_records
from network3.experiments.reproduction.tasks import VARIANTS, Task
from network3.experiments.reproduction.votes import vote_accuracies
from network3.experiments.reproduction.work import carry_out, folder_of

TEST = "test accuracy at the best validation epoch"
SIZES = {"image_counts": (600, 200), "training": RUNS["shallow"].training | {"epochs": 3}}
TINY = replace(RUNS["shallow"], name="tiny", **SIZES)
LARGE = {"epochs": 3, "mini_batch_size": 10, "eta": 1e9, "lmbda": 1e9}  # no float32 is so large


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    for run in (
        TINY,
        replace(TINY, name="two", nets=2, voters_of=("tiny",)),
        replace(TINY, name="far_too_fast", training=LARGE),
    ):
        monkeypatch.setitem(VARIANTS, run.name, run)


@pytest.fixture
def results(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path


def lines(results):
    return (results / "reproduction.jsonl").read_text(encoding="utf-8").splitlines()


def digits(folder, images):
    """Return the predictions of the network in `folder` for `images`, computed with NumPy from its weights."""
    hidden_w, hidden_b, out_w, out_b = network3.load(folder / "model.safetensors").get_weights()
    hidden = 1 / (1 + np.exp(-(images / 256.0 @ hidden_w + hidden_b)))
    return (hidden @ out_w + out_b).argmax(axis=1)


def same_but_for_the_time(one, other):
    return replace(one, seconds=[]) == replace(other, seconds=[])


def test_the_record_of_a_training_agrees_with_its_folder(results):
    record = carry_out(Task("tiny", 4), results, threads=1)
    folder = folder_of(results, Task("tiny", 4))
    assert folder == results / "work" / "tiny-seed4"
    history = History.load(folder / "history.jsonl")
    assert record.history == history
    assert (history.epochs, history.batches, record.name, record.row, record.seed) == (3, 60, "tiny", "6.1", 4)
    images, labels = datasets.load_mnist()[2]
    accuracy = (digits(folder, images) == labels).mean()
    assert accuracy > 0.3  # it has learned something
    assert record.values == {TEST: history.corresponding_test_accuracy} == {TEST: pytest.approx(accuracy)}
    assert record.seconds == sorted(history.seconds)[1] * 3  # the first includes compiling, so the median counts
    assert (record.training, record.note, record.environment["threads"]) == (TINY.training, "", 1)
    settings = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (settings["seed"], settings["training"], settings["first"]) == (4, TINY.training, [600, 200])


def test_a_task_is_done_once(results):
    record = carry_out(Task("tiny", 0), results, threads=1)
    files = {path: path.stat().st_mtime_ns for path in folder_of(results, Task("tiny", 0)).iterdir()}
    (line,) = lines(results)
    again = carry_out(Task("tiny", 0), results, threads=2)
    assert again == read_records(results / "reproduction.jsonl")[0]
    assert (again.values, again.environment) == (record.values, record.environment)
    assert lines(results) == [line]
    assert {path: path.stat().st_mtime_ns for path in folder_of(results, Task("tiny", 0)).iterdir()} == files


def test_another_seed_is_another_training(results):
    histories = [carry_out(Task("tiny", seed), results, threads=1).history for seed in (0, 1)]
    assert histories[0].cost != histories[1].cost
    assert [record.seed for record in read_records(results / "reproduction.jsonl")] == [0, 1]


def test_nothing_is_printed(results, capsys):
    carry_out(Task("tiny", 0), results, threads=1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("epoch_done", [False, True])
def test_an_interrupted_training_continues_to_the_same_history(results, tmp_path, monkeypatch, epoch_done):
    (tmp_path / "alone" / "work").mkdir(parents=True)
    alone = carry_out(Task("tiny", 0), tmp_path / "alone", threads=1)

    def press_ctrl_c(progress):
        if progress.epoch == 1 and progress.epoch_done == epoch_done:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("network3.training.trainer.STEPS_A_CHUNK", 25)
        patch.setattr(work, "stop_with_parent", press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            carry_out(Task("tiny", 0), results, threads=1)
    assert not (results / "reproduction.jsonl").exists()
    before = History.load(folder_of(results, Task("tiny", 0)) / "history.jsonl")
    assert before.epochs == (2 if epoch_done else 1)
    record = carry_out(Task("tiny", 0), results, threads=1)
    assert same_but_for_the_time(record.history, alone.history)
    assert record.history.seconds[: before.epochs] == before.seconds
    assert record.values == alone.values
    assert len(lines(results)) == 1


def test_a_training_cut_by_max_epochs_is_not_recorded_and_can_be_continued(results, monkeypatch):
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    cut = carry_out(Task("tiny", 0), results, threads=1)
    assert (cut.cut, cut.history.epochs, cut.note) == (True, 1, "")
    assert not (results / "reproduction.jsonl").exists()
    monkeypatch.delenv("NETWORK3_MAX_EPOCHS")
    record = carry_out(Task("tiny", 0), results, threads=1)
    assert (record.cut, record.history.epochs, record.history.cost[0]) == (False, 3, cut.history.cost[0])
    assert len(lines(results)) == 1


@pytest.mark.parametrize("name", ["two", "more_data_100"])
def test_nothing_cut_by_max_epochs_is_recorded(results, monkeypatch, name):
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "1")
    carry_out(Task(name, 0), results, threads=1)
    assert not (results / "reproduction.jsonl").exists()


def test_a_lost_record_is_made_again_without_training(results):
    record = carry_out(Task("tiny", 0), results, threads=1)
    (results / "reproduction.jsonl").unlink()
    again = carry_out(Task("tiny", 0), results, threads=1)
    assert (again.history, again.values) == (record.history, record.values)  # seconds and all
    assert len(lines(results)) == 1


def test_a_folder_with_other_settings_is_not_continued(results, monkeypatch):
    carry_out(Task("tiny", 0), results, threads=1)
    monkeypatch.setitem(VARIANTS, "tiny", replace(TINY, training=TINY.training | {"eta": 0.5}))
    with pytest.raises(
        ValueError, match=r"expected the settings that it was begun with; got eta was 0\.1 and is 0\.5\."
    ):
        carry_out(Task("tiny", 0), results, threads=1)
    assert len(lines(results)) == 1


def test_a_training_that_diverges_is_a_result_with_a_note(results):
    record = carry_out(Task("far_too_fast", 0), results, threads=1)
    assert record.note.startswith("SGD: epoch 0, mini-batch ")
    assert "expected a finite cost and finite weights; got " in record.note
    assert (record.values, record.seconds, record.history.epochs) == ({TEST: None}, 0.0, 0)
    assert carry_out(Task("far_too_fast", 0), results, threads=1) == record
    assert len(lines(results)) == 1


def test_misclassified_images_are_recorded(results):
    record = carry_out(Task("tiny", 0), results, threads=1)
    images, labels = datasets.load_mnist()[2]
    predicted = digits(folder_of(results, Task("tiny", 0)), images)
    assert record.errors == [[k, predicted[k]] for k in range(10_000) if predicted[k] != labels[k]]
    assert read_records(results / "reproduction.jsonl")[0].errors == record.errors


def test_networks_vote(results):
    carry_out(Task("tiny", 7), results, threads=1)  # done already: not done again
    record = carry_out(Task("two", 3), results, threads=1)
    images, labels = datasets.load_mnist()[2]
    folders = [
        folder_of(results, Task("tiny", seed)) for seed in (6, 7)
    ]  # seeds 0 to 5 belong to the first three votes
    alone = [digits(folder, images) for folder in folders]
    assert (alone[0] != alone[1]).any()
    # Of two that differ, the first counts.
    assert record.values == {
        TEST: pytest.approx((alone[0] == labels).mean()),
        "test accuracy of network 1": pytest.approx((alone[0] == labels).mean()),
        "test accuracy of network 2": pytest.approx((alone[1] == labels).mean()),
    }
    assert record.history is None
    assert record.errors == [[k, alone[0][k]] for k in range(10_000) if alone[0][k] != labels[k]]
    found = read_records(results / "reproduction.jsonl")
    assert [(one.name, one.seed) for one in found] == [("tiny", 7), ("tiny", 6), ("two", 3)]
    assert record.seconds == pytest.approx(found[0].seconds + found[1].seconds, rel=1e-4)  # records keep six digits


def test_all_votes_of_three_networks_are_those_of_their_recorded_errors(results):
    records = [carry_out(Task("tiny", seed), results, threads=1) for seed in (0, 1, 2)]
    images, labels = datasets.load_mnist()[2]
    alone = [digits(folder_of(results, Task("tiny", seed)), images) for seed in (0, 1, 2)]
    # Of two that differ, the first counts: 0 and 1, 0 and 2, 1 and 2.
    expected = [(alone[first] == labels).mean() for first in (0, 0, 1)]
    assert vote_accuracies(records, 2, labels) == pytest.approx(expected)
    (all_three,) = vote_accuracies(records, 3, labels)
    winners = np.where(alone[1] == alone[2], alone[1], alone[0])
    assert all_three == pytest.approx((winners == labels).mean())


def test_a_vote_needs_the_errors_of_its_networks(results):
    for seed in (0, 1):
        append(results / "reproduction.jsonl", replace(carry_out(Task("tiny", seed), results, threads=1), errors=None))
    expected = (
        r"expected networks with their errors; got tiny seed 0 without .*\. Delete its line in .*reproduction\.jsonl"
    )
    with pytest.raises(ValueError, match=expected):
        carry_out(Task("two", 0), results, threads=1)


def test_a_measurement_leaves_no_folder(results):
    record = carry_out(Task("average_darkness", 0), results, threads=1)
    assert record.values == {"test accuracy": 0.2225}  # as the book has it
    assert (record.training, record.history) == ({}, None)
    assert not folder_of(results, Task("average_darkness", 0)).exists()


def test_a_task_of_another_process_is_not_done(results):
    with FileLock(results / "work" / "tiny-seed0.lock"):
        assert carry_out(Task("tiny", 0), results, threads=1) is None
    assert not (results / "reproduction.jsonl").exists()
    assert carry_out(Task("tiny", 0), results, threads=1).history.epochs == 3
