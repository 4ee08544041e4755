"""The harness on a fake peer: it checks before it times, takes turns, and writes everything down."""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.child import Child, PeerError, environment
from benchmarks.contest import LEAST, Contest
from benchmarks.peers import Peer
from benchmarks.verdicts import disagreement, ratios

FAKE = Peer("fake", "A fake peer", versions=("numpy", "no-such-thing"))
MODULES = {"fake": "tests.benchmarks.fake_peer", "ours": "tests.benchmarks.fake_peer"}
SIDES = {"us_median", "us_min", "us_max", "threads", "us_by_threads", "epoch_s", "first_step", "peak_mb"}


@pytest.fixture
def contest(tmp_path):
    def make(**changes):
        settings = {"seconds": 0.01, "rounds": 3, "modules": MODULES} | changes
        made = Contest(tmp_path, sys.executable, **settings)
        rng = np.random.default_rng(0)
        x, y = rng.random((600, 784)), rng.integers(0, 10, 600)
        made.write_data((x, y), (x, y))
        return made

    return make


def test_grey_levels_are_divided_as_in_training(contest, tmp_path):
    made, labels = contest(), np.zeros(3, int)
    levels = np.array([[0, 64, 255]] * 3, np.uint8)
    made.write_data((levels, labels), (levels, labels))
    for name in ("training", "test"):
        written = np.load(tmp_path / f"{name}.npz")["x"]
        assert written.dtype == np.float32
        np.testing.assert_array_equal(written, levels / np.float32(256))


@pytest.fixture
def compare(contest):
    def run(batches=(10,), share=1.0, **changes):
        return list(contest(**changes).network("fc", {FAKE: sys.executable}, batches, share))

    return run


def test_records_are_complete_json(compare):
    first, second, inference = (json.loads(json.dumps(record)) for record in compare((10, 64)))
    assert (first["kind"], first["configuration"], first["peer"], first["batch"]) == ("training", "fc", "fake", 10)
    assert (second["kind"], second["batch"]) == ("training", 64)
    for side in ("ours", "theirs"):
        assert set(first[side]) == SIDES
        assert first[side]["us_min"] <= first[side]["us_median"] <= first[side]["us_max"]
        assert {n: len(times) for n, times in first[side]["us_by_threads"].items()} == {"1": 3, "2": 3}
        assert first[side]["epoch_s"] == pytest.approx(first[side]["us_median"] * 5000 / 1e6)
        assert first["import"][side]["import_s"] > 0
    assert [step["cache"] for step in first["ours"]["first_step"]] == ["cold", "warm"]
    assert [step["cache"] for step in first["theirs"]["first_step"]] == ["cold", "cold"]
    assert first["ratio_min"] <= first["ratio"] <= first["ratio_max"]
    assert first["versions"]["no-such-thing"] == "not installed"
    assert {"python", "numpy", "ours: network3", "ours: pytensor"} <= set(first["versions"])
    assert first["costs"]["ours"] == pytest.approx(first["costs"]["theirs"])
    assert (inference["kind"], inference["images"]) == ("inference", 600)
    assert inference["theirs"]["ms_median"] > 0


def test_dropout_is_checked_with_every_input_kept(compare):
    record, _ = compare(changes={"p_dropout": 0.5})
    assert len(record["costs"]["ours"]) == 1


def test_a_wrong_peer_is_not_timed(compare):
    (record,) = compare(modules=MODULES | {"fake": "tests.benchmarks.wrong_peer"})
    assert record["kind"] == "wrong"
    assert record["reason"].startswith("costs before and after a step")


def test_a_missing_peer_is_named(compare):
    (record,) = compare(modules=MODULES | {"fake": "tests.benchmarks.missing_peer"})
    assert record["kind"] == "skipped"
    assert "a_library_that_nobody_has" in record["reason"]


def test_late_rounds_are_few(compare):
    record, _ = compare(rounds=30, deadline=time.monotonic() + 60, share=0.0)
    assert len(record["ours"]["us_by_threads"]["1"]) == LEAST


def test_a_library_that_compiles_for_long_is_opened_early(contest):
    slow = replace(FAKE, module="slow", title="A slow peer", caches=True, compiles=True)
    made = contest(modules=MODULES | {"slow": MODULES["fake"]})
    records = list(made.network("fc", dict.fromkeys((FAKE, slow), sys.executable), (10,)))
    assert [record["peer"] for record in records] == ["fake", "fake", "slow", "slow"]
    assert [step["cache"] for step in records[2]["theirs"]["first_step"]] == ["cold", "warm"]


def test_when_ours_fails_nothing_else_is_tried(compare):
    (record,) = compare(modules=MODULES | {"ours": "tests.benchmarks.missing_peer"})
    assert record["kind"] == "wrong"
    assert "ours at 1 threads" in record["reason"]


def test_every_library_is_told_the_number_of_threads(tmp_path):
    told = environment(2, tmp_path)
    assert {told[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")} == {"2"}
    assert told["NETWORK3_THREADS"] == "2"


def test_nothing_begins_after_the_deadline(compare):
    (record,) = compare(deadline=0.0)
    assert (record["kind"], record["reason"]) == ("skipped", "out of time")


def test_an_error_in_a_peer_names_it(contest, tmp_path):
    contest()
    with Child(FAKE, 1, sys.executable, tmp_path, module=MODULES["fake"]) as child:
        child.receive()
        with pytest.raises(PeerError, match="fake at 1 threads: expected an answer; got KeyError: 'nothing'"):
            child.ask("open", name="nothing", batch=10)


def test_a_peer_that_dies_is_an_error_and_not_a_wait(contest, tmp_path):
    contest()
    with Child(FAKE, 1, sys.executable, tmp_path, module=MODULES["fake"]) as child:
        child.receive()
        child.process.kill()
        with pytest.raises(PeerError, match="no answer"):
            child.ask("versions", names=[])


def test_the_best_threads_of_each_side_are_compared_round_by_round():
    record = ratios([[4.0, 4.0, 4.0], [9.0, 9.0, 9.0], [2.0, 1.0, 3.0], [4.0, 4.0, 4.0]], (1, 2), "us")
    assert (record["ours"]["threads"], record["theirs"]["threads"]) == (2, 2)
    assert (record["ratio"], record["ratio_min"], record["ratio_max"]) == (0.5, 0.25, 0.75)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"costs": [2.0, 1.0003]}, "costs"),
        ({"costs": [2.0]}, "costs"),
        ({"costs": [2.0, float("nan")]}, "costs"),
        ({"labels": [1, 2, 4]}, "66.7%"),
        ({"labels": [1]}, "3 labels, it 1"),
        ({"costs": [2.0001, 1.0]}, ""),
    ],
)
def test_what_counts_as_the_same_network(changed, words):
    ours = {"costs": [2.0, 1.0], "labels": [1, 2, 3]}
    reason = disagreement([ours, ours | changed])
    assert (words in reason) if words else not reason
