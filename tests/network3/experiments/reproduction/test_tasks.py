"""The choice of tasks: by name, by chapter, once if the seed has no effect; and what is refused."""

import pytest

from network3.experiments.catalogue import MEASUREMENTS, RUNS
from network3.experiments.reproduction.tasks import VARIANTS, Task, choose

SCANNED = [f"regularized_dbl_conv-lmbda-{value}" for value in ("1e-05", "0.0001", "0.001", "0.01", "0.1", "1", "10")]
SCANNED += ["regularized_dbl_conv-lmbda-100"]


def pairs(tasks):
    return [(task.name, task.seed) for task in tasks]


def test_a_name_is_repeated_with_the_seeds_from_0_on():
    assert pairs(choose(["shallow"])) == [("shallow", 0), ("shallow", 1), ("shallow", 2)]
    assert pairs(choose(["shallow"], repeats=1)) == [("shallow", 0)]


def test_names_keep_their_order():
    assert pairs(choose(["shallow", "random_guess", "sigmoid_30"], repeats=2)) == [
        ("shallow", 0),
        ("shallow", 1),
        ("random_guess", 0),
        ("random_guess", 1),
        ("sigmoid_30", 0),
        ("sigmoid_30", 1),
    ]


def test_entries_without_randomness_are_done_once():
    assert pairs(choose(["average_darkness", "toy_neuron", "svm_100"], repeats=5)) == [
        ("average_darkness", 0),
        ("toy_neuron", 0),
        ("svm_100", 0),
    ]


def test_a_name_given_twice_is_done_once():
    assert pairs(choose(["shallow", "random_guess", "shallow"], repeats=1)) == [("shallow", 0), ("random_guess", 0)]


def test_a_vote_is_made_once_after_the_repeats_whose_networks_vote():
    networks = [("double_fc_dropout", seed) for seed in range(5)]
    assert pairs(choose(["ensemble"])) == [*networks, ("ensemble", 0)]
    assert pairs(choose(["double_fc_dropout", "ensemble"], repeats=7)) == [
        *networks,
        *[("double_fc_dropout", seed) for seed in (5, 6)],
        ("ensemble", 0),
    ]
    more = [("double_fc_dropout", seed) for seed in range(10)]
    assert pairs(choose(["ensemble"], repeats=10)) == [*more, ("ensemble", 0)]
    assert Task("ensemble", 2).members == [Task("double_fc_dropout", seed) for seed in range(10, 15)]
    assert Task("double_fc_dropout", 2).members == Task("svm", 0).members == []


def test_a_vote_of_several_runs_needs_the_first_repeats_of_each():
    names = ["beyond_single", "beyond_strided", "beyond_unpadded_5", "beyond_unpadded_7"]
    networks = [(name, seed) for seed in range(3) for name in names]
    assert [(task.name, task.seed) for task in Task("beyond_filter_sizes", 0).members] == networks
    assert pairs(choose(["beyond_filter_sizes"], repeats=1)) == [*networks, ("beyond_filter_sizes", 0)]
    assert pairs(choose(["beyond_filter_sizes"], repeats=5))[:-1] == [(n, seed) for seed in range(5) for n in names]


def test_a_chapter_is_all_of_its_rows():
    first = ["sigmoid_30", "sigmoid_100", "eta_too_small", "eta_too_large", "no_hidden", "random_guess"]
    assert [task.name for task in choose(chapter=1, repeats=1)] == [*first, "average_darkness", "svm"]
    assert len(choose(chapter=1)) == 6 * 3 + 2
    fifth = ["depth_1", "depth_2", "depth_3", "depth_4", "gradients_2", "gradients_3", "gradients_4"]
    assert [task.name for task in choose(chapter=5, repeats=1)] == fifth
    assert len(choose(chapter=6, repeats=1)) == 14 + 8 + 4  # five networks vote
    kinds = ["beyond_strided", "beyond_unpadded_5", "beyond_unpadded_7"]
    on_all = ["beyond_all_images", "beyond_all_images_40", "beyond_all_unpadded_5", "beyond_all_unpadded_7"]
    assert [task.name for task in choose(chapter=7)] == [
        *5 * ["beyond_single"],
        "beyond_ensemble",
        *[name for name in kinds for _ in range(3)],
        "beyond_filter_sizes",
        *[name for name in on_all for _ in range(3)],
        "beyond_all_images_vote",
    ]
    assert len(choose(chapter=3, repeats=2)) == (20 + 9) * 2 + 8 + 1  # 8 machines and a neuron need no seed


def test_a_scan_is_a_task_for_each_value():
    assert [task.name for task in choose(["regularized_dbl_conv"], repeats=1)] == SCANNED
    assert len(choose(["regularized_dbl_conv"])) == 24
    assert [VARIANTS[name].training["lmbda"] for name in SCANNED] == [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]
    assert {VARIANTS[name].row for name in SCANNED} == {"6.6"}
    assert "regularized_dbl_conv" not in VARIANTS


def test_a_value_of_a_scan_can_be_named():
    assert pairs(choose(["regularized_dbl_conv-lmbda-0.1"], repeats=2)) == [
        ("regularized_dbl_conv-lmbda-0.1", 0),
        ("regularized_dbl_conv-lmbda-0.1", 1),
    ]
    both = choose(["regularized_dbl_conv-lmbda-0.1", "regularized_dbl_conv"], repeats=1)
    assert [task.name for task in both] == [SCANNED[4], *SCANNED[:4], *SCANNED[5:]]


def test_a_task_has_its_entry_and_a_name_for_files():
    assert Task("shallow", 2).entry is RUNS["shallow"]
    assert Task("average_darkness", 0).entry is MEASUREMENTS["average_darkness"]
    assert Task("shallow", 2).key == "shallow-seed2"
    tasks = [task for chapter in (1, 3, 5, 6, 7) for task in choose(chapter=chapter)]
    keys = {task.key.lower() for task in tasks}  # on some machines upper case is no difference
    assert len(keys) == len(tasks)
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.") for key in keys)


REFUSED = {
    "neither": (
        {},
        r"network3 reproduce: expected names of the list or --chapter; got neither\. Write e\.g\. network3 ",
    ),
    "both": (
        {"names": ["shallow"], "chapter": 6},
        r"expected names of the list or --chapter; got both\. Write e\.g\. ",
    ),
    "a name": (
        {"names": ["shalow"]},
        r"expected a name that .*; got 'shalow'\. Perhaps you meant \"shallow\"\.",
    ),
    "one of two names": (
        {"names": ["shallow", "svm_99"]},
        r"expected a name that .*; got 'svm_99'\. Perhaps you mean",
    ),
    "a chapter": (
        {"chapter": 2},
        r"--chapter: expected one of 1, 3, 5, 6, 7, with which the rows of .*; got 2\. Write e\.g\. 1",
    ),
    "no chapter": (
        {"chapter": 0},
        r"network3 reproduce: --chapter: expected one of 1, 3, 5, 6, 7, .*; got 0\. Write e\.g\.",
    ),
    "no repeats": (
        {"names": ["shallow"], "repeats": 0},
        r"--repeats: expected a whole number, 1 or more; got 0\. Write",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    arguments, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        choose(**arguments)
