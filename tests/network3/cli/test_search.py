"""``network3 search``: trials that are stored, continued, ended early or diverged, and what is refused."""

import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from network3 import Network
from network3.experiments.catalogue import RUNS
from network3.experiments.search import Search
from network3.experiments.study import open_study
from network3.optim.schedules import ExponentialDecay

STORAGE = Path("network3-search/no_hidden.log")
QUICK = ("search", "no_hidden", "--images", 300, "--epochs", 2)
TRIAL = re.compile(r"trial +(\d+): eta (\S+), lmbda (\S+), mini_batch_size (\d+): (.*)")


def study_in(storage, name="network3"):
    backend = JournalStorage(JournalFileBackend(str(storage), lock_obj=JournalFileOpenLock(str(storage))))
    return optuna.load_study(study_name=name, storage=backend)


def reported(result):
    """Return number, settings and outcome of each reported trial."""
    return [found.groups() for found in map(TRIAL.match, result.stdout.splitlines()) if found]


def test_trials_are_reported_stored_and_continued(run, little):
    first = run(*QUICK, "--trials", 2)
    assert (first.exit_code, first.stderr) == (0, ""), first.output
    assert first.stdout.startswith("Trying 2, 2 epochs each; compiling first")
    assert [trial[0] for trial in reported(first)] == ["0", "1"]
    before = study_in(STORAGE).trials
    second = run(*QUICK, "--trials", 3)
    assert second.stdout.startswith("2 trials of before.\nTrying 1, 2 epochs each")
    assert [trial[0] for trial in reported(second)] == ["2"]
    trials = study_in(STORAGE).trials
    assert trials[:2] == before
    assert len({trial.params["eta"] for trial in trials}) == 3  # continuing does not repeat the first
    best = max(trials, key=lambda trial: trial.value)
    summary, command = second.stdout.splitlines()[-2:]
    assert summary.startswith(f"Best of 3: trial {best.number}, validation {best.value:.2%} with eta ")
    options = f"--eta {best.params['eta']:.4g} --lmbda {best.params['lmbda']:.4g} --mini-batch-size 10"
    assert command == f"Train it in full: network3 train no_hidden {options}"
    again = run(*QUICK, "--trials", 3)
    assert again.stdout.splitlines() == ["3 trials of before.", summary, command]
    assert STORAGE.read_bytes().count(b"\n") > 0
    assert [path.name for path in STORAGE.parent.iterdir()] == [STORAGE.name]  # no lock is left


def test_trials_are_trained_with_the_methods_of_the_run(run, little, monkeypatch):
    train, rates = Network.SGD, []

    def record_rates(net, *arguments, **options):
        history = train(net, *arguments, **options)
        rates.append(history.eta[1] / history.eta[0])
        return history

    monkeypatch.setattr(Network, "SGD", record_rates)
    monkeypatch.setitem(RUNS, "no_hidden", replace(RUNS["no_hidden"], methods={"schedule": ExponentialDecay(0.5)}))
    assert run(*QUICK, "--trials", 1).exit_code == 0
    assert rates == [pytest.approx(np.exp(-0.5))]


def test_each_trial_is_a_training_of_its_own_on_the_first_images(run, little):
    run(*QUICK, "--trials", 2, "--seed", 3)
    (images, labels), validation, _ = little
    no_hidden = RUNS["no_hidden"]
    for trial in study_in(STORAGE).trials:
        assert 0.001 <= trial.params["eta"] <= 10
        assert 1e-4 <= trial.params["lmbda"] <= 100
        np.random.seed(3)
        net = Network(no_hidden.layers(10), 10)
        more = {"cost": no_hidden.cost, "shuffle": True, "seed": 3, "validation_data": validation}
        history = net.SGD((images[:300], labels[:300]), 2, **trial.params, **more)
        assert trial.value == max(history.validation_accuracy)
        assert list(trial.intermediate_values.values()) == history.validation_accuracy


