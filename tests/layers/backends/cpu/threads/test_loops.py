"""The loops over commands and over mini-batches: their order, threads, and results to the last bit."""

import threading

import numpy as np
import pytest

from network3.layers.backends.cpu import store
from network3.layers.backends.cpu.compiler import Array, Int, kernel, scratch
from network3.layers.backends.cpu.threads import PlanLoop, Scratch, StepLoop, single_thread, thread_pool
from network3.layers.backends.cpu.threads.loops import ONE_STEP, run_steps
from network3.layers.backends.cpu.threads.work_queue import HELPERS, QUEUE, WorkQueue
from tests.layers.backends.cpu.threads.jobs import Callback, Jobs, Training, block, do, helped, jobs_shared, table


def test_results_agree_with_numpy():
    """The reference for the other tests, which compare results of the loops with each other."""
    numbers = np.random.default_rng(5).random(300, np.float32)
    expected = np.empty((4, 10))
    for job, part in np.ndindex(expected.shape):
        terms = numbers[part % 7 :: 7].astype(float)
        powers = 0.9 ** np.arange(len(terms))[::-1]
        expected[job, part] = job * 0.9 ** len(terms) + terms @ powers
    with thread_pool():
        np.testing.assert_allclose(do(4, 10, seed=5, terms=300), expected, rtol=1e-6)


# From 65535 parts on, a job does not fit into the counter: the caller runs it alone.
@pytest.mark.parametrize(("times", "parts"), [(300, 1), (3000, 2), (300, 7), (3000, 10), (300, 100), (2, 40_000)])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_same_bits_in_any_number_of_threads(monkeypatch, threads, times, parts):
    jobs = Jobs(times, parts)
    alone = jobs.run()
    monkeypatch.setenv("NETWORK3_THREADS", str(threads))
    with thread_pool():
        assert QUEUE.words[HELPERS] == threads - 1
        for _ in range(2):
            np.testing.assert_array_equal(jobs.run(), alone)


@pytest.mark.parametrize("parts", [0, 65_534, 65_535, 65_536, 70_000])
def test_no_part_and_more_parts_than_the_counter_can_count(parts):
    jobs = Jobs(2, parts, terms=20)
    alone = jobs.run()
    with thread_pool():
        np.testing.assert_array_equal(jobs.run(), alone)


def test_commands_run_one_after_the_other():
    """All parts of each command are finished before the next one begins."""
    seen = []
    jobs = [Callback(lambda arguments, part, scratch: seen.append((arguments, part, scratch))) for _ in range(2)]
    blocks = [block(0), block(0), block(0)]
    commands = table((jobs[0].address, blocks[0], 3), (jobs[1].address, blocks[1], 1), (jobs[0].address, blocks[2], 2))
    PlanLoop(commands, Scratch(4096, 64, 4))()
    at = [each.ctypes.data for each in blocks]
    assert seen == [(at[0], part, 4096) for part in range(3)] + [(at[1], 0, 4096), (at[2], 0, 4096), (at[2], 1, 4096)]
    with thread_pool():
        for _ in range(100):
            seen.clear()
            PlanLoop(commands, Scratch(4096, 64, 4))()
            assert [arguments for arguments, _, _ in seen] == [at[0]] * 3 + [at[1]] + [at[2]] * 2
            assert {scratch for _, _, scratch in seen} <= {4096, 4096 + 64, 4096 + 128}


def test_no_commands():
    PlanLoop(np.zeros((0, 3), np.int64), Scratch(0, 0, 1))()


OTHERS = [np.zeros((2, 3), np.int32), np.zeros((2, 4), np.int64), np.zeros(3, np.int64)]
OTHERS.append(np.zeros((4, 3), np.int64)[::2])


@pytest.mark.parametrize("commands", OTHERS)
def test_invalid_commands(commands):
    message = r"^plan: expected commands as rows of three int64; got int\d\d of shape \(.*\)\. Make them with np\.zeros"
    with pytest.raises(ValueError, match=message):
        PlanLoop(commands, Scratch(0, 0, 1))
    with pytest.raises(ValueError, match=message):
        StepLoop(commands, Scratch(0, 0, 1), np.zeros(0, np.int64), np.zeros(0))


SIZE = 1000


