"""Print how many of the entries passed their tests."""

import pytest

from tests.cases.entries import ENTRIES

PASSED = pytest.StashKey[dict[str, bool]]()


def pytest_configure(config):
    config.stash[PASSED] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    for mark in item.iter_markers("cases"):
        report.user_properties.append(("case", mark.args[0]))


def pytest_terminal_summary(terminalreporter):
    passed: dict[str, bool] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, number in getattr(report, "user_properties", []):
                if name == "case" and report.when in ("call", "setup"):
                    passed[number] = passed.get(number, True) and outcome == "passed"
    if passed:
        terminalreporter.write_line(f"cases: {sum(passed.values())} of {len(ENTRIES)} entries")


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(5)