def test_the_space_is_the_one_that_was_given(run, little):
    options = ("--eta", 0.5, 0.5, "--lmbda", 0.01, 0.02, "--mini-batch-size", 20, "--mini-batch-size", 30)
    result = run(*QUICK, "--trials", 3, *options)
    assert result.exit_code == 0, result.output
    for _, eta, lmbda, size, _ in reported(result):
        assert (eta, size in ("20", "30"), 0.01 <= float(lmbda) <= 0.02) == ("0.5", True, True)


def test_another_search_is_refused_with_the_differences(run, little):
    run(*QUICK, "--trials", 1)
    before = study_in(STORAGE).trials
    result = run("search", "no_hidden", "--images", 200, "--epochs", 3, "--eta", 0.1, 1, "--trials", 2)
    assert (result.exit_code, result.stdout) == (1, "")
    differences = "epochs was 2 and is 3; images was 300 and is 200; eta was [0.001, 10.0] and is [0.1, 1.0]"
    assert f"expected the search that was begun there; got {differences}. Name another file" in result.stderr
    other = run("search", "shallow", "--images", 300, "--epochs", 2, "--storage", STORAGE)
    assert "got run was no_hidden and is shallow." in other.stderr
    assert study_in(STORAGE).trials == before


def test_the_hint_names_no_option_that_was_not_given(run, little):
    run(*QUICK, "--trials", 1)
    result = run(*QUICK, "--trials", 1, "--eta", 0.1, 1)
    assert result.exit_code == 1
    assert "leave --storage out" not in result.stderr  # without it the file is the same


@pytest.mark.parametrize("text", ["hello\nworld\n", "hello", '{"a": 1}\n', "[]\n", "\n"])
def test_another_file_is_refused_and_not_changed(run, text):
    Path("mine.txt").write_text(text, encoding="utf-8")
    result = run(*QUICK, "--storage", "mine.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.match(r"network3: network3 search: --storage mine\.txt: expected a st.*; got .+\. Name an", result.stderr)
    assert (result.stderr.count("\n"), "Traceback" in result.output) == (1, False)
    assert [path.name for path in Path().iterdir()] == ["mine.txt"]
    assert Path("mine.txt").read_text(encoding="utf-8") == text


def test_ctrl_c_in_a_trial_keeps_the_earlier_ones(run, little, monkeypatch):
    train, begun = Network.SGD, []

    def press_ctrl_c(progress):
        if progress.epoch_done:
            signal.raise_signal(signal.SIGINT)

    def interrupted_in_the_third(net, *arguments, callbacks, **options):
        begun.append(1)
        return train(net, *arguments, callbacks=[*callbacks, press_ctrl_c][: 1 + (len(begun) == 3)], **options)

    with monkeypatch.context() as patch:
        patch.setattr(Network, "SGD", interrupted_in_the_third)
        result = run(*QUICK, "--trials", 4)
    assert result.exit_code == 130
    assert result.stderr.endswith("network3: stopped after 2 trials. Give the same command to go on.\n")
    assert len(reported(result)) == 2
    again = run(*QUICK, "--trials", 3)
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "2 trials of before.")
    assert len(reported(again)) == 1
    assert "Best of 3: trial " in again.stdout


def test_a_trial_far_worse_than_the_earlier_ones_is_ended_early(run, little):
    space = {"eta": FloatDistribution(0.001, 10.0, log=True), "lmbda": FloatDistribution(1e-4, 100.0, log=True)}
    space["mini_batch_size"] = CategoricalDistribution((10,))
    study = open_study(Search(RUNS["no_hidden"], epochs=3, images=300), STORAGE)
    for k in range(6):
        settings = {"eta": 0.1 + k / 10, "lmbda": 1.0, "mini_batch_size": 10}
        steps = {epoch: 0.99 for epoch in range(3)}
        done = optuna.trial.create_trial(params=settings, distributions=space, value=0.99, intermediate_values=steps)
        study.add_trial(done)
    result = run("search", "no_hidden", "--images", 300, "--epochs", 3, "--trials", 7)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("6 trials of before.\nTrying 1, ")
    ((number, *_, outcome),) = reported(result)
    trial = study_in(STORAGE).trials[6]
    assert list(trial.intermediate_values) == [0, 1]  # of its 3 epochs
    assert (number, outcome) == ("6", f"validation {trial.intermediate_values[1]:.2%} after epoch 1, ended")
    assert "Best of 7: trial " in result.stdout