@kernel
def fill_and_sum():
    """Fill scratch memory with the part's number, and sum it: two threads must not share memory."""

    def fill_and_sum(part, results: Array("int64"), turns: Int):
        mine = scratch(SIZE, "int64")
        total = 0
        for turn in range(turns):
            for k in range(SIZE):
                mine[k] = part * turns + turn
            for k in range(SIZE):
                total += mine[(k * 7) % SIZE]
        results[part] = total

    return fill_and_sum


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_each_thread_has_scratch_memory_of_its_own(monkeypatch, threads):
    monkeypatch.setenv("NETWORK3_THREADS", str(threads))
    code = store.request(fill_and_sum()).result()
    assert code.scratch >= 8 * SIZE
    stride = code.scratch + 128
    memory, results = np.full(3 * stride // 8, -1), np.zeros(30, np.int64)
    arguments = block(results, 20)
    loop = PlanLoop(table((code.address, arguments, 30)), Scratch(memory.ctypes.data, stride, 3))
    with thread_pool():
        for _ in range(30):
            results[:] = 0
            loop()
            np.testing.assert_array_equal(results, SIZE * (np.arange(30) * 400 + 190))
    assert (memory.reshape(3, -1)[:, -16:] == -1).all()


def test_steps_against_numpy():
    training = Training()
    w, costs = training.first.copy(), []
    factor = np.arange(training.size) % 5 - 2.0
    for rows in training.rows:
        for row in rows:
            w = w * 0.99 + training.data[row] * factor
        costs.append([w.sum(), w[0]])
    bits, results = training.run()
    np.testing.assert_allclose(np.frombuffer(bits), w, rtol=1e-9)
    np.testing.assert_allclose(np.frombuffer(results).reshape(-1, 2), costs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_steps_have_the_same_bits_in_any_number_of_threads(monkeypatch, threads):
    training = Training()
    alone = training.run()
    monkeypatch.setenv("NETWORK3_THREADS", str(threads))
    with thread_pool():
        for _ in range(3):
            assert training.run() == alone
    with thread_pool(), single_thread():
        assert training.run() == alone


def test_steps_equal_single_runs_of_the_plan():
    training = Training()
    expected = training.run()
    training.w[:] = training.first
    loop = PlanLoop(training.commands, Scratch(0, 0, 16))
    results = []
    for rows in training.rows:
        training.blocks[0][1] = rows.ctypes.data
        loop()
        results.append(training.found.copy())
    assert (training.w.tobytes(), np.array(results).tobytes()) == expected


def test_no_steps_and_no_results():
    training = Training()
    assert training.loop(training.rows[:0]).shape == (0, 2)
    silent = StepLoop(training.commands, Scratch(0, 0, 2), training.slots, np.zeros(0))
    assert silent(training.rows[:3]).shape == (3, 0)
    results = training.loop(training.rows[::-1][:4].astype(np.int32))  # any integer type and strides
    assert results.shape == (4, 2)


def test_the_loops_as_plain_python():
    """The same functions, interpreted."""
    training = Training()
    training.rows = training.rows[:5]
    expected = training.run()
    training.w[:] = training.first
    queue, found, results = WorkQueue(), training.found, np.zeros(10)
    queue.words[HELPERS] = 1
    plan = queue.address, training.commands.ravel(), len(training.commands), 0, 0, 2
    steps = training.rows.ctypes.data, 5, training.batch, found.ctypes.data, 2
    run_steps().function(0, *plan, training.slots, 1, *steps, results.view(np.int64))
    assert (training.w.tobytes(), results.tobytes()) == expected
    slots, words, all_results = np.zeros(0, np.int64), list(ONE_STEP[1:-1]), np.zeros(0, np.int64)
    run_steps().function(0, *plan, slots, *words, all_results)
    assert found[0] != results[-2]
    assert not np.isnan(found).any()


def test_a_plan_in_a_single_thread_leaves_the_queue_to_others():
    jobs = Jobs(20, 10, end_cooldowns=False)
    alone = jobs.run()
    with thread_pool():
        with single_thread():
            before = jobs_shared()
            np.testing.assert_array_equal(jobs.run(), alone)
            assert jobs_shared() == before
            with single_thread():
                jobs.run()
            jobs.run()  # still in the outer context
            assert jobs_shared() == before
        np.testing.assert_array_equal(jobs.run(), alone)
        assert helped()
    Jobs(20, 10, areas=1).run()


def test_two_trainings_at_once():
    """One uses the helpers; the other runs alone meanwhile."""
    pair = [Training(seed) for seed in range(2)]
    expected = [each.run() for each in pair]
    got = [[], []]
    start = threading.Barrier(2)

    def work(k):
        start.wait()
        for _ in range(20):
            got[k].append(pair[k].run())

    with thread_pool():
        workers = [threading.Thread(target=work, args=(k,)) for k in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert got == [[each] * 20 for each in expected]


def test_one_network_per_core():
    """Each in one thread, beside one that uses the helpers."""
    pair = [Training(seed) for seed in range(3)]
    expected = [each.run() for each in pair]
    got = [None] * 3
    start = threading.Barrier(3)

    def work(k):
        start.wait()
        if k == 2:
            got[k] = pair[k].run()
            return
        with single_thread(), thread_pool():
            got[k] = pair[k].run()

    with thread_pool():
        workers = [threading.Thread(target=work, args=(k,)) for k in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert got == expected
