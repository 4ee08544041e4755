"""BLAS is limited to one thread while compiled functions run, and the user's setting is restored."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from network3.execution.backends import execution_context
from network3.execution.blas import one_blas_thread


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with one_blas_thread():
        """Load every BLAS first: the limit below applies only to loaded libraries."""
    with threadpool_limits(2, user_api="blas"):
        yield


def test_one_thread_inside_and_the_users_number_after():
    assert blas_threads() == {2}
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_the_users_number_is_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == {2}


def test_functions_of_numba_are_called_under_one_thread():
    with execution_context("numba", "float32"):
        assert blas_threads() == {1}
    assert blas_threads() == {2}
