"""The profile of a training step: the time of each kernel."""

import numpy as np
import pytest

from benchmarks import profile
from benchmarks.configurations import CONFIGURATIONS


def test_the_commands_of_a_step_are_timed_and_the_network_is_unchanged():
    planned, _runner = profile.prepared_step(CONFIGURATIONS["fc"], 10)
    before = [np.copy(storage) for storage in _outputs(planned)]
    times = profile.command_times(planned, 5)
    assert times.shape == (5, len(planned.plan.commands))
    assert times.sum() > 0
    for old, new in zip(before, _outputs(planned), strict=True):
        np.testing.assert_array_equal(old, new)


def _outputs(planned):
    """Return the results of the plan: the cost of a step."""
    return [planned.plan.array(view) for view in planned.outputs if view is not None]


def test_times_of_a_kernel_are_added_and_the_longest_comes_first():
    times = np.array([[1.0, 20.0, 3.0, 0.1, 0.1], [2.0, 30.0, 4.0, 0.1, 0.2], [3.0, 40.0, 5.0, 0.1, 0.3]])
    assert profile.table_of(["a", "b", "a", "c", "d"], times) == [
        "| kernel | calls | us | share |",
        "| --- | ---: | ---: | ---: |",
        "| `b` | 1 | 30 | 82.6% |",
        "| `a` | 2 | 6 | 16.5% |",
        "| 2 others | 2 | 0 | 0.8% |",
        "| all | 5 | 36 | |",
    ]


def test_a_step_without_a_plan_is_not_timed(monkeypatch):
    monkeypatch.setattr(profile, "plan_of", lambda step: None)
    with pytest.raises(SystemExit, match="fc: the step has no plan"):
        profile.prepared_step(CONFIGURATIONS["fc"], 10)
