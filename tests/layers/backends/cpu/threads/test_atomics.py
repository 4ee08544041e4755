"""Atomic operations, waiting and calls: compiled and as plain Python, and atomics with several threads."""

import threading
import time

import numpy as np
import pytest

from network3.layers.backends.cpu.compiler import Array, Int, kernel
from network3.layers.backends.cpu.threads.atomics import (
    CALLABLE,
    atomic_add,
    atomic_load,
    atomic_store,
    call,
    compare_and_swap,
    now,
    pause,
    sleep,
    yield_processor,
)
from tests.layers.backends.cpu.threads.jobs import LIMIT, Callback, address, block


@kernel
def every_operation():
    def every_operation(part, words: Int, seen: Array("int64")):
        seen[0] = atomic_load(words, 1)
        atomic_store(words, 2, seen[0] + 1)
        seen[1] = atomic_add(words, 2, -50)
        seen[2] = int(compare_and_swap(words, 3, 13, -1))
        seen[3] = int(compare_and_swap(words, 3, 14, -2))
        k = 4
        atomic_store(words, k, 1 << 62)
        seen[4] = now()
        pause()
        yield_processor()
        sleep(3000)
        seen[5] = now()

    return every_operation


def run_python(one, *arguments):
    one.function(0, *arguments)


def run_compiled(one, *arguments):
    CALLABLE(address(one))(block(*arguments).ctypes.data, 0, 0)


@pytest.fixture(params=[run_python, run_compiled])
def run(request):
    return request.param


def test_words_and_time(run):
    words, seen = np.arange(10, 16), np.zeros(6, np.int64)
    before = time.time_ns()
    run(every_operation(), words.ctypes.data, seen)
    after = time.time_ns()
    assert words.tolist() == [10, 11, -38, -1, 1 << 62, 15]
    assert seen[:4].tolist() == [11, 12, 1, 0]
    # The two clocks may differ by a tick.
    tick = 20_000_000
    assert before - tick <= seen[4] <= after + tick
    assert seen[5] - seen[4] >= 2_000_000


@kernel
def call_thrice():
    def call_thrice(part, function: Int, arguments: Int):
        for k in range(3):
            call(function, arguments, k - 1, 1000 * k)

    return call_thrice


def test_calls_by_address(run):
    seen = []
    called = Callback(lambda *given: seen.append(given))
    run(call_thrice(), called.address, 1 << 40)
    assert seen == [(1 << 40, -1, 0), (1 << 40, 0, 1000), (1 << 40, 1, 2000)]


TURNS = 20_000


@kernel
def count():
    """Count by atomic addition, under a spin lock, and by compare-and-swap."""

    def count(part, words: Int):
        for _ in range(TURNS):
            atomic_add(words, 0, 3)
            spins = 0
            while not compare_and_swap(words, 16, 0, 1):
                spins += 1
                pause()
                if spins % 100 == 0:
                    yield_processor()
            atomic_store(words, 17, atomic_load(words, 17) + 1)
            atomic_store(words, 16, 0)
            seen = atomic_load(words, 32)
            while not compare_and_swap(words, 32, seen, seen + 1):
                seen = atomic_load(words, 32)

    return count


def test_words_that_several_threads_change():
    words = np.zeros(48, np.int64)
    given = block(words)
    function = CALLABLE(address(count()))
    workers = [threading.Thread(target=function, args=(given.ctypes.data, 0, 0)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LIMIT)
        assert not worker.is_alive()
    assert words[[0, 16, 17, 32]].tolist() == [9 * TURNS, 0, 3 * TURNS, 3 * TURNS]


@kernel
def wait_for_word():
    def wait_for_word(part, words: Int, most: Int):
        spins = 0
        while atomic_load(words, 0) == 0 and spins < most:
            sleep(200)
            spins += 1
        atomic_store(words, 1, 1)

    return wait_for_word


def test_python_threads_run_while_a_kernel_runs():
    words = np.zeros(2, np.int64)
    other = threading.Timer(0.05, lambda: words.__setitem__(0, 1 + words[1]))
    other.start()
    run_compiled(wait_for_word(), words, LIMIT * 1000)
    other.join()
    assert words.tolist() == [1, 1]
