"""Runs beyond the book: their size, their recorded methods, and test images that are evaluated once."""

import json
from dataclasses import replace

import numpy as np
import pytest

import network3
from network3.datasets import load_mnist
from network3.experiments.catalogue import RUNS, beyond
from network3.experiments.experiment import load, prepare
from network3.experiments.reproduction.records import read_records
from network3.experiments.reproduction.tasks import VARIANTS, Task
from network3.experiments.reproduction.votes import vote_accuracies
from network3.experiments.reproduction.work import carry_out
from network3.optim import OneCycle
from network3.optim.augmentation import Deformation
from network3.optim.schedules import ExponentialDecay
from network3.training.history import History

TEST = "test accuracy at the best validation epoch"
METHODS = {"schedule": ExponentialDecay(0.5), "augment": Deformation(shift=1)}
LATE = replace(
    RUNS["shallow"],
    name="late",
    image_counts=(600, 200),
    training=RUNS["shallow"].training | {"epochs": 4},
    methods=METHODS,
    test_in_training=False,
)
LAST_COUNTS = replace(
    LATE, name="last", data="all", methods={}, published_values=RUNS["beyond_all_images"].published_values
)


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    for run in (LATE, LAST_COUNTS, replace(LATE, name="early", test_in_training=True)):
        monkeypatch.setitem(VARIANTS, run.name, run)


