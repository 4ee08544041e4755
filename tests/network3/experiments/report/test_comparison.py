"""The book's number compared with ours: the reported repeat, mean and spread, and their format."""

from dataclasses import replace

import pytest

from network3 import History
from network3.experiments.catalogue import ENTRIES
from network3.experiments.report import Comparison, compare, markdown
from network3.experiments.reproduction import Record

TEST = "test accuracy at the best validation epoch"


def record(name, seed=0, validation=None, **values):
    """Return a record with the values, and a history of that best validation accuracy."""
    entry = ENTRIES[name]
    history = None if validation is None else History(cost=[1.0, 0.5], validation_accuracy=[0.1, validation])
    named = {label.replace("_", " "): value for label, value in values.items()}
    return Record(name, entry.row, seed, named, 1.0, entry.settings, history, {})


def shallow(test, validation=None, seed=0):
    return record("shallow", seed, validation, **{TEST: test})


def best(name, *values):
    """Return the only comparison of the entry, whose first label has these values."""
    label = next(iter(ENTRIES[name].published))
    return compare(ENTRIES[name], [record(name, seed, 0.9, **{label: value}) for seed, value in enumerate(values)])[0]


def test_mean_spread_and_best_by_hand():
    one = Comparison("test accuracy", "accuracy", 0.95, (0.94, 0.96, 0.965), 0.965, "the best repeat")
    assert one.mean == pytest.approx(0.955)
    assert one.spread == pytest.approx(0.0132288, abs=1e-7)  # the root of (0.015^2 + 0.005^2 + 0.01^2) / 2
    assert one.best == 0.965
    assert one.difference == pytest.approx(0.015)


def test_the_lowest_cost_is_best():
    assert Comparison("lowest test cost", "cost", 0.3, (0.4, 0.25, 0.5), 0.25, "").best == 0.25


def test_a_single_value_has_no_spread_and_no_values_have_nothing():
    single = Comparison("test accuracy", "accuracy", None, (0.5,), 0.5, "")
    assert (single.mean, single.spread, single.best, single.difference) == (0.5, None, 0.5, None)
    nothing = Comparison("test accuracy", "accuracy", 0.5, (), None, "")
    assert (nothing.mean, nothing.spread, nothing.best, nothing.difference) == (None, None, None, None)


def test_chapter_6_reports_the_repeat_with_the_best_validation_even_if_another_has_a_better_test():
    records = [shallow(0.96, 0.970), shallow(0.955, 0.980, seed=1), shallow(0.97, 0.975, seed=2)]
    (one,) = compare(ENTRIES["shallow"], records)
    assert (one.label, one.published, one.values) == (TEST, 0.9780, (0.96, 0.955, 0.97))
    assert (one.chosen, one.how) == (0.955, "the repeat with the best validation")
    assert one.formatted() == {
        "label": TEST,
        "book": "97.80%",
        "ours": "95.50%",
        "how": "the repeat with the best validation",
        "difference": "-2.30",
        "statement": one.expected.statement("accuracy", 0.9780),
        "mean": "96.17% ± 0.76%",
        "best": "97.00%",
        "n": "3",
        "remark": "",
    }
    assert one.statement.startswith("above by ")


def test_votes_have_no_validation_accuracy_so_their_mean_is_reported():
    records = [record("ensemble", seed, **{TEST: value}) for seed, value in enumerate((0.995, 0.997))]
    (one,) = compare(ENTRIES["ensemble"], records)
    assert (one.chosen, one.how) == (pytest.approx(0.996), "the mean")


def voters(count):
    """Return networks of which each is wrong about the image of its seed, and the even ones about image 100 as well."""
    networks = []
    for seed in range(count):
        errors = [[seed, 10], *([[100, 10]] if seed % 2 == 0 else [])]
        networks.append(replace(record("double_fc_dropout", seed), errors=errors))
    return networks


def test_all_votes_of_five_of_ten_networks_are_compared():
    (one,) = compare(ENTRIES["ensemble"], [*voters(10), record("ensemble", **{TEST: 0.9963})])
    # Of ten networks five are wrong about image 100; they are the majority in half of the votes.
    assert (len(one.values), sorted(set(one.values))) == (252, [0.9999, 1.0])
    assert one.values.count(1.0) == 126
    assert (one.chosen, one.how) == (pytest.approx(0.99995), "the mean")
    texts = one.formatted()
    assert texts["remark"] == "all 252 votes of 5 of 10 networks, 99.99% to 100.00%"
    assert texts["mean"] == "100.00% ± 0.01%"  # 0.99995 and 0.00005, rounded
    assert texts["n"] == "252"
    assert texts["statement"].startswith("below by 0.3")


def test_the_vote_of_five_networks_is_compared_by_itself():
    (one,) = compare(ENTRIES["ensemble"], [*voters(5), record("ensemble", **{TEST: 0.9999})])
    assert (one.values, one.chosen, one.how, one.remark) == ((0.9999,), 0.9999, "", "")
    assert one.statement == "one vote, of 5 networks"


def test_a_recorded_vote_counts_if_its_networks_are_not_recorded():
    for networks in (voters(4), [replace(network, errors=None) for network in voters(6)]):
        (one,) = compare(ENTRIES["ensemble"], [*networks, record("ensemble", **{TEST: 0.9963})])
        assert (one.values, one.statement) == ((0.9963,), "no records of the networks that vote")


