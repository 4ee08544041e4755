"""What watches a training takes its share of the time, and no more."""

import pytest

from network3.serve.budget import Budget


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(("seconds", "expected"), [(0.001, 100), (0.1, 20)])
def test_work_takes_at_most_its_share_and_is_not_done_too_often(seconds, expected):
    clock = Clock()
    budget, works = Budget(0.02, 1.0, clock), 0
    while clock.now < 100:
        if budget.allows:
            works += 1
            with budget.spent():
                clock.now += seconds
        clock.now += 0.01
    assert works == pytest.approx(expected, abs=2)
