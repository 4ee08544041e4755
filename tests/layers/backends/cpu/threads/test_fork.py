"""Forked children: they have none of the parent's helpers, and do not depend on what the parent was doing."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from network3.layers.backends.cpu.threads import thread_pool
from tests.layers.backends.cpu.threads.jobs import LIMIT, Training, do, helped, helpers_expected

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork"),
]


def in_child(check):
    """Return the exit status of a forked child, 0 if `check` is true in it; it is killed if it gets stuck."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "stuck"


def same_in_child(alone):
    def check():
        before = helpers_expected() == 0 and np.array_equal(do(*alone.shape), alone)
        with thread_pool():
            inside = helpers_expected() == 2 and np.array_equal(do(*alone.shape), alone) and helped()
        return before and inside and helpers_expected() == 0

    return in_child(check)


def test_in_a_forked_child():
    alone = do(1000, 10)
    with thread_pool():
        do(100, 10)
        for _ in range(3):
            assert same_in_child(alone) == 0
            np.testing.assert_array_equal(do(1000, 10), alone)
    assert same_in_child(alone) == 0


def test_in_a_child_forked_during_a_job():
    """Another thread holds the queue at that time, and does not exist in the child."""
    alone = do(1000, 10)
    stop = threading.Event()
    wrong = []

    def work():
        while not stop.is_set():
            if not np.array_equal(do(1000, 10), alone):
                wrong.append(1)

    worker = threading.Thread(target=work)
    with thread_pool():
        worker.start()
        try:
            assert [same_in_child(alone) for _ in range(5)] == [0] * 5
        finally:
            stop.set()
            worker.join(LIMIT)
    assert not wrong


def test_in_a_child_forked_while_other_threads_enter_and_leave():
    """The locks of the pool may be held at that time."""
    alone = do(1000, 10)
    stop = threading.Event()

    def enter_and_leave():
        while not stop.is_set():
            with thread_pool():
                pass

    workers = [threading.Thread(target=enter_and_leave) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        assert [same_in_child(alone) for _ in range(5)] == [0] * 5
    finally:
        stop.set()
        for worker in workers:
            worker.join(LIMIT)


def test_a_training_in_a_child():
    training = Training()
    alone = training.run()
    with thread_pool():
        assert training.run() == alone
        assert in_child(lambda: training.run() == alone) == 0

        def in_pool():
            with thread_pool():
                return training.run() == alone

        assert in_child(in_pool) == 0
        assert training.run() == alone


def test_a_child_that_leaves_its_parents_context():
    """It inherits no helpers; those that it starts later are its own."""
    alone = do(1000, 10)
    inside = thread_pool()
    inside.__enter__()

    def check():
        with thread_pool():
            inside.__exit__(None, None, None)
            still = helpers_expected() == 2 and np.array_equal(do(1000, 10), alone)
        return still and helpers_expected() == 0

    try:
        assert in_child(check) == 0
    finally:
        inside.__exit__(None, None, None)
