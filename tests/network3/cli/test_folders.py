"""Each run has a folder of its own, and --resume finds the latest."""

from pathlib import Path

import pytest

from network3.cli.folders import latest_folder, new_folder


@pytest.fixture
def existing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            (Path("network3-runs") / name).mkdir(parents=True)

    return make


def test_the_first_has_the_runs_name(existing):
    assert new_folder("shallow") == Path("network3-runs/shallow")


def test_later_ones_are_numbered_after_all_existing_ones(existing):
    existing("shallow")
    assert new_folder("shallow") == Path("network3-runs/shallow-2")
    existing("shallow-2", "shallow-11")
    assert new_folder("shallow") == Path("network3-runs/shallow-12")
    assert latest_folder("shallow") == Path("network3-runs/shallow-11")


def test_the_number_of_a_removed_folder_is_not_used_again(existing):
    existing("shallow-2")
    assert new_folder("shallow") == Path("network3-runs/shallow-3")
    assert latest_folder("shallow") == Path("network3-runs/shallow-2")


def test_other_runs_do_not_count(existing):
    existing("dbl_conv_relu", "dbl_conv-old", "expanded_data_1000-4")
    assert new_folder("dbl_conv") == Path("network3-runs/dbl_conv")
    assert new_folder("expanded_data_100") == Path("network3-runs/expanded_data_100")
    with pytest.raises(ValueError, match=r"expected a run in .*dbl_conv; got none\. Leave --resume out"):
        latest_folder("dbl_conv")
