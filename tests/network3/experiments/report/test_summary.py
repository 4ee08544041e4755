"""The summary of the page: how many results are as in the book, which are not, when and with what they were made."""

from dataclasses import replace

import pytest

from network3.experiments.catalogue import ENTRIES
from network3.experiments.report.comparison import Comparison
from network3.experiments.report.expected import Expected
from network3.experiments.report.summary import RowResult, origin, summarize
from tests.network3.experiments.report.test_page import ENVIRONMENT, made, record, shallow

__all__ = ["made"]


def result(unit, book, ours, name="shallow"):
    values = () if ours is None else (ours,)
    return RowResult(ENTRIES[name], Comparison("test accuracy", unit, book, values, ours, ""))


@pytest.mark.parametrize(
    ("unit", "book", "ours", "compared", "close"),
    [
        ("accuracy", 0.978, 0.983, True, True),  # half a percentage point
        ("accuracy", 0.978, 0.973, True, True),
        ("accuracy", 0.978, 0.9836, True, False),
        ("accuracy", 0.1, 0.2, True, False),
        ("cost", 0.32, 0.336, True, True),  # 5 %
        ("gradient norm", 0.01184, 0.009119, True, False),
        ("accuracy", None, 0.98, False, False),
        ("accuracy", 0.98, None, False, False),
    ],
)
def test_a_result_is_close_within_half_a_point_or_five_per_cent(unit, book, ours, compared, close):
    found = result(unit, book, ours)
    assert (found.compared, found.close) == (compared, close)


def test_the_summary_counts_rows_of_each_chapter_and_names_those_further_off():
    close, far, open_ = (
        result("accuracy", 0.978, 0.977),
        result("cost", 0.3, 0.4, "basic_conv"),
        result("cost", None, 1),
    )
    found = summarize({3: [close], 6: [far, open_]})
    assert found["chapters"] == [
        {"number": 3, "rows": 1, "compared": 1, "close": 1, "judged": 0, "within": 0},
        {"number": 6, "rows": 2, "compared": 1, "close": 0, "judged": 0, "within": 0},
    ]
    assert found["all"] == {"rows": 3, "compared": 2, "close": 1, "judged": 0, "within": 0}
    assert [(one["row"], one["name"], one["book"], one["ours"]) for one in found["further"]] == [
        ("6.2", "basic_conv", "0.3", "0.4")
    ]


def test_the_summary_counts_numbers_within_the_range_of_ours():
    below, inside = Expected((0.979, 0.981), ""), Expected((0.977, 0.979), "")
    rows = [
        RowResult(ENTRIES["shallow"], Comparison("test accuracy", "accuracy", book, (0.98,), 0.98, "", one))
        for book, one in ((0.978, inside), (0.978, below), (None, inside))
    ]
    found = summarize({6: rows})["all"]
    assert (found["judged"], found["within"]) == (2, 1)


def test_the_page_begins_with_the_summary_and_its_links(made):
    page = made([shallow(0, 0.9766), record("random_guess", 0, {"test accuracy": 0.12})])
    texts = list(page.texts)
    assert texts.index("1 of 2 results are as in the book") < texts.index("Chapter 6: Deep learning")
    assert {"#chapter1", "#chapter6", "#row-random_guess"} <= set(page.links)
    assert any("12.00%, the book 10.00%." in text for text in texts)
    assert any("Measured 2026-01-02, on Linux x86_64, with numpy 2.1.0, python 3.12.0" in text for text in texts)


def test_the_origin_has_the_first_and_last_day_and_all_versions():
    later = ENVIRONMENT | {"date": "2026-02-03T00:00:00", "versions": {"python": "3.13.0"}}
    records = [shallow(0), replace(shallow(1), environment=later)]
    assert origin(records) == "2026-01-02 to 2026-02-03, on Linux x86_64, with numpy 2.1.0, python 3.12.0 and 3.13.0"
    bare = replace(shallow(0), environment=ENVIRONMENT | {"versions": {}})
    assert origin([bare]) == "2026-01-02, on Linux x86_64"
