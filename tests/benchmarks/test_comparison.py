"""The step comparison on a fake peer: networks are checked before they are timed, and every time is recorded."""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.comparison import MIN_ROUNDS, StepComparison
from benchmarks.peers import OURS, Peer

MODULES = {name: f"tests.benchmarks.{name}" for name in ("fake_peer", "wrong_peer", "missing_peer")}
FAKE = Peer("fake", "A fake peer", MODULES["fake_peer"], versions=("numpy", "no-such-thing"))
FAKE_OURS = replace(OURS, module=MODULES["fake_peer"])
SIDES = {"us_median", "us_min", "us_max", "threads", "us_by_threads", "epoch_s", "first_step", "peak_mb"}


@pytest.fixture
def comparison(tmp_path):
    def make(**changes):
        settings = {"seconds": 0.01, "rounds": 3, "ours": FAKE_OURS} | changes
        made = StepComparison(tmp_path, sys.executable, **settings)
        rng = np.random.default_rng(0)
        x, y = rng.random((600, 784)), rng.integers(0, 10, 600)
        made.write_data((x, y), (x, y))
        return made

    return make


@pytest.fixture
def compare(comparison):
    def run(peer=FAKE, batches=(10,), share=1.0, **changes):
        return list(comparison(**changes).compare("fc", {peer: sys.executable}, batches, share))

    return run


def test_records_are_complete_json(compare):
    first, second, inference = (json.loads(json.dumps(record)) for record in compare(batches=(10, 64)))
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


def test_dropout_networks_are_compared_by_their_cost_without_dropout(compare):
    record, _ = compare(changes={"p_dropout": 0.5})
    assert len(record["costs"]["ours"]) == 1


def test_a_wrong_peer_is_not_timed(compare):
    (record,) = compare(replace(FAKE, module=MODULES["wrong_peer"]))
    assert record["kind"] == "wrong"
    assert record["reason"].startswith("costs before and after a step")


def test_a_missing_peer_is_skipped(compare):
    (record,) = compare(replace(FAKE, module=MODULES["missing_peer"]))
    assert record["kind"] == "skipped"
    assert "a_missing_library" in record["reason"]


def test_a_used_up_share_leaves_the_fewest_rounds(compare):
    record, _ = compare(rounds=30, deadline=time.monotonic() + 60, share=0.0)
    assert len(record["ours"]["us_by_threads"]["1"]) == MIN_ROUNDS


def test_a_peer_with_a_slow_compilation_uses_its_cache_on_disk(comparison):
    slow = replace(FAKE, name="slow", title="A slow peer", caches_on_disk=True, slow_compile=True)
    records = list(comparison().compare("fc", dict.fromkeys((FAKE, slow), sys.executable), (10,)))
    assert [record["peer"] for record in records] == ["fake", "fake", "slow", "slow"]
    assert [step["cache"] for step in records[2]["theirs"]["first_step"]] == ["cold", "warm"]


def test_nothing_is_compared_if_ours_fails(compare):
    (record,) = compare(ours=replace(OURS, module=MODULES["missing_peer"]))
    assert record["kind"] == "wrong"
    assert "ours at 1 threads" in record["reason"]


def test_no_peer_is_started_after_the_deadline(compare):
    (record,) = compare(deadline=0.0)
    assert (record["kind"], record["reason"]) == ("skipped", "out of time")
