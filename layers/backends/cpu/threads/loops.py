"""The loops around kernels: over the commands of a plan, and over mini-batches; compiled once for all networks.

A command is three int64: the address of a kernel's code, the address of its arguments, and its number of parts.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from network3.layers.backends.cpu.compiler import Array, Int, kernel
from network3.layers.checks import error_message

from .atomics import atomic_load, atomic_store
from .entry import compiled
from .team import in_single_thread
from .work_queue import QUEUE, WorkQueue, do_job


@kernel
def run_steps() -> Callable[..., None]:
    """Run the commands of a plan for each mini-batch, and store the results of each.

    A single run of a plan is one step without slots and results, so that one kernel less needs to be compiled at the
    start. Memory that other kernels change meanwhile is passed by address, since LLVM assumes that only this function
    changes its arrays.
    """

    def run_steps(
        part,
        queue: Int,
        commands: Array("int64"),
        count: Int,
        scratch: Int,
        stride: Int,
        areas: Int,
        slots: Array("int64"),
        slot_count: Int,
        rows: Int,
        steps: Int,
        batch: Int,
        found: Int,
        results: Int,
        all_results: Array("int64"),
    ):
        for s in range(steps):
            for k in range(slot_count):
                atomic_store(slots[k], 0, rows + 8 * s * batch)
            for c in range(count):
                do_job(queue, commands[3 * c], commands[3 * c + 1], commands[3 * c + 2], scratch, stride, areas)
            for r in range(results):
                all_results[s * results + r] = atomic_load(found, r)

    return run_steps


ONE_STEP = 0, 0, 0, 1, 0, 0, 0, 0  # arguments of `run_steps` after `areas`: no slots, no rows, one step, no results


class Scratch(NamedTuple):
    """The scratch memory of a plan: thread k uses the `stride` bytes from the address `base` + k * `stride` on.

    At most `areas` threads, including the caller, run the plan.
    """

    base: int
    stride: int
    areas: int


class PlanLoop:
    """Runs a plan once per call.

    Parameters
    ----------
    commands : array of int64, commands x 3
        The address of a kernel's code, the address of its arguments, and its number of parts. The array may be changed
        between runs.
    scratch : Scratch
    queue : WorkQueue, optional
    """

    def __init__(self, commands: NDArray[np.int64], scratch: Scratch, queue: WorkQueue = QUEUE):
        self._kept = commands
        blocks = _argument_blocks(commands, scratch, queue)
        self._blocks = np.hstack([blocks, np.tile(np.int64(ONE_STEP), (2, 1))])
        self._addresses = [block.ctypes.data for block in self._blocks]
        self._run = compiled(run_steps)

    def __call__(self) -> None:
        """Run all commands, with the helpers of the thread pool, or alone in a `single_thread` context."""
        self._run(self._addresses[in_single_thread()], 0, 0)


class StepLoop:
    """Runs a plan for many mini-batches in one call.

    Parameters
    ----------
    commands, scratch, queue
        As for `PlanLoop`.
    slots : array of int64
        The addresses of the words that are set to the address of a mini-batch's row numbers before each step.
    found : array of 8-byte numbers
        The memory in which the plan stores its results.
    """

    def __init__(
        self,
        commands: NDArray[np.int64],
        scratch: Scratch,
        slots: NDArray[np.int64],
        found: NDArray,
        queue: WorkQueue = QUEUE,
    ):
        self._kept = commands
        self._blocks = _argument_blocks(commands, scratch, queue)
        self._slots, self._found = slots, found
        self._run = compiled(run_steps)

    def __call__(self, rows: NDArray[np.int64]) -> NDArray:
        """Run the plan for each row of `rows`, steps x batch, and return the results, steps x results."""
        rows = np.ascontiguousarray(rows, np.int64)
        steps, batch = rows.shape
        slots, found = self._slots, self._found
        results = np.empty((steps, found.size), found.dtype)
        words = [slots.ctypes.data, slots.size, rows.ctypes.data, steps, batch]
        words += [found.ctypes.data, found.size, results.ctypes.data]
        block = np.array([*self._blocks[int(in_single_thread())], *words], np.int64)
        self._run(block.ctypes.data, 0, 0)
        return results


def _argument_blocks(commands: NDArray[np.int64], scratch: Scratch, queue: WorkQueue) -> NDArray[np.int64]:
    """Return the first arguments of both loops: with the thread pool, and for the calling thread alone."""
    if commands.dtype != np.int64 or commands.shape[1:] != (3,) or not commands.flags.c_contiguous:
        got = f"{commands.dtype} of shape {commands.shape}"
        hint = "Make them with np.zeros((count, 3), np.int64)."
        raise ValueError(error_message("plan", "expected commands as rows of three int64", got, hint))
    words = [queue.address, commands.ctypes.data, len(commands), scratch.base, scratch.stride]
    return np.array([[*words, scratch.areas], [*words, 1]], np.int64)
