"""The step benchmark: its record, and its check of the first cost."""

import numpy as np
import pytest

from benchmarks import step


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.random((1500, 784)), rng.integers(0, 10, 1500)


def test_a_network_is_timed(data):
    record = step.time_steps("shallow", data, steps=20, repeats=3)
    assert (record["network"], record["batch"]) == ("shallow", 10)
    assert 0 < record["us_min"] <= record["us_median"] <= record["us_max"]
    assert record["first_step_s"] > 0


def test_a_wrong_cost_is_not_timed(data, monkeypatch):
    run = step.make_runner

    def wrong(*arguments):
        runner = run(*arguments)
        return type("Wrong", (), {"run": staticmethod(lambda *a: 1.01 * runner.run(*a))})

    monkeypatch.setattr(step, "make_runner", wrong)
    with pytest.raises(SystemExit, match="the first cost must be ln 10"):
        step.time_steps("shallow", data, steps=20, repeats=3)
