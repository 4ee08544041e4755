"""``network3 train``: the files of a run, how it is resumed, and what is refused."""

import dataclasses
import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest

import network3
from network3.cli.training_progress import TrainingReporter
from network3.experiments.catalogue import RUNS

FILES = {
    "checkpoint.safetensors",
    "errors.png",
    "filters_layer0.png",
    "history.jsonl",
    "confusion.png",
    "learning_curve.png",
    "model.safetensors",
    "run.json",
}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def no_plots(monkeypatch):
    """Leave the plots out: drawing them takes longer than these trainings, and these tests do not use them."""
    monkeypatch.setattr("network3.cli.train.save_run_plots", lambda *arguments, **options: [])


def weights(folder):
    return network3.load(Path(folder) / "model.safetensors").get_weights()


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def test_a_run_writes_all_files(run, little):
    result = run("train", "shallow", "--epochs", 2, "--seed", 3)
    assert result.exit_code == 0, result.output
    folder = Path("network3-runs/shallow")
    assert {path.name for path in folder.iterdir()} == FILES | {"checkpoint.safetensors.previous"}
    for plot in folder.glob("*.png"):
        assert plot.read_bytes().startswith(PNG)
    history = network3.History.load(folder / "history.jsonl")
    assert history.epochs == 2
    settings = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert settings["training"] == {"epochs": 2, "mini_batch_size": 10, "eta": 0.1}
    assert (settings["run"], settings["seed"], settings["row"]) == ("shallow", 3, "6.1")
    net = network3.load(folder / "model.safetensors")
    assert net.accuracy(little[1]) == history.best_validation_accuracy  # the best epoch's weights, not the last
    lines = result.stdout.splitlines()
    assert "Training mini-batch number 0" in lines
    assert f"Epoch 1: validation accuracy {history.validation_accuracy[1]:.2%}" in lines
    assert f"test {history.corresponding_test_accuracy:.2%} (the book: test 97.80% after 60 epochs)." in lines[-4]
    assert re.fullmatch(r"Lowest by class: \d [\d.]+%, \d [\d.]+%, \d [\d.]+%\.", lines[-3])
    assert all(name in lines[-2] for name in FILES)
    assert lines[-1].endswith(f"predict {folder / 'model.safetensors'} IMAGE")


def test_without_validation_images_the_last_epoch_is_reported(run, little, monkeypatch):
    monkeypatch.setitem(RUNS, "shallow", dataclasses.replace(RUNS["shallow"], data="all", test_in_training=False))
    result = run("train", "shallow", "--epochs", 2)
    assert result.exit_code == 0, result.output
    folder = Path("network3-runs/shallow")
    assert {path.name for path in folder.iterdir()} == FILES | {"checkpoint.safetensors.previous"}
    net = network3.load(folder / "model.safetensors")
    accuracy = net.accuracy(little[2])
    assert network3.History.load(folder / "history.jsonl").test_accuracy == [None, accuracy]
    assert result.stdout.splitlines()[-4] == f"Last epoch 1: test {accuracy:.2%}."
    assert "2 epochs over 800 images" in result.stdout


@pytest.mark.usefixtures("no_plots")
def test_the_arguments_are_those_of_sgd(run, little):
    arguments = ("--epochs", 1, "--eta", 0.5, "--lmbda", 2, "--mini-batch-size", 20, "--seed", 4, "--device", "cpu")
    assert run("train", "shallow", *arguments, "--out", "a/b").exit_code == 0
    np.random.seed(4)
    net = network3.Network(RUNS["shallow"].layers(20), 20)
    net.SGD(little[0], 1, 20, 0.5, little[1], lmbda=2.0)
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), weights("a/b"), strict=True))


@pytest.mark.usefixtures("no_plots")
def test_a_second_run_replaces_none(run, little):
    for _ in range(3):
        assert run("train", "shallow", "--epochs", 1).exit_code == 0
    assert sorted(path.name for path in Path("network3-runs").iterdir()) == ["shallow", "shallow-2", "shallow-3"]
    result = run("train", "shallow", "--epochs", 1, "--out", "network3-runs/shallow")
    assert result.exit_code == 1
    assert "expected a folder without a run; got network3-runs" in result.stderr


def press_ctrl_c_in_epoch(epoch):
    """Return a reporter's method that presses Ctrl-C after the first chunk of that epoch."""
    pressed = []

    def press(self, progress):
        if progress.epoch == epoch and not pressed:
            pressed.append(progress.batch)
            signal.raise_signal(signal.SIGINT)

    return press


