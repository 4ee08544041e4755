"""``network3 list``: a line for each run, or an array for machines."""

import json

from network3.catalogue import RUNS


def test_each_run_has_a_line_with_its_figure(run):
    result = run("list")
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[:3] == ["row", "name", "book"]
    assert len(lines) == 15
    assert lines[0].split()[:3] == ["6.1", "shallow", "97.80%"]
    assert lines[2].split()[:3] == ["6.3", "omit_FC", "-"]
    assert lines[14].split()[:3] == ["6.15", "ensemble", "99.67%"]
    assert max(map(len, lines)) <= 100


def test_json_is_one_array(run):
    objects = json.loads(run("list", "--json").stdout)
    assert [entry["name"] for entry in objects] == list(RUNS)
    assert objects[0]["training"] == {"epochs": 60, "mini_batch_size": 10, "eta": 0.1}
