"""BLAS is held to one thread while Numba's functions run, and the user's setting comes back."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from network3.execution.blas import one_blas_thread
from network3.execution.runner import execution_context


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


def test_functions_of_numba_are_called_under_one_thread():
    with execution_context("numba", "float32"):
        assert blas_threads() == {1}
    assert blas_threads() == {2}