def test_for_a_best_epoch_the_best_repeat_is_reported():
    one = best("sigmoid_30", 0.9501, 0.9549, 0.9480)
    assert (one.label, one.chosen, one.how) == ("best test accuracy", 0.9549, "the best repeat")
    assert one.formatted()["difference"] == "+0.07"  # from 95.42


def test_for_a_lowest_cost_the_lowest_repeat_is_reported():
    one = best("multiple_eta_0.25", 0.3300, 0.3150)
    assert (one.label, one.chosen, one.how, one.best) == ("lowest training cost", 0.315, "the best repeat", 0.315)
    texts = one.formatted()
    assert (texts["book"], texts["ours"], texts["difference"], texts["mean"]) == (
        "0.32",
        "0.315",
        "-0.005",
        "0.3225 ± 0.01061",
    )


def test_for_a_fixed_epoch_the_mean_is_reported():
    values = [{"best validation accuracy": 0.96, "validation accuracy, epoch 0": 0.92}]
    values += [{"best validation accuracy": 0.97, "validation accuracy, epoch 0": 0.94}]
    records = [record("weight_init_30", seed, 0.97, **one) for seed, one in enumerate(values)]
    end, start = compare(ENTRIES["weight_init_30"], records)
    assert (end.label, end.published, end.chosen, end.how) == (
        "best validation accuracy",
        0.9653,
        0.97,
        "the best repeat",
    )
    assert (start.label, start.published, start.chosen, start.how) == (
        "validation accuracy, epoch 0",
        0.9270,
        pytest.approx(0.93),
        "the mean",
    )


def test_for_a_measurement_the_mean_is_reported():
    one = best("random_guess", 0.098, 0.104)
    assert (one.chosen, one.how, one.best) == (pytest.approx(0.101), "the mean", 0.104)
    labels = [f"hidden layer {k}, {when}" for k in (1, 2) for when in ("at the start", "after 500 epochs")]
    norms = [record("gradients_2", seed, **dict.fromkeys(labels, value)) for seed, value in enumerate((0.06, 0.08))]
    found = compare(ENTRIES["gradients_2"], norms)
    assert [(one.label, one.published) for one in found] == list(
        zip(labels, (0.06574, 0.00343, 0.30922, 0.00963), strict=True)
    )
    assert found[0].formatted()["ours"] == "0.07"
    assert found[0].formatted()["difference"] == "+0.0043"


def test_a_single_repeat_is_reported():
    (one,) = compare(ENTRIES["shallow"], [shallow(0.9781, 0.98)])
    texts = one.formatted()
    assert (texts["ours"], texts["how"], texts["mean"], texts["n"]) == ("97.81%", "", "97.81%", "1")
    assert texts["difference"] == "+0.01"


def test_a_repeat_without_the_number_is_left_out():
    (one,) = compare(ENTRIES["shallow"], [shallow(None), shallow(0.9, 0.91, seed=1)])
    assert (one.values, one.chosen) == ((0.9,), 0.9)
    (none,) = compare(ENTRIES["shallow"], [shallow(None)])
    assert none.statement == "too few repeats"
    assert (none.values, none.chosen, none.formatted()["ours"], none.formatted()["n"]) == ((), None, "-", "0")


def test_repeats_that_diverge_are_the_result_if_there_are_no_others():
    diverged = [replace(shallow(None, seed=seed), note="a cost of inf") for seed in (0, 1, 2)]
    (one,) = compare(ENTRIES["shallow"], diverged)
    texts = one.formatted()
    assert (texts["ours"], texts["statement"], texts["n"]) == ("diverges", "diverges in all 3 repeats", "3")
    assert compare(ENTRIES["shallow"], diverged[:1])[0].statement == "diverges in the only repeat"
    (one,) = compare(ENTRIES["shallow"], [*diverged, shallow(0.97, 0.96, seed=3)])
    assert (one.formatted()["ours"], one.formatted()["n"], one.diverged) == ("97.00%", "1", 3)


def test_without_a_number_of_the_book_there_is_no_difference():
    texts = best("omit_FC", 0.98, 0.97).formatted()
    assert (texts["book"], texts["difference"], texts["mean"]) == ("-", "-", "97.50% ± 0.71%")
    assert texts["statement"] == "not in the book"


def test_a_zero_is_a_value():
    assert best("random_guess", 0.0, 0.2).values == (0.0, 0.2)


def test_the_markdown_table_has_a_line_for_each_entry_with_records():
    records = [shallow(0.97, 0.96), record("random_guess", test_accuracy=0.1), shallow(0.98, 0.99, seed=1)]
    heading, rule, *rows = markdown(records).splitlines()
    assert heading == "| row | what | book | ours | difference | book among ten of ours | mean ± s.d. | n |"
    assert rule.count("|") == heading.count("|")
    assert rows == [
        "| 1.6 | a guess, each digit as likely (`random_guess`), test accuracy "
        "| 10.00% | 10.00% | +0.00 | too few repeats | 10.00% | 1 |",
        "| 6.1 | 100 sigmoid neurons, softmax (`shallow`), test accuracy at the best validation epoch "
        "| 97.80% | 98.00% | +0.20 | too few repeats | 97.50% ± 0.71% | 2 |",
    ]
