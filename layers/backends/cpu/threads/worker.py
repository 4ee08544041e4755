"""The loop of a helper thread: it takes parts of the jobs in the work queue, and waits in between."""

from collections.abc import Callable

from network3.layers.backends.cpu.compiler import Int, kernel

from .atomics import atomic_load, pause, sleep, yield_processor
from .work_queue import COOLDOWN, COUNTER, HELPERS, PAUSES, take_parts

SPINS = 20_000  # iterations of a waiting helper, each up to a microsecond, before it sleeps
BACKOFF = 200  # microseconds of each sleep


@kernel
def worker_loop() -> Callable[..., None]:
    """Take parts of all jobs, as the helper with a given number, while that many helpers are expected."""

    def worker_loop(part, queue: Int, helper: Int):
        idle, last = 0, 0
        while helper < atomic_load(queue, HELPERS):
            counter = atomic_load(queue, COUNTER)
            if counter != last and atomic_load(queue, COOLDOWN) == 0:
                idle = 0
                take_parts(queue, helper + 1)
                last = atomic_load(queue, COUNTER)
            elif idle < SPINS:
                idle += 1
                pause()
                if idle % PAUSES == 0:
                    yield_processor()
            else:
                sleep(BACKOFF)

    return worker_loop
