"""The file of records: what is read again, what is skipped with a warning, and several writers at once."""

import hashlib
import json
import multiprocessing
import warnings
from dataclasses import asdict, replace

import pytest

from network3 import History
from network3.experiments.catalogue import MEASUREMENTS, RUNS
from network3.experiments.reproduction.records import Record, SkippedRecord, append, read_records
from network3.experiments.reproduction.tasks import Task

TEST = "test accuracy at the best validation epoch"


def guess(seed, accuracy=0.125):
    """A record of a measurement."""
    return Record("random_guess", "1.6", seed, {"test accuracy": accuracy}, 0.5, {}, None, {"threads": 1})


def shallow(epochs=60, seed=0, note=""):
    """A record of a training whose numbers have few digits."""
    history = History(
        cost=[round(2.5 - epoch / 100, 2) for epoch in range(epochs)],
        validation_accuracy=[round(0.9 + epoch / 1000, 3) for epoch in range(epochs)],
        test_accuracy=[0.5] * epochs,
        monitors={"training_cost": [0.25] * epochs},
        eta=[0.125] * epochs,
        seconds=[1.5] * epochs,
        batches=5000,
    )
    training = RUNS["shallow"].training
    return Record("shallow", "6.1", seed, {TEST: 0.5, "other": None}, 90.0, training, history, {"threads": 2}, note)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reproduction.jsonl"


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def reading(path, number, got):
    """Return the records, after checking that the only warning is of that line and for that reason."""
    with pytest.warns(SkippedRecord) as caught:
        records = read_records(path)
    expected = f"{path}, line {number}: expected a record as it was written; got {got}. Skipped."
    assert [str(warning.message) for warning in caught] == [expected]
    return records


def test_no_file_is_no_records(path):
    assert read_records(path) == []


def test_written_records_are_read_again(path):
    written = [
        shallow(),
        replace(guess(0), errors=[[0, 7], [9999, 1]]),
        shallow(seed=1, note="who: expected; got é <b>. Hint."),
    ]
    for record in written:
        append(path, record)
    assert read_records(path) == written
    assert [record.task for record in written] == [Task("shallow", 0), Task("random_guess", 0), Task("shallow", 1)]
    assert len(lines(path)) == 3


def test_records_of_the_first_format_had_no_errors(path):
    content = {"format": 1} | {key: value for key, value in asdict(guess(0)).items() if key != "errors"}
    line = json.dumps(content, sort_keys=True)
    checksum = hashlib.sha256(line.encode()).hexdigest()[:16]
    path.write_text(json.dumps(content | {"checksum": checksum}) + "\n", encoding="utf-8")
    assert read_records(path) == [guess(0)]
    assert guess(0).errors is None


def test_costs_and_seconds_keep_six_digits(path):
    history = History(cost=[1234.56789, 1e-7 / 3], seconds=[2 / 3, 12.3456789], batches=10**9)
    values = {TEST: 0.97800, "other": 2 / 3}
    append(path, replace(shallow(note="ended"), values=values, seconds=1e9 / 7, history=history))
    (record,) = read_records(path)
    assert record.history == History(cost=[1234.57, 3.33333e-8], seconds=[0.666667, 12.3457], batches=10**9)
    assert (record.values, record.seconds) == ({TEST: 0.978, "other": 0.666667}, 142857000.0)


def test_a_line_that_was_cut_short_is_skipped(path):
    for seed in range(3):
        append(path, guess(seed))
    first, second, third = lines(path)
    path.write_text("\n".join([first, second[: len(second) // 2], third]), encoding="utf-8")
    assert reading(path, 2, "an incomplete line") == [guess(0), guess(2)]


def test_a_record_after_an_incomplete_line_is_complete(path):
    append(path, guess(0))
    append(path, guess(1))
    path.write_bytes(path.read_bytes()[:-20])
    append(path, guess(2))
    assert reading(path, 2, "an incomplete line") == [guess(0), guess(2)]
    assert len(lines(path)) == 3


def test_other_content_does_not_affect_the_records(path):
    append(path, guess(0))
    for junk in (b"", b"no json", b"[1, 2]", b"7", b'{"format": 1}', b'{"checksum": 3}', b"\xff\xfe"):
        with path.open("ab") as file:
            file.write(junk + b"\n")
    append(path, guess(1))
    with pytest.warns(SkippedRecord, match="an incomplete line") as caught:
        assert read_records(path) == [guess(0), guess(1)]
    assert [str(warning.message).split(":")[0] for warning in caught] == [f"{path}, line {n}" for n in range(2, 9)]


@pytest.mark.parametrize(("old", "new"), [("0.125", "0.975"), ('"seed": 1', '"seed": 5'), ('"1.6"', '"1.7"')])
def test_an_edited_line_is_skipped(path, old, new):
    for seed in range(3):
        append(path, guess(seed))
    first, second, third = lines(path)
    assert second.count(old) == 1
    path.write_text("\n".join([first, second.replace(old, new), third]) + "\n", encoding="utf-8")
    seed = 5 if "seed" in new else 1
    assert reading(path, 2, f"random_guess seed {seed}, changed since it was written") == [guess(0), guess(2)]


def test_a_line_of_a_newer_version_is_skipped(path, monkeypatch):
    monkeypatch.setattr("network3.experiments.reproduction.records.FORMAT", 9)
    append(path, guess(0))
    monkeypatch.undo()
    assert json.loads(lines(path)[0])["format"] == 9
    append(path, guess(1))
    assert reading(path, 1, "format 9 of a newer network3") == [guess(1)]


def test_a_run_that_is_not_in_the_catalogue_is_skipped(path):
    append(path, replace(guess(0), name="deepest"))
    append(path, guess(1))
    assert reading(path, 1, "deepest, which is not in the catalogue") == [guess(1)]


@pytest.mark.parametrize("changed", [{"eta": 0.2}, {"epochs": 61}, {"lmbda": 0.1}])
def test_a_training_with_other_settings_is_skipped(path, changed):
    append(path, replace(shallow(), training=RUNS["shallow"].training | changed))
    append(path, shallow(seed=1))
    assert reading(path, 1, "shallow seed 0, trained with other settings than the catalogue's") == [shallow(seed=1)]


def test_a_training_that_stopped_early_counts_only_with_a_reason(path):
    append(path, shallow(epochs=59))
    append(path, shallow(epochs=58, seed=1, note="it diverged"))
    assert reading(path, 1, "shallow seed 0, 59 epochs of 60") == [shallow(epochs=58, seed=1, note="it diverged")]


def test_the_last_of_a_name_and_a_seed_counts(path):
    for record in (guess(0, 0.25), guess(1, 0.5), guess(0, 0.75)):
        append(path, record)
    assert read_records(path) == [guess(0, 0.75), guess(1, 0.5)]


def test_all_of_the_catalogue_can_be_recorded(path):
    runs = [variant for run in RUNS.values() for variant in run.variants()]
    for entry in [*runs, *MEASUREMENTS.values()]:
        append(path, Record(entry.name, entry.row, 0, {}, 1.0, entry.settings, None, {}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_records(path)) == (5 + 20 + 4 + 14 + 8 + 11) + (3 + 18 + 3)


def append_many(path, first):
    for seed in range(first, first + 40):
        append(path, shallow(seed=seed))


def test_two_processes_that_write_at_once_lose_nothing(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(path, first)) for first in (0, 40)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(read_records(path), key=lambda record: record.seed) == [shallow(seed=seed) for seed in range(80)]
