"""What a helper thread does: it takes parts of the jobs in the work queue, and waits in between."""

from network3.layers.backends.cpu.compiler import Int, kernel

from .atomics import atomic_load, pause, sleep, yield_processor
from .work_queue import COOLDOWN, COUNTER, HELPERS, PAUSES, take_parts

LOOKS = 20_000  # that a helper takes, a microsecond or less each, before it sleeps
BACKOFF = 200  # microseconds that it sleeps then


@kernel
def worker_loop():
    """Take parts of whatever jobs come, as a helper with a number of its own, while so many helpers are expected."""

    def worker_loop(part, queue: Int, helper: Int):
        idle, last = 0, 0
        while helper < atomic_load(queue, HELPERS):
            counter = atomic_load(queue, COUNTER)
            if counter != last and atomic_load(queue, COOLDOWN) == 0:
                idle = 0
                take_parts(queue, helper + 1)
                last = atomic_load(queue, COUNTER)
            elif idle < LOOKS:
                idle += 1
                pause()
                if idle % PAUSES == 0:
                    yield_processor()
            else:
                sleep(BACKOFF)

    return worker_loop
