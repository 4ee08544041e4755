"""Records of the step comparison, and the results in the repository."""

import json
from pathlib import Path

import pytest

from benchmarks import readme, records
from benchmarks.start import tables

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.mark.parametrize(("name", "table"), [("speed", readme.table), ("start", tables.markdown)])
def test_the_stored_results_give_the_stored_table(name, table):
    lines = (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    stored = [json.loads(line) for line in lines]
    assert table(stored, stored[0]["machine"]) == (RESULTS / f"{name}.md").read_text(encoding="utf-8")


def test_the_kind_of_a_record_decides_its_unit_and_workload():
    training = {"kind": "training", "batch": 64, "ours": {"us_median": 3.0}}
    inference = {"kind": "inference", "images": 10_000, "ours": {"ms_median": 4.0}}
    assert (records.median_time(training, "ours"), records.workload(training)) == (3.0, "batch 64")
    assert (records.median_time(inference, "ours"), records.workload(inference)) == (4.0, "10,000 images")


def test_the_versions_of_both_sides_are_stored_together():
    versions = records.joint_versions({"python": "3.1", "numba": "2"}, {"python": "3.2", "jax": "1"})
    assert versions == {"python": "3.2", "jax": "1", "ours: python": "3.1", "ours: numba": "2"}
    assert records.distributions([{"versions": versions}, {}]) == {"jax": "1", "numba": "2"}


def test_the_best_peer_is_the_one_with_the_largest_ratio():
    assert records.best_peer([{"peer": "a", "ratio": 0.25}, {"peer": "b", "ratio": 0.4}])["peer"] == "b"
