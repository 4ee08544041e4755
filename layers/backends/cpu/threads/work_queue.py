"""The work queue: a job in parts; each free thread takes the next one.

Threads coordinate through a few words in memory. A job is a function, its arguments, its number of parts, scratch
memory for each thread, and a counter: the number of the job, and how many parts are taken from the front and from the
back. A part is taken by incrementing the counter, which fails if another thread was faster or if the job is finished,
so a late helper finds nothing to do. The functions of this module belong to kernels, which inline them.
"""

import ctypes

from .atomics import atomic_add, atomic_load, atomic_store, call, compare_and_swap, now, pause, yield_processor

# Words of the queue, 128 bytes apart, so that writing one does not slow down threads that read another.
LOCK, COUNTER, JOB, DONE, HELPERS, COOLDOWN = range(0, 96, 16)
SIZE = 96
# The six words of a job are adjacent.
FUNCTION, ARGUMENTS, PARTS, SCRATCH, STRIDE, AREAS = range(JOB, JOB + 6)

MAX_PARTS = 0xFFFF
MAX_JOBS = 0x7FFFFFFF  # after that, their numbers start again at 0
PAUSES = 2000  # iterations of a waiting thread before it yields its processor
TOLERANCE = 20_000  # nanoseconds of delay of a helper that are ignored
COOLDOWN_RATIO = 20  # helpers are not used for this many times their delay
MAX_COOLDOWN = 2_000_000_000  # nanoseconds, in case the process was suspended, or the clock set back


class WorkQueue:
    """The words in memory, initially all 0: no helpers are expected."""

    def __init__(self) -> None:
        self.words = (ctypes.c_int64 * SIZE)()
        self.address = ctypes.addressof(self.words)
        # Never freed: helpers may still read it while the process exits.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.words))

    def clear(self) -> None:
        """Reset all words to 0."""
        ctypes.memset(self.address, 0, ctypes.sizeof(self.words))


# The queue of all plans of the process.
QUEUE = WorkQueue()


def take_parts(queue, area):
    """Run parts of the queue's job until all are taken; return how many.

    The caller, with scratch area 0, takes parts from the front, helpers from the back, so that each finds data of the
    previous job in its cache. A helper without a scratch area takes no part.
    """
    count = 0
    while True:
        counter = atomic_load(queue, COUNTER)
        front, back = counter & MAX_PARTS, (counter >> 16) & MAX_PARTS
        function, arguments = atomic_load(queue, FUNCTION), atomic_load(queue, ARGUMENTS)
        parts, areas = atomic_load(queue, PARTS), atomic_load(queue, AREAS)
        scratch = atomic_load(queue, SCRATCH) + area * atomic_load(queue, STRIDE)
        if front + back >= parts or area >= areas:
            return count
        # If this succeeds, everything read above belongs to this job.
        if compare_and_swap(queue, COUNTER, counter, counter + (1 if area == 0 else 1 << 16)):
            call(function, arguments, front if area == 0 else parts - 1 - back, scratch)
            atomic_add(queue, DONE, 1)
            count += 1


def run_shared(queue, function, arguments, parts, scratch, stride, areas):
    """Put a job into the queue and run it, with the helpers that come."""
    job = (((atomic_load(queue, COUNTER) >> 32) + 1) & MAX_JOBS) << 32
    atomic_store(queue, COUNTER, job | MAX_PARTS)  # closed: an outdated counter can no longer take a part
    atomic_store(queue, FUNCTION, function)
    atomic_store(queue, ARGUMENTS, arguments)
    atomic_store(queue, PARTS, parts)
    atomic_store(queue, SCRATCH, scratch)
    atomic_store(queue, STRIDE, stride)
    atomic_store(queue, AREAS, areas)
    atomic_store(queue, DONE, 0)
    start = now()
    atomic_store(queue, COUNTER, job)
    mine = take_parts(queue, 0)
    end = now()
    if atomic_load(queue, DONE) < parts:
        wait_for_helpers(queue, parts)
        late = min(now() - end - TOLERANCE, MAX_COOLDOWN // COOLDOWN_RATIO)
        if late > 4 * (end - start) // max(mine, 1):
            atomic_store(queue, COOLDOWN, end + COOLDOWN_RATIO * late)


def wait_for_helpers(queue, parts):
    """Wait until the parts that helpers have taken are finished."""
    spins = 0
    while atomic_load(queue, DONE) < parts:
        pause()
        spins += 1
        if spins > PAUSES:
            yield_processor()


def help_expected(queue):
    """Return whether to share a job: there are helpers, and they were not late recently."""
    if atomic_load(queue, HELPERS) == 0:
        return False
    until = atomic_load(queue, COOLDOWN)
    if until == 0:
        return True
    remaining = until - now()
    if 0 < remaining <= MAX_COOLDOWN:
        return False
    atomic_store(queue, COOLDOWN, 0)
    return True


def do_job(queue, function, arguments, parts, scratch, stride, areas):
    """Run all parts of a job, with helpers or alone.

    Parameters
    ----------
    queue : int
        Its address; not read if `areas` is 1.
    function, arguments : int
        The addresses of the kernel's code and of its arguments.
    parts : int
    scratch, stride, areas : int
        The address of scratch memory, the bytes per thread, and the number of threads that it suffices for.
    """
    if parts == 1:
        call(function, arguments, 0, scratch)
        return
    if areas > 1 and 1 < parts < MAX_PARTS and help_expected(queue) and compare_and_swap(queue, LOCK, 0, 1):
        run_shared(queue, function, arguments, parts, scratch, stride, areas)
        atomic_store(queue, LOCK, 0)
    else:
        for part in range(parts):
            call(function, arguments, part, scratch)