def test_ctrl_c_saves_and_resume_continues_to_the_same_bits(run, little, monkeypatch):
    assert run("train", "omit_FC", "--epochs", 2, "--out", "alone").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(TrainingReporter, "on_chunk", press_ctrl_c_in_epoch(1))
        patch.setattr("network3.training.trainer.STEPS_A_CHUNK", 25)
        stopped = run("train", "omit_FC", "--epochs", 2)
    assert stopped.exit_code == 130
    expected = "network3: stopped in epoch 1; everything so far is in network3-runs/omit_FC. Go on with: "
    assert stopped.stderr.replace("\\", "/").splitlines()[-1].startswith(expected)
    assert stopped.stderr.endswith("train omit_FC --resume\n")
    resumed = run("train", "omit_FC", "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert "going on to 2 epochs" in resumed.stdout
    assert same("alone", "network3-runs/omit_FC")


@pytest.mark.usefixtures("no_plots")
def test_a_finished_run_can_be_made_longer(run, little):
    assert run("train", "shallow", "--epochs", 3, "--out", "three").exit_code == 0
    assert run("train", "shallow", "--epochs", 1, "--out", "one").exit_code == 0
    assert run("train", "shallow", "--epochs", 3, "--out", "one", "--resume").exit_code == 0
    assert same("one", "three")


@pytest.mark.usefixtures("no_plots")
def test_a_longer_run_that_is_interrupted_again_keeps_its_length(run, little, monkeypatch):
    assert run("train", "shallow", "--epochs", 4, "--out", "four").exit_code == 0
    assert run("train", "shallow", "--epochs", 1).exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(TrainingReporter, "on_chunk", press_ctrl_c_in_epoch(2))
        assert run("train", "shallow", "--resume", "--epochs", 4).exit_code == 130
    assert run("train", "shallow", "--resume").exit_code == 0
    assert same("four", "network3-runs/shallow")


@pytest.mark.usefixtures("no_plots")
def test_resume_names_what_differs(run, little):
    run("train", "shallow", "--epochs", 1)
    result = run("train", "shallow", "--resume", "--eta", 0.2, "--seed", 1, "--lmbda", 3)
    assert result.exit_code == 1
    assert "got eta was 0.1 and is 0.2; lmbda was the default and is 3.0; seed was 0 and is 1." in result.stderr
    result = run("train", "dbl_conv", "--resume", "--out", "network3-runs/shallow")
    assert "got run was shallow and is dbl_conv." in result.stderr


@pytest.mark.usefixtures("no_plots")
def test_an_ensemble_trains_its_networks_which_vote(run, little, monkeypatch):
    few = RUNS["shallow"]
    run_of_two = dataclasses.replace(few, name="two", nets=2)
    monkeypatch.setitem(RUNS, "two", run_of_two)
    result = run("train", "two", "--epochs", 1, "--seed", 5, "--json")
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record.get("seed") for record in records] == [None, 5, None, 6, None]
    nets = [network3.load(f"network3-runs/two/net{k}/model.safetensors") for k in (1, 2)]
    votes = [net.predict(little[2][0]) for net in nets]  # of two that differ, the first counts
    assert records[-1] == {"ensemble": "two", "test_accuracy": pytest.approx((votes[0] == little[2][1]).mean())}
    again = run("train", "two", "--resume")
    assert again.exit_code == 0, again.output
    assert again.stdout.splitlines()[-1] == f"Together: {records[-1]['test_accuracy']:.2%} of the test images."


@pytest.mark.usefixtures("no_plots")
def test_a_vote_of_several_runs_trains_a_network_of_each_in_turn(run, little, monkeypatch):
    narrow = dataclasses.replace(RUNS["shallow"], name="narrow", layers=narrow_layers)
    monkeypatch.setitem(RUNS, "narrow", narrow)
    monkeypatch.setitem(RUNS, "both", dataclasses.replace(narrow, name="both", nets=3, voters_of=("shallow", "narrow")))
    result = run("train", "both", "--epochs", 1, "--seed", 5)
    assert result.exit_code == 0, result.output
    nets = [network3.load(f"network3-runs/both/net{k}/model.safetensors") for k in (1, 2, 3)]
    assert [net.layers[0].n_out for net in nets] == [100, 8, 100]
    folders = [json.loads(Path(f"network3-runs/both/net{k}/run.json").read_text()) for k in (1, 2, 3)]
    assert [(one["run"], one["seed"], one["training"]["epochs"]) for one in folders] == [
        ("shallow", 5, 1),
        ("narrow", 5, 1),
        ("shallow", 6, 1),
    ]


def narrow_layers(mini_batch_size, n_in=784, n_out=10):
    """Return a hidden layer of 8 neurons, and a softmax."""
    return [network3.FullyConnectedLayer(n_in, 8), network3.SoftmaxLayer(8, n_out)]


def test_json_has_a_line_for_each_epoch_and_the_result(run, little):
    result = run("train", "shallow", "--epochs", 2, "--json")
    first, second, end = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["epoch"], second["iteration"]) == (0, 119)
    assert (
        end["test_accuracy"]
        == network3.History.load("network3-runs/shallow/history.jsonl").test_accuracy[end["best_epoch"]]
    )
    assert set(end["files"]) == FILES
    assert list(end["class_accuracy"]) == list("0123456789")
    assert all(value is None or 0 <= value <= 1 for value in end["class_accuracy"].values())
    assert result.stderr == ""


