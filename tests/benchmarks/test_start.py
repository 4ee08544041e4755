"""From the start of Python: trainings in processes of their own, checked on their weights, with caches of their own."""

import json
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from benchmarks.child import PeerError
from benchmarks.configurations import configuration
from benchmarks.peers import OURS, PEERS
from benchmarks.start import goal as to_goal
from benchmarks.start.comparison import Comparison
from benchmarks.start.first_epoch import FEW, SLOW, STATES, first_epoch
from benchmarks.start.goal import goal
from benchmarks.start.process import Library, Run, write_data
from benchmarks.start.program import in_steps, read
from tests.benchmarks import fake_peer

FAKE = "tests.benchmarks.fake_peer"
JAX, KERAS = PEERS["jax_jit"], PEERS["keras_peer"]
FOREVER = float("inf")


@pytest.fixture
def data(tmp_path):
    """Ten images that look alike in each class, so that one mini-batch teaches all of them."""
    rng = np.random.default_rng(0)
    prototypes, labels = rng.random((10, 784)), np.tile(np.arange(10), 30)
    images = np.clip(prototypes[labels] + 0.05 * rng.random((300, 784)), 0, 1)
    return write_data(tmp_path / "data", (images, labels), (images[::2], labels[::2]))


@pytest.fixture
def library():
    def make(peer=JAX, module=FAKE):
        return Library(replace(peer, versions=("numpy",)), sys.executable, module, 1)

    return make


def test_a_training_tells_each_epoch_when_it_is_there(library, data, tmp_path):
    run = library().train("fc", data, tmp_path, changes={"hidden": [20]}, epochs=3, shuffle=True)
    assert len(run.accuracies) == len(run.seconds) == 3
    assert 0 < run.cpu_s[0] < run.cpu_s[2]
    assert 0 < run.seconds[0] < run.seconds[1] < run.seconds[2] < run.exit_s
    assert set(run.versions) == {"python", "numpy"}
    assert run.peak_mb is None or run.peak_mb > 10
    config, told = configuration("fc", hidden=(20,)), []
    expected = in_steps(fake_peer.build)(
        config,
        config.weights(),
        read(data / "training.npz"),
        read(data / "test.npz"),
        told.append,
        batch=10,
        epochs=3,
        shuffle=True,
        seed=0,
    )
    assert run.accuracies == told
    for mine, other in zip(run.weights, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_it_ends_at_the_goal(library, data, tmp_path):
    run = library().train("fc", data, tmp_path, epochs=50, goal=0.9)
    assert run.accuracies[-1] >= 0.9
    assert all(accuracy < 0.9 for accuracy in run.accuracies[:-1])
    assert len(run.accuracies) < 50


def test_a_training_that_fails_says_why(library, data, tmp_path):
    broken = library(module="tests.benchmarks.missing_peer")
    with pytest.raises(PeerError, match=r"JAX, jit: expected a training; got no answer.*a_library_that_nobody_has"):
        broken.train("fc", data, tmp_path)


def test_grey_levels_are_divided_as_in_training(tmp_path):
    levels, labels = np.array([[0, 64, 255]] * 3, np.uint8), np.arange(3)
    x, y = read(write_data(tmp_path / "new" / "one", (levels, labels), (levels, labels)) / "test.npz")
    np.testing.assert_array_equal(x, levels / np.float32(256))
    assert (x.dtype, y.dtype) == (np.float32, np.int32)


def test_the_first_epoch_is_timed_in_each_state(library, data):
    lines = []
    comparison = Comparison("fc", [library(OURS), library()], data, lines.append)
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
        ("missing_peer", "skipped", "a_library_that_nobody_has"),
        ("still_peer", "wrong", "before the epoch and"),
        ("lying_training", "wrong", "it reported an accuracy of"),
    ],
)
def test_who_fails_or_is_wrong_is_left_out(library, data, module, kind, words):
    comparison = Comparison("fc", [library(OURS), library(KERAS, f"tests.benchmarks.{module}")], data)
    *measured, last = first_epoch(comparison, 1, FOREVER)
    assert {record["peer"] for record in measured} == {"ours"}
    assert (last["kind"], last["peer"]) == (kind, "keras_peer")
    assert words in last["reason"]


def test_without_ours_nothing_is_compared(library, data):
    comparison = Comparison("fc", [library(OURS, "tests.benchmarks.missing_peer"), library()], data)
    (record,) = first_epoch(comparison, 3, FOREVER)
    assert (record["kind"], record["peer"]) == ("wrong", "ours")


@dataclass
class Told:
    """A library whose trainings are made up: `weights` of `config`, after `seconds` and with `accuracies`."""

    peer: object
    seconds: float = 1.0
    accuracies: tuple = (0.99,)
    threads: int = 1
    calls: list = field(default_factory=list)

    def train(self, name, data, cache, **options):
        self.calls.append((cache, sorted(path.name for path in cache.iterdir()), options))
        (cache / f"kept{len(self.calls)}").touch()
        taken = [self.seconds * (epoch + 1) for epoch in range(len(self.accuracies))]
        return Run(list(self.accuracies), taken, taken, taken[-1], 100.0, {}, [])


@pytest.fixture
def unchecked(monkeypatch):
    """Accept every training."""
    monkeypatch.setattr("benchmarks.start.checks.costs", lambda *arguments: (2.0, 1.0))
    monkeypatch.setattr("benchmarks.start.checks.evaluation", lambda *arguments: "")


def test_each_round_begins_with_an_empty_cache(unchecked, data):
    ours, peer = Told(OURS), Told(JAX)
    list(first_epoch(Comparison("fc", [ours, peer], data), 2, FOREVER))
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
    ours, slow = Told(OURS), Told(JAX, seconds=SLOW + 1)
    list(first_epoch(Comparison("fc", [ours, slow], data), FEW + 2, FOREVER))
    assert (len(ours.calls), len(slow.calls)) == (3 * (FEW + 2), 3 * FEW)


@pytest.mark.parametrize("measure", [first_epoch, goal])
def test_no_round_begins_after_the_time(unchecked, data, measure):
    ours = Told(OURS)
    assert list(measure(Comparison("fc", [ours], data), 5, 0.0))
    assert len(ours.calls) == (3 if measure is first_epoch else 1)


def test_the_goal_is_reached_by_each_in_turn_from_other_weights(unchecked, data):
    ours, peer = Told(OURS, 1.0, (0.98, 0.985)), Told(JAX, 2.0, (0.97, 0.98, 0.99))
    mine, its = goal(Comparison("two_conv", [ours, peer], data), 3, FOREVER)
    assert (mine["seconds"], mine["epochs"], its["seconds"], its["epochs"]) == (2.0, 2, 6.0, 3)
    assert its["accuracies_by_round"] == [[0.97, 0.98, 0.99]] * 3
    for library in (ours, peer):
        assert [options["seed"] for *_, options in library.calls] == [0, 1, 2]
        assert all(not kept for _, kept, _ in library.calls)
        assert all(options["shuffle"] and options["goal"] == to_goal.GOAL for *_, options in library.calls)


def test_who_misses_the_goal_is_left_out(unchecked, data):
    _, its = goal(Comparison("two_conv", [Told(OURS), Told(JAX, accuracies=(0.9, 0.98))], data), 3, FOREVER)
    assert (its["kind"], its["peer"]) == ("wrong", "jax_jit")
    assert "the test accuracy was 98.00%" in its["reason"]