@pytest.fixture
def results(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path


@pytest.mark.parametrize("run", [run for run in beyond.RUNS if run.nets == 1], ids=lambda run: run.name)
def test_the_networks_have_at_most_two_million_parameters_as_in_the_note(run):
    net = network3.Network(run.layers(10), 10)
    count = sum(param.get_value().size for param in net.params)
    assert count <= 2_000_000
    assert f"{count:,} parameters" in run.note
    assert f"{count:,} parameters" in run.layers.__doc__
    assert not run.test_in_training
    assert network3.Network(run.layers(10, 32 * 32, 7), 10).shapes[-1] == (None, 7)  # of images of another size


def test_votes_are_of_the_networks_before():
    one, several = RUNS["beyond_ensemble"], RUNS["beyond_filter_sizes"]
    assert [one.voter(k) for k in range(one.nets)] == [("beyond_single", seed) for seed in range(5)]
    on_all = RUNS["beyond_all_images_vote"]
    assert on_all.nets == 9
    assert on_all.voters_of == ("beyond_all_images_40", "beyond_all_unpadded_5", "beyond_all_unpadded_7")
    names = ["beyond_single", "beyond_strided", "beyond_unpadded_5", "beyond_unpadded_7"]
    assert [several.voter(k) for k in range(several.nets)] == [(name, seed) for seed in range(3) for name in names]


def test_methods_are_described_as_python_code():
    described = json.loads(json.dumps(RUNS["beyond_single"].as_dict()))["training"]
    for name, method in RUNS["beyond_single"].methods.items():
        written = eval(described[name], {type(method).__name__: type(method)})  # a dataclass's repr is its constructor
        assert written == method


def test_methods_are_trained_with_and_recorded(results):
    record = carry_out(Task("late", 0), results, threads=1)
    assert record.history.eta == pytest.approx([0.1 * np.exp(-0.5 * epoch) for epoch in range(4)])
    described = {"schedule": "ExponentialDecay(rate=0.5)", "augment": repr(METHODS["augment"])}
    assert record.training == LATE.training | described
    assert [one.training for one in read_records(results / "reproduction.jsonl")] == [record.training]
    settings = json.loads((results / "work" / "late-seed0" / "run.json").read_text(encoding="utf-8"))
    assert (settings["training"], settings["methods"]) == (LATE.training, described)


def test_a_record_of_other_methods_is_skipped(results, monkeypatch):
    carry_out(Task("late", 0), results, threads=1)
    monkeypatch.setitem(VARIANTS, "late", replace(LATE, methods={}))
    with pytest.warns(UserWarning, match="late seed 0, trained with other settings than the catalogue's"):
        assert read_records(results / "reproduction.jsonl") == []


def test_a_run_with_other_methods_is_not_continued(results):
    carry_out(Task("late", 0), results, threads=1)
    other = replace(LATE, methods=METHODS | {"schedule": ExponentialDecay(0.25)})
    got = r"got schedule was ExponentialDecay\(rate=0\.5\) and is ExponentialDecay\(rate=0\.25\)\. "
    with pytest.raises(ValueError, match=got):
        prepare(other, results / "work" / "late-seed0", {}, None, resume=True)


def test_the_test_images_are_evaluated_once_at_the_best_epoch(results):
    early, late = (carry_out(Task(name, 0), results, threads=1) for name in ("early", "late"))
    assert late.history.validation_accuracy == early.history.validation_accuracy
    evaluations = [sum(value is not None for value in one.history.test_accuracy) for one in (early, late)]
    assert evaluations[0] > evaluations[1] == 1
    assert late.values == early.values == {TEST: late.history.corresponding_test_accuracy}
    assert late.values[TEST] == pytest.approx(1 - len(late.errors) / 10_000, abs=1e-9)
    assert History.load(results / "work" / "late-seed0" / "history.jsonl") == late.history


def test_all_images_are_trained_on_with_the_settings_found_by_the_validation_images():
    (images, labels), validation, test = load(RUNS["beyond_all_images"])
    parts = load(RUNS["beyond_strided"])
    assert validation is None
    assert len(images) == len(labels) == 60_000
    for whole, k in ((images, 0), (labels, 1)):
        np.testing.assert_array_equal(whole[:50_000], parts[0][k])
        np.testing.assert_array_equal(whole[50_000:], parts[1][k])
    np.testing.assert_array_equal(test[1], parts[2][1])
    for name, of in (
        ("beyond_all_images", "beyond_strided"),
        ("beyond_all_unpadded_5", "beyond_unpadded_5"),
        ("beyond_all_unpadded_7", "beyond_unpadded_7"),
    ):
        run, found = RUNS[name], RUNS[of]
        assert run.layers is found.layers
        longer = {} if name == "beyond_all_images" else {"epochs": 40, "schedule": repr(OneCycle(40))}
        assert run.settings == found.settings | longer


def test_without_validation_images_the_last_epoch_counts(results):
    record = carry_out(Task("last", 0), results, threads=1)
    history = record.history
    assert (history.validation_accuracy, history.best_epoch) == ([], None)
    assert [value is None for value in history.test_accuracy] == [True, True, True, False]
    assert record.values == {"test accuracy at the last epoch": history.test_accuracy[-1]}
    assert history.corresponding_test_accuracy == history.test_accuracy[-1] > 0.7
    assert history.batches == 80  # 800 images: those for validation as well
    net = network3.load(results / "work" / "last-seed0" / "model.safetensors")
    images, labels = load_mnist()[2]
    wrong = np.flatnonzero(net.predict(images) != labels)
    assert [image for image, _ in record.errors] == wrong.tolist()
    assert record.values["test accuracy at the last epoch"] == pytest.approx(1 - len(wrong) / 10_000, abs=1e-9)
    assert [one.errors for one in read_records(results / "reproduction.jsonl")] == [record.errors]


def test_what_was_trained_on_all_images_goes_on_to_the_same_record(results, monkeypatch):
    whole = carry_out(Task("last", 0), results, threads=1)
    begun = results / "begun"
    (begun / "work").mkdir(parents=True)
    monkeypatch.setenv("NETWORK3_MAX_EPOCHS", "2")
    assert carry_out(Task("last", 0), begun, threads=1).cut
    monkeypatch.delenv("NETWORK3_MAX_EPOCHS")
    continued = carry_out(Task("last", 0), begun, threads=1)
    assert (continued.values, continued.errors) == (whole.values, whole.errors)
    assert continued.history.test_accuracy == whole.history.test_accuracy


def test_networks_trained_on_all_images_vote(results, monkeypatch):
    vote = replace(LAST_COUNTS, name="vote", nets=3, voters_of=("last",))
    monkeypatch.setitem(VARIANTS, vote.name, vote)
    record = carry_out(Task("vote", 0), results, threads=1)
    networks = [one for one in read_records(results / "reproduction.jsonl") if one.name == "last"]
    labels = load_mnist()[2][1]
    assert [one.seed for one in networks] == [0, 1, 2]
    assert record.values["test accuracy at the last epoch"] == vote_accuracies(networks, 3, labels)[0]