@pytest.mark.usefixtures("no_plots")
def test_on_a_device_through_jax_it_is_the_same(run, little):
    assert run("train", "shallow", "--epochs", 1, "--out", "numba").exit_code == 0
    result = run("train", "shallow", "--epochs", 1, "--out", "jax", "--devices", 1)
    assert result.exit_code == 0, result.output
    for one, other in zip(weights("numba"), weights("jax"), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert json.loads(Path("jax/run.json").read_text(encoding="utf-8"))["backend"] == "jax"


def test_missing_devices_are_one_clear_line(run, little):
    result = run("train", "shallow", "--devices", 3, "--mini-batch-size", 30)
    assert (result.exit_code, result.stdout.count("Epoch")) == (1, 0)
    assert (
        "network3: SGD: devices: expected at most the 1 that JAX finds (cpu); got 3. Write devices=1." in result.stderr
    )
    assert list(Path().iterdir()) == []


@pytest.mark.usefixtures("no_plots")
def test_quiet_prints_nothing(run, little):
    result = run("train", "shallow", "--epochs", 1, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.usefixtures("no_plots")
def test_no_epochs_leave_the_initial_weights(run, little):
    assert run("train", "shallow", "--epochs", 0).exit_code == 0
    np.random.seed(0)
    net = network3.Network(RUNS["shallow"].layers(10), 10)
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), weights("network3-runs/shallow"), strict=True))


REFUSED = {
    "an unknown run": (("shalow",), "network3 train: expected a name that .*; got 'shalow'. Perhaps you meant \"sha"),
    "epochs below 0": (
        ("shallow", "--epochs", -1),
        "network3 train: epochs: expected a whole number, 0 or more; got -1",
    ),
    "eta NaN": (("shallow", "--eta", "nan"), "network3 train: eta: expected a finite number"),
    "lmbda below 0": (("shallow", "--lmbda", -1), "network3 train: lmbda: expected a finite number, at least 0"),
    "no mini-batch": (("shallow", "--mini-batch-size", 0), "network3 train: mini_batch_size: expected a whole number"),
    "a mini-batch too large": (("shallow", "--mini-batch-size", 601), "SGD: mini_batch_size: expected at most the 600"),
    "an unknown device": (("shallow", "--device", "cpux"), 'use: device: .*Perhaps you meant "cpu"'),
    "a folder that cannot be made": (("shallow", "--out", "file/run"), "network3 train: --out: expected a folder that"),
    "a folder that is a file": (("shallow", "--out", "file"), "network3 train: --out: expected a folder that"),
    "nothing to resume": (("shallow", "--resume"), "network3 train --resume: expected a run in .*; got none"),
    "nothing to resume there": (
        ("shallow", "--resume", "--out", "."),
        "expected a folder that network3 train has begun",
    ),
    "a damaged folder": (("shallow", "--resume", "--out", "bad"), "run.json, which is damaged"),
    "a newer folder": (("shallow", "--resume", "--out", "new"), "expected format 1 or older; got format 9. Update"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_clear_line_and_leaves_nothing(run, little, case):
    Path("file").write_text("in the way", encoding="utf-8")
    for folder, text in (("bad", "{"), ("new", '{"format": 9, "run": "shallow", "seed": 0, "training": {}}')):
        Path(folder).mkdir()
        (Path(folder) / "run.json").write_text(text, encoding="utf-8")
    before = set(Path().iterdir())
    arguments, message = REFUSED[case]
    result = run("train", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("network3: ")
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr), result.stderr
    assert "Traceback" not in result.output
    left = [path for path in Path("network3-runs").rglob("*") if path.is_file()]
    assert set(Path().iterdir()) - before <= {Path("network3-runs")}
    assert left == []


def test_a_word_instead_of_a_number_is_wrong_usage(run):
    result = run("train", "shallow", "--epochs", "many")
    assert result.exit_code == 2
    assert "Invalid value for '--epochs'" in result.stderr


@pytest.mark.usefixtures("no_plots")
def test_classes_of_a_table_keep_their_names(run, little):
    rng = np.random.default_rng(0)
    lines = [",".join([*map(str, rng.random(4) + k % 2), ("cat", "dog")[k % 2]]) for k in range(120)]
    Path("animals.csv").write_text("\n".join(lines), encoding="utf-8")
    result = run("train", "shallow", "--data", "animals.csv", "--epochs", 3, "--json")
    assert result.exit_code == 0, result.output
    end = json.loads(result.stdout.splitlines()[-1])
    assert list(end["class_accuracy"]) == ["cat", "dog"]
    assert end["test_accuracy"] == pytest.approx(sum(end["class_accuracy"].values()) / 2)
