"""``network3 list``: a line for each run, or an array for machines."""

import json

from network3.experiments.catalogue import ENTRIES


def test_each_run_has_a_line_with_its_published_value(run):
    result = run("list")
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[:3] == ["row", "name", "book"]
    assert len(lines) == len(ENTRIES)
    shown = [line.split()[:3] for line in lines]
    assert shown[0] == ["1.1", "sigmoid_30", "95.42%"]
    assert ["3.18", "multiple_eta_0.025", "0.3392"] in shown
    assert ["6.3", "omit_FC", "-"] in shown
    assert ["6.15", "ensemble", "99.67%"] in shown
    assert shown[-2:] == [["7.10", "beyond_all_unpadded_7", "-"], ["7.11", "beyond_all_images_vote", "99.79%"]]
    rows = [tuple(map(int, row.split("."))) for row, *_ in shown]
    assert rows == sorted(rows)
    assert max(map(len, lines)) <= 100


def test_json_is_one_array(run):
    objects = json.loads(run("list", "--json").stdout)
    assert [entry["name"] for entry in objects] == list(ENTRIES)
    shallow = next(entry for entry in objects if entry["name"] == "shallow")
    assert (shallow["says"], shallow["first"], shallow["of"]) == ("100 sigmoid neurons, softmax", [None, None], [])
    assert shallow["training"] == {"epochs": 60, "mini_batch_size": 10, "eta": 0.1}