def test_a_trial_that_diverges_is_reported_and_does_not_end_the_search(run, little):
    result = run(*QUICK, "--trials", 2, "--eta", 1e6, 1e9, "--lmbda", 10, 100)
    assert [outcome for *_, outcome in reported(result)] == ["diverged", "diverged"]


def test_settings_that_diverge_are_not_recommended(run, little):
    result = run(*QUICK, "--trials", 1, "--eta", 1e6, 1e9, "--lmbda", 10, 100)
    assert "Train it in full" not in result.stdout
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "expected a trial that learns; got 1 whose cost diverged. Try smaller rates" in result.stderr


REFUSED = {
    "fewer images than a step": (
        ("no_hidden", "--images", 5),
        "--images: expected a whole number, 10 or more; got 5. W",
    ),
    "a space upside down": (
        ("no_hidden", "--eta", 1, 0.1),
        "--eta: expected 0 < least <= most; got 1 0.1. Write e.g. ",
    ),
    "a space from 0": (
        ("no_hidden", "--eta", 0, 1),
        "--eta: expected 0 < least <= most; got 0 1. Write e.g. --eta 0.01",
    ),
    "lmbda from 0": (
        ("no_hidden", "--lmbda", 0, 1),
        "--lmbda: expected 0 < least <= most; got 0 1. Write e.g. --lmbda",
    ),
    "eta NaN": (("no_hidden", "--eta", "nan", 1), "--eta: expected a finite number, at least 0; got nan. Give a plain"),
    "eta infinite": (
        ("no_hidden", "--eta", 1, "inf"),
        "--eta: expected a finite number, at least 0; got inf. Give a pl",
    ),
    "no trial": (("no_hidden", "--trials", 0), "--trials: expected a whole number, 1 or more; got 0. Write e.g. 10."),
    "no process": (("no_hidden", "--processes", 0), "--processes: expected a whole number, 1 or more; got 0. Write"),
    "no epoch": (("no_hidden", "--epochs", 0), "--epochs: expected a whole number, 1 or more; got 0. Write e.g. 10."),
    "no step": (("no_hidden", "--mini-batch-size", 0), "--mini-batch-size: expected a whole number, 1 or more; got 0."),
    "a seed below 0": (
        ("no_hidden", "--seed", -1),
        "--seed: expected a whole number, 0 or more; got -1. Write e.g. 10.",
    ),
    "a folder": (
        ("no_hidden", "--storage", "."),
        "--storage .: expected a file that can be written; got Is a director",
    ),
    "a name": (
        ("no_hiden",),
        "expected a name that network3 list shows; got 'no_hiden'. Perhaps you meant \"no_hidden\".",
    ),
    "no validation images": (
        ("beyond_all_images",),
        "expected a run with validation images; got beyond_all_images, which trains on all images. ",
    ),
    "a measurement": (("svm",), "expected a network to train; got "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_clear_line_and_leaves_nothing(run, case):
    arguments, message = REFUSED[case]
    result = run("search", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("network3: ")
    assert message in result.stderr
    assert (result.stderr.count("\n"), "Traceback" in result.output) == (1, False)
    assert list(Path().iterdir()) == []


def test_the_help_explains_how_to_continue(run):
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", run("search", "--help").stdout).split())
    for phrase in (
        "the same command continues the search",
        "ended early",
        "--storage",
        "network3-search/NAME.log",
        "--trials",
    ):
        assert phrase in text
