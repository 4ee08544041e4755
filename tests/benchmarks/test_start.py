"""From the start of Python: trainings in their own processes, with their own caches, checked by their weights."""

import json
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from benchmarks.configurations import configuration
from benchmarks.data import write_data
from benchmarks.peers import OURS, PEERS
from benchmarks.start import goal as to_goal
from benchmarks.start.comparison import TrainingComparison
from benchmarks.start.first_epoch import SLOW_EPOCH, SLOW_ROUNDS, STATES, first_epoch
from benchmarks.start.goal import goal
from benchmarks.start.process import Library, Run
from benchmarks.start.program import read, training_with
from benchmarks.worker import PeerError
from tests.benchmarks import fake_peer

FAKE = "tests.benchmarks.fake_peer"
JAX, KERAS = PEERS["jax_jit"], PEERS["keras_peer"]
FOREVER = float("inf")


@pytest.fixture
def data(tmp_path):
    """Write images that are nearly equal in each class, so that one mini-batch teaches all of them."""
    rng = np.random.default_rng(0)
    prototypes, labels = rng.random((10, 784)), np.tile(np.arange(10), 30)
    images = np.clip(prototypes[labels] + 0.05 * rng.random((300, 784)), 0, 1)
    return write_data(tmp_path / "data", training=(images, labels), test=(images[::2], labels[::2]))


@pytest.fixture
def library():
    def make(peer=JAX, module=FAKE):
        return Library(replace(peer, versions=("numpy",), module=module), sys.executable, 1)

    return make


