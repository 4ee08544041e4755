"""The work queue: a job in parts, of which each free thread takes the next one.

Threads agree through a few words in memory. A job is a function, its arguments, its parts, scratch memory for each
thread, and a counter: the number of the job, and how many parts are taken from the front and from the back. A part is
taken by raising the counter, which fails if another thread was faster, or if the job is over: a helper that comes late
finds nothing to do. The functions here belong to kernels: they are written out in those that use them.
"""

import ctypes

from .atomics import atomic_add, atomic_load, atomic_store, call, compare_and_swap, now, pause, yield_processor

# Words of the queue, 128 bytes apart, so that threads that write one do not slow down those that read another.
LOCK, COUNTER, JOB, DONE, HELPERS, COOLDOWN = range(0, 96, 16)
SIZE = 96
# A job's six words lie together.
FUNCTION, ARGUMENTS, PARTS, SCRATCH, STRIDE, AREAS = range(JOB, JOB + 6)

MOST_PARTS = 0xFFFF
MOST_JOBS = 0x7FFFFFFF  # then their numbers begin again
PAUSES = 2000  # of a thread that waits, before it offers its processor to others
TOLERANCE = 20_000  # nanoseconds that a helper may be late
COOLDOWN_RATIO = 20  # how many times as long as helpers were late they are left out
LONGEST_COOLDOWN = 2_000_000_000  # nanoseconds: the whole process may have been stopped, or the clock set back


class WorkQueue:
    """The words in memory, all 0: no helpers are expected."""

    def __init__(self) -> None:
        self.words = (ctypes.c_int64 * SIZE)()
        self.address = ctypes.addressof(self.words)
        # Never freed: helpers may look at it while the process ends.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.words))

    def clear(self) -> None:
        """Set all words to 0, as in a new queue."""
        ctypes.memset(self.address, 0, ctypes.sizeof(self.words))


# The one that all plans of the process use.
QUEUE = WorkQueue()


def take_parts(queue, area):
    """Do parts of the queue's job until all are taken; return how many.

    The caller, who has the scratch area 0, begins at the front, helpers at the back: so each finds in its cache what it
    had of the job before. A helper for whom there is no scratch area does nothing.
    """
    count = 0
    while True:
        counter = atomic_load(queue, COUNTER)
        front, back = counter & MOST_PARTS, (counter >> 16) & MOST_PARTS
        function, arguments = atomic_load(queue, FUNCTION), atomic_load(queue, ARGUMENTS)
        parts, areas = atomic_load(queue, PARTS), atomic_load(queue, AREAS)
        scratch = atomic_load(queue, SCRATCH) + area * atomic_load(queue, STRIDE)
        if front + back >= parts or area >= areas:
            return count
        # If this succeeds, all that was read above is of this job.
        if compare_and_swap(queue, COUNTER, counter, counter + (1 if area == 0 else 1 << 16)):
            call(function, arguments, front if area == 0 else parts - 1 - back, scratch)
            atomic_add(queue, DONE, 1)
            count += 1


def share(queue, function, arguments, parts, scratch, stride, areas):
    """Put a job into the queue and do it, with whoever helps."""
    job = (((atomic_load(queue, COUNTER) >> 32) + 1) & MOST_JOBS) << 32
    atomic_store(queue, COUNTER, job | MOST_PARTS)  # closed: whoever still holds the last counter finds that it is void
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
        late = min(now() - end - TOLERANCE, LONGEST_COOLDOWN // COOLDOWN_RATIO)
        if late > 4 * (end - start) // max(mine, 1):
            atomic_store(queue, COOLDOWN, end + COOLDOWN_RATIO * late)


def wait_for_helpers(queue, parts):
    """Wait until the parts that helpers have in hand are done."""
    looks = 0
    while atomic_load(queue, DONE) < parts:
        pause()
        looks += 1
        if looks > PAUSES:
            yield_processor()


def help_expected(queue):
    """Return whether to share a job: there are helpers, and they were not late just now."""
    if atomic_load(queue, HELPERS) == 0:
        return False
    until = atomic_load(queue, COOLDOWN)
    if until == 0:
        return True
    rest = until - now()
    if 0 < rest <= LONGEST_COOLDOWN:
        return False
    atomic_store(queue, COOLDOWN, 0)
    return True


def do_job(queue, function, arguments, parts, scratch, stride, areas):
    """Do all parts of a job, with whoever helps, or alone.

    Parameters
    ----------
    queue : int
        Its address. Where `areas` is 1, nothing is read there.
    function, arguments : int
        The addresses of the kernel's code and of its arguments.
    parts : int
    scratch, stride, areas : int
        Where scratch memory begins, how many bytes each thread has of it, and for how many threads there is some.
    """
    if parts == 1:
        call(function, arguments, 0, scratch)
        return
    if areas > 1 and 1 < parts < MOST_PARTS and help_expected(queue) and compare_and_swap(queue, LOCK, 0, 1):
        share(queue, function, arguments, parts, scratch, stride, areas)
        atomic_store(queue, LOCK, 0)
    else:
        for part in range(parts):
            call(function, arguments, part, scratch)
