"""Jobs in parts for the tests of threads: results are reproducible, and each part must run exactly once."""

import ctypes
import time

import numpy as np

from network3.layers.backends.cpu import store
from network3.layers.backends.cpu.compiler import Array, Int, kernel
from network3.layers.backends.cpu.threads.atomics import CALLABLE, atomic_store
from network3.layers.backends.cpu.threads.loops import PlanLoop, Scratch, StepLoop
from network3.layers.backends.cpu.threads.work_queue import COOLDOWN, COUNTER, HELPERS, MAX_PARTS, QUEUE

LIMIT = 60  # seconds after which a child process counts as stuck


@kernel
def recurrence():
    def recurrence(
        part,
        numbers: Array("float32"),
        terms: Int,
        job: Int,
        first: Int,
        results: Array("float32"),
        counts: Array("int64"),
    ):
        total = np.float32(job)
        k = part % 7
        while k < terms:
            total = total * np.float32(0.9) + numbers[k]
            k += 7
        results[first + part] = total
        counts[first + part] += 1

    return recurrence


@kernel
def end_cooldown():
    """Use helpers again, however late they were."""

    def end_cooldown(part, queue: Int):
        atomic_store(queue, COOLDOWN, 0)

    return end_cooldown


@kernel
def gather():
    def gather(part, data: Array("float64"), rows: Array("int64"), x: Array("float64"), batch: Int):
        for k in range(part * 3, min(batch, part * 3 + 3)):
            x[k] = data[rows[k]]

    return gather


@kernel
def descend():
    """Update each weight by the examples of the mini-batch, in an order that affects the bits of the result."""

    def descend(part, x: Array("float64"), batch: Int, w: Array("float64"), per: Int):
        for j in range(part * per, (part + 1) * per):
            for k in range(batch):
                w[j] = w[j] * 0.99 + x[k] * np.float64(j % 5 - 2)

    return descend


@kernel
def summed():
    def summed(part, w: Array("float64"), size: Int, found: Array("float64")):
        total = 0.0
        for j in range(size):
            total += w[j]
        found[0] = total
        found[1] = w[0]

    return summed


def address(one):
    """Return the address of a kernel's code."""
    return store.request(one).result().address


class Callback:
    """Python's ``function(arguments, part, scratch)`` as a kernel."""

    def __init__(self, function):
        self._kept = CALLABLE(function)
        self.address = ctypes.cast(self._kept, ctypes.c_void_p).value


def block(*arguments):
    """Return an argument block: addresses of arrays, and integers."""
    return np.array([a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments], np.int64)


def table(*commands):
    """Return the commands of a plan: rows of the code's address, the argument block's address, and the parts."""
    return np.array([[code, arguments.ctypes.data, parts] for code, arguments, parts in commands], np.int64)


class Jobs:
    """`times` jobs of `parts` parts each, as a plan; `run` may be called repeatedly.

    With `end_cooldowns`, helpers are used for every job, however late they were for the last.
    """

    def __init__(self, times, parts, seed=0, terms=1000, end_cooldowns=True, areas=16, queue=QUEUE):
        self.numbers = np.random.default_rng(seed).random(terms, np.float32)
        self.results, self.counts = np.zeros((times, parts), np.float32), np.zeros((times, parts), np.int64)
        shared = self.numbers, terms
        self.blocks = [block(*shared, job, job * parts, self.results, self.counts) for job in range(times)]
        self.blocks.append(block(queue.address))
        code, again = address(recurrence()), (address(end_cooldown()), self.blocks[-1], 1)
        commands = [(code, one, parts) for one in self.blocks[:-1]]
        if end_cooldowns:
            commands = [each for command in commands for each in (again, command)]
        self.loop = PlanLoop(table(*commands), Scratch(0, 0, areas), queue)

    def run(self):
        """Return the results, by job and part; checks that each part ran once."""
        self.results[:], self.counts[:] = 0, 0
        self.loop()
        assert (self.counts == 1).all()
        return self.results.copy()


def do(times, parts, **options):
    return Jobs(times, parts, **options).run()


class Training:
    """A small training: mini-batches are gathered, weights updated, and a cost is stored for each step."""

    size, batch, per = 70, 10, 10

    def __init__(self, seed=0, areas=16):
        rng = np.random.default_rng(seed)
        self.first, self.data = rng.random(self.size), rng.random(500)
        self.rows = rng.integers(0, 500, (300, self.batch))
        self.w, self.x, self.found = self.first.copy(), np.zeros(self.batch), np.zeros(2)
        self.blocks = [
            block(self.data, 0, self.x, self.batch),
            block(self.x, self.batch, self.w, self.per),
            block(self.w, self.size, self.found),
        ]
        codes, parts = (address(gather()), address(descend()), address(summed())), (4, self.size // self.per, 1)
        self.commands = table(*zip(codes, self.blocks, parts, strict=True))
        self.slots = np.array([self.blocks[0].ctypes.data + 8])
        self.loop = StepLoop(self.commands, Scratch(0, 0, areas), self.slots, self.found)

    def run(self):
        """Train from the initial weights; return the bits of the weights and of the results of all steps."""
        self.w[:] = self.first
        results = self.loop(self.rows)
        return self.w.tobytes(), results.tobytes()


def helpers_expected():
    return QUEUE.words[HELPERS]


def jobs_shared():
    """Return the number of the queue's last job."""
    return QUEUE.words[COUNTER] >> 32


def parts_by_helpers():
    """Return how many parts of the last job were run by helpers."""
    return QUEUE.words[COUNTER] >> 16 & MAX_PARTS


def helped():
    """Return whether helpers take parts eventually: a busy system may delay them."""
    jobs = Jobs(1, 20, terms=300_000)
    end = time.monotonic() + LIMIT / 2
    while time.monotonic() < end:
        jobs.run()
        if parts_by_helpers() > 0:
            return True
    return False