def test_each_epoch_is_reported_when_it_ends(library, data, tmp_path):
    run = library().train("fc", data, tmp_path, changes={"hidden": [20]}, epochs=3, shuffle=True)
    assert len(run.accuracies) == len(run.seconds) == 3
    assert 0 < run.cpu_s[0] < run.cpu_s[2]
    assert 0 < run.seconds[0] < run.seconds[1] < run.seconds[2] < run.exit_s
    assert set(run.versions) == {"python", "numpy"}
    assert run.peak_mb is None or run.peak_mb > 10
    config, reported = configuration("fc", hidden=(20,)), []
    expected = training_with(fake_peer.build)(
        config,
        config.weights(),
        read(data / "training.npz"),
        read(data / "test.npz"),
        reported.append,
        batch=10,
        epochs=3,
        shuffle=True,
        seed=0,
    )
    assert run.accuracies == reported
    for mine, other in zip(run.weights, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_a_training_ends_at_the_goal(library, data, tmp_path):
    run = library().train("fc", data, tmp_path, epochs=50, goal=0.9)
    assert run.accuracies[-1] >= 0.9
    assert all(accuracy < 0.9 for accuracy in run.accuracies[:-1])
    assert len(run.accuracies) < 50


def test_the_error_of_a_failed_training_has_its_cause(library, data, tmp_path):
    broken = library(module="tests.benchmarks.missing_peer")
    with pytest.raises(PeerError, match=r"JAX, jit: expected a training; got no response.*a_missing_library"):
        broken.train("fc", data, tmp_path)


def test_the_first_epoch_is_timed_in_each_state(library, data):
    lines = []
    comparison = TrainingComparison("fc", [library(OURS), library()], data, lines.append)
    records = [json.loads(json.dumps(record)) for record in first_epoch(comparison, 2, FOREVER)]
    assert [(r["state"], r["peer"]) for r in records] == [(s, p) for s in STATES for p in ("ours", "jax_jit")]
    assert len(lines) == 2 * len(records)
    for record in records:
        assert record["kind"] == "first_epoch"
        assert record["seconds"] == min(record["seconds_by_round"])
        assert len(record["seconds_by_round"]) == len(record["peak_mb_by_round"]) == 2
        assert record["costs"][1] < record["costs"][0]
    assert records[0]["costs"] == records[1]["costs"]
    assert records[0]["costs"] == records[4]["costs"] != records[2]["costs"]  # of another width


@pytest.mark.parametrize(
    ("module", "kind", "words"),
    [
        ("missing_peer", "skipped", "a_missing_library"),
        ("frozen_peer", "wrong", "before the epoch and"),
        ("misreporting_training", "wrong", "the reported accuracy is"),
    ],
)
def test_a_library_that_fails_or_is_wrong_is_excluded(library, data, module, kind, words):
    comparison = TrainingComparison("fc", [library(OURS), library(KERAS, f"tests.benchmarks.{module}")], data)
    *measured, last = first_epoch(comparison, 1, FOREVER)
    assert {record["peer"] for record in measured} == {"ours"}
    assert (last["kind"], last["peer"]) == (kind, "keras_peer")
    assert words in last["reason"]


def test_without_ours_nothing_is_compared(library, data):
    comparison = TrainingComparison("fc", [library(OURS, "tests.benchmarks.missing_peer"), library()], data)
    (record,) = first_epoch(comparison, 3, FOREVER)
    assert (record["kind"], record["peer"]) == ("wrong", "ours")


@dataclass
class Scripted:
    """A library with invented trainings: `accuracies` after epochs of `seconds` each."""

    peer: object
    seconds: float = 1.0
    accuracies: tuple = (0.99,)
    threads: int = 1
    calls: list = field(default_factory=list)

    def train(self, name, data, cache, **options):
        self.calls.append((cache, sorted(path.name for path in cache.iterdir()), options))
        (cache / f"kept{len(self.calls)}").touch()
        times = [self.seconds * (epoch + 1) for epoch in range(len(self.accuracies))]
        return Run(list(self.accuracies), times, times, times[-1], 100.0, {}, [])


@pytest.fixture
def unchecked(monkeypatch):
    """Accept every training."""
    monkeypatch.setattr("benchmarks.start.checks.costs", lambda *arguments: (2.0, 1.0))
    monkeypatch.setattr("benchmarks.start.checks.evaluation", lambda *arguments: "")


def test_each_round_starts_with_an_empty_cache(unchecked, data):
    ours, peer = Scripted(OURS), Scripted(JAX)
    list(first_epoch(TrainingComparison("fc", [ours, peer], data), 2, FOREVER))
    for library in (ours, peer):
        assert [kept for _, kept, _ in library.calls] == [
            [],
            ["kept1"],
            ["kept1", "kept2"],
            [],
            ["kept4"],
            ["kept4", "kept5"],
        ]
    assert not {cache for cache, *_ in ours.calls} & {cache for cache, *_ in peer.calls}
    widths = [options["changes"]["hidden"] for *_, options in ours.calls[:3]]
    assert widths[0] == widths[2] != widths[1]


def test_a_slow_library_is_timed_in_fewer_rounds(unchecked, data):
    ours, slow = Scripted(OURS), Scripted(JAX, seconds=SLOW_EPOCH + 1)
    list(first_epoch(TrainingComparison("fc", [ours, slow], data), SLOW_ROUNDS + 2, FOREVER))
    assert (len(ours.calls), len(slow.calls)) == (3 * (SLOW_ROUNDS + 2), 3 * SLOW_ROUNDS)


@pytest.mark.parametrize("measure", [first_epoch, goal])
def test_no_round_starts_after_the_deadline(unchecked, data, measure):
    ours = Scripted(OURS)
    assert list(measure(TrainingComparison("fc", [ours], data), 5, 0.0))
    assert len(ours.calls) == (3 if measure is first_epoch else 1)


def test_each_round_to_the_goal_has_its_own_weights(unchecked, data):
    ours, peer = Scripted(OURS, 1.0, (0.98, 0.985)), Scripted(JAX, 2.0, (0.97, 0.98, 0.99))
    mine, its = goal(TrainingComparison("two_conv", [ours, peer], data), 3, FOREVER)
    assert (mine["seconds"], mine["epochs"], its["seconds"], its["epochs"]) == (2.0, 2, 6.0, 3)
    assert its["accuracies_by_round"] == [[0.97, 0.98, 0.99]] * 3
    for library in (ours, peer):
        assert [options["seed"] for *_, options in library.calls] == [0, 1, 2]
        assert all(not kept for _, kept, _ in library.calls)
        assert all(options["shuffle"] and options["goal"] == to_goal.GOAL for *_, options in library.calls)


def test_a_library_that_misses_the_goal_is_excluded(unchecked, data):
    _, its = goal(
        TrainingComparison("two_conv", [Scripted(OURS), Scripted(JAX, accuracies=(0.9, 0.98))], data), 3, FOREVER
    )
    assert (its["kind"], its["peer"]) == ("wrong", "jax_jit")
    assert "the test accuracy was 98.00%" in its["reason"]
