"""Runs beyond the book: their size, their recorded methods, and test images that are evaluated once."""

import json
from dataclasses import replace

import numpy as np
import pytest

import network3
from network3.datasets import load_mnist
from network3.experiments.catalogue import MEASUREMENTS, RUNS, all_images, beyond
from network3.experiments.experiment import prepare
from network3.experiments.reproduction.records import read_records
from network3.experiments.reproduction.tasks import VARIANTS, Task
from network3.experiments.reproduction.work import carry_out
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


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    for run in (LATE, replace(LATE, name="early", test_in_training=True)):
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


def test_all_images_are_those_for_training_and_validation(monkeypatch):
    (images, labels), _, (test_images, test_labels) = load_mnist()
    low, tested = labels[:2000] < 5, test_labels[:500]
    digits = [(images[:2000][which], labels[:2000][which]) for which in (low, ~low)]
    monkeypatch.setattr(all_images, "load_mnist", lambda: (*digits, (test_images[:500], tested)))
    measure = all_images.AllImages(replace(LATE, training=LATE.training | {"shuffle": True}, methods={}))
    found = [measure(seed)["test accuracy"] for seed in (0, 0, 1)]
    assert min(found) > 0.7 > max(np.mean(tested < 5), np.mean(tested >= 5))
    assert found[0] == found[1] != found[2]


def test_all_images_are_trained_on_with_the_settings_of_the_run(monkeypatch):
    given = {}
    monkeypatch.setattr(network3.Network, "SGD", lambda self, data, *args, **kwargs: given.update(kwargs, data=data))
    measurement = MEASUREMENTS["beyond_all_images"]
    accuracy = measurement.measure(0)["test accuracy"]
    assert accuracy < 0.5  # not trained
    assert [len(array) for array in given.pop("data")] == [60_000, 60_000]
    run = RUNS["beyond_strided"]
    assert given == run.training | run.methods | {"cost": None, "seed": 0, "verbose": False}
