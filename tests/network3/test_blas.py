"""BLAS is held to one thread while compiled code runs, and the user's setting comes back."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.blas import one_blas_thread
from network3.runners import numba as runner


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with one_blas_thread():
        """Load every BLAS first: the limit below reaches only what is there."""
    with threadpool_limits(2, user_api="blas"):
        yield


def test_one_thread_inside_and_the_users_number_after():
    assert blas_threads() == {2}
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_the_users_number_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == {2}


def test_training_runs_under_one_thread(monkeypatch):
    seen = []
    compile_loop = runner._compile_loop

    def watched(*arguments):
        loop = compile_loop(*arguments)

        def call(*state):
            seen.append(blas_threads())
            return loop(*state)

        return call

    monkeypatch.setattr(runner, "_compile_loop", watched)
    net = Network([FullyConnectedLayer(n_in=6, n_out=5), SoftmaxLayer(n_in=5, n_out=3)], 4)
    net.SGD((np.full((20, 6), 0.5), np.arange(20) % 3), 2, 4, 0.1)
    assert seen == [{1}, {1}]
    assert blas_threads() == {2}
